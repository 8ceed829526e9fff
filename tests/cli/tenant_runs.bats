# tenant_runs: for which tenants a job runs.

load tenant_helper

@test "the filter's order and limit hold" {
    job probe 'tenantsFilter: tenants => tenants.orderBy("name", "desc").limit(2),' 'console.log((await this.database.tenant).name);'
    prints probe 'gamma
beta'
}

@test "a filter may be async and give an array" {
    job probe 'tenantsFilter: async tenants => (await tenants.all()).filter(tenant => tenant.name != "beta"),' 'console.log((await this.database.tenant).name);'
    prints probe 'alpha
gamma'
}

@test "a filter that gives neither is an error that says what it gave" {
    job probe 'tenantsFilter: () => undefined,' ''
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'tenantsFilter of "probe" must give a query on tenants or an array of tenants; it gave nothing.'
}

@test "order and limit hold over many pages of tenants" {
    job many 'multiTenant: false,' 'await this.database.tenants.insert(Array.from({ length: 700 }, (_, i) => ({ name: `t${String(i).padStart(3, "0")}` })));'
    prints many ''
    job probe 'tenantsFilter: tenants => tenants.where({ nameBeginsWith: "t" }).orderBy("name", "desc").offset(100).limit(513),' 'console.log((await this.database.tenant).name);'
    run_separately pinstripe run-background-job probe
    expect_status 0
    diff <(printf '%s\n' "$output") <(seq 599 -1 87 | sed 's/.*/00&/; s/.*\(...\)$/t\1/')
}

@test "called inside a tenant's workspace a job runs for that tenant only, if its filter leaves it" {
    job inner 'tenantsFilter: tenants => tenants.orderBy("name").limit(2),' 'console.log("inner", (await this.database.tenant).name);'
    job outer '' 'await this.runBackgroundJob("inner");'
    prints outer 'inner alpha
inner beta'
}

@test "a project whose database was never migrated says what to do" {
    rm -f ./*.db*
    job probe '' ''
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'migrate-database'
}

@test "the tenants table is there before the first migration, which may add to it" {
    rm -f ./*.db*
    printf 'export default { async migrate(){ await this.database.tenants.addColumn("plan", "string", { default: "free" }); } };\n' >lib/migrations/0_plan.js
    pinstripe migrate-database >/dev/null 2>&1
    job probe 'multiTenant: false,' 'const tenant = await this.database.tenants.insert({ name: "x" }); console.log(tenant.plan, tenant.active);'
    prints probe 'free true'
}

@test "workers that write at once wait for each other and lose nothing" {
    job many 'multiTenant: false,' 'await this.database.tenants.insert(Array.from({ length: 60 }, (_, i) => ({ name: `t${i}` })));'
    prints many ''
    job probe 'tenantsFilter: tenants => tenants.where({ nameBeginsWith: "t" }),' '
        const { users } = this.database;
        await users.insert({ name: "own", age: 0 });
        for(let i = 0; i < 3; i++) await this.database.transaction(async () => {
            const own = await users.first();
            await own.update({ age: own.age + 1 });
            await users.insert({ name: `${i}` });
        });'
    run_separately pinstripe run-background-job probe --workers 6
    expect_status 0
    job after 'multiTenant: false,' 'const { users } = this.database; console.log(await users.where({ name: "own", age: 3 }).count(), await users.where({ name: ["0", "1", "2"] }).count());'
    prints after '60 180'
}

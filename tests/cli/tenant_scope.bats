# tenant_scope: what a tenant's workspace sees and can change.

load tenant_helper

ALPHA='tenantsFilter: tenants => tenants.where({ name: "alpha" }),'

@test "every read of a tenant's workspace is confined to its rows" {
    job probe '' '
        const { users, posts } = this.database;
        let streamed = 0; for await (const user of users) streamed++;
        if((await (await users.first()).tenant).id !== (await this.database.tenant).id) console.log("no tenant");
        console.log((await this.database.tenant).name, await names(users), await users.count(), (await users.first()).name, streamed,
            await names(users.posts), await users.where({ posts: { titleContains: "by" } }).count(), (await posts.first()).user !== undefined, (await (await posts.first()).user).name);'
    prints probe 'alpha alpha1 alpha2 2 alpha1 2 by alpha1 by alpha2 2 true alpha1
beta beta1 beta2 2 beta1 2 by beta1 by beta2 2 true beta1
gamma gamma1 gamma2 2 gamma1 2 by gamma1 by gamma2 2 true gamma1'
}

@test "a given tenantId is ignored by insert, update and the row itself" {
    job probe "$ALPHA" '
        const { users } = this.database;
        const beta = await this.database.tenants.where({ name: "beta" }).first();
        const own = await users.insert({ name: "new", tenantId: beta.id });
        console.log(own.tenantId === beta.id);
        await own.update({ tenantId: beta.id, age: 5 }); own.tenantId = beta.id; await own.update();
        console.log(own.tenantId === beta.id, own.age);
        await users.update({ tenantId: beta.id, age: 9 });
        console.log(await users.count(), await names(users.where({ tenantId: beta.id })));'
    prints probe 'false
false 5
3 '
    job after 'multiTenant: false,' 'console.log(await names(this.database.users.where({ age: 9 })), await this.database.users.count());'
    prints after 'alpha1 alpha2 new 7'
}

@test "update and delete leave other tenants alone" {
    job probe "$ALPHA" 'await this.database.users.update({ age: 50 }); await this.database.users.delete();'
    prints probe ''
    job after 'multiTenant: false,' 'console.log(await names(this.database.users), await this.database.users.where({ age: 50 }).count(), await names(this.database.posts));'
    prints after 'beta1 beta2 gamma1 gamma2 0 by beta1 by beta2 by gamma1 by gamma2'
}

@test "F83: text conditions and SQL cannot leave the tenant" {
    job probe "$ALPHA" '
        const { users } = this.database;
        for(const text of ["1=1) or (1=1", "1=1 -- ", "1=1 /* ", "1=1; delete from users", "id in (select id from users)", "exists (select 1 from users)", "1=1 union select * from users",
            "(select count(*) from users) > 2", "load_extension(1)", "1=1) or 1=1 or (1=1", "\"1=1", "tenantId = ?1"]){
            const found = await error(async () => { const rows = await users.where(text).all(); throw new Error(`rows: ${rows.map(row => row.name)}`); });
            if(!found.includes("refused") && !found.includes("not allowed")) console.log(text, found);
        }
        console.log(await names(users.where("1=1 or 1=1")), await names(users.where("tenantId is not null or name like ?", "%")), await names(users.orderBy("tenantId")));
        console.log(await error(() => this.database.run("select * from users")));
        console.log(await error(() => users.addColumn("x", "string")));'
    prints probe 'alpha1 alpha2 alpha1 alpha2 alpha1 alpha2
Error: SQL text of your own sees the rows of every tenant, so run() is not available in a tenant'"'"'s workspace; call it on withoutTenantScope
Error: cannot change the table "users" in a tenant'"'"'s workspace: tables belong to all tenants; do it in a migration'
}

@test "another tenant is reached by runInNewWorkspace or withoutTenantScope, and by nothing else" {
    job probe "$ALPHA" '
        const beta = await this.database.tenants.where({ name: "beta" }).first();
        console.log(await beta.runInNewWorkspace(async function(){ return `${(await this.database.tenant).name} ${await names(this.database.users)}`; }));
        console.log(await this.database.withoutTenantScope.users.count(), (await this.database.withoutTenantScope.run("select count(*) as n from users"))[0].n);
        console.log(await error(() => beta.users.all()));
        console.log((await error(() => beta.scopedDatabase.users.all())) == (await error(() => beta.delete())), await this.database.tenants.count());
        console.log(await this.runInNewWorkspace(function(){ return names(this.database.users); }), await Workspace.run(function(){ return this.database.users.count(); }));'
    prints probe 'beta beta1 beta2
6 6
Error: The rows of another tenant are not to be seen in a tenant'"'"'s workspace: get the tenant from database.withoutTenantScope.tenants, or use its runInNewWorkspace(fn).
true 3
alpha1 alpha2 6'
}

@test "the header enters a tenant; an id that does not exist is an error, never all rows" {
    job probe 'multiTenant: false,' '
        const beta = await this.database.tenants.where({ name: "beta" }).first();
        console.log(await Workspace.run(function(){ this.initialParams._headers["x-tenant-id"] = beta.id; return names(this.database.users); }));
        console.log(await error(() => Workspace.run(function(){ this.initialParams._headers["x-tenant-id"] = "nope"; return this.database.users.count(); })));
        console.log(await error(() => Workspace.run(function(){ this.initialParams._headers["x-tenant-id"] = ""; return this.database.users.count(); })));
        console.log(await Workspace.run(function(){ this.initialParams._headers.host = "GAMMA.test:80"; return names(this.database.users); }));'
    prints probe 'beta1 beta2
Error: No such tenant "nope" exists.
Error: No such tenant "" exists.
gamma1 gamma2'
}

@test "the configuration may name the tenant or find it" {
    job probe 'multiTenant: false,' 'const tenant = await this.database.tenant; console.log(tenant?.name, await this.database.users.count());'
    local config
    for config in '"beta"' '() => "beta"' 'async function(){ return this.database.withoutTenantScope.tenants.where({ name: "beta" }).first(); }'; do
        printf 'export default { multiTenant: true, tenant: %s };\n' "$config" >pinstripe.config.js
        prints probe 'beta 2'
    done
    printf 'export default { multiTenant: true, tenant: () => undefined };\n' >pinstripe.config.js
    prints probe 'undefined 6'
    printf 'export default { multiTenant: true, tenant: "nope" };\n' >pinstripe.config.js
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'No such tenant "nope" exists'
}

@test "a job with multiTenant false sees all rows and can write for a tenant" {
    job probe 'multiTenant: false,' '
        const { users, tenants } = this.database;
        const beta = await tenants.where({ name: "beta" }).first();
        await users.insert({ name: "given", tenantId: beta.id });
        await beta.users.insert({ name: "through" });
        console.log(await users.count(), await names(beta.users), await this.database.tenant);'
    prints probe '8 beta1 beta2 given through undefined'
}

@test "deleting a tenant deletes its rows in every table" {
    job probe 'multiTenant: false,' '
        const beta = await this.database.tenants.where({ name: "beta" }).first();
        await beta.delete();
        console.log(await names(this.database.tenants), await names(this.database.users), await this.database.posts.count());'
    prints probe 'alpha gamma alpha1 alpha2 gamma1 gamma2 4'
}

@test "a project without tenants has none" {
    printf 'export default {};\n' >pinstripe.config.js
    job probe '' 'console.log(await this.database.tenant, await this.database.users.count());'
    prints probe 'undefined 6'
}

@test "F89: ten thousand changes of tenant on one connection never mix rows" {
    job probe 'multiTenant: false,' '
        const tenants = await this.database.tenants.all();
        let wrong = 0;
        for(let i = 0; i < 10000; i++){
            const tenant = tenants[i % 3];
            const user = await tenant.scopedDatabase.users.where({ age: 1 + i % 2 }).first();
            if(user.name != `${tenant.name}${1 + i % 2}`) wrong++;
        }
        console.log(wrong);'
    prints probe '0'
}

# F85: an insert or update that names another tenant is pinned to its own.

load ../cli/helper

@test "F85 a given tenantId is ignored, one row or many, insert or update" {
    project_with pinstripe.config.js 'export default { multiTenant: true };' \
        lib/migrations/1_users.js '
        export default { async migrate(){
            await this.database.table("users", async t => { await t.addColumn("name", "string"); });
            for(const name of ["a", "b"]) await this.database.tenants.insert({ name });
        } };' lib/background_jobs/pin.js '
        export default { async run(other){
            const { users } = this.database;
            await users.insert({ name: "one", tenantId: other });
            await users.insert([{ name: "two", tenantId: other }, { name: "three", tenantId: null }]);
            await users.where({ name: "one" }).update({ tenantId: other });
            const row = await users.first();
            row.tenantId = other;
            await row.update();
            await row.update({ tenantId: other });
            console.log(await users.count());
        } };'
    pinstripe migrate-database >/dev/null
    b=$(sqlite3 development.db "select id from tenants where name = 'b'")
    run_separately pinstripe run-background-job pin --tenant a "$b"
    expect_status 0
    expect_output 3
    [ "$(sqlite3 development.db "select distinct t.name from users u join tenants t on t.id = u.tenantId")" = a ]
}

# F89: a worker that serves tenants in turn, on one connection, never mixes them up.

load ../cli/helper

@test "F89 one worker, two tenants in turn, thousands of runs and every kind of statement" {
    project_with pinstripe.config.js 'export default { multiTenant: true };' \
        lib/migrations/1_notes.js '
        export default { async migrate(){
            await this.database.table("notes", async t => { await t.addColumn("text", "string"); await t.addColumn("n", "integer"); });
            for(const name of ["a", "b"]) await this.database.tenants.insert({ name });
        } };' lib/background_jobs/turn.js '
        export default { async run(n){
            const { name } = await this.database.tenant;
            const { notes } = this.database;
            if(n % 50 == 0) await notes.insert({ text: name, n });
            const wrong = await notes.where({ textNe: name }).count();
            const rows = await notes.where("n >= ?", 0).orderBy("n").limit(3).all();
            if(n % 500 == 0) await notes.where({ n: -1 }).update({ text: name });
            if(wrong || rows.some(({ text }) => text != name)) throw new Error(`${name} saw a foreign row`);
        } };' lib/background_jobs/all.js '
        export default { multiTenant: false, async run(){
            for(let n = 0; n < 2500; n++) await this.runBackgroundJob("turn", n);
            console.log(await this.database.notes.where({ text: "a" }).count(), await this.database.notes.where({ text: "b" }).count());
        } };'
    pinstripe migrate-database >/dev/null
    run_separately pinstripe run-background-job all --workers 1
    expect_status 0
    expect_output '50 50'
    [ "$(sqlite3 development.db "select count(*) from notes n join tenants t on t.id = n.tenantId where t.name <> n.text")" = 0 ]
}

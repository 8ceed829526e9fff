# F87: one tenant's failure, of whatever kind, stops no other.

load ../cli/helper

@test "F87 a throw, a broken limit, an endless loop and a dead worker among seven tenants" {
    project_with pinstripe.config.js 'export default { multiTenant: true };' \
        lib/migrations/1_tenants.js '
        export default { async migrate(){
            for(const name of ["fine1", "throws", "fine2", "grows", "fine3", "loops", "fine4"]) await this.database.tenants.insert({ name });
        } };' lib/background_jobs/mixed.js '
        export default { meta(){ this.memory("8MB"); this.timeout("500ms"); }, async run(){
            const { name } = await this.database.tenant;
            if(name == "throws") throw new TypeError("no");
            if(name == "grows") for(const a = [];;) a.push({ a });
            if(name == "loops") for(;;);
            console.log(name);
        } };' lib/background_jobs/caller.js '
        export default { multiTenant: false, async run(){
            try { await this.runBackgroundJob("mixed"); } catch(e){
                console.log(e.name, e.message.startsWith("3 of 7 tenants failed: throws (no)"), e.failed, e.errors.map(x => `${x.tenant}:${x.name}`).sort().join(" "));
            }
        } };'
    pinstripe migrate-database >/dev/null
    run_separately pinstripe run-background-job mixed
    expect_status 1
    expect_output $'fine1\nfine2\nfine3\nfine4'
    run_separately pinstripe run-background-job caller
    expect_status 0
    expect_in_output $'fine1\nfine2\nfine3\nfine4\nAggregateError true 3'
    expect_in_output 'throws:TypeError'
    expect_in_output 'grows:'
    expect_in_output 'loops:TimeoutError'
}

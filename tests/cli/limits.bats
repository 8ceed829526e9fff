# Limits of the executor: each has a name in executor/executor.h or workspace/workspace.h, a default, and a test here.

load helper

tenants() { # how many
    project_with pinstripe.config.js 'export default { multiTenant: true };' lib/migrations/1_data.js "
        export default { async migrate(){
            await this.database.table('marks', async marks => { await marks.addColumn('n', 'integer'); });
            await this.database.tenants.insert(Array.from({ length: $1 }, (_, n) => ({ name: 't' + String(n).padStart(4, '0') })));
        } };"
    pinstripe migrate-database >/dev/null
}

@test "PIN_DEPTH_MAX: runs inside runs, 32 deep, and the call beyond is refused with the bound" {
    project_with lib/background_jobs/deep.js '
        export default { async run(depth = 0){
            try { await this.runBackgroundJob("deep", depth + 1); } catch(e){ if(depth == 32) console.log(depth, e.message); else throw e; }
        } };'
    run_separately pinstripe run-background-job deep
    expect_status 0
    expect_output '32 Background job "deep" was called at depth 33: runs may be nested 32 deep at most.'
}

@test "wide and deep at once: callers that wait never use up the processes that their runs need" {
    project_with lib/background_jobs/tree.js '
        export default { async run(depth = 0){
            if(depth == 5) return;
            await Promise.all(Array.from({ length: depth < 3 ? 4 : 2 }, () => this.runBackgroundJob("tree", depth + 1)));
        } };'
    run_separately timeout -s KILL 60 "$PINSTRIPE" run-background-job tree
    expect_status 0
}

@test "PIN_CALLS_OPEN_MAX: 10,000 calls of one run may be open, the next is refused" {
    tenants 0
    project_with lib/background_jobs/wide.js '
        export default { multiTenant: false, async run(){
            // the only slot is taken by a run that waits until all calls have been made
            const calls = Array.from({ length: 10003 }, (_, n) => this.runBackgroundJob("leaf", n));
            await this.database.marks.insert({ n: 1 });
            const refused = (await Promise.allSettled(calls)).filter(({ status }) => status == "rejected");
            console.log(refused.length, refused[0]?.reason.message);
        } };' lib/background_jobs/leaf.js '
        export default { multiTenant: false, async run(n){
            while(n == 0 && !await this.database.marks.count()) await new Promise(r => setTimeout(r, 5));
        } };'
    run_separately timeout -s KILL 100 "$PINSTRIPE" run-background-job wide --workers 1
    expect_status 0
    expect_output '3 Background job "leaf" is not started: this run waits for 10000 runs already.'
}

@test "PIN_TENANTS_AHEAD_MAX: while the first tenant has not ended at most 64 have been started" {
    tenants 100
    project_with lib/background_jobs/mark.js '
        export default { async run(){
            const { name } = await this.database.tenant;
            const { marks } = this.database.withoutTenantScope;
            if(name != "t0000") return void await this.database.marks.insert({ n: 1 });
            while(await marks.count() < 63) await new Promise(r => setTimeout(r, 5));
            await new Promise(r => setTimeout(r, 200));
            console.log(await marks.count());
        } };'
    run_separately timeout -s KILL 60 "$PINSTRIPE" run-background-job mark
    expect_status 0
    expect_output 63
}

@test "PIN_ERRORS_KEPT_MAX and PIN_ERRORS_NAMED_MAX: of 150 failures 100 are kept whole, 3 are named, all are counted" {
    tenants 150
    project_with lib/background_jobs/fails.js '
        export default { async run(){ throw new Error("no " + (await this.database.tenant).name); } };' \
        lib/background_jobs/caller.js '
        export default { multiTenant: false, async run(){
            try { await this.runBackgroundJob("fails"); } catch(e){
                console.log(e.failed, e.errors.length, e.errors[99].tenant.startsWith("t0"), e.message.match(/t0/g).length, e.message.endsWith(", ..."));
            }
        } };'
    run_separately pinstripe run-background-job caller
    expect_status 0
    expect_output '150 100 true 6 true'
}

@test "short runs that were handed out behind a long one do not wait for it" {
    tenants 60
    project_with lib/background_jobs/mixed.js '
        export default { async run(){
            const { name } = await this.database.tenant;
            if(name != "t0005") return;
            const until = Date.now() + 1500;
            while(Date.now() < until); // it computes: nobody can ask its worker for anything
        } };'
    pinstripe run-background-job mixed --workers 2 --json >json
    # it alone took long, and all that began after it ended while it ran: the whole took no longer than it
    [ "$(grep -c '"result":"succeeded"' json)" -eq 61 ]
    long=$(grep -o '"tenant":"t0005".*"wallMs":[0-9]*' json | grep -o '[0-9]*$')
    whole=$(tail -n 1 json | grep -o '"wallMs":[0-9]*' | grep -o '[0-9]*$')
    [ "$whole" -lt $((2 * long)) ]
}

@test "--workers bounds the runs at the same time" {
    project_with lib/background_jobs/one.js '
        export default { async run(){ const start = Date.now(); await new Promise(r => setTimeout(r, 30)); console.log(start, Date.now()); } };' \
        lib/background_jobs/all.js '
        export default { async run(){ await Promise.all([1, 2, 3, 4].map(() => this.runBackgroundJob("one"))); } };'
    run_separately pinstripe run-background-job all --workers 1
    expect_status 0
    end=0
    for line in "${lines[@]}"; do
        [ "${line% *}" -ge "$end" ]
        end=${line#* }
    done
    run_separately pinstripe run-background-job all --workers 33
    expect_status 2
    expect_in_errors 'from 1 to 32'
}

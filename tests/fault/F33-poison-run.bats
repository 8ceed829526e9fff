# F33: a run that always kills its worker fails each time, and the runs after it find a clean one.

load ../cli/helper

@test "F33 twenty runs that break their heap limit, each followed by a good one" {
    project_with lib/background_jobs/poison.js '
        export default { meta(){ this.memory("4MB"); }, run(){ const a = []; for(;;) a.push(new Array(100).fill(0)); } };' \
        lib/background_jobs/caller.js '
        export default { async run(){
            let failed = 0;
            for(let n = 0; n < 20; n++){
                await this.runBackgroundJob("poison").catch(() => failed++);
                await this.runBackgroundJob("good", n);
            }
            console.log("failed", failed);
        } };' lib/background_jobs/good.js '
        export default { run(n){ if(globalThis.leak) throw new Error("leaked"); globalThis.leak = n + 1; } };'
    run_separately timeout -s KILL 60 "$PINSTRIPE" run-background-job caller
    expect_status 0
    expect_output 'failed 20'
}

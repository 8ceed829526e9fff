# F33: a run that always kills its worker fails each time, and the runs after it find a clean one.

load bot_helper

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

# The word before the sentence.
kind="substr(json_extract(value, '$.reason'), 1, instr(json_extract(value, '$.reason'), ':') - 1)"

# poisoned META BODY REASON: three attempts, each fails for that reason; then it is parked, and nobody waited for it.
poisoned() {
    queue_project
    job poison "this.retry({ limit: 2, delay: '10ms' }); $1" "$2"
    job good '' "await note(this, 'good');"
    queue poison
    for _ in 1 2 3; do queue good; done
    start_bot --workers 1
    soon "$(ended good 3)"
    soon "$(ended poison)"
    same "$(state_of poison)" 'failed 3 0'
    same "$(rows "select json_extract(value, '$.attempt') || ' ' || $kind from ended, json_each(reasons) order by 1")" \
        "1 $3"$'\n'"2 $3"$'\n'"3 $3"
    all_holds
}

@test "F33 a queued run that breaks its heap limit each time is parked with every reason" {
    poisoned "this.memory('4MB');" "const a = []; for(;;) a.push(new Array(100).fill(0));" heap-limit
}

@test "F33 a queued run that breaks its time limit each time is parked with every reason" {
    poisoned "this.timeout('200ms');" "for(;;){}" timed-out
}

@test "F33 a queued run that throws each time is parked with every reason" {
    poisoned '' "throw new Error('no');" threw
}

@test "F33 a queued run over which its worker exits each time has thrown, and is parked with every reason" {
    queue_project
    job poison "this.retry({ limit: 2, delay: '10ms' });" "await note(this, 'begun');"
    queue poison
    FAULT=worker.before_result:1:exit start_bot --workers 1
    soon "$(ended poison)"
    same "$(state_of poison)" 'failed 3 0'
    same "$(rows "select group_concat($kind) from ended, json_each(reasons)")" crashed,crashed,crashed
    same "$(events)" $'begun\nbegun\nbegun'
    all_holds
}

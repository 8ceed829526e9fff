#!/usr/bin/env bats
# F72 - arguments of no bytes, of 1 MB, of 100 MB, nested deeply, with a million keys: the limit is stated, and what is over it is
# refused at the door with its size; the job that was called never starts and the caller goes on.

load ../cli/helper

own_setup() {
    project_with lib/background_jobs/show.js '
        export default { run(...args){ console.log("show", args.length, JSON.stringify(args).length); } };'
}

# calls EXPRESSION: a job that calls show with it, and prints the error there is.
calls() {
    project_with lib/background_jobs/main.js "
        const nest = levels => { let value = 1; for(let i = 0; i < levels; i++) value = [value]; return value; };
        export default {
            meta(){ this.memory('1GB'); },
            async run(){
                try { await this.runBackgroundJob('show', $1); } catch(e){ console.log(e.name + ': ' + e.message); }
            } };"
    run_separately pinstripe run-background-job main
    expect_status 0
}

# nested LEVELS: a JSON array that holds 1 in so many arrays.
nested() {
    awk -v n="$1" 'BEGIN { for (i = 0; i <= n; i++) printf "["; printf 1; for (i = 0; i <= n; i++) printf "]" }'
}

@test "F72 no argument, and an empty one" {
    run_separately pinstripe run-background-job show
    expect_output 'show 0 2'
    run_separately pinstripe run-background-job show ''
    expect_output 'show 1 4'
    run_separately pinstripe run-background-job show --args '[]'
    expect_output 'show 0 2'
}

@test "F72 words up to 1 MB arrive; more are refused with their size and the limit" {
    word=$(head -c 100000 /dev/zero | tr '\0' x)
    run_separately pinstripe run-background-job show "$word" "$word" "$word" "$word" "$word" "$word" "$word" "$word" "$word" "$word"
    expect_output 'show 10 1000031'
    run_separately pinstripe run-background-job show "$word" "$word" "$word" "$word" "$word" "$word" "$word" "$word" "$word" "$word" "$word"
    expect_status 2
    expect_output ''
    expect_in_errors 'the arguments are 1100034 bytes of JSON, more than the limit of 1048576'
}

@test "F72 in a call exactly 1 MB of JSON arrives and one byte more is refused" {
    calls '"x".repeat(1048576 - 4)'
    expect_output 'show 1 1048576'
    calls '"x".repeat(1048576 - 3)'
    expect_output 'RangeError: arguments[0] takes the arguments to 1048577 bytes or more as JSON, over the limit of 1048576; put large data into the database and pass its id'
}

@test "F72 bytes are counted, not letters" {
    calls '"€".repeat(400000)'
    expect_output 'RangeError: the arguments of job "show" are 1200004 bytes as JSON, more than the limit of 1048576; put large data into the database and pass its id'
}

@test "F72 100 MB are refused without being copied" {
    calls '"x".repeat(100e6)'
    expect_output 'RangeError: arguments[0] takes the arguments to 100000004 bytes or more as JSON, over the limit of 1048576; put large data into the database and pass its id'
}

@test "F72 a million keys and ten million numbers are refused" {
    calls 'Object.fromEntries(Array.from({ length: 1e6 }, (_, i) => ["k" + i, i]))'
    expect_in_output 'RangeError: arguments[0] takes the arguments to 10485'
    calls '1, new Array(1e7).fill(1)'
    expect_in_output 'RangeError: arguments[1] takes the arguments to 10485'
}

@test "F72 50,000 keys arrive" {
    calls 'Object.fromEntries(Array.from({ length: 50000 }, (_, i) => ["k" + i, i]))'
    expect_output 'show 1 727783'
}

@test "F72 nesting has a limit, the same at both doors" {
    calls 'nest(100)'
    expect_output 'show 1 203'
    for levels in 101 100000; do
        calls "nest($levels)"
        expect_output 'TypeError: arguments[0] is nested more than 100 levels deep, which JSON cannot carry'
    done
    run_separately pinstripe run-background-job show --args "$(nested 100)"
    expect_output 'show 1 203'
    for levels in 101 60000; do
        run_separately pinstripe run-background-job show --args "$(nested "$levels")"
        expect_status 2
        expect_in_errors '--args: a value is nested more than 100 levels deep'
    done
}

@test "F72 the run after a refused one finds everything as it was" {
    project_with lib/background_jobs/main.js '
        export default { async run(){
            for(let i = 0; i < 5; i++){
                await this.runBackgroundJob("show", "x".repeat(2e6)).catch(e => console.log(e.name));
                await this.runBackgroundJob("show", i);
            }
        } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    [ "$(grep -c RangeError <<<"$output")" -eq 5 ]
    [ "$(grep -c 'show 1 3' <<<"$output")" -eq 5 ]
}

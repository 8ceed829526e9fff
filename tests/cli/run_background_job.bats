# run-background-job: what goes in, what comes out, and how it ends.

load helper

own_setup() {
    project_with lib/background_jobs/show.js '
        export default { run(...args){ console.log(JSON.stringify(args)); } };' \
        lib/background_jobs/fails.js '
        export default { run(){ throw new TypeError("boom"); } };' \
        lib/background_jobs/spins.js '
        export default { run(){ for(;;){} } };'
}

@test "words are passed as strings" {
    run_separately pinstripe run-background-job --name show user@example.com 'Welcome!' 12 ''
    expect_status 0
    expect_output '["user@example.com","Welcome!","12",""]'
    [ -z "$stderr" ]
}

@test "--args passes JSON" {
    run_separately pinstripe run-background-job show --args '["a",{"n":1},null,[2.5]]'
    expect_status 0
    expect_output '["a",{"n":1},null,[2.5]]'
}

@test "words after -- are never options" {
    run_separately pinstripe run-background-job show -- --args -x --
    expect_status 0
    expect_output '["--args","-x","--"]'
}

@test "--args that is no JSON array is a usage error that says so" {
    run_separately pinstripe run-background-job show --args '{"a":1}'
    expect_status 2
    expect_in_errors 'takes a JSON array'
    run_separately pinstripe run-background-job show --args '[1,'
    expect_status 2
    expect_in_errors 'is no JSON'
    run_separately pinstripe run-background-job show word --args '[1]'
    expect_status 2
    expect_in_errors 'not both'
}

@test "without a name it says so" {
    run_separately pinstripe run-background-job
    expect_status 2
    expect_in_errors 'Must not be blank'
}

@test "an unknown job is exit code 3 and suggests the nearest" {
    run_separately pinstripe run-background-job shwo
    expect_status 3
    expect_in_errors 'No such background job "shwo" exists. Did you mean show?'
    [ -z "$output" ]
}

@test "a failed run prints job, name, message, file and line, once, on stderr" {
    run_separately pinstripe run-background-job fails
    expect_status 1
    [ -z "$output" ]
    [ "$(grep -c 'fails: TypeError: boom' <<<"$stderr")" -eq 1 ]
    expect_in_errors 'lib/background_jobs/fails.js:2:'
}

@test "a run that reaches its time limit is exit code 124 and names limit and measured time" {
    run_separately pinstripe run-background-job spins --timeout 300ms
    expect_status 124
    expect_in_errors 'time limit of 0.3 s reached after'
}

@test "stdout and stderr of the job stay apart" {
    project_with lib/background_jobs/both.js '
        export default { run(){ console.log("to out"); console.error("to err"); console.info("out too"); console.warn("err too"); } };'
    run_separately pinstripe run-background-job both
    expect_status 0
    expect_output $'to out\nout too'
    [ "$stderr" = $'to err\nerr too' ]
}

@test "lines arrive while the job runs" {
    project_with lib/background_jobs/slow.js '
        export default { async run(){ console.log("first"); await new Promise(r => setTimeout(r, 60000)); } };'
    mkfifo lines
    "$PINSTRIPE" run-background-job slow >lines &
    read -r line <lines
    [ "$line" = first ]
    kill -TERM $!
    kill -TERM $!
    wait $! || status=$?
    [ "$status" -eq 143 ]
}

@test "lines of nested runs stand in their place" {
    project_with lib/background_jobs/outer.js '
        export default { async run(){
            console.log("outer 1");
            await this.runBackgroundJob("inner", 1);
            console.log("outer 2");
            await this.runBackgroundJob("inner", 2);
            console.log("outer 3");
        } };' lib/background_jobs/inner.js '
        export default { run(n){ console.log(`inner ${n}`); } };'
    run_separately pinstripe run-background-job outer
    expect_status 0
    expect_output $'outer 1\ninner 1\nouter 2\ninner 2\nouter 3'
}

@test "--json: job output on stderr, one line per run and a summary on stdout" {
    project_with lib/background_jobs/outer.js '
        export default { async run(){ console.log("printed"); await this.runBackgroundJob("show", 1); } };'
    run_separately pinstripe run-background-job outer --json
    expect_status 0
    expect_in_errors 'printed'
    [ "${#lines[@]}" -eq 3 ]
    for line in "${lines[@]}"; do node_free_json "$line"; done
    [[ ${lines[0]} == *'"job":"show"'*'"result":"succeeded"'* ]]
    [[ ${lines[1]} == *'"job":"outer"'*'"output":"printed\n"'* ]]
    [[ ${lines[2]} == '{"summary":true,'*'"exitCode":0}' ]]
    run_separately pinstripe run-background-job fails --json
    expect_status 1
    [[ ${lines[0]} == *'"result":"threw"'*'"message":"boom"'* ]]
    [[ ${lines[1]} == *'"failed":1'*'"exitCode":1}' ]]
}

# sqlite3 is there anyway and knows JSON.
node_free_json() {
    [ "$(sqlite3 :memory: "select json_valid('${1//\'/\'\'}')")" = 1 ]
}

@test "a closed reader does not stop the job" {
    project_with lib/background_jobs/long.js '
        export default { run(){ for(let n = 0; n < 20000; n++) console.log("line " + n); console.error("ran to its end"); } };'
    "$PINSTRIPE" run-background-job long 2>errors | head -n 1 >first
    [ "$(cat first)" = 'line 0' ]
    grep -q 'ran to its end' errors
}

@test "a reader that is slow gets everything, in order" {
    project_with lib/background_jobs/long.js '
        export default { run(){ for(let n = 0; n < 100000; n++) console.log("line " + n); } };'
    "$PINSTRIPE" run-background-job long | { read -r first; cat; } | tail -n 1 >last
    [ "$(cat last)" = 'line 99999' ]
}

@test "it works from any folder of the project, and with --project from anywhere" {
    mkdir -p lib/deep/er
    cd lib/deep/er
    run_separately pinstripe run-background-job show
    expect_status 0
    cd /
    run_separately pinstripe --project "$TEST_FOLDER/project" run-background-job show
    expect_status 0
    run_separately pinstripe run-background-job show
    expect_status 3
}

@test "no process is left behind" {
    "$PINSTRIPE" run-background-job spins --timeout 300ms || true
    "$PINSTRIPE" run-background-job show
    ! pgrep -f -- "--nursery $TEST_FOLDER"
}

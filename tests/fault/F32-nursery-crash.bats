# F32: a project that cannot be loaded, and a nursery that dies, are one clear sentence and no loop.

load ../cli/helper

@test "F32 a broken configuration is exit code 78 with file, line and reason" {
    project_with lib/background_jobs/x.js 'export default { run(){} };'
    printf 'export default {\n  database: nonsense\n};\n' >pinstripe.config.js
    run_separately pinstripe run-background-job x
    expect_status 78
    expect_in_errors 'pinstripe.config.js:2'
    expect_in_errors 'nonsense'
}

@test "F32 a nursery that is killed ends the command with a sentence" {
    project_with lib/background_jobs/victim.js '
        export default { async run(){ console.log("ready"); await new Promise(r => setTimeout(r, 60000)); } };'
    mkfifo lines
    "$PINSTRIPE" run-background-job victim >lines 2>errors &
    executor=$!
    read -r line <lines
    kill -9 "$(pgrep -P "$executor")"
    status=0; wait "$executor" || status=$?
    [ "$status" -eq 1 ]
    [ -s errors ]
}

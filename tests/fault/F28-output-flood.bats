# F28: a run that prints without end blocks nobody; the newest megabyte is kept, the rest is counted.

load ../cli/helper

@test "F28 64 MB on stdout without a newline arrive whole; 1 MB is kept" {
    project_with lib/background_jobs/flood.js '
        export default { run(){ const chunk = "x".repeat(1 << 20); for(let n = 0; n < 64; n++) console.log(chunk); console.log("the end"); } };'
    [ "$("$PINSTRIPE" run-background-job flood | wc -c)" -eq $((64 * ((1 << 20) + 1) + 8)) ]
    "$PINSTRIPE" run-background-job flood --json >json 2>/dev/null
    dropped=$(head -n 1 json | grep -o '"outputBytesDropped":[0-9]*' | cut -d: -f2)
    [ "$dropped" -eq $((64 * ((1 << 20) + 1) + 8 - (1 << 20))) ]
    head -n 1 json | grep -q 'the end\\n"'
}

@test "F28 a flood that nobody reads is still stopped at its time limit" {
    project_with lib/background_jobs/flood.js '
        export default { run(){ for(;;) console.log("x".repeat(10000)); } };'
    mkfifo lines
    "$PINSTRIPE" run-background-job flood --timeout 500ms >lines 2>errors &
    executor=$!
    exec 9<lines
    read -r -n 10 _ <&9
    worker=$(pgrep -P "$(pgrep -P "$executor")")
    timeout 20 tail -s 0.02 --pid="$worker" -f /dev/null # the pipe is full and stays so
    cat <&9 >/dev/null
    status=0; wait "$executor" || status=$?
    [ "$status" -eq 124 ]
    grep -q 'time limit of 0.5 s reached' errors
}

@test "F28 binary and escapes pass to a pipe as they are" {
    project_with lib/background_jobs/raw.js '
        export default { run(){ console.log("\u001b[31mred\u0000\u0007"); } };'
    "$PINSTRIPE" run-background-job raw >raw
    [ "$(od -An -c raw | tr -d ' \n')" = '033[31mred\0\a\n' ]
}

# F30: a worker that is alive but silent (stopped) is killed at the deadline of its run.

load ../cli/helper

@test "F30 SIGSTOP of the worker: the run fails at its time limit and the process is gone" {
    project_with lib/background_jobs/victim.js '
        export default { async run(){ console.log("ready"); await new Promise(r => setTimeout(r, 60000)); } };'
    mkfifo lines
    "$PINSTRIPE" run-background-job victim --timeout 1s >lines 2>errors &
    executor=$!
    read -r line <lines
    nursery=$(pgrep -P "$executor")
    worker=$(pgrep -P "$nursery")
    kill -STOP "$worker"
    status=0; wait "$executor" || status=$?
    [ "$status" -eq 124 ]
    grep -q 'time limit of 1 s reached after' errors
    ! kill -0 "$worker" 2>/dev/null
}

# F06: when the executor is killed its children die with it.

load ../cli/helper

@test "F06 kill -9 of the executor leaves no process behind, not even one that computes" {
    project_with lib/background_jobs/spins.js '
        export default { async run(){ console.log("ready"); for(;;){} } };'
    mkfifo lines
    "$PINSTRIPE" run-background-job spins >lines &
    executor=$!
    read -r line <lines
    [ "$line" = ready ]
    nursery=$(pgrep -P "$executor")
    worker=$(pgrep -P "$nursery")
    kill -9 "$executor"
    # tail ends when the process it watches does: a wait without sleeping.
    timeout 20 tail -s 0.02 --pid="$nursery" -f /dev/null
    timeout 20 tail -s 0.02 --pid="$worker" -f /dev/null
}

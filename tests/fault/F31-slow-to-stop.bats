# F31: Ctrl-C and TERM give running jobs a grace period, then kill them; nothing is left behind.

load bot_helper

stop_with() { # signal, source of run()
    project_with lib/background_jobs/victim.js "export default { async run(){ console.log('ready'); $2 } };"
    mkfifo lines
    "$PINSTRIPE" run-background-job victim >lines 2>errors &
    executor=$!
    exec 9<lines
    read -r line <&9
    nursery=$(pgrep -P "$executor")
    worker=$(pgrep -P "$nursery")
    kill -"$1" "$executor"
}

gone() {
    ! kill -0 "$nursery" 2>/dev/null && ! kill -0 "$worker" 2>/dev/null
}

@test "F31 a job that ends within the grace period ends well" {
    stop_with TERM "await new Promise(r => setTimeout(r, 500)); console.log('done');"
    read -r line <&9
    [ "$line" = 'done' ]
    wait "$executor"
    gone
}

@test "F31 a second signal kills at once: 130 for INT" {
    # a background process of a script ignores INT unless it says otherwise, and pinstripe does
    stop_with INT 'for(;;){}'
    kill -INT "$executor"
    status=0; wait "$executor" || status=$?
    [ "$status" -eq 130 ]
    grep -q 'the run was stopped after' errors
    gone
}

@test "F31 the grace period ends for a job that does not" {
    stop_with TERM 'for(;;){}'
    status=0; wait "$executor" || status=$?
    [ "$status" -eq 143 ]
    gone
}

@test "F31 a bot gives its runs the grace: who ends in it has ended, who does not goes back with its attempt" {
    queue_project
    job ends '' "await note(this, 'ends'); while(!await this.database.events.where({ what: 'go' }).count()) await pause(10); await note(this, 'done');"
    job go '' "await note(this, 'go');"
    job stays '' "await note(this, 'stays'); for(;;){}"
    for name in ends stays stays; do queue $name; done
    start_bot --workers 2 --grace 2s
    soon "select count(*) = 2 from events"
    workers=$(workers_of "$bot")
    kill -TERM "$bot"
    in_log 'no run begins any more'
    faulty run-background-job go
    soon "$(ended ends)"
    ends_with 0
    for pid in $workers; do gone "$pid"; done
    same "$(state_of ends)" 'succeeded 1 0'
    same "$(state_of stays)" $'queued 0 0\nqueued 0 0'
    all_holds
}

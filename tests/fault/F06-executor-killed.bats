# F06: when the executor is killed its children die with it.

load bot_helper

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

@test "F06 kill -9 of a bot with runs in flight: nothing lives on, and after the lease another bot runs them" {
    queue_project
    job computes '' "await note(this, 'computes'); if(this.run.attempt == 1 && (await this.database.events.where({ what: 'free' }).count()) == 0) for(;;){} await note(this, 'done');"
    job waits '' "await note(this, 'waits'); if((await this.database.events.where({ what: 'free' }).count()) == 0) await pause(60000); await note(this, 'done');"
    job free '' "await note(this, 'free');"
    for name in computes waits; do queue $name; done
    start_bot --workers 2
    soon "select count(*) = 2 from events"
    nursery=$(nursery_of "$bot") workers=$(workers_of "$bot")
    kill -9 "$bot"
    ends_with 137
    for pid in $nursery $workers; do gone "$pid"; done
    same "$(state_of computes) $(state_of waits)" 'running 1 0 running 1 0'
    faulty run-background-job free
    set_clock 40
    start_bot
    soon "$(ended computes)"
    soon "$(ended waits)"
    same "$(state_of computes) $(state_of waits)" 'succeeded 2 1 succeeded 2 1'
    same "$(rows "select count(*) from events where what = 'done'")" 2
    all_holds
}

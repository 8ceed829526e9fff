# F30: a worker that is alive but silent (stopped) is killed at the deadline of its run.

load bot_helper

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
    gone "$worker"
}

@test "F30 SIGSTOP of the worker of a queued run: its time limit counts as a throw, and it is tried again" {
    queue_project
    job victim "this.timeout('1s'); this.retry({ limit: 1, delay: '10ms' });" \
        "await note(this, 'begun', 'attempt ' + this.run.attempt); if(this.run.attempt == 1) await pause(60000); await note(this, 'done');"
    queue victim
    start_bot --workers 1
    soon "select count(*) from events"
    worker=$(workers_of "$bot")
    kill -STOP "$worker"
    soon "$(ended victim)"
    gone "$worker"
    same "$(events)" $'begun attempt 1\nbegun attempt 2\ndone'
    same "$(state_of victim)" 'succeeded 2 0'
    same "$(rows "select json_extract(value, '$.reason') like 'timed-out: %the worker was killed' from ended, json_each(reasons)")" 1
    all_holds
}

@test "F30 a bot that is stopped past its leases: another takes over, and what the first comes with is refused" {
    queue_project
    job pays '' "await note(this, 'begun', 'claim ' + args[0]); while(!await this.database.events.where({ what: 'go' }).count()) await pause(10); await note(this, 'done');"
    job go '' "await note(this, 'go');"
    job behind '' "await note(this, 'behind');"
    queue pays first
    for _ in 1 2 3; do queue behind; done
    start_bot --workers 1
    first=$bot first_log=$log
    soon "select count(*) from events"
    kill -STOP "$first"
    set_clock 40
    start_bot --workers 1
    soon "select count(*) = 2 from events where what = 'begun'"
    faulty run-background-job go
    soon "$(ended pays)"
    soon "$(ended behind 3)"
    worker=$(rows "select worker from ended where job = 'pays'")
    second_log=$log log=$first_log
    kill -CONT "$first"
    in_log 'what came of attempt 1 of the run'
    in_log 'is somebody else'
    kill -TERM "$first"
    ends_with 0 "$first"
    same "$(state_of pays)" 'succeeded 2 1'
    same "$(rows "select worker from ended where job = 'pays'")" "$worker"
    # What waited behind it in the first was not begun there again.
    same "$(rows "select count(*) from events where what = 'behind'")" 3
    same "$(grep -c run.succeeded "$second_log")" 4
    all_holds
}

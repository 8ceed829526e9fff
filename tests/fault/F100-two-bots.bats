# F100: two bots on one store share the work: every due time has one run, every run is run once, and none waits behind a
# long one in the one bot while the other has nothing to do.

load bot_helper

@test "F100 every due time once, over two bots and a clock that moves" {
    queue_project
    job tick "this.schedule({ cron: '* * * * * *', overlap: 'allow', missed: 'all' });" "await note(this, 'tick', this.run.dueTime.toISOString());"
    start_bot --workers 1
    first=$bot
    start_bot --workers 1
    for seconds in 3 6 9 12; do
        seen=$(rows "select count(*) from due")
        set_clock $seconds
        soon "select count(*) >= $seen + 3 from due"
    done
    for pid in "$first" "$bot"; do kill -TERM "$pid"; ends_with 0 "$pid"; done
    work_off
    same "$(rows "select count(*) = (max(dueAt) - min(dueAt)) / 1000 + 1 and count(*) = count(run) from due")" 1
    same "$(rows "select count(*), count(distinct text) from events")" "$(rows "select count(*), count(*) from due")"
    same "$(rows "select sum(lost), max(attempt) from ended")" $'0\t1'
    all_holds
}

@test "F100 a thousand runs over two bots: each once" {
    queue_project
    job work '' "await note(this, 'work');"
    job make '' "await this.enqueueBackgroundJobs('work', Array.from({ length: 1000 }, (_, n) => [n]));"
    start_bot --workers 2
    start_bot --workers 2
    faulty run-background-job make
    soon "$(ended work 1000)"
    same "$(rows "select count(*), count(distinct run) from events")" $'1000\t1000'
    same "$(rows "select sum(lost), max(attempt), count(distinct worker) > 1 from ended where job = 'work'")" $'0\t1\t1'
    all_holds
}

@test "F100 a run does not wait behind a long one while another bot is idle" {
    queue_project
    job long '' "await note(this, 'begun'); while(!await this.database.events.where({ what: 'go' }).count()) await pause(10);"
    job go '' "await note(this, 'go');"
    start_bot --workers 1
    queue long
    soon "select count(*) from events"
    queue long
    start_bot --workers 1
    soon "select count(*) = 2 from events"
    same "$(rows "select count(distinct worker) from live where state = 2")" 2
    faulty run-background-job go
    soon "$(ended long 2)"
    all_holds
}

# F61: the wall clock goes back by an hour while a bot works: no due time comes twice, what runs goes on and stays its own,
# what is queued now runs now, and one line tells.

load bot_helper

@test "F61 back by an hour, and forward again" {
    queue_project
    job tick "this.schedule({ cron: '* * * * * *', overlap: 'allow' });" "await note(this, 'tick', this.run.dueTime.toISOString());"
    job long '' "await note(this, 'begun'); while(!await this.database.events.where({ what: 'go' }).count()) await pause(10); await note(this, 'done');"
    job now '' "await note(this, 'now');"
    job go '' "await note(this, 'go');"
    queue long
    start_bot --workers 2
    soon "select count(*) >= 2 from events where what = 'tick'"
    soon "select count(*) from events where what = 'begun'"
    set_clock -3600
    queue now # a call: the bot looks at its clock
    soon "$(ended now)"
    in_log 'the clock was put back by 60 min; what was due until'
    # Its lease is told in the new time, and nobody may take it for one that has lapsed.
    soon "select leaseUntil - dueAt < -3000000 from live where job = 'long'"
    soon "select count(*) from pinstripe_bots where tickAt < startedAt"
    set_clock 0
    queue now
    soon "$(ended now 2)"
    seen=$(rows "select max(dueAt) from due")
    soon "select count(*) >= 2 from due where dueAt > $seen"
    faulty run-background-job go
    soon "$(ended long)"
    same "$(state_of long)" 'succeeded 1 0'
    kill -TERM "$bot"
    ends_with 0
    work_off
    same "$(grep -c 'was put back' "$log")" 1
    same "$(rows "select count(*) from events where what = 'tick'")" "$(rows "select count(distinct text) from events where what = 'tick'")"
    all_holds
}

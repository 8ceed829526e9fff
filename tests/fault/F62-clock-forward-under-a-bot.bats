# F62: the wall clock goes forward by a day, then by ten years, while a bot works: it catches up by each schedule's policy,
# in bounds, with one line; what it runs is not taken for lost, and its time limit is not over.

load bot_helper

@test "F62 forward by a day and by ten years, and back" {
    queue_project
    job latest "this.schedule('0 * * * *');" "await note(this, 'latest');"
    job every "this.schedule({ cron: '0 * * * *', missed: 'all' });" "await note(this, 'every');"
    job never "this.schedule({ cron: '0 * * * *', missed: 'skip' });" "await note(this, 'never');"
    job long "this.timeout('1m');" "await note(this, 'begun'); while(!await this.database.events.where({ what: 'go' }).count()) await pause(10); await note(this, 'done');"
    job now '' ''
    job go '' "await note(this, 'go');"
    set_clock $((1800 - $(date +%s) % 3600)) # half past
    queue long
    start_bot --workers 2
    soon "select count(*) from events"
    set_clock $((1800 - $(date +%s) % 3600 + 24 * 3600))
    queue now # a call
    soon "$(ended every 24)"
    same "$(rows "select substr(schedule, 1, instr(schedule, '#') - 1) as job, result, count(*) from due group by 1, 2")" \
        $'every\t1\t24\nlatest\t1\t1\nlatest\t3\t23\nnever\t3\t24'
    same "$(grep -c 'nobody looked at the schedules' "$log")" 1
    set_clock $((1800 - $(date +%s) % 3600 + 3650 * 24 * 3600))
    queue now
    soon "select count(*) = 1024 from due where schedule like 'every#%'"
    same "$(rows "select substr(schedule, 1, instr(schedule, '#') - 1) as job, count(*) from due group by 1")" $'every\t1024\nlatest\t1024\nnever\t1024'
    same "$(grep -c 'nobody looked at the schedules' "$log")" 2
    # Home again: what was evaluated ahead does not wait for ten years.
    set_clock 0
    queue now
    in_log 'the clock was put back'
    soon "select max(nextDueAt) < (unixepoch() + 4000) * 1000 from pinstripe_schedules"
    faulty run-background-job go
    soon "$(ended long)"
    same "$(state_of long)" 'succeeded 1 0'
    kill -TERM "$bot"
    ends_with 0
    all_holds
}

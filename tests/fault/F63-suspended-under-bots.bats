# F63: a machine with two bots sleeps for eight hours: nobody takes from the other what it has in hand, everything that ran
# ends, and what was missed is decided once.

load bot_helper

everybody() { local pid; for pid in $(processes_here); do kill -"$1" "$pid"; done; }

@test "F63 two bots, each with a run in hand, sleep and wake" {
    queue_project
    job hourly "this.schedule('0 * * * *');" "await note(this, 'hourly');"
    job long '' "await note(this, 'begun'); while(!await this.database.events.where({ what: 'go' }).count()) await pause(10); await note(this, 'done');"
    job now '' ''
    job go '' "await note(this, 'go');"
    set_clock $((1800 - $(date +%s) % 3600)) # half past
    start_bot --workers 1
    queue long
    soon "select count(*) = 1 from live where state = 2"
    start_bot --workers 1
    queue long
    soon "select count(*) = 2 from events"
    same "$(rows "select count(distinct worker) from live where state = 2")" 2
    everybody STOP
    set_clock $((1800 - $(date +%s) % 3600 + 8 * 3600))
    everybody CONT
    queue now --delay 1m # a call: both look
    soon "select count(*) from due"
    # More than a sweep later they are still theirs.
    soon "select count(*) = 2 from live where state = 2 and leaseUntil > (unixepoch() + 8 * 3600 - 3600) * 1000"
    faulty run-background-job go
    soon "$(ended long 2)"
    same "$(state_of long)" $'succeeded 1 0\nsucceeded 1 0'
    soon "$(ended hourly)"
    same "$(rows "select result, count(*) from due group by 1")" $'1\t1\n3\t7'
    same "$(rows "select what, count(*) from events where what <> 'go' group by 1")" $'begun\t2\ndone\t2\nhourly\t1'
    all_holds
}

# F03: a worker that is killed before it began the job's code: the run goes back at once, and the attempt counts.

load bot_helper

# The one process below the nursery that a fault point has stopped.
stopped_worker() {
    local pid
    for pid in $(workers_of "$bot"); do
        [[ $(cat "/proc/$pid/stat" 2>/dev/null) == *') T '* ]] && echo "$pid"
    done
}

kill_stopped_worker() {
    comes has_stopped
    kill -9 "$(stopped_worker)"
}

has_stopped() { [ -n "$(stopped_worker)" ]; }

@test "F03 a worker killed before the job's code: another has the run at once, and three times are enough" {
    queue_project
    job victim '' "await note(this, 'ran');"
    job other '' "await note(this, 'other');"
    queue victim
    FAULT=worker.before_run:1:stop start_bot --workers 1
    kill_stopped_worker
    soon "select lost = 1 from live where job = 'victim'"
    kill_stopped_worker
    soon "select lost = 2 from live where job = 'victim'"
    kill_stopped_worker
    soon "$(ended victim)"
    same "$(state_of victim)" 'failed 3 3'
    same "$(rows "select count(*) from ended, json_each(reasons) where json_extract(value, '$.reason') like 'worker killed by signal 9%'")" 3
    same "$(rows "select json_extract(error, '$.name'), outcome from ended")" $'LostError\tlost'
    same "$(events)" ''
    all_holds
    queue other
    work_off
    same "$(events)" other
}

@test "F03 what waited behind it in the worker is another's, with its attempt" {
    queue_project
    job warm '' "await note(this, 'warm');"
    job after '' "await note(this, 'after', args[0] + ' of attempt ' + this.run.attempt);"
    for i in 1 2 3 4 5 6; do queue warm --priority 1; done
    FAULT=worker.before_run:8:kill start_bot --workers 1
    soon "$(ended warm 6)"
    for i in a b c; do queue after --args "[\"$i\"]"; done
    soon "$(ended after 3)"
    same "$(rows "select text from events where what = 'after' order by text")" $'a of attempt 1\nb of attempt 1\nc of attempt 1'
    same "$(rows "select sum(lost) from ended")" 1
    all_holds
}

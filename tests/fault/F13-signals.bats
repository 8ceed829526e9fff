# F13: signals in any order: the second one that stops is at once, what ran goes back and has not used an attempt, HUP
# loads the jobs anew, and nothing is corrupted.

load bot_helper

@test "F13 two signals that stop, in all orders, and others between them" {
    queue_project
    job long '' "await note(this, 'began'); await pause(60000);"
    for row in 'TERM TERM:0' 'INT INT:130' 'TERM INT:0' 'INT TERM:130' QUIT:131 'TERM QUIT:0' 'HUP TERM TERM:0' 'TERM HUP TERM:0' \
        'TSTP TERM TERM:0' 'TSTP CONT INT INT:130' 'USR1 TTIN HUP USR1 TERM TTIN TERM:0' 'HUP HUP HUP QUIT:131' 'TERM TERM TERM TERM:0'; do
        rm -f "$db"* && faulty migrate-database 2>/dev/null && "$store_check" "$db" audit events
        for _ in 1 2 3 4; do queue long >/dev/null; done
        start_bot --workers 2
        soon "select count(*) >= 2 from events" >/dev/null
        for signal in ${row%:*}; do
            kill -"$signal" "$bot" || true # it may have left
            sleep 0.01
        done
        ends_with "${row#*:}" || { echo "after $row"; return 1; }
        same "$row $(state_of long | sort | uniq -c | tr -s ' ')" "$row  4 queued 0 0"
        "$store_check" "$db"
    done
    all_holds
}

@test "F13 HUP: what runs ends with the old code, what comes after has the new" {
    queue_project
    job greet '' "await note(this, 'old'); while(!await this.database.events.where({ what: 'go' }).count()) await pause(10); await note(this, 'still old');"
    job go '' "await note(this, 'go');"
    queue greet
    start_bot --workers 1
    soon "select count(*) from events"
    job greet '' "await note(this, 'new');"
    kill -HUP "$bot"
    in_log project.reloaded
    queue greet
    faulty run-background-job go
    soon "$(ended greet 2)"
    same "$(events)" $'old\ngo\nstill old\nnew'
    kill -TERM "$bot"
    ends_with 0
    all_holds
}

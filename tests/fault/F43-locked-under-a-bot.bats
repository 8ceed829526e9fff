# F43: somebody holds the database's write lock for seconds while a bot works: it waits for nothing in its loop, a run over
# its time limit is killed in time, and everything is written when the lock is free.

load bot_helper

@test "F43 a run is killed at its limit while nobody can write, and its end is written afterwards" {
    queue_project
    job spins "this.timeout('2s');" "for(;;){}"
    job quick '' ''
    start_bot --workers 2
    in_log bot.started
    mkfifo statements said
    sqlite3 "$db" <statements >said 3>&- & # stands ready: the lock must be there before the run's two seconds are over
    holder=$!
    exec 8>statements 9<said
    queue spins
    soon "select count(*) from live where state = 2"
    worker=$(workers_of "$bot")
    printf '.timeout 20000\nbegin immediate;\n.shell echo locked\n' >&8
    read -r line <&9
    [ "$line" = locked ]
    for pid in $worker; do gone "$pid"; done # in time: the lock is still held
    same "$(rows "select count(*) from ended where job = 'spins'")" 0
    queue quick & # waits for the lock, and has it
    waits=$!
    echo 'commit;' >&8
    exec 8>&- 9<&-
    wait "$holder"
    wait "$waits"
    soon "$(ended spins)"
    soon "$(ended quick)"
    same "$(state_of spins) $(state_of quick)" 'failed 1 0 succeeded 1 0'
    same "$(grep -c bot.trouble "$log")" 0
    all_holds
}

@test "F43 many commands and two bots at once: what was answered is there, each once" {
    queue_project
    job work '' "await note(this, 'work', String(args[0]));"
    start_bot --workers 2
    start_bot --workers 2
    for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
        (for i in 1 2 3 4 5; do queue work --args "[\"$n-$i\"]"; done) >"ids$n" 3>&- &
        writers+=($!)
    done
    for pid in "${writers[@]}"; do wait "$pid"; done
    same "$(cat ids* | grep -c .)" 80
    soon "$(ended work 80)"
    same "$(rows "select count(*), count(distinct text) from events")" $'80\t80'
    same "$(cat ids* | tr -d - | sort)" "$(rows "select lower(hex(id)) from ended where job = 'work' order by 1")"
    all_holds
}

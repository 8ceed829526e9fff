# F14: the power fails: every process is dead, and what was not synced is gone.

load bot_helper

# What has been synced is in $disk; a reader gets a copy of it, as after a cut.
disk_project() {
    queue_project
    unsynced=${PINSTRIPE%/pinstripe}/tests/unsynced.so disk=$TEST_FOLDER/disk
    job notes '' "await note(this, 'done', args[0]);"
    job calls '' "await this.runBackgroundJob('notes', 'called'); await note(this, 'came back'); if(args[0]) await pause(60000);"
    "$store_check" "$db" sql 'pragma wal_checkpoint(truncate)' >/dev/null
    mkdir "$disk"
    cp "$db" "$disk"
}

synced() { LD_PRELOAD=$unsynced PIN_DISK=$disk "$faults" "$@"; }

cut_power() {
    local pid
    for pid in $(processes_here); do kill -9 "$pid" || true; done 2>/dev/null
    comes nobody_here
    rm -f "$db" "$db"-*
    cp "$disk"/* "$TEST_FOLDER/project"
}

# holds_on_disk SQL: whether it gives true of what a power cut would leave.
holds_on_disk() {
    rm -rf "$TEST_FOLDER/copy"
    cp -r "$disk" "$TEST_FOLDER/copy"
    "$store_check" "$TEST_FOLDER/copy/${db##*/}" true "$1"
}

@test "F14 a run that was acknowledged is there after a power cut, and is run" {
    disk_project
    for i in $(seq 12); do synced enqueue-background-job notes "$i"; done
    same "$(rows 'select count(*) from live')" 12
    cut_power
    same "$(rows 'select count(*) from live')" 12
    work_off
    same "$(rows 'select count(*) from ended where state = 5')" 12
    same "$(rows "select count(distinct text) from events where what = 'done'")" 12
    all_holds
}

@test "F14 the power fails right after a run was acknowledged by a program that lives on" {
    disk_project
    job asks '' "for(let i = 0; i < 20; i++){ console.log(await this.enqueueBackgroundJob('notes', i)); } await pause(60000);"
    mkfifo lines
    synced run-background-job asks >lines &
    for i in $(seq 20); do read -r id; done <lines
    cut_power
    same "$(rows "select count(*) from live where job = 'notes'")" 20
    all_holds
}

@test "F14 the power fails under a bot: nothing that was acknowledged is lost, and what was begun is begun again" {
    disk_project
    for i in $(seq 40); do synced enqueue-background-job notes "$i"; done
    job ends '' "await note(this, 'ends'); await pause(60000);"
    synced enqueue-background-job ends
    log=$TEST_FOLDER/bot.log
    LD_PRELOAD=$unsynced PIN_DISK=$disk start_bot --workers 2
    soon "select count(*) >= 10 from ended"
    cut_power
    same "$(rows 'select count(*) from runs')" 41
    # Whatever was said to have ended had been done.
    same "$(rows "select count(*) from ended where job = 'notes' and state = 5 and
        not exists (select 1 from events where run = lower(substr(hex(ended.id), 1, 8) || '-' || substr(hex(ended.id), 9, 4) || '-' ||
            substr(hex(ended.id), 13, 4) || '-' || substr(hex(ended.id), 17, 4) || '-' || substr(hex(ended.id), 21)))")" 0
    job ends '' ""
    set_clock 40
    start_bot
    soon "$(ended notes 40)"
    soon "$(ended ends)"
    same "$(rows "select count(distinct text) from events where what = 'done'")" 40
    all_holds
}

@test "F14 a command that has ended leaves the records of what it ran, called runs too" {
    disk_project
    synced run-background-job calls
    cut_power
    same "$(rows "select group_concat(job, ' ') from (select job from ended where state = 5 order by job)")" 'calls notes'
    all_holds
}

@test "F14 where a program lives on the records of called runs are synced as well, without another commit" {
    disk_project
    synced run-background-job calls on >"$TEST_FOLDER/out" 2>&1 &
    soon "select count(*) from events where what = 'came back'"
    comes holds_on_disk "select count(*) from ended where job = 'notes' and state = 5"
    cut_power
    same "$(rows "select group_concat(job, ' ') from ended where state = 5")" notes
}

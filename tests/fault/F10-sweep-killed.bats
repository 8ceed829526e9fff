# F10: a bot that is killed in the middle of taking lapsed runs back has taken none back; the next one takes each, once.

load bot_helper

@test "F10 a thousand runs of dead bots: none is lost, none is taken back twice" {
    queue_project
    job orphan '' "await note(this, 'ran');"
    job make '' "await this.enqueueBackgroundJobs('orphan', Array.from({ length: 1000 }, (_, n) => [n]));"
    faulty run-background-job make
    while [ "$(rows "select count(*) from live where token = 0")" -gt 0 ]; do
        FAULT=executor.claimed:1:kill start_bot --workers 32
        ends_with 137
    done
    set_clock 40
    FAULT=store.rescue.mid:500:kill start_bot
    ends_with 137
    same "$(rows "select count(*), sum(lost) from live where job = 'orphan'")" $'1000\t0'
    start_bot
    soon "$(ended orphan 1000)"
    same "$(rows "select count(*), min(lost), max(lost), min(attempt), max(attempt), min(state), max(state) from ended where job = 'orphan'")" \
        $'1000\t1\t1\t2\t2\t5\t5'
    same "$(rows "select count(*), count(distinct run) from events")" $'1000\t1000'
    all_holds
}

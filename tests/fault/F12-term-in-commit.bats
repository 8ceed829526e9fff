# F12: a SIGTERM in the middle of a commit: it is finished or rolled back as a whole, and the process leaves in its grace.

load bot_helper

@test "F12 a bot that gets it in any of its transactions leaves, with nothing half done and nothing held" {
    queue_project
    job tick "this.schedule('* * * * * *');" "await note(this, 'tick', this.run.id);"
    job work '' "await note(this, 'work', this.run.id);"
    for point in store.claim.before_commit store.finish.before_commit store.finish.after_commit store.commit.before \
        store.commit.after bot.tick.before_commit store.enqueue.before_commit; do
        queue work
        FAULT=$point:1:term start_bot --workers 1
        ends_with 0
        same "$point: $(rows "select count(*) from pinstripe_claims")" "$point: 0"
        "$store_check" "$db"
    done
    work_off
    # Whatever ran to its end did so once: nobody was killed.
    same "$(rows "select count(*) from events")" "$(rows "select count(distinct text) from events")"
    same "$(rows "select count(*) from ended where job = 'work'")" 7
    same "$(rows "select sum(lost) from ended")" 0
    all_holds
}

@test "F12 a command that gets it before its commit has queued nothing, after it has" {
    queue_project
    job work '' "await note(this, 'work');"
    FAULT=store.enqueue.before_commit:1:term run_separately queue work
    expect_status 143
    same "$output$(state_of work)" ''
    FAULT=store.enqueue.after_commit:1:term run_separately queue work
    expect_status 143
    same "$output$(state_of work)" 'queued 0 0'
    all_holds
}

@test "F12 run-background-job that gets it while it writes its record has written it" {
    queue_project
    job work '' "await note(this, 'work');"
    FAULT=store.commit.before:1:term run_separately faulty run-background-job work
    same "$(events)" work
    same "$(state_of work)" 'succeeded 1 0'
    all_holds
}

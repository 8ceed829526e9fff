# F01: who is killed before the commit of an enqueue has queued nothing and was told nothing.

load bot_helper

@test "F01 a command that is killed before its commit leaves no run and no id" {
    queue_project
    job greet '' "await note(this, 'done');"
    for point in store.enqueue.before store.enqueue.mid store.enqueue.before_commit; do
        FAULT=$point:1:kill run_separately queue greet --key one
        expect_status 137
        expect_output ''
        same "$point $(state_of greet)" "$point "
    done
    queue greet --key one
    same "$(state_of greet)" 'queued 0 0'
    work_off
    same "$(events)" 'done'
    all_holds
}

@test "F01 a job that is killed in its transaction has neither written nor queued" {
    queue_project
    job greet '' "await note(this, 'greeted');"
    job parent '' "await this.database.transaction(async () => { await note(this, 'wrote'); await this.enqueueBackgroundJob('greet'); });"
    for point in store.enqueue.before store.enqueue.mid store.enqueue.before_commit; do
        FAULT=$point:1:kill run_separately faulty run-background-job parent
        expect_status 1
        expect_in_errors 'killed by signal 9'
        same "$point $(events) $(state_of greet)" "$point  "
    done
    faulty run-background-job parent
    work_off
    same "$(events)" $'wrote\ngreeted'
    all_holds
}

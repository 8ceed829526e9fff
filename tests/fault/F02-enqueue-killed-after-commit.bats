# F02: who is killed after the commit of an enqueue, before it could say so, may ask again: with a key nothing is added.

load bot_helper

@test "F02 a command that is killed after its commit has queued one run, and its repetition finds it" {
    queue_project
    job greet '' "await note(this, 'done');"
    FAULT=store.enqueue.after_commit:1:kill run_separately queue greet --key one
    expect_status 137
    expect_output ''
    same "$(state_of greet)" 'queued 0 0'
    id=$(rows "select lower(hex(id)) from live")
    run_separately queue greet --key one
    expect_status 0
    same "${output//-/}" "$id"
    work_off
    same "$(events)" 'done'
    same "$(state_of greet)" 'succeeded 1 0'
    all_holds
}

@test "F02 an executor that is killed after the commit of what a run asked for: the run runs again and finds it" {
    queue_project
    job child '' "await note(this, 'child');"
    job asks '' "await this.enqueueBackgroundJob({ name: 'child', key: 'of ' + this.run.id }); await note(this, 'asked');"
    queue asks
    FAULT=executor.enqueued:1:kill start_bot
    ends_with 137
    same "$(state_of child)" 'queued 0 0'
    set_clock 40
    start_bot
    soon "$(ended asks)"
    soon "$(ended child)"
    same "$(events | sort)" $'asked\nchild'
    same "$(state_of asks)" 'succeeded 2 1'
    all_holds
}

# F07: an executor that is killed inside the end of a run, before its commit: the run is still claimed, nothing of its
# result is there, and after the lease another bot runs it.

load bot_helper

killed_in_finish() { # point
    queue_project
    job pays '' "console.log('one line'); await note(this, 'paid');"
    queue pays
    FAULT=$1 start_bot
    ends_with 137
    same "$(state_of pays)" 'running 1 0'
    same "$(rows "select count(*) from ended where job = 'pays'")" 0
    start_bot
    in_log bot.started
    same "$(state_of pays)" 'running 1 0' # its lease is not over
    set_clock 40
    queue pays --delay 1h # a call: the bot looks at its clock
    soon "$(ended pays)"
    same "$(state_of pays | head -n 1)" 'succeeded 2 1'
    same "$(events)" $'paid\npaid'
    same "$(rows "select group_concat(json_extract(value, '$.reason')) like 'its lease lapsed: % stopped answering' from ended, json_each(reasons)")" 1
    all_holds
}

@test "F07 killed before the result is written" { killed_in_finish executor.outcome:1:kill; }
@test "F07 killed when the run has moved and its row is still there" { killed_in_finish store.end.mid:1:kill; }
@test "F07 killed before the commit of the end" { killed_in_finish store.finish.before_commit:1:kill; }
@test "F07 killed before the commit of the turn" { killed_in_finish store.finish.after_commit:1:kill; }

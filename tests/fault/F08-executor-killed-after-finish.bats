# F08: an executor that is killed after the commit of a run's end: the run is over and does not run again.

load bot_helper

killed_after_finish() { # point, exit code
    queue_project
    job pays '' "await note(this, 'paid');"
    queue pays
    FAULT=$1 start_bot
    ends_with "$2"
    same "$(state_of pays)" 'succeeded 1 0'
    set_clock 40
    work_off
    work_off
    same "$(state_of pays)" 'succeeded 1 0'
    same "$(events)" 'paid'
    all_holds
}

@test "F08 killed after the commit" { killed_after_finish executor.ended:1:kill 137; }
@test "F08 gone after the commit, without a word" { killed_after_finish executor.ended:1:exit 1; }

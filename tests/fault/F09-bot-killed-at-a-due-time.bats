# F09: a bot that is killed between computing what is due, making the run and moving the schedule on: every due time has
# one row and at most one run, after a restart too.

load bot_helper

killed_in_tick() { # point
    queue_project
    job tick "this.schedule({ cron: '* * * * * *', overlap: 'allow' });" "await note(this, 'tick', this.run.dueTime.toISOString());"
    FAULT=$1 start_bot
    ends_with 137
    start_bot
    soon "select count(*) >= 2 from due where result = 0"
    soon "select count(*) >= 2 from ended"
    kill -TERM "$bot"
    ends_with 0
    set_clock 40
    work_off
    # A row for each second; each run ran once.
    same "$(rows "select count(*) = (max(dueAt) - min(dueAt)) / 1000 + 1 from due")" 1
    same "$(rows "select count(*), count(distinct text) from events")" "$(rows "select count(run), count(run) from due")"
    all_holds
}

@test "F09 killed before the schedule is moved on" { killed_in_tick store.advance.before:2:kill; }
@test "F09 killed when what is due is known" { killed_in_tick bot.tick.before_runs:2:kill; }
@test "F09 killed between the row of the due time and the run" { killed_in_tick store.enqueue.mid:1:kill; }
@test "F09 killed before the commit" { killed_in_tick bot.tick.before_commit:2:kill; }
@test "F09 killed after the commit" { killed_in_tick store.commit.after:4:kill; }

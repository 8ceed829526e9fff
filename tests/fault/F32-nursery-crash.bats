# F32: a project that cannot be loaded, and a nursery that dies, are one clear sentence and no loop.

load bot_helper

@test "F32 a broken configuration is exit code 78 with file, line and reason" {
    project_with lib/background_jobs/x.js 'export default { run(){} };'
    printf 'export default {\n  database: nonsense\n};\n' >pinstripe.config.js
    run_separately pinstripe run-background-job x
    expect_status 78
    expect_in_errors 'pinstripe.config.js:2'
    expect_in_errors 'nonsense'
}

@test "F32 a nursery that is killed ends the command with a sentence" {
    project_with lib/background_jobs/victim.js '
        export default { async run(){ console.log("ready"); await new Promise(r => setTimeout(r, 60000)); } };'
    mkfifo lines
    "$PINSTRIPE" run-background-job victim >lines 2>errors &
    executor=$!
    read -r line <lines
    kill -9 "$(pgrep -P "$executor")"
    status=0; wait "$executor" || status=$?
    [ "$status" -eq 1 ]
    [ -s errors ]
}

@test "F32 a nursery that dies over every fork: the bot tries again ever later, says so, and the run waits" {
    queue_project
    job work '' "await note(this, 'work');"
    queue work
    FAULT=nursery.fork:1:kill start_bot
    for seconds in 0.1 0.2 0.4 0.8; do
        in_log "the process that holds the project ended; it is started again in $seconds s"
    done
    in_log 'the project is loaded again'
    same "$(state_of work | sed s/running/queued/)" "$(state_of work | grep -E '^(queued 0 0|running 1 0)$' | sed s/running/queued/)"
    kill -TERM "$bot"
    ends_with 0
    same "$(state_of work)" 'queued 0 0'
    start_bot
    soon "$(ended work)"
    same "$(events)" work
    all_holds
}

@test "F32 a bot whose nursery is killed goes on with a new one" {
    queue_project
    job work '' "await note(this, 'begun'); if((await this.database.events.where({ what: 'begun' }).count()) < 4) await pause(60000); await note(this, 'done');"
    job other '' "await note(this, 'other');"
    queue work
    start_bot --workers 1
    for n in 1 2; do
        soon "select count(*) = $n from events where what = 'begun'"
        kill -9 "$(nursery_of "$bot")"
    done
    soon "select count(*) = 3 from events where what = 'begun'"
    queue other --priority 1
    kill -9 "$(nursery_of "$bot")"
    soon "$(ended work)"
    soon "$(ended other)"
    same "$(state_of work)" 'failed 3 3'
    same "$(state_of other)" 'succeeded 1 0'
    all_holds
}

@test "F32 a project that breaks while its bot runs: what was loaded stays in use" {
    queue_project
    job work '' "await note(this, 'work');"
    start_bot
    in_log bot.started
    echo 'export default { database: nonsense };' >pinstripe.config.js
    kill -HUP "$bot"
    in_log project.broken
    echo 'export default {};' >pinstripe.config.js
    queue work
    soon "$(ended work)"
    all_holds
}

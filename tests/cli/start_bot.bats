# start-bot: options, signals, exit codes, reloads, what it logs and what a service manager hears.

load queue_helper

running() { pinstripe list-runs --state running --json | grep -c '"state":"running"'; }

@test "--once does what is queued and leaves, with 1 when a run failed for good" {
    job good '' 'console.log("good");'
    job bad '' 'throw new Error("bad luck");'
    pinstripe run-background-job go good
    run pinstripe start-bot --once
    [ "$status" -eq 0 ]
    pinstripe run-background-job go bad
    pinstripe run-background-job go good
    run pinstripe start-bot --once
    [ "$status" -eq 1 ]
    [[ $output == *'bad luck'* ]]
}

@test "it makes the store by itself" {
    rm -f development.db*
    once
    run_separately pinstripe list-runs
    expect_status 0
}

@test "wrong options are refused" {
    run_separately pinstripe start-bot --workers 0
    expect_status 2
    run_separately pinstripe start-bot --grace soon
    expect_status 2
    expect_in_errors '--grace'
    run_separately pinstripe start-bot --log-format xml
    expect_status 2
    expect_in_errors 'text or json'
    run_separately pinstripe start-bot --queue 'a,,b'
    expect_status 2
    run_separately pinstripe start-bot --log /nowhere/bot.log
    expect_status 1
    expect_in_errors '/nowhere/bot.log'
    printf 'export default { database: { filename: ":memory:" } };\n' >pinstripe.config.js
    run_separately pinstripe start-bot
    expect_status 78
    expect_in_errors 'set database.filename or store.filename'
}

@test "a schedule runs on time, and its run says for which" {
    job tick 'this.schedule("* * * * * *", "tock");' 'console.log("tick", args[0], this.run.dueTime.getMilliseconds());'
    bot
    wait_for '[ "$(grep -c "tick tock 0" bot.log)" -ge 2 ]'
    stop_bot
    log=$(cat bot.log)
    [ -n "$(logged run.stdout schedule | grep -F 'tick#')" ]
}

@test "TERM: no run begins any more, what runs ends; exit code 0" {
    job slow '' 'console.log("begun"); await new Promise(done => setTimeout(done, 400)); console.log("ended");'
    pinstripe run-background-job go slow
    pinstripe run-background-job go slow
    bot --workers 1
    wait_for 'grep -q begun bot.log'
    kill -TERM "$bot_pid"
    wait "$bot_pid"
    bot_pid=
    log=$(cat bot.log)
    [ "$(logged run.stdout)" = 'begun
ended' ]
    run_separately pinstripe list-runs --job slow --json
    expect_in_output '"state":"succeeded"'
    expect_in_output '"state":"queued"'
}

@test "what does not end within the grace goes back, and the attempt does not count" {
    job slow '' 'console.log("begun", this.run.attempt); await new Promise(() => setTimeout(() => {}, 60000));'
    pinstripe run-background-job go slow
    bot --grace 50ms
    wait_for 'grep -q begun bot.log'
    stop_bot
    run_separately pinstripe list-runs --job slow --json
    expect_in_output '"state":"queued"'
    bot --grace 50ms
    wait_for 'grep -q "begun 1" bot.log'
    kill -INT "$bot_pid"
    wait "$bot_pid" && code=0 || code=$?
    bot_pid=
    [ "$code" -eq 130 ]
}

@test "a second TERM, and QUIT, leave at once" {
    job slow '' 'console.log("begun"); for(;;){}'
    pinstripe run-background-job go slow
    bot
    wait_for 'grep -q begun bot.log'
    kill -TERM "$bot_pid"
    wait_for 'grep -q bot.stopping bot.log'
    kill -TERM "$bot_pid"
    wait "$bot_pid"
    bot
    wait_for 'grep -q begun bot.log'
    kill -QUIT "$bot_pid"
    wait "$bot_pid" && code=0 || code=$?
    bot_pid=
    [ "$code" -eq 131 ]
    grep -q '"event":"bot.running".*slow' bot.log
    run_separately pinstripe list-runs --job slow --json
    expect_in_output '"state":"queued"'
}

@test "TSTP takes no more runs, CONT goes on; TTIN says what is running" {
    job one '' 'console.log("one");'
    bot
    kill -TSTP "$bot_pid"
    wait_for 'grep -q bot.quiet bot.log'
    pinstripe run-background-job go one
    kill -TTIN "$bot_pid"
    wait_for 'grep -q bot.state bot.log'
    run ! grep -q '"msg":"one"' bot.log
    kill -CONT "$bot_pid"
    wait_for 'grep -q "\"msg\":\"one\"" bot.log'
    stop_bot
}

@test "USR1 reopens the log file" {
    bot --log own.log &
    wait_for 'grep -q bot.started own.log 2>/dev/null'
    bot_pid=$(pgrep -n -f "start-bot --no-watch --log own.log")
    mv own.log old.log
    kill -USR1 "$bot_pid"
    wait_for '[ -e own.log ]'
    kill -TERM "$bot_pid"
    wait_for 'grep -q bot.stopped own.log'
    bot_pid=
    kill %1 2>/dev/null || true
}

@test "HUP loads the project anew; what runs goes on with the old code" {
    job slow '' 'console.log("old begun"); await new Promise(done => setTimeout(done, 600)); console.log("old ended");'
    job word '' 'console.log("old word");'
    job tick 'this.schedule("0 0 1 1 *");' ''
    pinstripe run-background-job go slow
    bot --workers 2
    wait_for 'grep -q "old begun" bot.log'
    job word '' 'console.log("new word");'
    job tick 'this.schedule("0 0 2 1 *");' ''
    kill -HUP "$bot_pid"
    wait_for 'grep -q project.reloaded bot.log'
    pinstripe run-background-job go word
    wait_for 'grep -q "new word" bot.log'
    wait_for 'grep -q "old ended" bot.log'
    grep -q 'schedule added: tick' bot.log
    grep -q 'schedule removed: tick' bot.log
    stop_bot
    ! pgrep -f "nursery $PWD " >/dev/null
}

@test "a broken project keeps the old one running and says so" {
    job word '' 'console.log("word");'
    bot
    printf 'export default {' >pinstripe.config.js
    kill -HUP "$bot_pid"
    wait_for 'grep -q project.broken bot.log'
    printf 'export default {};\n' >pinstripe.config.js
    pinstripe run-background-job go word
    wait_for 'grep -q "\"msg\":\"word\"" bot.log'
    stop_bot
}

@test "in development a changed file is noticed" {
    job word '' 'console.log("old word");'
    "$PINSTRIPE" start-bot >/dev/null 2>bot.log 3>&- &
    bot_pid=$!
    wait_for 'grep -q bot.started bot.log'
    mkdir -p lib/background_jobs/deep
    printf 'export default { run(){ console.log("deep word"); } };\n' >lib/background_jobs/deep/word.js
    wait_for 'grep -q project.reloaded bot.log'
    pinstripe run-background-job go deep/word
    wait_for 'grep -q "deep word" bot.log'
    stop_bot
}

@test "a run is cancelled while it runs" {
    job slow '' 'console.log("begun"); await new Promise(done => setTimeout(done, 60000));'
    id=$(pinstripe run-background-job go slow)
    bot
    wait_for 'grep -q begun bot.log'
    pinstripe cancel-run "$id"
    wait_for 'grep -q run.cancelled bot.log'
    stop_bot
    run_separately pinstripe list-runs --job slow --json
    expect_in_output '"state":"cancelled"'
}

@test "two bots on one store: each due time once, and each run once" {
    job tick 'this.schedule("* * * * * *");' ''
    job one '' ''
    job main '' 'await this.enqueueBackgroundJobs("one", Array.from({ length: 200 }, () => []));'
    bot
    first=$bot_pid
    mv bot.log first.log
    "$PINSTRIPE" start-bot --no-watch >/dev/null 2>bot.log 3>&- &
    bot_pid=$!
    wait_for 'grep -q bot.started bot.log'
    pinstripe run-background-job main
    wait_for '[ "$(cat first.log bot.log | grep -c "run.succeeded.*\"job\":\"one\"")" -ge 200 ]'
    wait_for '[ "$(cat first.log bot.log | grep -c "run.succeeded.*\"job\":\"tick\"")" -ge 3 ]'
    kill -TERM "$first"
    wait "$first"
    stop_bot
    [ "$(cat first.log bot.log | grep -c 'run.succeeded.*"job":"one"')" -eq 200 ]
    [ -z "$(cat first.log bot.log | sed -n 's/.*run.succeeded.*"job":"tick".*"due_at":"\([^"]*\)".*/\1/p' | sort | uniq -d)" ]
}

@test "a service manager hears ready, status, reloading, watchdog and stopping" {
    "${PINSTRIPE%/pinstripe}/tests/listen-datagrams" "$PWD/notify" >heard 3>&- &
    listener=$!
    wait_for 'grep -q ready heard'
    NOTIFY_SOCKET=$PWD/notify WATCHDOG_USEC=200000 bot
    wait_for 'grep -q "^READY=1" heard'
    wait_for 'grep -q "^STATUS=0 running, 0 waiting" heard'
    wait_for '[ "$(grep -c "^WATCHDOG=1" heard)" -ge 2 ]'
    kill -HUP "$bot_pid"
    wait_for 'grep -q "^RELOADING=1" heard'
    wait_for '[ "$(grep -c "^READY=1" heard)" -ge 2 ]'
    stop_bot
    wait_for 'grep -q "^STOPPING=1" heard'
    kill "$listener"
}

@test "on a terminal the log is for people, asked for it is JSON" {
    run pinstripe start-bot --once --log-format text
    [[ $output != *'{'* ]]
    [[ $output == *'the bot watches 1 background jobs'* ]]
    run pinstripe start-bot --once --log-format json
    [[ $output == '{"ts":"'* ]]
}

@test "a child leaves when the standard input that its program gave it ends" {
    mkfifo input
    pinstripe start-bot --until-eof --log-format json <input 2>log 3>&- &
    bot=$!
    exec 8>input
    comes grep -q bot.started log
    echo 'what is written there is of no interest' >&8
    kill -0 "$bot"
    exec 8>&-
    wait "$bot"
    grep -q bot.stopped log
}

@test "a standard input whose end cannot be waited for is refused" {
    for input in /dev/null "$PWD/pinstripe.config.js"; do
        [ -e "$input" ] || echo 'export default {};' >"$input"
        run pinstripe start-bot --until-eof <"$input"
        [ "$status" -eq 2 ]
        [[ $output == *'--until-eof: standard input'*'pipe'* ]]
    done
    run bash -c 'exec "$PINSTRIPE" start-bot --until-eof <&-' # with run's own pipe not there
    [ "$status" -eq 2 ]
    [[ $output == *'--until-eof: standard input'* ]]
}

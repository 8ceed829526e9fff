# queue_helper.bash - projects whose runs are queued, and a bot to run them.
#
#   job NAME 'META' 'BODY'   lib/background_jobs/NAME.js
#   once [OPTION...]         start-bot --once; its log, one JSON object a line, in $log
#   bot [OPTION...]          start-bot in the background, its log in the file bot.log; waits until it has started
#   stop_bot                 asks it to stop and waits until it has
#   wait_for 'COMMAND'       until it succeeds, at most 20 s
#   logged EVENT [FIELD]     the messages (or another field) of the lines with that event

load helper

own_setup() {
    project_with lib/background_jobs/go.js '
        export default { async run(name, ...args){ console.log(await this.enqueueBackgroundJob(name, ...args)); } };'
    pinstripe migrate-database 2>/dev/null
}

own_teardown() {
    if [ -n "${bot_pid-}" ]; then
        kill -KILL "$bot_pid" 2>/dev/null || true
        wait "$bot_pid" 2>/dev/null || true
    fi
}

job() {
    mkdir -p lib/background_jobs
    printf 'export default {\n    meta(){ %s },\n    async run(...args){ %s }\n};\n' "$2" "$3" >"lib/background_jobs/$1.js"
}

once() {
    log=$(pinstripe start-bot --once "$@" 2>&1 >/dev/null)
}

bot() {
    "$PINSTRIPE" start-bot --no-watch "$@" >/dev/null 2>bot.log 3>&- &
    bot_pid=$!
    wait_for 'grep -q bot.started bot.log'
}

stop_bot() {
    kill -TERM "$bot_pid"
    wait "$bot_pid"
    bot_pid=
}

wait_for() {
    local until=$((SECONDS + 20))
    until eval "$1"; do
        [ $SECONDS -lt $until ] || { echo "not within 20 s: $1"; cat bot.log 2>/dev/null; return 1; }
        sleep 0.02
    done
}

logged() {
    sed -n "s/.*\"event\":\"$1\".*\"${2:-msg}\":\"\([^\"]*\)\".*/\1/p" <<<"$log"
}

# bot_helper.bash - what tests of queued runs and of the bot load: a project whose jobs write down what they do, bots of
# the build with fault points (src/base/fault.h), a clock that can be set, and questions to the store.
#
#   load bot_helper
#   queue_project [FILE CONTENT]...   a project with files, migrated; job files may use note(this, 'what', 'text')
#   job NAME META BODY        lib/background_jobs/NAME.js: META is the inside of meta(), BODY of run(...args)
#   tenants_project NAMES...  the same, multi-tenant, with these tenants; its jobs say multiTenant: false unless made
#                             with tenant_job NAME META BODY
#   faulty ARGS...            the program with fault points; FAULT=point:nth:action arms one
#   start_bot [OPTION...]     starts a bot; its process is $bot, its log $log
#   rows SQL                  prints rows, tabs between
#   soon SQL                  waits until SQL gives something that is neither 0 nor NULL, and prints that
#   events                    what the jobs noted, in order: "what" or "what text" on a line each
#   in_log TEXT               waits until a line of $log has it
#   gone PID                  waits until the process is gone
#   ends_with CODE [PID]      waits for a bot and compares its exit code; 137 is a kill -9
#   set_clock SECONDS         how far the wall clock is ahead, for all processes
#   all_holds                 kills all bots, waits until nothing is left of them, checks every invariant of the store

load ../cli/helper

own_setup() {
    faults=${PINSTRIPE%/pinstripe}/faults/pinstripe
    store_check=${PINSTRIPE%/pinstripe}/tests/store-check
    db=$TEST_FOLDER/project/development.db
    export PIN_CLOCK=$TEST_FOLDER/clock PIN_SWEEP_MS=50
    printf '\0\0\0\0\0\0\0\0' >"$PIN_CLOCK"
    bots=() started=0
}

own_teardown() {
    local pid
    for pid in "${bots[@]}"; do kill -CONT "$pid" && kill -9 "$pid"; done 2>/dev/null
    for pid in $(processes_here); do kill -9 "$pid"; done 2>/dev/null
    return 0
}

# ---- projects ----

queue_project() {
    project_with lib/migrations/1_events.js '
        export default { async migrate(){
            await this.database.table("events", async events => {
                for(const name of ["run", "what", "text"]) await events.addColumn(name, "string");
                await events.addColumn("attempt", "integer");
            });
        } };' lib/note.js '
        export const note = (job, what, text) => job.database.events.insert({ run: job.run.id, attempt: job.run.attempt, what, text });
        export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));' "$@"
    faulty migrate-database >/dev/null 2>&1
    "$store_check" "$db" audit events
}

tenants_project() {
    local names
    names=$(printf '"%s",' "$@")
    queue_project pinstripe.config.js 'export default { multiTenant: true };' lib/background_jobs/make_tenants.js "
        export default { multiTenant: false, async run(){ for(const name of [$names]) await this.database.tenants.insert({ name, host: \`\${name}.test\` }); } };"
    faulty run-background-job make-tenants
}

job() { job_file "$1" 'multiTenant: false,' "$2" "$3"; }
tenant_job() { job_file "$1" '' "$2" "$3"; }

job_file() {
    project_with "lib/background_jobs/$1.js" "
        import { note, pause } from '../note.js';
        export default { $2 meta(){ $3 }, async run(...args){ $4 } };"
}

# ---- processes ----

faulty() { PIN_FAULT=${FAULT-} "$faults" "$@"; }
queue() { faulty enqueue-background-job "$@"; }

start_bot() {
    started=$((started + 1))
    log=$TEST_FOLDER/bot$started.log
    touch "$log"
    PIN_FAULT=${FAULT-} "$faults" start-bot --no-watch --log "$log" --log-format json "$@" >"$TEST_FOLDER/bot$started.out" 2>&1 3>&- &
    bot=$!
    bots+=("$bot")
}

# As a bot that does what there is to do, then leaves.
# shellcheck disable=SC2094  # both are appended to
work_off() { faulty start-bot --once --log "$TEST_FOLDER/once.log" --log-format json "$@" 2>>"$TEST_FOLDER/once.log"; }

ends_with() {
    local code=0
    timeout 30 tail -s 0.02 --pid="${2-$bot}" -f /dev/null || { echo "process ${2-$bot} does not end"; return 1; }
    wait "${2-$bot}" || code=$?
    [ "$code" -eq "$1" ] || { echo "exit code $code, not $1"; cat "$log"; return 1; }
}

gone() { timeout 20 tail -s 0.02 --pid="$1" -f /dev/null || { echo "process $1 is still there"; return 1; }; }

nursery_of() { pgrep -P "$1"; }
workers_of() { pgrep -P "$(nursery_of "$1")"; }

# Whatever has its working folder in the project: bots, nurseries, workers.
processes_here() {
    local at
    for at in /proc/[0-9]*; do
        [[ $(readlink "$at/cwd") == "$TEST_FOLDER/project"* ]] && [ "$(cat "$at/comm")" != bash ] && echo "${at#/proc/}"
    done 2>/dev/null
    return 0
}

nobody_here() { [ -z "$(processes_here)" ]; }

# ---- questions ----

rows() { "$store_check" "$db" sql "$1"; }
soon() { "$store_check" "$db" until 20 "$1" || { tail -n 5 "$log"; return 1; }; }
events() { rows "select trim(what || ' ' || coalesce(text, '')) from events order by _id"; }

# state_of JOB: "state attempt lost" of each of its runs, the oldest first.
state_of() {
    rows "select case state when 0 then 'delayed' when 1 then 'queued' when 2 then 'running' when 3 then 'held' when 4 then 'waiting'
        when 5 then 'succeeded' when 6 then 'failed' else 'cancelled' end || ' ' || attempt || ' ' || lost
        from runs where job = '$1' order by id"
}

ended() { echo "select count(*) >= ${2-1} from ended where job = '$1'"; }

same() {
    [ "$1" = "$2" ] || { printf 'there is:\n%s\nnot:\n%s\n' "$1" "$2"; return 1; }
}

in_log() { comes grep -q -F -- "$1" "$log" || { cat "$log"; return 1; }; }

# Eight bytes of a number, the low one first. The file is not cut: who has it mapped would be killed.
set_clock() {
    local us=$(($1 * 1000000)) bytes='' i
    for i in 0 8 16 24 32 40 48 56; do bytes+=$(printf '\\x%02x' $((us >> i & 255))); done
    # shellcheck disable=SC2059
    printf "$bytes" 1<>"$PIN_CLOCK"
}

all_holds() {
    local pid
    for pid in "${bots[@]}"; do kill -CONT "$pid" && kill -9 "$pid"; done 2>/dev/null
    wait
    comes nobody_here || { processes_here; return 1; }
    "$store_check" "$db"
}

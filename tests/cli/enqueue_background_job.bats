# enqueue-background-job: a run that a bot will run.

load runs_helper

@test "prints the id of the run that is kept, with what was given" {
    run_separately pinstripe enqueue-background-job mail a 'b c' --priority 7 --queue letters --key k1
    expect_status 0
    [ "${#output}" -eq 36 ]
    [ -z "$stderr" ]
    run_separately pinstripe show-run "$output" --json
    expect "$(json '$.job')" mail
    expect "$(json '$.args')" '["a","b c"]'
    expect "$(json '$.priority')" 7
    expect "$(json '$.queue')" letters
    expect "$(json '$.key')" k1
    expect "$(json '$.state')" queued
    expect "$(json '$.trigger')" cli
}

@test "any spelling of the name, JSON arguments as they are written, --json" {
    run_separately pinstripe enqueueBackgroundJob CleanUp --args '[12345678901234567890, {"a" : 1.50}]' --json
    expect_status 0
    expect "$(json '$.existed')" 0
    id=$(json '$.id')
    run_separately pinstripe show-run "$id" --json
    expect "$(json '$.job')" clean-up
    [[ $output == *'"args":[12345678901234567890, {"a" : 1.50}]'* ]]
}

@test "what the job's meta says holds: queue, priority, retry" {
    project_with lib/background_jobs/says.js '
        export default { meta(){ this.queue("slow"); this.priority(-3); this.retry({ limit: 2 }); }, run(){} };'
    id=$(enqueue says)
    run_separately pinstripe show-run "$id" --json
    expect "$(json '$.queue')" slow
    expect "$(json '$.priority')" -3
    expect "$(json '$.attemptLimit')" 3
}

@test "an existing key gives the run there is, says so and is no failure" {
    id=$(enqueue mail --key once)
    run_separately pinstripe enqueue-background-job mail other --key once
    expect_status 0
    expect_output "$id"
    expect_in_errors 'there is a run with this key already'
    run_separately pinstripe enqueue-background-job mail --key once --json --quiet
    expect "$(json '$.existed')" 1
    [ -z "$stderr" ]
    run_separately pinstripe enqueue-background-job clean_up --key once
    [ "$output" != "$id" ]
}

@test "--at takes a time with its zone, --delay a length of time; what is past is now" {
    id=$(enqueue mail --at 2999-08-01T11:30:00+02:00)
    run_separately pinstripe show-run "$id" --json
    expect "$(json '$.state')" delayed
    expect "$(json '$.dueAt')" 2999-08-01T09:30:00.000Z
    expect "$(state_of "$(enqueue mail --delay 1h)")" delayed
    for past in 1960-01-01T00:00Z 1970-01-01T00:00:00Z 2001-01-01T00:00Z; do
        expect "$(state_of "$(enqueue mail --at $past)")" queued
    done
}

@test "bad values are usage errors that name the option" {
    while IFS='|' read -r options words; do
        eval "run_separately pinstripe enqueue-background-job mail $options"
        expect_status 2
        expect_in_errors "$words"
        [ -z "$output" ]
    done <<'ROWS'
--at 2026-08-01T09:30:00|--at: "2026-08-01T09:30:00" does not say in which zone
--at tomorrow|--at: "tomorrow" is no time
--delay 5|--delay: "5" is no duration
--at 2999-01-01T00:00Z --delay 5m|--at or --delay, not both
--priority high|--priority "high": takes a number from -1000 to 1000
--priority 1001|from -1000 to 1000
--key ''|key must be a text
--queue "$(printf %65s x)"|queue must be a text of 1 to 64 bytes
--args '{}'|takes a JSON array
--tenant x|this project has no tenants
ROWS
    expect "$(sql 'select count(*) from pinstripe_runs')" 0
}

@test "an unknown job is exit code 3 with a suggestion, a broken one 1 with its place" {
    run_separately pinstripe enqueue-background-job mailx
    expect_status 3
    expect_in_errors 'Did you mean mail?'
    project_with lib/background_jobs/broken.js 'export default { run( };'
    run_separately pinstripe enqueue-background-job broken
    expect_status 1
    expect_in_errors 'lib/background_jobs/broken.js'
    run_separately pinstripe enqueue-background-job
    expect_status 2
}

@test "bots on this machine are told at once, also of runs that are put back" {
    told_by() {
        "$(dirname "$PINSTRIPE")/tests/work-runs" development.db woken >heard &
        comes grep -q -s listening heard
        pinstripe "$@"
        wait $!
        expect "$(tail -n 1 heard)" woken
        rm heard
    }
    told_by enqueue-background-job mail
    work threw
    told_by retry-run --all
}

@test "without a store: 69, and what to do" {
    rm development.db*
    run_separately pinstripe enqueue-background-job mail
    expect_status 69
    expect_in_errors 'run migrate-database'
    [ ! -e development.db ]
}

@test "a store that somebody else has locked: 75 in time, and nothing was added" {
    mkfifo go
    sqlite3 development.db >/dev/null <<<"begin immediate;
.shell touch locked; cat go
" &
    comes [ -e locked ]
    run_separately pinstripe enqueue-background-job mail
    echo >go
    wait
    expect_status 75
    [ -z "$output" ]
    expect "$(sql 'select count(*) from pinstripe_runs')" 0
}

# retry-run: what failed goes back into the queue.

load runs_helper

fail() { work threw --error '{"name":"Error","message":"no"}' --reason 'Error: no'; }

@test "a failed run keeps its id, arguments and reasons, and can run again" {
    id=$(enqueue mail a b)
    fail >/dev/null
    run_separately pinstripe retry-run "$id"
    expect_status 0
    expect_output 'Put 1 run back in the queue'
    run_separately pinstripe show-run "$id" --json
    expect "$(json '$.state') $(json '$.args') $(json '$.attempt') $(json '$.attemptLimit')" 'queued ["a","b"] 1 2'
    expect "$(json '$.reasons[0].reason'), $(json '$.reasons[1].reason')" 'Error: no, put back in the queue'
    expect "$(work succeeded)" "$id"
    run_separately pinstripe show-run "$id"
    [[ $output == *'made ('*'attempt 1: Error: no ('*'Z  put back in the queue ('*'attempt 2 began'*'succeeded ('* ]]
}

@test "what has not ended or has succeeded is 4, an unknown id 3; the others go" {
    good=$(enqueue mail)
    work succeeded
    failed=$(enqueue mail)
    fail
    queued=$(enqueue mail)
    run_separately pinstripe retry-run "$good" "$failed" "$queued"
    expect_status 4
    expect_output 'Put 1 run back in the queue'
    expect_in_errors "the run $good has not failed: it succeeded"
    expect_in_errors "the run $queued has not ended: it is queued"
    run_separately pinstripe retry-run 01890000-0000-7000-8000-000000000000
    expect_status 3
}

@test "filters are about failed runs, or cancelled ones when they say so; without one --all is needed" {
    enqueue mail
    enqueue clean_up
    fail
    cancelled=$(enqueue mail)
    pinstripe cancel-run "$cancelled"
    run_separately pinstripe retry-run
    expect_status 2
    expect_in_errors '--all'
    run_separately pinstripe retry-run --all --dry-run
    expect_output 'Would retry 2 runs'
    run_separately pinstripe retry-run --job mail --json
    expect_output '{"schema":"retried","version":1,"dryRun":false,"retried":1}'
    expect "$(sql 'select count(*) from pinstripe_runs')" 1
    run_separately pinstripe retry-run --state cancelled
    expect_output 'Put 1 run back in the queue'
    expect "$(state_of "$cancelled")" queued
    run_separately pinstripe retry-run --all
    expect_output 'Put 1 run back in the queue'
    expect "$(sql 'select count(*) from pinstripe_runHistory')" 0
    run_separately pinstripe retry-run --state succeeded
    expect_status 2
    expect_in_errors 'retry-run is for runs that failed or were cancelled'
}

@test "two at once: each run goes back once" {
    for i in $(seq 20); do enqueue mail "$i"; done >ids
    fail >/dev/null
    mapfile -t ids <ids
    pinstripe retry-run "${ids[@]}" >one 2>/dev/null &
    pinstripe retry-run "${ids[@]}" >two 2>/dev/null || true
    wait || true
    expect "$(sqlite3 :memory: "select $(cat one two | sed "s/[^0-9]//g" | paste -sd+)")" 20
    expect "$(sql 'select count(*), count(distinct id) from pinstripe_runs')" '20|20'
    expect "$(sql 'select count(*) from pinstripe_runHistory')" 0
}

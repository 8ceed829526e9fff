# cancel-run: by id, by a filter, or all.

load runs_helper

@test "runs that wait end as cancelled, those that run are asked to stop" {
    running=$(enqueue mail)
    work held
    queued=$(enqueue mail)
    delayed=$(enqueue mail --delay 1h)
    run_separately pinstripe cancel-run "$running" "$queued" "$delayed"
    expect_status 0
    expect_output 'Cancelled 2 runs; 1 more was asked to stop'
    expect "$(state_of "$running") $(state_of "$queued") $(state_of "$delayed")" 'running cancelled cancelled'
    expect "$(sql 'select cancelRequested from pinstripe_runs')" 1
}

@test "an unknown id is 3, one that has ended 4; the others are cancelled all the same" {
    done=$(enqueue mail)
    work succeeded
    first=$(enqueue mail)
    last=$(enqueue mail)
    run_separately pinstripe cancel-run "$first" 01890000-0000-7000-8000-000000000000 "$done" "$last"
    expect_status 3
    expect_output 'Cancelled 2 runs'
    expect_in_errors 'there is no run 01890000-0000-7000-8000-000000000000'
    expect_in_errors "the run $done has ended already: it succeeded"
    run_separately pinstripe cancel-run "$first"
    expect_status 4
    expect_in_errors "it was cancelled"
    run_separately pinstripe cancel-run "$first" nonsense
    expect_status 2
    expect_in_errors '"nonsense" is no run'
}

@test "a filter takes what it leaves and nothing else, page by page" {
    sqlite3 development.db "with recursive n(i) as (select 1 union all select i + 1 from n where i < 450)
        insert into pinstripe_runs (id, state, priority, turn, attemptLimit, dueAt, role, triggeredBy, createdAt, queue, job, args)
        select cast(x'018900000000700080000000' || char(0,0,i / 100 + 1,i % 100 + 1) as blob), 1, 0, i, 1, 0, 0, 0, 1, 'default', 'clean-up', '[]' from n"
    kept=$(enqueue mail)
    run_separately pinstripe cancel-run --job clean-up --dry-run
    expect_status 0
    expect_output 'Would cancel 450 runs'
    expect "$(sql 'select count(*) from pinstripe_runs')" 451
    run_separately pinstripe cancel-run --job clean-up --json
    expect_status 0
    expect_output '{"schema":"cancelled","version":1,"dryRun":false,"cancelled":450,"stopping":0}'
    expect "$(sql 'select count(*) from pinstripe_runHistory where state = 7')" 450
    expect "$(state_of "$kept")" queued
}

@test "without id or filter it needs --all, which is all that have not ended" {
    enqueue mail
    work succeeded
    enqueue mail
    enqueue mail --delay 1h
    run_separately pinstripe cancel-run
    expect_status 2
    expect_in_errors '--all'
    run_separately pinstripe cancel-run --all --dry-run --json
    expect_output '{"schema":"cancelled","version":1,"dryRun":true,"matched":2}'
    run_separately pinstripe cancel-run --all
    expect_status 0
    expect_output 'Cancelled 2 runs'
    run_separately pinstripe cancel-run --all
    expect_status 0
    expect_output 'Cancelled 0 runs'
    run_separately pinstripe cancel-run --all --state failed
    expect_status 2
    expect_in_errors '--state failed: cancel-run is for runs that have not ended'
    run_separately pinstripe cancel-run --all 01890000-0000-7000-8000-000000000000
    expect_status 2
    expect_in_errors 'not both'
}

@test "a dry run by id tells what could be cancelled" {
    one=$(enqueue mail)
    work succeeded
    two=$(enqueue mail)
    run_separately pinstripe cancel-run --dry-run "$one" "$two"
    expect_status 4
    expect_output 'Would cancel 1 run'
    expect_in_errors "the run $one is succeeded"
    expect "$(state_of "$two")" queued
}

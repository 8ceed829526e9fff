# prune-runs: what ended long ago is deleted, and nothing else.

load runs_helper

# Makes what there is in the history as old as that: ids begin with the time at which a run was made.
age() {
    sql "update pinstripe_runHistory set id = cast(x'0189' || substr(id, 3) as blob), finishedAt = 1700000000000;
        update pinstripe_runOutput set run = cast(x'0189' || substr(run, 3) as blob)"
}

@test "old runs go with what they printed; young and live ones stay" {
    enqueue mail
    enqueue clean_up
    echo hello | "$(dirname "$PINSTRIPE")/tests/work-runs" development.db succeeded
    age
    enqueue mail
    work threw
    enqueue mail
    run_separately pinstripe prune-runs --older-than 30d --dry-run </dev/null
    expect_status 0
    expect_output 'Would delete 2 runs'
    run_separately pinstripe prune-runs --older-than 30d --job CleanUp </dev/null
    expect_status 0
    expect_output 'Deleted 1 run'
    expect "$(sql 'select count(*) from pinstripe_runOutput')" 1
    run_separately pinstripe prune-runs --older-than 30d --json </dev/null
    expect_output '{"schema":"pruned","version":1,"dryRun":false,"pruned":1}'
    expect "$(sql 'select count(*) from pinstripe_runOutput')" 0
    expect "$(sql 'select count(*) from pinstripe_runHistory') $(sql 'select count(*) from pinstripe_runs')" '1 1'
}

@test "--all needs --yes where nobody can be asked" {
    enqueue mail
    work succeeded
    run_separately pinstripe prune-runs --all </dev/null
    expect_status 2
    expect_in_errors 'the whole history, 1 run; give --yes'
    run_separately pinstripe prune-runs --all --state failed --yes </dev/null
    expect_output 'Deleted 0 runs'
    run_separately pinstripe prune-runs --all --yes </dev/null
    expect_status 0
    expect_output 'Deleted 1 run'
}

@test "on a terminal it asks, and only y goes on" {
    enqueue mail
    work succeeded
    run bash -c "echo n | script -qec \"'$PINSTRIPE' prune-runs --all\" /dev/null"
    expect_status 1
    expect_in_output 'Delete 1 run and what they printed? [y/N]'
    expect_in_output 'nothing was deleted'
    expect "$(sql 'select count(*) from pinstripe_runHistory')" 1
    run bash -c "echo y | script -qec \"'$PINSTRIPE' prune-runs --all\" /dev/null"
    expect_status 0
    expect_in_output 'Deleted 1 run'
}

@test "many go in more than one transaction" {
    sql "with recursive n(i) as (select 0 union all select i + 1 from n where i < 2499)
        insert into pinstripe_runHistory (id, state, priority, attempt, attemptLimit, lost, dueAt, role, triggeredBy, createdAt, finishedAt,
            queue, job, outcome, args)
        select cast(x'018900000000700080000000' || char(0,0,i / 100 + 1,i % 100 + 1) as blob), 5, 0, 1, 1, 0, 0, 0, 0, 1, 1, 'default', 'mail',
            'succeeded', '[]' from n"
    run_separately pinstripe prune-runs --older-than 1d </dev/null
    expect_status 0
    expect_output 'Deleted 2,500 runs'
    expect "$(sql 'select count(*) from pinstripe_runHistory')" 0
}

@test "it needs an age or --all, and takes only states that are ends" {
    while IFS='|' read -r options words; do
        eval "run_separately pinstripe prune-runs $options"
        expect_status 2
        expect_in_errors "$words"
    done <<'ROWS'
|give --older-than DURATION, or --all
--job mail|give --older-than DURATION, or --all
--all --older-than 1d|not both
--older-than 30|--older-than: "30" is no duration
--all --state queued|--state "queued": is succeeded, failed or cancelled
ROWS
}

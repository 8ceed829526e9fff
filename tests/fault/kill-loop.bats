# The kill loop: a project under load whose processes are killed at every step and at any moment (tests/tools/kill-loop.c).
# Afterwards the promises are held against what the jobs wrote down, the commands said, and every change of every run.
#
# PIN_TEST_KILLS=5000 for a longer one, PIN_TEST_SEED for one that was seen before.

load bot_helper

# begin and done are written by every run that is counted; a cancelled one may have no done.
logged() { # name, meta, body
    job "$1" "$2" "await note(this, 'begin'); $3 await note(this, 'done', String(args[0]));"
}

make_project() {
    tenants_project alpha beta gamma delta
    logged work "this.retry({ limit: 4, delay: '20ms' });" "if(args[0] % 5 == 0 && this.run.attempt == 1) throw new Error('the first attempt');"
    logged gated "this.concurrency({ limit: 2 });" "await pause(5);"
    logged one_by_one "this.concurrency({ limit: 1 });" "await pause(2);"
    logged slow '' "for(let n = 0; n < 4; n++){ this.progress(n, 4); console.log(n); await pause(30); }"
    logged fails "this.retry({ limit: 1, delay: '20ms' });" "throw new Error('always');"
    logged junk '' ''
    logged later '' ''
    logged child '' ''
    tenant_job fan '' "await note(this, 'begin'); await note(this, 'done');"
    job maker "this.retry({ limit: 2, delay: '20ms' });" "
        await note(this, 'ack', await this.enqueueBackgroundJob('work', 1));
        for(const id of await this.enqueueBackgroundJobs('gated', [[1], [2], [3]])) await note(this, 'ack', id);
        await note(this, 'ack', await this.enqueueBackgroundJob({ name: 'child', delay: '50ms' }, 'late'));"
    job transaction "this.retry({ limit: 2, delay: '20ms' });" "
        const mark = crypto.randomUUID();
        await this.database.transaction(async () => {
            await note(this, 'marked', mark);
            await note(this, 'ack', await this.enqueueBackgroundJob('child', mark));
        });"
    logged each_second "this.schedule({ cron: '* * * * * *', overlap: 'allow' });" ''
    logged seldom "this.schedule({ cron: '*/20 * * * * *', missed: 'all' });" 'await pause(5);'
    tenant_job for_tenants "this.schedule('*/5 * * * * *');" "await note(this, 'begin'); await note(this, 'done');"
}

none() { # sentence, SQL that gives what breaks it
    local found
    found=$(rows "$2" | head -n 5)
    [ -z "$found" ] || { printf 'broken: %s:\n%s\n' "$1" "$found"; return 1; }
}

# Bots work until every run has ended; the clock goes on for those that wait for their time.
work_everything_off() {
    local hours
    for hours in 1 2 3 4 5 6; do
        set_clock $((1000000 + hours * 4000))
        work_off --workers 2 || true # some runs fail: they are meant to
        [ "$(rows 'select count(*) from live')" -ne 0 ] || return 0
    done
    rows "select job, state, attempt, lost, reasons from live"
    return 1
}


@test "kill loop: what was promised holds, whoever is killed" {
    make_project
    rm -f "$PIN_CLOCK" && printf '\0\0\0\0\0\0\0\0' >"$PIN_CLOCK"
    "${PINSTRIPE%/pinstripe}/tests/kill-loop" "$faults" "$TEST_FOLDER/project" "$TEST_FOLDER/acks" >"$TEST_FOLDER/said" 2>&1 ||
        { cat "$TEST_FOLDER/said"; tail -n 20 "$TEST_FOLDER/project.log"; return 1; }
    echo "# $(tail -n 1 "$TEST_FOLDER/said")" >&3

    work_everything_off

    # P1, I1: whatever was said to be queued is there; the same key is the same run.
    sed 's/^[^ ]* //; s/-//g' "$TEST_FOLDER/acks" | sort -u >"$TEST_FOLDER/acknowledged"
    rows "select lower(hex(id)) from runs" | sort -u >"$TEST_FOLDER/stored"
    junk=$(grep -c . "$TEST_FOLDER/acknowledged")
    [ "$junk" -gt 0 ]
    comm -23 "$TEST_FOLDER/acknowledged" "$TEST_FOLDER/stored" >"$TEST_FOLDER/lost"
    rows "select lower(hex(run)) from pinstripe_audit where what = 'ended'" | sort -u >"$TEST_FOLDER/ended" # pruned: junk
    same "$(comm -23 "$TEST_FOLDER/lost" "$TEST_FOLDER/ended")" ''
    same "$(sort -u "$TEST_FOLDER/acks" | cut -d' ' -f1 | uniq -d)" ''
    none 'P1: what a job was told is queued is there' \
        "select text from events e where what = 'ack' and replace(text, '-', '') not in (select lower(hex(id)) from runs)"
    none 'a transaction that committed has queued its run, one that did not has none' \
        "select text from events where what = 'marked' and text not in (select json_extract(args, '\$[0]') from runs where job = 'child')
         union all select json_extract(args, '\$[0]') from runs where job = 'child' and json_extract(args, '\$[0]') <> 'late'
         and json_extract(args, '\$[0]') not in (select text from events where what = 'marked')"

    # P2, P4: a run begins only while it is claimed, and no more often than it was. Who is stopped past its leases cannot
    # know: the workers of such a bot go on meanwhile.
    stopped=$(sed "s/.*/'$(hostname):&'/" "$TEST_FOLDER/acks.stopped" | paste -sd,)
    none 'a job begins only while its run is somebody'"'"'s' \
        "with ids as materialized (select distinct run, lower(hex(run)) as text from pinstripe_audit)
         select e._id, e.run, e.attempt, (select state from pinstripe_audit a where a.run = ids.run and a.seen < e._id order by n desc limit 1) as state
         from events e join ids on ids.text = replace(e.run, '-', '') where e.what = 'begin' and state <> 2
         and not exists (select 1 from pinstripe_audit a where a.run = ids.run and a.worker in ($stopped))"
    none 'a job begins at most once for each claim' \
        "with claims as materialized (select lower(hex(run)) as text, count(*) as n from pinstripe_audit where what = 'claimed' group by run),
         begun as materialized (select replace(run, '-', '') as text, count(*) as n from events where what = 'begin' group by run)
         select b.text, b.n, c.n from begun b left join claims c on c.text = b.text where b.n > coalesce(c.n, 0)"
    none 'what succeeded was done' \
        "select job, lower(hex(id)) from ended where state = 5 and role <> 1 and job not in ('junk', 'maker', 'transaction', 'make-tenants')
         and lower(hex(id)) not in (select replace(run, '-', '') from events where what = 'done')"
    none 'of a job that runs one by one, two are never in it' \
        "with one as materialized (select n, run, state from pinstripe_audit where run in (select id from runs where job = 'one-by-one'))
         select n from one a where state = 2 and exists (select 1 from one b where b.run <> a.run and b.n < a.n and b.state = 2
         and not exists (select 1 from one c where c.run = b.run and c.n > b.n and c.n < a.n))"

    # P3, P5: what was lost was run again or has every reason.
    none 'who failed failed by itself or was lost three times' \
        "select job, lower(hex(id)), reasons from ended where state = 6 and job not in ('fails') and lost < 3 and outcome not in ('crashed', 'children-failed')"
    none 'who was lost has every reason' \
        "select job, lower(hex(id)), reasons from ended where lost > coalesce(json_array_length(reasons), 0)"

    # P6: one run for each due time, one child for each tenant.
    none 'no second of the schedule is without a row, or a row that stands for it' \
        "select dueAt from due d where schedule like 'each-second#%' and dueAt > (select min(dueAt) from due where schedule = d.schedule)
         and not exists (select 1 from due b where b.schedule = d.schedule and b.dueAt = d.dueAt - 1000)
         and coalesce(reason, '') not like '%stands for%'"
    none 'a parent that was made has a child for each tenant' \
        "select lower(hex(id)), (select count(*) from ended c where c.parent = p.id and c.role = 2) as n from ended p
         where role = 1 and state in (5, 6) and outcome not in ('lost', 'crashed') and n <> 4"

    # I10: and all goes on.
    job canary '' "await note(this, 'canary');"
    queue canary
    work_off
    faulty run-background-job canary
    same "$(rows "select count(*) from events where what = 'canary'")" 2
    all_holds

    # I9: no socket, no file.
    same "$(grep -c "pinstripe-wake-$(rows 'select lower(hex(identity)) from pinstripe_storeVersion')" /proc/net/unix)" 0
    same "$(find "$TEST_FOLDER/project" -mindepth 1 -maxdepth 1 ! -name lib ! -name pinstripe.config.js ! -name 'development.db*')" ''
}

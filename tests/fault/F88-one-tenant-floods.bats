# F88: a tenant that has queued 100,000 runs delays another's one run by at most one run for each worker: counted by what
# the jobs wrote down, not by time.

load bot_helper

# flooded BODY COUNT: so many runs of the tenant flood.
flooded() {
    tenants_project flood quiet
    tenant_job work '' "
        const saw = args[0] === 'quiet' ? await this.database.withoutTenantScope.events.count() : '';
        await note(this, 'begin ' + saw, (await this.database.tenant).name); $1"
    job make '' "
        const flood = await this.database.tenants.where({ name: 'flood' }).first();
        for(let left = $2; left > 0; left -= 10000)
            await this.enqueueBackgroundJobs({ name: 'work', tenant: flood.id }, Array.from({ length: Math.min(left, 10000) }, (_, n) => [n]));"
    faulty run-background-job make
    same "$(rows "select count(*) from live")" "$2"
}

# began_before_it SINCE: how many of the other's runs had noted that they began after the quiet one was "made" or "claimed", and
# before it began: it counts them as its first act, for what it writes waits for others that write.
began_before_it() {
    rows "with quiet as materialized (select substr(what, 7) as saw, upper(replace(run, '-', '')) as id from events where text = 'quiet'),
        since as materialized (select max(seen) as seen from pinstripe_audit, quiet where what = '$1' and hex(run) = quiet.id)
        select (select saw from quiet) - (select count(*) from events where text = 'flood' and _id <= (select seen from since))"
}

at_most() { [ "$1" -ge 0 ] && [ "$1" -le "$2" ] || { echo "$1 began before it, not 0 to $2"; return 1; }; }

quiet_one() {
    rows "delete from events where text = 'quiet'"
    queue work quiet --tenant quiet
    soon "select count(*) = 1 from events where text = 'quiet'"
}

# The promise is one run for each worker, 2 here. The other worker does dozens while this one, with the quiet run in hand, waits
# for a processor: so it is asked of the one in the middle of nine.
@test "F88 a hundred thousand short runs, and one of another tenant that comes while they run" {
    flooded '' 100000
    start_bot --workers 2
    for count in {500..4500..500}; do
        soon "select count(*) > $count from events"
        quiet_one
        began_before_it claimed >>"$TEST_FOLDER/counts"
    done
    sort -n -o "$TEST_FOLDER/counts" "$TEST_FOLDER/counts"
    paste -s "$TEST_FOLDER/counts"
    same "$(wc -l <"$TEST_FOLDER/counts")" 9
    at_most "$(sed -n 5p "$TEST_FOLDER/counts")" 2
    same "$(rows "select count(*) > 50000 from live")" 1
    all_holds
}

# A run lasts longer than it takes to hear of another, or to start a worker.
@test "F88 none is begun before it, counted from when it was put in" {
    flooded 'await pause(40);' 1000
    queue work quiet --tenant quiet
    start_bot --workers 2
    soon "select count(*) = 1 from events where text = 'quiet'"
    at_most "$(began_before_it made)" 2
    for count in 4 8 12; do
        soon "select count(*) > $count from events"
        quiet_one
        at_most "$(began_before_it made)" 2
    done
    all_holds
}

@test "F88 runs that become longer when hundreds of them have been claimed ahead" {
    flooded 'if(args[0] > 1000) await pause(20);' 3000
    start_bot --workers 2
    soon "select count(*) > 1050 from events"
    for _ in 1 2 3; do
        quiet_one
        at_most "$(began_before_it made)" 4
    done
    all_holds
}

# F88: a tenant that has queued 100,000 runs delays another's one run by at most one run for each worker: counted by what
# the jobs wrote down, not by time.

load bot_helper

# flooded WORKERS: 100,000 runs of the tenant flood; what they note is in the order of commits.
flooded() {
    tenants_project flood quiet
    tenant_job work '' "await note(this, 'begin', (await this.database.tenant).name);"
    job make '' "
        const flood = await this.database.tenants.where({ name: 'flood' }).first();
        for(let page = 0; page < 10; page++)
            await this.enqueueBackgroundJobs({ name: 'work', tenant: flood.id }, Array.from({ length: 10000 }, (_, n) => [n]));"
    faulty run-background-job make
    same "$(rows "select count(*) from live")" 100000
}

# How many runs of the other began after the quiet one was in the queue and before it began.
began_before_it() {
    rows "with quiet as (select _id as begun, lower(replace(run, '-', '')) as id from events where text = 'quiet')
        select count(*) from events, quiet where text = 'flood' and _id < begun
        and _id > (select seen from pinstripe_audit where what = 'made' and lower(hex(run)) = quiet.id)"
}

at_most() { [ "$1" -le "$2" ] || { echo "$1 began before it, more than $2"; return 1; }; }

@test "F88 one run of a quiet tenant is put in before the bot starts, and one while it works" {
    flooded
    queue work --tenant quiet
    start_bot --workers 2
    soon "select count(*) = 1 from events where text = 'quiet'"
    at_most "$(began_before_it)" 2
    soon "select count(*) > 500 from events"
    for n in 2 3 4; do
        rows "delete from events where text = 'quiet'"
        queue work --tenant quiet
        soon "select count(*) = 1 from events where text = 'quiet'"
        at_most "$(began_before_it)" 2
    done
    all_holds
}

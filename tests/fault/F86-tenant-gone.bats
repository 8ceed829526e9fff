# F86: a tenant that is deleted, or left out by the job's filter, between the enqueue and the run: the run is cancelled
# and says why, and the others have theirs.

load bot_helper

reason_of() {
    rows "select coalesce(t.name, 'gone') || ': ' || json_extract(e.error, '\$.message') from ended e left join tenants t on t.id = e.tenant
        where e.job = '$1' and e.state = 7"
}

@test "F86 the tenant is deleted before its run: cancelled, with the reason" {
    tenants_project alpha beta
    tenant_job greet '' "await note(this, 'greeted', (await this.database.tenant).name);"
    job delete_beta '' "await (await this.database.tenants.where({ name: 'beta' }).first()).delete();"
    queue greet --tenant alpha --delay 2s
    queue greet --tenant beta --delay 2s
    faulty run-background-job delete-beta
    set_clock 3
    start_bot
    soon "$(ended greet 2)"
    same "$(events)" 'greeted alpha'
    same "$(state_of greet)" $'succeeded 1 0\ncancelled 1 0'
    [[ $(reason_of greet) == 'gone: '*'tenant'* ]]
    all_holds
}

@test "F86 the job's filter leaves the tenant out meanwhile: cancelled, with the reason" {
    tenants_project alpha beta
    job_file greet 'tenantsFilter: tenants => tenants.where({ active: true }),' '' "await note(this, 'greeted', (await this.database.tenant).name);"
    job leave '' "await (await this.database.tenants.where({ name: 'beta' }).first()).update({ active: false });"
    queue greet --tenant alpha --delay 2s
    queue greet --tenant beta --delay 2s
    faulty run-background-job leave
    set_clock 3
    start_bot
    soon "$(ended greet 2)"
    same "$(events)" 'greeted alpha'
    [[ $(reason_of greet) == 'beta: '* ]]
    all_holds
}

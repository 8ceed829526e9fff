#!/usr/bin/env bats
# list_schedules.bats - schedules in words, when next, and what became of the last due times.

load helper
load schedule_helper

@test "before a bot has read them schedules are listed with a remark" {
    project_with_store lib/background_jobs/mail.js "$(job_at "{ cron: '0 9 * * MON-FRI', timeZone: 'Europe/Paris' }" "'*/10 * * * *', 'a', 1")"
    run_separately pinstripe list-schedules
    expect_status 0
    [ "${lines[0]}" = mail ]
    expect_in_output "  0 9 * * MON-FRI  at 09:00, Monday to Friday, Europe/Paris
    id      mail#"
    expect_in_output "  */10 * * * *  every 10 minutes, UTC"
    expect_in_output '    with    ["a",1]'
    expect_in_output "    remark  no bot has read it yet: start-bot does"
    expect_in_output "  none is running: start-bot starts one"
}

@test "the last due times are told with their results and reasons" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'0 * * * *'")"
    tick_schedules --bot host:7 2020-03-01T00:00:00Z 2020-03-01T01:00:01Z 2020-03-01T02:00:00Z 2020-03-01T04:00:00Z >/dev/null
    run_separately pinstripe list-schedules
    expect_status 0
    expect_in_output "    next    2020-03-01 05:00 UTC, 2020-03-01T05:00:00Z (due)
    last    2020-03-01 04:00 UTC skipped_overlap: its run "
    expect_in_output "due at 2020-03-01 01:00 UTC, has not ended (queued)
            2020-03-01 03:00 UTC missed: no bot was running at 2020-03-01 03:00 UTC; the latest, due at 2020-03-01 04:00 UTC, stands for it
            2020-03-01 02:00 UTC skipped_overlap: "
    expect_in_output "  host:7  started "
    expect_in_output "so it is taken for gone"
}

@test "--json has a line for each schedule, then one for each bot" {
    project_with_store pinstripe.config.js "export default { timeZone: 'Europe/Paris' };" lib/background_jobs/mail.js "$(job_at "{ cron: '30 9 * * *', missed: 'all', overlap: 'queue' }")"
    tick_schedules --bot host:7 2020-07-01T00:00:00Z 2020-07-01T07:30:00Z >/dev/null
    run_separately pinstripe list-schedules --json
    expect_status 0
    [ "$(values type)" = "schedule
bot" ]
    output=${lines[0]}
    [ "$(values job cron words clock timeZone missed overlap paused known inProject)" = \
        "mail 30 9 * * * every day at 09:30 Europe/Paris null all queue false true true" ]
    [ "$(values nextDueAt nextDueLocal result dueAt runState)" = \
        "2020-07-02T07:30:00Z 2020-07-02T09:30:00+02:00 ran 2020-07-01T07:30:00Z queued" ]
    output=${lines[1]}
    [ "$(values name tickAt queues gone)" = "host:7 2020-07-01T07:30:00Z null true" ]
}

@test "one job's schedules by name in any spelling, or one by its id" {
    project_with_store lib/background_jobs/send_mail.js "$(job_at "'0 * * * *'" "'30 * * * *'")" lib/background_jobs/b.js "$(job_at "'0 * * * *'")" \
        lib/background_jobs/none.js 'export default { run(){} };'
    run_separately pinstripe list-schedules sendMail --json
    [ "$(values job)" = "send-mail
send-mail" ]
    output=${lines[0]}
    id=$(values id)
    run_separately pinstripe list-schedules "$id" --json
    [ "$(values id)" = "$id" ]
    run_separately pinstripe list-schedules send-maill
    expect_status 3
    expect_in_errors "Did you mean send-mail?"
    run_separately pinstripe list-schedules none
    expect_status 3
    expect_in_errors "the job none has no schedule"
    run_separately pinstripe list-schedules 'send-mail#0'
    expect_status 3
}

@test "a schedule by each tenant's clock is a line for each zone" {
    project_with_store pinstripe.config.js "export default { multiTenant: true };" lib/background_jobs/each.js "$(job_at "{ cron: '0 9 * * *', timeZone: 'tenant' }")"
    tick_schedules --zones Asia/Tokyo,Europe/Paris,-,America/New_York,Asia/Kolkata 2020-07-01T00:30:00Z >/dev/null
    run_separately pinstripe list-schedules
    expect_in_output "  0 9 * * *  every day at 09:00, by each tenant's clock"
    expect_in_output "next    2020-07-01 09:00 America/New_York, 2020-07-01T13:00:00Z"
    expect_in_output "  and for 2 more zones of its tenants (--json has them all)"
    run_separately pinstripe list-schedules --json
    [ "$(values byTenant timeZone clock | sort)" = "true America/New_York America/New_York
true Asia/Kolkata Asia/Kolkata
true Asia/Tokyo Asia/Tokyo
true Europe/Paris Europe/Paris
true null UTC" ]
}

@test "what the project does not say any more is listed with a remark" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'0 * * * *'")" lib/background_jobs/gone.js "$(job_at "'0 * * * *'")"
    tick_schedules 2020-03-01T00:00:00Z
    rm lib/background_jobs/gone.js
    echo 'export default {' >lib/background_jobs/mail.js
    run_separately pinstripe list-schedules
    expect_status 0
    expect_in_output "    remark  the project has no such job any more"
    expect_in_output "    remark  the job is broken, or says this schedule no more"
}

@test "without a store list-schedules says how to make one" {
    project_with lib/background_jobs/mail.js "$(job_at "'0 * * * *'")"
    run_separately pinstripe list-schedules
    expect_status 69
    expect_in_errors "run migrate-database"
}

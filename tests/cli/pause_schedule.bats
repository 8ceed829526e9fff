#!/usr/bin/env bats
# pause_schedule.bats - pausing schedules and having them go on.

load helper
load schedule_helper

@test "a paused schedule does not run, says so, and owes nothing when it goes on" {
    project_with_store lib/background_jobs/send_mail.js "$(job_at "{ cron: '0 * * * *', missed: 'all' }")"
    tick_schedules 2020-03-01T00:00:00Z
    run_separately pinstripe pause-schedule sendMail
    expect_status 0
    expect_output "send-mail: 1 schedule paused"
    run_separately tick_schedules 2020-03-01T00:30:00Z 2020-03-01T01:00:00Z 2020-03-01T02:00:00Z
    expect_output "2020-03-01T01:00:00Z paused 1
2020-03-01T02:00:00Z paused 1"
    run_separately pinstripe list-schedules
    expect_in_output "    paused  since 20"
    expect_in_output "2020-03-01 02:00 UTC paused: the schedule is paused"
    run_separately pinstripe resume-schedule send-mail
    expect_status 0
    expect_output "send-mail: 1 schedule go on"
    run_separately tick_schedules 2020-03-01T02:30:00Z 2020-03-01T03:00:00Z
    expect_output "2020-03-01T03:00:00Z ran 1"
}

@test "one of a job's schedules is paused by its id" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'0 * * * *'" "'30 * * * *'")"
    tick_schedules 2020-03-01T00:00:00Z
    run_separately pinstripe list-schedules --json
    output=${lines[0]}
    id=$(values id)
    run_separately pinstripe pause-schedule "$id" --json
    expect_status 0
    expect_output "{\"schema\":\"pause-schedule\",\"version\":1,\"name\":\"$id\",\"paused\":true,\"schedules\":1}"
    run_separately pinstripe list-schedules --json
    [ "$(values paused | sort)" = "false
true" ]
}

@test "all zones of a schedule by each tenant's clock are paused together, or one by its id" {
    project_with_store pinstripe.config.js "export default { multiTenant: true };" lib/background_jobs/each.js "$(job_at "{ cron: '0 9 * * *', timeZone: 'tenant' }")"
    tick_schedules --zones Asia/Tokyo,Europe/Paris 2020-07-01T00:30:00Z
    run_separately pinstripe list-schedules --json
    output=${lines[0]}
    id=$(values id)
    run_separately pinstripe pause-schedule "${id%@*}"
    expect_output "${id%@*}: 2 schedules paused"
    run_separately pinstripe resume-schedule "$id"
    expect_output "$id: 1 schedule go on"
    run_separately pinstripe list-schedules --json
    [ "$(values paused | sort)" = "false
true" ]
}

@test "a pause outlives an edit of the line" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'0 * * * *'")"
    tick_schedules 2020-03-01T00:00:00Z
    pinstripe pause-schedule mail
    job_at "'15 * * * *'" >lib/background_jobs/mail.js
    run_separately tick_schedules 2020-03-01T00:00:00Z 2020-03-01T00:15:00Z
    expect_output "2020-03-01T00:15:00Z paused 1"
}

@test "what there is not is exit code 3" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'0 * * * *'")"
    run_separately pinstripe pause-schedule maill
    expect_status 3
    expect_in_errors "Did you mean mail?"
    run_separately pinstripe pause-schedule mail
    expect_status 3
    expect_in_errors "no bot has read the schedules of mail yet"
    run_separately pinstripe resume-schedule 'mail#12'
    expect_status 3
    run_separately pinstripe pause-schedule
    expect_status 2
}

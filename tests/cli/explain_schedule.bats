#!/usr/bin/env bats
# explain_schedule.bats - "why did nothing run at 02:30?"

load helper
load schedule_helper

@test "the night in which 02:30 does not exist" {
    project_with_store lib/background_jobs/mail.js "$(job_at "{ cron: '30 2 * * *', timeZone: 'America/New_York' }")"
    tick_schedules 2020-03-07T12:00:00Z 2020-03-08T07:30:00Z >/dev/null
    run_separately pinstripe explain-schedule mail --at 2020-03-08T02:30
    expect_status 0
    expect_in_output "mail  30 2 * * *  every day at 02:30, America/New_York
  2020-03-08 02:30 does not exist in America/New_York: the clocks go from 02:00 to 03:00 there.
  Due at 2020-03-08 03:30 America/New_York, 2020-03-08T07:30:00Z:
  it ran on time; run "
    expect_in_output "the run has not ended: it is queued."
}

@test "the night in which 01:30 comes twice" {
    project_with_store lib/background_jobs/mail.js "$(job_at "{ cron: '30 1 * * *', timeZone: 'America/New_York' }")"
    tick_schedules 2020-10-31T12:00:00Z 2020-11-01T05:30:00Z >/dev/null
    run_separately pinstripe explain-schedule mail --at '2020-11-01 01:30'
    expect_status 0
    expect_in_output "comes twice, at 2020-11-01T05:30:00Z and at 2020-11-01T06:30:00Z."
    expect_in_output "it ran on time; run "
    expect_in_output "is no due time of this schedule: of a time that comes twice it takes the first;"
}

@test "nothing ran, because no bot was running" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'30 2 * * *'")"
    tick_schedules 2020-03-01T00:00:00Z 2020-03-03T02:42:00Z >/dev/null
    run_separately pinstripe explain-schedule mail --at 2020-03-02T02:30
    expect_in_output "it was missed: no bot was running at 2020-03-02 02:30 UTC; the latest, due at 2020-03-03 02:30 UTC, stands for it."
    run_separately pinstripe explain-schedule mail --at 2020-03-03T02:30:00Z
    expect_in_output "it ran late: 12 min late: no bot was running at 2020-03-03 02:30 UTC; run "
}

@test "nothing ran, because it is no due time, is not yet due, or no bot has looked so far" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'30 2 * * *'")"
    run_separately pinstripe explain-schedule mail --at 2020-03-02T02:30
    expect_in_output "no bot has read this schedule yet; no bot is running: start-bot starts one."
    tick_schedules --bot host:7 2020-03-01T00:00:00Z
    run_separately pinstripe explain-schedule mail --at 2020-03-02T02:40
    expect_in_output "2020-03-02 02:40 UTC is no due time of this schedule; before it comes 2020-03-02 02:30 UTC; after it comes 2020-03-03 02:30 UTC."
    run_separately pinstripe explain-schedule mail --at 2020-03-02T02:30
    expect_in_output "no bot has looked at this schedule since 2020-03-01 00:00 UTC; the last bot, host:7, was seen "
    run_separately pinstripe explain-schedule mail --at 2020-02-02T02:30
    expect_in_output "the schedule was not known then: a bot has read it first at 2020-03-01 00:00 UTC."
    run_separately pinstripe explain-schedule mail --at 9020-02-02T02:30
    expect_in_output "it is not due yet, but in "
}

@test "--json is one document" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'30 2 * * *'" "'0 * * * *'")"
    tick_schedules 2020-03-01T00:00:00Z 2020-03-03T02:30:00Z >/dev/null
    run_separately pinstripe explain-schedule mail --at 2020-03-02T02:30Z --json
    expect_status 0
    [[ $output == '{"schema":"explain-schedule","version":1,"schedules":[{"id":"mail#'* ]]
    expect_in_output '"cron":"0 * * * *","zone":"UTC","note":null,"moments":[{"answer":"not_due","at":"2020-03-02T02:30:00Z","local":"2020-03-02T02:30:00Z","result":null,"reason":null,"run":null,"runState":null,"remark":null,"text":"'
    expect_in_output '"cron":"30 2 * * *","zone":"UTC","note":null,"moments":[{"answer":"result","at":"2020-03-02T02:30:00Z","local":"2020-03-02T02:30:00Z","result":"missed","reason":"no bot was running at '
    [[ $output == *'"}]}]}' ]]
}

@test "by each tenant's clock, the zones are told in which it was a due time" {
    project_with_store pinstripe.config.js "export default { multiTenant: true };" lib/background_jobs/each.js "$(job_at "{ cron: '0 9 * * *', timeZone: 'tenant' }")"
    tick_schedules --zones Asia/Tokyo,Europe/Paris,Europe/Rome 2020-07-01T00:30:00Z 2020-07-01T07:00:00Z >/dev/null
    run_separately pinstripe explain-schedule each --at 2020-07-01T07:00Z
    expect_status 0
    expect_in_output "every day at 09:00, Europe/Paris"
    expect_in_output "every day at 09:00, Europe/Rome"
    [[ $output != *Tokyo* ]]
    run_separately pinstripe explain-schedule each --at 2020-07-01T08:00Z
    expect_in_output "Nor is it for 2 more zones of its tenants."
}

@test "what cannot be explained" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'30 2 * * *'")"
    run_separately pinstripe explain-schedule mail --at tomorrow
    expect_status 2
    expect_in_errors 'the time "tomorrow" cannot be read'
    run_separately pinstripe explain-schedule mail
    expect_status 2
    run_separately pinstripe explain-schedule maill --at 2020-03-02T02:30
    expect_status 3
}

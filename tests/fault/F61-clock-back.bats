#!/usr/bin/env bats
# F61 - the wall clock goes back by an hour: what it shows again has been handled and does not run again.

load ../cli/helper
load ../cli/schedule_helper

@test "a clock that goes back an hour fires nothing again, and what comes after it fires once" {
    project_with_store lib/background_jobs/mail.js "$(job_at "{ cron: '*/20 * * * *', overlap: 'allow' }")"
    run_separately tick_schedules 2020-03-01T00:00:00Z 2020-03-01T00:20:00Z 2020-03-01T00:40:00Z 2020-03-01T01:00:00Z \
        2020-03-01T00:00:10Z 2020-03-01T00:20:00Z 2020-03-01T00:40:00Z 2020-03-01T01:00:00Z 2020-03-01T01:20:00Z
    expect_status 0
    expect_output "2020-03-01T00:20:00Z ran 1
2020-03-01T00:40:00Z ran 1
2020-03-01T01:00:00Z ran 1
note: the clock was put back by 59 min; what was due until 2020-03-01T01:00:00Z has been handled and does not run again
2020-03-01T01:20:00Z ran 1"
}

@test "nor does a bot that starts after the clock went back" {
    project_with_store lib/background_jobs/mail.js "$(job_at "{ cron: '*/20 * * * *', overlap: 'allow' }")"
    tick_schedules 2020-03-01T00:00:00Z 2020-03-01T00:20:00Z 2020-03-01T00:40:00Z
    run_separately tick_schedules 2020-03-01T00:10:00Z 2020-03-01T00:20:00Z 2020-03-01T00:40:00Z 2020-03-01T01:00:00Z
    expect_output "2020-03-01T01:00:00Z ran 1"
}

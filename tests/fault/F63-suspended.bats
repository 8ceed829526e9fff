#!/usr/bin/env bats
# F63 - the machine sleeps for eight hours: what was missed is decided by each schedule's policy, the latest by default.

load ../cli/helper
load ../cli/schedule_helper

@test "after eight hours of sleep the latest due time runs, late, and the others are missed" {
    project_with_store lib/background_jobs/mail.js "$(job_at "'30 * * * *'")"
    run_separately tick_schedules 2020-03-01T00:00:00Z 2020-03-01T00:30:00Z 2020-03-01T08:42:00Z 2020-03-01T08:42:01Z
    expect_output "2020-03-01T00:30:00Z ran 1
note: nobody looked at the schedules for a while: 8 due times of 1 schedule, from 2020-03-01T01:30:00Z on, came meanwhile; 0 of them run now, late
2020-03-01T08:42:00Z skipped_overlap 1 missed 7"
}

@test "and it runs when the run before the sleep has ended" {
    project_with_store lib/background_jobs/mail.js "$(job_at "{ cron: '30 * * * *', overlap: 'allow' }")"
    run_separately tick_schedules 2020-03-01T00:00:00Z 2020-03-01T00:30:00Z 2020-03-01T08:42:00Z
    [ "${lines[2]}" = "2020-03-01T08:42:00Z late 1 missed 7" ]
    run_separately pinstripe explain-schedule mail --at 2020-03-01T08:30
    expect_in_output "it ran late: 12 min late: "
}

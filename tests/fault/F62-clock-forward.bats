#!/usr/bin/env bats
# F62 - the wall clock goes forward by a day, or by ten years: caught up with by policy, in bounds, one line about it.

load ../cli/helper
load ../cli/schedule_helper

three_policies() {
    project_with_store lib/background_jobs/latest.js "$(job_at "'0 * * * *'")" \
        lib/background_jobs/all.js "$(job_at "{ cron: '0 * * * *', missed: 'all' }")" \
        lib/background_jobs/skip.js "$(job_at "{ cron: '0 * * * *', missed: 'skip' }")"
}

@test "forward by a day" {
    three_policies
    run_separately tick_schedules 2020-03-01T00:00:00Z 2020-03-02T00:30:00Z 2020-03-02T00:31:00Z
    expect_output "note: nobody looked at the schedules for a while: 72 due times of 3 schedules, from 2020-03-01T01:00:00Z on, came meanwhile; 25 of them run now, late
2020-03-02T00:30:00Z late 25 missed 47"
    run_separately pinstripe list-runs --json --limit 1000
    [ "${#lines[@]}" -eq 25 ]
}

@test "forward by ten years: no storm, and the next due time is the next hour" {
    three_policies
    run_separately tick_schedules 2020-03-01T00:00:00Z 2030-03-01T00:30:00Z 2030-03-01T01:00:00Z
    [ "${lines[0]}" = "note: nobody looked at the schedules for a while: 30000 due times of 3 schedules, from 2020-03-01T01:00:00Z on, came meanwhile; 1000 of them run now, late" ]
    [ "${lines[1]}" = "2030-03-01T00:30:00Z late 1000 missed 29000" ]
    [ "${lines[2]}" = "2030-03-01T01:00:00Z ran 1 skipped_overlap 2" ]
    [ "${#lines[@]}" -eq 3 ]
    run_separately pinstripe explain-schedule all --at 2025-01-01T00:00
    expect_in_output "speaks for it: no bot was running at "
    expect_in_output "; stands for more than 9000 earlier due times too, since 2020-03-01 01:00 UTC."
}

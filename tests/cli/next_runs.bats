#!/usr/bin/env bats
# next_runs.bats - when schedules fire next, by their expressions alone.

load helper
load schedule_helper

NEW_YORK="timeZone: 'America/New_York'"

@test "next-runs merges all schedules in the order of time, local and UTC" {
    project_with lib/background_jobs/daily.js "$(job_at "{ cron: '30 9 * * *', timeZone: 'Asia/Tokyo' }")" \
        lib/background_jobs/hourly.js "$(job_at "'0 * * * *'")"
    run_separately pinstripe next-runs --from 2026-03-01T00:00Z --count 3
    expect_status 0
    expect_output "UTC                   LOCAL                      ZONE        JOB     REMARK
2026-03-01T00:00:00Z  2026-03-01T00:00:00Z       UTC         hourly
2026-03-01T00:30:00Z  2026-03-01T09:30:00+09:00  Asia/Tokyo  daily
2026-03-01T01:00:00Z  2026-03-01T01:00:00Z       UTC         hourly"
}

@test "where clocks change a remark says what becomes of the time" {
    project_with lib/background_jobs/night.js "$(job_at "{ cron: '30 2 * * *', $NEW_YORK }")" \
        lib/background_jobs/hours.js "$(job_at "{ cron: '30 * * * *', $NEW_YORK }")"
    run_separately pinstripe next-runs night --from 2026-03-08T00:00Z --count 1 --json
    expect_output '{"utc":"2026-03-08T07:30:00Z","local":"2026-03-08T03:30:00-04:00","zone":"America/New_York","job":"night","cron":"30 2 * * *","args":[],"byTenant":false,"remark":"02:30 does not exist (the clocks go from 02:00 to 03:00): it is 03:30"}'
    run_separately pinstripe next-runs hours --from 2026-11-01T05:00Z --count 2
    expect_in_output "2026-11-01T05:30:00Z  2026-11-01T01:30:00-04:00  America/New_York  hours  the clocks go back: 01:30 comes twice; this is the first time"
    expect_in_output "2026-11-01T06:30:00Z  2026-11-01T01:30:00-05:00  America/New_York  hours  the clocks go back: 01:30 comes twice; this is the second time"
}

@test "--from and --to without an offset are what the project's clocks show" {
    project_with pinstripe.config.js "export default { $NEW_YORK };" \
        lib/background_jobs/hourly.js "$(job_at "'0 * * * *'")"
    run_separately pinstripe next-runs --from 2026-07-01T00:00 --to '2026-07-01 02:00' --json
    [ "$(values utc)" = "2026-07-01T04:00:00Z
2026-07-01T05:00:00Z" ]
    run_separately pinstripe next-runs --from 2026-03-08T02:30 --count 1 --json
    [ "$(values local)" = "2026-03-08T03:00:00-04:00" ]
}

@test "next-runs needs no database, and tells what is wrong" {
    project_with lib/background_jobs/a.js "$(job_at "'0 0 1 1 *'")" lib/background_jobs/b.js 'export default { run(){} };' \
        lib/background_jobs/broken.js 'export default {'
    run_separately pinstripe next-runs
    expect_status 0
    [ "${#lines[@]}" -eq 11 ]
    [ ! -e development.db ]
    run_separately pinstripe next-runs b
    expect_status 0
    expect_output ""
    expect_in_errors "nothing is scheduled for b"
    run_separately pinstripe next-runs c
    expect_status 3
    run_separately pinstripe next-runs broken
    expect_status 78
    run_separately pinstripe next-runs --from yesterday
    expect_status 2
    expect_in_errors '--from: the time "yesterday" cannot be read'
    run_separately pinstripe next-runs --count 0
    expect_status 2
}

@test "a schedule by each tenant's clock is told by the project's, with a remark" {
    project_with pinstripe.config.js "export default { multiTenant: true, timeZone: 'Europe/Paris' };" \
        lib/background_jobs/each.js "$(job_at "{ cron: '0 9 * * *', timeZone: 'tenant' }")"
    run_separately pinstripe next-runs --from 2026-07-01T00:00Z -n 1
    expect_in_output "2026-07-01T07:00:00Z  2026-07-01T09:00:00+02:00  Europe/Paris  each  by each tenant's own clock"
}

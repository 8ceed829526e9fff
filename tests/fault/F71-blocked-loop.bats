#!/usr/bin/env bats
# F71 - the bot's loop was blocked for 90 seconds: every due time is handled once, in order, by the policy.

load ../cli/helper
load ../cli/schedule_helper

@test "due times of 90 seconds in which nobody looked are each handled once" {
    project_with_store lib/background_jobs/all.js "$(job_at "{ cron: '*/30 * * * * *', missed: 'all', overlap: 'queue' }")"
    run_separately tick_schedules 2020-03-01T00:00:00Z 2020-03-01T00:00:30Z 2020-03-01T00:02:00Z 2020-03-01T00:02:00.500Z 2020-03-01T00:02:30Z
    expect_output "2020-03-01T00:00:30Z ran 1
note: nobody looked at the schedules for a while: 2 due times of 1 schedule, from 2020-03-01T00:01:00Z on, came meanwhile; 2 of them run now, late
2020-03-01T00:02:00Z ran 1 late 2
2020-03-01T00:02:30Z ran 1"
    run_separately pinstripe list-runs --json
    [ "$(values scheduledFor | sort -u | wc -l)" -eq 5 ]
}

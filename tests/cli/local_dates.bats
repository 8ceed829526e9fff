#!/usr/bin/env bats
# The zone of local dates: the project's `timeZone`, else TZ.

load helper

own_setup() {
    project_with lib/background_jobs/show.js "export default {
    run() {
        console.log(String(new Date(Date.UTC(2024, 6, 1, 12))));
        console.log(new Date('2024-11-03T03:30').toISOString());
        console.log(new Date(2024, 2, 10, 3, 30).toISOString());
    }
};"
}

@test "local dates follow timeZone of the configuration, whatever TZ says" {
    echo "export default { timeZone: 'America/New_York' };" >pinstripe.config.js
    TZ=Asia/Tokyo run_separately pinstripe run-background-job show
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "Mon Jul 01 2024 08:00:00 GMT-0400" ]
    [ "${lines[1]}" = "2024-11-03T08:30:00.000Z" ]
    [ "${lines[2]}" = "2024-03-10T07:30:00.000Z" ]
}

@test "without it they follow TZ" {
    TZ=Asia/Tokyo run_separately pinstripe run-background-job show
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "Mon Jul 01 2024 21:00:00 GMT+0900" ]
    [ "${lines[1]}" = "2024-11-02T18:30:00.000Z" ]
}

#!/usr/bin/env bats
# F68 - a time zone that is not known, or no zones on the machine at all: the schedule is refused by name.

load ../cli/helper

job_in() { echo "export default { meta(){ this.schedule({ cron: '0 9 * * *', timeZone: '$1' }) }, run(){ console.log('ran') } };"; }

@test "an unknown zone breaks its job and no other" {
    project_with lib/background_jobs/lost.js "$(job_in Europe/Pariss)" lib/background_jobs/good.js "$(job_in Europe/Paris)"
    run_separately pinstripe list-background-jobs
    expect_status 1
    expect_in_output 'lib/background_jobs/lost.js'
    expect_in_output 'time zone "Europe/Pariss" is not known'
    run_separately pinstripe run-background-job good
    expect_status 0
    expect_output ran
}

@test "a zone that is a path is refused" {
    local zone
    for zone in ../../../etc/passwd /etc/localtime; do
        project_with lib/background_jobs/lost.js "$(job_in "$zone")"
        run_separately pinstripe list-background-jobs
        expect_status 1
        expect_in_output "cannot be the name of a time zone"
    done
}

@test "without tzdata a named zone is refused with what to install, and UTC works" {
    project_with lib/background_jobs/lost.js "$(job_in Europe/Paris)" lib/background_jobs/good.js "$(job_in UTC)"
    # shellcheck disable=SC2030,SC2031  # each test is a process of its own
    export TZDIR=$TEST_FOLDER/nothing
    run_separately pinstripe list-background-jobs
    expect_status 1
    expect_in_output 'time zone "Europe/Paris" is not known'
    expect_in_output 'install the package tzdata'
    run_separately pinstripe run-background-job good
    expect_status 0
}

@test "a damaged zone file is refused by name" {
    mkdir -p "$TEST_FOLDER/zones/Europe"
    head -c 100 /usr/share/zoneinfo/Europe/Paris >"$TEST_FOLDER/zones/Europe/Paris"
    project_with lib/background_jobs/lost.js "$(job_in Europe/Paris)"
    # shellcheck disable=SC2030,SC2031
    export TZDIR=$TEST_FOLDER/zones
    run_separately pinstripe list-background-jobs
    expect_status 1
    expect_in_output 'Europe/Paris'
    expect_in_output 'is cut short'
}

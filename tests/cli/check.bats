#!/usr/bin/env bats
# check.bats - is the project well?

load helper
load schedule_helper

@test "a project that is well has no problems, and no database is touched" {
    project_with lib/background_jobs/a.js "$(job_at "'0 * * * *'" "'30 2 * * *'")" lib/background_jobs/b.js 'export default { run(){} };'
    run_separately pinstripe check
    expect_status 0
    expect_output "2 jobs, 2 schedules, 0 migrations: no problems"
    [ ! -e development.db ]
}

@test "broken jobs, files and schedules are problems, with file and line" {
    project_with lib/background_jobs/good.js "$(job_at "'0 * * * *'")" \
        lib/background_jobs/bad.js 'export default {
    run(
};' lib/background_jobs/late.js "$(job_at "'61 * * * *'")" \
        lib/background_jobs/lost.js "$(job_at "{ cron: '0 * * * *', timeZone: 'Mars/Olympus' }")" \
        lib/services/broken.js 'nonsense('
    run_separately pinstripe check
    expect_status 1
    expect_in_output "problem: lib/background_jobs/bad.js:3: "
    expect_in_output 'problem: lib/background_jobs/late.js'
    expect_in_output 'minute "61" is outside 0-59'
    expect_in_output 'time zone "Mars/Olympus" is not known'
    expect_in_output "problem: lib/services/broken.js:2: "
    expect_in_output "4 jobs, 1 schedule, 0 migrations: 4 problems"
}

@test "--json is one document" {
    project_with pinstripe.config.js "export default { multiTenant: true };" lib/background_jobs/bad.js 'export default {' \
        lib/background_jobs/once.js "export default { multiTenant: false, meta(){ this.schedule({ cron: '0 9 * * *', timeZone: 'tenant' }) }, run(){} };"
    run_separately pinstripe check --json
    expect_status 1
    expect_in_output '{"schema":"check","version":1,"jobs":2,"schedules":1,"migrations":0,"environment":"development","problems":[{"kind":"job","job":"bad","file":"lib/background_jobs/bad.js","line":2,"message":"SyntaxError'
    expect_in_output '}],"remarks":[{"kind":"schedule","job":"once","file":"lib/background_jobs/once.js","line":null,"message":"its schedule '
    expect_in_output "says timeZone: 'tenant', but the job says multiTenant: false"
}

@test "a remark is no problem" {
    project_with lib/background_jobs/each.js 'export default { multiTenant: true, run(){} };'
    run_separately pinstripe check
    expect_status 0
    expect_in_output "remark: lib/background_jobs/each.js: it says multiTenant: true, but multi-tenancy is off"
    expect_in_output "no problems"
}

@test "a wrong configuration is exit code 78" {
    project_with pinstripe.config.js "export default { timeZone: 'Mars/Olympus' };"
    run_separately pinstripe check
    expect_status 78
    expect_output ""
    expect_in_errors 'time zone "Mars/Olympus" is not known'
    project_with pinstripe.config.js "export default {"
    run_separately pinstripe check --json
    expect_status 78
    expect_output ""
}

#!/usr/bin/env bats
# list_background_jobs.bats - what is listed, in what shape, and what is said of what is broken.

load helper

readonly GOOD='export default { run(){} };'

@test "jobs are listed by name, in the shape of the original" {
    project_with lib/background_jobs/deliver_notifications.js "$GOOD" lib/background_jobs/admin/clean_up.js "$GOOD"
    run --keep-empty-lines pinstripe list-background-jobs
    expect_status 0
    expect_output "
The following background jobs are available:

  * admin/clean-up
  * deliver-notifications

"
}

@test "a project without jobs lists none" {
    project_with
    run --keep-empty-lines pinstripe list-background-jobs
    expect_status 0
    expect_output "
The following background jobs are available:


"
}

@test "schedules are shown in the order of their declaration, with zone and arguments" {
    project_with lib/background_jobs/x.js "export default {
        meta(){
            this.schedule('*/5 * * * *');
            this.schedule({ cron: '0 0 * * *', timeZone: 'Europe/Paris' }, 'a', { n: 1 });
        },
        run(){}
    };"
    run pinstripe list-background-jobs
    expect_in_output '  * x
      schedule: */5 * * * *
      schedule: 0 0 * * * in Europe/Paris with ["a",{"n":1}]'
}

@test "a broken job is told with file, line and reason, the others are listed, and the exit code is 1" {
    project_with lib/background_jobs/good.js "$GOOD" \
        lib/background_jobs/syntax.js $'export default {\n    run(){\n        let = = 1;\n    }\n};' \
        lib/background_jobs/empty.js 'export default {};' \
        lib/background_jobs/throws.js $'\nthrow new Error("at the top");' \
        lib/background_jobs/cron.js 'export default { meta(){ this.schedule("61 * * * *") }, run(){} };'
    run_separately pinstripe list-background-jobs
    expect_status 1
    expect_in_output '  * good'
    expect_in_output 'broken: lib/background_jobs/syntax.js:3: SyntaxError'
    expect_in_output 'broken: lib/background_jobs/throws.js:2: '
    expect_in_output 'at the top'
    expect_in_output '  * empty
      broken: lib/background_jobs/empty.js'
    expect_in_output '  * cron
      broken: lib/background_jobs/cron.js'
    expect_in_output '61'
}

@test "a broken file that is no job is told on stderr, and the exit code is 1" {
    project_with lib/background_jobs/good.js "$GOOD" lib/services/bad.js $'\n\nthrow new TypeError("no");'
    run_separately pinstripe list-background-jobs
    expect_status 1
    expect_in_output '  * good'
    expect_in_errors 'lib/services/bad.js:3: '
}

@test "two files with one name are told, both named" {
    project_with lib/background_jobs/send_mail.js "$GOOD" lib/background_jobs/sendMail.js "$GOOD"
    run pinstripe list-background-jobs
    expect_status 1
    expect_in_output 'send_mail.js'
    expect_in_output 'sendMail.js'
}

@test "multiTenant: true in a project without tenants is remarked, with what to set" {
    project_with lib/background_jobs/x.js 'export default { multiTenant: true, run(){} };'
    run pinstripe list-background-jobs
    expect_status 0
    expect_in_output 'remark: says multiTenant: true, but multi-tenancy is off'
    expect_in_output 'set multiTenant: true in pinstripe.config.js'
    echo 'export default { multiTenant: true };' >pinstripe.config.js
    run pinstripe list-background-jobs
    [[ $output != *remark* ]]
}

@test "--json gives one line a job and nothing else on stdout" {
    project_with lib/background_jobs/a.js "export default {
            meta(){ this.schedule('0 * * * *', 1, 'two'); this.timeout('5m'); this.memory('64MB') },
            multiTenant: false, tenantsFilter: t => t, run(){} };" \
        lib/background_jobs/b.js 'export default { run(){ };'
    run_separately pinstripe list-background-jobs --json
    expect_status 1
    [ "${#lines[@]}" -eq 2 ]
    local first='{"name":"a","file":"lib/background_jobs/a.js","multiTenant":false,"tenantsFilter":true,"schedules":[{"cron":"0 * * * *","timeZone":null,"args":[1,"two"]}],"timeoutMs":300000,"memoryBytes":67108864,"broken":null,"remark":null}'
    [ "${lines[0]}" = "$first" ] || { printf '%s\n' "${lines[0]}"; return 1; }
    [[ ${lines[1]} == '{"name":"b","file":"lib/background_jobs/b.js",'*'"broken":{"message":"SyntaxError'*'"file":"lib/background_jobs/b.js","line":1}'* ]]
}

@test "names are green on a terminal and plain in a pipe" {
    project_with lib/background_jobs/x.js "$GOOD"
    run pinstripe list-background-jobs --color=always
    expect_in_output $'  * \033[32mx\033[0m'
    run pinstripe list-background-jobs
    [[ $output != *$'\033'* ]]
}

@test "_file_importer.js of existing projects is ignored" {
    project_with lib/background_jobs/_file_importer.js "export { BackgroundJob as default } from 'pinstripe';" \
        lib/background_jobs/x.js "$GOOD"
    run pinstripe list-background-jobs
    expect_status 0
    expect_in_output '  * x'
    [[ $output != *importer* ]]
}

@test "a configuration that cannot be loaded is exit 78 and told" {
    project_with lib/background_jobs/x.js "$GOOD"
    echo 'export default {' >pinstripe.config.js
    run_separately pinstripe list-background-jobs
    expect_status 78
    expect_in_errors 'pinstripe.config.js'
}

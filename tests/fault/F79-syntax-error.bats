# F79: a syntax error in one job file breaks that job and no other.

load ../cli/helper

@test "F79 the job is listed as broken with file, line and reason; all others run" {
    project_with lib/background_jobs/victim.js $'export default {\n    run(){\n        const = 1;\n    }\n};' \
        lib/background_jobs/fine.js 'export default { run(){ console.log("fine"); } };' \
        lib/background_jobs/caller.js '
        export default { async run(){ try { await this.runBackgroundJob("victim"); } catch(e){ console.log(e.message); } } };'
    run_separately pinstripe list-background-jobs
    expect_in_output 'victim'
    expect_in_output 'lib/background_jobs/victim.js:3'
    expect_in_output 'SyntaxError'
    run_separately pinstripe run-background-job fine
    expect_status 0
    expect_output fine
    run_separately pinstripe run-background-job victim
    expect_status 1
    run_separately pinstripe run-background-job caller
    expect_status 0
    expect_in_output 'Background job "victim" is broken'
}

@test "F79 a syntax error in a service breaks nobody who does not use it" {
    project_with lib/services/broken.js 'export default {' \
        lib/background_jobs/fine.js 'export default { run(){ console.log("fine", this.broken); } };'
    run_separately pinstripe run-background-job fine
    expect_status 0
    expect_output 'fine undefined'
    run_separately pinstripe list-background-jobs
    expect_in_errors 'lib/services/broken.js'
}

#!/usr/bin/env bats
# F80 - two files with one name: neither runs, both are named, all others work.

load ../cli/helper

readonly GOOD='export default { run(){ console.log("ran") } };'

own_setup() {
    project_with lib/background_jobs/good.js "$GOOD"
}

@test "two spellings of one name are refused, naming both files" {
    project_with lib/background_jobs/say_hello.js "$GOOD" lib/background_jobs/sayHello.js "$GOOD"
    run_separately pinstripe list-background-jobs
    expect_status 1
    expect_in_output "  * good"
    expect_in_output "lib/background_jobs/say_hello.js"
    expect_in_output "lib/background_jobs/sayHello.js"
    run_separately pinstripe run-background-job say-hello
    [ "$status" -ne 0 ]
    expect_output ""
    expect_in_errors "lib/background_jobs/say_hello.js"
    expect_in_errors "lib/background_jobs/sayHello.js"
    run_separately pinstripe run-background-job good
    expect_status 0
    expect_output "ran"
}

@test "files that differ in case only are refused, naming both" {
    project_with lib/background_jobs/x.js "$GOOD" lib/background_jobs/X.js "$GOOD"
    run_separately pinstripe run-background-job x
    [ "$status" -ne 0 ]
    expect_output ""
    expect_in_errors "lib/background_jobs/x.js"
    expect_in_errors "lib/background_jobs/X.js"
}

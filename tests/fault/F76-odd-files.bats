#!/usr/bin/env bats
# F76 - a file of the project is no ordinary file: it is named with the reason, nothing blocks, all others work.

load ../cli/helper

readonly GOOD='export default { run(){ console.log("ran") } };'

own_setup() {
    project_with lib/background_jobs/good.js "$GOOD"
    mkdir ../outside
    echo 'export default { run(){ console.log("secret") } };' >../outside/secret.js
}

# The job is told as broken with these words, running it fails at once, and the good one still runs.
expect_refused() {
    local name=$1 words=$2
    run_separately timeout 20 "$PINSTRIPE" list-background-jobs
    expect_status 1
    expect_in_output "  * good"
    expect_in_output "$words"
    run_separately timeout 20 "$PINSTRIPE" run-background-job "$name"
    [ "$status" -ne 0 ]
    [ "$status" -ne 124 ]
    expect_output ""
    expect_in_errors "$words"
    run_separately timeout 20 "$PINSTRIPE" run-background-job good
    expect_status 0
    expect_output "ran"
}

@test "a link out of the project" {
    ln -s ../../../outside/secret.js lib/background_jobs/secret.js
    expect_refused secret "symbolic link"
}

@test "a link to itself" {
    ln -s loop.js lib/background_jobs/loop.js
    expect_refused loop "symbolic link"
}

@test "a folder that is a link out of the project" {
    ln -s ../../../outside lib/background_jobs/more
    run_separately timeout 20 "$PINSTRIPE" list-background-jobs
    expect_in_output "  * good"
    [[ $output != *secret* ]]
    expect_in_output "symbolic link"
}

@test "a FIFO that nobody writes" {
    mkfifo lib/background_jobs/pipe.js
    expect_refused pipe "FIFO"
}

@test "a folder" {
    mkdir -p lib/background_jobs/folder.js
    expect_refused folder "is a folder, not a file"
}

@test "a device" {
    mknod lib/background_jobs/zero.js c 1 5 || skip "needs the right to make devices"
    expect_refused zero "device"
}

@test "two gigabytes" {
    truncate -s 2G lib/background_jobs/huge.js
    expect_refused huge "2147483648 bytes"
}

@test "a file that may not be read" {
    [ "$(id -u)" -ne 0 ] || skip "root may read everything"
    echo "$GOOD" >lib/background_jobs/closed.js
    chmod 0 lib/background_jobs/closed.js
    expect_refused closed "permission denied"
}

@test "a name with a line break" {
    echo "$GOOD" >lib/background_jobs/$'two\nlines.js'
    run_separately timeout 20 "$PINSTRIPE" list-background-jobs
    expect_status 1
    expect_in_output 'two\x0alines.js'
    expect_in_output "control characters"
    expect_in_output "  * good"
}

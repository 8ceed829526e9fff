#!/usr/bin/env bats
# F106 - no HOME, no locale, no terminal, odd umask, closed streams: it works all the same.

load ../cli/helper

own_setup() {
    project_with lib/background_jobs/hello.js 'export default { run(){ console.log("hello ü"); console.error("talk") } };'
}

@test "an empty environment" {
    run --separate-stderr env -i "$PINSTRIPE" run-background-job hello
    expect_status 0
    expect_output "hello ü"
    # shellcheck disable=SC2154  # set by bats
    [ "$stderr" = talk ]
}

@test "TMPDIR and HOME that do not exist" {
    run --separate-stderr env HOME=/nonexistent TMPDIR=/nonexistent "$PINSTRIPE" run-background-job hello
    expect_status 0
    expect_output "hello ü"
}

@test "umask 000 and 077" {
    run --separate-stderr bash -c 'umask 000; "$PINSTRIPE" run-background-job hello'
    expect_output "hello ü"
    run --separate-stderr bash -c 'umask 077; "$PINSTRIPE" run-background-job hello && "$PINSTRIPE" generate-service x >/dev/null && stat -c %a lib/services/x.js'
    expect_output "hello ü
600"
}

@test "closed standard streams, one by one and all" {
    run --separate-stderr bash -c '"$PINSTRIPE" run-background-job hello <&-'
    expect_status 0
    expect_output "hello ü"
    run --separate-stderr bash -c '"$PINSTRIPE" run-background-job hello >&-'
    expect_status 0
    [ "$stderr" = talk ]
    run --separate-stderr bash -c '"$PINSTRIPE" run-background-job hello 2>&-'
    expect_status 0
    expect_output "hello ü"
    run bash -c '"$PINSTRIPE" run-background-job hello <&- >&- 2>&-'
    expect_status 0
}

@test "what is printed never lands in a file that took the number of a closed stream" {
    project_with lib/background_jobs/store.js 'export default { async run(){ console.log("printed"); console.error("printed") } };'
    run bash -c '"$PINSTRIPE" run-background-job store <&- >&- 2>&-'
    expect_status 0
    run ! grep -rqs printed --include='*.db*' .
}

@test "a reader that goes away ends nothing with a crash" {
    run --separate-stderr bash -c '"$PINSTRIPE" run-background-job hello | true; echo "${PIPESTATUS[0]}"'
    [ "$output" = 0 ] || [ "$output" = 141 ]
}

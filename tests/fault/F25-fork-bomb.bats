# F25: a job in C that forks without end is stopped by the limit of processes, and all of it is killed.

load ../cli/native_helper

# The limit holds nobody who is root: then as a user that is not.
as_a_user() {
    cp "$PINSTRIPE" "$TEST_FOLDER/pinstripe"
    chmod -R a+rwX "$TEST_FOLDER"
    if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=64321 --regid=64321 --clear-groups "$@"; else "$@"; fi
}

@test "F25 a fork bomb" {
    c_job bomb '.meta = PIN_META(PIN_TIMEOUT("1s")),' 'for (;;) (void)!fork();'
    run as_a_user "$TEST_FOLDER/pinstripe" run-background-job bomb
    [ "$status" -eq 124 ]
    nobody_left() { ! pgrep pin-job -u 64321 && ! pgrep pin-native -u 64321; }
    comes nobody_left
}

@test "F25 a fork bomb of root's, who may be held to nothing, is nobody's" {
    [ "$(id -u)" -eq 0 ] || skip "only root can become another user"
    PROJECT_CONFIG='{}'
    c_job bomb '.meta = PIN_META(PIN_TIMEOUT("1s")),' 'printf("%d\n", (int)getuid()); fflush(stdout); for (;;) (void)!fork();'
    c_job fine '' 'puts("fine");'
    chmod 755 "$TEST_FOLDER" && chmod 777 .
    run_separately "$PINSTRIPE" run-background-job bomb
    expect_status 124
    [ "$output" = "$(id -u nobody)" ]
    [[ $stderr != *"root's"* ]]
    nobody_left() { ! pgrep -u nobody pin-job; }
    comes nobody_left
    run pinstripe run-background-job fine
    [ "$output" = fine ]
}

@test "F25 a bomb each of whose processes leaves for a session of its own" {
    c_job bomb '.meta = PIN_META(PIN_TIMEOUT("1s")),' 'for (;;) if (fork() == 0) setsid();'
    run as_a_user "$TEST_FOLDER/pinstripe" run-background-job bomb
    [ "$status" -eq 124 ]
    nobody_left() { ! pgrep pin-job -u 64321 && ! pgrep pin-native -u 64321; }
    comes nobody_left
}

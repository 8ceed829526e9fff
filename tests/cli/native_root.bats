# Whom a run of a job in C is, when pinstripe is root's.

load native_helper

# The limit of processes in the text of the kernel counts the processes of the user.
readonly HOLD='int n = 0; pid_t pid; while (n < 2000 && (pid = fork()) >= 0) { if (pid == 0) for (;;) pause(); n++; }
    printf("%s\n", n < 2000 ? "held" : "not held"); fflush(stdout);'

own_setup() {
    PROJECT_CONFIG='{}'
    project_with lib/migrations/1_users.js '
        export default { async migrate(){ await this.database.table("users", async users => { await users.addColumn("name", "string"); }); } };'
    pinstripe migrate-database 2>/dev/null
    c_job who '' 'printf("%d %d\n", (int)getuid(), (int)getgid()); printf("%d rows\n", (int)pin_count(pin_table(w, "users")));'
    c_job adds '' 'pin_row *u = pin_new(w, "users"); pin_set(u, "name", "x"); puts(pin_save(u) ? "saved" : "not saved");'
    c_job forks '' "$HOLD"
}

as_root_only() { [ "$(id -u)" -eq 0 ] || skip "only root can become another user"; }

# The project is anybody's: the rights of its files let nobody in.
open_project() { chmod 755 "$TEST_FOLDER" && chmod 777 . && chmod 666 development.db*; }

nobody() { printf '%s %s' "$(id -u nobody)" "$(id -g nobody)"; }

@test "where the file's rights allow it a run is nobody's, reads and writes, and is held to its processes" {
    as_root_only
    open_project
    run_separately "$PINSTRIPE" run-background-job adds
    expect_status 0
    [ "$output" = saved ]
    [ -z "$stderr" ]
    run_separately "$PINSTRIPE" run-background-job who
    expect_status 0
    [ "$output" = "$(nobody)"$'\n1 rows' ]
    [ -z "$stderr" ]
    run_separately "$PINSTRIPE" run-background-job forks
    expect_status 0
    [ "$output" = held ]
    [ -z "$stderr" ]
    c_job names '' 'FILE *f = fopen("/dev/stdout", "w"); fputs("by its name\n", f); fclose(f);'
    run pinstripe run-background-job names
    [ "$output" = 'by its name' ]
}

@test "root that may not stop another user's process keeps its runs" {
    as_root_only
    open_project
    without_kill() { setpriv --bounding-set=-kill --inh-caps=-kill "$PINSTRIPE" "$@"; }
    run_separately without_kill run-background-job who
    expect_status 0
    [ "$output" = $'0 0\n0 rows' ]
    [[ $stderr == *'root may not stop another user'*'(CAP_KILL)'* ]]
    printf "export default { native: { user: 'nobody' } };" >pinstripe.config.js
    run_separately without_kill run-background-job who
    expect_status 1
    [[ $stderr == *'(CAP_KILL), so no run can become the user "nobody"'* ]]
}

@test "where they do not it stays root's, works, and says once that nothing limits its processes" {
    as_root_only
    c_job twice '' 'pin_run_background_job(w, "adds", NULL); pin_run_background_job(w, "adds", NULL);'
    run_separately "$PINSTRIPE" run-background-job who
    expect_status 0
    [ "$output" = $'0 0\n0 rows' ]
    [[ $stderr == "pinstripe: this run is root's, so nothing limits how many processes it starts: the user \"nobody\" may not write the database $PWD/development.db. "* ]]
    run_separately "$PINSTRIPE" run-background-job twice
    expect_status 0
    [ "$output" = $'saved\nsaved' ]
    open_project
    chmod 755 .
    run_separately "$PINSTRIPE" run-background-job who
    [[ $output == '0 0'* && $stderr == *'may not write the database'* ]]
}

@test "a user that the configuration names is the one, and what it may not is told with what to do" {
    as_root_only
    printf "export default { native: { user: 'nobody' } };" >pinstripe.config.js
    run_separately "$PINSTRIPE" run-background-job who
    expect_status 1
    [ "$output" = "$(nobody)"$'\n0 rows' ]
    [[ $stderr == *"The database $PWD/development.db cannot be opened by the user \"nobody\", whom jobs in C run as: "*"(chown)"*"native: { user: 'root' }"* ]]
    open_project
    chmod 644 development.db
    run_separately "$PINSTRIPE" run-background-job adds
    expect_status 1
    [[ $stderr == *"The database $PWD/development.db cannot be written by the user \"nobody\", whom jobs in C run as: "* ]]
    open_project
    run_separately "$PINSTRIPE" run-background-job who
    expect_status 0
    [ "$output" = "$(nobody)"$'\n0 rows' ]
    printf "export default { native: { user: 'no-such-user' } };" >pinstripe.config.js
    run_separately "$PINSTRIPE" run-background-job who
    expect_status 1
    [[ $stderr == *'there is no user "no-such-user" on this machine (native.user in pinstripe.config.js)'* ]]
}

@test "user: 'root' leaves it so, without a word" {
    as_root_only
    printf "export default { native: { user: 'root' } };" >pinstripe.config.js
    run_separately "$PINSTRIPE" run-background-job who
    expect_status 0
    [ "$output" = $'0 0\n0 rows' ]
    [ -z "$stderr" ]
}

@test "it can neither come back nor signal who watches over it, and ends with it" {
    as_root_only
    open_project
    c_job tries '' 'printf("%d %d %d %d %d\n", setuid(0), seteuid(0), setgid(0), kill(getppid(), 0), (int)getpid()); fflush(stdout); for (;;) pause();'
    "$PINSTRIPE" run-background-job tries >out 2>&1 3>&- &
    program=$!
    comes grep -q -- '-1 -1 -1 -1' out
    kill -9 $program
    comes test ! -e "/proc/$(awk '{ print $5 }' out)"
    wait $program || true
}

@test "a user who is not root runs jobs as themselves, whoever is named, and is held" {
    cp "$PINSTRIPE" "$TEST_FOLDER/pinstripe"
    printf "export default { native: { user: 'no-such-user' } };" >pinstripe.config.js
    chmod -R a+rwX "$TEST_FOLDER"
    as_a_user() { if [ "$(id -u)" -eq 0 ]; then setpriv --reuid=64322 --regid=64322 --clear-groups "$@"; else "$@"; fi; }
    run as_a_user "$TEST_FOLDER/pinstripe" run-background-job forks
    [ "$output" = held ]
}

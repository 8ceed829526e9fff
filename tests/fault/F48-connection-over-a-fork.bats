# F48: a database connection is never used by another process than the one that opened it.

load ../cli/native_helper

@test "F48 a job in C that forks and uses the workspace in its child: the child ends, nothing is written" {
    project_with lib/migrations/1_users.js 'export default { async migrate(){ await this.database.table("users", async users => { await users.addColumn("name", "string"); }); } };'
    pinstripe migrate-database
    c_job forks '' '
        pin_count(pin_table(w, "users"));
        if (fork() == 0) {
            pin_row *user = pin_new(w, "users");
            pin_set(user, "name", "child");
            pin_save(user);
            _exit(0);
        }
        int status;
        waitpid(-1, &status, 0);
        printf("%d %d\n", WIFSIGNALED(status), (int)pin_count(pin_table(w, "users")));' '#include <sys/wait.h>'
    run_separately "$PINSTRIPE" run-background-job forks
    [ "$output" = '1 0' ]
    [[ $stderr == *'is used in process'* ]]
}

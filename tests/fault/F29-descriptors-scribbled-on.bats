# F29: a job in C that writes into descriptors that are not its own, or needs one that it has closed, has failed; nobody else
# notices.

load ../cli/native_helper

scribbles() {
    c_job scribbles '.meta = PIN_META(PIN_TIMEOUT("5s")),' "$1"
    c_job fine '' 'puts("fine");'
    project_with lib/background_jobs/both.js '
        export default { async run(){
            await this.runBackgroundJob("scribbles").then(() => console.log("ended"), e => console.log(e.message));
            await this.runBackgroundJob("fine");
        } };'
    run_separately "$PINSTRIPE" run-background-job both
    expect_status 0
    [[ $output == *"$2"*fine ]]
}

@test "F29 rubbish into every descriptor" { scribbles 'for (int fd = 3; fd < 64; fd++) (void)!write(fd, "rubbish, and more rubbish", 25);' 'wrote into a descriptor that is not its own'; }
@test "F29 a frame that says it is gigabytes long" { scribbles 'for (int fd = 3; fd < 64; fd++) (void)!write(fd, "\xff\xff\xff\xff\x01\x05", 6);' 'wrote into a descriptor that is not its own'; }
@test "F29 every descriptor closed, and then one is needed" { scribbles 'for (int fd = 3; fd < 64; fd++) close(fd); pin_run_background_job(w, "fine", NULL);' 'the job ended the process'; }
@test "F29 every descriptor closed, and none needed: it is a run like any other" { scribbles 'for (int fd = 3; fd < 64; fd++) close(fd);' ended; }
@test "F29 its output closed: it is a run like any other" { scribbles 'fflush(NULL); close(0); close(1); close(2); (void)!write(1, "x", 1);' ended; }

# F15: a job in C that crashes is a failed run with signal and place; the next run is not touched.

load ../cli/native_helper

@test "F15 a segfault: signal 11, the object it was in, and the next run is well" {
    c_job crash '' 'fflush(stdout); *(volatile int *)0 = 1;'
    c_job fine '' 'puts("fine");'
    project_with lib/background_jobs/both.js '
        export default { async run(){
            await this.runBackgroundJob("crash").catch(e => console.log(e.message));
            await this.runBackgroundJob("fine");
        } };'
    run_separately "$PINSTRIPE" run-background-job both
    expect_status 0
    [[ $output == *'the job was ended by signal 11 (Segmentation fault)'*fine ]]
    [[ $stderr == *'build/pinstripe/crash-'*'.so('* ]]
}

@test "F15 a write to a page that is read-only, a trap of arithmetic, a stack that overflows" {
    c_job page '' 'char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); *(volatile char *)p = 1;'
    c_job zero '' 'volatile int none = 0; printf("%d", 1 / none);'
    c_job deep '' 'printf("%d", (int)down(1));' 'static volatile int sink; static size_t down(size_t n) { volatile char room[4096]; room[0] = (char)n; sink = room[0]; return n + (sink == 1000 ? 0 : down(n + 1)) + (size_t)room[0]; }'
    run pinstripe run-background-job page
    [ "$status" -eq 1 ] && [[ $output == *'signal 11'* ]]
    run pinstripe run-background-job zero
    [ "$status" -eq 1 ] && [[ $output == *'signal 8'* ]]
    run pinstripe run-background-job deep
    [ "$status" -eq 1 ] && [[ $output == *'signal 11'* ]]
}

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
    c_job zero '' 'volatile int one = 1, none = 0; printf("%d", one / none);'
    c_job deep '' 'printf("%d", (int)down(1));' 'static volatile int sink; static size_t down(size_t n) { volatile char room[4096]; room[0] = (char)n; sink = room[0]; return n + (sink == 1000 ? 0 : down(n + 1)) + (size_t)room[0]; }'
    run pinstripe run-background-job page
    [ "$status" -eq 1 ]
    [[ $output == *'signal 11'* ]]
    run pinstripe run-background-job zero
    [ "$status" -eq 1 ]
    [[ $output == *'signal 8'* ]]
    run pinstripe run-background-job deep
    [ "$status" -eq 1 ]
    [[ $output == *'signal 11'* ]]
}

readonly PARSER='__attribute__((noinline)) static int
parse(const char *text)
{
    return text[0];
}
static int
quick(const char *text)
{
    return parse(text) + 1;
}'

@test "F15 the error tells functions and lines, those that were compiled into others, too" {
    c_job crash '' 'printf("%d", quick(NULL));' "$PARSER"
    line() { grep -n -- "$1" lib/background_jobs/crash.c | cut -d: -f1; }
    run_separately "$PINSTRIPE" run-background-job crash
    expect_status 1
    [[ $stderr == *"ended by signal 11 (Segmentation fault) in parse (lib/background_jobs/crash.c:$(line 'text\[0\]'))"* ]]
    [[ $stderr == *"    at parse (lib/background_jobs/crash.c:$(line 'text\[0\]'))"*"    at quick (lib/background_jobs/crash.c:$(line 'parse(text) + 1'))"*"    at run (lib/background_jobs/crash.c:$(line 'quick(NULL)'))"* ]]
    c_job aborts '' 'abort();'
    run_separately "$PINSTRIPE" run-background-job aborts
    [[ $stderr == *'signal 6 (Aborted) in run (lib/background_jobs/aborts.c:'* ]]
}

@test "F15 without addr2line, or with one that hangs, it tells object and offset, and goes on" {
    c_job crash '' 'printf("%d", quick(NULL));' "$PARSER"
    c_job fine '' 'puts("fine");'
    CC=$(command -v cc)
    export CC
    pinstripe run-background-job fine
    mkdir none hangs
    printf '#!/bin/sh\nexec %s 98765.15\n' "$(command -v sleep)" >hangs/addr2line && chmod +x hangs/addr2line
    project_with lib/background_jobs/both.js '
        export default { async run(){
            await this.runBackgroundJob("crash").catch(e => console.log(e.message));
            await this.runBackgroundJob("fine");
        } };'
    for tools in none hangs; do
        run_separately env PATH="$PWD/$tools" "$PINSTRIPE" run-background-job both
        expect_status 0
        [[ $output == *'signal 11 (Segmentation fault) in ./build/pinstripe/crash-'*'.so+0x'*fine ]] || { echo "$output"; return 1; }
    done
    run ! pgrep -f 'sleep [9]8765.15'
}

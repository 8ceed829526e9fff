# F17: a job in C that breaks its heap is a failed run; the next one has a whole heap.

load ../cli/native_helper

@test "F17 a double free" {
    c_job twice '' 'void *volatile p = malloc(100); free(p); free(p);' '#pragma GCC diagnostic ignored "-Wuse-after-free"'
    c_job fine '' 'free(malloc(100)); puts("fine");'
    run pinstripe run-background-job twice
    [ "$status" -eq 1 ]
    [[ $output == *'signal 6'* ]]
    run pinstripe run-background-job fine
    [ "$output" = fine ]
}

# F27: a job in C that uses all descriptors gets EMFILE; the next one has them all.

load ../cli/native_helper

@test "F27 open until EMFILE" {
    c_job opens '' 'int n = 0; while (open("/dev/null", O_RDONLY) >= 0) n++; printf("%d %s\n", n > 900 && n < 1024, strerror(errno));'
    c_job both '' 'pin_run_background_job(w, "opens", NULL); pin_run_background_job(w, "opens", NULL);'
    run pinstripe run-background-job both
    [ "$output" = $'1 Too many open files\n1 Too many open files' ]
}

# F81: an object that cannot be loaded, or is no job, is a broken job with the reason.

load ../cli/native_helper

refused() {
    run pinstripe list-background-jobs
    [ "$status" -eq 1 ]
    [[ $output == *"$1"* ]]
}

@test "F81 no object at all, one of another machine, one cut short" {
    project_with lib/background_jobs/text.so 'this is text'
    refused 'it cannot be loaded'
    rm lib/background_jobs/*
    c_job good '' ''
    pinstripe run-background-job good
    cp build/pinstripe/good-*.so lib/background_jobs/other.so && rm lib/background_jobs/good.c
    printf '\x28' | dd of=lib/background_jobs/other.so bs=1 seek=18 conv=notrunc status=none
    refused 'it cannot be loaded'
    head -c 3000 build/pinstripe/good-*.so >lib/background_jobs/other.so
    refused 'lib/background_jobs/other.so'
}

@test "F81 no definition, a missing symbol, another version, no run" {
    project_with lib/background_jobs/none.c 'int x;'
    refused 'it defines no job: it needs PIN_BACKGROUND_JOB'
    rm lib/background_jobs/*
    c_job calls '' 'nowhere();' 'void nowhere(void);'
    refused 'undefined symbol: nowhere'
    rm lib/background_jobs/*
    project_with lib/background_jobs/newer.c '#include <pinstripe/job.h>
        __attribute__((visibility("default"))) const struct pin_background_job pin_background_job = { .abi = 99 };'
    refused 'it was made for version 99 of <pinstripe/job.h>'
    rm lib/background_jobs/*
    project_with lib/background_jobs/idle.c '#include <pinstripe/job.h>
        PIN_BACKGROUND_JOB(.multi_tenant = true)'
    refused 'the background job has no .run'
}

@test "F81 a constructor that crashes or exits hurts nobody else" {
    c_job crashes '' '' '__attribute__((constructor)) static void at_load(void) { abort(); }'
    c_job exits '' '' '__attribute__((constructor)) static void at_load(void) { _exit(0); }'
    c_job fine '' 'puts("fine");'
    run pinstripe list-background-jobs
    [[ $output == *'loading it was ended by signal 6'*'loading it ended the process'* ]]
    run pinstripe run-background-job fine
    [ "$output" = fine ]
}

@test "F81 one that is setuid or setgid, or that others can write, prebuilt or compiled here" {
    c_job good '' 'puts("good");'
    run pinstripe run-background-job good
    [ "$output" = good ]
    object=$(echo build/pinstripe/good-*.so)
    cp "$object" lib/background_jobs/other.so
    local file mode
    for file in lib/background_jobs/other.so "$object"; do
        for mode in 4755 2755 6755; do
            chmod $mode "$file"
            refused "it is not loaded: ./$file is setuid or setgid"
        done
        chmod 757 "$file"
        refused "it is not loaded: others than its owner can write ./$file"
        chmod 755 "$file"
        run pinstripe list-background-jobs
        [ "$status" -eq 0 ]
    done
    run pinstripe run-background-job other
    [ "$output" = good ]
}

@test "F81 one that another group can write, or that is another user's" {
    [ "$(id -u)" -eq 0 ] || skip "only root can give files away"
    c_job good '' 'puts("good");'
    pinstripe run-background-job good
    mv build/pinstripe/good-*.so lib/background_jobs/other.so && rm lib/background_jobs/good.c
    chmod 775 lib/background_jobs/other.so
    run pinstripe run-background-job other
    [ "$output" = good ] # the group is the owner's own
    chgrp 64321 lib/background_jobs/other.so
    refused 'others than its owner can write ./lib/background_jobs/other.so'
    chmod 755 lib/background_jobs/other.so
    run pinstripe run-background-job other
    [ "$output" = good ]
    chown 64321 lib/background_jobs/other.so
    refused './lib/background_jobs/other.so belongs to the user 64321, not to root'
    chown 64321 .
    run pinstripe run-background-job other
    [ "$output" = good ]
}

@test "F81 whatever the umask is, what is compiled here can be loaded" {
    c_job good '' 'puts("good");'
    (umask 000 && pinstripe run-background-job good)
    run pinstripe run-background-job good
    [ "$output" = good ]
}

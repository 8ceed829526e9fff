# F26: what a run of a job in C started ends with the run.

load ../cli/native_helper

# Nobody else's, should this be tested twice at the same time.
readonly NAP=98765.26$$
readonly START="if (fork() == 0) { setsid(); if (fork() == 0) { execlp(\"sleep\", \"sleep\", \"$NAP\", (char *)NULL); } execlp(\"sleep\", \"sleep\", \"$NAP\", (char *)NULL); }"

none_left() { ! pgrep -f "sleep [9]${NAP#9}"; }

@test "F26 children that made sessions of their own, after a run that succeeded" {
    c_job leaves '' "$START puts(\"left\");"
    c_job looks '' "fflush(stdout); (void)!system(\"pgrep -fc 'sleep [9]${NAP#9}'\");"
    c_job both '' 'pin_run_background_job(w, "leaves", NULL); pin_run_background_job(w, "looks", NULL);'
    run pinstripe run-background-job both
    [ "$output" = $'left\n0' ]
}

@test "F26 and after one that was killed at its limit" {
    c_job hangs '.meta = PIN_META(PIN_TIMEOUT("300ms")),' "$START for (;;) pause();"
    run pinstripe run-background-job hangs
    [ "$status" -eq 124 ]
    comes none_left
}

@test "F26 and after the program itself was killed, or stopped by a person" {
    c_job hangs '' "$START puts(\"up\"); fflush(stdout); for (;;) pause();"
    some() { pgrep -f "sleep [9]${NAP#9}"; }
    for signal in KILL INT TERM; do
        "$PINSTRIPE" run-background-job hangs >/dev/null 2>&1 3>&- &
        program=$!
        comes some
        kill -$signal $program
        [ $signal = KILL ] || { comes kill -$signal $program; }
        comes none_left
        wait $program || true
    done
}

@test "F26 and after the nursery, or with it the program, was killed" {
    c_job hangs '' "$START puts(\"up\"); fflush(stdout); for (;;) pause();"
    some() { pgrep -f "sleep [9]${NAP#9}"; }
    for whom in nursery both; do
        "$PINSTRIPE" run-background-job hangs >/dev/null 2>&1 3>&- &
        program=$!
        comes some
        nursery=$(pgrep -P $program)
        if [ $whom = both ]; then kill -9 $program "$nursery"; else kill -9 "$nursery"; fi
        comes none_left
        wait $program || true
    done
}

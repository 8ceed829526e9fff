# show-run: one run, for a person, for a program, and while it goes on.

load runs_helper

@test "a failed run: facts, timeline, arguments, error with stack, resources, output" {
    project_with lib/background_jobs/twice.js 'export default { meta(){ this.retry({ limit: 1, delay: "1ms" }); }, run(){} };'
    id=$(enqueue twice a --key k)
    work threw --reason 'Error: first'
    until work threw --error '{"name":"TypeError","message":"second","stack":"    at run (twice.js:1)\n","cause":{"name":"Error","message":"deeper"}}' \
        --reason 'TypeError: second' --signal 11 | grep -q .; do :; done
    run_separately pinstripe show-run "$id"
    expect_status 0
    [ -z "$stderr" ]
    for part in "Run $id" 'job       twice' 'state     failed (threw)' 'queue     default, priority 0' 'asked by  cli' 'key       k' \
        'attempts  2 of 2' 'worker    work-runs' 'Timeline' '  made (' 'attempt 1: Error: first (' 'attempt 2 began on work-runs (' \
        'attempt 2: TypeError: second (' 'Z  failed (' '["a"]' '  TypeError: second' '    at run (twice.js:1)' 'caused by: Error: deeper' \
        'wall 1.2s, CPU 250ms, peak heap 1.4 MB, killed by signal 11'; do
        expect_in_output "$part"
    done
    [[ $output == *'attempt 1: '*'attempt 2 began'*'attempt 2: '*'failed ('* ]]
}

@test "--json: one document with everything" {
    id=$(enqueue mail x)
    printf 'one\n!two\n!three\n' | "$(dirname "$PINSTRIPE")/tests/work-runs" development.db threw --error '{"name":"E","message":"m"}' --reason why
    run_separately pinstripe show-run "$id" --json
    expect_status 0
    [ "${#lines[@]}" -eq 1 ]
    expect "$(json '$.schema') $(json '$.version') $(json '$.id')" "run 1 $id"
    expect "$(json '$.outcome') $(json '$.wallMs') $(json '$.cpuMs') $(json '$.peakHeapBytes')" 'threw 1234.567 250.0 1400000'
    expect "$(json '$.error.message')" m
    expect "$(json '$.reasons[0].reason')" why
    expect "$(json '$.output[0].stream') $(json '$.output[0].text')" 'stdout one'
    expect "$(json '$.output[1].stream') $(json '$.output[1].text')" $'stderr two\nthree'
    expect "$(json '$.output[2]')" ''
    expect "$(json '$.outputBytesDropped')" 0
    expect "$(json '$.children.failed')" 0
}

@test "output comes as it was printed, but nothing that a terminal obeys; what was not kept is told" {
    id=$(enqueue mail)
    { printf 'caf\303\251 \033[1mbold\n'; yes "$(printf '%01000d' 0)" | head -1100; } |
        "$(dirname "$PINSTRIPE")/tests/work-runs" development.db succeeded
    run_separately pinstripe show-run "$id"
    expect_in_output 'were not kept)'
    other=$(enqueue mail)
    printf 'caf\303\251 \033[1mbold\nno end' | "$(dirname "$PINSTRIPE")/tests/work-runs" development.db succeeded
    run_separately pinstripe show-run "$other"
    expect_in_output $'Output\ncaf\303\251 \\x1b[1mbold\nno end'
}

@test "an unknown id is 3, what is no id 2" {
    run_separately pinstripe show-run 01890000-0000-7000-8000-000000000000
    expect_status 3
    expect_in_errors 'there is no run 01890000-0000-7000-8000-000000000000'
    run_separately pinstripe show-run 01890000-0000-7000-8000-000000000000 --follow
    expect_status 3
    for bad in xyz '' 01890000-0000-7000-8000-0000000000000; do
        run_separately pinstripe show-run "$bad"
        expect_status 2
        expect_in_errors 'is no run'
    done
    run_separately pinstripe show-run
    expect_status 2
}

@test "--follow prints what comes, on the stream it came from, and its exit code is the run's" {
    id=$(enqueue mail)
    mkfifo printed
    "$(dirname "$PINSTRIPE")/tests/work-runs" development.db succeeded <printed >claimed &
    exec 7>printed
    comes [ -s claimed ]
    pinstripe show-run "$id" --follow >out 2>err 7>&- &
    follower=$!
    comes grep -q running err
    echo first >&7
    comes grep -q first out
    echo '!to stderr' >&7
    comes grep -q 'to stderr' err
    echo last >&7
    exec 7>&-
    wait "$follower"
    expect "$(cat out)" $'first\nlast'
    expect "$(grep -v running err)" $'to stderr\npinstripe: succeeded'
}

@test "--follow of a run that failed or was cancelled ends with 1 and its error" {
    id=$(enqueue mail)
    work threw --error '{"name":"TypeError","message":"boom","stack":"    at run (x.js:1)\n"}' >/dev/null
    run_separately pinstripe show-run "$id" --follow
    expect_status 1
    expect_in_errors 'failed: TypeError: boom'
    expect_in_errors 'at run (x.js:1)'
    other=$(enqueue mail)
    pinstripe cancel-run "$other"
    run_separately pinstripe show-run "$other" --follow
    expect_status 1
    expect_in_errors 'cancelled'
    run_separately pinstripe show-run "$id" --follow --json
    expect_status 1
    expect "$(json '$.state')" failed
    [ -z "$stderr" ]
}

# list-runs: the newest first, filtered, in pages.

load runs_helper

@test "a table for people, with a row a run" {
    enqueue mail a
    work succeeded
    enqueue clean_up
    work threw --error '{"name":"TypeError","message":"no such thing\nand more","stack":"    at x"}' --reason 'TypeError: no'
    enqueue mail
    run_separately pinstripe list-runs
    expect_status 0
    [ -z "$stderr" ]
    [ "${#lines[@]}" -eq 4 ]
    [[ ${lines[0]} =~ ^'ID '.*' JOB '.*' TENANT '.*' STATE '.*' WHEN '.*' DURATION  ERROR'$ ]]
    [[ ${lines[1]} =~ ^[0-9a-f-]{36}\ \ mail\ .*\ queued\ .*[0-9]Z$ ]]
    [[ ${lines[2]} =~ clean-up\ .*failed\ .*Z\ \ 1.2s\ .*TypeError:\ no\ such\ thing$ ]]
    [[ ${lines[3]} =~ mail\ .*\ succeeded\ .*1.2s$ ]]
}

@test "no runs: nothing on stdout, a word on stderr" {
    run_separately pinstripe list-runs
    expect_status 0
    expect_output ''
    expect_in_errors 'no runs'
}

@test "filters: job, state, text in arguments and errors, since, parent" {
    enqueue mail Needle
    work succeeded
    enqueue clean_up
    work threw --error '{"name":"Error","message":"a NEEDLE too"}'
    enqueue clean_up hay
    ids() { pinstripe list-runs --json "$@" 2>/dev/null | wc -l; }
    expect "$(ids --job CleanUp)" 2
    expect "$(ids --job clean-up --state failed)" 1
    expect "$(ids --state queued)" 1
    expect "$(ids --text needle)" 2
    expect "$(ids --since 1h)" 3
    expect "$(ids --since 2999-01-01T00:00:00Z)" 0
    expect "$(ids --since 2001-01-01T00:00:00+02:00)" 3
    expect "$(ids --parent 01890000-0000-7000-8000-000000000000)" 0
    expect "$(ids --job nothing/like_it)" 0
}

@test "pages: the limit, and where the next one begins" {
    for i in 1 2 3 4 5; do enqueue mail $i; done >ids
    run_separately pinstripe list-runs --limit 2
    [ "${#lines[@]}" -eq 3 ]
    expect_in_errors "--before $(sed -n 4p ids)"
    run_separately pinstripe list-runs --limit 2 --before "$(sed -n 4p ids)"
    [[ ${lines[1]} == "$(sed -n 3p ids)"* ]]
    [[ ${lines[2]} == "$(sed -n 2p ids)"* ]]
    expect_in_errors "--before $(sed -n 2p ids)"
    run_separately pinstripe list-runs --limit 2 --before "$(sed -n 2p ids)"
    [ "${#lines[@]}" -eq 2 ]
    [ -z "$stderr" ]
    run_separately pinstripe list-runs --limit 5
    [ -z "$stderr" ]
    run_separately pinstripe list-runs --limit 2 --json
    [ "${#lines[@]}" -eq 2 ]
    [ -z "$stderr" ]
}

@test "--json: a line a run, whatever its arguments look like" {
    enqueue mail --args $'[1,\n {"a":\t"b"}]'
    run_separately pinstripe list-runs --json
    [ "${#lines[@]}" -eq 1 ]
    expect "$(json '$.args[1].a')" b
    expect "$(json '$.state')" queued
    expect "$(json '$.createdAt')" "$(json '$.dueAt')"
    expect "$(json '$.error')" ''
    [[ $(json '$.createdAt') =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z$ ]]
}

@test "hostile text breaks no table and reaches no terminal" {
    enqueue mail $'\033[31mred\nID' >/dev/null
    work threw --error '{"name":"Bad\u001b[2J","message":"one\ttwo\u009b31m\u202e"}'
    run_separately pinstripe list-runs
    [ "${#lines[@]}" -eq 2 ]
    [[ $output != *$'\033'* ]]
    [[ $output != *$'\302\233'* ]]
    [[ $output != *$'\342\200\256'* ]]
    expect_in_output 'Bad\x1b[2J: one\x09two'
    run_separately pinstripe show-run "${lines[1]%% *}"
    [[ $output != *$'\033'* ]]
    [[ $output != *$'\302\233'* ]]
}

@test "on a terminal times are told by how long ago they were, and lines fit" {
    enqueue mail
    work threw --error "{\"name\":\"Error\",\"message\":\"$(printf '%0300d' 0)\"}"
    run bash -c "script -qec \"stty cols 100; '$PINSTRIPE' list-runs\" /dev/null | tr -d '\r'"
    [[ ${lines[1]} =~ (now|s\ ago|m\ ago) ]]
    [ "${#lines[1]}" -eq 100 ]
}

@test "bad values are usage errors that name the option" {
    while IFS='|' read -r options words; do
        eval "run_separately pinstripe list-runs $options"
        expect_status 2
        expect_in_errors "$words"
    done <<'ROWS'
--state done|--state "done": is delayed, queued
--since yesterday|--since: "yesterday" is no duration
--since 2026-01-01|--since: "2026-01-01" is no time
--limit 0|--limit "0": takes a number from 1 to 1000
--limit 1001|from 1 to 1000
--before abc|--before: "abc" is no run's id
--parent abc|--parent: "abc" is no run's id
--job ../x|--job "../x"
--tenant x|this project has no tenants
word|unexpected "word"
ROWS
}

@test "a project whose database is in memory keeps no runs" {
    project_with
    echo 'export default { database: { filename: ":memory:" } };' >pinstripe.config.js
    run_separately pinstripe list-runs
    expect_status 78
    expect_in_errors 'is in no file'
}

# runs_helper.bash - a project with a store, and what tests of runs do to it.
#
#   enqueue ARGS...          enqueues and prints the run's id
#   work RESULT OPTIONS...   takes all queued runs and ends them so (tests/tools/work-runs.c)
#   json PATH                what stands there in the document (or the first line) of $output
#   state_of ID

load helper

own_setup() {
    project_with lib/background_jobs/mail.js 'export default { run(){} };' \
        lib/background_jobs/clean_up.js 'export default { run(){} };'
    pinstripe migrate-database >/dev/null 2>&1
}

enqueue() { pinstripe enqueue-background-job "$@"; }

work() { "$(dirname "$PINSTRIPE")/tests/work-runs" development.db "$@" </dev/null; }

json() {
    # shellcheck disable=SC2154  # bats sets it
    printf '%s\n' "${output%%$'\n'*}" >"$TEST_FOLDER/document.json"
    sqlite3 :memory: "select json_extract(cast(readfile('$TEST_FOLDER/document.json') as text), '$1')"
}

sql() { sqlite3 development.db "$@"; }

state_of() {
    pinstripe show-run "$1" --json | sed 's/.*"state":"\([a-z]*\)".*/\1/'
}

expect() {
    [ "$1" = "$2" ] || { printf '%s\nnot\n%s\n' "$1" "$2"; return 1; }
}

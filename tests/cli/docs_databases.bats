# docs_databases: every example of docs/databases.md, as it stands there.
#
# A block that begins ```javascript PATH is a file of the project; ```javascript job is the inside of a job's run(), and
# the ```text block after it is what it prints.

load helper

# Writes the files, and the jobs as example_1, example_2, ... with what they print in example_1.txt, ...
take_examples() {
    mkdir -p lib/background_jobs
    awk '
        /^```javascript job$/ { n++; out = "lib/background_jobs/example_" n ".js"; job = 1; print "export default { multiTenant: false, async run(){" >out; next }
        /^```javascript / { out = $2; folder = out; if(sub(/\/[^\/]*$/, "", folder)) system("mkdir -p " folder); next }
        /^```text$/ { out = "example_" n ".txt"; printf "" >out; next }
        /^```/ { if(job) print "} };" >out; if(out) close(out); out = ""; job = 0; next }
        out { print >out }
    ' "$1"
}

@test "the examples of docs/databases.md do what it says" {
    mkdir project && cd project || return 1
    take_examples "${BATS_TEST_DIRNAME%/tests/cli}/docs/databases.md"
    run_separately pinstripe migrate-database
    expect_status 0
    local n
    for n in 1 2 3 4; do
        run_separately pinstripe run-background-job "example-$n"
        expect_output "$(cat "example_$n.txt")"
        expect_status 0
    done
    [ ! -e lib/background_jobs/example_5.js ]
}

# docs_helper.bash - the examples of a page of the documentation, as a project: load it after helper.
#
#   ```javascript PATH      a file of the project
#   ```javascript job       the inside of a job's run(); the ```text block after it is what it prints
#   ```javascript broken    the inside of a job's meta(); the ```text block after it is why the job is broken

# take_examples PAGE: writes the files; the jobs as example_1, ... with what they print in example_1.txt, ...; those that
# are broken as broken_1, ... with the reason in broken_1.txt, ...
take_examples() {
    mkdir -p lib/background_jobs
    awk '
        function begin(kind, number, text) {
            name = kind "_" number; out = "lib/background_jobs/" name ".js"; inside = 1
            print "export default { multiTenant: false, " text >out
        }
        /^```javascript job$/ { begin("example", ++jobs, "async run(){"); end = "} };"; next }
        /^```javascript broken$/ { begin("broken", ++broken, "run(){}, meta(){"); end = "} };"; next }
        /^```javascript / { out = $2; folder = out; if(sub(/\/[^\/]*$/, "", folder)) system("mkdir -p " folder); next }
        /^```text$/ && name { out = name ".txt"; printf "" >out; next }
        /^```/ { if(inside) print end >out; else if(out) name = ""; if(out) close(out); out = ""; inside = 0; next }
        out { print >out }
    ' "$1"
}

# Every job that was taken prints what the page says, and no more of them are there than `count`.
run_examples() {
    local count=$1 n
    for ((n = 1; n <= count; n++)); do
        run_separately pinstripe run-background-job "example-$n"
        expect_output "$(cat "example_$n.txt")" || { echo "in example $n"; return 1; }
        expect_status 0
    done
    [ ! -e "lib/background_jobs/example_$n.js" ]
}

# Every broken job is broken for the reason that the page says.
check_broken() {
    local count=$1 n
    run_separately pinstripe list-background-jobs
    for ((n = 1; n <= count; n++)); do
        # shellcheck disable=SC2154  # set by bats
        [[ $output == *"  * broken-$n"$'\n'"      broken: lib/background_jobs/broken_$n.js:"*([0-9])": $(cat "broken_$n.txt")"$'\n'* ]] ||
            { printf 'broken-%s is not: %s\n%s\n' "$n" "$(cat "broken_$n.txt")" "$output"; return 1; }
    done
    [ ! -e "lib/background_jobs/broken_$n.js" ]
}

# docs_views: every example of docs/views.md, as it stands there: ```javascript PATH is a file of the project, and ```text ADDRESS is
# what a client gets: the status and type, then the body.

load server_helper

take_files() {
    awk '
        /^```javascript lib/ { out = $2; folder = out; sub(/\/[^\/]*$/, "", folder); system("mkdir -p " folder); next }
        /^```text / { n++; out = "example_" n ".txt"; print $2 >out; next }
        /^```/ { if(out) close(out); out = ""; next }
        out { print >out }
    ' "$1"
}

@test "the examples of docs/views.md answer what it says" {
    project_with
    take_files "${BATS_TEST_DIRNAME%/tests/cli}/docs/views.md"
    serve
    for n in 1 2 3 4 5; do
        ask "$(head -n 1 "example_$n.txt")" >"$TEST_FOLDER/got"
        type=$(sed -n 's/^content-type: //p' <<<"$headers")
        same=$(printf '%s %s\n%s\n' "$code" "$type" "$(cat "$TEST_FOLDER/got")")
        [ "$same" = "$(tail -n +2 "example_$n.txt")" ] || { echo "$same"; echo "not:"; cat "example_$n.txt"; return 1; }
    done
    [ ! -e example_6.txt ]
    logged '"msg":"delivered"'
    logged 'Background job failed: Error: it was too risky'
}

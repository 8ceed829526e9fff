#!/usr/bin/env bash
# demo.sh - the example's jobs, run for its tenants on a database of their own in a temporary folder.
#
# PINSTRIPE: the program (default: the one that make has built). Ends with exit code 0 when every command ended as
# it should.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pinstripe=${PINSTRIPE:-$here/../../build/pinstripe}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r "$here/." "$folder"
rm -f "$folder"/*.db*
cd "$folder"
unset PINSTRIPE_ENV NODE_ENV

heading() { printf '\n\033[1m%s\033[0m\n' "$1"; }
[ -t 1 ] || heading() { printf '\n%s\n' "$1"; }

# Shows the command as a person would type it, runs it, and wants this exit code.
show() {
    local want=$1 code=0
    shift
    heading "\$ pinstripe$(printf ' %q' "$@")"
    "$pinstripe" "$@" 2>&1 || code=$?
    [ "$code" -eq "$want" ] || { echo "demo: exit code $code, not $want" >&2; exit 1; }
}

# As show, and then what --json says of each run.
show_runs() {
    local want=$1 code=0
    shift
    heading "\$ pinstripe run-background-job$(printf ' %q' "$@")"
    { "$pinstripe" run-background-job --json "$@" >runs.json; } 2>&1 || code=$?
    [ "$code" -eq "$want" ] || { echo "demo: exit code $code, not $want" >&2; exit 1; }
    awk '
        function text(key) { return match($0, "\"" key "\":\"[^\"]*\"") ? substr($0, RSTART + length(key) + 4, RLENGTH - length(key) - 5) : "" }
        function number(key) { return match($0, "\"" key "\":[0-9.]+") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) : 0 }
        /"summary":true/ { printf "  -- runs: %d, failed: %d, %.1f ms, exit code %d\n", number("runs"), number("failed"), number("wallMs"), number("exitCode"); next }
        { printf "  -- %-10s %-10s %6.2f ms  %6.1f KB\n", text("tenant") == "" ? "-" : text("tenant"), text("result"), number("wallMs"), number("peakHeapBytes") / 1024 }
    ' runs.json
}

show 0 list-background-jobs
show 0 migrate-database
show_runs 0 send-newsletter
show_runs 0 deliver-notifications
show_runs 0 deliver-notifications --tenant Acme
show_runs 0 --name send-email user@example.com 'Welcome!'
show_runs 0 maintenance
show_runs 1 risky-operation
show 3 run-background-job send-newsleter

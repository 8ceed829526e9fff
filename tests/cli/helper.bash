# helper.bash - what every bats file loads: a folder of its own for each test, and short ways to make a project.
#
#   load helper            (from another folder: load ../cli/helper)
#   project_with lib/background_jobs/x.js '...'   makes a project on first use, adds a file, and enters it
#   pinstripe ARGS...      runs the built program
#   comes COMMAND...       waits until it succeeds, for 20 s at most
#   run_separately pinstripe ARGS...   as bats' run, with $output (stdout), $errors (stderr) and $status

bats_require_minimum_version 1.5.0

setup() {
    : "${PINSTRIPE:=${BATS_TEST_DIRNAME%/tests/*}/build/pinstripe}"
    unset PINSTRIPE_ENV NODE_ENV NO_COLOR
    export TZ=UTC
    TEST_FOLDER=$(mktemp -d "${BATS_TMPDIR:-/tmp}/pinstripe-test.XXXXXX")
    cd "$TEST_FOLDER" || return 1
    if declare -F own_setup >/dev/null; then own_setup; fi
}

teardown() {
    if declare -F own_teardown >/dev/null; then own_teardown; fi
    cd /
    rm -rf "$TEST_FOLDER"
}

pinstripe() { "$PINSTRIPE" "$@"; }

# The project is $TEST_FOLDER/project; further calls add to it. Without arguments: an empty project. PROJECT_CONFIG is the
# configuration of one that brings none.
project_with() {
    mkdir -p "$TEST_FOLDER/project"
    cd "$TEST_FOLDER/project" || return 1
    [ -e pinstripe.config.js ] || printf 'export default %s;\n' "${PROJECT_CONFIG:-{\}}" >pinstripe.config.js
    while [ $# -ge 2 ]; do
        mkdir -p "$(dirname "$1")"
        printf '%s\n' "$2" >"$1"
        shift 2
    done
}

# comes COMMAND...: tries it until it succeeds.
comes() {
    local end=$((SECONDS + 20))
    until "$@" >/dev/null; do
        [ $SECONDS -lt $end ] || { echo "does not come: $*"; return 1; }
        sleep 0.02
    done
}

# Rows come as on the screen: stdout in $output, stderr in $errors.
run_separately() {
    run --separate-stderr "$@"
    # shellcheck disable=SC2034,SC2154  # bats sets stderr; tests read errors
    errors=$stderr
}

# Each says what was there instead.
expect_status() {
    # shellcheck disable=SC2154
    [ "$status" -eq "$1" ] || { printf 'exit code %s, not %s\nstdout: %s\nstderr: %s\n' "$status" "$1" "$output" "${stderr-}"; return 1; }
}
expect_output() {
    [ "$output" = "$1" ] || { printf 'stdout:\n%s\nnot:\n%s\nstderr: %s\n' "$output" "$1" "${stderr-}"; return 1; }
}
expect_in_output() {
    [[ $output == *"$1"* ]] || { printf 'not in stdout: %s\nstdout: %s\nstderr: %s\n' "$1" "$output" "${stderr-}"; return 1; }
}
expect_in_errors() {
    [[ ${stderr-} == *"$1"* ]] || { printf 'not in stderr: %s\nstderr: %s\nstdout: %s\n' "$1" "${stderr-}" "$output"; return 1; }
}

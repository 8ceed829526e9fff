#!/usr/bin/env bats
# How the REPL rewrites what is typed: the table is in repl_source.js, which imports the module from src/.

@test "declarations, classes and imports are rewritten, everything else stays, and unfinished text is known" {
    run "$(dirname "$PINSTRIPE")/tests/run-javascript" --root "${BATS_TEST_DIRNAME%/tests/*}" tests/javascript/repl_source.js
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *'1..'* ]]
    [[ $output != *'not ok'* ]]
}

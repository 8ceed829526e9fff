#!/usr/bin/env bats
# Local dates follow TZ, also in the hours around a change of the clocks.

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    cp "$BATS_TEST_DIRNAME/dates.js" "$BATS_TEST_DIRNAME/../vectors/local-dates.json" .
}

check_zone() {
    printf 'import rows from "./local-dates.json";\nimport { check, checkDate } from "./dates.js";\n' >main.js
    printf 'checkDate();\ncheck(rows["%s"]);\n' "$1" >>main.js
    TZ=$1 run "$(dirname "$PINSTRIPE")/tests/run-javascript" main.js
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *" rows" ]]
}

@test "dates in UTC" { check_zone UTC; }
@test "dates in America/New_York" { check_zone America/New_York; }
@test "dates in Europe/Paris" { check_zone Europe/Paris; }
@test "dates in Australia/Lord_Howe, whose summer is half an hour" { check_zone Australia/Lord_Howe; }
@test "dates in Asia/Kolkata" { check_zone Asia/Kolkata; }
@test "dates in Africa/Casablanca" { check_zone Africa/Casablanca; }
@test "dates in Pacific/Apia, where a day was skipped" { check_zone Pacific/Apia; }
@test "dates in America/St_Johns, which once changed a minute after midnight" { check_zone America/St_Johns; }

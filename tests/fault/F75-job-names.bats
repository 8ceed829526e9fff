#!/usr/bin/env bats
# F75 - names that try to leave the folder, or to be something else: refused at the door, by one grammar.

load ../cli/helper

readonly NAMES=('../x' /etc/passwd a/../../b . .. '' "$(printf 'x%.0s' {1..10000})" $'a\nb' %2e%2e/x '..\x' 'a//b' 'a/' '/' $'\x01' $'a\033[2J')

own_setup() {
    project_with lib/background_jobs/x.js 'export default { run(){ console.log("ran") } };'
    mkdir -p ../outside
}

@test "run-background-job refuses them and runs nothing" {
    local name
    for name in "${NAMES[@]}"; do
        run_separately pinstripe run-background-job --name "$name"
        [ "$status" -eq 2 ] || [ "$status" -eq 3 ] || { echo "exit $status for ${name:0:40}"; return 1; }
        expect_output ""
        # shellcheck disable=SC2154  # set by bats
        [ "${#stderr}" -lt 2000 ]
        [[ $stderr != *$'\033'* && $stderr != *$'\x01'* ]]
    done
}

@test "generate-background-job refuses them and makes nothing" {
    local name before after
    before=$(find .. | sort)
    for name in "${NAMES[@]}"; do
        run_separately pinstripe generate-background-job --name "$name"
        [ "$name" = %2e%2e/x ] || [ "$name" = '..\x' ] || expect_status 2
    done
    rm -rf lib/background_jobs/2e_2e
    after=$(find .. | sort)
    diff <(echo "$before") <(echo "$after")
}

@test "names that only look dangerous are ordinary text" {
    local name
    for name in con ';rm -rf' "' OR 1=1--" '<script>' '$(touch pwned)' '`touch pwned`'; do
        run_separately pinstripe run-background-job --name "$name"
        expect_status 3
        expect_in_errors "No such background job"
    done
    [ ! -e pwned ]
}

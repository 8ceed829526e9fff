#!/usr/bin/env bats
# F82 - $VAR, backticks, -x and -- as values: they arrive as they are and never reach a shell.

load ../cli/helper

own_setup() {
    project_with lib/background_jobs/echo.js 'export default { run(...args){ console.log(JSON.stringify(args)) } };'
}

@test "words arrive byte for byte" {
    run_separately pinstripe run-background-job echo '$HOME' '`touch pwned`' '$(touch pwned)' '; touch pwned' '*' '~' '' ' a  b ' 'ü' "it's" '"' '\n' '{"a":1}'
    expect_status 0
    expect_output '["$HOME","`touch pwned`","$(touch pwned)","; touch pwned","*","~",""," a  b ","ü","it'"'"'s","\"","\\n","{\"a\":1}"]'
    [ ! -e pwned ]
}

@test "after -- everything is a word" {
    run_separately pinstripe run-background-job --name echo -- -x --name --json -- -
    expect_status 0
    expect_output '["-x","--name","--json","--","-"]'
}

@test "an option's value is taken as it is" {
    run_separately pinstripe run-background-job echo --args '["$HOME","`id`"]'
    expect_output '["$HOME","`id`"]'
    run_separately pinstripe run-background-job --name -x
    expect_status 3
    run_separately pinstripe run-background-job --name --
    expect_status 2
    run_separately pinstripe run-background-job --name '$(touch pwned)'
    expect_status 3
    [ ! -e pwned ]
}

@test "a word that looks like an option is refused with what to do" {
    run_separately pinstripe run-background-job echo -x
    expect_status 2
    expect_in_errors '"--"'
    expect_output ""
}

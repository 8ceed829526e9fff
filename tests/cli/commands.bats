#!/usr/bin/env bats
# commands.bats - finding a command, help, the version, exit codes of a wrong command line.

load helper

@test "no command lists the commands, and so does list-commands in any spelling" {
    run pinstripe
    expect_status 0
    expect_in_output "The following commands are available:"
    expect_in_output "  * generate-background-job"
    expect_in_output "  pinstripe COMMAND_NAME --help"
    local plain=$output spelling
    for spelling in list-commands listCommands list_commands "list commands" ListCommands; do
        run pinstripe "$spelling"
        expect_output "$plain"
    done
}

@test "every command that is listed has help with a usage line" {
    local name
    for name in $(pinstripe list-commands | sed -n 's/^  \* //p'); do
        run pinstripe "$name" --help
        expect_status 0
        expect_in_output "$name - "
        expect_in_output "Usage: pinstripe $name"
        local long=$output
        run pinstripe help "$name"
        expect_output "$long"
        run pinstripe "$name" -h
        expect_output "$long"
    done
}

@test "help shows all commands, --help too" {
    run pinstripe help
    expect_status 0
    expect_in_output "list-commands"
    local plain=$output
    run pinstripe --help
    expect_output "$plain"
}

@test "help exit-codes shows the table" {
    run pinstripe help exit-codes
    local code
    for code in 0 1 2 3 4 69 75 77 78 124 130 143; do
        [[ $output =~ (^|[[:space:]])"$code  " ]] || { echo "no $code in: $output"; return 1; }
    done
}

@test "--version shows version and build" {
    run pinstripe --version
    expect_status 0
    [[ $output =~ ^pinstripe\ [0-9]+\.[0-9]+\.[0-9]+\ \([0-9a-z]+\)$ ]]
}

@test "an unknown command is exit 2 with a suggestion on stderr" {
    run_separately pinstripe list-comands
    expect_status 2
    expect_output ""
    expect_in_errors 'No such command "list-comands" exists. Did you mean "list-commands"?'
    run_separately pinstripe nope
    expect_status 2
    expect_in_errors 'No such command "nope" exists.'
    run_separately pinstripe help nope
    expect_status 2
}

@test "an unknown option is exit 2 with a suggestion" {
    run_separately pinstripe list-commands --hlep
    expect_status 2
    expect_in_errors 'unknown option "--hlep"; did you mean --help?'
    run_separately pinstripe --qiet list-commands
    expect_status 2
    run_separately pinstripe list-commands -Z
    expect_status 2
}

@test "too many words are exit 2 with the usage" {
    run_separately pinstripe list-commands surplus
    expect_status 2
    expect_in_errors 'unexpected "surplus"'
    expect_in_errors "usage: pinstripe list-commands"
}

@test "outside a project a command that needs one is exit 3 and says what to do" {
    run_separately pinstripe generate-service x
    expect_status 3
    expect_in_errors "no project in"
    expect_in_errors "generate-project"
}

@test "a project is found upward, or named with --project" {
    project_with lib/keep/x ''
    cd lib/keep
    run pinstripe generate-service upward
    expect_status 0
    [ -e ../services/upward.js ]
    cd "$TEST_FOLDER"
    run pinstripe --project project generate-service named
    expect_status 0
    run pinstripe generate-service after --project project
    expect_status 0
    [ -e project/lib/services/named.js ]
    [ -e project/lib/services/after.js ]
    run_separately pinstripe generate-service x --project nowhere
    expect_status 3
    run_separately pinstripe generate-service x --project /
    expect_status 3
}

@test "colour: never in a pipe, always when asked, never with --color=never" {
    run pinstripe list-commands
    [[ $output != *$'\033'* ]]
    run pinstripe list-commands --color=always
    [[ $output == *$'\033['* ]]
    run env NO_COLOR=1 TERM=xterm script -qec "'$PINSTRIPE' list-commands" /dev/null
    [[ $output != *$'\033['* ]]
    run env TERM=xterm script -qec "'$PINSTRIPE' list-commands" /dev/null
    [[ $output == *$'\033['* ]]
    run env TERM=dumb script -qec "'$PINSTRIPE' list-commands" /dev/null
    [[ $output != *$'\033['* ]]
    run_separately pinstripe list-commands --color=perhaps
    expect_status 2
}

@test "what cannot be written is a failure" {
    run bash -c '"$PINSTRIPE" list-commands >/dev/full'
    expect_status 1
    expect_in_output "cannot write the result"
}

@test "docs/commands.md describes every command and every exit code" {
    local docs=$BATS_TEST_DIRNAME/../../docs/commands.md name code
    for name in $(pinstripe list-commands | sed -n 's/^  \* //p'); do
        grep -q "^## .*$name" "$docs" || { echo "docs/commands.md has no heading for $name"; return 1; }
    done
    for code in $(pinstripe help exit-codes | awk '$1 ~ /^[0-9]+$/ { print $1 }'); do
        grep -qE "^\| ([0-9]+, )?$code(, [0-9]+)? \|" "$docs" || { echo "docs/commands.md has no exit code $code"; return 1; }
    done
}

@test "every option that help shows is in docs/commands.md" {
    local docs=$BATS_TEST_DIRNAME/../../docs/commands.md name option
    for name in $(pinstripe list-commands | sed -n 's/^  \* //p'); do
        for option in $(pinstripe help "$name" | grep -oE '^  --[a-z-]+'); do
            [ "$option" = --topic ] || grep -qF -- "$option" "$docs" || { echo "$name: $option"; return 1; }
        done
    done
}

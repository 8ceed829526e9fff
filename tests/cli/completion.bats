#!/usr/bin/env bats
# completion.bats - what a shell offers for pinstripe's command lines: bash is asked by calling its function as bash would,
# fish with `complete -C`, zsh with stand-ins for its helpers. A shell that is not installed is skipped.

load helper

own_setup() {
    mkdir bin && ln -s "$PINSTRIPE" bin/pinstripe
    PATH=$PWD/bin:$PATH
}

# offers SHELL LINE: the words offered at the end of LINE, one a line.
offers() { "offers_$1" "$2"; }

offers_bash() {
    # shellcheck disable=SC2016
    bash --norc -c '
        eval "$(pinstripe completion bash)"
        read -ra COMP_WORDS <<<"${1//=/ = }"
        [[ $1 != *" " && $1 != *= ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _pinstripe
        printf "%s\n" "${COMPREPLY[@]}"' _ "$1"
}

offers_fish() {
    # shellcheck disable=SC2016
    fish --no-config -c 'pinstripe completion fish | source; complete -C $argv[1]' "$1" | cut -f1 | sed 's/^--[a-z-]*=//'
}

each_shell() {
    local shell ran=0
    for shell in bash fish; do
        command -v "$shell" >/dev/null || continue
        run offers "$shell" "$1"
        "${@:2}" || { echo "in $shell"; return 1; }
        ran=$((ran + 1))
    done
    [ "$ran" -gt 0 ]
}

@test "commands are offered" {
    each_shell "pinstripe list-" expect_output "list-background-jobs
list-commands
list-runs
list-schedules"
    each_shell "pinstripe help comp" expect_output completion
    each_shell "pinstripe completion " eval '[ "$(sort <<<"$output" | xargs)" = "bash fish zsh" ]'
}

@test "a command's options are offered, those of every command too" {
    each_shell "pinstripe run-background-job --t" expect_output "--tenant
--timeout"
    each_shell "pinstripe run-background-job --proj" expect_output "--project"
    each_shell "pinstripe run-background-job hello --ten" expect_output "--tenant"
    each_shell "pinstripe --ver" eval '[ "$(sort <<<"$output" | xargs)" = "--verbose --version" ]'
}

@test "the project's jobs are offered where a job is meant" {
    project_with lib/background_jobs/admin/clean_up.js 'export default { run(){} };' lib/background_jobs/send_mail.js 'broken {'
    local line
    for line in "run-background-job " "enqueue-background-job " "run-background-job --name " "list-runs --job " "list-runs -j " \
        "pause-schedule " "explain-schedule " "next-runs " "run-background-job --quiet "; do
        each_shell "pinstripe $line" expect_output "admin/clean-up
send-mail"
    done
    each_shell "pinstripe run-background-job s" expect_output send-mail
    run pinstripe completion jobs
    expect_output "admin/clean-up
send-mail"
    cd lib && run pinstripe completion jobs
    expect_output "admin/clean-up
send-mail"
}

@test "values from a list and folders are offered" {
    mkdir -p one/two
    each_shell "pinstripe list-runs --state su" expect_output succeeded
    each_shell "pinstripe list-runs --state=su" expect_output succeeded
    each_shell "pinstripe start-bot --log-format " eval '[ "$(sort <<<"$output" | xargs)" = "json text" ]'
    each_shell "pinstripe list-runs --project on" eval '[ "${output%/}" = one ]'
}

@test "bash: after a job there is nothing to offer, and a value of no known kind is left to the user" {
    project_with lib/background_jobs/send_mail.js 'export default { run(){} };'
    local line
    for line in "run-background-job send-mail " "run-background-job --tenant " "run-background-job --args x send-mail " "show-run "; do
        run offers bash "pinstripe $line"
        expect_output ""
    done
    run offers bash "pinstripe --project . --color=never run-background-job --args x "
    expect_output send-mail
}

@test "every script names every command, option and value" {
    local shell name option script
    for shell in bash zsh fish; do
        script=$(pinstripe completion "$shell")
        for name in $(pinstripe list-commands | sed -n 's/^  \* //p'); do
            [[ $script == *"$name"* ]] || { echo "$shell: no $name"; return 1; }
            for option in $(pinstripe help "$name" | sed -nE 's/^  --([a-z-]+).*/\1/p'); do
                [[ $script == *"-$option"* || $script == *"-l $option "* ]] || { echo "$shell: no --$option of $name"; return 1; }
            done
        done
    done
}

@test "the scripts are right for their shells" {
    bash -n <(pinstripe completion bash)
    if command -v fish >/dev/null; then fish --no-config -n <(pinstripe completion fish); fi
    command -v zsh >/dev/null || skip "zsh is not installed"
    pinstripe completion zsh >_pinstripe
    zsh -fn _pinstripe
    # shellcheck disable=SC2016
    run zsh -fc 'compdef() { }
        _arguments() { print -rl -- "$@"; state=words; shift words 2>/dev/null; words=(run-background-job "") }
        words=(pinstripe run-background-job "")
        source ./_pinstripe
        _pinstripe'
    expect_in_output '1:command:_pinstripe_commands'
    expect_in_output '--name=[the job to run, in any spelling of its name]:NAME:_pinstripe_jobs'
    expect_in_output '1:name:_pinstripe_jobs'
}

@test "another shell, and none, are exit 2" {
    run_separately pinstripe completion tcsh
    expect_status 2
    expect_in_errors 'no completion for the shell "tcsh": there are bash, zsh and fish'
    run_separately pinstripe completion
    expect_status 2
    expect_in_errors "pinstripe completion bash"
    run_separately pinstripe completion jobs
    expect_status 3
}

#!/usr/bin/env bats
# manual.bats - manual pages and completions, as tools/install-help installs them.

load helper

own_setup() {
    "${BATS_TEST_DIRNAME%/tests/cli}/tools/install-help" "$PINSTRIPE" "$TEST_FOLDER/prefix"
    pages=$TEST_FOLDER/prefix/share/man/man1
}

commands() { pinstripe list-commands | sed -n 's/^  \* //p'; }

@test "every command has a page with its options and every exit code" {
    local name option code page
    [ "$(find "$pages" -type f | wc -l)" -eq $(($(commands | wc -l) + 1)) ]
    for name in $(commands); do
        page=$(sed 's/\\-/-/g' "$pages/pinstripe-$name.1")
        [[ $page == ".TH PINSTRIPE-${name^^} 1 "* ]] || { echo "$page"; return 1; }
        [[ $page == *"pinstripe-$name"*"SH SYNOPSIS"*"pinstripe $name"*"SH DESCRIPTION"*"SH OPTIONS"*"SH EXIT STATUS"*"SH SEE ALSO"* ]]
        for option in $(pinstripe help "$name" | sed -nE 's/^  (--[a-z-]+).*/\1/p'); do
            [[ $page == *"\\fB$option\\fR"* ]] || { echo "$name: no $option"; return 1; }
        done
        for code in 0 1 2 3 4 69 75 77 78 124 130 143; do
            [[ $page == *$'.TP\n'".B $code"$'\n'* ]] || { echo "$name: no exit code $code"; return 1; }
        done
    done
    page=$(sed 's/\\-/-/g' "$pages/pinstripe.1")
    for name in $(commands); do
        [[ $page == *"\\fBpinstripe-$name\\fR(1)"* ]]
    done
}

@test "what help says of a command is in its page" {
    local name words page
    for name in $(commands); do
        words=$(pinstripe help "$name" | sed '1,/^Usage/d; /^Options:/,$d; /^Global options:/,$d' | tr -d ' \n')
        page=$(sed -n '/^.SH DESCRIPTION/,/^.SH OPTIONS/p' "$pages/pinstripe-$name.1" | sed '1d;$d' | grep -vE '^\.(PP|nf|fi)$' |
            sed -E 's/^\\&//; s/\\-/-/g; s/\\\(aq/'\''/g; s/\\e/\\/g' | tr -d ' \n')
        [ -z "$words" ] || [ "$words" = "$page" ] || { printf '%s\n%s\n' "$words" "$page"; return 1; }
    done
}

@test "formatters take the pages without a warning" {
    command -v groff >/dev/null || skip "groff is not installed"
    local page
    for page in "$pages"/*.1; do
        run groff -man -ww -Tascii -z "$page"
        expect_status 0
        expect_output ""
    done
    groff -man -Tascii -P-cbou "$pages/pinstripe-run-background-job.1" | grep -q 'pinstripe run-background-job NAME \[ARG...\] \[OPTION...\]'
}

@test "help --man: an unknown command is exit 2" {
    run_separately pinstripe help --man nope
    expect_status 2
    expect_output ""
    run_separately pinstripe help --man list_runs
    expect_status 0
    [[ $output == ".TH PINSTRIPE\\-LIST\\-RUNS 1 "* ]]
}

@test "completions are installed where shells look" {
    local share=$TEST_FOLDER/prefix/share
    diff "$share/bash-completion/completions/pinstripe" <(pinstripe completion bash)
    diff "$share/zsh/site-functions/_pinstripe" <(pinstripe completion zsh)
    diff "$share/fish/vendor_completions.d/pinstripe.fish" <(pinstripe completion fish)
}

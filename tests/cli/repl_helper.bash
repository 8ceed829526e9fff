# repl_helper.bash - the REPL through a pipe and through a pseudo-terminal (tmux).
#
#   repl LINE...         pipes the lines in; $output, $errors and $status as run_separately gives them
#   open_terminal        pinstripe repl in a terminal of its own, at its first prompt; MORE arguments are options
#   close_terminal       ends it, and waits until it is gone
#   type_in TEXT         types it, with Enter
#   press KEY...         as tmux names them: C-c, Tab, Up
#   screen               all that the terminal has shown
#   sees TEXT [TIMES]    waits until the screen has the text (so often)
#   at_prompt            waits until the last line is an empty prompt

load helper

own_setup() {
    export HOME=$TEST_FOLDER/home
    unset XDG_STATE_HOME PINSTRIPE_HISTORY
    mkdir -p "$HOME"
    if declare -F repl_setup >/dev/null; then repl_setup; fi
}

# The program hears of it, and may still be writing what ran: its folder is not removed before it is gone.
own_teardown() { close_terminal; }

close_terminal() {
    tmux -S "$TEST_FOLDER/tmux" kill-server 2>/dev/null || return 0
    until_true has_left
}

has_left() { ! pgrep -f -- "$TEST_FOLDER/project" >/dev/null; }

repl() {
    printf '%s\n' "$@" >"$TEST_FOLDER/lines"
    run_separately pinstripe repl <"$TEST_FOLDER/lines"
}

# The program is wrapped in a shell that Ctrl-C does not end, so that its exit code can be seen.
open_terminal() {
    TERM=xterm env -u TMUX tmux -S "$TEST_FOLDER/tmux" -f /dev/null new-session -d -x 120 -y 50 \
        "bash -c 'trap : INT; \"$PINSTRIPE\" --project \"$TEST_FOLDER/project\" repl $*; echo \"left with \$?\"; while :; do read -r; done'"
    tmux -S "$TEST_FOLDER/tmux" set-option -g history-limit 5000
    at_prompt
}

type_in() {
    tmux -S "$TEST_FOLDER/tmux" send-keys -l -- "$1"
    tmux -S "$TEST_FOLDER/tmux" send-keys Enter
}

press() {
    tmux -S "$TEST_FOLDER/tmux" send-keys "$@"
}

screen() {
    tmux -S "$TEST_FOLDER/tmux" capture-pane -p -S - -J
}

# The deadline is far: only a failure waits for it.
until_true() {
    local deadline=$((SECONDS + 20))
    until "$@"; do
        [ "$SECONDS" -lt "$deadline" ] || break
        sleep 0.05
    done
    "$@" && return 0
    printf 'in vain: %s\nscreen:\n%s\n' "$*" "$(screen)"
    return 1
}

shows() { [ "$(screen | grep -c -F -- "$1")" -ge "${2:-1}" ]; }
sees() { until_true shows "$@"; }
is_at_prompt() { [[ $(screen | grep -v '^ *$' | tail -1) =~ ^pinstripe\ (\(.*\)\ )?\>\ *$ ]]; }
at_prompt() { until_true is_at_prompt; }

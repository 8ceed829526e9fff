# repl at a terminal: prompt, Ctrl-C, Ctrl-D, history, completion.

load repl_helper

repl_setup() {
    command -v tmux >/dev/null || skip 'tmux is not installed'
    project_with pinstripe.config.js 'export default { multiTenant: true };' \
        lib/background_jobs/send_newsletter.js 'export default { async run(){ console.log("newsletter of", (await this.database.tenant).name); } };' \
        lib/background_jobs/endless.js 'export default { multiTenant: false, async run(){ console.log("endless began"); for(;;) await new Promise(resolve => setTimeout(resolve, 10)); } };' \
        lib/migrations/1_users.js '
        export default { async migrate(){
            await this.database.table("users", async users => { await users.addColumn("name", "string"); await users.addColumn("email", "string"); });
            for(const name of ["alpha", "beta"]) await this.database.tenants.insert({ name });
        } };'
    pinstripe migrate-database >/dev/null 2>&1
}

@test "the prompt, values in colour, lines that go on, Ctrl-D" {
    open_terminal
    type_in '20 + 1'
    sees 21
    type_in '"a" + `'
    sees '... '
    type_in '`'
    sees "'a\\n'"
    at_prompt
    tmux -S "$TEST_FOLDER/tmux" capture-pane -p -e | grep -q $'\e\\[33m21'
    press C-d
    sees 'left with 0'
}

@test "the page's example, as it stands there" {
    echo 'export default {};' >pinstripe.config.js
    echo 'export default { run(){ console.log("Newsletter job completed successfully"); } };' >lib/background_jobs/send_newsletter.js
    echo 'export default { run(){ console.log("Maintenance job executed"); } };' >lib/background_jobs/maintenance.js
    open_terminal
    type_in "await runBackgroundJob('send-newsletter')"
    sees 'Newsletter job completed successfully'
    at_prompt
    type_in "await runBackgroundJob('maintenance')"
    sees 'Maintenance job executed'
    at_prompt
    diff -u - <(screen | grep -v '^ *$' | sed 's/ *$//') <<'END'
pinstripe > await runBackgroundJob('send-newsletter')
Newsletter job completed successfully
pinstripe > await runBackgroundJob('maintenance')
Maintenance job executed
pinstripe >
END
}

@test "NO_COLOR is honoured" {
    export NO_COLOR=1
    open_terminal
    type_in '20 + 1'
    sees 21
    run ! grep $'\e\\[33m21' <(tmux -S "$TEST_FOLDER/tmux" capture-pane -p -e)
}

@test "output of a run for tenants shows whose it is" {
    open_terminal
    type_in "await runBackgroundJob('send-newsletter')"
    sees '[alpha] newsletter of alpha'
    sees '[beta] newsletter of beta'
}

@test "Ctrl-C stops what computes, and what waits; variables stay" {
    open_terminal
    type_in 'const keep = 41'
    local endless n=0
    for endless in 'for(;;){}' 'for(;;) await null' 'await new Promise(() => {})' '(async () => { for(;;) try { for(;;){} } catch {} })()' \
        'await Workspace.run(async function(){ await this.database.transaction(async () => { await this.database.tenants.count(); for(;;){} }) })' \
        'for(;;) await new Promise(resolve => setTimeout(resolve, 1))' 'await database.transaction(() => new Promise(() => {}))' '/(a+)+$/.test("a".repeat(50) + "b")'; do
        type_in "console.log('begun', ++keep - $n); $endless"
        n=$((n + 1))
        sees 'begun 42' "$n"
        press C-c
        sees 'Stopped.' "$n"
        at_prompt
    done
    type_in 'await database.transaction(async () => "locks are free")'
    sees "'locks are free'"
    type_in 'keep + 1000'
    sees $((1041 + n))
}

@test "Ctrl-C stops the job that is waited for" {
    open_terminal
    type_in "await runBackgroundJob('endless')"
    sees 'endless began'
    press C-c
    sees 'Stopped.'
    shows_cancelled() { type_in .runs; at_prompt && shows cancelled; }
    until_true shows_cancelled
}

@test "what does not stop is ended with its process, and the session goes on" {
    open_terminal
    type_in 'console.log("begun"); new Array(4294967295).toString()'
    sees 'begun' 2
    press C-c
    sees 'It did not stop, so its process was ended.'
    type_in '40 + 2'
    sees 42
}

@test "a crash of the session's process is told, and the session goes on" {
    open_terminal
    type_in '20 + 1'
    sees 21
    local pid
    for pid in $(pgrep -f -- "--nursery $TEST_FOLDER/project"); do
        [ "$(cat "/proc/$pid/comm")" != pin-worker ] || kill -KILL "$pid"
    done
    sees 'The process of this session ended: the worker was killed by signal 9 (Killed).'
    type_in '40 + 2'
    sees 42
}

@test "Ctrl-C at the prompt drops the line, twice at an empty one leaves" {
    open_terminal
    type_in 'console.log('
    sees '... '
    press C-c
    at_prompt
    type_in '20 + 1'
    sees 21
    at_prompt
    press C-c
    sees 'To exit, press Ctrl+C again'
    at_prompt
    press C-c
    sees 'left with 0'
}

@test "history goes on in the next session, in a file for its owner alone" {
    open_terminal
    type_in '20 + 1'
    sees 21
    press C-d
    sees 'left with 0'
    [ "$(stat -c %a "$HOME/.local/state/pinstripe/history")" = 600 ]
    close_terminal
    open_terminal
    press Up Enter
    sees 21
}

@test "completion of services, tables, columns, members and jobs" {
    open_terminal
    press -l 'datab'
    press Tab
    press -l '.us'
    press Tab
    press -l '.whe'
    press Tab
    press -l '({ ema'
    press Tab
    sees 'database.users.where({ email'
    press C-c
    at_prompt
    press -l "await runBackgroundJob('se"
    press Tab
    sees "runBackgroundJob('send-newsletter"
    press C-c
    at_prompt
    press -l '.te'
    press Tab
    press -l ' al'
    press Tab
    sees '.tenant alpha'
    press Enter
    sees 'pinstripe (alpha) > '
    press -l 'database.'
    press Tab
    sees withoutTenantScope
}

@test "what is printed while a line is typed stands above it" {
    open_terminal
    type_in 'setTimeout(() => console.log("from", "behind"), 300); 0'
    press -l '"typed"'
    sees 'from behind'
    sees 'pinstripe > "typed"'
    press Enter
    sees "'typed'"
}

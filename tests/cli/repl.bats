# repl, with lines from a pipe: evaluated in order, without a prompt.

load repl_helper

repl_setup() {
    project_with pinstripe.config.js 'export default {};' \
        lib/background_jobs/hello.js 'export default { run(...args){ console.log("hello", ...args); } };' \
        lib/background_jobs/fails.js 'export default {
            run(){
                throw new TypeError("no luck");
            }
        };' \
        lib/helper.js 'export const twice = n => 2 * n; export default "the default";'
}

@test "values are printed as inspect shows them, undefined prints nothing" {
    repl '1 + 1' 'undefined' '({ a: [1, { b: { c: { d: 1 } } }] })' '"text"' 'null' '{ a: 1 }' '// nothing' '' 'void 0'
    expect_output "2
{ a: [ 1, { b: [Object] } ] }
'text'
null
{ a: 1 }"
    expect_status 0
}

@test "start-repl is the same command" {
    run_separately pinstripe start-repl <<<'6 * 7'
    expect_output 42
    expect_status 0
}

@test "const, let, class and function persist and may be declared again; _ is the last value" {
    repl 'const x = 1' 'const x = 2' 'x' 'let { a, ...rest } = { a: 1, b: 2 }' 'rest' 'class A { n(){ return 1 } }' 'class A { n(){ return 2 } }' \
        'new A().n()' 'function f(){ return 3 }' 'function f(){ return 4 }' 'f()' '_ * 2' 'undefined' '_'
    expect_output "2
{ b: 2 }
2
4
8
8"
    expect_status 0
}

@test "input goes on over several lines until it is whole" {
    repl 'const object = {' '  a: `x' '${ 1 + 1 }`,' '}' 'object' '[1, 2]' '.map(n => {' 'return n * 2 })' 'if (true)' '  "yes"' '/* a' 'comment */ 5'
    expect_output "{ a: 'x\\n2' }
[ 1, 2 ]
'yes'
5"
    expect_in_errors 'There is no command .map'
}

@test "input that never becomes whole is a syntax error at its end" {
    repl '1' 'f('
    expect_output 1
    expect_in_errors 'Uncaught SyntaxError'
    expect_status 1
}

@test "await works at the top level, and a promise is awaited" {
    repl 'await new Promise(resolve => setTimeout(resolve, 5, "late"))' 'Promise.resolve(1)' 'const n = await 5' 'n' \
        'for await (const v of [1, Promise.resolve(2)]) console.log(v)'
    expect_output "'late'
1
5
1
2"
    expect_status 0
}

@test "import works, of pinstripe and of the project's files" {
    repl "import { twice } from './lib/helper.js'" 'twice(4)' "import text, * as all from './lib/helper.js'" 'text' 'Object.keys(all)' \
        "import { Workspace, BackgroundJob as Job } from 'pinstripe'" 'Job.names' "(await import('./lib/helper.js')).twice(1)"
    expect_output "8
'the default'
[ 'default', 'twice' ]
[ 'fails', 'hello' ]
2"
    expect_status 0
    repl "import { thrice } from './lib/helper.js'" "import './lib/nothing.js'" "import '/etc/passwd'" "import 'fs'"
    expect_in_errors "The module './lib/helper.js' has no export named 'thrice'; it has default, twice."
    expect_in_errors 'lib/nothing.js'
    expect_in_errors 'absolute paths are not imported'
    expect_in_errors 'packages are not imported'
    expect_status 1
}

@test "every service is a global, the project's own too; assigning replaces one" {
    project_with lib/services/greeter.js 'export default { create(){ return name => `hello ${name}`; } };'
    repl 'greeter("you")' 'typeof runBackgroundJob + typeof enqueueBackgroundJob + typeof database + typeof config' 'environment' 'bot' \
        'const environment = 5' 'environment' 'run'
    expect_output "'hello you'
'functionfunctionobjectobject'
'development'
Bot {}
5"
    expect_status 0
}

@test "a job runs, what it prints appears in its place, and it is recorded as run from the REPL" {
    pinstripe migrate-database >/dev/null 2>&1
    repl 'console.log("before")' 'await runBackgroundJob("hello", 1, { a: 2 })' 'runBackgroundJob("Hello")' 'console.log("after")'
    expect_output 'before
hello 1 { a: 2 }
hello
after'
    expect_status 0
    pinstripe list-runs --json >"$TEST_FOLDER/runs"
    [ "$(grep -c '"trigger":"repl"' "$TEST_FOLDER/runs")" = 2 ] || { cat "$TEST_FOLDER/runs"; return 1; }
    run ! grep -v '"parent":null' "$TEST_FOLDER/runs"
}

@test "a queued run comes from the REPL too" {
    pinstripe migrate-database >/dev/null 2>&1
    repl '(await enqueueBackgroundJob("hello", "queued")).length' 'await database.transaction(() => enqueueBackgroundJob("hello")).then(() => 1)'
    expect_output '36
1'
    run_separately pinstripe list-runs --json
    expect_in_output '"trigger":"repl"'
    expect_in_output '"state":"queued"'
}

@test "an error has the job's file and line, does not end the session, and makes the exit code 1" {
    repl 'await runBackgroundJob("fails")' '"goes on"' 'await runBackgroundJob("nope")' 'throw 5' 'a b c'
    expect_output "'goes on'"
    expect_in_errors 'Uncaught TypeError: no luck'
    expect_in_errors 'lib/background_jobs/fails.js:3'
    expect_in_errors 'Uncaught Error: No such background job "nope" exists.'
    expect_in_errors 'Uncaught 5'
    expect_in_errors 'Uncaught SyntaxError'
    [[ $errors != *pinstripe:* ]]
    expect_status 1
}

@test "what a terminal would obey is made visible" {
    repl 'throw new Error("a\x1b[2Jb\x9bc")' '"\x1b[2J"' 'new Error("\x07")'
    expect_in_errors 'Uncaught Error: a\x1b[2Jb\x9bc'
    expect_in_output "'\x1B[2J'"
    expect_in_output 'Error: \x07'
}

@test "what nobody awaited and fails later is told, and fails the script" {
    repl 'Promise.reject(new Error("lost")); 1' 'setTimeout(() => { throw new Error("late") }, 1); 2' 'await new Promise(resolve => setTimeout(resolve, 20))' '3'
    expect_output '1
2
3'
    expect_in_errors 'Uncaught Error: lost'
    expect_in_errors 'Uncaught Error: late'
    expect_status 1
}

@test "a run that was begun and not awaited is waited for at the end" {
    repl 'const promise = runBackgroundJob("hello", "at the end")'
    expect_output 'hello at the end'
    expect_status 0
    repl 'const promise = runBackgroundJob("fails")'
    expect_in_errors 'lib/background_jobs/fails.js:3'
    expect_status 1
}

@test "hooks of the session's workspace run at the end, and what they throw is told" {
    repl 'workspace.context.mine = { destroy(){ console.log("destroyed") } }; 1' 'setInterval(() => {}, 1000); 2'
    expect_output '1
2
destroyed'
    expect_status 0
    repl 'workspace.context.mine = { destroy(){ throw new Error("cannot let go") } }; 1'
    expect_in_errors 'The session did not end well: cannot let go'
    expect_status 1
}

@test "a line that is too large is refused" {
    head -c 9000000 /dev/zero | tr '\0' 1 >"$TEST_FOLDER/lines"
    run_separately pinstripe repl <"$TEST_FOLDER/lines"
    expect_in_errors 'A line of the input is larger than'
    expect_status 1
}

@test "a query shows its SQL and its first rows, a row its columns" {
    project_with lib/migrations/1_things.js '
        export default { async migrate(){
            await this.database.table("things", async things => { await things.addColumn("name", "string"); });
            for(let i = 1; i <= 12; i++) await this.database.things.insert({ name: `thing ${i}` });
        } };'
    pinstripe migrate-database >/dev/null 2>&1
    repl 'database.things' 'database.things.where({ name: "thing 3" })'
    expect_in_output 'select "things"."_id", "things"."id", "things"."name" from "things" order by "things"."_id"'
    expect_in_output "name: 'thing 10'"
    expect_in_output '... more rows'
    [[ $output != *"'thing 11'"* ]]
    expect_in_output "where \"things\".\"name\" = ? order by \"things\".\"_id\" [ 'thing 3' ]"
    repl 'database' 'const { name } = await database.things.first()' 'name' 'await database.things.count()' 'database.things.where({ name: "none" })'
    expect_in_output 'database { things }'
    expect_in_output "'thing 1'
12
select"
    expect_in_output '
[]'
    expect_status 0
}

@test "a transaction that is stopped by an error is rolled back, and the session goes on" {
    project_with lib/migrations/1_things.js '
        export default { async migrate(){ await this.database.table("things", async things => { await things.addColumn("name", "string"); }); } };'
    pinstripe migrate-database >/dev/null 2>&1
    repl 'await database.transaction(async () => { await database.things.insert({ name: "a" }); throw new Error("back") })' 'await database.things.count()' \
        'await database.transaction(async () => { await database.things.insert({ name: "b" }) })' 'await database.things.count()'
    expect_output '0
1'
    expect_status 1
}

@test "a transaction that lasts too long is rolled back, whether it computes or waits, and the next line can have one" {
    project_with pinstripe.config.js 'export default { database: { transactionLimit: "200ms" } };' lib/migrations/1_things.js '
        export default { async migrate(){ await this.database.table("things", async things => { await things.addColumn("name", "string"); }); } };'
    pinstripe migrate-database >/dev/null 2>&1
    local body
    for body in 'for(;;){}' 'for(;;) await null' 'await new Promise(() => {})'; do
        repl 'var keep = 1' "await database.transaction(async () => { await database.things.insert({ name: 'a' }); $body })" \
            'await database.transaction(async () => [keep, await database.things.count()])'
        expect_output '[ 1, 0 ]'
        expect_in_errors 'The database transaction was rolled back because it was open for more than 0.2 s'
        expect_status 1
    done
}

@test "the worker of a session that breaks its heap limit is replaced, variables are gone" {
    repl 'var keep = 1' 'const big = []; for(;;) big.push(new Array(100000).fill(1))' 'typeof keep' 'await runBackgroundJob("hello")'
    expect_output "'undefined'
hello"
    expect_in_errors 'The process of this session ended: heap limit of 512 MB reached'
    expect_in_errors 'the next line begins a fresh session'
    expect_status 1
}

@test ".help .jobs .runs .clear .exit, and a command that there is not" {
    pinstripe migrate-database >/dev/null 2>&1
    repl '.help' '.jobs' '.runs' 'var x = 1' '.clear' 'typeof x' '.nope' 'await runBackgroundJob("hello")' '.runs' '.exit' '"never"'
    expect_in_output '.tenant [NAME]'
    expect_in_output 'fails'
    expect_in_output "'undefined'"
    expect_in_output 'succeeded'
    [[ $output != *never* ]]
    expect_in_errors 'no runs'
    expect_in_errors 'There is no command .nope'
    expect_status 1
}

@test "a job that was saved while the session goes on runs with its new code, a new one can be called" {
    mkfifo "$TEST_FOLDER/in"
    pinstripe repl <"$TEST_FOLDER/in" >"$TEST_FOLDER/out" 2>&1 &
    local program=$!
    exec 8>"$TEST_FOLDER/in"
    echo 'await runBackgroundJob("hello", 1)' >&8
    until_true grep -q 'hello 1' "$TEST_FOLDER/out"
    echo 'export default { run(){ console.log("changed"); } };' >lib/background_jobs/hello.js
    echo 'export default { run(){ console.log("brand new"); } };' >lib/background_jobs/new_one.js
    echo 'await runBackgroundJob("hello"); await runBackgroundJob("new-one")' >&8
    until_true grep -q 'brand new' "$TEST_FOLDER/out"
    echo 'export default {' >lib/background_jobs/hello.js
    echo 'await runBackgroundJob("hello")' >&8
    until_true grep -q 'is broken' "$TEST_FOLDER/out"
    exec 8>&-
    wait "$program" || true
    grep -q changed "$TEST_FOLDER/out"
}

@test "INT ends a script with 130, TERM with 143" {
    local signal code
    for signal in INT:130 TERM:143; do
        mkfifo "$TEST_FOLDER/in-$signal"
        bash -c 'trap - INT; exec "$0" repl' "$PINSTRIPE" <"$TEST_FOLDER/in-$signal" >"$TEST_FOLDER/out-$signal" 2>&1 &
        local program=$!
        exec 8>"$TEST_FOLDER/in-$signal"
        echo 'console.log("begun"); for(;;){}' >&8
        until_true grep -q begun "$TEST_FOLDER/out-$signal"
        kill -"${signal%:*}" "$program"
        code=0
        wait "$program" || code=$?
        exec 8>&-
        [ "$code" = "${signal#*:}" ] || { echo "$signal: exit code $code"; return 1; }
    done
}

@test "--tenant and .tenant need a project with tenants" {
    run_separately pinstripe repl --tenant alpha <<<'1'
    expect_in_errors 'This project has no tenants'
    expect_status 3
    repl '.tenant alpha' '1'
    expect_output 1
    expect_status 1
}

@test "outside a project it is refused" {
    cd "$TEST_FOLDER"
    run_separately pinstripe repl <<<'1'
    expect_status 3
}

# What runBackgroundJob carries to run(): JSON values, deep-copied; anything else is an error that names the path.

load helper

own_setup() {
    project_with lib/background_jobs/show.js '
        export default { run(...args){ console.log(args.length, JSON.stringify(args)); } };'
}

# calls ARGUMENTS: a job that calls show with them, and prints the error there is.
calls() {
    project_with lib/background_jobs/main.js "
        export default { async run(){
            try { await this.runBackgroundJob('show', $1); } catch(e){ console.log(e.constructor.name + ': ' + e.message); }
        } };"
    run_separately pinstripe run-background-job main
    expect_status 0
}

@test "JSON values arrive as they were" {
    calls '"a", 1, -2.5, true, null, [1, [2]], { a: { b: [] }, "x y": "é\u2028" }'
    expect_output '7 ["a",1,-2.5,true,null,[1,[2]],{"a":{"b":[]},"x y":"é'$'\u2028''"}]'
}

@test "arguments are copied when the call is made" {
    project_with lib/background_jobs/main.js '
        export default { async run(){
            const shared = { n: 1, list: [1] };
            const call = this.runBackgroundJob("show", shared, shared);
            shared.n = 2; shared.list.push(2);
            await call;
        } };'
    run_separately pinstripe run-background-job main
    expect_output '2 [{"n":1,"list":[1]},{"n":1,"list":[1]}]'
}

@test "undefined at the end is left out, so that defaults apply; in objects its property is" {
    calls '1, undefined, undefined'
    expect_output '1 [1]'
    calls '{ a: undefined, b: 1 }'
    expect_output '1 [{"b":1}]'
}

@test "dates and what has a toJSON become what that gives" {
    calls 'new Date(0), new URL("http://example.com/x"), { toJSON(){ return [1]; } }, new Date(NaN)'
    expect_output '4 ["1970-01-01T00:00:00.000Z","http://example.com/x",[1],null]'
}

@test "boxed values are unboxed; -0 is 0; symbol keys are left out" {
    calls 'new String("s"), new Number(2), new Boolean(false), -0, { [Symbol()]: 1, a: 1 }'
    expect_output '5 ["s",2,false,0,{"a":1}]'
}

@test "a __proto__ key arrives as a key" {
    calls 'JSON.parse("{\"__proto__\":{\"polluted\":1}}"), {}.polluted'
    expect_output '1 [{"__proto__":{"polluted":1}}]'
}

@test "what JSON cannot carry is an error that names the path" {
    while IFS='|' read -r arguments sentence; do
        calls "$arguments"
        expect_output "TypeError: $sentence, which JSON cannot carry"
    done <<'ROWS'
() => 1|arguments[0] is a function
1, { user: { callback(){} } }|arguments[1].user.callback is a function
Symbol("x")|arguments[0] is a symbol
[1n]|arguments[0][0] is a BigInt
{ "a b": { c: Symbol() } }|arguments[0]["a b"].c is a symbol
undefined, 1|arguments[0] is undefined
[1, undefined]|arguments[0][1] is undefined
[1, , 2]|arguments[0][1] is undefined
NaN|arguments[0] is NaN
{ rate: -Infinity }|arguments[0].rate is -Infinity
new Map()|arguments[0] is a Map
{ s: new Set() }|arguments[0].s is a Set
/x/|arguments[0] is a RegExp
new Uint8Array(2)|arguments[0] is an Uint8Array
new ArrayBuffer(2)|arguments[0] is an ArrayBuffer
Promise.resolve(1)|arguments[0] is a Promise
(() => { const a = { b: {} }; a.b.c = a; return a; })()|arguments[0].b.c refers back to arguments[0]
(() => { const a = [1]; a.push({ up: a }); return { list: a }; })()|arguments[0].list[1].up refers back to arguments[0].list
this.defer(() => 1)|arguments[0] is a function
ROWS
}

@test "an object twice in one place is no cycle" {
    calls '(a => [a, a, { a }])({ n: 1 })'
    expect_output '1 [[{"n":1},{"n":1},{"a":{"n":1}}]]'
}

@test "nesting has a limit" {
    calls '(() => { let a = []; for(let i = 0; i < 100000; i++) a = [a]; return a; })()'
    expect_output 'TypeError: arguments[0] is nested more than 100 levels deep, which JSON cannot carry'
}

@test "a megabyte and more is refused with the limit" {
    calls '"x".repeat(2 ** 20)'
    expect_in_output 'RangeError'
    expect_in_output '1048576'
}

@test "an error thrown by a getter is the caller's" {
    calls '{ get x(){ throw new RangeError("no x"); } }'
    expect_output 'RangeError: no x'
}

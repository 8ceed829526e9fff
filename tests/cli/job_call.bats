# One run asks for another: what comes back, and what the two may not do to each other.

load helper

# main BODY: the job main has this body.
main() {
    project_with lib/background_jobs/main.js "
        import { BackgroundJob, Workspace } from 'pinstripe';
        export default { async run(...args){ $1 } };"
}

@test "every call gives a promise of undefined" {
    project_with lib/background_jobs/other.js 'export default { run(){ return 5; } };'
    main 'const call = this.runBackgroundJob("other"); console.log(call instanceof Promise, await call);'
    run_separately pinstripe run-background-job main
    expect_output 'true undefined'
}

@test "even wrong arguments and unknown names reject and do not throw" {
    main 'const a = this.runBackgroundJob("nope"), b = this.runBackgroundJob("main", Symbol());
        for(const p of [a, b, this.runBackgroundJob(), BackgroundJob.run()]) await p.catch(e => console.log(e.name + ": " + e.message));'
    run_separately pinstripe run-background-job main
    expect_output 'Error: No such background job "nope" exists.
TypeError: arguments[0] is a symbol, which JSON cannot carry
Error: No such background job "undefined" exists.
TypeError: BackgroundJob.run(context, name, ...args) needs a context, such as this.context'
}

@test "an unknown job is named the way it is looked up" {
    main 'await this.runBackgroundJob("NoSuch_Job").catch(e => console.log(e.message));'
    run_separately pinstripe run-background-job main
    expect_output 'No such background job "no-such-job" exists.'
}

@test "errors arrive as instances of their class, with message, stack, own properties and cause" {
    project_with lib/background_jobs/fails.js '
        export default { run(){
            throw Object.assign(new RangeError("too far", { cause: new TypeError("deep") }), { code: 7, details: { a: [1] } });
        } };'
    main 'try { await this.runBackgroundJob("fails"); } catch(e){
        console.log(e instanceof RangeError, e.message, e.code, JSON.stringify(e.details), e.cause instanceof TypeError, e.cause.message);
        console.log(/lib\/background_jobs\/fails\.js:3/.test(e.stack)); }'
    run_separately pinstripe run-background-job main
    expect_output 'true too far 7 {"a":[1]} true deep
true'
}

@test "other thrown values arrive as their JSON value" {
    project_with lib/background_jobs/fails.js 'export default { async run(value){ throw value; } };'
    main 'for(const v of ["text", 5, null, false, { a: [1] }]) try { await this.runBackgroundJob("fails", v); } catch(e){ console.log(JSON.stringify(e)); }
        try { await this.runBackgroundJob("fails"); } catch(e){ console.log(e); }'
    run_separately pinstripe run-background-job main
    expect_output '"text"
5
null
false
{"a":[1]}
undefined'
}

@test "a run has a heap of its own: globals, prototypes, module variables and objects stay there" {
    project_with lib/state.js 'export const state = { n: 0 };' \
        lib/background_jobs/other.js $'
        import { state } from "../state.js";
        export default { run(arg){ state.n++; globalThis.leak = 1; Array.prototype.leak = 1; delete Object.keys; arg.n = 9; console.log(state.n); } };'
    project_with lib/background_jobs/main.js $'
        import { state } from "../state.js";
        export default { async run(){
            const arg = { n: 1 };
            for(let i = 0; i < 3; i++) await this.runBackgroundJob("other", arg);
            console.log(state.n, globalThis.leak, [].leak, typeof Object.keys, arg.n);
        } };'
    run_separately pinstripe run-background-job main
    expect_output '1
1
1
0 undefined undefined function 1'
}

@test "calls may run in parallel" {
    project_with lib/background_jobs/other.js 'export default { async run(n){ await null; if(n == 2) throw new Error("two"); } };'
    main 'const all = await Promise.allSettled([1, 2, 3].map(n => this.runBackgroundJob("other", n))); console.log(all.map(r => r.status).join());'
    run_separately pinstripe run-background-job main
    expect_output 'fulfilled,rejected,fulfilled'
}

@test "a job may call itself, down to a bound with a clear error" {
    project_with lib/background_jobs/down.js '
        export default { async run(n){ if(n) await this.runBackgroundJob("down", n - 1); else console.log("bottom"); } };'
    run_separately pinstripe run-background-job down --args '[10]'
    expect_output bottom
    run_separately pinstripe run-background-job down --args '[100]'
    expect_status 1
    expect_in_errors 'deep'
}

@test "a run ends when its child runs have ended, awaited or not" {
    project_with lib/background_jobs/slow.js '
        export default { async run(){ await new Promise(resolve => setTimeout(resolve, 30)); console.log("slow ended"); } };'
    main 'this.runBackgroundJob("slow"); console.log("main ended");'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'main ended
slow ended'
}

@test "a failure that nobody awaits fails the run" {
    project_with lib/background_jobs/fails.js 'export default { run(){ throw new Error("unseen"); } };'
    main 'this.runBackgroundJob("fails"); console.log("main ended");'
    run_separately pinstripe run-background-job main
    expect_status 1
    expect_in_errors unseen
}

@test "BackgroundJob: names, for, run" {
    project_with lib/background_jobs/admin/clean_up.js 'export default { meta(){ this.schedule("0 0 * * *"); }, multiTenant: false, tenantsFilter: t => t, run(...args){ console.log("cleaned", args.join()); } };'
    main 'console.log(BackgroundJob.names.join(), globalThis.BackgroundJob === BackgroundJob, globalThis.Workspace === Workspace);
        const job = BackgroundJob.for("Admin/CleanUp");
        console.log(job.name, job.multiTenant, typeof job.tenantsFilter, JSON.stringify(job.schedules));
        console.log(BackgroundJob.for("main").multiTenant, BackgroundJob.for("main").tenantsFilter);
        try { BackgroundJob.for("Nope") } catch(e){ console.log(e.message) }
        console.log(await BackgroundJob.run(this.context, "admin/cleanUp", 1, 2));'
    run_separately pinstripe run-background-job main
    expect_output 'admin/clean-up,main true true
admin/clean-up false function [["0 0 * * *"]]
undefined undefined
No such background job "nope" exists.
cleaned 1,2
undefined'
}

@test "the parameters of the caller's workspace travel as JSON" {
    project_with lib/background_jobs/show.js '
        export default { run(){ console.log(JSON.stringify(this.initialParams), this.initialParams._url instanceof URL, JSON.stringify(this.params)); } };'
    main 'Object.assign(this.initialParams, { user: { id: 5 } }); this.initialParams._headers.language = "fr"; this.initialParams._url = new URL("http://example.com/a?b=1");
        await this.runBackgroundJob("show"); await BackgroundJob.run(this.context, "show"); await Workspace.run(function(){ return this.runBackgroundJob("show"); });'
    run_separately pinstripe run-background-job main
    local carried='{"_method":"GET","_url":"http://example.com/a?b=1","_headers":{"language":"fr"},"user":{"id":5}}'
    local fresh='{"_method":"GET","_url":"http://127.0.0.1/","_headers":{}}'
    expect_output "$carried true $fresh
$carried true $fresh
$fresh true $fresh"
}

@test "parameters that JSON cannot carry are an error; an odd _url travels as it is" {
    project_with lib/background_jobs/show.js 'export default { run(){ console.log(JSON.stringify(this.initialParams)); } };'
    main 'this.initialParams._url = "no url"; this.initialParams.fn = () => 1;
        await this.runBackgroundJob("show");
        this.initialParams.self = this.initialParams;
        await this.runBackgroundJob("show").catch(e => console.log(e.name, e.message));'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output '{"_method":"GET","_url":"no url","_headers":{}}
TypeError initialParams cannot be carried to another run: circular reference'
}

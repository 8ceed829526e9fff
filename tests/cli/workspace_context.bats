# Workspaces and their contexts: each has its own root, and destroys what it made, last first.

load helper

main() {
    project_with lib/background_jobs/main.js "
        import { BackgroundJob, Workspace } from 'pinstripe';
        export default { async run(...args){ $1 } };"
    run_separately pinstripe run-background-job main
}

@test "a job's context is a fork of its workspace's root" {
    main 'const { context } = this; console.log(context.root === context, context.parent === context.root, context.root.root === context.root, context.root.parent);'
    expect_output 'false true true undefined'
}

@test "Workspace.run: this and the argument are the workspace, its value comes back, its root is new" {
    main 'this.context.root.mark = 1;
        const value = await Workspace.run(async function(workspace){
            console.log(this === workspace, this.context.root === this.context, this.context.mark, typeof this.runBackgroundJob);
            return 42;
        });
        console.log(value);'
    expect_output 'true true undefined function
42'
}

@test "Workspace.run starts with fresh parameters, runInNewWorkspace with a copy of the caller's" {
    main 'this.initialParams.x = 1; this.initialParams._headers.lang = "fr";
        await Workspace.run(function(){ console.log(JSON.stringify(this.initialParams)); });
        await this.runInNewWorkspace(function(){ console.log(JSON.stringify(this.initialParams)); this.initialParams._headers.lang = "de"; this.initialParams.x = 2; });
        console.log(JSON.stringify(this.initialParams));'
    expect_output '{"_method":"GET","_url":"http://127.0.0.1/","_headers":{}}
{"_method":"GET","_url":"http://127.0.0.1/","_headers":{"lang":"fr"},"x":1}
{"_method":"GET","_url":"http://127.0.0.1/","_headers":{"lang":"fr"},"x":1}'
}

@test "a throw inside a workspace propagates, and its hooks have run" {
    main 'try {
            await Workspace.run(function(){ this.context.a = { destroy(){ console.log("destroyed"); } }; throw new RangeError("inside"); });
        } catch(e){ console.log(e.constructor.name, e.message); }'
    expect_output 'destroyed
RangeError inside'
}

@test "hooks run in reverse order of creation, each awaited, whatever the others do" {
    main 'const say = name => ({ async destroy(){ await null; console.log(name); } });
        try {
            await Workspace.run(async function(){
                const { context } = this;
                context.first = say("first"); context.failing = { destroy(){ throw new Error("failing hook"); } };
                context.nothing = null; context.text = "text"; context.query = { then(){ console.log("awaited a query"); } };
                context.promised = Promise.resolve(say("promised")); context.broken = Promise.reject(new Error("never made"));
                context.getOrCreate("last", () => say("last"));
                context.broken.catch(() => {});
            });
        } catch(e){ console.log(e.constructor.name, e.message, e.errors.map(x => x.message).join()); }'
    expect_output 'last
promised
first
AggregateError 2 destroy() hooks failed, the first with: never made never made,failing hook'
}

@test "one failing hook is the error of a workspace that went well; otherwise the first error stays" {
    main 'const hook = { destroy(){ throw new Error("failing hook"); } };
        await Workspace.run(function(){ this.context.hook = hook; }).catch(e => console.log(e.message));
        await Workspace.run(function(){ this.context.hook = hook; throw new Error("inside"); }).catch(e => console.log(e.message));'
    expect_output 'failing hook
inside'
    expect_in_errors 'failing hook'
}

@test "the hooks of a job's own context and root run after it, its child runs and its timers" {
    project_with lib/background_jobs/child.js 'export default { async run(){ await new Promise(resolve => setTimeout(resolve, 20)); console.log("child"); } };'
    main 'this.context.own = { destroy(){ console.log("own"); } }; this.context.root.shared = { destroy(){ console.log("shared"); } };
        setTimeout(() => console.log("timer"), 3600_000); this.runBackgroundJob("child"); console.log("main");'
    expect_status 0
    expect_output 'main
child
own
shared'
    expect_in_errors 'timer'
}

@test "a failing hook fails a run that went well" {
    main 'this.context.hook = { destroy(){ throw new Error("failing hook"); } };'
    expect_status 1
    expect_in_errors 'main: Error: failing hook'
}

@test "hooks run after a failed run too, and the run keeps its own error" {
    main 'this.context.hook = { destroy(){ console.log("destroyed"); throw new Error("failing hook"); } }; throw new Error("the run");'
    expect_status 1
    expect_output 'destroyed'
    expect_in_errors 'main: Error: the run'
    expect_in_errors 'failing hook'
}

@test "fork and run: same root, own properties, destroyed at the end, before the caller goes on" {
    main 'const fork = this.context.fork();
        console.log(fork.parent === this.context, fork.root === this.context.root);
        const value = await fork.run(function(context){
            console.log(this === fork, context === fork);
            this.thing = { destroy(){ console.log("thing destroyed"); } };
            return 7;
        });
        console.log(value);'
    expect_output 'true true
true true
thing destroyed
7'
}

@test "a fork that nobody runs is destroyed with its parent, before what the parent holds" {
    main 'this.context.mine = { destroy(){ console.log("mine"); } }; this.context.fork().thing = { destroy(){ console.log("fork"); } };'
    expect_output 'fork
mine'
}

@test "getOrCreate makes a falsy value again and keeps any other" {
    main 'let n = 0; const { context } = this;
        console.log(context.getOrCreate("zero", () => { n++; return 0; }), context.getOrCreate("zero", () => { n++; return 0; }), n);
        console.log(context.getOrCreate("one", () => { n++; return 1; }), context.getOrCreate("one", () => { n++; return 2; }), n);'
    expect_output '0 0 2
1 1 3'
}

@test "what a hook puts into the context is destroyed too" {
    main 'const { context } = this; context.a = { destroy(){ context.b = { destroy(){ console.log("b"); } }; console.log("a"); } };'
    expect_output 'a
b'
}

@test "nested workspaces do not see each other" {
    main 'await Workspace.run(async function(){
            this.initialParams.level = 1; this.context.level = 1;
            await Workspace.run(function(){ console.log(this.initialParams.level, this.context.level); });
            console.log(this.initialParams.level, this.context.level);
        });'
    expect_output 'undefined undefined
1 1'
}

@test "a workspace that nobody awaited is destroyed with the run, before the run's own" {
    main 'this.context.root.own = { destroy(){ console.log("own"); } };
        for(const name of ["first", "second"]) Workspace.run(function(){
            this.context.thing = { destroy(){ console.log(name); } };
            return new Promise(() => {});
        });'
    expect_status 0
    expect_output 'second
first
own'
}

@test "a destroy hook may use services, workspaces and jobs" {
    project_with lib/background_jobs/child.js 'export default { run(){ console.log("child"); } };'
    main 'const job = this;
        this.context.hook = { async destroy(){
            await job.runBackgroundJob("child");
            await Workspace.run(function(){ console.log(this.environment); });
        } };'
    expect_status 0
    expect_output 'child
development'
}

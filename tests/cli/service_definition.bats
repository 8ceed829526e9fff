# Services: made at every access, for whoever asks; a project's own replace built-in ones.

load helper

@test "create runs at every access, with this being the service object" {
    project_with lib/services/counter.js $'
        let n = 0;
        export default { create(){ return `${++n} ${this.constructor.name} ${typeof this.context.root} ${this.environment}`; } };' \
        lib/background_jobs/main.js 'export default { run(){ console.log(this.counter); console.log(this.counter); } };'
    run_separately pinstripe run-background-job main
    expect_output '1 counter object development
2 counter object development'
}

@test "create may give anything: a function, itself, a falsy value, nothing" {
    project_with lib/services/join.js 'export default { create(){ return (...words) => words.join("-"); } };' \
        lib/services/greeter.js 'export default { create(){ return this; }, greet(name){ return this.join("hi", name); }, get loud(){ return this.greet("you").toUpperCase(); } };' \
        lib/services/zero.js 'export default { create(){ return 0; } };' \
        lib/services/nothing.js 'export default {};' \
        lib/services/billing/tax_rate.js 'export default { create(){ return 0.2; } };' \
        lib/services/_hidden.js 'export default { create(){ return "hidden"; } };' \
        lib/background_jobs/main.js 'export default { run(){ console.log(this.greeter.greet("ann"), this.greeter.loud, this.zero, this.nothing, this.billingTaxRate, this.taxRate, this.hidden); } };'
    run_separately pinstripe run-background-job main
    expect_output 'hi-ann HI-YOU 0 undefined 0.2 undefined hidden'
}

@test "a throw in create surfaces at the access, with the service's file and line" {
    project_with lib/services/explodes.js $'export default {\n    create(){ throw new RangeError("boom"); }\n};' \
        lib/background_jobs/main.js 'export default { run(){ try { this.explodes; } catch(e){ console.log(e instanceof RangeError, e.message, /lib\/services\/explodes\.js:2/.test(e.stack)); } } };'
    run_separately pinstripe run-background-job main
    expect_output 'true boom true'
}

@test "a service sees the context of whoever asks, and keeps things there" {
    project_with lib/services/cache.js 'export default { create(){ return this.context.root.getOrCreate("cache", () => ({ hits: 0 })); } };' \
        lib/services/user.js 'export default { create(){ this.cache.hits++; return this.context === this.parentContext; }, parentContext: 1 };' \
        lib/background_jobs/main.js '
        export default { async run(){
            this.user; this.user; this.cache.hits++;
            console.log(this.cache.hits);
            await this.runInNewWorkspace(function(){ console.log(this.cache.hits); });
        } };'
    run_separately pinstripe run-background-job main
    expect_output '3
0'
}

@test "a name that is no service is undefined; assigning to a service's name shadows it in that object only" {
    project_with lib/background_jobs/main.js '
        export default { async run(){
            console.log(this.nope, "nope" in this);
            this.environment = "mine";
            console.log(this.environment);
            await this.runInNewWorkspace(function(){ console.log(this.environment); });
        } };'
    run_separately pinstripe run-background-job main
    expect_output 'undefined false
mine
development'
}

@test "a job's own property goes before a service of that name" {
    project_with lib/background_jobs/main.js 'export default { config: "own", run(){ console.log(this.config); } };'
    run_separately pinstripe run-background-job main
    expect_output own
}

@test "built-in services" {
    project_with pinstripe.config.js 'export default { database: { filename: "data.db" }, mail: { from: "a@b" } };' \
        lib/background_jobs/main.js '
        export default { run(){
            console.log(JSON.stringify(this.config.mail), this.config.multiTenant, this.config.timeZone, this.config.database.adapter, this.config.database.transactionLimit);
            console.log(this.config.database.filename === this.project.rootPath + "/data.db", this.project.name, this.environment);
            console.log(this.inflector.dasherize("FooBar"), this.inflector.camelize("foo_bar"));
            console.log(this.bot === this.bot, typeof this.runBackgroundJob, typeof this.defer, typeof this.runInNewWorkspace);
            console.log(this.params === this.params, this.initialParams === this.initialParams, this.params === this.initialParams);
        } };'
    run_separately pinstripe run-background-job main
    expect_output '{"from":"a@b"} false null sqlite 5s
true project development
foo-bar fooBar
true function function function
true true false'
}

@test "a built-in service can be replaced" {
    project_with lib/services/environment.js 'export default { create(){ return "replaced"; } };' \
        lib/background_jobs/main.js 'export default { run(){ console.log(this.environment); } };'
    run_separately pinstripe run-background-job main
    expect_output replaced
}

@test "a replaced runBackgroundJob is what the command, jobs, workspaces and the bot use" {
    project_with lib/services/run_background_job.js $'
        export default { create(){ return async (name, ...args) => {
            console.log(`about to run ${name}`);
            await BackgroundJob.run(this.context, name, ...args);
        }; } };' \
        lib/background_jobs/other.js 'export default { meta(){ this.schedule("* * * * *", "on time"); }, run(...args){ console.log("other", args.join()); } };' \
        lib/background_jobs/main.js '
        export default { async run(){
            await this.runBackgroundJob("other", 1, 2);
            await this.runInNewWorkspace(function(){ return this.runBackgroundJob("other"); });
        } };'
    run_separately pinstripe run-background-job main
    expect_output 'about to run main
about to run other
other 1,2
about to run other
other '
}

@test "defer: a path of properties and calls, walked when awaited, each time" {
    project_with lib/background_jobs/main.js '
        export default { async run(){
            let calls = 0;
            const deferred = this.defer(async () => { calls++; return { a: { f(n){ return Promise.resolve({ n, self: this === undefined ? "none" : Object.keys(this).join() }); } }, nothing: null }; });
            console.log(typeof deferred, Boolean(deferred));
            console.log(JSON.stringify(await deferred.a.f(5)), await deferred.a.f(6).n, calls);
            const { b } = deferred;
            console.log(await b);
            const failures = [deferred.b.c, deferred.nothing.x.y, deferred.nope(), deferred.a.f.x(), deferred.a.f(1).n()];
            for(const failure of failures) await failure.then(() => console.log("resolved"), e => console.log(e.constructor.name, e.message));
            console.log(await this.defer(() => undefined), await this.defer(() => undefined).all().catch(e => e.message));
            console.log(await deferred.catch(() => {}).then(v => typeof v));
        } };'
    run_separately pinstripe run-background-job main
    expect_output 'function true
{"n":5,"self":"f"} 6 2
undefined
TypeError Can'\''t unwrap deferred object.b.c (object.b is undefined).
TypeError Can'\''t unwrap deferred object.nothing.x (object.nothing is null).
TypeError Can'\''t call deferred object.nope (it is undefined).
TypeError Can'\''t call deferred object.a.f.x (it is undefined).
TypeError Can'\''t call deferred object.a.f(...).n (it is not a function).
undefined Can'\''t unwrap deferred object.all (object is undefined).
object'
}

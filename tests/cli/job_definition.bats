# What a file in lib/background_jobs defines, and what is wrong with one that defines no job.

load helper

# breaks FILE SOURCE SENTENCE...: the job of that file is broken, and its error has the sentences; "ok" still runs.
breaks() {
    project_with lib/background_jobs/ok.js 'export default { run(){ console.log("ok"); } };' \
        "lib/background_jobs/$1" "$2"
    run_separately pinstripe run-background-job "${1%.js}"
    expect_status 1
    shift 2
    for sentence in "$@"; do expect_in_errors "$sentence"; done
    run_separately pinstripe run-background-job ok
    expect_output ok
}

@test "a syntax error breaks the job, with file and line" {
    breaks bad.js $'export default {\n    run(){ let x = 3 3; }\n};' 'SyntaxError' 'lib/background_jobs/bad.js:2'
}

@test "an error at the top level breaks the job, with file and line" {
    breaks bad.js $'const a = undefined;\na.b;\nexport default { run(){} };' 'TypeError' 'lib/background_jobs/bad.js:2'
}

@test "a thrown text at the top level breaks the job" {
    breaks bad.js 'throw "no luck";' '"no luck" was thrown'
}

@test "an import of a file that is not there breaks the job" {
    breaks bad.js $'import "./nowhere.js";\nexport default { run(){} };' 'nowhere.js'
}

@test "an error in an imported file is told with that file and line" {
    project_with lib/helper.js $'\nnull.x;'
    breaks bad.js $'import "../helper.js";\nexport default { run(){} };' 'TypeError' 'lib/helper.js:2'
}

@test "a missing run breaks the job" {
    breaks bad.js $'\nexport default {\n    meta(){}\n};' 'has no run()' 'lib/background_jobs/bad.js:3'
}

@test "a class or a function for a default export has no run" {
    breaks bad.js 'export default class { run(){} };' 'has no run()'
}

@test "no default export, where run is exported by itself, breaks the job" {
    breaks bad.js 'export function run(){}' 'no default export'
}

@test "a default export that is no object breaks the job" {
    breaks bad.js 'export default 5;' 'The default export is no object.'
}

@test "an error in meta breaks the job, with file and line" {
    breaks bad.js $'export default {\n    meta(){\n        this.nothing();\n    },\n    run(){}\n};' 'not a function' 'bad.js:3'
}

@test "an async meta breaks the job" {
    breaks bad.js 'export default { async meta(){ this.schedule("* * * * *"); }, run(){} };' 'meta() must not be async'
    breaks bad.js 'export default { async meta(){ throw new Error("in vain"); }, run(){} };' 'meta() must not be async'
}

@test "a queueing verb with a wrong value breaks the job, with what to write" {
    local bad
    while IFS='|' read -r bad sentence; do
        breaks bad.js "export default { meta(){ this.$bad; }, run(){} };" "$sentence" 'bad.js:1'
    done <<'ROWS'
retry('often')|retry({ limit }) is a whole number from 0 to 100, not "often"
retry({ limit: 1, wait: 5 })|retry() does not know the option "wait"; it knows limit, backoff, delay and maxDelay
retry({ limit: 1, backoff: 'random' })|retry({ backoff }) is 'exponential', 'linear' or 'fixed', not "random"
retry({ limit: 1, delay: 'soon' })|retry({ delay }) must be a duration such as '30s'
queue('Mail Queue')|queue() needs a name of small letters, digits, - _ and ., such as 'mail'
priority(1.5)|priority() is a whole number from -1000 to 1000, not 1.5
concurrency({ limit: 0 })|concurrency({ limit }) is a whole number from 1 to 10000, not 0
concurrency({ limit: 1, per: 'user' })|concurrency({ per }) is 'tenant' or 'job', not "user"
unique({ during: '1h' })|unique() does not know the option "during"; it knows for
unique({ for: 'ever' })|unique({ for }) must be a duration such as '30s'
schedule({ cron: '* * * * *', missed: 'some' })|missed is 'latest', 'all' or 'skip', not "some"
schedule({ cron: '* * * * *', overlap: 'maybe' })|overlap is 'skip', 'queue' or 'allow', not "maybe"
schedule({ cron: '* * * * *', timeZone: 'tenant' })|timeZone: 'tenant' needs a project with multiTenant: true
ROWS
}

@test "an unknown option of schedule breaks the job" {
    breaks bad.js 'export default { meta(){ this.schedule({ cron: "* * * * *", timezone: "UTC" }); }, run(){} };' \
        'schedule() does not know the option "timezone"; it knows cron, timeZone, missed and overlap' 'bad.js:1'
}

@test "a schedule without a cron expression breaks the job" {
    breaks bad.js 'export default { meta(){ this.schedule(); }, run(){} };' 'schedule() needs a cron expression'
    breaks bad.js 'export default { meta(){ this.schedule({ timeZone: "UTC" }); }, run(){} };' 'needs cron, a text'
}

@test "schedule arguments that JSON cannot carry break the job, with their path" {
    breaks bad.js 'export default { meta(){ this.schedule("* * * * *", 1, { a: [() => 1] }); }, run(){} };' \
        'schedule arguments[1].a[0] is a function'
}

@test "a wrong timeout or memory breaks the job" {
    breaks bad.js 'export default { meta(){ this.timeout("5 parsecs"); }, run(){} };' 'timeout() must be a duration' '"5 parsecs"'
    breaks bad.js 'export default { meta(){ this.timeout(-1); }, run(){} };' 'it is -1'
    breaks bad.js 'export default { meta(){ this.memory("64 apples"); }, run(){} };' 'memory() must be a size' '"64 apples"'
}

@test "multiTenant and tenantsFilter must be what they are for" {
    breaks bad.js 'export default { multiTenant: "yes", run(){} };' 'multiTenant must be true or false'
    breaks bad.js 'export default { tenantsFilter: [], run(){} };' 'tenantsFilter must be a function'
    breaks bad.js 'export default { meta(){ this.assignProps({ multiTenant: 1 }); }, run(){} };' 'multiTenant must be true or false'
}

@test "a top level that never ends breaks the job" {
    breaks bad.js $'await new Promise(() => {});\nexport default { run(){} };' 'nothing can settle'
}

@test "a timer left open by a top level breaks the job" {
    breaks bad.js $'setTimeout(() => console.log("late"), 1);\nexport default { run(){} };' 'leaves 1 timer open'
}

@test "running a job at the top level of a file breaks the job" {
    breaks bad.js $'import { BackgroundJob, Workspace } from "pinstripe";\nawait Workspace.run(() => {});\nexport default { run(){} };' \
        'only be made while a job runs' 'bad.js:2'
}

@test "two files of one name break the job and are both named" {
    project_with lib/background_jobs/sayHello.js 'export default { run(){} };' \
        lib/background_jobs/say_hello.js 'export default { run(){} };'
    run_separately pinstripe run-background-job say-hello
    expect_in_errors 'lib/background_jobs/sayHello.js'
    expect_in_errors 'lib/background_jobs/say_hello.js'
    [ "$status" -ne 0 ]
}

@test "a broken service file hurts no job that does not use it" {
    project_with lib/services/bad.js 'export default { create(){' \
        lib/background_jobs/ok.js 'export default { run(){ console.log(typeof this.bad); } };'
    run_separately pinstripe run-background-job ok
    expect_status 0
    expect_output undefined
}

@test "a file that only exports things by name is a helper and no job" {
    project_with lib/background_jobs/tools.js 'export const twice = n => 2 * n;' \
        lib/background_jobs/ok.js $'import { twice } from "./tools.js";\nexport default { run(){ console.log(twice(21)); } };'
    run_separately pinstripe run-background-job ok
    expect_output 42
    run_separately pinstripe run-background-job tools
    expect_in_errors 'No such background job "tools" exists.'
}

@test "files may import each other in a circle" {
    project_with lib/background_jobs/one.js $'import { b } from "../b.js";\nexport const a = () => 5;\nexport default { run(){ console.log(b()); } };' \
        lib/b.js $'import { a } from "./background_jobs/one.js";\nexport const b = () => a() + 1;'
    run_separately pinstripe run-background-job one
    expect_output 6
}

@test "meta: everything chains, schedules keep what was written, what is included goes before what the file has" {
    project_with lib/background_jobs/mixin.js '
        export default {
            meta(){ this.schedule("1 1 * * *", "from mixin"); },
            size: 1, other: 2, get both(){ return this.size + this.other; }
        };' lib/background_jobs/main.js '
        export default {
            meta(){
                const same = this.schedule("0 0 * * *", 1, { a: 2 }).timeout("1h30m").memory("64MB").include("mixin")
                    .include({ third: 3 }).assignProps({ flavour: "sweet" }).annotate({ owner: "ann" }).addHook("later", "run");
                this.assignProps({ same: same === this });
            },
            size: 10,
            run(){
                const { schedules, flavour, same, annotations, hooks, name } = this.constructor;
                console.log(JSON.stringify({ schedules, flavour, same, annotations, hooks, name }));
                console.log(this.size, this.other, this.both, this.third, this.flavour);
            }
        };'
    run_separately pinstripe run-background-job main
    expect_output '{"schedules":[["0 0 * * *",1,{"a":2}],["1 1 * * *","from mixin"]],"flavour":"sweet","same":true,"annotations":{"owner":"ann"},"hooks":{"later":["run"]},"name":"main"}
1 2 3 3 undefined'
}

@test "an include that is not there is named" {
    breaks bad.js 'export default { meta(){ this.include("fooBar"); }, run(){} };' "Named include 'fooBar' does not exist."
}

@test "getters and setters are kept, and a run starts with a fresh object" {
    project_with lib/background_jobs/props.js '
        export default {
            size: 3,
            get doubled(){ return this.size * 2; },
            set doubled(n){ this.size = n / 2; },
            run(){ const before = this.size; this.doubled = 100; console.log(before, this.size, this.doubled, Object.keys(this).join()); }
        };' lib/background_jobs/main.js '
        export default { async run(){ await this.runBackgroundJob("props"); await this.runBackgroundJob("props"); } };'
    run_separately pinstripe run-background-job main
    expect_output '3 50 100 context,size
3 50 100 context,size'
}

@test "what may be imported from 'pinstripe'" {
    project_with lib/background_jobs/main.js $'
        import * as pinstripe from "pinstripe";
        import { inflector, ValidationError } from "pinstripe";
        export default { run(){ console.log(Object.keys(pinstripe).join(), inflector.pluralize("city"), new ValidationError({ a: "b" }) instanceof Error); } };'
    run_separately pinstripe run-background-job main
    expect_output 'BackgroundJob,ValidationError,Workspace,defer,inflector cities true'
    breaks bad.js $'import { nothing } from "pinstripe";\nexport default { run(){} };' 'nothing'
}

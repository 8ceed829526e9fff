# this.enqueueBackgroundJob and enqueueBackgroundJobs, this.run, this.progress, and what meta() says of the queue.

load queue_helper

@test "a queued run is run by the bot with its arguments, once" {
    job hello '' 'console.log("hello", ...args);'
    run_separately pinstripe run-background-job go hello Ann
    [[ $output =~ ^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
    id=$output
    once
    [ "$(logged run.stdout)" = 'hello Ann' ]
    [ "$(logged run.stdout run_id)" = "$id" ]
    once
    [ -z "$(logged run.stdout)" ]
}

@test "without a store the call says what to do, and the caller goes on" {
    rm -f development.db
    job main '' 'await this.enqueueBackgroundJob("go").catch(error => console.log(error.message));'
    run_separately pinstripe run-background-job main
    expect_output 'Background job "go" was not queued: the project keeps no runs yet; run pinstripe migrate-database.'
}

@test "an unknown or broken job, an unknown option and a wrong value are refused with what to write" {
    project_with lib/background_jobs/broken.js 'export default { meta(){ this.nothing(); }, run(){} };'
    job main '' '
        const say = async fn => { try { console.log(await fn()); } catch(error){ console.log(error.message); } };
        await say(() => this.enqueueBackgroundJob("nope"));
        await say(() => this.enqueueBackgroundJob("broken"));
        await say(() => this.enqueueBackgroundJob({ name: "go", when: 1 }));
        await say(() => this.enqueueBackgroundJob({ name: "go", delay: "soon" }));
        await say(() => this.enqueueBackgroundJob({ name: "go", at: "never" }));
        await say(() => this.enqueueBackgroundJob({ name: "go", at: 1, delay: 1 }));
        await say(() => this.enqueueBackgroundJob({ name: "go", priority: 1001 }));
        await say(() => this.enqueueBackgroundJob({ name: "go", key: "" }));
        await say(() => this.enqueueBackgroundJob("go", () => {}));
        await say(() => this.enqueueBackgroundJobs("go", "x"));'
    run_separately pinstripe run-background-job main
    expect_output 'No such background job "nope" exists.
Background job "broken" is broken: TypeError: not a function (lib/background_jobs/broken.js:1)
enqueueBackgroundJob() does not know the option "when"; it knows name, at, delay, priority, queue, key and tenant
enqueueBackgroundJob({ delay }) must be a duration such as '"'30s', '5m' or '1h30m'"', or a number of milliseconds above 0; it is "soon"
enqueueBackgroundJob({ at }) needs a Date, a text such as '"'2026-03-08T09:00:00Z'"' or milliseconds since 1970; it got never
enqueueBackgroundJob({ at, delay }): give one of them
enqueueBackgroundJob({ priority }) is a whole number from -1000 to 1000, not 1001
enqueueBackgroundJob({ key }) needs a text of 1 to 128 characters
arguments[0] is a function, which JSON cannot carry
enqueueBackgroundJobs(name, lists) needs an array of argument lists'
}

@test "many at once keep their order, and give as many ids" {
    job say '' 'console.log(...args);'
    job main '' 'const ids = await this.enqueueBackgroundJobs("say", [[1, "a"], [2, { b: 3 }], []]); console.log(ids.length, new Set(ids).size, (await this.enqueueBackgroundJobs("say", [])).length);'
    run_separately pinstripe run-background-job main
    expect_output '3 3 0'
    once --workers 1
    [ "$(logged run.stdout)" = '1 a
2 { b: 3 }' ]
}

@test "a key and unique() give the run there is" {
    job keyed '' 'console.log("keyed", ...args);'
    job only 'this.unique({ for: "1h" });' 'console.log("only", ...args);'
    job main '' '
        const a = await this.enqueueBackgroundJob({ name: "keyed", key: "order 7" }, 1);
        const b = await this.enqueueBackgroundJob({ name: "keyed", key: "order 7" }, 2);
        const c = await this.enqueueBackgroundJob({ name: "keyed", key: "order 8" }, 3);
        const d = await this.enqueueBackgroundJob("only", 1), e = await this.enqueueBackgroundJob("only", 1), f = await this.enqueueBackgroundJob("only", 2);
        console.log(a == b, a == c, d == e, d == f);'
    run_separately pinstripe run-background-job main
    expect_output 'true false true false'
    once --workers 1
    [ "$(logged run.stdout | sort)" = 'keyed 1
keyed 3
only 1
only 2' ]
}

@test "priority goes first, a queue of its own waits for a bot that takes it, a delay waits" {
    job low 'this.priority(-1);' 'console.log("low");'
    job high 'this.priority(5);' 'console.log("high");'
    job mail 'this.queue("mail");' 'console.log("mail");'
    job plain '' 'console.log("plain");'
    job main '' '
        await this.enqueueBackgroundJob("low");
        await this.enqueueBackgroundJob("plain");
        await this.enqueueBackgroundJob("high");
        await this.enqueueBackgroundJob("mail");
        await this.enqueueBackgroundJob({ name: "low", priority: 9 });
        await this.enqueueBackgroundJob({ name: "plain", delay: "1h" });'
    pinstripe run-background-job main
    once --workers 1 --queue default
    [ "$(logged run.stdout)" = 'low
high
plain
low' ]
    once --workers 1 --queue mail,other
    [ "$(logged run.stdout)" = mail ]
}

@test "a run that throws is tried again by its retry(), and then stays failed with every reason" {
    job shaky 'this.retry({ limit: 2, delay: "20ms", backoff: "fixed" });' 'console.log("attempt", this.run.attempt); throw new Error(`no luck ${this.run.attempt}`);'
    pinstripe run-background-job go shaky
    bot
    wait_for '[ "$(grep -c no.luck bot.log)" -ge 3 ]'
    stop_bot
    log=$(cat bot.log)
    [ "$(logged run.stdout)" = 'attempt 1
attempt 2
attempt 3' ]
    run_separately pinstripe list-runs --job shaky --json
    expect_in_output '"state":"failed"'
    expect_in_output '"attempt":3'
}

@test "an error may say that it is no use, or when" {
    job hopeless 'this.retry(5);' 'throw Object.assign(new Error("no use"), { retry: false });'
    job later 'this.retry({ limit: 1, delay: "1h" });' 'if(this.run.attempt == 1) throw Object.assign(new Error("not yet"), { retryAfter: 10 }); console.log("now");'
    pinstripe run-background-job go hopeless
    pinstripe run-background-job go later
    bot
    wait_for 'grep -q now bot.log'
    wait_for 'grep -q "no use" bot.log'
    stop_bot
    log=$(cat bot.log)
    [ "$(logged run.failed | grep -c 'no use')" = 1 ]
    [ "$(logged run.stdout)" = now ]
}

@test "concurrency() lets only so many of a job run at once" {
    job one 'this.concurrency({ limit: 1 });' '
        const { counts } = this.database;
        await counts.insert({ name: "begin" });
        await new Promise(done => setTimeout(done, 30));
        await counts.insert({ name: "end" });'
    project_with lib/migrations/1_counts.js 'export default { async migrate(){ await this.database.table("counts", async counts => { await counts.addColumn("name", "string"); }); } };'
    pinstripe migrate-database >/dev/null 2>&1
    job main '' 'await this.enqueueBackgroundJobs("one", Array.from({ length: 6 }, () => []));'
    job look '' 'console.log((await this.database.counts.all()).map(row => row.name).join(" "));'
    pinstripe run-background-job main
    once --workers 4
    run_separately pinstripe run-background-job look
    expect_output 'begin end begin end begin end begin end begin end begin end'
}

@test "inside a transaction it commits or vanishes with it" {
    job hello '' 'console.log("hello", ...args);'
    project_with lib/migrations/1_notes.js 'export default { async migrate(){ await this.database.table("notes", async notes => { await notes.addColumn("name", "string"); }); } };'
    pinstripe migrate-database >/dev/null 2>&1
    job main '' '
        const { database } = this;
        const id = await database.transaction(async () => { await database.notes.insert({ name: "kept" }); return this.enqueueBackgroundJob({ name: "hello", key: "k" }, "kept"); });
        await database.transaction(async () => { await this.enqueueBackgroundJob("hello", "lost"); throw new Error("back"); }).catch(error => console.log(error.message));
        console.log(typeof id, await database.notes.count());'
    run_separately pinstripe run-background-job main
    expect_output 'back
string 1'
    once
    [ "$(logged run.stdout)" = 'hello kept' ]
}

@test "a bot learns of it at the commit, also when another program's run enqueued" {
    job hello '' 'console.log("hello");'
    job main '' 'await this.database.transaction(() => this.enqueueBackgroundJob("hello"));'
    bot
    pinstripe run-background-job main
    wait_for 'grep -q hello bot.log'
    stop_bot
}

@test "a store in a file of its own refuses that, and says why" {
    project_with lib/background_jobs/main.js '
        export default { async run(){
            await this.database.transaction(() => this.enqueueBackgroundJob("go", "go")).catch(error => console.log(error.message));
            console.log(typeof await this.enqueueBackgroundJob("hello"));
        } };'
    printf 'export default { store: { filename: "runs.db" } };\n' >pinstripe.config.js
    rm -f development.db
    job hello '' 'console.log("hello");'
    pinstripe migrate-database >/dev/null 2>&1
    [ -e runs.db ]
    run_separately pinstripe run-background-job main
    expect_output 'Background job "go" cannot be enqueued inside a transaction: the runs are in a file of their own (store.filename), and a commit to two files is not atomic. Enqueue it after the transaction.
string'
    once
    [ "$(logged run.stdout)" = hello ]
}

@test "this.run tells of the run, and is still the job's own method" {
    job self '' 'if(args[0] == "again") return console.log("again"); const { id, attempt, key, dueTime, deadline } = this.run; console.log(id.length, attempt, key, dueTime instanceof Date, deadline > dueTime); await this.run("again");'
    job main '' 'console.log(await this.enqueueBackgroundJob({ name: "self", key: "k 1" }) != this.run.id);'
    run_separately pinstripe run-background-job self
    expect_output '36 1 undefined true true
again'
    run_separately pinstripe run-background-job main
    expect_output true
    once
    [ "$(logged run.stdout)" = '36 1 k 1 true true
again' ]
}

@test "progress and output of a run that lasts can be seen while it runs" {
    job long '' 'console.log("begun"); this.progress(3, 10, "three of ten"); await new Promise(done => setTimeout(done, 60000));'
    id=$(pinstripe run-background-job go long)
    bot --grace 100ms
    wait_for 'pinstripe show-run "$id" | grep -q "three of ten"'
    run_separately pinstripe show-run "$id"
    expect_in_output begun
    expect_in_output running
    stop_bot
    run_separately pinstripe list-runs --json
    expect_in_output '"state":"queued"'
}

@test "progress is checked" {
    job main '' 'for(const [done, total] of [["1", 2], [1, -2], [NaN, 1]]) try { this.progress(done, total); } catch(error){ console.log(error.message); }'
    run_separately pinstripe run-background-job main
    expect_output 'progress(done, total, text) needs done to be a number from 0 on; it got 1
progress(done, total, text) needs total to be a number from 0 on; it got -2
progress(done, total, text) needs done to be a number from 0 on; it got NaN'
}

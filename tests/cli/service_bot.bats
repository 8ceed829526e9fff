# this.bot.runBackgroundJobs(unixTime): what is scheduled for exactly that second.

load helper

# probe TIME...: runs the bot for each of these instants (ISO 8601), after a line that says so.
probe() {
    local times
    times=$(printf '"%s",' "$@")
    project_with lib/background_jobs/main.js "
        export default { async run(){
            for(const time of [$times]){ console.log(time); await this.bot.runBackgroundJobs(Date.parse(time) / 1000); }
        } };"
    run_separately pinstripe run-background-job main
}

# scheduled FILE SCHEDULES: a job that prints its name and arguments.
scheduled() {
    project_with "lib/background_jobs/$1" "
        export default { meta(){ $2 }, async run(...args){ await null; console.log(' ', this.constructor.name, JSON.stringify(args)); } };"
}

@test "jobs run in the order of their names, schedules as declared, with their arguments" {
    scheduled b.js 'this.schedule("* * * * *", "first", { n: 1 }).schedule("*/5 * * * *", "second");'
    scheduled a.js 'this.schedule("0 12 * * *");'
    scheduled admin/x.js 'this.schedule("@hourly");'
    probe 2026-01-15T12:00:00Z 2026-01-15T12:01:00Z 2026-01-15T12:01:01Z 2026-01-15T12:00:59Z
    expect_status 0
    expect_output '2026-01-15T12:00:00Z
  a []
  admin/x []
  b ["first",{"n":1}]
  b ["second"]
2026-01-15T12:01:00Z
  b ["first",{"n":1}]
2026-01-15T12:01:01Z
2026-01-15T12:00:59Z'
}

@test "a failure is logged, and the rest runs" {
    project_with lib/background_jobs/a.js 'export default { meta(){ this.schedule("* * * * *"); }, run(){ throw new RangeError("no luck"); } };'
    scheduled b.js 'this.schedule("* * * * *");'
    probe 2026-01-15T12:00:00Z
    expect_status 0
    expect_output '2026-01-15T12:00:00Z
  b []'
    expect_in_errors 'Background job "a" failed:'
    expect_in_errors 'RangeError: no luck'
    expect_in_errors 'lib/background_jobs/a.js:1'
}

@test "a broken job is passed over" {
    project_with lib/background_jobs/a.js 'export default { meta(){ this.schedule("* * * * *"); this.schedule("wrong"); }, run(){} };'
    scheduled b.js 'this.schedule("* * * * *");'
    probe 2026-01-15T12:00:00Z
    expect_output '2026-01-15T12:00:00Z
  b []'
}

@test "a schedule has its own time zone, else the project's, else the machine's" {
    project_with pinstripe.config.js 'export default { timeZone: "Asia/Tokyo" };'
    scheduled tokyo.js 'this.schedule("0 9 * * *");'
    scheduled paris.js 'this.schedule({ cron: "0 9 * * *", timeZone: "Europe/Paris" }, "bonjour");'
    probe 2026-01-15T00:00:00Z 2026-01-15T08:00:00Z 2026-01-15T09:00:00Z
    expect_output '2026-01-15T00:00:00Z
  tokyo []
2026-01-15T08:00:00Z
  paris ["bonjour"]
2026-01-15T09:00:00Z'
    project_with pinstripe.config.js 'export default {};'
    TZ=America/New_York probe 2026-01-15T14:00:00Z
    expect_output '2026-01-15T14:00:00Z
  tokyo []'
}

@test "each run has a workspace of its own, without the caller's parameters" {
    project_with lib/background_jobs/a.js 'export default { meta(){ this.schedule("* * * * *"); }, run(){ console.log(JSON.stringify(this.initialParams)); } };' \
        lib/background_jobs/main.js 'export default { async run(){ this.initialParams.mark = 1; await this.bot.runBackgroundJobs(0); } };'
    run_separately pinstripe run-background-job main
    expect_output '{"_method":"GET","_url":"http://127.0.0.1/","_headers":{}}'
}

@test "a time that is no whole second is refused" {
    project_with lib/background_jobs/main.js '
        export default { async run(){ for(const time of [1.5, "0", undefined]) await this.bot.runBackgroundJobs(time).catch(e => console.log(e.constructor.name, e.message)); } };'
    run_separately pinstripe run-background-job main
    expect_output 'TypeError bot.runBackgroundJobs(unixTime) needs a whole number of seconds since 1970; it got 1.5
TypeError bot.runBackgroundJobs(unixTime) needs a whole number of seconds since 1970; it got 0
TypeError bot.runBackgroundJobs(unixTime) needs a whole number of seconds since 1970; it got undefined'
}

@test "the bot is the same object each time" {
    project_with lib/background_jobs/main.js 'export default { run(){ console.log(this.bot === this.bot, this.bot === this.context.workspace?.bot || this.workspace.bot === this.bot); } };'
    run_separately pinstripe run-background-job main
    expect_output 'true true'
}

@test "start() watches queue and schedules beside the run, stop() ends that; twice is once" {
    scheduled tick.js 'this.schedule("* * * * * *");'
    project_with lib/background_jobs/queued.js '
            export default { async run(){ await this.database.marks.insert({ name: "queued" }); } };' \
        lib/background_jobs/tick.js '
            export default { meta(){ this.schedule("* * * * * *"); }, async run(){ await this.database.marks.insert({ name: "tick" }); } };' \
        lib/migrations/1_marks.js '
            export default { async migrate(){ await this.database.table("marks", async marks => { await marks.addColumn("name", "string"); }); } };' \
        lib/background_jobs/main.js '
            const until = async fact => { while(!await fact()) await new Promise(done => setTimeout(done, 20)); };
            export default { timeout: "60s", async run(){
                await this.enqueueBackgroundJob("queued");
                const seen = name => this.database.marks.where({ name }).count();
                await this.bot.start();
                await this.bot.start();
                await until(() => seen("queued"));
                await until(() => seen("tick"));
                await this.bot.stop();
                await this.bot.stop();
                await this.enqueueBackgroundJob("queued");
                console.log("queued", await seen("queued"));
            } };'
    pinstripe migrate-database
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'queued 1'
}

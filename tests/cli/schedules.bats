#!/usr/bin/env bats
# schedules.bats - schedules of jobs, from this.schedule() to bot.runBackgroundJobs(second).

load helper

# A job main that ticks at the given instants (UTC) and prints each before.
ticks() {
    local list
    list=$(printf '"%s",' "$@")
    echo "export default { async run(){
        for(const instant of [$list]){
            console.log(instant);
            await this.bot.runBackgroundJobs(Date.parse(instant) / 1000);
        }
    } };"
}

job_at() { echo "export default { meta(){ this.schedule($1) }, run(...args){ console.log('  ' + this.constructor.name, ...args) } };"; }

@test "a zone of its own decides when a schedule fires" {
    project_with lib/background_jobs/paris.js "$(job_at "{ cron: '0 9 * * *', timeZone: 'Europe/Paris' }")" \
        lib/background_jobs/kathmandu.js "$(job_at "{ cron: '0 9 * * *', timeZone: 'Asia/Kathmandu' }")" \
        lib/background_jobs/here.js "$(job_at "'0 9 * * *'")" \
        lib/background_jobs/main.js "$(ticks 2026-01-15T08:00:00Z 2026-07-15T07:00:00Z 2026-01-15T03:15:00Z 2026-01-15T09:00:00Z 2026-01-15T09:00:01Z)"
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output "2026-01-15T08:00:00Z
  paris
2026-07-15T07:00:00Z
  paris
2026-01-15T03:15:00Z
  kathmandu
2026-01-15T09:00:00Z
  here
2026-01-15T09:00:01Z"
}

@test "without a zone of its own a schedule follows timeZone of the configuration, else TZ" {
    project_with lib/background_jobs/here.js "$(job_at "'0 9 * * *'")" \
        lib/background_jobs/main.js "$(ticks 2026-01-15T09:00:00Z 2026-01-15T14:00:00Z 2026-01-15T00:00:00Z)"
    TZ=America/New_York run_separately pinstripe run-background-job main
    expect_output "2026-01-15T09:00:00Z
2026-01-15T14:00:00Z
  here
2026-01-15T00:00:00Z"
    echo "export default { timeZone: 'Asia/Tokyo' };" >pinstripe.config.js
    TZ=America/New_York run_separately pinstripe run-background-job main
    expect_output "2026-01-15T09:00:00Z
2026-01-15T14:00:00Z
2026-01-15T00:00:00Z
  here"
}

@test "CRON_TZ= in front of an expression is its zone, and must not say another than timeZone" {
    project_with lib/background_jobs/paris.js "$(job_at "'CRON_TZ=Europe/Paris 0 9 * * *'")" \
        lib/background_jobs/twice.js "$(job_at "{ cron: 'TZ=Asia/Kathmandu 0 9 * * *', timeZone: 'Asia/Kathmandu' }")" \
        lib/background_jobs/main.js "$(ticks 2026-01-15T08:00:00Z 2026-07-15T07:00:00Z 2026-01-15T03:15:00Z 2026-01-15T09:00:00Z)"
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output "2026-01-15T08:00:00Z
  paris
2026-07-15T07:00:00Z
  paris
2026-01-15T03:15:00Z
  twice
2026-01-15T09:00:00Z"
    run_separately pinstripe list-background-jobs
    expect_in_output "schedule: 0 9 * * * in Europe/Paris"
    project_with lib/background_jobs/torn.js "$(job_at "{ cron: 'CRON_TZ=Europe/Paris 0 9 * * *', timeZone: 'UTC' }")" \
        lib/background_jobs/lost.js "$(job_at "'CRON_TZ=Europe/Pariss 0 9 * * *'")"
    run_separately pinstripe list-background-jobs
    expect_status 1
    expect_in_output 'two time zones, "Europe/Paris" in the expression and "UTC" as timeZone'
    expect_in_output 'time zone "Europe/Pariss" is not known'
}

@test "where clocks jump, a schedule runs once a day and an hourly one every hour" {
    project_with lib/background_jobs/daily.js "$(job_at "{ cron: '30 2 * * *', timeZone: 'America/New_York' }")" \
        lib/background_jobs/early.js "$(job_at "{ cron: '30 1 * * *', timeZone: 'America/New_York' }")" \
        lib/background_jobs/hourly.js "$(job_at "{ cron: '30 * * * *', timeZone: 'America/New_York' }")" \
        lib/background_jobs/main.js "$(ticks 2026-03-08T06:30:00Z 2026-03-08T07:30:00Z 2026-11-01T05:30:00Z 2026-11-01T06:30:00Z)"
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output "2026-03-08T06:30:00Z
  early
  hourly
2026-03-08T07:30:00Z
  daily
  hourly
2026-11-01T05:30:00Z
  early
  hourly
2026-11-01T06:30:00Z
  hourly"
}

@test "jobs run in the order of their names, schedules in that of their declaration, with their arguments" {
    project_with lib/background_jobs/b.js "export default { meta(){
            this.schedule('0 9 * * *', 'first', { n: 1 });
            this.schedule('30 9 * * *', 'never');
            this.schedule('0 * * * *', 'second');
        }, run(...args){ console.log('  b', ...args) } };" \
        lib/background_jobs/a.js "$(job_at "'@hourly'")" \
        lib/background_jobs/main.js "$(ticks 2026-01-15T09:00:00Z)"
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output "2026-01-15T09:00:00Z
  a
  b first { n: 1 }
  b second"
}

@test "a failure is told and does not stop the rest" {
    project_with lib/background_jobs/a.js "export default { meta(){ this.schedule('* * * * *') }, run(){ throw new Error('sick') } };" \
        lib/background_jobs/b.js "$(job_at "'* * * * *'")" \
        lib/background_jobs/main.js "$(ticks 2026-01-15T09:00:00Z)"
    run_separately pinstripe run-background-job main
    expect_output "2026-01-15T09:00:00Z
  b"
    expect_in_errors sick
}

@test "a wrong expression is told with the field, the value and what to write" {
    project_with lib/background_jobs/x.js "$(job_at "'60 * * * *'")"
    run_separately pinstripe list-background-jobs
    expect_status 1
    expect_in_output 'minute "60" is outside 0-59; write 0 to 59'
}

@test "the inflector is a service" {
    project_with lib/background_jobs/x.js "export default { run(){
        const { inflector } = this;
        console.log(inflector.dasherize('HTMLParser'), inflector.snakeify('userID'), inflector.camelize('foo_bar'), inflector.pascalize('foo/bar'));
        console.log(inflector.titleize('fooBar'), '|', inflector.humanize('fooBar'), '|', inflector.capitalize('x'), inflector.uncapitalize('X'));
        console.log(inflector.pluralize('category'), inflector.singularize('people'), inflector.singularize('user'), inflector.inflect('UsedHash', 'pluralize', 'dasherize'));
        console.log(inflector.snakeify(null), inflector.snakeify(undefined), inflector.dasherize(42));
        try { inflector.camelize('123') } catch(error){ console.log(error instanceof TypeError) }
    } };"
    run_separately pinstripe run-background-job x
    expect_status 0
    expect_output "html-parser user_id fooBar FooBar
Foo Bar | Foo bar | X x
categories person user used-hashes
null undefined 42
true"
}

#!/usr/bin/env bats
# F64 - the clocks go forward while a program runs: every second of the night is asked, and nothing is lost or doubled.

load ../cli/helper

# A job that fires by the expression in the zone.
job_in() { echo "export default { meta(){ this.schedule({ cron: '$2', timeZone: '$1' }) }, run(){ console.log('  ' + this.constructor.name) } };"; }

# A job that asks every second from one instant to another, and says the half hours that it comes to.
night() {
    echo "export default { async run(){
        for(let second = Date.parse('$1') / 1000; second < Date.parse('$2') / 1000; second++){
            if(second % 1800 == 0) console.log(new Date(second * 1000).toISOString().slice(11, 16));
            await this.bot.runBackgroundJobs(second);
        }
    } };"
}

@test "an hour is missing in New York: daily jobs once, hourly ones every hour" {
    project_with lib/background_jobs/a-daily.js "$(job_in America/New_York '30 2 * * *')" \
        lib/background_jobs/b-often.js "$(job_in America/New_York '*/30 2 * * *')" \
        lib/background_jobs/c-hourly.js "$(job_in America/New_York '0 * * * *')" \
        lib/background_jobs/night.js "$(night 2026-03-08T06:00:00Z 2026-03-08T08:30:00Z)"
    run_separately pinstripe run-background-job night
    expect_status 0
    expect_output "06:00
  c-hourly
06:30
07:00
  b-often
  c-hourly
07:30
  a-daily
  b-often
08:00
  c-hourly"
}

@test "midnight is missing in Sao Paulo: F66" {
    project_with lib/background_jobs/a-daily.js "$(job_in America/Sao_Paulo '0 0 * * *')" \
        lib/background_jobs/b-hourly.js "$(job_in America/Sao_Paulo '30 * * * *')" \
        lib/background_jobs/night.js "$(night 2018-11-04T02:00:00Z 2018-11-04T04:30:00Z)"
    run_separately pinstripe run-background-job night
    expect_status 0
    expect_output "02:00
02:30
  b-hourly
03:00
  a-daily
03:30
  b-hourly
04:00"
}

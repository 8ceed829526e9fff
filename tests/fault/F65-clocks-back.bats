#!/usr/bin/env bats
# F65 - the clocks go back while a program runs: every second of the night is asked, and nothing is doubled or lost.

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

@test "an hour comes twice in New York: daily jobs once, hourly ones every hour" {
    project_with lib/background_jobs/a-daily.js "$(job_in America/New_York '30 1 * * *')" \
        lib/background_jobs/b-often.js "$(job_in America/New_York '*/30 1 * * *')" \
        lib/background_jobs/c-hourly.js "$(job_in America/New_York '0 * * * *')" \
        lib/background_jobs/night.js "$(night 2026-11-01T04:30:00Z 2026-11-01T07:30:00Z)"
    run_separately pinstripe run-background-job night
    expect_status 0
    expect_output "04:30
05:00
  b-often
  c-hourly
05:30
  a-daily
  b-often
06:00
  c-hourly
06:30
07:00
  c-hourly"
}

@test "half an hour comes twice on Lord Howe: F66" {
    project_with lib/background_jobs/a-daily.js "$(job_in Australia/Lord_Howe '30 1 * * *')" \
        lib/background_jobs/b-hourly.js "$(job_in Australia/Lord_Howe '30 * * * *')" \
        lib/background_jobs/night.js "$(night 2024-04-06T14:00:00Z 2024-04-06T16:30:00Z)"
    run_separately pinstripe run-background-job night
    expect_status 0
    expect_output "14:00
14:30
  a-daily
  b-hourly
15:00
  b-hourly
15:30
16:00
  b-hourly"
}

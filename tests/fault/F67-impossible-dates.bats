#!/usr/bin/env bats
# F67 - dates that never come are refused when the project is loaded, with the reason; rare ones are not.

load ../cli/helper

job_at() { echo "export default { meta(){ this.schedule('$1') }, run(){} };"; }

@test "a date that never comes breaks its job, with the reason" {
    local cron
    for cron in '0 0 30 2 *' '0 0 31 4 *' '0 0 31 2,4 *' '0 0 31 2 MON'; do
        project_with lib/background_jobs/never.js "$(job_at "$cron")"
        run_separately pinstripe list-background-jobs
        expect_status 1
        expect_in_output "never comes"
    done
}

@test "February 29 and the 31st are only rare" {
    project_with lib/background_jobs/rare.js "$(job_at '0 0 29 2 *')" lib/background_jobs/long.js "$(job_at '0 0 31 * *')"
    run_separately pinstripe list-background-jobs
    expect_status 0
}

@test "February 29 comes in 2096 and in 2104, not in 2100" {
    project_with lib/background_jobs/leap.js 'export default { meta(){ this.schedule("0 0 29 2 *") }, run(){ console.log("leap") } };' \
        lib/background_jobs/main.js 'export default { async run(){
            for(const day of ["2096-02-29", "2100-02-28", "2100-03-01", "2104-02-29", "9996-02-29"]){
                console.log(day);
                await this.bot.runBackgroundJobs(Date.parse(day + "T00:00:00Z") / 1000);
            }
        } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output $'2096-02-29\nleap\n2100-02-28\n2100-03-01\n2104-02-29\nleap\n9996-02-29\nleap'
}

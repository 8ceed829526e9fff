# The C examples of docs/native-jobs.md, as they stand there.

load native_helper

# block N: the Nth C block of the page.
block() {
    awk -v want="$1" '/^```c$/ { n++; inside = n == want; next } /^```/ { inside = 0 } inside' \
        "${BATS_TEST_DIRNAME%/tests/*}/docs/native-jobs.md"
}

own_setup() {
    project_with pinstripe.config.js "export default { multiTenant: true, ...${PROJECT_CONFIG:-{\}} };" \
        lib/migrations/1_tables.js '
        export default { async migrate(){
            await this.database.table("tenants", async tenants => { await tenants.addColumn("active", "boolean"); });
            await this.database.table("users", async users => { await users.addColumn("email", "string"); await users.addColumn("subscribed", "boolean"); });
            await this.database.table("notifications", async notifications => { await notifications.addColumn("sent", "boolean"); });
        } };' lib/background_jobs/seed.js '
        export default { multiTenant: false, async run(){
            for(const [name, active] of [["alpha", true], ["beta", false]]){
                const tenant = await this.database.tenants.insert({ name, host: `${name}.test`, active });
                await tenant.runInNewWorkspace(async function(){
                    await this.database.users.insert({ email: `yes@${name}`, subscribed: true });
                    await this.database.users.insert({ email: `no@${name}`, subscribed: false });
                    for(let i = 0; i < 150; i++) await this.database.notifications.insert({ sent: false });
                });
            }
        } };' lib/background_jobs/unsent.js '
        export default { async run(){ console.log(await this.database.notifications.where({ sent: false }).count()); } };'
    pinstripe migrate-database >/dev/null 2>&1
    pinstripe run-background-job seed
}

@test "send-newsletter runs for the active tenant and its subscribers" {
    block 1 >lib/background_jobs/send_newsletter.c
    run_separately "$PINSTRIPE" run-background-job send-newsletter
    expect_status 0
    [ "$(grep -c Newsletter <<<"$output")" -eq 1 ]
    [[ $output == *'Newsletter to yes@alpha'* ]]
    run pinstripe list-background-jobs
    [[ $output == *'schedule: 0 * * * *'* ]]
}

@test "deliver-notifications marks a hundred at a time" {
    { echo '#include <pinstripe/job.h>'; block 2; echo 'PIN_BACKGROUND_JOB(.run = run)'; } >lib/background_jobs/deliver_notifications.c
    pinstripe run-background-job deliver-notifications
    run pinstripe run-background-job unsent --tenant alpha
    [[ $output == *50 ]]
}

@test "the job that asks whether it was cancelled reads on while it was not" {
    { printf '#include <pinstripe/job.h>\n#include <stdio.h>\n'; block 3; echo 'PIN_BACKGROUND_JOB(.run = run)'; } >lib/background_jobs/asks.c
    run pinstripe run-background-job asks --tenant alpha
    [[ $output == *'yes@alpha'*'no@alpha'* ]]
}

# Every code example of the specification page, as it stands there, under its heading.

load server_helper

# multi_tenant: a project with tenants alpha, beta and (not active) gamma, each with users and notifications.
multi_tenant() {
    project_with pinstripe.config.js 'export default { multiTenant: true };' \
        lib/migrations/1700000001_create_core.js '
        export default {
            async migrate(){
                await this.database.table("users", async users => {
                    await users.addColumn("name", "string");
                    await users.addColumn("subscribed", "boolean");
                });
                await this.database.table("notifications", async notifications => {
                    await notifications.addColumn("text", "string");
                    await notifications.addColumn("sent", "boolean");
                });
            }
        };' lib/migrations/1700000002_data.js '
        export default {
            async migrate(){
                for(const [name, active] of [["alpha", true], ["beta", true], ["gamma", false]]){
                    const { id: tenantId } = await this.database.tenants.insert({ name, active });
                    await this.database.users.insert({ tenantId, name: `${name} reader`, subscribed: true });
                    await this.database.users.insert({ tenantId, name: `${name} other`, subscribed: false });
                    for(let i = 1; i <= 3; i++) await this.database.notifications.insert({ tenantId, text: `${name} ${i}`, sent: i == 2 });
                }
            }
        };' lib/models/user.js 'export default { async sendNewsletter(){ console.log("newsletter to", this.name); } };' \
        lib/models/notification.js 'export default { async send(){ console.log("sending", this.text); } };'
    pinstripe migrate-database >/dev/null
}

@test "Interface: the promise resolves to undefined, and rejects when the job fails or does not exist" {
    project_with lib/background_jobs/good.js 'export default { run(){ return "dropped"; } };' \
        lib/background_jobs/bad.js 'export default { run(){ throw new Error("failed"); } };' \
        lib/background_jobs/main.js '
        export default { async run(){
            console.log(await this.runBackgroundJob("good"));
            for(const name of ["bad", "absent"]) await this.runBackgroundJob(name).catch(e => console.log(e.message));
        } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'undefined
failed
No such background job "absent" exists.'
}

@test "Basic Job Execution" {
    project_with lib/background_jobs/deliver_notifications.js 'export default { run(){ console.log("delivered"); } };' \
        lib/background_jobs/send_email.js 'export default { run(to, subject){ console.log("mail to", to, subject); } };' \
        lib/background_jobs/main.js "
export default {
    async run(){
        // Execute a background job immediately
        await this.runBackgroundJob('deliver-notifications');

        // Execute with arguments
        await this.runBackgroundJob('send-email', 'user@example.com', 'Welcome!');
    }
};"
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'delivered
mail to user@example.com Welcome!'
}

@test "Command Line Usage" {
    project_with lib/background_jobs/deliver_notifications.js 'export default { run(){ console.log("delivered"); } };'
    run_separately pinstripe run-background-job --name deliver-notifications
    expect_status 0
    expect_output delivered
    run_separately pinstripe list-background-jobs
    expect_status 0
    expect_in_output '  * deliver-notifications'
}

@test "Multi-Tenant Job Execution" {
    multi_tenant
    project_with lib/background_jobs/send_newsletter.js "
// Background job with multi-tenant configuration
export default {
    meta(){
        this.schedule('0 * * * *'); // Hourly
    },
    
    // Enable multi-tenant execution
    multiTenant: true,
    
    // Optional: Filter which tenants to run for
    tenantsFilter: tenants => tenants.where({ active: true }),
    
    async run(){
        // This runs once per tenant when called via runBackgroundJob
        const users = await this.database.users.where({ 
            subscribed: true 
        }).all();
        
        for(let user of users){
            await user.sendNewsletter();
        }
    }
};" lib/background_jobs/main.js "
export default {
    multiTenant: false,
    async run(){
        // Execute - will automatically run for all active tenants
        await this.runBackgroundJob('send-newsletter');
    }
};"
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'newsletter to alpha reader
newsletter to beta reader'
    run_separately pinstripe run-background-job send-newsletter
    expect_status 0
    expect_output 'newsletter to alpha reader
newsletter to beta reader'
}

@test "Development and Testing" {
    project_with lib/background_jobs/deliver_notifications.js 'export default { run(){ console.log("delivered"); } };' \
        lib/views/process.js "
// Test job execution during development
export default {
    async render(){
        // Trigger background job based on user action
        if(this.params.processNotifications){
            await this.runBackgroundJob('deliver-notifications');
        }
        
        return { message: 'Processing complete' };
    }
}"
    serve --without-bot
    answers /process 200 '{"message":"Processing complete"}'
    run ! grep -q delivered "$log"
    answers '/process?processNotifications=yes' 200 '{"message":"Processing complete"}'
    logged '"msg":"delivered"'
}

@test "Error Handling" {
    project_with lib/background_jobs/risky_operation.js '
        export default { run(){ throw new TypeError("it was too risky"); } };' \
        lib/views/risky.js "
// Handle job execution errors
export default {
    async render(){
        try {
            await this.runBackgroundJob('risky-operation');
            return { status: 'success' };
        } catch(error) {
            console.error('Background job failed:', error);
            return { status: 'error', message: error.message };
        }
    }
}"
    serve --without-bot
    answers /risky 200 '{"status":"error","message":"it was too risky"}'
    logged 'Background job failed: TypeError: it was too risky'
    logged 'lib/background_jobs/risky_operation.js:2'
    project_with lib/background_jobs/risky_operation.js 'export default { run(){} };'
    kill -TERM "$server"
    ends 0
    serve --without-bot
    answers /risky 200 '{"status":"success"}'
}

@test "Bot Service Integration" {
    project_with lib/background_jobs/report.js 'export default { run(...args){ console.log("report", args.join()); } };' \
        lib/services/my_bot.js "
// The bot service uses runBackgroundJob internally
export default {
    async runBackgroundJobs(unixTime){
        // Bot discovers and executes scheduled jobs
        for(let backgroundJob of discoveredJobs){
            if(shouldRunAtTime(backgroundJob, unixTime)){
                await Workspace.run(async function(){
                    // Uses runBackgroundJob under the hood
                    await this.runBackgroundJob(backgroundJob.name, ...args);
                });
            }
        }
    }
}" lib/background_jobs/main.js '
        import bot from "../services/my_bot.js";
        export default { async run(){
            globalThis.discoveredJobs = BackgroundJob.names.map(name => BackgroundJob.for(name));
            globalThis.shouldRunAtTime = ({ name }, unixTime) => unixTime == 60 && name == "report";
            globalThis.args = ["daily", 1];
            for(const time of [59, 60]) await bot.runBackgroundJobs(time);
        } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'report daily,1'
}

@test "Background Job Structure" {
    multi_tenant
    project_with lib/background_jobs/deliver_notifications.js "
export default {
    meta(){
        // Cron schedule (used by bot service)
        this.schedule('*/5 * * * *'); // Every 5 minutes
        
        // Multiple schedules supported
        this.schedule('0 0 * * *'); // Daily at midnight
        this.schedule('0 12 * * 1'); // Weekly on Monday at noon
    },
    
    // Multi-tenant configuration
    multiTenant: true,
    tenantsFilter: tenants => tenants.where({ active: true }),
    
    // Custom properties
    batchSize: 100,
    retryCount: 3,
    
    async run(){
        // Job implementation with access to services
        const records = await this.database.notifications
            .where({ sent: false })
            .limit(this.batchSize)
            .all();
            
        for(let record of records){
            await record.send();
            await record.update({ sent: true });
        }
    }
};"
    run_separately pinstripe run-background-job deliver-notifications
    expect_status 0
    expect_output 'sending alpha 1
sending alpha 3
sending beta 1
sending beta 3'
    run_separately pinstripe run-background-job deliver-notifications
    expect_status 0
    expect_output ''
}

@test "Base Implementation" {
    project_with lib/services/run_background_job.js "
// packages/pinstripe/lib/services/run_background_job.js
export default {
    create(){
        return name => BackgroundJob.run(this.context, name);
    }
};" lib/background_jobs/other.js 'export default { run(...args){ console.log("other", args.length, this.initialParams.mark); } };' \
        lib/background_jobs/main.js '
        export default { async run(){
            this.initialParams.mark = "carried";
            await this.runBackgroundJob("other", 1, 2);
            await this.runBackgroundJob("absent").catch(e => console.log(e.message));
        } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'other 0 carried
No such background job "absent" exists.'
}

@test "Multi-Tenant Implementation" {
    multi_tenant
    project_with lib/services/run_background_job.js "
// packages/@pinstripe/multi-tenant/lib/services/run_background_job.js
export default {
    create(){
        return name => this.runBackgroundJob(name);
    },

    async runBackgroundJob(name){
        const { multiTenant = true, tenantsFilter = tenants => tenants } = BackgroundJob.for(name);

        if(multiTenant){
            // Run for each tenant
            for(let tenant of await tenantsFilter(this.database.tenants).all()){
                await Workspace.run(async function(){
                    this.initialParams._headers['x-tenant-id'] = tenant.id;
                    await BackgroundJob.run(this.context, name);
                });
            }
        } else {
            // Single execution
            await BackgroundJob.run(this.context, name);
        }
    }
};" lib/background_jobs/who.js '
        export default {
            tenantsFilter: tenants => tenants.where({ active: true }),
            async run(){
                const { name, id } = await this.database.tenant;
                console.log(name, this.initialParams._headers["x-tenant-id"] === id, await this.database.users.count());
            }
        };' lib/background_jobs/all.js '
        export default { multiTenant: false, async run(){ console.log("all", await this.database.users.count()); } };' \
        lib/background_jobs/main.js '
        export default { multiTenant: false, async run(){
            await this.runBackgroundJob("who");
            await this.runBackgroundJob("all");
            await this.runBackgroundJob("absent").catch(e => console.log(e.message));
        } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'alpha true 2
beta true 2
all 6
No such background job "absent" exists.'
}

@test "REPL Interactive Execution" {
    project_with lib/background_jobs/send_newsletter.js 'export default { run(){ console.log("Newsletter job completed successfully"); } };' \
        lib/background_jobs/maintenance.js 'export default { run(){ console.log("Maintenance job executed"); } };'
    run_separately pinstripe repl <<'LINES'
await runBackgroundJob('send-newsletter')
await runBackgroundJob('maintenance')
LINES
    expect_output 'Newsletter job completed successfully
Maintenance job executed'
    expect_status 0
}

@test "REPL Testing" {
    project_with lib/background_jobs/my_job.js 'export default { run(){ console.log("my job"); } };'
    run_separately pinstripe repl <<<"await runBackgroundJob('my-job')"
    expect_output 'my job'
    expect_status 0
}

@test "Manual Testing, and CLI Testing" {
    project_with lib/background_jobs/my_job.js 'export default { run(){ console.log("my job"); } };' \
        lib/background_jobs/test_job.js "
export default {
    async run(){
        // Test jobs in development environment
        await this.runBackgroundJob('my-job');
    }
};"
    run_separately pinstripe run-background-job --name my-job
    expect_output 'my job'
    run_separately pinstripe run-background-job --name test-job
    expect_output 'my job'
}

@test "Command Line Tools" {
    project_with
    run_separately pinstripe generate-background-job --name tidy-up
    expect_status 0
    run_separately pinstripe list-background-jobs
    expect_in_output '  * tidy-up'
    run_separately pinstripe run-background-job --name tidy-up
    expect_status 0
    expect_output 'tidy-up background job coming soon!'
}

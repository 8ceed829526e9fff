#!/usr/bin/env bats
# readme.bats - what the README shows a new user works as shown.

load helper

@test "a first job in a minute" {
    pinstripe generate-project my-app
    cd my-app
    run_separately pinstripe list-background-jobs
    expect_status 0
    expect_in_output "  * hello-world"
    run_separately pinstripe run-background-job hello-world you
    expect_status 0
    expect_output "Hello, you!"
    run_separately pinstripe run-background-job hello-world
    expect_output "Hello, world!"
}

@test "a model, its table, and a job that uses it" {
    pinstripe generate-project my-app
    cd my-app
    pinstripe generate-model user --fields '^name:string email:string'
    run_separately pinstripe migrate-database
    expect_status 0
    expect_in_output "_create_users"
    echo "export default { async run(){
        await this.database.users.insert({ name: 'Ann' });
        const user = await this.database.users.where({ name: 'Ann' }).first();
        console.log(user.name);
        await this.database.users.insert({ email: 'nobody@example.com' }).catch(error => console.log(error.message));
        await this.runBackgroundJob('hello-world', 'you');
    } };" >lib/background_jobs/users.js
    run_separately pinstripe run-background-job users
    expect_status 0
    [ "${lines[0]}" = Ann ]
    [[ ${lines[1]} == *name*"Must not be blank"* ]] || { echo "$output"; return 1; }
    [ "${lines[2]}" = "Hello, you!" ]
}

@test "a model without fields has a table that can be used" {
    project_with
    pinstripe generate-model thing
    run_separately pinstripe migrate-database
    expect_status 0
    echo "export default { async run(){
        await this.database.things.insert({});
        console.log(await this.database.things.count());
    } };" | install -D /dev/stdin lib/background_jobs/count.js
    run_separately pinstripe run-background-job count
    expect_output 1
}

@test "a generated service is there for every job" {
    project_with lib/background_jobs/ask.js 'export default { run(){ console.log(this.billingTaxRate) } };'
    pinstripe generate-service billing/tax_rate
    run_separately pinstripe run-background-job ask
    expect_output "Example billingTaxRate service"
}

@test "a generated job runs" {
    project_with
    pinstripe generate-background-job --name x
    run_separately pinstripe run-background-job --name x
    expect_output "x background job coming soon!"
}

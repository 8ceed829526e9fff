# repl in a multi-tenant project.

load tenant_helper

repl() {
    printf '%s\n' "$@" >"$TEST_FOLDER/lines"
    run_separately pinstripe repl <"$TEST_FOLDER/lines"
}

@test "without a tenant all rows are there, .tenant goes on as one, by name or id, and back" {
    repl 'await database.users.count()' '.tenant beta' 'await database.users.count()' '(await database.users.first()).name' \
        'var { id } = await database.tenant; 0' '.tenant' 'await database.users.count()'
    expect_output "6
2
'beta1'
0
6"
    expect_in_errors 'No tenant'
    expect_status 0
}

@test "--tenant begins as that tenant, also in the session after a crash" {
    printf '%s\n' '(await database.users.first()).name' '.clear' '(await database.users.first()).name' >"$TEST_FOLDER/lines"
    run_separately pinstripe repl --tenant gamma <"$TEST_FOLDER/lines"
    expect_output "'gamma1'
'gamma1'"
    run_separately pinstripe repl --tenant nobody <"$TEST_FOLDER/lines"
    expect_in_errors 'No such tenant "nobody" exists.'
    expect_status 3
}

@test "an unknown tenant changes nothing" {
    repl '.tenant alpha' '.tenant nobody' '(await database.tenant).name'
    expect_output "'alpha'"
    expect_in_errors 'No such tenant "nobody" exists.'
    expect_status 1
}

@test "a job runs for every tenant, or for the one that the session is in; what fails names its tenants" {
    job who '' 'console.log("run for", (await this.database.tenant).name);'
    job picky '' 'const { name } = await this.database.tenant; if(name != "alpha") throw new Error(`not ${name}`);'
    repl 'await runBackgroundJob("who")' '.tenant beta' 'await runBackgroundJob("who")'
    expect_output 'run for alpha
run for beta
run for gamma
run for beta'
    expect_status 0
    repl 'await runBackgroundJob("picky")'
    expect_in_errors 'Uncaught AggregateError: 2 of 3 tenants failed: '
    expect_in_errors 'beta (not beta)'
    expect_in_errors 'lib/background_jobs/picky.js:4'
    expect_status 1
}

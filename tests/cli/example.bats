#!/usr/bin/env bats
# example.bats - the newsletter project does what its demo and the documentation show.

load helper

own_setup() {
    cp -r "$BATS_TEST_DIRNAME/../../examples/newsletter" newsletter
    rm -f newsletter/*.db*
    cd newsletter || return 1
}

@test "the demo ends well and names tenants, counts and times" {
    run env PINSTRIPE="$PINSTRIPE" ./demo.sh
    expect_status 0
    expect_in_output 'newsletter to Ann <ann@acme.example.com>'
    expect_in_output 'runs: 3, failed: 0, '
    expect_in_output 'runs: 4, failed: 1, '
    [ ! -e development.db ]
}

@test "migrate-database applies each migration once and says so" {
    run_separately pinstripe migrate-database
    expect_status 0
    expect_output "Applied migration: 1700000001_create_users_and_notifications
Applied migration: 1700000002_add_example_data"
    run_separately pinstripe migrate-database
    expect_status 0
    expect_output ""
    expect_in_errors "up to date"
    run_separately pinstripe migrate-database --quiet
    [ -z "$stderr" ]
}

@test "send-newsletter goes to the subscribed users of active tenants, tenant by tenant" {
    pinstripe migrate-database
    run_separately pinstripe run-background-job --name send-newsletter
    expect_status 0
    expect_output "newsletter to Ann <ann@acme.example.com>
newsletter to Ada <ada@acme.example.com>
newsletter to Alf <alf@acme.example.com>
newsletter to Gus <gus@globex.example.com>
newsletter to Gil <gil@globex.example.com>
newsletter to Uma <uma@umbrella.example.com>"
}

@test "--tenant takes a name or an id; a filtered one runs nothing, an unknown one is exit 3" {
    pinstripe migrate-database
    local want="newsletter to Gus <gus@globex.example.com>
newsletter to Gil <gil@globex.example.com>" id
    run_separately pinstripe run-background-job send-newsletter --tenant Globex
    expect_output "$want"
    id=$(sqlite3 development.db "select id from tenants where name = 'Globex'")
    run_separately pinstripe run-background-job send-newsletter --tenant "$id"
    expect_output "$want"
    run_separately pinstripe run-background-job send-newsletter --tenant Initech
    expect_status 0
    expect_output ""
    expect_in_errors "tenantsFilter leaves out the tenant"
    run_separately pinstripe run-background-job send-newsletter --tenant Nobody
    expect_status 3
    expect_output ""
    expect_in_errors 'No such tenant "Nobody" exists.'
}

@test "deliver-notifications works in batches until nothing waits" {
    pinstripe migrate-database
    run pinstripe run-background-job deliver-notifications
    expect_in_output "Acme: 5 delivered, 7 waiting"
    run pinstripe run-background-job deliver-notifications
    expect_in_output "Globex: 4 delivered, 0 waiting"
    run pinstripe run-background-job deliver-notifications
    expect_in_output "Acme: 2 delivered, 0 waiting"
    run pinstripe run-background-job maintenance
    expect_output "Maintenance job executed: 27 sent notifications removed"
}

@test "risky-operation fails for one tenant, with exit 1, and runs for the others" {
    pinstripe migrate-database
    run_separately pinstripe run-background-job risky-operation
    expect_status 1
    expect_output "Acme is fine
Initech is fine
Umbrella is fine"
    expect_in_errors "risky-operation (Globex): Error: the books of Globex do not balance"
    expect_in_errors "lib/background_jobs/risky_operation.js:6"
}

@test "reset-database asks for --yes without a terminal, shows with --dry-run, and starts anew" {
    pinstripe migrate-database
    pinstripe run-background-job deliver-notifications
    run_separately pinstripe reset-database </dev/null
    expect_status 2
    expect_in_errors "--yes"
    run_separately pinstripe reset-database --dry-run
    expect_status 0
    expect_in_output "Would delete \"$PWD/development.db\""
    expect_in_output "Would apply migration: 1700000001_create_users_and_notifications"
    [ "$(sqlite3 development.db 'select count(*) from notifications where sent')" -eq 15 ]
    run_separately pinstripe reset-database --yes
    expect_status 0
    expect_in_output "Deleted database \"$PWD/development.db\""
    expect_in_output "Applied migration: 1700000002_add_example_data"
    [ "$(sqlite3 development.db 'select count(*) from notifications where sent')" -eq 0 ]
}

@test "each environment has a database of its own" {
    PINSTRIPE_ENV=production run pinstripe migrate-database
    expect_status 0
    [ -e production.db ]
    [ ! -e development.db ]
    NODE_ENV='test' run pinstripe migrate-database
    [ -e test.db ]
    PINSTRIPE_ENV=../x run_separately pinstripe migrate-database
    expect_status 2
}

@test "a job that does not touch the database makes no file" {
    run pinstripe run-background-job send-email user@example.com 'Welcome!'
    expect_status 0
    expect_output "email to user@example.com: Welcome!"
    [ ! -e development.db ]
}

@test "reset-database asks on a terminal, and only y goes on" {
    pinstripe migrate-database
    local ask="'$PINSTRIPE' reset-database"
    run bash -c "echo n | script -qec \"$ask\" /dev/null"
    expect_status 1
    expect_in_output "Delete $PWD/development.db and all that is in it? [y/N]"
    expect_in_output "nothing was changed"
    [ -e development.db ]
    run bash -c "echo y | script -qec \"$ask\" /dev/null"
    expect_status 0
    expect_in_output "Applied migration: 1700000002_add_example_data"
}

@test "migrate-database: 69 when the database cannot be opened, 1 when a migration fails" {
    echo garbage >development.db
    run_separately pinstripe migrate-database
    expect_status 69
    expect_in_errors "development.db is no SQLite database"
    rm development.db
    echo 'export default { migrate(){ throw new Error("not today"); } };' >lib/migrations/1700000003_bad.js
    run_separately pinstripe migrate-database
    expect_status 1
    expect_in_errors "not today"
    expect_in_errors "lib/migrations/1700000003_bad.js:1"
}

# The store is made and brought up to date by migrate-database, and opened by the commands on runs.

load helper

own_setup() {
    project_with lib/background_jobs/mail.js 'export default { run(){} };' \
        lib/migrations/1_users.js 'export default { async migrate(){ await this.database.table("users"); } };'
}

versions() { sqlite3 "${1:-development.db}" "select program, version from pinstripe_storeVersion"; }

@test "it is made after the project's migrations, told once on stderr, and has an identity of its own" {
    run_separately pinstripe migrate-database
    expect_status 0
    expect_output 'Applied migration: 1_users'
    expect_in_errors "made the store of runs in \"$PWD/development.db\""
    [ "$(versions)" = 'pinstripe|1' ]
    identity=$(sqlite3 development.db 'select hex(identity) from pinstripe_storeVersion')
    [ "${#identity}" -eq 32 ]
    [ "$identity" != 00000000000000000000000000000000 ]
    run_separately pinstripe migrate-database
    expect_status 0
    [ -z "$output" ]
    [[ $stderr != *store* ]]
    [ "$(sqlite3 development.db 'select hex(identity) from pinstripe_storeVersion')" = "$identity" ]
    run_separately pinstripe list-runs
    expect_status 0
}

@test "a database from before there was a store gets one" {
    pinstripe migrate-database
    for table in $(sqlite3 development.db "select name from sqlite_schema where type = 'table' and name like 'pinstripe%'"); do
        sqlite3 development.db "drop table $table"
    done
    run_separately pinstripe list-runs
    expect_status 69
    expect_in_errors 'keeps no runs yet; run migrate-database'
    run_separately pinstripe migrate-database
    expect_in_errors 'made the store of runs'
    run_separately pinstripe list-runs
    expect_status 0
}

@test "a newer store is refused with both versions, and nothing is changed" {
    pinstripe migrate-database
    sqlite3 development.db 'update pinstripe_storeVersion set version = 99'
    for command in list-runs 'enqueue-background-job mail' migrate-database; do
        # shellcheck disable=SC2086  # two words
        run_separately pinstripe $command
        expect_status 78
        expect_in_errors 'has version 99'
        expect_in_errors 'versions up to 1'
    done
    [ "$(versions)" = 'pinstripe|99' ]
}

@test "tables of somebody else are refused, and stay" {
    pinstripe migrate-database
    sqlite3 development.db "update pinstripe_storeVersion set program = 'other'"
    for command in list-runs migrate-database; do
        run_separately pinstripe $command
        expect_status 78
        expect_in_errors 'this program (store version 1) did not make'
    done
    [ "$(versions)" = 'other|1' ]
}

@test "store.filename is a file of its own: made, used, and left alone by reset-database" {
    project_with pinstripe.config.js 'export default { store: { filename: "runs.db" } };'
    run_separately pinstripe list-runs
    expect_status 69
    expect_in_errors "there is no file $PWD/runs.db"
    run_separately pinstripe migrate-database
    expect_status 0
    expect_in_errors "made the store of runs in \"$PWD/runs.db\""
    [ "$(versions runs.db)" = 'pinstripe|1' ]
    [ "$(sqlite3 development.db "select count(*) from sqlite_schema where name like 'pinstripe%'")" -eq 0 ]
    pinstripe enqueue-background-job mail
    pinstripe reset-database --yes
    [ "$(sqlite3 runs.db 'select count(*) from pinstripe_runs')" -eq 1 ]
}

@test "reset-database of a database with the store in it begins with an empty one" {
    pinstripe migrate-database
    pinstripe enqueue-background-job mail
    run_separately pinstripe reset-database --yes
    expect_status 0
    expect_in_errors 'made the store of runs'
    [ "$(sqlite3 development.db 'select count(*) from pinstripe_runs')" -eq 0 ]
}

@test "a store's file that is no database, or a folder, is unavailable" {
    project_with pinstripe.config.js 'export default { store: { filename: "runs.db" } };'
    echo 'this is a text, and long enough not to be taken for an empty file' >runs.db
    for command in list-runs migrate-database; do
        run_separately pinstripe $command
        expect_status 69
        expect_in_errors 'runs.db is no SQLite database'
    done
    rm runs.db
    mkdir runs.db
    run_separately pinstripe list-runs
    expect_status 77
    expect_in_errors 'no regular file'
}

@test "a database in memory has no store, and migrating it is no failure" {
    project_with
    echo 'export default { database: { filename: ":memory:" } };' >pinstripe.config.js
    run_separately pinstripe migrate-database
    expect_status 0
    [[ $stderr != *store* ]]
}

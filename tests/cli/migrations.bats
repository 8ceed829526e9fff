# migrations: each once, in order, whole or not at all.

load helper

migration() {
    mkdir -p lib/migrations
    printf 'export default { async migrate(){ %s } };\n' "$2" >"lib/migrations/$1.js"
}
query() { sqlite3 development.db "$1"; }

own_setup() { project_with; }

@test "migrations are applied once, by their numbers" {
    migration 10_second 'await this.database.things.addColumn("second", "integer", { default: 7 });'
    migration 9_first 'await this.database.table("things", async function(things){ await things.addColumn("first", "string"); await this.create(); });'
    run_separately pinstripe migrate-database
    expect_status 0
    [ "$(query 'select schemaVersion from appliedMigrations order by 1' | tr '\n' ' ')" = '9 10 ' ]
    migration 11_third 'await this.database.things.insert({ first: "x" }); await this.database.things.removeColumn("first");'
    run_separately pinstripe migrate-database
    expect_status 0
    [ "$(query 'select second from things')" = 7 ]
    ! query 'select first from things' 2>/dev/null || return 1
}

@test "a migration that fails is named and leaves nothing behind" {
    migration 1_ok 'await this.database.table("a").addColumn("x", "string");'
    migration 2_bad 'await this.database.table("b").addColumn("x", "string"); throw new Error("stop here");'
    run_separately pinstripe migrate-database
    [ "$status" -ne 0 ]
    expect_in_errors 'Migration 2_bad failed: stop here'
    [ "$(query "select name from sqlite_master where name in ('a', 'b')")" = a ]
    migration 2_bad 'await this.database.table("b").addColumn("x", "string");'
    run_separately pinstripe migrate-database
    expect_status 0
    [ "$(query 'select count(*) from appliedMigrations')" = 2 ]
}

@test "two files with one number are refused, and both named" {
    migration 5_a ''
    migration 005_b ''
    run_separately pinstripe migrate-database
    [ "$status" -ne 0 ]
    expect_in_errors 'lib/migrations/005_b.js'
    expect_in_errors 'lib/migrations/5_a.js'
    expect_in_errors 'one number'
}

@test "a broken migration stops all of them and is named" {
    migration 1_ok 'await this.database.table("a").addColumn("x", "string");'
    mkdir -p lib/migrations
    printf 'export default { async migrate( };\n' >lib/migrations/2_broken.js
    run_separately pinstripe migrate-database
    [ "$status" -ne 0 ]
    expect_in_errors 'lib/migrations/2_broken.js'
    [ ! -e development.db ] || [ -z "$(query "select name from sqlite_master where name = 'a'")" ]
}

@test "an unknown column type is an error that names the types" {
    migration 1_x 'await this.database.table("a").addColumn("x", "strnig");'
    run_separately pinstripe migrate-database
    [ "$status" -ne 0 ]
    expect_in_errors 'strnig'
    expect_in_errors 'datetime'
}

@test "a migration may change data through models" {
    project_with lib/models/thing.js 'export default { get loud(){ return this.name.toUpperCase(); } };'
    migration 1_things 'await this.database.table("things").addColumn("name", "string"); await this.database.things.insert({ name: "x" });'
    migration 2_louder 'for await (const thing of this.database.things) await thing.update({ name: thing.loud });'
    run_separately pinstripe migrate-database
    expect_status 0
    [ "$(query 'select name from things')" = X ]
}

@test "this.database.migrate() gives the names of what it applied" {
    migration 1_things 'await this.database.table("things").addColumn("name", "string");'
    project_with lib/background_jobs/grow.js 'export default { async run(){ console.log(await this.database.migrate(), await this.database.migrate(), this.database.info); } };'
    run_separately pinstripe run-background-job grow
    expect_output "[ '1_things' ] [] { things: 'table' }"
}

@test "a dropped database can be migrated again in the same job" {
    migration 1_things 'await this.database.table("things").addColumn("name", "string");'
    project_with lib/background_jobs/again.js '
        export default { async run(){
            await this.database.migrate();
            await this.database.things.insert({ name: "x" });
            await this.database.drop();
            console.log(await this.database.migrate(), await this.database.things.count());
        } };'
    run_separately pinstripe run-background-job again
    expect_output "[ '1_things' ] 0"
    expect_status 0
}

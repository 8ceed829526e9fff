# docs_databases: every example of docs/databases.md, as it stands there.

load helper
load docs_helper

@test "the examples of docs/databases.md do what it says" {
    mkdir project && cd project || return 1
    take_examples "${BATS_TEST_DIRNAME%/tests/cli}/docs/databases.md"
    run_separately pinstripe migrate-database
    expect_status 0
    run_examples 4
}

# cases: every folder of tests/cases gives exactly what its expected.txt says.

load helper

run_case() {
    local folder=${BATS_TEST_DIRNAME%/cli}/cases
    PINSTRIPE=$PINSTRIPE run_separately "$folder/run" "$folder/$1" "$TEST_FOLDER"
    expect_status 0
    diff "$folder/$1/expected.txt" <(printf '%s\n' "$output") || { printf 'stderr:\n%s\n' "${stderr-}"; return 1; }
}

@test "01: one job reachable under every spelling of its name; result is undefined" {
    run_case 01-name-normalisation
}
@test "02: arguments reach run()" {
    run_case 02-args-forwarded
}
@test "04: sync and async throws become rejections the caller can catch; the caller is unharmed" {
    run_case 04-errors-bubble
}
@test "05: an unknown job is a rejection" {
    run_case 05-unknown-job
}
@test "07: custom properties, getters and helper methods live on the job object" {
    run_case 07-props-getters-helpers
}
@test "08: services from lib/services: function, self, object, nested name, leading underscore" {
    run_case 08-user-services
}
@test "12: insert, defaults, first, all, count, update, delete" {
    run_case 12-db-crud
}
@test "13: where: operators, arrays, null, booleans, dates, SQL text with parameters, chaining" {
    run_case 13-db-where
}
@test "14: the document's batch example: where().limit().all(), record.send(), record.update()" {
    run_case 14-db-limit
}
@test "15: orderBy and paginate(page, pageSize, skip)" {
    run_case 15-db-paging-order
}
@test "19: the document's send-newsletter example: tenantsFilter limits the tenants" {
    run_case 19-mt-tenants-filter
}
@test "20: without a multiTenant property a job runs once per tenant, sequentially, in insertion order, scoped" {
    run_case 20-mt-default
}
@test "22: one tenant's failure does not stop the others, and the call still rejects with the error" {
    run_case 22-mt-error-isolation
}
@test "24: which instants fire: 5 and 6 fields, names, steps, lists, L, #, day-of-month OR day-of-week, aliases" {
    run_case 24-cron-dialect
}

@test "every case is run" {
    local folder=${BATS_TEST_DIRNAME%/cli}/cases case
    for case in "$folder"/*/; do
        grep -qx "    run_case $(basename "$case")" "$BATS_TEST_FILENAME" || { echo "no test for $case"; return 1; }
    done
}

# Commands on runs in a multi-tenant project: by the tenants' names.

load tenant_helper

prepare() {
    job mail '' ''
    job central 'multiTenant: false,' ''
}

work() { "$(dirname "$PINSTRIPE")/tests/work-runs" development.db "$@" </dev/null; }

ids_of_tenants() { sqlite3 development.db 'select id from tenants order by _id'; }

field() { sed 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/' <<<"$output"; }

@test "--tenant takes a name or an id, and lists show the name" {
    prepare
    pinstripe enqueue-background-job mail --tenant beta
    pinstripe enqueue-background-job mail -t "$(ids_of_tenants | sed -n 1p)"
    run_separately pinstripe list-runs
    [[ ${lines[1]} == *'  alpha   queued'* ]]
    [[ ${lines[2]} == *'  beta    queued'* ]]
    run_separately pinstripe list-runs --tenant beta --json
    [ "${#lines[@]}" -eq 1 ]
    [ "$(field tenant)" = beta ]
    [ "$(field tenantId)" = "$(ids_of_tenants | sed -n 2p)" ]
    run_separately pinstripe show-run "$(field id)"
    expect_in_output "tenant    beta, $(ids_of_tenants | sed -n 2p)"
    run_separately pinstripe cancel-run --tenant beta
    expect_output 'Cancelled 1 run'
}

@test "an unknown tenant is 3; a job for no tenant refuses one" {
    prepare
    for command in 'enqueue-background-job mail' list-runs cancel-run retry-run; do
        # shellcheck disable=SC2086  # two words
        run_separately pinstripe $command --tenant nobody
        expect_status 3
        expect_in_errors 'No such tenant "nobody" exists.'
    done
    run_separately pinstripe enqueue-background-job central --tenant beta
    expect_status 2
    expect_in_errors 'says multiTenant: false'
    sqlite3 development.db "update tenants set name = 'beta'"
    run_separately pinstripe list-runs --tenant beta
    expect_status 3
    expect_in_errors 'More than one tenant'
}

@test "runs of a tenant that is gone are found by its id" {
    prepare
    id=$(ids_of_tenants | sed -n 3p)
    pinstripe enqueue-background-job mail --tenant gamma
    sqlite3 development.db "delete from tenants where name = 'gamma'"
    run_separately pinstripe list-runs --tenant "$id"
    expect_status 0
    [[ ${lines[1]} == *"  $id  queued"* ]]
}

@test "tenants are found when the store is another file" {
    prepare
    echo 'export default { multiTenant: true, store: { filename: "runs.db" } };' >pinstripe.config.js
    pinstripe migrate-database 2>/dev/null
    pinstripe enqueue-background-job mail --tenant beta
    run_separately pinstripe list-runs --tenant beta
    [[ ${lines[1]} == *'  beta    queued'* ]]
    [ "$(sqlite3 runs.db 'select count(*) from pinstripe_runs')" -eq 1 ]
}

@test "a call for every tenant is a parent; show-run counts its runs, retry-run takes those that failed" {
    prepare
    parent=$(pinstripe enqueue-background-job mail)
    work fanned-out --tenants "$(ids_of_tenants | paste -sd,)" >/dev/null
    work succeeded --limit 1 >/dev/null
    work threw --error '{"name":"Error","message":"no"}' --limit 1 >/dev/null
    run_separately pinstripe show-run "$parent"
    expect_in_output 'state     waiting'
    expect_in_output $'Its runs for tenants\n  1 queued, 1 succeeded, 1 failed'
    work threw --error '{"name":"Error","message":"no"}' >/dev/null
    run_separately pinstripe show-run "$parent" --json
    [ "$(field state)" = failed ]
    [[ $output == *'"role":"parent"'* ]]
    [[ $output == *'"failed":2'* ]]
    run_separately pinstripe list-runs --parent "$parent"
    [ "${#lines[@]}" -eq 4 ]
    run_separately pinstripe retry-run --all
    expect_output 'Put 1 run back in the queue' # the parent, and two children with it
    [ "$(work succeeded | wc -l)" -eq 2 ]
    run_separately pinstripe show-run "$parent" --json
    [ "$(field state)" = succeeded ]
}

@test "cancelling a parent cancels its runs for tenants" {
    prepare
    parent=$(pinstripe enqueue-background-job mail)
    work fanned-out --tenants "$(ids_of_tenants | paste -sd,)" >/dev/null
    run_separately pinstripe cancel-run "$parent"
    expect_output 'Cancelled 1 run'
    [ "$(sqlite3 development.db 'select count(*) from pinstripe_runHistory where state = 7')" -eq 4 ]
}

# A multi-tenant job from the command line: who it runs for, and what a person sees of it.

load helper

own_setup() {
    project_with pinstripe.config.js 'export default { multiTenant: true };' \
        lib/migrations/1_notes.js '
        export default { async migrate(){
            await this.database.table("notes", async notes => { await notes.addColumn("text", "string"); });
            for(const name of ["alpha", "beta", "gamma", "delta"]) await this.database.tenants.insert({ name, active: name != "gamma" });
        } };' lib/background_jobs/who.js '
        export default { async run(){
            const { name } = await this.database.tenant;
            // the later the tenant the sooner it is done
            await new Promise(r => setTimeout(r, { alpha: 200, beta: 100, gamma: 50, delta: 1 }[name]));
            console.log(name, "one");
            console.error(name, "err");
            console.log(name, "two");
        } };' lib/background_jobs/active.js '
        export default { tenantsFilter: tenants => tenants.where({ active: true }).orderBy("name", "desc").limit(2),
            async run(){ console.log((await this.database.tenant).name); } };' \
        lib/background_jobs/nobody.js '
        export default { tenantsFilter: tenants => tenants.where({ name: "nobody" }), run(){} };' \
        lib/background_jobs/fails.js '
        export default { async run(){
            const { name } = await this.database.tenant;
            if(name != "beta"){ await new Promise(r => setTimeout(r, { alpha: 60, gamma: 30, delta: 1 }[name])); throw new RangeError(`no ${name}`); }
            console.log("beta ran");
        } };'
    pinstripe migrate-database >/dev/null
}

@test "lines come grouped by tenant, in tenant order, whoever is done first" {
    run_separately pinstripe run-background-job who --workers 4
    expect_status 0
    expect_output $'alpha one\nalpha two\nbeta one\nbeta two\ngamma one\ngamma two\ndelta one\ndelta two'
    [ "$stderr" = $'alpha err\nbeta err\ngamma err\ndelta err' ]
}

@test "the same when a job calls it" {
    project_with lib/background_jobs/outer.js '
        export default { multiTenant: false, async run(){
            console.log("before");
            await this.runBackgroundJob("who");
            console.log("after");
        } };'
    run_separately pinstripe run-background-job outer --workers 4
    expect_status 0
    expect_output $'before\nalpha one\nalpha two\nbeta one\nbeta two\ngamma one\ngamma two\ndelta one\ndelta two\nafter'
}

@test "much output of a tenant that waits for its turn is kept in order" {
    project_with lib/background_jobs/long.js '
        export default { async run(){
            const { name } = await this.database.tenant;
            if(name == "alpha") await new Promise(r => setTimeout(r, 300));
            for(let n = 0; n < 20000; n++) console.log(name, n);
        } };'
    pinstripe run-background-job long --workers 4 >printed
    for name in alpha beta gamma delta; do seq 0 19999 | sed "s/^/$name /"; done | cmp - printed
}

@test "the filter's order and limit hold" {
    run_separately pinstripe run-background-job active --workers 1
    expect_status 0
    expect_output $'delta\nbeta'
}

@test "--tenant takes a name or an id" {
    run_separately pinstripe run-background-job who --tenant beta
    expect_status 0
    expect_output $'beta one\nbeta two'
    id=$(sqlite3 development.db "select id from tenants where name = 'delta'")
    run_separately pinstripe run-background-job who -t "$id"
    expect_status 0
    expect_output $'delta one\ndelta two'
}

@test "an unknown tenant is exit code 3, one that the filter leaves out is told" {
    run_separately pinstripe run-background-job who --tenant nobody
    expect_status 3
    expect_in_errors 'No such tenant "nobody" exists.'
    run_separately pinstripe run-background-job active --tenant gamma
    expect_status 0
    expect_in_errors 'leaves out the tenant'
    [ -z "$output" ]
}

@test "no tenant at all is success with a line that says so" {
    run_separately pinstripe run-background-job nobody
    expect_status 0
    expect_in_errors 'nobody: there is no tenant that its tenantsFilter leaves, so nothing ran'
}

@test "each failed tenant is told in its place, the others run" {
    run_separately pinstripe run-background-job fails
    expect_status 1
    expect_output 'beta ran'
    [ "$(grep -E '^fails' <<<"$stderr")" = $'fails (alpha): RangeError: no alpha\nfails (gamma): RangeError: no gamma\nfails (delta): RangeError: no delta' ]
}

@test "--json has a line for each tenant, in order, and an AggregateError in the summary" {
    run_separately pinstripe run-background-job fails --json
    expect_status 1
    [ "${#lines[@]}" -eq 5 ]
    [[ ${lines[0]} == *'"tenant":"alpha"'*'"result":"threw"'* ]]
    [[ ${lines[1]} == *'"tenant":"beta"'*'"result":"succeeded"'*'"output":"beta ran\n"'* ]]
    [[ ${lines[4]} == *'"name":"AggregateError","message":"3 of 4 tenants failed: alpha (no alpha), gamma (no gamma), delta (no delta)"'* ]]
    [[ ${lines[4]} == *'"runs":4,"failed":3'* ]]
}

@test "on a terminal lines carry the tenant and the last line counts" {
    TERM=xterm script -qec "$PINSTRIPE run-background-job fails --workers 1" typescript >/dev/null || true
    grep -q '^\[beta\] beta ran' typescript
    grep -q 'fails: 4 tenants done, 3 failed' typescript
}

@test "on a terminal a progress line shows tenants done, failed and the rate" {
    TERM=xterm script -qec "$PINSTRIPE run-background-job who --workers 1" typescript >/dev/null
    grep -qE '[0-9] tenants done, 0 failed, [0-9]+/s' typescript
}

@test "a project without tenants refuses --tenant and says what to set" {
    printf 'export default {};\n' >pinstripe.config.js
    run_separately pinstripe run-background-job nobody --tenant x
    expect_status 2
    expect_in_errors 'set multiTenant: true'
}

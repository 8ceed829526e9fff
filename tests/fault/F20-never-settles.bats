# F20: a promise that can never settle is a failure at once, never a wait.

load ../cli/helper

check() {
    project_with lib/background_jobs/victim.js "export default { async run(){ $1 } };"
    run_separately timeout -s KILL 20 "$PINSTRIPE" run-background-job victim
    expect_status 1
    expect_in_errors 'ended without settling'
}

@test "F20 a promise that nobody resolves" { check 'await new Promise(() => {});'; }
@test "F20 a promise whose timer was cleared" { check 'await new Promise(r => clearTimeout(setTimeout(r, 10)));'; }
@test "F20 two promises that wait for each other" { check 'let a; const b = (async () => { await 0; await a; })(); a = (async () => { await b; })(); await a;'; }

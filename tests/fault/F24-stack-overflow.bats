# F24: too deep a recursion is a JavaScript error, not a crash.

load ../cli/helper

check() {
    project_with lib/background_jobs/victim.js "export default { async run(){ $1 } };"
    run_separately timeout -s KILL 60 "$PINSTRIPE" run-background-job victim
    expect_status 1
    expect_in_errors "$2"
    [[ $stderr != *signal* ]]
}

@test "F24 a function that calls itself" { check 'const f = () => f(); f();' 'stack overflow'; }
@test "F24 deep JSON" { check 'JSON.parse("[".repeat(1e6));' 'Error'; }
@test "F24 a deep regular expression" { check 'new RegExp("(".repeat(1e5) + ")".repeat(1e5)).test("x");' 'Error'; }
@test "F24 deep source" { check 'new Function("[".repeat(1e5));' 'Error'; }
@test "F24 a getter that calls itself" { check 'const o = { get x(){ return this.x; } }; o.x;' 'stack overflow'; }
@test "F24 it can be caught, and the run goes on" {
    project_with lib/background_jobs/victim.js '
        export default { run(){ const f = () => f(); try { f(); } catch(e){ console.log("caught", e instanceof Error); } } };'
    run_separately pinstripe run-background-job victim
    expect_status 0
    expect_output 'caught true'
}

# F19: a loop in the engine's own C code, which no interrupt reaches, is killed from outside at the deadline.

load ../cli/helper

check() {
    project_with lib/background_jobs/victim.js "export default { async run(){ $1 } };" \
        lib/background_jobs/caller.js '
        export default { async run(){
            try { await this.runBackgroundJob("victim"); } catch(e){ console.log(e.name, e.message); }
        } };'
    run_separately timeout -s KILL 30 "$PINSTRIPE" run-background-job victim --timeout 300ms
    expect_status 124
    expect_in_errors 'time limit of 0.3 s reached after'
}

@test "F19 new Array(4294967295).toString()" { check 'new Array(4294967295).toString();'; }
@test "F19 a quadratic search" { check '("a".repeat(3e5) + "b").indexOf("a".repeat(1e5) + "c");'; }
@test "F19 reverse of an endless array-like" { check 'Array.prototype.reverse.call({ length: 2 ** 53 - 1 });'; }
@test "F19 join of an endless array-like" { check 'Array.prototype.join.call({ length: 2 ** 32 - 1 });'; }

@test "F19 the caller of a killed run catches an error that names the limit" {
    project_with lib/background_jobs/victim.js '
        export default { meta(){ this.timeout("300ms"); }, run(){ new Array(4294967295).toString(); } };' \
        lib/background_jobs/caller.js '
        export default { async run(){
            try { await this.runBackgroundJob("victim"); } catch(e){ console.log(e instanceof Error, e.message); }
        } };'
    run_separately timeout -s KILL 30 "$PINSTRIPE" run-background-job caller
    expect_status 0
    expect_in_output 'true time limit of 0.3 s reached after'
}

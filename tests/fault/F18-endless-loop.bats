# F18: an endless loop in JavaScript is interrupted at the time limit, whatever it catches.

load ../cli/helper

check() { # source of run()
    project_with lib/background_jobs/victim.js "export default { async run(){ $1 } };" \
        lib/background_jobs/fine.js 'export default { run(){ console.log("fine"); } };'
    run_separately timeout -s KILL 20 "$PINSTRIPE" run-background-job victim --timeout 300ms
    expect_status 124
    expect_in_errors 'time limit of 0.3 s reached after'
    run_separately pinstripe run-background-job fine
    expect_status 0
}

@test "F18 for(;;){}" { check 'for(;;){}'; }
@test "F18 a loop in finally" { check 'try { for(;;){} } finally { for(;;){} }'; }
@test "F18 a loop in catch" { check 'try { throw 1; } catch { for(;;){} }'; }
@test "F18 a loop that catches everything" { check 'for(;;){ try { for(;;){} } catch {} }'; }
@test "F18 a regular expression without end" { check '/^(a+)+$/.test("a".repeat(40) + "b");'; }
@test "F18 a generator without end" { check 'function* g(){ for(;;) yield 1; } for(const x of g());'; }
@test "F18 a getter on a thrown error" { check 'throw { get message(){ for(;;){} }, get name(){ for(;;){} } };'; }
@test "F18 a toJSON of a thrown value" { check 'throw { toJSON(){ for(;;){} } };'; }

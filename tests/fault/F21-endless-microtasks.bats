# F21: endless microtasks and endless timers are stopped at the time limit.

load ../cli/helper

check() {
    project_with lib/background_jobs/victim.js "export default { async run(){ $1 } };"
    run_separately timeout -s KILL 20 "$PINSTRIPE" run-background-job victim --timeout 300ms
    expect_status 124
    expect_in_errors 'time limit of 0.3 s reached after'
}

@test "F21 a promise that makes the next one" { check 'function g(){ Promise.resolve().then(g); } g(); await new Promise(r => setTimeout(r, 60000));'; }
@test "F21 for(;;) await 0" { check 'for(;;) await 0;'; }
@test "F21 the same with everything caught" { check 'for(;;){ try { await Promise.reject(1); } catch {} }'; }
@test "F21 a timer that sets the next one" { check 'const f = () => setTimeout(f, 0); f(); await new Promise(() => {});'; }
@test "F21 an interval that is waited for" { check 'setInterval(() => {}, 1); await new Promise(r => setTimeout(r, 60000));'; }
@test "F21 queueMicrotask without end" { check 'const f = () => queueMicrotask(f); f(); await new Promise(r => setTimeout(r, 1));'; }

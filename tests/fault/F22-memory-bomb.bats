# F22: a run that allocates without end fails with the limit and the measured value; the worker is replaced.

load ../cli/helper

check() {
    project_with lib/background_jobs/victim.js "export default { meta(){ this.memory('16MB'); }, async run(){ $1 } };" \
        lib/background_jobs/caller.js '
        export default { async run(){
            try { await this.runBackgroundJob("victim"); console.log("it did not fail"); }
            catch(e){ console.log(e.message); }
            await this.runBackgroundJob("fine");
        } };' lib/background_jobs/fine.js 'export default { run(){ console.log("fine"); } };'
    run_separately timeout -s KILL 60 "$PINSTRIPE" run-background-job caller
    expect_status 0
    expect_in_output 'heap limit of 16 MB reached'
    [[ $output == *fine ]]
}

@test "F22 an array that grows" { check 'const a = []; for(;;) a.push({});'; }
@test "F22 a long string" { check '"x".repeat(2 ** 29).concat("y");'; }
@test "F22 typed arrays" { check 'const a = []; for(;;) a.push(new Uint8Array(1 << 20));'; }
@test "F22 JSON of something large" { check 'JSON.stringify(new Array(1e7).fill("xxxxxxxx"));'; }
@test "F22 split and replaceAll" { check '"ab".repeat(4e6).split(""); "a".repeat(3e6).replaceAll("a", "bbbbbbbb");'; }
@test "F22 one that catches the error and goes on" { check 'const a = []; for(;;){ try { a.push("x".repeat(1e6 + a.length)); } catch {} }'; }
@test "F22 one that hides it: the run fails all the same" { check 'try { const a = []; for(;;) a.push(new Array(1000).fill(0)); } catch {} '; }

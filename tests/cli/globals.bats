#!/usr/bin/env bats
# The globals inside runs: what a run starts with, and what becomes of what it leaves behind.

load helper

@test "a run starts without the counters, groups, stopwatches and replaced globals of earlier runs" {
    project_with lib/background_jobs/leaves.js '
        export default { run(){
            console.count(); console.group(); console.time("t"); console.log("in");
            globalThis.URL = 1; Date.prototype.getTime = () => 0; Math.max = null; structuredClone.mark = 1;
        } };' lib/background_jobs/finds.js '
        export default { run(){
            console.count(); console.timeEnd("t"); console.log(new URL("http://a").href, new Date(5).getTime(), Math.max(1, 2), structuredClone.mark);
        } };' lib/background_jobs/main.js '
        export default { async run(){
            for(const job of ["leaves", "finds", "leaves", "finds"]) await this.runBackgroundJob(job);
        } };'
    run_separately pinstripe run-background-job --name main --workers 1
    expect_status 0
    expect_output 'default: 1
  in
default: 1
http://a/ 5 2 undefined
default: 1
  in
default: 1
http://a/ 5 2 undefined'
    [ "$(grep -c "No such label 't'" <<<"$errors")" -eq 2 ]
}

@test "random values differ from run to run, and the origin of performance moves on" {
    project_with lib/background_jobs/draw.js '
        export default { run(){
            console.log(crypto.randomUUID(), crypto.getRandomValues(new Uint32Array(2)).join(), Math.random());
            if(!(performance.now() >= 0 && performance.now() < 60000)) throw new Error("now " + performance.now());
            if(Math.abs(performance.timeOrigin + performance.now() - Date.now()) > 1000) throw new Error("origin " + performance.timeOrigin);
        } };' lib/background_jobs/main.js '
        export default { async run(){ for(let i = 0; i < 50; i++) await this.runBackgroundJob("draw"); } };'
    run_separately pinstripe run-background-job --name main --workers 1
    expect_status 0
    [ "$(tr ' ' '\n' <<<"$output" | sort -u | wc -l)" -eq 150 ]
}

@test "the timeout of a signal is dropped without a word, one that fires is caught as TimeoutError" {
    project_with lib/background_jobs/waits.js '
        export default { async run(){
            AbortSignal.timeout(600000);
            const signal = AbortSignal.any([AbortSignal.timeout(1), new AbortController().signal]);
            try {
                await new Promise((resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
            } catch(e){ console.log(e.name); }
        } };'
    run_separately pinstripe run-background-job waits
    expect_status 0
    expect_output 'TimeoutError'
    [ -z "$errors" ]
}

@test "what a listener throws stops no other listener and fails the run" {
    project_with lib/background_jobs/hears.js '
        export default { run(){
            const target = new EventTarget();
            target.addEventListener("go", () => { throw new RangeError("from a listener"); });
            target.addEventListener("go", () => console.log("the other"));
            target.dispatchEvent(new Event("go"));
            console.log("after");
        } };'
    run_separately pinstripe run-background-job hears
    expect_status 1
    expect_output 'the other
after'
    expect_in_errors 'hears: RangeError: from a listener'
}

@test "a DOMException arrives at the caller with its name, and what a job prints at its top level is on stderr" {
    project_with lib/background_jobs/aborts.js '
        console.log("loaded %s", "once");
        export default { run(){ AbortSignal.abort().throwIfAborted(); } };' lib/background_jobs/main.js '
        export default { async run(){ try { await this.runBackgroundJob("aborts"); } catch(e){ console.log(e.name, e.message); } } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'AbortError This operation was aborted'
    expect_in_errors 'loaded once'
}

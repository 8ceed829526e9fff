# F78: imports in circles, of oneself, in long chains, that throw, and a top level that never ends.

load ../cli/helper

@test "F78 two files that import each other, and one that imports itself" {
    project_with lib/background_jobs/a.js '
        import { b } from "../b.js"; import * as self from "./a.js";
        export const a = () => "a"; export default { run(){ console.log(b(), self.a()); } };' \
        lib/b.js 'import { a } from "./background_jobs/a.js"; export const b = () => a() + "b";'
    run_separately pinstripe run-background-job a
    expect_status 0
    expect_output 'ab a'
}

@test "F78 a chain of 10,000 files works or is a clear error, never a crash" {
    project_with lib/background_jobs/chain.js '
        import { n } from "../chain/0.js"; export default { run(){ console.log(n); } };' \
        lib/background_jobs/fine.js 'export default { run(){ console.log("fine"); } };'
    mkdir lib/chain
    for n in $(seq 0 9998); do echo "export { n } from './$((n + 1)).js';" >"lib/chain/$n.js"; done
    echo 'export const n = 9999;' >lib/chain/9999.js
    run_separately pinstripe run-background-job chain
    if [ "$status" -eq 0 ]; then
        expect_output 9999
    else
        expect_status 1
        expect_in_errors 'is broken'
    fi
    run_separately pinstripe run-background-job fine
    expect_status 0
    expect_output fine
}

@test "F78 an import that throws breaks the job that imports it, with the file and line that threw" {
    project_with lib/background_jobs/victim.js 'import "../throws.js"; export default { run(){} };' \
        lib/throws.js $'// first line\nthrow new Error("while loading");' \
        lib/background_jobs/fine.js 'export default { run(){ console.log("fine"); } };'
    run_separately pinstripe run-background-job victim
    expect_status 1
    expect_in_errors 'while loading'
    expect_in_errors 'lib/throws.js:2'
    run_separately pinstripe run-background-job fine
    expect_status 0
}

@test "F78 a top-level await that never ends breaks that file only" {
    project_with lib/background_jobs/victim.js 'await new Promise(() => {}); export default { run(){} };' \
        lib/background_jobs/fine.js 'export default { run(){ console.log("fine"); } };'
    run_separately timeout -s KILL 20 "$PINSTRIPE" run-background-job victim
    expect_status 1
    expect_in_errors 'is broken'
    run_separately pinstripe run-background-job fine
    expect_status 0
}

@test "F78 a top level that loops for ever ends with a reason that names the file" {
    project_with lib/background_jobs/victim.js 'for(;;){} export default { run(){} };' \
        lib/background_jobs/fine.js 'export default { run(){ console.log("fine"); } };'
    run_separately timeout -s KILL 60 "$PINSTRIPE" run-background-job victim
    expect_status 1
    expect_in_errors 'lib/background_jobs/victim.js'
    run_separately timeout -s KILL 60 "$PINSTRIPE" run-background-job fine
    expect_status 0
}

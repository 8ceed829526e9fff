# F77: a job imports 'pinstripe' and files of its own project, nothing else, and the refusal says so.

load ../cli/helper

check() { # import specifier, what the reason names
    printf 'export default "secret";\n' >"$TEST_FOLDER/secret.js"
    project_with lib/background_jobs/victim.js "import x from '$1'; export default { run(){ console.log(x); } };" \
        lib/background_jobs/fine.js 'export default { run(){ console.log("fine"); } };'
    run_separately pinstripe run-background-job victim
    expect_status 1
    [ -z "$output" ]
    expect_in_errors 'is broken'
    expect_in_errors "$2"
    expect_in_errors 'lib/background_jobs/victim.js'
    run_separately pinstripe run-background-job fine
    expect_status 0
}

@test "F77 above the root" { check '../../../secret.js' 'outside'; }
@test "F77 above the root by a way around" { check './../background_jobs/../../../secret.js' 'outside'; }
@test "F77 an absolute path" { check '/etc/passwd' '/etc/passwd'; }
@test "F77 an absolute path into the project" { check "$PWD/lib/x.js" 'lib/x.js'; }
@test "F77 a URL" { check 'https://example.com/x.js' 'https:'; }
@test "F77 file:" { check 'file:///etc/passwd' 'file:'; }
@test "F77 data:" { check 'data:text/javascript,export default 1' 'data:'; }
@test "F77 percent-encoded" { check './%2e%2e/%2e%2e/%2e%2e/secret.js' '%2e'; }
@test "F77 a name that only starts with a builtin's name" { check 'pinstripe-evil' 'pinstripe-evil'; }
@test "F77 a builtin's insides" { check 'pinstripe:native/engine' 'pinstripe:'; }
@test "F77 a bare package name" { check 'lodash' 'lodash'; }
@test "F77 the engine's own std and os" { check 'std' 'std'; check 'os' 'os'; }

@test "F77 a link out of the root" {
    printf 'export default "secret";\n' >"$TEST_FOLDER/secret.js"
    project_with lib/background_jobs/victim.js "import x from '../link.js'; export default { run(){ console.log(x); } };"
    ln -s "$TEST_FOLDER/secret.js" lib/link.js
    run_separately pinstripe run-background-job victim
    expect_status 1
    [ -z "$output" ]
    expect_in_errors 'link'
}

@test "F77 a folder that is a link out of the root" {
    mkdir "$TEST_FOLDER/outside"
    printf 'export default "secret";\n' >"$TEST_FOLDER/outside/secret.js"
    project_with lib/background_jobs/victim.js "import x from '../folder/secret.js'; export default { run(){ console.log(x); } };"
    ln -s "$TEST_FOLDER/outside" lib/folder
    run_separately pinstripe run-background-job victim
    expect_status 1
    [ -z "$output" ]
}

@test "F77 import() during a run is refused in the same way" {
    project_with lib/background_jobs/victim.js '
        export default { async run(){ try { await import("/etc/passwd"); } catch(e){ console.log(e.message); } } };'
    run_separately pinstripe run-background-job victim
    expect_status 0
    expect_in_output '/etc/passwd'
}

# What pinstripe.config.js says of jobs in C: compiler, flags, libraries, how long a transaction may last.

load native_helper

own_setup() { project_with lib/background_jobs/none.js 'export default { run(){} };'; }

# config TEXT: members of the configuration's `native`, beside the user that the tests need.
config() {
    printf "export default { ...%s, native: { user: 'root', %s } };" "${2-{\}}" "$1" >pinstripe.config.js
}

# A compiler that notes how it was called, then does what cc does.
noting_compiler() {
    mkdir -p tools
    printf '#!/bin/sh\necho "$@" >>%s/calls\nexec cc "$@"\n' "$TEST_FOLDER" >"tools/$1"
    chmod +x "tools/$1"
}

@test "flags, libraries and compiler are the configuration's, and each change compiles anew" {
    unset CC
    c_job say '' 'puts(WORD);' '#ifndef WORD
#define WORD "none"
#endif'
    run pinstripe run-background-job say
    [ "$output" = none ]
    config "flags: ['-DWORD=\"flag\"', '-O3']"
    run pinstripe run-background-job say
    [ "$output" = flag ]
    noting_compiler mycc
    config "compiler: '$PWD/tools/mycc', flags: ['-DWORD=\"mine\"'], libraries: ['-lm']"
    run pinstripe run-background-job say
    [ "$output" = mine ]
    grep -q -- '-DWORD="mine" .*say.c.* -lm$' "$TEST_FOLDER/calls"
    pinstripe run-background-job say
    [ "$(wc -l <"$TEST_FOLDER/calls")" -eq 1 ]
    echo '# another version' >>tools/mycc
    pinstripe run-background-job say
    [ "$(wc -l <"$TEST_FOLDER/calls")" -eq 2 ]
}

@test "CC goes before the configuration, which may be a function and know the environment" {
    noting_compiler mycc
    noting_compiler other
    printf "export default async ({ environment }) => ({ native: { user: 'root', compiler: '%s', flags: ['-DWORD=\"' + environment + '\"'] } });" \
        "$PWD/tools/mycc" >pinstripe.config.js
    c_job say '' 'puts(WORD);'
    CC=$PWD/tools/other PINSTRIPE_ENV=staging run pinstripe run-background-job say
    [ "$output" = staging ]
    [ "$(wc -l <"$TEST_FOLDER/calls")" -eq 1 ]
    config "compiler: 'no-such-compiler'"
    run env -u CC "$PINSTRIPE" list-background-jobs
    [ "$status" -eq 1 ]
    [[ $output == *'there is no C compiler "no-such-compiler": install one'* ]]
}

@test "a library of the configuration is there for every job" {
    config "libraries: ['-lm']"
    c_job roots '' 'printf("%.3f\n", root(pin_json_number(w, pin_arg(w, 0), 0)));' '#include <math.h>
static double (*volatile root)(double) = sqrt;'
    run pinstripe run-background-job roots --args '[2]'
    [ "$output" = 1.414 ]
}

@test "what cannot be is told with the key and an example" {
    local case
    while IFS='|' read -r value expected; do
        printf 'export default { native: %s };' "$value" >pinstripe.config.js
        run pinstripe list-background-jobs
        [ "$status" -ne 0 ] || { echo "accepted: $value"; return 1; }
        [[ $output == *"pinstripe.config.js"*"$expected"* ]] || { echo "$value: $output"; return 1; }
    done <<'CASES'
'clang'|native must be an object such as
{ compiler: 7 }|native.compiler must be a program such as
{ compiler: 'ccache cc' }|native.compiler must be a program such as
{ flags: '-O3' }|native.flags must be a list of words such as
{ flags: ['-I x'] }|native.flags must be a list of words such as
{ libraries: [1] }|native.libraries must be a list of words such as
{ user: 0 }|native.user must be the name of a user such as
{ flag: [] }|native has no key "flag"; it knows compiler, flags, libraries and user
CASES
}

@test "a flag that the compiler does not know makes the job broken, with its words" {
    config "flags: ['-fno-such-thing']"
    c_job say '' ''
    run pinstripe list-background-jobs
    [ "$status" -eq 1 ]
    [[ $output == *'it does not compile: '*'no-such-thing'* ]]
}

@test "database.transactionLimit holds for jobs in C" {
    config '' "{ database: { transactionLimit: '100ms' } }"
    project_with lib/migrations/1_users.js 'export default { async migrate(){ await this.database.table("users", async users => { await users.addColumn("name", "string"); }); } };'
    pinstripe migrate-database
    c_job slow '' 'pin_begin(w); usleep(150000); pin_save(pin_new(w, "users")); pin_commit(w);'
    c_job patient '' 'pin_begin(w); usleep(150000); pin_save(pin_new(w, "users")); if (pin_commit(w)) puts("committed");'
    run_separately "$PINSTRIPE" run-background-job slow
    expect_status 1
    [[ $stderr == *'open for more than 0.1 s (database.transactionLimit)'* ]]
    config ''
    run pinstripe run-background-job patient
    [ "$output" = committed ]
}

# The programs of docs/api, as they stand there: compiled without warnings, linked, run, and their output compared.

load ../cli/helper

ROOT=${BATS_TEST_DIRNAME%/tests/cli}

# block LANGUAGE FILE: the first block of that language.
block() { awk -v open="\`\`\`$1" '$0 == open { inside = 1; next } /^```/ { if(inside) exit } inside' "$2"; }

own_setup() {
    project_with pinstripe.config.js "export default { native: { user: 'root' } };" lib/background_jobs/send_welcome.js '
        export default { run(email){
            if(!String(email).includes("@")) throw new RangeError(`${email} is no address.`);
            console.log(`Welcome, ${email}`);
        } };'
}

# page NAME: its program prints what it says.
page() {
    local build=${PINSTRIPE%/pinstripe}
    block c "$ROOT/docs/api/$1.md" >"$TEST_FOLDER/$1.c"
    block text "$ROOT/docs/api/$1.md" >"$TEST_FOLDER/$1.wanted"
    [ -s "$TEST_FOLDER/$1.c" ]
    [ -s "$TEST_FOLDER/$1.wanted" ]
    # shellcheck disable=SC2046,SC2086  # several words
    cc -std=c17 -Wall -Wextra -Werror -I"$ROOT/include" ${PIN_TEST_SANITIZED:+-fsanitize=address,undefined} -o "$TEST_FOLDER/$1.program" \
        "$TEST_FOLDER/$1.c" "$build/libpinstripe.a" $(pkg-config --libs sqlite3 jansson) -lm
    PATH=$build:$PATH timeout 60 "$TEST_FOLDER/$1.program" >"$TEST_FOLDER/$1.printed" 2>"$TEST_FOLDER/$1.said" ||
        { cat "$TEST_FOLDER/$1.said"; return 1; }
    diff "$TEST_FOLDER/$1.wanted" "$TEST_FOLDER/$1.printed" || { cat "$TEST_FOLDER/$1.said"; return 1; }
}

@test "every function of the library stands on a page" {
    local name
    for name in $(tr '\n' ' ' <"$ROOT/include/pinstripe/pinstripe.h" | grep -oE '\bPIN_API [^;(]*\(' | grep -v __attribute__ |
        sed -E 's/.*[ *](pin_[a-z_0-9]+)\($/\1/'); do
        grep -q "\b$name(" "$ROOT"/docs/api/*.md || case $name in
            pin_run_result_*) grep -q 'pin_run_result_' "$ROOT/docs/api/run.md" ;;
            *) echo "$name is on no page"; return 1 ;;
        esac
    done
}

@test "docs/api/project.md" { PINSTRIPE_ENV=production page project; }
@test "docs/api/run.md" { page run; }
@test "docs/api/loop.md" {
    project_with lib/background_jobs/send_newsletter.js 'export default { run(){ return new Promise(resolve => setTimeout(resolve, 3600_000)); } };'
    page loop
}
@test "docs/api/queue.md" { pinstripe migrate-database; page queue; }
@test "docs/api/runs.md" { pinstripe migrate-database; page runs; }
@test "docs/api/bot.md" { pinstripe migrate-database; page bot; }
@test "docs/api/host-jobs.md" { page host-jobs; }

@test "the lines of README.md run a job of a new project" {
    pinstripe generate-project "$TEST_FOLDER/new"
    cd "$TEST_FOLDER/new"
    block c "$ROOT/README.md" >lines
    { echo '#include <stdio.h>'; grep '^#include' lines; echo 'int main(void) {'; grep -v '^#include' lines; echo 'pin_project_close(project); return 0; }'; } >program.c
    # shellcheck disable=SC2046,SC2086  # several words
    cc -std=c17 -Wall -Wextra -Werror -I"$ROOT/include" ${PIN_TEST_SANITIZED:+-fsanitize=address,undefined} -o program program.c \
        "${PINSTRIPE%/pinstripe}/libpinstripe.a" $(pkg-config --libs sqlite3 jansson) -lm
    PATH=${PINSTRIPE%/pinstripe}:$PATH run ./program
    expect_status 0
    [ -z "$output" ]
    sed -i 's/run(who.*/run(){ throw new Error("not today");/' lib/background_jobs/hello_world.js
    PATH=${PINSTRIPE%/pinstripe}:$PATH run ./program
    [ "$output" = 'the job failed: not today' ]
}

# libpinstripe as who builds programs meets it: installed, found by pkg-config, linked both ways; nothing but its names.

load ../cli/helper

ROOT=${BATS_TEST_DIRNAME%/tests/cli}
BUILD=${PINSTRIPE%/pinstripe}
SANITIZE=${PIN_TEST_SANITIZED:+-fsanitize=address,undefined}

# The install target with the build that is tested, and nothing built anew for it.
install_it() {
    prefix=$TEST_FOLDER/prefix
    make -C "$ROOT" --no-print-directory -o all BUILD="$BUILD" PREFIX="$prefix" install >/dev/null
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
}

# shellcheck disable=SC2046,SC2086  # several words
compile() { cc -std=c17 -Wall -Wextra -Werror $SANITIZE -o "$@"; }

program() {
    cat >"$TEST_FOLDER/$1.c" <<C
#include <stdio.h>
#include <pinstripe/pinstripe.h>
int
main(void)
{
    pin_project *project;
    struct pin_error error;

    if (pin_project_open(&project, NULL, &error) != PIN_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    $2
    pin_project_close(project);
    return 0;
}
C
}

@test "the libraries export what the header declares, and nothing else" {
    cd "$ROOT"
    tools/check-exports "$BUILD"
    objdump -p "$BUILD/libpinstripe.so" | grep -q 'SONAME *libpinstripe.so.0$'
}

@test "the headers compile alone, as C17 and as C++" {
    for header in pinstripe run_state status; do
        echo "#include <pinstripe/$header.h>" >header.c
        cc -std=c17 -Wall -Wextra -Wpedantic -Werror -I"$ROOT/include" -fsyntax-only header.c
        c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -I"$ROOT/include" -fsyntax-only -xc++ header.c
    done
    echo '#include <pinstripe/job.h>' >header.c
    cc -std=c17 -Wall -Wextra -Werror -I"$ROOT/include" -fsyntax-only header.c
}

@test "a C++ program is linked and runs a job" {
    project_with lib/background_jobs/hello.js 'export default { run(){} };'
    cat >"$TEST_FOLDER/program.cc" <<C
#include <pinstripe/pinstripe.h>
int main()
{
    pin_project_options options = {};
    pin_call_options call = {};
    pin_project *project;

    options.size = sizeof options;
    call.size = sizeof call;
    call.args = "[1]";
    if (pin_project_open(&project, &options, nullptr) != PIN_OK) return 1;
    pin_status status = pin_project_run(project, "hello", &call, nullptr, nullptr);
    pin_project_close(project);
    return status;
}
C
    # shellcheck disable=SC2046,SC2086  # several words
    c++ -std=c++11 -Wall -Wextra -Werror $SANITIZE -I"$ROOT/include" -o program "$TEST_FOLDER/program.cc" "$BUILD/libpinstripe.a" \
        $(pkg-config --libs sqlite3 jansson) -lm
    PATH=$BUILD:$PATH ./program
}

@test "an installed library is found by pkg-config and linked, shared and static" {
    install_it
    program program 'printf("%s\n", pin_version());'
    # shellcheck disable=SC2046  # several words
    compile shared "$TEST_FOLDER/program.c" $(pkg-config --cflags --libs pinstripe)
    # shellcheck disable=SC2046
    compile static "$TEST_FOLDER/program.c" $(pkg-config --cflags pinstripe) "$prefix/lib/libpinstripe.a" $(pkg-config --libs --static pinstripe | sed 's/-lpinstripe//')
    ldd shared | grep -q 'libpinstripe.so.0 =>' || LD_LIBRARY_PATH=$prefix/lib ldd shared | grep -q "libpinstripe.so.0 => $prefix"
    run ! grep -q libpinstripe.so <(ldd static)
    project_with lib/background_jobs/hello.js 'export default { run(){} };'
    for way in shared static; do
        PATH=$prefix/bin:$PATH LD_LIBRARY_PATH=$prefix/lib run "$TEST_FOLDER/$way"
        expect_status 0
        [ "$output" = "$(pkg-config --modversion pinstripe)" ]
    done
}

@test "a program of another version says so" {
    install_it
    program program ';'
    # shellcheck disable=SC2046
    compile "$TEST_FOLDER/program" "$TEST_FOLDER/program.c" -I"$ROOT/include" "$BUILD/libpinstripe.a" $(pkg-config --libs sqlite3 jansson) -lm
    project_with lib/background_jobs/hello.js 'export default { run(){} };'
    mkdir "$TEST_FOLDER/other"
    # shellcheck disable=SC2016  # for the script
    printf '#!/bin/sh\nexec "%s" "$1" "$2" "$3" 9.9.9\n' "$PINSTRIPE" >"$TEST_FOLDER/other/pinstripe"
    chmod +x "$TEST_FOLDER/other/pinstripe"
    PATH=$TEST_FOLDER/other:$PATH run "$TEST_FOLDER/program"
    expect_status 1
    [[ $output == *'the library that started it is version 9.9.9: they must be the same'* ]]
    PATH=/usr/bin:/bin run "$TEST_FOLDER/program"
    expect_status 1
    [[ $output == *'no program `pinstripe` in PATH'* ]]
}

@test "the example triggers a job for each order and handles what fails" {
    cp -r "$ROOT/examples/embed" "$TEST_FOLDER/embed"
    cd "$TEST_FOLDER/embed"
    # shellcheck disable=SC2046
    compile embed main.c -I"$ROOT/include" "$BUILD/libpinstripe.a" $(pkg-config --libs sqlite3 jansson) -lm
    printf '%s\n' '{"number":1,"total":30}' '{"number":2,"total":0}' '{"number":3,"total":3000}' | PATH=$BUILD:$PATH timeout 60 ./embed >out
    grep -qx 'fulfil-order: Charged 30.' out
    grep -qx "{ status: 'success', order: 1 }" out
    grep -qx "{ status: 'error', order: 2, message: 'Order 2 has no total.' }" out
    grep -qx "{ status: 'error', order: 3, message: 'The card was declined.' }" out
}

@test "a bot in a process of its own runs a program's jobs" {
    cp -r "$ROOT/examples/embed" "$TEST_FOLDER/embed"
    cd "$TEST_FOLDER/embed"
    # shellcheck disable=SC2046
    compile embed main.c -I"$ROOT/include" "$BUILD/libpinstripe.a" $(pkg-config --libs sqlite3 jansson) -lm
    pinstripe migrate-database
    id=$(pinstripe enqueue-background-job fulfil-order --args '[{"number":7,"total":12}]')
    pinstripe start-bot --once --worker ./embed
    pinstripe show-run "$id" | grep -q 'Order 7: packed'
}

@test "everything that a program started ends when it is killed" {
    project_with lib/background_jobs/forever.js 'export default { run(){ console.log("there"); for(;;){} } };'
    program program 'printf("started\n"); fflush(stdout); pin_project_run(project, "forever", NULL, NULL, &error);'
    # shellcheck disable=SC2046
    compile "$TEST_FOLDER/program" "$TEST_FOLDER/program.c" -I"$ROOT/include" "$BUILD/libpinstripe.a" $(pkg-config --libs sqlite3 jansson) -lm
    PATH=$BUILD:$PATH "$TEST_FOLDER/program" >out 3>&- &
    host=$!
    comes grep -q started out
    nursery=$(pgrep -P "$host")
    comes pgrep -P "$nursery"
    worker=$(pgrep -P "$nursery" | head -n 1)
    kill -9 "$host"
    timeout 20 tail -s 0.02 --pid="$nursery" -f /dev/null
    timeout 20 tail -s 0.02 --pid="$worker" -f /dev/null
}

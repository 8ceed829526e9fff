#!/usr/bin/env bats
# console: which stream, how it is laid out, and what goes on between calls.

run_script() {
    "$(dirname "$PINSTRIPE")/tests/run-javascript" --root "$BATS_TEST_DIRNAME" "$1"
}

@test "log, info, debug, count, dir, table and group write to stdout" {
    run_script console.js 2>"$BATS_TEST_TMPDIR/stderr" >"$BATS_TEST_TMPDIR/stdout"
    diff -u - "$BATS_TEST_TMPDIR/stdout" <<'END'


text 1 -0 true null undefined 10n Symbol(s)
100% of %s
a has 2 { rest: [] }
info
debug
outer
  one
  two
lone � surrogate

  lone � surrogate
default: 1
x: 1
default: 2
default: 1
{ a: [Object] }
┌─────────┬────────┬─────┬────────────────────┬────────┐
│ (index) │ name   │ age │ extra              │ Values │
├─────────┼────────┼─────┼────────────────────┼────────┤
│ 0       │ 'Ada'  │ 36  │                    │        │
│ 1       │ '日本' │     │ { deep: [Object] } │        │
│ 2       │        │     │                    │ 'text' │
└─────────┴────────┴─────┴────────────────────┴────────┘
┌─────────┬───┐
│ (index) │ b │
├─────────┼───┤
│ 0       │ 2 │
└─────────┴───┘
┌───────────────────┬─────┬────────┐
│ (iteration index) │ Key │ Values │
├───────────────────┼─────┼────────┤
│ 0                 │ 'k' │ 1      │
└───────────────────┴─────┴────────┘
┌───────────────────┬────────┐
│ (iteration index) │ Values │
├───────────────────┼────────┤
│ 0                 │ 'v'    │
└───────────────────┴────────┘
no table
without its object
END
}

@test "warn, error, assert and warnings write to stderr" {
    run_script console.js 2>"$BATS_TEST_TMPDIR/stderr" >"$BATS_TEST_TMPDIR/stdout"
    diff -u - "$BATS_TEST_TMPDIR/stderr" <<'END'
warn 1
error
    { a: 1 }
Warning: Count for 'none' does not exist
Assertion failed
Assertion failed: it was nothing
Assertion failed: { a: 1 }
Warning: No such label 'never begun' for console.timeEnd()
END
}

@test "time, timeLog and timeEnd tell a duration" {
    cat >"$BATS_TEST_TMPDIR/time.js" <<'END'
console.time('t');
console.time('t');
console.timeLog('t', { more: 1 });
console.timeEnd('t');
console.timeEnd('t');
END
    run "$(dirname "$PINSTRIPE")/tests/run-javascript" "$BATS_TEST_TMPDIR/time.js"
    [ "$status" -eq 0 ]
    grep -qE '^t: [0-9.]+m?s \{ more: 1 \}$' <<<"$output"
    grep -qE '^t: [0-9.]+m?s$' <<<"$output"
    grep -q "Label 't' already exists" <<<"$output"
    grep -q "No such label 't'" <<<"$output"
}

@test "trace tells where it stands" {
    printf 'function here() {\n    console.trace("at %%s", 1);\n}\nhere();\n' >"$BATS_TEST_TMPDIR/trace.js"
    run "$(dirname "$PINSTRIPE")/tests/run-javascript" "$BATS_TEST_TMPDIR/trace.js"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "Trace: at 1" ]
    grep -qE '^    at here \(trace\.js:2:' <<<"${lines[1]}"
}

#!/usr/bin/env bats
# F73 - invalid UTF-8, NUL, lone surrogates, byte order marks, marks of direction, line separators in arguments: carried exactly or
# refused, by rule. Words and --args are UTF-8, or they are refused; every character arrives as it was given. In a call between jobs
# every JavaScript string arrives unit for unit.

load ../cli/helper

own_setup() {
    project_with lib/background_jobs/units.js '
        const units = text => Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16)).join(" ");
        export default { run(...args){
            for(const arg of args) console.log(typeof arg == "string" ? units(arg) : Object.keys(arg).map(units).join("|"));
        } };'
}

# refuses BYTES: as a word, and inside a JSON string of --args.
refuses() {
    run_separately pinstripe run-background-job units good "$1"
    expect_status 2
    expect_output ''
    expect_in_errors 'argument 2 is not valid UTF-8: '
    run_separately pinstripe run-background-job units --args "[\"$1\"]"
    expect_status 2
    expect_output ''
    expect_in_errors '--args is no JSON: unable to decode byte'
}

# carries TEXT UNITS: as a word, in --args, and as a key.
carries() {
    run_separately pinstripe run-background-job units -- "$1"
    expect_output "$2"
    run_separately pinstripe run-background-job units --args "[\"$1\", {\"$1\": 1}]"
    expect_output "$2"$'\n'"$2"
}

@test "F73 what is not UTF-8 is refused, and the message can be printed" {
    refuses $'a\xff'
    refuses $'\xc0\xaf'
    refuses $'\xed\xa0\x80'
    refuses $'\xf4\x90\x80\x80'
    refuses $'\xe2\x82'
    run_separately pinstripe run-background-job units $'a\xff\x1b[2J'
    [[ $errors != *$'\xff'* && $errors != *$'\x1b'* ]]
}

@test "F73 every valid character arrives as it was" {
    carries $'\xef\xbb\xbfx' 'feff 78'
    carries $'\xe2\x80\xa8\xe2\x80\xa9' '2028 2029'
    carries $'\xe2\x80\xae\xe2\x81\xa6' '202e 2066'
    carries $'\xf0\x9f\x98\x80' 'd83d de00'
    carries $'e\xcc\x81' '65 301'
    carries $'\xef\xbf\xbf' 'ffff'
    carries $'\x7f\xc2\x85' '7f 85'
}

@test "F73 control characters arrive as words; in --args they are written as escapes" {
    run_separately pinstripe run-background-job units $'a\nb\tc\x01\x1b'
    expect_output '61 a 62 9 63 1 1b'
    run_separately pinstripe run-background-job units --args '["a\nb\t\u0001\u001b"]'
    expect_output '61 a 62 9 1 1b'
    run_separately pinstripe run-background-job units --args $'["a\nb"]'
    expect_status 2
    expect_in_errors '--args is no JSON'
}

@test "F73 U+0000 in a text arrives when it is written as an escape; in a key of --args it is refused" {
    run_separately pinstripe run-background-job units --args '["a\u0000b"]'
    expect_output '61 0 62'
    run_separately pinstripe run-background-job units --args '[{"k\u0000": 1}]'
    expect_status 2
    expect_in_errors '--args is no JSON: NUL byte in object key'
}

@test "F73 half a surrogate pair is refused in --args, and carried in a call" {
    for half in '\ud800' '\udc00x' '\ud800\ud800'; do
        run_separately pinstripe run-background-job units --args "[\"$half\"]"
        expect_status 2
        expect_in_errors '--args is no JSON: invalid Unicode'
    done
    project_with lib/background_jobs/main.js '
        export default { async run(){
            await this.runBackgroundJob("units", "\ud800", "a\udc00b", "\udc00\ud800", "\ud83d\ude00", "\0", { "\ud800": 1 });
        } };'
    run_separately pinstripe run-background-job main
    expect_output $'d800\n61 dc00 62\ndc00 d800\nd83d de00\n0\nd800'
}

@test "F73 a byte order mark before the JSON of --args is no JSON" {
    run_separately pinstripe run-background-job units --args $'\xef\xbb\xbf[]'
    expect_status 2
    expect_in_errors '--args is no JSON'
}

@test "F73 what a job prints is valid UTF-8 whatever it was given" {
    project_with lib/background_jobs/main.js '
        export default { async run(){ console.log("\ud800 %s", "\udc00"); console.log("\ud800"); console.error({ "\ud800": "\udc00" }); } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    printf '%s%s' "$output" "$errors" | iconv -f UTF-8 -t UTF-8 >/dev/null
    expect_output $'\xef\xbf\xbd \xef\xbf\xbd\n\xef\xbf\xbd'
}

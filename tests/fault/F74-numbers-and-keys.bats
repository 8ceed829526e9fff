#!/usr/bin/env bats
# F74 - numbers at the edge, double keys, __proto__ in arguments. A number is a JavaScript number: the nearest double; what has none is
# refused. Of double keys the last counts. No key reaches a prototype.

load ../cli/helper

own_setup() {
    project_with lib/background_jobs/show.js '
        const show = value => typeof value == "number" ? (Object.is(value, -0) ? "-0" : String(value)) : JSON.stringify(value);
        export default { run(...args){ console.log(args.map(show).join(" ")); } };' \
        lib/background_jobs/look.js '
        export default { run(value){
            console.log(Object.getPrototypeOf(value) === Object.prototype, Object.keys(value).join(), value.polluted, ({}).polluted);
        } };'
}

# arrives JSON SHOWN
arrives() {
    run_separately pinstripe run-background-job show --args "[$1]"
    expect_status 0
    expect_output "$2"
}

# refused JSON
refused() {
    run_separately pinstripe run-background-job show --args "[$1]"
    expect_status 2
    expect_output ''
    expect_in_errors '--args is no JSON'
}

@test "F74 numbers arrive as the nearest double" {
    arrives '9007199254740991, 9007199254740992, 9007199254740993' '9007199254740991 9007199254740992 9007199254740992'
    arrives '18446744073709551616, 123456789012345678901234567890' '18446744073709552000 1.2345678901234568e+29'
    arrives '1e308, -1.7976931348623157e308, 5e-324' '1e+308 -1.7976931348623157e+308 5e-324'
    arrives '0.1, 1E5, 1e+2, -0, 0.30000000000000004' '0.1 100000 100 -0 0.30000000000000004'
    arrives '1e-400' '0'
}

@test "F74 what is no number, or larger than any, is refused" {
    for wrong in 1e400 -1e400 NaN Infinity -Infinity 01 1. .5 +1 0x10 1e '--1'; do
        refused "$wrong"
    done
    project_with lib/background_jobs/main.js '
        export default { async run(){
            for(const value of [NaN, Infinity, -Infinity, 10n]){
                try { await this.runBackgroundJob("show", { list: [value] }); } catch(e){ console.log(e.name + ": " + e.message); }
            }
        } };'
    run_separately pinstripe run-background-job main
    expect_output 'TypeError: arguments[0].list[0] is NaN, which JSON cannot carry
TypeError: arguments[0].list[0] is Infinity, which JSON cannot carry
TypeError: arguments[0].list[0] is -Infinity, which JSON cannot carry
TypeError: arguments[0].list[0] is a BigInt, which JSON cannot carry'
}

@test "F74 in a call between jobs numbers stay what they are, but -0 is 0" {
    project_with lib/background_jobs/main.js '
        export default { async run(){ await this.runBackgroundJob("show", 2 ** 53 + 2, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0); } };'
    run_separately pinstripe run-background-job main
    expect_output '9007199254740994 0.30000000000000004 5e-324 1.7976931348623157e+308 0'
}

@test "F74 of double keys the last one counts" {
    arrives '{"a": 1, "b": 2, "a": 3}' '{"a":3,"b":2}'
}

@test "F74 __proto__ and constructor are keys like others, and pollute nothing" {
    for json in '{"__proto__": {"polluted": 1}}' '{"constructor": {"prototype": {"polluted": 1}}}'; do
        run_separately pinstripe run-background-job look --args "[$json]"
        expect_status 0
        [[ $output =~ ^true\ (__proto__|constructor)\ undefined\ undefined$ ]]
    done
    project_with lib/background_jobs/main.js '
        export default { async run(){
            await this.runBackgroundJob("look", JSON.parse("{\"__proto__\":{\"polluted\":1},\"a\":{\"__proto__\":{\"polluted\":1}}}"));
            await this.runBackgroundJob("look", { toString: 1, hasOwnProperty: 2, valueOf: 3, toJSON: 4 });
            console.log(({}).polluted);
        } };'
    run_separately pinstripe run-background-job main
    expect_status 0
    expect_output 'true __proto__,a undefined undefined
true toString,hasOwnProperty,valueOf,toJSON undefined undefined
undefined'
}

@test "F74 an array is required, and nothing after it" {
    for wrong in '{}' '"x"' '1' 'null' '' '[1] x' '[1,]' '[,1]' "['a']" '[undefined]' '[1'; do
        run_separately pinstripe run-background-job show --args "$wrong"
        expect_status 2
        expect_in_errors '--args'
    done
    run_separately pinstripe run-background-job show --args ' [ 1 , "a" ] '
    expect_output '1 "a"'
}

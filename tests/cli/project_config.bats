# pinstripe.config.js: an object or a function, over the defaults; what is wrong with it is told with its place.

load helper

own_setup() {
    project_with lib/background_jobs/show.js '
        export default { run(key){ console.log(JSON.stringify(this.config[key])); } };'
}

# configured SOURCE KEY: what the configuration has under that key.
configured() {
    project_with pinstripe.config.js "$1"
    run_separately pinstripe run-background-job show "$2"
}

@test "defaults" {
    configured 'export default {};' database
    expect_output "{\"adapter\":\"sqlite\",\"filename\":\"$TEST_FOLDER/project/development.db\",\"transactionLimit\":\"5s\"}"
    configured 'export default {};' multiTenant
    expect_output false
    NODE_ENV=test PINSTRIPE_ENV=production configured 'export default {};' database
    expect_in_output 'production.db'
    NODE_ENV=test configured 'export default {};' database
    expect_in_output 'test.db'
}

@test "given values go before defaults, deeply; other keys are kept" {
    configured 'export default { database: { filename: "/tmp/elsewhere.db", pool: 3 }, mail: { adapter: "dummy" } };' database
    expect_output '{"adapter":"sqlite","filename":"/tmp/elsewhere.db","transactionLimit":"5s","pool":3}'
    configured 'export default { mail: { adapter: "dummy" } };' mail
    expect_output '{"adapter":"dummy"}'
    configured 'export default { multiTenant: undefined };' multiTenant
    expect_output false
}

@test "a function gives it, async or not, and learns the environment" {
    configured 'export default ({ environment }) => ({ mail: environment });' mail
    expect_output '"development"'
    configured 'export default async () => { await null; return { mail: 1 }; };' mail
    expect_output 1
}

@test "it may import files of the project" {
    project_with lib/mail.js 'export const mail = { from: "x@y" };'
    configured $'import { mail } from "./lib/mail.js";\nexport default { mail };' mail
    expect_output '{"from":"x@y"}'
}

@test "a broken configuration is one sentence with its place, and exit code 78" {
    while IFS='|' read -r source sentence; do
        configured "$source" mail
        expect_status 78
        expect_output ''
        expect_in_errors "$sentence"
        [[ $stderr != *pinstripe:* || $stderr == "pinstripe: pinstripe.config.js"* ]]
    done <<'ROWS'
export default { database: { adapter: 'oracle' } };|pinstripe.config.js: "oracle" adapter not supported.
export default { multiTenant: 'yes' };|multiTenant must be true or false; it is "yes"
export default { timeZone: 'Europe/Atlantis' };|Europe/Atlantis
export default { timeZone: 5 };|timeZone must be a name such as
export default { database: 'x.db' };|database must be an object
export default { database: { filename: 7 } };|database.filename must be a text
export default { database: { transactionLimit: 'soon' } };|database.transactionLimit must be a duration
export default { big: 5n };|the configuration cannot be written as JSON
export default 5;|the default export must be an object
export default {|pinstripe.config.js:
throw new Error('no luck');|pinstripe.config.js:1: no luck
export default () => { throw new TypeError('no luck'); };|pinstripe.config.js:1: TypeError: no luck
await new Promise(() => {}); export default {};|nothing can settle
ROWS
}

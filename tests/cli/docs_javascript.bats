# docs_javascript: every example of docs/javascript.md, as it stands there; and that the page and the type declarations name
# every service and every verb that the program has.

load helper
load docs_helper

readonly ROOT=${BATS_TEST_DIRNAME%/tests/cli}

@test "the examples of docs/javascript.md do what it says" {
    mkdir project && cd project || return 1
    take_examples "$ROOT/docs/javascript.md"
    run_separately pinstripe migrate-database
    expect_status 0
    run_examples 15
    check_broken 12
}

# names WHAT: what the program itself has of it, one a line.
names() {
    project_with lib/models/thing.js 'export default {};' lib/migrations/1_x.js 'export default { async migrate(){ await this.database.table("things").addColumn("a", "string"); } };' \
        lib/background_jobs/names.js '
        const OWN = ["length", "name", "prototype", "constructor"];
        const of = object => Object.getOwnPropertyNames(object).filter(name => !OWN.includes(name));
        const top = object => Object.getPrototypeOf(object) === Object.prototype ? object : top(Object.getPrototypeOf(object));
        export default { async run(what){
            const lists = {
                services: () => of(Object.getPrototypeOf(BackgroundJob.prototype)),
                verbs: () => of(BackgroundJob).filter(name => !["names", "for", "run", "prepareClass", "completeClass"].includes(name)),
                modelVerbs: async () => of(Object.getPrototypeOf((await this.database.things.insert({})).constructor))
                    .filter(name => !["Query", "hooks", "relations", "scopes", "prepareClass", "completeClass"].includes(name)),
                queries: () => of(top(this.database.things)).filter(name => !["page", "rowLimit", "isOrdered"].includes(name)),
                rows: async () => of(top(await this.database.things.insert({}))),
                databases: () => of(Object.getPrototypeOf(this.database)),
                inflections: () => Object.keys(this.inflector),
                globals: () => Object.getOwnPropertyNames(globalThis).slice(Object.getOwnPropertyNames(globalThis).indexOf("setTimeout")),
            };
            console.log((await lists[what]()).join("\n"));
        } };'
    pinstripe migrate-database >/dev/null 2>&1
    pinstripe run-background-job names "$1"
}

# all_in FILE PATTERN WHAT: a line of FILE matches PATTERN for each name; @ in it is the name.
all_in() {
    local name found=0
    for name in $(names "$3"); do
        grep -qE -- "${2//@/$name}" "$ROOT/$1" || { echo "$1 does not tell of $name"; return 1; }
        found=$((found + 1))
    done
    [ "$found" -gt 3 ]
}

@test "docs/javascript.md tells of every service and verb" {
    all_in docs/javascript.md '^### (.*, )?@(,|$)' services
    all_in docs/javascript.md '^\| `@\(' verbs
    all_in docs/javascript.md 'this\.@\(|\)\.@\(' verbs
    all_in docs/javascript.md '\b@\b' inflections
    all_in docs/javascript.md '\b@\b' globals
    all_in docs/databases.md '\b@\b' modelVerbs
}

@test "the type declarations tell of every service, verb and method" {
    local types=src/javascript/types/pinstripe.d.ts
    all_in "$types" '^    (readonly @:|@[(<])' services
    all_in "$types" '^    @\(' verbs
    all_in "$types" '^    @\(' modelVerbs
    all_in "$types" '^    (readonly @:|@[(<])' queries
    all_in "$types" '^    (readonly @:|@[(<])' rows
    all_in "$types" '^    (readonly @:|@[(<])' databases
    all_in "$types" '^    @\(' inflections
    all_in "$types" '^    (var|const|function) @[:<(]' globals
}

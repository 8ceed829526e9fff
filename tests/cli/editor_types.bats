#!/usr/bin/env bats
# editor_types.bats - the type declarations of a project: written, kept as they should be, and right for the TypeScript
# compiler, which is taken from npm when there is npm (kept in build/typescript).

load helper

readonly TYPESCRIPT=5.9.3

# Sets $typescript, a folder with the compiler, or skips the test.
need_typescript() {
    typescript=${BATS_TEST_DIRNAME%/tests/cli}/build/typescript
    local fresh=$typescript.$$ failed=${BATS_FILE_TMPDIR:-$TEST_FOLDER}/no-typescript   # tried once for all tests
    command -v node npm >/dev/null || skip "node and npm are not installed"
    [ -d "$typescript" ] && return
    if [ -e "$failed" ] || ! timeout 60 npm install --silent --no-audit --no-fund --fetch-retries=0 --prefix "$fresh" \
        "typescript@$TYPESCRIPT" >/dev/null 2>&1; then
        rm -rf "$fresh"
        touch "$failed"
        skip "npm could not install typescript@$TYPESCRIPT"
    fi
    mkdir -p "$fresh" && mv "$fresh" "$typescript"
}

# What the compiler says of the project with checkJs on, without where in the line and without further explanations.
check_types() {
    sed 's/"checkJs": false/"checkJs": true/' jsconfig.json >jsconfig.check.json
    node "$typescript/node_modules/typescript/bin/tsc" --skipLibCheck false -p jsconfig.check.json |
        grep -v '^ ' | sed -E 's/,[0-9]+\)/)/'
    return 0
}

# completions FILE: what an editor offers at the mark /*|*/ in it.
completions() {
    node - "$typescript/node_modules/typescript" "$1" <<'JS'
const [,, typescript, file] = process.argv;
const ts = require(typescript), fs = require('fs'), path = require('path');
const config = ts.parseJsonConfigFileContent(ts.readConfigFile('jsconfig.json', ts.sys.readFile).config, ts.sys, process.cwd(), undefined, 'jsconfig.json');
const service = ts.createLanguageService({
    getCompilationSettings: () => config.options,
    getScriptFileNames: () => config.fileNames,
    getScriptVersion: () => '1',
    getScriptSnapshot: name => fs.existsSync(name) ? ts.ScriptSnapshot.fromString(fs.readFileSync(name, 'utf8')) : undefined,
    getCurrentDirectory: () => process.cwd(),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists, readFile: ts.sys.readFile, directoryExists: ts.sys.directoryExists, getDirectories: ts.sys.getDirectories,
});
const full = path.resolve(file);
const found = service.getCompletionsAtPosition(full, fs.readFileSync(full, 'utf8').indexOf('/*|*/'), {});
console.log((found?.entries ?? []).map(({ name }) => name).join('\n'));
JS
}

# A project with tables, in my-app.
make_project() {
    pinstripe generate-project my-app && cd my-app || return 1
    pinstripe generate-model user --fields '^name:string age:integer joinedAt:datetime'
    pinstripe generate-model post '^title:string' userId:foreign_key
    pinstripe generate-service billing/tax_rate
    sed -i "s/meta(){/&\n        this.hasMany('posts').scope('adult', function(yes){ return this.where(yes ? { ageGe: 18 } : { ageLt: 18 }); });/" lib/models/user.js
    pinstripe migrate-database
} >made.txt 2>&1

@test "generate-project writes jsconfig.json and declarations, and new files say their type" {
    make_project
    [ -s jsconfig.json ]
    [ -s types/pinstripe.d.ts ]
    grep -q "'hello-world': true;" types/project.d.ts
    grep -q "'billingTaxRate': Made<typeof import('../lib/services/billing/tax_rate.js').default>;" types/project.d.ts
    grep -q "'users': typeof import('../lib/models/user.js').default;" types/project.d.ts
    grep -q "age: number;" types/database.d.ts
    grep -q "readonly posts: Query<'posts'>;" types/database.d.ts
    pinstripe generate-background-job x
    pinstripe generate-view reports/daily
    local file
    for file in background_jobs/hello_world:BackgroundJob background_jobs/x:BackgroundJob "models/user:Model<'users'>" \
        services/billing/tax_rate:Service views/reports/daily:View; do
        [ "$(sed -n 2p "lib/${file%%:*}.js")" = "/** @type {import('pinstripe').${file#*:}} */" ]
        [ "$(sed -n 3p "lib/${file%%:*}.js")" = "export default {" ]
    done
    grep -q "^/\*\* @type {import('pinstripe').Migration} \*/$" lib/migrations/*_create_users.js
    run_separately pinstripe run-background-job x
    expect_output "x background job coming soon!"
}

@test "declarations are brought up to date, and a project without them gets none" {
    make_project
    echo old >types/pinstripe.d.ts
    echo old >types/database.d.ts
    rm lib/services/billing/tax_rate.js
    run_separately pinstripe migrate-database
    expect_status 0
    expect_output ""
    grep -q "interface BuiltinServices" types/pinstripe.d.ts
    grep -q "interface Columns_users" types/database.d.ts
    run ! grep -q billingTaxRate types/project.d.ts
    rm -r types
    pinstripe migrate-database
    pinstripe generate-background-job y
    [ ! -e types ]
    run ! grep -q @type lib/background_jobs/y.js
}

@test "a second generate-project adds what is missing and skips no declarations" {
    make_project
    rm jsconfig.json types/database.d.ts lib/background_jobs/hello_world.js
    cd ..
    run_separately pinstripe generate-project my-app
    expect_status 0
    expect_output "Creating file \"$PWD/my-app/jsconfig.json\"
Creating file \"$PWD/my-app/types/database.d.ts\""
}

@test "no migration fails because of declarations" {
    make_project
    rm -r types/database.d.ts
    mkdir types/database.d.ts
    pinstripe generate-migration create_tags name:string
    run_separately pinstripe migrate-database
    expect_status 0
    expect_in_output "_create_tags"
    expect_in_errors "the type declarations for editors are not up to date: cannot write $PWD/types/database.d.ts"
    [ "$(find types -name '*.d.ts.*')" = "" ]
    rmdir types/database.d.ts
    echo 'export default { meta(){ throw new Error("broken"); } };' >lib/models/tag.js
    pinstripe generate-migration add_size_to_posts size:integer
    run_separately pinstripe migrate-database
    expect_status 0
    [ ! -e types/database.d.ts ]
}

@test "the compiler finds nothing wrong in a new project, nor in a job that uses much of what there is" {
    need_typescript
    make_project
    project_files
    run check_types
    expect_output ""
}

# A job, a model and a service that are right.
project_files() {
    cat >lib/services/greeter.js <<'JS'
export default {
    create(){
        return { greet: name => `Hello ${name}`, count: 5 };
    }
};
JS
    sed -i 's/^};/    ,\n    get initial(){ return this.name[0].toUpperCase(); },\n    greet(){ return this.initial; }\n};/' lib/models/user.js
    cat >lib/background_jobs/good.js <<'JS'
import { Workspace, inflector } from 'pinstripe';

/** @type {import('pinstripe').BackgroundJob<{ batchSize: number, helper(): number }>} */
export default {
    meta(){
        this.schedule('* * * * *', 1).timeout('5m').memory('64MB').retry({ limit: 3, delay: '1s' }).queue('mail');
        this.concurrency({ limit: 1, per: 'tenant' }).unique({ for: '1h' }).priority(4);
        this.include('hello-world').assignProps({ flavour: 'mild' }).annotate({ a: 1 });
    },
    batchSize: 5,
    helper(){ return this.batchSize + 1; },
    async run(who = 'you'){
        const { users } = this.database;
        for(const user of await users.where({ ageGe: 3, nameBeginsWith: 'a', adult: true, posts: { title: 'x' } }).limit(this.batchSize).all()){
            user.joinedAt?.getTime();
            await user.posts.insert({ title: 'x' });
            await user.update({ joinedAt: '2026-01-02' });
            await user.greet();
        }
        for await (const post of users.posts.orderBy('title')) console.log(post.title, (await post.user)?.name.trim(), await post.user.age);
        await this.database.transaction(async () => { await users.insert([{ name: 'a' }, { name: 'b' }]); });
        const [row] = await this.database.run('select 1 as one');
        await this.database.table('users', async users => { await users.addColumn('x', 'text'); });
        await Workspace.run(async function(){ await this.runBackgroundJob('hello-world', row.one); });
        const id = await this.enqueueBackgroundJob({ name: 'hello-world', delay: '1h', key: this.run.id }, who);
        this.progress(this.helper(), 10, inflector.pluralize(id));
        console.log(this.greeter.greet(who), this.greeter.count.toFixed(2), this.billingTaxRate, this.run.dueTime.getTime());
        console.log(new URL('http://x').searchParams.get('y'), crypto.randomUUID(), structuredClone({ a: 1 }).a.toFixed());
        console.log((await this.defer(async () => ({ a: { b: 1 } })).a.b).toFixed());
    }
};
JS
    pinstripe generate-service other >/dev/null
    pinstripe generate-view front >/dev/null
    cat >lib/views/show.js <<'JS'
/** @type {import('pinstripe').View} */
export default {
    async render(){
        const user = await this.database.users.where({ name: this.params.name }).first();
        return user ? [200, { 'content-type': 'text/plain' }, user.name] : undefined;
    }
};
JS
}

@test "the compiler finds a wrong verb, service, table, column and option" {
    need_typescript
    make_project
    project_files
    cat >lib/background_jobs/bad.js <<'JS'
/** @type {import('pinstripe').BackgroundJob} */
export default {
    meta(){
        this.scheduled('* * * * *');
        this.schedule({ cron: '* * * * *', missed: 'sometimes' });
    },
    async run(){
        this.dataBase;
        this.database.userz;
        this.database.users.where({ agee: 3 });
        (await this.database.users.first())?.posst;
        this.greeter.count.toFixedd();
        /** @type {number} */ const name = (await this.database.posts.first())?.title ?? '';
        this.progress('x');
        fetch;
    }
};
JS
    cat >lib/models/post.js <<'JS'
/** @type {import('pinstripe').Model<'posts'>} */
export default {
    meta(){
        this.hasMuch('users');
        this.beforeInsert(function(){ this.caption; });
    }
};
JS
    run check_types
    local line
    for line in bad.js:4:scheduled bad.js:5:sometimes bad.js:8:dataBase bad.js:9:userz bad.js:10: bad.js:12:toFixedd bad.js:13:string bad.js:14: \
        bad.js:15:fetch post.js:4:hasMuch; do
        grep -q "${line%%:*}($(cut -d: -f2 <<<"$line")): error.*${line##*:}" <<<"$output" || { echo "no $line in: $output"; return 1; }
    done
}

@test "an editor completes verbs, services, tables, columns and jobs" {
    need_typescript
    make_project
    project_files
    local at wanted name
    for at in 'meta(){ this./*|*/ }=schedule timeout memory retry queue priority concurrency unique include assignProps addHook annotate' \
        'run(){ this./*|*/ }=database runBackgroundJob enqueueBackgroundJob params progress billingTaxRate greeter context' \
        'run(){ this.database./*|*/ }=users posts transaction withoutTenantScope' \
        'run(){ this.database.users.where({ /*|*/ }) }=name nameContains ageGe adult posts' \
        'async run(){ (await this.database.users.first())./*|*/ }=name age joinedAt posts update' \
        'run(){ this.runBackgroundJob("/*|*/") }=hello-world good'; do
        echo "/** @type {import('pinstripe').BackgroundJob} */ export default { ${at%%=*} };" >lib/background_jobs/at.js
        run completions lib/background_jobs/at.js
        for name in ${at#*=}; do
            grep -qx -- "$name" <<<"$output" || { echo "no $name at ${at%%=*}: $output"; return 1; }
        done
    done
}

@test "the compiler finds nothing wrong in the example project once its files say their types" {
    need_typescript
    cp -r "${BATS_TEST_DIRNAME%/tests/cli}/examples/newsletter" newsletter
    rm -f newsletter/*.db*
    run_separately pinstripe generate-project newsletter
    expect_status 4
    expect_in_output 'Skipping file'
    [ ! -e newsletter/lib/background_jobs/hello_world.js ]
    cd newsletter
    pinstripe migrate-database
    run check_types
    expect_output ""
    sed -i "s#^export default {#/** @type {import('pinstripe').BackgroundJob<{ batchSize: number }>} */\n&#" lib/background_jobs/*.js
    sed -i "s#^export default {#/** @type {import('pinstripe').Migration} */\n&#" lib/migrations/*.js
    local model
    for model in user notification; do
        sed -i "s#^export default {#/** @type {import('pinstripe').Model<'${model}s'>} */\n&#" "lib/models/$model.js"
    done
    run check_types
    expect_output ""
    sed -i 's/active: true/aktive: true/' lib/background_jobs/send_newsletter.js
    run check_types
    expect_in_output 'lib/background_jobs/send_newsletter.js('
}

# tenant_helper.bash - a multi-tenant project with the tenants alpha, beta and gamma, two users and two posts each.
#
#   job NAME 'OPTIONS' 'BODY'    lib/background_jobs/NAME.js; OPTIONS are properties, each with its comma
#   prints NAME 'EXPECTED'       runs it

load helper

own_setup() {
    project_with pinstripe.config.js "export default { multiTenant: true, ...${PROJECT_CONFIG:-{\}} };" \
        lib/migrations/1_users.js '
        export default { async migrate(){
            await this.database.table("users", async users => { await users.addColumn("name", "string"); await users.addColumn("age", "integer"); });
            await this.database.table("posts", async posts => { await posts.addColumn("userId", "foreign_key"); await posts.addColumn("title", "string"); });
        } };' \
        lib/models/user.js 'export default { meta(){ this.hasMany("posts"); } };' \
        lib/models/post.js 'export default { meta(){ this.belongsTo("user"); } };'
    job seed 'multiTenant: false,' '
        for(const name of ["alpha", "beta", "gamma"]){
            const tenant = await this.database.tenants.insert({ name, host: `${name}.test` });
            await tenant.runInNewWorkspace(async function(){
                for(const n of [1, 2]) await (await this.database.users.insert({ name: `${name}${n}`, age: n })).posts.insert({ title: `by ${name}${n}` });
            });
        }'
    pinstripe migrate-database >/dev/null 2>&1 && pinstripe run-background-job seed
}

job() {
    mkdir -p lib/background_jobs
    cat >"lib/background_jobs/$1.js" <<JS
import { Workspace } from 'pinstripe';
const error = async fn => { try { await fn(); return 'no error'; } catch(e){ return \`\${e.constructor.name}: \${e.message}\`; } };
const names = async query => (await query.all()).map(row => row.name ?? row.title).join(' ');
export default { $2 async run(){ $3 } };
JS
}

prints() {
    run_separately pinstripe run-background-job "$1"
    expect_output "$2"
    expect_status 0
}

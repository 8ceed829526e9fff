# F83: a run of tenant A that asks for tenant B's rows, in every way there is, gets and changes only its own.

load ../cli/helper

own_setup() {
    project_with pinstripe.config.js 'export default { multiTenant: true };' \
        lib/models/user.js 'export default { meta(){ this.hasMany("posts"); } };' \
        lib/models/post.js 'export default { meta(){ this.belongsTo("user"); } };' \
        lib/migrations/1_users.js '
        import { Workspace } from "pinstripe";
        export default { async migrate(){
            await this.database.table("users", async t => { await t.addColumn("name", "string"); });
            await this.database.table("posts", async t => { await t.addColumn("userId", "foreign_key"); await t.addColumn("title", "string"); });
            for(const name of ["a", "b"]) await this.database.tenants.insert({ name });
        } };' lib/background_jobs/fill.js '
        export default { async run(){
            const { name } = await this.database.tenant;
            for(const n of [1, 2]){
                const user = await this.database.users.insert({ name: `${name}${n}` });
                await this.database.posts.insert({ userId: user.id, title: `post of ${name}${n}` });
            }
        } };'
    pinstripe migrate-database >/dev/null
    pinstripe run-background-job fill
    b=$(sqlite3 development.db "select id from tenants where name = 'b'")
    state="select u.name, u.tenantId, p.title, p.tenantId from users u join posts p on p.userId = u.id where u.tenantId = '$b' order by 1"
    before=$(sqlite3 development.db "$state")
}

@test "F83 reads, writes and SQL text of one tenant never reach another" {
    project_with lib/background_jobs/hostile.js "
        const B = '$b';
        const texts = ['1 = 1', '1 = 1) or (1 = 1', \"tenantId = '\" + B + \"'\", 'tenantId is not null', '1=1 --', '1=1 /*', '1=1; delete from users',
            'id in (select id from users)', 'exists (select 1 from users)', \"name = 'x' union select * from users\", '(1 = 1', '1 = 1))', \"name like '%' or true\",
            \"name = 'a1' or tenantId = '\" + B + \"'\", 'name = (select name from users limit 1)', \"'' = '\", '\"tenantId\" is not null) or (\"tenantId\" is not null'];
        export default { async run(){
            const { users, posts } = this.database;
            const check = rows => { for(const row of rows) if(String(row.name ?? row.title).includes('b')) throw new Error('a foreign row: ' + JSON.stringify(row)); };
            const attempt = async fn => { try { const r = await fn(); if(Array.isArray(r)) check(r); return r; } catch(e){ if(e.message.startsWith('a foreign')) throw e; return undefined; } };
            for(const text of texts){
                await attempt(() => users.where(text).all());
                await attempt(() => users.where({ name: 'a1' }).where(text).all());
                await attempt(() => users.where(text).update({ name: 'stolen' }));
                await attempt(() => posts.where(text).delete());
                const n = await attempt(() => users.where(text).count());
                if(n > 2) throw new Error('a foreign row was counted by ' + text);
                await attempt(() => this.database.run(text));
            }
            check(await users.where({ tenantId: B }).all());
            check(await users.where({ tenantIdNe: 'x' }).all());
            check(await users.where({ posts: { tenantId: B } }).all());
            check(await users.posts.all());
            check(await posts.user.all());
            await attempt(() => users.orderBy('name; drop table users').all());
            await attempt(() => users.orderBy('(select name from users)').all());
            await users.where({ tenantId: B }).update({ name: 'stolen' });
            await users.where({ tenantId: B }).delete();
            for(const own of await users.all()) await own.update({ tenantId: B });
            const added = await users.insert({ name: 'added', tenantId: B });
            check(await users.all());
            if((await users.where({ id: added.id }).count()) !== 1) throw new Error('it was inserted elsewhere');
            try { await this.database.run('select * from users'); throw new Error('a foreign row by run'); } catch(e){ if(e.message.startsWith('a foreign')) throw e; console.log(e.message); }
        } };"
    run_separately pinstripe run-background-job hostile --tenant a
    expect_status 0
    expect_in_output 'withoutTenantScope'
    [ "$(sqlite3 development.db "$state")" = "$before" ]
    [ "$(sqlite3 development.db "select count(*) from users where name = 'added' and tenantId = '$b'")" = 0 ]
}

@test "F83 an unknown tenant id is an error, never all rows" {
    project_with lib/background_jobs/forged.js '
        import { Workspace } from "pinstripe";
        export default { multiTenant: false, async run(){
            await Workspace.run(async function(){
                this.initialParams._headers["x-tenant-id"] = "nobody";
                try { console.log("rows", (await this.database.users.all()).length); } catch(e){ console.log("refused:", e.message); }
            });
        } };'
    run_separately pinstripe run-background-job forged
    expect_status 0
    expect_in_output 'refused:'
    expect_in_output 'nobody'
}

# database_helper.bash - a project with people, posts and comments, and a short way to say what a job prints.
#
#   load database_helper
#   job_prints 'BODY' 'EXPECTED'    BODY is the inside of run(); `users`, `posts`, `comments` and `error(fn)` (what it
#                                   rejects with, as Name: message) are there

load helper

own_setup() {
    project_with \
        lib/migrations/1_people.js '
        export default { async migrate(){
            await this.database.table("users", async users => {
                await users.addColumn("name", "string");
                await users.addColumn("email", "string", { index: true });
                await users.addColumn("age", "integer");
                await users.addColumn("active", "boolean", { default: true });
                await users.addColumn("bio", "text");
                await users.addColumn("score", "decimal");
                await users.addColumn("photo", "binary");
                await users.addColumn("bornOn", "date");
                await users.addColumn("seenAt", "datetime");
            });
            await this.database.table("posts", async posts => {
                await posts.addColumn("userId", "foreign_key");
                await posts.addColumn("title", "string");
            });
            await this.database.table("comments", async comments => {
                await comments.addColumn("postId", "foreign_key");
                await comments.addColumn("text", "string");
            });
        } };' \
        lib/models/user.js 'export default { meta(){ this.hasMany("posts"); this.hasMany("comments", { through: ["posts", "comments"] }); } };' \
        lib/models/post.js 'export default { meta(){ this.belongsTo("user"); this.hasMany("comments"); } };' \
        lib/models/comment.js 'export default { meta(){ this.belongsTo("post"); } };'
    if declare -F more_setup >/dev/null; then more_setup; fi
    pinstripe migrate-database >/dev/null 2>&1
}

job_with() {
    mkdir -p lib/background_jobs
    cat >lib/background_jobs/probe.js <<JS
import { Workspace } from 'pinstripe';
const error = async fn => { try { await fn(); return 'no error'; } catch(e){ return \`\${e.constructor.name}: \${e.message}\`; } };
export default { multiTenant: false, async run(){
    const { users, posts, comments } = this.database;
    $1
} };
JS
}

job_prints() {
    job_with "$1"
    run_separately pinstripe run-background-job probe
    expect_output "$2"
    expect_status 0
}

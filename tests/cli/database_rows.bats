# database_rows: rows, their columns' types, models, hooks, validation and relations.

load database_helper

@test "a row has its columns in the table's order, converted by type" {
    job_prints '
        const ann = await users.insert({ bornOn: "2000-01-02", age: "41", name: "ann", active: "0", photo: new Uint8Array([1, 2]), score: 1.5 });
        console.log(Object.keys(ann).join());
        const again = await users.first();
        console.log(again.age, again.active, again.bornOn.toISOString(), again.photo, again.score, again.bio, again.seenAt, JSON.stringify(again.email));
        console.log(again.constructor.name, JSON.parse(JSON.stringify(again)).bornOn);' \
'_id,id,name,email,age,active,bio,score,photo,bornOn,seenAt
41 false 2000-01-02T00:00:00.000Z Uint8Array(2) [ 1, 2 ] 1.5 null null ""
user 2000-01-02T00:00:00.000Z'
}

@test "an inserted row has the defaults of the database" {
    job_prints 'const ann = await users.insert({ name: "ann" }); console.log(ann._id, ann.active, ann.age, ann.bornOn);' '1 true 0 null'
}

@test "what cannot be stored is an error that names the column" {
    job_prints '
        console.log(await error(() => users.insert({ bornOn: "someday" })));
        console.log(await error(() => users.insert({ name: {} })));
        console.log(await error(() => users.insert({ age: NaN })));
        console.log(await error(() => users.insert("ann")));
        console.log(await users.count());' \
'Error: Column "bornOn" of "users": "someday" is no date; write 2026-01-31 or 2026-01-31T12:30:00Z
Error: Column "name" of "users": an object cannot be stored in a database
Error: Column "age" of "users": NaN cannot be stored in a database
TypeError: insert needs an object with the fields of the new row; it got ann.
0'
}

@test "update writes only what changed, also inside a Date or an array" {
    job_prints '
        const ann = await users.insert({ name: "ann", age: 1, bornOn: "2000-01-02", photo: new Uint8Array([1]) });
        await users.update({ age: 5 });
        ann.name = "anna"; ann.photo[0] = 9; ann.bornOn.setUTCFullYear(1999);
        await ann.update();
        const again = await users.first();
        console.log(again.name, again.age, again.photo[0], again.bornOn.getUTCFullYear(), ann.age);' 'anna 5 9 1999 5'
}

@test "id and _id cannot be set" {
    job_prints '
        const ann = await users.insert({ id: "mine", _id: 77, name: "ann" });
        const { id } = ann;
        await ann.update({ id: "other", name: "b" }); ann.id = "again"; await ann.update();
        console.log(id != "mine", ann.id === id, ann._id, (await users.first()).id === id);' 'true true 1 true'
}

@test "updating a deleted row does nothing and does not fail" {
    job_prints 'const ann = await users.insert({ name: "ann" }); await ann.delete(); await ann.update({ name: "b" }); console.log(await users.count());' '0'
}

@test "odd values go in and come out, or are refused" {
    job_prints '
        const there = async fields => (await users.insert(fields));
        console.log((await there({ name: "a\0b" })).name.length, (await there({ name: "\u{1f600}" })).name, (await there({ age: 12345678901n })).age);
        console.log((await there({ bornOn: new Date(8.64e15) })).bornOn.getTime(), (await there({ photo: new Uint8Array(8).subarray(2, 5) })).photo.length);
        console.log((await there(JSON.parse(`{"__proto__": {"a": 1}, "constructor": 1, "name": "p"}`))).constructor.name, await users.count());
        console.log(await error(() => there({ bornOn: new Date(NaN) })));
        console.log(await error(() => there({ name: Symbol("x") })));
        console.log(await error(() => users.where({ name(){} }).all()));' \
'3 😀 12345678901
8640000000000000 3
user 6
Error: Column "bornOn" of "users": an invalid Date cannot be stored in a database
Error: Column "name" of "users": a symbol cannot be stored in a database
Error: where({ name: ... }): a function cannot be stored in a database'
}

@test "an array is inserted all or none" {
    job_prints '
        console.log(await error(() => users.insert([{ name: "a" }, { bornOn: "never" }])), await users.count());
        console.log((await users.insert([{ name: "a" }, { name: "b" }])).map(user => user.name).join());' \
'Error: Column "bornOn" of "users": "never" is no date; write 2026-01-31 or 2026-01-31T12:30:00Z 0
a,b'
}

with_user_model() { printf 'export default { %s };\n' "$1" >lib/models/user.js; }

@test "hooks run in order, each once, around the statement" {
    with_user_model 'meta(){
        const all = ["afterDelete", "beforeDelete", "afterUpdate", "beforeUpdate", "afterInsert", "beforeInsert", "afterValidation", "validation", "beforeValidation"];
        for(const name of all) this.addHook(name, async function(){ console.log(name, await this.database.users.count()); });
    }'
    job_prints '
        const ann = await users.insert({ name: "ann" });
        await users.update({ name: "b" });
        await ann.delete();' \
'beforeInsert 0
beforeValidation 0
validation 0
afterValidation 0
afterInsert 1
beforeUpdate 1
beforeValidation 1
validation 1
afterValidation 1
afterUpdate 1
beforeDelete 1
afterDelete 0'
}

@test "a hook may be the name of a method, and what it changes is written" {
    with_user_model 'meta(){ this.beforeInsertOrUpdate("shout"); }, shout(){ this.name = this.name.toUpperCase(); }'
    job_prints 'const ann = await users.insert({ name: "ann" }); await ann.update({ name: "bob" }); console.log((await users.first()).name);' 'BOB'
}

@test "a hook that throws takes everything back" {
    with_user_model 'meta(){ this.hasMany("posts"); this.afterInsert(async function(){ await this.posts.insert({ title: "x" }); throw new Error("no"); }); }'
    job_prints 'console.log(await error(() => users.insert({ name: "a" })), await users.count(), await posts.count());' 'Error: no 0 0'
}

@test "getters, setters and methods of the model are on its rows" {
    with_user_model 'get initial(){ return this.name[0]; }, set fullName(text){ this.name = text.split(" ")[0]; }, greet(){ return `hi ${this.name}`; }'
    job_prints 'const ann = await users.insert({ fullName: "ann lee" }); console.log(ann.initial, ann.greet(), (await ann.update({ fullName: "bo ba" })).name, "fullName" in ann);' 'a hi ann bo true'
}

@test "validation names every field that is wrong" {
    with_user_model 'meta(){
        this.mustNotBeBlank("name");
        this.mustBeUnique("name");
        this.mustBeAValidEmail("email", { when: user => user.email });
        this.mustMatchPattern("bio", /^ok/, { message: "Must be ok", when(){ return this.bio; } });
    }'
    job_prints '
        await users.insert({ name: "ann" });
        console.log(await error(() => users.insert({ name: " ", email: "nobody", bio: "bad" })));
        console.log(await error(() => users.insert({ name: "ann" })));
        const bob = await users.insert({ name: "bob" });
        console.log(await error(() => bob.update({ name: "ann" })), await users.where({ name: "bob" }).count());
        try { await bob.update({ name: "b" }, { validateWith(row){ row.setValidationError("age", "Must be known"); } }); } catch(e){ console.log(e.name, e.errors, bob.isValidationError("age")); }' \
'ValidationError: {"name":"Must not be blank","email":"Must be a valid email","bio":"Must be ok"}
ValidationError: {"name":"Must be unique"}
ValidationError: {"name":"Must be unique"} 1
ValidationError { age: '"'Must be known'"' } true'
}

@test "a failed validation shows the line of the job" {
    with_user_model 'meta(){ this.mustNotBeBlank("name"); }'
    job_with 'await users.insert({});'
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'lib/background_jobs/probe.js:5'
}

@test "relations lead from a row, from a query and into where" {
    job_prints '
        const [ann, bob] = await users.insert([{ name: "ann" }, { name: "bob" }]);
        const post = await ann.posts.insert({ title: "one" });
        await post.comments.insert([{ text: "a" }, { text: "b" }]);
        await bob.posts.insert({ title: "two" });
        console.log(post.userId === ann.id, await ann.posts.count(), (await post.user).name, await post.user.name, await (await comments.first()).post.user.name);
        console.log(await users.where({ name: "ann" }).posts.comments.count(), await ann.comments.count(), await bob.comments.count());
        console.log((await users.where({ posts: { title: "two" } }).all()).map(user => user.name).join(), await users.where({ comments: { text: "b" } }).count());' \
'true 1 ann ann ann
2 2 0
bob 1'
}

@test "deleting a row deletes what belongs to it, with its hooks" {
    printf 'export default { meta(){ this.beforeDelete(function(){ console.log("comment", this.text); }); } };\n' >lib/models/comment.js
    job_prints '
        const ann = await users.insert({ name: "ann" });
        const post = await ann.posts.insert({ title: "one" });
        await post.comments.insert([{ text: "a" }, { text: "b" }]);
        await users.where({ name: "ann" }).delete();
        console.log(await users.count(), await posts.count(), await comments.count());' \
'comment a
comment b
0 0 0'
}

@test "a scope is a key of where, written for a new query or for one that changes in place" {
    with_user_model 'meta(){
        this.scope("adult", function(yes){ return this.where(yes ? { ageGe: 18 } : { ageLt: 18 }); });
        this.scope("olderThan", function(age){ this.where({ ageGt: age }); });
    }'
    job_prints '
        await users.insert([{ age: 10 }, { age: 20 }, { age: 30 }]);
        console.log(await users.where({ adult: true }).count(), await users.where({ adult: false }).count(), await users.where({ olderThan: 20, adult: true }).count());' '2 1 1'
}

@test "an include shares what models have in common" {
    printf 'export default { meta(){ this.beforeInsert(function(){ this.title = `${this.title}!`; }); }, loud(){ return this.title.toUpperCase(); } };\n' >lib/models/titled.js
    printf 'export default { meta(){ this.include("titled"); } };\n' >lib/models/post.js
    job_prints 'const post = await posts.insert({ title: "one" }); console.log(post.title, post.loud());' 'one! ONE!'
}

@test "a table is not used without its model" {
    with_user_model 'meta(){ this.addHook("beforeSave", () => {}); }'
    job_with 'await users.insert({});'
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'Model "user" is broken: No such hook "beforeSave" for model "user"'
    expect_in_errors '(lib/models/user.js:1)'
}

@test "afterValidation runs only for what is valid" {
    with_user_model 'meta(){ this.mustNotBeBlank("name"); this.afterValidation(function(){ console.log("valid", this.name); }); }'
    job_prints 'await error(() => users.insert({})); await users.insert({ name: "ann" });' 'valid ann'
}

@test "update and delete of a query with hooks take the rows that there were, however many" {
    with_user_model 'meta(){
        this.afterUpdate(async function(){ await this.database.users.insert({ name: "made by a hook" }); });
        this.beforeDelete(() => {});
    }'
    job_prints '
        await users.insert(Array.from({ length: 600 }, (_, i) => ({ age: i })));
        await users.where({ ageGe: 0 }).update({ name: "seen" });
        console.log(await users.where({ name: "seen" }).count(), await users.count());
        await users.where({ name: "seen" }).orderBy("age").limit(5).delete();
        await users.where({ name: "seen", ageLt: 300 }).delete();
        console.log(await users.count());' '600 1200
900'
}

@test "a singleton makes its row when it is first asked for, and once" {
    printf 'export default { meta(){ this.include("singleton"); }, greet(){ return `hello ${this.title}`; } };\n' >lib/models/post.js
    job_prints '
        console.log(await posts.count(), (await this.database.post).greet(), await posts.count());
        await Promise.all([this.database.post, this.database.post]);
        await (await this.database.post).update({ title: "x" });
        console.log(await this.database.post.greet(), await posts.count(), this.database.info.post);' '0 hello  1
hello x 1 singleton'
}

@test "a misspelt hook makes the model broken, and says so" {
    with_user_model 'meta(){ this.addHook("beforeSave", () => {}); }'
    job_with 'console.log(1);'
    run_separately pinstripe list-background-jobs
    expect_in_errors 'No such hook "beforeSave" for model "user"'
}

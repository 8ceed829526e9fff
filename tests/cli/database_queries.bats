# database_queries: what a query means, and that it is a value.

load database_helper

@test "a method gives a new query and leaves the old one as it was" {
    job_prints '
        await users.insert([{ name: "ann", age: 20 }, { name: "bob", age: 30 }]);
        const old = users.where({ ageGt: 25 });
        old.where({ name: "nobody" }); old.limit(0); old.orderBy("name");
        console.log(await users.count(), await old.count());' '2 1'
}

@test "null is IS NULL, Ne null IS NOT NULL, in a list as well" {
    job_prints '
        await users.insert([{ name: "ann", bornOn: "2000-01-02" }, { name: "bob" }]);
        for(const condition of [{ bornOn: null }, { bornOnNe: null }, { bornOn: [null, new Date("2000-01-02")] }, { bornOnLt: null }])
            console.log((await users.where(condition).all()).map(user => user.name).join(" "));' 'bob
ann
ann bob'
}

@test "a condition that is none is refused in the original's words" {
    job_prints '
        for(const args of [[], [5], [null], [[]], [{ name: [] }], [new Date(0)], [new Map()]]) console.log(await error(() => users.where(...args)));' \
'Error: Invalid argument (0) - expected object, array or string.
Error: Invalid argument (0) - expected object, array or string.
Error: Invalid argument (0) - expected object, array or string.
Error: Invalid argument (0) - expected object, array or string.
Error: Invalid argument (0) - expected object, array or string.
Error: Invalid argument (0) - expected object, array or string.
Error: Invalid argument (0) - expected object, array or string.'
}

@test "an unknown column is an error that names what there is" {
    job_prints '
        console.log(await error(() => posts.where({ nope: 1 })));
        console.log(await error(() => comments.orderBy("nope")));
        console.log(await error(() => this.database.nosuch.where({ a: 1 }).first()));
        console.log(await this.database.nosuch);' \
'Error: No such scope "nope" exists for "posts". It has the columns _id, id, userId, title. It has the relations user, comments.
Error: orderBy: "comments" has no column "nope". It has the columns _id, id, postId, text. It has the relations post.
Error: No such table "nosuch" exists; the database has comments, posts, users.
undefined'
}

@test "% and _ in text operators are themselves" {
    job_prints '
        await users.insert([{ name: "50%" }, { name: "500" }, { name: "a_b" }, { name: "axb" }]);
        console.log(await users.where({ nameContains: "0%" }).count(), await users.where({ nameContains: "a_" }).count());' '1 1'
}

@test "offset, limit and paginate say which rows; a count counts those" {
    job_prints '
        await users.insert(Array.from({ length: 30 }, (_, i) => ({ age: i })));
        const ages = async query => (await query.all()).map(user => user.age).join(" ");
        console.log(await ages(users.orderBy("age").offset(2).limit(3)), "|", await ages(users.orderBy("age", "desc").limit("2")));
        console.log(await users.paginate().count(), await users.offset(25).limit(10).count(), await users.paginate(1, 2).withoutPagination().count());
        console.log(await error(() => users.limit(-1)), await error(() => users.limit(1.5)), await error(() => users.limit("x")));' \
'2 3 4 | 29 28
10 5 30
TypeError: limit needs a whole number of rows, 0 or more; it got -1. TypeError: limit needs a whole number of rows, 0 or more; it got 1.5. TypeError: limit needs a whole number of rows, 0 or more; it got "x".'
}

@test "for await gives every row once, in order, while rows are written" {
    job_prints '
        await users.insert(Array.from({ length: 700 }, (_, i) => ({ name: `n${i % 7}`, age: i })));
        let sum = 0, order = [];
        for await (const user of users){ sum += user.age; if(user.age % 100 == 0) await user.update({ score: 1 }); }
        for await (const user of users.where({ ageLt: 20 }).orderBy("name", "desc").orderBy("age").offset(1).limit(5)) order.push(`${user.name}:${user.age}`);
        let limited = 0;
        for await (const user of users.limit(300)) limited++;
        console.log(sum, await users.where({ score: 1 }).count(), order.join(" "), limited);' \
'244650 7 n6:13 n5:5 n5:12 n5:19 n4:4 300'
}

@test "for await over many rows needs no more memory than over few" {
    job_with '
        for(let i = 0; i < 20; i++) await users.insert(Array.from({ length: 1000 }, () => ({ name: "x".repeat(500) })));'
    run_separately pinstripe run-background-job probe
    expect_status 0
    job_with 'let n = 0; for await (const user of users) n += user.name.length; console.log(n);'
    run_separately pinstripe run-background-job probe --json
    peak=$(sed -n 's/.*"peakHeapBytes":\([0-9]*\).*/\1/p' <<<"$output" | head -1)
    [ -n "$peak" ] || { echo "no peak in: $output"; return 1; }
    [ "$peak" -lt 2000000 ] || { echo "peak heap $peak bytes"; return 1; }
}

@test "update and delete of a query change exactly its rows" {
    job_prints '
        await users.insert([{ name: "ann", age: 20 }, { name: "bob", age: 30 }, { name: "cat", age: 40 }]);
        await users.where({ ageGt: 25 }).update({ score: 2, unknown: 1 });
        await users.orderBy("age", "desc").limit(1).delete();
        console.log((await users.all()).map(user => `${user.name}:${user.score}`).join(" "));' 'ann:0 bob:2'
}

@test "toSql gives the statement with its values, for people" {
    job_prints '
        const [sql, ...values] = await posts.where({ title: ["a", "b"] }).toSql();
        console.log(sql.includes("\"posts\".\"title\""), values);' "true [ 'a', 'b' ]"
}

@test "a query and the database are readable in the console" {
    job_prints 'console.log(users.where({ ageGt: 2 }).orderBy("name").limit(3)); console.log(this.database);' \
'query on users where ageGt 2 order by name limit 3
database { comments, posts, users }'
}

@test "run takes SQL with parameters and gives plain objects" {
    job_prints '
        await users.insert({ name: "ann", age: 20 });
        console.log(await this.database.run("select name, age + ? as next from users", 1), await this.database.run(["select ? as x", null]));
        console.log(await error(() => this.database.run("begin")));
        console.log((await error(() => this.database.run("nonsense"))).startsWith("Error: "));' \
"[ { name: 'ann', next: 21 } ] [ { x: null } ]
Error: not allowed here: a transaction by SQL; use transaction(fn) instead of BEGIN
true"
}

@test "a read after a write of another connection sees it" {
    job_prints '
        await users.insert({ name: "ann" });
        console.log(await users.count());
        await Workspace.run(async function(){ await this.database.users.insert({ name: "bob" }); });
        console.log(await users.count());' '1
2'
}

@test "a job that does not use the database makes no file" {
    rm -f ./*.db*
    job_with 'console.log("nothing");'
    sed -i '/const { users/d' lib/background_jobs/probe.js
    run_separately pinstripe run-background-job probe
    expect_output nothing
    [ -z "$(ls ./*.db* 2>/dev/null)" ]
}

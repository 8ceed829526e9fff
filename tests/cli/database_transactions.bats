# database_transactions: everything or nothing, and no transaction that outlives its workspace.

load database_helper

@test "what fn throws takes everything back and is thrown" {
    job_prints '
        console.log(await error(() => this.database.transaction(async () => { await users.insert({ name: "a" }); throw new RangeError("undo"); })), await users.count());
        console.log(await this.database.transaction(async database => { await database.users.insert({ name: "a" }); return 7; }), await users.count());' \
'RangeError: undo 0
7 1'
}

@test "a count inside a rolled back transaction is not remembered" {
    job_prints '
        await error(() => this.database.transaction(async () => { await users.insert({}); console.log(await users.count()); throw new Error(); }));
        console.log(await users.count());' '1
0'
}

@test "a transaction inside another joins it" {
    job_prints '
        const both = fail => this.database.transaction(async () => {
            await users.insert({ name: "outer" });
            await this.database.lock(() => users.insert({ name: "inner" }));
            if(fail) throw new Error("undo");
        });
        console.log(await error(() => both(true)), await users.count());
        await both(false);
        console.log(await users.count());' 'Error: undo 0
2'
}

@test "two locks at once both finish" {
    job_prints '
        const add = name => this.database.lock(async () => { await new Promise(resolve => setTimeout(resolve, 1)); await users.insert({ name }); });
        await Promise.all([add("a"), add("b")]);
        console.log(await users.count());' '2'
}

@test "a transaction that outlasts its limit is rolled back and the run fails with the reason" {
    printf 'export default { database: { transactionLimit: 50 } };\n' >pinstripe.config.js
    job_with '
        await this.database.transaction(async () => {
            await users.insert({ name: "a" });
            await new Promise(resolve => setTimeout(resolve, 60000));
        });'
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'rolled back because it was open for more than 0.05 s (database.transactionLimit)'
    job_prints 'console.log(await users.count());' '0'
}

@test "a transaction that computes past its limit is rolled back at the next use of the database" {
    printf 'export default { database: { transactionLimit: 50 } };\n' >pinstripe.config.js
    job_with '
        await this.database.transaction(async () => {
            await users.insert({ name: "a" });
            const start = Date.now();
            while(Date.now() - start < 100);
            await users.insert({ name: "b" });
        });'
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'rolled back because it was open for more than 0.05 s'
    job_prints 'console.log(await users.count());' '0'
}

@test "a transaction that computes for ever is rolled back and the run stopped" {
    printf 'export default { database: { transactionLimit: 50 } };\n' >pinstripe.config.js
    job_with 'await this.database.transaction(async () => { await users.insert({ name: "a" }); for(;;); });'
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'rolled back because it was open for more than 0.05 s'
    job_prints 'console.log(await users.count());' '0'
}

@test "a transaction that nobody awaited is rolled back and fails the run" {
    job_with 'this.database.transaction(async () => { await users.insert({ name: "a" }); await new Promise(resolve => setTimeout(resolve, 60000)); });'
    run_separately pinstripe run-background-job probe
    expect_status 1
    expect_in_errors 'transaction was still open'
    job_prints 'console.log(await users.count());' '0'
}

@test "another job cannot be called, nor another workspace write, while a transaction is open" {
    job_prints '
        console.log(await error(() => this.database.transaction(() => this.runBackgroundJob("probe"))));
        console.log(await error(() => this.database.transaction(() => Workspace.run(function(){ return this.database.users.insert({}); }))));
        console.log(await this.database.transaction(() => Workspace.run(function(){ return this.database.users.count(); })));' \
'Error: Background job "probe" was called while a database transaction is open. It would run in another process and wait for this transaction, which would wait for the job: call it after the transaction.
Error: A workspace tried to write to the database while a database transaction of the workspace around it is open. It would wait for this transaction, which would wait for the workspace: write after the transaction.
0'
}

@test "a job that is killed inside a transaction leaves nothing behind" {
    job_with 'await this.database.transaction(async () => { await users.insert({ name: "a" }); for(;;); });'
    run_separately pinstripe run-background-job probe --timeout 300ms
    expect_status 124
    job_prints 'await users.insert({ name: "b" }); console.log(await users.count());' '1'
}

@test "a workspace has a session of its own, also many at once" {
    job_prints '
        await Promise.all(Array.from({ length: 20 }, (_, i) => Workspace.run(async function(){ await this.database.users.insert({ age: i }); })));
        console.log(await users.count());
        const kept = await Workspace.run(function(){ return this.database; });
        console.log(await kept.users.count());' '20
20'
}

# Jobs in C: what a JavaScript job has.

load native_helper

own_setup() {
    project_with lib/migrations/1_users.js '
        export default { async migrate(){
            await this.database.table("users", async users => { await users.addColumn("name", "string"); await users.addColumn("age", "integer"); });
        } };'
}

@test "a job in C is compiled and run by its name, with arguments, output and the id of its run" {
    c_job clean_up '' 'printf("%s %s %d\n", pin_json_text(w, pin_arg(w, 0), "?"), pin_json_text(w, pin_json_get(w, pin_arg(w, 1), "to"), "?"), (int)pin_arg_count(w)); fprintf(stderr, "%zu\n", strlen(pin_run_id(w)));'
    run_separately "$PINSTRIPE" run-background-job cleanUp --args '["a",{"to":"b"}]'
    expect_status 0
    [ "$output" = 'a b 2' ]
    [ "$stderr" = 36 ]
}

@test "its declarations are those of meta(), and are checked as those are" {
    c_job clean_up '.meta = PIN_META(PIN_SCHEDULE("0 3 * * *", "[true]"), PIN_SCHEDULE_WITH("{\"cron\":\"0 4 * * *\",\"timeZone\":\"Europe/Paris\"}"), PIN_TIMEOUT("90s"), PIN_QUEUE("mail"), PIN_PRIORITY(7)),' ''
    c_job wrong '.meta = PIN_META(PIN_SCHEDULE("61 * * * *")),' ''
    c_job unknown '.meta = PIN_META({ "explode", NULL, NULL }),' ''
    run pinstripe list-background-jobs --json
    [ "$status" -eq 1 ]
    [[ $output == *'"0 3 * * *"'*'[true]'*'"0 4 * * *"'*'Europe/Paris'* ]]
    [[ $output == *'61'* ]]
    [[ $output == *'A job knows no declaration'* ]]
}

@test "one that does not compile is broken with its first error, and hurts no other" {
    c_job good '' 'puts("good");'
    c_job bad '' 'nothing_here(w); int x = ;'
    run pinstripe list-background-jobs
    [ "$status" -eq 1 ]
    [[ $output == *'it does not compile: lib/background_jobs/bad.c:'*'error: '* ]]
    run pinstripe run-background-job good
    [ "$output" = good ]
}

@test "what has not changed is not compiled again; what has, or a header beside it, is" {
    printf '#define WORD "one"\n' >word.h
    mkdir -p lib/background_jobs && mv word.h lib/background_jobs/
    c_job say '' 'puts(WORD);' '#include "word.h"'
    run pinstripe run-background-job say
    [ "$output" = one ]
    CC=/nonexistent-compiler run pinstripe list-background-jobs
    [ "$status" -eq 1 ]
    object=$(stat -c '%n %i %y' build/pinstripe/*.so)
    pinstripe run-background-job say
    [ "$(stat -c '%n %i %y' build/pinstripe/*.so)" = "$object" ]
    printf '#define WORD "two"\n' >lib/background_jobs/word.h
    run pinstripe run-background-job say
    [ "$output" = two ]
}

@test "a machine without a compiler says so, and runs an object that somebody else compiled" {
    c_job say '' 'puts("compiled elsewhere");'
    pinstripe run-background-job say
    mkdir -p other/lib/background_jobs && cp build/pinstripe/say-*.so other/lib/background_jobs/shout.so
    cp pinstripe.config.js other/
    cp lib/background_jobs/say.c other/lib/background_jobs/
    CC=no-such-compiler run pinstripe --project other list-background-jobs
    [[ $output == *'there is no C compiler "no-such-compiler": install one'* ]]
    CC=no-such-compiler run pinstripe --project other run-background-job shout
    [ "$output" = 'compiled elsewhere' ]
}

@test "rows: new, read in batches while they are changed, counted, deleted" {
    pinstripe migrate-database
    c_job rows '' '
        for (int i = 0; i < 1000; i++) {
            pin_row *user = pin_new(w, "users");
            char name[32];
            snprintf(name, sizeof name, "user %d", i);
            pin_set(user, "name", name);
            pin_set(user, "age", i);
            pin_save(user);
        }
        pin_rows *old = pin_table(w, "users");
        pin_where(old, "ageGe", 250);
        pin_order_by(old, "age", true);
        int n = 0;
        for (pin_row *user; (user = pin_next(old)) != NULL; n++) {
            if (n == 0)
                printf("%s %d\n", pin_text(user, "name"), (int)pin_integer(user, "age"));
            pin_set(user, "name", "old");
            pin_save(user);
        }
        pin_rows *named = pin_table(w, "users");
        pin_where(named, "name", "old");
        printf("%d read, %d changed\n", n, (int)pin_count(named));
        printf("%d deleted\n", (int)pin_delete_all(named));
        pin_rows *some = pin_table(w, "users");
        pin_limit(some, 3);
        pin_offset(some, 2);
        for (pin_row *user; (user = pin_next(some)) != NULL;)
            printf("%d ", (int)pin_integer(user, "age"));
        printf("%d\n", (int)pin_count(pin_table(w, "users")));'
    run pinstripe run-background-job rows
    [ "$output" = $'user 999 999\n750 read, 750 changed\n750 deleted\n2 3 4 250' ]
}

@test "rows of any number and size come once and in their order; columns are found whatever they are asked by" {
    pinstripe migrate-database
    c_job reads '.meta = PIN_META(PIN_MEMORY("1GB")),' '
        static char text[40000];
        pin_begin(w);
        for (int i = 0; i < 9000; i++) {
            pin_row *user = pin_new(w, "users");
            memset(text, 97 + i % 26, sizeof text);
            text[i % 1000 == 999 ? sizeof text - 1 : (size_t)(i % 90)] = 0;
            pin_set(user, "name", text);
            pin_set(user, "age", i);
            pin_save(user);
        }
        pin_commit(w);
        char age[8] = "name";
        strcpy(age, "age");
        int n = 0, wrong = 0;
        pin_rows *all = pin_table(w, "users");
        for (pin_row *user; (user = pin_next(all)) != NULL; n++) {
            size_t size = n % 1000 == 999 ? sizeof text - 1 : (size_t)(n % 90);
            wrong += pin_integer(user, "age") != n || strlen(pin_text(user, "name")) != size;
            wrong += pin_integer(user, age) != n || pin_number(user, "age") != n || pin_text(user, "age") != NULL;
            wrong += size && pin_text(user, "name")[size - 1] != 97 + n % 26;
        }
        printf("%d %d\n", n, wrong);
        pin_rows *back = pin_table(w, "users");
        pin_order_by(back, "name", false);
        pin_order_by(back, "age", true);
        char last[64] = "";
        for (n = 0, wrong = 0; (all = back) != NULL; n++) {
            pin_row *user = pin_next(back);
            if (!user)
                break;
            wrong += strncmp(pin_text(user, "name"), last, 60) < 0;
            snprintf(last, 61, "%s", pin_text(user, "name"));
        }
        printf("%d %d\n", n, wrong);
        pin_rows *none = pin_table(w, "users"), *few = pin_table(w, "users");
        pin_limit(none, 0);
        pin_limit(few, 450);
        for (n = 0; pin_next(none) != NULL;)
            n++;
        while (pin_next(few) != NULL)
            n++;
        printf("%d\n", n);'
    run pinstripe run-background-job reads
    [ "$output" = $'9000 0\n9000 0\n450' ]
}

@test "what was set is what a row gives, and after an error it gives nothing" {
    pinstripe migrate-database
    c_job sets '' '
        pin_row *made = pin_new(w, "users");
        pin_set(made, "name", "old");
        pin_set(made, "age", 7);
        printf("%s %d\n", pin_text(made, "name"), (int)pin_integer(made, "age"));
        pin_save(made);
        pin_rows *users = pin_table(w, "users");
        pin_row *user = pin_next(users);
        for (int i = 0; i < 3; i++) {
            printf("%s %d\n", pin_text(user, "name"), (int)pin_integer(user, "age"));
            if (i == 0)
                pin_set(user, "name", "new");
            else
                pin_save(user);
        }
        printf("%d\n", (int)pin_integer(user, "height"));
        printf("%s %d %s\n", pin_text(user, "name") ? "?" : "none", (int)pin_integer(user, "age"), pin_error(w));
        pin_forgive(w);
        printf("%s %d\n", pin_text(user, "name"), (int)pin_integer(user, "age"));'
    run pinstripe run-background-job sets
    [ "$output" = $'old 7\nold 7\nnew 7\nnew 7\n0\nnone 0 A row of "users" has no column "height"\nnew 7' ]
}

@test "a new row is gone once it was saved" {
    pinstripe migrate-database
    c_job twice '' 'pin_row *user = pin_new(w, "users"); pin_save(user); pin_set(user, "age", 1);'
    run pinstripe run-background-job twice
    [ "$status" -eq 1 ]
    [[ $output == *'A new row is gone once it was saved'* ]]
}

@test "an error of the database fails the run with its sentence, unless it is forgiven" {
    pinstripe migrate-database
    c_job wrong '' 'pin_count(pin_table(w, "usrs")); puts(pin_error(w));'
    run_separately "$PINSTRIPE" run-background-job wrong
    expect_status 1
    [[ $output == *'No such table "usrs" exists'* ]]
    [[ $stderr == *'No such table "usrs" exists'* ]]
    c_job forgiving '' 'pin_table(w, "usrs"); pin_forgive(w); printf("%d\n", (int)pin_count(pin_table(w, "users")));'
    run pinstripe run-background-job forgiving
    [ "$status" -eq 0 ]
    [ "$output" = 0 ]
    c_job column '' 'pin_row *u = pin_new(w, "users"); pin_set(u, "nick", "x"); pin_save(u);'
    run_separately "$PINSTRIPE" run-background-job column
    expect_status 1
    [[ $stderr == *'A row of "users" has no column "nick"'* ]]
}

@test "a transaction is all or nothing; one left open is rolled back and fails the run" {
    pinstripe migrate-database
    c_job left '' 'pin_begin(w); pin_row *u = pin_new(w, "users"); pin_set(u, "name", "x"); pin_save(u);'
    c_job kept '' 'pin_begin(w); pin_row *u = pin_new(w, "users"); pin_set(u, "name", "x"); pin_save(u); pin_commit(w);'
    c_job back '' 'pin_begin(w); pin_row *u = pin_new(w, "users"); pin_set(u, "name", "x"); pin_save(u); pin_rollback(w);'
    c_job count '' 'printf("%d\n", (int)pin_count(pin_table(w, "users")));'
    run_separately "$PINSTRIPE" run-background-job left
    expect_status 1
    [[ $stderr == *'pin_commit is missing'* ]]
    pinstripe run-background-job back
    pinstripe run-background-job kept
    run pinstripe run-background-job count
    [ "$output" = 1 ]
}

@test "jobs call one another in both languages, in the order in which they print, and errors come back whole" {
    c_job from_c '' 'puts("before"); if (pin_run_background_job(w, "in-javascript", "[1,\"two\"]")) puts("after");
        if (!pin_run_background_job(w, "fails", NULL)) { printf("caught: %s\n", pin_error(w)); pin_forgive(w); }'
    project_with lib/background_jobs/in_javascript.js 'export default { async run(...args){ console.log(JSON.stringify(args)); await this.runBackgroundJob("in-c"); } };' \
        lib/background_jobs/fails.js 'export default { run(){ throw new TypeError("no luck"); } };'
    c_job in_c '' 'puts("in C");'
    run pinstripe run-background-job from-c
    [ "$output" = $'before\n[1,"two"]\n'$'in C\nafter\ncaught: no luck' ]
    c_job passes_on '' 'pin_run_background_job(w, "fails", NULL);'
    run_separately "$PINSTRIPE" run-background-job passes-on
    expect_status 1
    [[ $stderr == *'TypeError: no luck'* ]]
}

@test "a job in C is queued, retried by its policy, and leaves its history" {
    pinstripe migrate-database
    c_job queued '.meta = PIN_META(PIN_RETRY_WITH("{\"limit\":2,\"delay\":1}")),' 'printf("attempt %d\n", pin_attempt(w)); if (pin_attempt(w) < 3) pin_fail(w, "not yet");'
    c_job puts_in '' 'puts(pin_enqueue_background_job(w, "queued", "[\"x\"]", "{\"key\":\"k\"}"));'
    run pinstripe run-background-job puts-in
    id=$output
    ended() { "$PINSTRIPE" start-bot --once 2>bot.log; "$PINSTRIPE" show-run "$id" | grep -q succeeded; }
    comes ended
    run pinstripe show-run "$id"
    [[ $output == *'attempt 3'* ]]
}

@test "one whose process somebody kills goes back to the queue, and has not had an attempt" {
    pinstripe migrate-database
    c_job waits '' 'if (access("seen", F_OK) == 0) { printf("attempt %d\n", pin_attempt(w)); return; } FILE *f = fopen("pid.new", "w"); fprintf(f, "%d", (int)getpid()); fclose(f); rename("pid.new", "pid"); for (;;) pause();'
    id=$(pinstripe enqueue-background-job waits)
    "$PINSTRIPE" start-bot --no-watch >/dev/null 2>bot.log 3>&- &
    bot=$!
    comes test -e pid
    touch seen
    kill -9 "$(cat pid)"
    ended() { "$PINSTRIPE" show-run "$id" | grep -q succeeded; }
    comes ended
    kill "$bot"
    wait "$bot" || true
    run pinstripe show-run "$id"
    [[ $output == *'attempt 1'* ]]
}

@test "an enqueue with bad arguments says what is wrong" {
    pinstripe migrate-database
    c_job puts_in '' 'pin_enqueue_background_job(w, "puts-in", "{oops", NULL);'
    run_separately "$PINSTRIPE" run-background-job puts-in
    expect_status 1
    [[ $stderr == *'args of pin_enqueue_background_job is no JSON array'* ]]
}

@test "nothing of a run is there in the next one" {
    c_job counts '' 'printf("%d\n", ++count);' 'static int count;'
    c_job twice '' 'pin_run_background_job(w, "counts", NULL); pin_run_background_job(w, "counts", NULL);'
    run pinstripe run-background-job twice
    [ "$output" = $'1\n1' ]
}

@test "a generated job in C compiles without a warning and runs" {
    pinstripe generate-background-job --name nightly/cleanUp --language c
    run pinstripe run-background-job nightly/clean-up
    [ "$status" -eq 0 ]
    [ "$output" = 'nightly/clean-up background job coming soon!' ]
    run cc -std=c17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -Ibuild/pinstripe/include lib/background_jobs/nightly/clean_up.c
    [ "$status" -eq 0 ]
    run pinstripe generate-background-job --name x --language cobol
    [ "$status" -ne 0 ]
    [[ $output == *'in javascript or in c'* ]]
}

@test "libraries are linked that a comment of the file names" {
    c_job roots '' 'printf("%.3f\n", root(pin_json_number(w, pin_arg(w, 0), 0)));' '/* pinstripe-link: -lm */
#include <math.h>
static double (*volatile root)(double) = sqrt;'
    run pinstripe run-background-job roots --args '[2]'
    [ "$output" = 1.414 ]
}

# Enqueued, begun by a bot, cancelled: what show-run says in the end.
cancelled_run() {
    id=$(pinstripe enqueue-background-job "$1")
    "$PINSTRIPE" start-bot --no-watch >/dev/null 2>bot.log 3>&- &
    bot=$!
    comes test -e begun
    pinstripe cancel-run "$id"
    ended() { "$PINSTRIPE" show-run "$id" | grep -q cancelled; }
    comes ended
    kill "$bot"
    wait "$bot" || true
    run pinstripe show-run "$id"
}

readonly BEGUN='fclose(fopen("begun", "w"));'

@test "a job that asks whether it was cancelled ends by itself, and is cancelled all the same" {
    pinstripe migrate-database
    c_job tidy '' "while (!pin_is_cancelled(w)) { $BEGUN usleep(10000); } puts(\"tidied up\"); fclose(fopen(\"tidied\", \"w\"));"
    cancelled_run tidy
    [[ $output == *'the run was stopped after'*'tidied up'* ]]
    [ -e tidied ]
}

@test "one that never asks, or asks and goes on, is killed" {
    pinstripe migrate-database
    c_job deaf '' "$BEGUN for (;;) pause();"
    cancelled_run deaf
    [[ $output == *'the run was stopped after'* ]]
    rm begun
    c_job stubborn '' "(void)pin_is_cancelled(w); $BEGUN for (;;) pause();"
    cancelled_run stubborn
    [[ $output == *'the run was stopped after'* ]]
    c_job asks '' 'printf("%d\n", pin_is_cancelled(w));'
    run pinstripe run-background-job asks
    [ "$output" = 0 ]
}

@test "a run that is enqueued inside a transaction is there when it commits, or never" {
    pinstripe migrate-database
    c_job hello '.meta = PIN_META(PIN_PRIORITY(3)),' 'printf("hello %s\n", pin_json_text(w, pin_arg(w, 0), "?"));'
    c_job main '' '
        pin_begin(w);
        pin_row *user = pin_new(w, "users");
        pin_set(user, "name", "kept");
        pin_save(user);
        const char *id = pin_enqueue_background_job(w, "hello", "[\"kept\"]", "{\"key\":\"k\"}");
        pin_begin(w);
        pin_enqueue_background_job(w, "hello", "[\"inner\"]", NULL);
        pin_commit(w);
        pin_commit(w);
        pin_begin(w);
        pin_enqueue_background_job(w, "hello", "[\"lost\"]", NULL);
        pin_rollback(w);
        printf("%zu %d\n", strlen(id), (int)pin_count(pin_table(w, "users")));'
    run pinstripe run-background-job main
    [ "$output" = '36 1' ]
    pinstripe start-bot --once --log-format json 2>bot.log
    [ "$(grep -c 'hello kept' bot.log)" -eq 1 ]
    [ "$(grep -c 'hello inner' bot.log)" -eq 1 ]
    run ! grep 'hello lost' bot.log
    run pinstripe list-runs --job hello --json
    [ "$(grep -c '"succeeded"' <<<"$output")" -eq 2 ]
}

@test "and a bot learns of it at the commit" {
    pinstripe migrate-database
    c_job hello '' 'fclose(fopen("said", "w"));'
    c_job main '' 'pin_begin(w); pin_enqueue_background_job(w, "hello", NULL, NULL); pin_commit(w);'
    "$PINSTRIPE" start-bot --no-watch >/dev/null 2>bot.log --log-format json 3>&- &
    bot=$!
    comes grep -q . bot.log
    pinstripe run-background-job main
    comes test -e said || { cat bot.log; return 1; }
    kill "$bot"
    wait "$bot" || true
}

@test "an enqueue inside a transaction that cannot be says why, and the transaction is lost" {
    pinstripe migrate-database
    c_job main '' 'pin_begin(w); pin_save(pin_new(w, "users")); pin_enqueue_background_job(w, pin_json_text(w, pin_arg(w, 0), ""), NULL, NULL); pin_commit(w);'
    c_job count '' 'printf("%d\n", (int)pin_count(pin_table(w, "users")));'
    run pinstripe run-background-job main --args '["nowhere"]'
    [ "$status" -eq 1 ]
    [[ $output == *'No such background job "nowhere" exists'* ]]
    printf "export default { store: { filename: 'runs.db' }, native: { user: 'root' } };" >pinstripe.config.js
    pinstripe migrate-database
    run pinstripe run-background-job main --args '["count"]'
    [ "$status" -eq 1 ]
    [[ $output == *'cannot be enqueued inside a transaction: the runs are in a file of their own'* ]]
    run pinstripe run-background-job count
    [ "$output" = 0 ]
}

@test "objects that nobody has used for a day are deleted, others are not" {
    c_job say '' 'puts("one");'
    c_job other '' 'puts("other");'
    pinstripe run-background-job say
    mv build/pinstripe/say-*.so older && cp older build/pinstripe/say-0123456789abcdef.so && cp older build/pinstripe/say-00000000000000aa.so
    cp older build/pinstripe/gone-0123456789abcdef.so.4711.log && cp older build/pinstripe/mine.so
    touch -d '2 days ago' build/pinstripe/{say-0123456789abcdef.so,gone-0123456789abcdef.so.4711.log,mine.so,other-*.so}
    run pinstripe run-background-job other
    [ "$output" = other ]
    [ ! -e build/pinstripe/say-0123456789abcdef.so ]
    [ ! -e build/pinstripe/gone-0123456789abcdef.so.4711.log ]
    [ -e build/pinstripe/say-00000000000000aa.so ]
    [ -e build/pinstripe/mine.so ]
    [ -z "$(find build/pinstripe -name 'other-*' -mtime +0)" ]
}

@test "a worker hears each of its runs, whether the one before said something or not" {
    c_job good '' ''
    c_job bad '' 'pin_fail(w, "no luck");'
    project_with lib/background_jobs/both.js '
        export default { async run(){
            for(const name of ["good", "good", "bad", "good", "bad", "bad", "good"]){
                await this.runBackgroundJob(name).then(() => console.log("well"), error => console.log(error.message));
            }
        } };'
    run pinstripe run-background-job both
    expect_status 0
    [ "$output" = $'well\nwell\nno luck\nwell\nno luck\nno luck\nwell' ]
}

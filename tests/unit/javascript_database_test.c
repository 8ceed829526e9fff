/* javascript_database_test.c - what the database leaves behind a run: nothing.
 *
 * All rows run in one engine with one connection, by turns and more than once. After each the heap
 * must be byte for byte what it was before the first, no transaction may be open and the file must
 * hold what the rows that succeeded wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <unistd.h>

#include "base/path.h"
#include "javascript/engine.h"

#define PROJECT_MODEL                                                                              \
    "export default { meta(){ this.hasMany('things', { fromKey: 'id', toKey: 'parentId' }); "      \
    "this.afterInsert(function(){ if(this.name == 'bad') throw new Error('bad'); }); } };"

static const char migration[] =
    "export default { async migrate(){ await this.database.table('things', async t => { "
    "await t.addColumn('name', 'string'); await t.addColumn('parentId', 'foreign_key'); "
    "await t.addColumn('at', 'datetime'); await t.addColumn('bytes', 'binary'); }); } };";

struct row {
    const char *name; /* of the job */
    const char *run;  /* the inside of run() */
    enum pin_outcome_kind kind;
    const char *error;   /* must be in the error's JSON; NULL: nothing */
    const char *printed; /* what it prints; NULL: not looked at */
    int64_t wall_ms;     /* 0: a minute */
    int adds;            /* rows to the table */
};

static const struct row rows[] = {
    { .name = "untouched", .run = "" },
    { .name = "touched", .run = "this.database;" },
    { .name = "insert",
      .run = "const row = await things.insert({ name: 'a', at: new Date(0), bytes: new "
             "Uint8Array([1]) }); await row.update({ name: 'b' }); console.log(row.name);",
      .printed = "b\n",
      .adds = 1 },
    { .name = "read", .run = "for await (const row of things) row.name += 'x';" },
    { .name = "many",
      .run = "const kept = []; for(let i = 0; i < 50; i++) kept.push(await things.all());" },
    { .name = "hook-throws",
      .run = "await things.insert({ name: 'bad' });",
      .kind = PIN_OUTCOME_THREW,
      .error = "\"bad\"" },
    { .name = "transaction-throws",
      .run = "await this.database.transaction(async () => { await things.insert({ name: 'a' }); "
             "throw new RangeError('undo'); });",
      .kind = PIN_OUTCOME_THREW,
      .error = "undo" },
    { .name = "transaction-left-open",
      .run = "this.database.transaction(async () => { await things.insert({ name: 'a' }); await "
             "new Promise(resolve => setTimeout(resolve, 1e5)); });",
      .kind = PIN_OUTCOME_THREW,
      .error = "still open" },
    { .name = "transaction-cut-off",
      .run = "await this.database.transaction(async () => { await things.insert({ name: 'a' }); "
             "for(;;); });",
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit",
      .wall_ms = 40 },
    { .name = "loop-cut-off",
      .run = "for(;;) await things.count();",
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit",
      .wall_ms = 40 },
    { .name = "statement-cut-off",
      .run = "await this.database.run('with recursive n(i) as (select 1 union all select i + 1 "
             "from n) select count(*) from n');",
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit",
      .wall_ms = 40 },
    { .name = "nested",
      .run = "await this.runInNewWorkspace(async function(){ await this.database.things.insert({ "
             "name: 'n' }); });",
      .adds = 1 },
    { .name = "nested-left-open",
      .run = "this.runInNewWorkspace(async function(){ await this.database.things.count(); await "
             "new Promise(() => {}); });" },
    { .name = "bad-sql",
      .run = "await this.database.run('no sql');",
      .kind = PIN_OUTCOME_THREW,
      .error = "syntax error" },
    { .name = "sum", .run = "console.log(await things.count());" },
};
enum { ROW_COUNT = sizeof rows / sizeof *rows, TURNS = 3 };

static struct {
    struct pin_engine *engine;
    char root[64];
    struct pin_buf printed;
    int count; /* rows that the table must have */
} t;

static void
take_output(void *context, enum pin_stream stream, const char *data, size_t size)
{
    (void)context;
    if (stream == PIN_STDOUT)
        pin__buf_add(&t.printed, data, size);
}

static pin_status
wait_until(void *context, struct pin_mono until)
{
    int64_t ms = pin__clock_until_ms(until);

    (void)context;
    poll(NULL, 0, ms > 1000 ? 1000 : (int)ms);
    return PIN_OK;
}

static const struct pin_host host = { .console = take_output, .wait = wait_until };

static void
write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    struct pin_err err = PIN_ERR_INIT;

    snprintf(path, sizeof path, "%s/lib/%s", t.root, folder);
    assert_int_equal(pin__path_make_folders(path, &err), PIN_OK);
    snprintf(path, sizeof path, "%s/lib/%s/%s.js", t.root, folder, name);
    assert_int_equal(pin__path_create(path, (struct pin_bytes){ text, strlen(text) }, &err),
                     PIN_OK);
}

static void
write_project(void)
{
    char text[1024];

    write_file("migrations", "1_things", migration);
    write_file("models", "thing", PROJECT_MODEL);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        snprintf(text, sizeof text, "export default { async run(){ const things = %s; %s } };",
                 strcmp(rows[i].name, "untouched") == 0 ? "null" : "this.database.things",
                 rows[i].run);
        write_file("background_jobs", rows[i].name, text);
    }
}

static void
execute(enum pin_task_kind kind, const char *name, int64_t wall_ms, struct pin_outcome *o)
{
    struct pin_task task = { .kind = kind,
                             .name = name,
                             .wall_ms = wall_ms ? wall_ms : 60000,
                             .heap_bytes = PIN_HEAP_BYTES_DEFAULT };

    pin__buf_clear(&t.printed);
    pin__outcome_init(o);
    (void)!pin__engine_execute(t.engine, &task,
                               o); /* false: after a limit; here it is gone on with */
}

static const char migrated[] = "{\"applied\":[\"1_things\"],\"types\":\"// database.d.ts";

/* In the test itself: cmocka puts its own handler of SIGSEGV in place before each. */
static void
start_engine(void)
{
    struct pin_engine_options options = { .root = t.root, .environment = "test", .version = "0" };
    struct pin_buf catalog = PIN_BUF_INIT(1 << 20);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_outcome o;

    snprintf(t.root, sizeof t.root, "/tmp/pinstripe-test.XXXXXX");
    assert_non_null(mkdtemp(t.root));
    t.printed = PIN_BUF_INIT(1 << 20);
    write_project();
    if (pin__engine_new(&t.engine, &options, &err) != PIN_OK ||
        pin__engine_load(t.engine, &catalog, &err) != PIN_OK ||
        pin__engine_freeze(t.engine, &err) != PIN_OK ||
        pin__engine_enter(t.engine, &host, &err) != PIN_OK)
        fail_msg("%s", err.message);
    pin__buf_fini(&catalog);
    execute(PIN_TASK_MIGRATE, NULL, 0, &o);
    if (strncmp(pin__buf_text(&o.value), migrated, strlen(migrated)) != 0)
        fail_msg("%s does not begin with %s", pin__buf_text(&o.value), migrated);
    pin__outcome_fini(&o);
}

static void
stop_engine(void)
{
    char command[128];

    pin__engine_free(t.engine);
    pin__buf_fini(&t.printed);
    snprintf(command, sizeof command, "rm -rf '%s'", t.root);
    assert_int_equal(system(command), 0);
}

static void
check_row(const struct row *row, uint64_t hash)
{
    struct pin_outcome o;

    execute(PIN_TASK_JOB, row->name, row->wall_ms, &o);
    if (o.kind != row->kind)
        fail_msg("%s: %s, not %s: %s", row->name, pin__outcome_kind_name(o.kind),
                 pin__outcome_kind_name(row->kind), pin__buf_text(&o.error));
    if (row->error && !strstr(pin__buf_text(&o.error), row->error))
        fail_msg("%s: no %s in %s", row->name, row->error, pin__buf_text(&o.error));
    if (row->printed && strcmp(pin__buf_text(&t.printed), row->printed) != 0)
        fail_msg("%s: printed %s", row->name, pin__buf_text(&t.printed));
    if (pin__engine_hash(t.engine) != hash)
        fail_msg("%s: the heap is not what it was", row->name);
    pin__outcome_fini(&o);
    t.count += row->adds;
}

static void
nothing_of_a_run_is_left(void **state)
{
    uint64_t hash;
    char sum[16];

    (void)state;
    start_engine();
    hash = pin__engine_hash(t.engine);
    for (int turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < ROW_COUNT; i++) {
            check_row(rows + i, hash);
            snprintf(sum, sizeof sum, "%d\n", t.count);
            check_row(rows + ROW_COUNT - 1, hash);
            if (strcmp(pin__buf_text(&t.printed), sum) != 0)
                fail_msg("after %s there are %s rows, not %s", rows[i].name,
                         pin__buf_text(&t.printed), sum);
        }
    stop_engine();
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_of_a_run_is_left) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* query_javascript.c - what `await users.where({ ageGe: 18 }).limit(100).all()` costs a job, from
 * the call to the array of rows, against the same statement prepared once and stepped by hand into
 * JavaScript objects with the same values.
 *
 * Both run in this process by turns, on its CPU clock, and the medians are compared, so that a busy
 * machine spoils neither. Prints one JSON line (see tools/run-bench).
 */
#include <sqlite3.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench.h"
#include "javascript/engine_internal.h"

enum { ROWS = 10000, TURNS = 61, QUERIES = 50, LIMIT = 100 };

static const char migration[] = "export default { async migrate(){\n"
                                "    await this.database.table('users', async users => {\n"
                                "        await users.addColumn('name', 'string');\n"
                                "        await users.addColumn('email', 'string');\n"
                                "        await users.addColumn('age', 'integer');\n"
                                "        await users.addColumn('active', 'boolean');\n"
                                "        await users.addColumn('createdAt', 'datetime');\n"
                                "    });\n"
                                "} };\n";
static const char fill_job[] =
    "export default { async run(rows){\n"
    "    await this.database.users.insert(Array.from({ length: rows }, (_, i) => ({ name: `user "
    "${i}`,\n"
    "        email: 'somebody@example.com', age: i % 90, active: i % 2, createdAt: 1767225600000 + "
    "i })));\n"
    "    console.log((await this.database.users.where({ ageGe: 18 }).limit(100).toSql())[0]);\n"
    "} };\n";
static const char query_job[] =
    "export default { async run(times){\n"
    "    const { users } = this.database;\n"
    "    await users.first();\n"
    "    for(let i = 0; i < times; i++) await users.where({ ageGe: 18 }).limit(100).all();\n"
    "} };\n";

static struct pin_buf printed = { .max = 1 << 16 };

static void
check(pin_status st, const struct pin_err *err)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "bench query_javascript: %s\n", err->message);
    exit(1);
}

static void
keep_line(void *context, enum pin_stream stream, const char *data, size_t size)
{
    (void)context;
    if (stream == PIN_STDOUT)
        pin__buf_add(&printed, data, size);
    else
        fwrite(data, 1, size, stderr);
}

static pin_status
wait_until(void *context, struct pin_mono until)
{
    (void)context;
    (void)until;
    return PIN_OK;
}

static const struct pin_host host = { .console = keep_line, .wait = wait_until };

static struct pin_engine *
open_project(const char *folder)
{
    struct pin_engine_options options = { .root = folder,
                                          .environment = "development",
                                          .version = "bench" };
    struct pin_buf catalog = PIN_BUF_INIT(1 << 20);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_engine *e;

    bench_write(folder, "lib/migrations/1_users.js", migration);
    bench_write(folder, "lib/background_jobs/fill.js", fill_job);
    bench_write(folder, "lib/background_jobs/query.js", query_job);
    check(pin__engine_new(&e, &options, &err), &err);
    check(pin__engine_load(e, &catalog, &err), &err);
    check(pin__engine_freeze(e, &err), &err);
    check(pin__engine_enter(e, &host, &err), &err);
    pin__buf_fini(&catalog);
    return e;
}

/* What the task printed stands in `printed`. */
static void
execute(struct pin_engine *e, enum pin_task_kind kind, const char *name, int argument)
{
    char args[32];
    int size = snprintf(args, sizeof args, "[%d]", argument);
    struct pin_task task = { .kind = kind,
                             .name = name,
                             .args = { args, (size_t)size },
                             .wall_ms = PIN_WALL_MS_DEFAULT,
                             .heap_bytes = PIN_HEAP_BYTES_DEFAULT };
    struct pin_outcome o;

    pin__buf_clear(&printed);
    pin__outcome_init(&o);
    if (!pin__engine_execute(e, &task, &o) || o.kind != PIN_OUTCOME_SUCCEEDED) {
        fprintf(stderr, "bench query_javascript: %s\n", pin__buf_text(&o.error));
        exit(1);
    }
    pin__outcome_fini(&o);
}

struct by_hand {
    JSContext *ctx;
    sqlite3 *db;
    sqlite3_stmt *statement;
};

static void
check_sqlite(int code, sqlite3 *db)
{
    if (code == SQLITE_OK)
        return;
    fprintf(stderr, "bench query_javascript: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static struct by_hand
open_by_hand(const char *folder, const char *sql)
{
    struct by_hand h = { .ctx = JS_NewContext(JS_NewRuntime()) };
    char path[PATH_MAX + 32];

    snprintf(path, sizeof path, "%s/development.db", folder);
    check_sqlite(sqlite3_open(path, &h.db), h.db);
    check_sqlite(sqlite3_prepare_v2(h.db, sql, -1, &h.statement, NULL), h.db);
    return h;
}

static void
close_by_hand(struct by_hand *h)
{
    JSRuntime *rt = JS_GetRuntime(h->ctx);

    sqlite3_finalize(h->statement);
    sqlite3_close(h->db);
    JS_FreeContext(h->ctx);
    JS_FreeRuntime(rt);
}

/* Columns 5 and 6 are the boolean and the date. */
static JSValue
value_by_hand(const struct by_hand *h, int column)
{
    sqlite3_stmt *s = h->statement;

    if (column == 5)
        return JS_NewBool(h->ctx, sqlite3_column_int64(s, column) != 0);
    if (column == 6)
        return JS_NewDate(h->ctx, (double)sqlite3_column_int64(s, column));
    if (sqlite3_column_type(s, column) == SQLITE_TEXT)
        return JS_NewStringLen(h->ctx, (const char *)sqlite3_column_text(s, column),
                               (size_t)sqlite3_column_bytes(s, column));
    return JS_NewInt64(h->ctx, sqlite3_column_int64(s, column));
}

static uint32_t
query_by_hand(const struct by_hand *h, const JSAtom *names, int columns)
{
    JSValue rows = JS_NewArray(h->ctx);
    uint32_t count = 0;

    sqlite3_bind_int64(h->statement, 1, 18);
    sqlite3_bind_int64(h->statement, 2, LIMIT);
    while (sqlite3_step(h->statement) == SQLITE_ROW) {
        JSValue row = JS_NewObject(h->ctx);

        for (int i = 0; i < columns; i++)
            JS_DefinePropertyValue(h->ctx, row, names[i], value_by_hand(h, i), JS_PROP_C_W_E);
        JS_DefinePropertyValueUint32(h->ctx, rows, count++, row, JS_PROP_C_W_E);
    }
    sqlite3_reset(h->statement);
    JS_FreeValue(h->ctx, rows);
    return count;
}

/* Microseconds a query. */
static double
turn_by_hand(const struct by_hand *h)
{
    int columns = sqlite3_column_count(h->statement);
    JSAtom names[16];
    int64_t start;
    double us;

    for (int i = 0; i < columns; i++)
        names[i] = JS_NewAtom(h->ctx, sqlite3_column_name(h->statement, i));
    start = pin__clock_cpu_ns();
    for (int i = 0; i < QUERIES; i++)
        if (query_by_hand(h, names, columns) != LIMIT)
            check_sqlite(SQLITE_ERROR, h->db);
    us = (double)(pin__clock_cpu_ns() - start) / 1000 / QUERIES;
    for (int i = 0; i < columns; i++)
        JS_FreeAtom(h->ctx, names[i]);
    return us;
}

/* The whole run, which is a little more. */
static double
turn_of_job(struct pin_engine *e)
{
    int64_t start = pin__clock_cpu_ns();

    execute(e, PIN_TASK_JOB, "query", QUERIES);
    return (double)(pin__clock_cpu_ns() - start) / 1000 / QUERIES;
}

int
main(void)
{
    double ours[TURNS], reference[TURNS], us, reference_us;
    char folder[PATH_MAX];
    struct pin_engine *e;
    struct by_hand h;

    bench_project(folder, "export default {};\n");
    e = open_project(folder);
    execute(e, PIN_TASK_MIGRATE, NULL, 0);
    execute(e, PIN_TASK_JOB, "fill", ROWS);
    h = open_by_hand(folder, pin__buf_text(&printed));
    for (int i = 0; i < TURNS; i++) {
        ours[i] = turn_of_job(e);
        reference[i] = turn_by_hand(&h);
    }
    us = bench_median(ours, TURNS);
    reference_us = bench_median(reference, TURNS);
    bench_row("where().limit(100).all() to rows, in a job", us, "us", reference_us,
              "<= 1.5 times the statement stepped by hand", us <= 1.5 * reference_us);
    close_by_hand(&h);
    pin__engine_free(e);
    bench_remove(folder);
    pin__buf_fini(&printed);
    return 0;
}

/* tenants.c - one call of a multi-tenant job for 1,000 tenants: how many tenant runs a second.
 *
 * Asked of an executor that is open already, as the bot's and the server's is. The queries'
 * reference is the same statement, once for each tenant, prepared once in plain C on one
 * connection, with the row's values taken out.
 */
#include <sqlite3.h>
#include <time.h>

#include "bench.h"
#include "executor/executor.h"

#define TENANTS  1000
#define REQUESTS 9
#define WARM_UPS 2

static const char migration[] = "export default {\n"
                                "    async migrate(){\n"
                                "        await this.database.table('users', async users => {\n"
                                "            await users.addColumn('name', 'string');\n"
                                "            await users.addColumn('subscribed', 'boolean');\n"
                                "        });\n"
                                "    }\n"
                                "};\n";

static const char data[] =
    "export default {\n"
    "    async migrate(){\n"
    "        for(let t = 0; t < 1000; t++){\n"
    "            const { id: tenantId } = await this.database.tenants.insert({ name: `tenant ${t}` "
    "});\n"
    "            for(let u = 0; u < 5; u++) await this.database.users.insert({\n"
    "                tenantId, name: `user ${u}`, subscribed: u % 2 == 0 });\n"
    "        }\n"
    "    }\n"
    "};\n";

static const char query_job[] =
    "export default {\n"
    "    async run(){\n"
    "        const user = await this.database.users.where({ name: 'user 3' }).first();\n"
    "        if(user.name != 'user 3') throw new Error('the wrong row');\n"
    "    }\n"
    "};\n";

static void
ignore_console(void *context, const struct pin_run_info *run, enum pin_stream stream,
               const char *text, size_t size)
{
    (void)context, (void)run, (void)stream;
    fwrite(text, 1, size, stderr);
}

static void
ignore_finished(void *context, const struct pin_run_info *run, const struct pin_outcome *o)
{
    (void)context, (void)run, (void)o;
}

static void
tell_note(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "bench: %s\n", text);
}

static const struct pin_sink sink = { .console = ignore_console,
                                      .finished = ignore_finished,
                                      .note = tell_note };

/* Milliseconds of one request, which must succeed for `runs` tenants. */
static double
request(struct pin_executor *x, enum pin_task_kind kind, const char *job, uint64_t runs)
{
    struct pin_request_options options = { .kind = kind, .name = job };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_summary summary;
    double start = bench_clock_ms(CLOCK_MONOTONIC), took;

    pin__summary_init(&summary);
    if (pin__executor_run(x, &options, &sink, &summary, &err) != PIN_OK) {
        fprintf(stderr, "bench: %s\n", err.message);
        exit(1);
    }
    took = bench_clock_ms(CLOCK_MONOTONIC) - start;
    if (summary.failed || (runs && summary.tenants != runs)) {
        fprintf(stderr, "bench: %s: %llu of %llu runs failed: %s\n", job,
                (unsigned long long)summary.failed, (unsigned long long)summary.tenants,
                pin__buf_text(&summary.outcome.error));
        exit(1);
    }
    pin__summary_fini(&summary);
    return took;
}

static double
runs_per_second(struct pin_executor *x, const char *job)
{
    double ms[REQUESTS];

    for (int i = 0; i < WARM_UPS; i++)
        request(x, PIN_TASK_JOB, job, TENANTS);
    for (int i = 0; i < REQUESTS; i++)
        ms[i] = request(x, PIN_TASK_JOB, job, TENANTS);
    return TENANTS / bench_median(ms, REQUESTS) * 1e3;
}

/* ---- the reference ---- */

static void
must(int code, sqlite3 *db)
{
    if (code == SQLITE_OK)
        return;
    fprintf(stderr, "bench: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static size_t
read_tenants(sqlite3 *db, char ids[TENANTS][64])
{
    sqlite3_stmt *s;
    size_t n = 0;

    must(sqlite3_prepare_v2(db, "select id from tenants order by _id", -1, &s, NULL), db);
    for (; n < TENANTS && sqlite3_step(s) == SQLITE_ROW; n++)
        snprintf(ids[n], sizeof ids[n], "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return n;
}

static double
plain_queries_per_second(const char *filename)
{
    static char ids[TENANTS][64];
    static volatile size_t bytes;
    sqlite3_stmt *s;
    sqlite3 *db;
    double start;

    must(sqlite3_open(filename, &db), db);
    if (read_tenants(db, ids) != TENANTS)
        bench_die("the tenants are not there");
    must(sqlite3_prepare_v2(db, "select * from users where tenantId = ? and name = ? limit 1", -1,
                            &s, NULL),
         db);
    start = bench_clock_ms(CLOCK_MONOTONIC);
    for (size_t i = 0; i < TENANTS; i++) {
        must(sqlite3_bind_text(s, 1, ids[i], -1, SQLITE_STATIC), db);
        must(sqlite3_bind_text(s, 2, "user 3", -1, SQLITE_STATIC), db);
        if (sqlite3_step(s) != SQLITE_ROW)
            bench_die("a row is not there");
        for (int c = 0; c < sqlite3_column_count(s); c++)
            bytes += (size_t)sqlite3_column_bytes(s, c);
        must(sqlite3_reset(s), db);
    }
    start = bench_clock_ms(CLOCK_MONOTONIC) - start;
    sqlite3_finalize(s);
    sqlite3_close(db);
    return TENANTS / start * 1e3;
}

static void
measure(const char *folder)
{
    struct pin_executor_options options = { .root = folder,
                                            .environment = "development",
                                            .program = bench_program() };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_executor *x;
    char filename[PATH_MAX + 32];
    double empty, query, plain;

    if (pin__executor_open(&x, &options, &err) != PIN_OK) {
        fprintf(stderr, "bench: %s\n", err.message);
        exit(1);
    }
    empty = runs_per_second(x, "empty");
    query = runs_per_second(x, "query");
    pin__executor_close(x);
    snprintf(filename, sizeof filename, "%s/development.db", folder);
    plain = plain_queries_per_second(filename);
    bench_row("1,000 tenants, empty job", empty, "runs/s", plain, ">= 20,000 runs/s",
              empty >= 20000);
    bench_row("1,000 tenants, one small query each", query, "runs/s", plain, ">= 10,000 runs/s",
              query >= 10000);
}

/* Also makes the store: each of the runs leaves a record in it. */
static void
migrate(const char *folder)
{
    char command[2 * PATH_MAX + 64];

    snprintf(command, sizeof command, "'%s' migrate-database -q --project '%s' >/dev/null",
             bench_program(), folder);
    if (system(command) != 0)
        bench_die(command);
}

int
main(void)
{
    char folder[PATH_MAX];

    bench_project(folder, "export default { multiTenant: true };\n");
    bench_write(folder, "lib/migrations/1700000001_create_users.js", migration);
    bench_write(folder, "lib/migrations/1700000002_add_data.js", data);
    bench_write(folder, "lib/background_jobs/empty.js", "export default { run(){} };\n");
    bench_write(folder, "lib/background_jobs/query.js", query_job);
    migrate(folder);
    measure(folder);
    bench_remove(folder);
    return 0;
}

/* tenants_memory.c - what a call for 100,000 tenants costs in memory, against one for ten.
 *
 * The peak (VmHWM) of every process is read while it lives: the executor, which is this one, the
 * nursery, and the workers. Tenants are read page by page, so no peak may follow their number.
 */
#include <sqlite3.h>
#include <unistd.h>

#include "bench.h"
#include "executor/executor.h"

#define FEW  10
#define MANY 100000

struct peaks {
    double executor, nursery, worker; /* MB; the largest worker */
};

static const char migration[] = "export default { async migrate(){} };\n";

static void
say_note(void *context, const char *text)
{
    (void)context;
    fprintf(stderr, "bench: %s\n", text);
}

static double
peak_mb(int pid)
{
    char path[64], line[256];
    double kb = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (!(f = fopen(path, "r")))
        bench_die(path);
    while (fgets(line, sizeof line, f))
        if (!strncmp(line, "VmHWM:", 6))
            kb = strtod(line + 6, NULL);
    fclose(f);
    return kb / 1024;
}

/* The first child, or the largest peak among the children. */
static int
children_of(int pid, double *largest)
{
    char path[64], text[4096] = "";
    int first = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    if (!(f = fopen(path, "r")))
        bench_die(path);
    if (!fgets(text, sizeof text, f))
        text[0] = '\0';
    fclose(f);
    for (char *at = text, *end; strtol(at, &end, 10) > 0; at = end) {
        int child = (int)strtol(at, NULL, 10);
        double peak = largest ? peak_mb(child) : 0;

        if (!first)
            first = child;
        if (largest && peak > *largest)
            *largest = peak;
    }
    return first;
}

static void
must(int code, sqlite3 *db)
{
    if (code == SQLITE_OK)
        return;
    fprintf(stderr, "bench: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void
insert_tenants(const char *folder, int from, int to)
{
    char path[PATH_MAX + 32], sql[512];
    sqlite3 *db;

    snprintf(path, sizeof path, "%s/development.db", folder);
    snprintf(sql, sizeof sql,
             "with recursive n(i) as (select %d union all select i + 1 from n where i + 1 < %d) "
             "insert into tenants(id, name) select printf('00000000-0000-4000-8000-%%012d', i), "
             "'tenant ' || i from n",
             from, to);
    must(sqlite3_open(path, &db), db);
    must(sqlite3_exec(db, sql, NULL, NULL, NULL), db);
    sqlite3_close(db);
}

static struct peaks
run(const char *folder, enum pin_task_kind kind, uint64_t runs)
{
    struct pin_executor_options options = { .root = folder,
                                            .environment = "development",
                                            .program = bench_program() };
    struct pin_request_options request = { .kind = kind, .name = "empty" };
    struct pin_sink sink = { .note = say_note };
    struct pin_err err = PIN_ERR_INIT;
    struct peaks peaks = { 0, 0, 0 };
    struct pin_summary summary;
    struct pin_executor *x;
    int nursery;

    pin__summary_init(&summary);
    if (pin__executor_open(&x, &options, &err) != PIN_OK ||
        pin__executor_run(x, &request, &sink, &summary, &err) != PIN_OK)
        bench_die(err.message);
    if (summary.failed || summary.tenants != runs)
        bench_die("not every run succeeded");
    nursery = children_of(getpid(), NULL);
    children_of(nursery, &peaks.worker);
    peaks.executor = peak_mb(getpid());
    peaks.nursery = peak_mb(nursery);
    pin__summary_fini(&summary);
    pin__executor_close(x);
    return peaks;
}

static double
larger(double a, double b)
{
    return a > b ? a : b;
}

int
main(void)
{
    char folder[PATH_MAX];
    struct peaks few, many;
    double growth;

    bench_project(folder, "export default { multiTenant: true };\n");
    bench_write(folder, "lib/background_jobs/empty.js", "export default { run(){} };\n");
    bench_write(folder, "lib/migrations/1_nothing.js", migration);
    (void)run(folder, PIN_TASK_MIGRATE, 1);
    insert_tenants(folder, 0, FEW);
    few = run(folder, PIN_TASK_JOB, FEW);
    insert_tenants(folder, FEW, MANY);
    many = run(folder, PIN_TASK_JOB, MANY);
    growth = larger(many.executor - few.executor,
                    larger(many.nursery - few.nursery, many.worker - few.worker));
    bench_row("100,000 tenants against ten: most that any process grew", growth, "MB",
              larger(few.executor, larger(few.nursery, few.worker)), "<= 4 MB", growth <= 4);
    bench_remove(folder);
    return 0;
}

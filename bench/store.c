/* store.c - what the store costs: enqueue, claim and finish through store.h, against plain C that
 * drives the same tables with statements prepared once; claiming beside a long history and a long
 * queue; and children by the page.
 *
 * Durable: WAL, synchronous=FULL, history kept. To put 10 million finished and 1 million queued
 * runs there takes half a minute and 2 GB below TMPDIR for the time of the bench.
 */
#include <sqlite3.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "bench.h"
#include "database/session.h"
#include "store/store.h"
#include "store_plain.h"

enum {
    RUNS = 50000,
    PAGE = PLAIN_PAGE, /* runs put in at once */
    BATCH = 256,       /* claimed at once */
    SINGLES = 2000,
    CLAIMS = 2000,
    FINISHED = 10000000,
    QUEUED = 1000000,
    CHILDREN = 100000,
    ROUNDS = 5
};

static void
check(pin_status st, const struct pin_err *err)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "bench store: %s\n", err->message);
    exit(1);
}

/* --- through the API --- */

struct side {
    char folder[PATH_MAX], file[PATH_MAX + 16];
    struct pin_session *session;
    struct pin_store *store;
    struct pin_arena arena;
    struct pin_claim claims[PAGE];
    size_t held;
};

static void
side_enter(struct side *a)
{
    struct pin_session_config config = { .filename = a->file, .own_only = true };
    struct pin_err err = PIN_ERR_INIT;

    a->arena = PIN_ARENA_INIT((size_t)64 << 20);
    a->held = 0;
    check(pin__session_open(&a->session, &config, &err), &err);
    check(pin__store_migrate(a->session, (const uint8_t[16]){ 1 }, 1, &err), &err);
    check(pin__store_open(&a->store, a->session, &err), &err);
}

static void
side_open(struct side *a)
{
    bench_project(a->folder, "export default {};\n");
    snprintf(a->file, sizeof a->file, "%s/store.db", a->folder);
    side_enter(a);
}

static void
side_shut(struct side *a)
{
    pin__store_close(a->store);
    pin__session_close(a->session);
    pin__arena_fini(&a->arena);
}

static void
side_close(struct side *a)
{
    side_shut(a);
    bench_remove(a->folder);
}

static void
api_enqueue(struct side *a, int first, int count)
{
    static struct pin_enqueue runs[PAGE];
    static char args[PAGE][32];
    struct pin_err err = PIN_ERR_INIT;
    int64_t now = pin__clock_wall().ms;

    for (int i = 0; i < count; i++) {
        int size = snprintf(args[i], sizeof args[i], "[{\"i\":%d}]", first + i);

        runs[i] = (struct pin_enqueue){ .id = make_id(now),
                                        .job = "empty",
                                        .args = { args[i], (size_t)size } };
    }
    check(pin__store_enqueue(a->store, runs, (size_t)count, now, NULL, &err), &err);
}

/* A turn of an executor: what has ended, what comes next, one commit. */
static bool
api_turn(struct side *a, size_t limit)
{
    struct pin_result ok = { .succeeded = true,
                             .outcome = "succeeded",
                             .wall_us = 12,
                             .cpu_us = 11,
                             .peak_heap_bytes = 80000 };
    struct pin_claim_request want = { .worker = "host:4711", .limit = limit };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_finished f;
    pin_status st;

    want.now_ms = pin__clock_wall().ms;
    check(pin__store_begin(a->store, &err), &err);
    for (size_t i = 0; i < a->held; i++) {
        ok.started_ms = want.now_ms;
        ok.claim = &a->claims[i];
        check(pin__store_finish(a->store, &a->claims[i].hold, &ok, want.now_ms, &f, &err), &err);
    }
    pin__arena_reset(&a->arena);
    st = pin__store_claim(a->store, &want, &a->arena, a->claims, &a->held, &err);
    if (st != PIN_EMPTY)
        check(st, &err);
    check(pin__store_commit(a->store, &err), &err);
    return a->held > 0;
}

/* --- enqueue, claim, finish --- */

struct took {
    double wall_us, cpu_us; /* a run */
};

struct watch {
    int64_t wall_ns, cpu_ns;
};

static struct watch
start(void)
{
    return (struct watch){ pin__clock_mono().ns, pin__clock_cpu_ns() };
}

/* Keeps the least of several rounds: what others do on the machine only makes one longer. */
static void
stop(struct watch w, int count, struct took *least)
{
    double wall = (double)(pin__clock_mono().ns - w.wall_ns) / 1000 / count;
    double cpu = (double)(pin__clock_cpu_ns() - w.cpu_ns) / 1000 / count;

    least->wall_us = least->wall_us > 0 && least->wall_us < wall ? least->wall_us : wall;
    least->cpu_us = least->cpu_us > 0 && least->cpu_us < cpu ? least->cpu_us : cpu;
}

struct figures {
    struct took bulk, through;
};

static void
api_round(struct figures *f)
{
    static struct side a;
    struct watch w;

    side_open(&a);
    w = start();
    for (int i = 0; i < RUNS; i += PAGE)
        api_enqueue(&a, i, PAGE);
    stop(w, RUNS, &f->bulk);
    w = start();
    while (api_turn(&a, BATCH))
        ;
    stop(w, RUNS, &f->through);
    side_close(&a);
}

static void
plain_round(struct figures *f)
{
    static struct pin_run_id ids[RUNS];
    static struct side a;
    struct plain p;
    struct watch w;

    side_open(&a);
    plain_open(&p, a.file);
    w = start();
    plain_enqueue(&p, ids, 0, RUNS, PAGE);
    stop(w, RUNS, &f->bulk);
    w = start();
    plain_through(&p, ids, RUNS);
    stop(w, RUNS, &f->through);
    plain_close(&p);
    side_close(&a);
}

static void
lives(void)
{
    struct figures api = { 0 }, plain = { 0 };
    double cycle, plain_cycle;

    for (int i = 0; i < ROUNDS; i++) {
        api_round(&api);
        plain_round(&plain);
    }
    cycle = 1e6 / (api.bulk.wall_us + api.through.wall_us);
    plain_cycle = 1e6 / (plain.bulk.wall_us + plain.through.wall_us);
    bench_row("store: enqueue, claim, finish", cycle, "/s", plain_cycle, ">= 0.4 of plain C",
              cycle >= 0.4 * plain_cycle);
    bench_row("store: claim and finish, CPU", api.through.cpu_us, "us", plain.through.cpu_us,
              "<= 12", api.through.cpu_us <= 12);
    bench_row("store: enqueue in bulk", 1e6 / api.bulk.wall_us, "/s", 1e6 / plain.bulk.wall_us,
              ">= 0.6 of plain C", plain.bulk.wall_us >= 0.6 * api.bulk.wall_us);
}

/* A commit each, in turns, so that both wait for the same disk. */
static void
singles(void)
{
    static double api_us[SINGLES], plain_us[SINGLES];
    static struct side a, b;
    struct pin_run_id id;
    struct plain p;
    double api, plain;

    side_open(&a);
    side_open(&b);
    plain_open(&p, b.file);
    for (int i = 0; i < SINGLES; i++) {
        int64_t from = pin__clock_mono().ns, middle;

        api_enqueue(&a, i, 1);
        middle = pin__clock_mono().ns;
        plain_enqueue(&p, &id, i, 1, 1);
        plain_us[i] = (double)(pin__clock_mono().ns - middle) / 1000;
        api_us[i] = (double)(middle - from) / 1000;
    }
    api = 1e6 / bench_median(api_us, SINGLES), plain = 1e6 / bench_median(plain_us, SINGLES);
    bench_row("store: enqueue, one commit each", api, "/s", plain, ">= 0.8 of plain C",
              api >= 0.8 * plain);
    plain_close(&p);
    side_close(&a);
    side_close(&b);
}

/* --- beside much that is there --- */

static void
sql_id(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct pin_run_id id = make_id(sqlite3_value_int64(values[0]));

    (void)count;
    sqlite3_result_blob(context, &id, sizeof id, SQLITE_TRANSIENT);
}

static void
execute(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return;
    fprintf(stderr, "bench store: %s\n", sqlite3_errmsg(db));
    exit(1);
}

#define COUNT_TO(n)                                                                                \
    " from (with recursive i (n) as (values (1) union all select n + 1 from i"                     \
    " where n < " n ") select n from i) i"

/* Ten runs a millisecond, of a hundred jobs; the indexes at the end, which is much quicker. */
static void
seed(const char *file, int64_t finished, int64_t queued)
{
    char sql[2048];
    sqlite3 *db;

    if (sqlite3_open(file, &db) != SQLITE_OK)
        bench_die(file);
    sqlite3_create_function(db, "make_id", 1, SQLITE_UTF8, NULL, sql_id, NULL, NULL);
    execute(db,
            "pragma synchronous=off; pragma cache_size=-400000; pragma temp_store=memory;"
            "pragma wal_autocheckpoint=0; pragma journal_mode=off; pragma locking_mode=exclusive;"
            "drop index pinstripe_runHistoryJobs");
    snprintf(
        sql, sizeof sql,
        "insert into pinstripe_runHistory (id, state, priority, attempt, attemptLimit, lost,"
        " dueAt, role, triggeredBy, createdAt, startedAt, finishedAt, wallUs, cpuUs,"
        " peakHeapBytes, exitSignal, queue, job, worker, outcome, args) select"
        " make_id(1700000000000 + n / 10), 5, 0, 1, 1, 0, n, 0, 0, n, n, n, 12, 11, 80000, 0,"
        " 'default', 'job' || n %% 100, 'host:4711', 'succeeded', '[{\"i\":' || n || '}]'" COUNT_TO(
            "%lld"),
        (long long)finished);
    execute(db, sql);
    execute(db, "create index pinstripe_runHistoryJobs on pinstripe_runHistory (job, id)");
    snprintf(sql, sizeof sql,
             "insert into pinstripe_runs (id, state, priority, turn, attemptLimit, dueAt, role,"
             " triggeredBy, createdAt, queue, job, args) select make_id(1702000000000 + n / 10), 1,"
             " 0, n, 1, n, 0, 0, n, 'default', 'job' || n %% 100, '[{\"i\":' || n || '}]'" COUNT_TO(
                 "%lld"),
             (long long)queued);
    execute(db, sql);
    execute(db, "insert into pinstripe_ready select queue, priority, turn, id, 0 from"
                " pinstripe_runs order by turn, id; pragma journal_mode=wal");
    sqlite3_close(db);
}

static double
one_claim_us(struct side *a)
{
    struct pin_claim_request want = { .worker = "host:4711", .limit = 1 };
    struct pin_err err = PIN_ERR_INIT;
    int64_t from;
    size_t n;

    want.now_ms = pin__clock_wall().ms;
    pin__arena_reset(&a->arena);
    from = pin__clock_mono().ns;
    check(pin__store_claim(a->store, &want, &a->arena, a->claims, &n, &err), &err);
    return (double)(pin__clock_mono().ns - from) / 1000;
}

static void
history(void)
{
    static struct side small, large;
    static double beside_none[CLAIMS], beside_many[CLAIMS];
    double few, many;

    side_open(&small);
    side_open(&large);
    side_shut(&large);
    side_shut(&small);
    seed(small.file, 0, CLAIMS + 1);
    side_enter(&small);
    seed(large.file, FINISHED, QUEUED);
    side_enter(&large);
    for (int i = 0; i < CLAIMS; i++) { /* in turns, so that both see the same machine */
        beside_none[i] = one_claim_us(&small);
        beside_many[i] = one_claim_us(&large);
    }
    (void)bench_median(beside_none, CLAIMS);
    (void)bench_median(beside_many, CLAIMS);
    few = beside_none[CLAIMS * 99 / 100], many = beside_many[CLAIMS * 99 / 100];
    bench_row("store: a claim, p99, 10 million finished, 1 million queued", many, "us", few,
              "<= 1.5 of a claim beside none", many <= 1.5 * few);
    side_close(&small);
    side_close(&large);
}

/* --- one job, many tenants --- */

static struct pin_hold
claim_parent(struct side *a)
{
    struct pin_claim_request want = { .worker = "host:4711", .limit = 1, .now_ms = 1 };
    struct pin_enqueue parent = { .job = "all", .role = PIN_ROLE_PARENT, .id = make_id(1) };
    struct pin_err err = PIN_ERR_INIT;
    size_t n;

    check(pin__store_enqueue(a->store, &parent, 1, 1, NULL, &err), &err);
    check(pin__store_claim(a->store, &want, &a->arena, a->claims, &n, &err), &err);
    return a->claims[0].hold;
}

static void
make_children(struct side *a, const struct pin_hold *parent)
{
    static struct pin_enqueue page[PAGE];
    static char tenants[PAGE][32];
    struct pin_err err = PIN_ERR_INIT;
    enum pin_run_state state;

    for (int i = 0; i < CHILDREN; i += PAGE) {
        int64_t now = pin__clock_wall().ms;

        for (int k = 0; k < PAGE; k++) {
            snprintf(tenants[k], sizeof tenants[k], "tenant-%08d", i + k);
            page[k] =
                (struct pin_enqueue){ .id = make_id(now), .job = "all", .tenant = tenants[k] };
        }
        check(pin__store_fan_out(a->store, parent, page, PAGE, tenants[PAGE - 1],
                                 i + PAGE == CHILDREN, now, &state, &err),
              &err);
    }
}

static void
tenants(void)
{
    static struct side a;
    struct took made = { 0 }, ended = { 0 };
    double rate;

    for (int i = 0; i < ROUNDS; i++) {
        struct pin_hold parent;
        struct watch w;

        side_open(&a);
        parent = claim_parent(&a);
        w = start();
        make_children(&a, &parent);
        stop(w, CHILDREN, &made);
        w = start();
        while (api_turn(&a, BATCH))
            ;
        stop(w, CHILDREN, &ended);
        side_close(&a);
    }
    rate = 1e6 / (made.wall_us + ended.wall_us);
    bench_row("store: 100,000 children made, claimed, finished", rate, "/s", 1e6 / made.wall_us,
              ">= 40000", rate >= 40000);
}

int
main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";

    pin__database_own_process(); /* as the program does */
    if (!*only || strcmp(only, "lives") == 0)
        lives();
    if (!*only || strcmp(only, "singles") == 0)
        singles();
    if (!*only || strcmp(only, "tenants") == 0)
        tenants();
    if (!*only || strcmp(only, "history") == 0)
        history();
    return 0;
}

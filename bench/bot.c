/* bot.c - what the bot does with queued runs: how many a second, how soon, at what cost when there
 * is nothing to do.
 *
 * Whole processes, as people run them: enqueued by `run-background-job`, run by `start-bot`, on
 * SQLite with synchronous=FULL, history kept, log written. References are measured in the same run.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "bot/bot.h"
#include "database/session.h"
#include "store_plain.h"

enum {
    RUNS = 50000,
    THROUGHPUT_ROUNDS = 5,
    PINGS = 300,
    STARTS = 21,
    BUSY_RUNS = 100000,
    TENANTS = 100000,
    IDLE_SECONDS = 30,
    IDLE_WINDOWS = 3
};

extern char **environ;

/* ---- the projects ---- */

static const char go[] = "export default { multiTenant: false, async run(name, ...args){\n"
                         "    await this.enqueueBackgroundJob(name, ...args); } };\n";

static const char bulk[] =
    "export default { multiTenant: false, async run(n){\n"
    "    for(let i = 0; i < n; i += 5000) await this.enqueueBackgroundJobs('empty',\n"
    "        Array.from({ length: 5000 }, (_, k) => [{ i: i + k }])); } };\n";

static const char empty[] = "export default { async run(){} };\n";

static const char ping[] =
    "export default { timeout: '5m', async run(n){\n"
    "    for(let i = 0; i < n; i++){\n"
    "        await new Promise(done => setTimeout(done, 20));\n"
    "        await this.enqueueBackgroundJob('pong', performance.timeOrigin + performance.now());\n"
    "    } } };\n";

static const char pong[] = "export default { async run(asked){\n"
                           "    console.log('pong', (performance.timeOrigin + performance.now() - "
                           "asked).toFixed(4)); } };\n";

static const char now_job[] =
    "export default { async run(){\n"
    "    console.log('now', (performance.timeOrigin + performance.now()).toFixed(4)); } };\n";

static const char tenants[] =
    "export default { multiTenant: false, async run(n){\n"
    "    await this.database.transaction(async () => { for(let i = 0; i < n; i++)\n"
    "        await this.database.tenants.insert({ name: `t${i}`, host: `t${i}.test` }); }); } };\n";

static const char flood[] =
    "export default { multiTenant: false, async run(n){\n"
    "    const { id } = await this.database.tenants.where({ name: 't0' }).first();\n"
    "    for(let i = 0; i < n; i += 5000) await this.enqueueBackgroundJobs({ name: 'work', tenant: "
    "id },\n"
    "        Array.from({ length: 5000 }, () => [])); } };\n";

static const char quiet[] =
    "export default { multiTenant: false, async run(){\n"
    "    const { id } = await this.database.tenants.where({ name: 't1' }).first();\n"
    "    await this.enqueueBackgroundJob({ name: 'work', tenant: id }); } };\n";

static const char work[] = "export default { async run(){ const end = performance.now() + 4;\n"
                           "    while(performance.now() < end); } };\n";

/* ---- processes ---- */

static pid_t
start(const char *const *argv, const char *log)
{
    posix_spawn_file_actions_t files;
    pid_t pid;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND,
                                     0644);
    if (posix_spawn(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
        bench_die(argv[0]);
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

static void
finish(pid_t pid, const char *what)
{
    int status;

    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench bot: %s failed\n", what);
        exit(1);
    }
}

/* The largest of it and of those that it waited for. */
static double
finish_peak_mb(pid_t pid)
{
    struct rusage usage;
    int status;

    if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_die("start-bot --once");
    return (double)usage.ru_maxrss / 1024;
}

static const char *folder; /* of the project under way */

static const char *
in_folder(const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

static void
pinstripe(const char *command, const char *a, const char *b, const char *c)
{
    const char *argv[] = { bench_program(), command, "--project", folder, a, b, c, NULL };

    finish(start(argv, in_folder("bench.log")), command);
}

static pid_t
start_bot(const char *option)
{
    const char *argv[] = { bench_program(), "start-bot", "--project", folder, "--no-watch",
                           "--workers",     "2",         option,      NULL };

    return start(argv, in_folder("bot.log"));
}

static void
stop_bot(pid_t pid)
{
    kill(pid, SIGTERM);
    finish(pid, "start-bot");
}

static void
project(char place[PATH_MAX], const char *config)
{
    static const struct {
        const char *path, *text;
    } files[] = {
        { "lib/background_jobs/go.js", go },           { "lib/background_jobs/bulk.js", bulk },
        { "lib/background_jobs/empty.js", empty },     { "lib/background_jobs/ping.js", ping },
        { "lib/background_jobs/pong.js", pong },       { "lib/background_jobs/now.js", now_job },
        { "lib/background_jobs/tenants.js", tenants }, { "lib/background_jobs/flood.js", flood },
        { "lib/background_jobs/quiet.js", quiet },     { "lib/background_jobs/work.js", work }
    };

    bench_project(place, config);
    folder = place;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        bench_write(place, files[i].path, files[i].text);
    pinstripe("migrate-database", NULL, NULL, NULL);
}

/* ---- looking into the log and the store ---- */

/* The numbers behind `word ` in messages of the bot's log. */
static size_t
read_numbers(const char *word, double *out, size_t room)
{
    FILE *f = fopen(in_folder("bot.log"), "r");
    char line[8192], pattern[64];
    size_t n = 0;

    snprintf(pattern, sizeof pattern, "\"msg\":\"%s ", word);
    while (f && n < room && fgets(line, sizeof line, f)) {
        const char *at = strstr(line, pattern);

        if (at && strchr("0123456789", at[strlen(pattern)]))
            out[n++] = strtod(at + strlen(pattern), NULL);
    }
    if (f)
        fclose(f);
    return n;
}

static int64_t
ask(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    int64_t answer = -1;

    if (sqlite3_open_v2(in_folder("development.db"), &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        bench_die("open the store");
    sqlite3_busy_timeout(db, 5000);
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        answer = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return answer;
}

static void
wait_until(const char *sql, int64_t wanted)
{
    while (ask(sql) < wanted)
        usleep(5000);
}

/* ---- throughput ---- */

/* Insert, running, done, move to history. */
static double
plain_runs_per_second(void)
{
    static struct pin_run_id ids[RUNS];
    struct pin_session_config config = { .filename = in_folder("plain.db") };
    struct pin_session *session;
    struct pin_err err = PIN_ERR_INIT;
    struct plain p;
    double began;

    if (pin__session_open(&session, &config, &err) != PIN_OK ||
        pin__store_migrate(session, (const uint8_t[16]){ 1 }, 1, &err) != PIN_OK) {
        fprintf(stderr, "bench bot: %s\n", err.message);
        exit(1);
    }
    pin__session_close(session);
    plain_open(&p, config.filename);
    began = bench_clock_ms(CLOCK_MONOTONIC);
    plain_enqueue(&p, ids, 0, RUNS, PLAIN_PAGE);
    plain_through(&p, ids, RUNS);
    began = bench_clock_ms(CLOCK_MONOTONIC) - began;
    plain_close(&p);
    if (pin__database_drop(config.filename, &err) != PIN_OK)
        bench_die("drop");
    return RUNS / began * 1e3;
}

static void
throughput(void)
{
    double rates[THROUGHPUT_ROUNDS], plain[THROUGHPUT_ROUNDS];
    char place[PATH_MAX];

    project(place, "export default {};\n");
    for (int i = 0; i < THROUGHPUT_ROUNDS; i++) {
        double began;

        pinstripe("run-background-job", "bulk", "50000", NULL);
        began = bench_clock_ms(CLOCK_MONOTONIC);
        finish(start_bot("--once"), "start-bot --once");
        rates[i] = RUNS / (bench_clock_ms(CLOCK_MONOTONIC) - began) * 1e3;
        plain[i] = plain_runs_per_second();
    }
    if (ask("select count(*) from pinstripe_runHistory where job = 'empty' and state = 5") !=
        (int64_t)RUNS * THROUGHPUT_ROUNDS)
        bench_die("not every run has succeeded");
    bench_remove(place);
    {
        double rate = bench_median(rates, THROUGHPUT_ROUNDS);
        double reference = bench_median(plain, THROUGHPUT_ROUNDS);

        bench_row("50,000 queued empty runs, start of the bot to its end", rate, "runs/s",
                  reference, ">= 40 %, >= 40,000/s", rate >= 40000 && rate >= 0.4 * reference);
    }
}

/* ---- latency ---- */

static void
pipe_round_trips(double *out)
{
    int there[2], back[2];
    char byte = 0;
    pid_t pid;

    if (pipe(there) != 0 || pipe(back) != 0 || (pid = fork()) < 0)
        bench_die("pipe");
    if (pid == 0) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
            continue;
        _exit(0);
    }
    close(there[0]);
    for (int i = 0; i < PINGS; i++) {
        double began;

        usleep(20000);
        began = bench_clock_ms(CLOCK_MONOTONIC);
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            bench_die("pipe");
        out[i] = bench_clock_ms(CLOCK_MONOTONIC) - began;
    }
    close(there[1]);
    waitpid(pid, NULL, 0);
}

static double
percentile(double *values, size_t n, double p)
{
    qsort(values, n, sizeof *values, bench_by_value);
    return values[(size_t)((double)(n - 1) * p)];
}

static void
latency(void)
{
    double pings[PINGS + 64], plain[PINGS];
    char place[PATH_MAX], count[16];
    size_t n;
    pid_t bot;

    project(place, "export default {};\n");
    bot = start_bot(NULL);
    snprintf(count, sizeof count, "%d", PINGS);
    pinstripe("run-background-job", "ping", count, NULL);
    wait_until("select count(*) from pinstripe_runHistory where job = 'pong'", PINGS);
    stop_bot(bot);
    pipe_round_trips(plain);
    n = read_numbers("pong", pings, PINGS);
    bench_remove(place);
    if (n != PINGS)
        bench_die("answers are missing in the log");
    bench_row("enqueue in another process to first line of the job, p50", percentile(pings, n, 0.5),
              "ms", percentile(plain, PINGS, 0.5), "<= 1 ms", percentile(pings, n, 0.5) <= 1);
    bench_row("the same, p99", percentile(pings, n, 0.99), "ms", percentile(plain, PINGS, 0.99),
              "<= 3 ms", percentile(pings, n, 0.99) <= 3);
}

/* ---- start and memory ---- */

static double
pss_kb(pid_t pid)
{
    char path[64], line[256];
    double kb = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    if (!(f = fopen(path, "r")))
        return 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "Pss: %lf", &kb) == 1)
            break;
    fclose(f);
    return kb;
}

static double
family_pss_mb(pid_t pid)
{
    char path[64];
    double kb = pss_kb(pid);
    int child;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    if ((f = fopen(path, "r")) != NULL) {
        while (fscanf(f, "%d", &child) == 1)
            kb += family_pss_mb(child) * 1024;
        fclose(f);
    }
    return kb / 1024;
}

static void
starting(void)
{
    double times[STARTS], lines[1], pss;
    char place[PATH_MAX];
    pid_t bot = 0;

    project(place, "export default {};\n");
    for (int i = 0; i < STARTS; i++) {
        double began;

        unlink(in_folder("bot.log"));
        pinstripe("run-background-job", "go", "now", NULL);
        began = bench_clock_ms(CLOCK_REALTIME);
        bot = start_bot(NULL);
        while (read_numbers("now", lines, 1) != 1)
            usleep(1000);
        times[i] = lines[0] - began;
        if (i < STARTS - 1)
            stop_bot(bot);
    }
    usleep(500000);
    pss = family_pss_mb(bot);
    stop_bot(bot);
    bench_remove(place);
    bench_row("start of start-bot to first line of a job", bench_median(times, STARTS), "ms", 0,
              "<= 30 ms", bench_median(times, STARTS) <= 30);
    bench_row("memory of an idle bot, all its processes (PSS)", pss, "MB", 0, "<= 20 MB",
              pss <= 20);
}

/* ---- nothing to do ---- */

struct idle {
    struct pin_executor *executor;
    double until;
};

static bool
idle_done(void *context)
{
    const struct idle *i = context;

    return bench_clock_ms(CLOCK_MONOTONIC) >= i->until;
}

/* The bot's loop wakes up for its own reasons only: the last of them may come after the time. */
static void
loop_for(struct idle *i, double seconds)
{
    i->until = bench_clock_ms(CLOCK_MONOTONIC) + seconds * 1e3;
    pin__executor_loop(i->executor, idle_done, i);
}

static long
voluntary_switches(void)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    long n = 0;

    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
            break;
    if (f)
        fclose(f);
    return n;
}

static void
idling(void)
{
    struct pin_bot_options bot_options = { .log = NULL };
    struct pin_executor_options options = { .environment = "development",
                                            .program = bench_program() };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_bot *bot = NULL;
    struct idle idle;
    char place[PATH_MAX];
    double wakes[IDLE_WINDOWS], statements[IDLE_WINDOWS], cpu[IDLE_WINDOWS];

    project(place, "export default {};\n");
    bench_write(place, "lib/background_jobs/nightly.js",
                "export default { meta(){ this.schedule('30 2 1 1 *'); }, run(){} };\n");
    options.root = place;
    if (pin__executor_open(&idle.executor, &options, &err) != PIN_OK ||
        pin__bot_start(&bot, idle.executor, &bot_options, &err) != PIN_OK) {
        fprintf(stderr, "bench bot: %s\n", err.message);
        exit(1);
    }
    loop_for(&idle, 1);
    for (int i = 0; i < IDLE_WINDOWS; i++) {
        double began = bench_clock_ms(CLOCK_MONOTONIC), minutes;
        long before = voluntary_switches();
        uint64_t said = pin__executor_statements(idle.executor);

        cpu[i] = bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID);
        loop_for(&idle, IDLE_SECONDS);
        minutes = (bench_clock_ms(CLOCK_MONOTONIC) - began) / 60e3;
        cpu[i] = (bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu[i]) / minutes;
        wakes[i] = (double)(voluntary_switches() - before) / minutes / 60;
        statements[i] = (double)(pin__executor_statements(idle.executor) - said) / minutes;
    }
    bench_row("nothing to do: wake-ups", bench_median(wakes, IDLE_WINDOWS), "1/s", 0, "< 1/s",
              bench_median(wakes, IDLE_WINDOWS) < 1);
    bench_row("nothing to do: statements", bench_median(statements, IDLE_WINDOWS), "1/min", 0,
              "<= 4/min", bench_median(statements, IDLE_WINDOWS) <= 4);
    bench_row("nothing to do: CPU time", bench_median(cpu, IDLE_WINDOWS), "ms/min", 0, "< 5 ms/min",
              bench_median(cpu, IDLE_WINDOWS) < 5);
    pin__bot_stop(bot);
    pin__executor_close(idle.executor);
    bench_remove(place);
}

/* ---- tenants ---- */

static void
quiet_tenant(void)
{
    char place[PATH_MAX], sql[256];
    int64_t asked_ms, between;
    pid_t bot;

    project(place, "export default { multiTenant: true };\n");
    pinstripe("run-background-job", "tenants", "2", NULL);
    pinstripe("run-background-job", "flood", "100000", NULL);
    bot = start_bot(NULL);
    wait_until("select count(*) from pinstripe_runHistory where job = 'work'", 200);
    pinstripe("run-background-job", "quiet", NULL, NULL);
    asked_ms = ask("select createdAt from pinstripe_runs where job = 'work' and tenant ="
                   " (select id from tenants where name = 't1') union all select createdAt from"
                   " pinstripe_runHistory where job = 'work' and tenant ="
                   " (select id from tenants where name = 't1')");
    wait_until("select count(*) from pinstripe_runHistory where job = 'work' and tenant ="
               " (select id from tenants where name = 't1')",
               1);
    stop_bot(bot);
    snprintf(sql, sizeof sql,
             "select count(*) from pinstripe_runHistory where job = 'work' and startedAt > %lld and"
             " startedAt < (select startedAt from pinstripe_runHistory where job = 'work' and"
             " tenant = (select id from tenants where name = 't1'))",
             (long long)asked_ms + 1);
    between = ask(sql);
    bench_remove(place);
    bench_row("100,000 runs of A queued: begun before the one of B", (double)between, "runs", 0,
              "<= 2 (workers)", between >= 0 && between <= 2);
}

static double
fan_out_to(int tenants_count, double *peak_mb)
{
    char place[PATH_MAX], count[16];
    double began, took;

    project(place, "export default { multiTenant: true, database: { transactionLimit: '5m' } };\n");
    snprintf(count, sizeof count, "%d", tenants_count);
    pinstripe("run-background-job", "tenants", count, NULL);
    pinstripe("run-background-job", "go", "empty", NULL);
    began = bench_clock_ms(CLOCK_MONOTONIC);
    *peak_mb = finish_peak_mb(start_bot("--once"));
    took = bench_clock_ms(CLOCK_MONOTONIC) - began;
    if (ask("select count(*) from pinstripe_runHistory where job = 'empty' and role = 2 and state "
            "= 5") != tenants_count)
        bench_die("not every child has succeeded");
    bench_remove(place);
    return tenants_count / took * 1e3;
}

static void
fan_out(void)
{
    double small_mb, large_mb, rate;

    fan_out_to(TENANTS / 10, &small_mb);
    rate = fan_out_to(TENANTS, &large_mb);
    bench_row("one job for 100,000 tenants: children made and run", rate, "1/s", 0, ">= 20,000/s",
              rate >= 20000);
    bench_row("the same: growth of the largest process over 10,000 tenants", large_mb - small_mb,
              "MB", small_mb, "<= 8 MB", large_mb - small_mb <= 8);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*measure)(void);
    } parts[] = { { "throughput", throughput }, { "latency", latency }, { "starting", starting },
                  { "tenants", quiet_tenant },  { "fan-out", fan_out }, { "idle", idling } };

    pin__database_own_process(); /* as the program does */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (argc < 2 || strcmp(argv[1], parts[i].name) == 0)
            parts[i].measure();
    return 0;
}

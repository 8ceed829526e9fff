/* native.c - jobs in C: what a run costs its caller, how many queued ones a second, reading many
 * rows, and computing, against the same in JavaScript.
 *
 * Jobs are called through the library, as by any program that embeds it: a run's time is the
 * caller's, from asking to the result. References are measured in the same run, by turns with what
 * they are held against.
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "database/session.h"
#include "native_jobs.h"
#include "pinstripe/pinstripe.h"
#include "store_plain.h"

enum {
    WARM_UPS = 300,
    CALLS = 2000,
    QUEUED = 50000,
    ROWS = 100000,
    READINGS = 31,
    UNDISTURBED = 3,
    BLOCKS_C = 1000000,
    BLOCKS_JAVASCRIPT = 20000,
};

/* Should root run this: nobody else may use the folder, and a run would say so. */
#define CONFIG "export default { native: { user: 'root' } };\n"

extern char **environ;

static struct pin_buf printed = { .max = 1 << 16 }; /* by the last run, to stdout */

static void
check(pin_status st, const struct pin_err *err)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "bench native: %s\n", err->message);
    exit(1);
}

/* ---- runs of a job, by its name, through the library ---- */

static void
keep(void *context, const struct pin_console_text *text)
{
    (void)context;
    if (!text->is_error)
        pin__buf_add(&printed, text->data, text->size);
    else
        fwrite(text->data, 1, text->size, stderr);
}

static pin_project *
open_project(const char *folder)
{
    struct pin_error error;
    pin_project *p;

    if (pin_project_open(
            &p, PIN_PROJECT_OPTIONS(.folder = folder, .program = bench_program(), .console = keep),
            &error) == PIN_OK)
        return p;
    fprintf(stderr, "bench native: %s\n", error.message);
    exit(1);
}

/* Milliseconds from the call to the result. */
static double
call_ms(pin_project *p, const char *job, const char *args)
{
    double began = bench_clock_ms(CLOCK_MONOTONIC);
    struct pin_error error;

    pin__buf_clear(&printed);
    if (pin_project_run(p, job, PIN_CALL_OPTIONS(.args = args), NULL, &error) != PIN_OK) {
        fprintf(stderr, "bench native: %s\n", error.message);
        exit(1);
    }
    return bench_clock_ms(CLOCK_MONOTONIC) - began;
}

/* ---- an empty run ---- */

static double
fork_ms(void)
{
    double began = bench_clock_ms(CLOCK_MONOTONIC);
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(0);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        bench_die("fork");
    return bench_clock_ms(CLOCK_MONOTONIC) - began;
}

/* The database was never made, so nothing is recorded. */
static void
empty_runs(void)
{
    static double runs[CALLS], forks[CALLS];
    char folder[PATH_MAX];
    pin_project *p;
    double run, reference;

    bench_project(folder, CONFIG);
    bench_write(folder, "lib/background_jobs/empty.c", empty_c);
    p = open_project(folder);
    for (int i = 0; i < WARM_UPS; i++)
        (void)call_ms(p, "empty", NULL);
    for (int i = 0; i < CALLS; i++) {
        runs[i] = call_ms(p, "empty", NULL);
        forks[i] = fork_ms();
    }
    pin_project_close(p);
    bench_remove(folder);
    run = bench_median(runs, CALLS) * 1e3, reference = bench_median(forks, CALLS) * 1e3;
    bench_row("an empty job in C, run by name through the library, not recorded", run, "us",
              reference, "<= 3 times fork, exit, wait", run <= 3 * reference);
}

/* ---- queued runs ---- */

static void
pinstripe(const char *folder, const char *command, const char *a, const char *b)
{
    const char *argv[] = { bench_program(), command, "--project", folder, a, b, NULL };
    posix_spawn_file_actions_t files;
    int status;
    pid_t pid;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_die(command);
    posix_spawn_file_actions_destroy(&files);
}

/* Insert, running, done, move to history: as in the store's table. */
static double
plain_runs_per_second(const char *file)
{
    static struct pin_run_id ids[QUEUED];
    struct pin_session_config config = { .filename = file };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_session *session;
    struct plain p;
    double began;

    check(pin__session_open(&session, &config, &err), &err);
    check(pin__store_migrate(session, (const uint8_t[16]){ 1 }, 1, &err), &err);
    pin__session_close(session);
    plain_open(&p, file);
    began = bench_clock_ms(CLOCK_MONOTONIC);
    plain_enqueue(&p, ids, 0, QUEUED, PLAIN_PAGE);
    plain_through(&p, ids, QUEUED);
    began = bench_clock_ms(CLOCK_MONOTONIC) - began;
    plain_close(&p);
    return QUEUED / began * 1e3;
}

static int64_t
count(const char *file, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int64_t answer = -1;

    if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        answer = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return answer;
}

static void
queued_runs(void)
{
    char folder[PATH_MAX], file[PATH_MAX + 32];
    double rate, reference, began;

    bench_project(folder, CONFIG);
    bench_write(folder, "lib/background_jobs/empty.c", empty_c);
    bench_write(folder, "lib/background_jobs/bulk.js", bulk_js);
    pinstripe(folder, "migrate-database", NULL, NULL);
    pinstripe(folder, "run-background-job", "bulk", "50000");
    began = bench_clock_ms(CLOCK_MONOTONIC);
    pinstripe(folder, "start-bot", "--once", "--no-watch");
    rate = QUEUED / (bench_clock_ms(CLOCK_MONOTONIC) - began) * 1e3;
    snprintf(file, sizeof file, "%s/development.db", folder);
    if (count(file,
              "select count(*) from pinstripe_runHistory where job = 'empty' and state = 5") !=
        QUEUED)
        bench_die("not every run has succeeded");
    snprintf(file, sizeof file, "%s/plain.db", folder);
    reference = plain_runs_per_second(file);
    bench_remove(folder);
    bench_row("50,000 queued empty runs in C, start of the bot to its end", rate, "runs/s",
              reference, ">= 5,000/s", rate >= 5000);
}

/* ---- rows ---- */

static void
fill(const char *file)
{
    sqlite3 *db;
    char *why;

    if (sqlite3_open(file, &db) != SQLITE_OK || sqlite3_exec(db, fill_sql, NULL, NULL, &why))
        bench_die("fill");
    sqlite3_close(db);
}

/* The fastest but three: what others do on the machine only makes one slower. */
static double
undisturbed(double values[READINGS])
{
    (void)bench_median(values, READINGS);
    return values[UNDISTURBED];
}

/* Both are jobs, from the call to the result: a run opens the database for itself. */
static void
rows(void)
{
    double job[READINGS], plain[READINGS], ms, reference;
    char folder[PATH_MAX], file[PATH_MAX + 32];
    pin_project *p;

    bench_project(folder, CONFIG);
    bench_write(folder, "lib/background_jobs/read.c", read_c);
    bench_write(folder, "lib/background_jobs/step.c", step_c);
    snprintf(file, sizeof file, "%s/development.db", folder);
    fill(file);
    p = open_project(folder);
    for (int i = -1; i < READINGS; i++) {
        double read_ms = call_ms(p, "read", NULL), step_ms;
        int64_t sum = strtoll(pin__buf_text(&printed), NULL, 10);

        step_ms = call_ms(p, "step", NULL);
        if (sum == 0 || sum != strtoll(pin__buf_text(&printed), NULL, 10))
            bench_die("the two do not read the same");
        if (i >= 0)
            job[i] = read_ms, plain[i] = step_ms;
    }
    pin_project_close(p);
    bench_remove(folder);
    ms = undisturbed(job), reference = undisturbed(plain);
    bench_row("100,000 rows read by a job in C, all columns", ms, "ms", reference,
              "<= 1.2 times a job that steps sqlite3 itself", ms <= 1.2 * reference);
}

/* ---- computing ---- */

/* The same lines in both languages, no library's code in either. */
static void
hashes(void)
{
    char folder[PATH_MAX], args[32];
    pin_project *p;
    double c, javascript;

    bench_project(folder, CONFIG);
    bench_write(folder, "lib/background_jobs/hash_c.c", hash_c);
    bench_write(folder, "lib/background_jobs/hash_js.js", hash_js);
    p = open_project(folder);
    snprintf(args, sizeof args, "[%d]", BLOCKS_JAVASCRIPT);
    javascript = BLOCKS_JAVASCRIPT / call_ms(p, "hash-js", args);
    pin__buf_adds(&printed, " = ");
    {
        char *first = strdup(pin__buf_text(&printed));

        (void)call_ms(p, "hash-c", args);
        if (!first || strncmp(first, pin__buf_text(&printed), printed.size) != 0)
            bench_die("the two do not hash the same");
        free(first);
    }
    snprintf(args, sizeof args, "[%d]", BLOCKS_C);
    c = BLOCKS_C / call_ms(p, "hash-c", args);
    pin_project_close(p);
    bench_remove(folder);
    bench_row("SHA-256 in a job in C, against the same in JavaScript", c, "blocks/ms", javascript,
              "printed", true);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*measure)(void);
    } parts[] = {
        { "empty", empty_runs }, { "queued", queued_runs }, { "rows", rows }, { "hashes", hashes }
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (argc < 2 || strcmp(argv[1], parts[i].name) == 0)
            parts[i].measure();
    return 0;
}

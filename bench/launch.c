/* launch.c - what whole commands cost: wall time, and peak memory of the largest of their
 * processes.
 *
 * A command is started, waited for, and measured from outside, several times; the median counts.
 * The kernel gives the peak of the process and of all that it has waited for (wait4), and our
 * processes all wait for their children.
 */
#include <fcntl.h>
#include <quickjs.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define RUNS      21
#define WARM_UPS  3
#define JOB_FILES 1000

extern char **environ;

struct cost {
    double ms;
    double peak_mb;
};

static double
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static struct cost
launch(const char *const *argv)
{
    posix_spawn_file_actions_t quiet;
    struct rusage usage;
    double start;
    pid_t pid;
    int status;

    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    start = now_ms();
    if (posix_spawnp(&pid, argv[0], &quiet, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
        bench_die(argv[0]);
    if (wait4(pid, &status, 0, &usage) != pid)
        bench_die("wait4");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench: %s ended with status %d\n", argv[0], status);
        exit(1);
    }
    posix_spawn_file_actions_destroy(&quiet);
    return (struct cost){ now_ms() - start, (double)usage.ru_maxrss / 1024 };
}

static struct cost
measure(const char *const *argv)
{
    double ms[RUNS], mb[RUNS];

    for (int i = 0; i < WARM_UPS; i++)
        launch(argv);
    for (int i = 0; i < RUNS; i++) {
        struct cost cost = launch(argv);

        ms[i] = cost.ms;
        mb[i] = cost.peak_mb;
    }
    return (struct cost){ bench_median(ms, RUNS), bench_median(mb, RUNS) };
}

static void
run_of_an_empty_job(void)
{
    const char *reference[] = { "sqlite3", ":memory:", "select 1", NULL };
    char folder[PATH_MAX];
    const char *run[] = {
        bench_program(), "--project", folder, "run-background-job", "empty", NULL
    };
    struct cost ours, theirs;

    bench_project(folder, "export default {};\n");
    bench_write(folder, "lib/background_jobs/empty.js", "export default { run(){} };\n");
    ours = measure(run);
    theirs = measure(reference);
    bench_remove(folder);
    bench_row("run-background-job, empty job, whole process", ours.ms, "ms", theirs.ms, "<= 25 ms",
              ours.ms <= 25);
    bench_row("run-background-job, empty job, peak of the largest process", ours.peak_mb, "MB",
              theirs.peak_mb, "<= 12 MB", ours.peak_mb <= 12);
}

/* ---- the list of many jobs ---- */

/* What any program has to do that knows what stands in these files: open, read, compile, evaluate.
 */
static void
evaluate_file(JSContext *ctx, const char *path)
{
    char text[4096];
    FILE *f = fopen(path, "r");
    size_t size = f ? fread(text, 1, sizeof text - 1, f) : 0;
    JSValue value;

    if (!f || fclose(f) != 0)
        bench_die(path);
    text[size] = '\0';
    value = JS_Eval(ctx, text, size, path, JS_EVAL_TYPE_MODULE);
    if (JS_IsException(value))
        exit(1);
    JS_FreeValue(ctx, value);
}

static int
evaluate_all(const char *folder)
{
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(rt);
    char path[PATH_MAX];

    for (int i = 0; i < JOB_FILES; i++) {
        snprintf(path, sizeof path, "%s/lib/background_jobs/job_%d.js", folder, i);
        evaluate_file(ctx, path);
    }
    return 0; /* as a program would end: the heap goes with the process */
}

static void
write_jobs(const char *folder)
{
    char path[64], text[512];

    for (int i = 0; i < JOB_FILES; i++) {
        snprintf(path, sizeof path, "lib/background_jobs/job_%d.js", i);
        snprintf(text, sizeof text,
                 "\nexport default {\n    meta(){\n        this.schedule('%d * * * *');\n    },\n\n"
                 "    batchSize: %d,\n\n    async run(){\n        const users = await "
                 "this.database.users.where({ subscribed: true }).all();\n\n"
                 "        for(let user of users){\n            await user.sendNewsletter();\n"
                 "        }\n    }\n};\n",
                 i % 60, i);
        bench_write(folder, path, text);
    }
}

static void
list_of_many_jobs(const char *self)
{
    char folder[PATH_MAX];
    const char *list[] = { bench_program(), "--project", folder, "list-background-jobs", NULL };
    const char *reference[] = { self, "--evaluate", folder, NULL };
    struct cost ours, theirs;

    bench_project(folder, "export default {};\n");
    write_jobs(folder);
    ours = measure(list);
    theirs = measure(reference);
    bench_remove(folder);
    bench_row("list-background-jobs, 1,000 job files, whole process", ours.ms, "ms", theirs.ms,
              "<= 2 x + 15 ms", ours.ms <= 2 * theirs.ms + 15);
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--evaluate") == 0)
        return evaluate_all(argv[2]);
    run_of_an_empty_job();
    list_of_many_jobs("/proc/self/exe");
    return 0;
}

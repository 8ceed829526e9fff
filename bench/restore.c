/* restore.c - what a fresh workspace costs: putting the heap back, against building a context and
 * loading the project into it, and against a fork.
 *
 * Prints one JSON line a figure (see tools/run-bench).
 */
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "javascript/engine_internal.h"

enum { BATCHES = 51, BATCH_RUNS = 400, CONTEXTS = 50, FORKS = 200, GC_EVERY = 100 };

static const char job_source[] = "export const number = %d;\n"
                                 "export default {\n"
                                 "    meta(){ this.schedule('*/5 * * * *'); },\n"
                                 "    batchSize: 100,\n"
                                 "    get title(){ return `job ${number}`; },\n"
                                 "    async prepare(step){ return step + this.batchSize; },\n"
                                 "    async run(collect){\n"
                                 "        if(collect) globalThis.collectGarbage();\n"
                                 "        const first = await this.prepare(1);\n"
                                 "        const second = await this.prepare(first);\n"
                                 "        if(second != 201) throw new Error(this.title);\n"
                                 "    }\n"
                                 "};\n";

static void
check(pin_status st, const struct pin_err *err)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "bench restore: %s\n", err->message);
    exit(1);
}

static void
write_project(const char *root, int jobs)
{
    struct pin_err err = PIN_ERR_INIT;
    char path[256], text[2048];

    snprintf(path, sizeof path, "%s/lib/background_jobs", root);
    check(pin__path_make_folders(path, &err), &err);
    for (int i = 0; i < jobs; i++) {
        int n = snprintf(text, sizeof text, job_source, i);

        snprintf(path, sizeof path, "%s/lib/background_jobs/job_%d.js", root, i);
        check(pin__path_create(path, (struct pin_bytes){ text, (size_t)n }, &err), &err);
    }
}

static void
print_figure(const char *name, double value, double reference, double ratio, const char *must,
             bool ok)
{
    printf("{\"name\":\"%s\",\"value\":%.3f,\"reference\":%.3f,\"ratio\":%.2f,\"must\":\"%s\","
           "\"ok\":%s}\n",
           name, value, reference, ratio, must, ok ? "true" : "false");
    fflush(stdout);
}

static double
microseconds_since(struct pin_mono t)
{
    return (double)(pin__clock_mono().ns - t.ns) / 1000;
}

static JSValue
collect_garbage(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this;
    (void)argc;
    (void)argv;
    JS_RunGC(JS_GetRuntime(ctx));
    return JS_UNDEFINED;
}

static struct pin_engine *
open_project(const char *root)
{
    static const struct pin_host host = { 0 }; /* the jobs here print nothing and call nobody */
    struct pin_engine_options options = { root, "development", "bench" };
    struct pin_buf catalog = PIN_BUF_INIT(64 << 20);
    struct pin_engine *e;
    struct pin_err err = PIN_ERR_INIT;
    JSValue global;

    check(pin__engine_new(&e, &options, &err), &err);
    global = JS_GetGlobalObject(e->ctx);
    JS_SetPropertyStr(e->ctx, global, "collectGarbage",
                      JS_NewCFunction(e->ctx, collect_garbage, "collectGarbage", 0));
    JS_FreeValue(e->ctx, global);
    check(pin__engine_load(e, &catalog, &err), &err);
    check(pin__engine_freeze(e, &err), &err);
    check(pin__engine_enter(e, &host, &err), &err);
    pin__buf_fini(&catalog);
    return e;
}

struct costs { /* microseconds */
    double restore;
    double whole;
    struct pin_image_stats stats;
};

static void
execute(struct pin_engine *e, const char *args, struct costs *sum)
{
    struct pin_task task = { .kind = PIN_TASK_JOB,
                             .name = "job-3",
                             .args = { args, strlen(args) },
                             .wall_ms = PIN_WALL_MS_DEFAULT,
                             .heap_bytes = PIN_HEAP_BYTES_DEFAULT };
    struct pin_outcome o;
    struct pin_mono start;

    pin__outcome_init(&o);
    start = pin__clock_mono();
    if (!pin__engine_execute(e, &task, &o) || o.kind != PIN_OUTCOME_SUCCEEDED) {
        fprintf(stderr, "bench restore: %s\n", pin__buf_text(&o.error));
        exit(1);
    }
    sum->whole += microseconds_since(start);
    sum->stats = pin__engine_heap(e);
    sum->restore += (double)sum->stats.restore_ns / 1000;
    pin__outcome_fini(&o);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
median(double *values)
{
    qsort(values, BATCHES, sizeof *values, by_value);
    return values[BATCHES / 2];
}

/* The median of the batches' means: a batch that shared its processor with something else does not
 * count, what happens in every batch (a collection) does. */
static struct costs
measure(struct pin_engine *e, int collect_every)
{
    struct costs warm = { 0 }, result = { 0 };
    static double restores[BATCHES], wholes[BATCHES];

    for (int i = 0; i < BATCH_RUNS; i++)
        execute(e, "[]", &warm);
    for (int b = 0; b < BATCHES; b++) {
        struct costs sum = { 0 };

        for (int i = 0; i < BATCH_RUNS; i++)
            execute(e, collect_every && i % collect_every == 0 ? "[true]" : "[]", &sum);
        restores[b] = sum.restore / BATCH_RUNS;
        wholes[b] = sum.whole / BATCH_RUNS;
        result.stats = sum.stats;
    }
    result.restore = median(restores);
    result.whole = median(wholes);
    return result;
}

/* A context with the project's files evaluated in it, made anew each time in one runtime. */
static double
measure_contexts(const char *root, int jobs)
{
    struct pin_err err = PIN_ERR_INIT;
    JSRuntime *rt = JS_NewRuntime();
    double sum = 0;

    for (int i = 0; i < CONTEXTS; i++) {
        struct pin_mono start = pin__clock_mono();
        JSContext *ctx = JS_NewContext(rt);

        for (int j = 0; j < jobs; j++) {
            struct pin_buf source = PIN_BUF_INIT(1 << 20);
            char path[256];

            snprintf(path, sizeof path, "%s/lib/background_jobs/job_%d.js", root, j);
            check(pin__path_read(path, &source, &err), &err);
            JS_FreeValue(ctx, JS_Eval(ctx, source.data, source.size, path, JS_EVAL_TYPE_MODULE));
            pin__buf_fini(&source);
        }
        sum += microseconds_since(start);
        JS_FreeContext(ctx);
    }
    JS_FreeRuntime(rt);
    return sum / CONTEXTS;
}

static double
measure_forks(void)
{
    struct pin_mono start = pin__clock_mono();

    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();

        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
    }
    return microseconds_since(start) / FORKS;
}

static void
remove_project(const char *root)
{
    char command[300];

    snprintf(command, sizeof command, "rm -rf '%s'", root);
    if (system(command) != 0)
        fprintf(stderr, "bench restore: %s stays behind\n", root);
}

static struct costs
measure_project(int jobs, int collect_every, double *contexts, double *forks)
{
    char root[] = "/tmp/pinstripe-bench-XXXXXX";
    struct pin_engine *e;
    struct costs costs;

    if (!mkdtemp(root)) {
        perror("bench restore: mkdtemp");
        exit(1);
    }
    write_project(root, jobs);
    e = open_project(root);
    costs = measure(e, collect_every);
    fprintf(stderr,
            "%d job files: image %zu KB, %zu pages in the write set, protected %llu times; restore "
            "%.2f us, whole run %.2f us\n",
            jobs, costs.stats.image_bytes / 1024, costs.stats.set_pages,
            (unsigned long long)costs.stats.protects, costs.restore, costs.whole);
    if (contexts)
        *contexts = measure_contexts(root, jobs);
    if (forks)
        *forks = measure_forks();
    pin__engine_free(e);
    remove_project(root);
    return costs;
}

int
main(void)
{
    double contexts, forks;
    struct costs small = measure_project(5, 0, &contexts, &forks);
    struct costs large = measure_project(500, GC_EVERY, NULL, NULL);

    print_figure("restore against a new context (us)", small.restore, contexts,
                 contexts / small.restore, "<= 6 us and >= 60 times cheaper",
                 small.restore <= 6 && contexts / small.restore >= 60);
    print_figure("restore and a run that awaits twice against fork and wait (us)", small.whole,
                 forks, forks / small.whole, "<= 25 us", small.whole <= 25);
    print_figure("restore with 500 job files and collections against 5 files (us)", large.restore,
                 small.restore, large.restore / small.restore, "<= 2 times",
                 large.restore <= 2 * small.restore);
    return 0;
}

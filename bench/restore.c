/* restore.c - what a fresh workspace costs: putting the heap back, against building a context and
 * loading the project into it, and against a fork.
 *
 * Prints one JSON line a figure (see tools/run-bench).
 */
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "bench.h"
#include "javascript/engine_internal.h"
#include "project/files.h"

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
write_jobs(const char *root, int jobs)
{
    char path[256], text[2048];

    for (int i = 0; i < jobs; i++) {
        snprintf(path, sizeof path, "lib/background_jobs/job_%d.js", i);
        snprintf(text, sizeof text, job_source, i);
        bench_write(root, path, text);
    }
}

/* The example project and one job of ours. */
static void
write_example(const char *root)
{
    char command[PATH_MAX + 64];

    snprintf(command, sizeof command, "cp -r examples/newsletter/. '%s'", root);
    if (system(command) != 0)
        bench_die("examples/newsletter (run benches from the root of the repository)");
    write_jobs(root, 1);
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
    struct pin_engine_options options = { .root = root,
                                          .environment = "development",
                                          .version = "bench" };
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
    double context; /* only of the example project, like the next */
    double fork;
    struct pin_image_stats stats;
};

static void
execute(struct pin_engine *e, const char *args, struct costs *sum)
{
    struct pin_task task = { .kind = PIN_TASK_JOB,
                             .name = "job-0",
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
    result.restore = bench_median(restores, BATCHES);
    result.whole = bench_median(wholes, BATCHES);
    return result;
}

static void
evaluate(JSContext *ctx, const char *root, const char *file)
{
    struct pin_buf source = PIN_BUF_INIT(1 << 20);
    struct pin_err err = PIN_ERR_INIT;
    char path[PATH_MAX + 256];

    snprintf(path, sizeof path, "%s/%s", root, file);
    check(pin__path_read(path, &source, &err), &err);
    JS_FreeValue(ctx, JS_Eval(ctx, source.data, source.size, file, JS_EVAL_TYPE_MODULE));
    pin__buf_fini(&source);
}

/* A context with the project's files evaluated in it, made anew each time in one runtime. */
static double
measure_contexts(const char *root)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_files files;
    JSRuntime *rt = JS_NewRuntime();
    static double costs[CONTEXTS];

    check(pin__files_list(&files, root, &err), &err);
    for (int i = 0; i < CONTEXTS; i++) {
        struct pin_mono start = pin__clock_mono();
        JSContext *ctx = JS_NewContext(rt);

        for (size_t f = 0; f < files.count; f++)
            evaluate(ctx, root, files.items[f].path);
        costs[i] = microseconds_since(start);
        JS_FreeContext(ctx);
    }
    JS_FreeRuntime(rt);
    pin__files_fini(&files);
    return bench_median(costs, CONTEXTS);
}

static double
measure_forks(void)
{
    static double costs[FORKS];

    for (int i = 0; i < FORKS; i++) {
        struct pin_mono start = pin__clock_mono();
        pid_t child = fork();

        if (child == 0)
            _exit(0);
        waitpid(child, NULL, 0);
        costs[i] = microseconds_since(start);
    }
    return bench_median(costs, FORKS);
}

/* `jobs` 0: the example project. */
static struct costs
measure_project(int jobs, int collect_every)
{
    char root[PATH_MAX];
    struct pin_engine *e;
    struct costs costs;

    bench_project(root, "export default {};\n");
    if (jobs)
        write_jobs(root, jobs);
    else
        write_example(root);
    e = open_project(root);
    costs = measure(e, collect_every);
    fprintf(stderr,
            "%d jobs: image %zu KB, %zu pages in the write set, protected %llu times; restore %.2f "
            "us, whole run %.2f us\n",
            jobs, costs.stats.image_bytes / 1024, costs.stats.set_pages,
            (unsigned long long)costs.stats.protects, costs.restore, costs.whole);
    if (!jobs) {
        costs.context = measure_contexts(root);
        costs.fork = measure_forks();
    }
    pin__engine_free(e);
    bench_remove(root);
    return costs;
}

int
main(void)
{
    struct costs example = measure_project(0, 0);
    struct costs small = measure_project(5, GC_EVERY), large = measure_project(500, GC_EVERY);

    bench_row("example: restore; JS_NewContext and load", example.restore, "us", example.context,
              "<= 6 us and 60 times cheaper",
              example.restore <= 6 && example.context / example.restore >= 60);
    bench_row("example: restore and a run that awaits twice; fork and wait", example.whole, "us",
              example.fork, "<= 25 us", example.whole <= 25);
    bench_row("500 job files: restore with collections; 5 job files", large.restore, "us",
              small.restore, "<= 2 times", large.restore <= 2 * small.restore);
    return 0;
}

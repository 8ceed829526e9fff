/* learn-placement.c - build step: which blocks of the JavaScript heap runs write to, as a C table.
 *
 *   learn-placement OUT.c
 *
 * Loads the program's own modules and a few jobs and views with an image that learns, runs them,
 * and gives a place to each block that was written to: those first that most of the runs wrote to.
 * Loading makes the same blocks in the same order every time, so a number names a block.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "javascript/engine_internal.h"

enum {
    BYTES_MAX = 4096, /* larger blocks are tables, written to here and there */
    OWN_STAGES = 3 /* of loading: the engine, the modules in C, our own; then comes the project */
};

const struct pin_placement pin__placement = { 0 }; /* what is to be found out */

static const struct {
    const char *path, *text;
} files[] = {
    { "lib/background_jobs/empty.js", "export default { run(){} };" },
    { "lib/background_jobs/awaits.js", "export default { async run(n = 1){ await 1; await "
                                       "this.runBackgroundJob('empty', { n }); } };" },
    { "lib/background_jobs/computes.js",
      "export default { run(){ const names = new Map(); for(const name of ['b', 'a'].sort()) "
      "names.set(name, `${name}!`); "
      "console.log(JSON.stringify(Object.fromEntries(names)), new Date(0), this.environment); } "
      "};" },
    { "lib/views/plain.js", "export default { render(){ return { ok: true }; } };" },
    { "lib/views/asks.js", "export default { async render(){ await this.runBackgroundJob('empty'); "
                           "return { for: this.params.name }; } };" },
};

static const char params[] = "{\"_method\":\"GET\",\"_url\":\"http://127.0.0.1:3000/"
                             "\",\"_headers\":{\"host\":\"127.0.0.1:3000\"}}";

static const struct {
    enum pin_task_kind kind;
    const char *name, *args;
} tasks[] = {
    { PIN_TASK_JOB, "empty", "[]" },
    { PIN_TASK_JOB, "awaits", "[7]" },
    { PIN_TASK_JOB, "computes", "[]" },
    { PIN_TASK_VIEW, "view", "[{\"path\":\"/plain\",\"ours\":true}]" },
    { PIN_TASK_VIEW, "view", "[{\"path\":\"/asks\",\"ours\":true,\"query\":\"?name=x\"}]" },
};

enum { FILES = sizeof files / sizeof *files, TASKS = sizeof tasks / sizeof *tasks };

struct block {
    struct pin_place place;
    int runs; /* that wrote to it */
};

static struct block *blocks;
static size_t block_count;
static struct pin_engine *engine;
static uint64_t asked; /* the call that waits for its answer; 0: none */

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "learn-placement: %s\n", what);
    exit(1);
}

static void
must(pin_status st, const struct pin_err *err)
{
    if (st != PIN_OK)
        die(err->message);
}

/* ---- the project ---- */

static void
write_project(const char *root)
{
    char path[512];

    for (int i = 0; i < FILES; i++) {
        FILE *f;

        snprintf(path, sizeof path, "%s/lib", root);
        (void)mkdir(path, 0777);
        snprintf(path, sizeof path, "%s/%s", root, files[i].path);
        *strrchr(path, '/') = '\0';
        (void)mkdir(path, 0777);
        snprintf(path, sizeof path, "%s/%s", root, files[i].path);
        if (!(f = fopen(path, "w")) || fputs(files[i].text, f) < 0 || fclose(f) != 0)
            die(path);
    }
}

static void
remove_project(const char *root)
{
    char command[512];

    snprintf(command, sizeof command, "rm -rf '%s'", root);
    if (system(command) != 0)
        die(command);
}

/* ---- the host ---- */

static pin_status
call(void *context, const struct pin_call *c, uint64_t *number, struct pin_err *err)
{
    (void)context;
    (void)c;
    (void)err;
    *number = ++asked;
    return PIN_OK;
}

static pin_status
wait_for_answer(void *context, struct pin_mono until)
{
    uint64_t number = asked;

    (void)context;
    (void)until;
    asked = 0;
    if (number)
        pin__engine_answer(engine, number, (struct pin_bytes){ 0 }, (struct pin_bytes){ 0 });
    return PIN_OK;
}

static void
drop_console(void *context, enum pin_stream stream, const char *data, size_t size)
{
    (void)context;
    (void)stream;
    (void)data;
    (void)size;
}

/* ---- runs ---- */

static void
run(int i)
{
    struct pin_task task = { .kind = tasks[i].kind,
                             .name = tasks[i].name,
                             .args = { tasks[i].args, strlen(tasks[i].args) },
                             .params = { params, sizeof params - 1 },
                             .wall_ms = PIN_WALL_MS_DEFAULT,
                             .heap_bytes = PIN_HEAP_BYTES_DEFAULT };
    struct pin_outcome outcome;

    pin__outcome_init(&outcome);
    if (!pin__engine_execute(engine, &task, &outcome) || outcome.kind != PIN_OUTCOME_SUCCEEDED)
        die(pin__buf_text(&outcome.error));
    pin__outcome_fini(&outcome);
}

static void
add(struct pin_place place)
{
    for (size_t i = 0; i < block_count; i++)
        if (blocks[i].place.serial == place.serial) {
            blocks[i].runs++;
            return;
        }
    if (!(blocks = realloc(blocks, (block_count + 1) * sizeof *blocks)))
        die("no memory");
    blocks[block_count++] = (struct block){ place, 1 };
}

/* One task; blocks of the project itself do not count. */
static void
learn(const char *root, int i)
{
    static const struct pin_host host = { .call = call,
                                          .wait = wait_for_answer,
                                          .console = drop_console };
    struct pin_engine_options options = {
        .root = root, .environment = "production", .version = PIN_VERSION, .learn = true
    };
    struct pin_buf catalog = PIN_BUF_INIT(1 << 20);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_place *places;
    size_t count;

    must(pin__engine_new(&engine, &options, &err), &err);
    must(pin__engine_load(engine, &catalog, &err), &err);
    must(pin__engine_freeze(engine, &err), &err);
    must(pin__engine_enter(engine, &host, &err), &err);
    run(i);
    must(pin__image_learned(engine->image, &places, &count, &err), &err);
    for (size_t n = 0; n < count; n++)
        if (places[n].serial < OWN_STAGES * PIN_STAGE_SERIALS && places[n].bytes <= BYTES_MAX)
            add(places[n]);
    free(places);
    pin__engine_free(engine);
    pin__buf_fini(&catalog);
}

/* ---- the table ---- */

static int
by_serial(const void *a, const void *b)
{
    const struct block *x = a, *y = b;

    return (x->place.serial > y->place.serial) - (x->place.serial < y->place.serial);
}

static int
by_runs(const void *a, const void *b)
{
    const struct block *x = a, *y = b;

    return x->runs != y->runs ? y->runs - x->runs : by_serial(a, b);
}

static uint32_t
place_all(void)
{
    uint32_t at = 0;

    qsort(blocks, block_count, sizeof *blocks, by_runs);
    for (size_t i = 0; i < block_count; i++) {
        blocks[i].place.at = at;
        at += blocks[i].place.bytes;
    }
    qsort(blocks, block_count, sizeof *blocks, by_serial);
    return at;
}

static void
write_table(FILE *out, uint32_t bytes)
{
    fprintf(out, "#include \"javascript/image.h\"\n\nstatic const struct pin_place places[] = {\n");
    for (size_t i = 0; i < block_count; i++)
        fprintf(out, "    { %u, %u, %u }, /* %d */\n", blocks[i].place.serial, blocks[i].place.at,
                blocks[i].place.bytes, blocks[i].runs);
    fprintf(out, "};\n\nconst struct pin_placement pin__placement = { places, %zu, %u };\n",
            block_count, bytes);
}

int
main(int argc, char **argv)
{
    const char *tmp = getenv("TMPDIR");
    char root[256];
    FILE *out;

    snprintf(root, sizeof root, "%s/pinstripe-learn.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (argc != 2 || !mkdtemp(root))
        die(argc == 2 ? root : "usage: learn-placement OUT.c");
    write_project(root);
    for (int i = 0; i < TASKS; i++)
        learn(root, i);
    remove_project(root);
    if (!(out = fopen(argv[1], "w")))
        die(argv[1]);
    write_table(out, place_all());
    return fclose(out) == 0 ? 0 : 1;
}

/* engine.c - the engine's life: made, loaded, frozen, entered. What one run does is in execute.c.
 */
#include "javascript/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "javascript/bytecode.h"
#include "javascript/collector.h"
#include "javascript/engine_internal.h"
#include "javascript/errors.h"
#include "project/files.h"
#include "project/project.h"

enum { LOAD_MS_MAX = 60000, TOP_LEVEL_MS = 5000, COLLECTIONS_MAX = 8 };

#define STACK_BYTES    ((size_t)8 << 20)
#define LOAD_BYTES_MAX ((uint64_t)1 << 30) /* of a whole project */
#define LOAD_GC_BYTES  ((size_t)64 << 20)  /* collecting before the image is taken is enough */

struct pin_engine *
pin__engine_of(JSContext *ctx)
{
    return JS_GetRuntimeOpaque(JS_GetRuntime(ctx));
}

const char *
pin__engine_root(const struct pin_engine *e)
{
    return e->root;
}

const char *
pin__engine_environment(const struct pin_engine *e)
{
    return e->environment;
}

struct pin_mono
pin__engine_deadline(const struct pin_engine *e)
{
    return e->deadline;
}

bool
pin__engine_is_running(const struct pin_engine *e)
{
    return e->phase == PIN_ENGINE_RUNNING;
}

void
pin__engine_enter_transaction(struct pin_engine *e, struct pin_mono until, int64_t limit_ms)
{
    e->transaction_end = until;
    e->transaction_limit_ms = limit_ms;
}

void
pin__engine_leave_transaction(struct pin_engine *e)
{
    e->transaction_end.ns = 0;
}

JSValue
pin__js_throw(JSContext *ctx, const struct pin_err *err)
{
    JSValue plain = JS_NewError(ctx); /* has no stack; its constructor makes one that has */
    JSValue constructor = JS_GetPropertyStr(ctx, plain, "constructor");
    JSValue message = JS_NewString(ctx, err->message);
    JSValue error = JS_CallConstructor(ctx, constructor, 1, &message);

    JS_FreeValue(ctx, message);
    JS_FreeValue(ctx, constructor);
    JS_FreeValue(ctx, plain);
    return JS_IsException(error) ? error : JS_Throw(ctx, error);
}

/* Moves the exception that is pending into *err. */
static pin_status
exception_to_err(struct pin_engine *e, pin_status status, const char *what, struct pin_err *err)
{
    struct pin_buf sentence = PIN_BUF_INIT(PIN_ERR_MESSAGE_MAX);
    JSValue thrown = JS_GetException(e->ctx);

    pin__error_sentence(e->ctx, thrown, &sentence);
    pin__err_set(err, status, "%s%s", what, pin__buf_text(&sentence));
    JS_FreeValue(e->ctx, thrown);
    pin__buf_fini(&sentence);
    return status;
}

/* The engine collects when its heap has grown by half, which may be beyond the limit of the run:
 * near the limit it is made to, before garbage counts as a breach. */
static void
collect_near_limit(struct pin_engine *e)
{
    uint64_t held = pin__image_stats(e->image).run_bytes;

    if (held < e->collect_at)
        return;
    JS_RunGC(e->rt);
    held = pin__image_stats(e->image).run_bytes;
    e->collect_at = held + (e->heap_bytes > held ? e->heap_bytes - held : 0) / 4;
    if (e->collect_at < e->heap_bytes / 2)
        e->collect_at = e->heap_bytes / 2;
}

static int
interrupt(JSRuntime *rt, void *opaque)
{
    struct pin_engine *e = opaque;

    (void)rt;
    if (e->phase == PIN_ENGINE_RUNNING)
        collect_near_limit(e);
    return pin__engine_must_stop(e);
}

/* A call in JavaScript takes some 1.6 KB of stack, so that the usual 8 MB are few. The stack of the
 * main thread grows as far as the limit allows at the time; half of it is for C code that
 * JavaScript calls. */
static size_t
stack_bytes(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_STACK, &limit) != 0)
        return STACK_BYTES / 16;
    if (limit.rlim_cur < 2 * STACK_BYTES) {
        struct rlimit more = limit;

        more.rlim_cur = limit.rlim_max < 2 * STACK_BYTES ? limit.rlim_max : 2 * STACK_BYTES;
        if (setrlimit(RLIMIT_STACK, &more) == 0)
            limit = more;
    }
    return limit.rlim_cur / 2 < STACK_BYTES ? limit.rlim_cur / 2 : STACK_BYTES;
}

static pin_status
make_runtime(struct pin_engine *e, struct pin_err *err)
{
    enum pin_image_mode mode = e->learn ? PIN_IMAGE_LEARN : PIN_IMAGE_DEFAULT;
    pin_status st = pin__image_new(&e->image, mode, LOAD_BYTES_MAX, err);

    if (st != PIN_OK || (st = pin__image_place(e->image, &pin__placement, err)) != PIN_OK)
        return st;
    if (!(e->rt = JS_NewRuntime2(&pin__image_allocator, e->image)) ||
        !(e->ctx = JS_NewContext(e->rt)))
        return pin__err_no_memory(err);
    JS_SetGCThreshold(e->rt, LOAD_GC_BYTES);
    JS_SetRuntimeOpaque(e->rt, e);
    JS_SetMaxStackSize(e->rt, stack_bytes());
    JS_SetInterruptHandler(e->rt, interrupt, e);
    JS_SetHostPromiseRejectionTracker(e->rt, pin__rejections_track, &e->rejections);
    JS_SetModuleLoaderFunc(e->rt, pin__loader_normalize, pin__loader_load, e);
    return PIN_OK;
}

static bool
setup_natives(struct pin_engine *e)
{
    pin__image_stage(e->image);
    for (size_t i = 0; pin__js_natives[i]; i++)
        if (pin__js_natives[i]->setup && pin__js_natives[i]->setup(e->ctx) != 0)
            return false;
    return true;
}

static bool
import_own_modules(struct pin_engine *e)
{
    JSValue entry = JS_UNDEFINED;

    pin__image_stage(e->image);
    if (pin__loader_is_own("pinstripe:platform")) {
        JSValue platform = pin__loader_import_own(e, "pinstripe:platform");

        if (JS_IsException(platform))
            return false;
        JS_FreeValue(e->ctx, platform);
    }
    entry = pin__loader_import_own(e, "pinstripe:entry");
    if (JS_IsException(entry))
        return false;
    e->entry.load = JS_GetPropertyStr(e->ctx, entry, "load");
    e->entry.catalog = JS_GetPropertyStr(e->ctx, entry, "catalog");
    e->entry.execute = JS_GetPropertyStr(e->ctx, entry, "execute");
    e->entry.answer = JS_GetPropertyStr(e->ctx, entry, "answer");
    e->entry.finish = JS_GetPropertyStr(e->ctx, entry, "finish");
    pin__execute_find_kinds(e, entry);
    JS_FreeValue(e->ctx, entry);
    pin__image_stage(e->image);
    return true;
}

/* The heap dies whole: no value in it is freed by itself. */
static void
close_heap(struct pin_engine *e)
{
    pin__timers_drop(&e->timers);
    pin__calls_drop(&e->calls);
    pin__rejections_drop(&e->rejections);
    e->import.open = false;
    e->rt = NULL;
    e->ctx = NULL;
    pin__image_free(e->image);
    e->image = NULL;
}

static pin_status
open_heap(struct pin_engine *e, struct pin_err *err)
{
    pin_status st;

    e->phase = PIN_ENGINE_LOADING;
    e->stop = PIN_STOP_NONE;
    e->deadline = pin__clock_after_ms(pin__clock_mono(), LOAD_MS_MAX);
    if ((st = make_runtime(e, err)) != PIN_OK)
        return st;
    if (!setup_natives(e) || !import_own_modules(e))
        st = exception_to_err(e, PIN_FAILED, "cannot start the JavaScript engine: ", err);
    return st;
}

static pin_status
open_root(struct pin_engine *e, const struct pin_engine_options *options, struct pin_err *err)
{
    e->root = strdup(options->root);
    e->environment = strdup(options->environment);
    e->version = strdup(options->version);
    if (!e->root || !e->environment || !e->version)
        return pin__err_no_memory(err);
    e->root_fd = open(e->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (e->root_fd < 0)
        return pin__err_errno(err, PIN_NOT_FOUND, errno, "cannot open the project's folder %s",
                              e->root);
    return PIN_OK;
}

pin_status
pin__engine_new(struct pin_engine **out, const struct pin_engine_options *options,
                struct pin_err *err)
{
    struct pin_engine *e = calloc(1, sizeof *e);
    pin_status st;

    *out = NULL;
    if (!e)
        return pin__err_no_memory(err);
    e->root_fd = -1;
    e->top_level_ms = TOP_LEVEL_MS;
    e->describe_native = options->describe_native;
    e->native_context = options->native_context;
    e->learn = options->learn;
    if ((st = open_root(e, options, err)) != PIN_OK || (st = open_heap(e, err)) != PIN_OK)
        goto out;
    *out = e;
    e = NULL;
out:
    pin__engine_free(e);
    return st;
}

static JSValue
text_or_null(JSContext *ctx, const char *text)
{
    return text ? JS_NewString(ctx, text) : JS_NULL;
}

static bool
is_endless(const struct pin_engine *e, const char *path)
{
    for (size_t i = 0; e->endless && e->endless[i]; i++)
        if (strcmp(e->endless[i], path) == 0)
            return true;
    return false;
}

static pin_status
add_endless(struct pin_engine *e, const char *path, struct pin_err *err)
{
    size_t n = 0;
    char **more;

    while (e->endless && e->endless[n])
        n++;
    if (!(more = realloc(e->endless, (n + 2) * sizeof *more)))
        return pin__err_no_memory(err);
    e->endless = more;
    more[n] = strdup(path);
    more[n + 1] = NULL;
    return more[n] ? PIN_OK : pin__err_no_memory(err);
}

static JSValue
describe_file(struct pin_engine *e, const char *registry, const struct pin_file *f)
{
    JSContext *ctx = e->ctx;
    const char *problem = is_endless(e, f->path) ? PIN_ENDLESS_FILE : f->problem;
    JSValue file = JS_NewObject(ctx);
    char url[PATH_MAX + sizeof "project:"];

    snprintf(url, sizeof url, "project:%s", f->path);
    JS_SetPropertyStr(ctx, file, "registry", JS_NewString(ctx, registry));
    JS_SetPropertyStr(ctx, file, "path", JS_NewString(ctx, f->path));
    JS_SetPropertyStr(ctx, file, "url", JS_NewString(ctx, url));
    JS_SetPropertyStr(ctx, file, "key", text_or_null(ctx, f->key));
    JS_SetPropertyStr(ctx, file, "problem", text_or_null(ctx, problem));
    JS_SetPropertyStr(ctx, file, "native", text_or_null(ctx, f->native));
    return file;
}

/* Compilers take their time: it is not the files' own. */
static pin_status
describe_native(struct pin_engine *e, struct pin_bytes config)
{
    struct pin_mono began = pin__clock_mono();
    pin_status st = e->describe_native(e->native_context, &e->files, config, &e->files_err);

    e->deadline.ns += pin__clock_mono().ns - began.ns;
    return st;
}

JSValue
pin__engine_files(struct pin_engine *e, struct pin_bytes config)
{
    JSValue list;

    if (!e->lists_files)
        return JS_ThrowTypeError(e->ctx, "the project's files are listed while it is loaded");
    if (e->describe_native && describe_native(e, config) != PIN_OK)
        return pin__js_throw(e->ctx, &e->files_err);
    list = JS_NewArray(e->ctx);
    for (size_t i = 0; i < e->files.count; i++) {
        const struct pin_file *f = &e->files.items[i];

        JS_SetPropertyUint32(e->ctx, list, (uint32_t)i,
                             describe_file(e, pin__registry_name(f->registry), f));
    }
    return list;
}

/* PIN_BUSY: a file had to be left out; try again. */
static pin_status
tell_load_stop(struct pin_engine *e, struct pin_err *err)
{
    if (e->stop == PIN_STOP_HEAP)
        return pin__err_set(err, PIN_CONFIG, "the project's files need more than %llu MB of memory",
                            (unsigned long long)LOAD_BYTES_MAX >> 20);
    if (e->import.open && pin__clock_mono().ns < e->load_deadline.ns) {
        pin_status st = add_endless(e, e->import.path, err);

        return st == PIN_OK ? PIN_BUSY : st;
    }
    return pin__err_set(err, PIN_CONFIG, "the project's files were not loaded within %d s",
                        LOAD_MS_MAX / 1000);
}

static pin_status
tell_load_end(struct pin_engine *e, JSValueConst promise, enum pin_pumped p, struct pin_err *err)
{
    if (p == PIN_PUMPED_STOPPED)
        return tell_load_stop(e, err);
    if (p == PIN_PUMPED_STUCK)
        return pin__err_set(err, PIN_CONFIG, "the project's files were not loaded to their end");
    if (JS_PromiseState(e->ctx, promise) != JS_PROMISE_REJECTED)
        return PIN_OK;
    if (e->files_err.status != PIN_OK)
        return pin__err_set(err, e->files_err.status, "%s", e->files_err.message);
    JS_Throw(e->ctx, JS_PromiseResult(e->ctx, promise));
    return exception_to_err(e, PIN_CONFIG, "", err);
}

static pin_status
load_listed(struct pin_engine *e, struct pin_err *err)
{
    const struct pin_file config = { .path = PIN_PROJECT_CONFIG };
    bool has_config = faccessat(e->root_fd, PIN_PROJECT_CONFIG, F_OK, AT_EACCESS) == 0;
    JSValue file = has_config ? describe_file(e, "config", &config) : JS_UNDEFINED;
    JSValue promise = JS_Call(e->ctx, e->entry.load, JS_UNDEFINED, 1, (JSValueConst *)&file);
    pin_status st;

    JS_FreeValue(e->ctx, file);
    if (JS_IsException(promise))
        return exception_to_err(e, PIN_CONFIG, "", err);
    st = tell_load_end(e, promise, pin__engine_pump(e, promise), err);
    JS_FreeValue(e->ctx, promise);
    return st;
}

static pin_status
load_files(struct pin_engine *e, struct pin_err *err)
{
    pin_status st = pin__files_list(&e->files, e->root, err);

    e->lists_files = true;
    e->files_err = PIN_ERR_INIT;
    if (st == PIN_OK)
        st = load_listed(e, err);
    e->lists_files = false;
    pin__files_fini(&e->files);
    return st;
}

static pin_status
write_catalog(struct pin_engine *e, struct pin_buf *out, struct pin_err *err)
{
    JSValue catalog = JS_Call(e->ctx, e->entry.catalog, JS_UNDEFINED, 0, NULL);
    const char *text = NULL;
    size_t size;

    if (JS_IsException(catalog) || !(text = JS_ToCStringLen(e->ctx, &size, catalog)))
        return exception_to_err(e, PIN_FAILED, "cannot make the catalog: ", err);
    pin__buf_add(out, text, size);
    JS_FreeCString(e->ctx, text);
    JS_FreeValue(e->ctx, catalog);
    return pin__buf_check(out, "the catalog", err);
}

pin_status
pin__engine_load(struct pin_engine *e, struct pin_buf *catalog, struct pin_err *err)
{
    pin_status st;

    while ((st = load_files(e, err)) == PIN_BUSY) {
        close_heap(e);
        if ((st = open_heap(e, err)) != PIN_OK)
            return st;
    }
    return st == PIN_OK ? write_catalog(e, catalog, err) : st;
}

void
pin__engine_set_top_level_limit(struct pin_engine *e, int64_t ms)
{
    e->top_level_ms = ms;
}

/* A collection may make jobs: callbacks of a FinalizationRegistry. */
static bool
collect_all(struct pin_engine *e)
{
    for (int i = 0; i < COLLECTIONS_MAX; i++) {
        JS_RunGC(e->rt);
        if (!JS_IsJobPending(e->rt))
            return true;
        if (!pin__engine_drain(e))
            return false;
    }
    return false;
}

pin_status
pin__engine_freeze(struct pin_engine *e, struct pin_err *err)
{
    if (!collect_all(e) || e->timers.count || e->calls.count)
        return pin__err_set(err, PIN_FAILED, "the project's files left something pending");
    pin__rejections_clear(&e->rejections, e->ctx); /* of files that are told as broken */
    pin__collector_spare_all(e->image, e->ctx);
    e->phase = PIN_ENGINE_FROZEN;
    return pin__image_freeze(e->image, err);
}

pin_status
pin__engine_enter(struct pin_engine *e, const struct pin_host *host, struct pin_err *err)
{
    (void)err;
    e->host = host;
    for (size_t i = 0; pin__js_natives[i]; i++)
        if (pin__js_natives[i]->enter)
            pin__js_natives[i]->enter();
    return PIN_OK;
}

/* Until nothing can happen any more. */
static void
run_dry(struct pin_engine *e)
{
    JSValue settle[2], never = JS_NewPromiseCapability(e->ctx, settle);

    if (JS_IsException(never))
        return;
    pin__engine_pump(e, never);
    JS_FreeValue(e->ctx, settle[0]);
    JS_FreeValue(e->ctx, settle[1]);
    JS_FreeValue(e->ctx, never);
}

pin_status
pin__engine_evaluate(struct pin_engine *e, const char *path, const struct pin_host *host,
                     struct pin_err *err)
{
    char specifier[4096];
    JSValue promise;

    e->host = host;
    e->deadline = pin__clock_after_ms(pin__clock_mono(), PIN_WALL_MS_DEFAULT);
    snprintf(specifier, sizeof specifier, "project:%s", path);
    promise = JS_LoadModule(e->ctx, "pinstripe", specifier);
    if (JS_IsException(promise))
        return exception_to_err(e, PIN_FAILED, "", err);
    if (pin__engine_pump(e, promise) != PIN_PUMPED_SETTLED) {
        JS_FreeValue(e->ctx, promise);
        return pin__err_set(err, PIN_FAILED, "%s was not evaluated to its end", path);
    }
    if (JS_PromiseState(e->ctx, promise) == JS_PROMISE_REJECTED)
        JS_Throw(e->ctx, JS_PromiseResult(e->ctx, promise));
    else
        run_dry(e);
    JS_FreeValue(e->ctx, promise);
    if (e->rejections.found)
        JS_Throw(e->ctx, JS_DupValue(e->ctx, e->rejections.first));
    return JS_HasException(e->ctx) ? exception_to_err(e, PIN_FAILED, "", err) : PIN_OK;
}

void
pin__engine_answer(struct pin_engine *e, uint64_t number, struct pin_bytes error,
                   struct pin_bytes value)
{
    pin__calls_answer(&e->calls, e->ctx, number, error, value);
}

void
pin__engine_stop(struct pin_engine *e)
{
    if (e->stop == PIN_STOP_NONE)
        e->stop = PIN_STOP_ASKED;
}

uint64_t
pin__engine_hash(const struct pin_engine *e)
{
    return pin__image_hash(e->image);
}

struct pin_image_stats
pin__engine_heap(const struct pin_engine *e)
{
    return pin__image_stats(e->image);
}

void
pin__engine_free(struct pin_engine *e)
{
    if (!e)
        return;
    pin__timers_fini(&e->timers);
    pin__calls_fini(&e->calls);
    pin__dialog_fini(&e->dialog);
    pin__rejections_fini(&e->rejections);
    close_heap(e);
    for (size_t i = 0; e->endless && e->endless[i]; i++)
        free(e->endless[i]);
    free(e->endless);
    if (e->root_fd >= 0)
        close(e->root_fd);
    free(e->root);
    free(e->environment);
    free(e->version);
    free(e);
}

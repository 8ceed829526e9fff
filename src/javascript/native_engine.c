/* native_engine.c - module 'pinstripe:native/engine': what JavaScript asks of the engine itself.
 *
 *   print(stream, text)    stream 1 or 2; text as it is, no newline added
 *
 *   call(name, kind, args, params, tenantId, options)    a promise; see calls.h
 *
 *   run()    { id, attempt, key, dueTime, deadline } of the run under way, times in milliseconds;
 *   undefined while no job runs
 *
 *   progress(done, total, text)
 *
 *   importFile(url)    a promise of the namespace of a project's file; while the project is loaded
 *   it rejects when the file's top level never ends or leaves something open. One at a time: await
 *   it.
 *
 *   projectFiles(config)    what there is to load, jobs in C compiled as `config` (JSON) says; once
 *
 *   refuse()    the task cannot start: its rejection will be told as "refused"
 *
 *   cancel()    it need not: its rejection will be told as "cancelled"
 *
 *   root environment version    texts
 *
 *   setTimeout setInterval clearTimeout clearInterval queueMicrotask    also put on globalThis
 *
 *   setQuietTimeout(fn, ms)    a timeout that nobody misses: no warning when the run ends before it
 */
#include "javascript/engine_internal.h"

static JSValue
js_print(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_engine *e = pin__engine_of(ctx);
    int32_t stream;
    size_t size;
    const char *text;

    (void)this;
    if (argc < 2 || JS_ToInt32(ctx, &stream, argv[0]) != 0 ||
        !(text = JS_ToCStringLen(ctx, &size, argv[1])))
        return JS_HasException(ctx) ? JS_EXCEPTION : JS_ThrowTypeError(ctx, "print(stream, text)");
    pin__engine_print(e, stream == PIN_STDOUT ? PIN_STDOUT : PIN_STDERR, text, size);
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

static JSValue
js_call(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_engine *e = pin__engine_of(ctx);

    (void)this;
    return pin__calls_ask(&e->calls, ctx, e->host, argc, argv);
}

static JSValue
js_import_file(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    const char *url = argc ? JS_ToCString(ctx, argv[0]) : NULL;
    JSValue promise;

    (void)this;
    if (!url)
        return JS_HasException(ctx) ? JS_EXCEPTION : JS_ThrowTypeError(ctx, "importFile(url)");
    promise = pin__loader_import(pin__engine_of(ctx), url);
    JS_FreeCString(ctx, url);
    return promise;
}

static JSValue
js_project_files(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    size_t size;
    const char *config = argc ? JS_ToCStringLen(ctx, &size, argv[0]) : NULL;
    JSValue files;

    (void)this;
    if (!config)
        return JS_HasException(ctx) ? JS_EXCEPTION : JS_ThrowTypeError(ctx, "projectFiles(config)");
    files = pin__engine_files(pin__engine_of(ctx), (struct pin_bytes){ config, size });
    JS_FreeCString(ctx, config);
    return files;
}

static JSValue
js_reject_as(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int kind)
{
    (void)this;
    (void)argc;
    (void)argv;
    pin__engine_of(ctx)->rejects_as = (enum pin_outcome_kind)kind;
    return JS_UNDEFINED;
}

static JSValue
text_or_undefined(JSContext *ctx, const char *text)
{
    return text ? JS_NewString(ctx, text) : JS_UNDEFINED;
}

static JSValue
js_run(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    const struct pin_engine *e = pin__engine_of(ctx);
    const struct pin_task *task = e->task;
    int64_t now_ms = pin__clock_wall().ms;
    int64_t left_ms = (e->deadline.ns - pin__clock_mono().ns) / 1000000;
    JSValue o;

    (void)this;
    (void)argc;
    (void)argv;
    if (!task || task->kind == PIN_TASK_REPL)
        return JS_UNDEFINED;
    o = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, o, "id", text_or_undefined(ctx, task->run_id));
    JS_SetPropertyStr(ctx, o, "attempt", JS_NewUint32(ctx, task->attempt ? task->attempt : 1));
    JS_SetPropertyStr(ctx, o, "key", text_or_undefined(ctx, task->key));
    JS_SetPropertyStr(ctx, o, "dueTime", JS_NewInt64(ctx, task->due_ms ? task->due_ms : now_ms));
    JS_SetPropertyStr(ctx, o, "deadline", JS_NewInt64(ctx, now_ms + left_ms));
    return o;
}

static JSValue
js_progress(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_engine *e = pin__engine_of(ctx);
    const char *text = NULL;
    int64_t done, total;

    (void)this;
    if (argc < 3 || JS_ToInt64(ctx, &done, argv[0]) != 0 || JS_ToInt64(ctx, &total, argv[1]) != 0 ||
        (!JS_IsUndefined(argv[2]) && !(text = JS_ToCString(ctx, argv[2]))))
        return JS_HasException(ctx) ? JS_EXCEPTION
                                    : JS_ThrowTypeError(ctx, "progress(done, total, text)");
    if (e->host && e->host->progress)
        e->host->progress(e->host->context, done, total, text);
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

static const char *const value_names[] = { "root", "environment", "version", NULL };

static JSValue
value(JSContext *ctx, const char *name)
{
    const struct pin_engine *e = pin__engine_of(ctx);

    if (strcmp(name, "root") == 0)
        return JS_NewString(ctx, e->root);
    if (strcmp(name, "environment") == 0)
        return JS_NewString(ctx, e->environment);
    return JS_NewString(ctx, e->version);
}

static JSValue
js_set_timer(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int kind)
{
    (void)this;
    return pin__timers_add(&pin__engine_of(ctx)->timers, ctx, (enum pin_timer_kind)kind, argc,
                           argv);
}

static JSValue
js_clear_timer(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this;
    if (argc)
        pin__timers_clear(&pin__engine_of(ctx)->timers, ctx, argv[0]);
    return JS_UNDEFINED;
}

static JSValue
run_microtask(JSContext *ctx, int argc, JSValueConst *argv)
{
    (void)argc;
    return JS_Call(ctx, argv[0], JS_UNDEFINED, 0, NULL);
}

static JSValue
js_queue_microtask(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this;
    if (!argc || !JS_IsFunction(ctx, argv[0]))
        return JS_ThrowTypeError(ctx, "queueMicrotask needs a function");
    return JS_EnqueueJob(ctx, run_microtask, 1, argv) < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static JSValue
js_random(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_err err = PIN_ERR_INIT;
    double number;

    (void)this;
    (void)argc;
    (void)argv;
    if (pin__random_next(&pin__engine_of(ctx)->random, &number, &err) != PIN_OK)
        return pin__js_throw(ctx, &err);
    return JS_NewFloat64(ctx, number);
}

#define GLOBALS                                                                                    \
    JS_CFUNC_MAGIC_DEF("setTimeout", 2, js_set_timer, PIN_TIMER_ONCE),                             \
        JS_CFUNC_MAGIC_DEF("setInterval", 2, js_set_timer, PIN_TIMER_REPEAT),                      \
        JS_CFUNC_DEF("clearTimeout", 1, js_clear_timer),                                           \
        JS_CFUNC_DEF("clearInterval", 1, js_clear_timer),                                          \
        JS_CFUNC_DEF("queueMicrotask", 1, js_queue_microtask)

static const JSCFunctionListEntry global_functions[] = { GLOBALS };

/* The zone of local dates. The nursery sets it once, before any file of the project but its
 * configuration is loaded, so that every worker has it from birth. */
static JSValue
js_set_time_zone(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
    const char *zone = JS_ToCString(ctx, argv[0]);

    (void)this_value;
    (void)argc;
    if (!zone)
        return JS_EXCEPTION;
    setenv("TZ", zone, 1);
    tzset();
    JS_FreeCString(ctx, zone);
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry exports[] = {
    JS_CFUNC_DEF("print", 2, js_print),
    JS_CFUNC_DEF("call", 6, js_call),
    JS_CFUNC_DEF("importFile", 1, js_import_file),
    JS_CFUNC_DEF("projectFiles", 1, js_project_files),
    JS_CFUNC_MAGIC_DEF("refuse", 0, js_reject_as, PIN_OUTCOME_REFUSED),
    JS_CFUNC_MAGIC_DEF("cancel", 0, js_reject_as, PIN_OUTCOME_CANCELLED),
    JS_CFUNC_DEF("run", 0, js_run),
    JS_CFUNC_DEF("progress", 3, js_progress),
    JS_CFUNC_DEF("setTimeZone", 1, js_set_time_zone),
    JS_CFUNC_MAGIC_DEF("setQuietTimeout", 2, js_set_timer, PIN_TIMER_QUIET),
    GLOBALS,
};

static int
setup(JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue math = JS_GetPropertyStr(ctx, global, "Math");

    JS_SetPropertyFunctionList(ctx, global, global_functions,
                               sizeof global_functions / sizeof *global_functions);
    JS_DefinePropertyValueStr(ctx, math, "random", JS_NewCFunction(ctx, js_random, "random", 0),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    JS_FreeValue(ctx, math);
    JS_FreeValue(ctx, global);
    return JS_HasException(ctx) ? -1 : 0;
}

const struct pin_js_native pin__js_native_engine = {
    .name = "pinstripe:native/engine",
    .setup = setup,
    .value_names = value_names,
    .value = value,
    PIN_JS_EXPORTS(exports),
};

/* execute.c - one task, from a restored heap to its outcome. */
#include <math.h>

#include "javascript/engine_internal.h"
#include "javascript/errors.h"

#define MS_PER_S     1000.0
#define BYTES_PER_MB 1048576.0
#define GC_BYTES     ((uint64_t)16 << 20) /* what a run may allocate before the first collection */
#define WRITE_MS_MAX 1000                 /* to read a thrown value, whose getters may loop */

enum { GIVEN = 6 };               /* arguments of entry.execute */
enum { LARGE_OUTCOME = 4 << 10 }; /* to tell it takes time that is not the next run's */

static void
set(struct pin_engine *e, JSValueConst object, const char *key, JSValue value)
{
    JS_SetPropertyStr(e->ctx, object, key, value);
}

/* Arguments: a list, empty when none were given. */
static JSValue
arguments_of(struct pin_engine *e, struct pin_bytes json)
{
    char *text;
    JSValue value;

    if (!json.data || (json.size == 2 && memcmp(json.data, "[]", 2) == 0))
        return JS_NewArray(e->ctx);
    if (!(text = js_strndup(e->ctx, json.data, json.size))) /* the parser wants a NUL behind it */
        return JS_EXCEPTION;
    value = JS_ParseJSON(e->ctx, text, json.size, "<task>");
    js_free(e->ctx, text);
    return value;
}

static JSValue
text_or_null(struct pin_engine *e, const char *text)
{
    return text ? JS_NewString(e->ctx, text) : JS_NULL;
}

static JSValue
tenant_of(struct pin_engine *e, const struct pin_task *task)
{
    JSValue tenant;

    if (!task->tenant_id)
        return JS_NULL;
    tenant = JS_NewObject(e->ctx);
    set(e, tenant, "id", JS_NewString(e->ctx, task->tenant_id));
    set(e, tenant, "name", text_or_null(e, task->tenant_name));
    return tenant;
}

static const char *const kinds[PIN_TASK_KIND_COUNT] = {
    [PIN_TASK_JOB] = "job",         [PIN_TASK_TENANTS] = "tenants", [PIN_TASK_SERVICE] = "service",
    [PIN_TASK_MIGRATE] = "migrate", [PIN_TASK_ZONES] = "zones",     [PIN_TASK_VIEW] = "view",
    [PIN_TASK_REPL] = "repl",
};

void
pin__execute_find_kinds(struct pin_engine *e, JSValueConst entry)
{
    JSValue by_name = JS_GetPropertyStr(e->ctx, entry, "kinds");

    for (int i = 0; i < PIN_TASK_KIND_COUNT; i++)
        e->entry.kinds[i] = JS_GetPropertyStr(e->ctx, by_name, kinds[i]);
    JS_FreeValue(e->ctx, by_name);
}

/* What few tasks have. */
static JSValue
rest_of(struct pin_engine *e, const struct pin_task *task)
{
    JSValue o;

    if (task->kind != PIN_TASK_TENANTS && !task->check_tenant)
        return JS_UNDEFINED;
    o = JS_NewObject(e->ctx);
    set(e, o, "tenant", tenant_of(e, task));
    set(e, o, "cursor",
        task->cursor.data ? JS_NewStringLen(e->ctx, task->cursor.data, task->cursor.size)
                          : JS_NULL);
    if (task->tenant_zone)
        set(e, o, "zone", JS_NewString(e->ctx, task->tenant_zone));
    if (task->check_tenant)
        set(e, o, task->kind == PIN_TASK_TENANTS ? "anyOrder" : "check", JS_TRUE);
    return o;
}

static JSValue
text_or_undefined(struct pin_engine *e, const char *text, size_t size)
{
    return text ? JS_NewStringLen(e->ctx, text, size) : JS_UNDEFINED;
}

/* What entry.execute is given: arguments and not an object, since every run would make it. */
static void
describe(struct pin_engine *e, const struct pin_task *task, JSValue given[GIVEN])
{
    const char *id = task->tenant_id;

    given[0] = JS_DupValue(e->ctx, e->entry.kinds[task->kind]);
    given[1] = text_or_undefined(e, task->name, task->name ? strlen(task->name) : 0);
    given[2] = arguments_of(e, task->args);
    given[3] = text_or_undefined(e, task->params.data, task->params.size);
    given[4] = text_or_undefined(e, id, id ? strlen(id) : 0);
    given[5] = rest_of(e, task);
}

static double
seconds_since(struct pin_mono t)
{
    return (double)(pin__clock_mono().ns - t.ns) / 1e9;
}

static const char *
size_text(uint64_t bytes, char *out, size_t size)
{
    if ((double)bytes >= BYTES_PER_MB)
        snprintf(out, size, "%.1f MB", (double)bytes / BYTES_PER_MB);
    else
        snprintf(out, size, "%llu bytes", (unsigned long long)bytes);
    return out;
}

/* The outcome of a run that had to be stopped. No JavaScript runs any more. */
static void
tell_stop(struct pin_engine *e, const struct pin_task *task, struct pin_outcome *o)
{
    const struct pin_breach *breach = pin__image_breach(e->image);
    char held[32], asked[32];

    switch ((enum pin_engine_stop)e->stop) {
    case PIN_STOP_DEADLINE:
        pin__outcome_fail(o, PIN_OUTCOME_TIMED_OUT, "TimeoutError",
                          "time limit of %g s reached after %.1f s",
                          (double)task->wall_ms / MS_PER_S, seconds_since(e->started));
        break;
    case PIN_STOP_HEAP:
        pin__outcome_fail(o, PIN_OUTCOME_HEAP_LIMIT, "RangeError",
                          "heap limit of %g MB reached: the run held %s and asked for %s more",
                          (double)task->heap_bytes / BYTES_PER_MB,
                          size_text(breach->held_bytes, held, sizeof held),
                          size_text(breach->asked_bytes, asked, sizeof asked));
        break;
    case PIN_STOP_TRANSACTION:
        pin__outcome_fail(o, PIN_OUTCOME_THREW, "Error",
                          "The database transaction was rolled back because it was open for more "
                          "than %g s (database.transactionLimit): nobody else can write meanwhile. "
                          "Do what takes long before or after the transaction.",
                          (double)e->transaction_limit_ms / MS_PER_S);
        break;
    case PIN_STOP_LOST:
        pin__outcome_fail(o, PIN_OUTCOME_CANCELLED, "Error", "the executor is gone");
        break;
    default:
        pin__outcome_fail(o, PIN_OUTCOME_CANCELLED, "Error", "cancelled after %.1f s",
                          seconds_since(e->started));
    }
}

/* What was thrown may loop when it is looked at: a limit of its own, however late it is. */
static void
write_thrown(struct pin_engine *e, JSValueConst thrown, struct pin_buf *out)
{
    struct pin_mono deadline = e->deadline;

    e->deadline = pin__clock_after_ms(pin__clock_mono(), WRITE_MS_MAX);
    pin__error_write(e->ctx, thrown, out);
    e->deadline = deadline;
}

static void
tell_thrown(struct pin_engine *e, enum pin_outcome_kind kind, JSValueConst thrown,
            struct pin_outcome *o)
{
    o->kind = kind;
    pin__buf_clear(&o->value);
    pin__buf_clear(&o->error);
    write_thrown(e, thrown, &o->error);
    if (e->stop != PIN_STOP_NONE || o->error.bad) {
        e->stop = PIN_STOP_NONE;
        pin__outcome_fail(o, kind, "Error", "the thrown value could not be read");
    }
}

static void
tell_value(struct pin_engine *e, JSValueConst value, struct pin_outcome *o)
{
    JSValue json = JS_JSONStringify(e->ctx, value, JS_UNDEFINED, JS_UNDEFINED);
    const char *text = NULL;
    size_t size;

    o->kind = PIN_OUTCOME_SUCCEEDED;
    if (JS_IsString(json) && (text = JS_ToCStringLen(e->ctx, &size, json)) != NULL)
        pin__buf_add(&o->value, text, size);
    JS_FreeCString(e->ctx, text);
    JS_FreeValue(e->ctx, json);
    if (o->value.bad)
        pin__outcome_fail(o, PIN_OUTCOME_THREW, "RangeError",
                          "the result is larger than the limit of %zu bytes", o->value.max);
    JS_FreeValue(e->ctx, JS_GetException(e->ctx));
}

static void
add_text(struct pin_engine *e, JSValueConst value, struct pin_buf *to)
{
    size_t size;
    const char *text = JS_ToCStringLen(e->ctx, &size, value);

    if (text)
        pin__buf_add(to, text, size);
    JS_FreeCString(e->ctx, text);
}

/* { head: JSON, body: a text or an ArrayBuffer }. */
static void
tell_view(struct pin_engine *e, JSValueConst value, struct pin_outcome *o)
{
    JSValue head = JS_GetPropertyStr(e->ctx, value, "head");
    JSValue body = JS_GetPropertyStr(e->ctx, value, "body");
    size_t size = 0;
    const uint8_t *bytes = JS_IsObject(body) ? JS_GetArrayBuffer(e->ctx, &size, body) : NULL;

    o->kind = PIN_OUTCOME_SUCCEEDED;
    add_text(e, head, &o->value);
    pin__buf_addc(&o->value, '\n');
    if (bytes)
        pin__buf_add(&o->value, bytes, size);
    else if (JS_IsString(body))
        add_text(e, body, &o->value);
    JS_FreeValue(e->ctx, head);
    JS_FreeValue(e->ctx, body);
    if (o->value.bad)
        pin__outcome_fail(o, PIN_OUTCOME_THREW, "RangeError",
                          "the answer is larger than the limit of %zu bytes", o->value.max);
    JS_FreeValue(e->ctx, JS_GetException(e->ctx));
}

static bool
is_promise(struct pin_engine *e, JSValueConst value)
{
    return (int)JS_PromiseState(e->ctx, value) >= 0;
}

/* `given` by a view: what is made of it here may be its own code, as a toJSON() is. */
static enum pin_pumped
tell_answer(struct pin_engine *e, JSValue given, struct pin_outcome *o)
{
    JSValue answer = JS_Call(e->ctx, e->entry.answer, JS_UNDEFINED, 1, &given), thrown;

    if (!JS_IsException(answer)) {
        tell_view(e, answer, o);
        JS_FreeValue(e->ctx, answer);
        return PIN_PUMPED_SETTLED;
    }
    if (pin__engine_must_stop(e))
        return PIN_PUMPED_STOPPED;
    thrown = JS_GetException(e->ctx);
    tell_thrown(e, PIN_OUTCOME_THREW, thrown, o);
    JS_FreeValue(e->ctx, thrown);
    return PIN_PUMPED_SETTLED;
}

static enum pin_pumped
tell_settled(struct pin_engine *e, const struct pin_task *task, JSValueConst promise,
             struct pin_outcome *o)
{
    JSValue result =
        is_promise(e, promise) ? JS_PromiseResult(e->ctx, promise) : JS_DupValue(e->ctx, promise);
    enum pin_pumped p = PIN_PUMPED_SETTLED;

    if (JS_PromiseState(e->ctx, promise) == JS_PROMISE_REJECTED)
        tell_thrown(e, e->rejects_as, result, o);
    else if (task->kind == PIN_TASK_TENANTS || task->kind == PIN_TASK_MIGRATE ||
             task->kind == PIN_TASK_ZONES)
        tell_value(e, result, o);
    else if (task->kind == PIN_TASK_VIEW)
        p = tell_answer(e, result, o);
    else
        o->kind = PIN_OUTCOME_SUCCEEDED;
    JS_FreeValue(e->ctx, result);
    return p;
}

static void
tell_stuck(struct pin_outcome *o)
{
    pin__outcome_fail(o, PIN_OUTCOME_UNSETTLED, "Error",
                      "ended without settling: run() waits for a promise that nothing can settle "
                      "any more");
}

/* An error that nobody handled is the reason, unless run() itself gave one. */
static void
tell_rejection(struct pin_engine *e, struct pin_outcome *o)
{
    if (e->rejections.found &&
        (o->kind == PIN_OUTCOME_SUCCEEDED || o->kind == PIN_OUTCOME_UNSETTLED))
        tell_thrown(e, PIN_OUTCOME_REJECTED, e->rejections.first, o);
}

static void
drop_timers(struct pin_engine *e, bool warn)
{
    uint32_t n = pin__timers_cancel(&e->timers, e->ctx);

    if (n && warn)
        pin__engine_say(e, "pinstripe: %u open timer%s dropped: run() had ended\n", n,
                        n == 1 ? " was" : "s were");
}

/* Calls a function of entry.js and pumps until its promise has settled; it may give none. */
static enum pin_pumped
call_entry(struct pin_engine *e, JSValueConst function, int argc, JSValue *argv, JSValue *promise)
{
    *promise = JS_Call(e->ctx, function, JS_UNDEFINED, argc, argv);
    if (!JS_IsException(*promise))
        return is_promise(e, *promise) ? pin__engine_pump(e, *promise) : PIN_PUMPED_SETTLED;
    if (pin__engine_must_stop(e))
        return PIN_PUMPED_STOPPED;
    pin__rejections_take_exception(&e->rejections, e->ctx);
    return PIN_PUMPED_STUCK;
}

/* After run() has settled: its children, its timers, its destroy hooks. */
static enum pin_pumped
wind_up(struct pin_engine *e, struct pin_outcome *o)
{
    JSValue promise = JS_UNDEFINED, failed = JS_NewBool(e->ctx, o->kind != PIN_OUTCOME_SUCCEEDED);
    enum pin_pumped p = pin__engine_pump(e, JS_UNDEFINED);

    if (p == PIN_PUMPED_STOPPED)
        return p;
    pin__dialog_drop(&e->dialog); /* what nobody awaited has ended, and was told */
    drop_timers(e, e->task->kind != PIN_TASK_REPL);
    p = call_entry(e, e->entry.finish, 1, &failed, &promise);
    if (p == PIN_PUMPED_SETTLED && o->kind == PIN_OUTCOME_SUCCEEDED &&
        JS_PromiseState(e->ctx, promise) == JS_PROMISE_REJECTED) {
        JSValue thrown = JS_PromiseResult(e->ctx, promise);

        tell_thrown(e, PIN_OUTCOME_THREW, thrown, o);
        JS_FreeValue(e->ctx, thrown);
    }
    JS_FreeValue(e->ctx, promise);
    if (p == PIN_PUMPED_STUCK && o->kind == PIN_OUTCOME_SUCCEEDED)
        tell_stuck(o);
    return p;
}

/* From entry.execute to the end of what it left. */
static enum pin_pumped
perform(struct pin_engine *e, const struct pin_task *task, JSValue given[GIVEN],
        struct pin_outcome *o)
{
    JSValue promise = JS_UNDEFINED;
    enum pin_pumped p = call_entry(e, e->entry.execute, GIVEN, given, &promise);

    if (p == PIN_PUMPED_SETTLED)
        p = tell_settled(e, task, promise, o);
    else if (p == PIN_PUMPED_STUCK)
        tell_stuck(o);
    if (p != PIN_PUMPED_STOPPED)
        p = wind_up(e, o);
    JS_FreeValue(e->ctx, promise);
    return p;
}

/* Else the arguments are no JSON, or all of it is more than the run's heap holds. */
static bool
is_whole(const JSValue given[GIVEN])
{
    for (int i = 0; i < GIVEN; i++)
        if (JS_IsException(given[i]))
            return false;
    return true;
}

static void
tell_refusal(struct pin_engine *e, struct pin_outcome *o)
{
    JSValue thrown = JS_GetException(e->ctx);

    tell_thrown(e, PIN_OUTCOME_REFUSED, thrown, o);
    JS_FreeValue(e->ctx, thrown);
}

static void
run(struct pin_engine *e, const struct pin_task *task, struct pin_outcome *o)
{
    JSValue given[GIVEN];

    describe(e, task, given);
    if (!is_whole(given)) {
        if (pin__engine_must_stop(e))
            tell_stop(e, task, o);
        else
            tell_refusal(e, o);
    } else if (perform(e, task, given, o) == PIN_PUMPED_STOPPED) {
        tell_stop(e, task, o);
    } else {
        tell_rejection(e, o);
    }
    for (int i = 0; i < GIVEN; i++)
        JS_FreeValue(e->ctx, given[i]);
}

/* Well above the image: a collection writes every object of it. */
static size_t
gc_threshold(struct pin_engine *e, const struct pin_task *task)
{
    uint64_t more = task->heap_bytes / 2 < GC_BYTES ? task->heap_bytes / 2 : GC_BYTES;

    return pin__image_stats(e->image).floor_bytes + more;
}

static void
start(struct pin_engine *e, const struct pin_task *task)
{
    e->started = pin__clock_mono();
    e->deadline = pin__clock_after_ms(e->started, task->wall_ms);
    e->stop = PIN_STOP_NONE;
    pin__engine_leave_transaction(e);
    pin__random_start(&e->random);
    e->rejects_as = PIN_OUTCOME_THREW;
    e->task = task;
    e->phase = PIN_ENGINE_RUNNING;
    JS_UpdateStackTop(e->rt);
    pin__image_start(e->image, task->heap_bytes);
    e->heap_bytes = task->heap_bytes;
    e->collect_at = task->heap_bytes / 2;
    JS_SetGCThreshold(e->rt, gc_threshold(e, task));
    for (size_t i = 0; pin__js_natives[i]; i++)
        if (pin__js_natives[i]->start_of_run)
            pin__js_natives[i]->start_of_run();
}

/* False when the heap could not be put back. */
static bool
end(struct pin_engine *e, struct pin_err *err)
{
    for (size_t i = 0; pin__js_natives[i]; i++)
        if (pin__js_natives[i]->end_of_run)
            pin__js_natives[i]->end_of_run();
    pin__timers_drop(&e->timers);
    pin__calls_drop(&e->calls);
    pin__dialog_drop(&e->dialog);
    pin__rejections_drop(&e->rejections);
    e->task = NULL;
    e->phase = PIN_ENGINE_FROZEN;
    return pin__image_restore(e->image, err) == PIN_OK;
}

bool
pin__engine_execute(struct pin_engine *e, const struct pin_task *task, struct pin_outcome *o)
{
    int64_t cpu = e->cpu_ns ? e->cpu_ns : pin__clock_cpu_ns();
    struct pin_err err = PIN_ERR_INIT;
    bool good;

    start(e, task);
    run(e, task, o);
    good = e->stop == PIN_STOP_NONE;
    o->peak_heap_bytes = pin__image_stats(e->image).peak_bytes;
    good = end(e, &err) && good;
    o->wall_us = (pin__clock_mono().ns - e->started.ns) / 1000;
    e->cpu_ns = pin__clock_cpu_ns();
    o->cpu_us = (e->cpu_ns - cpu) / 1000;
    if (o->value.size + o->error.size > LARGE_OUTCOME)
        e->cpu_ns = 0;
    return good;
}

/* pump.c - the loop inside a run: microtasks, then timers, then waiting for the executor. */
#include <poll.h>
#include <stdarg.h>

#include "javascript/engine_internal.h"

static void
stop(struct pin_engine *e, enum pin_engine_stop why)
{
    if (e->stop == PIN_STOP_NONE)
        e->stop = (sig_atomic_t)why;
}

static bool
broke_heap_limit(struct pin_engine *e)
{
    if (pin__image_breach(e->image)->asked_bytes)
        stop(e, PIN_STOP_HEAP);
    return e->stop != PIN_STOP_NONE;
}

bool
pin__engine_must_stop(struct pin_engine *e)
{
    if (broke_heap_limit(e))
        return true;
    if (e->stop == PIN_STOP_NONE) {
        int64_t now = pin__clock_mono().ns;
        if (now >= e->deadline.ns)
            stop(e, PIN_STOP_DEADLINE);
        else if (e->transaction_end.ns && now >= e->transaction_end.ns)
            stop(e, PIN_STOP_TRANSACTION);
    }
    return e->stop != PIN_STOP_NONE;
}

/* An exception that reached the loop: ours, when we interrupted the code, else an uncaught one. */
static void
take_exception(struct pin_engine *e, JSContext *ctx)
{
    if (pin__engine_must_stop(e))
        JS_FreeValue(ctx, JS_GetException(ctx));
    else
        pin__rejections_take_exception(&e->rejections, ctx);
}

bool
pin__engine_drain(struct pin_engine *e)
{
    for (unsigned n = 1;; n++) {
        JSContext *ctx = NULL;
        int did = JS_ExecutePendingJob(e->rt, &ctx);

        if (did < 0)
            take_exception(e, ctx);
        if (broke_heap_limit(e))
            return false;
        if (did == 0)
            return true;
        /* Jobs too short to be interrupted could go on for ever. */
        if (n % 256 == 0 && pin__engine_must_stop(e))
            return false;
    }
}

static void
sleep_until(struct pin_mono until)
{
    int64_t ms = pin__clock_until_ms(until);

    poll(NULL, 0, ms > 1000 ? 1000 : (int)ms);
}

static void
wait(struct pin_engine *e)
{
    struct pin_mono until = e->deadline;

    if (e->timers.count && pin__timers_next(&e->timers).ns < until.ns)
        until = pin__timers_next(&e->timers);
    if (!e->host)
        sleep_until(until);
    else if (e->host->wait(e->host->context, until) == PIN_LOST)
        stop(e, PIN_STOP_LOST);
}

static bool
is_done(struct pin_engine *e, JSValueConst promise)
{
    if (JS_IsObject(promise))
        return JS_PromiseState(e->ctx, promise) != JS_PROMISE_PENDING;
    return e->calls.count == 0;
}

/* False when no timer was due. */
static bool
fire_timer(struct pin_engine *e)
{
    pin_status st = pin__timers_fire(&e->timers, e->ctx, pin__clock_mono());

    if (st == PIN_FAILED)
        take_exception(e, e->ctx);
    return st != PIN_EMPTY;
}

/* One turn of microtasks; while the project is loaded, as many as it takes. */
static bool
drain(struct pin_engine *e, JSValueConst promise)
{
    do {
        if (!pin__engine_drain(e) && !(e->import.open && e->stop == PIN_STOP_DEADLINE))
            return false;
        pin__rejections_settle(&e->rejections, e->ctx, promise,
                               e->import.open ? e->import.module : JS_UNDEFINED);
    } while (pin__loader_step(e, false) || pin__dialog_tell_uncaught(e));
    return true;
}

enum pin_pumped
pin__engine_pump(struct pin_engine *e, JSValueConst promise)
{
    for (;;) {
        if (!drain(e, promise)) {
            if (pin__dialog_recover(e))
                continue;
            return PIN_PUMPED_STOPPED;
        }
        if (is_done(e, promise))
            return PIN_PUMPED_SETTLED;
        if (pin__engine_must_stop(e)) {
            if (pin__loader_step(e, false) || pin__dialog_recover(e))
                continue;
            return PIN_PUMPED_STOPPED;
        }
        if (pin__dialog_step(e) || fire_timer(e))
            continue;
        if (e->timers.count || e->calls.count || e->dialog.open)
            wait(e);
        else if (!pin__loader_step(e, true))
            return PIN_PUMPED_STUCK;
    }
}

void
pin__engine_print(struct pin_engine *e, enum pin_stream stream, const char *data, size_t size)
{
    if (e->host)
        e->host->console(e->host->context, stream, data, size);
    else
        fwrite(data, 1, size, stderr); /* the top level of a file, in the nursery */
}

void
pin__engine_say(struct pin_engine *e, const char *fmt, ...)
{
    char line[1024];
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    pin__engine_print(e, PIN_STDERR, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

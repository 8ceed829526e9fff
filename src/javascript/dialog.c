/* dialog.c - see dialog.h. */
#include "javascript/engine_internal.h"

enum { UNWIND_MS_MAX = 500 }; /* for what is left of a line that was stopped */

void
pin__engine_line(struct pin_engine *e, uint64_t number, enum pin_line_kind kind,
                 struct pin_bytes text)
{
    struct pin_dialog_lines *d = &e->dialog;

    pin__buf_clear(&d->text);
    d->text.max = PIN_LINE_BYTES_MAX;
    pin__buf_add(&d->text, text.data, text.size);
    /* A stop that comes between two lines was meant for the one before: its signal may arrive after
     * its message has done the work, but never after the next line was sent. */
    if (!d->number && e->stop == PIN_STOP_ASKED)
        e->stop = PIN_STOP_NONE;
    d->number = number;
    d->kind = kind;
    d->waiting = true;
}

void
pin__engine_stop_line(struct pin_engine *e, uint64_t number)
{
    if (e->dialog.number == number)
        pin__engine_stop(e);
}

/* What it throws is as if nobody had handled it. */
static void
call(struct pin_engine *e, JSValueConst function, int argc, JSValue *argv)
{
    JSValue result = JS_Call(e->ctx, function, JS_UNDEFINED, argc, argv);

    if (JS_IsException(result) && pin__engine_must_stop(e))
        JS_FreeValue(e->ctx, JS_GetException(e->ctx));
    else if (JS_IsException(result))
        pin__rejections_take_exception(&e->rejections, e->ctx);
    JS_FreeValue(e->ctx, result);
    for (int i = 0; i < argc; i++)
        JS_FreeValue(e->ctx, argv[i]);
}

bool
pin__dialog_step(struct pin_engine *e)
{
    struct pin_dialog_lines *d = &e->dialog;
    JSValue argv[3];

    if (!d->open || !d->waiting)
        return false;
    d->waiting = false;
    argv[0] = JS_NewInt64(e->ctx, (int64_t)d->number);
    argv[1] = JS_NewInt32(e->ctx, (int32_t)d->kind);
    argv[2] = JS_NewStringLen(e->ctx, pin__buf_text(&d->text), d->text.size);
    call(e, d->on.line, 3, argv);
    return true;
}

/* What is left of the line in the engine's queue ends at its next look at the clock, since e->stop
 * is set. False when it does not: then the executor kills. */
static bool
unwind(struct pin_engine *e)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), UNWIND_MS_MAX);
    JSContext *ctx = NULL;
    int did;

    while ((did = JS_ExecutePendingJob(e->rt, &ctx)) != 0) {
        if (did < 0)
            JS_FreeValue(ctx, JS_GetException(ctx));
        if (pin__clock_mono().ns >= until.ns)
            return false;
    }
    return true;
}

static JSValue
why_stopped(struct pin_engine *e, enum pin_engine_stop why)
{
    char text[256];

    if (why != PIN_STOP_TRANSACTION)
        return JS_UNDEFINED;
    snprintf(text, sizeof text,
             "The database transaction was rolled back because it was open for more than %g s "
             "(database.transactionLimit): nobody else can write meanwhile.",
             (double)e->transaction_limit_ms / 1000);
    return JS_NewString(e->ctx, text);
}

bool
pin__dialog_recover(struct pin_engine *e)
{
    struct pin_dialog_lines *d = &e->dialog;
    enum pin_engine_stop why = (enum pin_engine_stop)e->stop;
    JSValue reason;

    if (!d->open || (why != PIN_STOP_ASKED && why != PIN_STOP_TRANSACTION))
        return false;
    if (!d->number && why == PIN_STOP_ASKED) { /* it came too late */
        e->stop = PIN_STOP_NONE;
        return true;
    }
    if (!unwind(e))
        return true;
    d->waiting = false;
    (void)pin__timers_cancel(&e->timers, e->ctx);
    pin__calls_cancel(&e->calls, e->ctx);
    pin__rejections_clear(&e->rejections, e->ctx);
    pin__engine_leave_transaction(e);
    e->stop = PIN_STOP_NONE;
    reason = why_stopped(e, why);
    call(e, d->on.stopped, 1, &reason);
    return true;
}

bool
pin__dialog_tell_uncaught(struct pin_engine *e)
{
    JSValue reason;

    if (!e->dialog.open || !e->rejections.found)
        return false;
    reason = e->rejections.first;
    e->rejections.found = false;
    call(e, e->dialog.on.uncaught, 1, &reason);
    return true;
}

void
pin__dialog_drop(struct pin_dialog_lines *d)
{
    d->open = d->waiting = false;
    d->number = 0;
}

void
pin__dialog_fini(struct pin_dialog_lines *d)
{
    pin__buf_fini(&d->text);
}

/* ---- the module ---- */

static JSValue
js_listen(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_dialog_lines *d = &pin__engine_of(ctx)->dialog;

    (void)this;
    if (argc < 3)
        return JS_ThrowTypeError(ctx, "listen(line, stopped, uncaught)");
    d->on.line = JS_DupValue(ctx, argv[0]);
    d->on.stopped = JS_DupValue(ctx, argv[1]);
    d->on.uncaught = JS_DupValue(ctx, argv[2]);
    d->open = true;
    return JS_UNDEFINED;
}

/* A line that is being stopped answers nothing by itself: what is left of it says only that. */
static JSValue
js_reply(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_engine *e = pin__engine_of(ctx);
    struct pin_bytes text;
    int64_t number;
    int32_t kind;

    (void)this;
    if (argc < 3 || JS_ToInt64(ctx, &number, argv[0]) != 0 || JS_ToInt32(ctx, &kind, argv[1]) != 0)
        return JS_HasException(ctx) ? JS_EXCEPTION
                                    : JS_ThrowTypeError(ctx, "reply(number, kind, text)");
    if (number < 0 || kind < 0 || kind >= PIN_REPLY_KIND_COUNT || e->stop != PIN_STOP_NONE ||
        (number && (uint64_t)number != e->dialog.number))
        return JS_UNDEFINED;
    if (!(text.data = JS_ToCStringLen(ctx, &text.size, argv[2])))
        return JS_EXCEPTION;
    if (number)
        e->dialog.number = 0;
    e->host->reply(e->host->context, (uint64_t)number, (enum pin_reply_kind)kind, text);
    JS_FreeCString(ctx, text.data);
    return JS_UNDEFINED;
}

static JSValue
js_evaluate(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    size_t size;
    const char *source = argc > 1 ? JS_ToCStringLen(ctx, &size, argv[0]) : NULL;
    const char *name = source ? JS_ToCString(ctx, argv[1]) : NULL;
    JSValue promise = JS_EXCEPTION;

    (void)this;
    if (name)
        promise =
            JS_Eval(ctx, source, size, name,
                    JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_ASYNC | JS_EVAL_FLAG_BACKTRACE_BARRIER);
    else if (!JS_HasException(ctx))
        JS_ThrowTypeError(ctx, "evaluate(source, name)");
    JS_FreeCString(ctx, name);
    JS_FreeCString(ctx, source);
    return promise;
}

static const JSCFunctionListEntry exports[] = {
    JS_CFUNC_DEF("listen", 3, js_listen),
    JS_CFUNC_DEF("reply", 3, js_reply),
    JS_CFUNC_DEF("evaluate", 2, js_evaluate),
};

const struct pin_js_native pin__js_native_dialog = {
    .name = "pinstripe:native/dialog",
    PIN_JS_EXPORTS(exports),
};

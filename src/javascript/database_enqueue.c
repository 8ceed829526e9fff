/* database_enqueue.c - runs that are put into the store as part of the user's own transaction.
 *
 * The executor is not asked: it writes on a connection of its own, which could not see the
 * transaction. What the job's words mean is decided by the same code (job/enqueue.h).
 */
#include "job/enqueue.h"

#include "javascript/database_calls.h"
#include "javascript/engine_internal.h"

/* NULL data for undefined; false with call->err set. */
static bool
text_of(struct pin_db_call *call, JSValueConst v, struct pin_bytes *out)
{
    *out = (struct pin_bytes){ NULL, 0 };
    if (JS_IsUndefined(v))
        return true;
    if (!(out->data = pin__db_text(call, v)))
        return false;
    out->size = strlen(out->data);
    return true;
}

static JSValue
ids_of(JSContext *ctx, const struct pin_enqueued *done, size_t count)
{
    JSValue list = JS_NewArray(ctx);
    char text[PIN_RUN_ID_TEXT];

    for (uint32_t i = 0; i < count; i++) {
        pin__run_id_text(&done[i].id, text);
        JS_SetPropertyUint32(ctx, list, i, JS_NewString(ctx, text));
    }
    return list;
}

static pin_status
put(struct pin_db_call *call, const struct pin_enqueue_call *like, struct pin_bytes lines,
    JSValue *result)
{
    struct pin_enqueued *done;
    size_t count;
    pin_status st =
        pin__enqueue_put(call->slot->store, like, lines, &call->arena, &done, &count, &call->err);

    if (st == PIN_OK)
        *result = ids_of(call->ctx, done, count);
    return st;
}

/* Who asks: as the executor counts what a run asks of it. */
static enum pin_trigger
trigger_of(const struct pin_task *task)
{
    if (task->kind == PIN_TASK_VIEW)
        return PIN_TRIGGER_VIEW;
    return task->kind == PIN_TASK_REPL ? PIN_TRIGGER_REPL : PIN_TRIGGER_JOB;
}

pin_status
pin__db_enqueue(struct pin_db_call *call, JSValueConst *argv, JSValue *result)
{
    struct pin_bytes job, lines, options_text, params, tenant;
    struct pin_enqueue_options options;
    struct pin_catalog *catalog = NULL;
    pin_status st;

    if (!text_of(call, argv[0], &job) || !text_of(call, argv[1], &lines) ||
        !text_of(call, argv[2], &options_text) || !text_of(call, argv[3], &params) ||
        !text_of(call, argv[4], &tenant))
        return call->err.status;
    if ((st = pin__enqueue_store(&call->slot->store, call->session, &call->err)) != PIN_OK ||
        (st = pin__catalog_read_one(&catalog, job, &call->err)) != PIN_OK)
        return st;
    st = pin__enqueue_options_read(&options, options_text, &call->arena, &call->err);
    if (st == PIN_OK) {
        struct pin_enqueue_call like = { .catalog = catalog,
                                         .job = &catalog->jobs[0],
                                         .options = &options,
                                         .tenant_id = tenant.data,
                                         .params = params,
                                         .trigger = trigger_of(pin__engine_of(call->ctx)->task),
                                         .now_ms = pin__clock_wall().ms };

        st = put(call, &like, lines, result);
    }
    pin__catalog_free(catalog);
    return st;
}

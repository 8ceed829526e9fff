/* database_enqueue.c - runs that are put into the store as part of the user's own transaction.
 *
 * The executor is not asked: it writes on a connection of its own, which could not see the
 * transaction. What the job's words mean is decided by the same code (job/enqueue.h).
 */
#include "job/enqueue.h"

#include "javascript/database_calls.h"
#include "javascript/engine_internal.h"

struct lists { /* argument lists, one a line */
    const char *at, *end;
    size_t count;
};

static struct lists
count_lists(struct pin_bytes lines)
{
    struct lists l = { lines.data, lines.data + lines.size, 1 };

    for (const char *at = l.at; (at = memchr(at, '\n', (size_t)(l.end - at))) != NULL; at++)
        l.count++;
    return l;
}

static struct pin_bytes
next_list(struct lists *l)
{
    const char *end = memchr(l->at, '\n', (size_t)(l->end - l->at));
    struct pin_bytes list = { l->at, (size_t)((end ? end : l->end) - l->at) };

    l->at = end ? end + 1 : l->end;
    return list;
}

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

static pin_status
open_store(struct pin_db_call *call)
{
    pin_status st;

    if (call->slot->store)
        return PIN_OK;
    st = pin__store_open(&call->slot->store, call->session, &call->err);
    if (st == PIN_NOT_FOUND)
        return pin__err_set(&call->err, PIN_NOT_FOUND,
                            "The project keeps no runs yet, so nothing can be enqueued: run "
                            "pinstripe migrate-database.");
    return st;
}

static pin_status
fill(struct pin_db_call *call, const struct pin_enqueue_call *like, struct lists *lists,
     struct pin_enqueue **runs)
{
    pin_status st = PIN_OK;

    if (!(*runs = pin__arena_alloc(&call->arena, lists->count * sizeof **runs)))
        return pin__err_no_memory(&call->err);
    for (size_t i = 0; st == PIN_OK && i < lists->count; i++) {
        struct pin_enqueue_call one = *like;

        one.args = next_list(lists);
        st = pin__enqueue_fill(*runs + i, &one, &call->arena, &call->err);
    }
    return st;
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
put(struct pin_db_call *call, struct pin_enqueue_call *like, struct lists *lists, JSValue *result)
{
    struct pin_enqueued *done = pin__arena_alloc(&call->arena, lists->count * sizeof *done);
    struct pin_enqueue *runs = NULL;
    size_t count = lists->count;
    pin_status st;

    if (!done)
        return pin__err_no_memory(&call->err);
    if ((st = fill(call, like, lists, &runs)) != PIN_OK)
        return st;
    st = pin__store_enqueue(call->slot->store, runs, count, like->now_ms, done, &call->err);
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
    struct lists lists;
    pin_status st;

    if (!text_of(call, argv[0], &job) || !text_of(call, argv[1], &lines) ||
        !text_of(call, argv[2], &options_text) || !text_of(call, argv[3], &params) ||
        !text_of(call, argv[4], &tenant))
        return call->err.status;
    if ((st = open_store(call)) != PIN_OK ||
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

        lists = count_lists(lines);
        st = put(call, &like, &lists, result);
    }
    pin__catalog_free(catalog);
    return st;
}

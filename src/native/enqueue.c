/* enqueue.c - runs that a job in C puts into the queue: by the executor, or in its own transaction.
 */
#include "job/enqueue.h"

#include "native/workspace.h"

/* The executor is answered by whoever commits: us, when it is our transaction. */
static const char *
put_in_transaction(struct workspace *w, const struct pin_call *call, struct pin_err *err)
{
    const struct pin_catalog *catalog = w->project->catalog;
    struct pin_enqueue_options options;
    struct pin_enqueue_call like = { .catalog = catalog,
                                     .options = &options,
                                     .tenant_id = call->tenant_id,
                                     .params = call->params,
                                     .trigger = PIN_TRIGGER_JOB,
                                     .now_ms = pin__clock_wall().ms };
    struct pin_enqueued *done;
    char *id = pin__arena_alloc(&w->arena, PIN_RUN_ID_TEXT);
    size_t count;

    if (!id) {
        pin__err_no_memory(err);
        return NULL;
    }
    if (catalog->store_apart) {
        pin__err_set(err, PIN_DENIED,
                     "Background job \"%s\" cannot be enqueued inside a transaction: the runs are "
                     "in a file of their own (store.filename), and a commit to two files is not "
                     "atomic. Enqueue it after the transaction.",
                     call->name);
        return NULL;
    }
    if (pin__enqueue_store(&w->store, w->session, err) != PIN_OK ||
        pin__catalog_find(catalog, call->name, &like.job, err) != PIN_OK ||
        pin__enqueue_options_read(&options, call->options, &w->arena, err) != PIN_OK ||
        pin__enqueue_put(w->store, &like, call->args, &w->arena, &done, &count, err) != PIN_OK)
        return NULL;
    w->enqueued = true;
    pin__run_id_text(&done[0].id, id);
    return id;
}

static const char *
put_by_executor(struct workspace *w, const struct pin_call *call)
{
    const char *id = NULL;
    json_t *ids;

    if (!pin__native_ask(w, call))
        return NULL;
    ids = json_loadb(w->answer.value.data, w->answer.value.size, 0, NULL);
    id = json_string_value(json_array_get(ids, 0));
    id = id ? pin__arena_strdup(&w->arena, id) : NULL;
    json_decref(ids);
    return id;
}

const char *
pin__native_enqueue(struct workspace *w, struct pin_call *call)
{
    struct pin_err err = PIN_ERR_INIT;
    const char *id = NULL;

    if (!w->session || !pin__session_in_transaction(w->session))
        return put_by_executor(w, call);
    if (!pin__native_session(w)) /* it may have lasted too long */
        return NULL;
    if (call->args.size > PIN_ARGS_BYTES_MAX)
        pin__err_set(&err, PIN_LIMIT, "its arguments are %zu bytes, more than %zu", call->args.size,
                     PIN_ARGS_BYTES_MAX);
    else
        id = put_in_transaction(w, call, &err);
    if (!id)
        pin__native_fail(w, &err);
    return id;
}

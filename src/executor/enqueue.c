/* enqueue.c - a run puts others into the queue. It is answered with their ids after the commit. */
#include "executor/run.h"

#include "base/fault.h"
#include "store/wake.h"

struct enqueue_entry {
    struct entry entry;
    struct pin_arena arena; /* everything below */
    uint64_t caller;        /* the run's id: it may be gone when the answer is there */
    uint64_t number;
    struct pin_enqueue *runs;
    struct pin_enqueued *done;
    size_t count;
    struct pin_run_id parent;
};

static struct run *
find_run(struct pin_executor *x, uint64_t id)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->queued && w->queue[0]->id == id)
            return w->queue[0];
    return NULL;
}

static pin_status
apply_enqueue(struct pin_executor *x, struct entry *e, int64_t now_ms, struct pin_err *err)
{
    struct enqueue_entry *q = (struct enqueue_entry *)(void *)e;

    return pin__store_enqueue(x->ledger.store, q->runs, q->count, now_ms, q->done, err);
}

static void
write_ids(const struct enqueue_entry *q, struct pin_buf *out)
{
    char text[PIN_RUN_ID_TEXT];

    for (size_t i = 0; i < q->count; i++) {
        pin__run_id_text(&q->done[i].id, text);
        pin__buf_addf(out, "%c\"%s\"", i ? ',' : '[', text);
    }
    pin__buf_addc(out, ']');
}

static void
tell_caller(struct run *caller, const struct enqueue_entry *q)
{
    struct pin_buf ids = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX / 2);

    if (q->entry.status == PIN_OK) {
        write_ids(q, &ids);
        pin__answer_call(caller, q->number, (struct pin_bytes){ NULL, 0 },
                         (struct pin_bytes){ ids.data, ids.size });
    } else if (q->entry.status == PIN_NOT_FOUND)
        pin__refuse_call(caller, q->number, q->runs->job,
                         "Background job \"%s\" was not queued: the project keeps no runs yet; run "
                         "pinstripe migrate-database.",
                         q->runs->job);
    else
        pin__refuse_call(caller, q->number, q->runs->job,
                         "Background job \"%s\" was not queued: %s", q->runs->job,
                         q->entry.why ? q->entry.why : "the store refused it");
    pin__buf_fini(&ids);
}

static void
settled_enqueue(struct pin_executor *x, struct entry *e)
{
    struct enqueue_entry *q = (struct enqueue_entry *)(void *)e;
    struct run *caller = find_run(x, q->caller);

    pin__fault("executor.enqueued");
    if (e->status == PIN_OK) {
        pin__wake_send(pin__store_identity(x->ledger.store));
        pin__executor_queue_look(x);
    }
    if (caller)
        tell_caller(caller, q);
    pin__arena_fini(&q->arena);
    free(q);
}

static const struct entry_type enqueue_type = { "an enqueue", apply_enqueue, settled_enqueue };

/* ---- the call ---- */

static const char *
copy_text(struct pin_arena *arena, const char *text)
{
    return text ? pin__arena_strdup(arena, text) : NULL;
}

static struct pin_bytes
copy_bytes(struct pin_arena *arena, struct pin_bytes b)
{
    return (struct pin_bytes){ b.data ? pin__arena_copy(arena, b.data, b.size) : NULL, b.size };
}

static pin_status
fill_runs(struct enqueue_entry *q, const struct pin_enqueue_call *like, struct pin_bytes lines,
          struct pin_err *err)
{
    pin_status st = pin__enqueue_fill_lines(&q->runs, &q->count, like, lines, &q->arena, err);

    if (st != PIN_OK)
        return st;
    if (!(q->done = pin__arena_alloc(&q->arena, q->count * sizeof *q->done)))
        return pin__err_no_memory(err);
    for (size_t i = 0; i < q->count; i++) {
        if (q->runs[i].args.size > PIN_ARGS_BYTES_MAX)
            return pin__err_set(err, PIN_LIMIT, "its arguments are %zu bytes, more than %zu",
                                q->runs[i].args.size, PIN_ARGS_BYTES_MAX);
        if (!pin__run_id_is_zero(&q->parent))
            q->runs[i].parent = &q->parent;
    }
    return PIN_OK;
}

static pin_status
fill(struct enqueue_entry *q, struct run *caller, const struct pin_message *call,
     struct pin_err *err)
{
    struct pin_bytes lines = copy_bytes(&q->arena, call->args);
    const struct request *from = caller->request;
    bool dialog = caller->kind == PIN_TASK_REPL; /* the newest code, and nobody's child */
    const struct pin_catalog *catalog =
        dialog ? from->executor->nursery->catalog : from->nursery->catalog;
    struct pin_enqueue_options options;
    struct pin_enqueue_call like = { .catalog = catalog,
                                     .options = &options,
                                     .tenant_id = copy_text(&q->arena, call->tenant_id),
                                     .params = copy_bytes(&q->arena, call->params),
                                     .trigger = pin__trigger_of_call(caller),
                                     .now_ms = pin__clock_wall().ms };
    pin_status st;

    if (!lines.data)
        return pin__err_no_memory(err);
    if ((st = pin__catalog_find(catalog, call->text ? call->text : "", &like.job, err)) != PIN_OK ||
        (st = pin__enqueue_options_read(&options, call->bytes, &q->arena, err)) != PIN_OK)
        return st;
    if ((st = fill_runs(q, &like, lines, err)) != PIN_OK)
        return st;
    for (size_t i = 0; i < q->count;
         i++) /* the catalog may be another's by the time of the commit */
        q->runs[i].job = copy_text(&q->arena, q->runs[i].job);
    return PIN_OK;
}

void
pin__enqueue_from_run(struct run *caller, const struct pin_message *call)
{
    struct pin_executor *x = caller->request->executor;
    struct enqueue_entry *q = calloc(1, sizeof *q);
    struct pin_err err = PIN_ERR_INIT;

    if (!q)
        pin__bug("out of memory for an enqueue");
    q->arena = PIN_ARENA_INIT(4 * (size_t)PIN_FRAME_BYTES_MAX);
    q->caller = caller->id;
    q->number = call->number;
    if (caller->kind == PIN_TASK_JOB) /* a view is no run that the store knows */
        q->parent = caller->run_id;
    caller->calls_open++;
    if (fill(q, caller, call, &err) == PIN_OK) {
        pin__ledger_add(x, &q->entry, &enqueue_type);
        return;
    }
    pin__refuse_call(caller, call->number, call->text, "%s", err.message);
    pin__arena_fini(&q->arena);
    free(q);
}

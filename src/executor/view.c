/* view.c - requests that a view answers: a run that nobody counts among the jobs. */
#include "executor/run.h"

void
pin__view_tell(struct request *q, const struct pin_outcome *o)
{
    void (*told)(void *context, const struct pin_outcome *o) = q->view_told;

    q->view_told = NULL;
    if (told)
        told(q->view_context, o);
}

/* It never began: pinstripe is stopping. */
void
pin__view_end(struct request *q)
{
    struct pin_outcome o;

    if (!q->view_told)
        return;
    pin__outcome_init(&o);
    pin__outcome_fail(&o, PIN_OUTCOME_CANCELLED, "Error", "pinstripe is stopping");
    pin__view_tell(q, &o);
    pin__outcome_fini(&o);
}

struct request *
pin__executor_view(struct pin_executor *x, const struct pin_view_call *call,
                   char id[PIN_RUN_ID_TEXT])
{
    struct request *q;

    if (x->views.count >= PIN_VIEWS_WAITING_MAX)
        return NULL;
    q = pin__request_new(x, 0);
    q->kind = PIN_TASK_VIEW;
    q->name = strdup(call->path);
    q->sink = call->sink;
    q->view_told = call->told;
    q->view_context = call->context;
    q->wall_ms = PIN_WALL_MS_DEFAULT;
    q->heap_bytes = PIN_HEAP_BYTES_DEFAULT;
    q->run_id = pin__run_id_new(q->created_ms);
    pin__run_id_text(&q->run_id, id);
    pin__buf_addc(&q->args, '[');
    pin__buf_add(&q->args, call->request.data, call->request.size);
    pin__buf_addc(&q->args, ']');
    pin__buf_add(&q->params, call->params.data, call->params.size);
    q->single_waiting = true;
    pin__request_relist(q);
    return q;
}

bool
pin__executor_view_take_back(struct request *q)
{
    if (q->running || q->finished)
        return false;
    q->view_told = NULL;
    q->cancelled = true;
    q->single_waiting = false;
    while (q->returned) {
        struct run *run = q->returned;

        q->returned = run->next;
        pin__run_free(run);
    }
    pin__request_end_if_done(q);
    return true;
}

static struct worker_process *
worker_of(const struct request *q)
{
    for (struct worker_process *w = q->executor->workers; w; w = w->next)
        if (w->queued && w->queue[0]->request == q)
            return w;
    return NULL;
}

void
pin__executor_view_expire(struct request *q)
{
    struct worker_process *w = worker_of(q);

    if (w && w->queue[0]->calls_open == 0)
        pin__worker_kill(w, KILL_TIME);
}

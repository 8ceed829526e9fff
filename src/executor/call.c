/* call.c - calls of a program that does not wait for them: see executor.h.
 */
#include "executor/run.h"

static void
enlist(struct pin_executor *x, struct pin_executor_call *call)
{
    call->previous = NULL;
    call->next = x->calls;
    if (x->calls)
        x->calls->previous = call;
    x->calls = call;
}

static void
unlist(struct pin_executor *x, struct pin_executor_call *call)
{
    *(call->previous ? &call->previous->next : &x->calls) = call->next;
    if (call->next)
        call->next->previous = call->previous;
}

void
pin__call_end(struct request *q)
{
    struct pin_executor_call *call = q->call;
    struct pin_summary summary;

    if (!call)
        return;
    q->call = NULL;
    unlist(q->executor, call);
    call->request = NULL;
    pin__summary_init(&summary);
    pin__request_fill_summary(q, &summary);
    call->ended(call->context, &summary);
    pin__summary_fini(&summary);
}

pin_status
pin__executor_call(struct pin_executor *x, const struct pin_request_options *options,
                   struct pin_executor_call *call, struct pin_err *err)
{
    struct request *q;
    pin_status st;

    call->lost = false;
    call->request = NULL;
    if (x->nursery->gone)
        return pin__err_set(err, PIN_BUSY,
                            "the process that holds the project was lost and is being started "
                            "again; try again in a moment");
    q = pin__request_new(x, 0);
    q->sink = call->sink;
    if ((st = pin__request_ask(q, options, err)) != PIN_OK) {
        pin__request_free(q);
        return st;
    }
    q->call = call;
    call->request = q;
    enlist(x, call);
    if (x->stopping)
        pin__request_cancel(q);
    pin__request_end_if_done(q);
    return PIN_OK;
}

void
pin__executor_call_cancel(struct pin_executor *x, struct pin_executor_call *call)
{
    struct request *q = call->request;

    if (!q)
        return;
    pin__workers_take_back(x); /* what waits behind another run has not begun */
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->queued && !w->doomed && w->queue[0]->request == q)
            pin__worker_cancel(w);
    q->stopped = true;
    pin__request_cancel(q);
    pin__request_end_if_done(q);
}

void
pin__executor_call_forget(struct pin_executor *x, struct pin_executor_call *call)
{
    if (!call->request)
        return;
    call->request->call = NULL;
    call->request = NULL;
    unlist(x, call);
}

bool
pin__executor_is_lost(const struct pin_executor *x)
{
    return x->nursery->gone;
}

/* What runs ends with its worker; what has not begun never will. */
void
pin__calls_lost(struct nursery_process *n)
{
    struct pin_executor_call *next;

    for (struct pin_executor_call *call = n->executor->calls; call; call = next) {
        struct request *q = call->request;

        next = call->next;
        if (q->nursery != n)
            continue;
        call->lost = true;
        pin__request_cancel(q);
        pin__request_end_if_done(q);
    }
}

/* observe.c - tells the observer, when there is one. See observer.h. */
#include "executor/observer.h"

#include "executor/run.h"

static const struct pin_observer nobody = { .context = NULL };

void
pin__executor_observe(struct pin_executor *x, const struct pin_observer *observer)
{
    x->observer = observer;
}

const struct pin_observer *
pin__executor_observer(const struct pin_executor *x)
{
    return x->observer ? x->observer : &nobody;
}

static void
tell_end(const struct request *q, const struct pin_outcome *o, bool again)
{
    const struct pin_observer *to = pin__executor_observer(q->executor);

    if (to->ended)
        to->ended(to->context, &(struct pin_attempt){ .job = q->job ? q->job->name : NULL,
                                                      .kind = o->kind,
                                                      .again = again,
                                                      .wall_us = o->wall_us });
}

void
pin__observe_called(const struct run *run)
{
    if (run->kind == PIN_TASK_JOB && !run->request->executor->closing)
        tell_end(run->request, &run->outcome, false);
}

void
pin__observe_settled(const struct queued *c)
{
    if (c->end != QUEUED_GIVE_BACK)
        tell_end(c->request, &c->outcome, !pin__run_is_final(c->finished.state));
}

void
pin__observe_begins(const struct queued *c)
{
    const struct pin_observer *to = pin__executor_observer(c->request->executor);
    int64_t since_ms =
        c->claim.due_ms > c->claim.created_ms ? c->claim.due_ms : c->claim.created_ms;
    int64_t waited_ms = c->started_ms > since_ms ? c->started_ms - since_ms : 0;

    if (to->began)
        to->began(to->context, c->claim.queue, waited_ms * 1000);
}

void
pin__observe_lost(const struct pin_executor *x, size_t leases)
{
    const struct pin_observer *to = pin__executor_observer(x);

    if (to->lost && leases)
        to->lost(to->context, leases);
}

void
pin__observe_busy(const struct pin_executor *x)
{
    const struct pin_observer *to = pin__executor_observer(x);

    if (to->busy)
        to->busy(to->context);
}

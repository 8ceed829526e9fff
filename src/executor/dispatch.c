/* dispatch.c - which run gets which worker, and when.
 *
 * Slots: at most `slots` runs work at the same time; a run that waits for runs of its own needs
 * none. Processes: at most PIN_WORKERS_MAX, and a run at depth d may only take one while fewer than
 * PIN_WORKERS_MAX - (PIN_DEPTH_MAX - d) are busy. So there is always a process left for each deeper
 * level, the deepest runs can always go on, and callers that wait for one another's processes
 * cannot stop the world.
 */
#include "executor/run.h"

enum { SHORT_RUN_US = 1000, RUNS_BEFORE_AVERAGE = 4, QUEUE_OF_SHORT_RUNS = 3 };

struct run *
run_new(struct request *q, enum pin_task_kind kind)
{
    struct run *run = calloc(1, sizeof *run);

    if (!run)
        pin__bug("out of memory for a run");
    run->request = q;
    run->id = ++q->executor->next_run;
    run->kind = kind;
    run->spill.file = -1;
    pin__outcome_init(&run->outcome);
    return run;
}

void
run_free(struct run *run)
{
    pin__outcome_fini(&run->outcome);
    spill_fini(&run->spill);
    pin__buf_fini(&run->kept);
    free(run->tenant_id);
    free(run->tenant_name);
    free(run);
}

static bool
wants_page(const struct request *q)
{
    return q->fan_out && !q->pages_done && !q->page_in_flight && q->page_at == q->page_count;
}

bool
request_has_next(const struct request *q)
{
    if (q->cancelled || q->ended)
        return q->returned != NULL;
    if (q->returned || q->single_waiting || wants_page(q))
        return true;
    return q->page_at < q->page_count && q->next_index - q->first < PIN_TENANTS_AHEAD_MAX;
}

static struct run *
next_tenant(struct request *q)
{
    struct run *run = run_new(q, PIN_TASK_JOB);
    struct tenant_ref *tenant = &q->page[q->page_at++];

    run->tenant_id = tenant->id;
    run->tenant_name = tenant->name;
    *tenant = (struct tenant_ref){ NULL, NULL };
    run->index = q->next_index++;
    q->window[run->index % PIN_TENANTS_AHEAD_MAX] = run;
    return run;
}

static struct run *
next_single(struct request *q)
{
    struct run *run = run_new(q, q->kind);

    q->single_waiting = false;
    run->tenant_id = q->single_tenant_id;
    run->tenant_name = q->single_tenant_name;
    q->single_tenant_id = q->single_tenant_name = NULL;
    return run;
}

static struct run *
next_run(struct request *q)
{
    struct run *run = q->returned;

    if (run) {
        q->returned = run->next;
        run->next = NULL;
        return run;
    }
    if (q->single_waiting)
        return next_single(q);
    if (q->page_at < q->page_count && q->next_index - q->first < PIN_TENANTS_AHEAD_MAX)
        return next_tenant(q);
    q->page_in_flight = true;
    return run_new(q, PIN_TASK_TENANTS);
}

struct load {
    size_t busy;   /* workers with a run in hand */
    size_t active; /* of those, the ones whose run is not waiting for runs of its own */
    struct worker_process *idle;
};

static struct load
measure(const struct pin_executor *x)
{
    struct load load = { 0, 0, NULL };

    for (struct worker_process *w = x->workers; w; w = w->next) {
        if (w->queued) {
            load.busy++;
            load.active += w->queue[0]->calls_open == 0;
        } else if (!w->doomed) {
            load.idle = w;
        }
    }
    return load;
}

static bool
runs_are_short(const struct request *q)
{
    return q->finished >= RUNS_BEFORE_AVERAGE &&
           q->run_us_total / (int64_t)q->finished < SHORT_RUN_US;
}

/* A worker that has a short run of the same request in hand may have the next ones waiting in its
 * socket already. */
static struct worker_process *
worker_to_queue_at(struct pin_executor *x, const struct request *q)
{
    struct worker_process *best = NULL;

    if (!q->fan_out || !runs_are_short(q))
        return NULL;
    for (struct worker_process *w = x->workers; w; w = w->next) {
        if (w->doomed || !w->queued || w->queued >= QUEUE_OF_SHORT_RUNS ||
            w->queue[0]->request != q || w->queue[0]->calls_open)
            continue;
        if (!best || w->queued < best->queued)
            best = w;
    }
    return best;
}

static struct worker_process *
worker_for(struct pin_executor *x, const struct request *q)
{
    struct load load = measure(x);
    size_t busy_max = PIN_WORKERS_MAX - (PIN_DEPTH_MAX - q->depth);

    if (load.active >= x->slots)
        return worker_to_queue_at(x, q);
    if (load.busy >= busy_max)
        return NULL;
    if (load.idle)
        return load.idle;
    if (x->worker_count >= PIN_WORKERS_MAX || pin__clock_mono().ns < x->fork_after.ns)
        return NULL;
    return worker_fork(x);
}

void
dispatch(struct pin_executor *x)
{
    struct request *q;

    while (!x->nursery_gone && (q = request_with_work(x)) != NULL) {
        struct worker_process *w = worker_for(x, q);

        if (!w)
            return;
        worker_assign(w, next_run(q));
        request_relist(q);
    }
}

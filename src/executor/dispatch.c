/* dispatch.c - which run gets which worker, and when.
 *
 * Slots: at most `slots` runs work at the same time; a run that waits for runs of its own needs
 * none. Processes: at most PIN_WORKERS_MAX, and a run at depth d may only take one while fewer than
 * PIN_WORKERS_MAX - (PIN_DEPTH_MAX - d) are busy. So there is always a process left for each deeper
 * level, the deepest runs can always go on, and callers that wait for one another's processes
 * cannot stop the world.
 */
#include "base/fault.h"
#include "executor/run.h"

enum { SHORT_RUN_US = 1000, WAKE_US = 50, RUNS_BEFORE_AVERAGE = 4 };

struct load {
    size_t busy;   /* workers with a run in hand */
    size_t active; /* of those, the ones whose run waits neither for runs of its own nor for a
                      person, and is no view */
    size_t views;  /* those that have a view in hand which has not lasted, and waits for nothing */
    size_t young_views;          /* the same, whether it waits or not */
    struct worker_process *idle; /* of the nursery that is asked for */
    int64_t long_ago_ns;
};

static int64_t
long_ago(void)
{
    return pin__clock_mono().ns - PIN_WAIT_BEHIND_NS;
}

bool
pin__takes_slot(const struct run *run)
{
    return run->calls_open == 0 && run->kind != PIN_TASK_VIEW && run->kind != PIN_TASK_REPL;
}

static void
add_busy(struct load *load, const struct worker_process *w)
{
    const struct run *run = w->queue[0];

    load->busy++;
    load->active += pin__takes_slot(run);
    if (run->kind != PIN_TASK_VIEW || run->started.ns < load->long_ago_ns)
        return;
    load->young_views++;
    load->views += run->calls_open == 0;
}

/* Views that have begun come before those that have not: what waits for a quick job is back in a
 * moment, and in fewer processes, whose memory is at hand. */
static bool
has_slot(const struct pin_executor *x, const struct request *q, const struct load *load)
{
    if (q->kind == PIN_TASK_VIEW)
        return load->views < x->slots && load->young_views < 2 * x->slots;
    return load->active < x->slots;
}

static struct load
measure(const struct pin_executor *x, const struct request *q, bool native)
{
    struct load load = { .long_ago_ns = long_ago() };

    for (struct worker_process *w = x->workers; w; w = w->next) {
        if (w->queued) {
            add_busy(&load, w);
        } else if (!w->doomed && w->nursery == q->nursery && w->native == native) {
            if (!load.idle || w->kind == q->kind)
                load.idle = w; /* it writes to the same memory again */
        }
    }
    return load;
}

/* `count` of its runs, one after another. */
static bool
take_less_than(const struct request *q, size_t count, int64_t us)
{
    const struct job_pace *pace = pin__pace_of(q);

    return pace && pace->runs >= RUNS_BEFORE_AVERAGE && pace->average_us * (int64_t)count < us;
}

static bool
is_short(const struct request *q)
{
    return take_less_than(q, 1, SHORT_RUN_US);
}

static bool
is_behind_a_later_one(const struct worker_process *w, const struct request *q)
{
    const struct queued *last = w->queue[w->queued - 1]->request->queued;

    return last && q->queued && pin__turn_compare(&q->queued->turn, &last->turn) < 0;
}

/* A worker that has a short run in hand may have the next ones waiting in its pipe already. Who
 * goes before what is in hand there waits for whichever is free first: it may last. */
static struct worker_process *
worker_to_queue_at(struct pin_executor *x, const struct request *q, bool native)
{
    int64_t too_long_ago = long_ago();
    struct worker_process *best = NULL;

    if (!is_short(q))
        return NULL;
    for (struct worker_process *w = x->workers; w; w = w->next) {
        if (w->doomed || !w->queued || w->queued >= WORKER_QUEUE_MAX || w->nursery != q->nursery ||
            w->native != native || w->queue[0]->calls_open ||
            w->queue[0]->started.ns < too_long_ago ||
            (w->queue[0]->kind == PIN_TASK_VIEW) != (q->kind == PIN_TASK_VIEW) ||
            !is_short(w->queue[0]->request))
            continue;
        if (!best || w->queued < best->queued)
            best = w;
    }
    return best && is_behind_a_later_one(best, q) ? NULL : best;
}

/* One that runs something is with the next sooner than one that sleeps is awake, when what it has
 * in hand is tiny; and another processor need not be woken for it. */
static struct worker_process *
awake_instead_of(struct pin_executor *x, const struct request *q, bool native,
                 struct worker_process *idle)
{
    struct worker_process *w =
        take_less_than(q, 1, WAKE_US) ? worker_to_queue_at(x, q, native) : NULL;

    return w && take_less_than(w->queue[0]->request, w->queued, WAKE_US) ? w : idle;
}

/* All processes are there and none of the kind that is wanted is idle: one of the other makes
 * room. It is counted until it is gone. */
static void
retire_other_kind(struct pin_executor *x, bool native)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->doomed)
            return; /* room is coming */
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (!w->queued && w->native != native) {
            pin__worker_kill(w, KILL_NONE);
            return;
        }
}

static struct worker_process *
worker_for(struct pin_executor *x, const struct request *q)
{
    bool native = pin__request_next_is_native(q);
    struct load load = measure(x, q, native);
    size_t busy_max = PIN_WORKERS_MAX - (PIN_DEPTH_MAX - q->depth);

    if (q->kind == PIN_TASK_VIEW) /* views that last leave jobs their processes */
        busy_max -= x->slots < busy_max / 2 ? x->slots : busy_max / 2;
    if (!has_slot(x, q, &load))
        return worker_to_queue_at(x, q, native);
    if (load.busy >= busy_max)
        return NULL;
    if (load.idle)
        return awake_instead_of(x, q, native, load.idle);
    if (x->worker_count >= PIN_WORKERS_MAX)
        retire_other_kind(x, native);
    if (x->worker_count >= PIN_WORKERS_MAX || pin__clock_mono().ns < x->fork_after.ns ||
        q->nursery->gone)
        return NULL;
    return pin__worker_fork(q->nursery, native);
}

static bool
may_begin(const struct pin_executor *x)
{
    struct pin_mono now = pin__clock_mono();

    return !pin__queue_has_lapsed(x, now) && !pin__queue_is_kept_out(x, now);
}

static void
begin(struct worker_process *w, struct request *q)
{
    pin__worker_assign(w, pin__request_next_run(q));
    pin__fault("executor.assigned");
    pin__request_relist(q);
}

/* A view, or a question, that waits belongs to no nursery yet: the one it came under may be gone
 * for good, with everybody waiting behind. */
static void
use_current(struct request *q)
{
    if (q->nursery == q->executor->nursery ||
        (q->kind != PIN_TASK_VIEW && q->kind != PIN_TASK_ZONES))
        return;
    pin__nursery_leave(q->nursery);
    q->nursery = q->executor->nursery;
    pin__nursery_use(q->nursery);
}

static void
dispatch_views(struct pin_executor *x)
{
    struct request *q;

    while ((q = x->views.head) != NULL) {
        struct worker_process *w;

        use_current(q);
        if (!(w = worker_for(x, q)))
            break;
        begin(w, q);
    }
}

void
pin__dispatch(struct pin_executor *x)
{
    struct request *q;

    dispatch_views(x);
    while ((q = pin__request_with_work(x)) != NULL) {
        struct worker_process *w;

        use_current(q);
        if (q->queued && !may_begin(x))
            break;
        if (!(w = worker_for(x, q)))
            break;
        begin(w, q);
    }
    pin__workers_send_tasks(x);
}

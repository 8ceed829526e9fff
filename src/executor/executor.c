/* executor.c - see executor.h: open, the loop, the end. */
#include "executor/executor.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "executor/run.h"

enum { EVENTS_MAX = 64 };

static unsigned
count_cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

/* ---- the loop ---- */

static bool
sink_is_full(const struct pin_executor *x)
{
    const struct pin_sink *sink = x->top      ? x->top->sink
                                  : x->dialog ? pin__dialog_sink(x->dialog)
                                              : NULL;

    return sink && sink->full && sink->full(sink->context);
}

static void
sooner(struct pin_mono *t, struct pin_mono other)
{
    if (other.ns < t->ns)
        *t = other;
}

/* Whose turn may come; NULL for a place that is free, and for one that is quiet while the executor
 * stops. */
static const struct pin_service *
service_at(const struct pin_executor *x, size_t i)
{
    const struct pin_service *s = x->services[i].service;

    return s && (!x->stopping || s->when_stopping) ? s : NULL;
}

/* Wall time may jump, so what is far away is looked at again soon enough. */
static struct pin_mono
services_due(const struct pin_executor *x)
{
    enum { LOOK_AGAIN_MS = 30000 };
    int64_t now_ms = pin__clock_wall().ms, in_ms = LOOK_AGAIN_MS;
    bool any = false;

    for (size_t i = 0; i < PIN_SERVICES_MAX; i++) {
        const struct pin_service *s = service_at(x, i);
        int64_t due_ms = s && s->due ? s->due(s->context, now_ms) : INT64_MAX;

        any |= due_ms != INT64_MAX;
        if (due_ms <= now_ms)
            in_ms = 0;
        else if (due_ms - now_ms < in_ms)
            in_ms = due_ms - now_ms;
    }
    return any ? pin__clock_after_ms(pin__clock_mono(), in_ms) : (struct pin_mono){ INT64_MAX };
}

static bool
has_ready(const struct pin_executor *x)
{
    for (size_t depth = 0; depth < PIN_DEPTH_MAX + 2; depth++)
        if (x->ready[depth].head)
            return true;
    return x->views.head || x->dialog;
}

static int
loop_timeout(const struct pin_executor *x, bool full)
{
    struct pin_mono next = pin__workers_next_deadline(x);
    int64_t ms;

    sooner(&next, pin__ledger_next(x));
    if (x->respawn_at.ns && !x->coming && !x->stopping)
        sooner(&next, x->respawn_at);
    sooner(&next, services_due(x));
    if (x->stopping)
        sooner(&next, x->stop_deadline);
    if (x->fork_backoff_ms && has_ready(x))
        sooner(&next, x->fork_after);
    if (x->watch)
        sooner(&next, x->watch_next);
    ms = next.ns == INT64_MAX ? -1 : pin__clock_until_ms(next);
    if (full && (ms < 0 || ms > 20))
        ms = 20;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

static void
kill_everything(struct pin_executor *x)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->queued && !w->doomed)
            pin__worker_kill(w, KILL_STOP);
}

static struct pin_mono
watch_again(const struct pin_executor *x, struct pin_mono now)
{
    return x->watch_every_ms ? pin__clock_after_ms(now, x->watch_every_ms)
                             : (struct pin_mono){ INT64_MAX };
}

static void
timers(struct pin_executor *x)
{
    struct pin_mono now = pin__clock_mono();

    pin__worker_kill_overdue(x, now);
    pin__workers_unblock(x, now);
    pin__nurseries_timers(x, now);
    if (x->stopping && x->stop_deadline.ns <= now.ns) {
        x->stop_deadline.ns = INT64_MAX;
        kill_everything(x);
    }
    if (x->watch && x->watch_next.ns <= now.ns) {
        x->watch_next = watch_again(x, now);
        x->watch(x->watch_context);
    }
}

static void
run_services(struct pin_executor *x)
{
    int64_t now_ms = pin__clock_wall().ms;

    for (size_t i = 0; i < PIN_SERVICES_MAX; i++) {
        const struct pin_service *s = service_at(x, i);

        if (s && s->due && s->due(s->context, now_ms) <= now_ms)
            s->turn(s->context, now_ms);
    }
}

static void
service_readable(const struct service_slot *slot)
{
    if (slot->service)
        slot->service->readable(slot->service->context);
}

/* Two descriptors of a worker may have something in one batch. */
static void
forget_events(struct epoll_event *events, int n, const void *of)
{
    for (int i = 0; i < n; i++)
        if (events[i].data.ptr == of)
            events[i].data.ptr = NULL;
}

/* A worker leaves through its nursery's message, and those are handled last; or, when the nursery
 * is gone, with its own event. */
static void
handle_events(struct pin_executor *x, struct epoll_event *events, int n, bool full)
{
    struct nursery_process *nurseries[EVENTS_MAX];
    size_t count = 0;

    for (int i = 0; i < n; i++) {
        struct watched *who = events[i].data.ptr;

        if (!who)
            continue;
        switch (who->kind) {
        case WATCHED_NURSERY:
            nurseries[count++] = (struct nursery_process *)(void *)who;
            break;
        case WATCHED_WORKER:
            if (!pin__worker_event((struct worker_process *)(void *)who, events[i].events, full))
                forget_events(events + i, n - i, who);
            break;
        case WATCHED_CALLER:
            x->watch_next = pin__clock_mono();
            break;
        case WATCHED_WAKE:
            pin__executor_queue_look(x);
            break;
        case WATCHED_SERVICE:
            service_readable((const struct service_slot *)(const void *)who);
            break;
        }
    }
    for (size_t i = 0; i < count; i++)
        pin__nursery_event(nurseries[i]);
}

/* While the sink is full the workers' pipes are left alone; level-triggered epoll would report
 * them at once and again, so then only timers and the nursery are waited for, a little at a time.
 */
static void
turn(struct pin_executor *x, int wait_ms)
{
    struct epoll_event events[EVENTS_MAX];
    bool full = sink_is_full(x);
    int timeout, n;

    pin__dispatch(x);
    timeout = loop_timeout(x, full);
    if (wait_ms >= 0 && (timeout < 0 || timeout > wait_ms))
        timeout = wait_ms;
    if (full) {
        (void)poll(NULL, 0, timeout);
        timeout = 0;
    }
    if (wait_ms) /* else somebody else has slept: pin__executor_due said how long */
        x->sleep_ms = timeout;
    n = epoll_wait(x->epoll_fd, events, EVENTS_MAX, timeout);
    if (n > 0)
        handle_events(x, events, n, full);
    timers(x);
    run_services(x);
    if (pin__ledger_next(x).ns <= pin__clock_mono().ns)
        pin__dispatch(x); /* nobody waits for a commit who need not */
    pin__ledger_turn(x);
    pin__worker_retire_idle(x);
    pin__nurseries_tidy(x);
}

static void
step(struct pin_executor *x)
{
    turn(x, -1);
}

/* ---- public ---- */

int
pin__executor_fd(const struct pin_executor *x)
{
    return x->epoll_fd;
}

void
pin__executor_turn(struct pin_executor *x, int wait_ms)
{
    turn(x, wait_ms);
}

int
pin__executor_due(struct pin_executor *x)
{
    pin__dispatch(x);
    x->sleep_ms = loop_timeout(x, false);
    return x->sleep_ms;
}

void
pin__executor_stay(struct pin_executor *x)
{
    x->stays = true;
}

static pin_status
wait_for_catalog(struct pin_executor *x, struct pin_err *err)
{
    struct nursery_process *n = x->nursery;

    while (!n->catalog && n->refused == PIN_OK && !n->gone)
        step(x);
    if (n->catalog)
        return PIN_OK;
    if (n->refused != PIN_OK) {
        *err = n->refusal;
        return n->refused;
    }
    return pin__err_set(
        err, PIN_FAILED,
        "the process that loads the project ended before it was done: a file of the project "
        "made it crash, or it ran out of memory");
}

static pin_status
set_up(struct pin_executor *x, const struct pin_executor_options *o, struct pin_err *err)
{
    char host[64] = "localhost";

    (void)gethostname(host, sizeof host - 1);
    snprintf(x->name, sizeof x->name, "%s:%d", host, (int)getpid());
    x->epoll_fd = x->watch_fd = x->queue.wake_fd = -1;
    x->watched.kind = WATCHED_CALLER;
    x->slots = o->workers ? o->workers : count_cores();
    x->grace_ms = PIN_STOP_GRACE_MS;
    x->trigger = o->trigger;
    x->bot = o->bot;
    x->bot_context = o->bot_context;
    pin__ledger_init(&x->ledger);
    pin__queue_init(x);
    x->root = strdup(o->root);
    x->environment = strdup(o->environment);
    x->program = o->program ? strdup(o->program) : NULL;
    x->native_program = o->native_program ? strdup(o->native_program) : NULL;
    if (!x->root || !x->environment || (o->program && !x->program) ||
        (o->native_program && !x->native_program))
        return pin__err_no_memory(err);
    x->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (x->epoll_fd < 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot make an event loop");
    return PIN_OK;
}

pin_status
pin__executor_open(struct pin_executor **out, const struct pin_executor_options *options,
                   struct pin_err *err)
{
    struct pin_executor *x = calloc(1, sizeof *x);
    pin_status st;

    *out = NULL;
    if (!x)
        return pin__err_no_memory(err);
    if ((st = set_up(x, options, err)) == PIN_OK &&
        (st = pin__nursery_start(x, &x->nursery, err)) == PIN_OK)
        st = wait_for_catalog(x, err);
    if (st != PIN_OK) {
        pin__executor_close(x);
        return st;
    }
    *out = x;
    return PIN_OK;
}

const struct pin_catalog *
pin__executor_catalog(const struct pin_executor *x)
{
    return x->nursery->catalog;
}

void
pin__executor_flush(struct pin_executor *x)
{
    pin__ledger_flush(x, PIN_FLUSH_MS);
}

const char *
pin__executor_root(const struct pin_executor *x)
{
    return x->root;
}

const char *
pin__executor_name(const struct pin_executor *x)
{
    return x->name;
}

pin_status
pin__executor_run(struct pin_executor *x, const struct pin_request_options *options,
                  const struct pin_sink *sink, struct pin_summary *summary, struct pin_err *err)
{
    struct nursery_process *n = x->nursery;
    pin_status st = pin__executor_request(x, options, sink, summary, err);

    if (st != PIN_OK)
        return st;
    while (x->top && !n->gone)
        step(x);
    if (!x->top)
        return PIN_OK;
    if (n->refused != PIN_OK) {
        *err = n->refusal;
        return n->refused;
    }
    return pin__err_set(err, PIN_LOST, "the process that holds the project ended unexpectedly");
}

bool
pin__executor_is_quiet(const struct pin_executor *x)
{
    return pin__executor_running(x) == 0 && !x->queue.held && !x->ledger.head;
}

void
pin__executor_loop(struct pin_executor *x, bool (*done)(void *context), void *context)
{
    x->stays = true;
    while (!(done && done(context)) && !(x->stopping && pin__executor_is_quiet(x)))
        step(x); /* `done` may have asked for the stop */
    x->stays = false;
}

static struct service_slot *
slot_of(struct pin_executor *x, const struct pin_service *service)
{
    for (size_t i = 0; i < PIN_SERVICES_MAX; i++)
        if (x->services[i].service == service)
            return &x->services[i];
    return NULL;
}

void
pin__executor_attach(struct pin_executor *x, const struct pin_service *service)
{
    struct service_slot *slot = slot_of(x, NULL);
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = slot } };

    if (!slot)
        pin__bug("more than %d services in one loop", PIN_SERVICES_MAX);
    *slot = (struct service_slot){ { WATCHED_SERVICE }, service };
    if (service->fd >= 0)
        epoll_ctl(x->epoll_fd, EPOLL_CTL_ADD, service->fd, &event);
}

void
pin__executor_detach(struct pin_executor *x, const struct pin_service *service)
{
    struct service_slot *slot = slot_of(x, service);

    if (!slot)
        return;
    if (service->fd >= 0)
        epoll_ctl(x->epoll_fd, EPOLL_CTL_DEL, service->fd, NULL);
    slot->service = NULL;
}

void
pin__executor_each_running(const struct pin_executor *x,
                           void (*each)(void *context, const struct pin_run_info *run,
                                        int64_t running_us, int pid),
                           void *context)
{
    struct pin_mono now = pin__clock_mono();

    for (const struct worker_process *w = x->workers; w; w = w->next)
        if (w->queued) {
            struct pin_run_info info = pin__run_info(w->queue[0]);

            each(context, &info, (now.ns - w->queue[0]->started.ns) / 1000, w->pid);
        }
}

void
pin__executor_set_grace(struct pin_executor *x, int64_t ms)
{
    x->grace_ms = ms;
}

bool
pin__executor_stopping(const struct pin_executor *x)
{
    return x->stopping;
}

size_t
pin__executor_running(const struct pin_executor *x)
{
    size_t n = 0;

    for (const struct worker_process *w = x->workers; w; w = w->next)
        if (!w->queued || w->queue[0]->kind != PIN_TASK_REPL)
            n += w->queued;
    return n;
}

void
pin__executor_progress(const struct pin_executor *x, uint64_t *done, uint64_t *failed)
{
    *done = x->top ? x->top->finished : 0;
    *failed = x->top ? x->top->failed : 0;
}

void
pin__executor_watch(struct pin_executor *x, int fd, int every_ms, void (*callback)(void *),
                    void *context)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = &x->watched } };

    x->watch_fd = fd;
    x->watch_every_ms = every_ms;
    x->watch = callback;
    x->watch_context = context;
    x->watch_next = watch_again(x, pin__clock_mono());
    if (fd >= 0)
        epoll_ctl(x->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

void
pin__executor_stop(struct pin_executor *x)
{
    if (x->stopping) {
        x->stop_deadline = pin__clock_mono();
        return;
    }
    x->stopping = true;
    x->stop_deadline = pin__clock_after_ms(pin__clock_mono(), x->grace_ms);
    pin__executor_queue_stop(x);
    pin__requests_stop(x);
}

static void
drop_runs(struct request *q)
{
    for (size_t i = 0; q->window && i < PIN_TENANTS_AHEAD_MAX; i++)
        if (q->window[i])
            pin__run_free(q->window[i]);
}

/* Runs that were claimed go back, when the program leaves before they have ended. */
static void
let_go(struct pin_executor *x)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), PIN_STOP_GRACE_MS);

    if (x->bot)
        (void)!x->bot(x->bot_context, x, false, NULL);
    if (!x->queue.held || !x->nursery)
        return;
    pin__executor_stop(x);
    pin__executor_stop(x);
    while (x->queue.held && pin__clock_mono().ns < until.ns)
        step(x);
}

void
pin__executor_close(struct pin_executor *x)
{
    struct request *q;

    if (!x)
        return;
    let_go(x);
    pin__ledger_flush(x, PIN_FLUSH_MS);
    x->closing = true;
    pin__nurseries_close(x);
    pin__ledger_close(x);
    pin__queue_close(x);
    while ((q = pin__request_first(x)) != NULL) {
        drop_runs(q);
        pin__request_free(q);
    }
    if (x->epoll_fd >= 0)
        close(x->epoll_fd);
    free(x->root);
    free(x->environment);
    free(x->program);
    free(x->native_program);
    free(x);
}

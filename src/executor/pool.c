/* pool.c - worker processes: forked by the nursery, read, killed when overdue, buried when gone.
 *
 * A task may be handed to a worker before its process exists: it waits in the pipe. A worker is
 * gone when the nursery says so; its pipe is read to the end first, so nothing that it said is
 * lost.
 */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/native_worker.h"
#include "executor/run.h"
#include "executor/worker.h"

enum {
    FORK_BACKOFF_FIRST_MS = 50,
    FORK_BACKOFF_MAX_MS = 5000,
    GRACE_MS = PIN_NATIVE_GRACE_MS + PIN_KILL_AFTER_MS, /* should the native worker not see to it */
};

static struct worker_process *
worker_by_number(struct nursery_process *n, uint32_t number)
{
    struct worker_process *w = n->executor->workers;

    while (w && (w->number != number || w->nursery != n))
        w = w->next;
    return w;
}

static void
worker_free(struct worker_process *w)
{
    struct worker_process **at = &w->executor->workers;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    w->executor->worker_count--;
    pin__channel_fini(&w->channel);
    pin__claims_free(w->claims);
    if (w->pidfd >= 0)
        close(w->pidfd);
    free(w);
}

static bool
watch_channel(struct pin_executor *x, struct worker_process *w)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = &w->watched } };

    return epoll_ctl(x->epoll_fd, EPOLL_CTL_ADD, w->channel.fd, &event) == 0;
}

static bool
ask_for_fork(struct worker_process *w, const int fds[3])
{
    return watch_channel(w->executor, w) &&
           pin__channel_send_fds(&w->nursery->channel,
                                 &(struct pin_message){ .type = PIN_MESSAGE_FORK,
                                                        .worker = w->number,
                                                        .kind = w->native },
                                 fds, 3, NULL) == PIN_OK;
}

/* The system has no process or descriptor to give: ask again, ever less often. */
static void
fork_later(struct pin_executor *x)
{
    x->fork_backoff_ms = x->fork_backoff_ms ? x->fork_backoff_ms * 2 : FORK_BACKOFF_FIRST_MS;
    if (x->fork_backoff_ms > FORK_BACKOFF_MAX_MS)
        x->fork_backoff_ms = FORK_BACKOFF_MAX_MS;
    x->fork_after = pin__clock_after_ms(pin__clock_mono(), x->fork_backoff_ms);
}

struct worker_process *
pin__worker_fork(struct nursery_process *n, bool native)
{
    struct pin_executor *x = n->executor;
    struct worker_process *w = calloc(1, sizeof *w);
    struct pin_channel channel;
    int fds[3] = { -1, -1, -1 }; /* struct pin_worker_fds */
    bool ok;

    if (!w || pin__channel_pipes(&channel, &fds[0], &fds[1], NULL) != PIN_OK) {
        free(w);
        fork_later(x);
        return NULL;
    }
    *w = (struct worker_process){ .watched = { WATCHED_WORKER },
                                  .nursery = n,
                                  .executor = x,
                                  .number = ++x->next_worker,
                                  .native = native,
                                  .channel = channel,
                                  .pidfd = -1 };
    n->had_native |= native;
    w->next = x->workers;
    x->workers = w;
    x->worker_count++;
    w->claims = pin__claims_new(&fds[2], NULL);
    ok = w->claims && ask_for_fork(w, fds);
    for (int i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (ok)
        return w;
    worker_free(w);
    fork_later(x);
    return NULL;
}

/* The run in hand begins now, as far as we can tell. */
static void
begin_head(struct worker_process *w)
{
    struct run *run = w->queue[0];

    run->started = pin__clock_mono();
    w->deadline = pin__clock_after_ms(run->started, run->request->wall_ms + PIN_KILL_AFTER_MS);
    if (run->kind == PIN_TASK_REPL)
        w->deadline.ns = INT64_MAX;
    if (run->request->queued)
        pin__queue_begins(run);
    if (run->request->stopped) /* it was too late to take it back */
        pin__worker_cancel(w);
}

/* Asks epoll for "writable" exactly while something is unsent. */
static void
watch_unsent(struct worker_process *w)
{
    bool wants_out = pin__channel_has_unsent(&w->channel);
    struct epoll_event event = { .events = EPOLLOUT, .data = { .ptr = &w->watched } };

    if (wants_out == w->wants_out)
        return;
    w->wants_out = wants_out;
    epoll_ctl(w->executor->epoll_fd, wants_out ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, w->channel.out_fd,
              &event);
}

void
pin__worker_send(struct worker_process *w, const struct pin_message *m)
{
    pin__channel_send(&w->channel, m);
    watch_unsent(w);
}

/* What the store knows of the run. */
static void
add_claim(struct pin_message *m, const struct pin_claim *c, bool paging)
{
    enum { FRESH_MS = 1000 }; /* the tenants of a page were read a moment ago */

    m->attempt = (uint32_t)(c->attempt - c->lost);
    m->due_ms = (uint64_t)(c->schedule ? c->scheduled_for_ms : c->due_ms);
    m->key = paging ? c->tenant_zone : c->key;
    m->check = paging || (c->tenant && (c->role != PIN_ROLE_CHILD ||
                                        pin__clock_wall().ms - c->created_ms > FRESH_MS));
}

static void
send_task(struct worker_process *w, const struct run *run)
{
    const struct request *q = run->request;
    bool paging = run->kind == PIN_TASK_TENANTS;
    struct pin_message m = { .type = PIN_MESSAGE_TASK,
                             .id = run->id,
                             .kind = run->kind,
                             .depth = q->depth,
                             .text = q->name,
                             .args = { q->args.data, q->args.size },
                             .params = { q->params.data, q->params.size },
                             .tenant_id = paging ? q->only_tenant : run->tenant_id,
                             .tenant_name = !paging              ? run->tenant_name
                                            : q->named_by_person ? q->only_tenant
                                                                 : NULL,
                             .bytes = { paging ? q->cursor.data : NULL,
                                        paging ? q->cursor.size : 0 },
                             .run_id = run->kind == PIN_TASK_JOB ? run->run_id_text : NULL,
                             .due_ms = (uint64_t)q->created_ms,
                             .attempt = 1,
                             .wall_us = (uint64_t)q->wall_ms * 1000,
                             .heap_bytes = q->heap_bytes };

    if (q->queued)
        add_claim(&m, &q->queued->claim, paging);
    pin__message_encode(&w->channel.out, &m); /* sent with the others of this turn */
}

void
pin__workers_send_tasks(struct pin_executor *x)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (!w->wants_out && pin__channel_has_unsent(&w->channel)) {
            (void)pin__channel_flush(&w->channel);
            watch_unsent(w);
        }
}

void
pin__worker_assign(struct worker_process *w, struct run *run)
{
    if (w->queued == WORKER_QUEUE_MAX || w->doomed)
        pin__bug("worker %u cannot take run %llu", w->number, (unsigned long long)run->id);
    w->queue[w->queued++] = run;
    w->kind = run->kind;
    run->worker = w;
    run->request->running++;
    if (w->queued == 1)
        begin_head(w);
    pin__claims_offer(w->claims, run->id);
    send_task(w, run);
}

static struct run *
pop_head(struct worker_process *w)
{
    struct run *run = w->queue[0];

    w->queued--;
    memmove(w->queue, w->queue + 1, w->queued * sizeof(struct run *));
    w->queue[w->queued] = NULL;
    run->worker = NULL;
    run->request->running--;
    return run;
}

void
pin__worker_kill(struct worker_process *w, enum kill_reason why)
{
    if (w->killed == KILL_NONE)
        w->killed = why;
    w->doomed = true;
    if (w->pidfd >= 0)
        pin__worker_signal(w, SIGKILL);
    else
        w->deadline = pin__clock_mono(); /* not known yet: as soon as it is */
}

void
pin__worker_cancel(struct worker_process *w)
{
    struct pin_mono grace = pin__clock_after_ms(pin__clock_mono(), GRACE_MS);

    if (w->killed == KILL_CANCEL)
        return;
    if (!w->native || w->doomed) {
        pin__worker_kill(w, KILL_CANCEL);
        return;
    }
    w->killed = KILL_CANCEL;
    if (grace.ns < w->deadline.ns)
        w->deadline = grace;
    pin__worker_send(w, &(struct pin_message){ .type = PIN_MESSAGE_STOP, .id = w->queue[0]->id });
}

void
pin__worker_signal(struct worker_process *w, int number)
{
    if (w->pidfd >= 0 && syscall(SYS_pidfd_send_signal, w->pidfd, number, NULL, 0) != 0 &&
        errno == ENOSYS) /* an old kernel, or valgrind */
        (void)kill(w->pid, number);
}

/* What waits behind the run in hand was never begun: somebody else gets it, in its order. Under
 * another id, since its message is still in this worker's pipe: were it offered here again, the
 * worker would begin it where it stood before. */
static void
return_queue(struct worker_process *w, size_t keep)
{
    while (w->queued > keep) {
        struct run *run = w->queue[--w->queued];

        run->id = ++w->executor->next_run;
        run->worker = NULL;
        run->request->running--;
        pin__request_take_back(run);
    }
}

/* A long run has begun in front of short ones: who waits behind it is somebody else's. */
static void
unblock(struct worker_process *w)
{
    while (w->queued > 1 && pin__claims_take_back(w->claims, w->queue[w->queued - 1]->id))
        return_queue(w, w->queued - 1);
}

void
pin__workers_unblock(struct pin_executor *x, struct pin_mono now)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->queued > 1 && now.ns - w->queue[0]->started.ns >= PIN_WAIT_BEHIND_NS)
            unblock(w);
}

struct job_pace *
pin__pace_of(const struct request *q)
{
    if (q->kind == PIN_TASK_VIEW)
        return &q->nursery->view_pace;
    return q->job ? &q->nursery->paces[q->job - q->nursery->catalog->jobs] : NULL;
}

/* A moving average: the newest run counts for an eighth. */
static void
note_pace(const struct run *run)
{
    struct job_pace *pace = run->kind == PIN_TASK_TENANTS ? NULL : pin__pace_of(run->request);

    if (!pace)
        return;
    pace->average_us = pace->runs ? pace->average_us + (run->outcome.wall_us - pace->average_us) / 8
                                  : run->outcome.wall_us;
    pace->runs++;
}

static void
take_outcome(struct worker_process *w, const struct pin_message *m)
{
    struct run *run;

    if (!w->queued || w->queue[0]->id != m->id || m->kind >= PIN_OUTCOME_KIND_COUNT) {
        pin__worker_kill(w, KILL_NONE);
        return;
    }
    run = pop_head(w);
    if (!w->doomed)
        w->killed = KILL_NONE; /* it was cancelled, and has ended by itself */
    run->outcome.kind = (enum pin_outcome_kind)m->kind;
    pin__buf_add(&run->outcome.value, m->bytes.data, m->bytes.size);
    pin__buf_add(&run->outcome.error, m->args.data, m->args.size);
    run->outcome.wall_us = (int64_t)m->wall_us;
    run->outcome.cpu_us = (int64_t)m->cpu_us;
    run->outcome.peak_heap_bytes = m->heap_bytes;
    note_pace(run);
    if (run->calls_open) /* it was stopped while it waited for them */
        pin__requests_of_caller_died(w->executor, run);
    if (m->number) { /* it broke a limit: it ends by itself, and gets no more */
        w->doomed = true;
        return_queue(w, 0);
    }
    if (w->queued)
        begin_head(w);
    pin__request_run_ended(run);
}

static void
take_bot_call(struct run *run, const struct pin_message *m)
{
    struct pin_executor *x = run->request->executor;
    struct pin_err err = PIN_ERR_INIT;

    if (!x->bot)
        pin__refuse_call(run, m->number, "bot",
                         "This program has no bot: run pinstripe start-bot.");
    else if (x->bot(x->bot_context, x, m->kind == PIN_CALL_BOT_START, &err) != PIN_OK)
        pin__refuse_call(run, m->number, "bot", "%s", err.message);
    else
        pin__answer_call(run, m->number, (struct pin_bytes){ NULL, 0 },
                         (struct pin_bytes){ NULL, 0 });
}

static void
take_call(struct run *run, const struct pin_message *m)
{
    switch ((enum pin_call_kind)m->kind) {
    case PIN_CALL_ENQUEUE:
        pin__enqueue_from_run(run, m);
        break;
    case PIN_CALL_BOT_START:
    case PIN_CALL_BOT_STOP:
        run->calls_open++;
        take_bot_call(run, m);
        break;
    default:
        pin__request_from_run(run, m);
    }
}

static void
take_progress(struct run *run, const struct pin_message *m)
{
    run->told_progress = true;
    run->progress.done = (int64_t)m->number;
    run->progress.total = (int64_t)m->wall_us;
    free(run->progress.text);
    run->progress.text = m->text ? strdup(m->text) : NULL;
    pin__queue_dirty(run);
}

/* A run's own transaction has put runs into the store, which this program may not have opened yet:
 * bots have to be called all the same. */
static void
take_wake(struct pin_executor *x)
{
    pin__executor_queue_look(x);
    x->ledger.calls = true;
}

static void
take_message(struct worker_process *w, const struct pin_message *m)
{
    struct run *run = w->queued ? w->queue[0] : NULL;

    switch (m->type) {
    case PIN_MESSAGE_READY:
        w->ready = true;
        w->executor->respawn_backoff_ms = 0;
        w->heap_hash = m->number;
        if (run)
            begin_head(w);
        break;
    case PIN_MESSAGE_CONSOLE:
        if (run && run->id == m->id && (m->kind == PIN_STDOUT || m->kind == PIN_STDERR))
            pin__output_of_run(run, (enum pin_stream)m->kind, m->bytes.data, m->bytes.size);
        break;
    case PIN_MESSAGE_CALL:
        if (run && run->id == m->id && m->kind < PIN_CALL_KIND_COUNT)
            take_call(run, m);
        break;
    case PIN_MESSAGE_PROGRESS:
        if (run && run->id == m->id)
            take_progress(run, m);
        break;
    case PIN_MESSAGE_WAKE:
        take_wake(w->executor);
        break;
    case PIN_MESSAGE_REPLY:
        if (run && run->id == m->id && run->kind == PIN_TASK_REPL)
            pin__dialog_take_reply(run, m);
        break;
    case PIN_MESSAGE_OUTCOME:
        take_outcome(w, m);
        break;
    default: /* rubbish: whoever writes this is not to be trusted with a run */
        pin__worker_kill(w, KILL_NONE);
    }
}

static void
take_messages(struct worker_process *w)
{
    struct pin_message m;
    struct pin_err err;
    pin_status st;

    while ((st = pin__channel_next(&w->channel, &m, &err)) == PIN_OK)
        take_message(w, &m);
    if (st == PIN_INVALID)
        pin__worker_kill(w, KILL_NONE);
}

static void
outcome_of_death(struct pin_outcome *o, const struct worker_process *w, const struct run *run,
                 int status)
{
    double seconds = (double)(pin__clock_mono().ns - run->started.ns) / 1e9;

    o->wall_us = (int64_t)(seconds * 1e6);
    if (w->killed == KILL_TIME)
        pin__outcome_fail(o, PIN_OUTCOME_TIMED_OUT, "TimeoutError",
                          "time limit of %g s reached after %.1f s: the worker was killed",
                          (double)run->request->wall_ms / 1000, seconds);
    else if (w->killed == KILL_CANCEL || w->killed == KILL_STOP)
        pin__outcome_fail(o, PIN_OUTCOME_CANCELLED, "Error", "the run was stopped after %.1f s",
                          seconds);
    else if (WIFSIGNALED(status))
        pin__outcome_fail(o, PIN_OUTCOME_CRASHED, "Error",
                          "the worker was killed by signal %d (%s)", WTERMSIG(status),
                          strsignal(WTERMSIG(status)));
    else
        pin__outcome_fail(o, PIN_OUTCOME_CRASHED, "Error",
                          "the worker exited with status %d without a result", WEXITSTATUS(status));
}

static bool
killed_from_outside(const struct worker_process *w, int status)
{
    return w->killed == KILL_NONE && WIFSIGNALED(status) &&
           pin__signal_is_from_outside(WTERMSIG(status));
}

/* A queued run whose worker is gone without its being the run's fault is not over. One that died
 * with its nursery before it lived has not begun it: that is tried again as often as the nursery.
 */
static bool
end_queued(struct run *run, const struct worker_process *w, int status)
{
    char reason[96];

    if (!run->request->queued)
        return false;
    if (w->killed == KILL_STOP || (!w->ready && w->nursery->gone)) {
        pin__queue_run_stopped(run);
        return true;
    }
    if (WIFSIGNALED(status))
        run->request->queued->exit_signal = WTERMSIG(status);
    if (!killed_from_outside(w, status))
        return false;
    snprintf(reason, sizeof reason, "worker killed by signal %d (%s)", WTERMSIG(status),
             strsignal(WTERMSIG(status)));
    pin__queue_run_lost(run, reason);
    return true;
}

static void
worker_exited(struct worker_process *w, int status)
{
    struct pin_executor *x = w->executor;

    while (!w->channel.eof && pin__channel_fill(&w->channel, NULL) == PIN_OK)
        continue;
    take_messages(w);
    return_queue(w, 1);
    if (w->queued) {
        struct run *run = pop_head(w);

        pin__requests_of_caller_died(x, run);
        if (end_queued(run, w, status)) {
            worker_free(w);
            return;
        }
        if (!w->ready && w->killed == KILL_NONE)
            pin__outcome_fail(&run->outcome, PIN_OUTCOME_CRASHED, "Error",
                              "a worker could not start (wait status %d)", status);
        else
            outcome_of_death(&run->outcome, w, run, status);
        worker_free(w);
        pin__request_run_ended(run);
        return;
    }
    worker_free(w);
}

/* Its channel is at the end. Its exit is told by the nursery; without one this is how we know that
 * it does nothing any more. False: it is freed. */
static bool
channel_ended(struct worker_process *w)
{
    epoll_ctl(w->executor->epoll_fd, EPOLL_CTL_DEL, w->channel.fd, NULL);
    if (w->wants_out)
        epoll_ctl(w->executor->epoll_fd, EPOLL_CTL_DEL, w->channel.out_fd, NULL);
    w->doomed = true;
    if (!w->nursery->gone)
        return true;
    worker_exited(w, SIGKILL);
    return false;
}

static bool
worker_readable(struct worker_process *w)
{
    pin_status st = pin__channel_fill(&w->channel, NULL);

    take_messages(w);
    return st != PIN_LOST || channel_ended(w);
}

bool
pin__worker_event(struct worker_process *w, uint32_t events, bool full)
{
    if (events & EPOLLOUT) {
        (void)pin__channel_flush(&w->channel);
        watch_unsent(w);
    }
    return full || !(events & ~(uint32_t)EPOLLOUT) || worker_readable(w);
}

static void
fork_failed(struct pin_executor *x, struct worker_process *w)
{
    /* The worker of a dialog is this one or none. */
    struct run *dialog = w->queued && w->queue[0]->kind == PIN_TASK_REPL ? pop_head(w) : NULL;

    return_queue(w, 0);
    worker_free(w);
    fork_later(x);
    if (!dialog)
        return;
    pin__outcome_fail(&dialog->outcome, PIN_OUTCOME_CRASHED, "Error",
                      "no process could be started");
    pin__request_run_ended(dialog);
}

void
pin__worker_of_nursery(struct nursery_process *n, const struct pin_message *m)
{
    struct pin_executor *x = n->executor;
    struct worker_process *w = worker_by_number(n, m->worker);

    if (m->type == PIN_MESSAGE_FORKED) {
        int pidfd = pin__channel_take_fd(&n->channel);

        x->fork_backoff_ms = 0;
        if (!w) {
            close(pidfd);
            return;
        }
        w->pid = (int)m->number;
        w->pidfd = pidfd;
        if (w->doomed)
            pin__worker_kill(w, w->killed);
    } else if (w && m->type == PIN_MESSAGE_FORK_FAILED) {
        fork_failed(x, w);
    } else if (w && m->type == PIN_MESSAGE_EXITED) {
        worker_exited(w, (int)m->number);
    }
}

/* The nursery is gone, and the kernel kills the workers with it: soon, not yet. What they have in
 * hand is nobody else's before they are dead, or the job would be in two of them. */
void
pin__workers_lost(struct nursery_process *n)
{
    for (struct worker_process *w = n->executor->workers, *next; w; w = next) {
        next = w->next;
        if (w->nursery != n)
            continue;
        w->doomed = true;
        if (!w->native) /* which kills what its run has started, then ends */
            pin__worker_signal(w, SIGKILL);
        if (w->channel.eof || n->executor->closing)
            worker_exited(w, SIGKILL); /* frees w, no other */
    }
}

/* What waits in the workers' pipes and was not begun: it goes on in another order, or not at all.
 */
void
pin__workers_take_back(struct pin_executor *x)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        unblock(w);
}

/* Nobody gives them anything any more. The worker ends when its pipe does; the nursery tells. */
void
pin__worker_retire_idle(struct pin_executor *x)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->nursery->retired && !w->queued && !w->doomed && w->nursery->users == 0) {
            w->doomed = true;
            pin__worker_kill(w, KILL_NONE);
        }
}

void
pin__worker_kill_overdue(struct pin_executor *x, struct pin_mono now)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->queued && !w->doomed && w->deadline.ns <= now.ns)
            pin__worker_kill(w, KILL_TIME);
}

struct pin_mono
pin__workers_next_deadline(const struct pin_executor *x)
{
    struct pin_mono next = { INT64_MAX }, now = pin__clock_mono();

    for (const struct worker_process *w = x->workers; w; w = w->next) {
        if (w->queued && !w->doomed && w->deadline.ns < next.ns)
            next = w->deadline;
        if ((w->queued > 1 || (x->views.head && w->queued)) &&
            w->queue[0]->started.ns + PIN_WAIT_BEHIND_NS < next.ns &&
            (w->queued > 1 || w->queue[0]->started.ns > now.ns - PIN_WAIT_BEHIND_NS))
            next.ns = w->queue[0]->started.ns + PIN_WAIT_BEHIND_NS;
    }
    return next;
}

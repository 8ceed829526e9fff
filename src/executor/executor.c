/* executor.c - see executor.h: the nursery's start, the loop, the end. */
#include "executor/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/nursery.h"
#include "executor/run.h"

enum { EVENTS_MAX = 32, CLOSE_WAIT_MS = 5000 };

/* ---- start ---- */

static unsigned
count_cores(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1;
    return (unsigned)CPU_COUNT(&set);
}

static int
file_actions(posix_spawn_file_actions_t *actions, int control)
{
    int failed = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

    failed |= posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
    failed |= posix_spawn_file_actions_adddup2(actions, control, PIN_NURSERY_FD);
#if __GLIBC_PREREQ(2, 34)
    failed |= posix_spawn_file_actions_addclosefrom_np(actions, PIN_NURSERY_FD + 1);
#endif
    return failed;
}

/* In a process group of its own, so that Ctrl-C at a terminal reaches the executor only. */
static int
spawn(struct pin_executor *x, const struct pin_executor_options *options, int control)
{
    const char *program = options->program ? options->program : "/proc/self/exe";
    char name[] = "pinstripe", flag[] = PIN_NURSERY_FLAG;
    char *root = strdup(options->root), *environment = strdup(options->environment);
    char *argv[] = { name, flag, root, environment, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int failed;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    failed = file_actions(&actions, control);
    if (!failed)
        failed = posix_spawn(&x->nursery_pid, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    free(root);
    free(environment);
    return failed;
}

static pin_status
start_nursery(struct pin_executor *x, const struct pin_executor_options *options,
              struct pin_err *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = &x->nursery } };
    int fds[2];
    int failed;
    pin_status st;

    if ((st = pin__channel_pair(fds, err)) != PIN_OK)
        return st;
    pin__channel_init(&x->nursery, fds[0]);
    failed = spawn(x, options, fds[1]);
    close(fds[1]);
    if (failed)
        return pin__err_errno(err, PIN_IO, failed,
                              "cannot start the process that loads the project");
    x->nursery_pidfd = (int)syscall(SYS_pidfd_open, x->nursery_pid, 0);
    if (epoll_ctl(x->epoll_fd, EPOLL_CTL_ADD, x->nursery.fd, &event) != 0)
        return pin__err_errno(err, PIN_IO, errno,
                              "cannot watch the process that loads the project");
    return PIN_OK;
}

/* ---- the loop ---- */

static void
take_catalog(struct pin_executor *x, const struct pin_message *m)
{
    x->refused = pin__catalog_read(&x->catalog, m->bytes, &x->refusal);
}

static void
take_refusal(struct pin_executor *x, const struct pin_message *m)
{
    x->refused = m->number && m->number < PIN_STATUS_COUNT ? (pin_status)m->number : PIN_FAILED;
    pin__err_set(&x->refusal, x->refused, "%s", m->text ? m->text : "no reason was given");
}

static void
take_nursery_message(struct pin_executor *x, const struct pin_message *m)
{
    switch (m->type) {
    case PIN_MESSAGE_CATALOG:
        if (!x->catalog)
            take_catalog(x, m);
        break;
    case PIN_MESSAGE_REFUSED:
        take_refusal(x, m);
        break;
    default:
        pin__worker_of_nursery(x, m);
    }
}

static void
nursery_lost(struct pin_executor *x)
{
    x->nursery_gone = true;
    epoll_ctl(x->epoll_fd, EPOLL_CTL_DEL, x->nursery.fd, NULL);
    pin__workers_lost(x);
}

static void
nursery_readable(struct pin_executor *x)
{
    struct pin_message m;
    struct pin_err err;
    pin_status filled = pin__channel_fill(&x->nursery, &err);

    while (pin__channel_next(&x->nursery, &m, &err) == PIN_OK)
        take_nursery_message(x, &m);
    if (filled == PIN_LOST || filled == PIN_LIMIT)
        nursery_lost(x);
}

static bool
sink_is_full(const struct pin_executor *x)
{
    const struct pin_sink *sink = x->top ? x->top->sink : NULL;

    return sink && sink->full && sink->full(sink->context);
}

static void
sooner(struct pin_mono *t, struct pin_mono other)
{
    if (other.ns < t->ns)
        *t = other;
}

static int
loop_timeout(const struct pin_executor *x, bool full)
{
    struct pin_mono next = pin__workers_next_deadline(x);
    int64_t ms;

    if (x->stopping)
        sooner(&next, x->stop_deadline);
    if (x->fork_backoff_ms)
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
            pin__worker_kill(w, KILL_CANCEL);
}

static void
timers(struct pin_executor *x)
{
    struct pin_mono now = pin__clock_mono();

    pin__worker_kill_overdue(x, now);
    pin__workers_unblock(x, now);
    if (x->stopping && x->stop_deadline.ns <= now.ns) {
        x->stop_deadline.ns = INT64_MAX;
        kill_everything(x);
    }
    if (x->watch && x->watch_next.ns <= now.ns) {
        x->watch_next = pin__clock_after_ms(now, x->watch_every_ms);
        x->watch(x->watch_context);
    }
}

/* Frees nothing that another event of the same batch may still point to: a worker leaves only
 * through the nursery's message, which is handled last. */
static void
handle_events(struct pin_executor *x, struct epoll_event *events, int n, bool full)
{
    bool nursery = false;

    for (int i = 0; i < n; i++) {
        void *who = events[i].data.ptr;

        if (who == &x->nursery)
            nursery = true;
        else if (who == &x->watch_fd)
            x->watch_next = pin__clock_mono();
        else
            pin__worker_event(who, events[i].events, full);
    }
    if (nursery)
        nursery_readable(x);
}

/* While the sink is full the workers' sockets are left alone; level-triggered epoll would report
 * them at once and again, so then only timers and the nursery are waited for, a little at a time.
 */
static void
step(struct pin_executor *x)
{
    struct epoll_event events[EVENTS_MAX];
    bool full = sink_is_full(x);
    int timeout, n;

    pin__dispatch(x);
    timeout = loop_timeout(x, full);
    if (full) {
        (void)poll(NULL, 0, timeout);
        timeout = 0;
    }
    n = epoll_wait(x->epoll_fd, events, EVENTS_MAX, timeout);
    if (n > 0)
        handle_events(x, events, n, full);
    timers(x);
}

/* ---- public ---- */

static pin_status
wait_for_catalog(struct pin_executor *x, struct pin_err *err)
{
    while (!x->catalog && x->refused == PIN_OK && !x->nursery_gone)
        step(x);
    if (x->catalog)
        return PIN_OK;
    if (x->refused != PIN_OK) {
        *err = x->refusal;
        return x->refused;
    }
    return pin__err_set(
        err, PIN_FAILED,
        "the process that loads the project ended before it was done: a file of the project "
        "made it crash, or it ran out of memory");
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
    x->nursery.fd = x->nursery_pidfd = x->watch_fd = -1;
    x->slots = options->workers ? options->workers : count_cores();
    x->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (x->epoll_fd < 0)
        st = pin__err_errno(err, PIN_IO, errno, "cannot make an event loop");
    else if ((st = start_nursery(x, options, err)) == PIN_OK)
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
    return x->catalog;
}

pin_status
pin__executor_run(struct pin_executor *x, const struct pin_request_options *options,
                  const struct pin_sink *sink, struct pin_summary *summary, struct pin_err *err)
{
    pin_status st = pin__executor_request(x, options, sink, summary, err);

    if (st != PIN_OK)
        return st;
    while (x->top && !x->nursery_gone)
        step(x);
    if (!x->top)
        return PIN_OK;
    if (x->refused != PIN_OK) {
        *err = x->refusal;
        return x->refused;
    }
    return pin__err_set(err, PIN_LOST, "the process that holds the project ended unexpectedly");
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
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = &x->watch_fd } };

    x->watch_fd = fd;
    x->watch_every_ms = every_ms;
    x->watch = callback;
    x->watch_context = context;
    x->watch_next = pin__clock_after_ms(pin__clock_mono(), every_ms);
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
    x->stop_deadline = pin__clock_after_ms(pin__clock_mono(), PIN_STOP_GRACE_MS);
    pin__requests_stop(x);
}

/* The nursery ends when its control channel does, and the kernel kills its workers with it. */
static void
end_nursery(struct pin_executor *x)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), CLOSE_WAIT_MS);
    struct pollfd p = { .fd = x->nursery_pidfd, .events = POLLIN };

    if (x->nursery_pid <= 0)
        return;
    if (!x->workers) /* nobody to bury, nothing open: it need not be asked */
        kill(x->nursery_pid, SIGKILL);
    if (x->nursery_pidfd < 0 || poll(&p, 1, (int)pin__clock_until_ms(until)) <= 0)
        kill(x->nursery_pid, SIGKILL);
    while (waitpid(x->nursery_pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (x->nursery_pidfd >= 0)
        close(x->nursery_pidfd);
}

static void
drop_runs(struct request *q)
{
    for (size_t i = 0; q->window && i < PIN_TENANTS_AHEAD_MAX; i++)
        if (q->window[i])
            pin__run_free(q->window[i]);
}

void
pin__executor_close(struct pin_executor *x)
{
    struct request *q;

    if (!x)
        return;
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->pidfd >= 0)
            (void)syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
    pin__channel_fini(&x->nursery);
    end_nursery(x);
    pin__workers_lost(x);
    while ((q = pin__request_first(x)) != NULL) {
        drop_runs(q);
        pin__request_free(q);
    }
    pin__catalog_free(x->catalog);
    if (x->epoll_fd >= 0)
        close(x->epoll_fd);
    free(x);
}

/* nursery_process.c - nurseries: one that new requests use, one that is coming, and those whose
 * runs are not all over.
 *
 * A reload starts a nursery beside the one in use. When its catalog is there it takes the place;
 * the other one goes on for the requests that began with it, and ends after the last of them. One
 * that is lost takes its workers with it; a program that stays gets another, ever less often.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/children.h"
#include "executor/nursery.h"
#include "executor/run.h"
#include "executor/worker.h"

#define PIN_P_PIDFD 3 /* P_PIDFD, which older headers do not have */

enum { CLOSE_WAIT_MS = 5000, RESPAWN_FIRST_MS = 100, RESPAWN_MAX_MS = 5000 };

/* ---- start ---- */

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
spawn(struct nursery_process *n, int control)
{
    struct pin_executor *x = n->executor;
    const char *program = x->program ? x->program : "/proc/self/exe";
    char name[] = "pinstripe", flag[] = PIN_NURSERY_FLAG;
    char version[] = PIN_VERSION;
    char *argv[] = { name, flag, x->root, x->environment, version, x->native_program, NULL };
    posix_spawn_file_actions_t actions;
    int failed;

    posix_spawn_file_actions_init(&actions);
    failed = file_actions(&actions, control);
    if (!failed)
        failed = pin__children_spawn(&n->pid, program, &actions, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* A host may have closed its streams: the end is not to stand where the child's are opened. */
static int
spawn_with(struct nursery_process *n, int end)
{
    int control = fcntl(end, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int failed = control < 0 ? errno : spawn(n, control);

    if (control >= 0)
        close(control);
    return failed;
}

static pin_status
start_process(struct nursery_process *n, struct pin_err *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = &n->watched } };
    int fds[2];
    int failed;
    pin_status st;

    if ((st = pin__channel_pair(fds, err)) != PIN_OK)
        return st;
    pin__channel_init(&n->channel, fds[0]);
    failed = spawn_with(n, fds[1]);
    close(fds[1]);
    if (failed)
        return pin__err_errno(err, PIN_IO, failed,
                              "cannot start the process that loads the project");
    n->pidfd = (int)syscall(SYS_pidfd_open, n->pid, 0);
    if (epoll_ctl(n->executor->epoll_fd, EPOLL_CTL_ADD, n->channel.fd, &event) != 0)
        return pin__err_errno(err, PIN_IO, errno,
                              "cannot watch the process that loads the project");
    return PIN_OK;
}

/* ---- end ---- */

/* By its descriptor: the host may bury any child of its process, and the number may be another's
 * then. */
static void
kill_process(const struct nursery_process *n)
{
    if (n->pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, n->pidfd, SIGKILL, NULL, 0);
    else
        kill(n->pid, SIGKILL);
}

static void
bury_process(const struct nursery_process *n)
{
    siginfo_t info;
    idtype_t type = n->pidfd >= 0 ? (idtype_t)PIN_P_PIDFD : P_PID;

    while (waitid(type, (id_t)(n->pidfd >= 0 ? n->pidfd : n->pid), &info, WEXITED) < 0 &&
           errno == EINTR)
        continue;
}

/* The nursery ends when its control channel does, and the kernel kills its workers with it. */
static void
end_process(struct nursery_process *n)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), CLOSE_WAIT_MS);
    struct pollfd p = { .fd = n->pidfd, .events = POLLIN };
    bool has_workers = n->had_native; /* what their runs have started may be on its way to it */

    for (struct worker_process *w = n->executor->workers; w; w = w->next)
        has_workers |= w->nursery == n;
    pin__channel_fini(&n->channel);
    if (n->pid <= 0)
        return;
    if (!has_workers) /* nobody to bury, nothing open: it need not be asked */
        kill_process(n);
    if (n->pidfd < 0 || poll(&p, 1, (int)pin__clock_until_ms(until)) <= 0)
        kill_process(n);
    bury_process(n);
    if (n->pidfd >= 0)
        close(n->pidfd);
}

static void
nursery_free(struct nursery_process *n)
{
    struct nursery_process **at = &n->executor->nurseries;

    while (*at != n)
        at = &(*at)->next;
    *at = n->next;
    end_process(n);
    pin__catalog_free(n->catalog);
    free(n->paces);
    free(n);
}

pin_status
pin__nursery_start(struct pin_executor *x, struct nursery_process **out, struct pin_err *err)
{
    struct nursery_process *n = calloc(1, sizeof *n);
    pin_status st;

    *out = NULL;
    if (!n)
        return pin__err_no_memory(err);
    *n = (struct nursery_process){ .watched = { WATCHED_NURSERY },
                                   .executor = x,
                                   .pidfd = -1,
                                   .channel = PIN_CHANNEL_NONE,
                                   .next = x->nurseries };
    x->nurseries = n;
    if ((st = start_process(n, err)) != PIN_OK) {
        nursery_free(n);
        return st;
    }
    *out = n;
    return PIN_OK;
}

/* ---- who needs it ---- */

void
pin__nursery_use(struct nursery_process *n)
{
    n->users++;
}

void
pin__nursery_leave(struct nursery_process *n)
{
    n->users--;
}

static bool
has_worker(const struct nursery_process *n)
{
    for (const struct worker_process *w = n->executor->workers; w; w = w->next)
        if (w->nursery == n)
            return true;
    return false;
}

bool
pin__nursery_tidy_store(struct nursery_process *n, const char *filename, uint64_t number)
{
    if (n->gone || n->retired)
        return false;
    pin__channel_send(
        &n->channel,
        &(struct pin_message){ .type = PIN_MESSAGE_TIDY, .number = number, .text = filename });
    return pin__channel_flush_all(&n->channel) != PIN_LOST;
}

void
pin__nurseries_tidy(struct pin_executor *x)
{
    for (struct nursery_process *n = x->nurseries, *next; n; n = next) {
        next = n->next;
        if (n->retired && n->users == 0 && !has_worker(n))
            nursery_free(n);
    }
}

/* ---- reload ---- */

static void
tell_reload(struct pin_executor *x, const struct pin_catalog *catalog, const struct pin_err *err)
{
    void (*told)(void *, const struct pin_catalog *, const struct pin_err *) = x->reloaded;

    x->reloaded = NULL;
    if (told)
        told(x->reload_context, catalog, err);
}

static void
retire(struct nursery_process *n)
{
    if (n)
        n->retired = true;
}

/* The one that was coming is there. */
static void
take_place(struct nursery_process *n)
{
    struct pin_executor *x = n->executor;

    pin__queue_give_back_unbegun(x); /* it shall run with the new code */
    if (x->nursery->gone)
        pin__executor_tell(x, true, "the project is loaded again");
    retire(x->nursery);
    x->nursery = n;
    x->queue.look = x->queue.open;
    x->coming = NULL;
    x->respawn_at = (struct pin_mono){ 0 };
    tell_reload(x, n->catalog, NULL);
}

/* It will not come: the old one stays. */
static void
give_up(struct nursery_process *n)
{
    struct pin_executor *x = n->executor;
    struct pin_err why = n->refusal;

    if (n->refused == PIN_OK)
        pin__err_set(&why, PIN_FAILED,
                     "the process that loads the project ended before it was done: a file of the "
                     "project made it crash, or it ran out of memory");
    x->coming = NULL;
    retire(n);
    if (x->nursery && x->nursery->gone && x->stays)
        x->respawn_at = pin__clock_after_ms(pin__clock_mono(), RESPAWN_MAX_MS);
    tell_reload(x, NULL, &why);
}

bool
pin__executor_reload(struct pin_executor *x,
                     void (*told)(void *context, const struct pin_catalog *catalog,
                                  const struct pin_err *err),
                     void *context)
{
    struct pin_err err = PIN_ERR_INIT;

    if (x->coming)
        return false;
    x->reloaded = told;
    x->reload_context = context;
    if (pin__nursery_start(x, &x->coming, &err) != PIN_OK)
        tell_reload(x, NULL, &err);
    return true;
}

/* ---- what it says ---- */

static void
take_catalog(struct nursery_process *n, const struct pin_message *m)
{
    n->refused = pin__catalog_read(&n->catalog, m->bytes, &n->refusal);
    if (n->refused == PIN_OK && !(n->paces = calloc(n->catalog->job_count + 1, sizeof *n->paces)))
        pin__bug("out of memory for the paces of jobs");
    if (n->executor->coming != n)
        return;
    if (n->refused == PIN_OK)
        take_place(n);
    else
        give_up(n);
}

static void
take_refusal(struct nursery_process *n, const struct pin_message *m)
{
    n->refused = m->number && m->number < PIN_STATUS_COUNT ? (pin_status)m->number : PIN_FAILED;
    pin__err_set(&n->refusal, n->refused, "%s", m->text ? m->text : "no reason was given");
}

static void
take_message(struct nursery_process *n, const struct pin_message *m)
{
    switch (m->type) {
    case PIN_MESSAGE_CATALOG:
        if (!n->catalog)
            take_catalog(n, m);
        break;
    case PIN_MESSAGE_REFUSED:
        take_refusal(n, m);
        break;
    case PIN_MESSAGE_TIDIED:
        pin__ledger_tidied(n->executor, m->number, (pin_status)m->kind);
        break;
    default:
        pin__worker_of_nursery(n, m);
    }
}

/* Ever less often, until a worker lives (pool.c): it may load the project and die over the first
 * fork. */
static void
respawn_later(struct pin_executor *x)
{
    char text[96];

    x->respawn_backoff_ms =
        x->respawn_backoff_ms ? x->respawn_backoff_ms * 2 : (int64_t)RESPAWN_FIRST_MS;
    if (x->respawn_backoff_ms > RESPAWN_MAX_MS)
        x->respawn_backoff_ms = RESPAWN_MAX_MS;
    x->respawn_at = pin__clock_after_ms(pin__clock_mono(), x->respawn_backoff_ms);
    snprintf(text, sizeof text,
             "the process that holds the project ended; it is started again in %.1f s",
             (double)x->respawn_backoff_ms / 1000);
    pin__executor_tell(x, false, text);
}

static void
lost(struct nursery_process *n)
{
    struct pin_executor *x = n->executor;

    n->gone = true;
    epoll_ctl(x->epoll_fd, EPOLL_CTL_DEL, n->channel.fd, NULL);
    pin__calls_lost(n); /* first: what its workers say no more is not their jobs' failure */
    pin__workers_lost(n);
    if (x->nursery == n)
        pin__queue_give_back_unbegun(x);
    if (x->coming == n)
        give_up(n);
    if (x->nursery == n && x->stays && !x->stopping)
        respawn_later(x);
}

void
pin__nursery_event(struct nursery_process *n)
{
    struct pin_message m;
    struct pin_err err;
    pin_status filled = pin__channel_fill(&n->channel, &err);

    while (pin__channel_next(&n->channel, &m, &err) == PIN_OK)
        take_message(n, &m);
    if (!n->gone && (filled == PIN_LOST || filled == PIN_LIMIT))
        lost(n);
}

void
pin__nurseries_timers(struct pin_executor *x, struct pin_mono now)
{
    if (!x->respawn_at.ns || x->respawn_at.ns > now.ns || x->coming || x->stopping)
        return;
    x->respawn_at = (struct pin_mono){ 0 };
    (void)pin__executor_reload(x, x->reloaded, x->reload_context);
    if (!x->coming && !x->respawn_at.ns) /* it could not even be started */
        respawn_later(x);
}

void
pin__nurseries_close(struct pin_executor *x)
{
    for (struct nursery_process *n = x->nurseries, *next; n; n = next) {
        next = n->next;
        n->gone = true;
        for (struct worker_process *w = x->workers; w; w = w->next)
            if (w->nursery == n)
                pin__worker_signal(w, w->native ? PIN_NATIVE_DEATH_SIGNAL : SIGKILL);
        end_process(n);
        n->pid = 0;
        n->pidfd = -1;
        pin__workers_lost(n);
        n->users = 0;
        nursery_free(n);
    }
    x->nursery = x->coming = NULL;
}

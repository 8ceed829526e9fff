/* native_child.c - the process of one run of a job in C: confined, made another user's, its streams
 * and its way to the executor laid, then the job. */
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "executor/native_parts.h"

/* Not above what is allowed already. RLIM_INFINITY is the largest number there is. */
static void
limit(int resource, uint64_t value, uint64_t allowed)
{
    struct rlimit r = { .rlim_cur = value < allowed ? value : allowed };

    r.rlim_max = r.rlim_cur;
    (void)setrlimit((__rlimit_resource_t)resource, &r);
}

static uint64_t
allowed(int resource)
{
    struct rlimit r;

    return getrlimit((__rlimit_resource_t)resource, &r) == 0 ? r.rlim_max : RLIM_INFINITY;
}

/* ---- once, in the worker ---- */

static uint64_t
data_bytes(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (!f || fscanf(f, "%*u %*u %*u %*u %*u %llu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int
pipe_to(int descriptor)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) != 0 ||
        dup2(fds[1], descriptor) < 0)
        _exit(PIN_EXIT_BROKEN);
    close(fds[1]);
    return fds[0];
}

static void
open_streams(struct native *n)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)dup2(null, STDIN_FILENO);
    if (null > STDIN_FILENO)
        close(null);
    n->out = pipe_to(STDOUT_FILENO);
    n->error = pipe_to(STDERR_FILENO);
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    if (!n->identity.changes)
        return;
    /* So that a job may open /dev/stdout by its name, too. */
    (void)!fchown(STDOUT_FILENO, n->identity.uid, n->identity.gid);
    (void)!fchown(STDERR_FILENO, n->identity.uid, n->identity.gid);
}

/* The nursery ignores them. To block them is as good here, and a run is rid of it at one go. */
static void
block_signals(void)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaddset(&blocked, ignored[i]);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_DFL);
}

void
pin__native_prepare(struct native *n)
{
    void *frame[1];

    block_signals();
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0, allowed(RLIMIT_CORE));
    limit(RLIMIT_NOFILE, PIN_NATIVE_FILES_MAX, allowed(RLIMIT_NOFILE));
    if (n->process_limit > allowed(RLIMIT_NPROC))
        n->process_limit = allowed(RLIMIT_NPROC);
    n->data_allowed = allowed(RLIMIT_DATA);
    (void)backtrace(frame, 1); /* loads what it needs: a handler of a crash must not */
    pin__native_crash_catch(&n->shared->crash);
    open_streams(n);
    n->data_bytes = data_bytes();
}

/* ---- in the run ---- */

static void
confine(const struct child *c)
{
    const struct native *n = c->native;
    sigset_t none;

    (void)setpgid(0, 0); /* a signal to its group is to nobody else */
    (void)signal(PIN_NATIVE_DEATH_SIGNAL, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    limit(RLIMIT_NPROC, n->process_limit, n->process_limit);
    limit(RLIMIT_DATA, n->data_bytes + c->task->heap_bytes, n->data_allowed);
}

/* Ends with its parent. To be asked for again by who changes its user: that takes it back. */
static void
follow_parent(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(PIN_EXIT_ABANDONED);
}

static pin_status
take_identity(const struct native *n, struct pin_native_project *project, struct pin_err *err)
{
    bool became;
    pin_status st =
        pin__native_identity_take(&n->identity, project->database_filename, &became, err);

    if (st != PIN_OK)
        return st;
    if (became)
        project->user = n->identity.name;
    else if (err->status != PIN_OK && !n->shared->told_root)
        n->shared->told_root = dprintf(STDERR_FILENO, "pinstripe: %s\n", err->message) > 0;
    return PIN_OK;
}

static bool
take(struct pin_worker *w, const struct pin_message *m)
{
    (void)w;
    if (m->type != PIN_MESSAGE_ANSWER)
        return false; /* to stop it, its worker asks it or kills it */
    pin__native_answer(m->number, m->bytes, m->args);
    return true;
}

/* That it succeeded, its end says. A job that has closed what is not its own has not. */
static void
tell(struct pin_worker *own, struct pin_native_shared *shared, const struct pin_outcome *o)
{
    if (o->kind == PIN_OUTCOME_SUCCEEDED && o->value.size == 0 &&
        fcntl(own->channel.fd, F_GETFD) >= 0)
        atomic_store(&shared->returned, own->task);
    else
        pin__worker_tell_outcome(own, o, true);
}

_Noreturn void
pin__native_child(struct child *c, const struct pin_native_job *job, pid_t parent)
{
    struct native *n = c->native;
    struct pin_native_project project = { .database_filename = n->world->catalog->database_filename,
                                          .multi_tenant = n->world->catalog->multi_tenant,
                                          .transaction_ms = n->world->config.transaction_ms,
                                          .catalog = n->world->catalog,
                                          .shared = n->shared };
    struct pin_worker own = { .task = c->task->id,
                              .take = take,
                              /* An answer to a run that is gone may still come: no two calls have
                               * one number. */
                              .next_call = n->worker.next_call,
                              .waiting = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX) };
    struct pin_host host = pin__worker_host(&own);
    struct pin_outcome outcome;
    struct pin_err err = PIN_ERR_INIT;

    follow_parent(parent);
    (void)prctl(PR_SET_NAME, "pin-job");
    close(n->worker.channel.fd);
    close(n->out);
    close(n->error);
    close(n->near);
    pin__channel_init(&own.channel, n->far);
    confine(c);
    pin__outcome_init(&outcome);
    if (take_identity(n, &project, &err) == PIN_OK) {
        if (project.user)
            follow_parent(parent);
        pin__native_execute(job->job, job->tenants_filter, &project, c->task, &host, &outcome);
    } else {
        pin__outcome_fail(&outcome, PIN_OUTCOME_REFUSED, "Error", "%s", err.message);
    }
    tell(&own, n->shared, &outcome);
    _exit(0);
}

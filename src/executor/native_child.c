/* native_child.c - the process of one run of a job in C: confined, made another user's, its way to
 * the executor laid, then the job. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "executor/native_parts.h"

void
pin__native_limit(int resource, uint64_t value, uint64_t allowed)
{
    struct rlimit r = { value, value };

    if (allowed < value)
        r.rlim_cur = r.rlim_max = allowed; /* RLIM_INFINITY is the largest number there is */
    (void)setrlimit((__rlimit_resource_t)resource, &r);
}

uint64_t
pin__native_allowed(int resource)
{
    struct rlimit r;

    return getrlimit((__rlimit_resource_t)resource, &r) == 0 ? r.rlim_max : RLIM_INFINITY;
}

/* What only the run itself can have: the rest it has from its worker. */
static void
confine(const struct child *c)
{
    const struct native *n = c->native;
    sigset_t none;

    (void)setpgid(0, 0); /* a signal to its group is to nobody else */
    (void)signal(PIN_NATIVE_DEATH_SIGNAL, SIG_DFL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    pin__native_limit(RLIMIT_NPROC, n->process_limit, n->processes_allowed);
    pin__native_limit(RLIMIT_DATA, n->data_bytes + c->task->heap_bytes, n->data_allowed);
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
    close(n->worker.channel.out_fd);
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

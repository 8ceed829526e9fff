/* native_child.c - the process of one run of a job in C: confined, made another user's, its streams
 * and its way to the executor laid, then the job. */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "executor/native_parts.h"

static void
limit(int resource, uint64_t value)
{
    struct rlimit r;

    if (getrlimit((__rlimit_resource_t)resource, &r) != 0)
        return;
    if (r.rlim_max == RLIM_INFINITY || value < r.rlim_max)
        r.rlim_max = value;
    r.rlim_cur = r.rlim_max;
    (void)setrlimit((__rlimit_resource_t)resource, &r);
}

static void
confine(const struct child *c)
{
    static const int handled[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, PIN_NATIVE_DEATH_SIGNAL };

    (void)setpgid(0, 0); /* a signal to its group is to nobody else */
    for (size_t i = 0; i < sizeof handled / sizeof *handled; i++)
        (void)signal(handled[i], SIG_DFL); /* nursery and worker do otherwise */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, PIN_NATIVE_FILES_MAX);
    limit(RLIMIT_NPROC, c->native->process_limit);
    limit(RLIMIT_DATA, c->native->data_bytes + c->task->heap_bytes);
}

static void
open_streams(const struct native *n)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)dup2(null, 0);
    (void)dup2(n->out[PIPE_WRITE], 1);
    (void)dup2(n->error[PIPE_WRITE], 2);
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
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

_Noreturn void
pin__native_child(struct child *c, const struct pin_native_job *job, pid_t parent, int fd)
{
    struct native *n = c->native;
    struct pin_native_project project = { .database_filename = n->world->catalog->database_filename,
                                          .multi_tenant = n->world->catalog->multi_tenant,
                                          .transaction_ms = n->world->config.transaction_ms,
                                          .catalog = n->world->catalog,
                                          .shared = n->shared };
    /* An answer to a run that is gone may still come: no two calls have one number. */
    struct pin_worker own = { .task = c->task->id,
                              .next_call = n->worker.next_call,
                              .waiting = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX) };
    struct pin_host host = pin__worker_host(&own);
    struct pin_outcome outcome;
    struct pin_err err = PIN_ERR_INIT;

    follow_parent(parent);
    (void)prctl(PR_SET_NAME, "pin-job");
    open_streams(n);
    close(n->worker.channel.fd);
    close(n->out[PIPE_READ]);
    close(n->error[PIPE_READ]);
    pin__channel_init(&own.channel, fd);
    confine(c);
    pin__outcome_init(&outcome);
    if (take_identity(n, &project, &err) == PIN_OK) {
        follow_parent(parent);
        pin__native_crash_catch(&n->shared->crash);
        pin__native_execute(job->job, job->tenants_filter, &project, c->task, &host, &outcome);
    } else {
        pin__outcome_fail(&outcome, PIN_OUTCOME_REFUSED, "Error", "%s", err.message);
    }
    pin__worker_tell_outcome(&own, &outcome, true);
    _exit(0);
}

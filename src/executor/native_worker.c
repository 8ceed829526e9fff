/* native_worker.c - see native_worker.h. */
#include "executor/native_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/children.h"
#include "executor/claims.h"
#include "executor/native_parts.h"
#include "native/definition.h"

enum { CHUNK_BYTES = 64 << 10, STACK_BYTES_MAX = 16 << 10 };

static struct pin_native_job *
find_job(const struct pin_native_world *world, const char *name)
{
    for (size_t i = 0; i < world->job_count; i++)
        if (strcmp(world->jobs[i].name, name) == 0)
            return &world->jobs[i];
    return NULL;
}

/* ---- in the worker: what comes from the child and for it ---- */

static void
say_console(struct native *n, enum pin_stream stream, const char *data, size_t size)
{
    pin__worker_say(&n->worker, &(struct pin_message){ .type = PIN_MESSAGE_CONSOLE,
                                                       .id = n->worker.task,
                                                       .kind = stream,
                                                       .bytes = { data, size } });
}

static void
drain(struct native *n, int fd, enum pin_stream stream)
{
    static char chunk[CHUNK_BYTES];
    ssize_t got;

    while ((got = read(fd, chunk, sizeof chunk)) > 0)
        say_console(n, stream, chunk, (size_t)got);
}

static void
drain_both(struct native *n)
{
    drain(n, n->out, PIN_STDOUT);
    drain(n, n->error, PIN_STDERR);
}

static void
take_from_child(struct child *c, const struct pin_message *m)
{
    struct native *n = c->native;

    if (m->id != c->task->id && m->type != PIN_MESSAGE_WAKE) {
        c->rubbish = true;
        return;
    }
    switch (m->type) {
    case PIN_MESSAGE_CALL:
    case PIN_MESSAGE_PROGRESS:
    case PIN_MESSAGE_WAKE:
        if (m->type == PIN_MESSAGE_CALL)
            n->worker.next_call = m->number; /* a later run goes on from here */
        drain_both(n); /* what it printed before it asked comes before what it gets */
        pin__worker_say(&n->worker, m);
        break;
    case PIN_MESSAGE_OUTCOME:
        if (m->kind >= PIN_OUTCOME_KIND_COUNT) {
            c->rubbish = true;
            break;
        }
        c->told = true;
        c->outcome.kind = (enum pin_outcome_kind)m->kind;
        pin__buf_add(&c->outcome.value, m->bytes.data, m->bytes.size);
        pin__buf_add(&c->outcome.error, m->args.data, m->args.size);
        break;
    default:
        c->rubbish = true;
    }
}

/* True: there may be more. */
static bool
read_child(struct child *c)
{
    struct pin_message m;
    struct pin_err err;
    pin_status st = pin__channel_fill(&c->channel, &err), next;

    c->talked |= st != PIN_EMPTY;
    while (!c->told && !c->rubbish &&
           (next = pin__channel_next(&c->channel, &m, &err)) != PIN_EMPTY) {
        if (next == PIN_OK)
            take_from_child(c, &m);
        else
            c->rubbish = true;
    }
    c->rubbish |= st == PIN_LIMIT;
    return st == PIN_OK && !c->told && !c->rubbish;
}

/* A run that asks whether it was cancelled gets the time to end by itself; any other is over. */
static void
cancel(struct child *c)
{
    struct pin_mono grace = pin__clock_after_ms(pin__clock_mono(), PIN_NATIVE_GRACE_MS);

    c->cancelled = true;
    atomic_store(&c->native->shared->cancelled, true);
    if (!atomic_load(&c->native->shared->asks))
        c->deadline = pin__clock_mono();
    else if (grace.ns < c->deadline.ns)
        c->deadline = grace;
}

/* The executor's words during a run: answers are the child's, tasks wait. */
static void
take_from_executor(struct child *c)
{
    struct pin_worker *w = &c->native->worker;
    struct pin_message m;
    struct pin_err err;
    pin_status st;

    while ((st = pin__channel_next(&w->channel, &m, &err)) == PIN_OK) {
        if (m.type == PIN_MESSAGE_TASK)
            pin__worker_keep(w, &m);
        else if (m.type == PIN_MESSAGE_ANSWER && (c->talked = true))
            pin__channel_send(&c->channel, &m);
        else if (m.type == PIN_MESSAGE_STOP && m.id == w->task && !c->cancelled)
            cancel(c);
    }
    if (st != PIN_EMPTY)
        pin__worker_leave(w, PIN_EXIT_BROKEN);
}

static void
read_executor(struct child *c)
{
    struct pin_worker *w = &c->native->worker;
    struct pin_err err;

    if (pin__channel_fill(&w->channel, &err) == PIN_LOST)
        pin__worker_leave(w, PIN_EXIT_ABANDONED);
    take_from_executor(c);
}

/* Until the run has told its outcome, ended without, or is over for another reason. */
static void
attend(struct child *c)
{
    struct native *n = c->native;

    take_from_executor(c); /* what came together with the task */
    while (!c->told && !c->rubbish && !c->ended) {
        struct pollfd fds[] = { { .fd = c->channel.eof ? -1 : c->channel.fd, .events = POLLIN },
                                { .fd = n->out, .events = POLLIN },
                                { .fd = n->error, .events = POLLIN },
                                { .fd = n->worker.channel.fd, .events = POLLIN },
                                { .fd = c->pidfd, .events = POLLIN } };

        if (pin__channel_has_unsent(&c->channel))
            fds[0].events |= POLLOUT;
        if (poll(fds, sizeof fds / sizeof *fds, (int)pin__clock_until_ms(c->deadline)) == 0 &&
            pin__clock_mono().ns >= c->deadline.ns) {
            c->overdue = true;
            return;
        }
        c->ended = fds[4].revents != 0; /* what it sent before is read below */
        /* poll asks one after another: it may have spoken, and ended, between two of them. */
        if (fds[1].revents || fds[2].revents || c->ended)
            drain_both(n);
        if (fds[0].revents & POLLOUT)
            (void)pin__channel_flush(&c->channel);
        if (fds[0].revents & ~POLLOUT || c->ended)
            while (read_child(c) && c->ended)
                continue;
        if (fds[3].revents)
            read_executor(c);
    }
}

/* "    at f (file:1)\n...": what stands there of the innermost frame; NULL: nothing. */
static const char *
first_place(const struct pin_buf *stack)
{
    static char place[512];
    const char *text = pin__buf_text(stack);

    if (strncmp(text, "    at ", 7) != 0)
        return NULL;
    snprintf(place, sizeof place, "%.*s", (int)strcspn(text + 7, "\n"), text + 7);
    return place;
}

static void
tell_signal(struct child *c, const struct pin_native_job *job, int number)
{
    struct pin_buf stack = PIN_BUF_INIT(STACK_BYTES_MAX);
    const char *place;

    pin__native_crash_tell(&c->native->shared->crash, job->job, c->deadline, &stack);
    place = first_place(&stack);
    pin__outcome_fail(&c->outcome, PIN_OUTCOME_CRASHED, "Error",
                      "the job was ended by signal %d (%s)%s%s", number, strsignal(number),
                      place ? " in " : "", place ? place : "");
    pin__outcome_set_stack(&c->outcome, pin__buf_text(&stack));
    pin__buf_fini(&stack);
}

static void
tell_death(struct child *c, const struct pin_native_job *job, int status)
{
    struct pin_outcome *o = &c->outcome;
    double seconds = (double)(pin__clock_mono().ns - c->began.ns) / 1e9;

    if (c->cancelled)
        pin__outcome_fail(o, PIN_OUTCOME_CANCELLED, "Error", "the run was stopped after %.1f s",
                          seconds);
    else if (c->overdue)
        pin__outcome_fail(o, PIN_OUTCOME_TIMED_OUT, "TimeoutError",
                          "time limit of %g s reached after %.1f s: the process was killed",
                          (double)c->task->wall_ms / 1000, seconds);
    else if (c->rubbish)
        pin__outcome_fail(o, PIN_OUTCOME_CRASHED, "Error",
                          "the job wrote into a descriptor that is not its own, and was killed");
    else if (WIFSIGNALED(status))
        tell_signal(c, job, WTERMSIG(status));
    else
        pin__outcome_fail(o, PIN_OUTCOME_CRASHED, "Error",
                          "the job ended the process with status %d: run() has to return",
                          WEXITSTATUS(status));
}

/* Somebody else ended it: this process goes the same way, so that the executor decides as for any
 * worker. */
static void
follow(int status)
{
    sigset_t none;

    if (!WIFSIGNALED(status) || !pin__signal_is_from_outside(WTERMSIG(status)))
        return;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    raise(WTERMSIG(status));
}

/* Nothing of the run is left behind, however it was started. */
static void
end_others(struct child *c)
{
    if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD) {
        if (!c->ended)
            drain_both(c->native);
        return;
    }
    pin__children_end();
    drain_both(c->native);
    c->talked = true;
}

/* Its end may be its outcome. Any other end leaves who knows what in the channel. */
static void
take_return(struct child *c, int status)
{
    if (c->told || c->rubbish || status != 0 ||
        atomic_load(&c->native->shared->returned) != c->task->id) {
        c->talked = true;
        return;
    }
    c->told = true;
    c->outcome.kind = PIN_OUTCOME_SUCCEEDED;
}

static void
bury(struct child *c, const struct pin_native_job *job)
{
    struct rusage used = { .ru_maxrss = 0 };
    int status = 0;

    kill(-c->pid, SIGKILL); /* its group goes at one go: a bomb has no time to go on */
    kill(c->pid, SIGKILL);  /* what it had to say is said */
    while (wait4(c->pid, &status, 0, &used) < 0 && errno == EINTR)
        continue;
    end_others(c);
    take_return(c, status);
    if (!c->told && !c->overdue && !c->rubbish)
        follow(status);
    c->outcome.wall_us = (pin__clock_mono().ns - c->began.ns) / 1000;
    if (!c->told || c->cancelled)
        tell_death(c, job, status);
    c->outcome.cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
                        used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    c->outcome.peak_heap_bytes = (uint64_t)used.ru_maxrss * 1024;
}

/* The channel of runs: one that was not used is as good as new, since nobody is left who has it. */
static pin_status
open_channel(struct native *n, struct pin_err *err)
{
    int fds[2];
    pin_status st;

    if (n->near >= 0)
        return PIN_OK;
    if ((st = pin__channel_pair(fds, err)) == PIN_OK) {
        n->near = fds[0];
        n->far = fds[1];
    }
    return st;
}

static void
close_channel(struct child *c)
{
    struct native *n = c->native;

    if (c->talked && n->near >= 0) {
        close(n->near);
        close(n->far);
        n->near = n->far = -1;
    }
    pin__channel_leave(&c->channel);
}

static pin_status
start(struct child *c, const struct pin_native_job *job, struct pin_err *err)
{
    pid_t parent = getpid();
    pin_status st = open_channel(c->native, err);

    if (st != PIN_OK)
        return st;
    fflush(NULL);
    if ((c->pid = fork()) == 0)
        pin__native_child(c, job, parent);
    if (c->pid < 0)
        return pin__err_errno(err, PIN_IO, errno, "no process can be started for the run");
    (void)setpgid(c->pid, c->pid); /* it does so, too: whoever is first */
    pin__channel_init(&c->channel, c->native->near);
    c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    return PIN_OK;
}

static void
run(struct native *n, const struct pin_task *task)
{
    struct pin_native_job *job = find_job(n->world, task->name ? task->name : "");
    struct child c = { .native = n, .task = task, .pidfd = -1, .channel = PIN_CHANNEL_NONE };
    struct pin_err err = PIN_ERR_INIT;
    pin_status st = PIN_OK;

    pin__outcome_init(&c.outcome);
    *n->shared = (struct pin_native_shared){ .told_root = n->shared->told_root };
    n->worker.task = task->id;
    c.began = pin__clock_mono();
    c.deadline = pin__clock_after_ms(c.began, task->wall_ms);
    if (!job || task->kind != PIN_TASK_JOB)
        st = pin__err_set(&err, PIN_NOT_FOUND, "there is no job \"%s\" in C", task->name);
    else if (!job->job && !job->object) /* another program is there than the one that was asked */
        st = pin__err_set(&err, PIN_NOT_FOUND,
                          "the worker program has no job \"%s\" any more: load the project anew",
                          task->name);
    else if (!job->job)
        st = pin__native_load(job->object, &job->job, &err);
    if (st == PIN_OK)
        st = start(&c, job, &err);
    if (st == PIN_OK) {
        attend(&c);
        bury(&c, job);
    } else {
        pin__outcome_fail(&c.outcome, PIN_OUTCOME_REFUSED, "Error", "%s", err.message);
    }
    pin__worker_tell_outcome(&n->worker, &c.outcome, true);
    pin__outcome_fini(&c.outcome);
    close_channel(&c);
    if (c.pidfd >= 0)
        close(c.pidfd);
    n->worker.task = 0;
}

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

/* The streams are those of its runs. */
static void
open_streams(struct native *n)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)dup2(null, 0);
    if (null > 0)
        close(null);
    n->out = pipe_to(1);
    n->error = pipe_to(2);
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
}

static bool
share_memory(struct native *n)
{
    n->shared =
        mmap(NULL, sizeof *n->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return n->shared != MAP_FAILED;
}

/* The nursery is gone, and nobody else would find what the run has started. The functions that are
 * called here may be, in a handler. */
static void
on_nursery_death(int number)
{
    (void)number;
    pin__children_end();
    _exit(PIN_EXIT_ABANDONED);
}

/* Until now the kernel would have killed this process with its nursery. */
static void
outlive_nursery(void)
{
    struct sigaction action = { .sa_handler = on_nursery_death };
    pid_t nursery = getppid();

    (void)sigaction(PIN_NATIVE_DEATH_SIGNAL, &action, NULL);
    (void)prctl(PR_SET_PDEATHSIG, PIN_NATIVE_DEATH_SIGNAL);
    if (getppid() != nursery)
        _exit(PIN_EXIT_ABANDONED);
}

/* So that a job may open /dev/stdout by its name, too. */
static void
give_streams(const struct native *n)
{
    if (!n->identity.changes)
        return;
    (void)!fchown(STDOUT_FILENO, n->identity.uid, n->identity.gid);
    (void)!fchown(STDERR_FILENO, n->identity.uid, n->identity.gid);
}

/* What every run would do for itself and has from this process instead. Signals that the nursery
 * ignores are blocked here, which is as good, so that a run is rid of that at one go. */
static void
prepare_runs(struct native *n)
{
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
    sigset_t blocked;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        sigaddset(&blocked, ignored[i]);
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_DFL);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    pin__native_limit(RLIMIT_CORE, 0, pin__native_allowed(RLIMIT_CORE));
    pin__native_limit(RLIMIT_NOFILE, PIN_NATIVE_FILES_MAX, pin__native_allowed(RLIMIT_NOFILE));
    n->processes_allowed = pin__native_allowed(RLIMIT_NPROC);
    n->data_allowed = pin__native_allowed(RLIMIT_DATA);
    pin__native_crash_catch(&n->shared->crash);
    open_streams(n);
    give_streams(n);
    n->data_bytes = data_bytes();
}

void
pin__native_worker_main(const struct pin_native_world *world, struct pin_worker_fds fds)
{
    struct native n = { .world = world,
                        .near = -1,
                        .far = -1,
                        .worker = { .waiting = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX),
                                    .before_exit = pin__children_end } };
    struct pin_buf frame = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX);
    struct pin_message m;
    struct pin_task task;
    struct pin_err err;

    (void)prctl(PR_SET_NAME, "pin-native");
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    outlive_nursery();
    pin__channel_init_pipes(&n.worker.channel, fds.in, fds.out);
    n.worker.claims = pin__claims_map(fds.claims, &err);
    if (!n.worker.claims || !share_memory(&n))
        _exit(PIN_EXIT_BROKEN);
    pin__native_identity_find(&n.identity, world->config.user);
    n.process_limit = pin__native_identity_processes(&n.identity) + PIN_NATIVE_PROCESSES_MAX;
    prepare_runs(&n);
    pin__worker_say(&n.worker, &(struct pin_message){ .type = PIN_MESSAGE_READY });
    for (;;) {
        pin__worker_next(&n.worker, &frame, &m, &task);
        run(&n, &task);
    }
}

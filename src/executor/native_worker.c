/* native_worker.c - see native_worker.h. */
#include "executor/native_worker.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/children.h"
#include "executor/claims.h"
#include "executor/worker.h"
#include "native/definition.h"
#include "native/run.h"

enum {
    PIPE_READ = 0,
    PIPE_WRITE = 1,
    FRAMES_MAX = 16,
    CHUNK_BYTES = 64 << 10,
    SIGNAL_STACK_BYTES = 64 << 10,
};

/* ---- what the nursery found ---- */

static char *
filter_of(const char *description)
{
    json_t *all = json_loads(description, 0, NULL);
    char *text = json_dumps(json_object_get(all, "tenantsFilter"), JSON_COMPACT);

    json_decref(all);
    return text;
}

static void
forget_jobs(struct pin_native_world *world)
{
    for (size_t i = 0; i < world->job_count; i++) {
        free(world->jobs[i].name);
        free(world->jobs[i].object);
        free(world->jobs[i].tenants_filter);
    }
    free(world->jobs);
    world->jobs = NULL;
    world->job_count = 0;
}

static const struct pin_file *
file_of(const struct pin_files *files, const char *job)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].native && strcmp(files->items[i].key, job) == 0)
            return &files->items[i];
    return NULL;
}

static pin_status
keep_jobs(struct pin_native_world *world, const struct pin_native_objects *objects,
          const struct pin_files *files, struct pin_err *err)
{
    world->jobs = calloc(objects->count + 1, sizeof *world->jobs);
    if (!world->jobs)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < objects->count; i++) {
        const struct pin_file *file = file_of(files, objects->items[i].job);
        struct pin_native_job *job = &world->jobs[world->job_count];

        if (!file)
            continue; /* it has a problem */
        job->name = strdup(objects->items[i].job);
        job->object = strdup(objects->items[i].path);
        job->tenants_filter = filter_of(file->native);
        world->job_count++;
        if (!job->name || !job->object)
            return pin__err_no_memory(err);
    }
    return PIN_OK;
}

pin_status
pin__native_world_open(struct pin_native_world *world, struct pin_files *files, struct pin_err *err)
{
    struct pin_native_objects objects = { NULL, 0 };
    pin_status st = pin__native_build(&objects, files, err);

    forget_jobs(world);
    if (st == PIN_OK)
        st = pin__native_describe(&objects, files, err);
    if (st == PIN_OK)
        st = keep_jobs(world, &objects, files, err);
    pin__native_objects_fini(&objects);
    return st;
}

/* ---- the process ---- */

struct native {
    const struct pin_native_world *world;
    struct pin_worker worker; /* its end towards the executor */
    int out[2], error[2];     /* pipes: what runs print */
    uint64_t data_bytes;      /* of this process, before any run */
};

struct child { /* the run under way */
    struct native *native;
    const struct pin_task *task;
    struct pin_channel channel;
    pid_t pid;
    int pidfd;
    struct pin_mono began, deadline;
    struct pin_outcome outcome;
    bool told;    /* it sent its outcome */
    bool rubbish; /* it sent what is none of a run's messages */
    bool overdue;
};

static struct pin_native_job *
find_job(const struct pin_native_world *world, const char *name)
{
    for (size_t i = 0; i < world->job_count; i++)
        if (strcmp(world->jobs[i].name, name) == 0)
            return &world->jobs[i];
    return NULL;
}

/* ---- in the child ---- */

/* Where it stopped, as far as can be had: the frames in shared objects, the job's among them. Then
 * the signal does what it does. */
static void
on_crash(int number)
{
    static const char text[] = "pinstripe: the job crashed, at:\n";
    void *frames[FRAMES_MAX];
    int n = backtrace(frames, FRAMES_MAX);
    Dl_info info;

    (void)!write(2, text, sizeof text - 1);
    for (int i = 1; i < n; i++)
        if (dladdr(frames[i], &info) && info.dli_fname && strstr(info.dli_fname, ".so"))
            backtrace_symbols_fd(frames + i, 1, 2);
    signal(number, SIG_DFL);
    raise(number);
}

static void
catch_crashes(void)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    static char stack[SIGNAL_STACK_BYTES];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_handler = on_crash,
                                .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND) };
    void *warm[1];

    (void)backtrace(warm, 1); /* loads what it needs, now: a handler must not */
    (void)sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)sigaction(signals[i], &action, NULL);
}

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
    static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE }; /* by the nursery */

    (void)setpgid(0, 0); /* a signal to its group is to nobody else */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_DFL);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, PIN_NATIVE_FILES_MAX);
    limit(RLIMIT_NPROC, PIN_NATIVE_PROCESSES_MAX);
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

static bool
take(struct pin_worker *w, const struct pin_message *m)
{
    (void)w;
    if (m->type != PIN_MESSAGE_ANSWER)
        return false; /* to stop it, it is killed */
    pin__native_answer(m->number, m->bytes, m->args);
    return true;
}

static _Noreturn void
be_the_run(struct child *c, const struct pin_native_job *job, pid_t parent, int fd)
{
    struct native *n = c->native;
    struct pin_native_project project = { .database_filename = n->world->catalog->database_filename,
                                          .multi_tenant = n->world->catalog->multi_tenant };
    struct pin_worker own = { .task = c->task->id,
                              .take = take,
                              .waiting = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX) };
    struct pin_host host = pin__worker_host(&own);
    struct pin_outcome outcome;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(PIN_EXIT_ABANDONED);
    (void)prctl(PR_SET_NAME, "pin-job");
    open_streams(n);
    close(n->worker.channel.fd);
    close(n->out[PIPE_READ]);
    close(n->error[PIPE_READ]);
    pin__channel_init(&own.channel, fd);
    confine(c);
    catch_crashes();
    pin__outcome_init(&outcome);
    pin__native_execute(job->job, job->tenants_filter, &project, c->task, &host, &outcome);
    pin__worker_tell_outcome(&own, &outcome, true);
    _exit(0);
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
    drain(n, n->out[PIPE_READ], PIN_STDOUT);
    drain(n, n->error[PIPE_READ], PIN_STDERR);
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

static void
read_child(struct child *c)
{
    struct pin_message m;
    struct pin_err err;
    pin_status st = pin__channel_fill(&c->channel, &err), next;

    while (!c->told && !c->rubbish &&
           (next = pin__channel_next(&c->channel, &m, &err)) != PIN_EMPTY) {
        if (next == PIN_OK)
            take_from_child(c, &m);
        else
            c->rubbish = true;
    }
    c->rubbish |= st == PIN_LIMIT;
}

/* The executor's words during a run: answers are the child's, tasks wait. */
static void
read_executor(struct child *c)
{
    struct pin_worker *w = &c->native->worker;
    struct pin_message m;
    struct pin_err err;
    pin_status st;

    if (pin__channel_fill(&w->channel, &err) == PIN_LOST)
        _exit(PIN_EXIT_ABANDONED);
    while ((st = pin__channel_next(&w->channel, &m, &err)) == PIN_OK) {
        if (m.type == PIN_MESSAGE_TASK)
            pin__worker_keep(w, &m);
        else if (m.type == PIN_MESSAGE_ANSWER)
            pin__channel_send(&c->channel, &m);
    }
    if (st != PIN_EMPTY)
        _exit(PIN_EXIT_BROKEN);
}

/* Until the run has told its outcome, ended without, or is over for another reason. */
static void
attend(struct child *c)
{
    struct native *n = c->native;
    bool ended = false;

    while (!c->told && !c->rubbish && !ended) {
        struct pollfd fds[] = { { .fd = c->channel.eof ? -1 : c->channel.fd, .events = POLLIN },
                                { .fd = n->out[PIPE_READ], .events = POLLIN },
                                { .fd = n->error[PIPE_READ], .events = POLLIN },
                                { .fd = n->worker.channel.fd, .events = POLLIN },
                                { .fd = c->pidfd, .events = POLLIN } };

        if (pin__channel_has_unsent(&c->channel))
            fds[0].events |= POLLOUT;
        if (poll(fds, sizeof fds / sizeof *fds, (int)pin__clock_until_ms(c->deadline)) == 0 &&
            pin__clock_mono().ns >= c->deadline.ns) {
            c->overdue = true;
            return;
        }
        ended = fds[4].revents != 0; /* what it sent before is read below */
        if (fds[1].revents || fds[2].revents)
            drain_both(n);
        if (fds[0].revents & POLLOUT)
            (void)pin__channel_flush(&c->channel);
        if (fds[0].revents & ~POLLOUT || ended)
            read_child(c);
        if (fds[3].revents)
            read_executor(c);
    }
}

static void
tell_death(struct child *c, int status)
{
    struct pin_outcome *o = &c->outcome;
    double seconds = (double)(pin__clock_mono().ns - c->began.ns) / 1e9;

    if (c->overdue)
        pin__outcome_fail(o, PIN_OUTCOME_TIMED_OUT, "TimeoutError",
                          "time limit of %g s reached after %.1f s: the process was killed",
                          (double)c->task->wall_ms / 1000, seconds);
    else if (c->rubbish)
        pin__outcome_fail(o, PIN_OUTCOME_CRASHED, "Error",
                          "the job wrote into a descriptor that is not its own, and was killed");
    else if (WIFSIGNALED(status))
        pin__outcome_fail(o, PIN_OUTCOME_CRASHED, "Error", "the job was ended by signal %d (%s)",
                          WTERMSIG(status), strsignal(WTERMSIG(status)));
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
    if (!WIFSIGNALED(status) || !pin__signal_is_from_outside(WTERMSIG(status)))
        return;
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
}

static void
bury(struct child *c)
{
    struct rusage used = { .ru_maxrss = 0 };
    int status = 0;

    if (c->told || c->overdue || c->rubbish)
        kill(c->pid, SIGKILL); /* what it had to say is said */
    while (wait4(c->pid, &status, 0, &used) < 0 && errno == EINTR)
        continue;
    pin__children_end(); /* nothing of the run is left behind, however it was started */
    drain_both(c->native);
    if (!c->told && !c->overdue && !c->rubbish)
        follow(status);
    if (!c->told)
        tell_death(c, status);
    c->outcome.wall_us = (pin__clock_mono().ns - c->began.ns) / 1000;
    c->outcome.cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
                        used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    c->outcome.peak_heap_bytes = (uint64_t)used.ru_maxrss * 1024;
}

static pin_status
start(struct child *c, const struct pin_native_job *job, struct pin_err *err)
{
    pid_t parent = getpid();
    int fds[2];
    pin_status st = pin__channel_pair(fds, err);

    if (st != PIN_OK)
        return st;
    fflush(NULL);
    if ((c->pid = fork()) == 0) {
        close(fds[0]);
        be_the_run(c, job, parent, fds[1]);
    }
    close(fds[1]);
    pin__channel_init(&c->channel, fds[0]);
    if (c->pid < 0)
        return pin__err_errno(err, PIN_IO, errno, "no process can be started for the run");
    c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    return PIN_OK;
}

static void
run(struct native *n, const struct pin_task *task)
{
    struct pin_native_job *job = find_job(n->world, task->name ? task->name : "");
    struct child c = { .native = n, .task = task, .pidfd = -1, .channel = { .fd = -1 } };
    struct pin_err err = PIN_ERR_INIT;
    pin_status st = PIN_OK;

    pin__outcome_init(&c.outcome);
    n->worker.task = task->id;
    c.began = pin__clock_mono();
    c.deadline = pin__clock_after_ms(c.began, task->wall_ms);
    if (!job || task->kind != PIN_TASK_JOB)
        st = pin__err_set(&err, PIN_NOT_FOUND, "there is no job \"%s\" in C", task->name);
    else if (!job->job)
        st = pin__native_load(job->object, &job->job, &err);
    if (st == PIN_OK)
        st = start(&c, job, &err);
    if (st == PIN_OK) {
        attend(&c);
        bury(&c);
    } else {
        pin__outcome_fail(&c.outcome, PIN_OUTCOME_REFUSED, "Error", "%s", err.message);
    }
    pin__worker_tell_outcome(&n->worker, &c.outcome, true);
    pin__outcome_fini(&c.outcome);
    pin__channel_fini(&c.channel);
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

static bool
open_pipe(int fds[2])
{
    return pipe2(fds, O_CLOEXEC) == 0 && fcntl(fds[PIPE_READ], F_SETFL, O_NONBLOCK) == 0;
}

void
pin__native_worker_main(const struct pin_native_world *world, int fd, int claims)
{
    struct native n = { .world = world,
                        .worker = { .waiting = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX) } };
    struct pin_buf frame = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX);
    struct pin_message m;
    struct pin_task task;
    struct pin_err err;

    (void)prctl(PR_SET_NAME, "pin-native");
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    pin__channel_init(&n.worker.channel, fd);
    n.worker.claims = pin__claims_map(claims, &err);
    if (!n.worker.claims || !open_pipe(n.out) || !open_pipe(n.error))
        _exit(PIN_EXIT_BROKEN);
    n.data_bytes = data_bytes();
    pin__worker_say(&n.worker, &(struct pin_message){ .type = PIN_MESSAGE_READY });
    for (;;) {
        pin__worker_next(&n.worker, &frame, &m, &task);
        run(&n, &task);
    }
}

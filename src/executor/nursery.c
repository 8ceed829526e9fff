/* nursery.c - see nursery.h. */
#include "executor/nursery.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/children.h"
#include "base/fault.h"
#include "executor/channel.h"
#include "executor/native_worker.h"
#include "executor/worker.h"
#include "javascript/engine.h"
#include "job/catalog.h"
#include "native/host.h"
#include "native/objects.h"
#include "store/store.h"

enum {
    CHILDREN_MAX = 256,
    CATALOG_BYTES_MAX = 32 << 20,
    CONFIG_BYTES_MAX = 1 << 20,
    NATIVE_END_MS = 2000
};

struct child {
    pid_t pid;        /* 0: free */
    uint32_t worker;  /* 0: it tidies a store */
    uint64_t tidying; /* number of the TIDY */
    bool native;
};

struct nursery {
    struct pin_engine *engine;
    struct pin_channel control;
    int child_fd; /* signalfd for SIGCHLD */
    struct pin_native_world native;
    const char *native_program; /* has jobs of its own; NULL: none */
    struct pin_buf native_config;
    struct child children[CHILDREN_MAX];
};

static pin_status
describe_native(void *context, struct pin_files *files, struct pin_bytes config,
                struct pin_err *err)
{
    struct nursery *n = context;

    pin__buf_clear(&n->native_config);
    pin__buf_add(&n->native_config, config.data, config.size);
    return pin__native_world_open(&n->native, files, config, n->native_program, err);
}

/* What native workers know of the project. */
static pin_status
tell_native(struct nursery *n, const struct pin_buf *catalog, struct pin_err *err)
{
    return pin__native_world_complete(
        &n->native, (struct pin_bytes){ pin__buf_text(catalog), catalog->size },
        (struct pin_bytes){ pin__buf_text(&n->native_config), n->native_config.size }, err);
}

static pin_status
load(struct nursery *n, char **argv, struct pin_err *err)
{
    struct pin_engine_options options = { .root = argv[2],
                                          .environment = argv[3],
                                          .version = PIN_VERSION,
                                          .describe_native = describe_native,
                                          .native_context = n };
    struct pin_buf catalog = PIN_BUF_INIT(CATALOG_BYTES_MAX);
    pin_status st;

    if (chdir(options.root) != 0)
        return pin__err_errno(err, PIN_NOT_FOUND, errno, "cannot enter the project's folder %s",
                              options.root);
    if ((st = pin__engine_new(&n->engine, &options, err)) != PIN_OK)
        goto out;
    if ((st = pin__engine_load(n->engine, &catalog, err)) != PIN_OK)
        goto out;
    if ((st = pin__buf_check(&catalog, "the project's catalog", err)) != PIN_OK ||
        (st = tell_native(n, &catalog, err)) != PIN_OK)
        goto out;
    pin__channel_send(&n->control,
                      &(struct pin_message){ .type = PIN_MESSAGE_CATALOG,
                                             .bytes = { catalog.data, catalog.size } });
    /* The executor reads the catalog while the image is taken; who only lists need not wait for it.
     */
    if (pin__channel_flush_all(&n->control) == PIN_LOST)
        st = pin__err_set(err, PIN_LOST, "the executor is gone");
    else
        st = pin__engine_freeze(n->engine, err);
out:
    pin__buf_fini(&catalog);
    return st;
}

static struct child *
find_child(struct nursery *n, pid_t pid)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (n->children[i].pid == pid)
            return &n->children[i];
    return NULL;
}

static bool
lay(int fd, int where)
{
    return fd == where ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, where) == where;
}

/* Descriptors are moved out of the way first: each may stand where another is to be. */
static _Noreturn void
execute_worker(const struct pin_native_world *world, struct pin_worker_fds fds)
{
    char flag[] = PIN_HOST_WORKER_FLAG, name[] = "pinstripe-native";
    char *argv[] = { name, flag, NULL };
    int from[4] = { fcntl(fds.in, F_DUPFD_CLOEXEC, 16), fcntl(fds.out, F_DUPFD_CLOEXEC, 16),
                    fcntl(fds.claims, F_DUPFD_CLOEXEC, 16),
                    fcntl(world->document, F_DUPFD_CLOEXEC, 16) };

    if (lay(from[0], PIN_NATIVE_IN_FD) && lay(from[1], PIN_NATIVE_OUT_FD) &&
        lay(from[2], PIN_NATIVE_CLAIMS_FD) && lay(from[3], PIN_NATIVE_DOCUMENT_FD))
        (void)execve(world->program, argv, environ);
    _exit(PIN_EXIT_BROKEN);
}

/* What every child begins with. */
static void
leave_nursery(struct nursery *n, pid_t nursery)
{
    sigset_t none;

    /* The nursery is one thread, so this fires exactly when the nursery ends; unless it has. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != nursery)
        _exit(1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close(n->child_fd);
    pin__channel_fini(&n->control);
}

static _Noreturn void
become_worker(struct nursery *n, pid_t nursery, bool native, struct pin_worker_fds fds)
{
    leave_nursery(n, nursery);
    if (!native)
        pin__worker_main(n->engine, fds);
    if (n->native.program)
        execute_worker(&n->native, fds);
    pin__engine_free(n->engine); /* each run is a fork: it shall have little to copy */
    pin__native_worker_main(&n->native, fds);
}

static void
report_fork_failed(struct nursery *n, uint32_t worker, int code)
{
    pin__channel_send(&n->control, &(struct pin_message){ .type = PIN_MESSAGE_FORK_FAILED,
                                                          .worker = worker,
                                                          .number = (uint64_t)code });
}

static void
report_forked(struct nursery *n, struct child *child)
{
    struct pin_message m = { .type = PIN_MESSAGE_FORKED,
                             .worker = child->worker,
                             .number = (uint64_t)child->pid };
    int pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);

    if (pidfd < 0 || pin__channel_send_fds(&n->control, &m, &pidfd, 1, NULL) != PIN_OK) {
        kill(child->pid, SIGKILL);
        report_fork_failed(n, child->worker, errno);
    }
    if (pidfd >= 0)
        close(pidfd);
}

static void
fork_worker(struct nursery *n, uint32_t worker, bool native, struct pin_worker_fds fds)
{
    struct child *child = find_child(n, 0);
    pid_t nursery = getpid(), pid;

    pin__fault("nursery.fork");
    pid = child ? fork() : -1;

    if (pid == 0)
        become_worker(n, nursery, native, fds);
    if (pid < 0) {
        report_fork_failed(n, worker, child ? errno : EAGAIN);
        return;
    }
    *child = (struct child){ .pid = pid, .worker = worker, .native = native };
    pin__fault("nursery.forked");
    report_forked(n, child);
}

static void
report_tidied(struct nursery *n, uint64_t number, pin_status st)
{
    pin__channel_send(&n->control, &(struct pin_message){ .type = PIN_MESSAGE_TIDIED,
                                                          .number = number,
                                                          .kind = (uint32_t)st });
}

/* In a process of its own, since the disk takes its time and we are to fork when asked. It may take
 * as long as it likes: neither does a run wait for it. */
static void
tidy(struct nursery *n, const char *filename, uint64_t number)
{
    struct child *child = find_child(n, 0);
    pid_t nursery = getpid(), pid = child ? fork() : -1;

    if (pid == 0) {
        char *own = strdup(filename); /* the channel's, which is closed */
        struct pin_err err;

        leave_nursery(n, nursery);
        pin__worker_be_patient(true);
        pin__fault("store.tidies");
        _exit(own ? (int)pin__store_tidy_file(own, &err) : PIN_NO_MEMORY);
    }
    if (pid > 0)
        *child = (struct child){ .pid = pid, .tidying = number };
    else
        report_tidied(n, number, PIN_NO_MEMORY);
}

static void
close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void
handle(struct nursery *n, const struct pin_message *m)
{
    struct pin_worker_fds fds = { .in = -1 };

    if (m->type == PIN_MESSAGE_TIDY) {
        if (m->text)
            tidy(n, m->text, m->number);
        return;
    }
    fds.in = pin__channel_take_fd(&n->control);
    fds.out = pin__channel_take_fd(&n->control);
    fds.claims = pin__channel_take_fd(&n->control);
    if (m->type == PIN_MESSAGE_FORK && fds.in >= 0 && fds.out >= 0 && fds.claims >= 0)
        fork_worker(n, m->worker, m->kind != 0, fds);
    close_if_open(fds.in);
    close_if_open(fds.out);
    close_if_open(fds.claims);
}

/* False when the executor is gone. */
static bool
read_control(struct nursery *n)
{
    struct pin_message m;
    struct pin_err err;
    pin_status st = pin__channel_fill(&n->control, &err);

    while (pin__channel_next(&n->control, &m, &err) == PIN_OK)
        handle(n, &m);
    return st != PIN_LOST;
}

static bool
is_worker(void *context, pid_t pid)
{
    return find_child(context, pid) != NULL;
}

/* A native worker that was killed leaves what its run had started: that comes to us. */
static void
kill_orphans(struct nursery *n)
{
    (void)pin__children_kill(is_worker, n);
}

static void
report_exit(struct nursery *n, const struct child *child, int status)
{
    if (child->worker)
        pin__channel_send(&n->control, &(struct pin_message){ .type = PIN_MESSAGE_EXITED,
                                                              .worker = child->worker,
                                                              .number = (uint64_t)status });
    else
        report_tidied(n, child->tidying,
                      WIFEXITED(status) ? (pin_status)WEXITSTATUS(status) : PIN_LOST);
}

static void
reap(struct nursery *n)
{
    struct signalfd_siginfo ignored;
    int status;
    pid_t pid;

    while (read(n->child_fd, &ignored, sizeof ignored) > 0)
        continue;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *child = find_child(n, pid);

        if (!child)
            continue; /* an orphan that came to us as subreaper */
        if (n->native.job_count)
            kill_orphans(n);
        report_exit(n, child, status);
        *child = (struct child){ .pid = 0 };
    }
}

/* Says that the objects of jobs in C are in use; how long until that has to be said again. */
static int
touch_objects(const struct nursery *n, struct pin_mono *next)
{
    if (n->native.job_count == 0)
        return -1;
    if (pin__clock_mono().ns >= next->ns) {
        pin__native_world_touch(&n->native);
        *next = pin__clock_after_ms(pin__clock_mono(),
                                    pin__fault_ms("PIN_NATIVE_TOUCH_MS", PIN_NATIVE_TOUCH_MS));
    }
    return (int)pin__clock_until_ms(*next);
}

static void
serve(struct nursery *n)
{
    struct pin_mono touch = pin__clock_mono();
    bool alive = true;

    while (alive) {
        struct pollfd fds[2] = { { .fd = n->control.fd, .events = POLLIN },
                                 { .fd = n->child_fd, .events = POLLIN } };

        if (pin__channel_has_unsent(&n->control))
            fds[0].events |= POLLOUT;
        if (poll(fds, 2, touch_objects(n, &touch)) < 0 && errno != EINTR)
            return;
        if (fds[1].revents)
            reap(n);
        if (fds[0].revents & POLLOUT)
            alive = pin__channel_flush(&n->control) != PIN_LOST;
        if (alive && fds[0].revents & ~POLLOUT)
            alive = read_control(n);
    }
}

static bool
has_native_worker(const struct nursery *n)
{
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (n->children[i].pid && n->children[i].native)
            return true;
    return false;
}

/* They know best what their runs have started: should this process be killed now, nobody else
 * would. */
static void
end_native_workers(struct nursery *n)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), NATIVE_END_MS);
    struct pollfd p = { .fd = n->child_fd, .events = POLLIN };

    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (n->children[i].pid && n->children[i].native)
            kill(n->children[i].pid, PIN_NATIVE_DEATH_SIGNAL);
    while (has_native_worker(n) && pin__clock_mono().ns < until.ns) {
        (void)poll(&p, 1, (int)pin__clock_until_ms(until));
        reap(n);
    }
}

/* Nobody is left behind: not a worker, nor what came to us as subreaper. */
static void
end_children(struct nursery *n)
{
    end_native_workers(n);
    for (size_t i = 0; i < CHILDREN_MAX; i++)
        if (n->children[i].pid)
            kill(n->children[i].pid, SIGKILL);
    pin__children_end();
}

/* Should this process be killed, then the kernel kills its workers (PR_SET_PDEATHSIG). */
static void
prepare_process(struct nursery *n)
{
    sigset_t mask;

    signal(SIGCHLD, SIG_DFL); /* an ignored one would be ours, and no child's end be told */
    (void)prctl(PR_SET_NAME, "pin-nursery");
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    n->child_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* Both are of one build, unless somebody's program has us as a library. */
static pin_status
check_version(const char *executor, struct pin_err *err)
{
    if (strcmp(executor, PIN_VERSION) == 0)
        return PIN_OK;
    return pin__err_set(err, PIN_CONFIG,
                        "the program pinstripe is version %s, but the library that started it is "
                        "version %s: they must be the same; install both from one build, or name "
                        "the program of the library's version",
                        PIN_VERSION, executor);
}

int
pin__nursery_main(int argc, char **argv)
{
    static struct nursery n;
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    if (argc < 5)
        return 2;
    prepare_process(&n);
    pin__channel_init(&n.control, PIN_NURSERY_FD);
    n.native_program = argc > 5 ? argv[5] : NULL;
    n.native_config = PIN_BUF_INIT(CONFIG_BYTES_MAX);
    st = check_version(argv[4], &err);
    if (st == PIN_OK)
        st = load(&n, argv, &err);
    if (st == PIN_OK) {
        serve(&n);
        end_children(&n);
    } else {
        pin__channel_send(&n.control, &(struct pin_message){ .type = PIN_MESSAGE_REFUSED,
                                                             .number = (uint64_t)st,
                                                             .text = err.message });
        (void)pin__channel_flush_all(&n.control);
    }
    pin__channel_fini(&n.control);
    return st == PIN_OK ? 0 : 1;
}

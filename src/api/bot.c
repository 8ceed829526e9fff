/* bot.c - the bot of a project: in the host's loop, or as a child that ends with the host. */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/children.h"

#define PIN_P_PIDFD 3 /* P_PIDFD, which older headers do not have */

enum { GRACE_MORE_MS = 5000, LOOK_MS = 20 };

/* ---- here ---- */

static pin_status
take_queues(struct pin_project *p, const char *queues, struct pin_err *err)
{
    enum { QUEUES_MAX = sizeof p->bot.queues / sizeof *p->bot.queues };
    struct pin_bot_options *o = &p->bot.here.options;
    char *rest;

    o->queue_count = 0;
    o->queues = p->bot.queues;
    if (!queues)
        return PIN_OK;
    if (!(p->bot.queue_text = rest = strdup(queues)))
        return pin__err_no_memory(err);
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        if (!*name || o->queue_count == QUEUES_MAX)
            return pin__err_set(err, PIN_INVALID,
                                "queues: \"%s\" is not up to %d names with commas", queues,
                                QUEUES_MAX);
        p->bot.queues[o->queue_count++] = name;
    }
    return PIN_OK;
}

static pin_status
open_log(struct pin_project *p, const char *file, struct pin_err *err)
{
    int fd;

    if (!file)
        return PIN_OK;
    fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot write the bot's log %s", file);
    pin__log_init(&p->bot.log, fd);
    p->bot.log.json = true;
    p->bot.here.options.log = &p->bot.log;
    return PIN_OK;
}

static void
forget_settings(struct pin_project *p)
{
    if (p->bot.log.fd >= 0) {
        pin__log_fini(&p->bot.log);
        close(p->bot.log.fd);
    }
    p->bot.log.fd = -1;
    free(p->bot.queue_text);
    p->bot.queue_text = NULL;
    p->bot.here.options = (struct pin_bot_options){ .log = NULL };
}

/* ---- the child, if there is one ---- */

static void
close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void
forget_child(struct pin_project *p)
{
    close_if_open(p->bot.until);
    close_if_open(p->bot.pidfd);
    p->bot.until = p->bot.pidfd = -1;
    p->bot.pid = 0;
}

/* By its descriptor, if there is one: the host may bury any child of its process, also by ignoring
 * SIGCHLD, and the number may be another's then. */
static bool
has_ended(struct pin_project *p)
{
    bool by_number = p->bot.pidfd < 0;
    siginfo_t info = { .si_pid = 0 };

    if (!p->bot.pid)
        return true;
    if (waitid(by_number ? P_PID : (idtype_t)PIN_P_PIDFD,
               (id_t)(by_number ? p->bot.pid : p->bot.pidfd), &info, WEXITED | WNOHANG) == 0 &&
        info.si_pid == 0)
        return false;
    forget_child(p);
    return true;
}

static void
kill_child(const struct pin_project *p)
{
    if (p->bot.pidfd >= 0)
        (void)syscall(SYS_pidfd_send_signal, p->bot.pidfd, SIGKILL, NULL, 0);
    else
        kill(p->bot.pid, SIGKILL);
}

static pin_status
check_free(struct pin_project *p, struct pin_err *err)
{
    (void)has_ended(p);
    if (p->bot.here.bot || p->bot.pid)
        return pin__err_set(err, PIN_CONFLICT, "the project's bot has been started already");
    return PIN_OK;
}

pin_status
pin_project_start_bot(pin_project *p, const struct pin_project_bot_options *options,
                      struct pin_error *error)
{
    struct pin_project_bot_options o = { .size = 0 };
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    if ((st = check_free(p, &err)) == PIN_OK &&
        (st = pin__api_options(&o, sizeof o, options, &err)) == PIN_OK) {
        forget_settings(p); /* a job may have stopped the bot that had them */
        p->bot.here.options.watches_files = o.watches_files;
        if ((st = take_queues(p, o.queues, &err)) == PIN_OK &&
            (st = open_log(p, o.log, &err)) == PIN_OK)
            st = pin__bot_of_program(&p->bot.here, p->executor, true, &err);
        if (st != PIN_OK)
            forget_settings(p);
    }
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

/* ---- as a child ---- */

struct birth {     /* what is there while a child starts */
    int pipe[2];   /* its standard input: [1] stays with us */
    int told;      /* where it says that it is ready */
    int complaint; /* its standard error, while nobody reads it */
    char address[64], environment[128];
    char grace[32], workers[32];
    char log[PATH_MAX];
    const char *argv[24];
};

/* The child has its ends at 0 to 2: nothing else may stand there. */
static pin_status
move_up(int *fd, struct pin_err *err)
{
    int old = *fd;

    if (old > STDERR_FILENO)
        return PIN_OK;
    if ((*fd = fcntl(old, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)) < 0) {
        *fd = old;
        return pin__err_errno(err, PIN_IO, errno, "the bot cannot be started");
    }
    close(old);
    return PIN_OK;
}

static pin_status
prepare(struct birth *b, struct pin_err *err)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    socklen_t size = sizeof name;

    if (pipe2(b->pipe, O_CLOEXEC) != 0 ||
        (b->told = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0 ||
        bind(b->told, (struct sockaddr *)&name, sizeof(sa_family_t)) != 0 || /* any free name */
        getsockname(b->told, (struct sockaddr *)&name, &size) != 0 ||
        (b->complaint = memfd_create("pinstripe-bot", MFD_CLOEXEC)) < 0)
        return pin__err_errno(err, PIN_IO, errno, "the bot cannot be started");
    snprintf(b->address, sizeof b->address, "NOTIFY_SOCKET=@%.*s",
             (int)(size - offsetof(struct sockaddr_un, sun_path) - 1), name.sun_path + 1);
    return move_up(&b->pipe[0], err) == PIN_OK ? move_up(&b->complaint, err) : err->status;
}

/* Ours with two words of its own in front, which win. */
static char **
environment_with(const char *address, const char *name)
{
    size_t n = 0, count = 0;
    char **all;

    while (environ[n])
        n++;
    if (!(all = calloc(n + 3, sizeof *all)))
        return NULL;
    all[count++] = (char *)(uintptr_t)address;
    all[count++] = (char *)(uintptr_t)name;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "NOTIFY_SOCKET=", 14) != 0 &&
            strncmp(environ[i], "PINSTRIPE_ENV=", 14) != 0)
            all[count++] = environ[i];
    return all;
}

static int
file_actions(posix_spawn_file_actions_t *actions, const struct pin_project *p,
             const struct birth *b)
{
    int failed = posix_spawn_file_actions_adddup2(actions, b->pipe[0], 0) |
                 posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0) |
                 posix_spawn_file_actions_adddup2(actions, b->complaint, 2) |
                 posix_spawn_file_actions_addchdir_np(actions, p->root);

#if __GLIBC_PREREQ(2, 34) /* what the host has open is not the bot's */
    failed |= posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#endif
    return failed;
}

static int
spawn(struct pin_project *p, const struct birth *b, char **environment)
{
    posix_spawn_file_actions_t actions;
    int failed;

    posix_spawn_file_actions_init(&actions);
    failed = file_actions(&actions, p, b);
    if (!failed)
        failed = pin__children_spawn(&p->bot.pid, p->program, &actions,
                                     (char *const *)(uintptr_t)b->argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        p->bot.pid = 0;
    return failed;
}

/* From the host's current folder, which is not the child's. */
static pin_status
find_log(struct birth *b, const char *log, struct pin_err *err)
{
    char here[PATH_MAX];
    int n;

    if (!log || *log == '/')
        n = snprintf(b->log, sizeof b->log, "%s", log ? log : "/dev/null");
    else if (getcwd(here, sizeof here))
        n = snprintf(b->log, sizeof b->log, "%s/%s", here, log);
    else
        return pin__err_errno(err, PIN_IO, errno, "cannot write the bot's log %s", log);
    if ((size_t)n >= sizeof b->log)
        return pin__err_errno(err, PIN_IO, ENAMETOOLONG, "cannot write the bot's log %s", log);
    return PIN_OK;
}

static void
make_arguments(const struct pin_project *p, struct birth *b,
               const struct pin_project_bot_options *o)
{
    const char *pairs[][2] = { { "--log", b->log },
                               { "--grace", o->grace_ms > 0 ? b->grace : NULL },
                               { "--queue", o->queues },
                               { "--worker", p->worker },
                               { "--workers", p->workers ? b->workers : NULL } };
    static const char *const first[] = { "pinstripe", "start-bot", "--until-eof", "--log-format",
                                         "json" };
    size_t n = 0;

    snprintf(b->grace, sizeof b->grace, "%lldms", (long long)o->grace_ms);
    snprintf(b->workers, sizeof b->workers, "%u", p->workers);
    while (n < sizeof first / sizeof *first) {
        b->argv[n] = first[n];
        n++;
    }
    b->argv[n++] = o->watches_files ? "--watch" : "--no-watch";
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (!pairs[i][1])
            continue;
        b->argv[n++] = pairs[i][0];
        b->argv[n++] = pairs[i][1];
    }
}

static pin_status
spawn_with(struct pin_project *p, struct birth *b, const struct pin_project_bot_options *o,
           struct pin_err *err)
{
    char **environment;
    int failed;
    pin_status st = find_log(b, o->log, err);

    if (st != PIN_OK)
        return st;
    snprintf(b->environment, sizeof b->environment, "PINSTRIPE_ENV=%s", p->environment);
    make_arguments(p, b, o);
    if (!(environment = environment_with(b->address, b->environment)))
        return pin__err_no_memory(err);
    failed = spawn(p, b, environment);
    free(environment);
    if (failed)
        return pin__err_errno(err, PIN_IO, failed, "the bot cannot be started as %s", p->program);
    p->bot.grace_ms = o->grace_ms > 0 ? o->grace_ms : PIN_BOT_GRACE_MS;
    p->bot.pidfd = (int)syscall(SYS_pidfd_open, p->bot.pid, 0);
    return PIN_OK;
}

static void
read_complaint(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
}

/* It may say other things before. */
static bool
says_ready(const struct birth *b)
{
    struct pollfd told = { .fd = b->told, .events = POLLIN };
    char text[512];
    ssize_t n;

    if (poll(&told, 1, LOOK_MS) <= 0 || (n = recv(b->told, text, sizeof text - 1, 0)) <= 0)
        return false;
    text[n] = '\0';
    return strncmp(text, "READY=1", 7) == 0 || strstr(text, "\nREADY=1");
}

static pin_status
wait_until_ready(struct pin_project *p, const struct birth *b, struct pin_err *err)
{
    enum { READY_MS = 60000 };
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), READY_MS);
    char text[512];

    while (pin__clock_mono().ns < until.ns) {
        if (says_ready(b))
            return PIN_OK;
        if (has_ended(p)) {
            read_complaint(b->complaint, text, sizeof text);
            return pin__err_set(err, PIN_FAILED, "the bot ended at its start: %s",
                                *text ? text : "it gave no reason");
        }
        pin__api_turn(p, 0);
    }
    return pin__err_set(err, PIN_TIMEOUT, "the bot was not ready after %d s", READY_MS / 1000);
}

pin_status
pin_project_spawn_bot(pin_project *p, const struct pin_project_bot_options *options,
                      struct pin_error *error)
{
    struct pin_project_bot_options o = { .size = 0 };
    struct birth b = { .pipe = { -1, -1 }, .told = -1, .complaint = -1 };
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    if ((st = check_free(p, &err)) == PIN_OK &&
        (st = pin__api_options(&o, sizeof o, options, &err)) == PIN_OK &&
        (st = prepare(&b, &err)) == PIN_OK && (st = spawn_with(p, &b, &o, &err)) == PIN_OK) {
        p->bot.until = b.pipe[1];
        b.pipe[1] = -1;
        if ((st = wait_until_ready(p, &b, &err)) != PIN_OK)
            pin__api_bot_end(p);
    }
    close_if_open(b.pipe[0]);
    close_if_open(b.pipe[1]);
    close_if_open(b.told);
    close_if_open(b.complaint);
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

int
pin_project_bot_pid(const pin_project *p)
{
    (void)has_ended((struct pin_project *)(uintptr_t)p); /* what is remembered may be over */
    return p->bot.pid;
}

/* ---- the end ---- */

/* It is asked by the end of its standard input, and gets what its grace is. One that does not heed
 * that, having been stopped for instance, is killed: its workers go with it. */
static void
end_child(struct pin_project *p)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), p->bot.grace_ms + GRACE_MORE_MS);

    close_if_open(p->bot.until);
    p->bot.until = -1;
    while (!has_ended(p)) {
        if (pin__clock_mono().ns >= until.ns)
            kill_child(p);
        pin__api_turn(p, LOOK_MS);
    }
}

void
pin__api_bot_end(struct pin_project *p)
{
    if (p->bot.here.bot)
        (void)!pin__bot_of_program(&p->bot.here, p->executor, false, NULL);
    forget_settings(p); /* also when a job has stopped it */
    end_child(p);
}

pin_status
pin_project_stop_bot(pin_project *p, struct pin_error *error)
{
    struct pin_err err = PIN_ERR_INIT;

    pin__api_bot_end(p);
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

/* bot.c - the bot of a project: in the host's loop, or as a child that ends with the host. */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
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

static pin_status
check_free(const struct pin_project *p, struct pin_err *err)
{
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
    char grace[32];
};

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
    return PIN_OK;
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
spawn(struct pin_project *p, const struct birth *b, char *const *argv, char **environment)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int failed, pid = 0;

    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    failed = posix_spawn_file_actions_adddup2(&actions, b->pipe[0], 0) |
             posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) |
             posix_spawn_file_actions_adddup2(&actions, b->complaint, 2) |
             posix_spawn_file_actions_addchdir_np(&actions, p->root);
    if (!failed)
        failed = posix_spawn(&pid, p->program, &actions, &attributes, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    p->bot.pid = failed ? 0 : pid;
    return failed;
}

static pin_status
spawn_with(struct pin_project *p, struct birth *b, const struct pin_project_bot_options *o,
           struct pin_err *err)
{
    const char *argv[16] = { "pinstripe", "start-bot", "--until-eof", "--log-format", "json" };
    char **environment;
    size_t n = 5;
    int failed;

    snprintf(b->environment, sizeof b->environment, "PINSTRIPE_ENV=%s", p->environment);
    snprintf(b->grace, sizeof b->grace, "%lldms", (long long)o->grace_ms);
    argv[n++] = o->watches_files ? "--watch" : "--no-watch";
    argv[n++] = "--log";
    argv[n++] = o->log ? o->log : "/dev/null";
    if (o->grace_ms > 0) {
        argv[n++] = "--grace";
        argv[n++] = b->grace;
    }
    if (o->queues) {
        argv[n++] = "--queue";
        argv[n++] = o->queues;
    }
    if (p->worker) {
        argv[n++] = "--worker";
        argv[n++] = p->worker;
    }
    if (!(environment = environment_with(b->address, b->environment)))
        return pin__err_no_memory(err);
    failed = spawn(p, b, (char *const *)(uintptr_t)argv, environment);
    free(environment);
    if (failed)
        return pin__err_errno(err, PIN_IO, failed, "the bot cannot be started as %s", p->program);
    return PIN_OK;
}

static void
read_complaint(int fd, char *text, size_t size)
{
    ssize_t n = pread(fd, text, size - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
}

static bool
has_ended(struct pin_project *p, int *status)
{
    if (waitpid(p->bot.pid, status, WNOHANG) == 0)
        return false;
    p->bot.pid = 0;
    return true;
}

static pin_status
wait_until_ready(struct pin_project *p, const struct birth *b, struct pin_err *err)
{
    enum { LOOK_MS = 20, READY_MS = 60000 };
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), READY_MS);
    struct pollfd told = { .fd = b->told, .events = POLLIN };
    char text[512];
    int status = 0;

    while (pin__clock_mono().ns < until.ns) {
        if (poll(&told, 1, LOOK_MS) > 0 && recv(b->told, text, sizeof text, 0) > 0)
            return PIN_OK;
        if (has_ended(p, &status)) {
            read_complaint(b->complaint, text, sizeof text);
            return pin__err_set(err, PIN_FAILED, "the bot ended at its start: %s",
                                *text ? text : "it gave no reason");
        }
        pin__api_turn(p, 0);
    }
    return pin__err_set(err, PIN_TIMEOUT, "the bot was not ready after %d s", READY_MS / 1000);
}

static void
close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
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
    return p->bot.pid;
}

/* ---- the end ---- */

/* It is asked by the end of its standard input, and gets what its grace is. */
static void
end_child(struct pin_project *p)
{
    enum { LOOK_MS = 20 };
    int status;

    close_if_open(p->bot.until);
    p->bot.until = -1;
    while (p->bot.pid && !has_ended(p, &status))
        pin__api_turn(p, LOOK_MS);
}

void
pin__api_bot_end(struct pin_project *p)
{
    if (p->bot.here.bot) {
        (void)!pin__bot_of_program(&p->bot.here, p->executor, false, NULL);
        forget_settings(p);
    }
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

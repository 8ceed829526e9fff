/* cmd_start_bot.c - run schedules and queue until told to stop. */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "command/daemon.h"
#include "command/project_executor.h"

static const struct opt opts[] = {
    OPT_STR("queue", 0, "NAME[,NAME...]", "take runs of these queues only (default: all)"),
    OPT_FLAG("once", 0, "do what is due and queued now, then leave"),
    OPT_FLAG("until-eof", 0, "leave, as at TERM, when standard input ends: for a program's child"),
    OPT_STR("worker", 0, "FILE",
            "a program with jobs of its own (libpinstripe) that runs those in C"),
    DAEMON_OPTIONS,
    OPT_END,
};

enum { QUEUES_MAX = 64 };

struct start {
    struct daemon daemon;
    char *queue_text; /* cut at the commas */
    const char *queues[QUEUES_MAX];
    size_t queue_count;
    struct pin_service input; /* --until-eof */
};

/* ---- until standard input ends ---- */

static void
read_input(void *context)
{
    struct start *s = context;
    char bytes[512];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);

    if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
        return;
    pin__executor_detach(s->daemon.executor, &s->input);
    pin__daemon_stop(&s->daemon, SIGTERM);
}

/* A file and /dev/null are always at their end, and no loop can wait for them; what is closed has
 * none. The bot would never leave. */
static pin_status
check_input(const struct args *a, struct pin_err *err)
{
    struct epoll_event event = { .events = EPOLLIN };
    int epoll_fd, failed;

    if (!pin__args_flag(a, "until-eof"))
        return PIN_OK;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    failed = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    if (epoll_fd >= 0)
        close(epoll_fd);
    if (failed)
        return pin__err_set(err, PIN_INVALID,
                            "--until-eof: standard input is closed or a file, whose end cannot be "
                            "waited for: it must be a pipe, a socket or a terminal");
    return PIN_OK;
}

static void
watch_input(struct start *s)
{
    s->input = (struct pin_service){ .context = s, .fd = STDIN_FILENO, .readable = read_input };
    pin__executor_attach(s->daemon.executor, &s->input);
}

/* ---- the command ---- */

static enum pin_exit
run_bot(struct start *s, const struct args *a)
{
    struct daemon *d = &s->daemon;
    bool once = pin__args_flag(a, "once");
    struct pin_bot_options options = { .log = &d->log,
                                       .notify = &d->notify,
                                       .queues = s->queues,
                                       .queue_count = s->queue_count,
                                       .once = once,
                                       .watches_files = !once && pin__daemon_watches_files(d, a) };
    struct pin_err err = PIN_ERR_INIT;
    uint64_t failed;

    if (pin__bot_start(&d->bot, d->executor, &options, &err) != PIN_OK)
        return pin__cli_fail(d->cli, &err);
    pin__daemon_listen(d);
    if (pin__args_flag(a, "until-eof"))
        watch_input(s);
    pin__log(&d->log, PIN_LOG_INFO, "bot.started",
             &(struct pin_log_fields){ .worker = pin__executor_name(d->executor), .pid = getpid() },
             "the bot watches %zu background jobs of %s",
             pin__executor_catalog(d->executor)->job_count, d->cli->root);
    pin__log_flush(&d->log);
    pin__notify_ready(&d->notify);
    pin__executor_loop(d->executor, pin__bot_done, d->bot);
    failed = pin__bot_failed(d->bot);
    pin__bot_stop(d->bot);
    pin__log(&d->log, PIN_LOG_INFO, "bot.stopped", NULL, "the bot has stopped");
    return !d->first_signal && once && failed ? PIN_EXIT_FAILED : pin__daemon_exit(d);
}

static enum pin_exit
start_bot(struct cli *cli, const struct args *a)
{
    struct start s = { .daemon = { .cli = cli, .signal_fd = -1 } };
    struct pin_err err = PIN_ERR_INIT;
    enum pin_exit code;

    if (check_input(a, &err) != PIN_OK ||
        pin__args_list(a, "queue", &s.queue_text, s.queues, QUEUES_MAX, &s.queue_count, &err) !=
            PIN_OK ||
        pin__daemon_options(&s.daemon, a, &err) != PIN_OK)
        code = pin__cli_fail(cli, &err);
    else if (pin__cli_open_executor_with(cli, (unsigned)s.daemon.workers,
                                         pin__args_value(a, "worker"), &s.daemon.executor, &code))
        code = run_bot(&s, a);
    pin__daemon_fini(&s.daemon);
    free(s.queue_text);
    return code;
}

const struct command pin__cmd_start_bot = {
    .name = "start-bot",
    .brief = "run schedules and queued runs until it is told to stop",
    .details =
        "TERM or INT: begin nothing more, let what runs end (--grace), then leave; once more: stop "
        "at\nonce, what ran goes back to the queue. HUP: load the project anew. TSTP and CONT: "
        "take "
        "no more\nruns, and go on. TTIN: what is running. USR1: reopen the log. QUIT: leave at "
        "once.",
    .opts = opts,
    .needs = NEEDS_PROJECT,
    .exec = start_bot,
};

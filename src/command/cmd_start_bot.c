/* cmd_start_bot.c - run schedules and queue until told to stop. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/quote.h"
#include "bot/bot.h"
#include "command/command.h"
#include "command/project_executor.h"

static const struct opt opts[] = {
    OPT_STR("workers", 'w', "N", "runs at the same time (default: one per core)"),
    OPT_STR("queue", 0, "NAME[,NAME...]", "take runs of these queues only (default: all)"),
    OPT_FLAG("once", 0, "do what is due and queued now, then leave"),
    OPT_STR("grace", 0, "DURATION", "what running jobs get when asked to stop (default: 25s)"),
    OPT_STR("log", 0, "FILE", "append the log to a file (default: standard error)"),
    OPT_STR("log-format", 0, "FORMAT", "text or json (default: text on a terminal, else json)"),
    OPT_FLAG("watch", 0, "load the project anew when a file changes (default in development)"),
    OPT_FLAG("no-watch", 0, "do not"),
    OPT_END,
};

enum { QUEUES_MAX = 64 };

struct start {
    struct cli *cli;
    struct pin_executor *executor;
    struct pin_bot *bot;
    struct pin_log log;
    struct pin_notify notify;
    const char *log_file;
    char *queue_text; /* cut at the commas */
    const char *queues[QUEUES_MAX];
    size_t queue_count;
    int64_t workers;
    int64_t grace_ms;
    int signal_fd;
    int first_signal; /* of those that stop it */
};

/* ---- signals ---- */

static const int heard[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT, SIGTTIN, SIGUSR1 };

static void
stop(struct start *s, int number)
{
    if (!s->first_signal) {
        s->first_signal = number;
        pin__log(&s->log, PIN_LOG_INFO, "bot.stopping", NULL,
                 "signal %d (%s): no run begins any more, %zu go on for %.0f s at most", number,
                 strsignal(number), pin__executor_running(s->executor), (double)s->grace_ms / 1000);
        pin__notify_stopping(&s->notify);
        pin__notify_extend(&s->notify, s->grace_ms + PIN_FLUSH_MS);
    } else {
        pin__log(&s->log, PIN_LOG_WARNING, "bot.stopping", NULL,
                 "signal %d (%s) again: what runs is stopped and goes back to the queue", number,
                 strsignal(number));
    }
    pin__executor_stop(s->executor);
}

static void
reopen_log(struct start *s)
{
    int fd = s->log_file ? open(s->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

    pin__log_flush(&s->log);
    if (fd < 0)
        return;
    if (dup3(fd, s->log.fd, O_CLOEXEC) < 0)
        pin__log(&s->log, PIN_LOG_ERROR, "bot.log", NULL, "cannot reopen %s", s->log_file);
    close(fd);
}

static void
pause_bot(struct start *s, bool paused)
{
    pin__log(&s->log, PIN_LOG_INFO, paused ? "bot.quiet" : "bot.goes_on", NULL,
             paused ? "no run is taken from the queue until SIGCONT" : "runs are taken again");
    pin__executor_queue_pause(s->executor, paused);
}

static void
on_signal(struct start *s, int number)
{
    switch (number) {
    case SIGHUP:
        pin__bot_reload(s->bot);
        break;
    case SIGTSTP:
    case SIGCONT:
        pause_bot(s, number == SIGTSTP);
        break;
    case SIGTTIN:
        pin__bot_tell_running(s->bot);
        break;
    case SIGUSR1:
        reopen_log(s);
        break;
    case SIGQUIT: /* at once, and tell what was running */
        pin__bot_tell_running(s->bot);
        stop(s, number);
        stop(s, number);
        break;
    default:
        stop(s, number);
    }
    pin__log_flush(&s->log);
}

static void
on_watch(void *context)
{
    struct start *s = context;
    struct signalfd_siginfo info;

    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        on_signal(s, (int)info.ssi_signo);
}

static void
listen_to_signals(struct start *s)
{
    sigset_t mask;

    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
        sigaddset(&mask, heard[i]);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    s->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    pin__executor_watch(s->executor, s->signal_fd, 0, on_watch, s);
}

/* ---- options ---- */

static pin_status
take_queues(struct start *s, const char *text, struct pin_err *err)
{
    char *at;

    if (!text)
        return PIN_OK;
    if (!(s->queue_text = strdup(text)))
        return pin__err_no_memory(err);
    for (char *name = s->queue_text; name; name = at) {
        if ((at = strchr(name, ',')))
            *at++ = '\0';
        if (!*name || s->queue_count == QUEUES_MAX)
            return pin__err_set(err, PIN_INVALID,
                                "--queue %s: takes names with commas between, %d at most",
                                pin__quote_text(text).text, QUEUES_MAX);
        s->queues[s->queue_count++] = name;
    }
    return PIN_OK;
}

static pin_status
take_log(struct start *s, const struct args *a, struct pin_err *err)
{
    const char *format = pin__args_value(a, "log-format");
    int fd = STDERR_FILENO;

    s->log_file = pin__args_value(a, "log");
    if (s->log_file &&
        (fd = open(s->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) < 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot write the log %s", s->log_file);
    pin__log_init(&s->log, fd);
    if (format && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return pin__err_set(err, PIN_INVALID, "--log-format is text or json, not %s",
                            pin__quote_text(format).text);
    if (format)
        s->log.json = strcmp(format, "json") == 0;
    s->log.together = true;
    s->log.level = s->cli->verbosity < 0   ? PIN_LOG_WARNING
                   : s->cli->verbosity > 0 ? PIN_LOG_DEBUG
                                           : PIN_LOG_INFO;
    return PIN_OK;
}

static pin_status
take_options(struct start *s, const struct args *a, struct pin_err *err)
{
    const char *grace = pin__args_value(a, "grace");
    pin_status st;

    s->grace_ms = PIN_BOT_GRACE_MS;
    if ((st = pin__args_number(a, "workers", 1, PIN_WORKERS_MAX / 2, &s->workers, err)) != PIN_OK ||
        (st = take_queues(s, pin__args_value(a, "queue"), err)) != PIN_OK)
        return st;
    if (grace && (st = pin__duration_parse(&s->grace_ms, grace, err)) != PIN_OK) {
        pin__err_prefix(err, "--grace");
        return st;
    }
    return take_log(s, a, err);
}

static bool
watches_files(const struct start *s, const struct args *a)
{
    if (pin__args_flag(a, "no-watch") || pin__args_flag(a, "once"))
        return false;
    return pin__args_flag(a, "watch") || strcmp(s->cli->environment, "development") == 0;
}

/* ---- the command ---- */

static enum pin_exit
exit_code(const struct start *s, const struct args *a, uint64_t failed)
{
    if (s->first_signal == SIGINT)
        return PIN_EXIT_INTERRUPTED;
    if (s->first_signal)
        return s->first_signal == SIGTERM ? PIN_EXIT_OK : (enum pin_exit)(128 + s->first_signal);
    return pin__args_flag(a, "once") && failed ? PIN_EXIT_FAILED : PIN_EXIT_OK;
}

static enum pin_exit
run_bot(struct start *s, const struct args *a)
{
    struct pin_bot_options options = { .log = &s->log,
                                       .notify = &s->notify,
                                       .queues = s->queues,
                                       .queue_count = s->queue_count,
                                       .once = pin__args_flag(a, "once"),
                                       .watches_files = watches_files(s, a) };
    struct pin_err err = PIN_ERR_INIT;
    uint64_t failed;

    if (pin__bot_start(&s->bot, s->executor, &options, &err) != PIN_OK)
        return pin__cli_fail(s->cli, &err);
    pin__executor_set_grace(s->executor, s->grace_ms);
    listen_to_signals(s);
    pin__log(&s->log, PIN_LOG_INFO, "bot.started",
             &(struct pin_log_fields){ .worker = pin__executor_name(s->executor), .pid = getpid() },
             "the bot watches %zu background jobs of %s",
             pin__executor_catalog(s->executor)->job_count, s->cli->root);
    pin__log_flush(&s->log);
    pin__notify_ready(&s->notify);
    pin__executor_loop(s->executor, pin__bot_done, s->bot);
    failed = pin__bot_failed(s->bot);
    pin__bot_stop(s->bot);
    pin__log(&s->log, PIN_LOG_INFO, "bot.stopped", NULL, "the bot has stopped");
    return exit_code(s, a, failed);
}

static enum pin_exit
start_bot(struct cli *cli, const struct args *a)
{
    struct start s = { .cli = cli, .signal_fd = -1 };
    struct pin_err err = PIN_ERR_INIT;
    enum pin_exit code;

    pin__notify_init(&s.notify);
    if (take_options(&s, a, &err) != PIN_OK)
        code = pin__cli_fail(cli, &err);
    else if (pin__cli_open_executor(cli, (unsigned)s.workers, &s.executor, &code))
        code = run_bot(&s, a);
    pin__executor_close(s.executor);
    pin__log_fini(&s.log);
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

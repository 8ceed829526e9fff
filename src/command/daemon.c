/* daemon.c - see daemon.h. */
#include "command/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/quote.h"
#include "bot/bot_log.h"

/* ---- signals ---- */

static const int heard[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP, SIGCONT, SIGTTIN, SIGUSR1 };

void
pin__daemon_stop(struct daemon *d, int number)
{
    bool first = d->first_signal == 0;

    if (first) {
        d->first_signal = number;
        pin__log(&d->log, PIN_LOG_INFO, "bot.stopping", NULL,
                 "signal %d (%s): no run begins any more, %zu go on for %.0f s at most", number,
                 strsignal(number), pin__executor_running(d->executor), (double)d->grace_ms / 1000);
        pin__notify_stopping(&d->notify);
        pin__notify_extend(&d->notify, d->drain_ms + d->grace_ms + PIN_FLUSH_MS);
    } else {
        pin__log(&d->log, PIN_LOG_WARNING, "bot.stopping", NULL,
                 "signal %d (%s) again: what runs is stopped and goes back to the queue", number,
                 strsignal(number));
    }
    if (first && d->drain) {
        d->drain(d->context);
        return;
    }
    if (!first && !pin__executor_stopping(d->executor))
        pin__executor_stop(d->executor); /* it was draining */
    pin__executor_stop(d->executor);
}

static void
reopen_log(struct daemon *d)
{
    int fd = d->log_file ? open(d->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

    pin__log_flush(&d->log);
    if (fd < 0)
        return;
    if (dup3(fd, d->log.fd, O_CLOEXEC) < 0)
        pin__log(&d->log, PIN_LOG_ERROR, "bot.log", NULL, "cannot reopen %s", d->log_file);
    close(fd);
}

static void
pause_queue(struct daemon *d, bool paused)
{
    pin__log(&d->log, PIN_LOG_INFO, paused ? "bot.quiet" : "bot.goes_on", NULL,
             paused ? "no run is taken from the queue until SIGCONT" : "runs are taken again");
    pin__executor_queue_pause(d->executor, paused);
}

static void
tell_running(struct daemon *d)
{
    if (d->bot)
        pin__bot_tell_running(d->bot);
}

static void
on_signal(struct daemon *d, int number)
{
    switch (number) {
    case SIGHUP:
        if (d->bot)
            pin__bot_reload(d->bot);
        else
            d->reload.due_ms = pin__clock_wall().ms;
        break;
    case SIGTSTP:
    case SIGCONT:
        pause_queue(d, number == SIGTSTP);
        break;
    case SIGTTIN:
        tell_running(d);
        break;
    case SIGUSR1:
        reopen_log(d);
        break;
    case SIGQUIT: /* at once, and tell what was running */
        tell_running(d);
        pin__daemon_stop(d, number);
        pin__daemon_stop(d, number);
        break;
    default:
        pin__daemon_stop(d, number);
    }
    pin__log_flush(&d->log);
}

static void
on_watch(void *context)
{
    struct daemon *d = context;
    struct signalfd_siginfo info;

    while (read(d->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        on_signal(d, (int)info.ssi_signo);
}

void
pin__daemon_listen(struct daemon *d)
{
    sigset_t mask;

    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
        sigaddset(&mask, heard[i]);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    d->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    pin__executor_set_grace(d->executor, d->grace_ms);
    pin__executor_watch(d->executor, d->signal_fd, 0, on_watch, d);
}

/* ---- reload without a bot ---- */

enum { RELOAD_AFTER_MS = 100 };

static void
reloaded(void *context, const struct pin_catalog *catalog, const struct pin_err *err)
{
    struct daemon *d = context;

    pin__notify_ready(&d->notify);
    if (catalog) {
        pin__log(&d->log, PIN_LOG_INFO, "project.reloaded", NULL,
                 "the project was loaded anew: %zu views", catalog->view_count);
        pin__bot_log_problems(&d->log, catalog);
    } else {
        pin__log(&d->log, PIN_LOG_ERROR, "project.broken", NULL,
                 "the project was not loaded anew, what was loaded before stays in use: %s",
                 err->message);
    }
}

static int64_t
reload_due(void *context, int64_t now_ms)
{
    struct daemon *d = context;

    if (d->reload.due_ms != INT64_MAX && d->reload.due_ms > now_ms + RELOAD_AFTER_MS)
        d->reload.due_ms = now_ms + RELOAD_AFTER_MS; /* the clock was put back */
    return d->reload.due_ms;
}

static void
reload_turn(void *context, int64_t now_ms)
{
    struct daemon *d = context;

    d->reload.due_ms = INT64_MAX;
    pin__notify_reloading(&d->notify, pin__clock_mono());
    if (!pin__executor_reload(d->executor, reloaded, d))
        d->reload.due_ms = now_ms + RELOAD_AFTER_MS; /* one is under way */
}

static void
files_changed(void *context)
{
    struct daemon *d = context;

    if (pin__watch_take(d->reload.watch))
        d->reload.due_ms = pin__clock_wall().ms + RELOAD_AFTER_MS;
}

void
pin__daemon_reloads(struct daemon *d, bool watches_files)
{
    struct pin_err err = PIN_ERR_INIT;

    if (watches_files &&
        pin__watch_open(&d->reload.watch, pin__executor_root(d->executor), &err) != PIN_OK)
        pin__log(&d->log, PIN_LOG_WARNING, "bot.watch", NULL,
                 "changes of files are not noticed: %s", err.message);
    d->reload.due_ms = INT64_MAX;
    d->reload.service =
        (struct pin_service){ .context = d,
                              .due = reload_due,
                              .turn = reload_turn,
                              .fd = d->reload.watch ? pin__watch_fd(d->reload.watch) : -1,
                              .readable = files_changed };
    pin__executor_attach(d->executor, &d->reload.service);
}

/* ---- options ---- */

static pin_status
take_log(struct daemon *d, const struct args *a, struct pin_err *err)
{
    const char *format = pin__args_value(a, "log-format");
    int fd = STDERR_FILENO;

    d->log_file = pin__args_value(a, "log");
    if (d->log_file &&
        (fd = open(d->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) < 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot write the log %s", d->log_file);
    pin__log_init(&d->log, fd);
    if (format && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return pin__err_set(err, PIN_INVALID, "--log-format is text or json, not %s",
                            pin__quote_text(format).text);
    if (format)
        d->log.json = strcmp(format, "json") == 0;
    d->log.together = true;
    d->log.level = d->cli->verbosity < 0   ? PIN_LOG_WARNING
                   : d->cli->verbosity > 0 ? PIN_LOG_DEBUG
                                           : PIN_LOG_INFO;
    return PIN_OK;
}

pin_status
pin__daemon_options(struct daemon *d, const struct args *a, struct pin_err *err)
{
    const char *grace = pin__args_value(a, "grace");
    pin_status st;

    d->grace_ms = PIN_BOT_GRACE_MS;
    pin__notify_init(&d->notify);
    if ((st = pin__args_number(a, "workers", 1, PIN_WORKERS_MAX / 2, &d->workers, err)) != PIN_OK)
        return st;
    if (grace && (st = pin__duration_parse(&d->grace_ms, grace, err)) != PIN_OK) {
        pin__err_prefix(err, "--grace");
        return st;
    }
    return take_log(d, a, err);
}

bool
pin__daemon_watches_files(const struct daemon *d, const struct args *a)
{
    if (pin__args_flag(a, "no-watch"))
        return false;
    return pin__args_flag(a, "watch") || strcmp(d->cli->environment, "development") == 0;
}

/* ---- the end ---- */

enum pin_exit
pin__daemon_exit(const struct daemon *d)
{
    if (d->first_signal == SIGINT)
        return PIN_EXIT_INTERRUPTED;
    if (d->first_signal && d->first_signal != SIGTERM)
        return (enum pin_exit)(128 + d->first_signal);
    return PIN_EXIT_OK;
}

void
pin__daemon_fini(struct daemon *d)
{
    if (d->executor)
        pin__executor_detach(d->executor, &d->reload.service);
    pin__watch_close(d->reload.watch);
    pin__executor_close(d->executor);
    pin__log_fini(&d->log);
}

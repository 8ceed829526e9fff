/* project_executor.c - see project_executor.h. */
#include "command/project_executor.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bot/bot.h"

enum { TICK_MS = 100 };

/* A process has one set of signals: this is theirs. */
static struct {
    struct pin_executor *executor;
    int fd;
    int first;
    void (*tick)(void *);
    void *context;
} stop = { .fd = -1 };

/* this.bot.start() in a run of any command. */
static struct pin_bot_of_program bot;

bool
pin__cli_open_executor(const struct cli *cli, unsigned workers, struct pin_executor **out,
                       enum pin_exit *exit_code)
{
    return pin__cli_open_executor_as(cli, workers, PIN_TRIGGER_CLI, out, exit_code);
}

static bool
open_executor(const struct cli *cli, struct pin_executor_options *options,
              struct pin_executor **out, enum pin_exit *exit_code)
{
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    options->root = cli->root;
    options->environment = cli->environment;
    options->bot = pin__bot_of_program;
    options->bot_context = &bot;
    st = pin__executor_open(out, options, &err);
    if (st != PIN_OK)
        *exit_code = pin__cli_fail(cli, &err);
    return st == PIN_OK;
}

bool
pin__cli_open_executor_as(const struct cli *cli, unsigned workers, enum pin_trigger trigger,
                          struct pin_executor **out, enum pin_exit *exit_code)
{
    struct pin_executor_options options = { .workers = workers, .trigger = trigger };

    return open_executor(cli, &options, out, exit_code);
}

bool
pin__cli_open_executor_with(const struct cli *cli, unsigned workers, const char *native_program,
                            struct pin_executor **out, enum pin_exit *exit_code)
{
    struct pin_executor_options options = { .workers = workers,
                                            .trigger = PIN_TRIGGER_CLI,
                                            .native_program = native_program };

    return open_executor(cli, &options, out, exit_code);
}

static void
on_watch(void *unused)
{
    struct signalfd_siginfo info;

    (void)unused;
    while (read(stop.fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (!stop.first)
            stop.first = (int)info.ssi_signo;
        pin__executor_stop(stop.executor);
    }
    if (stop.tick)
        stop.tick(stop.context);
}

void
pin__cli_stop_on_signals(struct pin_executor *x, void (*tick)(void *), void *context)
{
    sigset_t mask;

    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigaddset(&mask, SIGHUP);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    stop.executor = x;
    stop.tick = tick;
    stop.context = context;
    stop.first = 0;
    if (stop.fd < 0)
        stop.fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    pin__executor_watch(x, stop.fd, TICK_MS, on_watch, NULL);
}

int
pin__cli_stop_signal(void)
{
    return stop.first;
}

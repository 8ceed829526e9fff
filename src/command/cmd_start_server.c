/* cmd_start_server.c - answer requests by views, with the bot beside, until told to stop. */
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include "command/daemon.h"
#include "command/project_executor.h"
#include "web/server.h"

static const struct opt opts[] = {
    OPT_STR("host", 0, "HOST:PORT[,HOST:PORT...]", "listen there (default: 127.0.0.1:3000)"),
    OPT_STR("operators", 0, "HOST:PORT", "serve /livez, /readyz and /metrics there only"),
    OPT_FLAG("without-bot", 0, "run no schedules and no queued runs"),
    DAEMON_OPTIONS,
    OPT_END,
};

enum { LARGE_BYTES = 1 << 20 };

struct serve {
    struct daemon daemon;
    struct pin_server *server;
    char *hosts; /* cut at the commas */
    const char *listen[PIN_HTTP_LISTENERS_MAX];
    size_t listen_count;
    bool draining;
    struct pin_mono drained_by;
};

/* Requests first, then runs. */
static void
drain(void *context)
{
    struct serve *s = context;

    s->draining = true;
    s->drained_by = pin__clock_after_ms(pin__clock_mono(), PIN_SERVER_DRAIN_MS);
    pin__server_drain(s->server);
    pin__executor_queue_pause(s->daemon.executor, true);
}

static bool
look_at_drain(void *context)
{
    struct serve *s = context;

    if (s->draining && (pin__server_is_idle(s->server) || !pin__clock_until_ms(s->drained_by))) {
        s->draining = false;
        pin__executor_stop(s->daemon.executor);
    }
    return false;
}

static void
say_started(struct serve *s)
{
    struct daemon *d = &s->daemon;
    const struct pin_catalog *c = pin__executor_catalog(d->executor);
    const char *address;

    for (size_t i = 0; (address = pin__server_address(s->server, i)); i++)
        pin__log(&d->log, PIN_LOG_INFO, "server.listening",
                 &(struct pin_log_fields){ .pid = getpid() }, "http://%s answers by %zu view%s%s",
                 address, c->view_count, c->view_count == 1 ? "" : "s",
                 d->bot ? ", with the bot beside" : "");
}

/* A connection is a descriptor; many systems begin with too few. */
static void
allow_descriptors(void)
{
    enum { WANTED = PIN_HTTP_CONNECTIONS_MAX + 1024 };
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < WANTED ? limit.rlim_max : WANTED;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum pin_exit
serve(struct serve *s, const struct args *a)
{
    struct daemon *d = &s->daemon;
    struct pin_bot_options bot = { .log = &d->log,
                                   .notify = &d->notify,
                                   .watches_files = pin__daemon_watches_files(d, a) };
    struct pin_server_options options = { .log = &d->log,
                                          .listen = s->listen,
                                          .listen_count = s->listen_count,
                                          .operators = pin__args_value(a, "operators"),
                                          .explains =
                                              strcmp(d->cli->environment, "development") == 0 };
    struct pin_err err = PIN_ERR_INIT;

    allow_descriptors();
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES); /* what large answers took goes back at once */
    if (pin__server_start(&s->server, d->executor, &options, &err) != PIN_OK ||
        (!pin__args_flag(a, "without-bot") &&
         pin__bot_start(&d->bot, d->executor, &bot, &err) != PIN_OK))
        return pin__cli_fail(d->cli, &err);
    if (!d->bot)
        pin__daemon_reloads(d, bot.watches_files);
    d->drain = drain;
    d->drain_ms = PIN_SERVER_DRAIN_MS;
    d->context = s;
    pin__daemon_listen(d);
    say_started(s);
    pin__log_flush(&d->log);
    pin__notify_ready(&d->notify);
    pin__executor_loop(d->executor, look_at_drain, s);
    pin__bot_stop(d->bot);
    pin__log(&d->log, PIN_LOG_INFO, "server.stopped", NULL, "the server has stopped");
    return pin__daemon_exit(d);
}

static enum pin_exit
start_server(struct cli *cli, const struct args *a)
{
    struct serve s = { .daemon = { .cli = cli, .signal_fd = -1 } };
    struct pin_err err = PIN_ERR_INIT;
    enum pin_exit code;

    if (pin__args_list(a, "host", &s.hosts, s.listen, PIN_HTTP_LISTENERS_MAX, &s.listen_count,
                       &err) != PIN_OK ||
        pin__daemon_options(&s.daemon, a, &err) != PIN_OK)
        code = pin__cli_fail(cli, &err);
    else if (pin__cli_open_executor(cli, (unsigned)s.daemon.workers, &s.daemon.executor, &code))
        code = serve(&s, a);
    pin__server_stop(s.server);
    pin__daemon_fini(&s.daemon);
    pin__server_free(s.server);
    free(s.hosts);
    return code;
}

const struct command pin__cmd_start_server = {
    .name = "start-server",
    .brief = "answer requests by the views of lib/views, with the bot beside",
    .details = "TERM or INT: take no more requests, finish those there are, then let runs end "
               "(--grace) and\nleave; once more: stop at once. Other signals are those of "
               "start-bot.",
    .opts = opts,
    .needs = NEEDS_PROJECT,
    .exec = start_server,
};

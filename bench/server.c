/* server.c - requests that views answer, with wrk as the client, against the HTTP library alone. */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "web/http.h"

extern char **environ;

enum { WINDOWS = 5 };

static const char ok_view[] = "export default { render(){ return { ok: true }; } };\n";
static const char job_view[] = "export default { async render(){\n"
                               "    await this.runBackgroundJob('empty');\n"
                               "    return { ok: true }; } };\n";
static const char empty_job[] = "export default { run(){} };\n";

/* ---- the reference: the same answer from the same library, in a loop like ours ---- */

static struct pin_http *http;

static void
answer_constant(void *context, struct pin_http_exchange *e)
{
    static const struct pin_http_header type = { "content-type", "application/json" };
    static const char body[] = "{\"ok\":true}";

    (void)context;
    pin__http_answer(http, e,
                     &(struct pin_http_answer){ 200, &type, 1, { body, sizeof body - 1 } });
}

static _Noreturn void
serve_constant(int out)
{
    static const char *const listen[] = { "127.0.0.1:0" };
    struct pin_http_options options = {
        .listen = listen, .listen_count = 1, .body_bytes_max = 1024, .handle = answer_constant
    };
    int epoll_fd = epoll_create1(0);
    struct epoll_event event = { .events = EPOLLIN };
    struct pin_err err;

    if (pin__http_open(&http, &options, &err) != PIN_OK) {
        fprintf(stderr, "bench server: %s\n", err.message);
        _exit(1);
    }
    dprintf(out, "%s\n", pin__http_address(http, 0));
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pin__http_fd(http), &event);
    for (;;) {
        int64_t now_ms = pin__clock_wall().ms, due_ms = pin__http_due_ms(http, now_ms);

        epoll_wait(epoll_fd, &event, 1, due_ms == INT64_MAX ? -1 : (int)(due_ms - now_ms));
        pin__http_turn(http);
    }
}

static pid_t
start_constant(char address[64])
{
    int ends[2];
    FILE *in;
    pid_t pid;

    if (pipe(ends) != 0 || (pid = fork()) < 0)
        bench_die("fork");
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a bench that gives up leaves nobody behind */
        serve_constant(ends[1]);
    }
    close(ends[1]);
    if (!(in = fdopen(ends[0], "r")) || fscanf(in, "%63s", address) != 1)
        bench_die("the constant server");
    fclose(in);
    return pid;
}

/* ---- the server ---- */

static bool
find_address(const char *log, char address[64])
{
    static char text[65536];
    FILE *f = fopen(log, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    const char *at;

    text[n] = '\0';
    if (f)
        fclose(f);
    at = strstr(text, "http://");
    return at && sscanf(at, "http://%63[0-9.:]", address) == 1 && strchr(at, '\n');
}

static pid_t
start_server(const char *folder, char address[64])
{
    char log[PATH_MAX + 16], root[PATH_MAX];
    const char *argv[] = { "pinstripe",    "--project",   root,    "start-server",
                           "--host",       "127.0.0.1:0", "--log", log,
                           "--log-format", "json",        NULL };
    pid_t pid;

    snprintf(root, sizeof root, "%s", folder);
    snprintf(log, sizeof log, "%s/server.log", folder);
    setenv("PINSTRIPE_ENV", "production", 1);
    if (posix_spawn(&pid, bench_program(), NULL, NULL, (char *const *)(const void *)argv,
                    environ) != 0)
        bench_die("posix_spawn");
    for (int i = 0; i < 1000; i++) {
        if (find_address(log, address))
            return pid;
        usleep(10000);
    }
    fprintf(stderr, "bench server: it does not start\n");
    exit(1);
}

static void
stop(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

/* ---- the client ---- */

struct load {
    double rate, p50_ms, p99_ms;
};

static double
milliseconds(double value, const char *unit)
{
    return strncmp(unit, "us", 2) == 0 ? value / 1000 : *unit == 's' ? value * 1000 : value;
}

static struct load
load_of(const char *address, const char *path, int connections)
{
    struct load l = { 0, 0, 0 };
    char command[256], line[256], unit[8];
    double value;
    FILE *f;

    snprintf(command, sizeof command, "wrk -t1 -c%d -d2 --latency http://%s%s", connections,
             address, path);
    if (!(f = popen(command, "r")))
        bench_die("wrk");
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, " 50%% %lf%7s", &value, unit) == 2)
            l.p50_ms = milliseconds(value, unit);
        else if (sscanf(line, " 99%% %lf%7s", &value, unit) == 2)
            l.p99_ms = milliseconds(value, unit);
        else if (sscanf(line, "Requests/sec: %lf", &value) == 1)
            l.rate = value;
        else if (strstr(line, "Non-2xx") || strstr(line, "Socket errors"))
            fprintf(stderr, "bench server: %s", line);
    }
    if (pclose(f) != 0 || l.rate <= 0) {
        fprintf(stderr, "bench server: wrk failed (is it installed?)\n");
        exit(1);
    }
    return l;
}

/* The middle one of each figure: a window that shared the machine with somebody does not decide. */
static struct load
middle_load_of(const char *address, const char *path, int connections)
{
    double rates[WINDOWS], p50s[WINDOWS], p99s[WINDOWS];

    for (int i = 0; i < WINDOWS; i++) {
        struct load l = load_of(address, path, connections);

        rates[i] = l.rate;
        p50s[i] = l.p50_ms;
        p99s[i] = l.p99_ms;
    }
    return (struct load){ bench_median(rates, WINDOWS), bench_median(p50s, WINDOWS),
                          bench_median(p99s, WINDOWS) };
}

int
main(void)
{
    char folder[PATH_MAX], address[64], constant[64];
    struct load reference, view, job;
    pid_t server, alone;

    bench_project(folder, "export default {};\n");
    bench_write(folder, "lib/views/ok.js", ok_view);
    bench_write(folder, "lib/views/job.js", job_view);
    bench_write(folder, "lib/background_jobs/empty.js", empty_job);
    alone = start_constant(constant);
    server = start_server(folder, address);
    load_of(address, "/ok", 64); /* the workers are there */
    reference = middle_load_of(constant, "/ok", 64);
    view = middle_load_of(address, "/ok", 64);
    job = middle_load_of(address, "/job", 16);
    bench_row("a view that returns { ok: true }, 64 connections", view.rate, "/s", reference.rate,
              ">= 25 % of a constant, >= 15,000/s",
              view.rate >= 0.25 * reference.rate && view.rate >= 15000);
    bench_row("a view that awaits an empty job, 16 connections, p50", job.p50_ms, "ms", 0,
              "<= 1 ms", job.p50_ms <= 1);
    bench_row("the same, p99", job.p99_ms, "ms", 0, "<= 5 ms", job.p99_ms <= 5);
    stop(alone);
    stop(server);
    bench_remove(folder);
    return 0;
}

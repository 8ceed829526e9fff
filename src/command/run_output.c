/* run_output.c - see run_output.h. */
#include "command/run_output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "command/error_text.h"

enum {
    PENDING_FULL_BYTES = 256 << 10,
    PENDING_BYTES_MAX = 256 << 20,
    PARTIAL_LINE_MAX = 64 << 10,
    TOLD_EVERY_MS = 10000
};

struct record {
    uint32_t fd;
    uint32_t size;
};

/* ---- bytes to a stream ---- */

/* PIPE_BUF bytes fit when poll says so, for pipes and terminals alike. */
static bool
can_write(int fd, int timeout_ms)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int n;

    do
        n = poll(&p, 1, timeout_ms);
    while (n < 0 && errno == EINTR && timeout_ms < 0);
    return n > 0;
}

static void
stream_gone(struct run_output *o, int fd)
{
    o->gone[fd - 1] = true;
    if (fd == STDOUT_FILENO && !o->gone[1])
        pin__cli_say(o->cli,
                     "pinstripe: standard output cannot be written any more: %s; the jobs go on",
                     strerror(errno));
}

/* Bytes taken; 0 when the stream takes nothing now. */
static size_t
write_some(struct run_output *o, int fd, const char *data, size_t size, int timeout_ms)
{
    ssize_t n;

    if (o->gone[fd - 1])
        return size;
    if (!can_write(fd, timeout_ms))
        return 0;
    n = write(fd, data, size < PIPE_BUF ? size : PIPE_BUF);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n < 0) {
        stream_gone(o, fd);
        return size;
    }
    return (size_t)n;
}

static bool
flush_pending(struct run_output *o, int timeout_ms)
{
    struct record r;

    while (o->pending.size - o->pending_at > sizeof r) {
        char *at = o->pending.data + o->pending_at;
        size_t n;

        memcpy(&r, at, sizeof r);
        n = write_some(o, (int)r.fd, at + sizeof r, r.size, timeout_ms);
        if (n == 0)
            return false;
        if (n == r.size) {
            o->pending_at += sizeof r + r.size;
            continue;
        }
        r.size -= (uint32_t)n; /* the rest of the record, with a header of its own in front */
        o->pending_at += n;
        memcpy(o->pending.data + o->pending_at, &r, sizeof r);
    }
    pin__buf_clear(&o->pending);
    o->pending_at = 0;
    return true;
}

static void
queue_bytes(struct run_output *o, int fd, const char *data, size_t size)
{
    struct record r = { .fd = (uint32_t)fd, .size = (uint32_t)size };

    if (!size)
        return;
    if (o->pending_at > PENDING_FULL_BYTES) {
        pin__buf_drop(&o->pending, o->pending_at);
        o->pending_at = 0;
    }
    pin__buf_add(&o->pending, &r, sizeof r);
    pin__buf_add(&o->pending, data, size);
}

static void
hide_progress(struct run_output *o)
{
    if (!o->progress_shown)
        return;
    queue_bytes(o, STDERR_FILENO, "\r\033[K", 4);
    o->progress_shown = false;
}

static void
put(struct run_output *o, int fd, const char *data, size_t size)
{
    hide_progress(o);
    queue_bytes(o, fd, data, size);
    (void)flush_pending(o, 0);
}

/* ---- what jobs print ---- */

static const char *
label_of(const struct pin_run_info *run)
{
    return run->tenant_name ? run->tenant_name : run->tenant_id;
}

static void
put_labelled_line(struct run_output *o, int fd, const char *label, struct pin_buf *line)
{
    struct pin_buf all = PIN_BUF_INIT((size_t)PARTIAL_LINE_MAX * 2);

    pin__buf_addf(&all, "[%.64s] ", label);
    pin__buf_add(&all, line->data, line->size);
    put(o, fd, all.data, all.size);
    pin__buf_fini(&all);
    pin__buf_clear(line);
}

static void
print_labelled(struct run_output *o, int fd, const char *label, const char *data, size_t size)
{
    struct pin_buf *line = &o->partial[fd - 1];

    while (size) {
        const char *end = memchr(data, '\n', size);
        size_t n = end ? (size_t)(end - data) + 1 : size;

        if (n > PARTIAL_LINE_MAX - line->size)
            n = PARTIAL_LINE_MAX - line->size;
        pin__buf_add(line, data, n);
        if (end || line->size == PARTIAL_LINE_MAX)
            put_labelled_line(o, fd, label, line);
        data += n;
        size -= n;
    }
}

static void
sink_console(void *context, const struct pin_run_info *run, enum pin_stream stream,
             const char *data, size_t size)
{
    struct run_output *o = context;
    int fd = o->json || stream == PIN_STDERR ? STDERR_FILENO : STDOUT_FILENO;
    /* In a REPL a run for one tenant is for the one that its prompt shows. */
    const char *label = o->dialog ? run->tenant_name : label_of(run);

    if (o->labels && label && isatty(fd))
        print_labelled(o, fd, label, data, size);
    else
        put(o, fd, data, size);
}

static void
end_partial_lines(struct run_output *o, const struct pin_run_info *run)
{
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        if (!o->partial[fd - 1].size)
            continue;
        pin__buf_addc(&o->partial[fd - 1], '\n');
        put_labelled_line(o, fd, label_of(run) ? label_of(run) : "?", &o->partial[fd - 1]);
    }
}

/* ---- failures, for a person ---- */

static void
print_failure(struct run_output *o, const char *job, const char *tenant,
              const struct pin_buf *error)
{
    struct pin_buf text = PIN_BUF_INIT(8 << 20);

    pin__buf_adds(&text, job);
    if (tenant) {
        pin__buf_adds(&text, " (");
        pin__error_text_add_visible(&text, tenant);
        pin__buf_addc(&text, ')');
    }
    pin__buf_adds(&text, ": ");
    pin__error_text_add(&text, (struct pin_bytes){ error->data, error->size });
    put(o, STDERR_FILENO, text.data, text.size);
    o->failures_shown++;
    pin__buf_fini(&text);
}

/* ---- JSON ---- */

static void
add_result(struct pin_buf *b, const struct pin_outcome *o)
{
    pin__buf_addf(b, ",\"result\":\"%s\",\"error\":%s", pin__outcome_kind_name(o->kind),
                  o->error.size ? pin__buf_text(&o->error) : "null");
}

static void
print_json_run(struct run_output *o, const struct pin_run_info *run,
               const struct pin_outcome *outcome)
{
    struct pin_buf b = PIN_BUF_INIT(16 << 20);

    pin__buf_addf(&b, "{\"run\":%llu,\"parent\":", (unsigned long long)run->id);
    if (run->parent)
        pin__buf_addf(&b, "%llu", (unsigned long long)run->parent);
    else
        pin__buf_adds(&b, "null");
    pin__buf_add_json_member(&b, "job", run->job);
    pin__buf_add_json_member(&b, "tenant", run->tenant_name);
    pin__buf_add_json_member(&b, "tenantId", run->tenant_id);
    add_result(&b, outcome);
    pin__buf_adds(&b, ",\"output\":");
    pin__buf_add_json_string(&b, run->console.data, run->console.size);
    pin__buf_addf(&b, ",\"outputBytesDropped\":%llu",
                  (unsigned long long)(run->console_bytes_total - run->console.size));
    pin__buf_addf(&b, ",\"wallMs\":%.3f,\"cpuMs\":%.3f,\"peakHeapBytes\":%llu}\n",
                  (double)outcome->wall_us / 1000, (double)outcome->cpu_us / 1000,
                  (unsigned long long)outcome->peak_heap_bytes);
    put(o, STDOUT_FILENO, b.data, b.size);
    pin__buf_fini(&b);
}

static void
print_json_summary(struct run_output *o, const char *job, const struct pin_summary *s,
                   int exit_code)
{
    struct pin_buf b = PIN_BUF_INIT(16 << 20);

    pin__buf_adds(&b, "{\"summary\":true");
    pin__buf_add_json_member(&b, "job", job);
    add_result(&b, &s->outcome);
    pin__buf_addf(
        &b,
        ",\"multiTenant\":%s,\"runs\":%llu,\"failed\":%llu,\"timedOut\":%llu,\"cancelled\":%llu,"
        "\"wallMs\":%.3f,\"exitCode\":%d}\n",
        s->multi_tenant ? "true" : "false", (unsigned long long)s->tenants,
        (unsigned long long)s->failed, (unsigned long long)s->timed_out,
        (unsigned long long)s->cancelled, (double)s->wall_us / 1000, exit_code);
    put(o, STDOUT_FILENO, b.data, b.size);
    pin__buf_fini(&b);
}

/* ---- sink ---- */

static void
sink_finished(void *context, const struct pin_run_info *run, const struct pin_outcome *outcome)
{
    struct run_output *o = context;

    if (run->depth == (o->dialog ? 1 : 0))
        end_partial_lines(o, run);
    if (run->depth == 0 && !o->dialog && outcome->kind != PIN_OUTCOME_SUCCEEDED)
        print_failure(o, run->job, label_of(run), &outcome->error);
    if (o->json)
        print_json_run(o, run, outcome);
}

static void
sink_note(void *context, const char *text)
{
    struct run_output *o = context;

    hide_progress(o);
    (void)flush_pending(o, -1);
    pin__cli_say(o->cli, "pinstripe: %s", text);
}

static bool
sink_full(void *context)
{
    struct run_output *o = context;

    if (o->pending.size - o->pending_at < PENDING_FULL_BYTES)
        return false;
    (void)flush_pending(o, 0);
    return o->pending.size - o->pending_at >= PENDING_FULL_BYTES;
}

void
pin__run_output_init(struct run_output *o, struct cli *cli, struct pin_executor *x, bool json,
                     bool multi_tenant)
{
    const char *term = getenv("TERM");
    bool terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;

    *o = (struct run_output){ .cli = cli,
                              .executor = x,
                              .json = json,
                              .labels = multi_tenant,
                              .progress = multi_tenant && terminal && cli->verbosity >= 0,
                              .partial = { PIN_BUF_INIT(2 * PARTIAL_LINE_MAX),
                                           PIN_BUF_INIT(2 * PARTIAL_LINE_MAX) },
                              .pending = PIN_BUF_INIT(PENDING_BYTES_MAX),
                              .began = pin__clock_mono() };
    o->told = o->began;
    o->sink = (struct pin_sink){ .context = o,
                                 .keeps_console = json,
                                 .console = sink_console,
                                 .finished = sink_finished,
                                 .note = sink_note,
                                 .full = sink_full };
}

void
pin__run_output_init_dialog(struct run_output *o, struct cli *cli, struct pin_executor *x,
                            bool multi_tenant)
{
    pin__run_output_init(o, cli, x, false, multi_tenant);
    o->dialog = true;
    o->progress = false;
    o->sink.context = o;
}

void
pin__run_output_flush(struct run_output *o)
{
    while (!flush_pending(o, -1))
        continue;
}

void
pin__run_output_tick(struct run_output *o)
{
    struct pin_mono now = pin__clock_mono();
    double seconds = (double)(now.ns - o->began.ns) / 1e9;
    uint64_t done, failed;
    char line[160];
    int n;

    (void)flush_pending(o, 0);
    if (!o->labels || o->cli->verbosity < 0)
        return;
    if (!o->progress && now.ns - o->told.ns < (int64_t)TOLD_EVERY_MS * 1000000)
        return;
    o->told = now;
    pin__executor_progress(o->executor, &done, &failed);
    n = snprintf(line, sizeof line, "%s%llu tenants done, %llu failed, %.0f/s%s",
                 o->progress ? "\r\033[K" : "pinstripe: ", (unsigned long long)done,
                 (unsigned long long)failed, seconds > 0 ? (double)done / seconds : 0,
                 o->progress ? "" : "\n");
    queue_bytes(o, STDERR_FILENO, line, (size_t)n);
    o->progress_shown = o->progress;
    (void)flush_pending(o, 0);
}

static void
print_last_progress(struct run_output *o, const char *job, const struct pin_summary *s)
{
    struct pin_buf b = PIN_BUF_INIT(1024);

    pin__buf_addf(&b, "%s: %llu tenants done, %llu failed, %.2f s\n", job,
                  (unsigned long long)s->tenants, (unsigned long long)s->failed,
                  (double)s->wall_us / 1e6);
    put(o, STDERR_FILENO, b.data, b.size);
    pin__buf_fini(&b);
}

void
pin__run_output_summary(struct run_output *o, const char *job, const struct pin_summary *s,
                        int exit_code)
{
    if (s->failed && !o->failures_shown)
        print_failure(o, job, NULL, &s->outcome.error);
    if (o->json)
        print_json_summary(o, job, s, exit_code);
    else if (o->progress && s->multi_tenant)
        print_last_progress(o, job, s);
}

void
pin__run_output_fini(struct run_output *o)
{
    hide_progress(o);
    while (!flush_pending(o, -1))
        continue;
    pin__buf_fini(&o->pending);
    pin__buf_fini(&o->partial[0]);
    pin__buf_fini(&o->partial[1]);
}

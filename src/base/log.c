/* log.c - see log.h. */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/quote.h"

enum {
    VALUE_BYTES = 8 << 10, /* of one text; a stack may be longer */
    STACK_BYTES = 32 << 10,
    MESSAGE_BYTES = 4 << 10,
    WAITING_BYTES = 64 << 10, /* written when so much waits */
    LINE_BYTES = 4 << 20,     /* more than all fields, escaped, can be */
    SLOW_READER_MS = 1000
};

static const char *const level_names[PIN_LOG_LEVELS] = { "debug", "info", "warning", "error" };

const char *
pin__log_level_name(enum pin_log_level level)
{
    return (unsigned)level < PIN_LOG_LEVELS ? level_names[level] : "unknown";
}

bool
pin__log_level_parse(const char *name, enum pin_log_level *out)
{
    for (int i = 0; i < PIN_LOG_LEVELS; i++)
        if (strcmp(name, level_names[i]) == 0) {
            *out = (enum pin_log_level)i;
            return true;
        }
    return false;
}

/* --- text that may hold anything --- */

static uint32_t
code_point(const char *data, size_t length)
{
    static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t c = (unsigned char)data[0] & first[length];

    for (size_t i = 1; i < length; i++)
        c = c << 6 | ((unsigned char)data[i] & 0x3f);
    return c;
}

/* None of the marks that is hidden is beyond the first plane, so \uNNNN is enough. */
static void
add_json_character(struct pin_buf *b, const char *at, size_t length)
{
    if (!length)
        pin__buf_adds(b, "\xef\xbf\xbd"); /* U+FFFD: a broken byte has no place in JSON */
    else if (length == 1 && *at == '\n')
        pin__buf_adds(b, "\\n");
    else if (length == 1 && (*at == '"' || *at == '\\'))
        pin__buf_addf(b, "\\%c", *at);
    else if (!pin__quote_is_printable(at, length))
        pin__buf_addf(b, "\\u%04x", (unsigned)code_point(at, length));
    else
        pin__buf_add(b, at, length);
}

static void
add_human_character(struct pin_buf *b, const char *at, size_t length)
{
    if (length && pin__quote_is_printable(at, length))
        pin__buf_add(b, at, length);
    else if (*at == '\n')
        pin__buf_adds(b, "\\n");
    else
        for (size_t i = 0; i < (length ? length : 1); i++)
            pin__buf_addf(b, "\\x%02x", (unsigned char)at[i]);
}

/* Between quotes. */
static void
add_quoted_character(struct pin_buf *b, const char *at, size_t length)
{
    if (*at == '"' || *at == '\\')
        pin__buf_addc(b, '\\');
    add_human_character(b, at, length);
}

/* How many bytes at the front are shown as they are, whoever reads: nearly all of them, always. */
static size_t
plain_length(const char *text, size_t size)
{
    size_t n = 0;

    while (n < size && text[n] >= ' ' && text[n] <= '~' && text[n] != '"' && text[n] != '\\')
        n++;
    return n;
}

static void
add_text(struct pin_buf *b, const char *text, size_t size, size_t max,
         void (*add)(struct pin_buf *b, const char *at, size_t length))
{
    for (size_t at = 0, length; at < size; at += length ? length : 1) {
        length = plain_length(text + at, size < max ? size - at : max - at);
        pin__buf_add(b, text + at, length);
        if ((at += length) == size)
            return;
        length = pin__quote_utf8_length(text + at, size - at);
        if (at + length > max) {
            pin__buf_adds(b, "...");
            return;
        }
        add(b, text + at, length);
    }
}

/* --- numbers and times --- */

/* By hand: a line has some ten numbers, and printf takes a microsecond for each. `digits` at least,
 * with zeros in front. */
static void
add_digits(struct pin_buf *b, uint64_t n, size_t digits)
{
    char text[20]; /* of UINT64_MAX */
    size_t at = sizeof text;

    do {
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    while (sizeof text - at < digits)
        text[--at] = '0';
    pin__buf_add(b, text + at, sizeof text - at);
}

static void
add_number(struct pin_buf *b, int64_t n)
{
    if (n < 0)
        pin__buf_addc(b, '-');
    add_digits(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 1);
}

static void
add_milliseconds(struct pin_buf *b, int64_t us)
{
    add_number(b, us / 1000);
    pin__buf_addc(b, '.');
    add_digits(b, (uint64_t)(us % 1000), 3);
}

static void
add_part(struct pin_buf *b, char before, int n)
{
    pin__buf_addc(b, before);
    add_digits(b, (uint64_t)n, 2);
}

/* RFC 3339, UTC; `digits` of a second. What no calendar has is left as a number. */
static void
add_timestamp(struct pin_buf *b, int64_t us, int digits)
{
    time_t s = (time_t)(us / 1000000 - (us % 1000000 < 0));
    uint64_t fraction = (uint64_t)(us - (int64_t)s * 1000000);
    struct tm t;

    if (!gmtime_r(&s, &t) || t.tm_year > 9999 - 1900 || t.tm_year < -1900) {
        add_number(b, us / 1000);
        return;
    }
    add_digits(b, (uint64_t)t.tm_year + 1900, 4);
    add_part(b, '-', t.tm_mon + 1);
    add_part(b, '-', t.tm_mday);
    add_part(b, 'T', t.tm_hour);
    add_part(b, ':', t.tm_min);
    add_part(b, ':', t.tm_sec);
    pin__buf_addc(b, '.');
    add_digits(b, digits == 3 ? fraction / 1000 : fraction, (size_t)digits);
    pin__buf_addc(b, 'Z');
}

/* --- fields, in the order in which they are read --- */

struct form { /* how a field is written */
    void (*text)(struct pin_buf *b, const char *name, const char *value, size_t max);
    void (*key)(struct pin_buf *b, const char *name); /* a number follows */
    const char *quote;                                /* around a time */
};

static void
field_number(const struct form *f, struct pin_buf *b, const char *name, int64_t n)
{
    if (!n)
        return;
    f->key(b, name);
    add_number(b, n);
}

static void
field_duration(const struct form *f, struct pin_buf *b, const char *name, int64_t us)
{
    if (us <= 0)
        return;
    f->key(b, name);
    add_milliseconds(b, us);
}

static void
field_time(const struct form *f, struct pin_buf *b, const char *name, int64_t ms)
{
    if (!ms)
        return;
    f->key(b, name);
    pin__buf_adds(b, f->quote);
    add_timestamp(b, ms > INT64_MAX / 1000 || ms < INT64_MIN / 1000 ? INT64_MAX : ms * 1000, 3);
    pin__buf_adds(b, f->quote);
}

static void
field_text(const struct form *f, struct pin_buf *b, const char *name, const char *value)
{
    if (value)
        f->text(b, name, value, VALUE_BYTES);
}

/* All but the stack, which a person gets below the line. */
static void
add_fields(const struct form *f, struct pin_buf *b, const struct pin_log_fields *v)
{
    field_text(f, b, "job", v->job);
    field_text(f, b, "run_id", v->run_id);
    field_number(f, b, "attempt", v->attempt);
    field_number(f, b, "max_attempts", v->max_attempts);
    field_text(f, b, "queue", v->queue);
    field_text(f, b, "tenant", v->tenant);
    field_text(f, b, "schedule", v->schedule);
    field_time(f, b, "due_at", v->due_at_ms);
    field_text(f, b, "worker", v->worker);
    field_number(f, b, "pid", v->pid);
    field_duration(f, b, "duration_ms", v->duration_us);
    field_duration(f, b, "queue_ms", v->queue_us);
    field_duration(f, b, "cpu_ms", v->cpu_us);
    field_number(f, b, "peak_mem_bytes",
                 v->peak_mem_bytes > INT64_MAX ? INT64_MAX : (int64_t)v->peak_mem_bytes);
    field_text(f, b, "outcome", v->outcome);
    field_text(f, b, "error.kind", v->error.kind);
    field_text(f, b, "error.message", v->error.message);
    field_text(f, b, "trace_id", v->trace_id);
    field_text(f, b, "span_id", v->span_id);
    field_text(f, b, "code_hash", v->code_hash);
}

/* --- for a machine --- */

static void
json_key(struct pin_buf *b, const char *name)
{
    pin__buf_adds(b, ",\"");
    pin__buf_adds(b, name);
    pin__buf_adds(b, "\":");
}

static void
json_text(struct pin_buf *b, const char *name, const char *value, size_t max)
{
    json_key(b, name);
    pin__buf_addc(b, '"');
    add_text(b, value, strlen(value), max, add_json_character);
    pin__buf_addc(b, '"');
}

static const struct form json_form = { json_text, json_key, "\"" };

static void
json_line(struct pin_buf *b, int64_t now_us, enum pin_log_level level, const char *event,
          const struct pin_log_fields *fields, const char *message)
{
    pin__buf_adds(b, "{\"ts\":\"");
    add_timestamp(b, now_us, 6);
    pin__buf_addc(b, '"');
    json_text(b, "level", pin__log_level_name(level), VALUE_BYTES);
    json_text(b, "event", event, VALUE_BYTES);
    json_text(b, "msg", message, MESSAGE_BYTES);
    if (fields) {
        add_fields(&json_form, b, fields);
        if (fields->error.stack)
            json_text(b, "error.stack", fields->error.stack, STACK_BYTES);
        field_text(&json_form, b, "http.method", fields->http.method);
        field_text(&json_form, b, "http.path", fields->http.path);
        field_number(&json_form, b, "http.status", fields->http.status);
    }
    pin__buf_adds(b, "}\n");
}

/* --- for a person --- */

static void
human_key(struct pin_buf *b, const char *name)
{
    pin__buf_addc(b, ' ');
    pin__buf_adds(b, name);
    pin__buf_addc(b, '=');
}

/* In quotes when it would not read as one word. */
static void
human_text(struct pin_buf *b, const char *name, const char *value, size_t max)
{
    bool quotes = !*value || strpbrk(value, " =\"\\\n") != NULL;

    human_key(b, name);
    if (quotes)
        pin__buf_addc(b, '"');
    add_text(b, value, strlen(value), max, quotes ? add_quoted_character : add_human_character);
    if (quotes)
        pin__buf_addc(b, '"');
}

static const struct form human_form = { human_text, human_key, "" };

static void
human_stack(struct pin_buf *b, const char *stack)
{
    const char *end = stack + strnlen(stack, STACK_BYTES);

    while (stack < end) {
        const char *eol = memchr(stack, '\n', (size_t)(end - stack));
        size_t length = (size_t)((eol ? eol : end) - stack);

        pin__buf_adds(b, "    ");
        add_text(b, stack, length, length, add_human_character);
        pin__buf_addc(b, '\n');
        stack += length + (eol != NULL);
    }
}

static void
human_line(struct pin_buf *b, const struct pin_log *log, int64_t now_us, enum pin_log_level level,
           const struct pin_log_fields *fields, const char *message)
{
    time_t s = (time_t)(now_us / 1000000);
    struct tm t = { 0 };

    if (log->utc)
        gmtime_r(&s, &t);
    else
        localtime_r(&s, &t);
    pin__buf_addf(b, "%02d:%02d:%02d %-7s ", t.tm_hour, t.tm_min, t.tm_sec,
                  pin__log_level_name(level));
    add_text(b, message, strlen(message), MESSAGE_BYTES, add_human_character);
    if (fields)
        add_fields(&human_form, b, fields);
    pin__buf_addc(b, '\n');
    if (fields && fields->error.stack)
        human_stack(b, fields->error.stack);
}

void
pin__log_line(struct pin_buf *out, const struct pin_log *log, int64_t now_us,
              enum pin_log_level level, const char *event, const struct pin_log_fields *fields,
              const char *message)
{
    if (log->json)
        json_line(out, now_us, level, event, fields, message);
    else
        human_line(out, log, now_us, level, fields, message);
}

/* --- writing --- */

/* A pipe whose reader is gone sends a signal that would end the process: it is taken away. */
static ssize_t
write_quietly(int fd, const char *data, size_t size)
{
    static const struct timespec at_once = { 0, 0 };
    sigset_t pipe_only, before;
    ssize_t n;
    int code;

    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    n = write(fd, data, size);
    code = errno;
    if (n < 0 && code == EPIPE)
        while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return n;
}

/* A descriptor that does not block gives a slow reader a second, once a line. */
static int
write_all(int fd, const char *data, size_t size)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };

    while (size) {
        ssize_t n = write_quietly(fd, data, size);

        if (n > 0) {
            data += n;
            size -= (size_t)n;
        } else if (n == 0)
            return EIO;
        else if (errno == EAGAIN && poll(&p, 1, SLOW_READER_MS) == 0)
            return EAGAIN;
        else if (errno != EAGAIN && errno != EINTR)
            return errno;
    }
    return 0;
}

void
pin__log_output(struct pin_log *log, const char *event, const struct pin_log_fields *fields,
                const char *data, size_t size)
{
    while (size) {
        const char *end = memchr(data, '\n', size);
        size_t n = end ? (size_t)(end - data) : size;

        pin__log(log, PIN_LOG_INFO, event, fields, "%.*s",
                 (int)(n > MESSAGE_BYTES + 8 ? MESSAGE_BYTES + 8 : n), data); /* a cut shows */
        data += n + (end != NULL);
        size -= n + (end != NULL);
    }
}

void
pin__log_flush(struct pin_log *log)
{
    int code;

    if (!log || !log->lines_waiting)
        return;
    code = log->waiting.bad ? ENOMEM : write_all(log->fd, log->waiting.data, log->waiting.size);
    if (code) {
        log->failure = code;
        log->dropped += log->lines_waiting;
    }
    log->lines_waiting = 0;
    pin__buf_clear(&log->waiting);
}

void
pin__log_init(struct pin_log *log, int fd)
{
    *log = (struct pin_log){
        .fd = fd, .json = !isatty(fd), .level = PIN_LOG_INFO, .waiting = PIN_BUF_INIT(LINE_BYTES)
    };
}

void
pin__log_fini(struct pin_log *log)
{
    pin__log_flush(log);
    pin__buf_fini(&log->waiting);
}

void
pin__log(struct pin_log *log, enum pin_log_level level, const char *event,
         const struct pin_log_fields *fields, const char *fmt, ...)
{
    char message[MESSAGE_BYTES + 8]; /* a little longer: what is cut shows it */
    va_list ap;

    if (!log || level < log->level)
        return;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    pin__log_line(&log->waiting, log, pin__clock_wall_us(), level, event, fields, message);
    log->lines_waiting++;
    if (!log->together || level >= PIN_LOG_WARNING || log->waiting.size >= WAITING_BYTES)
        pin__log_flush(log);
}

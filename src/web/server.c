/* server.c - see server.h.
 *
 * A request that is with a view is *pending*. It is there until it has been answered and its view
 * has been told, in whatever order: a request that waited too long is answered first.
 */
#include "web/server.h"

#include <arpa/inet.h>
#include <jansson.h>

#include "base/quote.h"
#include "web/error_page.h"
#include "web/listen.h"
#include "web/metrics.h"
#include "web/view_request.h"

enum {
    CHECK_MS = 100,
    ANSWER_HEADERS_MAX = 100,
    PAGE_BYTES_MAX = 8 << 20,
    REQUEST_BYTES_MAX = 56 << 20
};

struct pending {
    struct pending *next, *previous;
    struct pin_server *server;
    struct pin_http_exchange *exchange; /* NULL: it has been answered */
    struct request *view;               /* NULL: it has been told */
    char id[PIN_RUN_ID_TEXT];
    struct pin_mono deadline;
    struct pin_mono soon; /* to have begun; 0: it has */
};

struct pin_server {
    struct pin_executor *executor;
    struct pin_http *http;
    struct pin_metrics *metrics;
    struct pin_server_options options;
    struct pin_service service;
    struct pin_sink sink;
    const char *listen[PIN_HTTP_LISTENERS_MAX]; /* the operators' is the last */
    size_t listen_count;
    struct pending *pending, *last; /* the oldest first */
    struct pin_mono check_at;
    json_t *head; /* of the answer before, and its text */
    struct pin_buf head_text;
    int64_t flush_ms;    /* when what waits in the log is written; 0: nothing does */
    bool open_to_others; /* not only this machine can reach it */
    bool draining;
};

/* ---- answers ---- */

static void
log_answer(struct pin_server *s, const struct pin_http_exchange *e, const char *id, int status)
{
    char path[500];
    struct pin_log_fields f = { .run_id = id,
                                .duration_us = (pin__clock_mono().ns - e->began.ns) / 1000,
                                .http = { .method = e->method, .path = path, .status = status } };

    snprintf(path, sizeof path, "%.*s", (int)strcspn(e->target, "?"), e->target);
    pin__metrics_http(s->metrics, e->method ? e->method : "-", status, f.duration_us);
    pin__log(s->options.log, PIN_LOG_INFO, "http.request", &f, "%s %.500s %d",
             e->method ? e->method : "-", e->target, status);
}

static void
answer(struct pin_server *s, struct pin_http_exchange *e, const char *id,
       const struct pin_http_answer *a)
{
    static const struct pin_http_header again = { "Retry-After", "1" };
    static const struct pin_http_answer full = { 503, &again, 1, { NULL, 0 } };

    if (!pin__http_has_room(s->http, a->body.size))
        a = &full;
    log_answer(s, e, id, a->status);
    pin__http_answer(s->http, e, a);
}

static void
answer_text(struct pin_server *s, struct pin_http_exchange *e, const char *id, int status,
            const char *text)
{
    struct pin_http_header headers[3] = { { "Content-Type", "text/plain; charset=utf-8" } };
    size_t count = 1;
    char words[64];

    if (status == 503)
        headers[count++] = (struct pin_http_header){ "Retry-After", "1" };
    if (id)
        headers[count++] = (struct pin_http_header){ "X-Request-Id", id };
    if (!text) {
        snprintf(words, sizeof words, "%s\n", pin__http_reason(status));
        text = words;
    }
    answer(s, e, id, &(struct pin_http_answer){ status, headers, count, { text, strlen(text) } });
}

static bool
read_headers(const json_t *list, struct pin_http_header *headers, size_t *count)
{
    json_t *pair;
    size_t i;

    *count = 0;
    json_array_foreach(list, i, pair)
    {
        const char *name = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));

        if (!name || !value || *count == ANSWER_HEADERS_MAX)
            return false;
        headers[(*count)++] = (struct pin_http_header){ name, value };
    }
    return true;
}

/* Most answers begin as the one before did: it is parsed when it does not. Borrowed. */
static const json_t *
parse_head(struct pin_server *s, const char *text, size_t size)
{
    if (s->head && s->head_text.size == size && memcmp(s->head_text.data, text, size) == 0)
        return s->head;
    json_decref(s->head);
    s->head = json_loadb(text, size, 0, NULL);
    pin__buf_clear(&s->head_text);
    pin__buf_add(&s->head_text, text, size);
    return s->head;
}

/* What a view gave: a line of JSON, then the body. */
static void
answer_value(struct pin_server *s, struct pending *p, const struct pin_buf *value)
{
    const char *text = pin__buf_text(value);
    const char *end = memchr(text, '\n', value->size);
    const json_t *head = end ? parse_head(s, text, (size_t)(end - text)) : NULL;
    struct pin_http_header headers[ANSWER_HEADERS_MAX + 1];
    struct pin_http_answer a = { .headers = headers };

    a.status = (int)json_integer_value(json_object_get(head, "status"));
    if (!head || !read_headers(json_object_get(head, "headers"), headers, &a.header_count)) {
        answer_text(s, p->exchange, p->id, 500, NULL);
    } else {
        headers[a.header_count++] = (struct pin_http_header){ "X-Request-Id", p->id };
        a.body = (struct pin_bytes){ end + 1, value->size - (size_t)(end + 1 - text) };
        answer(s, p->exchange, p->id, &a);
    }
}

static void
answer_page(struct pin_server *s, struct pending *p, const struct pin_outcome *o, int status)
{
    const struct pin_http_header headers[] = { { "Content-Type", "text/html; charset=utf-8" },
                                               { "X-Request-Id", p->id },
                                               { "Cache-Control", "no-store" } };
    struct pin_buf page = PIN_BUF_INIT(PAGE_BYTES_MAX);
    char title[64];

    snprintf(title, sizeof title, "%d %s", status, pin__http_reason(status));
    pin__error_page(&page, title, (struct pin_bytes){ pin__buf_text(&o->error), o->error.size },
                    pin__executor_root(s->executor));
    answer(s, p->exchange, p->id,
           &(struct pin_http_answer){ status, headers, 3, { pin__buf_text(&page), page.size } });
    pin__buf_fini(&page);
}

static void
log_failure(struct pin_server *s, const struct pending *p, const struct pin_outcome *o)
{
    json_t *error = json_loadb(pin__buf_text(&o->error), o->error.size, JSON_ALLOW_NUL, NULL);
    const char *message = json_string_value(json_object_get(error, "message"));
    struct pin_log_fields f = { .run_id = p->id,
                                .outcome = pin__outcome_kind_name(o->kind),
                                .error = {
                                    .kind = json_string_value(json_object_get(error, "name")),
                                    .message = message,
                                    .stack = json_string_value(json_object_get(error, "stack")) } };

    pin__log(s->options.log, PIN_LOG_INFO, "view.failed", &f, "%s %.500s failed: %s",
             p->exchange ? p->exchange->method : "a request",
             p->exchange ? p->exchange->target : "", message ? message : "it threw no error");
    json_decref(error);
}

static int
status_of(const struct pin_outcome *o)
{
    return o->kind == PIN_OUTCOME_TIMED_OUT ? 504 : o->kind == PIN_OUTCOME_CANCELLED ? 503 : 500;
}

/* ---- pending requests ---- */

static void
pending_free(struct pending *p)
{
    struct pin_server *s = p->server;

    *(p->previous ? &p->previous->next : &s->pending) = p->next;
    *(p->next ? &p->next->previous : &s->last) = p->previous;
    free(p);
}

static struct pending *
pending_new(struct pin_server *s, struct pin_http_exchange *e)
{
    const struct pin_server_config *config = &pin__executor_catalog(s->executor)->server;
    struct pending *p = calloc(1, sizeof *p);

    if (!p)
        pin__bug("out of memory for a request");
    p->server = s;
    p->exchange = e;
    p->deadline = pin__clock_after_ms(e->began, config->request_timeout_ms);
    p->soon = pin__clock_after_ms(e->began, PIN_SERVER_SOON_MS);
    p->previous = s->last;
    *(s->last ? &s->last->next : &s->pending) = p;
    s->last = p;
    if (s->pending == p)
        s->check_at = pin__clock_after_ms(pin__clock_mono(), CHECK_MS);
    return p;
}

static void
told(void *context, const struct pin_outcome *o)
{
    struct pending *p = context;
    struct pin_server *s = p->server;
    int status = status_of(o);

    p->view = NULL;
    if (o->kind != PIN_OUTCOME_SUCCEEDED)
        log_failure(s, p, o);
    if (!p->exchange)
        ;
    else if (o->kind == PIN_OUTCOME_SUCCEEDED)
        answer_value(s, p, &o->value);
    else if (s->options.explains && status == 500)
        answer_page(s, p, o, status);
    else
        answer_text(s, p->exchange, p->id, status, NULL);
    pending_free(p);
}

/* The one who asked has waited long enough. */
static void
expire(struct pending *p)
{
    struct pin_http_exchange *e = p->exchange;

    p->exchange = NULL;
    answer_text(p->server, e, p->id, 504, NULL);
    if (pin__executor_view_take_back(p->view))
        pending_free(p);
    else
        pin__executor_view_expire(p->view);
}

static void
check_one(struct pending *p, struct pin_mono now)
{
    if (!p->exchange)
        return;
    if (p->deadline.ns <= now.ns) {
        expire(p);
    } else if (p->soon.ns && p->soon.ns <= now.ns) {
        p->soon.ns = 0;
        if (!pin__executor_view_take_back(p->view))
            return;
        answer_text(p->server, p->exchange, p->id, 503, NULL);
        pending_free(p);
    }
}

static void
check_all(struct pin_server *s)
{
    struct pin_mono now = pin__clock_mono();

    if (s->check_at.ns > now.ns)
        return;
    s->check_at = pin__clock_after_ms(now, CHECK_MS);
    for (struct pending *p = s->pending, *next; p; p = next) {
        next = p->next;
        check_one(p, now);
    }
}

/* ---- who may ask what ---- */

static bool
ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);

    return size > tail && strcasecmp(text + size - tail, end) == 0;
}

/* "example.com", "*.example.com", "*" */
static bool
matches(const char *host, const char *pattern)
{
    if (*pattern != '*')
        return strcasecmp(host, pattern) == 0;
    return pattern[1] == '\0' || (pattern[1] == '.' && ends_with(host, pattern + 1));
}

/* An address is one to its end: "127.example.com" is a name that anybody can own. */
static bool
is_own_name(const char *host)
{
    struct in_addr address;

    return strcmp(host, "localhost") == 0 || ends_with(host, ".localhost") ||
           strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && pin__address_is_loopback(host));
}

/* A name that somebody else's page made a browser send here is none of ours. */
static bool
host_is_ours(const struct pin_server *s, const char *host)
{
    const struct pin_server_config *c = &pin__executor_catalog(s->executor)->server;

    if (is_own_name(host) && !s->open_to_others)
        return true;
    for (size_t i = 0; c->hosts && i < c->host_count; i++)
        if (matches(host, c->hosts[i]))
            return true;
    return false;
}

/* In a multi-tenant project the tenants' hosts are in the database: the worker looks. */
static bool
host_may_be_tenants(const struct pin_server *s)
{
    const struct pin_catalog *c = pin__executor_catalog(s->executor);

    return c->multi_tenant && !c->server.hosts;
}

static bool
is_trusted(const struct pin_server *s, const char *peer)
{
    const struct pin_server_config *c = &pin__executor_catalog(s->executor)->server;

    for (size_t i = 0; i < c->trusted_proxy_count; i++)
        if (strcmp(c->trusted_proxies[i], peer) == 0)
            return true;
    return false;
}

/* ---- operators ---- */

static bool
is_path(const char *target, const char *path)
{
    size_t size = strlen(path);

    return strncmp(target, path, size) == 0 && (target[size] == '\0' || target[size] == '?');
}

static void
answer_ready(struct pin_server *s, struct pin_http_exchange *e)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_store *store = pin__executor_store(s->executor, &err);
    char text[PIN_ERR_MESSAGE_MAX + 64];

    if (s->draining)
        answer_text(s, e, NULL, 503, "stopping\n");
    else if (store || err.status == PIN_NOT_FOUND)
        answer_text(s, e, NULL, 200, "ready\n");
    else {
        snprintf(text, sizeof text, "the store cannot be reached: %s\n", err.message);
        answer_text(s, e, NULL, 503, text);
    }
}

static void
answer_metrics(struct pin_server *s, struct pin_http_exchange *e)
{
    const struct pin_http_header type = { "Content-Type", PIN_METRICS_CONTENT_TYPE };
    struct pin_buf text = PIN_BUF_INIT(PIN_METRICS_BYTES_MAX);

    pin__metrics_write(s->metrics, s->executor, &text);
    if (text.bad)
        answer_text(s, e, NULL, 500, NULL);
    else
        answer(s, e, NULL,
               &(struct pin_http_answer){ 200, &type, 1, { pin__buf_text(&text), text.size } });
    pin__buf_fini(&text);
}

/* False when it is none of theirs. */
static bool
answer_operator(struct pin_server *s, struct pin_http_exchange *e)
{
    bool own = s->options.operators && e->listener == s->listen_count - 1;

    if (!own && (s->options.operators || s->open_to_others ||
                 (*e->host && !host_is_ours(s, e->host)))) /* browsers always say a host */
        return false;
    if (is_path(e->target, "/livez"))
        answer_text(s, e, NULL, 200, "alive\n");
    else if (is_path(e->target, "/readyz"))
        answer_ready(s, e);
    else if (is_path(e->target, "/metrics"))
        answer_metrics(s, e);
    else if (own)
        answer_text(s, e, NULL, 404, NULL);
    else
        return false;
    return true;
}

/* ---- requests ---- */

static void
ask_view(struct pin_server *s, struct pin_http_exchange *e)
{
    struct pin_buf request = PIN_BUF_INIT(REQUEST_BYTES_MAX);
    struct pin_buf params = PIN_BUF_INIT(REQUEST_BYTES_MAX);
    struct pin_view_request_facts facts = {
        .trusted = is_trusted(s, e->peer),
        .ours = host_is_ours(s, e->host),
        .multi_tenant = pin__executor_catalog(s->executor)->multi_tenant,
    };
    struct pending *p = pending_new(s, e);
    struct pin_view_call call = { .sink = &s->sink, .told = told, .context = p };
    char path[200];

    snprintf(path, sizeof path, "%.*s", (int)strcspn(e->target, "?"), e->target);
    pin__view_request_write(&request, e, &facts);
    pin__view_request_write_params(&params, e, &facts);
    call.path = path;
    call.request = (struct pin_bytes){ pin__buf_text(&request), request.size };
    call.params = (struct pin_bytes){ pin__buf_text(&params), params.size };
    p->view = request.bad || params.bad ? NULL : pin__executor_view(s->executor, &call, p->id);
    if (!p->view) {
        answer_text(s, e, NULL, request.bad || params.bad ? 413 : 503, NULL);
        pending_free(p);
    }
    pin__buf_fini(&request);
    pin__buf_fini(&params);
}

static void
handle(void *context, struct pin_http_exchange *e)
{
    struct pin_server *s = context;

    if (answer_operator(s, e))
        return;
    if (!host_is_ours(s, e->host) && !host_may_be_tenants(s))
        answer_text(s, e, NULL, 421, "This server does not answer to that name (server.hosts).\n");
    else if (s->draining || pin__executor_stopping(s->executor))
        answer_text(s, e, NULL, 503, NULL);
    else if (e->body.size && !pin__quote_is_utf8(e->body.data, e->body.size))
        answer_text(s, e, NULL, 415, "Only bodies of text are taken.\n");
    else
        ask_view(s, e);
}

static void
refused(void *context, const struct pin_http_exchange *e, int status)
{
    log_answer(context, e, NULL, status);
}

/* ---- what views print ---- */

static void
console(void *context, const struct pin_run_info *run, enum pin_stream stream, const char *data,
        size_t size)
{
    struct pin_server *s = context;
    struct pin_log_fields f = { .run_id = run->run_id, .tenant = run->tenant_id };

    pin__log_output(s->options.log, stream == PIN_STDERR ? "view.stderr" : "view.stdout", &f, data,
                    size);
}

static void
note(void *context, const char *text)
{
    struct pin_server *s = context;

    pin__log(s->options.log, PIN_LOG_INFO, "view.note", NULL, "%s", text);
}

/* ---- its turn in the loop ---- */

static int64_t
due(void *context, int64_t now_ms)
{
    struct pin_server *s = context;
    int64_t due_ms = pin__http_due_ms(s->http, now_ms);
    int64_t check_ms = s->pending ? now_ms + pin__clock_until_ms(s->check_at) : INT64_MAX;

    if (s->options.log->lines_waiting) {
        if (!s->flush_ms || s->flush_ms > now_ms + CHECK_MS)
            s->flush_ms = now_ms + CHECK_MS;
        if (s->flush_ms < check_ms)
            check_ms = s->flush_ms;
    }
    return due_ms < check_ms ? due_ms : check_ms;
}

static void
readable(void *context)
{
    struct pin_server *s = context;

    pin__http_turn(s->http);
}

static void
turn(void *context, int64_t now_ms)
{
    struct pin_server *s = context;

    pin__http_turn(s->http);
    check_all(s);
    if (s->flush_ms && s->flush_ms <= now_ms) {
        pin__log_flush(s->options.log);
        s->flush_ms = 0;
    }
}

/* ---- start and stop ---- */

static pin_status
take_addresses(struct pin_server *s, struct pin_err *err)
{
    static const char *const usual[] = { "127.0.0.1:3000" };
    const struct pin_server_options *o = &s->options;
    const char *const *listen = o->listen_count ? o->listen : usual;
    size_t count = o->listen_count ? o->listen_count : 1;

    if (count + (o->operators != NULL) > PIN_HTTP_LISTENERS_MAX)
        return pin__err_set(err, PIN_LIMIT, "a server listens at %d addresses at most",
                            PIN_HTTP_LISTENERS_MAX);
    for (size_t i = 0; i < count; i++)
        s->listen[s->listen_count++] = listen[i];
    if (o->operators)
        s->listen[s->listen_count++] = o->operators;
    return PIN_OK;
}

/* Names are asked for when others can come: with any name in their requests. */
static pin_status
check_reach(struct pin_server *s, struct pin_err *err)
{
    size_t views = s->listen_count - (s->options.operators != NULL);

    for (size_t i = 0; i < views; i++)
        s->open_to_others |= !pin__address_is_loopback(pin__http_address(s->http, i));
    if (!s->open_to_others || pin__executor_catalog(s->executor)->server.hosts)
        return PIN_OK;
    return pin__err_set(err, PIN_CONFIG,
                        "this server would listen to other machines: say to which names it "
                        "answers, with server: { hosts: ['example.com'] } in pinstripe.config.js "
                        "(['*'] is any name)");
}

pin_status
pin__server_start(struct pin_server **out, struct pin_executor *x,
                  const struct pin_server_options *options, struct pin_err *err)
{
    struct pin_server *s = calloc(1, sizeof *s);
    struct pin_http_options http = { .handle = handle, .refused = refused, .context = s };
    pin_status st;

    *out = NULL;
    if (!s)
        return pin__err_no_memory(err);
    s->executor = x;
    s->options = *options;
    s->head_text = PIN_BUF_INIT(PAGE_BYTES_MAX);
    s->sink = (struct pin_sink){ .context = s, .console = console, .note = note };
    if ((st = pin__metrics_new(&s->metrics, err)) == PIN_OK &&
        (st = take_addresses(s, err)) == PIN_OK) {
        http.listen = s->listen;
        http.listen_count = s->listen_count;
        http.body_bytes_max = pin__executor_catalog(x)->server.body_bytes_max;
        if ((st = pin__http_open(&s->http, &http, err)) == PIN_OK)
            st = check_reach(s, err);
    }
    if (st != PIN_OK) {
        pin__http_close(s->http);
        pin__metrics_free(s->metrics);
        free(s);
        return st;
    }
    pin__executor_observe(x, pin__metrics_observer(s->metrics));
    s->service = (struct pin_service){ .context = s,
                                       .due = due,
                                       .turn = turn,
                                       .when_stopping = true,
                                       .fd = pin__http_fd(s->http),
                                       .readable = readable };
    pin__executor_attach(x, &s->service);
    *out = s;
    return PIN_OK;
}

const char *
pin__server_address(const struct pin_server *s, size_t i)
{
    return i < s->listen_count ? pin__http_address(s->http, i) : NULL;
}

void
pin__server_drain(struct pin_server *s)
{
    s->draining = true;
    pin__http_quiesce(s->http);
}

bool
pin__server_is_idle(const struct pin_server *s)
{
    return pin__http_busy(s->http) == 0;
}

void
pin__server_stop(struct pin_server *s)
{
    if (!s)
        return;
    pin__executor_detach(s->executor, &s->service);
    pin__executor_observe(s->executor, NULL);
    s->draining = true;
    for (struct pending *p = s->pending; p; p = p->next)
        if (p->exchange) {
            struct pin_http_exchange *e = p->exchange;

            p->exchange = NULL;
            answer_text(s, e, p->id, 503, NULL);
        }
    pin__http_turn(s->http);
    pin__http_turn(s->http);
    pin__http_close(s->http);
    s->http = NULL;
}

void
pin__server_free(struct pin_server *s)
{
    if (!s)
        return;
    for (struct pending *p = s->pending, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    pin__metrics_free(s->metrics);
    json_decref(s->head);
    pin__buf_fini(&s->head_text);
    free(s);
}

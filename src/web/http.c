/* http.c - see http.h.
 *
 * One daemon of libmicrohttpd for each address, all of them in one epoll. Its calls come in this
 * order for a request: new_exchange (with the request line), access (the head is there: it is
 * checked), access for each piece of the body, access (all is there: it is handled), and completed.
 * An exchange that cannot be answered at once suspends its connection; whoever answers resumes it,
 * and access queues the answer. A suspended connection sees nothing, also not that its client is
 * gone.
 */
#include "web/http.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fault.h"
#include "web/linger.h"
#include "web/listen.h"
#include "web/microhttpd.h"

enum { SWEEP_MS = 500, HOST_BYTES_MAX = 255, BODY_GROWS_TO = 1 << 30, ROOM_KEPT = 100 };

/* Of a connection: both heads, and as much for what the library notes of headers and cookies. When
 * it is used up, the library ends the connection without a word. It writes zeros over all of it
 * after each request, which costs more than the time: each connection has its own, and what the
 * next run needs of the processor's cache makes way for it. */
#define POOL_BYTES (PIN_HTTP_HEAD_BYTES_MAX * 2 + PIN_HTTP_ANSWER_HEAD_MAX)

enum phase { PHASE_HEAD, PHASE_BODY, PHASE_HANDLED, PHASE_SEND };

struct connection { /* lives from accept to close */
    struct connection *next, *previous;
    struct listener *listener;
    int fd;
    bool shut; /* to make room */
    enum phase phase;
    struct pin_mono deadline; /* meaningless while HANDLED */
};

struct exchange {
    struct pin_http_exchange public; /* first */
    struct listener *listener;
    struct connection *connection; /* NULL until the head is there */
    struct MHD_Connection *mhd;
    char *target;
    char host[HOST_BYTES_MAX + 1];
    struct pin_http_header *headers;
    size_t headers_capacity;
    struct pin_buf body;
    size_t held; /* bytes of body and answer */
    bool checked;
    int refusal; /* status; 0: none */
    bool handled, suspended, answered;
    struct MHD_Response *response;
    int status;
};

struct listener {
    struct pin_http *http;
    struct MHD_Daemon *daemon;
    size_t index;
    char address[PIN_ADDRESS_SIZE];
};

struct pin_http {
    struct pin_microhttpd mhd;
    struct pin_http_options options;
    struct listener listeners[PIN_HTTP_LISTENERS_MAX];
    size_t listener_count;
    int epoll_fd;
    struct connection *connections, *oldest; /* the newest first */
    size_t connection_count;
    struct pin_lingers lingers;
    struct pin_mono sweep_at;
    size_t busy;
    size_t held; /* bytes of all exchanges */
    bool again;  /* something was resumed */
    bool quiet;  /* takes no new connections */
};

/* ---- deadlines ---- */

static void
enter(struct connection *c, enum phase phase)
{
    static const int64_t ms[] = { [PHASE_HEAD] = PIN_HTTP_HEAD_MS,
                                  [PHASE_BODY] = PIN_HTTP_BODY_MS,
                                  [PHASE_HANDLED] = 0,
                                  [PHASE_SEND] = PIN_HTTP_SEND_MS };

    c->phase = phase;
    c->deadline = pin__clock_after_ms(pin__clock_mono(), pin__fault_ms("PIN_HTTP_MS", ms[phase]));
}

/* The socket is shut, not closed: it is the library's, which then sees its end. */
static void
sweep(struct pin_http *h)
{
    struct pin_mono now = pin__clock_mono();

    if (h->sweep_at.ns > now.ns)
        return;
    h->sweep_at = pin__clock_after_ms(now, SWEEP_MS);
    for (struct connection *c = h->connections; c; c = c->next)
        if (c->phase != PHASE_HANDLED && c->deadline.ns <= now.ns)
            (void)shutdown(c->fd, SHUT_RDWR);
}

/* Who asks for nothing, or slowly, gives way to who comes. */
static void
make_room(struct pin_http *h)
{
    struct connection *c = h->oldest;

    while (c && (c->phase != PHASE_HEAD || c->shut))
        c = c->previous;
    if (!c)
        return;
    c->shut = true;
    (void)shutdown(c->fd, SHUT_RDWR);
}

static void
connection_opened(struct listener *l, struct MHD_Connection *mhd, void **context)
{
    struct pin_http *h = l->http;
    const union MHD_ConnectionInfo *fd =
        h->mhd.get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct connection *c = calloc(1, sizeof *c);

    if (!c)
        pin__bug("out of memory for a connection");
    c->listener = l;
    c->fd = fd->connect_fd;
    enter(c, PHASE_HEAD);
    c->next = h->connections;
    *(c->next ? &c->next->previous : &h->oldest) = c;
    h->connections = c;
    *context = c;
    if (++h->connection_count > PIN_HTTP_CONNECTIONS_MAX - ROOM_KEPT)
        make_room(h);
}

static void
connection_closed(struct connection *c)
{
    struct pin_http *h = c->listener->http;

    pin__linger_add(&h->lingers, c->fd); /* the library closes it when we come back */
    *(c->previous ? &c->previous->next : &h->connections) = c->next;
    *(c->next ? &c->next->previous : &h->oldest) = c->previous;
    h->connection_count--;
    free(c);
}

static void
notify_connection(void *context, struct MHD_Connection *mhd, void **of_connection,
                  enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        connection_opened(context, mhd, of_connection);
    else if (*of_connection)
        connection_closed(*of_connection);
}

/* ---- what a request may be ---- */

static bool
is_token(const char *text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    if (!*text)
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr(others, *text))
            return false;
    return true;
}

static bool
is_method(const char *method)
{
    static const char *const known[] = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(method, known[i]) == 0)
            return true;
    return false;
}

/* "/path?query" of printable ASCII, without a fragment. */
static bool
is_target(const char *target)
{
    if (*target != '/')
        return false;
    for (const char *c = target; *c; c++)
        if (*c <= 0x20 || *c >= 0x7f || strchr("\"<>\\^`{|}#", *c))
            return false;
    return true;
}

/* A name or an address with a port or not; it is kept in lower case, without the port. */
static bool
take_host(struct exchange *e, const char *text)
{
    size_t size = strlen(text), cut = size;
    const char *colon = strrchr(text, ':');

    if (colon && !strchr(colon, ']') && strspn(colon + 1, "0123456789") == strlen(colon + 1))
        cut = (size_t)(colon - text);
    if (!cut || cut > HOST_BYTES_MAX)
        return false;
    for (size_t i = 0; i < cut; i++) {
        char c = text[i];

        if (!isalnum((unsigned char)c) && !strchr("-._", c) && !(*text == '[' && strchr("[]:", c)))
            return false;
        e->host[i] = (char)tolower((unsigned char)c);
    }
    return true;
}

struct head { /* of headers that decide where a request ends and whom it is for */
    size_t hosts, lengths, encodings;
    bool bad;
};

/* A line is parsed where it was received: name, colon, spaces, value. Of one that is folded the
 * library makes another name from the end of the value, and keeps it somewhere else. */
static bool
is_one_line(const struct pin_http_header *h)
{
    const char *at = h->name + strlen(h->name) + 1;

    if ((uintptr_t)h->value < (uintptr_t)at ||
        (uintptr_t)h->value - (uintptr_t)at > PIN_HTTP_HEAD_BYTES_MAX)
        return false;
    return strspn(at, " \t") == (size_t)(h->value - at) && !strchr(h->value, '\r');
}

static void
look_at_header(struct exchange *e, struct head *head, const struct pin_http_header *h)
{
    head->bad |= !is_token(h->name) || !is_one_line(h);
    if (strcasecmp(h->name, "host") == 0) {
        head->hosts++;
        head->bad |= !take_host(e, h->value);
    } else if (strcasecmp(h->name, "content-length") == 0) {
        head->lengths++;
        head->bad |= !*h->value || strspn(h->value, "0123456789") != strlen(h->value);
    } else if (strcasecmp(h->name, "transfer-encoding") == 0) {
        head->encodings++;
        head->bad |= strcasecmp(h->value, "chunked") != 0;
    }
}

static int
check_size(const struct exchange *e)
{
    const union MHD_ConnectionInfo *info =
        e->listener->http->mhd.get_connection_info(e->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    if (strlen(e->target) >= PIN_HTTP_HEAD_BYTES_MAX)
        return 414;
    return e->public.header_count > PIN_HTTP_HEADERS_MAX ||
                   (info && info->header_size > PIN_HTTP_HEAD_BYTES_MAX)
               ? 431
               : 0;
}

/* 0, or the status of the refusal: who reads a request in two ways is how one is smuggled. */
static int
check_head(struct exchange *e, const char *method, const char *version)
{
    struct head head = { .hosts = 0 };
    int refusal = check_size(e);

    if (refusal)
        return refusal;
    for (size_t i = 0; i < e->public.header_count; i++)
        look_at_header(e, &head, &e->public.headers[i]);
    if (head.bad || head.hosts > 1 || head.lengths > 1 || head.encodings > 1 ||
        (head.lengths && head.encodings) || (!head.hosts && strcmp(version, "HTTP/1.1") == 0))
        return 400;
    if (!is_method(method))
        return 501;
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return 505;
    return is_target(e->target) ? 0 : 400;
}

static bool
is_too_large(const struct exchange *e)
{
    const char *length = pin__http_header(&e->public, "content-length");

    return length && (strlen(length) > 18 ||
                      strtoull(length, NULL, 10) > e->listener->http->options.body_bytes_max);
}

/* ---- memory ---- */

bool
pin__http_has_room(const struct pin_http *h, size_t size)
{
    return h->held + size <= PIN_HTTP_HELD_BYTES_MAX;
}

static void
hold(struct exchange *e, size_t size)
{
    e->held += size;
    e->listener->http->held += size;
}

/* ---- answers ---- */

static struct MHD_Response *
make_response(struct pin_http *h, const struct pin_http_answer *a, bool close_it)
{
    union {
        const void *in;
        void *out;
    } body = { .in = a->body.size ? a->body.data : "" };
    struct MHD_Response *r = h->mhd.create_response(a->body.size, body.out, MHD_RESPMEM_MUST_COPY);

    if (!r)
        pin__bug("out of memory for an answer");
    for (size_t i = 0; i < a->header_count; i++)
        (void)h->mhd.add_response_header(r, a->headers[i].name, a->headers[i].value);
    (void)h->mhd.add_response_header(r, "X-Content-Type-Options", "nosniff");
    if (close_it)
        (void)h->mhd.add_response_header(r, "Connection", "close");
    return r;
}

static enum MHD_Result
queue_answer(struct exchange *e)
{
    struct pin_http *h = e->listener->http;
    enum MHD_Result result = h->mhd.queue_response(e->mhd, (unsigned)e->status, e->response);

    h->mhd.destroy_response(e->response);
    e->response = NULL;
    if (e->connection)
        enter(e->connection, PHASE_SEND);
    return result;
}

void
pin__http_answer(struct pin_http *h, struct pin_http_exchange *public,
                 const struct pin_http_answer *a)
{
    struct exchange *e = (struct exchange *)(void *)public;

    if (e->answered)
        pin__bug("a request was answered twice");
    e->answered = true;
    e->status = a->status;
    e->response = make_response(h, a, h->quiet);
    hold(e, a->body.size);
    if (!e->suspended)
        return;
    e->suspended = false;
    h->again = true;
    h->mhd.resume_connection(e->mhd);
}

static enum MHD_Result
refuse(struct exchange *e)
{
    struct pin_http *h = e->listener->http;
    const struct pin_http_header type = { "Content-Type", "text/plain; charset=utf-8" };
    char text[64];
    int size = snprintf(text, sizeof text, "%s\n", pin__http_reason(e->refusal));
    const struct pin_http_answer a = { e->refusal, &type, 1, { text, (size_t)size } };

    if (h->options.refused)
        h->options.refused(h->options.context, &e->public, e->refusal);
    e->answered = true;
    e->status = e->refusal;
    e->response = make_response(h, &a, true);
    return queue_answer(e);
}

/* ---- one request ---- */

static void *
new_exchange(void *context, const char *uri, struct MHD_Connection *mhd)
{
    struct listener *l = context;
    struct exchange *e = calloc(1, sizeof *e);

    if (!e || !(e->target = strdup(uri)))
        pin__bug("out of memory for a request");
    e->listener = l;
    e->mhd = mhd;
    e->body = PIN_BUF_INIT(BODY_GROWS_TO);
    e->public.began = pin__clock_mono();
    e->public.target = e->target;
    e->public.host = e->host;
    e->public.listener = l->index;
    return e;
}

static enum MHD_Result
count_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct exchange *e = context;

    (void)kind;
    if (e->public.header_count < e->headers_capacity)
        e->headers[e->public.header_count] = (struct pin_http_header){ name, value ? value : "" };
    e->public.header_count++;
    return MHD_YES;
}

static void
take_head(struct exchange *e, const char *method, const char *version)
{
    struct pin_http *h = e->listener->http;
    const union MHD_ConnectionInfo *info;
    int count;

    e->checked = true;
    e->public.method = method;
    count = h->mhd.get_connection_values(e->mhd, MHD_HEADER_KIND, NULL, NULL);
    e->headers_capacity = count < PIN_HTTP_HEADERS_MAX ? (size_t)count : PIN_HTTP_HEADERS_MAX;
    e->headers = calloc(e->headers_capacity + 1, sizeof *e->headers);
    if (!e->headers)
        pin__bug("out of memory for headers");
    e->public.headers = e->headers;
    h->mhd.get_connection_values(e->mhd, MHD_HEADER_KIND, count_header, e);
    info = h->mhd.get_connection_info(e->mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    e->connection = info ? info->socket_context : NULL;
    info = h->mhd.get_connection_info(e->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info)
        pin__address_text(info->client_addr, e->public.peer, sizeof e->public.peer);
    e->refusal = check_head(e, method, version);
    if (!e->refusal && is_too_large(e))
        e->refusal = 413;
    if (e->public.header_count > PIN_HTTP_HEADERS_MAX)
        e->public.header_count = PIN_HTTP_HEADERS_MAX;
    if (e->connection)
        enter(e->connection, PHASE_BODY);
}

static void
take_body(struct exchange *e, const char *data, size_t size)
{
    struct pin_http *h = e->listener->http;

    if (e->refusal)
        return;
    if (e->body.size + size > h->options.body_bytes_max) {
        e->refusal = 413;
    } else if (!pin__http_has_room(h, size)) {
        e->refusal = 503;
    } else {
        pin__buf_add(&e->body, data, size);
        hold(e, size);
    }
}

static enum MHD_Result
handle(struct exchange *e)
{
    struct pin_http *h = e->listener->http;

    e->handled = true;
    h->busy++;
    if (e->connection)
        enter(e->connection, PHASE_HANDLED);
    if (e->body.size)
        e->public.body = (struct pin_bytes){ e->body.data, e->body.size };
    h->options.handle(h->options.context, &e->public);
    e->public.body = (struct pin_bytes){ NULL, 0 };
    pin__buf_fini(&e->body);
    if (e->answered)
        return queue_answer(e);
    e->suspended = true;
    h->mhd.suspend_connection(e->mhd);
    return MHD_YES;
}

static enum MHD_Result
access_handler(void *context, struct MHD_Connection *mhd, const char *url, const char *method,
               const char *version, const char *data, size_t *size, void **of_request)
{
    struct exchange *e = *of_request;

    (void)context;
    (void)mhd;
    (void)url;
    if (!e->checked) {
        take_head(e, method, version);
        return e->refusal ? refuse(e) : MHD_YES;
    }
    if (*size) {
        take_body(e, data, *size);
        *size = 0;
        return MHD_YES; /* an answer may only be given between two pieces */
    }
    if (e->refusal)
        return refuse(e);
    return e->handled ? queue_answer(e) : handle(e);
}

static void
completed(void *context, struct MHD_Connection *mhd, void **of_request,
          enum MHD_RequestTerminationCode code)
{
    struct exchange *e = *of_request;

    (void)context;
    (void)mhd;
    (void)code;
    if (!e)
        return;
    if (e->handled)
        e->listener->http->busy--;
    e->listener->http->held -= e->held;
    if (e->response)
        e->listener->http->mhd.destroy_response(e->response);
    if (e->connection)
        enter(e->connection, PHASE_HEAD);
    pin__buf_fini(&e->body);
    free(e->headers);
    free(e->target);
    free(e);
    *of_request = NULL;
}

/* Nothing is unescaped behind our back. */
static size_t
keep_escapes(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context;
    (void)mhd;
    return strlen(text);
}

/* ---- open and close ---- */

static pin_status
start_daemon(struct listener *l, int fd, struct pin_err *err)
{
    struct pin_http *h = l->http;
    const union MHD_DaemonInfo *info;
    struct epoll_event event = { .events = EPOLLIN };

    l->daemon = h->mhd.start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, access_handler, l,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)PIN_HTTP_CONNECTIONS_MAX,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
        MHD_OPTION_URI_LOG_CALLBACK, new_exchange, l, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes,
        NULL, MHD_OPTION_NOTIFY_COMPLETED, completed, l, MHD_OPTION_NOTIFY_CONNECTION,
        notify_connection, l, MHD_OPTION_END);
    if (!l->daemon) {
        close(fd);
        return pin__err_set(err, PIN_IO, "cannot start a server at %s", l->address);
    }
    info = h->mhd.get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info || epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, info->epoll_fd, &event) != 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot watch the server at %s", l->address);
    return PIN_OK;
}

static pin_status
open_listeners(struct pin_http *h, struct pin_err *err)
{
    pin_status st = PIN_OK;
    int fd;

    for (size_t i = 0; st == PIN_OK && i < h->options.listen_count; i++) {
        struct listener *l = &h->listeners[i];

        l->http = h;
        l->index = i;
        if ((st = pin__listen(h->options.listen[i], &fd, l->address, err)) == PIN_OK)
            st = start_daemon(l, fd, err);
        h->listener_count = i + 1;
    }
    return st;
}

pin_status
pin__http_open(struct pin_http **out, const struct pin_http_options *options, struct pin_err *err)
{
    struct pin_http *h = calloc(1, sizeof *h);
    pin_status st;

    *out = NULL;
    if (!h)
        return pin__err_no_memory(err);
    h->options = *options;
    h->epoll_fd = h->lingers.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (h->epoll_fd < 0)
        st = pin__err_errno(err, PIN_IO, errno, "cannot make an event loop for the server");
    else if (options->listen_count > PIN_HTTP_LISTENERS_MAX)
        st = pin__err_set(err, PIN_LIMIT, "a server listens at %d addresses at most",
                          PIN_HTTP_LISTENERS_MAX);
    else if ((st = pin__microhttpd_load(&h->mhd, err)) == PIN_OK)
        st = open_listeners(h, err);
    if (st != PIN_OK) {
        pin__http_close(h);
        return st;
    }
    *out = h;
    return PIN_OK;
}

void
pin__http_quiesce(struct pin_http *h)
{
    if (h->quiet)
        return;
    h->quiet = true;
    for (size_t i = 0; i < h->listener_count; i++) {
        int fd = h->mhd.quiesce_daemon(h->listeners[i].daemon);

        if (fd >= 0)
            close(fd);
    }
    for (struct connection *c = h->connections; c; c = c->next)
        if (c->phase == PHASE_HEAD) /* nobody has asked for anything */
            (void)shutdown(c->fd, SHUT_RD);
}

void
pin__http_close(struct pin_http *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->listener_count; i++)
        if (h->listeners[i].daemon)
            h->mhd.stop_daemon(h->listeners[i].daemon);
    pin__linger_close(&h->lingers);
    if (h->epoll_fd >= 0)
        close(h->epoll_fd);
    free(h);
}

/* ---- the loop ---- */

const char *
pin__http_address(const struct pin_http *h, size_t i)
{
    return h->listeners[i].address;
}

size_t
pin__http_busy(const struct pin_http *h)
{
    return h->busy;
}

int
pin__http_fd(const struct pin_http *h)
{
    return h->epoll_fd;
}

int64_t
pin__http_due_ms(const struct pin_http *h, int64_t now_ms)
{
    bool any = h->connections || h->lingers.count;
    int64_t wait_ms = any ? pin__clock_until_ms(h->sweep_at) : INT64_MAX;

    if (h->again)
        return now_ms;
    for (size_t i = 0; i < h->listener_count; i++) {
        MHD_UNSIGNED_LONG_LONG ms;

        if (h->mhd.get_timeout(h->listeners[i].daemon, &ms) == MHD_YES && (int64_t)ms < wait_ms)
            wait_ms = (int64_t)ms;
    }
    return wait_ms == INT64_MAX ? INT64_MAX : now_ms + wait_ms;
}

void
pin__http_turn(struct pin_http *h)
{
    h->again = false;
    for (size_t i = 0; i < h->listener_count; i++)
        (void)h->mhd.run(h->listeners[i].daemon);
    pin__linger_turn(&h->lingers);
    sweep(h);
}

/* ---- words ---- */

const char *
pin__http_header(const struct pin_http_exchange *e, const char *name)
{
    for (size_t i = 0; i < e->header_count; i++)
        if (strcasecmp(e->headers[i].name, name) == 0)
            return e->headers[i].value;
    return NULL;
}

const char *
pin__http_reason(int status)
{
    static const struct {
        int status;
        const char *words;
    } reasons[] = {
        { 200, "OK" },
        { 400, "Bad Request" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 421, "Misdirected Request" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
    };

    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].status == status)
            return reasons[i].words;
    return "Error";
}

/* http.h - HTTP over TCP in somebody's event loop: connections, limits, one request after another.
 *
 * The protocol is libmicrohttpd's, loaded when the first server is opened. What it lets pass and we
 * do not (two lengths, two hosts, unknown encodings) is refused here, before anybody sees the
 * request. Every limit has its name below. One thread; nothing blocks.
 */
#ifndef PIN_WEB_HTTP_H
#define PIN_WEB_HTTP_H

#include "base/buf.h"
#include "base/clock.h"

#define PIN_HTTP_CONNECTIONS_MAX 1000
#define PIN_HTTP_HEAD_BYTES_MAX  ((size_t)8 << 10) /* request line and headers: 414, 431 */
#define PIN_HTTP_HEADERS_MAX     100               /* 431 */
#define PIN_HTTP_ANSWER_HEAD_MAX ((size_t)8 << 10) /* status and headers of an answer */
#define PIN_HTTP_HEAD_MS         15000 /* from connecting, or the answer before, to a whole head */
#define PIN_HTTP_BODY_MS         30000 /* to a whole body */
#define PIN_HTTP_SEND_MS         60000 /* to take an answer */
#define PIN_HTTP_HELD_BYTES_MAX  ((size_t)256 << 20) /* bodies and unsent answers of all: 503 */
#define PIN_HTTP_LISTENERS_MAX   8

struct pin_http; /* opaque */

struct pin_http_header {
    const char *name; /* as it was sent */
    const char *value;
};

/* One request; lives until it has been answered. */
struct pin_http_exchange {
    const char *method;
    const char *target; /* "/path?query", as it was sent: printable ASCII */
    const char *host;   /* without its port, lower case; "" in HTTP/1.0 without one */
    char peer[48];      /* address of the other end */
    size_t listener;    /* which one it came to */
    const struct pin_http_header *headers;
    size_t header_count;
    struct pin_bytes body; /* no data: none; gone when `handle` returns */
    struct pin_mono began;
    void *user; /* of who handles it */
};

struct pin_http_answer {
    int status;
    const struct pin_http_header *headers;
    size_t header_count;
    struct pin_bytes body; /* copied */
};

struct pin_http_options {
    const char *const *listen; /* "127.0.0.1:3000", "[::1]:0", "localhost:3000" */
    size_t listen_count;
    uint64_t body_bytes_max; /* 413 */
    /* A whole request: answer it now or later with pin__http_answer. */
    void (*handle)(void *context, struct pin_http_exchange *e);
    /* One that was refused before: 400, 413, ... */
    void (*refused)(void *context, const struct pin_http_exchange *e, int status);
    void *context;
};

/* PIN_NOT_FOUND: libmicrohttpd is not installed. PIN_CONFLICT: the address is in use. PIN_DENIED,
 * PIN_INVALID, PIN_IO: why it cannot be listened at. */
pin_status pin__http_open(struct pin_http **out, const struct pin_http_options *options,
                          struct pin_err *err) PIN_MUST_USE;
/* What listener `i` really listens at: "127.0.0.1:43210". */
const char *pin__http_address(const struct pin_http *h, size_t i);
/* Once for each exchange, which is gone afterwards. */
void pin__http_answer(struct pin_http *h, struct pin_http_exchange *e,
                      const struct pin_http_answer *a);
/* False: others do not take their answers, or send large bodies; one of `size` is too much now. */
bool pin__http_has_room(const struct pin_http *h, size_t size);
/* Takes no new connections; answers say that theirs closes. */
void pin__http_quiesce(struct pin_http *h);
/* Those that are handled or being sent. */
size_t pin__http_busy(const struct pin_http *h);
/* For the loop: a descriptor to poll, when it wants a turn (INT64_MAX: never), and the turn. */
int pin__http_fd(const struct pin_http *h);
int64_t pin__http_due_ms(const struct pin_http *h, int64_t now_ms);
void pin__http_turn(struct pin_http *h);
/* Every exchange must have been answered. NULL is fine. */
void pin__http_close(struct pin_http *h);

/* Of a header by its name, in any case; NULL when there is none. */
const char *pin__http_header(const struct pin_http_exchange *e, const char *name);
const char *pin__http_reason(int status); /* "Not Found" */

#endif

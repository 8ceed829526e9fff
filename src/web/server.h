/* server.h - answers HTTP requests by views: a service in an executor's loop.
 *
 * A request becomes a run of its view in a worker, in a fresh workspace; the answer comes back
 * through the loop. Who asked may go away or be told to wait no longer: what the view set going
 * goes on.
 */
#ifndef PIN_WEB_SERVER_H
#define PIN_WEB_SERVER_H

#include "base/log.h"
#include "executor/executor.h"
#include "web/http.h"

#define PIN_SERVER_SOON_MS  1000  /* a request that no worker has begun by then gets 503 */
#define PIN_SERVER_DRAIN_MS 10000 /* what requests get when the server is asked to stop */

struct pin_server; /* opaque */

struct pin_server_options {
    struct pin_log *log;       /* borrowed */
    const char *const *listen; /* HOST:PORT; none: 127.0.0.1:3000 */
    size_t listen_count;
    const char *operators; /* HOST:PORT of /livez, /readyz and /metrics only; NULL: they stand
                              beside the views where that is this machine only */
    bool explains;         /* answers to failures tell message, stack and source */
};

/* Takes part in the executor's loop from now on. PIN_CONFIG: it would listen to other machines, and
 * the project does not say to which names it answers (server.hosts). */
pin_status pin__server_start(struct pin_server **out, struct pin_executor *x,
                             const struct pin_server_options *options,
                             struct pin_err *err) PIN_MUST_USE;
const char *pin__server_address(const struct pin_server *s, size_t i);
/* Takes no new requests; those that there are go on. */
void pin__server_drain(struct pin_server *s);
/* None are left. */
bool pin__server_is_idle(const struct pin_server *s);
/* Answers what is left with 503. The executor may still hold views: free the server after it. */
void pin__server_stop(struct pin_server *s);
void pin__server_free(struct pin_server *s);

#endif

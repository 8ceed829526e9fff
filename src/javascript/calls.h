/* calls.h - what a run asked its executor for and waits for: number of the call -> its promise.
 *
 * Numbers are given by the executor (pin_host.call). An answer for a number that is not here
 * belongs to a run that has ended and is ignored.
 */
#ifndef PIN_JAVASCRIPT_CALLS_H
#define PIN_JAVASCRIPT_CALLS_H

#include <quickjs.h>

#include "workspace/workspace.h"

#define PIN_CALLS_MAX 65536 /* outstanding at once in one run */

struct pin_open_call {
    uint64_t number;
    JSValue settle[2]; /* resolve, reject */
};

struct pin_calls {
    struct pin_open_call *open;
    size_t count;
    size_t capacity;
};

/* Asks the executor. Given: name, kind, args, params, tenantId, options; what is missing, undefined
 * or null is not said. `kind` is one of "run" (when it is not said), "once", "enqueue", "start
 * bot", "stop bot"; `params` is JSON; `args` of an enqueue is text, one argument list a line. A
 * promise, or an exception. */
JSValue pin__calls_ask(struct pin_calls *c, JSContext *ctx, const struct pin_host *host, int argc,
                       JSValueConst *argv);
/* Settles the promise of a call. `error` is NULL data on success, `value` for undefined. */
void pin__calls_answer(struct pin_calls *c, JSContext *ctx, uint64_t number, struct pin_bytes error,
                       struct pin_bytes value);
/* Forgets all of them while their heap lives. */
void pin__calls_cancel(struct pin_calls *c, JSContext *ctx);
/* Forgets all of them without touching the heap. */
void pin__calls_drop(struct pin_calls *c);
void pin__calls_fini(struct pin_calls *c);

#endif

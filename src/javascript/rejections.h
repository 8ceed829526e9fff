/* rejections.h - errors that nobody handles: rejected promises without a handler, and exceptions
 * thrown out of a timer or a microtask.
 *
 * A rejection is a candidate until the microtasks have run dry; whoever attaches a handler before
 * that has handled it. The first one that stays is kept: it fails the run.
 */
#ifndef PIN_JAVASCRIPT_REJECTIONS_H
#define PIN_JAVASCRIPT_REJECTIONS_H

#include <quickjs.h>
#include <stdbool.h>
#include <stddef.h>

struct pin_rejection {
    JSValue promise;
    JSValue reason;
};

struct pin_rejections {
    struct pin_rejection *candidates; /* in order; undefined ones were handled */
    size_t start;                     /* of the first that was not */
    size_t count;                     /* ends after the last that was not */
    size_t capacity;
    bool found;
    JSValue first; /* the reason; undefined unless found */
};

/* A JSHostPromiseRejectionTracker; `opaque` is the struct pin_rejections. */
void pin__rejections_track(JSContext *ctx, JSValueConst promise, JSValueConst reason,
                           JS_BOOL is_handled, void *opaque);
/* The microtasks have run dry: what is still here counts, except the two promises that the engine
 * itself looks at (JS_UNDEFINED: none). */
void pin__rejections_settle(struct pin_rejections *r, JSContext *ctx, JSValueConst own,
                            JSValueConst other);
/* Takes the exception that is pending in ctx. */
void pin__rejections_take_exception(struct pin_rejections *r, JSContext *ctx);
/* Forgets everything while the heap lives. */
void pin__rejections_clear(struct pin_rejections *r, JSContext *ctx);
/* Forgets everything without touching the heap. */
void pin__rejections_drop(struct pin_rejections *r);
void pin__rejections_fini(struct pin_rejections *r);

#endif

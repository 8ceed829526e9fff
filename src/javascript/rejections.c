/* rejections.c - see rejections.h. */
#include "javascript/rejections.h"

#include "base/err.h"

enum {
    CANDIDATES_MAX = 65536, /* beyond that the run fails anyway */
    KEPT_CAPACITY = 1024,   /* between runs */
};

static void
keep(struct pin_rejections *r, JSContext *ctx, JSValue reason)
{
    if (r->found) {
        JS_FreeValue(ctx, reason);
        return;
    }
    r->found = true;
    r->first = reason;
}

static bool
grow(struct pin_rejections *r)
{
    size_t capacity = r->capacity ? r->capacity * 2 : 16;
    struct pin_rejection *more = realloc(r->candidates, capacity * sizeof *more);

    if (!more)
        return false;
    r->candidates = more;
    r->capacity = capacity;
    return true;
}

/* Handled ones are trimmed from both ends: handlers come in the order of the promises, or the
 * newest first. */
static void
remove_candidate(struct pin_rejections *r, JSContext *ctx, size_t i)
{
    struct pin_rejection gone = r->candidates[i];

    r->candidates[i] = (struct pin_rejection){ JS_UNDEFINED, JS_UNDEFINED };
    while (r->count > r->start && JS_IsUndefined(r->candidates[r->count - 1].promise))
        r->count--;
    while (r->start < r->count && JS_IsUndefined(r->candidates[r->start].promise))
        r->start++;
    if (r->start == r->count)
        r->start = r->count = 0;
    JS_FreeValue(ctx, gone.promise);
    JS_FreeValue(ctx, gone.reason);
}

static bool
is_same(JSValueConst a, JSValueConst b)
{
    return JS_IsObject(a) && JS_IsObject(b) && JS_VALUE_GET_PTR(a) == JS_VALUE_GET_PTR(b);
}

static void
handled(struct pin_rejections *r, JSContext *ctx, JSValueConst promise)
{
    if (r->count && is_same(r->candidates[r->start].promise, promise)) {
        remove_candidate(r, ctx, r->start);
        return;
    }
    for (size_t i = r->count; i-- > r->start;)
        if (is_same(r->candidates[i].promise, promise)) {
            remove_candidate(r, ctx, i);
            return;
        }
}

void
pin__rejections_track(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL is_handled,
                      void *opaque)
{
    struct pin_rejections *r = opaque;

    if (is_handled) {
        handled(r, ctx, promise);
        return;
    }
    if (r->count == CANDIDATES_MAX || (r->count == r->capacity && !grow(r))) {
        keep(r, ctx, JS_DupValue(ctx, reason));
        return;
    }
    r->candidates[r->count++] = (struct pin_rejection){ .promise = JS_DupValue(ctx, promise),
                                                        .reason = JS_DupValue(ctx, reason) };
}

void
pin__rejections_settle(struct pin_rejections *r, JSContext *ctx, JSValueConst own,
                       JSValueConst other)
{
    for (size_t i = r->start; i < r->count; i++) {
        struct pin_rejection c = r->candidates[i];

        if (JS_IsUndefined(c.promise))
            continue;
        if (is_same(c.promise, own) || is_same(c.promise, other))
            JS_FreeValue(ctx, c.reason);
        else
            keep(r, ctx, c.reason);
        JS_FreeValue(ctx, c.promise);
    }
    r->start = r->count = 0;
}

void
pin__rejections_take_exception(struct pin_rejections *r, JSContext *ctx)
{
    keep(r, ctx, JS_GetException(ctx));
}

void
pin__rejections_clear(struct pin_rejections *r, JSContext *ctx)
{
    while (r->count)
        remove_candidate(r, ctx, r->count - 1);
    if (r->found)
        JS_FreeValue(ctx, r->first);
    pin__rejections_drop(r);
}

void
pin__rejections_drop(struct pin_rejections *r)
{
    r->start = r->count = 0;
    r->found = false;
    if (r->capacity > KEPT_CAPACITY)
        pin__rejections_fini(r);
}

void
pin__rejections_fini(struct pin_rejections *r)
{
    free(r->candidates);
    *r = (struct pin_rejections){ 0 };
}

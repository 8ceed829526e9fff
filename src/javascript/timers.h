/* timers.h - setTimeout and setInterval of one run: a table in C that JavaScript refers to by
 * number.
 *
 * The number of a timer is its slot and a count of how often the slot was used, so that a stale
 * number clears nobody else's timer. Due timers fire in order of their time, then of their making.
 */
#ifndef PIN_JAVASCRIPT_TIMERS_H
#define PIN_JAVASCRIPT_TIMERS_H

#include <quickjs.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

#define PIN_TIMERS_MAX 65536 /* open at once in one run */

enum pin_timer_kind {
    PIN_TIMER_ONCE,
    PIN_TIMER_REPEAT,
    PIN_TIMER_QUIET, /* once, and nobody is told when the run ends before it (AbortSignal.timeout)
                      */
};

struct pin_timer;

struct pin_timers {
    struct pin_timer *slots;
    uint32_t *heap; /* slot numbers; the next to fire first */
    uint32_t count; /* open timers: entries of heap */
    uint32_t slot_count;
    uint32_t capacity;
    uint32_t free_slot; /* first of the list of free slots, plus one; 0: none */
    uint64_t made;
};

/* The number of the new timer, or a JavaScript exception. Takes no reference: duplicates what it
 * keeps. A delay that is no number, or less than 1 ms, is 1 ms. */
JSValue pin__timers_add(struct pin_timers *t, JSContext *ctx, enum pin_timer_kind kind, int argc,
                        JSValueConst *argv);
void pin__timers_clear(struct pin_timers *t, JSContext *ctx, JSValueConst number);
/* When the next one is due; only with count > 0. */
struct pin_mono pin__timers_next(const struct pin_timers *t);
/* Calls the first timer if it is due at `now`. PIN_EMPTY when none is, PIN_FAILED with an exception
 * pending. */
pin_status pin__timers_fire(struct pin_timers *t, JSContext *ctx, struct pin_mono now);
/* Closes all of them while their heap lives; says how many there were, without the quiet ones. */
uint32_t pin__timers_cancel(struct pin_timers *t, JSContext *ctx);
/* Forgets all of them without touching the heap. */
void pin__timers_drop(struct pin_timers *t);
void pin__timers_fini(struct pin_timers *t);

#endif

/* timers.c - see timers.h. A binary heap of slots, ordered by due time and then by age. */
#include "javascript/timers.h"

#include <math.h>

enum { SLOT_BITS = 16, KEPT_CAPACITY = 1024 /* between runs */ };

#define DELAY_MS_MAX 2147483647.0 /* as in browsers and Node: more than this means 1 ms */

struct pin_timer {
    struct pin_mono due;
    uint64_t order;
    int64_t repeat_ms; /* 0: fires once */
    uint32_t place;    /* in the heap; undefined while the slot is free */
    uint32_t uses;
    uint32_t next_free; /* only while free */
    bool open;
    bool quiet;
    JSValue function;
    JSValue args; /* an array, or undefined */
};

static bool
before(const struct pin_timers *t, uint32_t a, uint32_t b)
{
    const struct pin_timer *x = &t->slots[a], *y = &t->slots[b];

    if (x->due.ns != y->due.ns)
        return x->due.ns < y->due.ns;
    return x->order < y->order;
}

static void
put(struct pin_timers *t, uint32_t place, uint32_t slot)
{
    t->heap[place] = slot;
    t->slots[slot].place = place;
}

static void
sift_up(struct pin_timers *t, uint32_t place)
{
    uint32_t slot = t->heap[place];

    while (place > 0 && before(t, slot, t->heap[(place - 1) / 2])) {
        put(t, place, t->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(t, place, slot);
}

static void
sift_down(struct pin_timers *t, uint32_t place)
{
    uint32_t slot = t->heap[place];

    for (;;) {
        uint32_t child = 2 * place + 1;

        if (child >= t->count)
            break;
        if (child + 1 < t->count && before(t, t->heap[child + 1], t->heap[child]))
            child++;
        if (!before(t, t->heap[child], slot))
            break;
        put(t, place, t->heap[child]);
        place = child;
    }
    put(t, place, slot);
}

static void
take_from_heap(struct pin_timers *t, uint32_t place)
{
    uint32_t last = t->heap[--t->count];

    if (place == t->count)
        return;
    put(t, place, last);
    sift_up(t, place);
    sift_down(t, t->slots[last].place);
}

static bool
grow(struct pin_timers *t)
{
    uint32_t capacity = t->capacity ? t->capacity * 2 : 64;
    struct pin_timer *slots;
    uint32_t *heap;

    if (!(slots = realloc(t->slots, capacity * sizeof *slots)))
        return false;
    t->slots = slots;
    if (!(heap = realloc(t->heap, capacity * sizeof *heap)))
        return false;
    t->heap = heap;
    t->capacity = capacity;
    return true;
}

static struct pin_timer *
take_slot(struct pin_timers *t)
{
    struct pin_timer *timer;

    if (t->free_slot) {
        timer = &t->slots[t->free_slot - 1];
        t->free_slot = timer->next_free;
        return timer;
    }
    if (t->slot_count == PIN_TIMERS_MAX || (t->slot_count == t->capacity && !grow(t)))
        return NULL;
    timer = &t->slots[t->slot_count++];
    timer->uses = 0;
    return timer;
}

static void
close_timer(struct pin_timers *t, JSContext *ctx, struct pin_timer *timer)
{
    timer->open = false;
    timer->uses++;
    timer->next_free = t->free_slot;
    t->free_slot = (uint32_t)(timer - t->slots) + 1;
    JS_FreeValue(ctx, timer->function);
    JS_FreeValue(ctx, timer->args);
}

static int64_t
delay_ms(JSContext *ctx, JSValueConst v)
{
    double ms;

    if (JS_ToFloat64(ctx, &ms, v) != 0)
        return -1;
    return ms >= 1 && ms <= DELAY_MS_MAX ? (int64_t)ms : 1; /* false for NaN */
}

static JSValue
number_of(JSContext *ctx, const struct pin_timers *t, const struct pin_timer *timer)
{
    int64_t slot = timer - t->slots;

    return JS_NewInt64(ctx, ((int64_t)timer->uses << SLOT_BITS) + slot + 1);
}

static JSValue
array_of(JSContext *ctx, int count, JSValueConst *values)
{
    JSValue array = JS_NewArray(ctx);

    for (int i = 0; i < count && !JS_IsException(array); i++)
        if (JS_DefinePropertyValueUint32(ctx, array, (uint32_t)i, JS_DupValue(ctx, values[i]),
                                         JS_PROP_C_W_E) < 0) {
            JS_FreeValue(ctx, array);
            array = JS_EXCEPTION;
        }
    return array;
}

JSValue
pin__timers_add(struct pin_timers *t, JSContext *ctx, enum pin_timer_kind kind, int argc,
                JSValueConst *argv)
{
    struct pin_timer *timer;
    JSValue args = JS_UNDEFINED;
    int64_t ms;

    if (argc < 1 || !JS_IsFunction(ctx, argv[0]))
        return JS_ThrowTypeError(ctx, "%s needs a function",
                                 kind == PIN_TIMER_REPEAT ? "setInterval" : "setTimeout");
    if ((ms = argc > 1 ? delay_ms(ctx, argv[1]) : 1) < 0)
        return JS_EXCEPTION;
    if (argc > 2 && JS_IsException(args = array_of(ctx, argc - 2, argv + 2)))
        return JS_EXCEPTION;
    if (!(timer = take_slot(t))) {
        JS_FreeValue(ctx, args);
        return JS_ThrowRangeError(ctx, "%d timers are open already: that is the limit of one run",
                                  PIN_TIMERS_MAX);
    }
    timer->open = true;
    timer->due = pin__clock_after_ms(pin__clock_mono(), ms);
    timer->order = t->made++;
    timer->repeat_ms = kind == PIN_TIMER_REPEAT ? ms : 0;
    timer->quiet = kind == PIN_TIMER_QUIET;
    timer->function = JS_DupValue(ctx, argv[0]);
    timer->args = args;
    t->heap[t->count++] = (uint32_t)(timer - t->slots);
    sift_up(t, t->count - 1);
    return number_of(ctx, t, timer);
}

void
pin__timers_clear(struct pin_timers *t, JSContext *ctx, JSValueConst number)
{
    struct pin_timer *timer;
    int64_t n, slot;

    if (!JS_IsNumber(number) || JS_ToInt64(ctx, &n, number) != 0 || n < 1)
        return;
    slot = (n - 1) & ((1 << SLOT_BITS) - 1);
    if (slot >= t->slot_count)
        return;
    timer = &t->slots[slot];
    if (!timer->open || timer->uses != (n - 1) >> SLOT_BITS)
        return;
    take_from_heap(t, timer->place);
    close_timer(t, ctx, timer);
}

struct pin_mono
pin__timers_next(const struct pin_timers *t)
{
    return t->slots[t->heap[0]].due;
}

/* function.apply(undefined, args), without a look at what a run has made of `apply`. */
static JSValue
call_with(JSContext *ctx, JSValueConst function, JSValueConst args)
{
    JSValue length = JS_GetPropertyStr(ctx, args, "length"), result = JS_EXCEPTION, *argv;
    uint32_t count, filled = 0;

    if (JS_ToUint32(ctx, &count, length) != 0 ||
        !(argv = js_mallocz(ctx, (count + 1) * sizeof *argv)))
        return JS_EXCEPTION;
    while (filled < count &&
           !JS_IsException(argv[filled] = JS_GetPropertyUint32(ctx, args, filled)))
        filled++;
    if (filled == count)
        result = JS_Call(ctx, function, JS_UNDEFINED, (int)count, argv);
    while (filled)
        JS_FreeValue(ctx, argv[--filled]);
    js_free(ctx, argv);
    return result;
}

pin_status
pin__timers_fire(struct pin_timers *t, JSContext *ctx, struct pin_mono now)
{
    struct pin_timer *timer;
    JSValue function, args, result;

    if (!t->count || pin__timers_next(t).ns > now.ns)
        return PIN_EMPTY;
    timer = &t->slots[t->heap[0]];
    /* The callback may clear this timer or make the table move. */
    function = JS_DupValue(ctx, timer->function);
    args = JS_DupValue(ctx, timer->args);
    if (timer->repeat_ms) {
        timer->due = pin__clock_after_ms(now, timer->repeat_ms);
        timer->order = t->made++;
        sift_down(t, 0);
    } else {
        take_from_heap(t, 0);
        close_timer(t, ctx, timer);
    }
    result = JS_IsUndefined(args) ? JS_Call(ctx, function, JS_UNDEFINED, 0, NULL)
                                  : call_with(ctx, function, args);
    JS_FreeValue(ctx, function);
    JS_FreeValue(ctx, args);
    if (JS_IsException(result))
        return PIN_FAILED;
    JS_FreeValue(ctx, result);
    return PIN_OK;
}

uint32_t
pin__timers_cancel(struct pin_timers *t, JSContext *ctx)
{
    uint32_t n = 0;

    while (t->count) {
        struct pin_timer *timer = &t->slots[t->heap[t->count - 1]];

        t->count--;
        n += timer->quiet ? 0 : 1;
        close_timer(t, ctx, timer);
    }
    return n;
}

void
pin__timers_drop(struct pin_timers *t)
{
    t->count = 0;
    t->slot_count = 0;
    t->free_slot = 0;
    t->made = 0;
    if (t->capacity > KEPT_CAPACITY)
        pin__timers_fini(t);
}

void
pin__timers_fini(struct pin_timers *t)
{
    free(t->slots);
    free(t->heap);
    *t = (struct pin_timers){ 0 };
}

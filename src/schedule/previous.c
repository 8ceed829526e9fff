/* previous.c - see previous.h. */
#include "schedule/previous.h"

/* The first instant in (after, until], if there is one. */
static bool
fires_in(const struct pin_cron *c, const struct pin_zone *zone, int64_t after, int64_t until,
         int64_t *first)
{
    return after < until && pin__cron_next(c, zone, after, first) == PIN_OK && *first <= until;
}

pin_status
pin__cron_previous(const struct pin_cron *c, const struct pin_zone *zone, int64_t after_unix,
                   int64_t until_unix, int64_t *previous_unix)
{
    int64_t low, high = until_unix, first; /* nothing fires in (high, until_unix] */

    for (int64_t width = 1;; width *= 2) {
        low = high - after_unix > width ? until_unix - width : after_unix;
        if (low < after_unix)
            low = after_unix;
        if (fires_in(c, zone, low, until_unix, &first))
            break;
        if (low <= after_unix)
            return PIN_EMPTY;
        high = low;
    }
    for (low = first; low < high;) {
        int64_t middle = low + (high - low) / 2;

        if (fires_in(c, zone, middle, until_unix, &first))
            low = first;
        else
            high = middle;
    }
    *previous_unix = low;
    return PIN_OK;
}

/* past.h - the due times between two evaluations, however far they are apart.
 *
 * The latest of them one by one, the others as a number. A schedule that fires each second, looked
 * at again after ten years, costs no more than some ten thousand steps.
 */
#ifndef PIN_BOT_PAST_H
#define PIN_BOT_PAST_H

#include "bot/context.h"

#define PIN_PAST_MAX      1000  /* due times that are given */
#define PIN_PAST_WALK_MAX 10000 /* that are walked through to be counted */

struct pin_bot_past {
    int64_t at_ms[PIN_PAST_MAX]; /* the latest ones, in order */
    size_t count;
    int64_t earlier;       /* how many there are before them */
    bool earlier_at_least; /* there are more than that */
    int64_t first_ms;      /* the earliest of all; undefined when there is none */
    int64_t next_ms;       /* the first one after; INT64_MAX: never */
};

/* Those in (after_ms, until_ms]. */
void pin__bot_past(const struct pin_bot_when *when, int64_t after_ms, int64_t until_ms,
                   struct pin_bot_past *out);

#endif

/* previous.h - next.h backwards: when a schedule fired last.
 *
 * For a reader who comes late, however late: what lies between is never walked through. The search
 * doubles the stretch that it looks at and then halves it, some sixty questions to pin__cron_next
 * whatever the years. Pure, as all of this folder.
 */
#ifndef PIN_SCHEDULE_PREVIOUS_H
#define PIN_SCHEDULE_PREVIOUS_H

#include "schedule/next.h"

/* The last instant in (after_unix, until_unix] at which the schedule fires. PIN_EMPTY when there is
 * none. */
pin_status pin__cron_previous(const struct pin_cron *c, const struct pin_zone *zone,
                              int64_t after_unix, int64_t until_unix,
                              int64_t *previous_unix) PIN_MUST_USE;

#endif

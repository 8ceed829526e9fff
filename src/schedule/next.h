/* next.h - when a schedule fires: a cron expression and a zone put together.
 *
 * A schedule is a set of wall times. A wall time that does not exist, because the clocks were put
 * forward over it, is taken as far after the last instant before that gap as it is on the clock of
 * before: 02:30 in a gap of one hour is 03:30. One that exists twice is taken at its first; but an
 * hour field that is * or a step of it (* /2) counts elapsed hours, so then both count. Instants
 * that fall together fire once. docs/cron.md shows it by examples.
 *
 * Pure: no clock, no allocation. The search jumps from field to field and from one change of the
 * clocks to the next, and gives up after PIN_CRON_YEARS_AHEAD years.
 */
#ifndef PIN_SCHEDULE_NEXT_H
#define PIN_SCHEDULE_NEXT_H

#include "schedule/cron.h"
#include "schedule/zone.h"

#define PIN_CRON_YEARS_AHEAD 100 /* the rarest there is, a fifth Monday in February, skips 40 */

/* The first instant after `after_unix`, strictly, at which the schedule fires. PIN_EMPTY when there
 * is none within the years above, or when the year is beyond 100 million. The zone of the
 * expression itself, if it names one, is not looked at: the caller chooses. */
pin_status pin__cron_next(const struct pin_cron *c, const struct pin_zone *zone, int64_t after_unix,
                          int64_t *next_unix) PIN_MUST_USE;
/* Whether it fires at this very second: whether it is the next of the second before. */
bool pin__cron_fires(const struct pin_cron *c, const struct pin_zone *zone, int64_t unix_s);

#endif

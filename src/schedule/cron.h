/* cron.h - cron expressions: text to a set of wall times, and whether a wall time is in it.
 *
 * 5 fields (minute, hour, day of month, month, day of week) or 6 (second first), or an alias such
 * as
 * @daily. A field is a list of values, ranges and steps: 5  10-50  22-2 (wraps)  *  * /15  5/15
 * 10-50/20; names JAN-DEC and SUN-SAT; 7 is Sunday too; ? is * in the day fields; L is the month's
 * last day; 5L its last Friday; MON#2 its second Monday. When both day fields are restricted,
 * either will do; a field whose values are all there counts as *.
 *
 * Pure: no clock, no zone (zone.h makes wall time of an instant), no allocation, any input.
 */
#ifndef PIN_SCHEDULE_CRON_H
#define PIN_SCHEDULE_CRON_H

#include "base/buf.h"
#include "schedule/civil.h"

#define PIN_CRON_TEXT_MAX 1024

enum pin_cron_field {
    PIN_CRON_SECOND,
    PIN_CRON_MINUTE,
    PIN_CRON_HOUR,
    PIN_CRON_DAY,
    PIN_CRON_MONTH,
    PIN_CRON_WEEKDAY,
    PIN_CRON_FIELD_COUNT
};

/* Two expressions mean the same when the structs are equal, byte for byte. */
struct pin_cron {
    uint64_t sets[PIN_CRON_FIELD_COUNT]; /* bit n: value n is in */
    uint8_t last_weekdays;               /* bit n: the last of weekday n of the month (5L) */
    uint8_t nth_weekday;                 /* with nth: MON#2 is 1, 2; no meaning while nth is 0 */
    uint8_t nth;
    bool last_day;    /* L in the day of the month */
    bool every_hours; /* the hour field is * or a step of it: it counts elapsed hours where clocks
                         jump, not hours on the wall */
    uint8_t unused[3];
};

/* PIN_INVALID with a sentence that names the field, the value, what is allowed and what to write.
 */
pin_status pin__cron_parse(struct pin_cron *out, const char *text,
                           struct pin_err *err) PIN_MUST_USE;
bool pin__cron_matches(const struct pin_cron *c, const struct pin_civil *local);
/* Appends the canonical text: parsing it gives an equal struct. */
void pin__cron_print(const struct pin_cron *c, struct pin_buf *out);

#endif

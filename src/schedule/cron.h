/* cron.h - cron expressions: text to a set of wall times, and whether a wall time is in it.
 *
 * 5 fields (minute, hour, day of month, month, day of week) or 6 (second first), or an alias such
 * as @daily. A field is a list of values, ranges and steps: 5  10-50  22-2 (wraps)  *  * /15  5/15
 * 10-50/20; names JAN-DEC and SUN-SAT; 7 is Sunday too; ? is * in the day fields; L is the month's
 * last day, 15W the working day (Monday to Friday) nearest to the 15th in the same month, LW the
 * month's last working day; 5L its last Friday; MON#2 its second Monday. When both day fields are
 * restricted, either will do; a field whose values are all there counts as *. In front may stand
 * CRON_TZ=Europe/Paris, or TZ= the same, and a space.
 *
 * Pure: no clock, no zone (next.h puts both together), no allocation, any input.
 */
#ifndef PIN_SCHEDULE_CRON_H
#define PIN_SCHEDULE_CRON_H

#include "base/buf.h"
#include "schedule/civil.h"
#include "schedule/zone.h"

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
    uint32_t near_days;                  /* bit n: the working day nearest to day n (15W) */
    uint8_t last_weekdays;               /* bit n: the last of weekday n of the month (5L) */
    uint8_t nth_weekday;                 /* with nth: MON#2 is 1, 2; no meaning while nth is 0 */
    uint8_t nth;
    bool last_day;     /* L in the day of the month */
    bool last_workday; /* LW there */
    bool every_hours;  /* the hour field is * or a step of it: it counts elapsed hours where clocks
                          jump, not hours on the wall */
    char zone[PIN_ZONE_NAME_MAX + 1]; /* that CRON_TZ= names, zeros behind; whether there is such a
                                         zone is for zone.h to say. "": none is named */
    uint8_t unused[5];
};

/* PIN_INVALID with a sentence that names the field, the value, what is allowed and what to write.
 */
pin_status pin__cron_parse(struct pin_cron *out, const char *text,
                           struct pin_err *err) PIN_MUST_USE;
/* Whether a wall time is in the set. Whether the schedule fires at an instant is in next.h. */
bool pin__cron_matches(const struct pin_cron *c, const struct pin_civil *local);
/* Neither of the day fields is * : either will do. */
bool pin__cron_either_day(const struct pin_cron *c);
/* The part of a text behind its CRON_TZ=; all of it when there is none. */
const char *pin__cron_text_without_zone(const char *text);
/* Appends the canonical text: parsing it gives an equal struct. */
void pin__cron_print(const struct pin_cron *c, struct pin_buf *out);

#endif

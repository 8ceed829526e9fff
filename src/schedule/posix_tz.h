/* posix_tz.h - a zone as one line of text: EST5EDT,M3.2.0,M11.1.0. It ends each file of the
 * system's tzdata and says what holds after the last change in the file's table; TZ may be one too.
 */
#ifndef PIN_SCHEDULE_POSIX_TZ_H
#define PIN_SCHEDULE_POSIX_TZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pin_tz_rule_kind {
    PIN_TZ_JULIAN,      /* Jn: day 1 to 365, February 29 never counted */
    PIN_TZ_DAY_OF_YEAR, /* n: day 0 to 365 */
    PIN_TZ_WEEKDAY      /* Mm.w.d: weekday d, the w-th of month m, 5 for the last */
};

struct pin_tz_rule { /* when, in each year, on the clocks in force before */
    enum pin_tz_rule_kind kind;
    int month, week; /* only of PIN_TZ_WEEKDAY */
    int day;
    int time_s; /* from midnight; may be negative or beyond the day */
};

struct pin_posix_tz {
    int standard_s; /* ahead of UTC */
    int daylight_s;
    bool has_daylight;             /* without it the rest has no meaning */
    struct pin_tz_rule start, end; /* of daylight time */
};

/* False for what is no such text. `size` bytes, not NUL-terminated. */
bool pin__posix_tz_parse(struct pin_posix_tz *out, const char *text, size_t size);
/* A stretch of time over which clocks keep one offset. Two that touch may have the same. */
struct pin_tz_span {
    int64_t start; /* its first second; INT64_MIN: it has no beginning */
    int64_t end;   /* the first second after it; INT64_MAX: it never ends */
    int offset_s;  /* ahead of UTC; within PIN_TZ_OFFSET_S_MAX */
};

#define PIN_TZ_OFFSET_S_MAX 93600 /* 26 hours, more than any clock was ever off */

/* The one around an instant. */
struct pin_tz_span pin__posix_tz_span(const struct pin_posix_tz *z, int64_t unix_s);

#endif

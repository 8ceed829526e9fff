/* civil.h - calendar time from seconds, by own arithmetic: no tables, no locale, any int64. */
#ifndef PIN_SCHEDULE_CIVIL_H
#define PIN_SCHEDULE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

struct pin_civil { /* what a calendar and a clock on the wall show; proleptic Gregorian */
    int64_t year;
    int month;   /* 1 to 12 */
    int day;     /* 1 to 31 */
    int hour;    /* 0 to 23 */
    int minute;  /* 0 to 59 */
    int second;  /* 0 to 59: unix time has no leap seconds */
    int weekday; /* 0 is Sunday */
};

/* The wall time where clocks are `offset_s` seconds ahead of UTC. */
struct pin_civil pin__civil_from_unix(int64_t unix_s, int offset_s);
/* The reverse, at offset 0, of a valid civil time with |year| below 10^9; weekday is not read. */
int64_t pin__civil_to_unix(const struct pin_civil *c);
int pin__civil_days_in_month(int64_t year, int month);

#endif

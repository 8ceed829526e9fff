/* civil.c - see civil.h.
 *
 * Days are counted in eras of 400 years that start in March, so that the leap day is the last of
 * its year (the method of Howard Hinnant's chrono papers).
 */
#include "schedule/civil.h"

#define DAY_S       86400
#define ERA_DAYS    146097
#define EPOCH_SHIFT 719468 /* days from 0000-03-01 to 1970-01-01 */

static int64_t
floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static void
set_date(struct pin_civil *c, int64_t days)
{
    int64_t era, of_era, year_of_era, of_year;

    c->weekday = (int)(days - 7 * floor_div(days, 7)); /* day 0 was a Thursday */
    c->weekday = (c->weekday + 4) % 7;
    days += EPOCH_SHIFT;
    era = floor_div(days, ERA_DAYS);
    of_era = days - era * ERA_DAYS;
    year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    c->month = (int)((5 * of_year + 2) / 153);
    c->day = (int)(of_year - (153 * c->month + 2) / 5 + 1);
    c->month += c->month < 10 ? 3 : -9;
    c->year = year_of_era + era * 400 + (c->month <= 2);
}

struct pin_civil
pin__civil_from_unix(int64_t unix_s, int offset_s)
{
    struct pin_civil c;
    int64_t days = floor_div(unix_s, DAY_S);
    int64_t seconds = unix_s % DAY_S; /* apart, so that nothing overflows */

    seconds += (seconds < 0 ? DAY_S : 0) + offset_s;
    days += floor_div(seconds, DAY_S);
    seconds -= floor_div(seconds, DAY_S) * DAY_S;
    c.hour = (int)(seconds / 3600);
    c.minute = (int)(seconds / 60 % 60);
    c.second = (int)(seconds % 60);
    set_date(&c, days);
    return c;
}

int64_t
pin__civil_to_unix(const struct pin_civil *c)
{
    int64_t year = c->year - (c->month <= 2);
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t of_year = (153 * (c->month + (c->month > 2 ? -3 : 9)) + 2) / 5 + c->day - 1;
    int64_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    int64_t days = era * ERA_DAYS + of_era - EPOCH_SHIFT;

    return days * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
}

int
pin__civil_days_in_month(int64_t year, int month)
{
    if (month == 2)
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* posix_tz.c - see posix_tz.h. */
#include "schedule/posix_tz.h"

#include <string.h>

#include "schedule/civil.h"

struct cursor {
    const char *at, *end;
};

static bool
is_digit(const struct cursor *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static bool
take(struct cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

static bool
read_number(struct cursor *c, int max, int *out)
{
    int n = 0;

    if (!is_digit(c))
        return false;
    for (; is_digit(c) && n <= max; c->at++)
        n = n * 10 + (*c->at - '0');
    *out = n;
    return n <= max;
}

/* EST, or <+0545>. */
static bool
skip_name(struct cursor *c)
{
    const char *start = c->at;
    bool quoted = take(c, '<');

    for (; c->at < c->end; c->at++) {
        char l = (char)(*c->at | 0x20);

        if (!(l >= 'a' && l <= 'z') && !(quoted && (is_digit(c) || *c->at == '+' || *c->at == '-')))
            break;
    }
    if (quoted)
        return c->at - start >= 4 && take(c, '>');
    return c->at - start >= 3;
}

/* [+-]h[:m[:s]] in seconds. */
static bool
read_time(struct cursor *c, int max_hours, int *out)
{
    int sign = take(c, '-') ? -1 : 1, h, m = 0, s = 0;

    if (sign > 0)
        take(c, '+');
    if (!read_number(c, max_hours, &h))
        return false;
    if (take(c, ':') && (!read_number(c, 59, &m) || (take(c, ':') && !read_number(c, 59, &s))))
        return false;
    *out = sign * (h * 3600 + m * 60 + s);
    return true;
}

static bool
read_rule(struct cursor *c, struct pin_tz_rule *r)
{
    *r = (struct pin_tz_rule){ .kind = PIN_TZ_DAY_OF_YEAR, .time_s = 2 * 3600 };
    if (take(c, 'M')) {
        r->kind = PIN_TZ_WEEKDAY;
        if (!read_number(c, 12, &r->month) || r->month < 1 || !take(c, '.') ||
            !read_number(c, 5, &r->week) || r->week < 1 || !take(c, '.') ||
            !read_number(c, 6, &r->day))
            return false;
    } else {
        if (take(c, 'J'))
            r->kind = PIN_TZ_JULIAN;
        if (!read_number(c, 365, &r->day) || (r->kind == PIN_TZ_JULIAN && r->day < 1))
            return false;
    }
    return !take(c, '/') || read_time(c, 167, &r->time_s);
}

bool
pin__posix_tz_parse(struct pin_posix_tz *out, const char *text, size_t size)
{
    static const char default_rules[] = ",M3.2.0,M11.1.0";
    struct cursor c = { text, text + size };

    memset(out, 0, sizeof *out);
    if (!skip_name(&c) || !read_time(&c, 24, &out->standard_s))
        return false;
    out->standard_s = -out->standard_s; /* the text counts westward */
    if (c.at == c.end)
        return true;
    out->has_daylight = true;
    out->daylight_s = -(out->standard_s + 3600);
    if (!skip_name(&c) || (c.at < c.end && *c.at != ',' && !read_time(&c, 24, &out->daylight_s)))
        return false;
    out->daylight_s = -out->daylight_s;
    if (c.at == c.end)
        c = (struct cursor){ default_rules, default_rules + sizeof default_rules - 1 };
    return take(&c, ',') && read_rule(&c, &out->start) && take(&c, ',') &&
           read_rule(&c, &out->end) && c.at == c.end;
}

/* Of the first of a month, from 1970-01-01. */
static int64_t
day_number(int64_t year, int month)
{
    struct pin_civil first = { .year = year, .month = month, .day = 1 };

    return pin__civil_to_unix(&first) / 86400; /* whole days: nothing is rounded */
}

/* The rule's day in a year, from 1970-01-01. */
static int64_t
day_of(const struct pin_tz_rule *r, int64_t year)
{
    bool leap = pin__civil_days_in_month(year, 2) == 29;
    int64_t first;
    int day;

    if (r->kind == PIN_TZ_JULIAN)
        return day_number(year, 1) + r->day - 1 + (leap && r->day >= 60);
    if (r->kind == PIN_TZ_DAY_OF_YEAR)
        return day_number(year, 1) + r->day;
    first = day_number(year, r->month);
    day = (int)((r->day - (first + 4) % 7 + 14) % 7) + 7 * (r->week - 1); /* day 0: a Thursday */
    if (day >= pin__civil_days_in_month(year, r->month))
        day -= 7;
    return first + day;
}

static int64_t
instant_of(const struct pin_tz_rule *r, int64_t year, int offset_s)
{
    return day_of(r, year) * 86400 + r->time_s - offset_s;
}

/* Whether it is far from the turn of the year, so that nothing of another year comes between. */
static bool
is_within_year(const struct pin_tz_rule *r)
{
    return r->kind == PIN_TZ_WEEKDAY && r->month > 1 && r->month < 12;
}

/* Of two changes at one instant the start of daylight time counts. */
static void
note_change(struct pin_tz_span *s, int64_t unix_s, int64_t at, int offset_s, bool daylight)
{
    if (at > unix_s) {
        if (at < s->end)
            s->end = at;
    } else if (at > s->start || (at == s->start && daylight)) {
        s->start = at;
        s->offset_s = offset_s;
    }
}

static void
note_year(struct pin_tz_span *s, const struct pin_posix_tz *z, int64_t unix_s, int64_t year)
{
    note_change(s, unix_s, instant_of(&z->start, year, z->standard_s), z->daylight_s, true);
    note_change(s, unix_s, instant_of(&z->end, year, z->daylight_s), z->standard_s, false);
}

/* What holds is what the last change before the instant brought. A rule's time may lie up to a week
 * outside its day, so two years on either side are asked when it could matter. */
struct pin_tz_span
pin__posix_tz_span(const struct pin_posix_tz *z, int64_t unix_s)
{
    const int64_t far = INT64_C(900000000) * 31556952;
    struct pin_tz_span s = { INT64_MIN, INT64_MAX, z->standard_s };
    bool simple = is_within_year(&z->start) && is_within_year(&z->end);
    int64_t year;

    if (!z->has_daylight || unix_s > far || unix_s < -far)
        return s;
    year = pin__civil_from_unix(unix_s, z->standard_s).year;
    note_year(&s, z, unix_s, year);
    for (int beside = 1; beside <= (simple ? 1 : 2); beside++) {
        if (!simple || s.start == INT64_MIN)
            note_year(&s, z, unix_s, year - beside);
        if (!simple || s.end == INT64_MAX)
            note_year(&s, z, unix_s, year + beside);
    }
    return s;
}

/* next.c - see next.h.
 *
 * Two layers. next_wall() finds the next wall time of the set as if there were no zones, by fields.
 * Above it, time is cut into spans of one offset; within a span wall time and instants run in
 * parallel, so one question to next_wall() answers for all of it. Only near a change of the clocks
 * is there more to ask: was this wall time shown before, and what did the change swallow.
 */
#include "schedule/next.h"

#define DAY_S  86400
#define YEAR_S INT64_C(31556952)
#define FAR_S  (100000000 * YEAR_S)
#define NONE   INT64_MAX
/* Two instants that show one wall time, or an instant and a wall time shifted onto it, are nearer
 * to each other than this. */
#define REACH_S (2 * PIN_TZ_OFFSET_S_MAX)

static int
lowest(uint64_t set)
{
    return __builtin_ctzll(set);
}

/* The values of `set` from `from` on; `from` may be one too large for it. */
static uint64_t
not_below(uint64_t set, int from)
{
    return set & ~(uint64_t)0 << from;
}

static int64_t
day_number(int64_t year, int month, int day)
{
    struct pin_civil c = { .year = year, .month = month, .day = day };

    return pin__civil_to_unix(&c) / DAY_S; /* whole days: nothing is rounded */
}

/* Days of a month, as bits 1 to 31 (those beyond its end too), that are on the weekdays given as
 * bits; the month begins on weekday `first`. */
static uint64_t
days_on(unsigned weekdays, int first)
{
    uint64_t week = (weekdays >> first | weekdays << (7 - first)) & 0x7f;

    return (week | week << 7 | week << 14 | week << 21 | week << 28) << 1;
}

/* The working day nearest to `day` in a month of `last` days that begins on weekday `first`. */
static int
workday_near(int day, int last, int first)
{
    switch ((first + day - 1) % 7) {
    case 6:
        return day > 1 ? day - 1 : day + 2;
    case 0:
        return day < last ? day + 1 : day - 2;
    default:
        return day;
    }
}

static uint64_t
days_by_date(const struct pin_cron *c, int last, int first)
{
    uint64_t days = c->sets[PIN_CRON_DAY];

    if (c->last_day)
        days |= (uint64_t)1 << last;
    if (c->last_workday)
        days |= (uint64_t)1 << workday_near(last, last, first);
    for (uint64_t near = c->near_days; near; near &= near - 1)
        if (lowest(near) <= last)
            days |= (uint64_t)1 << workday_near(lowest(near), last, first);
    return days;
}

static uint64_t
days_by_weekday(const struct pin_cron *c, int last, int first)
{
    uint64_t days = days_on((unsigned)c->sets[PIN_CRON_WEEKDAY], first);

    if (c->last_weekdays)
        days |= not_below(days_on(c->last_weekdays, first), last - 6);
    if (c->nth)
        days |= days_on(1U << c->nth_weekday, first) & (uint64_t)0xfe << (7 * (c->nth - 1));
    return days;
}

/* The days of a month that are in the set, as bits. */
static uint64_t
days_of_month(const struct pin_cron *c, int64_t year, int month)
{
    int last = pin__civil_days_in_month(year, month);
    int64_t number = day_number(year, month, 1) + 4; /* day 0 was a Thursday */
    int first = (int)(number % 7 + 7) % 7;
    uint64_t by_date = days_by_date(c, last, first);
    uint64_t by_weekday = days_by_weekday(c, last, first);
    uint64_t days = pin__cron_either_day(c) ? by_date | by_weekday : by_date & by_weekday;

    return days & (((uint64_t)2 << last) - 2);
}

static void
set_first_time(const struct pin_cron *c, struct pin_civil *t)
{
    t->hour = lowest(c->sets[PIN_CRON_HOUR]);
    t->minute = lowest(c->sets[PIN_CRON_MINUTE]);
    t->second = lowest(c->sets[PIN_CRON_SECOND]);
}

/* The first time of day in the set that is not before that of *t. False when the day has no more.
 */
static bool
set_time_from(const struct pin_cron *c, struct pin_civil *t)
{
    const uint64_t *sets = c->sets;
    uint64_t seconds = not_below(sets[PIN_CRON_SECOND], t->second);
    uint64_t minutes = not_below(sets[PIN_CRON_MINUTE], t->minute + 1);
    uint64_t hours = not_below(sets[PIN_CRON_HOUR], t->hour + 1);
    bool this_hour = sets[PIN_CRON_HOUR] >> t->hour & 1;
    bool this_minute = this_hour && sets[PIN_CRON_MINUTE] >> t->minute & 1;
    int hour = t->hour;

    if (this_minute && seconds) {
        t->second = lowest(seconds);
        return true;
    }
    set_first_time(c, t);
    if (this_hour && minutes) {
        t->hour = hour;
        t->minute = lowest(minutes);
        return true;
    }
    if (!hours)
        return false;
    t->hour = lowest(hours);
    return true;
}

/* The first date in the set from day `from` of the month of *t on. False when there is none for a
 * hundred years. */
static bool
set_date_from(const struct pin_cron *c, struct pin_civil *t, int from)
{
    const int64_t last_year = t->year + PIN_CRON_YEARS_AHEAD;
    const uint64_t months = c->sets[PIN_CRON_MONTH];

    for (; t->year <= last_year; from = 1) {
        uint64_t days = 0, rest;

        if (months >> t->month & 1)
            days = not_below(days_of_month(c, t->year, t->month), from);
        if (days) {
            t->day = lowest(days);
            return true;
        }
        rest = not_below(months, t->month + 1);
        t->year += !rest;
        t->month = lowest(rest ? rest : months);
    }
    return false;
}

/* The first wall time of the set that is not before `wall_s`, or NONE. */
static int64_t
next_wall(const struct pin_cron *c, int64_t wall_s)
{
    struct pin_civil t = pin__civil_from_unix(wall_s, 0);
    bool today = set_time_from(c, &t);
    struct pin_civil from = t;

    if (!set_date_from(c, &t, from.day + !today))
        return NONE;
    if (t.day != from.day || t.month != from.month || t.year != from.year)
        set_first_time(c, &t);
    return pin__civil_to_unix(&t);
}

/* One question: the first instant from `from` on, within `span`. */
struct search {
    const struct pin_cron *cron;
    const struct pin_zone *zone;
    int64_t from;
    struct pin_tz_span span;
};

/* The first wall time from `wall_s` on that this span is the first to show; only of those that it
 * does show is it asked. */
static int64_t
first_shown_here(const struct search *s, int64_t wall_s)
{
    int64_t instants[2];

    while (wall_s < NONE && wall_s - s->span.offset_s < s->span.end &&
           pin__zone_wall_instants(s->zone, wall_s, instants, NULL) &&
           instants[0] < s->span.start) {
        struct pin_tz_span shown = pin__zone_span(s->zone, instants[0]);

        wall_s = next_wall(s->cron, shown.end + shown.offset_s);
    }
    return wall_s;
}

/* The first instant that a wall time swallowed at `change` is shifted to, or NONE. `before_s` and
 * `after_s` are the offsets there. */
static int64_t
first_shifted(const struct search *s, int64_t change, int before_s, int after_s)
{
    const int64_t end = change + after_s;
    int64_t wall = next_wall(s->cron, s->from + before_s), instants[2];
    struct pin_zone_gap gap;

    while (wall < end && wall - before_s < s->span.end) {
        if (pin__zone_wall_instants(s->zone, wall, instants, &gap)) {
            struct pin_tz_span shown = pin__zone_span(s->zone, instants[0]);

            wall = next_wall(s->cron, shown.end + shown.offset_s);
        } else if (gap.at != change)
            wall = next_wall(s->cron, gap.at + gap.after_s);
        else
            return wall - before_s;
    }
    return NONE;
}

/* Over the changes behind `from` that are near enough to shift something into the span. */
static int64_t
first_of_all_shifted(const struct search *s)
{
    int64_t best = NONE;

    for (struct pin_tz_span after = s->span; after.start > s->from - REACH_S;) {
        struct pin_tz_span before = pin__zone_span(s->zone, after.start - 1);
        int64_t gap_s = after.offset_s - before.offset_s, found;

        if (gap_s > 0 && after.start + gap_s > s->from) {
            found = first_shifted(s, after.start, before.offset_s, after.offset_s);
            best = found < best ? found : best;
        }
        after = before;
    }
    return best;
}

/* NONE when there is nothing in the span. *wall: the next wall time of the set, as in next_wall. */
static int64_t
search_span(const struct search *s, int64_t *wall)
{
    int64_t best = NONE, shifted, shown;

    *wall = shown = next_wall(s->cron, s->from + s->span.offset_s);
    if (s->span.start > s->from - REACH_S && !s->cron->every_hours)
        shown = first_shown_here(s, shown);
    if (shown < NONE)
        best = shown - s->span.offset_s;
    if (s->span.start > s->from - REACH_S) {
        shifted = first_of_all_shifted(s);
        best = shifted < best ? shifted : best;
    }
    return best < s->span.end ? best : NONE;
}

/* Where to go on after a span without result. No wall time between the one that was asked for and
 * `wall` is in the set, so what is left of it lies near `wall`; unless clocks go back just after
 * the span and show once more what comes before. */
static int64_t
after_span(const struct search *s, int64_t wall)
{
    int64_t near = wall < NONE ? wall - PIN_TZ_OFFSET_S_MAX : NONE;

    return s->span.end > s->from + REACH_S && near > s->span.end ? near : s->span.end;
}

pin_status
pin__cron_next(const struct pin_cron *c, const struct pin_zone *zone, int64_t after_unix,
               int64_t *next_unix)
{
    const int64_t horizon_s = (PIN_CRON_YEARS_AHEAD + 1) * YEAR_S;
    struct search s = { .cron = c, .zone = zone };
    int64_t wall, give_up;

    if (after_unix < -FAR_S || after_unix > FAR_S)
        return PIN_EMPTY;
    s.from = after_unix + 1;
    for (give_up = s.from + horizon_s; s.from < give_up; s.from = after_span(&s, wall)) {
        s.span = pin__zone_span(zone, s.from);
        *next_unix = search_span(&s, &wall);
        if (*next_unix < NONE)
            return PIN_OK;
    }
    return PIN_EMPTY;
}

bool
pin__cron_fires(const struct pin_cron *c, const struct pin_zone *zone, int64_t unix_s)
{
    struct pin_tz_span span = pin__zone_span(zone, unix_s);
    struct pin_civil local;
    int64_t next;

    if (unix_s < -FAR_S || unix_s > FAR_S)
        return false;
    if (span.start > unix_s - REACH_S) /* clocks changed not long before */
        return pin__cron_next(c, zone, unix_s - 1, &next) == PIN_OK && next == unix_s;
    local = pin__civil_from_unix(unix_s, span.offset_s);
    return pin__cron_matches(c, &local);
}

/* describe.c - see describe.h.
 *
 * A sentence has a part about the time of day ("every 10 minutes from 09:00 to 17:59", "at 02:30")
 * and one about the days ("on the 1st and the 15th of the month", "Monday to Friday, in June").
 */
#include "schedule/describe.h"

enum { CLOCK_TIMES_MAX = 6 };

#define FULL_60 ((UINT64_C(1) << 60) - 1)
#define FULL_24 ((UINT64_C(1) << 24) - 1)
#define MONTHS  (((UINT64_C(1) << 12) - 1) << 1)

static int
lowest(uint64_t set)
{
    return __builtin_ctzll(set);
}

static int
highest(uint64_t set)
{
    return 63 - __builtin_clzll(set);
}

static int
count(uint64_t set)
{
    return __builtin_popcountll(set);
}

/* One stretch without holes. */
static bool
is_range(uint64_t set)
{
    uint64_t from_0 = set >> lowest(set);

    return (from_0 & (from_0 + 1)) == 0;
}

/* n when the set is 0, n, 2n, ... and comes round evenly at `size`; else 0. */
static int
even_step(uint64_t set, int size)
{
    int n = count(set) > 1 ? lowest(set & (set - 1)) : 0;
    uint64_t steps = 0;

    if (!(set & 1) || n == 0 || size % n)
        return 0;
    for (int i = 0; i < size; i += n)
        steps |= UINT64_C(1) << i;
    return set == steps ? n : 0;
}

/* --- lists: "1, 2 and 5 to 9" --- */

struct list {
    struct pin_buf *out;
    void (*print)(struct pin_buf *out, int value);
};

static void
separate(struct pin_buf *out, bool first, bool last)
{
    if (!first)
        pin__buf_adds(out, last ? " and " : ", ");
}

/* Three or more in a row are "a to b". */
static void
add_list(const struct list *l, uint64_t set)
{
    for (bool first = true; set; first = false) {
        int from = lowest(set), to = from;
        uint64_t rest;

        while (to < 63 && set >> (to + 1) & 1)
            to++;
        if (to - from < 2)
            to = from;
        rest = to == 63 ? 0 : set & ~UINT64_C(0) << (to + 1);
        separate(l->out, first, !rest);
        l->print(l->out, from);
        if (to > from) {
            pin__buf_adds(l->out, " to ");
            l->print(l->out, to);
        }
        set = rest;
    }
}

static void
print_number(struct pin_buf *out, int value)
{
    pin__buf_addf(out, "%d", value);
}

static void
print_two_digits(struct pin_buf *out, int value)
{
    pin__buf_addf(out, "%02d", value);
}

static void
print_day(struct pin_buf *out, int value)
{
    static const char *const ends[] = { "th", "st", "nd", "rd" };

    pin__buf_addf(out, "the %d%s", value,
                  value % 10 < 4 && value / 10 != 1 ? ends[value % 10] : ends[0]);
}

static void
print_month(struct pin_buf *out, int value)
{
    static const char *const names[] = { "January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December" };

    pin__buf_adds(out, names[(unsigned)(value - 1) % 12]);
}

static const char *const weekdays[] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday" };

static void
print_weekday(struct pin_buf *out, int value)
{
    pin__buf_adds(out, weekdays[value % 7]);
}

static void
print_weekdays(struct pin_buf *out, int value)
{
    pin__buf_addf(out, "%ss", weekdays[value % 7]);
}

static void
add_numbers(struct pin_buf *out, const char *unit, uint64_t set)
{
    const struct list l = { out, print_number };

    pin__buf_addf(out, "%s%s ", unit, count(set) > 1 ? "s" : "");
    add_list(&l, set);
}

/* --- the time of day --- */

/* Few enough to be written out. */
static bool
has_clock_times(const struct pin_cron *c)
{
    const uint64_t *s = c->sets;

    return !c->every_hours &&
           count(s[PIN_CRON_SECOND]) * count(s[PIN_CRON_MINUTE]) * count(s[PIN_CRON_HOUR]) <=
               CLOCK_TIMES_MAX;
}

static void
add_clock_times(const struct pin_cron *c, struct pin_buf *out)
{
    const uint64_t seconds = c->sets[PIN_CRON_SECOND], minutes = c->sets[PIN_CRON_MINUTE],
                   hours = c->sets[PIN_CRON_HOUR];
    int all = count(seconds) * count(minutes) * count(hours), n = 0;

    pin__buf_adds(out, "at ");
    for (uint64_t h = hours; h; h &= h - 1)
        for (uint64_t m = minutes; m; m &= m - 1)
            for (uint64_t s = seconds; s; s &= s - 1, n++) {
                separate(out, n == 0, n == all - 1);
                pin__buf_addf(out, "%02d:%02d", lowest(h), lowest(m));
                if (seconds != 1)
                    pin__buf_addf(out, ":%02d", lowest(s));
            }
}

static const char *
ordinal_end(int n)
{
    if (n / 10 % 10 == 1 || n % 10 > 3 || n % 10 == 0)
        return "th";
    return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : "rd";
}

/* "every second", "every 10 seconds", "at second 30"; true for the first two. */
static bool
add_unit(struct pin_buf *out, const char *unit, uint64_t set)
{
    int step = even_step(set, 60);

    if (set == FULL_60)
        pin__buf_addf(out, "every %s", unit);
    else if (step)
        pin__buf_addf(out, "every %d %ss", step, unit);
    else {
        pin__buf_adds(out, "at ");
        add_numbers(out, unit, set);
    }
    return set == FULL_60 || step;
}

/* Minutes behind seconds. */
static void
add_of_minutes(struct pin_buf *out, uint64_t set, bool each)
{
    int step = even_step(set, 60);

    if (set == FULL_60 && each)
        return;
    pin__buf_adds(out, " of ");
    if (set == FULL_60)
        pin__buf_adds(out, "every minute");
    else if (step)
        pin__buf_addf(out, "every %d%s minute", step, ordinal_end(step));
    else
        add_numbers(out, "minute", set);
}

static void
add_hours_between(struct pin_buf *out, uint64_t set, int last_minute)
{
    int from = lowest(set), to = highest(set);

    if (!is_range(set)) { /* over midnight */
        from = highest(~set & FULL_24) + 1;
        to = lowest(~set & FULL_24) - 1;
    }
    pin__buf_addf(out, " from %02d:00 to %02d:%02d", from, to, last_minute);
}

static bool
goes_round(uint64_t set)
{
    return is_range(set) || (set & 1 && set >> 23 & 1 && is_range(~set & FULL_24));
}

/* Hours behind minutes or seconds; `each`: these are "every ..." */
static void
add_of_hours(const struct pin_cron *c, struct pin_buf *out, bool each)
{
    const uint64_t set = c->sets[PIN_CRON_HOUR];
    const struct list l = { out, print_two_digits };
    int step = even_step(set, 24);

    if (set == FULL_24) {
        if (!each)
            pin__buf_adds(out, " of every hour");
    } else if (c->every_hours && step)
        pin__buf_addf(out, " of every %d%s hour", step, ordinal_end(step));
    else if (count(set) > (each ? 0 : 2) && goes_round(set)) {
        if (!each)
            pin__buf_adds(out, " of every hour");
        add_hours_between(out, set, 59);
    } else {
        pin__buf_addf(out, " of the hour%s ", count(set) > 1 ? "s" : "");
        add_list(&l, set);
    }
}

/* "every hour", "every 2 hours", "every hour from 09:00 to 17:00": at minute 0. False: no such. */
static bool
add_whole_hours(const struct pin_cron *c, struct pin_buf *out)
{
    const uint64_t set = c->sets[PIN_CRON_HOUR];
    int step = even_step(set, 24);

    if (c->sets[PIN_CRON_SECOND] != 1 || c->sets[PIN_CRON_MINUTE] != 1)
        return false;
    if (set == FULL_24)
        pin__buf_adds(out, "every hour");
    else if (c->every_hours && step)
        pin__buf_addf(out, "every %d hours", step);
    else if (count(set) > 2 && goes_round(set)) {
        pin__buf_adds(out, "every hour");
        add_hours_between(out, set, 0);
    } else
        return false;
    return true;
}

static void
add_time(const struct pin_cron *c, struct pin_buf *out)
{
    bool each;

    if (has_clock_times(c)) {
        add_clock_times(c, out);
        return;
    }
    if (add_whole_hours(c, out))
        return;
    if (c->sets[PIN_CRON_SECOND] == 1)
        each = add_unit(out, "minute", c->sets[PIN_CRON_MINUTE]);
    else {
        each = add_unit(out, "second", c->sets[PIN_CRON_SECOND]);
        add_of_minutes(out, c->sets[PIN_CRON_MINUTE], each);
        each = c->sets[PIN_CRON_MINUTE] == FULL_60;
    }
    add_of_hours(c, out, each);
}

/* --- the days --- */

static bool
restricts_date(const struct pin_cron *c)
{
    return count(c->sets[PIN_CRON_DAY]) < 31;
}

static bool
restricts_weekday(const struct pin_cron *c)
{
    return count(c->sets[PIN_CRON_WEEKDAY]) < 7;
}

static void
join(struct pin_buf *out, bool *first)
{
    if (!*first)
        pin__buf_adds(out, " and ");
    *first = false;
}

/* The n of a day field that is a step of all; 0 for others, and for those of few days. */
static int
step_from_first(uint64_t set)
{
    uint64_t steps = 0;
    int n = count(set) > 4 ? lowest(set & (set - 1)) - 1 : 0;

    for (int day = 1; n > 1 && day <= 31; day += n)
        steps |= UINT64_C(1) << day;
    return set == steps ? n : 0;
}

static void
add_dates(const struct pin_cron *c, struct pin_buf *out)
{
    const struct list l = { out, print_day };
    bool first = true;

    pin__buf_adds(out, "on ");
    if (step_from_first(c->sets[PIN_CRON_DAY])) {
        int step = step_from_first(c->sets[PIN_CRON_DAY]);

        join(out, &first);
        pin__buf_addf(out, "every %d%s day counted from the 1st", step, ordinal_end(step));
    } else if (c->sets[PIN_CRON_DAY]) {
        join(out, &first);
        add_list(&l, c->sets[PIN_CRON_DAY]);
    }
    for (uint64_t near = c->near_days; near; near &= near - 1) {
        join(out, &first);
        pin__buf_adds(out, "the working day nearest to ");
        print_day(out, lowest(near));
    }
    if (c->last_workday) {
        join(out, &first);
        pin__buf_adds(out, "the last working day");
    }
    if (c->last_day) {
        join(out, &first);
        pin__buf_adds(out, "the last day");
    }
}

/* Monday first: SAT,SUN stand together, and Sunday is 7. */
static uint64_t
from_monday(uint64_t set)
{
    return (set & 0x7e) | (set & 1) << 7;
}

static void
add_plain_weekdays(struct pin_buf *out, uint64_t set, bool alone)
{
    const uint64_t days = from_monday(set);
    const struct list range = { out, print_weekday }, each = { out, print_weekdays };

    if (is_range(days) && count(days) > 2) {
        pin__buf_adds(out, alone ? "" : "from ");
        add_list(&range, days);
    } else {
        pin__buf_adds(out, "on ");
        add_list(&each, days);
    }
}

static void
add_weekdays(const struct pin_cron *c, struct pin_buf *out, bool alone)
{
    static const char *const nth[] = { "", "first", "second", "third", "fourth", "fifth" };
    bool first = true;

    if (c->sets[PIN_CRON_WEEKDAY]) {
        join(out, &first);
        add_plain_weekdays(out, c->sets[PIN_CRON_WEEKDAY], alone);
    }
    for (uint64_t last = from_monday(c->last_weekdays); last; last &= last - 1) {
        join(out, &first);
        pin__buf_addf(out, "on the last %s", weekdays[lowest(last) % 7]);
    }
    if (c->nth) {
        join(out, &first);
        pin__buf_addf(out, "on the %s %s", nth[c->nth], weekdays[c->nth_weekday]);
    }
}

/* Whether the days are told as those of a month: "the 1st", "the last Friday". */
static bool
is_of_a_month(const struct pin_cron *c)
{
    return restricts_date(c) || c->last_weekdays || c->nth;
}

static void
add_months(const struct pin_cron *c, struct pin_buf *out)
{
    const uint64_t months = c->sets[PIN_CRON_MONTH];
    const struct list l = { out, print_month };
    const bool both = restricts_date(c) && restricts_weekday(c);

    if (months == MONTHS)
        return;
    if (is_of_a_month(c) && !both)
        pin__buf_adds(out, " of ");
    else
        pin__buf_adds(out, is_range(months) && count(months) > 2 ? ", from " : ", in ");
    add_list(&l, months);
}

static void
add_days(const struct pin_cron *c, struct pin_buf *out)
{
    const bool dates = restricts_date(c), days = restricts_weekday(c);
    const bool all_months = c->sets[PIN_CRON_MONTH] == MONTHS;
    const uint64_t plain = from_monday(c->sets[PIN_CRON_WEEKDAY]);

    if (dates) {
        pin__buf_adds(out, " ");
        add_dates(c, out);
        pin__buf_adds(out, all_months ? " of the month" : "");
        pin__buf_adds(out, days ? ", and also " : "");
    } else if (days)
        pin__buf_adds(out, plain && count(plain) > 2 && is_range(plain) ? ", " : " ");
    if (days)
        add_weekdays(c, out, !dates);
    if (!dates && all_months && is_of_a_month(c))
        pin__buf_adds(out, " of the month");
    add_months(c, out);
}

void
pin__cron_describe(const struct pin_cron *c, struct pin_buf *out)
{
    if (has_clock_times(c) && !restricts_date(c) && !restricts_weekday(c))
        pin__buf_adds(out, "every day ");
    add_time(c, out);
    add_days(c, out);
}

/* cron.c - see cron.h. */
#include "schedule/cron.h"

#include "base/quote.h"

_Static_assert(sizeof(struct pin_cron) == 128, "no byte is left out when two are compared");

#define NUMBER_MAX 1000000 /* larger numbers are read as this one: out of every range */

struct field {
    const char *name;
    int min, max;
    uint64_t full;            /* the set that counts as * */
    const char *const *names; /* three letters each, in capitals; NULL when there are none */
    int first_name;           /* the value of names[0] */
    const char *advice;
};

static const char *const month_names[] = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                           "AUG", "SEP", "OCT", "NOV", "DEC", NULL };
static const char *const weekday_names[] = {
    "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL
};

#define BITS(from, to) ((((uint64_t)1 << ((to) - (from) + 1)) - 1) << (from))

static const struct field fields[PIN_CRON_FIELD_COUNT] = {
    [PIN_CRON_SECOND] = { "second", 0, 59, BITS(0, 59), NULL, 0,
                          "write 0 to 59, as in 30, 10-50, 0,30 or */15" },
    [PIN_CRON_MINUTE] = { "minute", 0, 59, BITS(0, 59), NULL, 0,
                          "write 0 to 59, as in 30, 10-50, 0,30 or */15" },
    [PIN_CRON_HOUR] = { "hour", 0, 23, BITS(0, 23), NULL, 0,
                        "write 0 to 23, as in 9, 22-2, 8,12 or */6" },
    [PIN_CRON_DAY] = { "day of month", 1, 31, BITS(1, 31), NULL, 0,
                       "write 1 to 31, as in 15, 1-7, 1,15 or */2, L for the last day, 15W for the "
                       "working day nearest to the 15th or LW for the last working day" },
    [PIN_CRON_MONTH] = { "month", 1, 12, BITS(1, 12), month_names, 1,
                         "write 1 to 12 or JAN to DEC, as in 3, NOV-FEB, 1,7 or */3" },
    [PIN_CRON_WEEKDAY] = { "day of week", 0, 7, BITS(0, 6), weekday_names, 0,
                           "write 0 to 7 (0 and 7 are Sunday) or SUN to SAT, as in MON-FRI, 6,0, "
                           "5L for the last Friday or MON#2 for the second Monday" },
};

static const struct {
    const char *name, *text;
} aliases[] = {
    { "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" }, { "@monthly", "0 0 1 * *" },
    { "@weekly", "0 0 * * 0" }, { "@daily", "0 0 * * *" },    { "@midnight", "0 0 * * *" },
    { "@hourly", "0 * * * *" },
};

/* What people know from elsewhere, and what to write here. */
static const struct {
    const char *name, *instead;
} foreign_aliases[] = {
    { "@minutely", "* * * * *" },       { "@every_minute", "* * * * *" },
    { "@secondly", "* * * * * *" },     { "@every_second", "* * * * * *" },
    { "@weekdays", "0 0 * * MON-FRI" }, { "@weekends", "0 0 * * SAT,SUN" },
    { "@quarterly", "0 0 1 */3 *" },
};

struct text { /* a part of the expression */
    const char *at, *end;
};

struct parser {
    struct pin_cron *out;
    const char *whole;
    const struct field *field;
    enum pin_cron_field number;
    struct text item; /* what messages quote */
    struct pin_err *err;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
same_letters(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lower(a[i]) != lower(b[i]) || !a[i])
            return false;
    return true;
}

/* cron expression "60 * * * *": minute "60" <reason>; <advice>. */
static pin_status
fail(struct parser *p, const char *reason)
{
    return pin__err_set(p->err, PIN_INVALID, "cron expression %s: %s %s %s; %s",
                        pin__quote_text(p->whole).text, p->field->name,
                        pin__quote(p->item.at, (size_t)(p->item.end - p->item.at)).text, reason,
                        p->field->advice);
}

/* Digits to a number. False, with nothing read, when there are none. */
static bool
read_digits(struct text *t, int *out)
{
    const char *start = t->at;
    int n = 0;

    for (; t->at < t->end && is_digit(*t->at); t->at++)
        n = n >= NUMBER_MAX ? NUMBER_MAX : n * 10 + (*t->at - '0');
    *out = n > NUMBER_MAX ? NUMBER_MAX : n;
    return t->at > start;
}

static pin_status
read_name(struct parser *p, struct text *t, int *out)
{
    const char *start = t->at;

    while (t->at < t->end && is_letter(*t->at))
        t->at++;
    for (int i = 0; p->field->names && p->field->names[i]; i++)
        if (t->at - start >= 3 && same_letters(start, p->field->names[i], 3)) {
            bool last = t->at - start == 4 && start[3] == 'L' && p->number == PIN_CRON_WEEKDAY;

            if (t->at - start > 3 && !last)
                return fail(p, "is not understood: names have three letters");
            t->at = start + 3;
            *out = p->field->first_name + i;
            return PIN_OK;
        }
    return fail(p, "is not understood");
}

/* A number or a name within the field's range. */
static pin_status
read_value(struct parser *p, struct text *t, int *out)
{
    char reason[64];

    if (t->at < t->end && is_letter(*t->at))
        return read_name(p, t, out);
    if (!read_digits(t, out))
        return fail(p, "is not understood");
    if (*out >= p->field->min && *out <= p->field->max)
        return PIN_OK;
    snprintf(reason, sizeof reason, "is outside %d-%d", p->field->min, p->field->max);
    return fail(p, reason);
}

/* The n of "/n", and nothing behind it. 1 when the item ends here. */
static pin_status
read_step(struct parser *p, struct text *t, int *step)
{
    *step = 1;
    if (t->at == t->end)
        return PIN_OK;
    if (*t->at != '/')
        return fail(p, "is not understood");
    t->at++;
    if (!read_digits(t, step))
        return fail(p, "has no number after the slash");
    if (t->at < t->end)
        return fail(p, "goes on after its step");
    if (*step == 0)
        return fail(p, "would repeat at every 0");
    return PIN_OK;
}

/* From `a` to `b` by steps, over the end of the field when `b` comes before `a`. Sunday is 0 and 7,
 * so that 5-7 and 0-7 are ranges like others; a range that wraps counts it once, as 0. */
static void
add_range(struct parser *p, int a, int b, int step)
{
    bool weekday = p->number == PIN_CRON_WEEKDAY;
    int min = p->field->min, max = p->field->max, length;

    if (weekday && a > b) {
        max = 6;
        a %= 7;
    }
    length = b >= a ? b - a : max - a + 1 + b - min;
    for (int i = 0; i <= length; i += step) {
        int value = a + i > max ? a + i - max - 1 + min : a + i;

        p->out->sets[p->number] |= (uint64_t)1 << (weekday ? value % 7 : value);
    }
}

/* Behind the value of a day of the week: L or #n. */
static pin_status
read_weekday_mark(struct parser *p, struct text *t, int weekday, bool in_list)
{
    bool last = *t->at++ == 'L';
    int nth;

    if (last) {
        if (t->at < t->end)
            return fail(p, "goes on after L");
        p->out->last_weekdays |= (uint8_t)(1 << weekday % 7);
        return PIN_OK;
    }
    if (in_list)
        return fail(p, "is in a list; # stands alone, as in MON#2");
    if (!read_digits(t, &nth) || t->at < t->end)
        return fail(p, "is not understood");
    if (nth < 1 || nth > 5)
        return fail(p, "has a # outside 1-5");
    p->out->nth_weekday = (uint8_t)(weekday % 7);
    p->out->nth = (uint8_t)nth;
    return PIN_OK;
}

/* Behind a day of the month: W. */
static pin_status
read_day_mark(struct parser *p, struct text *t, int day)
{
    t->at++;
    if (t->at < t->end)
        return fail(p, "goes on after W");
    p->out->near_days |= (uint32_t)1 << day;
    return PIN_OK;
}

/* An item that starts with a value: 5  5-10  5-10/2  5/2  5L  5#1  15W. */
static pin_status
read_values(struct parser *p, struct text *t, bool in_list)
{
    int a = 0, b, step = 1;
    pin_status st;

    if ((st = read_value(p, t, &a)) != PIN_OK)
        return st;
    b = a;
    if (t->at < t->end && p->number == PIN_CRON_WEEKDAY && (*t->at == 'L' || *t->at == '#'))
        return read_weekday_mark(p, t, a, in_list);
    if (t->at < t->end && p->number == PIN_CRON_DAY && *t->at == 'W')
        return read_day_mark(p, t, a);
    if (t->at < t->end && *t->at == '/')
        b = p->field->max;
    else if (t->at < t->end && *t->at == '-') {
        t->at++;
        if ((st = read_value(p, t, &b)) != PIN_OK)
            return st;
    }
    if ((st = read_step(p, t, &step)) != PIN_OK)
        return st;
    add_range(p, a, b, step);
    return PIN_OK;
}

/* L or LW in the day of the month. */
static pin_status
read_last_day(struct parser *p, struct text t)
{
    bool workday = t.end - t.at == 2 && t.at[1] == 'W';

    if (t.end - t.at > 1 && !workday)
        return fail(p, "is not understood: L stands alone or before W");
    *(workday ? &p->out->last_workday : &p->out->last_day) = true;
    return PIN_OK;
}

static pin_status
read_item(struct parser *p, struct text t, bool in_list)
{
    int step;
    pin_status st;

    if (t.at == t.end)
        return fail(p, "is not understood: there is nothing beside a comma");
    p->item = t;
    if (*t.at == 'L' && p->number == PIN_CRON_DAY)
        return read_last_day(p, t);
    if (*t.at == 'L' && p->number == PIN_CRON_WEEKDAY)
        return fail(p, "names no day before L");
    if (*t.at == '?')
        return fail(p, p->number == PIN_CRON_DAY || p->number == PIN_CRON_WEEKDAY
                           ? "is not understood: ? stands alone"
                           : "is not understood: ? is only for days");
    if (*t.at == '/')
        return fail(p, "has nothing before the slash");
    if (*t.at != '*')
        return read_values(p, &t, in_list);
    t.at++;
    if ((st = read_step(p, &t, &step)) != PIN_OK)
        return st;
    add_range(p, p->field->min, p->field->max, step);
    if (p->number == PIN_CRON_HOUR)
        p->out->every_hours = !in_list;
    return PIN_OK;
}

/* A field that has everything in it counts as *, however it was written. */
static void
settle_field(struct parser *p)
{
    if (p->out->sets[p->number] != p->field->full)
        return;
    if (p->number == PIN_CRON_HOUR)
        p->out->every_hours = true;
    if (p->number == PIN_CRON_DAY) {
        p->out->last_day = p->out->last_workday = false;
        p->out->near_days = 0;
    }
    if (p->number == PIN_CRON_WEEKDAY)
        p->out->last_weekdays = 0;
}

static pin_status
read_field(struct parser *p, struct text t)
{
    bool day = p->number == PIN_CRON_DAY || p->number == PIN_CRON_WEEKDAY;
    bool in_list = memchr(t.at, ',', (size_t)(t.end - t.at)) != NULL;
    pin_status st = PIN_OK;

    p->item = t;
    if (day && t.end - t.at == 1 && *t.at == '?')
        p->out->sets[p->number] = p->field->full;
    else
        for (const char *comma; st == PIN_OK; t.at = comma + 1) {
            comma = memchr(t.at, ',', (size_t)(t.end - t.at));
            st = read_item(p, (struct text){ t.at, comma ? comma : t.end }, in_list);
            if (!comma)
                break;
        }
    if (st == PIN_OK)
        settle_field(p);
    return st;
}

/* The highest day that a month can have, over the years. */
static int
longest(int month)
{
    return pin__civil_days_in_month(2000, month);
}

/* Refuses a day of the month that none of the months ever has. A day of the week beside it changes
 * nothing: the date is a mistake all the same. */
static pin_status
check_date(struct parser *p)
{
    uint64_t days = p->out->sets[PIN_CRON_DAY] | p->out->near_days,
             months = p->out->sets[PIN_CRON_MONTH];
    int first = 1, most = 0;

    if (p->out->last_day || p->out->last_workday)
        return PIN_OK;
    while (!(days >> first & 1))
        first++;
    for (int month = 1; month <= 12; month++)
        if ((months >> month & 1) && longest(month) > most)
            most = longest(month);
    if (first <= most)
        return PIN_OK;
    return pin__err_set(
        p->err, PIN_INVALID,
        "cron expression %s: day of month %d never comes in the month%s given, whose "
        "range is 1-%d; write a day in it, or L for the last day",
        pin__quote_text(p->whole).text, first, months & (months - 1) ? "s" : "", most);
}

static pin_status
fail_count(struct parser *p, int count)
{
    static const char form[] =
        "write 5 (minute, hour, day of month, month, day of week) or 6 with the second before them";

    if (count == 0)
        return pin__err_set(p->err, PIN_INVALID, "cron expression is empty: %s, as in */5 * * * *",
                            form);
    return pin__err_set(p->err, PIN_INVALID, "cron expression %s has %d field%s: %s%s",
                        pin__quote_text(p->whole).text, count, count == 1 ? "" : "s", form,
                        count == 7 ? "; a year cannot be given" : "");
}

static pin_status
read_expression(struct parser *p, const char *text)
{
    struct text parts[PIN_CRON_FIELD_COUNT];
    int count = 0, skip;
    pin_status st = PIN_OK;

    for (const char *at = text; *at; count++) {
        struct text t;

        while (is_space(*at))
            at++;
        if (!*at)
            break;
        for (t.at = at; *at && !is_space(*at); at++)
            continue;
        t.end = at;
        if (count < PIN_CRON_FIELD_COUNT)
            parts[count] = t;
    }
    if (count != 5 && count != 6)
        return fail_count(p, count);
    skip = PIN_CRON_FIELD_COUNT - count;
    if (skip)
        p->out->sets[PIN_CRON_SECOND] = 1;
    for (int i = skip; st == PIN_OK && i < PIN_CRON_FIELD_COUNT; i++) {
        p->number = (enum pin_cron_field)i;
        p->field = &fields[i];
        st = read_field(p, parts[i - skip]);
    }
    return st == PIN_OK ? check_date(p) : st;
}

static pin_status
fail_alias(struct parser *p, const char *name, size_t n)
{
    const char *quoted = p->whole;

    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (n == strlen(aliases[i].name) && same_letters(name, aliases[i].name, n))
            return pin__err_set(p->err, PIN_INVALID,
                                "cron expression %s: there is no such alias; write %s",
                                pin__quote_text(quoted).text, aliases[i].name);
    for (size_t i = 0; i < sizeof foreign_aliases / sizeof foreign_aliases[0]; i++)
        if (n == strlen(foreign_aliases[i].name) && same_letters(name, foreign_aliases[i].name, n))
            return pin__err_set(p->err, PIN_INVALID,
                                "cron expression %s: there is no such alias; write %s",
                                pin__quote_text(quoted).text, foreign_aliases[i].instead);
    if (n >= 6 && same_letters(name, "@every", 6))
        return pin__err_set(p->err, PIN_INVALID,
                            "cron expression %s: there is no such alias; write a step, as in "
                            "*/5 * * * * for every five minutes",
                            pin__quote_text(quoted).text);
    return pin__err_set(p->err, PIN_INVALID,
                        "cron expression %s: there is no such alias%s; write @yearly, @annually, "
                        "@monthly, @weekly, @daily, @midnight, @hourly, or fields, as in "
                        "0 3 * * *",
                        pin__quote_text(quoted).text,
                        n == 7 && same_letters(name, "@reboot", 7) ? " (nothing runs at a start)"
                                                                   : "");
}

static pin_status
read_alias(struct parser *p, const char *text)
{
    size_t n = 0, all = strlen(text);

    while (text[n] && !is_space(text[n]))
        n++;
    while (all > n && is_space(text[all - 1]))
        all--;
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (all == n && n == strlen(aliases[i].name) && memcmp(text, aliases[i].name, n) == 0)
            return read_expression(p, aliases[i].text);
    return fail_alias(p, text, n);
}

const char *
pin__cron_text_without_zone(const char *text)
{
    const char *at = text;

    while (is_space(*at))
        at++;
    if (strncmp(at, "TZ=", 3) != 0 && strncmp(at, "CRON_TZ=", 8) != 0)
        return text;
    while (*at && !is_space(*at))
        at++;
    while (is_space(*at))
        at++;
    return at;
}

/* The name between CRON_TZ= or TZ= and `fields`. */
static pin_status
read_zone(struct parser *p, const char *text, const char *behind)
{
    const char *name = strchr(text, '=') + 1;
    size_t n = 0;

    while (name + n < behind && !is_space(name[n]))
        n++;
    if (!pin__zone_is_name(name, n))
        return pin__err_set(p->err, PIN_INVALID,
                            "cron expression %s: %s cannot be the name of a time zone; write one "
                            "such as CRON_TZ=Europe/Paris 0 9 * * *",
                            pin__quote_text(p->whole).text, pin__quote(name, n).text);
    memcpy(p->out->zone, name, n);
    return PIN_OK;
}

pin_status
pin__cron_parse(struct pin_cron *out, const char *text, struct pin_err *err)
{
    struct parser p = { .out = out, .whole = text, .err = err };
    const char *fields_at;
    pin_status st;

    memset(out, 0, sizeof *out);
    if (strlen(text) > PIN_CRON_TEXT_MAX)
        return pin__err_set(err, PIN_INVALID,
                            "cron expression %s has %zu bytes, more than %d; write it shorter",
                            pin__quote_text(text).text, strlen(text), PIN_CRON_TEXT_MAX);
    fields_at = pin__cron_text_without_zone(text);
    if (fields_at != text && (st = read_zone(&p, text, fields_at)) != PIN_OK)
        return st;
    text = fields_at;
    while (is_space(*text))
        text++;
    return *text == '@' ? read_alias(&p, text) : read_expression(&p, text);
}

static bool
is_in(const struct pin_cron *c, enum pin_cron_field field, int value)
{
    return c->sets[field] >> value & 1;
}

static bool
matches_weekday(const struct pin_cron *c, const struct pin_civil *t)
{
    if (is_in(c, PIN_CRON_WEEKDAY, t->weekday))
        return true;
    if (c->last_weekdays >> t->weekday & 1)
        return t->day + 7 > pin__civil_days_in_month(t->year, t->month);
    return c->nth && c->nth_weekday == t->weekday && (t->day - 1) / 7 + 1 == c->nth;
}

/* A working day stands for itself, and next to a weekend for the days of it that have no nearer
 * one: the 1st on a Saturday goes to Monday, the month's last day on a Sunday to Friday. */
static bool
matches_workday(const struct pin_cron *c, const struct pin_civil *t)
{
    int last = pin__civil_days_in_month(t->year, t->month);
    uint32_t near = c->near_days;

    if (t->weekday == 0 || t->weekday == 6)
        return false;
    if (c->last_workday && (t->day == last || (t->weekday == 5 && t->day >= last - 2)))
        return true;
    if (near >> t->day & 1)
        return true;
    if (t->weekday == 1)
        return (near >> (t->day - 1) & 1) || (t->day == 3 && (near >> 1 & 1));
    if (t->weekday == 5)
        return (t->day < last && (near >> (t->day + 1) & 1)) ||
               (t->day == last - 2 && (near >> last & 1));
    return false;
}

bool
pin__cron_either_day(const struct pin_cron *c)
{
    return c->sets[PIN_CRON_DAY] != fields[PIN_CRON_DAY].full &&
           c->sets[PIN_CRON_WEEKDAY] != fields[PIN_CRON_WEEKDAY].full;
}

static bool
matches_day(const struct pin_cron *c, const struct pin_civil *t)
{
    bool day = is_in(c, PIN_CRON_DAY, t->day) || matches_workday(c, t) ||
               (c->last_day && t->day == pin__civil_days_in_month(t->year, t->month));

    if (pin__cron_either_day(c))
        return day || matches_weekday(c, t);
    return day && matches_weekday(c, t);
}

bool
pin__cron_matches(const struct pin_cron *c, const struct pin_civil *local)
{
    return is_in(c, PIN_CRON_SECOND, local->second) && is_in(c, PIN_CRON_MINUTE, local->minute) &&
           is_in(c, PIN_CRON_HOUR, local->hour) && is_in(c, PIN_CRON_MONTH, local->month) &&
           matches_day(c, local);
}

/* Values and ranges with commas between, or *. False when the set is empty. */
static bool
print_set(uint64_t set, const struct field *f, struct pin_buf *out)
{
    size_t before = out->size;

    if (set == f->full) {
        pin__buf_addc(out, '*');
        return true;
    }
    for (int from = f->min; from <= f->max; from++) {
        int to = from;

        if (!(set >> from & 1))
            continue;
        while (set >> (to + 1) & 1)
            to++;
        pin__buf_addf(out, "%s%d", out->size > before ? "," : "", from);
        if (to > from)
            pin__buf_addf(out, "-%d", to);
        from = to;
    }
    return out->size > before;
}

/* The step of * that gives this set of hours. */
static int
step_of(uint64_t set)
{
    int step = 1;

    while (step < 24 && !(set >> step & 1))
        step++;
    return step;
}

/* `comma`: something stands in front. */
static void
print_day_marks(const struct pin_cron *c, bool comma, struct pin_buf *out)
{
    for (int d = 1; d <= 31; d++)
        if (c->near_days >> d & 1) {
            pin__buf_addf(out, "%s%dW", comma ? "," : "", d);
            comma = true;
        }
    if (c->last_day) {
        pin__buf_adds(out, comma ? ",L" : "L");
        comma = true;
    }
    if (c->last_workday)
        pin__buf_adds(out, comma ? ",LW" : "LW");
}

void
pin__cron_print(const struct pin_cron *c, struct pin_buf *out)
{
    if (c->zone[0])
        pin__buf_addf(out, "CRON_TZ=%s ", c->zone);
    for (int i = c->sets[PIN_CRON_SECOND] == 1; i < PIN_CRON_FIELD_COUNT; i++) {
        bool comma = false;

        if (i == PIN_CRON_HOUR && c->every_hours && c->sets[i] != fields[i].full)
            pin__buf_addf(out, "*/%d", step_of(c->sets[i]));
        else
            comma = print_set(c->sets[i], &fields[i], out);
        if (i == PIN_CRON_DAY)
            print_day_marks(c, comma, out);
        for (int d = 0; i == PIN_CRON_WEEKDAY && d < 7; d++)
            if (c->last_weekdays >> d & 1) {
                pin__buf_addf(out, "%s%dL", comma ? "," : "", d);
                comma = true;
            }
        if (i == PIN_CRON_WEEKDAY && c->nth)
            pin__buf_addf(out, "%d#%d", c->nth_weekday, c->nth);
        if (i + 1 < PIN_CRON_FIELD_COUNT)
            pin__buf_addc(out, ' ');
    }
}

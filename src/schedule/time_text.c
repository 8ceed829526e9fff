/* time_text.c - see time_text.h. */
#include "schedule/time_text.h"

#include "base/quote.h"
#include "schedule/civil.h"

/* Reads exactly `digits` digits and moves *text behind them; false when they do not stand there. */
static bool
read_number(const char **text, int digits, int *out)
{
    int number = 0;

    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        number = number * 10 + (**text - '0');
    }
    *out = number;
    return true;
}

static bool
read_char(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static bool
read_date(const char **text, struct pin_civil *c)
{
    int year;

    if (!read_number(text, 4, &year) || !read_char(text, '-') || !read_number(text, 2, &c->month) ||
        !read_char(text, '-') || !read_number(text, 2, &c->day))
        return false;
    c->year = year;
    return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= pin__civil_days_in_month(year, c->month);
}

/* ".25" is 250 ms; digits beyond the third are read and dropped. */
static bool
read_fraction(const char **text, int *ms)
{
    int place = 100;

    if (**text < '0' || **text > '9')
        return false;
    for (*ms = 0; **text >= '0' && **text <= '9'; (*text)++, place /= 10)
        *ms += (**text - '0') * place;
    return true;
}

static bool
read_clock(const char **text, struct pin_civil *c, int *ms)
{
    *ms = 0;
    c->second = 0;
    if (!read_number(text, 2, &c->hour) || !read_char(text, ':') ||
        !read_number(text, 2, &c->minute))
        return false;
    if (read_char(text, ':')) {
        if (!read_number(text, 2, &c->second))
            return false;
        if ((read_char(text, '.') || read_char(text, ',')) && !read_fraction(text, ms))
            return false;
    }
    return c->hour <= 23 && c->minute <= 59 && c->second <= 59;
}

/* Z, +02:00, +0200, +02, and as pin__time_text writes it where clocks went by the sun, +00:09:21 */
static bool
read_offset(const char **text, int *offset_s)
{
    int sign = **text == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;

    *offset_s = 0;
    if (read_char(text, 'Z') || read_char(text, 'z'))
        return true;
    if ((!read_char(text, '+') && !read_char(text, '-')) || !read_number(text, 2, &hours))
        return false;
    if ((read_char(text, ':') || **text) && !read_number(text, 2, &minutes))
        return false;
    if (read_char(text, ':') && !read_number(text, 2, &seconds))
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60 + seconds);
    return hours <= 23 && minutes <= 59 && seconds <= 59;
}

pin_status
pin__time_parse(int64_t *unix_ms, const char *text, struct pin_err *err)
{
    const char *at = text;
    struct pin_civil c = { 0 };
    int ms, offset_s = 0;
    bool read = read_date(&at, &c) &&
                (read_char(&at, 'T') || read_char(&at, 't') || read_char(&at, ' ')) &&
                read_clock(&at, &c, &ms);

    if (read && !*at)
        return pin__err_set(err, PIN_INVALID,
                            "%s does not say in which zone: add Z for UTC, or an offset such as "
                            "+02:00",
                            pin__quote_text(text).text);
    if (!read || !read_offset(&at, &offset_s) || *at)
        return pin__err_set(err, PIN_INVALID,
                            "%s is no time; write 2026-08-01T09:30:00Z, or with an offset "
                            "2026-08-01T09:30:00+02:00",
                            pin__quote_text(text).text);
    *unix_ms = (pin__civil_to_unix(&c) - offset_s) * 1000 + ms;
    return PIN_OK;
}

static void
add_offset(int offset_s, char *out, size_t size)
{
    int s = offset_s < 0 ? -offset_s : offset_s;
    char seconds[8] = "";

    if (s % 60)
        snprintf(seconds, sizeof seconds, ":%02d", s % 60);
    if (offset_s)
        snprintf(out, size, "%c%02d:%02d%s", offset_s < 0 ? '-' : '+', s / 3600 % 100, s / 60 % 60,
                 seconds);
    else
        snprintf(out, size, "Z");
}

void
pin__time_text(int64_t unix_ms, int offset_s, bool with_ms, char out[PIN_TIME_TEXT_SIZE])
{
    int ms = (int)(unix_ms % 1000);
    int64_t unix_s = unix_ms / 1000 - (ms < 0);
    struct pin_civil c = pin__civil_from_unix(unix_s, offset_s);
    char fraction[8] = "", offset[16];

    ms += ms < 0 ? 1000 : 0;
    if (with_ms)
        snprintf(fraction, sizeof fraction, ".%03d", ms);
    add_offset(offset_s, offset, sizeof offset);
    snprintf(out, PIN_TIME_TEXT_SIZE, "%04lld-%02d-%02dT%02d:%02d:%02d%s%s", (long long)c.year,
             c.month, c.day, c.hour, c.minute, c.second, fraction, offset);
}

/* value.c - see value.h. */
#include "database/value.h"

#include <ctype.h>
#include <math.h>

static const struct {
    const char *name, *sql;
    bool zero; /* default is 0; otherwise '' for a string, NULL for the rest */
} types[PIN_COLUMN_TYPE_COUNT] = {
    [PIN_COLUMN_PRIMARY_KEY] = { "primary_key", "integer", false },
    [PIN_COLUMN_ALTERNATE_KEY] = { "alternate_key", "varchar", false },
    [PIN_COLUMN_FOREIGN_KEY] = { "foreign_key", "varchar", false },
    [PIN_COLUMN_STRING] = { "string", "varchar", false },
    [PIN_COLUMN_TEXT] = { "text", "text", false },
    [PIN_COLUMN_INTEGER] = { "integer", "integer", true },
    [PIN_COLUMN_FLOAT] = { "float", "float", true },
    [PIN_COLUMN_DECIMAL] = { "decimal", "decimal", true },
    [PIN_COLUMN_BOOLEAN] = { "boolean", "boolean", true },
    [PIN_COLUMN_DATE] = { "date", "date", false },
    [PIN_COLUMN_DATETIME] = { "datetime", "datetime", false },
    [PIN_COLUMN_BINARY] = { "binary", "blob", false },
};

const char *
pin__column_type_name(enum pin_column_type type)
{
    return types[type].name;
}

const char *
pin__column_type_sql(enum pin_column_type type)
{
    return types[type].sql;
}

struct pin_value
pin__column_type_default(enum pin_column_type type)
{
    if (types[type].zero)
        return pin__value_integer(0);
    return type == PIN_COLUMN_STRING ? pin__value_text("") : pin__value_null();
}

pin_status
pin__column_type_parse(const char *name, enum pin_column_type *out, struct pin_err *err)
{
    struct pin_buf known = PIN_BUF_INIT(1024);
    pin_status st;

    for (int i = 0; i < PIN_COLUMN_TYPE_COUNT; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *out = (enum pin_column_type)i;
            pin__buf_fini(&known);
            return PIN_OK;
        }
        pin__buf_addf(&known, "%s%s", i ? ", " : "", types[i].name);
    }
    st = pin__err_set(err, PIN_INVALID, "no column type is called \"%s\"; there are %s", name,
                      pin__buf_text(&known));
    pin__buf_fini(&known);
    return st;
}

/* --- ISO 8601 text to milliseconds, as JavaScript's Date reads it --- */

struct text {
    const char *at, *end;
};

static bool
take_char(struct text *t, char c)
{
    if (t->at < t->end && *t->at == c) {
        t->at++;
        return true;
    }
    return false;
}

static bool
take_digits(struct text *t, int count, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (t->at == t->end || !isdigit((unsigned char)*t->at))
            return false;
        *out = *out * 10 + (*t->at++ - '0');
    }
    return true;
}

struct moment {
    int year, month, day, hour, minute, second, ms;
    bool has_time, has_zone;
    int zone_minutes;
};

static bool
take_date(struct text *t, struct moment *m)
{
    m->month = m->day = 1;
    if (!take_digits(t, 4, &m->year))
        return false;
    if (!take_char(t, '-'))
        return true;
    if (!take_digits(t, 2, &m->month))
        return false;
    return !take_char(t, '-') || take_digits(t, 2, &m->day);
}

/* Any number of digits after the point; the first three count. */
static bool
take_fraction(struct text *t, struct moment *m)
{
    int weight = 100, digits = 0;

    for (; t->at < t->end && isdigit((unsigned char)*t->at); t->at++, digits++) {
        m->ms += (*t->at - '0') * weight;
        weight /= 10;
    }
    return digits > 0;
}

static bool
take_zone(struct text *t, struct moment *m)
{
    int hours, minutes, sign;

    if (t->at == t->end)
        return true;
    m->has_zone = true;
    if (take_char(t, 'Z') || take_char(t, 'z'))
        return true;
    sign = *t->at == '-' ? -1 : 1;
    if (!take_char(t, '+') && !take_char(t, '-'))
        return false;
    if (!take_digits(t, 2, &hours))
        return false;
    (void)take_char(t, ':');
    if (!take_digits(t, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    m->zone_minutes = sign * (hours * 60 + minutes);
    return true;
}

static bool
take_time(struct text *t, struct moment *m)
{
    m->has_time = true;
    if (!take_digits(t, 2, &m->hour) || !take_char(t, ':') || !take_digits(t, 2, &m->minute))
        return false;
    if (take_char(t, ':')) {
        if (!take_digits(t, 2, &m->second))
            return false;
        if ((take_char(t, '.') || take_char(t, ',')) && !take_fraction(t, m))
            return false;
    }
    return take_zone(t, m);
}

static bool
take_separator(struct text *t)
{
    return take_char(t, 'T') || take_char(t, 't') || take_char(t, ' ');
}

static int
days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool
moment_is_valid(const struct moment *m)
{
    if (m->month < 1 || m->month > 12 || m->day < 1 || m->day > days_in_month(m->year, m->month))
        return false;
    if (m->hour == 24)
        return m->minute == 0 && m->second == 0 && m->ms == 0;
    return m->hour < 24 && m->minute < 60 && m->second < 60;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t
days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t
local_seconds(const struct moment *m)
{
    struct tm tm = { .tm_year = m->year - 1900,
                     .tm_mon = m->month - 1,
                     .tm_mday = m->day,
                     .tm_hour = m->hour,
                     .tm_min = m->minute,
                     .tm_sec = m->second,
                     .tm_isdst = -1 };

    return (int64_t)mktime(&tm);
}

static bool
parse_moment(struct pin_bytes text, int64_t *ms)
{
    struct text t = { text.data, text.data + text.size };
    struct moment m = { 0 };
    int64_t seconds;

    while (t.at < t.end && *t.at == ' ')
        t.at++;
    while (t.at < t.end && t.end[-1] == ' ')
        t.end--;
    if (!take_date(&t, &m))
        return false;
    if (t.at < t.end && !(take_separator(&t) && take_time(&t, &m)))
        return false;
    if (t.at < t.end || !moment_is_valid(&m))
        return false;
    seconds = days_from_date(m.year, m.month, m.day) * 86400 + m.hour * 3600 + m.minute * 60 +
              m.second - (int64_t)m.zone_minutes * 60;
    if (m.has_time && !m.has_zone)
        seconds = local_seconds(&m);
    *ms = seconds * 1000 + m.ms;
    return true;
}

/* --- coercion --- */

/* True when the whole text is a decimal number; *out is INTEGER or REAL. */
static bool
parse_number(struct pin_bytes text, struct pin_value *out)
{
    char copy[64], *end;
    double real;
    long long integer;

    if (text.size == 0 || text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (strspn(copy, "0123456789+-.eE") != text.size)
        return false;
    integer = strtoll(copy, &end, 10);
    if (*end == '\0' && integer != INT64_MAX && integer != INT64_MIN) {
        *out = pin__value_integer(integer);
        return true;
    }
    real = strtod(copy, &end);
    if (*end != '\0' || !isfinite(real))
        return false;
    *out = pin__value_real(real);
    return true;
}

static bool
bytes_are(struct pin_bytes b, const char *text)
{
    return b.size == strlen(text) && memcmp(b.data, text, b.size) == 0;
}

static pin_status
coerce_boolean(struct pin_value in, struct pin_value *out)
{
    bool yes = false;

    if (in.type == PIN_VALUE_INTEGER)
        yes = in.integer != 0;
    else if (in.type == PIN_VALUE_REAL)
        yes = in.real != 0;
    else
        yes = bytes_are(in.bytes, "true") || bytes_are(in.bytes, "1");
    *out = pin__value_integer(yes);
    return PIN_OK;
}

static pin_status
coerce_moment(struct pin_value in, struct pin_value *out, struct pin_err *err)
{
    int64_t ms;

    *out = in;
    if (in.type == PIN_VALUE_INTEGER)
        return PIN_OK;
    if (in.type == PIN_VALUE_REAL && fabs(in.real) < 9e15) {
        *out = pin__value_integer((int64_t)in.real);
        return PIN_OK;
    }
    if (in.type == PIN_VALUE_TEXT && in.bytes.size == 0) {
        *out = pin__value_null();
        return PIN_OK;
    }
    if (in.type == PIN_VALUE_TEXT && parse_moment(in.bytes, &ms)) {
        *out = pin__value_integer(ms);
        return PIN_OK;
    }
    if (in.type == PIN_VALUE_TEXT)
        return pin__err_set(err, PIN_INVALID,
                            "\"%.*s\" is no date; write 2026-01-31 or 2026-01-31T12:30:00Z",
                            (int)(in.bytes.size < 80 ? in.bytes.size : 80), in.bytes.data);
    return pin__err_set(err, PIN_INVALID, "the value is no date");
}

pin_status
pin__column_coerce(enum pin_column_type type, struct pin_value in, struct pin_value *out,
                   struct pin_err *err)
{
    *out = in;
    if (in.type == PIN_VALUE_NULL)
        return PIN_OK;
    switch (type) {
    case PIN_COLUMN_BOOLEAN:
        return coerce_boolean(in, out);
    case PIN_COLUMN_DATE:
    case PIN_COLUMN_DATETIME:
        return coerce_moment(in, out, err);
    case PIN_COLUMN_INTEGER:
    case PIN_COLUMN_FLOAT:
    case PIN_COLUMN_DECIMAL:
        if (in.type == PIN_VALUE_TEXT)
            (void)parse_number(in.bytes, out);
        return PIN_OK;
    default:
        return PIN_OK;
    }
}

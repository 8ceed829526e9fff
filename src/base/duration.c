/* duration.c - see duration.h. */
#include "base/duration.h"

#include "base/quote.h"

struct unit {
    const char *name;
    int64_t ms;
};

static const struct unit units[] = {
    { "ms", 1 },      { "s", 1000 },     { "m", 60000 },
    { "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 },
};

static const int64_t DURATION_MS_MAX = INT64_C(1000) * 365 * 86400 * 10;

/* Reads "<number><unit>" and moves *text behind it; -1 when that is not what stands there. */
static int64_t
read_part(const char **text)
{
    int64_t number = 0;
    const char *p = *text;
    size_t letters = 0;

    if (*p < '0' || *p > '9')
        return -1;
    for (; *p >= '0' && *p <= '9'; p++) {
        number = number * 10 + (*p - '0');
        if (number > DURATION_MS_MAX)
            return -1;
    }
    while (p[letters] >= 'a' && p[letters] <= 'z')
        letters++;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i].name) != letters || memcmp(units[i].name, p, letters) != 0)
            continue;
        *text = p + letters;
        return number > DURATION_MS_MAX / units[i].ms ? -1 : number * units[i].ms;
    }
    return -1;
}

pin_status
pin__duration_parse(int64_t *ms, const char *text, struct pin_err *err)
{
    const char *p = text;
    int64_t total = 0, part = 0;

    while (*p && (part = read_part(&p)) >= 0 && total <= DURATION_MS_MAX)
        total += part;
    if (part < 0 || total <= 0 || total > DURATION_MS_MAX)
        return pin__err_set(err, PIN_INVALID, "%s is no duration; write 90s, 5m, 2h30m or 1w",
                            pin__quote_text(text).text);
    *ms = total;
    return PIN_OK;
}

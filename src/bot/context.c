/* context.c - see context.h. */
#include "bot/context.h"

#include <stdarg.h>

void
pin__bot_note(const struct pin_bot_context *c, enum pin_bot_level level, const char *fmt, ...)
{
    char text[PIN_ERR_MESSAGE_MAX];
    va_list ap;

    if (!c->note)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    c->note(c->note_context, level, text);
}

pin_status
pin__bot_zone(const struct pin_bot_context *c, const char *named, struct pin_bot_zone *out,
              struct pin_err *err)
{
    const char *tz = c->tz ? c->tz + (*c->tz == ':') : NULL;

    out->name = named ? named : c->catalog->time_zone;
    if (out->name)
        return pin__zones_get(c->zones, out->name, &out->zone, err);
    out->name = tz && pin__zone_is_name(tz, strlen(tz)) ? tz : "local time";
    return pin__zones_local(c->zones, c->tz, &out->zone, err);
}

pin_status
pin__bot_when(const struct pin_bot_context *c, const char *cron, const char *named_zone,
              struct pin_bot_when *out, struct pin_err *err)
{
    pin_status st = pin__cron_parse(&out->cron, cron, err);

    if (st != PIN_OK)
        return st;
    if (!named_zone && out->cron.zone[0])
        named_zone = out->cron.zone;
    return pin__bot_zone(c, named_zone, &out->zone, err);
}

int64_t
pin__bot_seconds(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0);
}

int64_t
pin__bot_next_due(const struct pin_bot_when *when, int64_t after_ms)
{
    int64_t next;

    if (pin__cron_next(&when->cron, when->zone.zone, pin__bot_seconds(after_ms), &next) != PIN_OK ||
        next > INT64_MAX / 1000)
        return INT64_MAX;
    return next * 1000;
}

const char *
pin__bot_wall_words(const struct pin_bot_zone *zone, int64_t ms, char out[PIN_BOT_WORDS])
{
    struct pin_civil c = pin__zone_civil(zone->zone, pin__bot_seconds(ms));
    int n = snprintf(out, PIN_BOT_WORDS, "%04lld-%02d-%02d %02d:%02d", (long long)c.year, c.month,
                     c.day, c.hour, c.minute);

    if (c.second)
        n += snprintf(out + n, PIN_BOT_WORDS - (size_t)n, ":%02d", c.second);
    snprintf(out + n, PIN_BOT_WORDS - (size_t)n, " %s", zone->name);
    return out;
}

const char *
pin__bot_span_words(int64_t ms, char out[PIN_BOT_WORDS])
{
    const long long s = (ms + 500) / 1000, minutes = s / 60, hours = minutes / 60;

    if (s < 120)
        snprintf(out, PIN_BOT_WORDS, "%lld s", s);
    else if (minutes < 120)
        snprintf(out, PIN_BOT_WORDS, "%lld min", minutes);
    else if (hours < 48 && minutes % 60)
        snprintf(out, PIN_BOT_WORDS, "%lld h %lld min", hours, minutes % 60);
    else if (hours < 48)
        snprintf(out, PIN_BOT_WORDS, "%lld h", hours);
    else
        snprintf(out, PIN_BOT_WORDS, "%lld days", hours / 24);
    return out;
}

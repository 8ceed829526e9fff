/* tzif.c - see tzif.h. Only the 64-bit block is read: every tzdata of the last twenty years has it.
 */
#include "schedule/tzif.h"

#include <stdint.h>

#include "schedule/civil.h"

#define HEADER_BYTES 44
#define CHANGES_APART_S                                                                            \
    3600 /* so that a search by changes is short; the nearest known are 4 days */

struct header {
    size_t isut, isstd, leap, time, type, abbreviation; /* counts */
};

static uint64_t
big_endian(const char *at, size_t bytes)
{
    uint64_t n = 0;

    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | (unsigned char)at[i];
    return n;
}

static bool
read_header(struct pin_bytes file, size_t at, struct header *h)
{
    size_t *counts[] = { &h->isut, &h->isstd, &h->leap, &h->time, &h->type, &h->abbreviation };

    if (at > file.size || file.size - at < HEADER_BYTES || memcmp(file.data + at, "TZif", 4) != 0 ||
        file.data[at + 4] < '2')
        return false;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = (size_t)big_endian(file.data + at + 20 + 4 * i, 4);
    return true;
}

/* All counts are below 2^32, so nothing overflows in 64 bits. */
static size_t
block_bytes(const struct header *h, size_t time_bytes)
{
    return h->time * (time_bytes + 1) + h->type * 6 + h->abbreviation + h->leap * (time_bytes + 4) +
           h->isstd + h->isut;
}

static pin_status
read_changes(struct pin_tzif *out, const struct header *h, const char *at, struct pin_err *err)
{
    out->changes = calloc(h->time + 1, sizeof *out->changes);
    out->types = calloc(h->time + 1, sizeof *out->types);
    if (!out->changes || !out->types)
        return pin__err_no_memory(err);
    out->change_count = h->time;
    for (size_t i = 0; i < h->time; i++) {
        out->changes[i] = (int64_t)big_endian(at + 8 * i, 8);
        out->types[i] = (uint8_t)at[8 * h->time + i];
        if (out->types[i] >= h->type || (i && out->changes[i] <= out->changes[i - 1]))
            return pin__err_set(err, PIN_INVALID, "has a table that is out of order");
        if (i && (uint64_t)out->changes[i] - (uint64_t)out->changes[i - 1] < CHANGES_APART_S)
            return pin__err_set(err, PIN_INVALID, "changes its clocks twice within an hour");
    }
    return PIN_OK;
}

static pin_status
read_types(struct pin_tzif *out, const struct header *h, const char *at, struct pin_err *err)
{
    for (size_t i = 0; i < h->type; i++) {
        out->offsets[i] = (int32_t)(uint32_t)big_endian(at + 6 * i, 4);
        if (out->offsets[i] > PIN_TZ_OFFSET_S_MAX || out->offsets[i] < -PIN_TZ_OFFSET_S_MAX)
            return pin__err_set(err, PIN_INVALID, "is %d seconds off UTC", out->offsets[i]);
    }
    return PIN_OK;
}

/* The line behind the block: nothing, or what holds after the last change. */
static pin_status
read_footer(struct pin_tzif *out, struct pin_bytes file, size_t at, struct pin_err *err)
{
    const char *start = file.data + at + 1, *end;

    if (at >= file.size || file.data[at] != '\n' ||
        !(end = memchr(start, '\n', file.size - at - 1)))
        return pin__err_set(err, PIN_INVALID, "is cut short");
    out->has_rule = end > start;
    if (out->has_rule && !pin__posix_tz_parse(&out->rule, start, (size_t)(end - start)))
        return pin__err_set(err, PIN_INVALID, "ends with a rule that is not understood");
    return PIN_OK;
}

/* The number of a type with this offset, made when there is none; -1 when there is no room. */
static int
type_of(struct pin_tzif *t, size_t *type_count, int offset_s)
{
    for (size_t i = 0; i < *type_count; i++)
        if (t->offsets[i] == offset_s)
            return (int)i;
    if (*type_count == PIN_TZIF_TYPES_MAX)
        return -1;
    t->offsets[*type_count] = offset_s;
    return (int)(*type_count)++;
}

static int64_t
start_of_year(int64_t year)
{
    struct pin_civil c = { .year = year, .month = 1, .day = 1 };

    return pin__civil_to_unix(&c);
}

/* Adds the changes that the rule brings in the next decades: a table is much faster to ask. */
static pin_status
write_out_rule(struct pin_tzif *t, size_t type_count, struct pin_err *err)
{
    const int64_t from = start_of_year(1900), until = start_of_year(PIN_TZIF_YEAR);
    const size_t most = t->change_count + 2 * (PIN_TZIF_YEAR - 1900) + 8;
    int64_t *changes;
    uint8_t *types;

    if (!t->has_rule || !t->rule.has_daylight || !t->change_count ||
        t->changes[t->change_count - 1] < from)
        return PIN_OK;
    if (!(changes = realloc(t->changes, most * sizeof *changes)))
        return pin__err_no_memory(err);
    t->changes = changes;
    if (!(types = realloc(t->types, most * sizeof *types)))
        return pin__err_no_memory(err);
    t->types = types;
    while (t->change_count < most && t->changes[t->change_count - 1] < until) {
        int64_t next = pin__posix_tz_span(&t->rule, t->changes[t->change_count - 1]).end;
        int type = type_of(t, &type_count, pin__posix_tz_span(&t->rule, next).offset_s);

        if (type < 0 || next == INT64_MAX)
            break;
        t->changes[t->change_count] = next;
        t->types[t->change_count++] = (uint8_t)type;
    }
    return PIN_OK;
}

pin_status
pin__tzif_parse(struct pin_tzif *out, struct pin_bytes file, struct pin_err *err)
{
    struct header h;
    size_t at = HEADER_BYTES;
    pin_status st;

    memset(out, 0, sizeof *out);
    if (!read_header(file, 0, &h))
        return pin__err_set(err, PIN_INVALID, "is no zone file of version 2 or later");
    at += block_bytes(&h, 4);
    if (!read_header(file, at, &h))
        return pin__err_set(err, PIN_INVALID, "is cut short");
    at += HEADER_BYTES;
    if (h.type == 0 || h.type > PIN_TZIF_TYPES_MAX || block_bytes(&h, 8) > file.size - at)
        return pin__err_set(err, PIN_INVALID, "is cut short");
    if (h.leap)
        return pin__err_set(err, PIN_INVALID, "counts leap seconds, which unix time does not");
    if ((st = read_changes(out, &h, file.data + at, err)) != PIN_OK ||
        (st = read_types(out, &h, file.data + at + 9 * h.time, err)) != PIN_OK)
        return st;
    if ((st = read_footer(out, file, at + block_bytes(&h, 8), err)) != PIN_OK)
        return st;
    return write_out_rule(out, h.type, err);
}

void
pin__tzif_fini(struct pin_tzif *t)
{
    free(t->changes);
    free(t->types);
    memset(t, 0, sizeof *t);
}

/* By the rule, but not back beyond where it begins to hold. */
static struct pin_tz_span
span_by_rule(const struct pin_tzif *t, int64_t unix_s)
{
    struct pin_tz_span s = pin__posix_tz_span(&t->rule, unix_s);

    if (t->change_count && s.start < t->changes[t->change_count - 1])
        s.start = t->changes[t->change_count - 1];
    return s;
}

struct pin_tz_span
pin__tzif_span(const struct pin_tzif *t, int64_t unix_s)
{
    size_t low = 0, high = t->change_count;

    if (t->has_rule && (!high || unix_s >= t->changes[high - 1]))
        return span_by_rule(t, unix_s);
    while (low < high) { /* changes before `low` have passed, those from `high` on have not */
        size_t middle = low + (high - low) / 2;

        if (t->changes[middle] <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct pin_tz_span){
        .start = low ? t->changes[low - 1] : INT64_MIN,
        .end = low < t->change_count ? t->changes[low] : INT64_MAX,
        .offset_s = t->offsets[low ? t->types[low - 1] : 0],
    };
}

/* forecast.c - see forecast.h. */
#include "bot/forecast.h"

#include "base/quote.h"

struct source {
    const struct pin_job *job;
    const struct pin_schedule *schedule;
    struct pin_bot_when when;
    int64_t next_ms;
};

struct pin_forecast {
    struct source *heap; /* the earliest in front; those that never fire are not in it */
    size_t count;
};

pin_status
pin__bot_when_of(const struct pin_bot_context *c, const struct pin_schedule *s,
                 struct pin_bot_when *out, struct pin_err *err)
{
    const char *zone = s->time_zone;

    if (zone && strcmp(zone, PIN_TENANT_ZONE) == 0)
        zone = NULL;
    return pin__bot_when(c, s->cron, zone, out, err);
}

/* --- remarks --- */

struct clock_words {
    char text[40];
};

/* 02:30, or 02:30:15 when there are seconds; with the day in front when it is not plain which. */
static struct clock_words
clock_words(int64_t wall_s, bool with_day)
{
    struct pin_civil c = pin__civil_from_unix(wall_s, 0);
    struct clock_words w;
    int n = 0;

    if (with_day)
        n = snprintf(w.text, sizeof w.text, "%04lld-%02d-%02d ", (long long)c.year, c.month, c.day);
    n += snprintf(w.text + n, sizeof w.text - (size_t)n, "%02d:%02d", c.hour, c.minute);
    if (c.second)
        snprintf(w.text + n, sizeof w.text - (size_t)n, ":%02d", c.second);
    return w;
}

static bool
same_day(int64_t wall_s, int64_t other_s)
{
    struct pin_civil a = pin__civil_from_unix(wall_s, 0), b = pin__civil_from_unix(other_s, 0);

    return a.year == b.year && a.month == b.month && a.day == b.day;
}

/* The wall time that it is meant for does not exist: what it is and why. */
static void
remark_gap(const struct pin_bot_when *when, int64_t at, char out[PIN_BOT_REMARK])
{
    struct pin_tz_span now = pin__zone_span(when->zone.zone, at);
    struct pin_tz_span before = pin__zone_span(when->zone.zone, now.start - 1);
    bool days = !same_day(at + before.offset_s, at + now.offset_s);

    snprintf(out, PIN_BOT_REMARK, "%s does not exist (the clocks go from %s to %s): it is %s",
             clock_words(at + before.offset_s, days).text,
             clock_words(now.start + before.offset_s, days).text,
             clock_words(now.start + now.offset_s, days).text,
             clock_words(at + now.offset_s, days).text);
}

void
pin__bot_remark(const struct pin_bot_when *when, int64_t at_ms, char out[PIN_BOT_REMARK])
{
    const int64_t at = pin__bot_seconds(at_ms);
    struct pin_civil shown = pin__zone_civil(when->zone.zone, at);
    int64_t wall = at + pin__zone_offset(when->zone.zone, at), twice[2];

    *out = '\0';
    if (!pin__cron_matches(&when->cron, &shown))
        remark_gap(when, at, out);
    else if (pin__zone_wall_instants(when->zone.zone, wall, twice, NULL) == 2)
        snprintf(out, PIN_BOT_REMARK,
                 "the clocks go back: %s comes twice; this is the"
                 " %s time%s",
                 clock_words(wall, false).text, at == twice[0] ? "first" : "second",
                 when->cron.every_hours ? "" : ", and the only one");
}

/* --- merging --- */

static bool
is_before(const struct source *a, const struct source *b)
{
    if (a->next_ms != b->next_ms)
        return a->next_ms < b->next_ms;
    return a->job != b->job ? a->job < b->job : a->schedule < b->schedule;
}

static void
sink(struct pin_forecast *f, size_t i)
{
    for (;;) {
        size_t least = i;
        struct source kept;

        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < f->count; child++)
            if (is_before(&f->heap[child], &f->heap[least]))
                least = child;
        if (least == i)
            return;
        kept = f->heap[i];
        f->heap[i] = f->heap[least];
        f->heap[least] = kept;
        i = least;
    }
}

static void
add_job(struct pin_forecast *f, const struct pin_bot_context *c, const struct pin_job *job,
        int64_t after_ms)
{
    for (size_t i = 0; !job->broken.message && i < job->schedule_count; i++) {
        struct source *s = &f->heap[f->count];
        struct pin_err err = PIN_ERR_INIT;

        *s = (struct source){ .job = job, .schedule = &job->schedules[i] };
        if (pin__bot_when_of(c, s->schedule, &s->when, &err) != PIN_OK) {
            pin__bot_note(c, PIN_BOT_ERROR, "the schedule %s of %s never runs: %s",
                          pin__quote_text(s->schedule->cron).text, job->name, err.message);
            continue;
        }
        s->next_ms = pin__bot_next_due(&s->when, after_ms);
        f->count += s->next_ms != INT64_MAX;
    }
}

pin_status
pin__forecast_open(struct pin_forecast **out, const struct pin_bot_context *c,
                   const struct pin_job *job, int64_t from_ms, struct pin_err *err)
{
    const struct pin_job *first = job ? job : c->catalog->jobs;
    size_t jobs = job ? 1 : c->catalog->job_count, room = 1;
    struct pin_forecast *f = calloc(1, sizeof *f);

    *out = NULL;
    for (size_t i = 0; i < jobs; i++)
        room += first[i].schedule_count;
    if (!f || !(f->heap = calloc(room, sizeof *f->heap))) {
        free(f);
        return pin__err_no_memory(err);
    }
    for (size_t i = 0; i < jobs; i++)
        add_job(f, c, &first[i], from_ms - 1);
    for (size_t i = f->count / 2; i-- > 0;)
        sink(f, i);
    *out = f;
    return PIN_OK;
}

bool
pin__forecast_next(struct pin_forecast *f, struct pin_upcoming *out)
{
    struct source *s = &f->heap[0];

    if (f->count == 0)
        return false;
    *out = (struct pin_upcoming){
        .job = s->job,
        .schedule = s->schedule,
        .zone = s->when.zone,
        .by_tenant = s->schedule->time_zone && strcmp(s->schedule->time_zone, PIN_TENANT_ZONE) == 0,
        .at_ms = s->next_ms,
    };
    pin__bot_remark(&s->when, s->next_ms, out->remark);
    s->next_ms = pin__bot_next_due(&s->when, s->next_ms);
    if (s->next_ms == INT64_MAX)
        *s = f->heap[--f->count];
    sink(f, 0);
    return true;
}

void
pin__forecast_close(struct pin_forecast *f)
{
    if (f)
        free(f->heap);
    free(f);
}

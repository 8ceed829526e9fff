/* schedules.c - see schedules.h. */
#include "bot/schedules.h"

#include "base/quote.h"

enum { NAMES_SHOWN = 5, WRONG_SHOWN = 5 };

struct work {
    const struct pin_bot_reconcile *asked;
    struct pin_bot_reconciled *out;
    struct pin_arena arena;
    struct pin_bot_zone *zones; /* of the tenants, known ones, each once; name NULL: those that name
                                   none, last */
    size_t zone_count;
    struct pin_schedule_row *rows;
    size_t count;
    const char **kept;
    size_t kept_count;
};

/* --- the tenants' zones --- */

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names, sorted, each once, "" first. */
static pin_status
sort_names(struct work *w, const char ***names, size_t *count, struct pin_err *err)
{
    const struct pin_bot_reconcile *r = w->asked;
    size_t n = 0;

    *names = pin__arena_alloc(&w->arena, (r->tenant_zone_count + 1) * sizeof **names);
    if (!*names)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < r->tenant_zone_count; i++)
        (*names)[i] = r->tenant_zones[i] ? r->tenant_zones[i] : "";
    if (r->tenant_zone_count)
        qsort(*names, r->tenant_zone_count, sizeof **names, by_text);
    for (size_t i = 0; i < r->tenant_zone_count; i++)
        if (n == 0 || strcmp((*names)[n - 1], (*names)[i]) != 0)
            (*names)[n++] = (*names)[i];
    *count = n;
    return PIN_OK;
}

static void
tell_unknown(const struct work *w, const char *const *unknown, size_t count)
{
    struct pin_buf b = PIN_BUF_INIT(4096);

    if (count == 0)
        return;
    for (size_t i = 0; i < count && i < NAMES_SHOWN; i++)
        pin__buf_addf(&b, "%s%s", i ? ", " : "", pin__quote_text(unknown[i]).text);
    if (count > NAMES_SHOWN)
        pin__buf_addf(&b, " and %zu more", count - NAMES_SHOWN);
    pin__bot_note(w->asked->bot, PIN_BOT_WARNING,
                  "tenants name time zones that are not known: %s; schedules with timeZone 'tenant'"
                  " run for them by the project's clock",
                  pin__buf_text(&b));
    pin__buf_fini(&b);
}

static pin_status
read_zones(struct work *w, struct pin_err *err)
{
    const char **names;
    size_t count = 0, unknown = 0;
    bool some_name_none;
    pin_status st = sort_names(w, &names, &count, err);

    if (st != PIN_OK)
        return st;
    if (!(w->zones = pin__arena_alloc(&w->arena, (count + 1) * sizeof *w->zones)))
        return pin__err_no_memory(err);
    some_name_none = count && !*names[0];
    for (size_t i = some_name_none; i < count; i++) {
        struct pin_bot_zone *to = &w->zones[w->zone_count];

        to->name = names[i];
        if (pin__zones_get(w->asked->bot->zones, names[i], &to->zone, NULL) == PIN_OK)
            w->zone_count++;
        else
            names[unknown++] = names[i];
    }
    tell_unknown(w, names, unknown);
    if (some_name_none || unknown)
        w->zones[w->zone_count++] = (struct pin_bot_zone){ .name = NULL };
    return PIN_OK;
}

/* --- rows --- */

static bool
says_tenant(const struct pin_schedule *s)
{
    return s->time_zone && strcmp(s->time_zone, PIN_TENANT_ZONE) == 0;
}

/* A job that has no tenants of its own runs once, by the project's clock. */
void
pin__bot_row_of(const struct pin_catalog *c, const struct pin_job *job,
                const struct pin_schedule *s, struct pin_schedule_row *out)
{
    *out = (struct pin_schedule_row){ .job = job->name,
                                      .cron = s->cron,
                                      .time_zone = says_tenant(s) ? NULL : s->time_zone,
                                      .by_tenant = says_tenant(s) && c->multi_tenant &&
                                                   job->multi_tenant != PIN_NO,
                                      .args = s->args,
                                      .missed = s->missed,
                                      .overlap = s->overlap };
}

static size_t
rows_at_most(const struct work *w)
{
    const struct pin_catalog *c = w->asked->bot->catalog;
    size_t n = 1;

    for (size_t i = 0; i < c->job_count; i++)
        for (size_t k = 0; k < c->jobs[i].schedule_count; k++)
            n += says_tenant(&c->jobs[i].schedules[k]) ? w->zone_count + 1 : 1;
    return n;
}

static void
tell_wrong(struct work *w, const struct pin_schedule_row *row, const struct pin_err *why)
{
    if (w->out->wrong++ < WRONG_SHOWN)
        pin__bot_note(w->asked->bot, PIN_BOT_ERROR, "the schedule %s of %s never runs: %s",
                      pin__quote_text(row->cron).text, row->job, why->message);
}

static void
add_row(struct work *w, const struct pin_schedule_row *like, const struct pin_bot_when *when)
{
    struct pin_schedule_row *row = &w->rows[w->count++];

    *row = *like;
    row->next_due_ms = when ? pin__bot_next_due(when, w->asked->now_ms) : INT64_MAX;
}

static void
add_by_tenant(struct work *w, struct pin_schedule_row *row, struct pin_bot_when *when,
              const struct pin_bot_zone *projects)
{
    for (size_t i = 0; i < w->zone_count; i++) {
        row->time_zone = w->zones[i].name;
        when->zone = row->time_zone ? w->zones[i] : *projects;
        add_row(w, row, when);
    }
}

static void
add_schedule(struct work *w, const struct pin_job *job, const struct pin_schedule *s)
{
    struct pin_schedule_row row;
    struct pin_err err = PIN_ERR_INIT;
    struct pin_bot_when when;
    struct pin_bot_zone projects;

    pin__bot_row_of(w->asked->bot->catalog, job, s, &row);
    if (pin__bot_when(w->asked->bot, row.cron, row.time_zone, &when, &err) != PIN_OK) {
        tell_wrong(w, &row, &err);
        add_row(w, &row, NULL);
        return;
    }
    projects = when.zone;
    if (row.by_tenant)
        add_by_tenant(w, &row, &when, &projects);
    else
        add_row(w, &row, &when);
}

static pin_status
make_rows(struct work *w, struct pin_err *err)
{
    const struct pin_catalog *c = w->asked->bot->catalog;

    w->rows = pin__arena_alloc(&w->arena, rows_at_most(w) * sizeof *w->rows);
    w->kept = pin__arena_alloc(&w->arena, (c->job_count + 1) * sizeof *w->kept);
    if (!w->rows || !w->kept)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < c->job_count; i++) {
        const struct pin_job *job = &c->jobs[i];

        if (job->broken.message)
            w->kept[w->kept_count++] = job->name;
        for (size_t k = 0; !job->broken.message && k < job->schedule_count; k++)
            add_schedule(w, job, &job->schedules[k]);
    }
    if (w->out->wrong > WRONG_SHOWN)
        pin__bot_note(w->asked->bot, PIN_BOT_ERROR, "%zu more schedules never run",
                      w->out->wrong - WRONG_SHOWN);
    return PIN_OK;
}

static void
count_diff(void *context, enum pin_diff what, const struct pin_schedule_row *row)
{
    struct work *w = context;

    w->out->added += what == PIN_DIFF_ADDED;
    w->out->changed += what == PIN_DIFF_CHANGED;
    w->out->removed += what == PIN_DIFF_REMOVED;
    if (w->asked->diff)
        w->asked->diff(w->asked->context, what, row);
}

pin_status
pin__bot_reconcile(const struct pin_bot_reconcile *r, struct pin_bot_reconciled *out,
                   struct pin_err *err)
{
    struct work w = { .asked = r, .out = out, .arena = PIN_ARENA_INIT((size_t)1 << 30) };
    pin_status st;

    *out = (struct pin_bot_reconciled){ .rows = 0 };
    if ((st = read_zones(&w, err)) == PIN_OK && (st = make_rows(&w, err)) == PIN_OK) {
        struct pin_reconcile all = { .rows = w.rows,
                                     .count = w.count,
                                     .kept_jobs = w.kept,
                                     .kept_count = w.kept_count,
                                     .now_ms = r->now_ms,
                                     .diff = count_diff,
                                     .context = &w };

        out->rows = w.count;
        st = pin__store_reconcile(r->bot->store, &all, err);
    }
    pin__arena_fini(&w.arena);
    return st;
}

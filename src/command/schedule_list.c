/* schedule_list.c - see schedule_list.h. */
#include "command/schedule_list.h"

#include "base/quote.h"
#include "bot/schedules.h"
#include "command/job_args.h"
#include "job/enqueue.h"

enum { LIST_BYTES_MAX = 1 << 30, ID_BASE_MAX = 400 };

struct reading {
    struct schedule_list *out;
    const struct project_store *project;
    const struct pin_bot_context *bot;
    const struct schedule_name *name;
    int64_t now_ms;
    size_t known; /* items of the store stand in front, sorted */
};

/* --- names --- */

pin_status
pin__schedule_name_take(struct schedule_name *out, const char *text, struct pin_err *err)
{
    *out = (struct schedule_name){ .id = NULL };
    if (!text)
        return PIN_OK;
    if (strchr(text, '#')) {
        out->id = text;
        return PIN_OK;
    }
    return pin__names_job((struct pin_bytes){ text, strlen(text) }, &out->job, err);
}

/* The part of an id in front of the tenants' zone. */
static size_t
base_size(const char *id)
{
    const char *hash = strrchr(id, '#');

    return hash ? (size_t)(hash - id) + strcspn(hash, "@") : strlen(id);
}

static bool
is_meant(const struct schedule_name *name, const struct pin_schedule_row *row)
{
    size_t size;

    if (!name->id)
        return !*name->job.text || strcmp(name->job.text, row->job) == 0;
    size = strlen(name->id);
    return strncmp(name->id, row->id, size) == 0 &&
           (row->id[size] == '\0' || (row->id[size] == '@' && base_size(name->id) == size));
}

/* --- reading --- */

static int
by_job(const void *a, const void *b)
{
    const struct pin_schedule_row *x = &((const struct schedule_item *)a)->row,
                                  *y = &((const struct schedule_item *)b)->row;
    int order = strcmp(x->job, y->job);

    return order ? order : strcmp(x->id, y->id);
}

static size_t
count_said(const struct pin_catalog *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->job_count; i++)
        n += c->jobs[i].schedule_count;
    return n;
}

static pin_status
take_known(struct reading *r, struct pin_err *err)
{
    struct schedule_list *l = r->out;
    struct pin_schedule_row *rows;
    size_t count;
    pin_status st =
        pin__store_schedules(r->project->store, INT64_MAX, 0, &l->arena, &rows, &count, err);

    if (st != PIN_OK)
        return st;
    l->items =
        pin__arena_alloc(&l->arena, (count + count_said(r->bot->catalog) + 1) * sizeof *l->items);
    if (!l->items)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < count; i++)
        if (is_meant(r->name, &rows[i]))
            l->items[l->count++] = (struct schedule_item){ .row = rows[i], .known = true };
    if (l->count)
        qsort(l->items, l->count, sizeof *l->items, by_job);
    r->known = l->count;
    return PIN_OK;
}

/* Marks those of the store that are this schedule; false when there is none. */
static bool
mark_known(struct reading *r, const struct pin_schedule_row *row)
{
    const struct schedule_item like = { .row = *row };
    struct schedule_item *items = r->out->items;
    size_t low = 0, high = r->known, size = base_size(row->id), first;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (by_job(&items[middle], &like) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (first = low; low < r->known && strcmp(items[low].row.job, row->job) == 0; low++) {
        const char *id = items[low].row.id;

        if (row->by_tenant ? strncmp(id, row->id, size) != 0 || id[size] != '@'
                           : strcmp(id, row->id) != 0)
            break;
        items[low].in_project = true;
    }
    return low > first;
}

/* The same line twice in one job is one schedule. */
static bool
is_added(const struct reading *r, const char *id)
{
    for (size_t i = r->out->count; i-- > r->known;)
        if (strcmp(r->out->items[i].row.id, id) == 0)
            return true;
    return false;
}

static pin_status
add_said(struct reading *r, const struct pin_job *job, const struct pin_schedule *s,
         struct pin_err *err)
{
    struct schedule_list *l = r->out;
    struct schedule_item *item = &l->items[l->count];
    char id[PIN_SCHEDULE_ID_SIZE];
    struct pin_bot_when when;

    *item = (struct schedule_item){ .in_project = true };
    pin__bot_row_of(r->bot->catalog, job, s, &item->row);
    pin__schedule_id(&item->row, id);
    if (!(item->row.id = pin__arena_strdup(&l->arena, id)))
        return pin__err_no_memory(err);
    if (!is_meant(r->name, &item->row) || mark_known(r, &item->row) || is_added(r, id))
        return PIN_OK;
    item->row.next_due_ms = INT64_MAX;
    if (pin__bot_when(r->bot, item->row.cron, item->row.time_zone, &when, NULL) == PIN_OK)
        item->row.next_due_ms = pin__bot_next_due(&when, r->now_ms);
    l->count++;
    return PIN_OK;
}

static pin_status
none_found(const struct reading *r, struct pin_err *err)
{
    const struct pin_job *job;

    if (r->name->id)
        return pin__err_set(err, PIN_NOT_FOUND,
                            "there is no schedule %s; list-schedules shows those there are",
                            pin__quote_text(r->name->id).text);
    if (pin__catalog_find(r->bot->catalog, r->name->job.text, &job, err) == PIN_NOT_FOUND) {
        pin__job_args_suggest(err, r->bot->catalog, r->name->job.text);
        return PIN_NOT_FOUND;
    }
    if (job && job->broken.message)
        return err->status; /* the sentence says why */
    return pin__err_set(err, PIN_NOT_FOUND, "the job %s has no schedule", r->name->job.text);
}

pin_status
pin__schedule_list_read(struct schedule_list *out, const struct project_store *p,
                        const struct pin_bot_context *bot, const struct schedule_name *name,
                        int64_t now_ms, struct pin_err *err)
{
    struct reading r = { .out = out, .project = p, .bot = bot, .name = name, .now_ms = now_ms };
    const struct pin_catalog *c = bot->catalog;
    pin_status st;

    *out = (struct schedule_list){ .arena = PIN_ARENA_INIT(LIST_BYTES_MAX) };
    st = take_known(&r, err);
    for (size_t i = 0; st == PIN_OK && i < c->job_count; i++)
        for (size_t k = 0;
             st == PIN_OK && !c->jobs[i].broken.message && k < c->jobs[i].schedule_count; k++)
            st = add_said(&r, &c->jobs[i], &c->jobs[i].schedules[k], err);
    if (st == PIN_OK && out->count)
        qsort(out->items, out->count, sizeof *out->items, by_job);
    if (st == PIN_OK && !out->count && (name->id || *name->job.text))
        st = none_found(&r, err);
    if (st != PIN_OK)
        pin__schedule_list_fini(out);
    return st;
}

void
pin__schedule_list_fini(struct schedule_list *l)
{
    pin__arena_fini(&l->arena);
    *l = (struct schedule_list){ .count = 0 };
}

size_t
pin__schedule_list_zones(const struct schedule_list *l, size_t at)
{
    const char *id = l->items[at].row.id;
    size_t size = base_size(id), n = 1;

    while (l->items[at].row.by_tenant && at + n < l->count &&
           strncmp(l->items[at + n].row.id, id, size) == 0 && l->items[at + n].row.id[size] == '@')
        n++;
    return n;
}

/* --- the context --- */

static void
say_note(void *context, enum pin_bot_level level, const char *text)
{
    (void)level;
    pin__cli_say(context, "pinstripe: %s", text);
}

bool
pin__schedule_context(struct pin_bot_context *out, const struct cli *cli,
                      const struct pin_catalog *catalog, struct pin_store *store,
                      enum pin_exit *exit_code)
{
    struct pin_err err = PIN_ERR_INIT;

    *out = (struct pin_bot_context){ .store = store,
                                     .catalog = catalog,
                                     .tz = getenv("TZ"),
                                     .note = say_note,
                                     .note_context = (void *)(uintptr_t)cli };
    if (pin__zones_new(&out->zones, getenv("TZDIR"), &err) == PIN_OK)
        return true;
    *exit_code = pin__cli_fail(cli, &err);
    return false;
}

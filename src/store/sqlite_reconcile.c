/* sqlite_reconcile.c - the schedules become what the project says.
 *
 * There may be hundreds of thousands (a job for each zone of its tenants), so both sides are sorted
 * by id once and walked side by side. An id begins with its job's name and '#', so the schedules of
 * a job stand together: what is decided by looking at all of them is decided there.
 */
#include "store/sqlite_parts.h"

struct old { /* what of a row is needed to compare */
    const char *id;
    const char *job;
    int64_t missed, overlap, next_due_ms, evaluated_ms;
    bool paused;
};

struct fresh {
    const char *id;
    const struct pin_schedule_row *row;
};

struct reconciling {
    struct pin_store *s;
    struct pin_arena arena;
    const struct pin_reconcile *asked;
    struct old *old; /* sorted by id */
    size_t old_count;
    struct fresh *new; /* sorted by id, each once */
    size_t new_count;
};

/* --- both sides --- */

static bool
read_old(struct reconciling *r, const struct pin_value *row, struct old *out)
{
    const struct old *before = out > r->old ? out - 1 : NULL;
    const char *job = row_text(&row[1]);

    out->id = pin__arena_strdup(&r->arena, row_text(&row[0]));
    out->job =
        before && strcmp(before->job, job) == 0 ? before->job : pin__arena_strdup(&r->arena, job);
    out->missed = row_number(&row[2]);
    out->overlap = row_number(&row[3]);
    out->next_due_ms = row_number(&row[4]);
    out->evaluated_ms = row_number(&row[5]);
    out->paused = row_number(&row[6]) != 0;
    return out->id && out->job;
}

static pin_status
read_all_old(struct reconciling *r, struct pin_err *err)
{
    static const char sql[] = "select id, job, missed, overlap, nextDueAt, evaluatedAt, paused"
                              " from pinstripe_schedules order by id";
    int64_t room = 0;
    struct pin_sql q;
    pin_status st = pin__sql_integer(r->s->session, "select count(*) from pinstripe_schedules",
                                     NULL, 0, &room, err);

    if (st != PIN_OK)
        return st;
    if (!(r->old = pin__arena_alloc(&r->arena, ((size_t)room + 1) * sizeof *r->old)))
        return pin__err_no_memory(err);
    if ((st = pin__sql_start(&q, r->s->session, sql, NULL, 0, err)) != PIN_OK)
        return st;
    while (r->old_count < (size_t)room && (st = pin__sql_step(&q, err)) == PIN_OK)
        if (!read_old(r, q.row, &r->old[r->old_count++])) {
            st = pin__err_no_memory(err);
            break;
        }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static int
by_id(const void *a, const void *b)
{
    return strcmp(((const struct fresh *)a)->id, ((const struct fresh *)b)->id);
}

static pin_status
name_new(struct reconciling *r, struct pin_err *err)
{
    size_t count = r->asked->count, kept = 0;
    char id[PIN_SCHEDULE_ID_SIZE];

    if (!(r->new = pin__arena_alloc(&r->arena, (count + 1) * sizeof *r->new)))
        return pin__err_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        r->new[i].row = &r->asked->rows[i];
        pin__schedule_id(r->new[i].row, id);
        if (!(r->new[i].id = pin__arena_strdup(&r->arena, id)))
            return pin__err_no_memory(err);
    }
    if (count)
        qsort(r->new, count, sizeof *r->new, by_id);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(r->new[kept - 1].id, r->new[i].id) != 0)
            r->new[kept++] = r->new[i];
    r->new_count = kept;
    return PIN_OK;
}

/* --- one schedule --- */

static void
tell(struct reconciling *r, enum pin_diff what, const struct fresh *it)
{
    struct pin_schedule_row row = *it->row;

    row.id = it->id;
    if (r->asked->diff)
        r->asked->diff(r->asked->context, what, &row);
}

static pin_status
add(struct reconciling *r, const struct fresh *it, bool paused, struct pin_err *err)
{
    static const char sql[] =
        "insert into pinstripe_schedules (id, job, cron, timeZone, args, missed, overlap, paused,"
        " pausedAt, evaluatedAt, nextDueAt, createdAt, byTenant)"
        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(?8, ?9, null), ?9, ?10, ?9, ?11)";
    const struct pin_schedule_row *row = it->row;

    tell(r, PIN_DIFF_ADDED, it);
    return pin__sql_run(r->s->session, sql,
                        VALUES(val_text(it->id), val_text(row->job), val_text(row->cron),
                               val_text(row->time_zone), val_text(row->args ? row->args : "[]"),
                               val_number(row->missed), val_number(row->overlap),
                               val_number(paused), val_number(r->asked->now_ms),
                               val_number(row->next_due_ms), val_number(row->by_tenant)),
                        NULL, err);
}

/* When it is due and from when on due times are looked for, now that the project was read again. */
static void
bring_forward(struct old *was, int64_t next_due_ms, int64_t now_ms)
{
    bool ahead = was->evaluated_ms > now_ms + PIN_SCHEDULE_AHEAD_MS;
    bool never = was->next_due_ms == INT64_MAX && next_due_ms != INT64_MAX;

    if (ahead || (never && was->evaluated_ms < now_ms))
        was->evaluated_ms = now_ms;
    if (ahead || (was->next_due_ms > now_ms && next_due_ms > was->evaluated_ms))
        was->next_due_ms = next_due_ms;
}

static pin_status
change(struct reconciling *r, const struct old *was, const struct fresh *it, struct pin_err *err)
{
    static const char sql[] = "update pinstripe_schedules set missed = ?, overlap = ?,"
                              " evaluatedAt = ?, nextDueAt = ? where id = ?";
    const struct pin_schedule_row *row = it->row;
    struct old is = *was;

    bring_forward(&is, row->next_due_ms, r->asked->now_ms);
    if (was->missed == (int64_t)row->missed && was->overlap == (int64_t)row->overlap &&
        was->evaluated_ms == is.evaluated_ms && was->next_due_ms == is.next_due_ms)
        return PIN_OK;
    tell(r, PIN_DIFF_CHANGED, it);
    return pin__sql_run(r->s->session, sql,
                        VALUES(val_number(row->missed), val_number(row->overlap),
                               val_number(is.evaluated_ms), val_number(is.next_due_ms),
                               val_text(it->id)),
                        NULL, err);
}

static pin_status
drop(struct reconciling *r, const struct old *was, struct pin_err *err)
{
    pin_status st = PIN_OK;

    if (r->asked->diff) {
        struct pin_arena arena = PIN_ARENA_INIT(0);
        struct pin_schedule_row row;

        if ((st = pin__part_schedule(r->s, was->id, &arena, &row, err)) == PIN_OK)
            r->asked->diff(r->asked->context, PIN_DIFF_REMOVED, &row);
        pin__arena_fini(&arena);
    }
    if (st != PIN_OK)
        return st;
    return pin__sql_run(r->s->session, "delete from pinstripe_schedules where id = ?",
                        VALUES(val_text(was->id)), NULL, err);
}

/* --- the schedules of one job --- */

struct group {
    const struct old *old;
    size_t old_count;
    const struct fresh *new;
    size_t new_count;
};

/* Below 0: only in old; above: only in new; 0: in both. */
static int
side(const struct group *g, size_t i, size_t j)
{
    if (i == g->old_count)
        return 1;
    return j == g->new_count ? -1 : strcmp(g->old[i].id, g->new[j].id);
}

static bool
begins_paused(const struct group *g)
{
    size_t gone = 0, come = 0, paused = 0;
    bool gone_paused = false;

    for (size_t i = 0, j = 0; i < g->old_count || j < g->new_count;) {
        int which = side(g, i, j);

        if (which <= 0)
            paused += g->old[i].paused;
        if (which < 0) {
            gone++;
            gone_paused = g->old[i].paused;
        }
        come += which > 0;
        i += which <= 0;
        j += which >= 0;
    }
    return (g->old_count && paused == g->old_count) || (gone == 1 && come == 1 && gone_paused);
}

static bool
is_kept(const struct reconciling *r, const struct group *g)
{
    for (size_t i = 0; g->old_count && i < r->asked->kept_count; i++)
        if (strcmp(r->asked->kept_jobs[i], g->old[0].job) == 0)
            return true;
    return false;
}

static pin_status
reconcile_group(struct reconciling *r, const struct group *g, struct pin_err *err)
{
    const bool paused = begins_paused(g), kept = is_kept(r, g);
    pin_status st = PIN_OK;

    for (size_t i = 0, j = 0; st == PIN_OK && (i < g->old_count || j < g->new_count);) {
        int which = side(g, i, j);

        if (which == 0)
            st = change(r, &g->old[i], &g->new[j], err);
        else if (which > 0)
            st = add(r, &g->new[j], paused, err);
        else if (!kept)
            st = drop(r, &g->old[i], err);
        i += which <= 0;
        j += which >= 0;
    }
    return st;
}

/* The part of an id that names its job. */
static size_t
stem(const char *id)
{
    const char *end = strrchr(id, '#');

    return end ? (size_t)(end - id) + 1 : strlen(id);
}

static struct group
next_group(const struct reconciling *r, size_t i, size_t j)
{
    struct group g = { .old = r->old + i, .new = r->new + j };
    const char *first;
    size_t size;

    if (i < r->old_count && (j == r->new_count || strcmp(r->old[i].id, r->new[j].id) < 0))
        first = r->old[i].id;
    else
        first = r->new[j].id;
    size = stem(first);
    while (i + g.old_count < r->old_count && strncmp(g.old[g.old_count].id, first, size) == 0)
        g.old_count++;
    while (j + g.new_count < r->new_count && strncmp(g.new[g.new_count].id, first, size) == 0)
        g.new_count++;
    return g;
}

static pin_status
reconcile(struct reconciling *r, struct pin_err *err)
{
    pin_status st;
    struct group g;

    if ((st = read_all_old(r, err)) != PIN_OK || (st = name_new(r, err)) != PIN_OK)
        return st;
    for (size_t i = 0, j = 0; st == PIN_OK && (i < r->old_count || j < r->new_count);
         i += g.old_count, j += g.new_count) {
        g = next_group(r, i, j);
        st = reconcile_group(r, &g, err);
    }
    return st;
}

pin_status
pin__part_reconcile(struct pin_store *s, const struct pin_reconcile *asked, struct pin_err *err)
{
    struct reconciling r = { .s = s, .arena = PIN_ARENA_INIT((size_t)1 << 30), .asked = asked };
    pin_status st = pin__part_begin(s, err);

    if (st == PIN_OK)
        st = pin__part_end(s, reconcile(&r, err), err);
    pin__arena_fini(&r.arena);
    return st;
}

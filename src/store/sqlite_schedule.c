/* sqlite_schedule.c - schedules, and what became of each of their due times. */
#include <inttypes.h>

#include "store/sqlite_parts.h"

/* --- identity --- */

static uint64_t
mix(uint64_t h, const char *text)
{
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return (h ^ 0xff) * 0x100000001b3u; /* "ab","c" is not "a","bc" */
}

void
pin__schedule_id(const struct pin_schedule_row *row, char out[PIN_SCHEDULE_ID_SIZE])
{
    uint64_t h = 0xcbf29ce484222325u;

    h = mix(h, row->cron);
    h = mix(h, row->time_zone ? row->time_zone : "");
    h = mix(h, row->args ? row->args : "[]");
    if (row->by_tenant)
        h = mix(h, "by tenant");
    snprintf(out, PIN_SCHEDULE_ID_SIZE, "%.280s#%016" PRIx64, row->job, h);
}

/* --- reading --- */

#define COLUMNS                                                                                    \
    "id, job, cron, timeZone, args, missed, overlap, nextDueAt, evaluatedAt, paused, byTenant"

static const char *
keep(struct pin_arena *arena, const struct pin_value *v, bool *failed)
{
    const char *text = row_text(v), *copy = NULL;

    if (text && !(copy = pin__arena_strdup(arena, text)))
        *failed = true;
    return copy;
}

static bool
read_row(struct pin_arena *arena, const struct pin_value *row, struct pin_schedule_row *out)
{
    bool failed = false;

    out->id = keep(arena, &row[0], &failed);
    out->job = keep(arena, &row[1], &failed);
    out->cron = keep(arena, &row[2], &failed);
    out->time_zone = keep(arena, &row[3], &failed);
    out->args = keep(arena, &row[4], &failed);
    out->missed = (enum pin_missed)row_number(&row[5]);
    out->overlap = (enum pin_overlap)row_number(&row[6]);
    out->next_due_ms = row_number(&row[7]);
    out->evaluated_ms = row_number(&row[8]);
    out->paused = row_number(&row[9]) != 0;
    out->by_tenant = row_number(&row[10]) != 0;
    return !failed;
}

static pin_status
read_rows(struct pin_store *s, int64_t until_ms, size_t room, struct pin_arena *arena,
          struct pin_schedule_row *rows, size_t *count, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(&q, s->session,
                                   "select " COLUMNS " from pinstripe_schedules"
                                   " where nextDueAt <= ? order by nextDueAt, id limit ?",
                                   VALUES(val_number(until_ms), val_number((int64_t)room)), err);

    if (st != PIN_OK)
        return st;
    while (*count < room && (st = pin__sql_step(&q, err)) == PIN_OK)
        if (!read_row(arena, q.row, &rows[(*count)++])) {
            st = pin__err_no_memory(err);
            break;
        }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__part_schedules(struct pin_store *s, int64_t until_ms, size_t limit, struct pin_arena *arena,
                    struct pin_schedule_row **rows, size_t *count, struct pin_err *err)
{
    int64_t there = 0;
    size_t room;
    pin_status st = pin__sql_integer(
        s->session, "select count(*) from pinstripe_schedules where nextDueAt <= ?",
        VALUES(val_number(until_ms)), &there, err);

    *rows = NULL;
    *count = 0;
    if (st != PIN_OK)
        return st;
    room = limit && limit < (size_t)there ? limit : (size_t)there;
    if (!(*rows = pin__arena_alloc(arena, (room + 1) * sizeof **rows)))
        return pin__err_no_memory(err);
    return read_rows(s, until_ms, room, arena, *rows, count, err);
}

/* --- reconcile --- */

struct reconciling {
    struct pin_store *s;
    struct pin_arena arena;
    struct pin_schedule_row *old; /* sorted by id */
    size_t old_count;
    struct pin_schedule_row *new; /* with ids; sorted, each once */
    size_t new_count;
    const struct pin_reconcile *asked;
};

static int
by_id(const void *a, const void *b)
{
    const struct pin_schedule_row *x = a, *y = b;

    return strcmp(x->id, y->id);
}

static const struct pin_schedule_row *
find(const struct pin_schedule_row *rows, size_t count, const struct pin_schedule_row *like)
{
    return count ? bsearch(like, rows, count, sizeof *rows, by_id) : NULL;
}

static pin_status
name_new(struct reconciling *r, struct pin_err *err)
{
    const struct pin_schedule_row *rows = r->asked->rows;
    size_t count = r->asked->count;
    char id[PIN_SCHEDULE_ID_SIZE];
    size_t kept = 0;

    if (!(r->new = pin__arena_alloc(&r->arena, (count + 1) * sizeof *r->new)))
        return pin__err_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        r->new[i] = rows[i];
        pin__schedule_id(&rows[i], id);
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

static void
tell(struct reconciling *r, enum pin_diff what, const struct pin_schedule_row *row)
{
    if (r->asked->diff)
        r->asked->diff(r->asked->context, what, row);
}

/* Of one job, those of `rows` that are not in `others`; *one is the last of them. */
static size_t
only_here(const struct pin_schedule_row *rows, size_t count, const struct pin_schedule_row *others,
          size_t other_count, const char *job, const struct pin_schedule_row **one)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].job, job) == 0 && !find(others, other_count, &rows[i])) {
            *one = &rows[i];
            n++;
        }
    return n;
}

/* A job whose only change is one line that became another: the pause goes over. */
static bool
inherits_pause(struct reconciling *r, const struct pin_schedule_row *row)
{
    const struct pin_schedule_row *gone = NULL, *come = NULL;

    return only_here(r->old, r->old_count, r->new, r->new_count, row->job, &gone) == 1 &&
           only_here(r->new, r->new_count, r->old, r->old_count, row->job, &come) == 1 &&
           gone->paused;
}

static pin_status
add(struct reconciling *r, const struct pin_schedule_row *row, struct pin_err *err)
{
    static const char sql[] =
        "insert into pinstripe_schedules (id, job, cron, timeZone, args, missed, overlap, paused,"
        " pausedAt, evaluatedAt, nextDueAt, createdAt, byTenant)"
        " values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(?8, ?9, null), ?9, ?10, ?9, ?11)";

    tell(r, PIN_DIFF_ADDED, row);
    return pin__sql_run(r->s->session, sql,
                        VALUES(val_text(row->id), val_text(row->job), val_text(row->cron),
                               val_text(row->time_zone), val_text(row->args ? row->args : "[]"),
                               val_number(row->missed), val_number(row->overlap),
                               val_number(inherits_pause(r, row)), val_number(r->asked->now_ms),
                               val_number(row->next_due_ms), val_number(row->by_tenant)),
                        NULL, err);
}

static pin_status
change(struct reconciling *r, const struct pin_schedule_row *was,
       const struct pin_schedule_row *row, struct pin_err *err)
{
    if (was->missed == row->missed && was->overlap == row->overlap)
        return PIN_OK;
    tell(r, PIN_DIFF_CHANGED, row);
    return pin__sql_run(
        r->s->session, "update pinstripe_schedules set missed = ?, overlap = ? where id = ?",
        VALUES(val_number(row->missed), val_number(row->overlap), val_text(row->id)), NULL, err);
}

static pin_status
drop(struct reconciling *r, const struct pin_schedule_row *row, struct pin_err *err)
{
    tell(r, PIN_DIFF_REMOVED, row);
    return pin__sql_run(r->s->session, "delete from pinstripe_schedules where id = ?",
                        VALUES(val_text(row->id)), NULL, err);
}

static bool
is_kept(const struct reconciling *r, const struct pin_schedule_row *row)
{
    for (size_t i = 0; i < r->asked->kept_count; i++)
        if (strcmp(r->asked->kept_jobs[i], row->job) == 0)
            return true;
    return false;
}

static pin_status
reconcile(struct reconciling *r, struct pin_err *err)
{
    pin_status st = pin__part_schedules(r->s, INT64_MAX, 0, &r->arena, &r->old, &r->old_count, err);

    if (st == PIN_OK)
        st = name_new(r, err);
    if (st != PIN_OK)
        return st;
    if (r->old_count)
        qsort(r->old, r->old_count, sizeof *r->old, by_id);
    for (size_t i = 0; st == PIN_OK && i < r->old_count; i++)
        if (!find(r->new, r->new_count, &r->old[i]) && !is_kept(r, &r->old[i]))
            st = drop(r, &r->old[i], err);
    for (size_t i = 0; st == PIN_OK && i < r->new_count; i++) {
        const struct pin_schedule_row *was = find(r->old, r->old_count, &r->new[i]);

        st = was ? change(r, was, &r->new[i], err) : add(r, &r->new[i], err);
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

/* --- going on --- */

pin_status
pin__part_advance(struct pin_store *s, const char *id, int64_t evaluated_ms, int64_t next_due_ms,
                  struct pin_err *err)
{
    int64_t changed = 0;
    pin_status st;

    pin__fault("store.advance.before");
    st = pin__sql_run(s->session,
                      "update pinstripe_schedules set evaluatedAt = ?1, nextDueAt = ?2"
                      " where id = ?3 and evaluatedAt < ?1",
                      VALUES(val_number(evaluated_ms), val_number(next_due_ms), val_text(id)),
                      &changed, err);
    if (st == PIN_OK && changed == 0)
        return pin__err_set(err, PIN_LOST, "the schedule %s has been evaluated up to there already",
                            id);
    return st;
}

pin_status
pin__part_pause(struct pin_store *s, const char *name, bool paused, int64_t now_ms, size_t *count,
                struct pin_err *err)
{
    int64_t changed = 0;
    pin_status st = pin__sql_run(
        s->session,
        "update pinstripe_schedules set paused = ?1, pausedAt = iif(?1, coalesce(pausedAt, ?2),"
        " null) where id = ?3 or job = ?3",
        VALUES(val_number(paused), val_number(now_ms), val_text(name)), &changed, err);

    *count = (size_t)changed;
    if (st == PIN_OK && changed == 0)
        return pin__err_set(err, PIN_NOT_FOUND, "there is no schedule, and no job with one, \"%s\"",
                            name);
    return st;
}

/* --- occurrences --- */

pin_status
pin__part_occurrence(struct pin_store *s, const struct pin_occurrence *o, struct pin_err *err)
{
    static const char sql[] =
        "insert into pinstripe_occurrences (schedule, dueAt, tenant, result, reason, run,"
        " decidedAt) values (?, ?, ?, ?, ?, ?, ?) on conflict (schedule, dueAt, tenant) do update"
        " set result = excluded.result, reason = excluded.reason where run = excluded.run";
    int64_t changed = 0;
    pin_status st = pin__sql_run(s->session, sql,
                                 VALUES(val_text(o->schedule), val_number(o->due_ms),
                                        val_text(o->tenant ? o->tenant : ""), val_number(o->result),
                                        val_text(o->reason), val_id(o->has_run ? &o->run : NULL),
                                        val_number(o->at_ms)),
                                 &changed, err);

    if (st == PIN_OK && changed == 0)
        return pin__err_set(err, PIN_CONFLICT, "this due time of %s has a result already",
                            o->schedule);
    return st;
}

static pin_status
tell_occurrence(const struct pin_value *row, const char *schedule, pin_each_occurrence each,
                void *context, struct pin_err *err)
{
    const char *tenant = row_text(&row[1]);
    struct pin_occurrence o = { .schedule = schedule,
                                .due_ms = row_number(&row[0]),
                                .tenant = tenant && *tenant ? tenant : NULL,
                                .result = (enum pin_occurrence_result)row_number(&row[2]),
                                .reason = row_text(&row[3]),
                                .at_ms = row_number(&row[5]) };

    o.has_run = row_id(&row[4], &o.run);
    return each(context, &o, err);
}

pin_status
pin__part_occurrences(struct pin_store *s, const char *schedule, int64_t from_ms, int64_t to_ms,
                      size_t limit, pin_each_occurrence each, void *context, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(
        &q, s->session,
        "select dueAt, tenant, result, reason, run, decidedAt from pinstripe_occurrences"
        " where schedule = ? and dueAt >= ? and dueAt < ? order by dueAt desc, tenant limit ?",
        VALUES(val_text(schedule), val_number(from_ms), val_number(to_ms),
               val_number(limit ? (int64_t)limit : -1)),
        err);

    if (st != PIN_OK)
        return st;
    while ((st = pin__sql_step(&q, err)) == PIN_OK)
        if ((st = tell_occurrence(q.row, schedule, each, context, err)) != PIN_OK)
            break;
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__part_schedule_live(struct pin_store *s, const char *schedule, size_t *count,
                        struct pin_err *err)
{
    int64_t live = 0;
    pin_status st =
        pin__sql_integer(s->session, "select count(*) from pinstripe_runs where schedule = ?",
                         VALUES(val_text(schedule)), &live, err);

    *count = (size_t)live;
    return st;
}

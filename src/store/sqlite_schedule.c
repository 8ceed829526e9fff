/* sqlite_schedule.c - schedules as they are, and what became of each of their due times. */
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

/* The zones of tenants stand at the end, so those that are due together are near each other in the
 * table. */
void
pin__schedule_id(const struct pin_schedule_row *row, char out[PIN_SCHEDULE_ID_SIZE])
{
    const char *zone = row->time_zone ? row->time_zone : "";
    uint64_t h = 0xcbf29ce484222325u;

    h = mix(h, row->job);
    h = mix(h, row->cron);
    h = mix(h, row->args ? row->args : "[]");
    h = mix(h, row->by_tenant ? "by tenant" : zone);
    snprintf(out, PIN_SCHEDULE_ID_SIZE, "%.230s#%016" PRIx64 "%s%.64s", row->job, h,
             row->by_tenant ? "@" : "", row->by_tenant ? zone : "");
}

/* --- reading --- */

#define COLUMNS                                                                                    \
    "id, job, cron, timeZone, args, missed, overlap, nextDueAt, evaluatedAt, paused, byTenant,"    \
    " pausedAt, createdAt, exists (select 1 from pinstripe_runs where schedule ="                  \
    " pinstripe_schedules.id)"

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
    out->paused_ms = row_number(&row[11]);
    out->created_ms = row_number(&row[12]);
    out->live = row_number(&row[13]) != 0;
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
        s->session,
        "select count(*) from (select 1 from pinstripe_schedules where nextDueAt <= ? limit ?)",
        VALUES(val_number(until_ms), val_number(limit ? (int64_t)limit : -1)), &there, err);

    *rows = NULL;
    *count = 0;
    if (st != PIN_OK)
        return st;
    room = (size_t)there;
    if (!(*rows = pin__arena_alloc(arena, (room + 1) * sizeof **rows)))
        return pin__err_no_memory(err);
    return read_rows(s, until_ms, room, arena, *rows, count, err);
}

pin_status
pin__part_schedule(struct pin_store *s, const char *id, struct pin_arena *arena,
                   struct pin_schedule_row *out, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st =
        pin__sql_start(&q, s->session, "select " COLUMNS " from pinstripe_schedules where id = ?",
                       VALUES(val_text(id)), err);

    if (st != PIN_OK)
        return st;
    if ((st = pin__sql_step(&q, err)) == PIN_OK && !read_row(arena, q.row, out))
        st = pin__err_no_memory(err);
    pin__sql_end(&q);
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
                      " where id = ?3 and (evaluatedAt < ?1 or (evaluatedAt = ?1"
                      " and nextDueAt < ?2))",
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
pin__part_schedule_live(struct pin_store *s, const char *schedule, struct pin_live_run *out,
                        struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(
        &q, s->session,
        "select id, iif(exists (select 1 from pinstripe_claims where run = id), 2, state),"
        " scheduledFor from pinstripe_runs"
        " where schedule = ? order by id limit 1",
        VALUES(val_text(schedule)), err);

    if (st != PIN_OK)
        return st;
    if ((st = pin__sql_step(&q, err)) == PIN_OK) {
        row_id(&q.row[0], &out->id);
        out->state = (enum pin_run_state)row_number(&q.row[1]);
        out->scheduled_for_ms = row_number(&q.row[2]);
    }
    pin__sql_end(&q);
    return st;
}

/* sqlite_bot.c - what a bot looks at while it has nothing to do, and how it says that it lives. */
#include "store/sqlite_parts.h"

static int64_t
number_or_never(const struct pin_value *v)
{
    return v->type == PIN_VALUE_INTEGER ? v->integer : INT64_MAX;
}

/* The text has a ? for each queue, so few texts are ever made. */
static void
write_peek(struct pin_buf *sql, struct pin_value *values, const char *const *queues, size_t count)
{
    pin__buf_adds(sql, "select exists (select 1 from pinstripe_ready");
    for (size_t i = 0; i < count; i++) {
        pin__buf_adds(sql, i ? ", ?" : " where queue in (?");
        values[i] = val_text(queues[i]);
    }
    pin__buf_adds(sql, count ? "))" : ")");
    pin__buf_adds(sql,
                  ", (select dueAt from pinstripe_runs where state = 0 order by dueAt limit 1),"
                  " (select min(leaseUntil) from pinstripe_claims),"
                  " (select nextDueAt from pinstripe_schedules order by nextDueAt limit 1)");
}

pin_status
pin__part_peek(struct pin_store *s, const char *const *queues, size_t queue_count,
               struct pin_peek *out, struct pin_err *err)
{
    enum { QUEUES_MAX = 64 };
    struct pin_buf sql = PIN_BUF_INIT(4 << 10);
    struct pin_value values[QUEUES_MAX];
    size_t count = queue_count < QUEUES_MAX ? queue_count : QUEUES_MAX;
    struct pin_sql q;
    pin_status st;

    write_peek(&sql, values, queues, count);
    st = pin__sql_start(&q, s->session, pin__buf_text(&sql), values, count, err);
    pin__buf_fini(&sql);

    if (st != PIN_OK)
        return st;
    if ((st = pin__sql_step(&q, err)) == PIN_OK)
        *out = (struct pin_peek){ .ready = row_number(&q.row[0]) != 0,
                                  .due_ms = number_or_never(&q.row[1]),
                                  .lapse_ms = number_or_never(&q.row[2]),
                                  .schedule_due_ms = number_or_never(&q.row[3]) };
    pin__sql_end(&q);
    return st;
}

pin_status
pin__part_bot_tick(struct pin_store *s, const struct pin_bot_row *bot, struct pin_err *err)
{
    static const char sql[] = "insert into pinstripe_bots (name, startedAt, tickAt, queues)"
                              " values (?, ?, ?, ?) on conflict (name) do update set"
                              " tickAt = excluded.tickAt, startedAt = excluded.startedAt";

    return pin__sql_run(s->session, sql,
                        VALUES(val_text(bot->name), val_number(bot->started_ms),
                               val_number(bot->tick_ms), val_text(bot->queues)),
                        NULL, err);
}

pin_status
pin__part_bot_leave(struct pin_store *s, const char *name, struct pin_err *err)
{
    return pin__sql_run(s->session, "delete from pinstripe_bots where name = ?",
                        VALUES(val_text(name)), NULL, err);
}

static pin_status
read_bots(struct pin_sql *q, struct pin_arena *arena, struct pin_bot_row *rows, size_t room,
          size_t *count, struct pin_err *err)
{
    pin_status st = PIN_OK;

    while (*count < room && (st = pin__sql_step(q, err)) == PIN_OK) {
        struct pin_bot_row *bot = &rows[(*count)++];
        const char *queues = row_text(&q->row[3]);

        *bot = (struct pin_bot_row){ .name = pin__arena_strdup(arena, row_text(&q->row[0])),
                                     .started_ms = row_number(&q->row[1]),
                                     .tick_ms = row_number(&q->row[2]),
                                     .queues = queues ? pin__arena_strdup(arena, queues) : NULL };
        if (!bot->name || (queues && !bot->queues))
            return pin__err_no_memory(err);
    }
    return *count == room || st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__part_bots(struct pin_store *s, int64_t since_ms, struct pin_arena *arena,
               struct pin_bot_row **rows, size_t *count, struct pin_err *err)
{
    enum { BOTS_MAX = 256 };
    struct pin_sql q;
    pin_status st;

    *count = 0;
    if (!(*rows = pin__arena_alloc(arena, BOTS_MAX * sizeof **rows)))
        return pin__err_no_memory(err);
    st = pin__sql_start(&q, s->session,
                        "select name, startedAt, tickAt, queues from pinstripe_bots"
                        " where tickAt >= ? order by name",
                        VALUES(val_number(since_ms)), err);
    if (st != PIN_OK)
        return st;
    st = read_bots(&q, arena, *rows, BOTS_MAX, count, err);
    pin__sql_end(&q);
    return st;
}

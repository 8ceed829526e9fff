/* sqlite_gauges.c - how much waits, for who watches: one statement whose cost has a bound.
 *
 * Every part of it reads indexes from one end and stops after a fixed number of rows, so it takes
 * some milliseconds also when a million runs wait. Queues and gates are found by jumping from one
 * to the next in their index. What is oldest is looked for at the front of what is claimed first
 * and of what is claimed last: turns (store_sqlite.c) put a tenant's own in order, and tenants at
 * the front.
 */
#include "store/sqlite_parts.h"

enum { GATES_MAX = 256, FRONT_MAX = 100 };

/* Which part a row comes from; others are states. */
enum { PART_SCHEDULES = 8, PART_BOTS = 9 };

#define QUEUES                                                                                     \
    "with recursive queues(queue) as (select min(queue) from pinstripe_ready union all"            \
    " select (select min(r.queue) from pinstripe_ready r where r.queue > q.queue) from queues q"   \
    " where q.queue is not null limit ?3 + 1),"
#define GATES                                                                                      \
    " gates(gate) as (select min(gate) from pinstripe_runs where gate is not null union all"       \
    " select (select min(r.gate) from pinstripe_runs r where r.gate > g.gate) from gates g"        \
    " where g.gate is not null limit ?5 + 1)"
#define OLDEST                                                                                     \
    "(select min(dueAt) from (select dueAt from pinstripe_ready r cross join pinstripe_runs u"     \
    " on u.id = r.run where r.queue = q.queue"
#define FIRST OLDEST " order by r.priority desc, r.turn, r.run limit ?4))"
#define LAST                                                                                       \
    OLDEST " and r.priority = (select p.priority from pinstripe_ready p where p.queue = q.queue"   \
           " order by p.priority limit 1) order by r.turn, r.run limit ?4))"
#define QUEUED                                                                                     \
    " select 1, queue, (select count(*) from (select 1 from pinstripe_ready r"                     \
    " where r.queue = q.queue limit ?1)), min(" FIRST ", " LAST ")"                                \
    " from queues q where queue is not null"
#define DELAYED                                                                                    \
    " union all select 0, queue, count(*), min(dueAt) from (select queue, dueAt from"              \
    " pinstripe_runs where state = 0 order by dueAt limit ?2) group by 2"
#define RUNNING                                                                                    \
    " union all select 2, queue, count(*), null from (select queue from pinstripe_claims c"        \
    " cross join pinstripe_runs u on u.id = c.run limit ?2) group by 2"
#define HELD                                                                                       \
    " union all select 3, queue, count(*), null from (select r.queue from gates g"                 \
    " cross join pinstripe_runs r on r.gate = g.gate and r.state = 3 limit ?2) group by 2"
#define SCHEDULES " union all select 8, null, null, min(nextDueAt) from pinstripe_schedules"
#define BOTS      " union all select 9, null, null, max(tickAt) from pinstripe_bots"

static const char sql[] = QUEUES GATES QUEUED DELAYED RUNNING HELD SCHEDULES BOTS;

static struct pin_queue_gauge *
gauge_of(struct pin_gauges *g, const char *queue, struct pin_arena *arena)
{
    struct pin_queue_gauge *at = g->queues;

    for (size_t i = 0; i < g->queue_count; i++, at++)
        if (strcmp(at->queue, queue) == 0)
            return at;
    if (g->queue_count == PIN_GAUGE_QUEUES_MAX)
        return NULL;
    *at = (struct pin_queue_gauge){ .queue = pin__arena_strdup(arena, queue),
                                    .oldest_due_ms = INT64_MAX };
    g->queue_count += at->queue != NULL;
    return at->queue ? at : NULL;
}

static void
take_row(struct pin_gauges *g, const struct pin_value *row, int64_t now_ms, struct pin_arena *arena)
{
    const int64_t part = row_number(&row[0]);
    const bool known = row[3].type == PIN_VALUE_INTEGER;
    const char *queue = row_text(&row[1]);
    const int64_t due_ms = row_number(&row[3]);
    struct pin_queue_gauge *at = queue ? gauge_of(g, queue, arena) : NULL;

    if (part == PART_SCHEDULES && known)
        g->schedule_due_ms = due_ms;
    if (part == PART_BOTS && known)
        g->bot_tick_ms = due_ms;
    if (!at || part >= PIN_RUN_STATE_COUNT)
        return;
    at->counts[part] = row_number(&row[2]);
    /* One whose time has come while nobody claims is as ready as those that are. */
    if ((part == PIN_RUN_QUEUED || part == PIN_RUN_DELAYED) && known && due_ms <= now_ms &&
        due_ms < at->oldest_due_ms)
        at->oldest_due_ms = due_ms;
}

pin_status
pin__part_gauges(struct pin_store *s, int64_t now_ms, struct pin_arena *arena,
                 struct pin_gauges *out, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st;

    *out = (struct pin_gauges){ .schedule_due_ms = INT64_MAX };
    st = pin__sql_start(&q, s->session, sql,
                        VALUES(val_number(PIN_GAUGE_QUEUED_MAX), val_number(PIN_GAUGE_OTHERS_MAX),
                               val_number(PIN_GAUGE_QUEUES_MAX), val_number(FRONT_MAX),
                               val_number(GATES_MAX)),
                        err);
    if (st != PIN_OK)
        return st;
    while ((st = pin__sql_step(&q, err)) == PIN_OK)
        take_row(out, q.row, now_ms, arena);
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

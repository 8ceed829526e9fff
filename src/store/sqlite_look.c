/* sqlite_look.c - what people look at: lists, one run, counts, what it printed; and pruning. */
#include "store/sqlite_parts.h"

enum { LIST_LIMIT = 50, PRUNE_AT_ONCE = 1000, PARAMS_MAX = 24, SQL_BYTES_MAX = 8 << 10 };

/* --- filters --- */

struct look { /* a statement's text and its values, of the live table and then of the history */
    struct pin_buf sql;
    struct pin_value values[PARAMS_MAX];
    size_t count;
    struct pin_run_id since, until;
};

static void
add_value(struct look *l, struct pin_value v)
{
    if (l->count == PARAMS_MAX)
        pin__bug("more values in a filter than there is room for");
    l->values[l->count++] = v;
}

static void
where(struct look *l, bool wanted, const char *condition, struct pin_value v)
{
    if (!wanted)
        return;
    pin__buf_adds(&l->sql, condition);
    add_value(l, v);
}

/* A state says which of the two tables to look into. */
static bool
may_be_in(const struct pin_run_filter *f, bool history)
{
    if (f->has_state)
        return pin__run_is_final(f->state) == history;
    return !history || !f->live;
}

/* A run that is due is running when it is claimed. The number stands in the text, since partial
 * indexes are about states (sqlite_end.c says what a parameter costs then). */
static void
where_state(struct look *l, const struct pin_run_filter *f, bool history)
{
    if (!f->has_state)
        return;
    if (!history && f->state == PIN_RUN_QUEUED)
        pin__buf_adds(&l->sql, " and state = 1 and c.run is null");
    else if (!history && f->state == PIN_RUN_RUNNING)
        pin__buf_adds(&l->sql, " and c.run is not null");
    else
        pin__buf_addf(&l->sql, " and state = %d", (int)f->state);
}

/* Ids begin with the time at which the run was made, so times are ranges of the primary key. */
static void
add_filter(struct look *l, const struct pin_run_filter *f, bool history)
{
    l->since = pin__run_id_from_ms(f->since_ms);
    l->until = pin__run_id_from_ms(f->until_ms);
    pin__buf_adds(&l->sql, " where 1");
    where(l, f->job, " and job = ?", val_text(f->job));
    where(l, f->tenant, " and tenant = ?", val_text(f->tenant));
    where_state(l, f, history);
    if (history && f->has_state && f->state != PIN_RUN_SUCCEEDED)
        pin__buf_adds(&l->sql, " and state <> 5"); /* the index's own condition */
    where(l, f->since_ms > 0, " and id >= ?", val_id(&l->since));
    where(l, f->until_ms > 0, " and id < ?", val_id(&l->until));
    where(l, f->schedule, " and schedule = ?", val_text(f->schedule));
    where(l, f->parent, " and parent = ?", val_id(f->parent));
    if (!f->text)
        return;
    pin__buf_adds(&l->sql, " and (instr(lower(args), lower(?)) > 0");
    add_value(l, val_text(f->text));
    where(l, history, " or instr(lower(coalesce(error, '')), lower(?)) > 0", val_text(f->text));
    pin__buf_addc(&l->sql, ')');
}

/* --- rows --- */

#define BEFORE "id, job, tenant, queue, "
#define BETWEEN                                                                                    \
    "schedule, uniqueKey, args, params, priority, attemptLimit, lost, dueAt, createdAt, parent,"   \
    " role, scheduledFor, triggeredBy, reasons, "
#define LIVE                                                                                       \
    "select " BEFORE BETWEEN STATE_NOW ", coalesce(c.worker, r.worker),"                           \
    " attempt + (c.run is not null), coalesce(c.startedAt, r.startedAt), 0, null, null,"           \
    " c.progress, 0, 0, 0, 0" WITH_CLAIMS
#define FINISHED                                                                                   \
    "select " BEFORE BETWEEN                                                                       \
    "state, worker, attempt, startedAt, finishedAt, outcome, error, null,"                         \
    " wallUs, cpuUs, peakHeapBytes, exitSignal from pinstripe_runHistory"

static void
read_run(const struct pin_value *v, struct pin_run_row *r)
{
    *r = (struct pin_run_row){ .job = row_text(&v[1]),
                               .tenant = row_text(&v[2]),
                               .queue = row_text(&v[3]),
                               .schedule = row_text(&v[4]),
                               .key = row_text(&v[5]),
                               .args = row_bytes(&v[6]),
                               .params = row_bytes(&v[7]),
                               .priority = (int)row_number(&v[8]),
                               .attempt_limit = (int)row_number(&v[9]),
                               .lost = (int)row_number(&v[10]),
                               .due_ms = row_number(&v[11]),
                               .created_ms = row_number(&v[12]),
                               .role = (enum pin_role)row_number(&v[14]),
                               .scheduled_for_ms = row_number(&v[15]),
                               .trigger = (enum pin_trigger)row_number(&v[16]),
                               .reasons = row_bytes(&v[17]),
                               .state = (enum pin_run_state)row_number(&v[18]),
                               .worker = row_text(&v[19]),
                               .attempt = (int)row_number(&v[20]),
                               .started_ms = row_number(&v[21]),
                               .finished_ms = row_number(&v[22]),
                               .outcome = row_text(&v[23]),
                               .error = row_bytes(&v[24]),
                               .progress = row_text(&v[25]),
                               .wall_us = row_number(&v[26]),
                               .cpu_us = row_number(&v[27]),
                               .peak_heap_bytes = row_number(&v[28]),
                               .exit_signal = (int)row_number(&v[29]) };
    row_id(&v[0], &r->id);
    r->has_parent = row_id(&v[13], &r->parent);
}

static pin_status
each_row(struct pin_store *s, const struct look *l, pin_each_run each, void *context, size_t *count,
         struct pin_err *err)
{
    struct pin_run_row row;
    struct pin_sql q;
    pin_status st = pin__buf_check(&l->sql, "the list's filter", err);

    *count = 0;
    if (st != PIN_OK ||
        (st = pin__sql_start(&q, s->session, l->sql.data, l->values, l->count, err)) != PIN_OK)
        return st;
    while ((st = pin__sql_step(&q, err)) == PIN_OK) {
        read_run(q.row, &row);
        (*count)++;
        if ((st = each(context, &row, err)) != PIN_OK)
            break;
    }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__part_list(struct pin_store *s, const struct pin_run_filter *filter, pin_each_run each,
               void *context, struct pin_err *err)
{
    struct look l = { .sql = PIN_BUF_INIT(SQL_BYTES_MAX) };
    size_t unused;
    pin_status st;

    if (may_be_in(filter, false)) {
        pin__buf_adds(&l.sql, LIVE);
        add_filter(&l, filter, false);
        where(&l, filter->before, " and id < ?", val_id(filter->before));
    }
    if (may_be_in(filter, true)) {
        pin__buf_adds(&l.sql, may_be_in(filter, false) ? " union all " FINISHED : FINISHED);
        add_filter(&l, filter, true);
        where(&l, filter->before, " and id < ?", val_id(filter->before));
    }
    where(&l, true, " order by 1 desc limit ?",
          val_number(filter->limit ? (int64_t)filter->limit : LIST_LIMIT));
    st = each_row(s, &l, each, context, &unused, err);
    pin__buf_fini(&l.sql);
    return st;
}

pin_status
pin__part_show(struct pin_store *s, const struct pin_run_id *id, pin_each_run each, void *context,
               struct pin_err *err)
{
    struct look l = { .sql = PIN_BUF_INIT(SQL_BYTES_MAX) };
    char text[PIN_RUN_ID_TEXT];
    size_t count = 0;
    pin_status st;

    where(&l, true, LIVE " where id = ?", val_id(id));
    where(&l, true, " union all " FINISHED " where id = ?", val_id(id));
    st = each_row(s, &l, each, context, &count, err);
    pin__buf_fini(&l.sql);
    if (st != PIN_OK || count)
        return st;
    pin__run_id_text(id, text);
    return pin__err_set(err, PIN_NOT_FOUND, "there is no run %s", text);
}

static pin_status
count_table(struct pin_store *s, const struct pin_run_filter *filter, bool history,
            int64_t counts[PIN_RUN_STATE_COUNT], struct pin_err *err)
{
    struct look l = { .sql = PIN_BUF_INIT(SQL_BYTES_MAX) };
    struct pin_sql q;
    pin_status st;

    pin__buf_adds(&l.sql, history ? "select state, count(*) from pinstripe_runHistory"
                                  : "select " STATE_NOW ", count(*)" WITH_CLAIMS);
    add_filter(&l, filter, history);
    pin__buf_adds(&l.sql, " group by 1");
    if ((st = pin__buf_check(&l.sql, "the filter", err)) != PIN_OK ||
        (st = pin__sql_start(&q, s->session, l.sql.data, l.values, l.count, err)) != PIN_OK)
        goto out;
    while ((st = pin__sql_step(&q, err)) == PIN_OK) {
        int64_t state = row_number(&q.row[0]);

        if (state >= 0 && state < PIN_RUN_STATE_COUNT)
            counts[state] += row_number(&q.row[1]);
    }
    pin__sql_end(&q);
out:
    pin__buf_fini(&l.sql);
    return st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__part_count(struct pin_store *s, const struct pin_run_filter *filter,
                int64_t counts[PIN_RUN_STATE_COUNT], struct pin_err *err)
{
    pin_status st = PIN_OK;

    memset(counts, 0, PIN_RUN_STATE_COUNT * sizeof *counts);
    if (may_be_in(filter, false))
        st = count_table(s, filter, false, counts, err);
    if (st == PIN_OK && may_be_in(filter, true))
        st = count_table(s, filter, true, counts, err);
    return st;
}

/* --- what a run printed --- */

pin_status
pin__part_output_add(struct pin_store *s, const struct pin_run_id *id, int stream,
                     struct pin_bytes bytes, int64_t now_ms, struct pin_err *err)
{
    int64_t ends = 0;
    size_t skip = bytes.size > (size_t)PIN_STORE_OUTPUT_BYTES
                      ? bytes.size - (size_t)PIN_STORE_OUTPUT_BYTES
                      : 0;
    pin_status st;

    if (bytes.size == 0)
        return PIN_OK;
    if ((st = pin__part_begin(s, err)) != PIN_OK)
        return st;
    st = pin__sql_integer(s->session,
                          "select coalesce(max(endsAt), 0) from pinstripe_runOutput where run = ?",
                          VALUES(val_id(id)), &ends, err);
    ends += (int64_t)bytes.size;
    if (st == PIN_OK)
        st = pin__sql_run(s->session, "insert into pinstripe_runOutput values (?, ?, ?, ?, ?)",
                          VALUES(val_id(id), val_number(ends), val_number(stream),
                                 val_number(now_ms),
                                 pin__value_blob(bytes.data + skip, bytes.size - skip)),
                          NULL, err);
    if (st == PIN_OK && ends > PIN_STORE_OUTPUT_BYTES)
        st = pin__sql_run(s->session,
                          "delete from pinstripe_runOutput where run = ? and endsAt <= ?",
                          VALUES(val_id(id), val_number(ends - PIN_STORE_OUTPUT_BYTES)), NULL, err);
    return pin__part_end(s, st, err);
}

static pin_status
tell_output(const struct pin_value *row, int64_t from, pin_each_output each, void *context,
            struct pin_err *err)
{
    struct pin_bytes bytes = row_bytes(&row[3]);
    struct pin_output piece = { .offset = row_number(&row[0]) - (int64_t)bytes.size,
                                .stream = (int)row_number(&row[1]),
                                .at_ms = row_number(&row[2]) };

    if (from > piece.offset) {
        bytes.data += from - piece.offset;
        bytes.size -= (size_t)(from - piece.offset);
        piece.offset = from;
    }
    piece.bytes = bytes;
    return each(context, &piece, err);
}

pin_status
pin__part_output_read(struct pin_store *s, const struct pin_run_id *id, int64_t offset,
                      pin_each_output each, void *context, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(&q, s->session,
                                   "select endsAt, stream, writtenAt, bytes from"
                                   " pinstripe_runOutput where run = ? and endsAt > ?"
                                   " order by endsAt",
                                   VALUES(val_id(id), val_number(offset)), err);

    if (st != PIN_OK)
        return st;
    while ((st = pin__sql_step(&q, err)) == PIN_OK)
        if ((st = tell_output(q.row, offset, each, context, err)) != PIN_OK)
            break;
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

/* --- pruning --- */

static void
prune_filter(struct look *l, const struct pin_prune *p)
{
    l->since = pin__run_id_from_ms(p->before_ms);
    where(l, true, " from pinstripe_runHistory where id < ?", val_id(&l->since));
    where(l, true, " and finishedAt < ?", val_number(p->before_ms));
    where(l, p->job, " and job = ?", val_text(p->job));
    if (p->has_state)
        pin__buf_addf(&l->sql, " and state = %d", (int)p->state);
}

static pin_status
count_old(struct pin_store *s, const struct pin_prune *p, size_t *count, struct pin_err *err)
{
    struct look l = { .sql = PIN_BUF_INIT(SQL_BYTES_MAX) };
    int64_t found = 0;
    pin_status st;

    pin__buf_adds(&l.sql, "select count(*)");
    prune_filter(&l, p);
    if ((st = pin__buf_check(&l.sql, "the filter", err)) == PIN_OK)
        st = pin__sql_integer(s->session, l.sql.data, l.values, l.count, &found, err);
    pin__buf_fini(&l.sql);
    *count = (size_t)found;
    return st;
}

static pin_status
read_old(struct pin_store *s, const struct pin_prune *p, struct pin_run_id *ids, size_t room,
         size_t *count, struct pin_err *err)
{
    struct look l = { .sql = PIN_BUF_INIT(SQL_BYTES_MAX) };
    struct pin_sql q;
    pin_status st;

    pin__buf_adds(&l.sql, "select id");
    prune_filter(&l, p);
    where(&l, true, " order by id limit ?", val_number((int64_t)room));
    if ((st = pin__buf_check(&l.sql, "the filter", err)) == PIN_OK)
        st = pin__sql_start(&q, s->session, l.sql.data, l.values, l.count, err);
    pin__buf_fini(&l.sql);
    if (st != PIN_OK)
        return st;
    while (*count < room && (st = pin__sql_step(&q, err)) == PIN_OK)
        row_id(&q.row[0], &ids[(*count)++]);
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
remove_old(struct pin_store *s, const struct pin_run_id *id, struct pin_err *err)
{
    pin_status st = pin__sql_run(s->session, "delete from pinstripe_runOutput where run = ?",
                                 VALUES(val_id(id)), NULL, err);

    pin__fault("store.prune.mid");
    return st == PIN_OK ? pin__sql_run(s->session, "delete from pinstripe_runHistory where id = ?",
                                       VALUES(val_id(id)), NULL, err)
                        : st;
}

/* Rows that are only there to be looked at, and turns that are no more than a newcomer's. */
static pin_status
forget_rest(struct pin_store *s, const struct pin_prune *p, size_t room, bool *more,
            struct pin_err *err)
{
    int64_t keys = 0, occurrences = 0;
    struct pin_value limit = val_number((int64_t)room);
    pin_status st = pin__sql_run(s->session,
                                 "delete from pinstripe_keys where uniqueKey in (select uniqueKey"
                                 " from pinstripe_keys where keptUntil <= ? limit ?)",
                                 VALUES(val_number(p->now_ms), limit), &keys, err);

    if (st == PIN_OK && !p->job && !p->has_state)
        st = pin__sql_run(s->session,
                          "delete from pinstripe_occurrences where (schedule, dueAt, tenant) in"
                          " (select schedule, dueAt, tenant from pinstripe_occurrences"
                          " where dueAt < ? order by dueAt limit ?)",
                          VALUES(val_number(p->before_ms), limit), &occurrences, err);
    if (st == PIN_OK)
        st = pin__sql_run(s->session, "delete from pinstripe_bots where tickAt < ?",
                          VALUES(val_number(p->now_ms - PIN_BOT_GONE_MS)), NULL, err);
    if (st == PIN_OK)
        st = pin__sql_run(s->session,
                          "delete from pinstripe_turns as t where tenant <> '' and turn <"
                          " (select turn - 1 from pinstripe_turns where queue = t.queue"
                          " and priority = t.priority and tenant = '')",
                          NULL, 0, NULL, err);
    *more = *more || (size_t)keys == room || (size_t)occurrences == room;
    return st;
}

pin_status
pin__part_prune(struct pin_store *s, const struct pin_prune *prune, size_t *count, bool *more,
                struct pin_err *err)
{
    size_t room = prune->limit ? prune->limit : PRUNE_AT_ONCE, found = 0;
    struct pin_run_id *ids;
    pin_status st;

    *count = 0;
    *more = false;
    if (prune->dry_run)
        return count_old(s, prune, count, err);
    if (!(ids = calloc(room, sizeof *ids)))
        return pin__err_no_memory(err);
    if ((st = pin__part_begin(s, err)) != PIN_OK)
        goto out;
    st = read_old(s, prune, ids, room, &found, err);
    for (size_t i = 0; st == PIN_OK && i < found; i++)
        st = remove_old(s, &ids[i], err);
    *more = found == room;
    if (st == PIN_OK)
        st = forget_rest(s, prune, room, more, err);
    if ((st = pin__part_end(s, st, err)) == PIN_OK)
        *count = found;
out:
    free(ids);
    return st;
}

/* sqlite_end.c - how a run leaves the live table, and what follows from it. */
#include "store/sqlite_parts.h"

enum { CHILDREN_AT_ONCE = 500 };

/* --- gates --- */

/* Lets in as many of those held as there are places. There is always one that is queued, running or
 * waiting for its children while any is held, and its end comes here again: nobody is forgotten. */
pin_status
pin__part_release_gate(struct pin_store *s, const char *gate, struct pin_err *err)
{
    int64_t limit = 0, inside = 0;
    pin_status st = pin__sql_integer(
        s->session,
        "select gateLimit from pinstripe_runs where gate = ? and state = 3 order by id limit 1",
        VALUES(val_text(gate)), &limit, err);

    if (st != PIN_OK)
        return st == PIN_EMPTY ? PIN_OK : st;
    st = pin__sql_integer(s->session,
                          "select count(*) from (select 1 from pinstripe_runs where gate = ?"
                          " and state in (1, 4) limit ?)",
                          VALUES(val_text(gate), val_number(limit)), &inside, err);
    if (st != PIN_OK || inside >= limit)
        return st;
    st = pin__sql_run(s->session,
                      "insert into pinstripe_ready select queue, priority, turn, id, token from"
                      " pinstripe_runs where gate = ? and state = 3 order by id limit ?",
                      VALUES(val_text(gate), val_number(limit - inside)), NULL, err);
    if (st != PIN_OK)
        return st;
    return pin__sql_run(s->session,
                        "update pinstripe_runs set state = ? where id in (select id from"
                        " pinstripe_runs where gate = ? and state = 3 order by id limit ?)",
                        VALUES(val_number(pin__run_next(PIN_RUN_HELD, PIN_EVENT_RELEASE)),
                               val_text(gate), val_number(limit - inside)),
                        NULL, err);
}

/* --- moving to the history --- */

#define KEPT                                                                                       \
    "priority, attemptLimit, lost, dueAt, role, triggeredBy, createdAt, scheduledFor, queue, job," \
    " tenant, schedule, uniqueKey, parent, args, params"
#define INTO_HISTORY                                                                               \
    "insert into pinstripe_runHistory (id, state, finishedAt, outcome, error, wallUs, cpuUs,"      \
    " peakHeapBytes, exitSignal, startedAt, attempt, worker, "
#define REASONS                                                                                    \
    "case when ?10 is null then reasons else json_insert(coalesce(reasons, '[]'), '$[#]',"         \
    " json_object('attempt', attempt + 1, 'at', ?2, 'reason', ?10)) end, "

#define RETRIED     "attemptBase, r.gate, gateLimit, tenantZone, cursor, "
#define FOR_A_RETRY "token, attemptBase, gate, gateLimit, tenantZone, cursor"

static pin_status
not_held(const struct pin_hold *hold, struct pin_err *err)
{
    return pin__err_set(err, PIN_LOST, "the run is not held with token %lld any more",
                        (long long)hold->token);
}

/* Only failures have reasons; the list stays in the row when it moves. Where two tables are read no
 * state is compared with a parameter: SQLite would compile the statement anew each time, to see
 * whether a partial index fits. */
static pin_status
move_to_history(struct pin_store *s, const struct pin_ending *e, struct pin_err *err)
{
    static const char claimed[] = INTO_HISTORY FOR_A_RETRY
        ", reasons, " KEPT ") select id, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
        " coalesce(?9, c.startedAt), attempt + 1, c.worker, r.token + 1, " RETRIED REASONS KEPT
        " from pinstripe_claims c cross join pinstripe_runs r on r.id = c.run"
        " where c.run = ?11 and c.token = ?12";
    static const char others[] = INTO_HISTORY FOR_A_RETRY
        ", reasons, " KEPT ") select id, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
        " coalesce(?9, startedAt), attempt, worker, token, " RETRIED REASONS KEPT
        " from pinstripe_runs r where id = ?11 and token = ?12 and state = ?13";
    static const struct pin_result none = { .outcome = "cancelled" };
    const struct pin_result *r = e->result ? e->result : &none;
    const struct pin_value values[] = {
        val_number(pin__run_next(e->from, e->event)),
        val_number(e->now_ms),
        val_text(r->outcome ? r->outcome : "unknown"),
        val_bytes(r->error),
        val_number(r->wall_us),
        val_number(r->cpu_us),
        val_number((int64_t)r->peak_heap_bytes),
        val_number(r->exit_signal),
        r->started_ms ? val_number(r->started_ms) : pin__value_null(),
        val_text(e->reason),
        val_id(&e->hold.id),
        val_number(e->hold.token),
        val_number(e->from), /* the last, of `others` only */
    };
    bool running = e->from == PIN_RUN_RUNNING;
    int64_t changed = 0;
    pin_status st = pin__sql_run(s->session, running ? claimed : others, values,
                                 sizeof values / sizeof *values - running, &changed, err);

    return st == PIN_OK && changed == 0 ? not_held(&e->hold, err) : st;
}

struct ties { /* what a run that ends is tied to */
    char *gate;
    bool has_parent;
    struct pin_run_id parent;
};

static pin_status
read_ties(struct pin_store *s, const struct pin_run_id *id, struct ties *out, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st =
        pin__sql_start(&q, s->session, "select gate, parent from pinstripe_runs where id = ?",
                       VALUES(val_id(id)), err);

    if (st != PIN_OK)
        return st;
    if ((st = pin__sql_step(&q, err)) == PIN_OK) {
        const char *gate = row_text(&q.row[0]);

        if (gate && !(out->gate = strdup(gate)))
            st = pin__err_no_memory(err);
        out->has_parent = row_id(&q.row[1], &out->parent);
    }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
tell_parent(struct pin_store *s, const struct ties *ties, const struct pin_ending *e,
            struct pin_err *err)
{
    enum pin_run_state state = PIN_RUN_WAITING;
    pin_status st = PIN_OK;

    if (e->event == PIN_EVENT_FAIL)
        st = pin__sql_run(s->session,
                          "update pinstripe_runs set childrenFailed = childrenFailed + 1"
                          " where id = ?",
                          VALUES(val_id(&ties->parent)), NULL, err);
    return st == PIN_OK ? pin__part_settle_parent(s, &ties->parent, e->now_ms, &state, err) : st;
}

/* A run that is due is where it can be claimed, or claimed. */
static pin_status
leave_queue(struct pin_store *s, const struct pin_ending *e, struct pin_err *err)
{
    if (e->from == PIN_RUN_RUNNING)
        return pin__sql_run(s->session, "delete from pinstripe_claims where run = ?",
                            VALUES(val_id(&e->hold.id)), NULL, err);
    if (e->from != PIN_RUN_QUEUED)
        return PIN_OK;
    return pin__sql_run(s->session,
                        "delete from pinstripe_ready where (queue, priority, turn, run) ="
                        " (select queue, priority, turn, id from pinstripe_runs where id = ?)",
                        VALUES(val_id(&e->hold.id)), NULL, err);
}

static pin_status
remove_run(struct pin_store *s, const struct pin_run_id *id, struct pin_err *err)
{
    return pin__sql_run(s->session, "delete from pinstripe_runs where id = ?", VALUES(val_id(id)),
                        NULL, err);
}

static pin_status
what_follows(struct pin_store *s, const struct ties *ties, const struct pin_ending *e,
             struct pin_err *err)
{
    pin_status st = ties->gate ? pin__part_release_gate(s, ties->gate, err) : PIN_OK;

    return st == PIN_OK && e->hold.child && ties->has_parent ? tell_parent(s, ties, e, err) : st;
}

pin_status
pin__part_end_run(struct pin_store *s, const struct pin_ending *e, struct pin_err *err)
{
    struct ties ties = { .gate = NULL };
    pin_status st = PIN_OK;

    if (e->hold.gated || e->hold.child)
        st = read_ties(s, &e->hold.id, &ties, err);
    if (st == PIN_OK)
        st = move_to_history(s, e, err);
    pin__fault("store.end.mid");
    if (st == PIN_OK)
        st = leave_queue(s, e, err);
    if (st == PIN_OK)
        st = remove_run(s, &e->hold.id, err);
    if (st == PIN_OK)
        st = what_follows(s, &ties, e, err);
    free(ties.gate);
    return st;
}

/* --- the end of a run that succeeded, from what its holder still has --- */

bool
pin__part_may_end_claimed(const struct pin_hold *hold, const struct pin_result *r)
{
    const struct pin_claim *c = r->claim;

    return c && r->started_ms && !hold->gated && c->attempt == 1 && c->lost == 0 &&
           memcmp(&c->hold.id, &hold->id, sizeof hold->id) == 0;
}

static pin_status
insert_history(struct pin_store *s, const struct pin_claim *c, const struct pin_result *r,
               int64_t now_ms, struct pin_err *err)
{
    static const char sql[] =
        INTO_HISTORY KEPT ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?,"
                          " ?, ?, ?, ?, ?, ?, ?)";

    return pin__sql_run(
        s->session, sql,
        VALUES(val_id(&c->hold.id), val_number(PIN_RUN_SUCCEEDED), val_number(now_ms),
               val_text(r->outcome ? r->outcome : "unknown"), val_bytes(r->error),
               val_number(r->wall_us), val_number(r->cpu_us),
               val_number((int64_t)r->peak_heap_bytes), val_number(r->exit_signal),
               val_number(r->started_ms), val_text(c->worker), val_number(c->priority),
               val_number(c->attempt_limit), val_number(c->due_ms), val_number(c->role),
               val_number(c->trigger), val_number(c->created_ms),
               c->schedule ? val_number(c->scheduled_for_ms) : pin__value_null(),
               val_text(c->queue), val_text(c->job), val_text(c->tenant), val_text(c->schedule),
               val_text(c->key), c->has_parent ? val_id(&c->parent) : pin__value_null(),
               val_bytes(c->args), val_bytes(c->params)),
        NULL, err);
}

pin_status
pin__part_end_claimed(struct pin_store *s, const struct pin_hold *hold, const struct pin_result *r,
                      int64_t now_ms, struct pin_err *err)
{
    const struct pin_claim *c = r->claim;
    struct pin_ending e = { .hold = *hold, .event = PIN_EVENT_SUCCEED, .now_ms = now_ms };
    struct ties ties = { .has_parent = c->has_parent, .parent = c->parent };
    int64_t changed = 0;
    pin_status st =
        pin__sql_run(s->session, "delete from pinstripe_claims where run = ? and token = ?",
                     VALUES(val_id(&hold->id), val_number(hold->token)), &changed, err);

    if (st != PIN_OK || changed == 0)
        return st == PIN_OK ? not_held(hold, err) : st;
    if ((st = insert_history(s, c, r, now_ms, err)) != PIN_OK)
        return st;
    pin__fault("store.end.mid");
    st = remove_run(s, &hold->id, err);
    return st == PIN_OK ? what_follows(s, &ties, &e, err) : st;
}

/* --- parents --- */

static pin_status
has_live_child(struct pin_store *s, const struct pin_run_id *parent, bool *has, struct pin_err *err)
{
    int64_t one;
    pin_status st = pin__sql_integer(
        s->session, "select 1 from pinstripe_runs where parent = ? and role = 2 limit 1",
        VALUES(val_id(parent)), &one, err);

    *has = st == PIN_OK;
    return st == PIN_EMPTY ? PIN_OK : st;
}

struct parent {
    struct pin_hold hold;
    int64_t children_failed;
    bool cancelled;
};

static pin_status
read_waiting(struct pin_store *s, const struct pin_run_id *id, struct parent *out,
             struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(&q, s->session,
                                   "select token, childrenFailed, cancelRequested, gate is not"
                                   " null from pinstripe_runs where id = ? and state = 4",
                                   VALUES(val_id(id)), err);

    if (st != PIN_OK)
        return st;
    if ((st = pin__sql_step(&q, err)) == PIN_OK) {
        *out = (struct parent){ .hold = { .id = *id,
                                          .token = row_number(&q.row[0]),
                                          .gated = row_number(&q.row[3]) != 0,
                                          .parent = true },
                                .children_failed = row_number(&q.row[1]),
                                .cancelled = row_number(&q.row[2]) != 0 };
    }
    pin__sql_end(&q);
    return st;
}

static pin_status
end_parent(struct pin_store *s, const struct parent *p, int64_t now_ms, enum pin_run_state *state,
           struct pin_err *err)
{
    char error[128];
    struct pin_result result = { .outcome = "succeeded" };
    struct pin_ending e = { .hold = p->hold,
                            .from = PIN_RUN_WAITING,
                            .event = PIN_EVENT_SUCCEED,
                            .result = &result,
                            .now_ms = now_ms };

    if (p->cancelled) {
        e.event = PIN_EVENT_CANCEL;
        result.outcome = "cancelled";
    } else if (p->children_failed) {
        int size = snprintf(error, sizeof error,
                            "{\"name\":\"Error\",\"message\":\"%lld of its runs failed\"}",
                            (long long)p->children_failed);
        e.event = PIN_EVENT_FAIL;
        result.outcome = "children-failed";
        result.error = (struct pin_bytes){ error, (size_t)size };
    }
    *state = pin__run_next(e.from, e.event);
    return pin__part_end_run(s, &e, err);
}

pin_status
pin__part_settle_parent(struct pin_store *s, const struct pin_run_id *parent, int64_t now_ms,
                        enum pin_run_state *state, struct pin_err *err)
{
    struct parent p;
    bool live;
    pin_status st = has_live_child(s, parent, &live, err);

    if (st != PIN_OK || live)
        return st;
    if ((st = read_waiting(s, parent, &p, err)) != PIN_OK)
        return st == PIN_EMPTY ? PIN_OK : st; /* still making children, or ended */
    return end_parent(s, &p, now_ms, state, err);
}

static pin_status
add_children(struct pin_store *s, const struct pin_hold *hold, const struct pin_enqueue *children,
             size_t count, int64_t now_ms, struct pin_err *err)
{
    struct pin_enqueue *copies = calloc(count ? count : 1, sizeof *copies);
    pin_status st;

    if (!copies)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < count; i++) {
        copies[i] = children[i];
        copies[i].parent = &hold->id;
        copies[i].role = PIN_ROLE_CHILD;
    }
    st = pin__part_enqueue(s, copies, count, now_ms, NULL, err);
    free(copies);
    return st;
}

/* It runs no longer, so its row takes over what its claim knew. */
static pin_status
let_wait(struct pin_store *s, const struct pin_hold *hold, enum pin_run_state state,
         struct pin_err *err)
{
    pin_status st = pin__sql_run(
        s->session,
        "update pinstripe_runs set state = ?, token = ?, attempt = attempt + 1,"
        " cursor = ?,"
        " (startedAt, worker) = (select startedAt, worker from pinstripe_claims where run = id)"
        " where id = ?",
        VALUES(val_number(state), val_number(hold->token), val_text(ALL_MADE), val_id(&hold->id)),
        NULL, err);

    return st == PIN_OK ? pin__sql_run(s->session, "delete from pinstripe_claims where run = ?",
                                       VALUES(val_id(&hold->id)), NULL, err)
                        : st;
}

static pin_status
stop_making(struct pin_store *s, const struct pin_hold *hold, int64_t now_ms,
            enum pin_run_state *state, struct pin_err *err)
{
    pin_status st;

    *state = pin__run_next(PIN_RUN_RUNNING, PIN_EVENT_FAN_OUT);
    st = let_wait(s, hold, *state, err);
    pin__fault("store.fan_out.last");
    return st == PIN_OK ? pin__part_settle_parent(s, &hold->id, now_ms, state, err) : st;
}

static pin_status
fan_out(struct pin_store *s, const struct pin_hold *hold, const struct pin_enqueue *children,
        size_t count, const char *cursor, bool done, int64_t now_ms, enum pin_run_state *state,
        struct pin_err *err)
{
    int64_t changed = 0;
    pin_status st = pin__sql_run(
        s->session,
        "update pinstripe_runs set cursor = ? where id = (select run from pinstripe_claims"
        " where run = ? and token = ?)",
        VALUES(val_text(cursor), val_id(&hold->id), val_number(hold->token)), &changed, err);

    if (st != PIN_OK)
        return st;
    if (changed == 0)
        return not_held(hold, err);
    pin__fault("store.fan_out.mid");
    if ((st = add_children(s, hold, children, count, now_ms, err)) != PIN_OK || !done)
        return st;
    return stop_making(s, hold, now_ms, state, err);
}

pin_status
pin__part_fan_out(struct pin_store *s, const struct pin_hold *hold,
                  const struct pin_enqueue *children, size_t count, const char *cursor, bool done,
                  int64_t now_ms, enum pin_run_state *state, struct pin_err *err)
{
    pin_status st = pin__part_begin(s, err);

    *state = PIN_RUN_RUNNING;
    if (st != PIN_OK)
        return st;
    st = fan_out(s, hold, children, count, cursor, done, now_ms, state, err);
    return pin__part_end(s, st, err);
}

/* --- cancelling --- */

struct live {
    struct pin_hold hold;
    enum pin_run_state state;
};

static pin_status
read_live(struct pin_store *s, const char *sql, const struct pin_value *values, size_t count,
          struct live *out, size_t room, size_t *found, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(&q, s->session, sql, values, count, err);

    *found = 0;
    if (st != PIN_OK)
        return st;
    while (*found < room && (st = pin__sql_step(&q, err)) == PIN_OK) {
        struct live *l = &out[(*found)++];

        *l = (struct live){ .state = (enum pin_run_state)row_number(&q.row[2]) };
        row_id(&q.row[0], &l->hold.id);
        l->hold.token = row_number(&q.row[1]);
        l->hold.gated = row_number(&q.row[3]) != 0;
        l->hold.child = row_number(&q.row[4]) == PIN_ROLE_CHILD;
        l->hold.parent = row_number(&q.row[4]) == PIN_ROLE_PARENT;
    }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
mark_cancelled(struct pin_store *s, const struct pin_run_id *id, struct pin_err *err)
{
    return pin__sql_run(s->session, "update pinstripe_runs set cancelRequested = 1 where id = ?",
                        VALUES(val_id(id)), NULL, err);
}

static pin_status
cancel_one(struct pin_store *s, const struct live *l, int64_t now_ms, struct pin_err *err)
{
    struct pin_ending e = {
        .hold = l->hold, .from = l->state, .event = PIN_EVENT_CANCEL, .now_ms = now_ms
    };

    return pin__part_end_run(s, &e, err);
}

#define LIVE                                                                                       \
    "select id, coalesce(c.token, r.token), " STATE_NOW ", r.gate is not null, role" WITH_CLAIMS

pin_status
pin__part_cancel_children(struct pin_store *s, const struct pin_run_id *parent, int64_t now_ms,
                          struct pin_err *err)
{
    struct live *found = calloc(CHILDREN_AT_ONCE, sizeof *found);
    size_t count = 0;
    pin_status st;

    if (!found)
        return pin__err_no_memory(err);
    st = pin__sql_run(s->session,
                      "update pinstripe_runs set cancelRequested = 1 where parent = ? and role = 2"
                      " and id in (select run from pinstripe_claims)",
                      VALUES(val_id(parent)), NULL, err);
    do {
        if (st == PIN_OK)
            st = read_live(s, LIVE " where parent = ? and role = 2 and c.run is null limit ?",
                           VALUES(val_id(parent), val_number(CHILDREN_AT_ONCE)), found,
                           CHILDREN_AT_ONCE, &count, err);
        for (size_t i = 0; st == PIN_OK && i < count; i++)
            st = cancel_one(s, &found[i], now_ms, err);
    } while (st == PIN_OK && count > 0);
    free(found);
    return st;
}

static pin_status
cancel_waiting(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
               enum pin_run_state *state, struct pin_err *err)
{
    int64_t live;
    pin_status st = mark_cancelled(s, id, err);

    if (st == PIN_OK)
        st = pin__part_cancel_children(s, id, now_ms, err);
    if (st != PIN_OK)
        return st;
    st = pin__sql_integer(s->session, "select 1 from pinstripe_runs where id = ?",
                          VALUES(val_id(id)), &live, err);
    *state = st == PIN_EMPTY ? PIN_RUN_CANCELLED : PIN_RUN_WAITING;
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
not_live(struct pin_store *s, const struct pin_run_id *id, enum pin_run_state *state,
         struct pin_err *err)
{
    char text[PIN_RUN_ID_TEXT];
    int64_t number;
    pin_status st =
        pin__sql_integer(s->session, "select state from pinstripe_runHistory where id = ?",
                         VALUES(val_id(id)), &number, err);

    pin__run_id_text(id, text);
    if (st == PIN_EMPTY)
        return pin__err_set(err, PIN_NOT_FOUND, "there is no run %s", text);
    if (st != PIN_OK)
        return st;
    *state = (enum pin_run_state)number;
    return pin__err_set(err, PIN_CONFLICT, "the run %s has ended already: it %s%s", text,
                        *state == PIN_RUN_CANCELLED ? "was " : "", pin__run_state_name(*state));
}

static pin_status
cancel(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms, enum pin_run_state *state,
       struct pin_err *err)
{
    struct live l;
    size_t found;
    pin_status st = read_live(s, LIVE " where id = ?", VALUES(val_id(id)), &l, 1, &found, err);

    if (st != PIN_OK)
        return st;
    if (!found)
        return not_live(s, id, state, err);
    *state = l.state;
    if (l.state == PIN_RUN_RUNNING)
        return mark_cancelled(s, id, err);
    if (l.state == PIN_RUN_WAITING)
        return cancel_waiting(s, id, now_ms, state, err);
    *state = PIN_RUN_CANCELLED;
    return cancel_one(s, &l, now_ms, err);
}

pin_status
pin__part_cancel(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                 enum pin_run_state *state, struct pin_err *err)
{
    pin_status st = pin__part_begin(s, err);

    if (st != PIN_OK)
        return st;
    st = pin__part_end(s, cancel(s, id, now_ms, state, err), err);
    pin__fault("store.cancel.after_commit");
    return st;
}

/* --- a run that never was in the queue --- */

static enum pin_run_state
result_state(const struct pin_result *r)
{
    enum pin_run_event event = r->cancelled   ? PIN_EVENT_CANCEL
                               : r->succeeded ? PIN_EVENT_SUCCEED
                                              : PIN_EVENT_FAIL;

    return pin__run_next(PIN_RUN_RUNNING, event);
}

pin_status
pin__part_record(struct pin_store *s, const struct pin_enqueue *run,
                 const struct pin_result *result, const char *worker, int64_t created_ms,
                 int64_t finished_ms, struct pin_err *err)
{
    static const char sql[] =
        INTO_HISTORY "cursor, " KEPT
                     ") values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, 1, 0, ?, ?, ?, ?, ?, ?,"
                     " ?, ?, ?, ?, ?, ?, ?)";
    const struct pin_result *r = result;
    pin_status st = pin__sql_run(
        s->session, sql,
        VALUES(
            val_id(&run->id), val_number(result_state(r)), val_number(finished_ms),
            val_text(r->outcome ? r->outcome : "unknown"), val_bytes(r->error),
            val_number(r->wall_us), val_number(r->cpu_us), val_number((int64_t)r->peak_heap_bytes),
            val_number(r->exit_signal), val_number(r->started_ms ? r->started_ms : created_ms),
            val_text(worker), val_text(run->role == PIN_ROLE_PARENT ? ALL_MADE : NULL),
            val_number(run->priority), val_number(created_ms), val_number(run->role),
            val_number(run->trigger), val_number(created_ms),
            run->schedule ? val_number(run->scheduled_for_ms) : pin__value_null(),
            val_text(run->queue ? run->queue : PIN_STORE_QUEUE), val_text(run->job),
            val_text(run->tenant), val_text(run->schedule), val_text(run->key), val_id(run->parent),
            run->args.data ? val_bytes(run->args) : val_text("[]"), val_bytes(run->params)),
        NULL, err);

    return st == PIN_CONFLICT
               ? pin__err_set(err, PIN_INVALID, "the id of a run of %s is another run's already",
                              run->job)
               : st;
}

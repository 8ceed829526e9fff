/* sqlite_retry.c - a run that has ended goes back into the queue, because somebody asked for it. */
#include "store/sqlite_parts.h"

enum { CHILDREN_AT_ONCE = 500 };

struct ended { /* as the history has it */
    struct pin_run_id id, parent;
    enum pin_run_state state;
    enum pin_role role;
    bool has_parent, made_all;
    int64_t priority;
    char *queue, *tenant; /* owned */
};

static void
ended_fini(struct ended *e)
{
    free(e->queue);
    free(e->tenant);
}

static pin_status
copy_ended(const struct pin_value *row, struct ended *out, struct pin_err *err)
{
    const char *queue = row_text(&row[4]), *tenant = row_text(&row[5]), *cursor = row_text(&row[6]);

    row_id(&row[0], &out->id);
    out->state = (enum pin_run_state)row_number(&row[1]);
    out->role = (enum pin_role)row_number(&row[2]);
    out->priority = row_number(&row[3]);
    out->made_all = cursor && strcmp(cursor, ALL_MADE) == 0;
    out->has_parent = row_id(&row[7], &out->parent);
    if (!(out->queue = strdup(queue ? queue : PIN_STORE_QUEUE)) ||
        (tenant && !(out->tenant = strdup(tenant))))
        return pin__err_no_memory(err);
    return PIN_OK;
}

/* PIN_EMPTY when the history has no such run. */
static pin_status
read_ended(struct pin_store *s, const struct pin_run_id *id, struct ended *out, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(&q, s->session,
                                   "select id, state, role, priority, queue, tenant, cursor, parent"
                                   " from pinstripe_runHistory where id = ?",
                                   VALUES(val_id(id)), err);

    *out = (struct ended){ .queue = NULL };
    if (st != PIN_OK)
        return st;
    if ((st = pin__sql_step(&q, err)) == PIN_OK)
        st = copy_ended(q.row, out, err);
    pin__sql_end(&q);
    return st;
}

static pin_status
refuse_live(struct pin_store *s, const struct pin_run_id *id, enum pin_run_state *state,
            struct pin_err *err)
{
    char text[PIN_RUN_ID_TEXT];
    int64_t number;
    pin_status st = pin__sql_integer(
        s->session,
        "select iif(exists (select 1 from pinstripe_claims where run = id), 2, state)"
        " from pinstripe_runs where id = ?",
        VALUES(val_id(id)), &number, err);

    pin__run_id_text(id, text);
    if (st == PIN_EMPTY)
        return pin__err_set(err, PIN_NOT_FOUND, "there is no run %s", text);
    if (st != PIN_OK)
        return st;
    *state = (enum pin_run_state)number;
    return pin__err_set(err, PIN_CONFLICT, "the run %s has not ended: it is %s", text,
                        pin__run_state_name(*state));
}

/* --- one row --- */

static pin_status
move_back(struct pin_store *s, const struct ended *e, enum pin_run_event event, enum pin_role role,
          int64_t now_ms, struct pin_err *err)
{
    static const char sql[] =
        "insert into pinstripe_runs (state, turn, dueAt, role, reasons, attemptLimit, attemptBase,"
        " id, token, priority, attempt, triggeredBy, createdAt, gateLimit, scheduledFor, queue,"
        " job, tenant, gate, schedule, uniqueKey, parent, args, params, cursor, tenantZone)"
        " select ?, ?, ?, ?, json_insert(coalesce(reasons, '[]'), '$[#]',"
        " json_object('attempt', attempt, 'at', ?, 'reason', ?)),"
        " attempt + attemptLimit - attemptBase, attempt,"
        " id, token, priority, attempt, triggeredBy, createdAt, gateLimit, scheduledFor, queue,"
        " job, tenant, gate, schedule, uniqueKey, parent, args, params, cursor, tenantZone"
        " from pinstripe_runHistory where id = ?"
        " on conflict (parent, tenant) where role = 2 do nothing";
    const char *why =
        e->state == PIN_RUN_CANCELLED ? "cancelled, then " PIN_STORE_REOPENED : PIN_STORE_REOPENED;
    int64_t turn = 0, changed = 0;
    pin_status st = pin__part_turns(s, e->queue, e->priority, e->tenant, 1, &turn, err);

    if (st == PIN_OK)
        st = pin__sql_run(s->session, sql,
                          VALUES(val_number(pin__run_next(e->state, event)), val_number(turn),
                                 val_number(now_ms), val_number(role), val_number(now_ms),
                                 val_text(why), val_id(&e->id)),
                          &changed, err);
    if (st == PIN_OK && changed)
        st = pin__part_make_ready(s, &e->id, err);
    pin__fault("store.requeue.mid");
    if (st == PIN_OK && changed == 0)
        return pin__err_set(err, PIN_CONFLICT,
                            "its parent has another run for the same tenant already");
    if (st != PIN_OK)
        return st;
    return pin__sql_run(s->session, "delete from pinstripe_runHistory where id = ?",
                        VALUES(val_id(&e->id)), NULL, err);
}

/* --- parents and children --- */

static pin_status
read_failed_children(struct pin_store *s, const struct pin_run_id *parent,
                     const struct pin_run_id *after, struct pin_run_id *ids, size_t *count,
                     struct pin_err *err)
{
    static const char sql[] = "select id from pinstripe_runHistory where parent = ? and id > ?"
                              " and role = 2 and state in (6, 7) order by id limit ?";
    struct pin_sql q;
    pin_status st =
        pin__sql_start(&q, s->session, sql,
                       VALUES(val_id(parent), val_id(after), val_number(CHILDREN_AT_ONCE)), err);

    *count = 0;
    if (st != PIN_OK)
        return st;
    while (*count < CHILDREN_AT_ONCE && (st = pin__sql_step(&q, err)) == PIN_OK)
        row_id(&q.row[0], &ids[(*count)++]);
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

/* One whose tenant has another run of this parent by now stays where it is. */
static pin_status
retry_child(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms, struct pin_err *err)
{
    struct ended e;
    pin_status st = read_ended(s, id, &e, err);

    if (st == PIN_OK)
        st = move_back(s, &e, PIN_EVENT_REOPEN, PIN_ROLE_CHILD, now_ms, err);
    ended_fini(&e);
    return st == PIN_CONFLICT ? PIN_OK : st;
}

static pin_status
retry_children(struct pin_store *s, const struct pin_run_id *parent, int64_t now_ms,
               struct pin_err *err)
{
    struct pin_run_id *ids = calloc(CHILDREN_AT_ONCE, sizeof *ids), after = { { 0 } };
    size_t count = 0;
    pin_status st = PIN_OK;

    if (!ids)
        return pin__err_no_memory(err);
    do {
        st = read_failed_children(s, parent, &after, ids, &count, err);
        for (size_t i = 0; st == PIN_OK && i < count; i++)
            st = retry_child(s, &ids[i], now_ms, err);
        if (count)
            after = ids[count - 1];
    } while (st == PIN_OK && count > 0);
    free(ids);
    return st;
}

static pin_status
retry_parent(struct pin_store *s, const struct ended *e, int64_t now_ms, enum pin_run_state *state,
             struct pin_err *err)
{
    enum pin_run_event event = e->made_all ? PIN_EVENT_REJOIN : PIN_EVENT_REOPEN;
    pin_status st = move_back(s, e, event, e->role, now_ms, err);

    *state = pin__run_next(e->state, event);
    if (st == PIN_OK)
        st = retry_children(s, &e->id, now_ms, err);
    if (st == PIN_OK && e->made_all)
        st = pin__part_settle_parent(s, &e->id, now_ms, state, err);
    return st;
}

/* What a child goes back as: one of its parent's again when that has not ended. */
static pin_status
role_of_child(struct pin_store *s, const struct ended *e, enum pin_role *role, struct pin_err *err)
{
    int64_t cancelled = 0;
    pin_status st =
        pin__sql_integer(s->session, "select cancelRequested from pinstripe_runs where id = ?",
                         VALUES(val_id(&e->parent)), &cancelled, err);

    *role = st == PIN_EMPTY ? PIN_ROLE_PLAIN : PIN_ROLE_CHILD;
    if (st == PIN_OK && cancelled)
        return pin__err_set(err, PIN_CONFLICT, "its parent is being cancelled");
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
take_failure_back(struct pin_store *s, const struct ended *e, struct pin_err *err)
{
    return pin__sql_run(s->session,
                        "update pinstripe_runs set childrenFailed = childrenFailed - 1"
                        " where id = ? and childrenFailed > 0",
                        VALUES(val_id(&e->parent)), NULL, err);
}

static pin_status
retry_ended(struct pin_store *s, const struct ended *e, int64_t now_ms, enum pin_run_state *state,
            struct pin_err *err)
{
    enum pin_role role = e->role;
    pin_status st = PIN_OK;

    if (e->role == PIN_ROLE_PARENT)
        return retry_parent(s, e, now_ms, state, err);
    if (e->role == PIN_ROLE_CHILD)
        st = role_of_child(s, e, &role, err);
    if (st == PIN_OK)
        st = move_back(s, e, PIN_EVENT_REOPEN, role, now_ms, err);
    if (st == PIN_OK && role == PIN_ROLE_CHILD && e->state == PIN_RUN_FAILED)
        st = take_failure_back(s, e, err);
    *state = pin__run_next(e->state, PIN_EVENT_REOPEN);
    return st;
}

static pin_status
retry(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms, enum pin_run_state *state,
      struct pin_err *err)
{
    char text[PIN_RUN_ID_TEXT];
    struct ended e;
    pin_status st = read_ended(s, id, &e, err);

    pin__run_id_text(id, text);
    if (st == PIN_EMPTY)
        st = refuse_live(s, id, state, err);
    else if (st == PIN_OK && !pin__run_may(e.state, PIN_EVENT_REOPEN)) {
        *state = e.state;
        st = pin__err_set(err, PIN_CONFLICT, "the run %s has not failed: it %s", text,
                          pin__run_state_name(e.state));
    } else if (st == PIN_OK && (st = retry_ended(s, &e, now_ms, state, err)) == PIN_CONFLICT)
        pin__err_prefix(err, "the run %s cannot be tried again", text);
    ended_fini(&e);
    return st;
}

pin_status
pin__part_retry(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                enum pin_run_state *state, struct pin_err *err)
{
    pin_status st = pin__part_begin(s, err);

    if (st != PIN_OK)
        return st;
    st = retry(s, id, now_ms, state, err);
    pin__fault("store.requeue.before_commit");
    st = pin__part_end(s, st, err);
    pin__fault("store.requeue.after_commit");
    return st;
}

/* sqlite_claim.c - who is next.
 *
 * First what has become due joins the queue and gets its turn. Then candidates are read from
 * pinstripe_ready, at most as many as are wanted. One whose gate is full is held: it leaves that
 * table until a run of its gate ends, so nothing is looked at twice and a claim costs the same
 * however much is queued, held or finished. What is left of the candidates is the front of each
 * queue and priority, and goes to pinstripe_claims in one piece.
 */
#include "store/sqlite_parts.h"

enum { DUE_AT_ONCE = 1000, HOLDS_AT_ONCE = 1000, QUEUES_MAX = 64 };

struct candidate {
    struct pin_claim claim;
    int64_t turn;
    const char *gate; /* NULL: none */
    int64_t gate_limit;
    size_t rank; /* in its queue */
    bool taken;
};

/* Of a queue and priority, up to a turn and run. */
#define FRONT " where queue = ? and priority = ? and (turn, run) <= (?, ?)"

struct claiming {
    struct pin_store *s;
    const struct pin_claim_request *request;
    struct pin_arena *arena;
    const char *queues[QUEUES_MAX];
    size_t queue_count;
    const char *worker; /* in the arena; NULL: none */
    struct candidate *found;
    struct candidate **order;
    size_t found_count;
    struct pin_claim *out;
    size_t got;
    size_t held, held_now;
};

/* --- what has become due --- */

struct due {
    struct pin_run_id id;
    const char *queue, *tenant;
    int64_t priority;
};

static const char *
copy_text(struct pin_arena *arena, const struct pin_value *v, bool *failed)
{
    struct pin_bytes b = row_bytes(v);
    char *copy = NULL;

    if (b.data && !(copy = pin__arena_copy(arena, b.data, b.size)))
        *failed = true;
    return copy;
}

static struct pin_bytes
copy_bytes(struct pin_arena *arena, const struct pin_value *v, bool *failed)
{
    return (struct pin_bytes){ copy_text(arena, v, failed), row_bytes(v).size };
}

static pin_status
read_due(struct claiming *c, struct due **out, size_t *count, struct pin_err *err)
{
    static const char sql[] = "select id, queue, tenant, priority from pinstripe_runs"
                              " where state = 0 and dueAt <= ? order by dueAt limit ?";
    struct due *list = NULL;
    bool failed = false;
    struct pin_sql q;
    pin_status st;

    *count = 0;
    st = pin__sql_start(&q, c->s->session, sql,
                        VALUES(val_number(c->request->now_ms), val_number(DUE_AT_ONCE)), err);
    if (st != PIN_OK)
        return st;
    while (!failed && (st = pin__sql_step(&q, err)) == PIN_OK) {
        if (!list && !(list = pin__arena_alloc(c->arena, DUE_AT_ONCE * sizeof *list))) {
            failed = true;
            break;
        }
        row_id(&q.row[0], &list[*count].id);
        list[*count].queue = copy_text(c->arena, &q.row[1], &failed);
        list[*count].tenant = copy_text(c->arena, &q.row[2], &failed);
        list[(*count)++].priority = row_number(&q.row[3]);
    }
    pin__sql_end(&q);
    *out = list;
    if (failed)
        return pin__err_no_memory(err);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
let_due_in(struct claiming *c, struct pin_err *err)
{
    struct due *due = NULL;
    size_t count;
    pin_status st = read_due(c, &due, &count, err);

    for (size_t i = 0; st == PIN_OK && i < count; i++) {
        const struct due *d = &due[i];
        int64_t turn = 0;

        st = pin__part_turns(c->s, d->queue, d->priority, d->tenant, 1, &turn, err);
        if (st == PIN_OK)
            st = pin__sql_run(c->s->session,
                              "update pinstripe_runs set state = ?, turn = ?"
                              " where id = ? and state = 0",
                              VALUES(val_number(pin__run_next(PIN_RUN_DELAYED, PIN_EVENT_DUE)),
                                     val_number(turn), val_id(&d->id)),
                              NULL, err);
        if (st == PIN_OK)
            st = pin__part_make_ready(c->s, &d->id, err);
    }
    return st;
}

/* --- candidates --- */

/* Every queue that has something ready: a jump in the index for each. */
static pin_status
read_queues(struct claiming *c, struct pin_err *err)
{
    static const char sql[] = "select queue from pinstripe_ready where queue > ?"
                              " order by queue limit 1";
    const char *last = "";
    bool failed = false;
    struct pin_sql q;
    pin_status st;

    if (c->request->queue_count) {
        for (size_t i = 0; i < c->request->queue_count && c->queue_count < QUEUES_MAX; i++)
            c->queues[c->queue_count++] = c->request->queues[i];
        return PIN_OK;
    }
    while (c->queue_count < QUEUES_MAX) {
        if ((st = pin__sql_start(&q, c->s->session, sql, VALUES(val_text(last)), err)) != PIN_OK)
            return st;
        if ((st = pin__sql_step(&q, err)) == PIN_OK)
            last = copy_text(c->arena, &q.row[0], &failed);
        pin__sql_end(&q);
        if (st != PIN_OK)
            return st == PIN_EMPTY ? PIN_OK : st;
        if (failed)
            return pin__err_no_memory(err);
        c->queues[c->queue_count++] = last;
    }
    return PIN_OK;
}

#define CANDIDATE                                                                                  \
    "q.run, q.token, job, tenant, args, params, q.priority, attempt, attemptLimit, lost, dueAt,"   \
    " createdAt, parent, role, schedule, scheduledFor, uniqueKey, triggeredBy, cursor, q.turn,"    \
    " gate, gateLimit, tenantZone"

static bool
read_candidate(struct claiming *c, const struct pin_value *row, struct candidate *out)
{
    struct pin_claim *claim = &out->claim;
    bool failed = false;

    *out = (struct candidate){ .turn = row_number(&row[19]), .gate_limit = row_number(&row[21]) };
    row_id(&row[0], &claim->hold.id);
    claim->hold.token = row_number(&row[1]) + 1;
    claim->job = copy_text(c->arena, &row[2], &failed);
    claim->tenant = copy_text(c->arena, &row[3], &failed);
    claim->args = copy_bytes(c->arena, &row[4], &failed);
    claim->params = copy_bytes(c->arena, &row[5], &failed);
    claim->priority = (int)row_number(&row[6]);
    claim->attempt = (int)row_number(&row[7]) + 1;
    claim->attempt_limit = (int)row_number(&row[8]);
    claim->lost = (int)row_number(&row[9]);
    claim->due_ms = row_number(&row[10]);
    claim->created_ms = row_number(&row[11]);
    claim->has_parent = row_id(&row[12], &claim->parent);
    claim->role = (enum pin_role)row_number(&row[13]);
    claim->schedule = copy_text(c->arena, &row[14], &failed);
    claim->scheduled_for_ms = row_number(&row[15]);
    claim->key = copy_text(c->arena, &row[16], &failed);
    claim->trigger = (enum pin_trigger)row_number(&row[17]);
    claim->cursor = copy_text(c->arena, &row[18], &failed);
    out->gate = copy_text(c->arena, &row[20], &failed);
    claim->tenant_zone = copy_text(c->arena, &row[22], &failed);
    claim->hold.gated = out->gate != NULL;
    claim->hold.child = claim->role == PIN_ROLE_CHILD;
    claim->hold.parent = claim->role == PIN_ROLE_PARENT;
    claim->worker = c->worker;
    return !failed;
}

static pin_status
read_candidates(struct claiming *c, const char *queue, size_t want, struct pin_err *err)
{
    static const char sql[] = "select " CANDIDATE " from pinstripe_ready q cross join"
                              " pinstripe_runs r on r.id = q.run where q.queue = ?"
                              " order by q.priority desc, q.turn, q.run limit ?";
    struct pin_sql q;
    pin_status st;
    size_t rank = 0;

    st = pin__sql_start(&q, c->s->session, sql, VALUES(val_text(queue), val_number((int64_t)want)),
                        err);
    if (st != PIN_OK)
        return st;
    while ((st = pin__sql_step(&q, err)) == PIN_OK) {
        struct candidate *at = &c->found[c->found_count];

        if (!read_candidate(c, q.row, at)) {
            st = pin__err_no_memory(err);
            break;
        }
        at->rank = rank++;
        at->claim.queue = queue;
        c->order[c->found_count++] = at;
    }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static int
by_priority(const void *a, const void *b)
{
    const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;

    if (x->claim.priority != y->claim.priority)
        return x->claim.priority > y->claim.priority ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return (x > y) - (x < y);
}

/* --- taking --- */

static pin_status
gate_is_full(struct claiming *c, const struct candidate *at, bool *full, struct pin_err *err)
{
    int64_t running = 0;
    pin_status st =
        pin__sql_integer(c->s->session,
                         "select (select count(*) from pinstripe_claims where gate = ?1)"
                         " + (select count(*) from pinstripe_runs where gate = ?1 and state = 4)",
                         VALUES(val_text(at->gate)), &running, err);

    *full = running >= at->gate_limit;
    return st;
}

static pin_status
leave_ready(struct claiming *c, const struct candidate *at, struct pin_err *err)
{
    return pin__sql_run(c->s->session,
                        "delete from pinstripe_ready where queue = ? and priority = ?"
                        " and turn = ? and run = ?",
                        VALUES(val_text(at->claim.queue), val_number(at->claim.priority),
                               val_number(at->turn), val_id(&at->claim.hold.id)),
                        NULL, err);
}

static pin_status
hold_back(struct claiming *c, const struct candidate *at, struct pin_err *err)
{
    pin_status st = pin__sql_run(c->s->session,
                                 "update pinstripe_runs set state = ? where id = ? and state = 1",
                                 VALUES(val_number(pin__run_next(PIN_RUN_QUEUED, PIN_EVENT_HOLD)),
                                        val_id(&at->claim.hold.id)),
                                 NULL, err);

    c->held++;
    c->held_now++;
    return st == PIN_OK ? leave_ready(c, at, err) : st;
}

static int64_t
lease_of(const struct pin_claim_request *r)
{
    return r->now_ms + (r->lease_ms > 0 ? r->lease_ms : PIN_STORE_LEASE_MS);
}

/* At once, so that the next of the same gate is counted against it. */
static pin_status
take_gated(struct claiming *c, const struct candidate *at, struct pin_err *err)
{
    const struct pin_claim_request *r = c->request;
    pin_status st =
        pin__sql_run(c->s->session,
                     "insert into pinstripe_claims (run, token, leaseUntil, startedAt, worker,"
                     " gate) values (?, ?, ?, ?, ?, ?)",
                     VALUES(val_id(&at->claim.hold.id), val_number(at->claim.hold.token),
                            val_number(lease_of(r)), val_number(r->now_ms), val_text(r->worker),
                            val_text(at->gate)),
                     NULL, err);

    return st == PIN_OK ? leave_ready(c, at, err) : st;
}

static pin_status
take_or_hold(struct claiming *c, struct candidate *at, struct pin_err *err)
{
    bool full = false;
    pin_status st = PIN_OK;

    if (at->gate && (st = gate_is_full(c, at, &full, err)) != PIN_OK)
        return st;
    if (full)
        return hold_back(c, at, err);
    (void)pin__run_next(PIN_RUN_QUEUED, PIN_EVENT_CLAIM);
    at->taken = true;
    c->out[c->got++] = at->claim;
    return at->gate ? take_gated(c, at, err) : PIN_OK;
}

/* Everything of one queue and priority up to `last`: what was gated has gone already. */
static pin_status
take_front(struct claiming *c, const struct candidate *last, struct pin_err *err)
{
    static const char move[] =
        "insert or rollback into pinstripe_claims (run, token, leaseUntil, startedAt, worker)"
        " select run, token + 1, ?, ?, ? from pinstripe_ready" FRONT;
    static const char leave[] = "delete from pinstripe_ready" FRONT;
    const struct pin_claim_request *r = c->request;
    struct pin_value queue = val_text(last->claim.queue);
    struct pin_value priority = val_number(last->claim.priority);
    struct pin_value turn = val_number(last->turn), id = val_id(&last->claim.hold.id);
    pin_status st = pin__sql_run(c->s->session, move,
                                 VALUES(val_number(lease_of(r)), val_number(r->now_ms),
                                        val_text(r->worker), queue, priority, turn, id),
                                 NULL, err);

    pin__fault("store.claim.mid");
    if (st == PIN_OK)
        st = pin__sql_run(c->s->session, leave, VALUES(queue, priority, turn, id), NULL, err);
    return st;
}

/* The queue's own turn: the highest that was claimed, once for each queue and priority. */
static pin_status
move_turn_on(struct claiming *c, const struct candidate *last, struct pin_err *err)
{
    static const char sql[] = "insert into pinstripe_turns (queue, priority, tenant, turn)"
                              " values (?, ?, '', ?) on conflict (queue, priority, tenant)"
                              " do update set turn = max(turn, excluded.turn)";

    return pin__sql_run(c->s->session, sql,
                        VALUES(val_text(last->claim.queue), val_number(last->claim.priority),
                               val_number(last->turn)),
                        NULL, err);
}

static bool
same_group(const struct candidate *a, const struct candidate *b)
{
    return a->claim.queue == b->claim.queue && a->claim.priority == b->claim.priority;
}

/* Candidates stand by queue, priority and turn; of each queue the first were taken or held. */
static pin_status
take_fronts(struct claiming *c, struct pin_err *err)
{
    const struct candidate *last = NULL;
    pin_status st = PIN_OK;

    for (size_t i = 0; st == PIN_OK && i <= c->found_count; i++) {
        const struct candidate *at = i < c->found_count ? &c->found[i] : NULL;

        if (at && !at->taken)
            continue;
        if (last && (!at || !same_group(at, last))) {
            st = take_front(c, last, err);
            if (st == PIN_OK)
                st = move_turn_on(c, last, err);
        }
        last = at;
    }
    return st;
}

static pin_status
one_round(struct claiming *c, struct pin_err *err)
{
    size_t want = c->request->limit - c->got;
    pin_status st = PIN_OK;

    c->found_count = 0;
    c->held_now = 0;
    for (size_t i = 0; st == PIN_OK && i < c->queue_count; i++)
        st = read_candidates(c, c->queues[i], want, err);
    pin__fault("store.claim.after_select");
    if (st != PIN_OK)
        return st;
    if (c->queue_count > 1 && c->found_count > 1)
        qsort(c->order, c->found_count, sizeof(struct candidate *), by_priority);
    for (size_t i = 0; st == PIN_OK && i < c->found_count && c->got < c->request->limit; i++)
        st = take_or_hold(c, c->order[i], err);
    return st == PIN_OK ? take_fronts(c, err) : st;
}

static pin_status
claim_all(struct claiming *c, struct pin_err *err)
{
    size_t room;
    pin_status st;

    if ((st = let_due_in(c, err)) != PIN_OK || (st = read_queues(c, err)) != PIN_OK)
        return st;
    if (!c->queue_count)
        return PIN_OK;
    if (c->request->worker && !(c->worker = pin__arena_strdup(c->arena, c->request->worker)))
        return pin__err_no_memory(err);
    room = c->request->limit * c->queue_count + 1;
    c->found = pin__arena_alloc(c->arena, room * sizeof *c->found);
    c->order = pin__arena_alloc(c->arena, room * sizeof(struct candidate *));
    if (!c->found || !c->order)
        return pin__err_no_memory(err);
    do
        st = one_round(c, err);
    while (st == PIN_OK && c->got < c->request->limit && c->held_now > 0 &&
           c->held < HOLDS_AT_ONCE);
    return st;
}

pin_status
pin__part_claim(struct pin_store *s, const struct pin_claim_request *request,
                struct pin_arena *arena, struct pin_claim *out, size_t *count, struct pin_err *err)
{
    struct claiming c = { .s = s, .request = request, .arena = arena, .out = out };
    pin_status st;

    *count = 0;
    if ((st = pin__part_begin(s, err)) != PIN_OK)
        return st;
    st = claim_all(&c, err);
    pin__fault("store.claim.before_commit");
    if ((st = pin__part_end(s, st, err)) != PIN_OK)
        return st;
    pin__fault("store.claim.after_commit");
    *count = c.got;
    return c.got ? PIN_OK : PIN_EMPTY;
}

pin_status
pin__part_next_due(struct pin_store *s, int64_t *due_ms, struct pin_err *err)
{
    return pin__sql_integer(
        s->session, "select dueAt from pinstripe_runs where state = 0 order by dueAt limit 1", NULL,
        0, due_ms, err);
}

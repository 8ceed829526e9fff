/* sqlite_enqueue.c - putting runs in: once for each key, unique window, occurrence and child. */
#include "store/sqlite_parts.h"

enum { KEY_BYTES_MAX = 2 << 20 };

/* --- turns --- */

static const char *
queue_of(const struct pin_enqueue *e)
{
    return e->queue ? e->queue : PIN_STORE_QUEUE;
}

/* A child's: the queue's turn less one, when its tenant has nothing that says otherwise. Nothing is
 * kept of it, since one run for each of many tenants is no crowd; PIN_EMPTY when the tenant has a
 * turn of its own. */
static pin_status
turn_of_child(struct pin_store *s, const struct pin_enqueue *e, int64_t *turn, struct pin_err *err)
{
    static const char sql[] =
        "select coalesce((select turn from pinstripe_turns where queue = ?1 and priority = ?2"
        " and tenant = ''), 1) - 1 where not exists (select 1 from pinstripe_turns"
        " where queue = ?1 and priority = ?2 and tenant = ?3)";

    return pin__sql_integer(
        s->session, sql,
        VALUES(val_text(queue_of(e)), val_number(e->priority), val_text(e->tenant)), turn, err);
}

/* Reading and then writing costs half of one statement that returns what it wrote. */
pin_status
pin__part_turns(struct pin_store *s, const char *queue, int64_t priority, const char *tenant,
                int64_t count, int64_t *first, struct pin_err *err)
{
    static const char read[] =
        "select max(coalesce((select turn + 1 from pinstripe_turns where queue = ?1"
        " and priority = ?2 and tenant = ?3), -1152921504606846976), coalesce((select turn from "
        "pinstripe_turns"
        " where queue = ?1 and priority = ?2 and tenant = ''), 1) - 1)";
    static const char write[] = "insert or replace into pinstripe_turns values (?, ?, ?, ?)";
    struct pin_value whose = val_text(tenant ? tenant : "-");
    pin_status st = pin__sql_integer(
        s->session, read, VALUES(val_text(queue), val_number(priority), whose), first, err);

    if (st != PIN_OK)
        return st;
    return pin__sql_run(
        s->session, write,
        VALUES(val_text(queue), val_number(priority), whose, val_number(*first + count - 1)), NULL,
        err);
}

/* Turns of neighbours in a bulk are taken together. */
struct turns {
    const struct pin_enqueue *runs;
    size_t count;
    int64_t now_ms;
    int64_t next;
    size_t left;
};

static bool
same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
shares_turns(const struct pin_enqueue *a, const struct pin_enqueue *b, int64_t now_ms)
{
    return b->due_ms <= now_ms && a->priority == b->priority && same_text(a->tenant, b->tenant) &&
           same_text(queue_of(a), queue_of(b));
}

/* Of run `at`, and of those after it that are alike. What is not used is lost, which harms nobody.
 */
static pin_status
take_turn(struct pin_store *s, struct turns *t, size_t at, int64_t *turn, struct pin_err *err)
{
    const struct pin_enqueue *e = &t->runs[at];
    size_t n = 1;
    pin_status st = PIN_OK;

    if (e->role == PIN_ROLE_CHILD && t->left == 0 &&
        (st = turn_of_child(s, e, turn, err)) != PIN_EMPTY)
        return st;
    st = PIN_OK;
    if (t->left == 0 || !shares_turns(&t->runs[at - 1], e, t->now_ms)) {
        while (at + n < t->count && shares_turns(e, &t->runs[at + n], t->now_ms))
            n++;
        st = pin__part_turns(s, queue_of(e), e->priority, e->tenant, (int64_t)n, &t->next, err);
        t->left = n;
    }
    *turn = t->next++;
    t->left--;
    return st;
}

/* --- once --- */

static struct pin_bytes
args_of(const struct pin_enqueue *e)
{
    return e->args.data ? e->args : (struct pin_bytes){ "[]", 2 };
}

/* "k" or "u", job, tenant and key or arguments: a key of one tenant never meets another's. Names
 * have no control characters. */
static void
key_text(struct pin_buf *b, const char *kind, const struct pin_enqueue *e, struct pin_bytes what)
{
    pin__buf_clear(b);
    pin__buf_addf(b, "%s\x1f%s\x1f%s\x1f", kind, e->job, e->tenant ? e->tenant : "");
    pin__buf_add(b, what.data, what.size);
}

static pin_status
find_run(struct pin_store *s, const char *sql, const struct pin_value *values, size_t count,
         struct pin_enqueued *out, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(&q, s->session, sql, values, count, err);

    if (st != PIN_OK)
        return st;
    if ((st = pin__sql_step(&q, err)) == PIN_OK) {
        row_id(&q.row[0], &out->id);
        out->existed = true;
    }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
find_key(struct pin_store *s, const struct pin_buf *key, int64_t now_ms, struct pin_enqueued *out,
         struct pin_err *err)
{
    static const char sql[] =
        "select run from pinstripe_keys where uniqueKey = ? and keptUntil > ?";
    pin_status st = pin__buf_check(key, "the run's key", err);

    if (st != PIN_OK)
        return st;
    return find_run(s, sql, VALUES(pin__value_bytes(key->data, key->size), val_number(now_ms)), out,
                    err);
}

static pin_status
keep_key(struct pin_store *s, const struct pin_buf *key, const struct pin_run_id *id,
         int64_t until_ms, struct pin_err *err)
{
    return pin__sql_run(
        s->session, "insert or replace into pinstripe_keys values (?, ?, ?)",
        VALUES(pin__value_bytes(key->data, key->size), val_id(id), val_number(until_ms)), NULL,
        err);
}

/* Looks for both keys first, so that nothing is kept for a run that is not made. */
static pin_status
check_keys(struct pin_store *s, const struct pin_enqueue *e, int64_t now_ms,
           struct pin_enqueued *out, struct pin_err *err)
{
    struct pin_buf key = PIN_BUF_INIT(KEY_BYTES_MAX), unique = PIN_BUF_INIT(KEY_BYTES_MAX);
    pin_status st = PIN_OK;

    if (e->key) {
        key_text(&key, "k", e, (struct pin_bytes){ e->key, strlen(e->key) });
        st = find_key(s, &key, now_ms, out, err);
    }
    if (st == PIN_OK && !out->existed && e->unique_for_ms > 0) {
        key_text(&unique, "u", e, args_of(e));
        st = find_key(s, &unique, now_ms, out, err);
    }
    if (st != PIN_OK || out->existed)
        goto out;
    if (e->key)
        st = keep_key(s, &key, &e->id,
                      now_ms + (e->key_for_ms > 0 ? e->key_for_ms : PIN_STORE_KEY_MS), err);
    if (st == PIN_OK && e->unique_for_ms > 0)
        st = keep_key(s, &unique, &e->id, now_ms + e->unique_for_ms, err);
out:
    pin__buf_fini(&key);
    pin__buf_fini(&unique);
    return st;
}

static pin_status
find_occurrence(struct pin_store *s, const struct pin_enqueue *e, struct pin_enqueued *out,
                struct pin_err *err)
{
    return find_run(s,
                    "select run from pinstripe_occurrences where schedule = ? and dueAt = ?"
                    " and tenant = ?",
                    VALUES(val_text(e->schedule), val_number(e->scheduled_for_ms),
                           val_text(e->tenant ? e->tenant : "")),
                    out, err);
}

/* Whoever writes it first makes the run; that it is there already is rare, and looked at only then.
 */
static pin_status
add_occurrence(struct pin_store *s, const struct pin_enqueue *e, int64_t now_ms,
               struct pin_enqueued *out, struct pin_err *err)
{
    int64_t changed = 0;
    pin_status st = pin__sql_run(
        s->session,
        "insert into pinstripe_occurrences (schedule, dueAt, tenant, result, run, decidedAt)"
        " values (?, ?, ?, ?, ?, ?) on conflict do nothing",
        VALUES(val_text(e->schedule), val_number(e->scheduled_for_ms),
               val_text(e->tenant ? e->tenant : ""), val_number(PIN_OCCURRENCE_RAN),
               val_id(&out->id), val_number(now_ms)),
        &changed, err);

    return st == PIN_OK && changed == 0 ? find_occurrence(s, e, out, err) : st;
}

/* It stands for the run that was there already for its key. */
static pin_status
point_occurrence(struct pin_store *s, const struct pin_enqueue *e, const struct pin_run_id *run,
                 struct pin_err *err)
{
    return pin__sql_run(s->session,
                        "update pinstripe_occurrences set run = ? where schedule = ? and dueAt = ?"
                        " and tenant = ?",
                        VALUES(val_id(run), val_text(e->schedule), val_number(e->scheduled_for_ms),
                               val_text(e->tenant ? e->tenant : "")),
                        NULL, err);
}

/* --- the row --- */

pin_status
pin__part_make_ready(struct pin_store *s, const struct pin_run_id *id, struct pin_err *err)
{
    return pin__sql_run(s->session,
                        "insert into pinstripe_ready select queue, priority, turn, id, token"
                        " from pinstripe_runs where id = ? and state = 1",
                        VALUES(val_id(id)), NULL, err);
}

static pin_status
insert_ready(struct pin_store *s, const struct pin_enqueue *e, int64_t turn, struct pin_err *err)
{
    return pin__sql_run(
        s->session, "insert into pinstripe_ready values (?, ?, ?, ?, 0)",
        VALUES(val_text(queue_of(e)), val_number(e->priority), val_number(turn), val_id(&e->id)),
        NULL, err);
}

static pin_status
insert_run(struct pin_store *s, const struct pin_enqueue *e, bool delayed, int64_t turn,
           int64_t now_ms, struct pin_enqueued *out, struct pin_err *err)
{
    static const char sql[] =
        "insert into pinstripe_runs (id, state, priority, turn, attemptLimit, dueAt, role,"
        " triggeredBy, createdAt, gateLimit, scheduledFor, queue, job, tenant, gate, schedule,"
        " uniqueKey, parent, args, params, tenantZone)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " on conflict (parent, tenant) where role = 2 do nothing";
    enum pin_run_state state = delayed ? PIN_RUN_DELAYED : PIN_RUN_QUEUED;
    int64_t changed = 0;
    pin_status st = pin__sql_run(
        s->session, sql,
        VALUES(val_id(&e->id), val_number(state), val_number(e->priority), val_number(turn),
               val_number(e->attempt_limit > 0 ? e->attempt_limit : 1),
               val_number(delayed ? e->due_ms : now_ms), val_number(e->role),
               val_number(e->trigger), val_number(now_ms),
               e->gate ? val_number(e->gate_limit) : pin__value_null(),
               e->schedule ? val_number(e->scheduled_for_ms) : pin__value_null(),
               val_text(queue_of(e)), val_text(e->job), val_text(e->tenant), val_text(e->gate),
               val_text(e->schedule), val_text(e->key), val_id(e->parent), val_bytes(args_of(e)),
               val_bytes(e->params), val_text(e->tenant_zone)),
        &changed, err);

    if (st == PIN_CONFLICT)
        return pin__err_set(err, PIN_INVALID, "the id of a run of %s is another run's already",
                            e->job);
    out->existed = st == PIN_OK && changed == 0;
    return st == PIN_OK && changed && !delayed ? insert_ready(s, e, turn, err) : st;
}

static pin_status
check_once(struct pin_store *s, const struct pin_enqueue *e, int64_t now_ms,
           struct pin_enqueued *out, struct pin_err *err)
{
    pin_status st = PIN_OK;

    if (e->schedule && ((st = add_occurrence(s, e, now_ms, out, err)) != PIN_OK || out->existed))
        return st;
    if (e->key || e->unique_for_ms > 0)
        st = check_keys(s, e, now_ms, out, err);
    if (st == PIN_OK && out->existed && e->schedule)
        st = point_occurrence(s, e, &out->id, err);
    return st;
}

static pin_status
enqueue_one(struct pin_store *s, struct turns *t, size_t at, struct pin_enqueued *out,
            struct pin_err *err)
{
    const struct pin_enqueue *e = &t->runs[at];
    bool delayed = e->due_ms > t->now_ms;
    int64_t turn = 0;
    pin_status st;

    *out = (struct pin_enqueued){ .id = e->id };
    st = check_once(s, e, t->now_ms, out, err);
    pin__fault("store.enqueue.mid");
    if (st != PIN_OK || out->existed)
        return st;
    if (!delayed && (st = take_turn(s, t, at, &turn, err)) != PIN_OK)
        return st;
    return insert_run(s, e, delayed, turn, t->now_ms, out, err);
}

pin_status
pin__part_enqueue(struct pin_store *s, const struct pin_enqueue *runs, size_t count, int64_t now_ms,
                  struct pin_enqueued *out, struct pin_err *err)
{
    struct turns t = { .runs = runs, .count = count, .now_ms = now_ms };
    struct pin_enqueued unwanted;
    pin_status st;

    pin__fault("store.enqueue.before");
    if ((st = pin__part_begin(s, err)) != PIN_OK)
        return st;
    for (size_t i = 0; st == PIN_OK && i < count; i++)
        st = enqueue_one(s, &t, i, out ? &out[i] : &unwanted, err);
    pin__fault("store.enqueue.before_commit");
    st = pin__part_end(s, st, err);
    pin__fault("store.enqueue.after_commit");
    return st;
}

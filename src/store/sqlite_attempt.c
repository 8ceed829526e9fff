/* sqlite_attempt.c - what the holder of a run may say: it lives, it ended, take it back; and taking
 * back from a holder that says nothing. Every write names run and token. */
#include "store/sqlite_parts.h"

enum { RESCUE_AT_ONCE = 1000, REASON_BYTES = 512 };

static pin_status
lost(const struct pin_hold *hold, struct pin_err *err)
{
    char id[PIN_RUN_ID_TEXT];

    pin__run_id_text(&hold->id, id);
    return pin__err_set(err, PIN_LOST,
                        "the run %s is no longer held with token %lld; what came of this attempt is"
                        " dropped",
                        id, (long long)hold->token);
}

/* A statement whose last two parameters are the hold. */
static pin_status
write_held(struct pin_store *s, const struct pin_hold *hold, const char *sql,
           const struct pin_value *values, size_t count, struct pin_err *err)
{
    int64_t changed = 0;
    pin_status st = pin__sql_run(s->session, sql, values, count, &changed, err);

    return st == PIN_OK && changed == 0 ? lost(hold, err) : st;
}

#define HELD " where run = ? and token = ?"

/* --- while it runs --- */

pin_status
pin__part_start(struct pin_store *s, const struct pin_hold *hold, const char *worker,
                int64_t now_ms, struct pin_err *err)
{
    return write_held(
        s, hold, "update pinstripe_claims set startedAt = ?, worker = ?" HELD,
        VALUES(val_number(now_ms), val_text(worker), val_id(&hold->id), val_number(hold->token)),
        err);
}

static pin_status
beat_one(struct pin_store *s, const struct pin_hold *hold, int64_t lease_until_ms,
         enum pin_beat_answer *answer, struct pin_err *err)
{
    int64_t changed = 0, cancel = 0;
    pin_status st =
        pin__sql_run(s->session, "update pinstripe_claims set leaseUntil = ?" HELD,
                     VALUES(val_number(lease_until_ms), val_id(&hold->id), val_number(hold->token)),
                     &changed, err);

    if (st == PIN_OK && changed)
        st = pin__sql_integer(s->session, "select cancelRequested from pinstripe_runs where id = ?",
                              VALUES(val_id(&hold->id)), &cancel, err);
    *answer = !changed ? PIN_BEAT_LOST : cancel ? PIN_BEAT_CANCEL : PIN_BEAT_ON;
    return st;
}

pin_status
pin__part_beat(struct pin_store *s, const struct pin_hold *holds, size_t count,
               int64_t lease_until_ms, enum pin_beat_answer *answers, struct pin_err *err)
{
    pin_status st = pin__part_begin(s, err);

    if (st != PIN_OK)
        return st;
    for (size_t i = 0; st == PIN_OK && i < count; i++)
        st = beat_one(s, &holds[i], lease_until_ms, &answers[i], err);
    return pin__part_end(s, st, err);
}

pin_status
pin__part_progress(struct pin_store *s, const struct pin_hold *hold, int64_t done, int64_t total,
                   const char *text, struct pin_err *err)
{
    return write_held(s, hold,
                      "update pinstripe_claims set progress ="
                      " json_object('done', ?, 'total', ?, 'text', ?)" HELD,
                      VALUES(val_number(done), val_number(total), val_text(text), val_id(&hold->id),
                             val_number(hold->token)),
                      err);
}

/* --- the end of an attempt --- */

struct attempt {
    int attempt, attempt_limit, attempt_base, lost;
    bool cancel_requested;
    int64_t started_ms;
    char worker[128];
};

static pin_status
read_attempt(struct pin_store *s, const struct pin_hold *hold, struct attempt *out,
             struct pin_err *err)
{
    const char *worker;
    struct pin_sql q;
    pin_status st = pin__sql_start(
        &q, s->session,
        "select attempt + 1, attemptLimit, lost, cancelRequested, c.worker, c.startedAt,"
        " attemptBase from pinstripe_claims c join pinstripe_runs r on r.id = c.run"
        " where c.run = ? and c.token = ?",
        VALUES(val_id(&hold->id), val_number(hold->token)), err);

    if (st != PIN_OK)
        return st;
    if ((st = pin__sql_step(&q, err)) == PIN_OK) {
        worker = row_text(&q.row[4]);
        *out = (struct attempt){ .attempt = (int)row_number(&q.row[0]),
                                 .attempt_limit = (int)row_number(&q.row[1]),
                                 .lost = (int)row_number(&q.row[2]),
                                 .cancel_requested = row_number(&q.row[3]) != 0,
                                 .started_ms = row_number(&q.row[5]),
                                 .attempt_base = (int)row_number(&q.row[6]) };
        snprintf(out->worker, sizeof out->worker, "%s", worker ? worker : "");
    }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? lost(hold, err) : st;
}

/* Attempts that were lost are not the job's failures. */
static bool
may_retry(const struct attempt *a, const struct pin_result *r)
{
    return r->retry && !r->no_retry && !a->cancel_requested &&
           a->attempt - a->lost < a->attempt_limit;
}

/* The run is nobody's any more; its row keeps what the next claim goes on from. */
static pin_status
drop_claim(struct pin_store *s, const struct pin_hold *hold, struct pin_err *err)
{
    return write_held(s, hold, "delete from pinstripe_claims" HELD,
                      VALUES(val_id(&hold->id), val_number(hold->token)), err);
}

#define ADD_REASON                                                                                 \
    "reasons = json_insert(coalesce(reasons, '[]'), '$[#]',"                                       \
    " json_object('attempt', attempt + 1, 'at', ?, 'reason', ?))"

static pin_status
retry_later(struct pin_store *s, const struct pin_hold *hold, const struct attempt *a,
            const struct pin_result *r, int64_t now_ms, int64_t *due_ms, struct pin_err *err)
{
    static const char sql[] = "update pinstripe_runs set state = ?, dueAt = ?, token = ?,"
                              " attempt = attempt + 1, startedAt = ?, " ADD_REASON " where id = ?";
    pin_status st;

    *due_ms = now_ms + (r->retry_after_ms > 0
                            ? r->retry_after_ms
                            : pin__retry_delay_ms(r->retry, a->attempt - a->attempt_base - a->lost,
                                                  r->random));
    st = pin__sql_run(
        s->session, sql,
        VALUES(val_number(pin__run_next(PIN_RUN_RUNNING, PIN_EVENT_RETRY)), val_number(*due_ms),
               val_number(hold->token), val_number(r->started_ms ? r->started_ms : a->started_ms),
               val_number(now_ms), val_text(r->reason ? r->reason : r->outcome), val_id(&hold->id)),
        NULL, err);
    return st == PIN_OK ? drop_claim(s, hold, err) : st;
}

static const char *
gate_of(struct pin_store *s, const struct pin_hold *hold, struct pin_arena *arena, pin_status *st,
        struct pin_err *err)
{
    const char *gate = NULL;
    struct pin_sql q;

    if (!hold->gated)
        return NULL;
    *st = pin__sql_start(&q, s->session, "select gate from pinstripe_runs where id = ?",
                         VALUES(val_id(&hold->id)), err);
    if (*st != PIN_OK)
        return NULL;
    if ((*st = pin__sql_step(&q, err)) == PIN_OK && row_text(&q.row[0]) &&
        !(gate = pin__arena_strdup(arena, row_text(&q.row[0]))))
        *st = pin__err_no_memory(err);
    pin__sql_end(&q);
    if (*st == PIN_EMPTY)
        *st = PIN_OK;
    return gate;
}

/* Frees its place in the gate for the time until it is tried again. */
static pin_status
leave_gate(struct pin_store *s, const struct pin_hold *hold, struct pin_err *err)
{
    struct pin_arena arena = PIN_ARENA_INIT(1 << 20);
    pin_status st = PIN_OK;
    const char *gate = gate_of(s, hold, &arena, &st, err);

    if (st == PIN_OK && gate)
        st = pin__part_release_gate(s, gate, err);
    pin__arena_fini(&arena);
    return st;
}

static pin_status
finish_failed(struct pin_store *s, const struct pin_hold *hold, const struct pin_result *r,
              int64_t now_ms, struct pin_finished *out, struct pin_err *err)
{
    struct attempt a;
    struct pin_ending e = { .hold = *hold,
                            .from = PIN_RUN_RUNNING,
                            .event = PIN_EVENT_FAIL,
                            .result = r,
                            .reason = r->reason ? r->reason : r->outcome,
                            .now_ms = now_ms };
    pin_status st = read_attempt(s, hold, &a, err);

    if (st != PIN_OK)
        return st;
    if (!may_retry(&a, r)) {
        out->state = pin__run_next(e.from, e.event);
        return pin__part_end_run(s, &e, err);
    }
    out->state = PIN_RUN_DELAYED;
    st = retry_later(s, hold, &a, r, now_ms, &out->due_ms, err);
    pin__fault("store.retry.mid");
    return st == PIN_OK ? leave_gate(s, hold, err) : st;
}

static pin_status
finish_cancelled(struct pin_store *s, const struct pin_ending *e, struct pin_err *err)
{
    pin_status st = pin__part_end_run(s, e, err);

    if (st == PIN_OK && e->hold.parent)
        st = pin__part_cancel_children(s, &e->hold.id, e->now_ms, err);
    return st;
}

pin_status
pin__part_finish(struct pin_store *s, const struct pin_hold *hold, const struct pin_result *result,
                 int64_t now_ms, struct pin_finished *out, struct pin_err *err)
{
    struct pin_ending e = { .hold = *hold,
                            .from = PIN_RUN_RUNNING,
                            .event = result->cancelled ? PIN_EVENT_CANCEL : PIN_EVENT_SUCCEED,
                            .result = result,
                            .now_ms = now_ms };
    pin_status st;

    *out = (struct pin_finished){ .state = pin__run_next(e.from, e.event) };
    if ((st = pin__part_begin(s, err)) != PIN_OK)
        return st;
    if (result->cancelled)
        st = finish_cancelled(s, &e, err);
    else if (result->succeeded)
        st = pin__part_may_end_claimed(hold, result)
                 ? pin__part_end_claimed(s, hold, result, now_ms, err)
                 : pin__part_end_run(s, &e, err);
    else
        st = finish_failed(s, hold, result, now_ms, out, err);
    pin__fault("store.finish.before_commit");
    st = pin__part_end(s, st, err);
    pin__fault("store.finish.after_commit");
    return st;
}

/* --- back in the queue --- */

static pin_status
end_as_cancelled(struct pin_store *s, const struct pin_hold *hold, int64_t now_ms,
                 struct pin_err *err)
{
    static const struct pin_result result = { .cancelled = true, .outcome = "cancelled" };
    struct pin_ending e = { .hold = *hold,
                            .from = PIN_RUN_RUNNING,
                            .event = PIN_EVENT_CANCEL,
                            .result = &result,
                            .now_ms = now_ms };

    return finish_cancelled(s, &e, err);
}

/* With the turn that it had: in front of its tenant's others. `counted`: 1 when the attempt was
 * one. */
static pin_status
queue_again(struct pin_store *s, const struct pin_hold *hold, enum pin_run_event event,
            int64_t counted, struct pin_err *err)
{
    pin_status st = pin__sql_run(
        s->session,
        "update pinstripe_runs set state = ?, token = ?, attempt = attempt + ? where id = ?",
        VALUES(val_number(pin__run_next(PIN_RUN_RUNNING, event)), val_number(hold->token),
               val_number(counted), val_id(&hold->id)),
        NULL, err);

    if (st == PIN_OK)
        st = drop_claim(s, hold, err);
    pin__fault("store.again.mid");
    return st == PIN_OK ? pin__part_make_ready(s, &hold->id, err) : st;
}

static pin_status
give_back(struct pin_store *s, const struct pin_hold *hold, int64_t now_ms, struct pin_err *err)
{
    struct attempt a;
    pin_status st = read_attempt(s, hold, &a, err);

    if (st != PIN_OK)
        return st;
    if (a.cancel_requested)
        return end_as_cancelled(s, hold, now_ms, err);
    return queue_again(s, hold, PIN_EVENT_GIVE_BACK, 0, err);
}

pin_status
pin__part_give_back(struct pin_store *s, const struct pin_hold *hold, int64_t now_ms,
                    struct pin_err *err)
{
    pin_status st = pin__part_begin(s, err);

    return st == PIN_OK ? pin__part_end(s, give_back(s, hold, now_ms, err), err) : st;
}

static pin_status
fail_as_lost(struct pin_store *s, const struct pin_hold *hold, const char *reason, int64_t now_ms,
             struct pin_err *err)
{
    struct pin_buf error = PIN_BUF_INIT(8 << 10), message = PIN_BUF_INIT(4 << 10);
    struct pin_result result = { .outcome = "lost" };
    struct pin_ending e = { .hold = *hold,
                            .from = PIN_RUN_RUNNING,
                            .event = PIN_EVENT_FAIL,
                            .result = &result,
                            .now_ms = now_ms };
    pin_status st;

    pin__buf_addf(&message, "The run was lost %d times, the last time because %.512s",
                  PIN_STORE_LOST_LIMIT, reason);
    pin__buf_adds(&error, "{\"name\":\"LostError\",\"message\":");
    pin__buf_add_json_string(&error, message.data, message.size);
    pin__buf_adds(&error, "}");
    if ((st = pin__buf_check(&error, "the error of a lost run", err)) == PIN_OK) {
        result.error = (struct pin_bytes){ error.data, error.size };
        st = pin__part_end_run(s, &e, err);
    }
    pin__buf_fini(&error);
    pin__buf_fini(&message);
    return st;
}

static pin_status
count_loss(struct pin_store *s, const struct pin_hold *hold, const struct attempt *a,
           const char *reason, int64_t now_ms, struct pin_err *err)
{
    return pin__sql_run(
        s->session,
        "update pinstripe_runs set lost = lost + 1, startedAt = ?, " ADD_REASON " where id = ?",
        VALUES(val_number(a->started_ms), val_number(now_ms), val_text(reason), val_id(&hold->id)),
        NULL, err);
}

static pin_status
lose(struct pin_store *s, const struct pin_hold *hold, const char *reason, int64_t now_ms,
     struct pin_finished *out, struct pin_err *err)
{
    char text[REASON_BYTES];
    struct attempt a;
    pin_status st = read_attempt(s, hold, &a, err);

    if (st != PIN_OK)
        return st;
    if (reason)
        snprintf(text, sizeof text, "%s", reason);
    else
        snprintf(text, sizeof text, "its lease lapsed: %s stopped answering",
                 a.worker[0] ? a.worker : "its worker");
    if ((st = count_loss(s, hold, &a, text, now_ms, err)) != PIN_OK)
        return st;
    if (a.cancel_requested) {
        out->state = PIN_RUN_CANCELLED;
        return end_as_cancelled(s, hold, now_ms, err);
    }
    if (a.lost + 1 >= PIN_STORE_LOST_LIMIT) {
        out->state = PIN_RUN_FAILED;
        return fail_as_lost(s, hold, text, now_ms, err);
    }
    out->state = pin__run_next(PIN_RUN_RUNNING, PIN_EVENT_LOSE);
    return queue_again(s, hold, PIN_EVENT_LOSE, 1, err);
}

pin_status
pin__part_lose(struct pin_store *s, const struct pin_hold *hold, const char *reason, int64_t now_ms,
               struct pin_finished *out, struct pin_err *err)
{
    pin_status st = pin__part_begin(s, err);

    *out = (struct pin_finished){ .state = PIN_RUN_QUEUED };
    return st == PIN_OK ? pin__part_end(s, lose(s, hold, reason, now_ms, out, err), err) : st;
}

/* --- rescue --- */

static pin_status
read_lapsed(struct pin_store *s, const struct pin_rescue *r, struct pin_hold *holds, size_t room,
            size_t *count, struct pin_err *err)
{
    int64_t able_ms = r->now_ms - r->able_since_ms;
    int64_t from =
        able_ms >= pin__fault_ms("PIN_SWEEP_MS", PIN_STORE_SWEEP_MS) ? INT64_MIN : r->able_since_ms;
    int64_t ahead = able_ms >= PIN_STORE_LEASE_MS ? r->now_ms + 2 * PIN_STORE_LEASE_MS : INT64_MAX;
    struct pin_sql q;
    pin_status st = pin__sql_start(
        &q, s->session,
        "select run, c.token, r.gate is not null, role from pinstripe_claims c cross join"
        " pinstripe_runs r on r.id = c.run where leaseUntil between ? and ? or leaseUntil > ?"
        " order by leaseUntil limit ?",
        VALUES(val_number(from), val_number(r->now_ms), val_number(ahead),
               val_number((int64_t)room)),
        err);

    *count = 0;
    if (st != PIN_OK)
        return st;
    while (*count < room && (st = pin__sql_step(&q, err)) == PIN_OK) {
        struct pin_hold *h = &holds[(*count)++];

        row_id(&q.row[0], &h->id);
        h->token = row_number(&q.row[1]);
        h->gated = row_number(&q.row[2]) != 0;
        h->child = row_number(&q.row[3]) == PIN_ROLE_CHILD;
        h->parent = row_number(&q.row[3]) == PIN_ROLE_PARENT;
    }
    pin__sql_end(&q);
    return st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__part_rescue(struct pin_store *s, const struct pin_rescue *rescue, size_t *count,
                 struct pin_err *err)
{
    size_t room = rescue->limit ? rescue->limit : RESCUE_AT_ONCE, found = 0;
    struct pin_hold *holds = calloc(room, sizeof *holds);
    struct pin_finished unwanted;
    pin_status st;

    *count = 0;
    if (!holds)
        return pin__err_no_memory(err);
    if ((st = pin__part_begin(s, err)) != PIN_OK)
        goto out;
    st = read_lapsed(s, rescue, holds, room, &found, err);
    for (size_t i = 0; st == PIN_OK && i < found; i++) {
        pin__fault("store.rescue.mid");
        st = lose(s, &holds[i], NULL, rescue->now_ms, &unwanted, err);
    }
    if ((st = pin__part_end(s, st, err)) == PIN_OK)
        *count = found;
out:
    free(holds);
    return st;
}

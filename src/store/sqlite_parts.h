/* sqlite_parts.h - what the files of the SQLite driver share. Inside this folder only.
 *
 * The tables stand in store_sqlite.c. Numbers of states in SQL text are those of state.h (a partial
 * index is only used for a literal); a state that is written comes from pin__run_next.
 */
#ifndef PIN_STORE_SQLITE_PARTS_H
#define PIN_STORE_SQLITE_PARTS_H

#include "base/fault.h"
#include "database/sql.h"
#include "store/driver.h"

/* Parameters of a statement: ..., VALUES(a, b), ... stands for two arguments. */
#define VALUES(...)                                                                                \
    (const struct pin_value[]){ __VA_ARGS__ },                                                     \
        sizeof((const struct pin_value[]){ __VA_ARGS__ }) / sizeof(struct pin_value)

#define ALL_MADE "" /* a parent's cursor when all its children are made */

static inline struct pin_value
val_number(int64_t v)
{
    return pin__value_integer(v);
}
static inline struct pin_value
val_text(const char *text) /* NULL is NULL */
{
    return text ? pin__value_text(text) : pin__value_null();
}
static inline struct pin_value
val_bytes(struct pin_bytes b)
{
    return b.data ? pin__value_bytes(b.data, b.size) : pin__value_null();
}
static inline struct pin_value
val_id(const struct pin_run_id *id) /* NULL is NULL */
{
    return id ? pin__value_blob(id->bytes, sizeof id->bytes) : pin__value_null();
}

static inline int64_t
row_number(const struct pin_value *v) /* NULL is 0 */
{
    return v->type == PIN_VALUE_INTEGER ? v->integer : 0;
}
static inline struct pin_bytes
row_bytes(const struct pin_value *v)
{
    return v->type == PIN_VALUE_TEXT || v->type == PIN_VALUE_BLOB ? v->bytes
                                                                  : (struct pin_bytes){ NULL, 0 };
}
static inline const char *
row_text(const struct pin_value *v) /* SQLite ends text with a NUL */
{
    return row_bytes(v).data;
}
static inline bool
row_id(const struct pin_value *v, struct pin_run_id *out)
{
    struct pin_bytes b = row_bytes(v);

    *out = (struct pin_run_id){ { 0 } };
    if (b.size != sizeof out->bytes)
        return false;
    memcpy(out->bytes, b.data, b.size);
    return true;
}

/* store_sqlite.c: an operation joins the open transaction or is one. `end` keeps what was done when
 * the status says that nothing went wrong or nothing was changed, and gives that status. */
pin_status pin__part_begin(struct pin_store *s, struct pin_err *err) PIN_MUST_USE;
pin_status pin__part_end(struct pin_store *s, pin_status st, struct pin_err *err) PIN_MUST_USE;

/* The state of a row of pinstripe_runs r, left join pinstripe_claims c: one that is due is running
 * while it is claimed. */
#define STATE_NOW   "case when state = 1 and c.run is not null then 2 else state end"
#define WITH_CLAIMS " from pinstripe_runs r left join pinstripe_claims c on c.run = r.id"

/* sqlite_enqueue.c: a block of `count` turns of one tenant in one queue and priority; *first is the
 * first of them. */
pin_status pin__part_turns(struct pin_store *s, const char *queue, int64_t priority,
                           const char *tenant, int64_t count, int64_t *first,
                           struct pin_err *err) PIN_MUST_USE;
/* Puts a run, whose row says that it is due, where it can be claimed. */
pin_status pin__part_make_ready(struct pin_store *s, const struct pin_run_id *id,
                                struct pin_err *err) PIN_MUST_USE;
pin_status pin__part_enqueue(struct pin_store *s, const struct pin_enqueue *runs, size_t count,
                             int64_t now_ms, struct pin_enqueued *out, struct pin_err *err);

/* sqlite_claim.c */
pin_status pin__part_claim(struct pin_store *s, const struct pin_claim_request *request,
                           struct pin_arena *arena, struct pin_claim *out, size_t *count,
                           struct pin_err *err);
pin_status pin__part_next_due(struct pin_store *s, int64_t *due_ms, struct pin_err *err);

/* sqlite_attempt.c */
pin_status pin__part_start(struct pin_store *s, const struct pin_hold *hold, const char *worker,
                           int64_t now_ms, struct pin_err *err);
pin_status pin__part_beat(struct pin_store *s, const struct pin_hold *holds, size_t count,
                          int64_t lease_until_ms, enum pin_beat_answer *answers,
                          struct pin_err *err);
pin_status pin__part_progress(struct pin_store *s, const struct pin_hold *hold, int64_t done,
                              int64_t total, const char *text, struct pin_err *err);
pin_status pin__part_finish(struct pin_store *s, const struct pin_hold *hold,
                            const struct pin_result *result, int64_t now_ms,
                            struct pin_finished *out, struct pin_err *err);
pin_status pin__part_give_back(struct pin_store *s, const struct pin_hold *hold, int64_t now_ms,
                               struct pin_err *err);
pin_status pin__part_lose(struct pin_store *s, const struct pin_hold *hold, const char *reason,
                          int64_t now_ms, struct pin_finished *out, struct pin_err *err);
pin_status pin__part_rescue(struct pin_store *s, const struct pin_rescue *rescue, size_t *count,
                            struct pin_err *err);

/* sqlite_end.c: how a run leaves the live table, whatever its state, and what follows from it: its
 * gate lets the next one in, its parent may have ended. */
struct pin_ending {
    struct pin_hold hold;
    enum pin_run_state from;
    enum pin_run_event event;
    const struct pin_result *result; /* NULL: cancelled without having run */
    const char *reason;              /* appended to the list; NULL: nothing */
    int64_t now_ms;
};
/* PIN_LOST when the run is not in that state with that token. */
pin_status pin__part_end_run(struct pin_store *s, const struct pin_ending *e,
                             struct pin_err *err) PIN_MUST_USE;
/* The same for a run that succeeded, with what its holder has: only when that is enough. */
bool pin__part_may_end_claimed(const struct pin_hold *hold, const struct pin_result *r);
pin_status pin__part_end_claimed(struct pin_store *s, const struct pin_hold *hold,
                                 const struct pin_result *r, int64_t now_ms,
                                 struct pin_err *err) PIN_MUST_USE;
pin_status pin__part_release_gate(struct pin_store *s, const char *gate,
                                  struct pin_err *err) PIN_MUST_USE;
/* Ends the waiting parent when it has no live child. *state stays when it has not ended. */
pin_status pin__part_settle_parent(struct pin_store *s, const struct pin_run_id *parent,
                                   int64_t now_ms, enum pin_run_state *state,
                                   struct pin_err *err) PIN_MUST_USE;
pin_status pin__part_cancel_children(struct pin_store *s, const struct pin_run_id *parent,
                                     int64_t now_ms, struct pin_err *err) PIN_MUST_USE;
pin_status pin__part_fan_out(struct pin_store *s, const struct pin_hold *hold,
                             const struct pin_enqueue *children, size_t count, const char *cursor,
                             bool done, int64_t now_ms, enum pin_run_state *state,
                             struct pin_err *err);
pin_status pin__part_cancel(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                            enum pin_run_state *state, struct pin_err *err);
pin_status pin__part_record(struct pin_store *s, const struct pin_enqueue *run,
                            const struct pin_result *result, const char *worker, int64_t created_ms,
                            int64_t finished_ms, struct pin_err *err);

/* sqlite_retry.c */
pin_status pin__part_retry(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                           enum pin_run_state *state, struct pin_err *err);

/* sqlite_reconcile.c */
pin_status pin__part_reconcile(struct pin_store *s, const struct pin_reconcile *r,
                               struct pin_err *err);

/* sqlite_schedule.c */
pin_status pin__part_schedule(struct pin_store *s, const char *id, struct pin_arena *arena,
                              struct pin_schedule_row *out, struct pin_err *err);
pin_status pin__part_schedules(struct pin_store *s, int64_t until_ms, size_t limit,
                               struct pin_arena *arena, struct pin_schedule_row **rows,
                               size_t *count, struct pin_err *err);
pin_status pin__part_advance(struct pin_store *s, const char *id, int64_t evaluated_ms,
                             int64_t next_due_ms, struct pin_err *err);
pin_status pin__part_pause(struct pin_store *s, const char *name, bool paused, int64_t now_ms,
                           size_t *count, struct pin_err *err);
pin_status pin__part_occurrence(struct pin_store *s, const struct pin_occurrence *o,
                                struct pin_err *err);
pin_status pin__part_occurrences(struct pin_store *s, const char *schedule, int64_t from_ms,
                                 int64_t to_ms, size_t limit, pin_each_occurrence each,
                                 void *context, struct pin_err *err);
pin_status pin__part_schedule_live(struct pin_store *s, const char *schedule,
                                   struct pin_live_run *out, struct pin_err *err);

/* sqlite_bot.c */
pin_status pin__part_peek(struct pin_store *s, const char *const *queues, size_t queue_count,
                          struct pin_peek *out, struct pin_err *err);
pin_status pin__part_bot_tick(struct pin_store *s, const struct pin_bot_row *bot,
                              struct pin_err *err);
pin_status pin__part_bot_leave(struct pin_store *s, const char *name, struct pin_err *err);
pin_status pin__part_bots(struct pin_store *s, int64_t since_ms, struct pin_arena *arena,
                          struct pin_bot_row **rows, size_t *count, struct pin_err *err);

/* sqlite_gauges.c */
pin_status pin__part_gauges(struct pin_store *s, int64_t now_ms, struct pin_arena *arena,
                            struct pin_gauges *out, struct pin_err *err);

/* sqlite_look.c */
pin_status pin__part_list(struct pin_store *s, const struct pin_run_filter *filter,
                          pin_each_run each, void *context, struct pin_err *err);
pin_status pin__part_show(struct pin_store *s, const struct pin_run_id *id, pin_each_run each,
                          void *context, struct pin_err *err);
pin_status pin__part_count(struct pin_store *s, const struct pin_run_filter *filter,
                           int64_t counts[PIN_RUN_STATE_COUNT], struct pin_err *err);
pin_status pin__part_prune(struct pin_store *s, const struct pin_prune *prune, size_t *count,
                           bool *more, struct pin_err *err);
pin_status pin__part_output_add(struct pin_store *s, const struct pin_run_id *id, int stream,
                                struct pin_bytes bytes, int64_t now_ms, struct pin_err *err);
pin_status pin__part_output_read(struct pin_store *s, const struct pin_run_id *id, int64_t offset,
                                 pin_each_output each, void *context, struct pin_err *err);

#endif

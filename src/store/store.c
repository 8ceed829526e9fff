/* store.c - see store.h: each operation goes to the database's own way of doing it. */
#include "base/fault.h"
#include "database/session.h"
#include "store/driver.h"

static const struct pin_store_driver *const driver = &pin__store_sqlite; /* the one there is */

pin_status
pin__store_migrate(struct pin_session *session, const uint8_t identity[16], int64_t now_ms,
                   struct pin_err *err)
{
    return driver->migrate(session, identity, now_ms, err);
}

pin_status
pin__store_version(struct pin_session *session, int64_t *version, struct pin_err *err)
{
    return driver->version(session, version, err);
}

pin_status
pin__store_open(struct pin_store **out, struct pin_session *session, struct pin_err *err)
{
    struct pin_store *s = calloc(1, sizeof *s);
    pin_status st;

    *out = NULL;
    if (!s)
        return pin__err_no_memory(err);
    s->driver = driver;
    s->session = session;
    if ((st = driver->open(s, err)) != PIN_OK) {
        free(s);
        return st;
    }
    *out = s;
    return PIN_OK;
}

void
pin__store_close(struct pin_store *s)
{
    free(s);
}

const uint8_t *
pin__store_identity(const struct pin_store *s)
{
    return s->identity;
}

/* --- a batch --- */

pin_status
pin__store_begin(struct pin_store *s, struct pin_err *err)
{
    return pin__session_begin(s->session, (struct pin_mono){ 0 }, err);
}

pin_status
pin__store_commit(struct pin_store *s, struct pin_err *err)
{
    pin_status st;
    int code = pin__fault_errno("store.commit.before");

    if (code) {
        pin__session_rollback(s->session);
        return pin__err_errno(err, PIN_IO, code, "cannot commit to the store");
    }
    st = pin__session_commit(s->session, err);
    pin__fault("store.commit.after");
    return st;
}

void
pin__store_rollback(struct pin_store *s)
{
    pin__session_rollback(s->session);
}

pin_status
pin__store_set_durable(struct pin_store *s, bool durable, struct pin_err *err)
{
    pin_status st = s->hasty == !durable ? PIN_OK : s->driver->set_durable(s, durable, err);

    if (st == PIN_OK)
        s->hasty = !durable;
    return st;
}

pin_status
pin__store_sync(struct pin_store *s, struct pin_err *err)
{
    return s->driver->sync(s, err);
}

pin_status
pin__store_tidy(struct pin_store *s, struct pin_err *err)
{
    return s->driver->tidy(s, err);
}

void
pin__store_defer_tidying(struct pin_store *s)
{
    s->driver->defer_tidying(s);
}

bool
pin__store_wants_tidying(const struct pin_store *s)
{
    return s->driver->wants_tidying(s);
}

void
pin__store_note_tidying(struct pin_store *s)
{
    s->driver->note_tidying(s);
}

pin_status
pin__store_tidy_file(const char *filename, struct pin_err *err)
{
    return pin__store_sqlite.tidy_file(filename, err);
}

/* --- words --- */

const char *
pin__trigger_name(enum pin_trigger trigger)
{
    static const char *const names[] = { "cli", "repl", "view", "job", "schedule", "api" };

    return (unsigned)trigger < PIN_TRIGGER_COUNT ? names[trigger] : "unknown";
}

const char *
pin__occurrence_result_name(enum pin_occurrence_result result)
{
    static const char *const names[] = { "ran",    "late",   "skipped_overlap",
                                         "missed", "paused", "failed_to_start" };

    return (unsigned)result < PIN_OCCURRENCE_RESULT_COUNT ? names[result] : "unknown";
}

/* --- operations --- */

pin_status
pin__store_enqueue(struct pin_store *s, const struct pin_enqueue *runs, size_t count,
                   int64_t now_ms, struct pin_enqueued *out, struct pin_err *err)
{
    return s->driver->enqueue(s, runs, count, now_ms, out, err);
}

pin_status
pin__store_claim(struct pin_store *s, const struct pin_claim_request *request,
                 struct pin_arena *arena, struct pin_claim *out, size_t *count, struct pin_err *err)
{
    return s->driver->claim(s, request, arena, out, count, err);
}

pin_status
pin__store_next_due(struct pin_store *s, int64_t *due_ms, struct pin_err *err)
{
    return s->driver->next_due(s, due_ms, err);
}

pin_status
pin__store_start(struct pin_store *s, const struct pin_hold *hold, const char *worker,
                 int64_t now_ms, struct pin_err *err)
{
    return s->driver->start(s, hold, worker, now_ms, err);
}

pin_status
pin__store_beat(struct pin_store *s, const struct pin_hold *holds, size_t count,
                int64_t lease_until_ms, enum pin_beat_answer *answers, struct pin_err *err)
{
    return s->driver->beat(s, holds, count, lease_until_ms, answers, err);
}

pin_status
pin__store_progress(struct pin_store *s, const struct pin_hold *hold, int64_t done, int64_t total,
                    const char *text, struct pin_err *err)
{
    return s->driver->progress(s, hold, done, total, text, err);
}

pin_status
pin__store_finish(struct pin_store *s, const struct pin_hold *hold, const struct pin_result *result,
                  int64_t now_ms, struct pin_finished *out, struct pin_err *err)
{
    return s->driver->finish(s, hold, result, now_ms, out, err);
}

pin_status
pin__store_give_back(struct pin_store *s, const struct pin_hold *hold, int64_t now_ms,
                     struct pin_err *err)
{
    return s->driver->give_back(s, hold, now_ms, err);
}

pin_status
pin__store_lose(struct pin_store *s, const struct pin_hold *hold, const char *reason,
                int64_t now_ms, struct pin_finished *out, struct pin_err *err)
{
    return s->driver->lose(s, hold, reason, now_ms, out, err);
}

bool
pin__store_has_lapsed(int64_t lease_until_ms, int64_t now_ms)
{
    return lease_until_ms <= now_ms ||
           (lease_until_ms != INT64_MAX && lease_until_ms - now_ms > 2 * PIN_STORE_LEASE_MS);
}

pin_status
pin__store_rescue(struct pin_store *s, const struct pin_rescue *rescue, size_t *count,
                  struct pin_err *err)
{
    return s->driver->rescue(s, rescue, count, err);
}

pin_status
pin__store_fan_out(struct pin_store *s, const struct pin_hold *hold,
                   const struct pin_enqueue *children, size_t count, const char *cursor, bool done,
                   int64_t now_ms, enum pin_run_state *state, struct pin_err *err)
{
    return s->driver->fan_out(s, hold, children, count, cursor, done, now_ms, state, err);
}

pin_status
pin__store_cancel(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                  enum pin_run_state *state, struct pin_err *err)
{
    return s->driver->cancel(s, id, now_ms, state, err);
}

pin_status
pin__store_retry(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                 enum pin_run_state *state, struct pin_err *err)
{
    return s->driver->retry(s, id, now_ms, state, err);
}

pin_status
pin__store_record(struct pin_store *s, const struct pin_enqueue *run,
                  const struct pin_result *result, const char *worker, int64_t created_ms,
                  int64_t finished_ms, struct pin_err *err)
{
    return s->driver->record(s, run, result, worker, created_ms, finished_ms, err);
}

pin_status
pin__store_output_add(struct pin_store *s, const struct pin_run_id *id, int stream,
                      struct pin_bytes bytes, int64_t now_ms, struct pin_err *err)
{
    return s->driver->output_add(s, id, stream, bytes, now_ms, err);
}

pin_status
pin__store_output_read(struct pin_store *s, const struct pin_run_id *id, int64_t offset,
                       pin_each_output each, void *context, struct pin_err *err)
{
    return s->driver->output_read(s, id, offset, each, context, err);
}

pin_status
pin__store_reconcile(struct pin_store *s, const struct pin_reconcile *r, struct pin_err *err)
{
    return s->driver->reconcile(s, r, err);
}

pin_status
pin__store_peek(struct pin_store *s, const char *const *queues, size_t queue_count,
                struct pin_peek *out, struct pin_err *err)
{
    return s->driver->peek(s, queues, queue_count, out, err);
}

pin_status
pin__store_bot_tick(struct pin_store *s, const struct pin_bot_row *bot, struct pin_err *err)
{
    return s->driver->bot_tick(s, bot, err);
}

pin_status
pin__store_bot_leave(struct pin_store *s, const char *name, struct pin_err *err)
{
    return s->driver->bot_leave(s, name, err);
}

pin_status
pin__store_bots(struct pin_store *s, int64_t since_ms, struct pin_arena *arena,
                struct pin_bot_row **rows, size_t *count, struct pin_err *err)
{
    return s->driver->bots(s, since_ms, arena, rows, count, err);
}

pin_status
pin__store_schedules(struct pin_store *s, int64_t until_ms, size_t limit, struct pin_arena *arena,
                     struct pin_schedule_row **rows, size_t *count, struct pin_err *err)
{
    return s->driver->schedules(s, until_ms, limit, arena, rows, count, err);
}

pin_status
pin__store_schedule_advance(struct pin_store *s, const char *id, int64_t evaluated_ms,
                            int64_t next_due_ms, struct pin_err *err)
{
    return s->driver->advance(s, id, evaluated_ms, next_due_ms, err);
}

pin_status
pin__store_schedule_pause(struct pin_store *s, const char *name, bool paused, int64_t now_ms,
                          size_t *count, struct pin_err *err)
{
    return s->driver->pause(s, name, paused, now_ms, count, err);
}

pin_status
pin__store_occurrence(struct pin_store *s, const struct pin_occurrence *o, struct pin_err *err)
{
    return s->driver->occurrence(s, o, err);
}

pin_status
pin__store_occurrences(struct pin_store *s, const char *schedule, int64_t from_ms, int64_t to_ms,
                       size_t limit, pin_each_occurrence each, void *context, struct pin_err *err)
{
    return s->driver->occurrences(s, schedule, from_ms, to_ms, limit, each, context, err);
}

pin_status
pin__store_schedule_live(struct pin_store *s, const char *schedule, struct pin_live_run *out,
                         struct pin_err *err)
{
    return s->driver->schedule_live(s, schedule, out, err);
}

pin_status
pin__store_list(struct pin_store *s, const struct pin_run_filter *filter, pin_each_run each,
                void *context, struct pin_err *err)
{
    return s->driver->list(s, filter, each, context, err);
}

pin_status
pin__store_show(struct pin_store *s, const struct pin_run_id *id, pin_each_run each, void *context,
                struct pin_err *err)
{
    return s->driver->show(s, id, each, context, err);
}

pin_status
pin__store_count(struct pin_store *s, const struct pin_run_filter *filter,
                 int64_t counts[PIN_RUN_STATE_COUNT], struct pin_err *err)
{
    return s->driver->count(s, filter, counts, err);
}

pin_status
pin__store_gauges(struct pin_store *s, int64_t now_ms, struct pin_arena *arena,
                  struct pin_gauges *out, struct pin_err *err)
{
    return s->driver->gauges(s, now_ms, arena, out, err);
}

pin_status
pin__store_prune(struct pin_store *s, const struct pin_prune *prune, size_t *count, bool *more,
                 struct pin_err *err)
{
    return s->driver->prune(s, prune, count, more, err);
}

/* queue.c - runs that the store has: claimed, kept alive, ended.
 *
 * What is claimed is held here until its end is written. A few are claimed ahead, more when runs
 * are short, so that workers never wait for a commit; they begin in the order of their turns
 * (turns.c), also when who comes first is claimed last, so that a quiet tenant never waits for what
 * a busy one has ahead. Every write of an attempt goes through the ledger.
 */
#include "executor/run.h"

#include <jansson.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/fault.h"
#include "base/random.h"
#include "store/wake.h"

enum {
    SHORT_AVERAGE_US = 1000,
    LONG_AVERAGE_US = 100000,
    AHEAD_SHORT = 640, /* runs claimed ahead for each slot when they are short */
    AHEAD_MIDDLE = 1,
    AHEAD_CALLED = 4 * AHEAD_SHORT, /* with what calls bring beyond that */
    KEPT_OUT_MS = 25, /* somebody else may have the lock for long: then work goes on */
    BEAT_MS = PIN_STORE_LEASE_MS / 3,
    BEAT_CALLED_MS = 1000, /* who was called looks for cancelled runs, but not more often */
    CLOCK_SET_MS = 1000,   /* a clock that goes back by more was set */
    DIRTY_MS = 100,
    CLAIM_ARENA_BYTES = 1 << 30
};

void
pin__queue_init(struct pin_executor *x)
{
    x->queue = (struct queue){ .wake_fd = -1, .wake = { WATCHED_WAKE } };
}

/* ---- start and stop ---- */

static void
listen_for_calls(struct pin_executor *x)
{
    struct queue *u = &x->queue;
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = &u->wake } };

    if (u->wake_fd < 0)
        u->wake_fd = pin__wake_listen(pin__store_identity(x->ledger.store));
    if (u->wake_fd >= 0)
        epoll_ctl(x->epoll_fd, EPOLL_CTL_ADD, u->wake_fd, &event);
}

pin_status
pin__executor_queue_start(struct pin_executor *x, const struct pin_queue_options *options,
                          struct pin_err *err)
{
    pin_status st = pin__ledger_open(x, err);

    if (st != PIN_OK)
        return st;
    x->queue.options = *options;
    x->queue.open = x->queue.look = true;
    x->queue.stopping = x->queue.paused = false;
    listen_for_calls(x);
    return PIN_OK;
}

void
pin__executor_queue_look(struct pin_executor *x)
{
    struct queue *u = &x->queue;
    struct pin_mono now = pin__clock_mono();

    if (u->wake_fd >= 0)
        (void)pin__wake_take(u->wake_fd);
    if (!u->called)
        u->called_at = now;
    u->look = u->called = u->open;
    u->looked = false;
    if (now.ns - u->beaten.ns > BEAT_CALLED_MS * INT64_C(1000000))
        u->beat_at = now;
}

static bool
is_unbegun(const struct queued *c)
{
    const struct request *q = c->request;

    return !c->settling && q->running == 0 && !q->page_in_flight && !c->children;
}

void
pin__queue_give_back_unbegun(struct pin_executor *x)
{
    pin__workers_take_back(x);
    for (struct queued *c = x->queue.held; c; c = c->next)
        if (is_unbegun(c))
            pin__queue_settle(c, QUEUED_GIVE_BACK);
}

void
pin__executor_queue_pause(struct pin_executor *x, bool paused)
{
    x->queue.paused = paused;
    x->queue.look = x->queue.open;
    if (paused)
        pin__queue_give_back_unbegun(x);
}

void
pin__executor_queue_stop(struct pin_executor *x)
{
    struct queue *u = &x->queue;

    u->open = u->look = u->called = false;
    u->stopping = true;
    pin__queue_give_back_unbegun(x);
    if (u->wake_fd >= 0)
        close(u->wake_fd);
    u->wake_fd = -1;
}

struct pin_queue_counts
pin__executor_queue_counts(const struct pin_executor *x)
{
    const struct queue *u = &x->queue;
    struct pin_queue_counts n = { .ended = u->ended,
                                  .failed = u->failed,
                                  .running = u->running,
                                  .waiting = u->held_count - u->running };

    n.empty = !u->look && u->looked && !u->peek.ready &&
              !pin__store_has_lapsed(u->peek.lapse_ms, pin__clock_wall().ms);
    n.next_due_ms = u->looked ? u->peek.due_ms : INT64_MAX;
    return n;
}

/* ---- what is held ---- */

static void
batch_leave(struct claim_batch *b)
{
    if (--b->users)
        return;
    pin__arena_fini(&b->arena);
    free(b);
}

static struct queued *
hold(struct pin_executor *x, const struct pin_claim *claim, struct claim_batch *batch)
{
    struct queued *c = calloc(1, sizeof *c);

    if (!c)
        pin__bug("out of memory for a claimed run");
    c->claim = *claim;
    c->turn = pin__turn_take(&x->queue.turns, claim->priority, claim->queue, claim->tenant);
    c->batch = batch;
    batch->users++;
    pin__outcome_init(&c->outcome);
    c->next = x->queue.held;
    if (c->next)
        c->next->previous = c;
    x->queue.held = c;
    x->queue.held_count++;
    return c;
}

void
pin__queue_drop(struct queued *c)
{
    struct request *q = c->request;
    struct queue *u = &q->executor->queue;

    *(c->previous ? &c->previous->next : &u->held) = c->next;
    if (c->next)
        c->next->previous = c->previous;
    u->held_count--;
    pin__turn_leave(&u->turns, &c->turn);
    u->running -= c->begun && !c->settling;
    u->settling -= c->settling;
    batch_leave(c->batch);
    pin__outcome_fini(&c->outcome);
    pin__console_fini(&c->console);
    pin__arena_fini(&c->page_arena);
    free(c->page_cursor);
    free(c->reason);
    free(c);
    q->queued = NULL;
    pin__request_free(q);
}

/* ---- ends ---- */

static struct pin_run_info
info_of(const struct queued *c, char text[PIN_RUN_ID_TEXT])
{
    pin__run_id_text(&c->claim.hold.id, text);
    return (struct pin_run_info){
        .job = c->claim.job, .tenant_id = c->claim.tenant, .run_id = text, .claim = &c->claim
    };
}

/* What the thrown error says of another try: properties retry and retryAfter. */
static void
read_wishes(struct pin_result *r)
{
    json_t *error =
        r->error.data ? json_loadb(r->error.data, r->error.size, JSON_ALLOW_NUL, NULL) : NULL;
    json_t *properties = json_object_get(error, "properties");
    json_t *after = json_object_get(properties, "retryAfter");
    int64_t ms;

    r->no_retry = json_is_false(json_object_get(properties, "retry"));
    if (json_is_number(after) && json_number_value(after) > 0 && json_number_value(after) < 1e13)
        r->retry_after_ms = (int64_t)json_number_value(after);
    else if (json_is_string(after) &&
             pin__duration_parse(&ms, json_string_value(after), NULL) == PIN_OK)
        r->retry_after_ms = ms;
    json_decref(error);
}

/* The first line of the error, for the list of reasons. */
static void
write_reason(const struct pin_outcome *o, char *out, size_t size)
{
    json_t *error = json_loadb(pin__buf_text(&o->error), o->error.size, JSON_ALLOW_NUL, NULL);
    const char *name = json_string_value(json_object_get(error, "name"));
    const char *message = json_string_value(json_object_get(error, "message"));
    size_t length = message ? strcspn(message, "\n") : 0;

    snprintf(out, size, "%s: %s%s%.*s", pin__outcome_kind_name(o->kind), name ? name : "",
             name && length ? ": " : "", (int)(length > 300 ? 300 : length),
             message ? message : "");
    json_decref(error);
}

static pin_status
apply_finish(struct pin_executor *x, struct queued *c, int64_t now_ms, struct pin_err *err)
{
    const struct pin_job *job = c->request->job;
    char reason[512];
    struct pin_result r;

    pin__result_of(&r, &c->outcome,
                   c->started_ms ? c->started_ms + c->outcome.wall_us / 1000 : now_ms,
                   c->exit_signal);
    r.claim = &c->claim;
    if (!r.succeeded && !r.cancelled) {
        read_wishes(&r);
        write_reason(&c->outcome, reason, sizeof reason);
        r.reason = reason;
        r.retry = job ? &job->retry : NULL;
        r.random = pin__random_u64();
    }
    return pin__store_finish(x->ledger.store, &c->claim.hold, &r, now_ms, &c->finished, err);
}

static pin_status
apply_end(struct pin_executor *x, struct entry *e, int64_t now_ms, struct pin_err *err)
{
    struct queued *c = (struct queued *)(void *)e;
    struct pin_store *s = x->ledger.store;
    pin_status st = PIN_OK;

    if (c->console.bytes)
        st = pin__console_write(x, &c->console, &c->claim.hold.id, now_ms, err);
    if (st != PIN_OK)
        return st;
    switch (c->end) {
    case QUEUED_FINISH:
        return apply_finish(x, c, now_ms, err);
    case QUEUED_LOSE:
        return pin__store_lose(s, &c->claim.hold, c->reason, now_ms, &c->finished, err);
    default:
        c->finished.state = PIN_RUN_QUEUED;
        return pin__store_give_back(s, &c->claim.hold, now_ms, err);
    }
}

static void
tell_settled(struct pin_executor *x, const struct queued *c)
{
    const struct pin_sink *sink = x->queue.options.sink;
    char id[PIN_RUN_ID_TEXT];

    if (sink && sink->settled && c->end != QUEUED_GIVE_BACK) {
        struct pin_run_info info = info_of(c, id);

        sink->settled(sink->context, &info, &c->outcome, &c->finished);
    }
}

static void
tell_dropped(struct pin_executor *x, const struct queued *c)
{
    const struct pin_sink *sink = x->queue.options.sink;
    char id[PIN_RUN_ID_TEXT], text[256];

    pin__run_id_text(&c->claim.hold.id, id);
    snprintf(text, sizeof text,
             "what came of attempt %d of the run %s (%.100s) is dropped: its lease was over, and it"
             " is somebody else's now",
             c->claim.attempt, id, c->claim.job);
    if (sink && sink->note)
        sink->note(sink->context, text);
}

static void
settled_end(struct pin_executor *x, struct entry *e)
{
    struct queued *c = (struct queued *)(void *)e;
    struct queue *u = &x->queue;

    pin__fault("executor.ended");
    if (e->status == PIN_OK) {
        u->ended += pin__run_is_final(c->finished.state);
        u->failed += c->finished.state == PIN_RUN_FAILED;
        if (!pin__run_is_final(c->finished.state) || c->claim.hold.gated)
            u->look = u->open; /* something may be ready that was not */
        if (c->finished.state == PIN_RUN_DELAYED)
            u->looked = false;
        tell_settled(x, c);
        pin__observe_settled(c);
    } else if (e->status == PIN_LOST && c->end != QUEUED_GIVE_BACK)
        tell_dropped(x, c);
    pin__queue_drop(c);
}

static const struct entry_type end_type = { "the end of a run", apply_end, settled_end };

void
pin__queue_settle(struct queued *c, enum queued_end end)
{
    struct request *q = c->request;

    if (c->begun)
        q->executor->queue.running--;
    q->executor->queue.settling++;
    c->settling = true;
    c->end = end;
    c->entry.hurry = end == QUEUED_FINISH ? ENTRY_END : ENTRY_AT_ONCE;
    while (q->returned) {
        struct run *run = q->returned;

        q->returned = run->next;
        pin__run_free(run);
    }
    q->cancelled = true;
    pin__request_relist(q);
    pin__ledger_add(q->executor, &c->entry, &end_type);
}

/* Takes what the run leaves behind. */
static struct queued *
take_run(struct run *run)
{
    struct queued *c = run->request->queued;

    pin__queue_clean(run);
    pin__outcome_fini(&c->outcome);
    c->outcome = run->outcome;
    pin__outcome_init(&run->outcome);
    c->console = run->console;
    run->console = (struct console_kept){ .bytes = 0 };
    run->request->page_in_flight = false;
    pin__run_free(run);
    return c;
}

static void
note_average(struct queue *u, int64_t wall_us)
{
    u->average_us = u->average_us ? u->average_us + (wall_us - u->average_us) / 16 : wall_us;
}

void
pin__queue_run_ended(struct run *run)
{
    bool job = run->kind == PIN_TASK_JOB;
    struct queued *c = take_run(run);

    if (c->settling)
        return;
    pin__fault("executor.outcome");
    if (job)
        note_average(&c->request->executor->queue, c->outcome.wall_us);
    pin__queue_settle(c, QUEUED_FINISH);
}

void
pin__queue_run_lost(struct run *run, const char *reason)
{
    struct queued *c = take_run(run);

    if (c->settling)
        return;
    pin__outcome_fail(&c->outcome, PIN_OUTCOME_CRASHED, "LostError", "%s", reason);
    c->reason = strdup(reason);
    pin__queue_settle(c, QUEUED_LOSE);
}

void
pin__queue_run_stopped(struct run *run)
{
    struct queued *c = take_run(run);

    if (!c->settling)
        pin__queue_settle(c, QUEUED_GIVE_BACK);
}

void
pin__queue_begins(struct run *run)
{
    struct queued *c = run->request->queued;
    const struct pin_sink *sink = run->request->sink;

    if (c->begun)
        return;
    c->begun = true;
    pin__turn_began(&c->turn);
    run->request->executor->queue.running++;
    c->started_ms = pin__clock_wall().ms;
    pin__observe_begins(c);
    if (sink && sink->started) {
        struct pin_run_info info = pin__run_info(run);

        sink->started(sink->context, &info);
    }
}

/* ---- console and progress of runs that last ---- */

void
pin__queue_dirty(struct run *run)
{
    struct pin_executor *x = run->request->executor;

    if (run->dirty || !run->request->queued)
        return;
    if (!x->dirty)
        x->flush_at = pin__clock_after_ms(pin__clock_mono(), DIRTY_MS);
    run->dirty = true;
    run->dirty_next = x->dirty;
    x->dirty = run;
}

void
pin__queue_clean(struct run *run)
{
    struct run **at = &run->request->executor->dirty;

    if (!run->dirty)
        return;
    while (*at != run)
        at = &(*at)->dirty_next;
    *at = run->dirty_next;
    run->dirty = false;
}

pin_status
pin__queue_write_dirty(struct pin_executor *x, int64_t now_ms, struct pin_err *err)
{
    pin_status st = PIN_OK;

    x->queue.wrote_dirty = x->dirty && x->flush_at.ns <= pin__clock_mono().ns;
    if (!x->queue.wrote_dirty)
        return PIN_OK;
    for (struct run *run = x->dirty; run && st == PIN_OK; run = run->dirty_next) {
        const struct pin_hold *hold = &run->request->queued->claim.hold;

        st = pin__console_write(x, &run->console, &hold->id, now_ms, err);
        if (st == PIN_OK && run->told_progress)
            st = pin__store_progress(x->ledger.store, hold, run->progress.done, run->progress.total,
                                     run->progress.text, err);
        if (st == PIN_LOST)
            st = PIN_OK;
    }
    return st;
}

static void
clear_dirty(struct pin_executor *x)
{
    while (x->dirty) {
        struct run *run = x->dirty;

        pin__console_fini(&run->console);
        run->told_progress = false;
        pin__queue_clean(run);
    }
}

/* ---- claiming ---- */

static size_t
count_waiting(const struct pin_executor *x)
{
    return x->queue.held_count - x->queue.running - x->queue.settling;
}

/* Nothing behind runs that last, or are not known yet: another bot may have a worker for it. */
static size_t
ahead(const struct pin_executor *x)
{
    int64_t us = x->queue.average_us;

    if (!us || us > LONG_AVERAGE_US)
        return 0;
    return x->slots * (us < SHORT_AVERAGE_US ? (size_t)AHEAD_SHORT : (size_t)AHEAD_MIDDLE);
}

static size_t
idle_slots(const struct pin_executor *x)
{
    size_t busy = 0;

    for (const struct worker_process *w = x->workers; w; w = w->next)
        busy += w->queued && pin__takes_slot(w->queue[0]);
    return busy < x->slots ? x->slots - busy : 0;
}

/* How many to claim now; 0: none. A call may be a quiet tenant's: then one for each slot is fetched
 * whatever there is, within bounds. */
static size_t
wanted(const struct pin_executor *x)
{
    const struct queue *u = &x->queue;
    size_t most, waiting;

    if (!u->open || u->paused || u->stopping || x->stopping || !u->look || x->nursery->gone)
        return 0;
    most = ahead(x) + idle_slots(x);
    waiting = count_waiting(x);
    if (waiting * 2 <= most)
        return most - waiting;
    return u->called && waiting < x->slots * AHEAD_CALLED ? x->slots : 0;
}

/* Also when the wall clock, which leases are told in, was set or went on while we slept: what is
 * ours is renewed before anybody takes it for lost. */
static bool
beat_is_due(const struct queue *u, struct pin_mono now, int64_t now_ms)
{
    int64_t age_ms = now_ms - u->beaten_ms;

    return u->held &&
           (u->beat_at.ns <= now.ns || age_ms > PIN_STORE_LEASE_MS / 2 || age_ms < -CLOCK_SET_MS);
}

static bool
sweep_is_due(const struct queue *u, struct pin_mono now, int64_t now_ms)
{
    if (!u->open || u->sweep_at.ns > now.ns)
        return false;
    return u->held || (u->looked && pin__store_has_lapsed(u->peek.lapse_ms, now_ms));
}

bool
pin__queue_has_lapsed(const struct pin_executor *x, struct pin_mono now)
{
    return now.ns - x->queue.beaten.ns >= PIN_STORE_LEASE_MS * INT64_C(1000000);
}

bool
pin__queue_is_kept_out(const struct pin_executor *x, struct pin_mono now)
{
    const struct queue *u = &x->queue;

    return u->called && x->ledger.blocked &&
           now.ns - u->called_at.ns < KEPT_OUT_MS * INT64_C(1000000);
}

bool
pin__queue_wants_write(const struct pin_executor *x, struct pin_mono now)
{
    const struct queue *u = &x->queue;
    int64_t now_ms = pin__clock_wall().ms;

    return wanted(x) || beat_is_due(u, now, now_ms) || sweep_is_due(u, now, now_ms);
}

bool
pin__queue_wants_turn(const struct pin_executor *x, struct pin_mono now)
{
    const struct queue *u = &x->queue;

    return pin__queue_wants_write(x, now) ||
           (u->open && !u->look && (!u->looked || u->look_at.ns <= now.ns));
}

struct pin_mono
pin__queue_next(const struct pin_executor *x)
{
    const struct queue *u = &x->queue;
    struct pin_mono next = { INT64_MAX };

    if (u->held)
        next = u->beat_at;
    if (u->held && u->open && u->sweep_at.ns < next.ns)
        next = u->sweep_at;
    if (u->open && !u->look && (!u->looked || u->look_at.ns < next.ns))
        next = u->looked ? u->look_at : (struct pin_mono){ 0 };
    if (wanted(x))
        next.ns = 0;
    return next;
}

static struct pin_mono
after_wall(struct pin_mono now, int64_t now_ms, int64_t at_ms)
{
    return pin__clock_after_ms(now, at_ms > now_ms ? at_ms - now_ms : 0);
}

static void
took_look(struct queue *u, struct pin_mono now, int64_t now_ms)
{
    struct pin_mono lapse_at = after_wall(now, now_ms, u->peek.lapse_ms);
    struct pin_mono due_at = after_wall(now, now_ms, u->peek.due_ms);

    u->looked = true;
    if (u->peek.ready || u->peek.due_ms <= now_ms)
        u->look = true;
    if (pin__store_has_lapsed(u->peek.lapse_ms, now_ms))
        lapse_at = now;
    if (lapse_at.ns < u->sweep_at.ns)
        lapse_at = u->sweep_at;
    u->look_at = pin__clock_after_ms(now, PIN_LOOK_MS);
    if (due_at.ns < u->look_at.ns)
        u->look_at = due_at;
    if (lapse_at.ns < u->look_at.ns)
        u->look_at = lapse_at;
}

void
pin__queue_peek(struct pin_executor *x, struct pin_mono now)
{
    struct queue *u = &x->queue;
    struct pin_err err = PIN_ERR_INIT;

    if (pin__store_peek(x->ledger.store, u->options.queues, u->options.queue_count, &u->peek,
                        &err) == PIN_OK)
        took_look(u, now, pin__clock_wall().ms);
    else
        pin__ledger_trouble(x, &err);
}

static pin_status
claim(struct pin_executor *x, int64_t now_ms, struct pin_err *err)
{
    struct queue *u = &x->queue;
    struct pin_claim_request r = { .worker = x->name,
                                   .queues = u->options.queues,
                                   .queue_count = u->options.queue_count,
                                   .limit = wanted(x),
                                   .now_ms = now_ms };
    pin_status st;

    u->asked = u->claimed = 0;
    if (!r.limit)
        return PIN_OK;
    if (!(u->batch = calloc(1, sizeof *u->batch)))
        return pin__err_no_memory(err);
    u->batch->arena = PIN_ARENA_INIT(CLAIM_ARENA_BYTES);
    u->batch->users = 1;
    u->claims = pin__arena_alloc(&u->batch->arena, r.limit * sizeof *u->claims);
    if (!u->claims)
        return pin__err_no_memory(err);
    u->asked = r.limit;
    st = pin__store_claim(x->ledger.store, &r, &u->batch->arena, u->claims, &u->claimed, err);
    if (st == PIN_EMPTY)
        st = PIN_OK;
    return st;
}

/* ---- leases ---- */

static pin_status
beat(struct pin_executor *x, struct pin_mono now, int64_t now_ms, struct pin_err *err)
{
    struct queue *u = &x->queue;
    size_t n = 0;

    u->hold_count = 0;
    u->beat = beat_is_due(u, now, now_ms);
    if (!u->beat)
        return PIN_OK;
    u->holds = calloc(u->held_count, sizeof *u->holds);
    u->answers = calloc(u->held_count, sizeof *u->answers);
    if (!u->holds || !u->answers)
        return pin__err_no_memory(err);
    for (const struct queued *c = u->held; c; c = c->next)
        if (!c->settling)
            u->holds[n++] = c->claim.hold;
    u->hold_count = n;
    return pin__store_beat(x->ledger.store, u->holds, n, now_ms + PIN_STORE_LEASE_MS, u->answers,
                           err);
}

static struct queued *
find_held(struct queue *u, const struct pin_hold *hold)
{
    for (struct queued *c = u->held; c; c = c->next)
        if (c->claim.hold.token == hold->token &&
            memcmp(&c->claim.hold.id, &hold->id, sizeof hold->id) == 0)
            return c;
    return NULL;
}

static struct worker_process *
worker_of(struct pin_executor *x, const struct queued *c)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->queued && w->queue[0]->request == c->request)
            return w;
    return NULL;
}

/* Nobody wants its result: cancelled, or it has gone to somebody else, who must not run it beside
 * us for a moment longer. */
static void
stop_one(struct pin_executor *x, struct queued *c, bool lost)
{
    struct worker_process *w = worker_of(x, c);

    c->cancel = true;
    if (w && lost) {
        pin__worker_kill(w, KILL_CANCEL);
    } else if (w) {
        pin__worker_cancel(w);
    } else if (is_unbegun(c)) {
        pin__outcome_fail(&c->outcome, PIN_OUTCOME_CANCELLED, "Error",
                          "the run was cancelled before it began");
        pin__queue_settle(c, QUEUED_FINISH);
    }
}

static void
leases_renewed(struct queue *u, struct pin_mono now)
{
    u->beaten = now;
    u->beaten_ms = pin__clock_wall().ms;
    u->beat_at = pin__clock_after_ms(now, BEAT_MS);
}

static void
take_answers(struct pin_executor *x)
{
    struct queue *u = &x->queue;

    for (size_t i = 0; i < u->hold_count; i++) {
        struct queued *c = u->answers[i] == PIN_BEAT_ON ? NULL : find_held(u, &u->holds[i]);

        if (c && !c->settling)
            stop_one(x, c, u->answers[i] == PIN_BEAT_LOST);
    }
}

static pin_status
sweep(struct pin_executor *x, struct pin_mono now, int64_t now_ms, struct pin_err *err)
{
    struct queue *u = &x->queue;
    struct pin_rescue r = { .now_ms = now_ms, .able_since_ms = x->ledger.able_since_ms };
    pin_status st;

    u->swept_count = 0;
    u->swept = sweep_is_due(u, now, now_ms);
    if (!u->swept)
        return PIN_OK;
    st = pin__store_rescue(x->ledger.store, &r, &u->swept_count, err);
    if (st == PIN_OK && u->swept_count)
        u->look = true;
    u->swept_all = u->swept_count == 0; /* there may be more than it takes at once */
    return st == PIN_EMPTY ? PIN_OK : st;
}

/* ---- the transaction ---- */

pin_status
pin__queue_apply(struct pin_executor *x, struct pin_mono now, int64_t now_ms, struct pin_err *err)
{
    pin_status st;

    if ((st = beat(x, now, now_ms, err)) != PIN_OK || (st = sweep(x, now, now_ms, err)) != PIN_OK)
        return st;
    return claim(x, now_ms, err);
}

static void
forget_transaction(struct queue *u)
{
    free(u->holds);
    free(u->answers);
    u->holds = NULL;
    u->answers = NULL;
    u->hold_count = 0;
    if (u->batch)
        batch_leave(u->batch);
    u->batch = NULL;
    u->claims = NULL;
    u->asked = u->claimed = 0;
    u->wrote_dirty = u->beat = u->swept = false;
}

void
pin__queue_rolled_back(struct pin_executor *x)
{
    forget_transaction(&x->queue);
}

/* A job that this program's project does not have, or that is broken. */
static void
cannot_run(struct queued *c, const struct request *q)
{
    if (q->job)
        pin__outcome_fail(&c->outcome, PIN_OUTCOME_REFUSED, "Error",
                          "Background job \"%s\" is broken: %s", q->name, q->job->broken.message);
    else
        pin__outcome_fail(&c->outcome, PIN_OUTCOME_REFUSED, "Error",
                          "No such background job \"%s\" exists.", q->name);
    pin__queue_settle(c, QUEUED_FINISH);
}

/* The one that would begin last of those that wait in workers; NULL when none do. */
static const struct turn *
last_in_workers(const struct pin_executor *x)
{
    const struct turn *last = NULL;

    for (const struct worker_process *w = x->workers; w; w = w->next)
        for (size_t i = 1; i < w->queued; i++) {
            const struct queued *c = w->queue[i]->request->queued;

            if (c && (!last || pin__turn_compare(last, &c->turn) < 0))
                last = &c->turn;
        }
    return last;
}

/* With the commit a lock is free that workers wait for: then none shall go on before who comes. */
void
pin__queue_before_commit(struct pin_executor *x)
{
    const struct queue *u = &x->queue;
    const struct turn *last = u->claimed ? last_in_workers(x) : NULL;

    for (size_t i = 0; last && i < u->claimed; i++) {
        const struct pin_claim *k = &u->claims[i];
        struct turn turn = pin__turn_next(&u->turns, k->priority, k->queue, k->tenant);

        if (pin__turn_compare(&turn, last) < 0) {
            pin__workers_take_back(x);
            return;
        }
    }
}

static void
take_claims(struct pin_executor *x)
{
    struct queue *u = &x->queue;
    const struct turn *last = last_in_workers(x);
    bool overtakes = false;

    for (size_t i = 0; i < u->claimed; i++) {
        struct queued *c = hold(x, &u->claims[i], u->batch);
        struct request *q = pin__request_of_claim(x, c);

        c->request = q;
        if (!q->job || q->job->broken.message)
            cannot_run(c, q);
        else
            pin__request_relist(q);
        overtakes = overtakes || (last && pin__turn_compare(&c->turn, last) < 0);
    }
    if (overtakes)
        pin__workers_take_back(x);
}

void
pin__queue_committed(struct pin_executor *x, struct pin_mono now)
{
    struct queue *u = &x->queue;

    pin__fault("executor.after_commit");
    if (u->wrote_dirty)
        clear_dirty(x);
    if (u->beat || (u->asked && !u->held))
        leases_renewed(u, now);
    take_answers(x);
    if (u->swept)
        pin__observe_lost(x, u->swept_count);
    if (u->swept && u->swept_all)
        u->sweep_at = pin__clock_after_ms(now, pin__fault_ms("PIN_SWEEP_MS", PIN_STORE_SWEEP_MS));
    if (u->asked) {
        u->look = u->claimed == u->asked;
        u->called = false;
        pin__fault("executor.claimed");
        take_claims(x);
        u->looked = false; /* a look at what is left, when these are on their way */
    }
    if (u->swept && u->looked && !u->asked)
        u->looked = false;
    forget_transaction(u);
}

void
pin__queue_close(struct pin_executor *x)
{
    for (struct queued *c = x->queue.held, *next; c; c = next) {
        next = c->next;
        pin__queue_drop(c);
    }
    if (x->queue.wake_fd >= 0)
        close(x->queue.wake_fd);
}

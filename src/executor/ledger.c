/* ledger.c - what is to be written into the store: gathered in a turn of the loop, written in one
 * transaction together with what is claimed, and acknowledged only after its commit.
 *
 * The loop never waits for a lock: when somebody else writes, the turn is tried again a little
 * later. When the store cannot be written at all (a full disk, a file system that became
 * read-only) everything is kept and tried again, and a person is told once. An entry that the store
 * will never take is told to whoever made it and left out.
 */
#include "executor/run.h"

#include "base/fault.h"
#include "database/session.h"
#include "store/wake.h"

/* What may wait a little does, so that much is one commit. Syncing stops the loop for as long as
 * the disk takes; records, which nobody waits for, are synced with what somebody does, or after a
 * second. */
enum { RECORDS_WAIT_MS = 10, RECORDS_SYNC_MS = 1000, ENDS_WAIT_MS = 2, ENTRIES_AT_ONCE = 1024 };
enum { COMMITS_BEFORE_TIDYING = 100, TIDYING_MS = 10000, TIDY_AGAIN_MS = 100, HOLD_MS = 200 };
enum { SYNCING_MS = 3000 }; /* by who tidies: then it is gone, or its answer is lost */
enum { ENTRIES_A_TURN = 4096, BUSY_FIRST_MS = 1, BUSY_MAX_MS = 20, TROUBLE_MAX_MS = 1000 };
enum { SLEPT_MS = 1000 }; /* more than a turn takes, or two clocks drift apart in it */

void
pin__ledger_init(struct ledger *l)
{
    *l = (struct ledger){ .head = NULL };
    l->tail = &l->head;
}

/* ---- entries ---- */

static struct entry *
take_head(struct ledger *l)
{
    struct entry *e = l->head;

    l->head = e->next;
    if (!l->head)
        l->tail = &l->head;
    e->next = NULL;
    l->count--;
    l->of[e->hurry]--;
    return e;
}

/* The oldest record, when there are too many because nobody can write. */
static void
drop_record(struct pin_executor *x)
{
    struct ledger *l = &x->ledger;
    struct entry **at = &l->head, *e;

    while (*at && (*at)->hurry != ENTRY_RECORD)
        at = &(*at)->next;
    if (!(e = *at))
        return;
    *at = e->next;
    if (l->tail == &e->next)
        l->tail = at;
    l->count--;
    l->of[ENTRY_RECORD]--;
    e->status = PIN_LIMIT;
    e->type->settled(x, e);
}

static int64_t
wait_ms(const struct pin_executor *x, enum entry_hurry hurry)
{
    if (hurry == ENTRY_RECORD)
        return RECORDS_WAIT_MS;
    return hurry == ENTRY_END && x->queue.running ? ENDS_WAIT_MS : 0;
}

static void
write_by(struct ledger *l, struct pin_mono when)
{
    if (!l->count || when.ns < l->write_at.ns)
        l->write_at = when;
}

void
pin__ledger_add(struct pin_executor *x, struct entry *e, const struct entry_type *type)
{
    struct ledger *l = &x->ledger;

    e->type = type;
    e->next = NULL;
    e->status = PIN_OK;
    *l->tail = e;
    l->tail = &e->next;
    write_by(l, pin__clock_after_ms(pin__clock_mono(), wait_ms(x, e->hurry)));
    l->count++;
    l->of[e->hurry]++;
    if (l->of[ENTRY_RECORD] > PIN_LEDGER_RUNS_MAX)
        drop_record(x);
}

/* ---- the store ---- */

static void
close_store(struct ledger *l)
{
    pin__store_close(l->store);
    pin__session_close(l->session);
    l->store = NULL;
    l->session = NULL;
}

pin_status
pin__ledger_open(struct pin_executor *x, struct pin_err *err)
{
    struct ledger *l = &x->ledger;
    struct pin_session_config config = { .filename = x->nursery->catalog->store_filename,
                                         .must_exist = true,
                                         .own_only = true };
    pin_status st;

    if (l->store)
        return PIN_OK;
    if (!config.filename || strcmp(config.filename, ":memory:") == 0)
        return pin__err_set(err, PIN_NOT_FOUND, "the project's database is in no file");
    if ((st = pin__session_open(&l->session, &config, err)) == PIN_OK &&
        (st = pin__store_open(&l->store, l->session, err)) == PIN_OK) {
        pin__store_defer_tidying(l->store);
        l->none = false;
        l->able_since_ms = pin__clock_wall().ms;
        return PIN_OK;
    }
    close_store(l);
    return st;
}

struct pin_store *
pin__executor_store(struct pin_executor *x, struct pin_err *err)
{
    /* Whoever asks has something to say that must last. */
    if (pin__ledger_open(x, err) != PIN_OK ||
        pin__store_set_durable(x->ledger.store, true, err) != PIN_OK)
        return NULL;
    return x->ledger.store;
}

static void
settle_one(struct pin_executor *x, struct entry *e, pin_status st, const char *why)
{
    char *text = why ? strdup(why) : NULL;

    e->status = st;
    e->why = text;
    e->type->settled(x, e);
    free(text);
}

uint64_t
pin__executor_statements(const struct pin_executor *x)
{
    struct pin_session_counts n = { 0 };

    if (x->ledger.session)
        n = pin__session_counts(x->ledger.session);
    return n.prepared + n.reused;
}

/* Everything that waits is told that it will not be. */
static void
refuse_all(struct pin_executor *x, pin_status st, const char *why)
{
    while (x->ledger.head)
        settle_one(x, take_head(&x->ledger), st, why);
}

/* ---- trying again ---- */

static void
again_later(struct ledger *l, int64_t first_ms, int64_t most_ms)
{
    l->backoff_ms = l->backoff_ms ? l->backoff_ms * 2 : first_ms;
    if (l->backoff_ms > most_ms)
        l->backoff_ms = most_ms;
    l->retry_at = pin__clock_after_ms(pin__clock_mono(), l->backoff_ms);
}

static void
busy(struct pin_executor *x)
{
    pin__observe_busy(x);
    again_later(&x->ledger, BUSY_FIRST_MS, BUSY_MAX_MS);
}

void
pin__executor_tell(struct pin_executor *x, bool over, const char *text)
{
    const struct pin_sink *sink = x->queue.options.sink;

    if (sink && sink->trouble)
        sink->trouble(sink->context, over, text);
}

void
pin__ledger_trouble(struct pin_executor *x, const struct pin_err *err)
{
    if (!x->ledger.troubled)
        pin__executor_tell(x, false, err->message);
    x->ledger.troubled = true;
    again_later(&x->ledger, BUSY_MAX_MS, TROUBLE_MAX_MS);
}

static void
went_well(struct pin_executor *x, int64_t now_ms)
{
    struct ledger *l = &x->ledger;

    if (l->troubled)
        pin__executor_tell(x, true, "the store can be written again");
    if (l->blocked)
        l->able_since_ms = now_ms;
    l->troubled = l->blocked = false;
    l->retry_at = (struct pin_mono){ 0 };
    l->backoff_ms = 0;
}

/* ---- one turn ---- */

static bool
may_go_on(pin_status st)
{
    return st == PIN_OK || st == PIN_EMPTY || st == PIN_LOST || st == PIN_CONFLICT ||
           st == PIN_NOT_FOUND;
}

/* What another try may mend. */
static bool
may_pass(pin_status st)
{
    return st == PIN_BUSY || st == PIN_IO || st == PIN_NO_MEMORY || st == PIN_DENIED ||
           st == PIN_UNKNOWN || st == PIN_TIMEOUT;
}

/* *applied: how many of the oldest are in the transaction. On failure *bad is the one that failed,
 * or NULL. */
static pin_status
apply_entries(struct pin_executor *x, int64_t now_ms, size_t *applied, struct entry **bad,
              struct pin_err *err)
{
    pin_status st;

    *applied = 0;
    *bad = NULL;
    for (struct entry *e = x->ledger.head; e && *applied < ENTRIES_A_TURN; e = e->next) {
        st = e->type->apply(x, e, now_ms, err);
        if (!may_go_on(st)) {
            *bad = e;
            return st;
        }
        e->status = st;
        ++*applied;
    }
    return PIN_OK;
}

/* What is held meanwhile lapses, and is then tried again by whoever sweeps. */
static void
tell_left_out(struct pin_executor *x, const struct entry *bad, const char *why)
{
    char text[PIN_ERR_MESSAGE_MAX];

    snprintf(text, sizeof text, "%s cannot be written: %.1500s", bad->type->what, why);
    pin__executor_tell(x, false, text);
}

static void
leave_out(struct pin_executor *x, struct entry *bad, pin_status st, const char *why)
{
    struct ledger *l = &x->ledger;
    struct entry **at = &l->head;

    while (*at != bad)
        at = &(*at)->next;
    *at = bad->next;
    if (l->tail == &bad->next)
        l->tail = at;
    l->count--;
    l->of[bad->hurry]--;
    tell_left_out(x, bad, why);
    settle_one(x, bad, st, why);
}

/* A connection whose commit failed is not trusted again: what it holds may not be what the disk
 * has. */
static void
failed(struct pin_executor *x, struct entry *bad, pin_status st, struct pin_err *err, bool commit)
{
    struct ledger *l = &x->ledger;

    if (l->session)
        pin__store_rollback(l->store);
    pin__queue_rolled_back(x);
    if (bad && !may_pass(st)) {
        leave_out(x, bad, st, err->message);
        return;
    }
    if (st == PIN_BUSY) {
        l->blocked = true;
        busy(x);
        return;
    }
    if (commit || st == PIN_IO)
        close_store(l);
    pin__ledger_trouble(x, err);
}

static void
settle(struct pin_executor *x, size_t applied)
{
    while (applied--) {
        struct entry *e = take_head(&x->ledger);

        settle_one(x, e, e->status, NULL);
    }
}

static void
kept_out(struct pin_executor *x, struct pin_mono now)
{
    x->ledger.blocked = true;
    if (pin__queue_is_kept_out(x, now))
        pin__workers_take_back(x);
    busy(x);
}

/* When records are to be on disk at the latest. */
static struct pin_mono
sync_at(const struct ledger *l)
{
    struct pin_mono at = { INT64_MAX };

    if (l->unsynced.ns)
        at = pin__clock_after_ms(l->unsynced, RECORDS_SYNC_MS);
    if (l->syncing.ns && pin__clock_after_ms(l->syncing, SYNCING_MS).ns < at.ns)
        at = pin__clock_after_ms(l->syncing, SYNCING_MS);
    return at;
}

static void
all_is_synced(struct ledger *l)
{
    l->unsynced = l->syncing = (struct pin_mono){ 0 };
}

static bool
must_sync(const struct ledger *l, struct pin_mono now)
{
    return sync_at(l).ns <= now.ns;
}

/* Somebody is promised that what is written next is on disk, or it was not for too long. */
static bool
is_promised(const struct ledger *l, struct pin_mono now)
{
    return l->count > l->of[ENTRY_RECORD] || (l->count && (l->flushing || must_sync(l, now)));
}

static void
write_all(struct pin_executor *x)
{
    struct pin_mono now = pin__clock_mono();
    bool durable = is_promised(&x->ledger, now);
    int64_t now_ms = pin__clock_wall().ms;
    struct pin_err err = PIN_ERR_INIT;
    struct entry *bad = NULL;
    size_t applied = 0;
    pin_status st = pin__store_set_durable(x->ledger.store, durable, &err);

    if (st == PIN_OK)
        st = pin__store_begin(x->ledger.store, &err);

    if (st != PIN_OK) {
        if (st == PIN_BUSY)
            kept_out(x, now);
        else
            failed(x, NULL, st, &err, false);
        return;
    }
    if ((st = apply_entries(x, now_ms, &applied, &bad, &err)) != PIN_OK ||
        (st = pin__queue_write_dirty(x, now_ms, &err)) != PIN_OK ||
        (st = pin__queue_apply(x, now, now_ms, &err)) != PIN_OK) {
        failed(x, bad, st, &err, false);
        return;
    }
    pin__queue_before_commit(x);
    if ((st = pin__store_commit(x->ledger.store, &err)) != PIN_OK) {
        failed(x, NULL, st, &err, true);
        return;
    }
    x->ledger.commits++;
    if (durable)
        all_is_synced(&x->ledger);
    else if (applied && !x->ledger.unsynced.ns)
        x->ledger.unsynced = now;
    went_well(x, now_ms);
    settle(x, applied);
    pin__queue_committed(x, now);
}

/* While the log is moved, only what somebody waits for goes into it: then all of it is moved, and
 * the next commit begins it anew. */
static struct pin_mono
write_at(const struct ledger *l)
{
    bool may_wait = l->count == l->of[ENTRY_RECORD] && !l->flushing;

    return may_wait && l->hold_until.ns > l->write_at.ns ? l->hold_until : l->write_at;
}

static bool
has_urgent(const struct ledger *l, struct pin_mono now)
{
    return l->count >= ENTRIES_AT_ONCE || (l->count && write_at(l).ns <= now.ns);
}

/* Consoles and progress of runs that last are to be written. */
static bool
is_dirty(const struct pin_executor *x, struct pin_mono now)
{
    return x->dirty && x->flush_at.ns <= now.ns;
}

static bool
wants_turn(const struct pin_executor *x, struct pin_mono now)
{
    const struct ledger *l = &x->ledger;

    if (l->retry_at.ns > now.ns)
        return false;
    return l->calls || has_urgent(l, now) || is_dirty(x, now) || must_sync(l, now) ||
           pin__queue_wants_turn(x, now);
}

/* A project whose store is not there, or is another version's, works without records. */
static bool
open_or_refuse(struct pin_executor *x)
{
    struct pin_err err = PIN_ERR_INIT;
    pin_status st = pin__ledger_open(x, &err);

    if (st == PIN_OK)
        return true;
    if (may_pass(st)) {
        if (st == PIN_BUSY)
            busy(x);
        else
            pin__ledger_trouble(x, &err);
        return false;
    }
    x->ledger.none = true;
    x->ledger.calls = false;
    all_is_synced(&x->ledger); /* what could be is elsewhere */
    refuse_all(x, st, err.message);
    return false;
}

/* A failure is tried again as if the records had just been written. */
static void
sync_records(struct pin_executor *x, struct pin_mono now)
{
    struct ledger *l = &x->ledger;
    struct pin_err err = PIN_ERR_INIT;
    pin_status st = pin__store_sync(l->store, &err);

    all_is_synced(l);
    if (st == PIN_OK)
        return;
    l->unsynced = now;
    failed(x, NULL, st, &err, true);
}

static void
tidy_here(struct pin_executor *x)
{
    struct ledger *l = &x->ledger;
    struct pin_err err = PIN_ERR_INIT;
    pin_status st = pin__store_tidy(l->store, &err);

    pin__store_note_tidying(l->store);
    l->commits = 0;
    l->tidy_at = pin__clock_after_ms(pin__clock_mono(), TIDY_AGAIN_MS);
    if (st == PIN_IO)
        failed(x, NULL, st, &err, true);
}

/* It takes some milliseconds, in which the loop would serve nobody: another process does it, and
 * what was committed meanwhile is little. */
static void
tidy(struct pin_executor *x, struct pin_mono now)
{
    struct ledger *l = &x->ledger;

    if (now.ns < l->tidy_at.ns)
        return;
    if (!pin__nursery_tidy_store(x->nursery, pin__session_filename(l->session), l->tidying + 1)) {
        tidy_here(x);
        return;
    }
    pin__store_note_tidying(l->store);
    l->tidying++;
    l->commits = 0;
    l->tidy_at = pin__clock_after_ms(now, TIDYING_MS);
    l->hold_until = pin__clock_after_ms(now, HOLD_MS);
    l->syncing = l->unsynced;
    l->unsynced = (struct pin_mono){ 0 };
}

/* Here is done what was committed meanwhile, and what costs nothing while nobody comes. */
void
pin__ledger_tidied(struct pin_executor *x, uint64_t number, pin_status st)
{
    struct ledger *l = &x->ledger;

    if (number != l->tidying) /* one that was taken for lost */
        return;
    l->tidy_at = pin__clock_after_ms(pin__clock_mono(), TIDY_AGAIN_MS);
    l->hold_until = (struct pin_mono){ 0 };
    if (st != PIN_OK)
        pin__fault("ledger.tidies_itself");
    if (st != PIN_OK && l->syncing.ns)
        l->unsynced = l->syncing;
    l->syncing = (struct pin_mono){ 0 };
    if (l->store && st != PIN_BUSY && (st != PIN_OK || l->commits || !l->count))
        tidy_here(x);
}

/* Nothing is to be written: a look at what others may have put in, and what commits have left to
 * do. */
static void
look_around(struct pin_executor *x, struct pin_mono now)
{
    pin__queue_peek(x, now);
    if ((x->ledger.commits >= COMMITS_BEFORE_TIDYING && !x->queue.held) ||
        must_sync(&x->ledger, now))
        tidy(x, now);
    if (x->ledger.store && must_sync(&x->ledger, now)) /* it is closed after a failure */
        sync_records(x, now);
}

/* The machine slept, this process was stopped, or somebody set the clock. Others may be about to
 * renew their leases, as we are: nothing is taken from them before they had the time to. */
static void
notice_sleep(struct pin_executor *x, struct pin_mono now)
{
    struct ledger *l = &x->ledger;
    int64_t now_ms = pin__clock_wall().ms;
    int64_t turn_ms = (now.ns - l->seen.ns) / 1000000;
    int64_t drift_ms = now_ms - l->seen_ms - turn_ms;

    if (l->seen.ns && (drift_ms > SLEPT_MS || drift_ms < -SLEPT_MS ||
                       (x->sleep_ms >= 0 && turn_ms > x->sleep_ms + SLEPT_MS)))
        l->able_since_ms = now_ms;
    l->seen = now;
    l->seen_ms = now_ms;
}

/* Else nobody knows where the store is. */
static bool
has_project(const struct pin_executor *x)
{
    return x->nursery && x->nursery->catalog;
}

static void
call_bots(struct pin_executor *x)
{
    if (x->ledger.calls)
        pin__wake_send(pin__store_identity(x->ledger.store));
    x->ledger.calls = false;
}

void
pin__ledger_turn(struct pin_executor *x)
{
    struct pin_mono now = pin__clock_mono();

    notice_sleep(x, now);
    if (!has_project(x) || !wants_turn(x, now) || !open_or_refuse(x))
        return;
    call_bots(x);
    if (!wants_turn(x, now))
        return;
    if (has_urgent(&x->ledger, now) || is_dirty(x, now) || pin__queue_wants_write(x, now))
        write_all(x);
    else
        look_around(x, now);
    if (x->ledger.commits && x->ledger.store && pin__store_wants_tidying(x->ledger.store))
        tidy(x, now);
}

struct pin_mono
pin__ledger_next(const struct pin_executor *x)
{
    struct pin_mono next = pin__queue_next(x);

    if (x->ledger.count && write_at(&x->ledger).ns < next.ns)
        next = write_at(&x->ledger);
    if (x->dirty && x->flush_at.ns < next.ns)
        next = x->flush_at;
    if (x->ledger.calls && has_project(x))
        next = (struct pin_mono){ 0 };
    if (has_project(x) && sync_at(&x->ledger).ns < next.ns)
        next = sync_at(&x->ledger);
    return next.ns < x->ledger.retry_at.ns ? x->ledger.retry_at : next;
}

void
pin__ledger_flush(struct pin_executor *x, int64_t ms)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), ms);

    x->ledger.flushing = true;
    while ((x->ledger.head || x->ledger.calls) && has_project(x)) {
        int64_t wait_ms = pin__clock_until_ms(x->ledger.retry_at);

        if (pin__clock_mono().ns >= until.ns)
            break;
        if (wait_ms)
            pin__clock_sleep_ms(wait_ms);
        x->ledger.write_at = (struct pin_mono){ 0 };
        pin__ledger_turn(x);
    }
    x->ledger.flushing = false;
    if ((x->ledger.unsynced.ns || x->ledger.syncing.ns) && x->ledger.store)
        sync_records(x, pin__clock_mono());
}

void
pin__ledger_close(struct pin_executor *x)
{
    refuse_all(x, PIN_LOST, "pinstripe is leaving");
    close_store(&x->ledger);
}

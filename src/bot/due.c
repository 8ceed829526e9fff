/* due.c - see due.h.
 *
 * A call is one batch of the store. Whoever moves a schedule's evaluated time on decides its due
 * times, so that comes first; runs are collected and made together at the end, which is cheaper.
 * What is to be told waits until the commit.
 */
#include "bot/due.h"

#include <stdarg.h>

#include "base/fault.h"
#include "base/quote.h"
#include "bot/past.h"
#include "job/enqueue.h"
#include "schedule/time_text.h"

enum { NOTES_MAX = 6, PUT_OFF_MS = 60 * 1000 };

struct tally { /* due times of one schedule, in a row, with one result */
    struct tally *next;
    const char *schedule;
    enum pin_occurrence_result result;
    int64_t count;
};

struct tick {
    struct pin_bot_due *due;
    const struct pin_bot_context *bot;
    int64_t now_ms;
    struct pin_bot_tick *out;
    struct pin_arena arena;
    size_t written;
    struct pin_enqueue *runs; /* to be made */
    const char **late;        /* for each of them: why it is late; NULL: it is not */
    size_t run_count, run_room;
    struct pin_bot_behind behind;
    struct {
        enum pin_bot_level level;
        const char *text;
    } notes[NOTES_MAX];
    size_t note_count;   /* beyond NOTES_MAX they are only counted */
    struct tally *tally; /* the latest first; for who counts */
};

/* One schedule and what is known of it. */
struct item {
    struct tick *tick;
    const struct pin_schedule_row *row;
    const struct pin_job *job;
    struct pin_bot_when when;
    struct pin_bot_past past;
    size_t late_count; /* of the past ones: the rest is on time */
    bool made_one;
};

static void add_note(struct tick *t, enum pin_bot_level level, const char *fmt, ...)
    PIN_PRINTF(3, 4);

static void
add_note(struct tick *t, enum pin_bot_level level, const char *fmt, ...)
{
    char text[PIN_ERR_MESSAGE_MAX];
    va_list ap;

    if (t->note_count++ >= NOTES_MAX)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    t->notes[t->note_count - 1].level = level;
    t->notes[t->note_count - 1].text = pin__arena_strdup(&t->arena, text);
}

/* --- counting --- */

static void
count_result(struct tick *t, const char *schedule, enum pin_occurrence_result result, int64_t n)
{
    struct tally *last = t->tally;

    t->out->results[result] += n;
    if (n == 0 || !t->bot->count)
        return;
    if (last && last->schedule == schedule && last->result == result) {
        last->count += n;
        return;
    }
    if (!(t->tally = pin__arena_alloc(&t->arena, sizeof *t->tally)))
        t->tally = last; /* what is counted is for people: it may miss one */
    else
        *t->tally = (struct tally){ last, schedule, result, n };
}

static void
tell_tally(const struct tick *t)
{
    for (const struct tally *a = t->tally; a; a = a->next)
        t->bot->count(t->bot->note_context, a->schedule, a->result, a->count);
}

/* --- rows without a run --- */

static pin_status
mark(struct tick *t, const struct pin_schedule_row *row, int64_t due_ms,
     enum pin_occurrence_result result, const char *reason, struct pin_err *err)
{
    struct pin_occurrence o = { .schedule = row->id,
                                .due_ms = due_ms,
                                .result = result,
                                .reason = reason,
                                .at_ms = t->now_ms };
    pin_status st = pin__store_occurrence(t->bot->store, &o, err);

    if (st == PIN_CONFLICT)
        return PIN_OK; /* it has a result already */
    count_result(t, row->id, result, 1);
    t->written++;
    return st;
}

/* Appended to the reason of the oldest row. */
static void
add_earlier(const struct item *it, char *reason, size_t size)
{
    const struct pin_bot_past *p = &it->past;
    char since[PIN_BOT_WORDS];
    size_t used = strlen(reason);

    if (p->earlier)
        snprintf(reason + used, size - used,
                 PIN_BOT_STANDS_FOR "%s%lld earlier due time%s too, since %s",
                 p->earlier_at_least ? "more than " : "", (long long)p->earlier,
                 p->earlier == 1 ? "" : "s",
                 pin__bot_wall_words(&it->when.zone, p->first_ms, since));
}

static pin_status
mark_past(struct item *it, size_t at, enum pin_occurrence_result result, const char *why,
          struct pin_err *err)
{
    char reason[1024];

    snprintf(reason, sizeof reason, "%s", why);
    if (at == 0) {
        add_earlier(it, reason, sizeof reason);
        count_result(it->tick, it->row->id, result, it->past.earlier);
    }
    return mark(it->tick, it->row, it->past.at_ms[at], result, reason, err);
}

static pin_status
mark_all(struct item *it, enum pin_occurrence_result result, const char *why, struct pin_err *err)
{
    pin_status st = PIN_OK;

    for (size_t i = 0; st == PIN_OK && i < it->past.count; i++)
        st = mark_past(it, i, result, why, err);
    return st;
}

/* Why nobody acted at that time. */
static void
absence_words(const struct item *it, int64_t due_ms, char *out, size_t size)
{
    const int64_t started_ms = it->tick->bot->started_ms;
    char wall[PIN_BOT_WORDS];

    pin__bot_wall_words(&it->when.zone, due_ms, wall);
    if (started_ms && due_ms >= started_ms)
        snprintf(out, size,
                 "the bot did not look at %s: the machine slept, its clock was set, or the bot was"
                 " kept busy",
                 wall);
    else
        snprintf(out, size, "no bot was running at %s", wall);
}

static pin_status
mark_missed(struct item *it, size_t at, struct pin_err *err)
{
    char why[768], latest[PIN_BOT_WORDS];
    size_t used;

    absence_words(it, it->past.at_ms[at], why, sizeof why);
    used = strlen(why);
    if (it->row->missed == PIN_MISSED_LATEST)
        snprintf(why + used, sizeof why - used, "; the latest, due at %s, stands for it",
                 pin__bot_wall_words(&it->when.zone, it->past.at_ms[it->past.count - 1], latest));
    else if (it->row->missed == PIN_MISSED_ALL)
        snprintf(why + used, sizeof why - used, "; only the latest %zu of all missed ones run",
                 it->past.count - 1);
    else
        snprintf(why + used, sizeof why - used, "; missed: 'skip'");
    return mark_past(it, at, PIN_OCCURRENCE_MISSED, why, err);
}

/* --- runs --- */

static bool
make_room(struct tick *t)
{
    size_t room = t->run_room ? t->run_room * 2 : 128;
    struct pin_enqueue *runs;
    const char **late;

    if (t->run_count < t->run_room)
        return true;
    runs = pin__arena_alloc(&t->arena, room * sizeof *runs);
    late = pin__arena_alloc(&t->arena, room * sizeof *late);
    if (!runs || !late)
        return false;
    if (t->run_count) {
        memcpy(runs, t->runs, t->run_count * sizeof *runs);
        memcpy(late, t->late, t->run_count * sizeof *late);
    }
    t->runs = runs;
    t->late = late;
    t->run_room = room;
    return true;
}

/* Runs of one schedule that wait for each other share a gate with one place: with overlap 'queue',
 * and with 'skip' when missed ones catch up one after another. A job that has a gate of its own
 * keeps it, and the run waits until nobody is in it: so neither promise is broken. */
static pin_status
keep_apart(struct item *it, struct pin_enqueue *e, bool late, struct pin_err *err)
{
    const bool queues = it->row->overlap == PIN_OVERLAP_QUEUE;
    const bool catches_up =
        it->row->overlap == PIN_OVERLAP_SKIP && it->row->missed == PIN_MISSED_ALL;

    if (!queues && !catches_up)
        return PIN_OK;
    if (e->gate) {
        if (queues || late)
            e->gate_limit = 1;
        return PIN_OK;
    }
    e->gate = pin__arena_printf(&it->tick->arena, "schedule:%s", it->row->id);
    e->gate_limit = 1;
    return e->gate ? PIN_OK : pin__err_no_memory(err);
}

static pin_status
add_run(struct item *it, int64_t due_ms, const char *late, struct pin_err *err)
{
    struct tick *t = it->tick;
    const struct pin_schedule_row *row = it->row;
    struct pin_enqueue_call call = { .catalog = t->bot->catalog,
                                     .job = it->job,
                                     .args = { row->args, strlen(row->args) },
                                     .trigger = PIN_TRIGGER_SCHEDULE,
                                     .now_ms = t->now_ms };
    struct pin_enqueue *e;
    pin_status st;

    if (!make_room(t))
        return pin__err_no_memory(err);
    e = &t->runs[t->run_count];
    if ((st = pin__enqueue_fill(e, &call, &t->arena, err)) != PIN_OK)
        return st;
    e->schedule = row->id;
    e->scheduled_for_ms = due_ms;
    if (row->by_tenant && e->role == PIN_ROLE_PARENT)
        e->tenant_zone = row->time_zone ? row->time_zone : "";
    t->late[t->run_count] = late;
    st = keep_apart(it, e, late != NULL, err);
    t->run_count++;
    t->written += 2;
    it->made_one = true;
    return st;
}

/* Empty text: nothing is in the way. */
static pin_status
overlap_words(struct item *it, char *out, size_t size, struct pin_err *err)
{
    struct pin_live_run live;
    char id[PIN_RUN_ID_TEXT], wall[PIN_BOT_WORDS];
    pin_status st;

    *out = '\0';
    if (it->made_one) {
        snprintf(out, size, "its run for a due time before this one has just been queued");
        return PIN_OK;
    }
    if (!it->row->live)
        return PIN_OK;
    st = pin__store_schedule_live(it->tick->bot->store, it->row->id, &live, err);
    if (st != PIN_OK)
        return st == PIN_EMPTY ? PIN_OK : st;
    pin__run_id_text(&live.id, id);
    snprintf(out, size, "its run %s, due at %s, has not ended (%s)", id,
             pin__bot_wall_words(&it->when.zone, live.scheduled_for_ms, wall),
             pin__run_state_name(live.state));
    return PIN_OK;
}

static const char *
late_words(struct item *it, int64_t due_ms)
{
    char span[PIN_BOT_WORDS], absence[512];

    absence_words(it, due_ms, absence, sizeof absence);
    return pin__arena_printf(&it->tick->arena, "%s late: %s",
                             pin__bot_span_words(it->tick->now_ms - due_ms, span), absence);
}

static pin_status
start(struct item *it, size_t at, struct pin_err *err)
{
    const int64_t due_ms = it->past.at_ms[at];
    const bool is_late = at < it->late_count;
    char why[512];
    const char *late = NULL;
    pin_status st;

    /* With missed: 'all' each one runs: those that catch up wait for each other. */
    if (it->row->overlap == PIN_OVERLAP_SKIP && !(is_late && it->row->missed == PIN_MISSED_ALL)) {
        if ((st = overlap_words(it, why, sizeof why, err)) != PIN_OK)
            return st;
        if (*why)
            return mark_past(it, at, PIN_OCCURRENCE_SKIPPED_OVERLAP, why, err);
    }
    if (is_late && !(late = late_words(it, due_ms)))
        return pin__err_no_memory(err);
    return add_run(it, due_ms, late, err);
}

/* The first of the past due times that gets a run. */
static size_t
first_to_run(const struct item *it)
{
    switch (it->row->missed) {
    case PIN_MISSED_ALL:
        return it->past.earlier > 0; /* the oldest row speaks for those before it */
    case PIN_MISSED_LATEST:
        return it->late_count == it->past.count ? it->past.count - 1 : it->late_count;
    default:
        return it->late_count;
    }
}

/* Why the job cannot run at all; NULL when it can. */
static const char *
refusal(struct item *it)
{
    struct tick *t = it->tick;
    const struct pin_broken *b;

    it->job = pin__catalog_job(t->bot->catalog, it->row->job);
    if (!it->job)
        return "the project has no such job any more";
    b = &it->job->broken;
    if (!b->message)
        return NULL;
    return pin__arena_printf(&t->arena, "the job is broken: %s (%s%s%.0lld)", b->message,
                             b->file ? b->file : "no file", b->line ? ":" : "", (long long)b->line);
}

static pin_status
start_past(struct item *it, struct pin_err *err)
{
    const size_t first = first_to_run(it);
    const char *why = refusal(it);
    pin_status st = PIN_OK;

    if (why) {
        add_note(it->tick, PIN_BOT_ERROR, "%s could not start, as it should by its schedule %s: %s",
                 it->row->job, pin__quote_text(it->row->cron).text, why);
        return mark_all(it, PIN_OCCURRENCE_FAILED_TO_START, why, err);
    }
    for (size_t i = 0; st == PIN_OK && i < it->past.count; i++)
        st = i < first ? mark_missed(it, i, err) : start(it, i, err);
    return st;
}

/* --- one schedule --- */

static void
count_behind(struct item *it)
{
    struct pin_bot_behind *b = &it->tick->behind;

    if (it->late_count == 0 || it->row->paused)
        return;
    b->schedules++;
    b->due_times += (int64_t)it->late_count + it->past.earlier;
    if (!b->since_ms || it->past.first_ms < b->since_ms)
        b->since_ms = it->past.first_ms;
}

/* It harms no other: it is told, marked, and not due again until the project is read again. What
 * may be well soon (no memory, no descriptor) is put off by a minute instead. */
static pin_status
give_up(struct tick *t, const struct pin_schedule_row *row, const struct pin_err *why,
        struct pin_err *err)
{
    bool stays = why->status == PIN_INVALID || why->status == PIN_NOT_FOUND;
    int64_t evaluated_ms = stays && t->now_ms > row->evaluated_ms ? t->now_ms : row->evaluated_ms;
    pin_status st = pin__store_schedule_advance(t->bot->store, row->id, evaluated_ms,
                                                stays ? INT64_MAX : t->now_ms + PUT_OFF_MS, err);

    if (st != PIN_OK)
        return st == PIN_LOST ? PIN_OK : st;
    add_note(t, stays ? PIN_BOT_ERROR : PIN_BOT_WARNING, "the schedule %s of %s %s: %s",
             pin__quote_text(row->cron).text, row->job,
             stays ? "never runs" : "is put off by a minute", why->message);
    return stays ? mark(t, row, row->next_due_ms, PIN_OCCURRENCE_FAILED_TO_START, why->message, err)
                 : PIN_OK;
}

static pin_status
evaluate(struct tick *t, const struct pin_schedule_row *row, struct pin_err *err)
{
    struct item it = { .tick = t, .row = row };
    struct pin_err why = PIN_ERR_INIT;
    pin_status st;

    if (pin__bot_when(t->bot, row->cron, row->time_zone, &it.when, &why) != PIN_OK)
        return give_up(t, row, &why, err);
    pin__bot_past(&it.when, row->evaluated_ms, t->now_ms, &it.past);
    st = pin__store_schedule_advance(t->bot->store, row->id,
                                     t->now_ms > row->evaluated_ms ? t->now_ms : row->evaluated_ms,
                                     it.past.next_ms, err);
    if (st != PIN_OK)
        return st == PIN_LOST ? PIN_OK : st; /* somebody else has decided */
    while (it.late_count < it.past.count &&
           t->now_ms - it.past.at_ms[it.late_count] > PIN_BOT_LATE_MS)
        it.late_count++;
    count_behind(&it);
    if (row->paused)
        return mark_all(&it, PIN_OCCURRENCE_PAUSED, "the schedule is paused", err);
    return start_past(&it, err);
}

/* --- a call --- */

static pin_status
make_runs(struct tick *t, struct pin_err *err)
{
    struct pin_enqueued *made;
    pin_status st;

    if (t->run_count == 0)
        return PIN_OK;
    if (!(made = pin__arena_alloc(&t->arena, t->run_count * sizeof *made)))
        return pin__err_no_memory(err);
    st = pin__store_enqueue(t->bot->store, t->runs, t->run_count, t->now_ms, made, err);
    for (size_t i = 0; st == PIN_OK && i < t->run_count; i++) {
        struct pin_occurrence o = { .schedule = t->runs[i].schedule,
                                    .due_ms = t->runs[i].scheduled_for_ms,
                                    .result = PIN_OCCURRENCE_LATE,
                                    .reason = t->late[i],
                                    .has_run = true,
                                    .run = made[i].id,
                                    .at_ms = t->now_ms };

        if (made[i].existed)
            continue;
        t->out->enqueued++;
        count_result(t, t->runs[i].schedule, t->late[i] ? PIN_OCCURRENCE_LATE : PIN_OCCURRENCE_RAN,
                     1);
        if (t->late[i])
            st = pin__store_occurrence(t->bot->store, &o, err);
    }
    return st;
}

static pin_status
do_batch(struct tick *t, struct pin_err *err)
{
    struct pin_schedule_row *rows;
    struct pin_peek peek;
    size_t count;
    pin_status st = pin__store_schedules(t->bot->store, t->now_ms, PIN_BOT_SCHEDULES, &t->arena,
                                         &rows, &count, err);

    for (size_t i = 0; st == PIN_OK && i < count && t->written < PIN_BOT_ROWS_AT_ONCE; i++) {
        st = evaluate(t, &rows[i], err);
        t->out->schedules++;
    }
    pin__fault("bot.tick.before_runs");
    if (st == PIN_OK)
        st = make_runs(t, err);
    if (st == PIN_OK && (st = pin__store_peek(t->bot->store, NULL, 0, &peek, err)) == PIN_OK) {
        t->out->next_due_ms = peek.schedule_due_ms;
        t->out->more = peek.schedule_due_ms <= t->now_ms;
    }
    return st;
}

static void
tell_notes(const struct tick *t)
{
    for (size_t i = 0; i < t->note_count && i < NOTES_MAX; i++)
        if (t->notes[i].text)
            pin__bot_note(t->bot, t->notes[i].level, "%s", t->notes[i].text);
    if (t->note_count > NOTES_MAX)
        pin__bot_note(t->bot, PIN_BOT_ERROR, "%zu more schedules could not start",
                      t->note_count - NOTES_MAX);
}

/* Once for all that was missed, when all of it has been decided. */
static void
tell_behind(struct tick *t)
{
    struct pin_bot_behind *b = &t->due->behind;
    char since[PIN_TIME_TEXT_SIZE];

    if (!b->since_ms || (t->behind.since_ms && t->behind.since_ms < b->since_ms))
        b->since_ms = t->behind.since_ms;
    b->schedules += t->behind.schedules;
    b->due_times += t->behind.due_times;
    b->late += t->out->results[PIN_OCCURRENCE_LATE];
    if (t->out->more || b->schedules == 0)
        return;
    pin__time_text(b->since_ms, 0, false, since);
    pin__bot_note(t->bot, PIN_BOT_WARNING,
                  "nobody looked at the schedules for a while: %lld due time%s of %zu schedule%s,"
                  " from %s on, came meanwhile; %lld of them run%s now, late",
                  (long long)b->due_times, b->due_times == 1 ? "" : "s", b->schedules,
                  b->schedules == 1 ? "" : "s", since, (long long)b->late, b->late == 1 ? "s" : "");
    *b = (struct pin_bot_behind){ .schedules = 0 };
}

static void
look_at_the_clock(struct tick *t)
{
    struct pin_bot_due *d = t->due;
    int64_t back_ms = d->seen_ms - t->now_ms;
    char span[PIN_BOT_WORDS], until[PIN_TIME_TEXT_SIZE];

    if (d->seen_ms && back_ms >= PIN_BOT_BACK_MS) {
        pin__time_text(d->seen_ms, 0, false, until);
        pin__bot_note(t->bot, PIN_BOT_WARNING,
                      "the clock was put back by %s; what was due until %s has been handled and"
                      " does not run again",
                      pin__bot_span_words(back_ms, span), until);
    }
    t->out->read_again = d->seen_ms && back_ms > PIN_SCHEDULE_AHEAD_MS;
    if (t->now_ms > d->seen_ms || back_ms >= PIN_BOT_BACK_MS)
        d->seen_ms = t->now_ms;
}

static pin_status
run_batch(struct tick *t, struct pin_err *err)
{
    pin_status st = pin__store_begin(t->bot->store, err);

    if (st != PIN_OK)
        return st;
    if ((st = do_batch(t, err)) != PIN_OK) {
        pin__store_rollback(t->bot->store);
        return st;
    }
    pin__fault("bot.tick.before_commit");
    if ((st = pin__store_commit(t->bot->store, err)) == PIN_OK) {
        tell_notes(t);
        tell_behind(t);
        tell_tally(t);
    }
    return st;
}

pin_status
pin__bot_tick(struct pin_bot_due *d, int64_t now_ms, struct pin_bot_tick *out, struct pin_err *err)
{
    struct tick t = { .due = d,
                      .bot = d->bot,
                      .now_ms = now_ms,
                      .out = out,
                      .arena = PIN_ARENA_INIT((size_t)256 << 20) };
    struct pin_peek peek;
    pin_status st;

    *out = (struct pin_bot_tick){ .next_due_ms = INT64_MAX };
    look_at_the_clock(&t);
    if ((st = pin__store_peek(d->bot->store, NULL, 0, &peek, err)) != PIN_OK)
        return st;
    out->next_due_ms = peek.schedule_due_ms;
    if (peek.schedule_due_ms <= now_ms)
        st = run_batch(&t, err);
    pin__arena_fini(&t.arena);
    if (st != PIN_OK)
        *out = (struct pin_bot_tick){ .next_due_ms = peek.schedule_due_ms,
                                      .read_again = out->read_again };
    return st;
}

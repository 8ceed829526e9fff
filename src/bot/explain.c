/* explain.c - see explain.h. */
#include "bot/explain.h"

#include <jansson.h>
#include <stdarg.h>

#include "bot/due.h"
#include "schedule/previous.h"
#include "schedule/time_text.h"

struct work {
    const struct pin_explain *ask;
    struct pin_arena *arena;
    struct pin_explanation *out;
    struct pin_explained *it; /* the instant that is explained */
};

const char *
pin__answer_name(enum pin_answer answer)
{
    static const char *const names[] = {
        "not_due",       "not_yet", "not_known", "before_known",
        "not_evaluated", "result",  "no_result", "wrong",
    };

    return (size_t)answer < sizeof names / sizeof *names ? names[answer] : "unknown";
}

static void say(struct work *w, const char *fmt, ...) PIN_PRINTF(2, 3);

/* Appends to the instant's text. */
static void
say(struct work *w, const char *fmt, ...)
{
    size_t used = strlen(w->it->text);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(w->it->text + used, sizeof w->it->text - used, fmt, ap);
    va_end(ap);
}

struct wall {
    char text[PIN_BOT_WORDS];
};

static struct wall
wall(const struct work *w, int64_t ms)
{
    struct wall words = { "" };

    pin__bot_wall_words(&w->out->when.zone, ms, words.text);
    return words;
}

static struct wall
span(int64_t ms)
{
    struct wall words = { "" };

    pin__bot_span_words(ms, words.text);
    return words;
}

/* --- the moment that was asked for --- */

/* Without an offset it is what the clock shows: as seconds in *wall_s. */
static pin_status
read_time(const char *text, bool *is_wall, int64_t *ms, struct pin_err *err)
{
    char utc[128];

    *is_wall = false;
    if (pin__time_parse(ms, text, NULL) == PIN_OK)
        return PIN_OK;
    *is_wall = true;
    snprintf(utc, sizeof utc, "%.100sZ", text);
    if (pin__time_parse(ms, utc, NULL) == PIN_OK)
        return PIN_OK;
    return pin__err_set(err, PIN_INVALID,
                        "the time \"%.60s\" cannot be read; write 2026-03-08T02:30, as the clock of"
                        " the schedule shows it, or an instant such as 2026-03-08T07:30Z",
                        text);
}

static void
note_gap(struct work *w, int64_t wall_s, const struct pin_zone_gap *gap)
{
    struct pin_civil from = pin__civil_from_unix(gap->at, gap->before_s);
    struct pin_civil to = pin__civil_from_unix(gap->at, gap->after_s);
    struct pin_civil c = pin__civil_from_unix(wall_s, 0);
    char day[32] = "";

    if (from.day != to.day)
        snprintf(day, sizeof day, "%04lld-%02d-%02d ", (long long)to.year, to.month, to.day);
    snprintf(w->out->note, sizeof w->out->note,
             "%04lld-%02d-%02d %02d:%02d does not exist in %s: the clocks go from %02d:%02d to"
             " %s%02d:%02d there",
             (long long)c.year, c.month, c.day, c.hour, c.minute, w->out->when.zone.name, from.hour,
             from.minute, day, to.hour, to.minute);
}

static void
note_twice(struct work *w, const int64_t instants[2])
{
    char first[PIN_TIME_TEXT_SIZE], second[PIN_TIME_TEXT_SIZE];

    pin__time_text(instants[0] * 1000, 0, false, first);
    pin__time_text(instants[1] * 1000, 0, false, second);
    snprintf(w->out->note, sizeof w->out->note,
             "the clocks go back: %s comes twice, at %s and at %s",
             wall(w, instants[0] * 1000).text, first, second);
}

static void
find_instants(struct work *w, bool is_wall, int64_t ms)
{
    struct pin_explanation *out = w->out;
    struct pin_zone_gap gap;
    int64_t instants[2], wall_s = pin__bot_seconds(ms);
    int n;

    out->count = 1;
    out->at[0].at_ms = ms;
    if (!is_wall)
        return;
    n = pin__zone_wall_instants(out->when.zone.zone, wall_s, instants, &gap);
    if (n == 0) {
        note_gap(w, wall_s, &gap);
        out->at[0].at_ms = (wall_s - gap.before_s) * 1000; /* as the schedule takes it */
        return;
    }
    out->count = (size_t)n;
    for (int i = 0; i < n; i++)
        out->at[i].at_ms = instants[i] * 1000;
    if (n == 2)
        note_twice(w, instants);
}

/* --- answers --- */

static void
say_not_due(struct work *w)
{
    const struct pin_bot_when *when = &w->out->when;
    const int64_t at = pin__bot_seconds(w->it->at_ms), years = INT64_C(50) * 366 * 86400;
    int64_t next = pin__bot_next_due(when, w->it->at_ms), previous;

    w->it->answer = PIN_ANSWER_NOT_DUE;
    say(w, "%s is no due time of this schedule", wall(w, w->it->at_ms).text);
    if (w->it != w->out->at && w->out->at[0].answer != PIN_ANSWER_NOT_DUE)
        say(w, ": of a time that comes twice it takes the first");
    if (pin__cron_previous(&when->cron, when->zone.zone, at - years, at - 1, &previous) == PIN_OK)
        say(w, "; before it comes %s", wall(w, previous * 1000).text);
    if (next != INT64_MAX)
        say(w, "; after it comes %s", wall(w, next).text);
}

/* Who looks, to say why nobody has. */
static void
say_bots(struct work *w)
{
    const struct pin_explain *ask = w->ask;
    const struct pin_bot_row *last = NULL;

    for (size_t i = 0; i < ask->bot_count; i++)
        if (!last || ask->bots[i].tick_ms > last->tick_ms)
            last = &ask->bots[i];
    if (!last)
        say(w, "; no bot is running: start-bot starts one");
    else if (ask->now_ms - last->tick_ms > PIN_BOT_GONE_MS)
        say(w, "; the last bot, %s, was seen %s ago, at %s", last->name,
            span(ask->now_ms - last->tick_ms).text, wall(w, last->tick_ms).text);
    else
        say(w, "; the bot %s is running (seen %s ago) and decides in a moment", last->name,
            span(ask->now_ms > last->tick_ms ? ask->now_ms - last->tick_ms : 0).text);
}

static void
say_paused_now(struct work *w)
{
    const struct pin_schedule_row *row = w->ask->row;

    if (row->paused && row->paused_ms)
        say(w, "; the schedule is paused since %s", wall(w, row->paused_ms).text);
    else if (row->paused)
        say(w, "; the schedule is paused");
}

static void
say_job_now(struct work *w)
{
    const struct pin_job *job = pin__catalog_job(w->ask->bot->catalog, w->ask->row->job);

    if (!job)
        say(w, "; the project has no job %s any more", w->ask->row->job);
    else if (job->broken.message)
        say(w, "; the job is broken now: %s", job->broken.message);
}

static void
say_not_yet(struct work *w)
{
    w->it->answer = PIN_ANSWER_NOT_YET;
    say(w, "it is not due yet, but in %s", span(w->it->at_ms - w->ask->now_ms).text);
    if (!w->ask->known)
        say(w, "; no bot has read this schedule yet");
    say_paused_now(w);
    say_job_now(w);
}

static void
say_not_evaluated(struct work *w)
{
    static const char *const policies[] = {
        [PIN_MISSED_LATEST] = "the latest missed due time then runs, late",
        [PIN_MISSED_ALL] = "each missed due time then runs, late",
        [PIN_MISSED_SKIP] = "what was missed then does not run",
    };

    w->it->answer = PIN_ANSWER_NOT_EVALUATED;
    say(w, "no bot has looked at this schedule since %s", wall(w, w->ask->row->evaluated_ms).text);
    say_bots(w);
    if (!w->ask->row->paused)
        say(w, "; %s", policies[w->ask->row->missed]);
    say_paused_now(w);
    say_job_now(w);
}

/* --- rows --- */

struct earliest {
    struct work *work;
    struct pin_occurrence row;
    bool found;
};

static char *
keep(struct pin_arena *arena, const char *text)
{
    return text ? pin__arena_strdup(arena, text) : NULL;
}

/* They come latest first: the last one told is the earliest. */
static pin_status
keep_row(void *context, const struct pin_occurrence *o, struct pin_err *err)
{
    struct earliest *e = context;

    e->row = *o;
    e->row.reason = keep(e->work->arena, o->reason);
    e->row.tenant = keep(e->work->arena, o->tenant);
    e->found = true;
    return (o->reason && !e->row.reason) || (o->tenant && !e->row.tenant) ? pin__err_no_memory(err)
                                                                          : PIN_OK;
}

static pin_status
find_row(struct work *w, int64_t from_ms, int64_t to_ms, struct earliest *out, struct pin_err *err)
{
    *out = (struct earliest){ .work = w };
    return pin__store_occurrences(w->ask->bot->store, w->ask->row->id, from_ms, to_ms, 0, keep_row,
                                  out, err);
}

/* The first row that is due after the instant; in stretches that double, for there may be many. */
static pin_status
find_later(struct work *w, struct earliest *out, struct pin_err *err)
{
    const int64_t from_ms = w->it->at_ms + 1;
    pin_status st;

    for (int64_t width_ms = 1000;; width_ms *= 2) {
        bool all = from_ms + width_ms > w->ask->row->evaluated_ms;

        st = find_row(w, from_ms, all ? INT64_MAX : from_ms + width_ms, out, err);
        if (st != PIN_OK || out->found || all)
            return st;
    }
}

static void
say_error(struct work *w, struct pin_bytes error)
{
    json_t *e = error.data ? json_loadb(error.data, error.size, JSON_ALLOW_NUL, NULL) : NULL;
    const char *message = json_string_value(json_object_get(e, "message"));

    if (message)
        say(w, ": %.400s", message);
    json_decref(e);
}

static pin_status
say_run(void *context, const struct pin_run_row *row, struct pin_err *err)
{
    struct work *w = context;

    (void)err;
    w->it->run_there = true;
    w->it->run_state = row->state;
    if (!row->finished_ms) {
        say(w, "; the run has not ended: it is %s", pin__run_state_name(row->state));
        return PIN_OK;
    }
    say(w, "; the run %s", pin__run_state_name(row->state));
    if (row->started_ms && row->finished_ms >= row->started_ms)
        say(w, " after %s", span(row->finished_ms - row->started_ms).text);
    say_error(w, row->error);
    return PIN_OK;
}

static pin_status
say_result(struct work *w, struct pin_err *err)
{
    static const char *const words[] = {
        [PIN_OCCURRENCE_RAN] = "it ran on time",
        [PIN_OCCURRENCE_LATE] = "it ran late",
        [PIN_OCCURRENCE_SKIPPED_OVERLAP] = "it was skipped, for it would have overlapped",
        [PIN_OCCURRENCE_MISSED] = "it was missed",
        [PIN_OCCURRENCE_PAUSED] = "nothing ran",
        [PIN_OCCURRENCE_FAILED_TO_START] = "it could not start",
    };
    const struct pin_occurrence *o = &w->it->row;
    char id[PIN_RUN_ID_TEXT];
    pin_status st;

    w->it->answer = PIN_ANSWER_RESULT;
    say(w, "%s", (unsigned)o->result < PIN_OCCURRENCE_RESULT_COUNT ? words[o->result] : "unknown");
    if (o->reason)
        say(w, ": %.1000s", o->reason);
    if (!o->has_run)
        return PIN_OK;
    pin__run_id_text(&o->run, id);
    say(w, "; run %s", id);
    st = pin__store_show(w->ask->bot->store, &o->run, say_run, w, err);
    if (st == PIN_NOT_FOUND)
        say(w, ", which is not kept any more");
    return st == PIN_NOT_FOUND ? PIN_OK : st;
}

/* Another row may speak for it: the oldest of those that were missed together. */
static pin_status
say_no_result(struct work *w, struct pin_err *err)
{
    struct earliest later;
    pin_status st = find_later(w, &later, err);

    w->it->answer = PIN_ANSWER_NO_RESULT;
    if (st != PIN_OK)
        return st;
    if (later.found && later.row.reason && strstr(later.row.reason, PIN_BOT_STANDS_FOR))
        say(w, "it has no row of its own: the one of %s (%s) speaks for it: %.1000s",
            wall(w, later.row.due_ms).text, pin__occurrence_result_name(later.row.result),
            later.row.reason);
    else
        say(w, "what became of it is not kept any more");
    return PIN_OK;
}

static pin_status
explain_instant(struct work *w, struct pin_err *err)
{
    const struct pin_schedule_row *row = w->ask->row;
    const struct pin_bot_when *when = &w->out->when;
    struct earliest there = { .found = false };
    pin_status st;

    if (w->ask->known && (st = find_row(w, w->it->at_ms, w->it->at_ms + 1, &there, err)) != PIN_OK)
        return st;
    if (there.found) {
        w->it->row = there.row;
        pin__bot_remark(when, w->it->at_ms, w->it->remark);
        return say_result(w, err);
    }
    if (w->it->at_ms % 1000 ||
        !pin__cron_fires(&when->cron, when->zone.zone, w->it->at_ms / 1000)) {
        say_not_due(w);
        return PIN_OK;
    }
    pin__bot_remark(when, w->it->at_ms, w->it->remark);
    if (w->it->at_ms > w->ask->now_ms) {
        say_not_yet(w);
    } else if (!w->ask->known) {
        w->it->answer = PIN_ANSWER_NOT_KNOWN;
        say(w, "no bot has read this schedule yet");
        say_bots(w);
    } else if (w->it->at_ms <= row->created_ms) {
        w->it->answer = PIN_ANSWER_BEFORE_KNOWN;
        say(w, "the schedule was not known then: a bot has read it first at %s",
            wall(w, row->created_ms).text);
    } else if (w->it->at_ms > row->evaluated_ms) {
        say_not_evaluated(w);
    } else
        return say_no_result(w, err);
    return PIN_OK;
}

pin_status
pin__explain(const struct pin_explain *ask, struct pin_arena *arena, struct pin_explanation *out,
             struct pin_err *err)
{
    struct work w = { .ask = ask, .arena = arena, .out = out, .it = out->at };
    struct pin_err wrong = PIN_ERR_INIT;
    bool is_wall;
    int64_t ms;
    pin_status st;

    memset(out, 0, sizeof *out);
    if ((st = read_time(ask->time, &is_wall, &ms, err)) != PIN_OK)
        return st;
    if (pin__bot_when(ask->bot, ask->row->cron, ask->row->time_zone, &out->when, &wrong) !=
        PIN_OK) {
        out->count = 1;
        out->at[0].answer = PIN_ANSWER_WRONG;
        say(&w, "this schedule never runs: %s", wrong.message);
        return PIN_OK;
    }
    find_instants(&w, is_wall, ms);
    for (size_t i = 0; st == PIN_OK && i < out->count; i++) {
        w.it = &out->at[i];
        st = explain_instant(&w, err);
    }
    return st;
}

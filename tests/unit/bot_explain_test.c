/* bot_explain_test.c - "why did nothing run at 02:30?" */
#include "bot_help.h"

#include "bot/due.h"
#include "bot/explain.h"
#include "bot/schedules.h"

/* New York's clocks go forward on 2026-03-08 and back on 2026-11-01. */
static void
begin(struct world *w, struct pin_bot_due *d, const char *start, const char *job)
{
    struct pin_bot_reconcile r = { .bot = &w->bot };
    struct pin_bot_reconciled out;

    world_make(w, start, job, "\"timeZone\":\"America/New_York\"");
    *d = (struct pin_bot_due){ .bot = &w->bot };
    r.now_ms = w->now;
    check(w, pin__bot_reconcile(&r, &out, &w->err), "reconcile");
}

static void
tick_at(struct world *w, struct pin_bot_due *d, const char *when)
{
    struct pin_bot_tick t;

    w->now = at(when);
    do
        check(w, pin__bot_tick(d, w->now, &t, &w->err), "tick");
    while (t.more);
}

static const struct pin_explanation *
explain(struct world *w, const char *time, const struct pin_bot_row *bots, size_t count)
{
    static struct pin_explanation x;
    struct pin_schedule_row *rows;
    size_t n;

    check(w, pin__store_schedules(w->store, INT64_MAX, 0, &w->arena, &rows, &n, &w->err), "rows");
    assert_int_equal(n, 1);
    {
        struct pin_explain ask = { .bot = &w->bot,
                                   .row = rows,
                                   .known = true,
                                   .time = time,
                                   .now_ms = w->now,
                                   .bots = bots,
                                   .bot_count = count };

        check(w, pin__explain(&ask, &w->arena, &x, &w->err), time);
    }
    return &x;
}

static void
expect(const struct pin_explanation *x, size_t i, enum pin_answer answer, const char *part)
{
    if (x->at[i].answer != answer || !strstr(x->at[i].text, part))
        fail_msg("%s: %s\nnot: %s", pin__answer_name(x->at[i].answer), x->at[i].text, part);
}

static void
a_time_that_the_clocks_skip_is_that_of_its_shift(void **state)
{
    const struct pin_explanation *x;
    struct pin_bot_due d;
    struct world w;

    (void)state;
    begin(&w, &d, "2026-03-07T12:00:00Z", ONE("mail", "30 2 * * *", ""));
    tick_at(&w, &d, "2026-03-08T07:30:00Z");
    x = explain(&w, "2026-03-08T02:30", NULL, 0);
    assert_int_equal(x->count, 1);
    assert_string_equal(x->note, "2026-03-08 02:30 does not exist in America/New_York: the clocks"
                                 " go from 02:00 to 03:00 there");
    assert_int_equal(x->at[0].at_ms, at("2026-03-08T07:30:00Z"));
    assert_int_equal(x->at[0].row.result, PIN_OCCURRENCE_RAN);
    expect(x, 0, PIN_ANSWER_RESULT, "it ran on time; run 0");
    expect(x, 0, PIN_ANSWER_RESULT, "; the run has not ended: it is queued");
    x = explain(&w, "2026-03-08T02:45", NULL, 0);
    expect(x, 0, PIN_ANSWER_NOT_DUE,
           "2026-03-08 03:45 America/New_York is no due time of this"
           " schedule; before it comes 2026-03-08 03:30");
    world_clear(&w);
}

static void
a_time_that_comes_twice_is_explained_twice(void **state)
{
    const struct pin_explanation *x;
    struct pin_bot_due d;
    struct world w;

    (void)state;
    begin(&w, &d, "2026-10-31T12:00:00Z", ONE("mail", "30 1 * * *", ""));
    tick_at(&w, &d, "2026-11-01T05:30:00Z");
    x = explain(&w, "2026-11-01 01:30", NULL, 0);
    assert_int_equal(x->count, 2);
    assert_string_equal(x->note, "the clocks go back: 2026-11-01 01:30 America/New_York comes"
                                 " twice, at 2026-11-01T05:30:00Z and at 2026-11-01T06:30:00Z");
    expect(x, 0, PIN_ANSWER_RESULT, "it ran on time");
    expect(x, 1, PIN_ANSWER_NOT_DUE, "of a time that comes twice it takes the first");
    x = explain(&w, "2026-11-01T06:30:00Z", NULL, 0);
    assert_int_equal(x->count, 1);
    assert_string_equal(x->note, "");
    world_clear(&w);
}

static void
each_result_is_told_with_its_reason(void **state)
{
    static const struct {
        enum pin_occurrence_result result;
        const char *says;
    } rows[] = {
        { PIN_OCCURRENCE_SKIPPED_OVERLAP, "it was skipped, for it would have overlapped: because" },
        { PIN_OCCURRENCE_MISSED, "it was missed: because" },
        { PIN_OCCURRENCE_PAUSED, "nothing ran: because" },
        { PIN_OCCURRENCE_FAILED_TO_START, "it could not start: because" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_occurrence o = { .due_ms = at("2026-03-07T13:00:00Z"),
                                    .result = rows[i].result,
                                    .reason = "because" };
        struct pin_schedule_row *row;
        struct pin_bot_due d;
        struct world w;
        size_t n;

        begin(&w, &d, "2026-03-07T12:00:00Z", ONE("mail", "0 * * * *", ""));
        check(&w, pin__store_schedules(w.store, INT64_MAX, 1, &w.arena, &row, &n, &w.err), "row");
        o.schedule = row->id;
        check(&w, pin__store_occurrence(w.store, &o, &w.err), "occurrence");
        expect(explain(&w, "2026-03-07T08:00", NULL, 0), 0, PIN_ANSWER_RESULT, rows[i].says);
        world_clear(&w);
    }
}

static void
how_its_run_ended_is_told(void **state)
{
    static const struct {
        struct pin_result result;
        const char *says;
    } rows[] = {
        { { .succeeded = true, .outcome = "succeeded" }, "; the run succeeded after 90 s" },
        { { .outcome = "threw", .error = { "{\"name\":\"Error\",\"message\":\"no mail\"}", 36 } },
          "; the run failed after 90 s: no mail" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_result result = rows[i].result;
        struct pin_bot_due d;
        struct pin_finished f;
        struct pin_claim c;
        struct world w;
        size_t n;

        begin(&w, &d, "2026-03-07T12:00:00Z", ONE("mail", "0 * * * *", ""));
        tick_at(&w, &d, "2026-03-07T13:12:00Z");
        {
            struct pin_claim_request r = { .worker = "w", .limit = 1, .now_ms = w.now };

            check(&w, pin__store_claim(w.store, &r, &w.arena, &c, &n, &w.err), "claim");
        }
        w.now += 90000;
        check(&w, pin__store_finish(w.store, &c.hold, &result, w.now, &f, &w.err), "finish");
        expect(explain(&w, "2026-03-07T13:00Z", NULL, 0), 0, PIN_ANSWER_RESULT,
               "it ran late: 12 min late: no bot was running at 2026-03-07 08:00 America/New_York;"
               " run ");
        expect(explain(&w, "2026-03-07T13:00Z", NULL, 0), 0, PIN_ANSWER_RESULT, rows[i].says);
        run_sql(&w, "delete from pinstripe_runHistory");
        expect(explain(&w, "2026-03-07T13:00Z", NULL, 0), 0, PIN_ANSWER_RESULT,
               ", which is not kept any more");
        world_clear(&w);
    }
}

static void
without_a_row_it_says_why_there_is_none(void **state)
{
    static const struct pin_bot_row gone = { .name = "host:7", .tick_ms = 1772899200000 };
    struct pin_bot_row fresh = { .name = "host:8" };
    struct pin_bot_due d;
    struct world w;
    size_t n;

    (void)state;
    begin(&w, &d, "2026-03-07T12:00:00Z", ONE("mail", "0 * * * *", ""));
    tick_at(&w, &d, "2026-03-07T16:30:00Z");
    expect(explain(&w, "2026-03-07T11:00Z", NULL, 0), 0, PIN_ANSWER_BEFORE_KNOWN,
           "a bot has read it first at 2026-03-07 07:00 America/New_York");
    expect(explain(&w, "2026-03-07T17:00Z", NULL, 0), 0, PIN_ANSWER_NOT_YET,
           "it is not due yet, but in 30 min");
    w.now = at("2026-03-07T20:00:05Z");
    expect(explain(&w, "2026-03-07T17:00Z", NULL, 0), 0, PIN_ANSWER_NOT_EVALUATED,
           "no bot has looked at this schedule since 2026-03-07 11:30 America/New_York; no bot is"
           " running: start-bot starts one; the latest missed due time then runs, late");
    expect(explain(&w, "2026-03-07T17:00Z", &gone, 1), 0, PIN_ANSWER_NOT_EVALUATED,
           "the last bot, host:7, was seen 4 h ago, at 2026-03-07 11:00 America/New_York");
    fresh.tick_ms = w.now - 4000;
    expect(explain(&w, "2026-03-07T17:00Z", &fresh, 1), 0, PIN_ANSWER_NOT_EVALUATED,
           "the bot host:8 is running (seen 4 s ago) and decides in a moment");
    check(&w, pin__store_schedule_pause(w.store, "mail", true, w.now, &n, &w.err), "pause");
    expect(explain(&w, "2026-03-07T21:00Z", NULL, 0), 0, PIN_ANSWER_NOT_YET,
           "; the schedule is paused since 2026-03-07 15:00:05 America/New_York");
    read_catalog(&w, "", "\"timeZone\":\"America/New_York\"");
    expect(explain(&w, "2026-03-07T21:00Z", NULL, 0), 0, PIN_ANSWER_NOT_YET,
           "; the project has no job mail any more");
    run_sql(&w, "delete from pinstripe_occurrences where dueAt < 1772895600000");
    expect(explain(&w, "2026-03-07T14:00Z", NULL, 0), 0, PIN_ANSWER_NO_RESULT,
           "what became of it is not kept any more");
    run_sql(&w, "update pinstripe_schedules set cron = '99 * * * *'");
    expect(explain(&w, "2026-03-07T14:00Z", NULL, 0), 0, PIN_ANSWER_WRONG,
           "this schedule never runs: cron expression");
    world_clear(&w);
}

static void
of_many_that_were_missed_at_once_the_oldest_row_speaks_for_those_before(void **state)
{
    struct pin_bot_due d;
    struct world w;

    (void)state;
    begin(&w, &d, "2026-03-07T12:00:00Z", ONE("mail", "* * * * *", MISSED("skip")));
    tick_at(&w, &d, "2026-03-08T12:00:30Z");
    expect(explain(&w, "2026-03-07T13:00Z", NULL, 0), 0, PIN_ANSWER_NO_RESULT,
           "it has no row of its own: the one of 2026-03-07 14:21 America/New_York (missed) speaks"
           " for it: no bot was running");
    world_clear(&w);
}

static void
a_schedule_that_no_bot_has_read_and_a_time_that_is_none(void **state)
{
    struct pin_explanation x;
    struct pin_schedule_row row;
    struct pin_explain ask = { .row = &row, .time = "2026-03-07T13:00" };
    struct world w;

    (void)state;
    world_make(&w, "2026-03-08T00:00:00Z", ONE("mail", "0 * * * *", ""), "");
    pin__bot_row_of(w.catalog, w.catalog->jobs, w.catalog->jobs->schedules, &row);
    ask.bot = &w.bot;
    ask.now_ms = w.now;
    row.id = "mail#1";
    check(&w, pin__explain(&ask, &w.arena, &x, &w.err), "explain");
    expect(&x, 0, PIN_ANSWER_NOT_KNOWN, "no bot has read this schedule yet; no bot is running");
    ask.time = "2026-03-08T13:00";
    check(&w, pin__explain(&ask, &w.arena, &x, &w.err), "explain");
    expect(&x, 0, PIN_ANSWER_NOT_YET, "but in 13 h; no bot has read this schedule yet");
    ask.time = "yesterday";
    assert_int_equal(pin__explain(&ask, &w.arena, &x, &w.err), PIN_INVALID);
    assert_non_null(strstr(w.err.message, "the time \"yesterday\" cannot be read"));
    world_clear(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_that_the_clocks_skip_is_that_of_its_shift),
        cmocka_unit_test(a_time_that_comes_twice_is_explained_twice),
        cmocka_unit_test(each_result_is_told_with_its_reason),
        cmocka_unit_test(how_its_run_ended_is_told),
        cmocka_unit_test(without_a_row_it_says_why_there_is_none),
        cmocka_unit_test(of_many_that_were_missed_at_once_the_oldest_row_speaks_for_those_before),
        cmocka_unit_test(a_schedule_that_no_bot_has_read_and_a_time_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* bot_due_test.c - what becomes of due times, on a clock that is a number. */
#include "bot_help.h"

#include <sys/wait.h>

#include "bot/due.h"
#include "bot/schedules.h"

static void
reconcile(struct world *w)
{
    struct pin_bot_reconcile r = { .bot = &w->bot, .now_ms = w->now };
    struct pin_bot_reconciled out;

    check(w, pin__bot_reconcile(&r, &out, &w->err), "reconcile");
}

/* A world whose bot has begun at `start`. */
static void
begin(struct world *w, struct pin_bot_due *d, const char *start, const char *jobs)
{
    world_make(w, start, jobs, "\"multiTenant\":false");
    w->bot.started_ms = w->now;
    *d = (struct pin_bot_due){ .bot = &w->bot };
    reconcile(w);
}

/* All that is due at w->now, in as many calls as it takes; the numbers are added. */
static struct pin_bot_tick
tick(struct world *w, struct pin_bot_due *d)
{
    struct pin_bot_tick all = { .schedules = 0 }, one;

    do {
        check(w, pin__bot_tick(d, w->now, &one, &w->err), "tick");
        all.schedules += one.schedules;
        all.enqueued += one.enqueued;
        all.next_due_ms = one.next_due_ms;
        all.read_again |= one.read_again;
        for (int i = 0; i < PIN_OCCURRENCE_RESULT_COUNT; i++)
            all.results[i] += one.results[i];
    } while (one.more);
    return all;
}

static struct pin_bot_tick
tick_at(struct world *w, struct pin_bot_due *d, const char *when)
{
    w->now = at(when);
    return tick(w, d);
}

/* Nobody works here: what is queued is taken away as if it had ended. */
static void
end_runs(struct world *w)
{
    run_sql(w, "delete from pinstripe_runs");
}

/* "ran late" and so on, a letter each, by time: r l s m p f; only of those due in [from, to). */
static const char *
results(struct world *w, int64_t from, int64_t to)
{
    static const char letters[] = "rlsmpf";
    static char text[4096];
    struct pin_sql q;
    const struct pin_value values[] = { pin__value_integer(from), pin__value_integer(to) };
    size_t n = 0;

    check(w,
          pin__sql_start(&q, w->session,
                         "select result from pinstripe_occurrences where dueAt >= ? and dueAt < ?"
                         " order by dueAt",
                         values, 2, &w->err),
          "results");
    while (pin__sql_step(&q, &w->err) == PIN_OK && n < sizeof text - 1)
        text[n++] = letters[q.row[0].integer];
    pin__sql_end(&q);
    text[n] = '\0';
    return text;
}

static const char *
all_results(struct world *w)
{
    return results(w, 0, INT64_MAX);
}

/* The reason of the row that is due then. */
static const char *
reason(struct world *w, const char *due)
{
    static char text[2048];
    const struct pin_value value = pin__value_integer(at(due));
    struct pin_sql q;

    text[0] = '\0';
    check(w,
          pin__sql_start(&q, w->session,
                         "select coalesce(reason, '') from pinstripe_occurrences where dueAt = ?",
                         &value, 1, &w->err),
          "reason");
    if (pin__sql_step(&q, &w->err) == PIN_OK)
        snprintf(text, sizeof text, "%s", q.row[0].bytes.data);
    pin__sql_end(&q);
    return text;
}

static void
expect(const char *got, const char *part)
{
    if (!strstr(got, part))
        fail_msg("\"%s\" does not say \"%s\"", got, part);
}

/* --- on time --- */

static void
what_is_due_is_queued_once_with_all_that_its_schedule_says(void **state)
{
    struct world w;
    struct pin_bot_due d;
    struct pin_bot_tick t;

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:30Z",
          JOB("mail", "\"priority\":3,\"queue\":\"post\"," SCHEDULES(
                          "{\"cron\":\"*/5 * * * *\",\"args\":[1,\"a\"]}")));
    t = tick(&w, &d);
    assert_int_equal(t.enqueued + t.schedules, 0);
    assert_int_equal(t.next_due_ms, at("2026-03-01T00:05:00Z"));
    t = tick_at(&w, &d, "2026-03-01T00:05:00.020Z");
    assert_int_equal(t.enqueued, 1);
    assert_int_equal(t.results[PIN_OCCURRENCE_RAN], 1);
    assert_int_equal(t.next_due_ms, at("2026-03-01T00:10:00Z"));
    assert_int_equal(tick(&w, &d).schedules, 0);
    assert_int_equal(
        number(&w, "select count(*) from pinstripe_runs where job = 'mail' and queue = 'post' and"
                   " priority = 3 and args = '[1,\"a\"]' and triggeredBy = 4 and tenant is null and"
                   " scheduledFor = 1772323500000 and schedule = (select id from"
                   " pinstripe_schedules)"),
        1);
    assert_int_equal(number(&w, "select count(*) from pinstripe_occurrences where result = 0 and"
                                " run = (select id from pinstripe_runs)"),
                     1);
    assert_int_equal(w.note_count, 0);
    world_clear(&w);
}

/* A bot that sleeps until the next due time, for a year. */
static void
a_year_of_schedules_has_a_row_for_every_due_time(void **state)
{
    struct world w;
    struct pin_bot_due d;
    struct pin_bot_tick t;
    int64_t end;

    (void)state;
    begin(&w, &d, "2026-01-01T00:00:00Z",
          ONE("a", "0 * * * *", "") "," ONE("b", "30 2 * * *", ZONE("America/New_York")) "," ONE(
              "c", "0 9 * * 1-5", ZONE("Asia/Tokyo")));
    end = w.now + 365 * DAY;
    t = tick(&w, &d);
    check(&w, pin__store_begin(w.store, &w.err), "begin");
    while (t.next_due_ms < end) {
        w.now = t.next_due_ms + 15;
        t = tick(&w, &d);
        end_runs(&w);
    }
    check(&w, pin__store_commit(w.store, &w.err), "commit");
    assert_int_equal(number(&w, "select count(*) from pinstripe_occurrences where result <> 0"), 0);
    assert_int_equal(
        number(&w, "select count(*) from pinstripe_occurrences where schedule like 'a#%'"),
        365 * 24 - 1);
    assert_int_equal(
        number(&w, "select count(*) from pinstripe_occurrences where schedule like 'b#%'"), 365);
    assert_int_equal(
        number(&w, "select count(*) from pinstripe_occurrences where schedule like 'c#%'"), 260);
    world_clear(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due_is_queued_once_with_all_that_its_schedule_says),
        cmocka_unit_test(a_year_of_schedules_has_a_row_for_every_due_time),
    };

    (void)all_results;
    (void)reason;
    (void)expect;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

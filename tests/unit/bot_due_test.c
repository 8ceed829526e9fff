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

/* What who counts was told in a call, over all schedules. */
static int64_t counted[PIN_OCCURRENCE_RESULT_COUNT];

static void
keep_count(void *context, const char *schedule, enum pin_occurrence_result result, int64_t count)
{
    (void)context;
    assert_non_null(strchr(schedule, '#'));
    counted[result] += count;
}

/* All that is due at w->now, in as many calls as it takes; the numbers are added. */
static struct pin_bot_tick
tick(struct world *w, struct pin_bot_due *d)
{
    struct pin_bot_tick all = { .schedules = 0 }, one;

    w->bot.count = keep_count;
    do {
        memset(counted, 0, sizeof counted);
        check(w, pin__bot_tick(d, w->now, &one, &w->err), "tick");
        assert_memory_equal(counted, one.results, sizeof counted);
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

/* --- late --- */

static void
after_a_restart_each_policy_decides_about_what_was_missed(void **state)
{
    static const struct {
        const char *what, *missed, *back, *want;
        const char *due, *says; /* the reason of that row */
    } rows[] = {
        { "latest", "latest", "03:30:00Z", "mml", "2026-03-01T03:00:00Z",
          "30 min late: no bot was running at 2026-03-01 03:00 UTC" },
        { "the others", "latest", "03:30:00Z", "mml", "2026-03-01T01:00:00Z",
          "no bot was running at 2026-03-01 01:00 UTC; the latest, due at 2026-03-01 03:00 UTC,"
          " stands for it" },
        { "one is on time", "latest", "03:00:03Z", "mmr", "2026-03-01T02:00:00Z",
          "due at 2026-03-01 03:00 UTC, stands for it" },
        { "still on time", "skip", "01:00:05Z", "r", "2026-03-01T01:00:00Z", "" },
        { "not any more", "skip", "01:00:05.001Z", "m", "2026-03-01T01:00:00Z",
          "no bot was running at 2026-03-01 01:00 UTC; missed: 'skip'" },
        { "all", "all", "03:30:00Z", "lll", "2026-03-01T01:00:00Z",
          "2 h 30 min late: no bot was running at 2026-03-01 01:00 UTC" },
        { "skip", "skip", "03:00:00Z", "mmr", "2026-03-01T03:00:00Z", "" },
        { "nothing was due", "all", "00:59:59Z", "", "2026-03-01T01:00:00Z", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char job[256], back[64];
        struct pin_bot_due d;
        struct world w;

        snprintf(job, sizeof job, ONE("mail", "0 * * * *", MISSED("%s")), rows[i].missed);
        snprintf(back, sizeof back, "2026-03-01T%s", rows[i].back);
        begin(&w, &d, "2026-03-01T00:00:00Z", job);
        tick(&w, &d);
        w.now = w.bot.started_ms = at(back);
        d = (struct pin_bot_due){ .bot = &w.bot };
        reconcile(&w);
        tick(&w, &d);
        if (strcmp(all_results(&w), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].what, all_results(&w));
        if (*rows[i].says)
            expect(reason(&w, rows[i].due), rows[i].says);
        else
            assert_string_equal(reason(&w, rows[i].due), "");
        world_clear(&w);
    }
}

/* F63, F71: every due time once, in order. */
static void
a_loop_that_was_blocked_or_a_machine_that_slept_is_late_once(void **state)
{
    static const struct {
        const char *what, *back, *missed;
        int64_t rows;
        const char *end; /* of the results */
        size_t runs;
    } rows[] = {
        { "blocked 90 s", "2026-03-01T00:02:20Z", "latest", 3, "mmr", 1 },
        { "blocked 90 s, all", "2026-03-01T00:02:20Z", "all", 3, "llr", 3 },
        { "slept 8 h", "2026-03-01T08:01:02Z", "latest", 960, "mmml", 1 },
        { "slept 8 h, skip", "2026-03-01T08:01:02Z", "skip", 960, "mmmm", 0 },
        { "slept 8 h, all", "2026-03-01T08:01:02Z", "all", 960, "llll", 960 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t since = at("2026-03-01T00:00:51Z");
        char job[256];
        const char *got;
        struct pin_bot_due d;
        struct pin_bot_tick t;
        struct world w;

        snprintf(job, sizeof job, ONE("mail", "20,50 * * * * *", MISSED("%s") OVERLAP("allow")),
                 rows[i].missed);
        begin(&w, &d, "2026-03-01T00:00:00Z", job);
        tick_at(&w, &d, "2026-03-01T00:00:20Z");
        tick_at(&w, &d, "2026-03-01T00:00:50Z");
        t = tick_at(&w, &d, rows[i].back);
        got = results(&w, since, INT64_MAX);
        if ((int64_t)strlen(got) != rows[i].rows || t.enqueued != rows[i].runs ||
            strcmp(got + strlen(got) - strlen(rows[i].end), rows[i].end) != 0)
            fail_msg("%s: %zu runs, %s", rows[i].what, t.enqueued, got);
        expect(reason(&w, "2026-03-01T00:01:50Z"), "the bot did not look at 2026-03-01 00:01:50");
        assert_int_equal(w.note_count, 1);
        expect_note(&w, "nobody looked at the schedules for a while");
        assert_int_equal(tick(&w, &d).schedules, 0);
        world_clear(&w);
    }
}

/* F61. What the clock shows again has been handled. */
static void
a_clock_that_goes_back_fires_nothing_again(void **state)
{
    struct world w;
    struct pin_bot_due d;
    int64_t end;

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:30Z", ONE("mail", "*/10 * * * *", ""));
    for (end = at("2026-03-01T02:00:10Z"); w.now < end; w.now += 10 * 1000) {
        tick(&w, &d);
        end_runs(&w);
    }
    assert_int_equal(strlen(all_results(&w)), 12);
    for (w.now = at("2026-03-01T01:00:00Z"); w.now < end; w.now += 10 * 1000)
        assert_int_equal(tick(&w, &d).schedules, 0);
    reconcile(&w);
    assert_int_equal(tick(&w, &d).schedules, 0);
    assert_int_equal(w.note_count, 1);
    expect_note(&w, "the clock was put back by 60 min; what was due until 2026-03-01T02:00:00Z");
    w.now = at("2026-03-01T02:10:00Z");
    assert_int_equal(tick(&w, &d).results[PIN_OCCURRENCE_RAN], 1);
    assert_string_equal(all_results(&w), "rrrrrrrrrrrrr");
    world_clear(&w);
}

/* F62. Bounded rows, one note, and what is due next is in the future. */
static void
a_clock_that_jumps_forward_is_caught_up_with_by_policy_and_in_bounds(void **state)
{
    static const struct {
        const char *what, *cron, *missed, *to;
        int64_t rows, runs;
        const char *oldest; /* what its reason says */
    } rows[] = {
        { "a day, hourly", "0 * * * *", "latest", "2026-03-02T00:30:00Z", 24, 1, "stands for it" },
        { "a day, each minute", "* * * * *", "all", "2026-03-02T00:00:30Z", 1000, 999,
          "; stands for 440 earlier due times too, since 2026-03-01 00:01 UTC" },
        { "a day, each second", "* * * * * *", "latest", "2026-03-02T00:00:00.100Z", 1000, 5,
          "; stands for more than 9000 earlier due times too, since 2026-03-01 00:00:01 UTC" },
        { "ten years, each second", "* * * * * *", "all", "2036-03-01T00:00:00.100Z", 1000, 999,
          "; stands for more than 9000 earlier" },
        { "ten years, each second, skip", "* * * * * *", "skip", "2036-03-01T00:00:00Z", 1000, 6,
          "missed: 'skip'; stands for more than 9000 earlier" },
        { "ten years, daily", "30 2 * * *", "latest", "2036-03-01T00:00:00Z", 1000, 1,
          "; stands for 2653 earlier due times too, since 2026-03-01 02:30 UTC" },
        { "ten years, a leap day", "0 0 29 2 *", "all", "2036-03-01T00:00:00Z", 3, 3, "late: " },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char job[256];
        struct pin_bot_due d;
        struct pin_bot_tick t;
        struct world w;

        snprintf(job, sizeof job, ONE("mail", "%s", MISSED("%s") OVERLAP("allow")), rows[i].cron,
                 rows[i].missed);
        begin(&w, &d, "2026-03-01T00:00:00Z", job);
        tick(&w, &d);
        t = tick_at(&w, &d, rows[i].to);
        if (t.enqueued != (size_t)rows[i].runs ||
            number(&w, "select count(*) from pinstripe_occurrences") != rows[i].rows)
            fail_msg("%s: %zu runs, %s", rows[i].what, t.enqueued, all_results(&w));
        if (number(&w, "select count(*) from pinstripe_occurrences where run is not null") !=
            rows[i].runs)
            fail_msg("%s: not every run has its row", rows[i].what);
        if (t.next_due_ms <= w.now || w.note_count != 1)
            fail_msg("%s: next %lld, notes: %s", rows[i].what, (long long)t.next_due_ms,
                     pin__buf_text(&w.notes));
        if (number(&w, "select count(*) from pinstripe_occurrences where dueAt > 1772323200000 and"
                       " dueAt = (select min(dueAt) from pinstripe_occurrences)") != 1)
            fail_msg("%s: no oldest row", rows[i].what);
        run_sql(&w, "delete from pinstripe_occurrences where dueAt > (select min(dueAt) from"
                    " pinstripe_occurrences)");
        run_sql(&w, "update pinstripe_occurrences set dueAt = 0");
        if (!strstr(reason(&w, "1970-01-01T00:00:00Z"), rows[i].oldest))
            fail_msg("%s: %s", rows[i].what, reason(&w, "1970-01-01T00:00:00Z"));
        world_clear(&w);
    }
}

/* The clock was ten years ahead and was set right: nothing may wait until it comes there again. */
static void
what_a_wrong_clock_has_put_years_ahead_is_mended_when_the_project_is_read(void **state)
{
    struct world w;
    struct pin_bot_due d;
    struct pin_bot_tick t;

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z", ONE("mail", "0 * * * *", MISSED("skip")));
    tick_at(&w, &d, "2036-03-01T00:30:00Z");
    t = tick_at(&w, &d, "2026-03-01T01:30:00Z");
    assert_true(t.read_again);
    reconcile(&w);
    assert_int_equal(tick(&w, &d).next_due_ms, at("2026-03-01T02:00:00Z"));
    t = tick_at(&w, &d, "2026-03-01T02:00:00Z");
    assert_false(t.read_again);
    assert_int_equal(t.results[PIN_OCCURRENCE_RAN], 1);
    world_clear(&w);
}

static void
many_that_are_behind_are_caught_up_with_in_several_calls_and_told_once(void **state)
{
    struct pin_buf jobs = PIN_BUF_INIT(1 << 20);
    struct world w;
    struct pin_bot_due d;
    struct pin_bot_tick one;
    int calls = 0;

    (void)state;
    for (int i = 0; i < 700; i++)
        pin__buf_addf(&jobs, "%s" ONE("job-%03d", "*/5 * * * *", ""), i ? "," : "", i, i);
    begin(&w, &d, "2026-03-01T00:00:00Z", pin__buf_text(&jobs));
    pin__buf_fini(&jobs);
    w.now = at("2026-03-01T01:02:00Z");
    do {
        check(&w, pin__bot_tick(&d, w.now, &one, &w.err), "tick");
        assert_true(one.schedules <= PIN_BOT_SCHEDULES);
        calls++;
    } while (one.more);
    assert_true(calls > 2);
    assert_int_equal(number(&w, "select count(*) from pinstripe_occurrences"), 700 * 12);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runs"), 700);
    assert_int_equal(w.note_count, 1);
    expect_note(&w, "8400 due times of 700 schedules, from 2026-03-01T00:05:00Z on, came meanwhile;"
                    " 700 of them run now, late");
    world_clear(&w);
}

/* --- overlap --- */

static size_t
claimable(struct world *w, struct pin_claim out[16])
{
    struct pin_claim_request r = { .worker = "w", .limit = 16, .now_ms = w->now };
    size_t n = 0;
    pin_status st = pin__store_claim(w->store, &r, &w->arena, out, &n, &w->err);

    if (st != PIN_EMPTY)
        check(w, st, "claim");
    return n;
}

static void
finish(struct world *w, const struct pin_claim *c)
{
    const struct pin_result well = { .succeeded = true, .outcome = "succeeded" };
    struct pin_finished f;

    check(w, pin__store_finish(w->store, &c->hold, &well, w->now, &f, &w->err), "finish");
}

static void
overlap_says_what_happens_while_a_run_has_not_ended(void **state)
{
    static const struct {
        const char *overlap, *want;
        size_t first, second, after; /* how many can be claimed: now, an hour later, at the end */
    } rows[] = {
        { "skip", "rs", 1, 0, 0 },
        { "queue", "rr", 1, 0, 1 },
        { "allow", "rr", 1, 1, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char job[256];
        struct pin_bot_due d;
        struct pin_claim c[16], more[16];
        struct world w;

        snprintf(job, sizeof job, ONE("mail", "0 * * * *", OVERLAP("%s")), rows[i].overlap);
        begin(&w, &d, "2026-03-01T00:00:00Z", job);
        tick_at(&w, &d, "2026-03-01T01:00:00Z");
        if (claimable(&w, c) != rows[i].first)
            fail_msg("%s: first", rows[i].overlap);
        tick_at(&w, &d, "2026-03-01T02:00:00Z");
        if (claimable(&w, more) != rows[i].second)
            fail_msg("%s: second", rows[i].overlap);
        finish(&w, &c[0]);
        if (claimable(&w, more) != rows[i].after)
            fail_msg("%s: after", rows[i].overlap);
        if (strcmp(all_results(&w), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].overlap, all_results(&w));
        if (i == 0) {
            char id[PIN_RUN_ID_TEXT];

            pin__run_id_text(&c[0].hold.id, id);
            expect(reason(&w, "2026-03-01T02:00:00Z"), id);
            expect(reason(&w, "2026-03-01T02:00:00Z"),
                   "due at 2026-03-01 01:00 UTC, has not ended (running)");
        }
        world_clear(&w);
    }
}

static void
missed_ones_that_all_run_wait_for_each_other_even_when_overlaps_are_skipped(void **state)
{
    struct world w;
    struct pin_bot_due d;
    struct pin_claim c[16], more[16];

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z", ONE("mail", "0 * * * *", MISSED("all")));
    tick_at(&w, &d, "2026-03-01T01:00:00Z");
    assert_int_equal(claimable(&w, c), 1);
    tick_at(&w, &d, "2026-03-01T04:00:00Z");
    assert_string_equal(all_results(&w), "rlls");
    expect(reason(&w, "2026-03-01T04:00:00Z"), "a due time before this one has just been queued");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(claimable(&w, more), 0);
        finish(&w, &c[0]);
        assert_int_equal(claimable(&w, c), 1);
        assert_int_equal(c[0].scheduled_for_ms, at("2026-03-01T02:00:00Z") + i * HOUR);
    }
    world_clear(&w);
}

/* The job's own limit holds as well: with two places, a queued schedule waits until both are free.
 */
static void
a_schedule_that_queues_keeps_its_job_s_limit(void **state)
{
    struct world w;
    struct pin_bot_due d;
    struct pin_enqueue other = { .job = "mail", .gate = "job:mail", .gate_limit = 2 };
    struct pin_claim c[16], more[16];

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z",
          JOB("mail", "\"concurrency\":{\"limit\":2,\"per\":\"job\"}," SCHEDULES(
                          SCHEDULE("0 * * * *", OVERLAP("queue")))));
    tick_at(&w, &d, "2026-03-01T01:00:00Z");
    assert_int_equal(claimable(&w, c), 1);
    tick_at(&w, &d, "2026-03-01T02:00:00Z");
    assert_int_equal(claimable(&w, more), 0);
    other.id = pin__run_id_make(w.now, (const uint8_t[10]){ 1 });
    check(&w, pin__store_enqueue(w.store, &other, 1, w.now, NULL, &w.err), "other");
    assert_int_equal(claimable(&w, more), 1);
    finish(&w, &c[0]);
    assert_int_equal(claimable(&w, c), 0);
    finish(&w, &more[0]);
    assert_int_equal(claimable(&w, c), 1);
    assert_int_equal(c[0].scheduled_for_ms, w.now);
    world_clear(&w);
}

/* --- what does not start --- */

static void
a_paused_schedule_has_rows_that_say_so_and_owes_nothing_later(void **state)
{
    struct world w;
    struct pin_bot_due d;
    size_t n;

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z", ONE("mail", "0 * * * *", MISSED("all")));
    check(&w, pin__store_schedule_pause(w.store, "mail", true, w.now, &n, &w.err), "pause");
    tick_at(&w, &d, "2026-03-01T01:00:00Z");
    tick_at(&w, &d, "2026-03-01T03:30:00Z");
    assert_int_equal(w.note_count, 0);
    check(&w, pin__store_schedule_pause(w.store, "mail", false, w.now, &n, &w.err), "resume");
    tick(&w, &d);
    tick_at(&w, &d, "2026-03-01T04:00:00Z");
    assert_string_equal(all_results(&w), "pppr");
    assert_string_equal(reason(&w, "2026-03-01T02:00:00Z"), "the schedule is paused");
    world_clear(&w);
}

static void
a_job_that_is_broken_or_gone_fails_to_start_with_the_reason(void **state)
{
    struct world w;
    struct pin_bot_due d;

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z", ONE("mail", "0 * * * *", ""));
    read_catalog(&w,
                 JOB("mail", "\"broken\":{\"message\":\"unexpected token\","
                             "\"file\":\"lib/mail.js\",\"line\":3}"),
                 "");
    reconcile(&w);
    tick_at(&w, &d, "2026-03-01T01:00:00Z");
    assert_string_equal(reason(&w, "2026-03-01T01:00:00Z"),
                        "the job is broken: unexpected token (lib/mail.js:3)");
    expect_note(&w, "error: mail could not start, as it should by its schedule \"0 * * * *\": the"
                    " job is broken");
    read_catalog(&w, "", "");
    tick_at(&w, &d, "2026-03-01T02:00:00Z");
    assert_string_equal(reason(&w, "2026-03-01T02:00:00Z"), "the project has no such job any more");
    assert_string_equal(all_results(&w), "ff");
    reconcile(&w);
    assert_int_equal(number(&w, "select count(*) from pinstripe_schedules"), 0);
    world_clear(&w);
}

static void
a_wrong_schedule_is_told_and_left_alone_and_harms_no_other(void **state)
{
    static const struct {
        const char *what, *sql, *says;
    } rows[] = {
        { "zone", "update pinstripe_schedules set timeZone = 'Mars/Olympus' where job = 'bad'",
          "time zone \"Mars/Olympus\" is not known" },
        { "no zone at all", "update pinstripe_schedules set timeZone = '../x' where job = 'bad'",
          "cannot be the name of a time zone" },
        { "expression", "update pinstripe_schedules set cron = '61 * * * *' where job = 'bad'",
          "61" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct pin_bot_due d;
        struct pin_bot_tick t;

        begin(&w, &d, "2026-03-01T00:00:00Z",
              ONE("bad", "0 * * * *", "") "," ONE("good", "0 * * * *", ""));
        run_sql(&w, rows[i].sql);
        t = tick_at(&w, &d, "2026-03-01T01:00:00Z");
        if (t.enqueued != 1 || t.results[PIN_OCCURRENCE_FAILED_TO_START] != 1)
            fail_msg("%s: %s", rows[i].what, all_results(&w));
        expect_note(&w, rows[i].says);
        assert_int_equal(w.note_count, 1);
        end_runs(&w);
        t = tick_at(&w, &d, "2026-03-01T02:00:00Z");
        assert_int_equal(t.schedules, 1);
        assert_int_equal(t.enqueued, 1);
        assert_int_equal(number(&w, "select nextDueAt from pinstripe_schedules where job = 'bad'"),
                         INT64_MAX);
        assert_int_equal(w.note_count, 1);
        world_clear(&w);
    }
}

/* No place for one more zone in the cache: that can be well in a moment. */
static void
what_may_be_well_soon_is_put_off_by_a_minute(void **state)
{
    struct world w;
    struct pin_bot_due d;
    struct pin_bot_tick t;
    const struct pin_zone *zone;
    char rule[64];

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z", ONE("mail", "0 * * * *", ZONE("Asia/Tokyo")));
    pin__zones_free(w.zones);
    check(&w, pin__zones_new(&w.zones, NULL, &w.err), "zones");
    w.bot.zones = w.zones;
    for (int i = 0; i < PIN_ZONES_MAX; i++) {
        snprintf(rule, sizeof rule, "ABC%d:%02d", i / 60, i % 60);
        check(&w, pin__zones_local(w.zones, rule, &zone, &w.err), rule);
    }
    t = tick_at(&w, &d, "2026-03-01T01:00:00Z");
    assert_int_equal(t.next_due_ms, at("2026-03-01T01:01:00Z"));
    expect_note(&w, "warning: the schedule \"0 * * * *\" of mail is put off by a minute");
    assert_string_equal(all_results(&w), "");
    pin__zones_free(w.zones);
    check(&w, pin__zones_new(&w.zones, NULL, &w.err), "zones");
    w.bot.zones = w.zones;
    tick_at(&w, &d, "2026-03-01T01:01:00Z");
    assert_string_equal(all_results(&w), "l");
    world_clear(&w);
}

/* --- nights in which clocks jump --- */

static void
the_nights_in_which_clocks_jump_have_the_due_times_of_the_rule(void **state)
{
    static const struct {
        const char *cron, *from, *to, *want; /* due times, UTC */
    } rows[] = {
        { "30 2 * * *", "2026-03-08T04:59:00Z", "2026-03-08T12:00:00Z", "07:30" },
        { "0 * * * *", "2026-03-08T05:59:00Z", "2026-03-08T08:30:00Z", "06:00 07:00 08:00" },
        { "30 1 * * *", "2026-11-01T04:59:00Z", "2026-11-01T12:00:00Z", "05:30" },
        { "0 * * * *", "2026-11-01T04:59:00Z", "2026-11-01T07:30:00Z", "05:00 06:00 07:00" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char job[256], got[256] = "";
        struct pin_bot_due d;
        struct world w;
        struct pin_sql q;
        int64_t end = at(rows[i].to);

        snprintf(job, sizeof job, ONE("mail", "%s", ZONE("America/New_York") OVERLAP("allow")),
                 rows[i].cron);
        begin(&w, &d, rows[i].from, job);
        for (; w.now <= end; w.now += 1000)
            tick(&w, &d);
        check(&w,
              pin__sql_start(&q, w.session,
                             "select strftime('%H:%M', dueAt / 1000, 'unixepoch') from"
                             " pinstripe_occurrences where result = 0 order by dueAt",
                             NULL, 0, &w.err),
              "due times");
        while (pin__sql_step(&q, &w.err) == PIN_OK)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", *got ? " " : "",
                     q.row[0].bytes.data);
        pin__sql_end(&q);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s from %s: %s", rows[i].cron, rows[i].from, got);
        assert_int_equal(w.note_count, 0);
        world_clear(&w);
    }
}

/* --- tenants --- */

static void
by_each_tenant_s_clock_a_parent_is_made_for_each_zone(void **state)
{
    static const char *const zones[] = { "Asia/Tokyo", NULL, "Europe/Paris", "Asia/Tokyo" };
    struct world w;
    struct pin_bot_due d = { .bot = NULL };
    struct pin_bot_reconcile r = { .tenant_zones = zones, .tenant_zone_count = 4 };
    struct pin_bot_reconciled out;

    (void)state;
    world_make(&w, "2026-03-01T00:00:00Z", ONE("mail", "0 9 * * *", ZONE("tenant")),
               "\"multiTenant\":true,\"timeZone\":\"America/New_York\"");
    d.bot = r.bot = &w.bot;
    r.now_ms = w.now + 1000;
    check(&w, pin__bot_reconcile(&r, &out, &w.err), "reconcile");
    assert_int_equal(out.added, 3);
    tick_at(&w, &d, "2026-03-01T08:00:00Z"); /* 09:00 in Paris */
    tick_at(&w, &d, "2026-03-01T14:00:00Z"); /* 09:00 in New York */
    tick_at(&w, &d, "2026-03-02T00:00:00Z"); /* 09:00 in Tokyo */
    assert_int_equal(number(&w, "select count(*) from pinstripe_runs where role = 1 and tenant is"
                                " null"),
                     3);
    assert_int_equal(number(&w, "select group_concat(tenantZone || '|' || scheduledFor) ="
                                " 'Europe/Paris|1772352000000,|1772373600000,"
                                "Asia/Tokyo|1772409600000' from (select * from pinstripe_runs"
                                " order by id)"),
                     1);
    assert_string_equal(all_results(&w), "rrr");
    world_clear(&w);
}

/* --- more than one bot --- */

static void
two_bots_at_one_instant_make_one_run(void **state)
{
    struct world w, other;
    struct pin_bot_due d, e;

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z",
          ONE("a", "0 * * * *", "") "," ONE("b", "0 * * * *", MISSED("all") OVERLAP("allow")));
    other = w;
    open_store(&other, 1000);
    other.bot.note_context = &other;
    other.notes = PIN_BUF_INIT(1 << 20);
    e = (struct pin_bot_due){ .bot = &other.bot };
    for (w.now = at("2026-03-01T01:00:00Z"); w.now < at("2026-03-01T09:00:00Z");
         w.now += 90 * MINUTE) {
        other.now = w.now;
        tick(&w, &d);
        assert_int_equal(tick(&other, &e).schedules, 0);
        end_runs(&w);
    }
    assert_int_equal(number(&w, "select count(*) from pinstripe_occurrences where run is not null"
                                " and schedule like 'b#%'"),
                     8);
    shut_store(&other);
    pin__buf_fini(&other.notes);
    world_clear(&w);
}

static _Noreturn void
tick_for_an_hour(struct world *w)
{
    struct pin_bot_due d = { .bot = &w->bot };
    struct pin_bot_tick out;
    int64_t end = w->now + HOUR;

    w->bot.note = NULL;
    open_store(w, 0);
    for (; w->now <= end; w->now += 1000)
        while (pin__bot_tick(&d, w->now, &out, &w->err) == PIN_BUSY)
            ; /* the other one writes */
    shut_store(w);
    _exit(0);
}

static void
two_processes_that_race_make_one_run_for_each_due_time(void **state)
{
    enum { PROCESSES = 3 };
    struct world w;
    struct pin_bot_due d;
    int status;

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z",
          ONE("a", "*/10 * * * * *", OVERLAP("allow")) "," ONE("b", "* * * * *", OVERLAP("allow")));
    shut_store(&w);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            tick_for_an_hour(&w);
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    open_store(&w, 1000);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runs"), 360 + 60);
    assert_int_equal(number(&w, "select count(distinct schedule || scheduledFor) from"
                                " pinstripe_runs"),
                     360 + 60);
    assert_int_equal(number(&w, "select count(*) from pinstripe_occurrences"), 360 + 60);
    world_clear(&w);
}

static void
while_somebody_else_writes_nothing_happens_and_nothing_is_told(void **state)
{
    struct world w, other;
    struct pin_bot_due d;
    struct pin_bot_tick t;

    (void)state;
    begin(&w, &d, "2026-03-01T00:00:00Z", ONE("a", "0 * * * *", ""));
    other = w;
    open_store(&other, 0);
    check(&w, pin__store_begin(w.store, &w.err), "begin");
    d.bot = &other.bot;
    assert_int_equal(pin__bot_tick(&d, at("2026-03-01T03:30:00Z"), &t, &w.err), PIN_BUSY);
    assert_int_equal(t.enqueued, 0);
    assert_int_equal(w.note_count, 0);
    pin__store_rollback(w.store);
    check(&w, pin__bot_tick(&d, at("2026-03-01T03:30:00Z"), &t, &w.err), "again");
    assert_int_equal(t.enqueued, 1);
    assert_string_equal(all_results(&w), "mml");
    assert_int_equal(w.note_count, 1);
    shut_store(&other);
    world_clear(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due_is_queued_once_with_all_that_its_schedule_says),
        cmocka_unit_test(a_year_of_schedules_has_a_row_for_every_due_time),
        cmocka_unit_test(after_a_restart_each_policy_decides_about_what_was_missed),
        cmocka_unit_test(a_loop_that_was_blocked_or_a_machine_that_slept_is_late_once),
        cmocka_unit_test(a_clock_that_goes_back_fires_nothing_again),
        cmocka_unit_test(a_clock_that_jumps_forward_is_caught_up_with_by_policy_and_in_bounds),
        cmocka_unit_test(what_a_wrong_clock_has_put_years_ahead_is_mended_when_the_project_is_read),
        cmocka_unit_test(many_that_are_behind_are_caught_up_with_in_several_calls_and_told_once),
        cmocka_unit_test(overlap_says_what_happens_while_a_run_has_not_ended),
        cmocka_unit_test(
            missed_ones_that_all_run_wait_for_each_other_even_when_overlaps_are_skipped),
        cmocka_unit_test(a_schedule_that_queues_keeps_its_job_s_limit),
        cmocka_unit_test(a_paused_schedule_has_rows_that_say_so_and_owes_nothing_later),
        cmocka_unit_test(a_job_that_is_broken_or_gone_fails_to_start_with_the_reason),
        cmocka_unit_test(a_wrong_schedule_is_told_and_left_alone_and_harms_no_other),
        cmocka_unit_test(what_may_be_well_soon_is_put_off_by_a_minute),
        cmocka_unit_test(the_nights_in_which_clocks_jump_have_the_due_times_of_the_rule),
        cmocka_unit_test(by_each_tenant_s_clock_a_parent_is_made_for_each_zone),
        cmocka_unit_test(two_bots_at_one_instant_make_one_run),
        cmocka_unit_test(two_processes_that_race_make_one_run_for_each_due_time),
        cmocka_unit_test(while_somebody_else_writes_nothing_happens_and_nothing_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

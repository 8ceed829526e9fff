/* bot_schedules_test.c - the store's schedules become what the project says. */
#include "bot_help.h"

#include "bot/schedules.h"

static struct pin_bot_reconciled
reconcile(struct world *w, const char *const *tenant_zones, size_t count)
{
    struct pin_bot_reconcile r = {
        .bot = &w->bot, .tenant_zones = tenant_zones, .tenant_zone_count = count, .now_ms = w->now
    };
    struct pin_bot_reconciled out;

    check(w, pin__bot_reconcile(&r, &out, &w->err), "reconcile");
    return out;
}

static void
the_zone_is_the_schedule_s_or_the_project_s_or_the_machine_s(void **state)
{
    static const struct {
        const char *schedule, *config, *tz, *want;
    } rows[] = {
        { ONE("a", "0 9 * * *", ZONE("Asia/Tokyo")), "\"timeZone\":\"Europe/Paris\"", "UTC",
          "2026-03-02T00:00:00Z" },
        { ONE("a", "0 9 * * *", ""), "\"timeZone\":\"Europe/Paris\"", "UTC",
          "2026-03-01T08:00:00Z" },
        { ONE("a", "0 9 * * *", ""), "", "America/New_York", "2026-03-01T14:00:00Z" },
        { ONE("a", "0 9 * * *", ""), "", "XYZ-3", "2026-03-01T06:00:00Z" },
        { ONE("a", "CRON_TZ=Asia/Tokyo 0 9 * * *", ""), "", "UTC", "2026-03-02T00:00:00Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        int64_t next;

        world_make(&w, "2026-03-01T00:00:00Z", rows[i].schedule, rows[i].config);
        w.bot.tz = rows[i].tz;
        assert_int_equal(reconcile(&w, NULL, 0).added, 1);
        next = number(&w, "select nextDueAt from pinstripe_schedules");
        if (next != at(rows[i].want))
            fail_msg("row %zu: %lld", i, (long long)next);
        assert_int_equal(number(&w, "select evaluatedAt from pinstripe_schedules"), w.now);
        world_clear(&w);
    }
}

static void
a_broken_job_keeps_its_schedules_and_one_that_is_gone_does_not(void **state)
{
    struct world w;
    struct pin_bot_reconciled r;

    (void)state;
    world_make(
        &w, "2026-03-01T00:00:00Z",
        ONE("a", "0 9 * * *", "") "," ONE("b", "0 9 * * *", "") "," ONE("c", "0 9 * * *", ""), "");
    assert_int_equal(reconcile(&w, NULL, 0).added, 3);
    read_catalog(&w, JOB("a", "\"broken\":{\"message\":\"no\"}") "," ONE("c", "0 10 * * *", ""),
                 "");
    r = reconcile(&w, NULL, 0);
    assert_int_equal(r.rows, 1);
    assert_int_equal(r.added, 1);
    assert_int_equal(r.removed, 2);
    assert_int_equal(number(&w, "select group_concat(job || cron) = 'a0 9 * * *,c0 10 * * *' from"
                                " (select * from pinstripe_schedules order by job)"),
                     1);
    world_clear(&w);
}

static void
another_project_zone_moves_what_is_due_next(void **state)
{
    struct world w;

    (void)state;
    world_make(&w, "2026-03-01T00:00:00Z", ONE("a", "0 9 * * *", ""), "");
    reconcile(&w, NULL, 0);
    read_catalog(&w, ONE("a", "0 9 * * *", ""), "\"timeZone\":\"Europe/Paris\"");
    w.now += HOUR;
    assert_int_equal(reconcile(&w, NULL, 0).changed, 1);
    assert_int_equal(number(&w, "select nextDueAt from pinstripe_schedules"),
                     at("2026-03-01T08:00:00Z"));
    assert_int_equal(reconcile(&w, NULL, 0).changed, 0);
    world_clear(&w);
}

static void
wrong_schedules_are_told_and_never_due_and_harm_no_other(void **state)
{
    struct pin_buf jobs = PIN_BUF_INIT(1 << 16);
    struct world w;
    struct pin_bot_reconciled r;

    (void)state;
    pin__buf_adds(&jobs, ONE("good", "0 9 * * *", ""));
    for (int i = 0; i < 8; i++)
        pin__buf_addf(&jobs, "," ONE("wrong-%d", "0 9 * * *", ZONE("Mars/Olympus")), i, i);
    world_make(&w, "2026-03-01T00:00:00Z", pin__buf_text(&jobs), "");
    pin__buf_fini(&jobs);
    r = reconcile(&w, NULL, 0);
    assert_int_equal(r.rows, 9);
    assert_int_equal(r.wrong, 8);
    assert_int_equal(w.note_count, 6);
    expect_note(&w, "error: the schedule \"0 9 * * *\" of wrong-0 never runs: time zone"
                    " \"Mars/Olympus\" is not known");
    expect_note(&w, "error: 3 more schedules never run");
    assert_int_equal(number(&w, "select count(*) from pinstripe_schedules where nextDueAt ="
                                " 9223372036854775807"),
                     8);
    assert_int_equal(number(&w, "select nextDueAt from pinstripe_schedules where job = 'good'"),
                     at("2026-03-01T09:00:00Z"));
    world_clear(&w);
}

static void
the_tenants_zones_make_a_row_each(void **state)
{
    static const struct {
        const char *what;
        const char *zones[6];
        size_t count;
        const char *want; /* zones, sorted; - for those that name none */
        const char *note;
    } rows[] = {
        { "no tenants", { NULL }, 0, "", "" },
        { "none names one", { NULL, "" }, 2, "-", "" },
        { "each once",
          { "Asia/Tokyo", "Europe/Paris", "Asia/Tokyo" },
          3,
          "Asia/Tokyo Europe/Paris",
          "" },
        { "some name none", { "UTC", NULL, "Asia/Tokyo", "" }, 4, "- Asia/Tokyo UTC", "" },
        { "unknown",
          { "Asia/Tokyo", "Mars/Olympus", "../../etc" },
          3,
          "- Asia/Tokyo",
          "tenants name time zones that are not known: \"../../etc\", \"Mars/Olympus\"; schedules"
          " with timeZone 'tenant' run for them by the project's clock" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got[256] = "";
        struct pin_sql q;
        struct world w;

        world_make(&w, "2026-03-01T00:00:00Z", ONE("a", "0 9 * * *", ZONE("tenant")),
                   "\"multiTenant\":true,\"timeZone\":\"America/New_York\"");
        reconcile(&w, rows[i].zones, rows[i].count);
        check(&w,
              pin__sql_start(&q, w.session,
                             "select coalesce(timeZone, '-') from pinstripe_schedules where"
                             " byTenant order by 1",
                             NULL, 0, &w.err),
              "zones");
        while (pin__sql_step(&q, &w.err) == PIN_OK)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", *got ? " " : "",
                     q.row[0].bytes.data);
        pin__sql_end(&q);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].what, got);
        if (*rows[i].note)
            expect_note(&w, rows[i].note);
        else
            assert_int_equal(w.note_count, 0);
        if (strchr(rows[i].want, '-'))
            assert_int_equal(
                number(&w, "select nextDueAt from pinstripe_schedules where timeZone is null"),
                at("2026-03-01T14:00:00Z"));
        world_clear(&w);
    }
}

static void
a_job_without_tenants_has_one_row_by_the_project_s_clock(void **state)
{
    static const char *const zones[] = { "Asia/Tokyo", "Europe/Paris" };
    static const struct {
        const char *config, *multi;
        int64_t rows;
    } rows[] = {
        { "\"multiTenant\":true", "true", 2 },
        { "\"multiTenant\":true", "null", 2 },
        { "\"multiTenant\":true", "false", 1 },
        { "\"multiTenant\":false", "true", 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char job[512];
        struct world w;

        snprintf(job, sizeof job,
                 JOB("a", "\"multiTenant\":%s," SCHEDULES(SCHEDULE("0 9 * * *", ZONE("tenant")))),
                 rows[i].multi);
        world_make(&w, "2026-03-01T00:00:00Z", job, rows[i].config);
        reconcile(&w, zones, 2);
        assert_int_equal(number(&w, "select count(*) from pinstripe_schedules"), rows[i].rows);
        assert_int_equal(number(&w, "select sum(byTenant) from pinstripe_schedules"),
                         rows[i].rows == 1 ? 0 : 2);
        world_clear(&w);
    }
}

/* A tenant in a zone that had none: the pause of the job holds for it too. */
static void
a_new_zone_of_a_paused_job_begins_paused(void **state)
{
    static const char *const zones[] = { "Asia/Tokyo", "Europe/Paris" };
    struct world w;
    size_t n;

    (void)state;
    world_make(&w, "2026-03-01T00:00:00Z", ONE("a", "0 9 * * *", ZONE("tenant")),
               "\"multiTenant\":true");
    reconcile(&w, zones, 1);
    check(&w, pin__store_schedule_pause(w.store, "a", true, w.now, &n, &w.err), "pause");
    reconcile(&w, zones, 2);
    assert_int_equal(number(&w, "select sum(paused) from pinstripe_schedules"), 2);
    world_clear(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_zone_is_the_schedule_s_or_the_project_s_or_the_machine_s),
        cmocka_unit_test(a_broken_job_keeps_its_schedules_and_one_that_is_gone_does_not),
        cmocka_unit_test(another_project_zone_moves_what_is_due_next),
        cmocka_unit_test(wrong_schedules_are_told_and_never_due_and_harm_no_other),
        cmocka_unit_test(the_tenants_zones_make_a_row_each),
        cmocka_unit_test(a_job_without_tenants_has_one_row_by_the_project_s_clock),
        cmocka_unit_test(a_new_zone_of_a_paused_job_begins_paused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

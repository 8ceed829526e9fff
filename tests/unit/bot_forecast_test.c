/* bot_forecast_test.c - when schedules will fire, and what is odd about it. */
#include "bot_help.h"

#include "bot/forecast.h"

static void
remarks_tell_of_clocks_that_change(void **state)
{
    static const struct {
        const char *cron, *zone, *at, *want;
    } rows[] = {
        { "30 2 * * *", "America/New_York", "2026-03-07T07:30:00Z", "" },
        { "30 2 * * *", "America/New_York", "2026-03-08T07:30:00Z",
          "02:30 does not exist (the clocks go from 02:00 to 03:00): it is 03:30" },
        { "30 2,3 * * *", "America/New_York", "2026-03-08T07:30:00Z", "" },
        { "0 */2 * * *", "America/New_York", "2026-03-08T07:00:00Z",
          "02:00 does not exist (the clocks go from 02:00 to 03:00): it is 03:00" },
        { "0 * * * *", "America/New_York", "2026-03-08T07:00:00Z", "" },
        { "30 0 * * *", "Asia/Beirut", "2024-03-30T22:30:00Z",
          "00:30 does not exist (the clocks go from 00:00 to 01:00): it is 01:30" },
        { "15 2 * * *", "Australia/Lord_Howe", "2024-10-05T15:45:00Z",
          "02:15 does not exist (the clocks go from 02:00 to 02:30): it is 02:45" },
        { "0 9 30 * *", "Pacific/Apia", "2011-12-30T19:00:00Z",
          "2011-12-30 09:00 does not exist (the clocks go from 2011-12-30 00:00 to 2011-12-31"
          " 00:00): it is 2011-12-31 09:00" },
        { "30 1 * * *", "America/New_York", "2026-11-01T05:30:00Z",
          "the clocks go back: 01:30 comes twice; this is the first time, and the only one" },
        { "30 * * * *", "America/New_York", "2026-11-01T05:30:00Z",
          "the clocks go back: 01:30 comes twice; this is the first time" },
        { "30 * * * *", "America/New_York", "2026-11-01T06:30:00Z",
          "the clocks go back: 01:30 comes twice; this is the second time" },
        { "15 30 2 * * *", "America/New_York", "2026-03-08T07:30:15Z",
          "02:30:15 does not exist (the clocks go from 02:00 to 03:00): it is 03:30:15" },
    };
    struct pin_zones *zones;

    (void)state;
    assert_int_equal(pin__zones_new(&zones, NULL, NULL), PIN_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got[PIN_BOT_REMARK];
        struct pin_bot_when when;

        assert_int_equal(pin__cron_parse(&when.cron, rows[i].cron, NULL), PIN_OK);
        assert_int_equal(pin__zones_get(zones, rows[i].zone, &when.zone.zone, NULL), PIN_OK);
        if (!pin__cron_fires(&when.cron, when.zone.zone, at(rows[i].at) / 1000))
            fail_msg("%s does not fire at %s", rows[i].cron, rows[i].at);
        pin__bot_remark(&when, at(rows[i].at), got);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s at %s: %s", rows[i].cron, rows[i].at, got);
    }
    pin__zones_free(zones);
}

/* "job HH:MM" of the next `count`. */
static const char *
upcoming(struct world *w, const char *job, const char *from, int count)
{
    static char text[1024];
    const struct pin_job *one = job ? pin__catalog_job(w->catalog, job) : NULL;
    struct pin_forecast *f;
    struct pin_upcoming u;

    *text = '\0';
    check(w, pin__forecast_open(&f, &w->bot, one, at(from), &w->err), "open");
    while (count-- > 0 && pin__forecast_next(f, &u)) {
        struct pin_civil c = pin__zone_civil(u.zone.zone, u.at_ms / 1000);
        size_t used = strlen(text);

        snprintf(text + used, sizeof text - used, "%s%s %02d:%02d%s", used ? ", " : "", u.job->name,
                 c.hour, c.minute, u.by_tenant ? "*" : "");
    }
    pin__forecast_close(f);
    return text;
}

static void
schedules_of_many_jobs_come_in_the_order_of_time(void **state)
{
    struct world w;

    (void)state;
    world_make(
        &w, "2026-03-01T00:00:00Z",
        ONE("a", "0 */6 * * *", "") "," JOB(
            "b",
            SCHEDULES(SCHEDULE("0 9 * * *", ZONE("Asia/Tokyo")) "," SCHEDULE(
                "0 12 * * *",
                ""))) "," ONE("c", "0 3 * * *",
                              ZONE("tenant")) "," ONE("d", "0 0 * * *",
                                                      ZONE("Mars/Olympus")) "," JOB("e",
                                                                                    "\"broken\":{"
                                                                                    "\"message\":"
                                                                                    "\"no\"},"
                                                                                    "\"schedules\":"
                                                                                    "[]"),
        "\"multiTenant\":true,\"timeZone\":\"UTC\"");
    assert_string_equal(upcoming(&w, NULL, "2026-03-01T00:00:00Z", 8),
                        "a 00:00, b 09:00, c 03:00*, a 06:00, a 12:00, b 12:00, a 18:00, a 00:00");
    expect_note(&w, "the schedule \"0 0 * * *\" of d never runs: time zone \"Mars/Olympus\"");
    assert_string_equal(upcoming(&w, "b", "2026-03-01T00:00:00.001Z", 2), "b 12:00, b 09:00");
    assert_string_equal(upcoming(&w, "d", "2026-03-01T00:00:00Z", 2), "");
    world_clear(&w);
}

static void
a_thousand_schedules_are_merged(void **state)
{
    struct pin_buf jobs = PIN_BUF_INIT(1 << 20);
    struct pin_forecast *f;
    struct pin_upcoming u;
    struct world w;
    int64_t last = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        pin__buf_addf(&jobs, "%s" JOB("job-%04d", SCHEDULES(SCHEDULE("%d %d * * *", ""))),
                      i ? "," : "", i, i, i * 37 % 60, i * 11 % 24);
    world_make(&w, "2026-03-01T00:00:00Z", pin__buf_text(&jobs), "");
    pin__buf_fini(&jobs);
    check(&w, pin__forecast_open(&f, &w.bot, NULL, w.now, &w.err), "open");
    for (int i = 0; i < 5000; i++) {
        assert_true(pin__forecast_next(f, &u));
        assert_true(u.at_ms >= last);
        assert_true(u.at_ms < w.now + (i / 1000 + 1) * DAY);
        last = u.at_ms;
    }
    pin__forecast_close(f);
    world_clear(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remarks_tell_of_clocks_that_change),
        cmocka_unit_test(schedules_of_many_jobs_come_in_the_order_of_time),
        cmocka_unit_test(a_thousand_schedules_are_merged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

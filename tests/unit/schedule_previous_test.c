/* schedule_previous_test.c - the last instant before, held against walking forward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "schedule/previous.h"

static struct pin_zones *zones;

static int64_t
forward(const struct pin_cron *c, const struct pin_zone *zone, int64_t after, int64_t until)
{
    int64_t last = -1, next = after;

    while (pin__cron_next(c, zone, next, &next) == PIN_OK && next <= until)
        last = next;
    return last;
}

static void
the_last_instant_is_the_one_that_walking_forward_ends_at(void **state)
{
    static const char *const crons[] = { "* * * * * *",    "0 * * * *",     "30 2 * * *",
                                         "*/20 1-3 * * *", "0 9 1W * *",    "0 0 29 2 *",
                                         "0 0 * * 5L",     "15 */5 * * *",  "*/30 1 * * *",
                                         "0 0 1 1 *",      "0,1 * * * * *", "10-14 0 * * * *" };
    static const char *const names[] = { "UTC", "America/New_York", "Australia/Lord_Howe",
                                         "Pacific/Apia" };
    static const struct {
        int64_t after, until;
    } spans[] = {
        { 1772323200, 1772323200 },        /* nothing */
        { 1772323199, 1772323200 },        /* one second: a full hour */
        { 1772323200, 1772323200 + 7000 }, /* 2026-03-01 */
        { 1772323200, 1772323200 + 7031 },
        { 1772323200, 1772323200 + 7221 },
        { 1772949000, 1772949000 + 4 * 3600 },  /* New York's clocks go forward */
        { 1793505600, 1793505600 + 9 * 3600 },  /* and back */
        { 1325000000, 1325000000 + 9 * 86400 }, /* Apia misses a day */
        { 1728140000, 1728140000 + 86400 },     /* Lord Howe, half an hour */
    };

    (void)state;
    for (size_t c = 0; c < sizeof crons / sizeof *crons; c++)
        for (size_t z = 0; z < sizeof names / sizeof *names; z++)
            for (size_t s = 0; s < sizeof spans / sizeof *spans; s++) {
                const struct pin_zone *zone;
                struct pin_cron cron;
                int64_t want, got = -1;
                pin_status st;

                assert_int_equal(pin__cron_parse(&cron, crons[c], NULL), PIN_OK);
                assert_int_equal(pin__zones_get(zones, names[z], &zone, NULL), PIN_OK);
                want = forward(&cron, zone, spans[s].after, spans[s].until);
                st = pin__cron_previous(&cron, zone, spans[s].after, spans[s].until, &got);
                if (got != want || (st == PIN_EMPTY) != (want == -1))
                    fail_msg("%s in %s, span %zu: %lld, not %lld", crons[c], names[z], s,
                             (long long)got, (long long)want);
            }
}

static void
what_lies_far_back_is_found_without_walking_there(void **state)
{
    static const struct {
        const char *cron;
        int64_t after, until;
    } rows[] = {
        { "* * * * * *", -62135596800, 253402300799 }, /* 9,999 years */
        { "0 0 1 1 *", 0, 1772323200 },
        { "0 0 29 2 *", 0, 4107542400 }, /* 2100 is no leap year */
        { "0 0 * 2 1#5", 0, 4294967295 },
    };
    const struct pin_zone *utc;

    (void)state;
    assert_int_equal(pin__zones_get(zones, "UTC", &utc, NULL), PIN_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_cron cron;
        int64_t got, next;

        assert_int_equal(pin__cron_parse(&cron, rows[i].cron, NULL), PIN_OK);
        assert_int_equal(pin__cron_previous(&cron, utc, rows[i].after, rows[i].until, &got),
                         PIN_OK);
        assert_int_equal(pin__cron_next(&cron, utc, got, &next), PIN_OK);
        if (!pin__cron_fires(&cron, utc, got) || got > rows[i].until || next <= rows[i].until)
            fail_msg("%s: %lld", rows[i].cron, (long long)got);
    }
}

static int
open_zones(void **state)
{
    (void)state;
    return pin__zones_new(&zones, NULL, NULL) != PIN_OK;
}

static int
close_zones(void **state)
{
    (void)state;
    pin__zones_free(zones);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_instant_is_the_one_that_walking_forward_ends_at),
        cmocka_unit_test(what_lies_far_back_is_found_without_walking_there),
    };

    return cmocka_run_group_tests(tests, open_zones, close_zones);
}

/* bot_past_test.c - the due times between two evaluations, one by one and as a number. */
#include "bot_help.h"

#include "bot/past.h"

static struct pin_zones *zones;

static void
read_when(struct pin_bot_when *when, const char *cron)
{
    assert_int_equal(pin__cron_parse(&when->cron, cron, NULL), PIN_OK);
    assert_int_equal(pin__zones_get(zones, "UTC", &when->zone.zone, NULL), PIN_OK);
    when->zone.name = "UTC";
}

static void
the_latest_are_given_and_the_others_counted(void **state)
{
    static const struct {
        const char *cron, *after, *until;
        size_t count;
        int64_t earlier;
        bool at_least;
        const char *first, *last, *next;
    } rows[] = {
        { "0 * * * *", "2026-03-01T00:00:00Z", "2026-03-01T00:59:59.999Z", 0, 0, false,
          "2026-03-01T01:00:00Z", NULL, "2026-03-01T01:00:00Z" },
        { "0 * * * *", "2026-03-01T00:59:59.999Z", "2026-03-01T01:00:00Z", 1, 0, false,
          "2026-03-01T01:00:00Z", "2026-03-01T01:00:00Z", "2026-03-01T02:00:00Z" },
        { "* * * * *", "2026-03-01T00:00:00Z", "2026-03-01T16:40:00Z", 1000, 0, false,
          "2026-03-01T00:01:00Z", "2026-03-01T16:40:00Z", "2026-03-01T16:41:00Z" },
        { "* * * * *", "2026-03-01T00:00:00Z", "2026-03-01T16:41:59Z", 1000, 1, false,
          "2026-03-01T00:01:00Z", "2026-03-01T16:41:00Z", "2026-03-01T16:42:00Z" },
        { "* * * * *", "2026-03-01T00:00:00Z", "2026-03-07T22:40:30Z", 1000, 9000, false,
          "2026-03-01T00:01:00Z", "2026-03-07T22:40:00Z", "2026-03-07T22:41:00Z" },
        { "* * * * *", "2026-03-01T00:00:00Z", "2026-03-07T22:41:30Z", 1000, 9000, true,
          "2026-03-01T00:01:00Z", "2026-03-07T22:41:00Z", "2026-03-07T22:42:00Z" },
        { "* * * * * *", "2026-03-01T00:00:00Z", "2126-03-01T00:00:00.500Z", 1000, 9000, true,
          "2026-03-01T00:00:01Z", "2126-03-01T00:00:00Z", "2126-03-01T00:00:01Z" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_bot_past p;
        struct pin_bot_when when;

        read_when(&when, rows[i].cron);
        pin__bot_past(&when, at(rows[i].after), at(rows[i].until), &p);
        if (p.count != rows[i].count || p.earlier != rows[i].earlier ||
            p.earlier_at_least != rows[i].at_least || p.first_ms != at(rows[i].first) ||
            p.next_ms != at(rows[i].next))
            fail_msg("row %zu: %zu, %lld", i, p.count, (long long)p.earlier);
        if (p.count)
            assert_int_equal(p.at_ms[p.count - 1], at(rows[i].last));
        for (size_t k = 1; k < p.count; k++)
            if (pin__bot_next_due(&when, p.at_ms[k - 1]) != p.at_ms[k])
                fail_msg("row %zu: %zu does not follow", i, k);
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
        cmocka_unit_test(the_latest_are_given_and_the_others_counted),
    };

    return cmocka_run_group_tests(tests, open_zones, close_zones);
}

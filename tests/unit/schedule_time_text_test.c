/* schedule_time_text_test.c - instants as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "schedule/time_text.h"

static const struct {
    const char *text;
    int64_t ms;
} good[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "1970-01-01t00:00:00z", 0 },
    { "1970-01-01 00:00Z", 0 },
    { "1969-12-31T23:59:59.999Z", -1 },
    { "1970-01-01T00:00:00.2Z", 200 },
    { "1970-01-01T00:00:00,25Z", 250 },
    { "1970-01-01T00:00:00.0019999999999999999999Z", 1 },
    { "2026-08-01T09:30:00Z", 1785576600000 },
    { "2026-08-01T11:30:00+02:00", 1785576600000 },
    { "2026-08-01T11:30+0200", 1785576600000 },
    { "2026-08-01T11:30+02", 1785576600000 },
    { "2026-07-31T22:00:00-11:30", 1785576600000 },
    { "2024-02-29T00:00:00Z", 1709164800000 },
    { "9999-12-31T23:59:59.999Z", 253402300799999 },
    { "0000-01-01T00:00:00Z", -62167219200000 },
};

static void
reads_instants(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct pin_err err = PIN_ERR_INIT;
        int64_t ms = 42;

        if (pin__time_parse(&ms, good[i].text, &err) != PIN_OK)
            fail_msg("%s: %s", good[i].text, err.message);
        if (ms != good[i].ms)
            fail_msg("%s is %lld, not %lld", good[i].text, (long long)ms, (long long)good[i].ms);
    }
}

static const struct {
    const char *text, *why;
} bad[] = {
    { "", "is no time" },
    { "tomorrow", "is no time" },
    { "2026-08-01", "is no time" },
    { "2026-08-01T09:30:00", "in which zone" },
    { "2026-08-01T09:30", "in which zone" },
    { "2026-08-01T09:30:00X", "is no time" },
    { "2026-08-01T09:30:00Zjunk", "is no time" },
    { "2026-08-01T09:30:00+2:00", "is no time" },
    { "2026-08-01T09:30:00+24:00", "is no time" },
    { "2026-08-01T09:30:00+02:60", "is no time" },
    { "2026-08-01T09:30:00+02:", "is no time" },
    { "2026-08-01T09:30:00.Z", "is no time" },
    { "2026-08-01T9:30:00Z", "is no time" },
    { "2026-08-01T24:00:00Z", "is no time" },
    { "2026-08-01T23:60:00Z", "is no time" },
    { "2026-08-01T23:59:60Z", "is no time" },
    { "2026-02-29T00:00:00Z", "is no time" },
    { "2026-04-31T00:00:00Z", "is no time" },
    { "2026-13-01T00:00:00Z", "is no time" },
    { "2026-00-01T00:00:00Z", "is no time" },
    { "2026-01-00T00:00:00Z", "is no time" },
    { "-026-01-01T00:00:00Z", "is no time" },
    { "\033[31m", "\\x1b" },
};

static void
refuses_the_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pin_err err = PIN_ERR_INIT;
        int64_t ms;

        if (pin__time_parse(&ms, bad[i].text, &err) != PIN_INVALID)
            fail_msg("\"%s\" was read", bad[i].text);
        if (!strstr(err.message, bad[i].why))
            fail_msg("\"%s\": %s", bad[i].text, err.message);
    }
}

static const struct {
    int64_t ms;
    int offset_s;
    bool with_ms;
    const char *text;
} written[] = {
    { 0, 0, false, "1970-01-01T00:00:00Z" },
    { 0, 0, true, "1970-01-01T00:00:00.000Z" },
    { -1, 0, true, "1969-12-31T23:59:59.999Z" },
    { -1, 0, false, "1969-12-31T23:59:59Z" },
    { 1785576600250, 7200, true, "2026-08-01T11:30:00.250+02:00" },
    { 1785576600250, -41400, false, "2026-07-31T22:00:00-11:30" },
    { 1785576600000, 561, false, "2026-08-01T09:39:21+00:09:21" },
};

static void
writes_what_it_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        char text[PIN_TIME_TEXT_SIZE];
        int64_t ms, whole = written[i].ms;

        pin__time_text(written[i].ms, written[i].offset_s, written[i].with_ms, text);
        assert_string_equal(text, written[i].text);
        assert_int_equal(pin__time_parse(&ms, text, NULL), PIN_OK);
        if (!written[i].with_ms)
            whole -= (whole % 1000 + 1000) % 1000;
        assert_int_equal(ms, whole);
    }
}

static void
any_instant_fits(void **state)
{
    static const int64_t ends[] = { INT64_MIN, INT64_MAX };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char text[PIN_TIME_TEXT_SIZE];

        pin__time_text(ends[i], -86399, true, text);
        assert_true(strlen(text) < PIN_TIME_TEXT_SIZE - 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_instants),
        cmocka_unit_test(refuses_the_rest),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(any_instant_fits),
    };

    return cmocka_run_group_tests_name("schedule_time_text", tests, NULL, NULL);
}

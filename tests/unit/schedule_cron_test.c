/* schedule_cron_test.c - the tables in tests/vectors, and what holds for every expression.
 *
 * A good row is proven by brute force: every second from its start to the last instant of its list
 * is asked (far from both, every full minute), and exactly those of the list may fire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/path.h"
#include "schedule/cron.h"

enum { COLUMNS = 7, INSTANTS = 32, DAY_S = 86400 };

struct row {
    char *columns[COLUMNS]; /* "" when not there */
};

static void
unescape_tabs(char *text)
{
    for (char *at; (at = strstr(text, "\\t")) != NULL; text = at + 1) {
        *at = '\t';
        memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
}

/* Cuts the next row off *rest. False at the end. */
static bool
next_row(char **rest, struct row *row)
{
    static char empty[] = "";
    char *line;

    do {
        if (!*rest || !**rest)
            return false;
        line = strsep(rest, "\n");
    } while (*line == '#');
    for (int i = 0; i < COLUMNS; i++)
        row->columns[i] = line ? strsep(&line, "\t") : empty;
    unescape_tabs(row->columns[1]);
    return true;
}

static char *
read_table(const char *path)
{
    struct pin_buf text = PIN_BUF_INIT(1 << 20);
    struct pin_err err = PIN_ERR_INIT;

    if (pin__path_read(path, &text, &err) != PIN_OK)
        fail_msg("%s (run from the top of the tree)", err.message);
    return text.data;
}

static int64_t
instant(const char *text)
{
    struct pin_civil c = { 0 };
    long long year;

    if (sscanf(text, "%lld-%d-%dT%d:%d:%dZ", &year, &c.month, &c.day, &c.hour, &c.minute,
               &c.second) != 6)
        fail_msg("no instant: %s", text);
    c.year = year;
    return pin__civil_to_unix(&c);
}

static size_t
instants(char *list, int64_t *out)
{
    size_t n = 0;

    for (char *one; (one = strsep(&list, ",")) != NULL && n < INSTANTS; n++)
        out[n] = instant(one);
    return n;
}

static void
expect_exactly(const struct row *row, const struct pin_cron *cron, int64_t after,
               const int64_t *want, size_t count)
{
    size_t found = 0;

    for (int64_t minute = after - after % 60; minute <= want[count - 1]; minute += 60) {
        struct pin_civil c = pin__civil_from_unix(minute, 0);
        bool far = minute - after > 2 * DAY_S && want[found] - minute > DAY_S;

        for (c.second = 0; c.second < (far ? 1 : 60); c.second++) {
            int64_t t = minute + c.second;
            bool fires = pin__cron_matches(cron, &c);

            if (t <= after || t > want[count - 1] || fires == (t == want[found]))
                found += t > after && t <= want[count - 1] && fires;
            else
                fail_msg("%s \"%s\": %s at %04d-%02d-%02dT%02d:%02d:%02dZ", row->columns[0],
                         row->columns[1], fires ? "fires" : "does not fire", (int)c.year, c.month,
                         c.day, c.hour, c.minute, c.second);
        }
    }
    if (found != count)
        fail_msg("%s \"%s\": fired %zu of %zu times", row->columns[0], row->columns[1], found,
                 count);
}

static void
every_good_row_fires_then_and_only_then(void **state)
{
    char *table = read_table("tests/vectors/cron.tsv"), *rest = table;
    struct row row;
    int rows = 0;

    (void)state;
    for (; next_row(&rest, &row); rows++) {
        struct pin_cron cron;
        struct pin_err err = PIN_ERR_INIT;
        int64_t want[INSTANTS];
        size_t count = instants(row.columns[4], want);

        assert_string_equal(row.columns[2], "UTC");
        if (pin__cron_parse(&cron, row.columns[1], &err) != PIN_OK)
            fail_msg("%s: %s", row.columns[0], err.message);
        expect_exactly(&row, &cron, instant(row.columns[3]), want, count);
    }
    assert_true(rows > 80);
    free(table);
}

static void
every_bad_row_is_refused_with_its_reason(void **state)
{
    char *table = read_table("tests/vectors/cron_bad.tsv"), *rest = table;
    struct row row;
    int rows = 0;

    (void)state;
    for (; next_row(&rest, &row); rows++) {
        struct pin_cron cron;
        struct pin_err err = PIN_ERR_INIT;

        if (pin__cron_parse(&cron, row.columns[1], &err) != PIN_INVALID)
            fail_msg("%s \"%s\" is accepted", row.columns[0], row.columns[1]);
        if (!row.columns[2][0] || !strstr(err.message, row.columns[2]))
            fail_msg("%s \"%s\": %s; expected %s", row.columns[0], row.columns[1], err.message,
                     row.columns[2]);
    }
    assert_true(rows > 70);
    free(table);
}

static void
expect_same_after_print(const char *text)
{
    struct pin_buf printed = PIN_BUF_INIT(4096);
    struct pin_cron a, b;
    struct pin_err err = PIN_ERR_INIT;

    assert_int_equal(pin__cron_parse(&a, text, &err), PIN_OK);
    pin__cron_print(&a, &printed);
    if (pin__cron_parse(&b, pin__buf_text(&printed), &err) != PIN_OK)
        fail_msg("\"%s\" prints as \"%s\": %s", text, pin__buf_text(&printed), err.message);
    if (memcmp(&a, &b, sizeof a) != 0)
        fail_msg("\"%s\" prints as \"%s\", which means something else", text,
                 pin__buf_text(&printed));
    pin__buf_fini(&printed);
}

static void
what_is_printed_means_the_same(void **state)
{
    static const char *const more[] = {
        "0 */5 * * *",
        "0 */24 * * *",
        "0 1,*/5 * * *",
        "0 0-23 * * *",
        "0 */13 * * *",
        "0 0 1,L * 1L,3L,5",
        "0 0 * * 0,1,2,3,4,5,6",
        "59 59 23 31 12 6#5",
        "1-59 * * * * *",
        "0 0 15W,1,L,LW * *",
        "CRON_TZ=Europe/Paris 0 9 LW * 1#1",
        "TZ=UTC @daily",
        "0 0 LW,1-31 * *",
    };
    char *table = read_table("tests/vectors/cron.tsv"), *rest = table;
    struct row row;

    (void)state;
    while (next_row(&rest, &row))
        expect_same_after_print(row.columns[1]);
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        expect_same_after_print(more[i]);
    free(table);
}

static void
the_canonical_text_is_short(void **state)
{
    static const struct {
        const char *in, *want;
    } rows[] = {
        { "0 */5 * * *", "0 */5 * * *" },
        { "*/15 * * * *", "0,15,30,45 * * * *" },
        { "0 9 * * MON-FRI", "0 9 * * 1-5" },
        { "0 9 ? * 7", "0 9 * * 0" },
        { "0 0 * * * *", "0 * * * *" },
        { "30 0 0 1-31 * 5L", "30 0 0 * * 5L" },
        { "@weekly", "0 0 * * 0" },
        { " TZ=UTC\t0 9 7W,L,1 * *", "CRON_TZ=UTC 0 9 1,7W,L * *" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pin_buf out = PIN_BUF_INIT(4096);
        struct pin_cron cron;

        assert_int_equal(pin__cron_parse(&cron, rows[i].in, NULL), PIN_OK);
        pin__cron_print(&cron, &out);
        assert_string_equal(pin__buf_text(&out), rows[i].want);
        pin__buf_fini(&out);
    }
}

static void
a_very_long_text_is_refused(void **state)
{
    static char text[100000];
    struct pin_cron cron;
    struct pin_err err = PIN_ERR_INIT;

    (void)state;
    memset(text, '1', sizeof text - 1);
    assert_int_equal(pin__cron_parse(&cron, text, &err), PIN_INVALID);
    assert_non_null(strstr(err.message, "99999 bytes"));
    memset(text, ' ', PIN_CRON_TEXT_MAX);
    text[PIN_CRON_TEXT_MAX] = '\0';
    assert_int_equal(pin__cron_parse(&cron, text, &err), PIN_INVALID);
}

static void
civil_time_is_right_far_away(void **state)
{
    static const struct {
        int64_t unix_s;
        int offset_s;
        int64_t year;
        int month, day, hour, minute, second, weekday;
    } rows[] = {
        { 0, 0, 1970, 1, 1, 0, 0, 0, 4 },
        { -1, 0, 1969, 12, 31, 23, 59, 59, 3 },
        { 0, -18000, 1969, 12, 31, 19, 0, 0, 3 },
        { 951782400, 0, 2000, 2, 29, 0, 0, 0, 2 },
        { 2147483648, 0, 2038, 1, 19, 3, 14, 8, 2 },
        { 4107542400, 0, 2100, 3, 1, 0, 0, 0, 1 },
        { 253402300799, 0, 9999, 12, 31, 23, 59, 59, 5 },
        { 1768471650, 20700, 2026, 1, 15, 15, 52, 30, 4 },
        { -62135596800, 0, 1, 1, 1, 0, 0, 0, 1 },
        { INT64_MAX, 86400, 292277026596, 12, 5, 15, 30, 7, 1 },
        { INT64_MIN, -86400, -292277022657, 1, 26, 8, 29, 52, 6 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pin_civil c = pin__civil_from_unix(rows[i].unix_s, rows[i].offset_s);

        if (c.year != rows[i].year || c.month != rows[i].month || c.day != rows[i].day ||
            c.hour != rows[i].hour || c.minute != rows[i].minute || c.second != rows[i].second ||
            c.weekday != rows[i].weekday)
            fail_msg("row %zu: %lld-%02d-%02dT%02d:%02d:%02d weekday %d", i, (long long)c.year,
                     c.month, c.day, c.hour, c.minute, c.second, c.weekday);
        if (rows[i].offset_s == 0)
            assert_int_equal(pin__civil_to_unix(&c), rows[i].unix_s);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(civil_time_is_right_far_away),
        cmocka_unit_test(every_good_row_fires_then_and_only_then),
        cmocka_unit_test(every_bad_row_is_refused_with_its_reason),
        cmocka_unit_test(what_is_printed_means_the_same),
        cmocka_unit_test(the_canonical_text_is_short),
        cmocka_unit_test(a_very_long_text_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

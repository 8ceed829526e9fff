/* command_human_test.c - what a person reads at a glance: lengths of time, sizes, tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command/human.h"
#include "command/table.h"

static void
lengths_of_time_have_two_places(void **state)
{
    static const struct {
        int64_t us;
        const char *want;
    } rows[] = {
        { -5, "0us" },
        { 999, "999us" },
        { 1000, "1ms" },
        { 999999, "999ms" },
        { 1000000, "1.0s" },
        { 59999999, "59.9s" },
        { 60000000, "1m00s" },
        { INT64_C(3599) * 1000000, "59m59s" },
        { INT64_C(3600) * 1000000, "1h00m" },
        { INT64_C(86400) * 1000000, "1d00h" },
        { INT64_C(86400) * 1000000 * 400, "400d00h" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(pin__human_duration(rows[i].us).text, rows[i].want);
}

static void
times_are_told_by_how_far_they_are(void **state)
{
    static const struct {
        int64_t then_s;
        const char *want;
    } rows[] = {
        { 0, "now" },        { -1, "1s ago" },       { -59, "59s ago" },   { -60, "1m ago" },
        { -3600, "1h ago" }, { -86399, "23h ago" },  { -86400, "1d ago" }, { 1, "in 1s" },
        { 300, "in 5m" },    { 86400 * 3, "in 3d" },
    };
    const int64_t now = 1700000000;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(pin__human_ago((now + rows[i].then_s) * 1000, now * 1000).text,
                            rows[i].want);
}

static void
sizes_and_counts_are_short(void **state)
{
    (void)state;
    assert_string_equal(pin__human_bytes(0).text, "0 B");
    assert_string_equal(pin__human_bytes(999).text, "999 B");
    assert_string_equal(pin__human_bytes(1000).text, "1.0 kB");
    assert_string_equal(pin__human_bytes(999999).text, "1.0 MB");
    assert_string_equal(pin__human_bytes(1400000).text, "1.4 MB");
    assert_string_equal(pin__human_count(0).text, "0");
    assert_string_equal(pin__human_count(999).text, "999");
    assert_string_equal(pin__human_count(1000).text, "1,000");
    assert_string_equal(pin__human_count(1234567).text, "1,234,567");
    assert_string_equal(pin__human_count(-1000).text, "-1,000");
}

static const char *const headings[] = { "ID", "WHAT", "WHY", NULL };

static char *
printed(struct table *t, size_t width)
{
    static char text[4096];
    FILE *to = fmemopen(text, sizeof text, "w");

    assert_non_null(to);
    text[0] = '\0';
    assert_int_equal(pin__table_print(t, to, width, NULL), PIN_OK);
    fclose(to);
    return text;
}

static void
columns_are_as_wide_as_their_widest_cell(void **state)
{
    struct table t;

    (void)state;
    pin__table_init(&t, headings);
    assert_string_equal(printed(&t, 0), "");
    pin__table_add(&t, "1");
    pin__table_add(&t, "\xc3\xa9t\xc3\xa9s");
    pin__table_add(&t, "");
    pin__table_add(&t, "22");
    pin__table_add(&t, NULL);
    pin__table_add(&t, "because");
    assert_string_equal(printed(&t, 0), "ID  WHAT  WHY\n"
                                        "1   \xc3\xa9t\xc3\xa9s\n"
                                        "22        because\n");
    assert_string_equal(printed(&t, 13), "ID  WHAT  WHY\n"
                                         "1   \xc3\xa9t\xc3\xa9s\n"
                                         "22        bec\n");
    assert_string_equal(printed(&t, 6), "ID  WH\n"
                                        "1   \xc3\xa9t\n"
                                        "22  \n");
    pin__table_fini(&t);
}

static void
no_text_breaks_a_table(void **state)
{
    char longest[PIN_TABLE_CELL_MAX * 4];
    struct table t;
    const char *line;

    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    pin__table_init(&t, headings);
    pin__table_add(&t, "a\nb\tc");
    pin__table_add(&t, "\033[31mred\xc2\x9b");
    pin__table_add_bytes(&t, (struct pin_bytes){ "\0\xff", 2 });
    assert_string_equal(strchr(printed(&t, 0), '\n') + 1,
                        "a\\x0ab\\x09c  \\x1b[31mred\\xc2\\x9b  \\x00\\xff\n");
    pin__table_add(&t, longest);
    pin__table_add(&t, "");
    pin__table_add(&t, "");
    line = strrchr(printed(&t, 0), 'x');
    assert_string_equal(line, "x...\n");
    assert_int_equal(t.widths[0], PIN_TABLE_CELL_MAX);
    pin__table_fini(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_of_time_have_two_places),
        cmocka_unit_test(times_are_told_by_how_far_they_are),
        cmocka_unit_test(sizes_and_counts_are_short),
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
        cmocka_unit_test(no_text_breaks_a_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

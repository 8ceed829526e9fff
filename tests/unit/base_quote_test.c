/* base_quote_test.c - text from outside, as messages show it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ban.h"
#include "base/quote.h"

static void
what_cannot_be_shown_is_escaped(void **state)
{
    static const struct {
        const char *in;
        size_t size;
        const char *want;
    } rows[] = {
        { "abc", 3, "\"abc\"" },
        { "", 0, "\"\"" },
        { "a\nb\x1b[1m", 7, "\"a\\x0ab\\x1b[1m\"" },
        { "a\0b", 3, "\"a\\x00b\"" },
        { "\xc3\xa9t\xc3\xa9", 5, "\"\xc3\xa9t\xc3\xa9\"" },
        { "\xc3", 1, "\"\\xc3\"" },
        { "\xc0\xaf", 2, "\"\\xc0\\xaf\"" },
        { "\xed\xa0\x80", 3, "\"\\xed\\xa0\\x80\"" },
        { "\xf4\x90\x80\x80", 4, "\"\\xf4\\x90\\x80\\x80\"" },
        { "\xf0\x9f\x8e\x89", 4, "\"\xf0\x9f\x8e\x89\"" },
        { "\xe2\x80\xae", 3, "\"\\xe2\\x80\\xae\"" },
        { "\xc2\x85", 2, "\"\\xc2\\x85\"" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(pin__quote(rows[i].in, rows[i].size).text, rows[i].want);
}

static void
what_is_long_is_cut_between_characters(void **state)
{
    char in[1000];
    struct pin_quote q;

    (void)state;
    for (size_t i = 0; i < sizeof in; i += 2)
        memcpy(in + i, "\xc3\xa9", 2);
    q = pin__quote(in, sizeof in);
    assert_true(strlen(q.text) < PIN_QUOTE_SIZE);
    assert_string_equal(q.text + strlen(q.text) - 6, "\xc3\xa9...\"");
}

static void
longer_texts_are_shown_character_by_character(void **state)
{
    static const char in[] = "a\xc3\xa9\x1b\xc2\x9b\xff";
    static const struct {
        const char *shown;
        size_t step;
    } want[] = { { "a", 1 },     { "\xc3\xa9", 2 }, { "\\x1b", 1 },
                 { "\\xc2", 1 }, { "\\x9b", 1 },    { "\\xff", 1 } };
    char out[PIN_QUOTE_NEXT_SIZE];
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_int_equal(pin__quote_next(in + at, sizeof in - 1 - at, out), want[i].step);
        assert_string_equal(out, want[i].shown);
        at += want[i].step;
    }
    assert_int_equal(pin__quote_next(in + at, 0, out), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_shown_is_escaped),
        cmocka_unit_test(what_is_long_is_cut_between_characters),
        cmocka_unit_test(longer_texts_are_shown_character_by_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

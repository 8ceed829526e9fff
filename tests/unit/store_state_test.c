/* store_state_test.c - states and their changes; and that docs/runs.md says what the code does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/enqueue.h"
#include "store/store.h"
#include "workspace/workspace.h"

static const char page_path[] = "docs/runs.md";

static const char *const events[PIN_RUN_EVENT_COUNT] = {
    [PIN_EVENT_DUE] = "due",
    [PIN_EVENT_CLAIM] = "claim",
    [PIN_EVENT_HOLD] = "hold",
    [PIN_EVENT_RELEASE] = "release",
    [PIN_EVENT_SUCCEED] = "succeed",
    [PIN_EVENT_FAIL] = "fail",
    [PIN_EVENT_RETRY] = "retry",
    [PIN_EVENT_LOSE] = "lose",
    [PIN_EVENT_GIVE_BACK] = "give back",
    [PIN_EVENT_FAN_OUT] = "fan out",
    [PIN_EVENT_CANCEL] = "cancel",
    [PIN_EVENT_REOPEN] = "reopen",
    [PIN_EVENT_REJOIN] = "rejoin",
};

/* --- the page's tables --- */

struct cells {
    char text[8][256];
    size_t count;
};

static void
copy_cell(char to[256], const char *from, const char *end)
{
    while (from < end && *from == ' ')
        from++;
    while (end > from && end[-1] == ' ')
        end--;
    snprintf(to, 256, "%.*s", (int)(end - from), from);
}

/* False for a line that is no row of a table. */
static bool
read_cells(const char *line, struct cells *out)
{
    const char *bar;

    out->count = 0;
    if (*line != '|')
        return false;
    for (line++; out->count < 8 && (bar = strchr(line, '|')) != NULL; line = bar + 1)
        copy_cell(out->text[out->count++], line, bar);
    return true;
}

/* Calls `each` for every row of every table that has so many columns. */
static void
each_row(size_t columns, void (*each)(void *context, const struct cells *row), void *context)
{
    FILE *f = fopen(page_path, "r");
    struct cells row;
    char line[2048];

    if (!f)
        fail_msg("cannot read %s; tests run in the folder of the source", page_path);
    while (fgets(line, sizeof line, f))
        if (read_cells(line, &row) && row.count == columns)
            each(context, &row);
    assert_int_equal(fclose(f), 0);
}

/* --- changes --- */

struct changes {
    int to[PIN_RUN_STATE_COUNT][PIN_RUN_EVENT_COUNT]; /* the state plus one; 0: not on the page */
};

static void
note_change(void *context, const struct cells *row)
{
    struct changes *c = context;
    enum pin_run_state from, to;

    if (!pin__run_state_parse(row->text[0], &from))
        return; /* the head, or another table */
    if (!pin__run_state_parse(row->text[2], &to))
        fail_msg("%s is no state", row->text[2]);
    for (int e = 0; e < PIN_RUN_EVENT_COUNT; e++)
        if (strcmp(events[e], row->text[1]) == 0) {
            assert_int_equal(c->to[from][e], 0);
            c->to[from][e] = (int)to + 1;
            return;
        }
    fail_msg("%s is nothing that happens to a run", row->text[1]);
}

static void
the_page_has_the_changes_of_the_code_and_no_others(void **state)
{
    struct changes c = { { { 0 } } };

    (void)state;
    each_row(4, note_change, &c);
    for (int s = 0; s < PIN_RUN_STATE_COUNT; s++)
        for (int e = 0; e < PIN_RUN_EVENT_COUNT; e++) {
            enum pin_run_state from = (enum pin_run_state)s;
            enum pin_run_event event = (enum pin_run_event)e;
            int want = pin__run_may(from, event) ? (int)pin__run_next(from, event) + 1 : 0;

            if (c.to[s][e] != want)
                fail_msg("%s, %s: the page says %s, the code %s", pin__run_state_name(from),
                         events[e],
                         c.to[s][e] ? pin__run_state_name((enum pin_run_state)(c.to[s][e] - 1))
                                    : "nothing",
                         want ? pin__run_state_name((enum pin_run_state)(want - 1)) : "nothing");
        }
}

/* --- limits --- */

static const int64_t second = 1000, minute = 60 * 1000, hour = 60 * 60 * 1000;

struct limit {
    const char *name;
    int64_t value;
    const char *unit;
    int64_t divisor;
    bool seen;
};

static void
compare_limit(void *context, const struct cells *row)
{
    char want[64], name[64];

    for (struct limit *l = context; l->name; l++) {
        snprintf(name, sizeof name, "`%s`", l->name);
        if (strcmp(row->text[2], name) != 0)
            continue;
        snprintf(want, sizeof want, "%lld%s%s", (long long)(l->value / l->divisor),
                 *l->unit ? " " : "", l->unit);
        if (strcmp(row->text[1], want) != 0)
            fail_msg("%s: the page says %s, the code %s", l->name, row->text[1], want);
        l->seen = true;
    }
}

static void
the_page_has_the_limits_of_the_code(void **state)
{
    struct limit limits[] = {
        { "PIN_STORE_LEASE_MS", PIN_STORE_LEASE_MS, "s", second, false },
        { "PIN_STORE_SWEEP_MS", PIN_STORE_SWEEP_MS, "s", second, false },
        { "PIN_STORE_LOST_LIMIT", PIN_STORE_LOST_LIMIT, "", 1, false },
        { "PIN_STORE_KEY_MS", PIN_STORE_KEY_MS, "d", 24 * hour, false },
        { "PIN_KEY_BYTES_MAX", PIN_KEY_BYTES_MAX, "", 1, false },
        { "PIN_PRIORITY_MAX", PIN_PRIORITY_MAX, "", 1, false },
        { "PIN_STORE_OUTPUT_BYTES", PIN_STORE_OUTPUT_BYTES, "MB", 1 << 20, false },
        { "PIN_RETRY_DELAY_MS", PIN_RETRY_DELAY_MS, "s", second, false },
        { "PIN_RETRY_MAX_DELAY_MS", PIN_RETRY_MAX_DELAY_MS, "h", hour, false },
        { "PIN_BOT_GONE_MS", PIN_BOT_GONE_MS, "min", minute, false },
        { "PIN_ARGS_BYTES_MAX", (int64_t)PIN_ARGS_BYTES_MAX, "MB", 1 << 20, false },
        { NULL, 0, "", 1, false },
    };

    (void)state;
    each_row(3, compare_limit, limits);
    for (const struct limit *l = limits; l->name; l++)
        if (!l->seen)
            fail_msg("the page does not tell %s", l->name);
}

/* --- words --- */

static void
states_have_names_and_three_of_them_are_final(void **state)
{
    int final = 0;

    (void)state;
    for (int s = 0; s < PIN_RUN_STATE_COUNT; s++) {
        enum pin_run_state read;

        assert_true(pin__run_state_parse(pin__run_state_name((enum pin_run_state)s), &read));
        assert_int_equal(read, s);
        final += pin__run_is_final((enum pin_run_state)s);
    }
    assert_int_equal(final, 3);
    assert_string_equal(pin__run_state_name(PIN_RUN_STATE_COUNT), "unknown");
}

/* What ends well stays so, whatever happens. */
static void
nothing_happens_to_a_run_that_succeeded(void **state)
{
    (void)state;
    for (int e = 0; e < PIN_RUN_EVENT_COUNT; e++)
        assert_false(pin__run_may(PIN_RUN_SUCCEEDED, (enum pin_run_event)e));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_has_the_changes_of_the_code_and_no_others),
        cmocka_unit_test(the_page_has_the_limits_of_the_code),
        cmocka_unit_test(states_have_names_and_three_of_them_are_final),
        cmocka_unit_test(nothing_happens_to_a_run_that_succeeded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The file that keeps what was typed into the REPL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "repl/history.h"

static char folder[] = "/tmp/pinstripe-history.XXXXXX";
static char path[sizeof folder + 32];

static int
make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/a/b/history", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    char command[sizeof folder + 16];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

struct seen {
    size_t count;
    char first[64], last[64];
};

static void
see(void *context, const char *line)
{
    struct seen *s = context;

    snprintf(s->count ? s->last : s->first, sizeof s->last, "%s", line);
    s->count++;
}

static size_t
lines_in_file(void)
{
    FILE *f = fopen(path, "r");
    size_t n = 0;
    int c;

    assert_non_null(f);
    while ((c = fgetc(f)) != EOF)
        n += c == '\n';
    fclose(f);
    return n;
}

static void
test_lines_are_read_in_the_order_in_which_they_were_added(void **state)
{
    struct seen seen = { .count = 0 };
    struct stat st;

    (void)state;
    pin__history_add(path, "one");
    pin__history_add(path, "");
    pin__history_add(path, "no\nline");
    pin__history_add(path, "two \xc3\xa4");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    pin__history_read(path, see, &seen);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.first, "one");
    assert_string_equal(seen.last, "two \xc3\xa4");
}

static void
test_only_the_newest_are_read_and_a_long_file_is_cut(void **state)
{
    char line[32];
    struct stat st;

    (void)state;
    for (int i = 1; i <= 2 * PIN_HISTORY_LINES_MAX + 1; i++) {
        struct seen seen = { .count = 0 };

        snprintf(line, sizeof line, "line %d", i);
        pin__history_add(path, line);
        if (i != PIN_HISTORY_LINES_MAX + 5 && i != 2 * PIN_HISTORY_LINES_MAX + 1)
            continue;
        pin__history_read(path, see, &seen);
        assert_int_equal(seen.count, PIN_HISTORY_LINES_MAX);
        assert_string_equal(seen.last, line);
        snprintf(line, sizeof line, "line %d", i - PIN_HISTORY_LINES_MAX + 1);
        assert_string_equal(seen.first, line);
        assert_int_equal(lines_in_file(),
                         i > 2 * PIN_HISTORY_LINES_MAX ? PIN_HISTORY_LINES_MAX : i);
    }
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void
test_what_cannot_be_read_or_written_is_no_history(void **state)
{
    struct seen seen = { .count = 0 };

    (void)state;
    pin__history_read(NULL, see, &seen);
    pin__history_read(path, see, &seen);
    pin__history_add(NULL, "x");
    pin__history_add("/proc/nothing/here", "x");
    assert_int_equal(seen.count, 0);
}

static void
test_where_it_is(void **state)
{
    static const struct {
        const char *given, *state, *home, *want;
    } rows[] = {
        { "/x/h", "/s", "/home/a", "/x/h" },
        { "", "/s", "/home/a", "/s/pinstripe/history" },
        { NULL, "/s", "/home/a", "/s/pinstripe/history" },
        { NULL, NULL, "/home/a", "/home/a/.local/state/pinstripe/history" },
        { NULL, "", "/home/a", "/home/a/.local/state/pinstripe/history" },
        { NULL, NULL, NULL, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *names[] = { "PINSTRIPE_HISTORY", "XDG_STATE_HOME", "HOME" };
        const char *values[] = { rows[i].given, rows[i].state, rows[i].home };
        char *got;

        for (size_t k = 0; k < 3; k++)
            if (values[k])
                setenv(names[k], values[k], 1);
            else
                unsetenv(names[k]);
        got = pin__history_path();
        if (!rows[i].want ? got != NULL : !got || strcmp(got, rows[i].want) != 0)
            fail_msg("row %zu: %s", i, got ? got : "NULL");
        free(got);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines_are_read_in_the_order_in_which_they_were_added,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_only_the_newest_are_read_and_a_long_file_is_cut,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_read_or_written_is_no_history,
                                        make_folder, remove_folder),
        cmocka_unit_test(test_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The floor that all stand on: bytes with a ceiling, arenas, durations, files read safely. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/path.h"
#include "base/wire.h"

static void
a_buffer_stops_at_its_ceiling_and_keeps_what_it_had(void **state)
{
    struct pin_buf b = PIN_BUF_INIT(8);

    (void)state;
    pin__buf_adds(&b, "12345678");
    assert_int_equal(pin__buf_check(&b, "it", NULL), PIN_OK);
    pin__buf_addc(&b, '9');
    assert_int_equal(pin__buf_check(&b, "it", NULL), PIN_LIMIT);
    assert_string_equal(pin__buf_text(&b), "12345678");
    pin__buf_clear(&b);
    pin__buf_addf(&b, "%d", 42);
    assert_string_equal(pin__buf_text(&b), "42");
    pin__buf_fini(&b);
}

static void
json_strings_escape_what_must_be(void **state)
{
    struct pin_buf b = PIN_BUF_INIT(100);

    (void)state;
    pin__buf_add_json_string(&b, "a\"\\\n\t\x01\x7f\0é", 10);
    assert_string_equal(pin__buf_text(&b), "\"a\\\"\\\\\\n\\t\\u0001\\u007f\\u0000é\"");
    pin__buf_fini(&b);
}

static void
an_arena_gives_zeroed_aligned_memory_up_to_its_ceiling(void **state)
{
    struct pin_arena a = PIN_ARENA_INIT(10000);
    char *p;

    (void)state;
    for (int i = 0; i < 100; i++) {
        p = pin__arena_alloc(&a, 33);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % sizeof(max_align_t) % 16, 0);
        assert_int_equal(p[32], 0);
        memset(p, 0xff, 33);
    }
    assert_null(pin__arena_alloc(&a, 9000));
    pin__arena_reset(&a);
    p = pin__arena_printf(&a, "%s-%d", "x", 7);
    assert_string_equal(p, "x-7");
    pin__arena_fini(&a);
}

static void
durations_are_read_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* 0: refused */
    } rows[] = {
        { "90s", 90000 },    { "5m", 300000 }, { "2h30m", 9000000 },
        { "1w", 604800000 }, { "250ms", 250 }, { "1d12h", 129600000 },
        { "0s", 0 },         { "5", 0 },       { "", 0 },
        { "m", 0 },          { "5x", 0 },      { "-5s", 0 },
        { "5 m", 0 },        { "1.5s", 0 },    { "99999999999999999999s", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = 0;
        pin_status st = pin__duration_parse(&ms, rows[i].text, NULL);

        if ((st == PIN_OK) != (rows[i].ms != 0) || ms != rows[i].ms)
            fail_msg("%s gave %lld", rows[i].text, (long long)ms);
    }
}

static void
only_regular_files_are_read_and_links_are_not_followed(void **state)
{
    char folder[] = "/tmp/pinstripe-base-XXXXXX";
    char path[PATH_MAX], fifo[PATH_MAX], link_path[PATH_MAX];
    struct pin_buf b = PIN_BUF_INIT(1000);
    struct pin_err err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    snprintf(link_path, sizeof link_path, "%s/link", folder);
    assert_int_equal(pin__path_create(path, (struct pin_bytes){ "hello", 5 }, NULL), PIN_OK);
    assert_int_equal(pin__path_create(path, (struct pin_bytes){ "other", 5 }, NULL), PIN_CONFLICT);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(pin__path_read(path, &b, NULL), PIN_OK);
    assert_string_equal(pin__buf_text(&b), "hello");
    assert_int_equal(pin__path_read(fifo, &b, &err), PIN_DENIED);
    assert_non_null(strstr(err.message, "a FIFO"));
    assert_int_equal(pin__path_read(link_path, &b, &err), PIN_DENIED);
    assert_non_null(strstr(err.message, "symbolic link"));
    assert_int_equal(pin__path_read(folder, &b, &err), PIN_DENIED);
    assert_int_equal(pin__path_read("/nowhere/at/all", &b, &err), PIN_NOT_FOUND);
    pin__buf_clear(&b);
    assert_int_equal(pin__path_replace(path, (struct pin_bytes){ "again", 5 }, NULL), PIN_OK);
    assert_int_equal(pin__path_read(path, &b, NULL), PIN_OK);
    assert_string_equal(pin__buf_text(&b), "again");
    assert_int_equal(pin__path_replace(folder, (struct pin_bytes){ "again", 5 }, &err), PIN_IO);
    assert_non_null(strstr(err.message, folder));
    b.max = 3;
    pin__buf_clear(&b);
    assert_int_equal(pin__path_read(path, &b, &err), PIN_LIMIT);
    pin__buf_fini(&b);
    unlink(path);
    unlink(fifo);
    unlink(link_path);
    rmdir(folder);
}

static void
a_reader_never_passes_its_end(void **state)
{
    struct pin_buf b = PIN_BUF_INIT(100);
    struct pin_reader r;

    (void)state;
    pin__wire_put_u32(&b, 7);
    pin__wire_put_text(&b, NULL);
    pin__wire_put_bytes(&b, "", 0);
    r = PIN_READER(b.data, b.size);
    assert_int_equal(pin__wire_get_u32(&r), 7);
    assert_null(pin__wire_get_text(&r));
    assert_non_null(pin__wire_get_bytes(&r).data);
    assert_true(pin__wire_done(&r));
    assert_int_equal(pin__wire_get_u64(&r), 0);
    assert_false(pin__wire_done(&r));
    pin__buf_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_stops_at_its_ceiling_and_keeps_what_it_had),
        cmocka_unit_test(json_strings_escape_what_must_be),
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory_up_to_its_ceiling),
        cmocka_unit_test(durations_are_read_as_people_write_them),
        cmocka_unit_test(only_regular_files_are_read_and_links_are_not_followed),
        cmocka_unit_test(a_reader_never_passes_its_end),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}

/* base_log_test.c - log lines: both forms, text that may hold anything, readers that are gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

/* 2024-03-10T14:05:09.000123Z */
static const int64_t now_us = 1710079509000123;

static char *
line(struct pin_buf *b, bool json, const struct pin_log_fields *fields, const char *message)
{
    struct pin_log log = { .fd = -1, .json = json, .utc = true };

    pin__buf_clear(b);
    pin__log_line(b, &log, now_us, PIN_LOG_WARNING, "a.word", fields, message);
    assert_int_equal(pin__buf_check(b, "the line", NULL), PIN_OK);
    return b->data;
}

static void
a_person_gets_time_level_message_and_what_there_is_to_know(void **state)
{
    static const struct {
        struct pin_log_fields fields;
        const char *message, *want;
    } rows[] = {
        { { 0 }, "hello", "14:05:09 warning hello\n" },
        { { .job = "nightly", .attempt = 2, .duration_us = 1250, .outcome = "threw" },
          "nightly failed",
          "14:05:09 warning nightly failed job=nightly attempt=2 duration_ms=1.250"
          " outcome=threw\n" },
        { { .tenant = "", .queue = "two words", .worker = "a\"b" },
          "x",
          "14:05:09 warning x queue=\"two words\" tenant=\"\" worker=\"a\\\"b\"\n" },
        { { .due_at_ms = 1710079509012 },
          "x",
          "14:05:09 warning x due_at=2024-03-10T14:05:09.012Z\n" },
        { { .error.kind = "throw", .error.stack = "at f\n\tat g\n" },
          "x",
          "14:05:09 warning x error.kind=throw\n    at f\n    \\x09at g\n" },
        { { .job = "a\x1b[2Jb\xffz\xe2\x80\xae" },
          "two\nlines\xc3\xa9",
          "14:05:09 warning two\\nlines\xc3\xa9 job=a\\x1b[2Jb\\xffz\\xe2\\x80\\xae\n" },
    };
    struct pin_buf b = PIN_BUF_INIT(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(line(&b, false, &rows[i].fields, rows[i].message), rows[i].want);
    pin__buf_fini(&b);
}

static void
a_machine_gets_one_object_with_every_field_there_is(void **state)
{
    static const struct pin_log_fields all = { .job = "j",
                                               .run_id = "r",
                                               .queue = "q",
                                               .tenant = "t",
                                               .schedule = "s",
                                               .worker = "w",
                                               .outcome = "o",
                                               .attempt = 1,
                                               .max_attempts = 3,
                                               .due_at_ms = 1710079509012,
                                               .pid = 7,
                                               .duration_us = 250,
                                               .queue_us = 1000000,
                                               .cpu_us = 1,
                                               .peak_mem_bytes = 4096,
                                               .error = { "k", "m", "at f\nat g" },
                                               .trace_id = "tr",
                                               .span_id = "sp",
                                               .code_hash = "c" };
    static const char want[] =
        "{\"ts\":\"2024-03-10T14:05:09.000123Z\",\"level\":\"warning\",\"event\":\"a.word\","
        "\"msg\":\"hi\",\"job\":\"j\",\"run_id\":\"r\",\"attempt\":1,\"max_attempts\":3,"
        "\"queue\":\"q\",\"tenant\":\"t\",\"schedule\":\"s\","
        "\"due_at\":\"2024-03-10T14:05:09.012Z\",\"worker\":\"w\",\"pid\":7,"
        "\"duration_ms\":0.250,\"queue_ms\":1000.000,\"cpu_ms\":0.001,\"peak_mem_bytes\":4096,"
        "\"outcome\":\"o\",\"error.kind\":\"k\",\"error.message\":\"m\",\"trace_id\":\"tr\","
        "\"span_id\":\"sp\",\"code_hash\":\"c\",\"error.stack\":\"at f\\nat g\"}\n";
    struct pin_buf b = PIN_BUF_INIT(1 << 20);

    (void)state;
    assert_string_equal(line(&b, true, &all, "hi"), want);
    assert_string_equal(line(&b, true, NULL, "hi"),
                        "{\"ts\":\"2024-03-10T14:05:09.000123Z\",\"level\":\"warning\","
                        "\"event\":\"a.word\",\"msg\":\"hi\"}\n");
    pin__buf_fini(&b);
}

/* Every byte and many pairs: the line is JSON, is one line, and says what was said where it can. */
static void
whatever_the_text_a_line_is_valid_and_one_line(void **state)
{
    struct pin_buf b = PIN_BUF_INIT(1 << 20);

    (void)state;
    for (int c = 1; c < 256; c++)
        for (int d = 1; d < 256; d += 7) {
            const char text[] = { 'a', (char)c, (char)d, 'z', '\0' };
            struct pin_log_fields f = { .job = text };
            json_t *read;

            line(&b, true, &f, text);
            read = json_loadb(b.data, b.size, 0, NULL);
            assert_non_null(read);
            assert_ptr_equal(strchr(b.data, '\n'), b.data + b.size - 1);
            if (c < 0x80 && d < 0x80)
                assert_string_equal(json_string_value(json_object_get(read, "job")), text);
            json_decref(read);
            line(&b, false, &f, text);
            assert_ptr_equal(strchr(b.data, '\n'), b.data + b.size - 1);
            for (size_t i = 0; i + 1 < b.size; i++)
                assert_true((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
        }
    pin__buf_fini(&b);
}

static void
what_is_long_is_cut(void **state)
{
    static char text[100000];
    struct pin_log_fields f = { .job = text, .error.stack = text };
    struct pin_buf b = PIN_BUF_INIT(4 << 20);
    json_t *read;

    (void)state;
    memset(text, 0x01, sizeof text - 1);
    line(&b, true, &f, text);
    read = json_loadb(b.data, b.size, 0, NULL);
    assert_non_null(read);
    assert_int_equal(json_string_length(json_object_get(read, "job")), 8192 + 3);
    assert_int_equal(json_string_length(json_object_get(read, "error.stack")), 32768 + 3);
    assert_int_equal(json_string_length(json_object_get(read, "msg")), 4096 + 3);
    json_decref(read);
    line(&b, false, &f, text);
    pin__buf_fini(&b);
}

static size_t
count_lines(int fd)
{
    char bytes[8192];
    ssize_t n = read(fd, bytes, sizeof bytes);
    size_t lines = 0;

    for (ssize_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return lines;
}

static void
lines_below_the_level_are_not_written(void **state)
{
    struct pin_log log;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    pin__log_init(&log, ends[1]);
    assert_true(log.json); /* a pipe is no terminal */
    pin__log(&log, PIN_LOG_DEBUG, "a", NULL, "no");
    assert_int_equal(count_lines(ends[0]), 0);
    pin__log(&log, PIN_LOG_INFO, "a", NULL, "yes %d", 1);
    pin__log(NULL, PIN_LOG_ERROR, "a", NULL, "nobody hears");
    assert_int_equal(count_lines(ends[0]), 1);
    pin__log_fini(&log);
    close(ends[0]);
    close(ends[1]);
}

static void
lines_together_wait_for_the_flush_or_a_warning(void **state)
{
    struct pin_log log;
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    pin__log_init(&log, ends[1]);
    log.together = true;
    pin__log(&log, PIN_LOG_INFO, "a", NULL, "1");
    pin__log(&log, PIN_LOG_INFO, "a", NULL, "2");
    assert_int_equal(count_lines(ends[0]), 0);
    pin__log_flush(&log);
    assert_int_equal(count_lines(ends[0]), 2);
    pin__log(&log, PIN_LOG_INFO, "a", NULL, "3");
    pin__log(&log, PIN_LOG_WARNING, "a", NULL, "4");
    assert_int_equal(count_lines(ends[0]), 2);
    pin__log(&log, PIN_LOG_INFO, "a", NULL, "5");
    pin__log_fini(&log);
    assert_int_equal(count_lines(ends[0]), 1);
    close(ends[0]);
    close(ends[1]);
}

/* SIGPIPE has its default action here: a second of these would not be reached. */
static void
a_line_that_cannot_be_written_is_counted_and_kills_nobody(void **state)
{
    struct pin_log log;
    int ends[2], full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pin__log_init(&log, ends[1]);
    close(ends[0]);
    pin__log(&log, PIN_LOG_ERROR, "a", NULL, "nobody reads");
    pin__log(&log, PIN_LOG_ERROR, "a", NULL, "nobody reads");
    assert_int_equal(log.dropped, 2);
    assert_int_equal(log.failure, EPIPE);
    close(ends[1]);
    if (full >= 0) {
        log.fd = full;
        pin__log(&log, PIN_LOG_ERROR, "a", NULL, "no room");
        assert_int_equal(log.dropped, 3);
        assert_int_equal(log.failure, ENOSPC);
        close(full);
    }
    log.fd = -1;
    pin__log(&log, PIN_LOG_ERROR, "a", NULL, "no file");
    assert_int_equal(log.failure, EBADF);
    pin__log_fini(&log);
}

static void
levels_have_names(void **state)
{
    enum pin_log_level level;

    (void)state;
    for (int i = 0; i < PIN_LOG_LEVELS; i++) {
        assert_true(pin__log_level_parse(pin__log_level_name((enum pin_log_level)i), &level));
        assert_int_equal(level, i);
    }
    assert_false(pin__log_level_parse("loud", &level));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_gets_time_level_message_and_what_there_is_to_know),
        cmocka_unit_test(a_machine_gets_one_object_with_every_field_there_is),
        cmocka_unit_test(whatever_the_text_a_line_is_valid_and_one_line),
        cmocka_unit_test(what_is_long_is_cut),
        cmocka_unit_test(lines_below_the_level_are_not_written),
        cmocka_unit_test(lines_together_wait_for_the_flush_or_a_warning),
        cmocka_unit_test(a_line_that_cannot_be_written_is_counted_and_kills_nobody),
        cmocka_unit_test(levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Messages between processes: what is encoded is decoded again, and rubbish is refused, never
 * believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "executor/message.h"

static const struct pin_message messages[] = {
    { .type = PIN_MESSAGE_CATALOG, .bytes = { "{}", 2 } },
    { .type = PIN_MESSAGE_REFUSED, .number = 3, .text = "why" },
    { .type = PIN_MESSAGE_FORKED, .worker = 7, .number = 4711 },
    { .type = PIN_MESSAGE_FORK_FAILED, .worker = 7, .number = 11 },
    { .type = PIN_MESSAGE_EXITED, .worker = 7, .number = 9 },
    { .type = PIN_MESSAGE_TIDIED, .number = 3, .kind = 2 },
    { .type = PIN_MESSAGE_FORK, .worker = 8 },
    { .type = PIN_MESSAGE_TIDY, .number = 3, .text = "/p/development.db" },
    { .type = PIN_MESSAGE_TASK,
      .id = 1,
      .kind = 2,
      .depth = 3,
      .run_id = "01890000-0000-7000-8000-000000000000",
      .attempt = 2,
      .check = 1,
      .key = "k",
      .due_ms = 7,
      .text = "send-email",
      .args = { "[\"a\\u0000\"]", 11 },
      .tenant_id = "t1",
      .wall_us = 5,
      .heap_bytes = UINT64_MAX },
    { .type = PIN_MESSAGE_ANSWER, .number = 2, .bytes = { NULL, 0 }, .args = { "[]", 2 } },
    { .type = PIN_MESSAGE_STOP, .id = 3, .number = 4 },
    { .type = PIN_MESSAGE_LINE, .id = 3, .number = 4, .kind = 2, .bytes = { "await x\n", 8 } },
    { .type = PIN_MESSAGE_READY, .number = UINT64_MAX },
    { .type = PIN_MESSAGE_CONSOLE, .id = 1, .kind = 2, .bytes = { "a\0b", 3 } },
    { .type = PIN_MESSAGE_CALL, .id = 1, .number = 2, .kind = 1, .text = "", .tenant_name = "é" },
    { .type = PIN_MESSAGE_PROGRESS, .id = 1, .number = 3, .wall_us = 10, .text = "three" },
    { .type = PIN_MESSAGE_WAKE },
    { .type = PIN_MESSAGE_REPLY, .id = 3, .number = 4, .kind = 1, .bytes = { "42", 2 } },
    { .type = PIN_MESSAGE_OUTCOME,
      .id = 9,
      .kind = 1,
      .number = 1,
      .args = { "{}", 2 },
      .cpu_us = 4 },
};

enum { MESSAGES = sizeof messages / sizeof *messages };

static void
assert_same_bytes(struct pin_bytes a, struct pin_bytes b)
{
    assert_int_equal(a.size, b.size);
    assert_true((a.data == NULL) == (b.data == NULL));
    if (a.size)
        assert_memory_equal(a.data, b.data, a.size);
}

static void
assert_same_text(const char *a, const char *b)
{
    assert_true((a == NULL) == (b == NULL));
    if (a)
        assert_string_equal(a, b);
}

static void
every_type_survives_the_way(void **state)
{
    (void)state;
    assert_int_equal(MESSAGES, PIN_MESSAGE_TYPE_COUNT - 1); /* a new type needs its row here */
    for (size_t i = 0; i < MESSAGES; i++) {
        struct pin_buf b = PIN_BUF_INIT(1000);
        const struct pin_message *sent = &messages[i];
        struct pin_message got;

        pin__message_encode(&b, sent);
        assert_int_equal(pin__message_decode(&got, b.data + 4, b.size - 4, NULL), PIN_OK);
        assert_int_equal(got.type, sent->type);
        assert_int_equal(got.worker, sent->worker);
        assert_int_equal(got.kind, sent->kind);
        assert_int_equal(got.depth, sent->depth);
        assert_int_equal(got.attempt, sent->attempt);
        assert_int_equal(got.check, sent->check);
        assert_int_equal(got.due_ms, sent->due_ms);
        assert_same_text(got.run_id, sent->run_id);
        assert_same_text(got.key, sent->key);
        assert_true(got.id == sent->id && got.number == sent->number);
        assert_true(got.wall_us == sent->wall_us && got.cpu_us == sent->cpu_us);
        assert_true(got.heap_bytes == sent->heap_bytes);
        assert_same_text(got.text, sent->text);
        assert_same_text(got.tenant_id, sent->tenant_id);
        assert_same_text(got.tenant_name, sent->tenant_name);
        assert_same_bytes(got.args, sent->args);
        assert_same_bytes(got.params, sent->params);
        assert_same_bytes(got.bytes, sent->bytes);
        pin__buf_fini(&b);
    }
}

static void
every_cut_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < MESSAGES; i++) {
        struct pin_buf b = PIN_BUF_INIT(1000);
        struct pin_message got;

        pin__message_encode(&b, &messages[i]);
        for (size_t cut = 4; cut < b.size; cut++)
            assert_int_equal(pin__message_decode(&got, b.data + 4, cut - 4, NULL), PIN_INVALID);
        pin__buf_addc(&b, 'x');
        assert_int_equal(pin__message_decode(&got, b.data + 4, b.size - 4, NULL), PIN_INVALID);
        pin__buf_fini(&b);
    }
}

static void
rubbish_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *bytes;
        size_t size;
    } rows[] = {
        { "nothing", "", 0 },
        { "other version", "\x02\x06", 2 },
        { "type none", "\x01\x00", 2 },
        { "type beyond the last", "\x01\xff", 2 },
        { "length beyond the end", "\x01\x01\xf0\xff\xff\x7f", 6 },
        { "no NUL behind the bytes", "\x01\x01\x01\x00\x00\x00ab", 8 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_message got;

        if (pin__message_decode(&got, rows[i].bytes, rows[i].size, NULL) != PIN_INVALID)
            fail_msg("taken for a message: %s", rows[i].why);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_survives_the_way),
        cmocka_unit_test(every_cut_is_refused),
        cmocka_unit_test(rubbish_is_refused),
    };

    return cmocka_run_group_tests_name("executor/message", tests, NULL, NULL);
}

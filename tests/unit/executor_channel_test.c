/* Channels: frames arrive whole and in order, with their descriptors; a lost or mad peer is
 * noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

#include "executor/channel.h"

struct ends {
    struct pin_channel a, b;
};

static int
open_ends(void **state)
{
    static struct ends ends;
    int fds[2];

    assert_int_equal(pin__channel_pair(fds, NULL), PIN_OK);
    pin__channel_init(&ends.a, fds[0]);
    pin__channel_init(&ends.b, fds[1]);
    *state = &ends;
    return 0;
}

static int
close_ends(void **state)
{
    struct ends *e = *state;

    pin__channel_fini(&e->a);
    pin__channel_fini(&e->b);
    return 0;
}

static void
frames_come_whole_and_in_order(void **state)
{
    struct ends *e = *state;
    struct pin_message m;

    for (uint64_t i = 0; i < 1000; i++)
        pin__channel_send(&e->a, &(struct pin_message){ .type = PIN_MESSAGE_STOP, .id = i });
    for (uint64_t i = 0; i < 1000; i++) {
        pin_status st;

        while ((st = pin__channel_next(&e->b, &m, NULL)) == PIN_EMPTY) {
            (void)pin__channel_flush(&e->a); /* a thousand small ones may fill the socket */
            assert_int_equal(pin__channel_fill(&e->b, NULL), PIN_OK);
        }
        assert_int_equal(st, PIN_OK);
        assert_true(m.id == i);
    }
    assert_int_equal(pin__channel_fill(&e->b, NULL), PIN_EMPTY);
}

static void
a_frame_larger_than_the_socket_is_sent_in_parts(void **state)
{
    enum { SIZE = 8 << 20 };
    struct ends *e = *state;
    char *big = calloc(1, SIZE);
    struct pin_message m;
    pin_status st;

    pin__channel_send(&e->a,
                      &(struct pin_message){ .type = PIN_MESSAGE_CATALOG, .bytes = { big, SIZE } });
    assert_true(pin__channel_has_unsent(&e->a));
    while ((st = pin__channel_next(&e->b, &m, NULL)) == PIN_EMPTY) {
        assert_int_not_equal(pin__channel_fill(&e->b, NULL), PIN_LOST);
        assert_int_not_equal(pin__channel_flush(&e->a), PIN_LOST);
    }
    assert_int_equal(st, PIN_OK);
    assert_int_equal(m.bytes.size, SIZE);
    assert_false(pin__channel_has_unsent(&e->a));
    free(big);
}

static void
a_descriptor_comes_with_its_frame(void **state)
{
    struct ends *e = *state;
    struct pin_message m;
    char byte = 0;
    int pair[2], got;

    assert_int_equal(pipe(pair), 0);
    assert_int_equal(
        pin__channel_send_fds(&e->a, &(struct pin_message){ .type = PIN_MESSAGE_FORK, .worker = 5 },
                              &pair[1], 1, NULL),
        PIN_OK);
    assert_int_equal(pin__channel_fill(&e->b, NULL), PIN_OK);
    assert_int_equal(pin__channel_next(&e->b, &m, NULL), PIN_OK);
    got = pin__channel_take_fd(&e->b);
    assert_true(got >= 0 && got != pair[1]);
    assert_int_equal(write(got, "x", 1), 1);
    assert_int_equal(read(pair[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    assert_int_equal(pin__channel_take_fd(&e->b), -1);
    close(got);
    close(pair[0]);
    close(pair[1]);
}

static void
a_lost_peer_is_noticed_after_its_last_words(void **state)
{
    struct ends *e = *state;
    struct pin_message m;

    pin__channel_send(&e->a, &(struct pin_message){ .type = PIN_MESSAGE_STOP, .id = 1 });
    pin__channel_fini(&e->a);
    assert_int_equal(pin__channel_fill(&e->b, NULL), PIN_OK);
    assert_int_equal(pin__channel_next(&e->b, &m, NULL), PIN_OK);
    assert_int_equal(pin__channel_fill(&e->b, NULL), PIN_LOST);
}

static void
an_endless_frame_is_refused(void **state)
{
    static const unsigned char size[4] = { 0xff, 0xff, 0xff, 0x7f };
    struct ends *e = *state;
    struct pin_message m;

    assert_int_equal(send(e->a.fd, size, sizeof size, 0), (int)sizeof size);
    assert_int_equal(pin__channel_fill(&e->b, NULL), PIN_OK);
    assert_int_equal(pin__channel_next(&e->b, &m, NULL), PIN_INVALID);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_come_whole_and_in_order, open_ends, close_ends),
        cmocka_unit_test_setup_teardown(a_frame_larger_than_the_socket_is_sent_in_parts, open_ends,
                                        close_ends),
        cmocka_unit_test_setup_teardown(a_descriptor_comes_with_its_frame, open_ends, close_ends),
        cmocka_unit_test_setup_teardown(a_lost_peer_is_noticed_after_its_last_words, open_ends,
                                        close_ends),
        cmocka_unit_test_setup_teardown(an_endless_frame_is_refused, open_ends, close_ends),
    };

    return cmocka_run_group_tests_name("executor/channel", tests, NULL, NULL);
}

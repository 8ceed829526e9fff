/* Channels: frames arrive whole and in order, with their descriptors; a lost or mad peer is
 * noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
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

/* The peer's ends wait, which in one process would be for ever. */
static int
open_pipes(void **state)
{
    static struct ends ends;
    int in, out;

    assert_int_equal(pin__channel_pipes(&ends.a, &in, &out, NULL), PIN_OK);
    assert_int_equal(fcntl(in, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(out, F_SETFL, O_NONBLOCK), 0);
    pin__channel_init_pipes(&ends.b, in, out);
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

    assert_int_equal(write(e->a.out_fd, size, sizeof size), (int)sizeof size);
    assert_int_equal(pin__channel_fill(&e->b, NULL), PIN_OK);
    assert_int_equal(pin__channel_next(&e->b, &m, NULL), PIN_INVALID);
}

static void
of_pipes_both_ways_are_heard(void **state)
{
    struct ends *e = *state;
    struct pin_message m;

    for (int i = 0; i < 2; i++) {
        struct pin_channel *from = i ? &e->b : &e->a, *to = i ? &e->a : &e->b;

        pin__channel_send(from, &(struct pin_message){ .type = PIN_MESSAGE_STOP, .id = 7 });
        assert_int_equal(pin__channel_fill(to, NULL), PIN_OK);
        assert_int_equal(pin__channel_next(to, &m, NULL), PIN_OK);
        assert_true(m.id == 7);
    }
}

/* SIGPIPE would end this test. A host's process is not ours to change. */
static void
writing_to_a_peer_that_is_gone_raises_no_signal(void **state)
{
    struct ends *e = *state;

    signal(SIGPIPE, SIG_DFL);
    pin__channel_fini(&e->b);
    for (int i = 0; i < 100000 && !pin__channel_has_unsent(&e->a); i++)
        pin__channel_send(&e->a, &(struct pin_message){ .type = PIN_MESSAGE_STOP, .id = 1 });
    assert_int_equal(pin__channel_flush(&e->a), PIN_BUSY);
    assert_int_equal(pin__channel_fill(&e->a, NULL), PIN_LOST);
}

#define OVER_BOTH(test)                                                                            \
    { #test, test, open_ends, close_ends, NULL },                                                  \
    {                                                                                              \
#test "_over_pipes", test, open_pipes, close_ends, NULL                                    \
    }

int
main(void)
{
    const struct CMUnitTest tests[] = {
        OVER_BOTH(frames_come_whole_and_in_order),
        OVER_BOTH(a_frame_larger_than_the_socket_is_sent_in_parts),
        OVER_BOTH(a_lost_peer_is_noticed_after_its_last_words),
        OVER_BOTH(an_endless_frame_is_refused),
        cmocka_unit_test_setup_teardown(a_descriptor_comes_with_its_frame, open_ends, close_ends),
        cmocka_unit_test_setup_teardown(of_pipes_both_ways_are_heard, open_pipes, close_ends),
        cmocka_unit_test_setup_teardown(writing_to_a_peer_that_is_gone_raises_no_signal, open_pipes,
                                        close_ends),
    };

    return cmocka_run_group_tests_name("executor/channel", tests, NULL, NULL);
}

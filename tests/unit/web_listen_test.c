/* Addresses to listen at, as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "web/listen.h"

static void
what_is_no_address_is_refused(void **state)
{
    static const char *const rows[] = { "",           "localhost",     "3000",       ":3000",
                                        "127.0.0.1:", "127.0.0.1:x",   "a b:3000",   "::1:3000",
                                        "[::1]",      "127.0.0.1:+80", "[]:80",      "1.2.3.4:80 ",
                                        "x:123456",   "[::1:3000",     "http://a:80" };
    char address[PIN_ADDRESS_SIZE];
    struct pin_err err;
    int fd;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (pin__listen(rows[i], &fd, address, &err) != PIN_INVALID || fd != -1)
            fail_msg("\"%s\" is not refused", rows[i]);
}

static void
port_0_takes_a_free_one_and_a_taken_one_is_a_conflict(void **state)
{
    char address[PIN_ADDRESS_SIZE], again[PIN_ADDRESS_SIZE];
    struct pin_err err;
    int fd, other;

    (void)state;
    assert_int_equal(pin__listen("localhost:0", &fd, address, &err), PIN_OK);
    assert_int_equal(pin__listen(address, &other, again, &err), PIN_CONFLICT);
    assert_non_null(strstr(err.message, address));
    assert_int_equal(other, -1);
    close(fd);
    assert_int_equal(pin__listen(address, &fd, again, &err), PIN_OK);
    assert_string_equal(again, address);
    close(fd);
}

static void
what_only_this_machine_reaches_is_known(void **state)
{
    static const struct {
        const char *address;
        bool loopback;
    } rows[] = { { "127.0.0.1:3000", true },    { "127.9.8.7", true },
                 { "[::1]:3000", true },        { "::1", true },
                 { "0.0.0.0:80", false },       { "[::]:80", false },
                 { "192.168.127.1:80", false }, { "[::1:2]:80", false },
                 { "12.7.0.0", false } };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (pin__address_is_loopback(rows[i].address) != rows[i].loopback)
            fail_msg("%s", rows[i].address);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(port_0_takes_a_free_one_and_a_taken_one_is_a_conflict),
        cmocka_unit_test(what_only_this_machine_reaches_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

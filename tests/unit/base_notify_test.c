/* base_notify_test.c - what a service manager hears, over real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/notify.h"

struct manager {
    int fd;
    char folder[64];
    char address[108]; /* as in NOTIFY_SOCKET */
};

static int
listen_at(const char *address)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(at.sun_path, address, strlen(address));
    if (address[0] == '@')
        at.sun_path[0] = '\0';
    else
        size++;
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, size), 0);
    return fd;
}

static int
set_up(void **state)
{
    static struct manager m;

    snprintf(m.folder, sizeof m.folder, "/tmp/pin-notify-XXXXXX");
    assert_non_null(mkdtemp(m.folder));
    snprintf(m.address, sizeof m.address, "%s/socket", m.folder);
    m.fd = listen_at(m.address);
    *state = &m;
    return 0;
}

static int
tear_down(void **state)
{
    struct manager *m = *state;

    close(m->fd);
    unlink(m->address);
    rmdir(m->folder);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static struct pin_notify
open_to(const char *address)
{
    struct pin_notify n;

    setenv("NOTIFY_SOCKET", address, 1);
    pin__notify_init(&n);
    return n;
}

static const char *
heard(int fd)
{
    static char text[2048];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);

    text[n < 0 ? 0 : n] = '\0';
    return text;
}

static void
each_word_is_a_datagram_of_its_own(void **state)
{
    struct manager *m = *state;
    struct pin_notify n = open_to(m->address);

    assert_true(pin__notify_ready(&n));
    assert_string_equal(heard(m->fd), "READY=1\n");
    assert_true(pin__notify_status(&n, "%d running, next %s", 7, "14:05"));
    assert_string_equal(heard(m->fd), "STATUS=7 running, next 14:05");
    assert_true(pin__notify_watchdog(&n));
    assert_string_equal(heard(m->fd), "WATCHDOG=1\n");
    assert_true(pin__notify_reloading(&n, (struct pin_mono){ 12345678999 }));
    assert_string_equal(heard(m->fd), "RELOADING=1\nMONOTONIC_USEC=12345678\n");
    assert_true(pin__notify_extend(&n, 1500));
    assert_string_equal(heard(m->fd), "EXTEND_TIMEOUT_USEC=1500000\n");
    assert_true(pin__notify_stopping(&n));
    assert_string_equal(heard(m->fd), "STOPPING=1\n");
    assert_string_equal(heard(m->fd), "");
}

static void
a_status_cannot_be_another_word(void **state)
{
    struct manager *m = *state;
    struct pin_notify n = open_to(m->address);
    char longer[4000], want[600] = "STATUS=";

    assert_true(pin__notify_status(&n, "a\nSTOPPING=1 \xff \xc3\xa9"));
    assert_string_equal(heard(m->fd), "STATUS=a STOPPING=1 ? \xc3\xa9");
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    memset(want + 7, 'x', 504);
    assert_true(pin__notify_status(&n, "%s", longer));
    assert_string_equal(heard(m->fd), want);
}

static void
a_name_that_is_no_file_is_an_address_too(void **state)
{
    char address[64];
    struct pin_notify n;
    int fd;

    (void)state;
    snprintf(address, sizeof address, "@pin-notify-test-%d", (int)getpid());
    fd = listen_at(address);
    n = open_to(address);
    assert_true(pin__notify_ready(&n));
    assert_string_equal(heard(fd), "READY=1\n");
    close(fd);
}

static void
without_a_manager_nothing_is_said(void **state)
{
    static const char *const addresses[] = {
        "",
        "relative",
        "/",
        "@",
        "vsock:2:1",
        "/no/such/folder/socket",
        "/a-name-of-more-than-a-hundred-and-seven-bytes-which-is-what-an-address-holds/"
        "xxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxx",
    };
    struct pin_notify n;

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    setenv("WATCHDOG_USEC", "5000000", 1);
    pin__notify_init(&n);
    assert_false(pin__notify_ready(&n));
    assert_int_equal(n.watchdog_ms, 0);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        n = open_to(addresses[i]);
        assert_false(pin__notify_ready(&n));
        assert_false(pin__notify_status(&n, "x"));
    }
}

static void
a_manager_that_reads_nothing_holds_nobody_up(void **state)
{
    struct manager *m = *state;
    struct pin_notify n = open_to(m->address);
    int told = 0;

    while (told < 100000 && pin__notify_watchdog(&n))
        told++;
    assert_true(told > 0 && told < 100000); /* its queue is full */
    assert_string_equal(heard(m->fd), "WATCHDOG=1\n");
    assert_true(pin__notify_watchdog(&n));
}

static void
a_manager_started_anew_is_reached(void **state)
{
    struct manager *m = *state;
    struct pin_notify n = open_to(m->address);

    close(m->fd);
    unlink(m->address);
    assert_false(pin__notify_ready(&n));
    m->fd = listen_at(m->address);
    assert_true(pin__notify_ready(&n));
    assert_string_equal(heard(m->fd), "READY=1\n");
}

static void
the_watchdog_is_for_the_process_it_names(void **state)
{
    struct manager *m = *state;
    char own[32], other[32];
    const struct {
        const char *usec, *pid;
        int64_t want_ms;
    } rows[] = {
        { "30000000", own, 30000 },
        { "30000000", NULL, 30000 },
        { "30000000", other, 0 },
        { NULL, own, 0 },
        { "0", own, 0 },
        { "-5", own, 0 },
        { "12x", own, 0 },
        { "", own, 0 },
        { "30000000", "x", 0 },
        { "10", own, 1 },
        { "99999999999999999999", own, 0 },
    };

    snprintf(own, sizeof own, "%d", (int)getpid());
    snprintf(other, sizeof other, "%d", (int)getppid());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pin_notify n;

        if (rows[i].usec)
            setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (rows[i].pid)
            setenv("WATCHDOG_PID", rows[i].pid, 1);
        n = open_to(m->address);
        assert_int_equal(n.watchdog_ms, rows[i].want_ms);
        assert_null(getenv("NOTIFY_SOCKET")); /* not for what this process starts */
        assert_null(getenv("WATCHDOG_USEC"));
        assert_null(getenv("WATCHDOG_PID"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_word_is_a_datagram_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_status_cannot_be_another_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_name_that_is_no_file_is_an_address_too, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(without_a_manager_nothing_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_manager_that_reads_nothing_holds_nobody_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_manager_started_anew_is_reached, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_watchdog_is_for_the_process_it_names, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

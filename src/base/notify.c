/* notify.c - see notify.h. The protocol: a datagram of KEY=value lines to a UNIX socket. */
#include "base/notify.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/quote.h"

enum { PATIENCE_MS = 1000, STATUS_BYTES = 512 };

/* A path, or a name behind '@' that is no file. Other kinds of address are not for us. */
static socklen_t
read_address(const char *text, struct sockaddr_un *out)
{
    size_t size = strlen(text);

    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if ((text[0] != '/' && text[0] != '@') || size < 2 || size >= sizeof out->sun_path)
        return 0;
    memcpy(out->sun_path, text, size);
    if (text[0] == '@')
        out->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (text[0] == '/'));
}

/* 0 for what is no number above zero. */
static int64_t
read_number(const char *text)
{
    char *end = NULL;
    long long n;

    if (!text || *text < '0' || *text > '9')
        return 0;
    errno = 0;
    n = strtoll(text, &end, 10);
    return *end || errno ? 0 : n;
}

static int64_t
read_watchdog(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    int64_t us = read_number(getenv("WATCHDOG_USEC"));

    if (pid && read_number(pid) != getpid())
        return 0;
    return us && us < 1000 ? 1 : us / 1000;
}

void
pin__notify_init(struct pin_notify *n)
{
    static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID" };
    const char *address = getenv(names[0]);
    struct sockaddr_un unused;

    *n = (struct pin_notify){ .watchdog_ms = 0 };
    if (address && read_address(address, &unused)) {
        snprintf(n->address, sizeof n->address, "%s", address);
        n->watchdog_ms = read_watchdog();
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static bool
send_words(int fd, const char *words, size_t size, bool patient)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };

    for (;;) {
        if (send(fd, words, size, MSG_NOSIGNAL) == (ssize_t)size)
            return true;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN || !patient)
            return false;
        patient = false; /* once */
        (void)poll(&p, 1, PATIENCE_MS);
    }
}

/* A socket for each word: they are few, and a manager that was started anew is reached. */
static bool
tell(const struct pin_notify *n, const char *words, bool patient)
{
    struct sockaddr_un to;
    socklen_t size = *n->address ? read_address(n->address, &to) : 0;
    bool told;
    int fd;

    if (!size || (fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) < 0)
        return false;
    told = connect(fd, (const struct sockaddr *)&to, size) == 0 &&
           send_words(fd, words, strlen(words), patient);
    close(fd);
    return told;
}

bool
pin__notify_ready(const struct pin_notify *n)
{
    return tell(n, "READY=1\n", true);
}

/* A newline would begin another word to the manager, and what is no UTF-8 it refuses. */
static void
make_fit(char *text)
{
    for (size_t left = strlen(text), length; left; text += length, left -= length) {
        length = pin__quote_utf8_length(text, left);
        if (length && pin__quote_is_printable(text, length))
            continue;
        length = length ? length : 1;
        memset(text, length == 1 && (unsigned char)*text < 0x20 ? ' ' : '?', length);
    }
}

bool
pin__notify_status(const struct pin_notify *n, const char *fmt, ...)
{
    static const char key[] = "STATUS=";
    char text[STATUS_BYTES];
    va_list ap;

    if (!*n->address)
        return false;
    memcpy(text, key, sizeof key);
    va_start(ap, fmt);
    vsnprintf(text + sizeof key - 1, sizeof text - sizeof key + 1, fmt, ap);
    va_end(ap);
    make_fit(text);
    return tell(n, text, false);
}

bool
pin__notify_watchdog(const struct pin_notify *n)
{
    return tell(n, "WATCHDOG=1\n", false);
}

bool
pin__notify_reloading(const struct pin_notify *n, struct pin_mono now)
{
    char text[96];

    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld\n", (long long)(now.ns / 1000));
    return tell(n, text, true);
}

bool
pin__notify_stopping(const struct pin_notify *n)
{
    return tell(n, "STOPPING=1\n", true);
}

bool
pin__notify_extend(const struct pin_notify *n, int64_t ms)
{
    char text[64];

    snprintf(text, sizeof text, "EXTEND_TIMEOUT_USEC=%lld\n",
             (long long)(ms > INT64_MAX / 1000 ? INT64_MAX : ms * 1000));
    return tell(n, text, false);
}

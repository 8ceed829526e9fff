/* linger.c - see linger.h. */
#include "web/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The other side has closed already: nothing can be lost. */
static bool
is_over(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void
pin__linger_add(struct pin_lingers *l, int fd)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP };
    int own;

    if (l->count == PIN_LINGER_MAX || is_over(fd))
        return;
    own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return;
    (void)shutdown(own, SHUT_WR);
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, own, &event) != 0) {
        close(own);
        return;
    }
    l->items[l->count].fd = own;
    l->items[l->count].bytes = 0;
    l->items[l->count].until = pin__clock_after_ms(pin__clock_mono(), PIN_LINGER_MS);
    l->count++;
}

/* False when it is over. */
static bool
drain(int fd, uint64_t *bytes)
{
    char scrap[16384];

    for (;;) {
        ssize_t n = recv(fd, scrap, sizeof scrap, MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        if ((*bytes += (uint64_t)n) > PIN_LINGER_BYTES_MAX)
            return false;
    }
}

void
pin__linger_turn(struct pin_lingers *l)
{
    struct pin_mono now = pin__clock_mono();

    for (unsigned i = 0; i < l->count;) {
        if (drain(l->items[i].fd, &l->items[i].bytes) && l->items[i].until.ns > now.ns) {
            i++;
            continue;
        }
        close(l->items[i].fd);
        l->items[i] = l->items[--l->count];
    }
}

void
pin__linger_close(struct pin_lingers *l)
{
    while (l->count)
        close(l->items[--l->count].fd);
}

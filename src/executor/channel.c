/* channel.c - see channel.h. */
#include "executor/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fault.h"

enum {
    READ_BYTES = 64 << 10,
    KEPT_BYTES = 256 << 10,
    IN_BYTES_MAX = PIN_FRAME_BYTES_MAX + READ_BYTES,
    READ_LIMIT_MS = 1000,
};

void
pin__channel_init(struct pin_channel *c, int fd)
{
    pin__channel_init_pipes(c, fd, fd);
}

void
pin__channel_init_pipes(struct pin_channel *c, int in, int out)
{
    *c = (struct pin_channel){ .fd = in,
                               .out_fd = out,
                               .kept_fd = -1,
                               .in = PIN_BUF_INIT(IN_BYTES_MAX),
                               .out = PIN_BUF_INIT((size_t)4 * PIN_FRAME_BYTES_MAX) };
}

void
pin__channel_leave(struct pin_channel *c)
{
    c->fd = c->out_fd = c->kept_fd = -1;
    pin__channel_fini(c);
}

static bool
is_socket(const struct pin_channel *c)
{
    return c->fd == c->out_fd;
}

static void
close_fds(struct pin_channel *c)
{
    if (c->fd >= 0)
        close(c->fd);
    if (c->out_fd >= 0 && !is_socket(c))
        close(c->out_fd);
    if (c->kept_fd >= 0)
        close(c->kept_fd);
    c->fd = c->out_fd = c->kept_fd = -1;
}

void
pin__channel_fini(struct pin_channel *c)
{
    for (size_t i = 0; i < c->fd_count; i++)
        close(c->fds[i]);
    c->fd_count = 0;
    close_fds(c);
    pin__buf_fini(&c->in);
    pin__buf_fini(&c->out);
}

pin_status
pin__channel_pair(int fds[2], struct pin_err *err)
{
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot make a socket pair");
    return PIN_OK;
}

/* Our ends do not block. The peer's do: the two ends of a pipe are two open files. What the peer
 * reads stays open here, so that we never write to a pipe without a reader (SIGPIPE). */
pin_status
pin__channel_pipes(struct pin_channel *c, int *in, int *out, struct pin_err *err)
{
    int to[2] = { -1, -1 }, from[2] = { -1, -1 };

    if (pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0 &&
        (*in = fcntl(to[0], F_DUPFD_CLOEXEC, 0)) >= 0) {
        (void)fcntl(to[1], F_SETFL, O_NONBLOCK);
        (void)fcntl(from[0], F_SETFL, O_NONBLOCK);
        pin__channel_init_pipes(c, from[0], to[1]);
        c->kept_fd = to[0];
        *out = from[1];
        return PIN_OK;
    }
    pin__err_errno(err, PIN_IO, errno, "cannot make two pipes");
    for (int i = 0; i < 2; i++) {
        if (to[i] >= 0)
            close(to[i]);
        if (from[i] >= 0)
            close(from[i]);
    }
    return PIN_IO;
}

/* Forgets the frames that were handed out, now that nobody points at them. */
static void
compact(struct pin_channel *c)
{
    if (c->in_at == c->in.size)
        c->in.size = 0;
    else if (c->in_at > READ_BYTES)
        pin__buf_drop(&c->in, c->in_at);
    else
        return;
    c->in_at = 0;
}

static void
keep_fds(struct pin_channel *c, struct msghdr *h)
{
    for (struct cmsghdr *m = CMSG_FIRSTHDR(h); m; m = CMSG_NXTHDR(h, m)) {
        size_t count = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        int fds[PIN_CHANNEL_FDS_MAX];

        if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
            continue;
        memcpy(fds, CMSG_DATA(m), count * sizeof(int));
        for (size_t i = 0; i < count; i++) {
            if (c->fd_count < PIN_CHANNEL_FDS_MAX)
                c->fds[c->fd_count++] = fds[i];
            else
                close(fds[i]);
        }
    }
}

static ssize_t
receive(struct pin_channel *c, void *where, int flags)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * PIN_CHANNEL_FDS_MAX)];
    } control;
    struct iovec iov = { where, READ_BYTES };
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t n = recvmsg(c->fd, &h, flags | MSG_CMSG_CLOEXEC);

    if (n > 0)
        keep_fds(c, &h);
    return n;
}

/* PIN_EMPTY: nothing was there, or a signal came first; errno tells. */
static pin_status
fill(struct pin_channel *c, int flags, struct pin_err *err)
{
    void *where;
    ssize_t n;

    compact(c);
    where = pin__buf_reserve(&c->in, READ_BYTES);
    if (!where)
        return pin__err_set(err, PIN_LIMIT, "a peer sent more than %d bytes in one message",
                            PIN_FRAME_BYTES_MAX);
    n = is_socket(c) ? receive(c, where, flags) : read(c->fd, where, READ_BYTES);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return PIN_EMPTY;
    if (n <= 0) {
        c->eof = true;
        return pin__err_set(err, PIN_LOST, "the other process closed its channel");
    }
    c->in.size += (size_t)n;
    return PIN_OK;
}

pin_status
pin__channel_fill(struct pin_channel *c, struct pin_err *err)
{
    pin_status st;

    do
        st = fill(c, MSG_DONTWAIT, err);
    while (st == PIN_EMPTY && errno == EINTR);
    return st;
}

static bool
limit_read(struct pin_channel *c, int ms)
{
    struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

    if (ms == c->read_limit_ms)
        return true;
    if (setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)
        return false;
    c->read_limit_ms = ms;
    return true;
}

pin_status
pin__channel_fill_waiting(struct pin_channel *c, struct pin_err *err)
{
    pin_status st;

    /* The limit that a run's wait left is taken away when it was felt: not for every message. */
    while ((st = fill(c, 0, err)) == PIN_EMPTY)
        if (!limit_read(c, 0))
            return pin__err_errno(err, PIN_LOST, errno, "cannot wait for the other process");
    return st;
}

/* Of a socket, a read that waits is one system call instead of two, but its limit is coarse: what
 * is due sooner is waited for with poll. */
pin_status
pin__channel_fill_until(struct pin_channel *c, struct pin_mono until, struct pin_err *err)
{
    struct pollfd p = { .fd = c->fd, .events = POLLIN };
    int64_t ms;
    int n;

    while ((ms = pin__clock_until_ms(until)) > 2 * READ_LIMIT_MS && is_socket(c) &&
           limit_read(c, READ_LIMIT_MS)) {
        pin_status st = fill(c, 0, err);

        if (st != PIN_EMPTY || errno == EINTR)
            return st;
    }
    n = poll(&p, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);
    if (n < 0 && errno != EINTR)
        return pin__err_errno(err, PIN_LOST, errno, "cannot wait for the other process");
    return n > 0 ? pin__channel_fill(c, err) : PIN_EMPTY;
}

/* What a large message took goes back when it has been read or sent: there are many channels. */
static void
give_back(struct pin_buf *b, size_t *at)
{
    if (*at < b->size || b->capacity <= KEPT_BYTES)
        return;
    pin__buf_fini(b);
    *at = 0;
}

pin_status
pin__channel_next(struct pin_channel *c, struct pin_message *m, struct pin_err *err)
{
    size_t have = c->in.size - c->in_at;
    const char *at = c->in.data + c->in_at;
    uint32_t size;

    if (have < sizeof size) {
        give_back(&c->in, &c->in_at);
        return PIN_EMPTY;
    }
    memcpy(&size, at, sizeof size);
    if (size > PIN_FRAME_BYTES_MAX)
        return pin__err_set(err, PIN_INVALID, "a message of %u bytes", size);
    if (have - sizeof size < size)
        return PIN_EMPTY;
    c->in_at += sizeof size + size;
    return pin__message_decode(m, at + sizeof size, size, err);
}

int
pin__channel_take_fd(struct pin_channel *c)
{
    int fd;

    if (!c->fd_count)
        return -1;
    fd = c->fds[0];
    memmove(c->fds, c->fds + 1, --c->fd_count * sizeof *c->fds);
    return fd;
}

bool
pin__channel_has_unsent(const struct pin_channel *c)
{
    return c->out_at < c->out.size;
}

pin_status
pin__channel_flush(struct pin_channel *c)
{
    if (c->fd < 0)
        return PIN_LOST;
    while (pin__channel_has_unsent(c)) {
        const char *from = c->out.data + c->out_at;
        size_t size = pin__fault_part(c->out.size - c->out_at);
        ssize_t n = is_socket(c) ? send(c->fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL)
                                 : write(c->out_fd, from, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return PIN_BUSY;
        if (n < 0)
            return PIN_LOST;
        c->out_at += (size_t)n;
        if (pin__channel_has_unsent(c))
            pin__fault("channel.part");
    }
    give_back(&c->out, &c->out_at);
    pin__buf_clear(&c->out);
    c->out_at = 0;
    return PIN_EMPTY;
}

pin_status
pin__channel_flush_all(struct pin_channel *c)
{
    pin_status st;

    while ((st = pin__channel_flush(c)) == PIN_BUSY) {
        struct pollfd p = { .fd = c->out_fd, .events = POLLOUT };

        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            return PIN_LOST;
    }
    return st;
}

void
pin__channel_send(struct pin_channel *c, const struct pin_message *m)
{
    pin__message_encode(&c->out, m);
    (void)pin__channel_flush(c);
}

pin_status
pin__channel_send_fds(struct pin_channel *c, const struct pin_message *m, const int *fds,
                      size_t count, struct pin_err *err)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * PIN_CHANNEL_FDS_MAX)];
    } control = { .bytes = { 0 } };
    struct iovec iov;
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&h);
    ssize_t n;

    if (pin__channel_flush_all(c) == PIN_LOST)
        return pin__err_set(err, PIN_LOST, "the other process closed its channel");
    pin__message_encode(&c->out, m);
    h.msg_controllen = CMSG_SPACE(count * sizeof *fds);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(header), fds, count * sizeof *fds);
    iov.iov_base = c->out.data;
    iov.iov_len = c->out.size;
    do
        n = sendmsg(c->fd, &h, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return pin__err_errno(err, PIN_LOST, errno, "cannot hand over a descriptor");
    c->out_at = (size_t)n;
    if (pin__channel_flush_all(c) == PIN_LOST)
        return pin__err_set(err, PIN_LOST, "the other process closed its channel");
    return PIN_OK;
}

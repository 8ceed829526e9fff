/* channel.h - one end of a socket pair, or of two pipes, that carries frames. With a frame a socket
 * can carry descriptors; pipes cost less, and are what runs are sent through.
 *
 * Reading never blocks; sending blocks only where asked for. A frame larger than
 * PIN_FRAME_BYTES_MAX, or one that is no message, breaks the channel: the peer may be a job's
 * process gone mad (F29).
 */
#ifndef PIN_EXECUTOR_CHANNEL_H
#define PIN_EXECUTOR_CHANNEL_H

#include "base/clock.h"
#include "executor/message.h"

enum { PIN_CHANNEL_FDS_MAX = 16 };

struct pin_channel {
    int fd;      /* what is read; -1 when closed */
    int out_fd;  /* what is written: of a socket the same */
    int kept_fd; /* pipes: our own hold on what the peer reads, else -1 */
    struct pin_buf in;
    size_t in_at; /* bytes of `in` already handed out */
    struct pin_buf out;
    size_t out_at;
    int fds[PIN_CHANNEL_FDS_MAX]; /* received, not yet taken */
    size_t fd_count;
    int read_limit_ms; /* what a read waits at most; 0: for ever */
    bool eof;
};

void pin__channel_init(struct pin_channel *c, int fd); /* takes fd, a socket */
/* The same of two pipes: takes both. */
void pin__channel_init_pipes(struct pin_channel *c, int in, int out);
void pin__channel_fini(struct pin_channel *c);
/* The same, but its descriptors stay open: they are somebody's who goes on using them. */
void pin__channel_leave(struct pin_channel *c);
/* One that is not open; it needs no pin__channel_fini, and bears one. */
#define PIN_CHANNEL_NONE                                                                           \
    {                                                                                              \
        .fd = -1, .out_fd = -1, .kept_fd = -1                                                      \
    }
/* Makes a pair of connected descriptors, close-on-exec. */
pin_status pin__channel_pair(int fds[2], struct pin_err *err) PIN_MUST_USE;
/* Makes two pipes: *c is our end of them, `in` and `out` are what the peer reads and writes, which
 * the caller closes. A write to a peer that is gone raises no signal and fails never: that it is
 * gone is what a read tells. */
pin_status pin__channel_pipes(struct pin_channel *c, int *in, int *out,
                              struct pin_err *err) PIN_MUST_USE;

/* Takes in what is there. PIN_EMPTY: nothing now. PIN_LOST: the peer is gone (frames read before
 * are still there). */
pin_status pin__channel_fill(struct pin_channel *c, struct pin_err *err) PIN_MUST_USE;
/* The same, and waits until there is something. */
pin_status pin__channel_fill_waiting(struct pin_channel *c, struct pin_err *err) PIN_MUST_USE;
/* The same, and waits until there is something, `until`, or a signal. */
pin_status pin__channel_fill_until(struct pin_channel *c, struct pin_mono until,
                                   struct pin_err *err) PIN_MUST_USE;
/* The next whole frame; its fields point into the channel until the next call. PIN_EMPTY: none yet.
 */
pin_status pin__channel_next(struct pin_channel *c, struct pin_message *m,
                             struct pin_err *err) PIN_MUST_USE;
/* The oldest descriptor received and not yet taken; -1 when there is none. The caller closes it. */
int pin__channel_take_fd(struct pin_channel *c);

/* Queues a frame, and sends what the socket takes now. */
void pin__channel_send(struct pin_channel *c, const struct pin_message *m);
/* As pin__channel_send, with descriptors (not taken). Everything queued before is sent first,
 * blocking. */
pin_status pin__channel_send_fds(struct pin_channel *c, const struct pin_message *m, const int *fds,
                                 size_t count, struct pin_err *err) PIN_MUST_USE;
/* Sends what the socket takes. PIN_EMPTY: all is sent. PIN_BUSY: some is left. PIN_LOST: the peer
 * is gone. */
pin_status pin__channel_flush(struct pin_channel *c);
/* Sends everything, waiting as long as it takes. */
pin_status pin__channel_flush_all(struct pin_channel *c);
bool pin__channel_has_unsent(const struct pin_channel *c);

#endif

/* linger.h - connections that we end while the other side may still be sending.
 *
 * Closing a socket with something unread resets the connection, and the answer that was just sent
 * may be lost with it. So the writing side is shut, and what still comes is read and dropped for a
 * while, until the other side has closed too.
 */
#ifndef PIN_WEB_LINGER_H
#define PIN_WEB_LINGER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

#define PIN_LINGER_MAX       64 /* at the same time; more are reset */
#define PIN_LINGER_MS        2000
#define PIN_LINGER_BYTES_MAX ((uint64_t)1 << 20)

struct pin_lingers {
    int epoll_fd; /* borrowed: told of them */
    struct {
        int fd;
        uint64_t bytes;
        struct pin_mono until;
    } items[PIN_LINGER_MAX];
    unsigned count;
};

/* `fd` stays the caller's, who may close it at once. */
void pin__linger_add(struct pin_lingers *l, int fd);
/* Reads what has come; ends those that are through. */
void pin__linger_turn(struct pin_lingers *l);
void pin__linger_close(struct pin_lingers *l);

#endif

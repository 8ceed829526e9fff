/* random.c - see random.h. */
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/err.h"

enum { POOL_BYTES = 256 }; /* so much the kernel gives at once, whatever signals come */

static struct {
    uint8_t bytes[POOL_BYTES];
    size_t left;
    pid_t owner;
} pool;

static void
refill(void)
{
    ssize_t n;

    do
        n = getrandom(pool.bytes, sizeof pool.bytes, 0);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof pool.bytes)
        pin__bug("the kernel gives no random bytes");
    pool.left = sizeof pool.bytes;
    pool.owner = getpid();
}

void
pin__random_bytes(void *to, size_t size)
{
    uint8_t *at = to;

    if (pool.owner != getpid())
        pool.left = 0;
    while (size) {
        size_t n = size < pool.left ? size : pool.left;

        pool.left -= n;
        memcpy(at, pool.bytes + pool.left, n);
        memset(pool.bytes + pool.left, 0, n);
        at += n;
        size -= n;
        if (size)
            refill();
    }
}

uint64_t
pin__random_u64(void)
{
    uint64_t n;

    pin__random_bytes(&n, sizeof n);
    return n;
}

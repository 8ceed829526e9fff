/* random.c - see random.h. xoshiro256+ (Blackman and Vigna), whose upper 53 bits are used. */
#include "javascript/random.h"

#include <errno.h>
#include <sys/random.h>

static uint64_t
rotate(uint64_t x, int n)
{
    return (x << n) | (x >> (64 - n));
}

void
pin__random_start(struct pin_random *r)
{
    r->seeded = false;
}

static pin_status
seed(struct pin_random *r, struct pin_err *err)
{
    for (;;) {
        ssize_t n = getrandom(r->state, sizeof r->state, 0);

        if (n == (ssize_t)sizeof r->state)
            break;
        if (n < 0 && errno != EINTR)
            return pin__err_errno(err, PIN_IO, errno, "cannot draw random numbers");
    }
    r->state[0] |= 1; /* the one state it may not start in is all zero */
    r->seeded = true;
    return PIN_OK;
}

static double
draw(struct pin_random *r)
{
    uint64_t *s = r->state;
    uint64_t sum = s[0] + s[3];
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return (double)(sum >> 11) * 0x1.0p-53;
}

pin_status
pin__random_next(struct pin_random *r, double *out, struct pin_err *err)
{
    pin_status st = r->seeded ? PIN_OK : seed(r, err);

    if (st == PIN_OK)
        *out = draw(r);
    return st;
}

/* clock.c - see clock.h. */
#include "base/clock.h"

#include "base/err.h"
#include "base/fault.h"

static int64_t
read_ns(clockid_t id)
{
    struct timespec t;

    if (clock_gettime(id, &t) != 0)
        pin__bug("clock %d cannot be read", (int)id);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct pin_mono
pin__clock_mono(void)
{
    return (struct pin_mono){ read_ns(CLOCK_MONOTONIC) };
}

struct pin_wall
pin__clock_wall(void)
{
    return (struct pin_wall){ pin__clock_wall_us() / 1000 };
}

int64_t
pin__clock_wall_us(void)
{
    return read_ns(CLOCK_REALTIME) / 1000 + pin__fault_clock_us();
}

int64_t
pin__clock_cpu_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t
pin__clock_until_ms(struct pin_mono t)
{
    int64_t left = t.ns - pin__clock_mono().ns;

    return left <= 0 ? 0 : (left + 999999) / 1000000;
}

struct pin_mono
pin__clock_after_ms(struct pin_mono t, int64_t ms)
{
    int64_t ns = ms > INT64_MAX / 1000000 ? INT64_MAX : ms * 1000000;

    return (struct pin_mono){ t.ns > INT64_MAX - ns ? INT64_MAX : t.ns + ns };
}

void
pin__clock_sleep_ms(int64_t ms)
{
    struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

    (void)nanosleep(&pause, NULL);
}

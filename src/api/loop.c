/* loop.c - one descriptor that a host polls, and the turns that it gives. */
#include "api/api.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* ---- the timer: what is due becomes readable ---- */

static void
clear(void *context)
{
    struct pin_project *p = context;
    uint64_t times;

    (void)!read(p->timer.fd, &times, sizeof times);
}

pin_status
pin__api_loop_open(struct pin_project *p, struct pin_err *err)
{
    p->timer = (struct pin_service){ .context = p, .readable = clear };
    p->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (p->timer.fd < 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot make a timer for the project's loop");
    pin__executor_attach(p->executor, &p->timer);
    pin__api_arm(p);
    return PIN_OK;
}

void
pin__api_arm(struct pin_project *p)
{
    int ms = pin__executor_due(p->executor);
    struct itimerspec at = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L } };

    if (ms == 0 || p->done.head)
        at.it_value = (struct timespec){ .tv_nsec = 1 }; /* zero would be never */
    else if (ms < 0)
        at.it_value = (struct timespec){ 0, 0 };
    (void)timerfd_settime(p->timer.fd, 0, &at, NULL);
}

void
pin__api_turn(struct pin_project *p, int wait_ms)
{
    pin__executor_turn(p->executor, wait_ms);
}

/* ---- public ---- */

int
pin_project_fd(const pin_project *p)
{
    return pin__executor_fd(p->executor);
}

pin_status
pin_project_turn(pin_project *p, int wait_ms, struct pin_error *error)
{
    struct pin_err err = PIN_ERR_INIT;

    pin__api_turn(p, p->done.head ? 0 : wait_ms);
    pin__api_deliver(p);
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

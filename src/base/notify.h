/* notify.h - what a service manager is told: systemd's datagrams, spoken directly.
 *
 * Without a manager (NOTIFY_SOCKET is not set) everything here does nothing. A word that may be
 * missed (status, watchdog) never waits; READY, RELOADING and STOPPING wait up to a second when the
 * manager's queue is full. Each answers whether the manager was told.
 */
#ifndef PIN_BASE_NOTIFY_H
#define PIN_BASE_NOTIFY_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

#define PIN_NOTIFY_ADDRESS_SIZE 108

struct pin_notify {
    char address[PIN_NOTIFY_ADDRESS_SIZE]; /* "": nobody listens */
    int64_t watchdog_ms; /* a word is wanted so often: tell twice as often. 0: no watchdog */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them out of the environment: they
 * are for this process, not for what it starts. An address that cannot be used is as none. */
void pin__notify_init(struct pin_notify *n);

bool pin__notify_ready(const struct pin_notify *n); /* also at the end of a reload */
/* "7 running, 3 waiting, next 14:05" */
bool pin__notify_status(const struct pin_notify *n, const char *fmt, ...) PIN_PRINTF(2, 3);
bool pin__notify_watchdog(const struct pin_notify *n);
bool pin__notify_reloading(const struct pin_notify *n, struct pin_mono now);
bool pin__notify_stopping(const struct pin_notify *n);
/* While starting, reloading or stopping: `ms` more before the manager loses patience. */
bool pin__notify_extend(const struct pin_notify *n, int64_t ms);

#endif

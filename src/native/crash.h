/* crash.h - where a job in C crashed: noted by the process that did, told by another.
 *
 * The process that crashes only writes down addresses, into memory that it shares with the one that
 * forked it. That one has the same objects at the same addresses. It asks addr2line, which comes
 * with every compiler, for functions and lines; without it, names and offsets remain.
 */
#ifndef PIN_NATIVE_CRASH_H
#define PIN_NATIVE_CRASH_H

#include "base/buf.h"
#include "base/clock.h"

enum { PIN_NATIVE_FRAMES_MAX = 16 };
#define PIN_NATIVE_TELL_MS 2000 /* what addr2line gets */

struct pin_native_crash {                /* the crashed process may have written anything here */
    volatile int count;                  /* 0: it did not crash */
    void *frames[PIN_NATIVE_FRAMES_MAX]; /* innermost first, without the handler's own */
};

/* From now on a crash of this process is noted in `shared`, then it is what it is. */
void pin__native_crash_catch(struct pin_native_crash *shared);
/* Appends the innermost frames in the shared object that holds `symbol`, a line each:
 * "    at parse (lib/background_jobs/import.c:31)". Nothing when there are none. It asks nobody
 * beyond `until`. */
void pin__native_crash_tell(const struct pin_native_crash *crash, const void *symbol,
                            struct pin_mono until, struct pin_buf *out);

#endif

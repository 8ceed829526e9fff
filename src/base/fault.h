/* fault.h - named points where a test build can be made to die, fail or stop.
 *
 * In a release the macros are nothing. A build with -DPIN_FAULTS reads PIN_FAULT=point:nth:action
 * once: at the nth time that this process comes to that point it is killed (`kill`), leaves without
 * a word (`exit`), stops until SIGCONT (`stop`), gets a SIGTERM (`term`), or the step fails with
 * that errno (`errno=EIO`, or a number). With PIN_FAULT_TOLD=FILE it first adds a line to that
 * file: the point.
 *
 * PIN_CLOCK names a file with eight bytes, an int64 in the machine's order: so many microseconds
 * are added to the wall clock of every process of that build that sees it. PIN_SWEEP_MS shortens
 * PIN_STORE_SWEEP_MS.
 *
 *     pin__fault("store.commit.before");             dies or stops here
 *     if ((code = pin__fault_errno("store.commit.fail")))  fails here
 */
#ifndef PIN_BASE_FAULT_H
#define PIN_BASE_FAULT_H

#ifdef PIN_FAULTS
#include <stddef.h>
#include <stdint.h>

/* What the step must fail with; 0: go on. Unknown words in PIN_FAULT are our own mistake. */
int pin__fault_hit(const char *point);
/* As if the process had just started with this in PIN_FAULT: for a test's fork. NULL: nothing. */
void pin__fault_arm(const char *text);
/* How far the wall clock is off, in microseconds: the number in the file that PIN_CLOCK names,
 * which a test may change at any time. 0 without one. */
int64_t pin__fault_clock_us(void);
/* A time that a test may shorten: what the environment says under this name, or else the usual. */
int64_t pin__fault_ms(const char *name, int64_t usual_ms);
/* How much of `size` bytes to send at once: the half when the point is `channel.part`. */
size_t pin__fault_part(size_t size);
#define pin__fault(point)       ((void)pin__fault_hit(point))
#define pin__fault_errno(point) pin__fault_hit(point)
#else
#define pin__fault_clock_us()         0
#define pin__fault_ms(name, usual_ms) ((int64_t)(usual_ms))
#define pin__fault_part(size)         (size)
#define pin__fault(point)             ((void)0)
#define pin__fault_errno(point)       0
#endif

#endif

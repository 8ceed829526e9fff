/* clock.h - the two clocks, as two types, so that they are never mixed.
 *
 * Only the processes' loops read them; cron, zones, store and queries are given a time by their
 * caller.
 */
#ifndef PIN_BASE_CLOCK_H
#define PIN_BASE_CLOCK_H

#include <stdint.h>

struct pin_mono { /* never jumps; only differences mean anything */
    int64_t ns;
};
struct pin_wall { /* milliseconds since 1970, UTC */
    int64_t ms;
};

struct pin_mono pin__clock_mono(void);
struct pin_wall pin__clock_wall(void);
int64_t pin__clock_wall_us(void); /* microseconds since 1970, for log lines */
int64_t pin__clock_cpu_ns(void);  /* CPU time of this thread: our processes have one */
/* Milliseconds from now until `t`, at least 0; rounded up. */
int64_t pin__clock_until_ms(struct pin_mono t);
struct pin_mono pin__clock_after_ms(struct pin_mono t, int64_t ms);
/* Not in a loop that others wait for. */
void pin__clock_sleep_ms(int64_t ms);

#endif

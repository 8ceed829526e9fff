/* retry.h - when a run that failed is tried again. Pure: the chance is passed in. */
#ifndef PIN_STORE_RETRY_H
#define PIN_STORE_RETRY_H

#include <stdint.h>

enum pin_backoff { PIN_BACKOFF_EXPONENTIAL, PIN_BACKOFF_LINEAR, PIN_BACKOFF_FIXED };

struct pin_retry { /* what a job's meta() said; how often is the run's attempt_limit */
    enum pin_backoff backoff;
    int64_t delay_ms;     /* before the second attempt; 0: PIN_RETRY_DELAY_MS */
    int64_t max_delay_ms; /* 0: PIN_RETRY_MAX_DELAY_MS */
};

#define PIN_RETRY_DELAY_MS     1000
#define PIN_RETRY_MAX_DELAY_MS ((int64_t)60 * 60 * 1000)

/* After the nth failure (1 for the first). Between three quarters and five quarters of the plain
 * delay, so that what failed together does not come back together; never over the maximum. */
int64_t pin__retry_delay_ms(const struct pin_retry *retry, int failures, uint64_t random);

#endif

/* retry.c - see retry.h. */
#include "store/retry.h"

static int64_t
plain_delay(const struct pin_retry *retry, int64_t delay, int64_t most, int failures)
{
    if (retry->backoff == PIN_BACKOFF_FIXED)
        return delay;
    for (int i = 1; i < failures && delay < most; i++)
        delay += retry->backoff == PIN_BACKOFF_LINEAR ? retry->delay_ms : delay;
    return delay;
}

int64_t
pin__retry_delay_ms(const struct pin_retry *retry, int failures, uint64_t random)
{
    struct pin_retry r = *retry;
    int64_t most, delay;

    if (r.delay_ms <= 0)
        r.delay_ms = PIN_RETRY_DELAY_MS;
    most = r.max_delay_ms > 0 ? r.max_delay_ms : PIN_RETRY_MAX_DELAY_MS;
    if (r.delay_ms > most)
        r.delay_ms = most;
    delay = plain_delay(&r, r.delay_ms, most, failures);
    if (delay > most)
        delay = most;
    delay = delay - delay / 4 + (int64_t)(random % (uint64_t)(delay / 2 + 1));
    return delay < most ? delay : most;
}

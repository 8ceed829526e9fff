/* forecast.h - when the schedules of a project will fire, by their expressions alone: no store.
 *
 * The schedules of many jobs are merged in the order of time. One with timeZone: 'tenant' is told
 * by the project's clock: which zones its tenants name stands in the database.
 */
#ifndef PIN_BOT_FORECAST_H
#define PIN_BOT_FORECAST_H

#include "bot/context.h"

#define PIN_BOT_REMARK 256

struct pin_upcoming {
    const struct pin_job *job;
    const struct pin_schedule *schedule;
    struct pin_bot_zone zone;
    bool by_tenant; /* each tenant's own clock decides; this is the project's */
    int64_t at_ms;
    char remark[PIN_BOT_REMARK]; /* what is odd about it where clocks change; "": nothing */
};

struct pin_forecast; /* opaque */

/* Of one job, or of all whole ones (NULL). Those that are wrong are told to the context's note. */
pin_status pin__forecast_open(struct pin_forecast **out, const struct pin_bot_context *c,
                              const struct pin_job *job, int64_t from_ms,
                              struct pin_err *err) PIN_MUST_USE;
/* The next one at or after `from_ms`; false when no schedule fires any more. */
bool pin__forecast_next(struct pin_forecast *f, struct pin_upcoming *out);
void pin__forecast_close(struct pin_forecast *f); /* NULL is fine */

/* What a person should know of an instant at which the schedule fires, in one sentence. */
void pin__bot_remark(const struct pin_bot_when *when, int64_t at_ms, char out[PIN_BOT_REMARK]);
/* As context.h's, but "tenant" is the project's clock. */
pin_status pin__bot_when_of(const struct pin_bot_context *c, const struct pin_schedule *s,
                            struct pin_bot_when *out, struct pin_err *err) PIN_MUST_USE;

#endif

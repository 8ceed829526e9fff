/* schedules.h - the store's schedules become what the project says.
 *
 * A job's schedule is one row of the store; with timeZone: 'tenant' it is a row for each zone that
 * the tenants name (its runs are parents with that tenant_zone) and one for the tenants that name
 * none: time_zone NULL, whose clock is the project's and whose runs have tenant_zone "". A tenant
 * whose zone is not known counts among those: whoever makes the children takes, for "", the tenants
 * whose timeZone is NULL, empty, or not to be found by pin__zones_get.
 *
 * To be called when the project was read, and again when tenants name a zone that had no row.
 */
#ifndef PIN_BOT_SCHEDULES_H
#define PIN_BOT_SCHEDULES_H

#include "bot/context.h"

struct pin_bot_reconcile {
    const struct pin_bot_context *bot;
    const char *const *tenant_zones; /* of the tenants, in any order, each once or more; NULL or "":
                                        there is one that names none */
    size_t tenant_zone_count;
    int64_t now_ms;
    void (*diff)(void *context, enum pin_diff what, const struct pin_schedule_row *row);
    void *context; /* of diff, which may be NULL */
};

struct pin_bot_reconciled {
    size_t rows; /* that the project's whole jobs have now */
    size_t added, changed, removed;
    size_t wrong; /* never due: their expression or zone cannot be used; each is told */
};

/* The row of a job's schedule, without its next due time. With timeZone: 'tenant' in a job that has
 * tenants it is that of those that name none. Borrows from the catalog. */
void pin__bot_row_of(const struct pin_catalog *c, const struct pin_job *job,
                     const struct pin_schedule *s, struct pin_schedule_row *out);

/* In one transaction. Broken jobs keep the rows they have. PIN_BUSY: nothing happened. */
pin_status pin__bot_reconcile(const struct pin_bot_reconcile *r, struct pin_bot_reconciled *out,
                              struct pin_err *err) PIN_MUST_USE;

#endif

/* store.c - the store, whoever else writes. */
#include "api/api.h"

#include "database/session.h"

static pin_status
try(struct pin_project *p,
    pin_status (*attempt)(void *context, struct pin_store *store, struct pin_err *err),
    void *context, struct pin_err *err)
{
    struct pin_store *store = pin__executor_store(p->executor, err);

    if (store)
        return attempt(context, store, err);
    if (err->status == PIN_NOT_FOUND)
        pin__err_set(err, PIN_NOT_FOUND,
                     "the project keeps no runs yet: run `pinstripe migrate-database` in %s",
                     p->root);
    return err->status;
}

pin_status
pin__api_with_store(struct pin_project *p,
                    pin_status (*attempt)(void *context, struct pin_store *store,
                                          struct pin_err *err),
                    void *context, struct pin_err *err)
{
    enum { AGAIN_MS = 10 };
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), PIN_BUSY_MS_DEFAULT);
    pin_status st;

    while ((st = try(p, attempt, context, err)) == PIN_BUSY && pin__clock_mono().ns < until.ns)
        pin__api_turn(p, AGAIN_MS);
    if (st == PIN_OK)
        *err = PIN_ERR_INIT;
    if (st == PIN_BUSY)
        pin__err_set(err, st, "somebody else has written the store for %d s: try again later",
                     PIN_BUSY_MS_DEFAULT / 1000);
    return st;
}

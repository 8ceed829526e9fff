/* observer.h - who counts what happens: nothing of it changes what an executor does.
 *
 * Called from the loop, each from one place, so it must be quick and must not call the executor. A
 * run is told when its end is known for good: one that was called when it has ended, a queued one
 * after the commit that says what became of it. A result that came too late and was dropped is not
 * told: whoever had the run then tells its own.
 */
#ifndef PIN_EXECUTOR_OBSERVER_H
#define PIN_EXECUTOR_OBSERVER_H

#include "store/store.h"
#include "workspace/workspace.h"

struct pin_executor;

struct pin_attempt { /* one that is over; of a run for many tenants each tenant's, not its own */
    const char *job; /* NULL: the project has none of the name that the run has */
    enum pin_outcome_kind kind;
    bool again;      /* it did not end well, and is tried again */
    int64_t wall_us; /* 0: it never began */
};

struct pin_observer { /* all of it may be NULL */
    void *context;
    void (*ended)(void *context, const struct pin_attempt *a);
    /* A queued run begins, so long after it was due. */
    void (*began)(void *context, const char *queue, int64_t waited_us);
    /* Leases of runs that had lapsed and that this executor has swept, whoever held them. */
    void (*lost)(void *context, size_t leases);
    /* Somebody else was writing into the store, and what is to be written waits a little. */
    void (*busy)(void *context);
    /* By a bot: so many due times of a schedule got this result. */
    void (*decided)(void *context, const char *schedule, enum pin_occurrence_result result,
                    int64_t count);
    /* By a bot: it has looked at the schedules, or said in the store that it lives. */
    void (*ticked)(void *context, int64_t now_ms);
};

/* One; borrowed. NULL takes it away. */
void pin__executor_observe(struct pin_executor *x, const struct pin_observer *observer);
/* It, never NULL: one that has nothing set when nobody counts. */
const struct pin_observer *pin__executor_observer(const struct pin_executor *x);

#endif

/* pinstripe/run_state.h - where a run stands. */
#ifndef PINSTRIPE_RUN_STATE_H
#define PINSTRIPE_RUN_STATE_H

enum pin_run_state {                      /* the numbers are in databases: never change one */
                     PIN_RUN_DELAYED = 0, /* not due yet, or waiting for its next attempt */
                     PIN_RUN_QUEUED = 1,  /* may be claimed */
                     PIN_RUN_RUNNING = 2, /* claimed: somebody holds its token */
                     PIN_RUN_HELD = 3,    /* due, but its job or tenant has all its slots in use */
                     PIN_RUN_WAITING = 4, /* its children run; it holds no slot */
                     PIN_RUN_SUCCEEDED = 5, /* the last three are final, but for a retry */
                     PIN_RUN_FAILED = 6,
                     PIN_RUN_CANCELLED = 7,
                     PIN_RUN_STATE_COUNT
};

#endif

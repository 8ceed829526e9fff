/* state.h - the states of a run, and the one table of what may follow what.
 *
 * Every statement that changes a state takes the state it comes from and the state it goes to from
 * this table; a pair that is not in it is our own mistake and aborts. docs/runs.md has the picture.
 * If you add a state: its name in state.c, the table there, and the picture.
 */
#ifndef PIN_STORE_STATE_H
#define PIN_STORE_STATE_H

#include <stdbool.h>

#include "pinstripe/run_state.h"

enum pin_run_event {
    PIN_EVENT_DUE,       /* its time has come */
    PIN_EVENT_CLAIM,     /* a worker takes it */
    PIN_EVENT_HOLD,      /* no slot is free in its gate */
    PIN_EVENT_RELEASE,   /* one is */
    PIN_EVENT_SUCCEED,   /* it ended well */
    PIN_EVENT_FAIL,      /* it ended badly, for good */
    PIN_EVENT_RETRY,     /* it ended badly and is tried again later */
    PIN_EVENT_LOSE,      /* whoever held it is gone */
    PIN_EVENT_GIVE_BACK, /* a deliberate stop: as if it had not been claimed */
    PIN_EVENT_FAN_OUT,   /* all its children are made */
    PIN_EVENT_CANCEL,    /* somebody asked for it not to happen */
    PIN_EVENT_REOPEN,    /* somebody asked for it once more */
    PIN_EVENT_REJOIN,    /* the same, of a parent whose children are all made */
    PIN_RUN_EVENT_COUNT
};

/* The state that `event` leads to; aborts when there is none. */
enum pin_run_state pin__run_next(enum pin_run_state from, enum pin_run_event event);
bool pin__run_may(enum pin_run_state from, enum pin_run_event event);
bool pin__run_is_final(enum pin_run_state state);
/* "queued"; never NULL. */
const char *pin__run_state_name(enum pin_run_state state);
/* False for a word that names no state. */
bool pin__run_state_parse(const char *name, enum pin_run_state *out);

#endif

/* state.c - see state.h: the table. */
#include "store/state.h"

#include "base/err.h"

#define TO(state) ((unsigned char)(PIN_RUN_##state + 1)) /* 0 in the table: cannot happen */

static const unsigned char next[PIN_RUN_STATE_COUNT][PIN_RUN_EVENT_COUNT] = {
    [PIN_RUN_DELAYED] = { [PIN_EVENT_DUE] = TO(QUEUED), [PIN_EVENT_CANCEL] = TO(CANCELLED) },
    [PIN_RUN_QUEUED] = { [PIN_EVENT_CLAIM] = TO(RUNNING),
                         [PIN_EVENT_HOLD] = TO(HELD),
                         [PIN_EVENT_CANCEL] = TO(CANCELLED) },
    [PIN_RUN_HELD] = { [PIN_EVENT_RELEASE] = TO(QUEUED), [PIN_EVENT_CANCEL] = TO(CANCELLED) },
    [PIN_RUN_RUNNING] = { [PIN_EVENT_SUCCEED] = TO(SUCCEEDED),
                          [PIN_EVENT_FAIL] = TO(FAILED),
                          [PIN_EVENT_RETRY] = TO(DELAYED),
                          [PIN_EVENT_LOSE] = TO(QUEUED),
                          [PIN_EVENT_GIVE_BACK] = TO(QUEUED),
                          [PIN_EVENT_FAN_OUT] = TO(WAITING),
                          [PIN_EVENT_CANCEL] = TO(CANCELLED) },
    [PIN_RUN_WAITING] = { [PIN_EVENT_SUCCEED] = TO(SUCCEEDED),
                          [PIN_EVENT_FAIL] = TO(FAILED),
                          [PIN_EVENT_CANCEL] = TO(CANCELLED) },
    [PIN_RUN_FAILED] = { [PIN_EVENT_REOPEN] = TO(QUEUED), [PIN_EVENT_REJOIN] = TO(WAITING) },
    [PIN_RUN_CANCELLED] = { [PIN_EVENT_REOPEN] = TO(QUEUED), [PIN_EVENT_REJOIN] = TO(WAITING) },
};

static const char *const names[PIN_RUN_STATE_COUNT] = {
    "delayed", "queued", "running", "held", "waiting", "succeeded", "failed", "cancelled",
};

bool
pin__run_may(enum pin_run_state from, enum pin_run_event event)
{
    return (unsigned)from < PIN_RUN_STATE_COUNT && (unsigned)event < PIN_RUN_EVENT_COUNT &&
           next[from][event] != 0;
}

enum pin_run_state
pin__run_next(enum pin_run_state from, enum pin_run_event event)
{
    if (!pin__run_may(from, event))
        pin__bug("a run in state %d cannot take event %d", (int)from, (int)event);
    return (enum pin_run_state)(next[from][event] - 1);
}

bool
pin__run_is_final(enum pin_run_state state)
{
    return state >= PIN_RUN_SUCCEEDED;
}

const char *
pin__run_state_name(enum pin_run_state state)
{
    return (unsigned)state < PIN_RUN_STATE_COUNT ? names[state] : "unknown";
}

bool
pin__run_state_parse(const char *name, enum pin_run_state *out)
{
    for (int i = 0; i < PIN_RUN_STATE_COUNT; i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum pin_run_state)i;
            return true;
        }
    return false;
}

/* run_changes.h - doing something to runs: to those named by id, or to all that a filter leaves.
 *
 * Many are done in short transactions, newest first, so that others can write meanwhile; what is
 * done stays done when a later one fails.
 */
#ifndef PIN_COMMAND_RUN_CHANGES_H
#define PIN_COMMAND_RUN_CHANGES_H

#include "command/run_filter.h"

struct run_change {
    const char *verb;       /* "cancel" */
    const char *json_done;  /* "cancelled" */
    const char *json_asked; /* "stopping"; NULL when it is always done */
    const char *which;      /* runs it is for: "that have not ended" */
    bool (*applies)(enum pin_run_state state);
    void (*narrow)(struct pin_run_filter *filter); /* when no state was given */
    bool parents_first; /* what it does to a parent is done to its children */
    pin_status (*apply)(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                        enum pin_run_state *state, struct pin_err *err);
    /* Whether it is done, or asked for only, in the state that apply gave. */
    bool (*is_done)(enum pin_run_state state);
    /* The result for a person, to cli->out. */
    void (*tell)(const struct cli *cli, int64_t done, int64_t asked);
};

#define RUN_CHANGE_OPTS                                                                            \
    RUN_FILTER_OPTS, OPT_FLAG("all", 'a', "every one: needed when there is no filter"),            \
        OPT_FLAG("dry-run", 'n', "tell how many it would be, and do nothing"),                     \
        OPT_FLAG("json", 0, "one JSON document on stdout")

enum pin_exit pin__run_change_exec(struct cli *cli, const struct args *a,
                                   const struct run_change *change);

#endif

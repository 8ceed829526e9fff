/* repl.h - an interactive session: lines of a person, evaluated one after another by a worker that
 * stays.
 *
 * From a terminal with editing, history and completion; from anything else the lines are taken as
 * they come, without a prompt. Blocks until the person leaves; the executor's loop goes on
 * meanwhile.
 */
#ifndef PIN_REPL_REPL_H
#define PIN_REPL_REPL_H

#include "executor/executor.h"

#define PIN_REPL_LEAVE_MS 1000 /* at the end, for hooks of the session */

struct pin_repl_options { /* borrowed */
    struct pin_executor *executor;
    const struct pin_sink *sink; /* where everything is printed */
    bool terminal;               /* stdin and stdout are one */
    bool colors;
    bool watches_files; /* loads the project anew when a file changes */
    const char *tenant; /* name or id to begin with; NULL: none */
    void *context;
    void (*list_jobs)(void *context); /* for .jobs and .runs; they print by themselves */
    void (*list_runs)(void *context);
};

struct pin_repl_end {
    bool failed; /* a line did */
    int signal;  /* that ended it; 0: the person left */
};

/* PIN_NOT_FOUND: no such tenant; libedit is not installed. */
pin_status pin__repl_run(const struct pin_repl_options *options, struct pin_repl_end *end,
                         struct pin_err *err) PIN_MUST_USE;

#endif

/* run_output.h - what a person, or a program, sees of the runs that a command started.
 *
 * What jobs print goes to stdout and stderr as it arrives; our own talk goes to stderr. On a
 * terminal lines of a multi-tenant request carry the tenant and a last line shows the progress.
 * With JSON stdout gets one line per run and what jobs print goes to stderr.
 *
 * Nothing here blocks while jobs run: when the reader is slow a bounded amount waits here, then
 * workers are not read.
 */
#ifndef PIN_COMMAND_RUN_OUTPUT_H
#define PIN_COMMAND_RUN_OUTPUT_H

#include "command/cli.h"
#include "executor/executor.h"

struct run_output {
    struct cli *cli;
    struct pin_executor *executor; /* asked for the progress */
    struct pin_sink sink;
    bool json;
    bool dialog;   /* its runs are called from a REPL, which tells what they throw */
    bool labels;   /* lines carry the tenant */
    bool progress; /* a line at the bottom of the terminal */
    bool progress_shown;
    struct pin_buf partial[2]; /* with labels: the last, unfinished line of each stream */
    struct pin_buf pending;    /* records that the streams have not taken yet */
    size_t pending_at;
    bool gone[2]; /* the reader closed the stream */
    uint64_t failures_shown;
    struct pin_mono began;
    struct pin_mono told; /* when progress was last told without a terminal */
};

void pin__run_output_init(struct run_output *o, struct cli *cli, struct pin_executor *x, bool json,
                          bool multi_tenant);
/* For a REPL: its own lines, and what the runs print that it calls. */
void pin__run_output_init_dialog(struct run_output *o, struct cli *cli, struct pin_executor *x,
                                 bool multi_tenant);
/* Writes what is pending, waiting for the reader. */
void pin__run_output_flush(struct run_output *o);
/* Called from the executor's loop now and then. */
void pin__run_output_tick(struct run_output *o);
/* The last line of JSON, or on stderr what no run has said yet. */
void pin__run_output_summary(struct run_output *o, const char *job, const struct pin_summary *s,
                             int exit_code);
/* Writes all that is pending, waiting for the reader. */
void pin__run_output_fini(struct run_output *o);

#endif

/* job_args.h - a job and its arguments, as a command line names them. */
#ifndef PIN_COMMAND_JOB_ARGS_H
#define PIN_COMMAND_JOB_ARGS_H

#include "command/options.h"
#include "job/catalog.h"
#include "workspace/workspace.h"

#define PIN_JOB_ARGS_BUF PIN_BUF_INIT(2 * PIN_ARGS_BYTES_MAX)

/* The words as a JSON array of texts, or the JSON of --args as it is written: numbers are read
 * once, by the engine. PIN_INVALID says which argument is wrong and why. */
pin_status pin__job_args_take(struct pin_buf *out, const struct args *a,
                              struct pin_err *err) PIN_MUST_USE;
/* Adds to the sentence about a job that is not there which one may have been meant. */
void pin__job_args_suggest(struct pin_err *err, const struct pin_catalog *catalog,
                           const char *name);

#endif

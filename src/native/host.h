/* host.h - jobs that are functions of a program which has pinstripe as its library.
 *
 * The program is executed afresh and asked, as an object is loaded and asked: it answers with one
 * document on its standard output,
 *     {"version":"0.1.0","jobs":[{"name":"charge-card","definition":{...}},
 * {"name":"x","problem":"..."}]} where a definition is as native/definition.h has it. Later it is
 * executed as a native worker.
 */
#ifndef PIN_NATIVE_HOST_H
#define PIN_NATIVE_HOST_H

#include "base/buf.h"
#include "project/files.h"

struct pin_host_job; /* pinstripe/pinstripe.h */

#define PIN_HOST_DESCRIBE_FLAG "--pinstripe-jobs"
#define PIN_HOST_WORKER_FLAG   "--pinstripe-worker"
/* In the environment of a program that is asked: it is not to open a project. */
#define PIN_HOST_DESCRIBE_WORD "PINSTRIPE_DESCRIBES"

/* Adds a file for each of the program's jobs, whose path is the program. PIN_CONFIG for a program
 * that does not answer, or that has another version of the library. */
pin_status pin__native_host_ask(const char *program, struct pin_files *files,
                                struct pin_err *err) PIN_MUST_USE;
/* In the program: appends the answer. */
pin_status pin__native_host_answer(const struct pin_host_job *jobs, struct pin_buf *out,
                                   struct pin_err *err) PIN_MUST_USE;

#endif

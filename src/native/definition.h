/* definition.h - what a job in C says of itself, and its object loaded.
 *
 * Loading an object runs its constructors: a child does it to describe one, a native worker to run
 * it, and nobody else.
 */
#ifndef PIN_NATIVE_DEFINITION_H
#define PIN_NATIVE_DEFINITION_H

#include "native/build.h"

struct pin_background_job; /* pinstripe/job.h */

#define PIN_NATIVE_DESCRIBE_MS 5000

/* Fills in `native` of every file whose object is there: {"meta":[["schedule","0 * * * *"], ...],
 * "multiTenant":true,"tenantsFilter":{...}}; a file that cannot be described gets its problem. */
pin_status pin__native_describe(const struct pin_native_objects *objects, struct pin_files *files,
                                struct pin_err *err) PIN_MUST_USE;

/* Appends what a job says of itself, such a document. */
pin_status pin__native_describe_job(const struct pin_background_job *job, struct pin_buf *out,
                                    struct pin_err *err) PIN_MUST_USE;
/* PIN_CONFIG for a version that is not known, or a job without a function. */
pin_status pin__native_check_job(const struct pin_background_job *job,
                                 struct pin_err *err) PIN_MUST_USE;
/* The definition in an object; it stays loaded. PIN_CONFIG for what is no job, PIN_DENIED for what
 * somebody else may have written (objects.h). */
pin_status pin__native_load(const char *object, const struct pin_background_job **out,
                            struct pin_err *err) PIN_MUST_USE;

#endif

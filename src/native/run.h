/* run.h - one run of a job in C, in the process that was forked for it.
 *
 * The workspace that the job sees (pinstripe/job.h) over the same database floor, tenant scope and
 * questions to the executor as a JavaScript job has.
 */
#ifndef PIN_NATIVE_RUN_H
#define PIN_NATIVE_RUN_H

#include <stdatomic.h>

#include "native/crash.h"
#include "workspace/workspace.h"

struct pin_background_job; /* pinstripe/job.h */
struct pin_catalog;        /* job/catalog.h */

struct pin_native_shared {     /* memory of the run and of the process that forked it */
    atomic_bool asks;          /* the job looks whether it was cancelled */
    atomic_bool cancelled;     /* it was */
    _Atomic uint64_t returned; /* the task whose run succeeded and gave no value */
    struct pin_native_crash crash;
    bool told_root; /* a run has said that it is root's, and what that means */
};

struct pin_native_project {        /* borrowed for the life of the process */
    const char *database_filename; /* absolute; NULL: the project has no database */
    bool multi_tenant;
    int64_t transaction_ms;            /* how long a transaction may last */
    const char *user;                  /* whom the run has become (identity.h); NULL: nobody else */
    const struct pin_catalog *catalog; /* of the jobs that it may put into the queue */
    struct pin_native_shared *shared;
};

/* Runs it to its end. *outcome has neither times nor memory: who forked the process knows them. */
void pin__native_execute(const struct pin_background_job *job, const char *tenants_filter,
                         const struct pin_native_project *project, const struct pin_task *task,
                         const struct pin_host *host, struct pin_outcome *outcome);
/* The answer to a call, during host->wait: as pin__engine_answer. */
void pin__native_answer(uint64_t number, struct pin_bytes error, struct pin_bytes value);

#endif

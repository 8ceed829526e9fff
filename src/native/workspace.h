/* workspace.h - what run.c and rows.c share: the host's side of a pin_workspace. */
#ifndef PIN_NATIVE_WORKSPACE_H
#define PIN_NATIVE_WORKSPACE_H

#include <jansson.h>

#include "base/arena.h"
#include "database/query.h"
#include "native/run.h"
#include "pinstripe/job.h"

struct row; /* rows.c */

struct answer { /* to the one call that is open */
    uint64_t number;
    bool there;
    struct pin_buf error, value; /* JSON */
};

struct workspace {
    pin_workspace face; /* first: what the job holds */
    const struct pin_native_project *project;
    const struct pin_task *task;
    const struct pin_host *host;
    struct pin_session *session; /* NULL until it is used */
    struct pin_store *store;     /* on that session; NULL until a transaction puts runs into it */
    bool enqueued;               /* the open transaction did */
    struct pin_scope scope;
    struct pin_arena arena;
    json_t *args, *params;
    struct pin_err error;     /* a sentence of ours or of the job; meaningful when face.failed */
    struct pin_buf far_error; /* the error of another run, JSON; empty: `error` it is */
    struct answer answer;
    struct row *spare; /* new rows that were saved: the next new ones */
};

static inline struct workspace *
workspace_of(const pin_workspace *face)
{
    return (struct workspace *)(uintptr_t)face;
}

/* Keeps the first error. */
void pin__native_fail(struct workspace *w, const struct pin_err *err);
/* Opens the session at its first use; false: the run has an error. */
bool pin__native_session(struct workspace *w);
/* enqueue.c: the id of a run that is put into the queue, as part of the open transaction if there
 * is one. NULL: the run has an error. */
const char *pin__native_enqueue(struct workspace *w, struct pin_call *call);
/* A call to the executor, and its answer in w->answer. False: the run has an error. */
bool pin__native_ask(struct workspace *w, const struct pin_call *call);
/* The part of the table of functions that is about rows. */
extern const struct pin_job_host pin__native_rows;

#endif

/* enqueue.h - what a call asks to be queued, by the words of the job's meta() and of the call.
 *
 * The one place that knows what `retry`, `queue`, `priority`, `concurrency` and `unique` mean for a
 * run: commands, workers, the executor and the bot all make their runs here.
 */
#ifndef PIN_JOB_ENQUEUE_H
#define PIN_JOB_ENQUEUE_H

#include "base/arena.h"
#include "job/catalog.h"

#define PIN_KEY_BYTES_MAX 512 /* of a run's key */
#define PIN_PRIORITY_MAX  1000

struct pin_enqueue_options { /* zeros: as the job says */
    int64_t at_ms;           /* not before; 0: now */
    int64_t delay_ms;        /* counted from now; not together with at_ms */
    bool has_priority;
    int priority;
    const char *queue;
    const char *key;
};

/* From what a call carried, {"at":ms,"delay":ms,"priority":n,"queue":"mail","key":"k"}; data NULL:
 * none. PIN_INVALID names the option. Texts live in the arena. */
pin_status pin__enqueue_options_read(struct pin_enqueue_options *out, struct pin_bytes json,
                                     struct pin_arena *arena, struct pin_err *err) PIN_MUST_USE;

struct pin_enqueue_call {
    const struct pin_catalog *catalog;
    const struct pin_job *job;
    const struct pin_enqueue_options *options; /* NULL: none */
    const char *tenant_id; /* for that tenant only; NULL: none, or a parent for every one */
    bool once;             /* exactly one run in that tenant or none: a child of a parent */
    struct pin_bytes args, params;
    enum pin_trigger trigger;
    int64_t now_ms;
};

/* Fills *out, with a new id. What it points to is the call's, the catalog's or the arena's. */
pin_status pin__enqueue_fill(struct pin_enqueue *out, const struct pin_enqueue_call *call,
                             struct pin_arena *arena, struct pin_err *err) PIN_MUST_USE;
/* The same for many: `lines` has one argument list a line, what stands in `call` as args is not
 * looked at. *runs lives in the arena and points into `lines`. */
pin_status pin__enqueue_fill_lines(struct pin_enqueue **runs, size_t *count,
                                   const struct pin_enqueue_call *call, struct pin_bytes lines,
                                   struct pin_arena *arena, struct pin_err *err) PIN_MUST_USE;

/* For a run that enqueues in its own transaction, open on the session: opens the project's store
 * there, once. PIN_NOT_FOUND when it keeps no runs yet. */
pin_status pin__enqueue_store(struct pin_store **store, struct pin_session *session,
                              struct pin_err *err) PIN_MUST_USE;
/* Then puts them into it; *done, [*count], lives in the arena. The commit is the caller's, and to
 * tell bots of it. */
pin_status pin__enqueue_put(struct pin_store *store, const struct pin_enqueue_call *call,
                            struct pin_bytes lines, struct pin_arena *arena,
                            struct pin_enqueued **done, size_t *count,
                            struct pin_err *err) PIN_MUST_USE;
/* A new id; those of one process sort in the order in which they were made. */
struct pin_run_id pin__run_id_new(int64_t now_ms);
/* Finds the job that `name` names in any spelling. PIN_NOT_FOUND, PIN_CONFIG for a broken one. */
pin_status pin__catalog_find(const struct pin_catalog *c, const char *name,
                             const struct pin_job **out, struct pin_err *err) PIN_MUST_USE;

#endif

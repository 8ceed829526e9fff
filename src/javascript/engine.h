/* engine.h - QuickJS on a heap that can be put back: the nursery loads a project once, its forks
 * run it many times.
 *
 * Life: new -> load -> freeze, in the nursery; after a fork, in the worker: enter -> execute,
 * execute, ... The nursery never executes and never opens a database; a worker never loads.
 */
#ifndef PIN_JAVASCRIPT_ENGINE_H
#define PIN_JAVASCRIPT_ENGINE_H

#include "javascript/image.h"
#include "workspace/workspace.h"

struct pin_engine; /* opaque; one a process */

struct pin_files;

struct pin_engine_options {
    const char *root;        /* the project's folder, absolute, no links in it */
    const char *environment; /* "development", "production", ... */
    const char *version;     /* of the program */
    bool learn;              /* PIN_IMAGE_LEARN */
    /* Makes the jobs in C known: fills in `native`, or `problem`, of their files. Called when the
     * configuration has been evaluated; `config` is what it says of them, native/config.h. NULL:
     * there are none. */
    pin_status (*describe_native)(void *context, struct pin_files *files, struct pin_bytes config,
                                  struct pin_err *err);
    void *native_context;
};

/* Makes runtime, context, built-in modules and globals on an arena of our own. */
pin_status pin__engine_new(struct pin_engine **out, const struct pin_engine_options *options,
                           struct pin_err *err) PIN_MUST_USE;
/* Evaluates pinstripe.config.js and every file of the project, and appends the catalog (see
 * catalog.md beside this file) to `catalog` as JSON. A broken file is told in the catalog and is no
 * failure; a broken configuration is PIN_CONFIG. */
pin_status pin__engine_load(struct pin_engine *e, struct pin_buf *catalog,
                            struct pin_err *err) PIN_MUST_USE;
/* How long the top level of one file may take; 5 s unless told otherwise. */
void pin__engine_set_top_level_limit(struct pin_engine *e, int64_t ms);
/* Collects garbage and takes the image. Nothing may be pending. */
pin_status pin__engine_freeze(struct pin_engine *e, struct pin_err *err) PIN_MUST_USE;
/* For developers' tools: evaluates one file of the root in this process, with `host` to print. */
pin_status pin__engine_evaluate(struct pin_engine *e, const char *path, const struct pin_host *host,
                                struct pin_err *err) PIN_MUST_USE;
/* First call in a forked worker. `host` is borrowed for good. */
pin_status pin__engine_enter(struct pin_engine *e, const struct pin_host *host,
                             struct pin_err *err) PIN_MUST_USE;
/* One task, from a restored heap to its outcome; the heap is put back before it returns. False when
 * this worker must not be used again (a limit was broken, the heap could not be put back): report
 * the outcome, then exit. */
bool pin__engine_execute(struct pin_engine *e, const struct pin_task *task,
                         struct pin_outcome *outcome) PIN_MUST_USE;
/* The answer to pin_host.call `number`: called by the worker during a wait. `error` is NULL data on
 * success; `value` is JSON, NULL data for undefined. */
void pin__engine_answer(struct pin_engine *e, uint64_t number, struct pin_bytes error,
                        struct pin_bytes value);
/* The run is to stop now (cancel): called during a wait or from a signal-safe point. */
void pin__engine_stop(struct pin_engine *e);
/* A line for the REPL task under way: called by the worker during a wait, as is
 * pin__engine_stop_line, which is for that line only. */
void pin__engine_line(struct pin_engine *e, uint64_t number, enum pin_line_kind kind,
                      struct pin_bytes text);
void pin__engine_stop_line(struct pin_engine *e, uint64_t number);
/* A hash of the whole heap as it stands: equal before every run. */
uint64_t pin__engine_hash(const struct pin_engine *e);
/* Sizes, for figures and tests. */
struct pin_image_stats pin__engine_heap(const struct pin_engine *e);
void pin__engine_free(struct pin_engine *e);

#endif

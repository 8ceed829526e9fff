/* engine_internal.h - what the files that make up the engine share; nobody else includes it.
 *
 * Everything here lives outside the JavaScript heap. The JSValues in `entry` are part of the image
 * and stay good for ever; those in timers, calls and rejections belong to the run under way and are
 * dropped, not freed, when it ends.
 */
#ifndef PIN_JAVASCRIPT_ENGINE_INTERNAL_H
#define PIN_JAVASCRIPT_ENGINE_INTERNAL_H

#include <signal.h>

#include "javascript/calls.h"
#include "javascript/dialog.h"
#include "javascript/engine.h"
#include "javascript/image.h"
#include "javascript/loader.h"
#include "javascript/native.h"
#include "javascript/random.h"
#include "javascript/rejections.h"
#include "javascript/timers.h"
#include "project/files.h"

enum pin_engine_phase {
    PIN_ENGINE_LOADING, /* top levels of modules run; no host */
    PIN_ENGINE_FROZEN,  /* nothing runs */
    PIN_ENGINE_RUNNING, /* a task is under way */
};

enum pin_engine_stop { /* why the code under way must stop; the first reason wins */
                       PIN_STOP_NONE,
                       PIN_STOP_DEADLINE,
                       PIN_STOP_HEAP,
                       PIN_STOP_ASKED,       /* pin__engine_stop */
                       PIN_STOP_LOST,        /* the executor is gone */
                       PIN_STOP_TRANSACTION, /* it computes while the database is locked */
};

struct pin_engine {
    struct pin_image *image;
    JSRuntime *rt;
    JSContext *ctx;
    char *root;
    char *environment;
    char *version;
    int root_fd;
    const struct pin_host *host; /* NULL in the nursery */
    enum pin_engine_phase phase;
    struct {
        JSValue load, catalog, execute, answer, finish;
        JSValue kinds[PIN_TASK_KIND_COUNT]; /* what performs them */
    } entry;

    /* CPU time of this thread at the end of the last run; 0: look. What came since, telling little
     * and reading a task, is the next one's: to look twice a run is felt. */
    int64_t cpu_ns;

    /* Of the run under way. */
    struct pin_mono started;
    struct pin_mono deadline;
    uint64_t heap_bytes;              /* its limit */
    uint64_t collect_at;              /* bytes held that call for a collection */
    volatile sig_atomic_t stop;       /* enum pin_engine_stop */
    struct pin_mono transaction_end;  /* when computing must stop; 0: no transaction is open */
    int64_t transaction_limit_ms;     /* of that transaction */
    enum pin_outcome_kind rejects_as; /* what a rejection of the task means: THREW, or what entry
                                         said */
    const struct pin_task *task;      /* NULL between runs */
    struct pin_timers timers;
    struct pin_calls calls;
    struct pin_dialog_lines dialog;
    struct pin_rejections rejections;
    struct pin_random random;
    struct pin_import import; /* only while loading */
    int64_t top_level_ms;     /* for one file */
    bool lists_files;         /* the project is loaded: `files` and `files_err` have a meaning */
    struct pin_files files;
    struct pin_err files_err; /* why pin__engine_files failed; PIN_OK: it did not */
    /* Of the options. */
    pin_status (*describe_native)(void *context, struct pin_files *files, struct pin_bytes config,
                                  struct pin_err *err);
    void *native_context;
    bool learn;
    char **endless;                /* files that had to be left out; ends with NULL */
    struct pin_mono load_deadline; /* of the whole project */
};

/* pump.c: runs jobs and timers and waits, until `promise` has settled (or, for JS_UNDEFINED, until
 * no call is outstanding). */
enum pin_pumped {
    PIN_PUMPED_SETTLED,
    PIN_PUMPED_STUCK,   /* nothing can happen any more */
    PIN_PUMPED_STOPPED, /* e->stop says why */
};
enum pin_pumped pin__engine_pump(struct pin_engine *e, JSValueConst promise);
/* Runs jobs until there are none. False when the engine must stop. */
bool pin__engine_drain(struct pin_engine *e);
/* execute.c: takes entry.kinds from `entry`, the module. */
void pin__execute_find_kinds(struct pin_engine *e, JSValueConst entry);
/* The project's files as entry.load wants them, an array; `config` is for describe_native. An
 * exception when the project cannot be loaded. Only while it is loaded. */
JSValue pin__engine_files(struct pin_engine *e, struct pin_bytes config);
/* Prints one of our own lines on the run's stderr. */
void pin__engine_say(struct pin_engine *e, const char *fmt, ...) PIN_PRINTF(2, 3);

#endif

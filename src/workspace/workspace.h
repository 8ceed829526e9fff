/* workspace.h - what one run sees, and what it asks of its executor.
 *
 * A task is what a worker is told to do; an outcome is what came of it. Neither holds a JavaScript
 * value: javascript/ and native/ (C jobs) both take a task and give an outcome, and both ask
 * through the same table of functions.
 */
#ifndef PIN_WORKSPACE_WORKSPACE_H
#define PIN_WORKSPACE_WORKSPACE_H

#include "base/buf.h"
#include "base/clock.h"

enum pin_task_kind {
    PIN_TASK_JOB,     /* run the job `name` with `args`, once, in a workspace of its own */
    PIN_TASK_TENANTS, /* one page of the tenants that the job's tenantsFilter leaves; value: see
                         below */
    PIN_TASK_SERVICE, /* call the service `name` of a fresh workspace with `args` (a project's own
                         runBackgroundJob) */
    PIN_TASK_ZONES,   /* the time zones that tenants name; value: {"zones":["Europe/Paris", ""]},
                         "" when some name none */
    PIN_TASK_MIGRATE, /* apply the project's migrations; value:
                         {"applied":["1700000001_create_core", ...],
                          "types":"the text of types/database.d.ts"} */
    PIN_TASK_VIEW,    /* answer the request `args`, see web/server.h; value: {"status":200,
                         "headers":[["name","value"], ...]}, a newline, the body */
    PIN_TASK_REPL,    /* evaluate lines until told to end; args: [options], see repl.js */
    PIN_TASK_KIND_COUNT
};

/* A REPL task lasts: it is sent lines, one after another, and replies to each. Its heap is put back
 * only when it ends. */
#define PIN_LINE_BYTES_MAX ((size_t)4 << 20)

enum pin_line_kind {
    PIN_LINE_EVALUATE, /* text that may go on in further lines: the reply may be "incomplete" */
    PIN_LINE_WHOLE,    /* text that is all there is */
    PIN_LINE_COMPLETE, /* text before the cursor; reply: how many bytes of it a completion
                          replaces, then the completions, one a line */
    PIN_LINE_TENANT,   /* a tenant's name or id: from now on in that tenant; "": in none */
    PIN_LINE_END,      /* the task ends; no reply */
    PIN_LINE_KIND_COUNT
};

enum pin_reply_kind {
    PIN_REPLY_DONE,       /* text: the value for a person; empty: nothing to show */
    PIN_REPLY_FAILED,     /* text: the error for a person */
    PIN_REPLY_INCOMPLETE, /* the text goes on; nothing was evaluated */
    PIN_REPLY_STOPPED,    /* it was interrupted */
    PIN_REPLY_KIND_COUNT
};

/* The value of a TENANTS task is {"tenants":[{"id":"...","name":"..."}, ...],"cursor":"..."|null}.
 * The cursor goes back unread into the next task; null means that there are no more. */

#define PIN_DEPTH_MAX          32 /* runs inside runs: a call from a run at this depth is refused */
#define PIN_WALL_MS_DEFAULT    (10 * 60 * 1000)
#define PIN_HEAP_BYTES_DEFAULT ((size_t)128 << 20)
#define PIN_ARGS_BYTES_MAX     ((size_t)1 << 20) /* arguments of one run, as JSON */
#define PIN_ARGS_DEPTH_MAX     100 /* arrays and objects in each other, inside one argument */
#define PIN_TENANT_PAGE        1000

struct pin_task { /* borrowed: everything lives until the task's outcome is there */
    uint64_t id;
    enum pin_task_kind kind;
    uint32_t depth;        /* 0 for a run that a person or a schedule started */
    const char *name;      /* normalised job name; service name for SERVICE; NULL for MIGRATE */
    struct pin_bytes args; /* a JSON array; NULL means [] */
    struct pin_bytes
        params; /* initialParams of the workspace, a JSON object; NULL means the default ones */
    const char *tenant_id;   /* NULL: no tenant. For TENANTS: only this one, if the filter
                              * leaves it; with tenant_name it is what a person wrote, name or id */
    const char *tenant_name; /* NULL when there is no tenant */
    struct pin_bytes cursor; /* TENANTS: where the last page ended; NULL for the first page */
    const char *tenant_zone; /* TENANTS: only those whose timeZone this is, "" those that name none
                              * or one that is not known; NULL: all */
    const char *run_id;      /* JOB: of the run, as text */
    uint32_t attempt;        /* JOB: 1 for the first */
    const char *key;         /* JOB: NULL when it was given none */
    int64_t due_ms;          /* JOB: when it was to run; 0: when it was called */
    bool check_tenant;       /* JOB: the tenant may be gone, or not be one that the filter leaves.
                                TENANTS: their order does not matter unless the filter gives one */
    int64_t wall_ms;         /* limits; always set */
    uint64_t heap_bytes;
};

enum pin_outcome_kind { /* why a run ended: word in --json and later in the store */
                        PIN_OUTCOME_SUCCEEDED,
                        PIN_OUTCOME_THREW,     /* run() threw or rejected */
                        PIN_OUTCOME_TIMED_OUT, /* wall limit */
                        PIN_OUTCOME_HEAP_LIMIT,
                        PIN_OUTCOME_UNSETTLED, /* ended without settling */
                        PIN_OUTCOME_REJECTED,  /* an unhandled rejection */
                        PIN_OUTCOME_CRASHED,   /* the worker died: signal or exit */
                        PIN_OUTCOME_CANCELLED, /* somebody stopped it */
                        PIN_OUTCOME_REFUSED,   /* it never started: broken or unknown job, unknown
                                                  tenant */
                        PIN_OUTCOME_KIND_COUNT
};

struct pin_outcome { /* the owner calls pin__outcome_fini */
    enum pin_outcome_kind kind;
    struct pin_buf value; /* JSON, for TENANTS and MIGRATE; empty otherwise */
    struct pin_buf error; /* JSON of the thrown value unless it succeeded, see below */
    int64_t wall_us;
    int64_t cpu_us;
    uint64_t peak_heap_bytes; /* what the run had allocated at most, above the image */
};

/* An error travels as a JSON object:
 *   {"name":"TypeError","message":"...","stack":"    at ...\n","properties":{own JSON
 * properties},"cause":<error>, "errors":[<error>, ...] (AggregateError)} and a thrown value that is
 * no Error as {"value":<JSON>} (absent value: undefined was thrown). */

void pin__outcome_init(struct pin_outcome *o);
void pin__outcome_fini(struct pin_outcome *o);
/* Clears *o and makes it a failure with an Error of this name and message. */
void pin__outcome_fail(struct pin_outcome *o, enum pin_outcome_kind kind, const char *name,
                       const char *fmt, ...) PIN_PRINTF(4, 5);
/* Of a failure that pin__outcome_fail made: where it happened, "    at ...\n" a line each. Once. */
void pin__outcome_set_stack(struct pin_outcome *o, const char *stack);
/* "succeeded", "threw", "timed-out", ... */
const char *pin__outcome_kind_name(enum pin_outcome_kind kind);

enum pin_stream { PIN_STDOUT = 1, PIN_STDERR = 2 };

enum pin_call_kind {
    PIN_CALL_RUN,       /* run the job now; answered when it has ended */
    PIN_CALL_RUN_ONCE,  /* BackgroundJob.run: in exactly that tenant, never fanning out */
    PIN_CALL_ENQUEUE,   /* args: one argument list a line. Answered with ["id", ...], after the
                           commit */
    PIN_CALL_BOT_START, /* have the executor watch schedules and queue; answered when it does */
    PIN_CALL_BOT_STOP,
    PIN_CALL_KIND_COUNT
};

struct pin_call {            /* one run asks for another */
    const char *name;        /* as the caller wrote it; the executor normalises */
    struct pin_bytes args;   /* JSON array */
    struct pin_bytes params; /* JSON object or NULL */
    const char *
        tenant_id; /* the tenant of the calling workspace, which has looked it up; NULL when none */
    const char *tenant_name; /* NULL when there is no tenant */
    enum pin_call_kind kind;
    struct pin_bytes options; /* ENQUEUE: a JSON object, see job/enqueue.h; NULL: none */
};

struct pin_host { /* filled in by the worker; all of it is called from the run's own thread */
    void *context;
    /* Asks for a child run; *number names it. Its answer arrives in pin__engine_answer during a
     * later wait. */
    pin_status (*call)(void *context, const struct pin_call *call, uint64_t *number,
                       struct pin_err *err);
    /* What the run printed. Blocks while the reader is slow: that is the back-pressure. */
    void (*console)(void *context, enum pin_stream stream, const char *data, size_t size);
    /* How far the run is, for people. */
    void (*progress)(void *context, int64_t done, int64_t total, const char *text);
    /* Runs were queued by a transaction of this worker, which has been committed. */
    void (*wake)(void *context);
    /* REPL: what came of line `number`; 0: an error that belongs to none. */
    void (*reply)(void *context, uint64_t number, enum pin_reply_kind kind, struct pin_bytes text);
    /* Handles what arrives until something did or `until` has passed. PIN_LOST: the executor is
     * gone, give up. */
    pin_status (*wait)(void *context, struct pin_mono until);
};

#endif

/* executor.h - runs the jobs of one project: one thread, one event loop, no engine.
 *
 * It starts the project's nursery, has it fork workers, hands them tasks, and is the only one to
 * say what became of a run. It never executes the user's code and never waits for anything but its
 * own loop, so limits and kills go on whatever the jobs do.
 *
 * The loop is plain epoll: all we wait for are a few dozen sockets and one nearest deadline, and an
 * embedding program gets one descriptor to poll. A library for that would be larger than the loop.
 *
 * Names: a *request* is one call of runBackgroundJob, from the program or from a run. It makes one
 * run, or in a multi-tenant project one for each tenant that the job's filter leaves.
 */
#ifndef PIN_EXECUTOR_EXECUTOR_H
#define PIN_EXECUTOR_EXECUTOR_H

#include "job/catalog.h"
#include "job/enqueue.h"
#include "workspace/workspace.h"

#define PIN_WORKERS_MAX       64    /* processes of one executor */
#define PIN_TENANTS_AHEAD_MAX 64    /* tenants started before the first unfinished one has ended */
#define PIN_CALLS_OPEN_MAX    10000 /* that one run may have made and not had answered */
#define PIN_KILL_AFTER_MS     250 /* past its deadline a run that did not end by itself is killed */
#define PIN_STOP_GRACE_MS     5000 /* what running jobs get after the first request to stop */
#define PIN_ERRORS_KEPT_MAX   100  /* errors of a call for many tenants that are kept whole */
#define PIN_ERRORS_NAMED_MAX  3    /* and that its message names */

#define PIN_CONSOLE_BYTES_KEPT ((size_t)1 << 20) /* of what one run printed, the newest */

struct pin_executor;

#define PIN_LEDGER_RUNS_MAX 10000 /* direct runs that wait to be recorded; then the oldest go */
#define PIN_FLUSH_MS        2000  /* at the end, for what is not written yet */
#define PIN_LOOK_MS         30000 /* how often the store is looked at when nobody calls */

struct pin_executor_options {
    const char *root;           /* of the project, absolute */
    const char *environment;    /* "development", ... */
    const char *program;        /* the pinstripe program; NULL: the one that is running */
    const char *native_program; /* has jobs of its own: runs those in C, see native_worker.h; NULL:
                                   none */
    unsigned workers;           /* runs at the same time; 0: as many as there are cores */
    enum pin_trigger trigger;   /* of runs that this program asks for */
    /* this.bot.start() and stop() of a run; NULL: this program has no bot. */
    pin_status (*bot)(void *context, struct pin_executor *x, bool start, struct pin_err *err);
    void *bot_context;
};

struct pin_run_info { /* borrowed during the call that gives it */
    uint64_t id;
    uint64_t parent; /* the calling run; 0: none */
    uint32_t depth;
    bool of_job; /* else `job` is no job's name: a view's path, which anybody may have sent */
    const char *job;
    const char *tenant_id; /* NULL: no tenant */
    const char *tenant_name;
    const char *run_id;            /* as text */
    const struct pin_claim *claim; /* what the store said of it; NULL: it was not in the queue */
    struct pin_bytes
        console; /* the newest of what it printed itself; only for a sink that keeps_console */
    uint64_t console_bytes_total; /* all that it printed */
};

/* Where a request's output and results go. Lines and results of a multi-tenant request come grouped
 * by tenant, in tenant order. `run` in console is the request's own run under which the line was
 * printed, at whatever depth. */
struct pin_sink {
    void *context;
    bool keeps_console; /* finished wants to see what the run printed */
    void (*console)(void *context, const struct pin_run_info *run, enum pin_stream stream,
                    const char *data, size_t size);
    void (*finished)(void *context, const struct pin_run_info *run, const struct pin_outcome *o);
    void (*note)(void *context, const char *text); /* a sentence for the person */
    /* Of queued runs: one begins; what became of an attempt, once it is written. May be NULL. */
    void (*started)(void *context, const struct pin_run_info *run);
    void (*settled)(void *context, const struct pin_run_info *run, const struct pin_outcome *o,
                    const struct pin_finished *what);
    /* Something went wrong that is no run's fault, or is right again. May be NULL. */
    void (*trouble)(void *context, bool over, const char *text);
    /* True while no more output can be taken: then workers are not read, and what they print has to
     * wait. May be NULL. */
    bool (*full)(void *context);
};

struct pin_request_options {
    enum pin_task_kind kind; /* JOB, SERVICE or MIGRATE */
    const char *name;        /* job: in any spelling; service: its key */
    struct pin_bytes args;   /* JSON array, NULL: [] */
    const char *tenant; /* name or id: only that tenant; NULL: every one that the filter leaves */
    int64_t wall_ms;    /* 0: what the job says, else the default */
    /* Somebody named the JOB: a runBackgroundJob service of the project's own decides what that
     * does, unless a tenant is given. */
    bool by_name;
};

struct pin_summary {            /* what became of a request; the caller calls pin__summary_fini */
    struct pin_outcome outcome; /* as its caller would see it: one error, or an AggregateError */
    bool multi_tenant;
    uint64_t tenants; /* runs for tenants (1 when not multi-tenant) */
    uint64_t failed;
    uint64_t timed_out; /* among failed */
    uint64_t cancelled; /* among failed: stopped or never started */
    int64_t wall_us;
};

void pin__summary_init(struct pin_summary *s);
void pin__summary_fini(struct pin_summary *s);
/* It failed since nobody has the tenant that was asked for. */
bool pin__summary_lacks_tenant(const struct pin_summary *s);

/* Starts the nursery and waits until it has loaded the project. PIN_CONFIG, PIN_FAILED: its reason.
 */
pin_status pin__executor_open(struct pin_executor **out, const struct pin_executor_options *options,
                              struct pin_err *err) PIN_MUST_USE;
const struct pin_catalog *pin__executor_catalog(const struct pin_executor *x);
/* Runs one request to its end. PIN_OK whatever became of the jobs (see *summary); other statuses
 * mean that the executor itself failed. `sink` is borrowed. */
pin_status pin__executor_run(struct pin_executor *x, const struct pin_request_options *options,
                             const struct pin_sink *sink, struct pin_summary *summary,
                             struct pin_err *err) PIN_MUST_USE;
/* --- calls of a program that does not wait --- */

/* One call: owned by its maker, and left alone until it has ended. */
struct pin_executor_call {
    const struct pin_sink *sink; /* borrowed; must outlive the executor: runs under a call may print
                                    their last words after its end */
    /* Once, from the loop: what became of it. It may make no call from there. */
    void (*ended)(void *context, const struct pin_summary *summary);
    void *context;
    bool lost; /* in `ended`: its nursery ended before it did */
    /* the executor's: */
    struct pin_executor_call *next, *previous; /* of those that have not ended */
    struct request *request;                   /* NULL: it has ended */
};
/* Begins a call. PIN_INVALID: a tenant for a job without tenants; PIN_BUSY: the project's process
 * was lost and is being started again. Then nothing is told. */
pin_status pin__executor_call(struct pin_executor *x, const struct pin_request_options *options,
                              struct pin_executor_call *call, struct pin_err *err) PIN_MUST_USE;
/* Begins nothing more of it, and kills what runs. It is told as ever. Nothing when it has ended. */
void pin__executor_call_cancel(struct pin_executor *x, struct pin_executor_call *call);

/* Its nursery was lost, and no other is there yet: pin__executor_call gives PIN_BUSY. */
bool pin__executor_is_lost(const struct pin_executor *x);
/* Nobody wants to be told any more; what it began goes on. Nothing when it has ended. */
void pin__executor_call_forget(struct pin_executor *x, struct pin_executor_call *call);

/* For a program with a loop of its own: readable when a turn is due. */
int pin__executor_fd(const struct pin_executor *x);
/* Does what there is to do, and hands out what may begin. Waits for at most so many milliseconds,
 * -1: until there is something. */
void pin__executor_turn(struct pin_executor *x, int wait_ms);
/* After a turn, or any call: in how many milliseconds it wants a turn though nothing is readable;
 * -1: never. */
int pin__executor_due(struct pin_executor *x);
/* Nothing is in hand and nothing is to be written. */
bool pin__executor_is_quiet(const struct pin_executor *x);
/* From now on a nursery that is lost is replaced. */
void pin__executor_stay(struct pin_executor *x);

/* Progress of the request being run, for a person who watches. */
void pin__executor_progress(const struct pin_executor *x, uint64_t *done, uint64_t *failed);
/* --- the queue --- */

struct pin_queue_options {
    const char *const *queues; /* borrowed for good; none: all */
    size_t queue_count;
    const struct pin_sink *sink; /* borrowed; where output and ends of queued runs go */
};

/* From now on takes queued runs out of the store and runs them. PIN_NOT_FOUND when there is no
 * store, PIN_CONFIG for another version. */
pin_status pin__executor_queue_start(struct pin_executor *x,
                                     const struct pin_queue_options *options,
                                     struct pin_err *err) PIN_MUST_USE;
/* Takes no more; those that were claimed and have not begun go back. */
void pin__executor_queue_stop(struct pin_executor *x);
/* A look at the store, now: something was put in. */
void pin__executor_queue_look(struct pin_executor *x);
struct pin_queue_counts {
    size_t running, waiting; /* of the runs that are claimed */
    uint64_t ended, failed;  /* since the start */
    bool empty;              /* the last look found nothing that is ready, or that somebody lost */
    int64_t next_due_ms;     /* of runs that wait for their time; INT64_MAX: none, or not looked */
};
struct pin_queue_counts pin__executor_queue_counts(const struct pin_executor *x);
/* The store, opened when it was not; NULL when there is none: see err. Use it between two turns. */
struct pin_store *pin__executor_store(struct pin_executor *x, struct pin_err *err);
/* Writes down now what waits for that: records of runs that were called. */
void pin__executor_flush(struct pin_executor *x);
const char *pin__executor_root(const struct pin_executor *x);
/* How many statements it has had the store run so far. */
uint64_t pin__executor_statements(const struct pin_executor *x);
/* "host:pid", how it is called in the store. */
const char *pin__executor_name(const struct pin_executor *x);

/* --- a program that stays --- */

struct pin_service { /* what takes part in the loop */
    void *context;
    /* When it wants to be called, INT64_MAX: never; and what is called then. NULL, both: it only
     * reads. */
    int64_t (*due)(void *context, int64_t now_ms);
    void (*turn)(void *context, int64_t now_ms);
    bool when_stopping;              /* also while the executor stops */
    int fd;                          /* -1: none */
    void (*readable)(void *context); /* something is to be read from fd */
};
#define PIN_SERVICES_MAX 4 /* in one loop */
/* Borrowed until it is detached. */
void pin__executor_attach(struct pin_executor *x, const struct pin_service *service);
void pin__executor_detach(struct pin_executor *x, const struct pin_service *service);
/* Takes no more of the queue for now, or goes on. What runs goes on in any case. */
void pin__executor_queue_pause(struct pin_executor *x, bool paused);
/* Calls `each` for every run in hand: for a person who asks what it is doing. */
void pin__executor_each_running(const struct pin_executor *x,
                                void (*each)(void *context, const struct pin_run_info *run,
                                             int64_t running_us, int pid),
                                void *context);
/* Goes round until `done` says so, or it was stopped and nothing runs any more. */
void pin__executor_loop(struct pin_executor *x, bool (*done)(void *context), void *context);
/* Loads the project anew beside the one that is in use. What runs goes on with the old code, what
 * comes after has the new. `told` is called once from the loop: with the new catalog, or why the
 * old stays. False when a reload is under way already. */
bool pin__executor_reload(struct pin_executor *x,
                          void (*told)(void *context, const struct pin_catalog *catalog,
                                       const struct pin_err *err),
                          void *context);
/* How many runs of anybody are in hand. */
size_t pin__executor_running(const struct pin_executor *x);
bool pin__executor_stopping(const struct pin_executor *x);
/* Asks a worker for the zones that tenants name; `told` is called from the loop with a JSON array,
 * or NULL data and why not. */
void pin__executor_zones(struct pin_executor *x,
                         void (*told)(void *context, struct pin_bytes zones, const char *why_not),
                         void *context);
/* --- views --- */

#define PIN_VIEWS_WAITING_MAX 1000 /* requests that no worker has begun; one more is refused */

struct pin_view_call {
    const char *path;            /* for people: the name of the run */
    struct pin_bytes request;    /* JSON, what render() is told: web/view_request.h */
    struct pin_bytes params;     /* JSON, what the runs that it calls are told as well */
    const struct pin_sink *sink; /* borrowed: what it and the runs it asks for print. Must outlive
                                    the executor */
    /* Called once from the loop, when the run has ended, however; `o->value` as PIN_TASK_VIEW says.
     * Not for one that was taken back. */
    void (*told)(void *context, const struct pin_outcome *o);
    void *context;
};
struct request; /* opaque: a view call that has not been told */
/* Has a worker answer one request in a workspace of its own. Views take no slot of jobs: as many
 * work at once as there are slots, and one more for each that lasts, as far as there are processes.
 * `id` gets the run's id as text. NULL when too many wait already. */
struct request *pin__executor_view(struct pin_executor *x, const struct pin_view_call *call,
                                   char id[PIN_RUN_ID_TEXT]);
/* Takes it back when no worker has begun it; false: it goes on, and will be told. */
bool pin__executor_view_take_back(struct request *view);
/* Nobody waits for it any more: it is killed, unless it waits for runs that it asked for. */
void pin__executor_view_expire(struct request *view);

/* How long running jobs get after the first request to stop; PIN_STOP_GRACE_MS unless set. */
void pin__executor_set_grace(struct pin_executor *x, int64_t ms);

/* --- a dialog: lines of a person for a worker that stays (PIN_TASK_REPL) --- */

struct pin_dialog; /* opaque; one an executor */

#define PIN_DIALOG_STOP_MS    1000 /* what an interrupted line gets to stop by itself */
#define PIN_DIALOG_HEAP_BYTES ((size_t)512 << 20)

struct pin_dialog_options {
    const struct pin_sink *sink; /* borrowed; what it prints, and what its runs print */
    struct pin_bytes args;       /* a JSON array for repl.js; copied */
    void *context;
    /* What came of a line; number 0: an error that belongs to none. */
    void (*replied)(void *context, uint64_t number, enum pin_reply_kind kind,
                    struct pin_bytes text);
    /* Its worker is gone, and all variables with it. `number` of the line that was in hand, 0:
     * none; `interrupted`: since that would not stop. The next line starts another worker. */
    void (*ended)(void *context, uint64_t number, bool interrupted, const struct pin_outcome *why);
};

/* Starts its worker. What it runs and queues is counted as the executor's `trigger` says, and has
 * the newest code; its worker keeps the code that it began with. It takes no slot. */
pin_status pin__dialog_open(struct pin_dialog **out, struct pin_executor *x,
                            const struct pin_dialog_options *options,
                            struct pin_err *err) PIN_MUST_USE;
/* Sends a line; *number names it. One at a time: not before the last one was answered. PIN_BUSY: no
 * worker can be started now. */
pin_status pin__dialog_say(struct pin_dialog *d, enum pin_line_kind kind, struct pin_bytes text,
                           uint64_t *number, struct pin_err *err) PIN_MUST_USE;
/* Stops the line in hand, and the runs that it waits for. Variables stay, unless the worker has to
 * be killed. */
void pin__dialog_interrupt(struct pin_dialog *d);
/* Ends the worker, whatever it does, at once; the next line starts another. Nothing is told. */
void pin__dialog_restart(struct pin_dialog *d);
bool pin__dialog_has_worker(const struct pin_dialog *d);
/* Its worker is gone, and `ended` comes soon: wait for it in the loop. */
bool pin__dialog_is_ending(const struct pin_dialog *d);
void pin__dialog_close(struct pin_dialog *d); /* NULL is fine */

/* Has `callback` called from the loop when `fd` is readable, or after at most `every_ms`, 0:
 * only then. One watch; fd -1: none. */
void pin__executor_watch(struct pin_executor *x, int fd, int every_ms, void (*callback)(void *),
                         void *context);
/* First call: no run starts any more, those that run get PIN_STOP_GRACE_MS. Second call: kill now.
 */
void pin__executor_stop(struct pin_executor *x);
/* Ends all processes and waits until they are gone. NULL is fine. */
void pin__executor_close(struct pin_executor *x);

#endif

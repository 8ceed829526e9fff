/* run.h - inside of the executor: its requests, runs and worker processes, and who may touch what.
 *
 *   executor.c  open, loop, stop, close        request.c  what a call means, tenants, its end
 *   dispatch.c  which run gets which worker    next.c     which run of a request comes next
 *   pool.c      worker processes: fork, read, kill, exit
 *   nursery_process.c  nurseries: start, reload, retire
 *   output.c    lines and results in tenant order
 *   run.c       one run
 *   ledger.c    what is to be written into the store: one commit a turn
 *   record.c    runs that were called, written down when they have ended
 *   queue.c     runs that the store has: claim, beat, the end of an attempt
 *   turns.c     in which order they begin
 *   fan_out.c   parents: a child for each tenant, page by page
 *   enqueue.c   calls of runs that put others into the queue
 *   dialog.c    lines of a person for a worker that stays
 *   view.c      requests that a view answers
 *   call.c      calls of a program that does not wait for them
 *   observe.c   tells who counts
 *
 * A run belongs to its request, which frees it when it has been reported. A request belongs to the
 * executor's list.
 */
#ifndef PIN_EXECUTOR_RUN_H
#define PIN_EXECUTOR_RUN_H

#include "executor/channel.h"
#include "executor/claims.h"
#include "executor/executor.h"
#include "executor/observer.h"
#include "executor/turns.h"

enum { WORKER_QUEUE_MAX = 256 };

/* A run in hand for longer than this gives those that wait behind it back. */
#define PIN_WAIT_BEHIND_NS INT64_C(5000000)

struct run;
struct request;

enum kill_reason {
    KILL_NONE,
    KILL_TIME,
    KILL_CANCEL, /* somebody does not want its run any more */
    KILL_STOP    /* the executor stops */
};

/* What epoll gives back points to one of these, the first member of what is watched. */
enum watched_kind {
    WATCHED_NURSERY,
    WATCHED_WORKER,
    WATCHED_CALLER,
    WATCHED_WAKE,
    WATCHED_SERVICE
};
struct watched {
    enum watched_kind kind;
};

struct job_pace { /* how long runs of a job take */
    uint32_t runs;
    int64_t average_us; /* undefined while runs is 0 */
};

struct nursery_process {
    struct watched watched;
    struct nursery_process *next;
    struct pin_executor *executor;
    int pid;
    int pidfd; /* -1: not known */
    struct pin_channel channel;
    bool gone;
    bool had_native; /* it has forked a worker of jobs in C */
    bool retired;    /* another has its place: it ends when nothing needs it any more */
    size_t users;    /* requests of its code */
    struct pin_catalog *catalog;
    struct job_pace *paces; /* one a job */
    struct job_pace view_pace;
    pin_status refused; /* its reason for not loading */
    struct pin_err refusal;
};

struct worker_process {
    struct watched watched;
    struct worker_process *next;
    struct nursery_process *nursery;
    struct pin_executor *executor;
    struct pin_channel channel;
    uint32_t number;
    int pid;
    struct pin_claims *claims;
    int pidfd;               /* -1 until the nursery told it */
    bool native;             /* runs jobs in C, and only those */
    enum pin_task_kind kind; /* of the last task */
    bool ready;
    uint64_t
        heap_hash;  /* of its heap before the first run; all workers of a nursery have the same */
    bool wants_out; /* something is unsent: epoll tells when the pipe takes more */
    bool doomed;    /* killed or broken: gets no more tasks, waits for its exit */
    enum kill_reason killed;
    struct run *queue[WORKER_QUEUE_MAX]; /* [0] is in hand */
    size_t queued;
    struct pin_mono deadline; /* when the one in hand is killed */
};

struct spill { /* what a run printed while it was not its turn */
    struct pin_buf memory;
    int file; /* -1: all of it is in memory */
};

struct console_kept { /* what a run printed, for the store: pieces with their stream */
    struct pin_buf pieces;
    size_t bytes; /* of text in them */
};

struct run {
    struct run *next; /* in request->returned */
    struct request *request;
    uint64_t id;
    struct pin_run_id run_id; /* of a JOB */
    char run_id_text[PIN_RUN_ID_TEXT];
    uint64_t index; /* among the tenants of its request */
    enum pin_task_kind kind;
    char *tenant_id;
    char *tenant_name;
    struct worker_process *worker; /* NULL while it waits */
    struct pin_mono started;
    size_t calls_open; /* child requests not answered: while there are any it needs no slot */
    bool done;
    struct pin_outcome outcome; /* meaningful when done */
    struct spill spill;
    struct pin_buf kept; /* the newest of what it printed */
    uint64_t console_bytes;
    struct console_kept console;
    struct run *dirty_next; /* in executor->dirty: its console goes into the store */
    bool dirty;
    bool told_progress; /* `progress` is to be written */
    struct {
        int64_t done, total;
        char *text; /* NULL: none */
    } progress;
};

struct request_list {
    struct request *head, *tail;
    size_t count;
};

struct tenant_ref {
    char *id;
    char *name;
};

/* How an attempt of a queued run ends in the store. */
enum queued_end { QUEUED_FINISH, QUEUED_LOSE, QUEUED_GIVE_BACK };

struct entry;
struct entry_type {
    const char *what; /* for a message: "the end of a run" */
    pin_status (*apply)(struct pin_executor *x, struct entry *e, int64_t now_ms,
                        struct pin_err *err);
    /* It is durable, or will never be: see e->status. Frees it. */
    void (*settled)(struct pin_executor *x, struct entry *e);
};
enum entry_hurry {
    ENTRY_AT_ONCE, /* somebody waits for it */
    ENTRY_END,     /* while other runs are under way more ends will come: one commit for many */
    ENTRY_RECORD,  /* nobody waits; the oldest are dropped when there are too many */
    ENTRY_HURRIES
};
struct entry { /* one thing to be written into the store; the first member of what it is */
    struct entry *next;
    const struct entry_type *type;
    enum entry_hurry hurry; /* how long it may wait */
    pin_status status;      /* meaningful in `settled` */
    char *why;              /* then: the sentence of an error; may be NULL */
};

struct claim_batch { /* what one claim brought */
    struct pin_arena arena;
    size_t users;
};

/* A run that the store has: what was claimed, for as long as it is held. */
struct queued {
    struct entry entry;             /* its end, or the next page of its children */
    struct queued *next, *previous; /* in executor->held */
    struct request *request;
    struct pin_claim claim; /* its texts live in the batch */
    struct turn turn;       /* from when it is held until its end is in the ledger */
    struct claim_batch *batch;
    bool begun;
    bool settling; /* its end is in the ledger */
    bool cancel;   /* somebody asked for it to stop */
    bool lost;     /* somebody else has it, or its end is written: nothing more is */
    enum queued_end end;
    struct pin_outcome outcome; /* of the attempt */
    int exit_signal;
    int64_t started_ms;
    char *reason; /* for LOSE */
    struct pin_finished finished;
    struct console_kept console;
    /* fan_out.c: */
    struct pin_enqueue *children; /* of the page that is in the ledger */
    struct pin_arena page_arena;
    size_t child_count;
    char *page_cursor; /* where the next page begins */
    bool page_done;
    enum pin_run_state state_after;
};

struct request {
    struct request *next, *previous; /* in `list` */
    struct request_list *list;       /* ready[depth] while it has a run to start, else waiting */
    struct pin_executor *executor;
    struct nursery_process *nursery; /* whose code it runs */
    struct queued *queued;           /* NULL: it was called, not claimed */
    struct pin_run_id run_id;        /* fan_out: of the parent, in the store */
    struct pin_run_id parent;        /* of the calling run; zeros: none */
    int64_t created_ms;
    enum pin_trigger trigger;
    void (*zones_told)(void *context, struct pin_bytes zones, const char *why_not); /* ZONES */
    void *zones_context;
    void (*view_told)(void *context, const struct pin_outcome *o); /* VIEW; NULL: told */
    void *view_context;
    const struct pin_sink *sink; /* of the top-level request it serves */
    struct run *caller;          /* NULL: the program, or a caller that died */
    uint64_t call_number;
    uint64_t caller_id;
    struct pin_executor_call *call; /* it is; NULL: of none, or told */
    uint32_t depth;
    enum pin_task_kind kind;
    const struct pin_job *job; /* NULL for SERVICE and MIGRATE */
    char *name;
    struct pin_buf args;
    struct pin_buf params; /* empty: the default ones */
    int64_t wall_ms;
    uint64_t heap_bytes;

    bool fan_out;         /* one run per tenant */
    bool named_by_person; /* only_tenant is a name or an id */
    char *only_tenant;    /* its id: at most this one */
    bool single_waiting;  /* the one run of a request that does not fan out has not been made */
    char *single_tenant_id;
    char *single_tenant_name;
    bool cancelled; /* nothing more is started */
    bool cut_short; /* and something was left that would have been */
    bool stopped;   /* what of it runs is killed, what begins all the same as well */

    bool page_in_flight;
    bool pages_done;
    struct pin_buf cursor;
    struct tenant_ref *page; /* tenants read and not yet started: page[page_at .. page_count) */
    size_t page_at, page_count;

    struct run *returned; /* handed to a worker that died before it began them */
    struct run *
        *window;    /* [PIN_TENANTS_AHEAD_MAX] by index, those not yet reported; fan_out only */
    uint64_t first; /* lowest index not yet reported */
    uint64_t next_index;
    size_t running;

    uint64_t finished, failed, timed_out, cancelled_runs;
    struct pin_buf first_error;
    enum pin_outcome_kind first_kind;
    struct pin_buf errors; /* JSON members of the AggregateError's list */
    struct pin_buf names;  /* "alpha (Error: x), beta (...)" */
    size_t errors_kept;
    size_t errors_named;
    int64_t run_us_total; /* for the average */
    struct pin_mono began;
    struct pin_summary *summary; /* NULL but for the program's request */
    bool ended;
};

struct ledger {
    struct pin_session *session;
    struct pin_store *store;
    bool none;                /* there is no store: records are not kept */
    struct pin_mono write_at; /* what is in it is written then; undefined while it is empty */
    struct entry *head;       /* oldest first */
    struct entry **tail;
    size_t count, of[ENTRY_HURRIES];
    size_t commits;             /* since the store was tidied */
    struct pin_mono tidy_at;    /* not before; while it is tidied in another process, when that is
                                   taken for lost */
    uint64_t tidying;           /* number of the last tidying in another process */
    struct pin_mono hold_until; /* so long records are not written, since it is tidied; 0: it is not
                                 */
    struct pin_mono syncing;    /* what `unsynced` was when that began: it syncs, too */
    struct pin_mono unsynced;   /* since when a power cut could take records along; 0: it cannot */
    bool flushing;              /* all is to be on disk, records too */
    bool calls;                 /* bots are to be called, as soon as the store is open */
    struct pin_mono retry_at;   /* not before; 0: at once */
    int64_t backoff_ms;
    int64_t able_since_ms; /* since when nobody kept us from writing, and we were awake */
    struct pin_mono seen;  /* the last turn; 0: none yet */
    int64_t seen_ms;       /* what the wall clock said then */
    bool blocked;          /* the last try found somebody writing */
    bool troubled;         /* a failure was told */
};

struct queue {
    bool open;     /* claims */
    bool paused;   /* but not now */
    bool stopping; /* what has not begun goes back */
    struct pin_queue_options options;
    struct turns turns;
    struct queued *held;
    size_t held_count;
    size_t running;  /* of them: begun, and not ended yet */
    size_t settling; /* their end is in the ledger */
    bool look;       /* there may be something ready */
    bool looked;     /* `peek` is of after the last change that we know of */
    bool called; /* somebody put something in: it may be a quiet tenant's, whose turn is first */
    struct pin_mono called_at; /* undefined unless called */
    struct pin_peek peek;
    struct pin_mono look_at; /* a look at the latest then */
    struct pin_mono beat_at, beaten;
    int64_t beaten_ms;        /* what the wall clock said then */
    struct pin_mono sweep_at; /* not before */
    int64_t average_us;       /* of a run, over all jobs */
    /* Of the transaction under way: */
    struct claim_batch *batch;
    struct pin_claim *claims;
    size_t asked, claimed;
    struct pin_hold *holds; /* beaten */
    enum pin_beat_answer *answers;
    size_t hold_count;
    bool beat, swept, swept_all, wrote_dirty;
    size_t swept_count; /* undefined unless swept */
    uint64_t ended, failed;
    int wake_fd; /* -1: none */
    struct watched wake;
};

struct service_slot {
    struct watched watched;
    const struct pin_service *service; /* NULL: free */
};

struct pin_executor {
    int epoll_fd;
    char *root, *environment, *program, *native_program;
    char name[128];
    enum pin_trigger trigger;
    pin_status (*bot)(void *context, struct pin_executor *x, bool start, struct pin_err *err);
    void *bot_context;
    struct nursery_process *nursery;   /* whose code new requests run; never NULL after open */
    struct nursery_process *coming;    /* is loading; NULL: none */
    struct nursery_process *nurseries; /* all of them */
    void (*reloaded)(void *context, const struct pin_catalog *catalog, const struct pin_err *err);
    void *reload_context;
    struct pin_mono respawn_at; /* the nursery was lost: a new one then; 0: no */
    int64_t respawn_backoff_ms;
    bool closing; /* what ends now is not told to anybody */
    bool stays;   /* a lost nursery is replaced */
    unsigned slots;
    uint64_t next_run;
    uint32_t next_worker;
    struct worker_process *workers;
    size_t worker_count;
    struct request_list ready[PIN_DEPTH_MAX + 2]; /* by depth, in order of arrival */
    struct request_list views;                    /* ready ones: they need no slot */
    struct request_list waiting;
    int sleep_ms;                    /* the last round slept at most so long; -1: no end */
    struct request *top;             /* the one pin__executor_run waits for */
    struct pin_executor_call *calls; /* those that have not ended */
    bool stopping;
    struct pin_mono stop_deadline;
    int64_t grace_ms;
    struct pin_mono fork_after; /* a fork failed: none before this */
    int64_t fork_backoff_ms;
    struct ledger ledger;
    struct queue queue;
    struct run *dirty;
    struct pin_dialog *dialog;           /* NULL: none */
    struct pin_mono flush_at;            /* dirty consoles and progress are written then */
    const struct pin_observer *observer; /* NULL: nobody counts */
    struct service_slot services[PIN_SERVICES_MAX];
    struct watched watched; /* watch_fd */
    int watch_fd;
    int watch_every_ms;
    struct pin_mono watch_next;
    void (*watch)(void *);
    void *watch_context;
};

/* nursery_process.c */
pin_status pin__nursery_start(struct pin_executor *x, struct nursery_process **out,
                              struct pin_err *err) PIN_MUST_USE;
void pin__nursery_event(struct nursery_process *n);
void pin__nursery_use(struct nursery_process *n);
void pin__nursery_leave(struct nursery_process *n);
void pin__nurseries_timers(struct pin_executor *x, struct pin_mono now);
void pin__nurseries_tidy(struct pin_executor *x); /* ends those that nothing needs any more */
/* Has it tidy the store in another process: pin__ledger_tidied is told, with the number. False: it
 * cannot. */
bool pin__nursery_tidy_store(struct nursery_process *n, const char *filename, uint64_t number);
void pin__nurseries_close(struct pin_executor *x);

/* ledger.c */
/* To who runs the queue: what went wrong that is no run's fault, or is right again. */
void pin__executor_tell(struct pin_executor *x, bool over, const char *text);
void pin__ledger_init(struct ledger *l);
void pin__ledger_add(struct pin_executor *x, struct entry *e, const struct entry_type *type);
/* Writes what there is and claims what is wanted, in one commit. Never waits for a lock. */
void pin__ledger_turn(struct pin_executor *x);
struct pin_mono pin__ledger_next(const struct pin_executor *x); /* when it wants a turn */
/* How the tidying in another process ended (pin__nursery_tidy_store). */
void pin__ledger_tidied(struct pin_executor *x, uint64_t number, pin_status st);
/* Turns until everything is written, at most so long. */
void pin__ledger_flush(struct pin_executor *x, int64_t ms);
void pin__ledger_close(struct pin_executor *x);
/* Opens the store. PIN_NOT_FOUND: there is none. */
pin_status pin__ledger_open(struct pin_executor *x, struct pin_err *err) PIN_MUST_USE;
void pin__ledger_trouble(struct pin_executor *x, const struct pin_err *err);

/* record.c */
void pin__record_run(struct run *run); /* it has ended; takes its console */
void pin__record_parent(struct request *q);
void pin__result_of(struct pin_result *to, const struct pin_outcome *o, int64_t ended_ms,
                    int exit_signal);
void pin__console_keep(struct console_kept *to, enum pin_stream stream, const char *data,
                       size_t size);
pin_status pin__console_write(struct pin_executor *x, struct console_kept *from,
                              const struct pin_run_id *id, int64_t now_ms, struct pin_err *err);
void pin__console_fini(struct console_kept *c);

/* queue.c */
void pin__queue_init(struct pin_executor *x);
bool pin__queue_wants_write(const struct pin_executor *x, struct pin_mono now);
void pin__queue_peek(struct pin_executor *x, struct pin_mono now); /* outside a transaction */
bool pin__queue_wants_turn(const struct pin_executor *x, struct pin_mono now);
struct pin_mono pin__queue_next(const struct pin_executor *x);
/* Our leases may be over: nothing of what is held begins before they have been renewed. */
bool pin__queue_has_lapsed(const struct pin_executor *x, struct pin_mono now);
/* Workers keep us from writing, and with it from seeing what is first: they get nothing new. */
bool pin__queue_is_kept_out(const struct pin_executor *x, struct pin_mono now);
/* Inside the ledger's transaction, before its commit, and after it. */
pin_status pin__queue_apply(struct pin_executor *x, struct pin_mono now, int64_t now_ms,
                            struct pin_err *err);
void pin__queue_before_commit(struct pin_executor *x);
void pin__queue_committed(struct pin_executor *x, struct pin_mono now);
void pin__queue_rolled_back(struct pin_executor *x);
/* A run of a queued request has ended; frees it. `signal` is not 0 when something from outside
 * killed its worker. */
void pin__queue_run_ended(struct run *run);
void pin__queue_run_lost(struct run *run, const char *reason);
void pin__queue_run_stopped(struct run *run); /* a deliberate stop */
void pin__queue_begins(struct run *run);
void pin__queue_give_back_unbegun(struct pin_executor *x);
void pin__queue_settle(struct queued *c, enum queued_end end);
void pin__queue_drop(struct queued *c); /* frees it and its request */
void pin__queue_close(struct pin_executor *x);
void pin__queue_dirty(struct run *run);
void pin__queue_clean(struct run *run);
pin_status pin__queue_write_dirty(struct pin_executor *x, int64_t now_ms, struct pin_err *err);

/* fan_out.c */
void pin__fan_out_page(struct request *q); /* a page of tenants is there */

/* enqueue.c */
void pin__enqueue_from_run(struct run *caller, const struct pin_message *call);

/* view.c */
void pin__view_tell(struct request *q, const struct pin_outcome *o); /* once */
void pin__view_end(struct request *q); /* whatever became of it, it has been told */

/* call.c */
void pin__call_end(struct request *q); /* tells, when it is one */
void pin__calls_lost(struct nursery_process *n);

/* observe.c: nothing when nobody counts */
void pin__observe_called(const struct run *run); /* it was called and has ended */
void pin__observe_settled(const struct queued *c);
void pin__observe_begins(const struct queued *c);
void pin__observe_lost(const struct pin_executor *x, size_t leases);
void pin__observe_busy(const struct pin_executor *x);

/* request.c */
struct request *pin__request_new(struct pin_executor *x, uint32_t depth);
struct request *pin__request_with_work(struct pin_executor *x);
struct request *pin__request_first(struct pin_executor *x); /* any, NULL when there are none */
void pin__request_relist(
    struct request *q); /* after anything that may have given it a run to start, or taken it */
pin_status pin__executor_request(struct pin_executor *x, const struct pin_request_options *options,
                                 const struct pin_sink *sink, struct pin_summary *summary,
                                 struct pin_err *err) PIN_MUST_USE;
/* Makes *q what is asked for; a job that cannot run is a request that has failed. PIN_INVALID:
 * the caller frees it. */
pin_status pin__request_ask(struct request *q, const struct pin_request_options *options,
                            struct pin_err *err) PIN_MUST_USE;
/* Nothing more of it is started. */
void pin__request_cancel(struct request *q);
void pin__request_fill_summary(struct request *q, struct pin_summary *s);
/* How what it asks for is counted. */
enum pin_trigger pin__trigger_of_call(const struct run *caller);
void pin__request_from_run(struct run *caller, const struct pin_message *call);
void pin__request_run_ended(struct run *run); /* its outcome is filled in */
/* When it is the turn of a tenant's run: what is said of those that failed goes by tenants. */
void pin__request_take_error(const struct run *run);
void pin__request_take_back(struct run *run); /* no worker began it */
void pin__request_end_if_done(struct request *q);
void pin__requests_stop(struct pin_executor *x); /* nothing more is started */
void pin__request_free(struct request *q);
void pin__requests_of_caller_died(struct pin_executor *x, struct run *caller);
struct request *pin__request_of_claim(struct pin_executor *x, struct queued *c);
/* Answers a call of `caller`: with an error, or with a value (both JSON, data NULL: none). */
void pin__answer_call(struct run *caller, uint64_t number, struct pin_bytes error,
                      struct pin_bytes value);
void pin__refuse_call(struct run *caller, uint64_t number, const char *name, const char *fmt, ...)
    PIN_PRINTF(4, 5);

struct request *pin__request_of_dialog(struct pin_executor *x, const struct pin_sink *sink,
                                       struct pin_bytes args);

/* dialog.c */
void pin__dialog_take_reply(struct run *run, const struct pin_message *m);
void pin__dialog_run_ended(struct run *run); /* frees it and its request */
const struct pin_sink *pin__dialog_sink(const struct pin_dialog *d);

/* run.c */
struct run *pin__run_new(struct request *q, enum pin_task_kind kind);
void pin__run_free(struct run *run);
void pin__spill_fini(struct spill *s);
struct pin_run_info pin__run_info(const struct run *run);

/* next.c */
bool pin__request_has_next(const struct request *q);
struct run *pin__request_next_run(struct request *q);      /* only when it has one */
bool pin__request_next_is_native(const struct request *q); /* and a native worker runs it */

/* dispatch.c */
void pin__dispatch(struct pin_executor *x);
bool pin__takes_slot(const struct run *run); /* in hand: of the slots that jobs have */

/* pool.c */
struct job_pace *pin__pace_of(const struct request *q); /* NULL: it has none */
struct worker_process *pin__worker_fork(struct nursery_process *n, bool native);
void pin__worker_assign(struct worker_process *w, struct run *run);
void pin__worker_send(struct worker_process *w, const struct pin_message *m);
/* False: it is freed. */
bool pin__worker_event(struct worker_process *w, uint32_t events, bool full);
void pin__worker_kill(struct worker_process *w, enum kill_reason why);
/* Nobody wants the run in hand any more. One in C is told, and has PIN_NATIVE_GRACE_MS to end by
 * itself if it asks whether it was; any other is killed. */
void pin__worker_cancel(struct worker_process *w);
void pin__worker_signal(struct worker_process *w, int number);
void pin__workers_unblock(struct pin_executor *x, struct pin_mono now);
void pin__worker_kill_overdue(struct pin_executor *x, struct pin_mono now);
void pin__worker_of_nursery(struct nursery_process *n, const struct pin_message *m);
void pin__workers_lost(struct nursery_process *n);
void pin__workers_send_tasks(struct pin_executor *x);
void pin__workers_take_back(struct pin_executor *x);  /* all that have not begun */
void pin__worker_retire_idle(struct pin_executor *x); /* of nurseries that are not in use */
struct pin_mono pin__workers_next_deadline(const struct pin_executor *x);

/* output.c */
void pin__output_of_run(struct run *run, enum pin_stream stream, const char *data,
                        size_t size); /* from its worker */
void pin__output_console(struct run *run, enum pin_stream stream, const char *data, size_t size);
void pin__output_finished(
    struct run *run); /* reports it when it is its turn; may free it and those after it */

#endif

/* run.h - inside of the executor: its requests, runs and worker processes, and who may touch what.
 *
 *   executor.c  open, loop, stop, close        request.c  what a call means, tenants, its end
 *   dispatch.c  which run gets which worker    next.c     which run of a request comes next
 *   pool.c      worker processes: fork, read, kill, exit
 *   output.c    lines and results in tenant order
 *   run.c       one run
 *
 * A run belongs to its request, which frees it when it has been reported. A request belongs to the
 * executor's list.
 */
#ifndef PIN_EXECUTOR_RUN_H
#define PIN_EXECUTOR_RUN_H

#include "executor/channel.h"
#include "executor/claims.h"
#include "executor/executor.h"

enum { WORKER_QUEUE_MAX = 8 };

/* A run in hand for longer than this gives those that wait behind it back. */
#define PIN_WAIT_BEHIND_NS INT64_C(5000000)

struct run;
struct request;

enum kill_reason { KILL_NONE, KILL_TIME, KILL_CANCEL };

struct worker_process {
    struct worker_process *next;
    struct pin_executor *executor;
    struct pin_channel channel;
    uint32_t number;
    int pid;
    struct pin_claims *claims;
    int pidfd; /* -1 until the nursery told it */
    bool ready;
    uint64_t
        heap_hash;  /* of its heap before the first run; all workers of a nursery have the same */
    bool wants_out; /* something is unsent: epoll tells when the socket takes more */
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

struct run {
    struct run *next; /* in request->returned */
    struct request *request;
    uint64_t id;
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
};

struct request_list {
    struct request *head, *tail;
};

struct tenant_ref {
    char *id;
    char *name;
};

struct request {
    struct request *next, *previous; /* in `list` */
    struct request_list *list;       /* ready[depth] while it has a run to start, else waiting */
    struct pin_executor *executor;
    const struct pin_sink *sink; /* of the top-level request it serves */
    struct run *caller;          /* NULL: the program, or a caller that died */
    uint64_t call_number;
    uint64_t caller_id;
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
    int64_t run_us_total; /* for the average */
    struct pin_mono began;
    struct pin_summary *summary; /* NULL but for the program's request */
    bool ended;
};

struct pin_executor {
    int epoll_fd;
    int nursery_pid;
    int nursery_pidfd;
    struct pin_channel nursery;
    bool nursery_gone;
    struct pin_catalog *catalog;
    pin_status refused; /* the nursery's reason for not loading */
    struct pin_err refusal;
    unsigned slots;
    uint64_t next_run;
    uint32_t next_worker;
    struct worker_process *workers;
    size_t worker_count;
    struct request_list ready[PIN_DEPTH_MAX + 2]; /* by depth, in order of arrival */
    struct request_list waiting;
    struct request *top; /* the one pin__executor_run waits for */
    bool stopping;
    struct pin_mono stop_deadline;
    struct pin_mono fork_after; /* a fork failed: none before this */
    int64_t fork_backoff_ms;
    int watch_fd;
    int watch_every_ms;
    struct pin_mono watch_next;
    void (*watch)(void *);
    void *watch_context;
};

/* request.c */
struct request *pin__request_with_work(struct pin_executor *x);
struct request *pin__request_first(struct pin_executor *x); /* any, NULL when there are none */
void pin__request_relist(
    struct request *q); /* after anything that may have given it a run to start, or taken it */
pin_status pin__executor_request(struct pin_executor *x, const struct pin_request_options *options,
                                 const struct pin_sink *sink, struct pin_summary *summary,
                                 struct pin_err *err) PIN_MUST_USE;
void pin__request_from_run(struct run *caller, const struct pin_message *call);
void pin__request_run_ended(struct run *run); /* its outcome is filled in */
void pin__request_take_back(struct run *run); /* no worker began it */
void pin__request_end_if_done(struct request *q);
void pin__requests_stop(struct pin_executor *x); /* nothing more is started */
void pin__request_free(struct request *q);
void pin__requests_of_caller_died(struct pin_executor *x, struct run *caller);

/* run.c */
struct run *pin__run_new(struct request *q, enum pin_task_kind kind);
void pin__run_free(struct run *run);
void pin__spill_fini(struct spill *s);
struct pin_run_info pin__run_info(const struct run *run);

/* next.c */
bool pin__request_has_next(const struct request *q);
struct run *pin__request_next_run(struct request *q); /* only when it has one */

/* dispatch.c */
void pin__dispatch(struct pin_executor *x);

/* pool.c */
struct worker_process *pin__worker_fork(struct pin_executor *x);
void pin__worker_assign(struct worker_process *w, struct run *run);
void pin__worker_send(struct worker_process *w, const struct pin_message *m);
void pin__worker_event(struct worker_process *w, uint32_t events, bool full);
void pin__worker_kill(struct worker_process *w, enum kill_reason why);
void pin__workers_unblock(struct pin_executor *x, struct pin_mono now);
void pin__worker_kill_overdue(struct pin_executor *x, struct pin_mono now);
void pin__worker_of_nursery(struct pin_executor *x, const struct pin_message *m);
void pin__workers_lost(struct pin_executor *x);
struct pin_mono pin__workers_next_deadline(const struct pin_executor *x);

/* output.c */
void pin__output_of_run(struct run *run, enum pin_stream stream, const char *data,
                        size_t size); /* from its worker */
void pin__output_console(struct run *run, enum pin_stream stream, const char *data, size_t size);
void pin__output_finished(
    struct run *run); /* reports it when it is its turn; may free it and those after it */

#endif

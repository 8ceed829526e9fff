/* worker.h - the process that executes runs, one at a time. A fork of the nursery. */
#ifndef PIN_EXECUTOR_WORKER_H
#define PIN_EXECUTOR_WORKER_H

#include <signal.h>

#include "executor/channel.h"
#include "workspace/workspace.h"

struct pin_engine;
struct pin_claims;

/* What all kinds of worker share. */
struct pin_worker {
    struct pin_engine *engine; /* NULL: a run of a job in C */
    /* An answer, a stop or a line for the run in hand; true when it should look. */
    bool (*take)(struct pin_worker *w, const struct pin_message *m);
    struct pin_channel channel;
    uint64_t task; /* the one in hand; 0: none */
    uint64_t next_call;
    struct pin_claims *claims; /* which of the tasks that wait here are still meant */
    struct pin_buf waiting;    /* frames of tasks that arrived while one was in hand */
    void (*before_exit)(void); /* NULL: nothing */
};

enum { PIN_EXIT_ABANDONED = 0, PIN_EXIT_BROKEN = 70 };

/* Nobody is there to work for, or what came is not to be understood. */
_Noreturn void pin__worker_leave(const struct pin_worker *w, int status);
/* Sends, or ends the process: nobody is there to work for. */
void pin__worker_say(struct pin_worker *w, const struct pin_message *m);
void pin__worker_tell_outcome(struct pin_worker *w, const struct pin_outcome *o, bool usable);
/* Waits for the next task that is still meant; `m` and `task` point into `frame`. */
void pin__worker_next(struct pin_worker *w, struct pin_buf *frame, struct pin_message *m,
                      struct pin_task *task);
/* A patient process wakes without pushing anybody off the processor (SCHED_BATCH): jobs are, views
 * and the lines of a REPL, for which a person waits, are not. */
void pin__worker_be_patient(bool patient);
/* One that arrived while another was in hand. */
void pin__worker_keep(struct pin_worker *w, const struct pin_message *m);
/* True for kill -9, the kernel out of memory, a service manager: what ends a run that has not
 * failed. What a process does to itself (a fault, an abort) is the run's own. */
bool pin__signal_is_from_outside(int number);
/* How a run in this process asks its executor. */
struct pin_host pin__worker_host(struct pin_worker *w);

/* What a worker reads tasks from, what it writes to, and its claims (claims.h). */
struct pin_worker_fds {
    int in, out, claims;
};

/* The whole life of a worker after its fork: takes tasks from `in` until it closes, or until the
 * engine says that this worker must not be used again. Never returns to the nursery's code: it ends
 * the process. */
_Noreturn void pin__worker_main(struct pin_engine *engine, struct pin_worker_fds fds);

/* Has a native worker kill what its run has started, then end. The kernel sends it when the nursery
 * has died. */
#define PIN_NATIVE_DEATH_SIGNAL SIGPWR

struct pin_native_world; /* native_worker.h */
/* The same for runs of jobs in C: each in a process forked for it. */
_Noreturn void pin__native_worker_main(const struct pin_native_world *world,
                                       struct pin_worker_fds fds);

#endif

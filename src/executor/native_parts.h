/* native_parts.h - what native_worker.c and native_child.c share: a worker of jobs in C, and the
 * run under way in the process it forked. */
#ifndef PIN_EXECUTOR_NATIVE_PARTS_H
#define PIN_EXECUTOR_NATIVE_PARTS_H

#include "executor/native_worker.h"
#include "executor/worker.h"
#include "native/identity.h"
#include "native/run.h"

struct native {
    const struct pin_native_world *world;
    struct pin_worker worker; /* its end towards the executor */
    int out, error;           /* what runs print: the other ends are descriptors 1 and 2 */
    int near, far;       /* the channel with the run under way, and its end of it; -1: to be made */
    uint64_t data_bytes; /* of this process, before any run */
    uint64_t process_limit;                   /* RLIMIT_NPROC of a run */
    uint64_t data_allowed, processes_allowed; /* to this process */
    struct pin_native_identity identity;
    struct pin_native_shared *shared; /* with the run under way */
};

struct child { /* the run under way */
    struct native *native;
    const struct pin_task *task;
    struct pin_channel channel;
    pid_t pid;
    int pidfd;
    struct pin_mono began, deadline;
    struct pin_outcome outcome;
    bool ended;   /* by itself: all that it printed has been read */
    bool talked;  /* the channel was used, or may have been */
    bool told;    /* its outcome is known */
    bool rubbish; /* it sent what is none of a run's messages */
    bool overdue;
    bool cancelled; /* nobody wants its result any more */
};

/* native_child.c: */
/* Not above what is allowed already. */
void pin__native_limit(int resource, uint64_t value, uint64_t allowed);
uint64_t pin__native_allowed(int resource);
/* The whole life of the process forked for a run. */
_Noreturn void pin__native_child(struct child *c, const struct pin_native_job *job, pid_t parent);

#endif

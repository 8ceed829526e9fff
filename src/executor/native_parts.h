/* native_parts.h - what native_worker.c and native_child.c share: a worker of jobs in C, and the
 * run under way in the process it forked. */
#ifndef PIN_EXECUTOR_NATIVE_PARTS_H
#define PIN_EXECUTOR_NATIVE_PARTS_H

#include "executor/native_worker.h"
#include "executor/worker.h"
#include "native/identity.h"
#include "native/run.h"

enum { PIPE_READ = 0, PIPE_WRITE = 1 };

struct native {
    const struct pin_native_world *world;
    struct pin_worker worker; /* its end towards the executor */
    int out[2], error[2];     /* pipes: what runs print */
    uint64_t data_bytes;      /* of this process, before any run */
    uint64_t process_limit;   /* RLIMIT_NPROC of a run */
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
    bool told;    /* it sent its outcome */
    bool rubbish; /* it sent what is none of a run's messages */
    bool overdue;
    bool cancelled; /* nobody wants its result any more */
};

/* native_child.c: the whole life of the process forked for a run; `fd` is its channel. */
_Noreturn void pin__native_child(struct child *c, const struct pin_native_job *job, pid_t parent,
                                 int fd);

#endif

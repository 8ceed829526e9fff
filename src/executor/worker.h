/* worker.h - the process that executes runs, one at a time. A fork of the nursery. */
#ifndef PIN_EXECUTOR_WORKER_H
#define PIN_EXECUTOR_WORKER_H

struct pin_engine;

/* The whole life of a worker after its fork: takes tasks from `fd` until it closes, or until the
 * engine says that this worker must not be used again. Never returns to the nursery's code: it ends
 * the process. */
_Noreturn void pin__worker_main(struct pin_engine *engine, int fd, int claims);

#endif

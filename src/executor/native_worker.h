/* native_worker.h - the worker of jobs in C: a process that forks another for each run.
 *
 * It holds the objects that it was asked for, opens no database and starts no thread. The child is
 * the run: whatever it does to itself ends with it, and what it started is killed when it ends,
 * until nothing of it is left (this process is a subreaper). It talks with the executor through
 * this process, which takes nothing from it that is no message of a run.
 */
#ifndef PIN_EXECUTOR_NATIVE_WORKER_H
#define PIN_EXECUTOR_NATIVE_WORKER_H

#include "job/catalog.h"
#include "native/config.h"
#include "project/files.h"

#define PIN_NATIVE_FILES_MAX     1024 /* descriptors of a run */
#define PIN_NATIVE_PROCESSES_MAX 512  /* of its user, beyond those that were there before */
#define PIN_NATIVE_GRACE_MS      5000 /* for a cancelled run that asks whether it was cancelled */

struct pin_background_job;
struct pin_host_job; /* pinstripe/pinstripe.h */

/* Where a worker that was executed finds its channel, its claims and its document. */
enum {
    PIN_NATIVE_IN_FD = 3,
    PIN_NATIVE_OUT_FD = 4,
    PIN_NATIVE_CLAIMS_FD = 5,
    PIN_NATIVE_DOCUMENT_FD = 6
};

struct pin_native_job {
    char *name;
    char *object;                         /* path from the root; NULL: the program's own */
    char *tenants_filter;                 /* JSON; NULL: none */
    const struct pin_background_job *job; /* NULL until it is loaded */
};

struct pin_native_world { /* filled in by the nursery */
    struct pin_native_job *jobs;
    size_t job_count;
    struct pin_catalog *catalog; /* NULL while there are no jobs */
    struct pin_native_config config;
    char *program; /* executed to be a worker, since it has jobs of its own; NULL: workers are
                      forks of the nursery */
    int document;  /* for such a worker: what it is to know; -1: none */
};

/* Compiles and describes the jobs in C among the files, as the configuration says
 * (native/config.h), adds those of `program` (NULL: none), and keeps what workers need. */
pin_status pin__native_world_open(struct pin_native_world *world, struct pin_files *files,
                                  struct pin_bytes config, const char *program,
                                  struct pin_err *err) PIN_MUST_USE;
/* With the catalog, the world is whole: workers can be made. */
pin_status pin__native_world_complete(struct pin_native_world *world, struct pin_bytes catalog,
                                      struct pin_bytes config, struct pin_err *err) PIN_MUST_USE;
/* In such a program: the world from the document, with its own jobs in it. */
pin_status pin__native_world_read(struct pin_native_world *world, int document,
                                  const struct pin_host_job *jobs,
                                  struct pin_err *err) PIN_MUST_USE;
/* Says that its objects are in use, see native/objects.h. */
void pin__native_world_touch(const struct pin_native_world *world);

#endif

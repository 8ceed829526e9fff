/* pinstripe/pinstripe.h - pinstripe as a C library: a program opens a project and runs, queues and
 * schedules its background jobs.
 *
 *     pin_project *project;
 *     struct pin_error error;
 *
 *     if (pin_project_open(&project, PIN_PROJECT_OPTIONS(.folder = "newsletter"), &error) !=
 * PIN_OK)
 *         ...
 *     if (pin_project_run(project, "send-newsletter", NULL, NULL, &error) != PIN_OK)
 *         fprintf(stderr, "Failed to send newsletter: %s\n", error.message);
 *     pin_project_close(project);
 *
 * Jobs run in processes of their own, which the library starts: the pinstripe program, of the same
 * version as the library. In the calling process there is one event loop without a thread: nothing
 * happens but inside calls of this header. pin_project_run waits; pin_project_start does not, and
 * one descriptor tells when pin_project_turn has something to do (docs/api/loop.md).
 *
 * Errors: every function that can fail returns a pin_status, PIN_OK or what to do about it, and
 * fills *error, a sentence for a person. `error` may be NULL.
 *
 * Memory: a pin_project and a pin_run_result are freed by the function that their comments name;
 * what a callback is given is borrowed until it returns; what a caller gives is copied or not
 * needed any more when the call returns, unless a comment says "borrowed".
 *
 * Options: each struct of options begins with its size; PIN_..._OPTIONS(...) fill that in, what is
 * not named is zero, and NULL for a struct means that all is. In C++, set `size` yourself.
 *
 * Threads: a project may be used by one thread at a time. Different projects have nothing in
 * common. The library prints nothing, ends nothing but its own processes, takes no signal, and
 * changes neither environment nor current folder.
 */
#ifndef PINSTRIPE_PINSTRIPE_H
#define PINSTRIPE_PINSTRIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pinstripe/run_state.h>
#include <pinstripe/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PIN_API __attribute__((visibility("default")))

#define PIN_RUN_ID_SIZE        37 /* a run's id as text, with its NUL */
#define PIN_ERROR_MESSAGE_SIZE 2048

struct pin_error {
    pin_status status;
    char message[PIN_ERROR_MESSAGE_SIZE]; /* one sentence, UTF-8, cut when it is too long */
};

typedef struct pin_project pin_project;       /* an open project */
typedef struct pin_run_result pin_run_result; /* what became of a call */

#ifndef __cplusplus
#define PIN_OPTIONS_OF(type, ...) (&(struct type){ .size = sizeof(struct type), __VA_ARGS__ })
#define PIN_PROJECT_OPTIONS(...)  PIN_OPTIONS_OF(pin_project_options, __VA_ARGS__)
#define PIN_CALL_OPTIONS(...)     PIN_OPTIONS_OF(pin_call_options, __VA_ARGS__)
#define PIN_ENQUEUE_OPTIONS(...)  PIN_OPTIONS_OF(pin_project_enqueue_options, __VA_ARGS__)
#define PIN_LIST_OPTIONS(...)     PIN_OPTIONS_OF(pin_list_options, __VA_ARGS__)
#define PIN_BOT_OPTIONS(...)      PIN_OPTIONS_OF(pin_project_bot_options, __VA_ARGS__)
#endif

/* The library's version, "0.1.0". */
PIN_API const char *pin_version(void);
/* The name of a status, "not found". Never NULL. */
PIN_API const char *pin_status_text(pin_status status);

/* ---- a project ---- */

struct pin_console_text { /* what a run printed: whole lines and parts of lines */
    const char *data;     /* not ended by a NUL */
    size_t size;
    bool is_error; /* console.error, or stderr of a job in C */
    const char *job;
    const char *tenant; /* its name; NULL: none */
    const char *run_id;
};

#define PIN_THIS_PROGRAM "/proc/self/exe"

struct pin_project_options {
    size_t size;
    const char *folder;      /* of the project, or one inside it; NULL: the current one */
    const char *environment; /* NULL: what PINSTRIPE_ENV or NODE_ENV say, else "development" */
    const char *program;     /* path of the pinstripe program; NULL: `pinstripe` of PATH */
    const char *worker;      /* path of a program with jobs of its own, which calls pin_worker_main;
                                this one is PIN_THIS_PROGRAM; NULL: none */
    unsigned workers;        /* runs at the same time; 0: as many as there are cores */
    /* What runs print. It must not call the library. NULL: it is dropped. */
    void (*console)(void *context, const struct pin_console_text *text);
    void *context; /* of `console` */
};

/* Starts the project's processes and waits until it is loaded. PIN_NOT_FOUND: no project there, or
 * no program; PIN_CONFIG: its configuration, or the program's version, is wrong. A job that is
 * broken does not keep a project from being opened. */
PIN_API pin_status pin_project_open(pin_project **out, const struct pin_project_options *options,
                                    struct pin_error *error);
/* Ends its processes and frees it; NULL is fine. What runs is killed, a queued run goes back into
 * the queue; callbacks of calls that have not ended are called first, with PIN_CANCELLED. Not to be
 * called from a callback. */
PIN_API void pin_project_close(pin_project *project);
/* Begins nothing more and waits until what runs has ended, at most so many milliseconds; what runs
 * then is killed. PIN_TIMEOUT when something was. After this only pin_project_close and reading of
 * runs are of use. */
PIN_API pin_status pin_project_drain(pin_project *project, int64_t limit_ms,
                                     struct pin_error *error);
/* Loads the project's files anew, and waits for it. On failure what was loaded stays in use. */
PIN_API pin_status pin_project_reload(pin_project *project, struct pin_error *error);

struct pin_listed_job { /* borrowed for the callback */
    const char *name;
    const char *file;   /* from the project's folder; of a function, the worker program */
    const char *broken; /* why it cannot run; NULL: it can */
    size_t schedules;
};
/* Calls `each` for every background job, by name. */
PIN_API void pin_project_list_jobs(pin_project *project,
                                   void (*each)(void *context, const struct pin_listed_job *job),
                                   void *context);

/* ---- running a job now ---- */

struct pin_call_options {
    size_t size;
    const char *args;   /* a JSON array for run(...args); NULL: none */
    const char *tenant; /* name or id: for that tenant only; NULL: for every one of the job's */
    int64_t timeout_ms; /* limit of each run, from when it begins; 0: the job's own */
};

/* Runs a job and waits for its end: in a multi-tenant project one run for each tenant. PIN_OK when
 * all have succeeded. PIN_FAILED: the job threw, and *error is its message. PIN_TIMEOUT, PIN_LIMIT
 * (memory), PIN_CANCELLED; PIN_NOT_FOUND: no such job or tenant; PIN_CONFIG: the job is broken;
 * PIN_INVALID: bad options; PIN_BUSY: the project's process was lost before, try again; PIN_LOST:
 * it was lost during the call. `result` may be NULL; else pin_run_result_free frees *result, which
 * is NULL when nothing ran. */
PIN_API pin_status pin_project_run(pin_project *project, const char *job,
                                   const struct pin_call_options *options, pin_run_result **result,
                                   struct pin_error *error);

/* As pin_project_run would return. */
PIN_API pin_status pin_run_result_status(const pin_run_result *result);
/* The error's message; NULL: it succeeded. */
PIN_API const char *pin_run_result_message(const pin_run_result *result);
/* The error's class, "TypeError"; NULL when it succeeded or something else was thrown. */
PIN_API const char *pin_run_result_error_name(const pin_run_result *result);
/* All of the error: {"name":..., "message":..., "stack":..., "properties":{...}, "cause":...,
 * "errors":[...]}, what there is of it; {"value":...} when something else was thrown. NULL: none.
 */
PIN_API const char *pin_run_result_error_json(const pin_run_result *result);
/* How many runs ended, and of those: failed, and of these: over time, cancelled. */
PIN_API uint64_t pin_run_result_runs(const pin_run_result *result);
PIN_API uint64_t pin_run_result_failed(const pin_run_result *result);
PIN_API uint64_t pin_run_result_timed_out(const pin_run_result *result);
PIN_API uint64_t pin_run_result_cancelled(const pin_run_result *result);
PIN_API int64_t pin_run_result_wall_us(const pin_run_result *result);
PIN_API void pin_run_result_free(pin_run_result *result); /* NULL is fine */

/* ---- without waiting, in a loop of the program's own ---- */

/* Begins a call. `ended` is called once, from pin_project_turn or pin_project_close; it may call
 * anything but pin_project_close. It gets the result borrowed. *call names it for pin_project_stop;
 * it and `ended` may be NULL. Fails as pin_project_run does for what is wrong before anything runs,
 * and then `ended` is not called; PIN_BUSY: the project's process was lost, try again. */
PIN_API pin_status pin_project_start(pin_project *project, const char *job,
                                     const struct pin_call_options *options,
                                     void (*ended)(void *context, const pin_run_result *result),
                                     void *context, uint64_t *call, struct pin_error *error);
/* Begins nothing more of a call and kills what runs; `ended` is called as ever. PIN_NOT_FOUND when
 * it has ended. */
PIN_API pin_status pin_project_stop(pin_project *project, uint64_t call, struct pin_error *error);
/* A descriptor that is readable whenever pin_project_turn should be called; for poll, epoll, an
 * event library. It stays the project's, and the same. */
PIN_API int pin_project_fd(const pin_project *project);
/* Does what there is to do, and calls what wants to be called. Waits for something to do at most so
 * long: 0 in a loop that watches the descriptor, -1 without end. */
PIN_API pin_status pin_project_turn(pin_project *project, int wait_ms, struct pin_error *error);
/* How many calls have not ended. */
PIN_API size_t pin_project_calls(const pin_project *project);

/* ---- the queue ---- */

struct pin_project_enqueue_options {
    size_t size;
    const char *args;   /* a JSON array; NULL: none */
    const char *tenant; /* name or id; NULL: for every one of the job's */
    int64_t at_ms;      /* not before, in milliseconds since 1970; 0: now */
    int64_t delay_ms;   /* not before so long from now; not together with at_ms */
    const int *priority;
    const char *queue; /* NULL, also for priority: the job's own */
    const char *key;   /* the same job, tenant and key is the same run */
};

/* Puts a run into the queue, for whichever bot is free. PIN_OK when it is safe on disk: `id`, of
 * PIN_RUN_ID_SIZE bytes or NULL, is its id. PIN_CONFLICT: there was such a run already (the same
 * key, or a job that is unique), nothing was added, and `id` is that run's. PIN_NOT_FOUND: no such
 * job or tenant, or the project keeps no runs yet (pinstripe migrate-database); PIN_BUSY: somebody
 * else has held the store for seconds. */
PIN_API pin_status pin_project_enqueue(pin_project *project, const char *job,
                                       const struct pin_project_enqueue_options *options, char *id,
                                       struct pin_error *error);

/* ---- runs ---- */

struct pin_run { /* borrowed for the callback; times in milliseconds since 1970, 0: not yet */
    const char *id, *job;
    enum pin_run_state state;
    const char *state_name; /* "succeeded" */
    const char *tenant_id;  /* NULL: none */
    const char *queue, *trigger;
    const char *parent;   /* id of the run that it is part of, or that called it; NULL: none */
    const char *schedule; /* its schedule's id; NULL: none */
    const char *args;     /* JSON */
    const char *error;    /* JSON, as pin_run_result_error_json; NULL: none */
    const char *message;  /* of the error; NULL: none */
    const char *progress; /* {"done":1,"total":3,"text":"..."}; NULL: none */
    int attempt, attempt_limit;
    int64_t created_ms, due_ms, started_ms, finished_ms;
    int64_t wall_us, cpu_us, peak_bytes; /* of one that has ended */
};

/* Calls `each` once. PIN_NOT_FOUND when there is no such run. */
PIN_API pin_status pin_project_read_run(pin_project *project, const char *id,
                                        void (*each)(void *context, const struct pin_run *run),
                                        void *context, struct pin_error *error);

struct pin_list_options {
    size_t size;
    const char *job;                 /* NULL: all */
    const char *tenant;              /* id; NULL: all */
    const enum pin_run_state *state; /* NULL: all */
    int64_t since_ms;                /* created not before */
    const char *before;              /* an id: only older ones, to go on where a page ended */
    size_t limit;                    /* 0: 50 */
};
/* Calls `each` for every run that is meant, the newest first. */
PIN_API pin_status pin_project_list_runs(pin_project *project,
                                         const struct pin_list_options *options,
                                         void (*each)(void *context, const struct pin_run *run),
                                         void *context, struct pin_error *error);
/* A run that waits in the queue ends as cancelled; one that runs is stopped by who has it, soon.
 * PIN_CONFLICT when it has ended before; PIN_NOT_FOUND. */
PIN_API pin_status pin_project_cancel_run(pin_project *project, const char *id,
                                          struct pin_error *error);

/* ---- the bot ---- */

struct pin_project_bot_options {
    size_t size;
    const char *queues; /* "mail,default"; NULL: all */
    const char *log;    /* file that its log is appended to, JSON lines, also what its runs print,
                           which does not come through `console`; NULL: none */
    bool watches_files; /* loads the project anew when a file changes */
    int64_t grace_ms;   /* as a child: what runs get when it is stopped; 0: 25 s */
};

/* From now on this process watches schedules and queue, whenever it is inside pin_project_turn or
 * another call that waits. Makes the store when there is none. PIN_CONFLICT when it does already.
 */
PIN_API pin_status pin_project_start_bot(pin_project *project,
                                         const struct pin_project_bot_options *options,
                                         struct pin_error *error);
/* The same in a process of its own, which ends when this one does. One for each project. */
PIN_API pin_status pin_project_spawn_bot(pin_project *project,
                                         const struct pin_project_bot_options *options,
                                         struct pin_error *error);
/* The bot's process, to be watched; 0: there is none, or it has ended, which this finds out. */
PIN_API int pin_project_bot_pid(const pin_project *project);
/* Ends the bot, of either kind: here nothing new begins and what runs goes on in the loop; a child
 * is asked to end, gets its grace, and is waited for; 5 s later it is killed. Nothing when there
 * is none. */
PIN_API pin_status pin_project_stop_bot(pin_project *project, struct pin_error *error);

/* ---- jobs that are functions of this program ---- */

struct pin_background_job; /* <pinstripe/job.h> */

struct pin_host_job {                     /* a list of them ends with one without a name */
    const char *name;                     /* "charge-card" */
    const struct pin_background_job *job; /* PIN_HOST_JOB(...) of <pinstripe/job.h> */
};

/* First in main of a program that names itself as its worker. In the processes that the project
 * starts to run these jobs it does so and does not return; in any other it returns at once. Each
 * run is a fork: before this call, start no thread and open nothing. When it is missing, or comes
 * after pin_project_open, that fails with PIN_CONFIG. */
PIN_API void pin_worker_main(int argc, char **argv, const struct pin_host_job *jobs);

#ifdef __cplusplus
}
#endif
#endif

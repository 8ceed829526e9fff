/* api.h - inside of libpinstripe: what the files behind pinstripe/pinstripe.h share.
 *
 *   project.c  open, close, drain, reload, jobs     call.c     running a job: waiting, or not
 *   loop.c     one descriptor, one turn             store.c    the store, whoever else writes
 *   enqueue.c  into the queue                       runs.c     reading, listing, cancelling
 *   bot.c      the bot: here, or as a child         worker_main.c  a program that is its own worker
 *
 * Everything happens inside a call of the host's: there is no thread, no signal, no exit.
 */
#ifndef PIN_API_API_H
#define PIN_API_API_H

#include "bot/bot.h"
#include "executor/executor.h"
#include "pinstripe/pinstripe.h"

struct pin_run_result {
    pin_status status;
    char *message, *error_name, *error_json; /* NULL: none */
    uint64_t runs, failed, timed_out, cancelled;
    int64_t wall_us;
};

struct call { /* one of the host's, from its start until `ended` has been called */
    struct call *next, *previous;           /* among `open` or, with a result, among `done` */
    struct pin_executor_call executor_call; /* in use until it has a result */
    struct pin_project *project;
    uint64_t number;        /* 0: pin_project_run waits for it, nobody is called */
    pin_run_result *result; /* NULL: it has not ended */
    void (*ended)(void *context, const pin_run_result *result);
    void *context;
};

struct pin_project {
    struct pin_executor *executor;
    char *root;
    char *environment;
    char *program;
    char *worker;     /* NULL: none */
    unsigned workers; /* what the host asked for; 0: as many as there are cores */
    void (*console)(void *context, const struct pin_console_text *text);
    void *context;
    struct pin_sink sink;     /* of all calls */
    struct pin_service timer; /* makes the one descriptor readable when time has passed */
    struct call_list {
        struct call *head, *tail;
    } open, done; /* in the order in which they began; in which they ended */
    size_t call_count;
    bool closing; /* no call begins any more */
    uint64_t next_call;
    struct {
        struct pin_bot_of_program here;
        struct pin_log log; /* fd -1: none */
        char *queue_text;
        const char *queues[64];
        int pid;          /* as a child; 0: none, but one may have ended unnoticed */
        int pidfd;        /* of that; -1: none */
        int until;        /* the child's standard input: it ends when this does; -1: none */
        int64_t grace_ms; /* the child's */
    } bot;
};

/* This process was started to tell the program's jobs, but opened a project before it did. */
extern bool pin__api_opened_when_asked;

/* Hands out an error, and its status. */
pin_status pin__api_tell(struct pin_error *to, const struct pin_err *err);
/* Copies options of the size that the host knows over zeros of ours. PIN_INVALID without a size. */
pin_status pin__api_options(void *to, size_t size, const void *options,
                            struct pin_err *err) PIN_MUST_USE;
/* At the end of every call that may have changed when the loop wants a turn. */
void pin__api_arm(struct pin_project *p);
pin_status pin__api_loop_open(struct pin_project *p, struct pin_err *err) PIN_MUST_USE;
/* A turn of the loop, without calling the host. */
void pin__api_turn(struct pin_project *p, int wait_ms);
/* A JSON array, or NULL. */
pin_status pin__api_check_args(const char *args, struct pin_err *err) PIN_MUST_USE;
/* Opens the store and has `attempt` use it; again while somebody else writes (PIN_BUSY), in turns
 * of the loop, so that runs and their limits go on. PIN_NOT_FOUND says how to make a store. */
pin_status pin__api_with_store(struct pin_project *p,
                               pin_status (*attempt)(void *context, struct pin_store *store,
                                                     struct pin_err *err),
                               void *context, struct pin_err *err) PIN_MUST_USE;
/* Calls the host for what has ended; not from inside a turn. */
void pin__api_deliver(struct pin_project *p);
/* The same for what never will end here: the project is closed. */
void pin__api_abandon(struct pin_project *p);
/* Ends the bot, whichever. */
void pin__api_bot_end(struct pin_project *p);

#endif

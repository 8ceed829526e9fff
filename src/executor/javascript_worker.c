/* javascript_worker.c - the worker of jobs in JavaScript: takes a task, lets the engine execute it,
 * tells what came of it.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fault.h"
#include "executor/claims.h"
#include "executor/worker.h"
#include "javascript/engine.h"

static bool
take(struct pin_worker *w, const struct pin_message *m)
{
    switch (m->type) {
    case PIN_MESSAGE_ANSWER:
        pin__engine_answer(w->engine, m->number, m->bytes, m->args);
        break;
    case PIN_MESSAGE_STOP:
        if (m->id == w->task && m->number)
            pin__engine_stop_line(w->engine, m->number);
        else if (m->id == w->task)
            pin__engine_stop(w->engine);
        break;
    default:
        if (m->id == w->task && m->kind < PIN_LINE_KIND_COUNT)
            pin__engine_line(w->engine, m->number, (enum pin_line_kind)m->kind, m->bytes);
        break;
    }
    return true;
}

/* A line that computes reads no messages: it is stopped by this signal, which is ignored where
 * nobody listens. It also ends a wait. */
static struct pin_engine *interrupted;

static void
on_interrupt(int number)
{
    (void)number;
    pin__engine_stop(interrupted);
}

static void
listen_to_interrupts(struct pin_worker *w)
{
    struct sigaction action = { .sa_handler = on_interrupt };

    interrupted = w->engine;
    (void)sigaction(PIN_LINE_SIGNAL, &action, NULL);
}

static void
execute(struct pin_worker *w, const struct pin_task *task)
{
    struct pin_outcome outcome;
    bool usable;

    w->task = task->id;
    pin__worker_be_patient(task->kind != PIN_TASK_VIEW && task->kind != PIN_TASK_REPL);
    if (task->kind == PIN_TASK_REPL)
        listen_to_interrupts(w);
    pin__outcome_init(&outcome);
    pin__fault("worker.before_run");
    usable = pin__engine_execute(w->engine, task, &outcome);
    pin__fault("worker.before_result");
    pin__worker_tell_outcome(w, &outcome, usable);
    pin__outcome_fini(&outcome);
    pin__fault("worker.after_result");
    w->task = 0;
    if (!usable)
        _exit(PIN_EXIT_ABANDONED);
}

void
pin__worker_main(struct pin_engine *engine, struct pin_worker_fds fds)
{
    struct pin_worker w = { .engine = engine,
                            .take = take,
                            .waiting = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX) };
    struct pin_buf frame = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX);
    struct pin_host host = pin__worker_host(&w);
    struct pin_message m;
    struct pin_task task;
    struct pin_err err;

    pin__fault("worker.starts");
    (void)prctl(PR_SET_NAME, "pin-worker");
    pin__channel_init_pipes(&w.channel, fds.in, fds.out);
    w.claims = pin__claims_map(fds.claims, &err);
    if (!w.claims || pin__engine_enter(engine, &host, &err) != PIN_OK) {
        fprintf(stderr, "pinstripe: worker: %s\n", err.message);
        _exit(PIN_EXIT_BROKEN);
    }
    pin__worker_say(
        &w, &(struct pin_message){ .type = PIN_MESSAGE_READY, .number = pin__engine_hash(engine) });
    for (;;) {
        pin__worker_next(&w, &frame, &m, &task);
        execute(&w, &task);
    }
}

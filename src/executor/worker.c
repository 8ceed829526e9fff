/* worker.c - how a worker and its executor talk, whatever runs in it: tasks taken, calls, answers,
 * what came of a run.
 *
 * Console lines, calls and outcomes travel on one stream, so their order is the order in which
 * things happened. A write blocks while the executor does not read: that is the back-pressure on a
 * job that prints more than anybody takes. When the executor is gone the worker ends at its next
 * read or write.
 */
#include "executor/worker.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "executor/channel.h"
#include "executor/claims.h"

void
pin__worker_leave(const struct pin_worker *w, int status)
{
    if (w->before_exit)
        w->before_exit();
    _exit(status);
}

void
pin__worker_say(struct pin_worker *w, const struct pin_message *m)
{
    pin__message_encode(&w->channel.out, m);
    if (w->channel.out.bad)
        pin__worker_leave(w, PIN_EXIT_BROKEN);
    if (pin__channel_flush_all(&w->channel) == PIN_LOST)
        pin__worker_leave(w, PIN_EXIT_ABANDONED);
}

static pin_status
host_call(void *context, const struct pin_call *call, uint64_t *number, struct pin_err *err)
{
    struct pin_worker *w = context;

    (void)err;
    *number = ++w->next_call;
    pin__worker_say(w, &(struct pin_message){ .type = PIN_MESSAGE_CALL,
                                              .id = w->task,
                                              .number = *number,
                                              .kind = call->kind,
                                              .text = call->name,
                                              .args = call->args,
                                              .params = call->params,
                                              .tenant_id = call->tenant_id,
                                              .tenant_name = call->tenant_name,
                                              .bytes = call->options });
    return PIN_OK;
}

static void
host_progress(void *context, int64_t done, int64_t total, const char *text)
{
    struct pin_worker *w = context;

    pin__worker_say(w, &(struct pin_message){ .type = PIN_MESSAGE_PROGRESS,
                                              .id = w->task,
                                              .number = (uint64_t)done,
                                              .wall_us = (uint64_t)total,
                                              .text = text });
}

static void
host_wake(void *context)
{
    pin__worker_say(context, &(struct pin_message){ .type = PIN_MESSAGE_WAKE });
}

static void
host_reply(void *context, uint64_t number, enum pin_reply_kind kind, struct pin_bytes text)
{
    struct pin_worker *w = context;

    pin__worker_say(w, &(struct pin_message){ .type = PIN_MESSAGE_REPLY,
                                              .id = w->task,
                                              .number = number,
                                              .kind = kind,
                                              .bytes = text });
}

static void
host_console(void *context, enum pin_stream stream, const char *data, size_t size)
{
    struct pin_worker *w = context;
    enum { CHUNK = 1 << 20 };

    while (size) {
        size_t n = size < CHUNK ? size : CHUNK;

        pin__worker_say(w, &(struct pin_message){ .type = PIN_MESSAGE_CONSOLE,
                                                  .id = w->task,
                                                  .kind = stream,
                                                  .bytes = { data, n } });
        data += n;
        size -= n;
    }
}

/* Tasks that arrive while a run is in hand wait as they came. */
void
pin__worker_keep(struct pin_worker *w, const struct pin_message *m)
{
    pin__message_encode(&w->waiting, m);
    if (w->waiting.bad)
        pin__worker_leave(w, PIN_EXIT_BROKEN);
}

/* What may arrive while a run is in hand. Gives true when the run should look. */
static bool
handle(struct pin_worker *w, const struct pin_message *m)
{
    switch (m->type) {
    case PIN_MESSAGE_ANSWER:
    case PIN_MESSAGE_STOP:
    case PIN_MESSAGE_LINE:
        return w->take(w, m);
    case PIN_MESSAGE_TASK:
        pin__worker_keep(w, m);
        return false;
    default:
        pin__worker_leave(w, PIN_EXIT_BROKEN);
    }
}

/* One round of reading; true when something for the run in hand was there. */
static bool
handle_frames(struct pin_worker *w)
{
    struct pin_message m;
    struct pin_err err;
    bool any = false;
    pin_status st;

    while ((st = pin__channel_next(&w->channel, &m, &err)) == PIN_OK)
        any |= handle(w, &m);
    if (st != PIN_EMPTY)
        pin__worker_leave(w, PIN_EXIT_BROKEN);
    return any;
}

static pin_status
host_wait(void *context, struct pin_mono until)
{
    struct pin_worker *w = context;
    struct pin_err err;

    while (!handle_frames(w)) {
        pin_status st = pin__channel_fill_until(&w->channel, until, &err);

        if (st == PIN_EMPTY)
            return PIN_OK;
        if (st != PIN_OK)
            pin__worker_leave(w, PIN_EXIT_ABANDONED);
    }
    return PIN_OK;
}

void
pin__worker_tell_outcome(struct pin_worker *w, const struct pin_outcome *o, bool usable)
{
    bool failed = o->kind != PIN_OUTCOME_SUCCEEDED;

    pin__worker_say(w, &(struct pin_message){
                           .type = PIN_MESSAGE_OUTCOME,
                           .id = w->task,
                           .number = !usable,
                           .kind = o->kind,
                           .bytes = { pin__buf_text(&o->value), o->value.size },
                           .args = { failed ? pin__buf_text(&o->error) : NULL, o->error.size },
                           .wall_us = (uint64_t)o->wall_us,
                           .cpu_us = (uint64_t)o->cpu_us,
                           .heap_bytes = o->peak_heap_bytes });
}

static struct pin_task
task_of(const struct pin_message *m)
{
    return (struct pin_task){ .id = m->id,
                              .kind = (enum pin_task_kind)m->kind,
                              .depth = m->depth,
                              .name = m->text,
                              .args = m->args,
                              .params = m->params,
                              .tenant_id = m->tenant_id,
                              .tenant_name = m->tenant_name,
                              .cursor = m->bytes,
                              .tenant_zone = m->kind == PIN_TASK_TENANTS ? m->key : NULL,
                              .run_id = m->run_id,
                              .attempt = m->attempt,
                              .key = m->kind == PIN_TASK_JOB ? m->key : NULL,
                              .due_ms = (int64_t)m->due_ms,
                              .check_tenant = m->check != 0,
                              .wall_ms = (int64_t)m->wall_us / 1000,
                              .heap_bytes = m->heap_bytes };
}

/* The next task: one that waited, else one from the channel. The message is copied into `frame`,
 * since the channel's buffer moves while the run reads from it. */
static pin_status
next_task(struct pin_worker *w, struct pin_buf *frame, struct pin_message *m)
{
    struct pin_err err;
    uint32_t size;

    pin__buf_clear(frame);
    if (w->waiting.size) {
        memcpy(&size, w->waiting.data, sizeof size);
        pin__buf_add(frame, w->waiting.data, sizeof size + size);
        pin__buf_drop(&w->waiting, sizeof size + size);
    } else {
        pin_status st;

        while ((st = pin__channel_next(&w->channel, m, &err)) == PIN_EMPTY) {
            if (pin__channel_fill_waiting(&w->channel, &err) == PIN_LOST)
                pin__worker_leave(w, PIN_EXIT_ABANDONED);
        }
        if (st != PIN_OK)
            pin__worker_leave(w, PIN_EXIT_BROKEN);
        if (m->type != PIN_MESSAGE_TASK)
            return PIN_EMPTY; /* an answer or a stop for a run that has ended */
        pin__message_encode(frame, m);
        memcpy(&size, frame->data, sizeof size);
    }
    if (frame->bad)
        pin__worker_leave(w, PIN_EXIT_BROKEN);
    return pin__message_decode(m, frame->data + sizeof size, size, &err);
}

void
pin__worker_next(struct pin_worker *w, struct pin_buf *frame, struct pin_message *m,
                 struct pin_task *task)
{
    while (next_task(w, frame, m) != PIN_OK || !pin__claims_begin(w->claims, m->id))
        continue;
    *task = task_of(m);
}

void
pin__worker_be_patient(bool patient)
{
    static bool is_patient;
    static const struct sched_param none = { .sched_priority = 0 };

    if (patient != is_patient)
        (void)sched_setscheduler(0, patient ? SCHED_BATCH : SCHED_OTHER, &none);
    is_patient = patient;
}

bool
pin__signal_is_from_outside(int number)
{
    return number == SIGKILL || number == SIGTERM || number == SIGINT || number == SIGHUP ||
           number == SIGQUIT;
}

struct pin_host
pin__worker_host(struct pin_worker *w)
{
    return (struct pin_host){ .context = w,
                              .call = host_call,
                              .console = host_console,
                              .progress = host_progress,
                              .wake = host_wake,
                              .reply = host_reply,
                              .wait = host_wait };
}

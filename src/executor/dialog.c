/* dialog.c - lines of a person for a worker that stays: see executor.h.
 *
 * The worker has one run that lasts, of the kind REPL, in a request of its own. A line that
 * computes reads no messages, so it is stopped by a signal; the message that goes with it wakes one
 * that waits. What does neither is killed at the worker's deadline, which there is only while
 * something is being stopped.
 */
#include "executor/run.h"

struct pin_dialog {
    struct pin_executor *executor;
    struct pin_dialog_options options;
    struct pin_buf args;
    struct run *run;  /* NULL: no worker */
    uint64_t last;    /* the newest line */
    uint64_t number;  /* the line in hand; 0: none */
    bool interrupted; /* it is being stopped */
};

static pin_status
start(struct pin_dialog *d, struct pin_err *err)
{
    struct pin_executor *x = d->executor;
    struct worker_process *w;
    struct request *q;

    if (x->nursery->gone || !(w = pin__worker_fork(x->nursery, false)))
        return pin__err_set(err, PIN_BUSY,
                            "no process for it can be started now; try again in a moment");
    q = pin__request_of_dialog(x, d->options.sink,
                               (struct pin_bytes){ d->args.data, d->args.size });
    d->run = pin__run_new(q, PIN_TASK_REPL);
    d->interrupted = false;
    pin__worker_assign(w, d->run);
    pin__workers_send_tasks(x);
    return PIN_OK;
}

pin_status
pin__dialog_open(struct pin_dialog **out, struct pin_executor *x,
                 const struct pin_dialog_options *options, struct pin_err *err)
{
    struct pin_dialog *d = calloc(1, sizeof *d);
    pin_status st;

    *out = NULL;
    if (!d)
        return pin__err_no_memory(err);
    if (x->dialog)
        pin__bug("an executor has one dialog");
    d->executor = x;
    d->options = *options;
    d->args = PIN_BUF_INIT(PIN_ARGS_BYTES_MAX);
    pin__buf_add(&d->args, options->args.data, options->args.size);
    x->dialog = d;
    if ((st = start(d, err)) == PIN_OK)
        *out = d;
    else
        pin__dialog_close(d);
    return st;
}

pin_status
pin__dialog_say(struct pin_dialog *d, enum pin_line_kind kind, struct pin_bytes text,
                uint64_t *number, struct pin_err *err)
{
    pin_status st;

    if (text.size > PIN_LINE_BYTES_MAX)
        return pin__err_set(err, PIN_LIMIT, "the text is %zu bytes, more than %zu", text.size,
                            PIN_LINE_BYTES_MAX);
    if (d->run && d->run->worker->doomed) /* its end is on the way */
        d->run = NULL;
    if (!d->run && (st = start(d, err)) != PIN_OK)
        return st;
    *number = d->number = ++d->last;
    pin__worker_send(d->run->worker, &(struct pin_message){ .type = PIN_MESSAGE_LINE,
                                                            .id = d->run->id,
                                                            .number = d->number,
                                                            .kind = kind,
                                                            .bytes = text });
    return PIN_OK;
}

void
pin__dialog_take_reply(struct run *run, const struct pin_message *m)
{
    struct pin_dialog *d = run->request->executor->dialog;

    if (!d || d->run != run || m->kind >= PIN_REPLY_KIND_COUNT ||
        (m->number && m->number != d->number))
        return;
    if (m->number) {
        if (d->interrupted)
            run->worker->deadline = (struct pin_mono){ INT64_MAX };
        d->interrupted = false;
        d->number = 0;
    }
    d->options.replied(d->options.context, m->number, (enum pin_reply_kind)m->kind, m->bytes);
}

void
pin__dialog_interrupt(struct pin_dialog *d)
{
    struct worker_process *w = d->run ? d->run->worker : NULL;

    if (!w || !d->number || d->interrupted)
        return;
    pin__requests_of_caller_died(d->executor, d->run);
    d->interrupted = true;
    w->deadline = pin__clock_after_ms(pin__clock_mono(), PIN_DIALOG_STOP_MS);
    pin__worker_send(w, &(struct pin_message){
                            .type = PIN_MESSAGE_STOP, .id = d->run->id, .number = d->number });
    pin__worker_signal(w, PIN_LINE_SIGNAL);
}

/* The worker has told its outcome, or is gone. */
void
pin__dialog_run_ended(struct run *run)
{
    struct request *q = run->request;
    struct pin_dialog *d = q->executor->dialog;
    bool current = d && d->run == run;
    bool interrupted = current && d->interrupted;
    uint64_t number = current ? d->number : 0;

    if (current) {
        d->run = NULL;
        d->number = 0;
        d->interrupted = false;
    }
    if (current && !q->executor->closing)
        d->options.ended(d->options.context, number, interrupted, &run->outcome);
    pin__run_free(run);
    pin__request_free(q);
}

bool
pin__dialog_has_worker(const struct pin_dialog *d)
{
    return d->run != NULL;
}

bool
pin__dialog_is_ending(const struct pin_dialog *d)
{
    return d->run && d->run->worker->doomed;
}

const struct pin_sink *
pin__dialog_sink(const struct pin_dialog *d)
{
    return d->options.sink;
}

/* Its end comes later, as that of a run which the dialog does not know any more. */
void
pin__dialog_restart(struct pin_dialog *d)
{
    if (!d->run)
        return;
    pin__requests_of_caller_died(d->executor, d->run);
    pin__worker_kill(d->run->worker, KILL_CANCEL);
    d->run = NULL;
    d->number = 0;
    d->interrupted = false;
}

void
pin__dialog_close(struct pin_dialog *d)
{
    if (!d)
        return;
    pin__dialog_restart(d);
    d->executor->dialog = NULL;
    pin__buf_fini(&d->args);
    free(d);
}

/* call.c - running a job, and what became of it. */
#include "api/api.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/quote.h"

/* ---- results ---- */

static char *
copy_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? strdup(text) : NULL;
}

static void
take_error(pin_run_result *r, const struct pin_outcome *o)
{
    json_t *error =
        o->error.size ? json_loadb(o->error.data, o->error.size, JSON_ALLOW_NUL, NULL) : NULL;

    r->error_json = o->error.size ? strndup(o->error.data, o->error.size) : NULL;
    r->error_name = copy_text(error, "name");
    r->message = copy_text(error, "message");
    if (!r->message)
        r->message = strdup("the job threw something that is no Error");
    json_decref(error);
}

/* With its nursery: not what a job did by itself before. */
static bool
was_lost(const struct pin_summary *s)
{
    return s->outcome.kind == PIN_OUTCOME_CRASHED || s->outcome.kind == PIN_OUTCOME_CANCELLED;
}

static pin_status
status_of(const struct pin_summary *s, bool lost)
{
    const struct pin_outcome *o = &s->outcome;

    if (lost && was_lost(s))
        return PIN_LOST;
    if (o->kind == PIN_OUTCOME_CANCELLED || s->cancelled)
        return PIN_CANCELLED;
    if (!s->failed)
        return PIN_OK;
    if (pin__summary_lacks_tenant(s))
        return PIN_NOT_FOUND;
    if (s->failed == s->timed_out)
        return PIN_TIMEOUT;
    return o->kind == PIN_OUTCOME_HEAP_LIMIT ? PIN_LIMIT : PIN_FAILED;
}

static pin_run_result *
result_of(const struct pin_summary *s, bool lost)
{
    pin_run_result *r = calloc(1, sizeof *r);

    if (!r)
        pin__bug("out of memory for a result");
    *r = (pin_run_result){ .status = status_of(s, lost),
                           .runs = s->tenants,
                           .failed = s->failed,
                           .timed_out = s->timed_out,
                           .cancelled = s->cancelled,
                           .wall_us = s->wall_us };
    if (r->status == PIN_LOST)
        r->message = strdup("the process that holds the project ended");
    else if (r->status != PIN_OK)
        take_error(r, &s->outcome);
    return r;
}

pin_status
pin_run_result_status(const pin_run_result *r)
{
    return r->status;
}

const char *
pin_run_result_message(const pin_run_result *r)
{
    return r->message;
}

const char *
pin_run_result_error_name(const pin_run_result *r)
{
    return r->error_name;
}

const char *
pin_run_result_error_json(const pin_run_result *r)
{
    return r->error_json;
}

uint64_t
pin_run_result_runs(const pin_run_result *r)
{
    return r->runs;
}

uint64_t
pin_run_result_failed(const pin_run_result *r)
{
    return r->failed;
}

uint64_t
pin_run_result_timed_out(const pin_run_result *r)
{
    return r->timed_out;
}

uint64_t
pin_run_result_cancelled(const pin_run_result *r)
{
    return r->cancelled;
}

int64_t
pin_run_result_wall_us(const pin_run_result *r)
{
    return r->wall_us;
}

void
pin_run_result_free(pin_run_result *r)
{
    if (!r)
        return;
    free(r->message);
    free(r->error_name);
    free(r->error_json);
    free(r);
}

/* ---- calls ---- */

static void
append(struct call_list *list, struct call *c)
{
    c->next = NULL;
    c->previous = list->tail;
    *(list->tail ? &list->tail->next : &list->head) = c;
    list->tail = c;
}

static void
unlist(struct call_list *list, struct call *c)
{
    *(c->previous ? &c->previous->next : &list->head) = c->next;
    *(c->next ? &c->next->previous : &list->tail) = c->previous;
}

static struct call *
take_first(struct call_list *list)
{
    struct call *c = list->head;

    if (!c)
        return NULL;
    list->head = c->next;
    *(c->next ? &c->next->previous : &list->tail) = NULL;
    return c;
}

static void
end(struct call *c, pin_run_result *result)
{
    c->result = result;
    unlist(&c->project->open, c);
    if (c->number)
        append(&c->project->done, c);
}

static void
ended(void *context, const struct pin_summary *summary)
{
    struct call *c = context;

    end(c, result_of(summary, c->executor_call.lost));
}

static void
call_free(struct call *c)
{
    pin_run_result_free(c->result);
    free(c);
}

pin_status
pin__api_check_args(const char *args, struct pin_err *err)
{
    json_error_t why;
    json_t *value = args ? json_loads(args, JSON_REJECT_DUPLICATES, &why) : NULL;
    bool good = !args || json_is_array(value);

    if (args && strlen(args) > PIN_ARGS_BYTES_MAX) {
        json_decref(value);
        return pin__err_set(err, PIN_INVALID,
                            "args: %zu bytes of JSON are more than the limit of %zu", strlen(args),
                            PIN_ARGS_BYTES_MAX);
    }
    json_decref(value);
    if (good)
        return PIN_OK;
    return pin__err_set(err, PIN_INVALID, "args: %s is no JSON array%s%s",
                        pin__quote_text(args).text, value ? "" : ": ", value ? "" : why.text);
}

static pin_status
check(struct pin_project *p, const char *job, const struct pin_call_options *o, struct pin_err *err)
{
    const struct pin_job *found;
    pin_status st;

    if (!job || !*job)
        return pin__err_set(err, PIN_INVALID, "name: Must not be blank");
    if (o->timeout_ms < 0)
        return pin__err_set(err, PIN_INVALID, "timeout_ms: %lld is not above zero",
                            (long long)o->timeout_ms);
    if ((st = pin__catalog_find(pin__executor_catalog(p->executor), job, &found, err)) != PIN_OK)
        return st;
    return pin__api_check_args(o->args, err);
}

/* One that was lost is started again in turns of the loop. */
static void
wait_for_nursery(struct pin_project *p, bool waits)
{
    enum { LOOK_MS = 50, WAIT_MS = 10000 };
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), WAIT_MS);

    while (pin__executor_is_lost(p->executor)) {
        pin__api_turn(p, waits ? LOOK_MS : 0);
        if (!waits || pin__clock_mono().ns >= until.ns)
            return;
    }
}

static pin_status
begin(struct pin_project *p, const char *job, const struct pin_call_options *options, bool waits,
      struct call **out, struct pin_err *err)
{
    struct pin_call_options o = { .size = 0 };
    struct pin_request_options request = { .kind = PIN_TASK_JOB, .name = job, .by_name = true };
    struct call *c;
    pin_status st;

    *out = NULL;
    if (p->closing)
        return pin__err_set(err, PIN_CANCELLED, "the project is being closed");
    wait_for_nursery(p, waits);
    if ((st = pin__api_options(&o, sizeof o, options, err)) != PIN_OK ||
        (st = check(p, job, &o, err)) != PIN_OK)
        return st;
    if (!(c = calloc(1, sizeof *c)))
        return pin__err_no_memory(err);
    c->project = p;
    c->number = waits ? 0 : ++p->next_call;
    append(&p->open, c);
    c->executor_call = (struct pin_executor_call){ .sink = &p->sink, .ended = ended, .context = c };
    request.args = (struct pin_bytes){ o.args, o.args ? strlen(o.args) : 0 };
    request.tenant = o.tenant;
    request.wall_ms = o.timeout_ms;
    if ((st = pin__executor_call(p->executor, &request, &c->executor_call, err)) != PIN_OK) {
        unlist(&p->open, c);
        free(c);
        return st;
    }
    p->call_count++;
    *out = c;
    return PIN_OK;
}

/* Only what has ended before: what a callback begins may end at once, and begin another. */
void
pin__api_deliver(struct pin_project *p)
{
    struct call_list ended = p->done;

    p->done = (struct call_list){ NULL, NULL };
    for (struct call *c; (c = take_first(&ended)) != NULL;) {
        p->call_count--;
        if (c->ended)
            c->ended(c->context, c->result);
        call_free(c);
    }
}

void
pin__api_abandon(struct pin_project *p)
{
    p->closing = true;
    for (struct call *c; (c = p->open.head) != NULL;) {
        pin_run_result *r = calloc(1, sizeof *r);

        if (!r)
            pin__bug("out of memory for a result");
        r->status = PIN_CANCELLED;
        r->message = strdup("the project was closed before the job had ended");
        pin__executor_call_forget(p->executor, &c->executor_call);
        end(c, r);
    }
    pin__api_deliver(p);
}

/* ---- public ---- */

static void
tell_result(struct pin_err *err, const pin_run_result *r)
{
    if (r->status != PIN_OK)
        pin__err_set(err, r->status, "%s", r->message);
}

pin_status
pin_project_run(pin_project *p, const char *job, const struct pin_call_options *options,
                pin_run_result **result, struct pin_error *error)
{
    struct pin_err err = PIN_ERR_INIT;
    struct call *c;

    if (result)
        *result = NULL;
    if (begin(p, job, options, true, &c, &err) == PIN_OK) {
        while (!c->result)
            pin__api_turn(p, -1);
        tell_result(&err, c->result);
        p->call_count--;
        if (result) {
            *result = c->result;
            c->result = NULL;
        }
        call_free(c);
    }
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

pin_status
pin_project_start(pin_project *p, const char *job, const struct pin_call_options *options,
                  void (*on_end)(void *context, const pin_run_result *result), void *context,
                  uint64_t *call, struct pin_error *error)
{
    struct pin_err err = PIN_ERR_INIT;
    struct call *c;

    if (begin(p, job, options, false, &c, &err) == PIN_OK) {
        c->ended = on_end;
        c->context = context;
        if (call)
            *call = c->number;
    }
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

pin_status
pin_project_stop(pin_project *p, uint64_t call, struct pin_error *error)
{
    struct pin_err err = PIN_ERR_INIT;
    struct call *c = p->open.head;

    while (c && c->number != call)
        c = c->next;
    if (!call || !c)
        pin__err_set(&err, PIN_NOT_FOUND, "the call %llu has ended, or never was",
                     (unsigned long long)call);
    else
        pin__executor_call_cancel(p->executor, &c->executor_call);
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

size_t
pin_project_calls(const pin_project *p)
{
    return p->call_count;
}

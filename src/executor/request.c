/* request.c - what a call of runBackgroundJob means: which runs it makes, for which tenants, and
 * how it ends. */
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/quote.h"
#include "executor/run.h"
#include "project/names.h"

#define DIALOG_WALL_MS (INT64_C(100) * 365 * 24 * 60 * 60 * 1000) /* no limit */

enum { ERROR_BYTES_MAX = 1 << 20, ERRORS_BYTES_MAX = 8 << 20, NAMES_BYTES_MAX = 4096 };

void
pin__summary_init(struct pin_summary *s)
{
    *s = (struct pin_summary){ .tenants = 0 };
    pin__outcome_init(&s->outcome);
}

void
pin__summary_fini(struct pin_summary *s)
{
    pin__outcome_fini(&s->outcome);
}

bool
pin__summary_lacks_tenant(const struct pin_summary *s)
{
    const struct pin_buf *text = &s->outcome.error;
    json_t *error;
    const char *code;
    bool lacks;

    if (!s->multi_tenant || !text->size)
        return false;
    error = json_loadb(pin__buf_text(text), text->size, JSON_ALLOW_NUL, NULL);
    code = json_string_value(json_object_get(json_object_get(error, "properties"), "code"));
    lacks = code && !strcmp(code, "NO_SUCH_TENANT");
    json_decref(error);
    return lacks;
}

/* ---- lists: what has a run to start, deeper ones first, and what waits ---- */

static void
list_remove(struct request *q)
{
    struct request_list *list = q->list;

    if (!list)
        return;
    *(q->previous ? &q->previous->next : &list->head) = q->next;
    *(q->next ? &q->next->previous : &list->tail) = q->previous;
    q->next = q->previous = NULL;
    list->count--;
    q->list = NULL;
}

static void
list_append(struct request_list *list, struct request *q)
{
    q->list = list;
    list->count++;
    q->previous = list->tail;
    *(list->tail ? &list->tail->next : &list->head) = q;
    list->tail = q;
}

static bool
comes_first(const struct request *a, const struct request *b)
{
    return a->queued && b->queued && pin__turn_compare(&a->queued->turn, &b->queued->turn) < 0;
}

/* What was claimed begins in the order of turns. Most belong at one end: both are looked at. */
static void
list_insert(struct request_list *list, struct request *q)
{
    struct request *after = list->tail, *before = list->head;

    while (after && comes_first(q, after) && !comes_first(q, before)) {
        after = after->previous;
        before = before->next;
    }
    if (after && comes_first(q, after))
        after = before->previous;
    q->list = list;
    list->count++;
    q->previous = after;
    q->next = after ? after->next : list->head;
    *(q->next ? &q->next->previous : &list->tail) = q;
    *(after ? &after->next : &list->head) = q;
}

void
pin__request_relist(struct request *q)
{
    struct pin_executor *x = q->executor;
    struct request_list *ready = q->kind == PIN_TASK_VIEW ? &x->views : &x->ready[q->depth];
    struct request_list *list = pin__request_has_next(q) ? ready : &x->waiting;

    if (list == q->list)
        return;
    list_remove(q);
    if (q->queued && list != &x->waiting)
        list_insert(list, q);
    else
        list_append(list, q);
}

struct request *
pin__request_with_work(struct pin_executor *x)
{
    for (size_t depth = PIN_DEPTH_MAX + 2; depth--;)
        if (x->ready[depth].head)
            return x->ready[depth].head;
    return NULL;
}

struct request *
pin__request_first(struct pin_executor *x)
{
    struct request *q = pin__request_with_work(x);

    if (!q)
        q = x->views.head;
    return q ? q : x->waiting.head;
}

/* Calls `each` for every request; it may end and free the one it is given, no other. */
static void
for_all_requests(struct pin_executor *x, void (*each)(struct request *, const struct run *),
                 const struct run *caller)
{
    for (size_t i = 0; i < PIN_DEPTH_MAX + 4; i++) {
        struct request *q = i < PIN_DEPTH_MAX + 2    ? x->ready[i].head
                            : i == PIN_DEPTH_MAX + 2 ? x->views.head
                                                     : x->waiting.head;

        for (struct request *next; q; q = next) {
            next = q->next;
            each(q, caller);
        }
    }
}

struct request *
pin__request_new(struct pin_executor *x, uint32_t depth)
{
    struct request *q = calloc(1, sizeof *q);

    if (!q)
        pin__bug("out of memory for a request");
    q->executor = x;
    q->nursery = x->nursery;
    pin__nursery_use(q->nursery);
    q->depth = depth;
    q->created_ms = pin__clock_wall().ms;
    q->trigger = depth ? PIN_TRIGGER_JOB : x->trigger;
    q->began = pin__clock_mono();
    q->args = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX);
    q->params = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX);
    q->cursor = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX);
    q->first_error = PIN_BUF_INIT(ERRORS_BYTES_MAX);
    q->errors = PIN_BUF_INIT(ERRORS_BYTES_MAX);
    q->names = PIN_BUF_INIT(NAMES_BYTES_MAX);
    list_append(&x->waiting, q);
    return q;
}

static void
free_page(struct request *q)
{
    for (size_t i = q->page_at; i < q->page_count; i++) {
        free(q->page[i].id);
        free(q->page[i].name);
    }
    free(q->page);
    q->page = NULL;
    q->page_at = q->page_count = 0;
}

void
pin__request_free(struct request *q)
{
    list_remove(q);
    while (q->returned) {
        struct run *run = q->returned;
        q->returned = run->next;
        pin__run_free(run);
    }
    free_page(q);
    pin__nursery_leave(q->nursery);
    free(q->window);
    free(q->name);
    free(q->only_tenant);
    free(q->single_tenant_id);
    free(q->single_tenant_name);
    pin__buf_fini(&q->args);
    pin__buf_fini(&q->params);
    pin__buf_fini(&q->cursor);
    pin__buf_fini(&q->first_error);
    pin__buf_fini(&q->errors);
    pin__buf_fini(&q->names);
    free(q);
}

/* ---- what a call means ---- */

static char *
copy_or_null(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void
fail_now(struct request *q, const char *error, size_t size, enum pin_outcome_kind kind)
{
    q->failed = 1;
    q->finished = 1;
    q->first_kind = kind;
    pin__buf_clear(&q->first_error);
    pin__buf_add(&q->first_error, error, size);
}

static void PIN_PRINTF(2, 3) refuse(struct request *q, const char *fmt, ...)
{
    char message[PIN_ERR_MESSAGE_MAX];
    struct pin_outcome o;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    pin__outcome_init(&o);
    pin__outcome_fail(&o, PIN_OUTCOME_REFUSED, "Error", "%s", message);
    fail_now(q, o.error.data, o.error.size, PIN_OUTCOME_REFUSED);
    pin__outcome_fini(&o);
}

static void
refuse_broken(struct request *q, const struct pin_broken *why)
{
    if (why->file && why->line)
        refuse(q, "Background job \"%s\" is broken: %s (%s:%lld)", q->name, why->message, why->file,
               (long long)why->line);
    else
        refuse(q, "Background job \"%s\" is broken: %s (%s)", q->name, why->message,
               why->file ? why->file : "no file");
}

/* Finds the job, or says why not. */
static bool
find_job(struct request *q, const char *name)
{
    struct pin_job_name normal;
    struct pin_err err;

    if (pin__names_job((struct pin_bytes){ name, strlen(name) }, &normal, &err) != PIN_OK) {
        q->name = strdup("?");
        refuse(q, "No such background job %s exists: %s", pin__quote_text(name).text, err.message);
        return false;
    }
    q->name = strdup(normal.text);
    q->job = pin__catalog_job(q->nursery->catalog, q->name);
    if (!q->job)
        refuse(q, "No such background job \"%s\" exists.", q->name);
    else if (q->job->broken.message)
        refuse_broken(q, &q->job->broken);
    else
        return true;
    return false;
}

static void
set_limits(struct request *q, int64_t wall_ms)
{
    q->heap_bytes = q->job && q->job->heap_bytes ? q->job->heap_bytes : PIN_HEAP_BYTES_DEFAULT;
    q->wall_ms = q->job && q->job->wall_ms ? q->job->wall_ms : PIN_WALL_MS_DEFAULT;
    if (wall_ms)
        q->wall_ms = wall_ms;
}

static void
set_args(struct request *q, struct pin_bytes args, struct pin_bytes params)
{
    if (args.size > PIN_ARGS_BYTES_MAX)
        refuse(q,
               "The arguments for background job \"%s\" are %zu bytes of JSON, more than the limit "
               "of %zu.",
               q->name, args.size, PIN_ARGS_BYTES_MAX);
    if (args.data)
        pin__buf_add(&q->args, args.data, args.size);
    if (params.data)
        pin__buf_add(&q->params, params.data, params.size);
}

/* One run, or one for each tenant? */
static void
set_tenants(struct request *q, const char *tenant_id, const char *tenant_name, bool once)
{
    bool multi = q->nursery->catalog->multi_tenant && q->job->multi_tenant != PIN_NO;

    if (multi && !once && (!tenant_id || q->job->has_tenants_filter)) {
        q->fan_out = true;
        q->run_id = pin__run_id_new(q->created_ms);
        q->window = calloc(PIN_TENANTS_AHEAD_MAX, sizeof *q->window);
        if (!q->window)
            pin__bug("out of memory for a request");
        q->only_tenant = copy_or_null(tenant_id);
        return;
    }
    q->single_waiting = true;
    if (multi) {
        q->single_tenant_id = copy_or_null(tenant_id);
        q->single_tenant_name = copy_or_null(tenant_name);
    }
}

enum pin_trigger
pin__trigger_of_call(const struct run *caller)
{
    if (caller->kind == PIN_TASK_VIEW)
        return PIN_TRIGGER_VIEW;
    return caller->kind == PIN_TASK_REPL ? PIN_TRIGGER_REPL : PIN_TRIGGER_JOB;
}

void
pin__request_from_run(struct run *caller, const struct pin_message *call)
{
    struct request *from = caller->request;
    struct request *q = pin__request_new(from->executor, from->depth + 1);

    caller->calls_open++;
    q->trigger = pin__trigger_of_call(caller);
    if (q->nursery != from->nursery &&
        caller->kind != PIN_TASK_REPL) { /* its caller's code, also after a reload */
        pin__nursery_leave(q->nursery);
        q->nursery = from->nursery;
        pin__nursery_use(q->nursery);
    }
    if (from->kind == PIN_TASK_JOB) /* a view or a REPL is no run that the store knows */
        q->parent = caller->run_id;
    q->caller = caller;
    q->caller_id = caller->id;
    q->call_number = call->number;
    q->sink = from->sink;
    q->kind = PIN_TASK_JOB;
    if (find_job(q, call->text ? call->text : "")) {
        set_limits(q, 0);
        set_args(q, call->args, call->params);
    }
    if (!q->failed && q->depth > PIN_DEPTH_MAX)
        refuse(q,
               "Background job \"%s\" was called at depth %u: runs may be nested %d deep at most.",
               q->name, q->depth, PIN_DEPTH_MAX);
    if (!q->failed && caller->calls_open > PIN_CALLS_OPEN_MAX)
        refuse(q, "Background job \"%s\" is not started: this run waits for %d runs already.",
               q->name, PIN_CALLS_OPEN_MAX);
    if (!q->failed && from->executor->stopping)
        refuse(q, "Background job \"%s\" is not started: pinstripe is stopping.", q->name);
    if (!q->failed)
        set_tenants(q, call->tenant_id, call->tenant_name, call->kind == PIN_CALL_RUN_ONCE);
    pin__request_end_if_done(q);
}

/* A person's option, a program's argument. */
static const char *
tenant_word(const struct request *q)
{
    return q->trigger == PIN_TRIGGER_CLI ? "--tenant" : "the tenant";
}

/* The id of a tenant that was named by a person comes with the first page: the worker matches name
 * or id. */
static pin_status
ask_for_tenant(struct request *q, const char *tenant, struct pin_err *err)
{
    if (!q->nursery->catalog->multi_tenant)
        return pin__err_set(err, PIN_INVALID,
                            "%s %s: this project has no tenants; set multiTenant: true in "
                            "pinstripe.config.js to make it multi-tenant",
                            tenant_word(q), tenant);
    if (q->job->multi_tenant == PIN_NO)
        return pin__err_set(err, PIN_INVALID,
                            "%s %s: the job %s says multiTenant: false, it runs for no tenant",
                            tenant_word(q), tenant, q->name);
    set_tenants(q, NULL, NULL, false);
    q->named_by_person = true;
    q->only_tenant = strdup(tenant);
    return PIN_OK;
}

/* What stands between the brackets of a JSON array; blanks around it are left alone. */
static struct pin_bytes
inside_array(struct pin_bytes array)
{
    const char *from = array.data ? memchr(array.data, '[', array.size) : NULL;
    const char *to = array.data ? memrchr(array.data, ']', array.size) : NULL;

    if (!from || !to)
        return (struct pin_bytes){ "", 0 };
    for (from++; from < to && strchr(" \t\r\n", *from);)
        from++;
    return (struct pin_bytes){ from, (size_t)(to - from) };
}

/* The name goes in front of the arguments. */
static void
ask_service(struct request *q, const struct pin_request_options *options)
{
    struct pin_buf args = PIN_BUF_INIT(2 * PIN_ARGS_BYTES_MAX);
    struct pin_bytes given = inside_array(options->args);

    q->kind = PIN_TASK_SERVICE;
    q->name = strdup("runBackgroundJob");
    pin__buf_addc(&args, '[');
    pin__buf_add_json_string(&args, options->name, strlen(options->name));
    if (given.size && given.size <= PIN_ARGS_BYTES_MAX) {
        pin__buf_addc(&args, ',');
        pin__buf_add(&args, given.data, given.size);
    }
    pin__buf_addc(&args, ']');
    set_limits(q, options->wall_ms);
    set_args(q,
             given.size > PIN_ARGS_BYTES_MAX ? given : (struct pin_bytes){ args.data, args.size },
             (struct pin_bytes){ NULL, 0 });
    pin__buf_fini(&args);
    q->single_waiting = !q->failed;
}

pin_status
pin__request_ask(struct request *q, const struct pin_request_options *options, struct pin_err *err)
{
    q->kind = options->kind;
    if (options->by_name && !options->tenant && q->nursery->catalog->replaces_run_background_job) {
        ask_service(q, options);
        return PIN_OK;
    }
    if (options->kind != PIN_TASK_JOB)
        q->name = strdup(options->name ? options->name : "migrate-database");
    else if (!find_job(q, options->name))
        return PIN_OK;
    set_limits(q, options->wall_ms);
    set_args(q, options->args, (struct pin_bytes){ NULL, 0 });
    if (q->failed)
        return PIN_OK;
    if (options->kind != PIN_TASK_JOB)
        q->single_waiting = true;
    else if (options->tenant)
        return ask_for_tenant(q, options->tenant, err);
    else
        set_tenants(q, NULL, NULL, false);
    return PIN_OK;
}

pin_status
pin__executor_request(struct pin_executor *x, const struct pin_request_options *options,
                      const struct pin_sink *sink, struct pin_summary *summary, struct pin_err *err)
{
    struct request *q = pin__request_new(x, 0);
    pin_status st;

    q->sink = sink;
    q->summary = summary;
    if ((st = pin__request_ask(q, options, err)) != PIN_OK) {
        pin__request_free(q);
        return st;
    }
    x->top = q;
    pin__request_end_if_done(q);
    return PIN_OK;
}

/* ---- tenants, page by page ---- */

static bool
read_page(struct request *q, const json_t *document)
{
    json_t *tenants = json_object_get(document, "tenants");
    json_t *tenant;
    size_t i;

    if (!json_is_array(tenants))
        return false;
    free_page(q);
    q->page = calloc(json_array_size(tenants) + 1, sizeof *q->page);
    if (!q->page)
        return false;
    json_array_foreach(tenants, i, tenant)
    {
        const char *id = json_string_value(json_object_get(tenant, "id"));

        if (!id)
            return false;
        q->page[i].id = strdup(id);
        q->page[i].name = copy_or_null(json_string_value(json_object_get(tenant, "name")));
        q->page_count = i + 1;
    }
    return true;
}

static void
take_page(struct request *q, const struct pin_outcome *o)
{
    json_t *document = json_loadb(pin__buf_text(&o->value), o->value.size, 0, NULL);
    const char *cursor = json_string_value(json_object_get(document, "cursor"));

    if (!document || !read_page(q, document))
        refuse(q, "The tenants for background job \"%s\" cannot be read.", q->name);
    pin__buf_clear(&q->cursor);
    if (cursor)
        pin__buf_adds(&q->cursor, cursor);
    else
        q->pages_done = true;
    json_decref(document);
}

static void
take_page_outcome(struct run *run)
{
    struct request *q = run->request;

    q->page_in_flight = false;
    if (run->outcome.kind == PIN_OUTCOME_SUCCEEDED) {
        take_page(q, &run->outcome);
    } else {
        q->pages_done = true;
        fail_now(q, run->outcome.error.data, run->outcome.error.size, run->outcome.kind);
    }
    if (!q->queued) {
        pin__run_free(run);
        return;
    }
    if (q->failed)
        pin__queue_run_ended(run);
    else {
        pin__run_free(run);
        pin__fan_out_page(q);
    }
}

static void
take_zones(struct run *run)
{
    struct request *q = run->request;
    const struct pin_outcome *o = &run->outcome;
    json_t *document = json_loadb(pin__buf_text(&o->value), o->value.size, 0, NULL);
    char *zones = json_dumps(json_object_get(document, "zones"), JSON_COMPACT);
    json_t *error = json_loadb(pin__buf_text(&o->error), o->error.size, 0, NULL);
    const char *why = json_string_value(json_object_get(error, "message"));

    if (zones)
        q->zones_told(q->zones_context, (struct pin_bytes){ zones, strlen(zones) }, NULL);
    else
        q->zones_told(q->zones_context, (struct pin_bytes){ NULL, 0 },
                      why ? why : "the tenants cannot be read");
    free(zones);
    json_decref(document);
    json_decref(error);
    q->finished++;
    pin__run_free(run);
}

/* ---- results ---- */

/* An error of one tenant as a member of the list: the same object with "tenant" in front. */
static void
keep_error(struct request *q, const struct run *run)
{
    const struct pin_buf *error = &run->outcome.error;
    const char *tenant = run->tenant_name ? run->tenant_name : run->tenant_id;

    if (q->errors_kept == PIN_ERRORS_KEPT_MAX || error->size < 2 ||
        q->errors.size + error->size > ERRORS_BYTES_MAX / 2)
        return;
    q->errors_kept++;
    if (q->errors.size)
        pin__buf_addc(&q->errors, ',');
    pin__buf_adds(&q->errors, "{\"tenant\":");
    pin__buf_add_json_string(&q->errors, tenant ? tenant : "", tenant ? strlen(tenant) : 0);
    if (error->data[1] != '}')
        pin__buf_addc(&q->errors, ',');
    pin__buf_add(&q->errors, error->data + 1, error->size - 1);
}

static void
name_error(struct request *q, const struct run *run)
{
    const char *tenant = run->tenant_name ? run->tenant_name : run->tenant_id;
    json_t *error =
        json_loadb(pin__buf_text(&run->outcome.error), run->outcome.error.size, 0, NULL);
    const char *message = json_string_value(json_object_get(error, "message"));

    if (!message)
        message = json_string_value(json_object_get(error, "value"));
    pin__buf_addf(&q->names, "%s%.80s (%.200s)", q->names.size ? ", " : "", tenant ? tenant : "?",
                  message ? message : "it threw no error");
    json_decref(error);
}

static void
count_outcome(struct request *q, struct run *run)
{
    q->finished++;
    q->run_us_total += run->outcome.wall_us;
    if (run->outcome.kind == PIN_OUTCOME_SUCCEEDED)
        return;
    if (q->failed++ == 0) {
        q->first_kind = run->outcome.kind;
        pin__buf_add(&q->first_error, run->outcome.error.data, run->outcome.error.size);
    }
    q->timed_out += run->outcome.kind == PIN_OUTCOME_TIMED_OUT;
    q->cancelled_runs += run->outcome.kind == PIN_OUTCOME_CANCELLED;
}

void
pin__request_take_error(const struct run *run)
{
    struct request *q = run->request;

    if (run->outcome.kind == PIN_OUTCOME_SUCCEEDED)
        return;
    keep_error(q, run);
    if (q->errors_named++ < PIN_ERRORS_NAMED_MAX)
        name_error(q, run);
}

void
pin__request_run_ended(struct run *run)
{
    struct request *q = run->request;

    run->done = true;
    if (run->kind == PIN_TASK_REPL) {
        pin__dialog_run_ended(run);
        return;
    }
    if (q->queued && (run->kind == PIN_TASK_JOB || q->queued->settling)) {
        pin__queue_run_ended(run);
        return;
    }
    if (run->kind == PIN_TASK_TENANTS) {
        bool held = q->queued != NULL;

        take_page_outcome(run);
        if (held)
            return;
    } else if (run->kind == PIN_TASK_ZONES) {
        take_zones(run);
    } else if (run->kind == PIN_TASK_VIEW) {
        q->finished++;
        pin__view_tell(q, &run->outcome);
        pin__run_free(run);
    } else {
        count_outcome(q, run);
        pin__observe_called(run);
        pin__record_run(run);
        if (!q->fan_out && q->summary)
            pin__buf_add(&q->summary->outcome.value, run->outcome.value.data,
                         run->outcome.value.size);
        pin__output_finished(run);
    }
    pin__request_end_if_done(q);
}

static bool
is_over(const struct request *q)
{
    if (q->running || q->page_in_flight || q->returned)
        return false;
    if (q->cancelled)
        return true;
    if (q->fan_out && !q->pages_done && !(q->failed && !q->next_index))
        return false;
    return !q->single_waiting && q->page_at == q->page_count;
}

static void
aggregate(struct request *q, struct pin_buf *out)
{
    struct pin_buf message = PIN_BUF_INIT(2 * NAMES_BYTES_MAX);

    pin__buf_addf(&message, "%llu of %llu tenants failed: %s%s", (unsigned long long)q->failed,
                  (unsigned long long)q->finished, pin__buf_text(&q->names),
                  q->failed > PIN_ERRORS_NAMED_MAX ? ", ..." : "");
    pin__buf_adds(out, "{\"name\":\"AggregateError\",\"message\":");
    pin__buf_add_json_string(out, pin__buf_text(&message), message.size);
    pin__buf_addf(out, ",\"failed\":%llu,\"errors\":[%s]}", (unsigned long long)q->failed,
                  pin__buf_text(&q->errors));
    pin__buf_fini(&message);
}

/* The one error that the caller sees; nothing on success. */
static void
error_of(struct request *q, struct pin_buf *out)
{
    if (q->fan_out && q->failed > 1)
        aggregate(q, out);
    else if (q->failed)
        pin__buf_add(out, pin__buf_text(&q->first_error), q->first_error.size);
    else if (q->cut_short)
        pin__buf_adds(out,
                      "{\"name\":\"Error\",\"message\":\"the run was stopped before it began\"}");
}

static void
tell_no_tenant(struct request *q)
{
    char text[512];

    if (!q->fan_out || q->finished || q->failed || q->cancelled || !q->sink || !q->sink->note)
        return;
    if (q->only_tenant)
        snprintf(text, sizeof text, "%s: its tenantsFilter leaves out the tenant, so nothing ran",
                 q->name);
    else
        snprintf(text, sizeof text, "%s: there is no tenant%s, so nothing ran", q->name,
                 q->job->has_tenants_filter ? " that its tenantsFilter leaves" : "");
    q->sink->note(q->sink->context, text);
}

void
pin__answer_call(struct run *caller, uint64_t number, struct pin_bytes error,
                 struct pin_bytes value)
{
    caller->calls_open--;
    if (caller->worker)
        pin__worker_send(caller->worker, &(struct pin_message){ .type = PIN_MESSAGE_ANSWER,
                                                                .number = number,
                                                                .bytes = error,
                                                                .args = value });
}

void
pin__refuse_call(struct run *caller, uint64_t number, const char *name, const char *fmt, ...)
{
    char message[PIN_ERR_MESSAGE_MAX];
    struct pin_outcome o;
    va_list ap;

    (void)name;
    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    pin__outcome_init(&o);
    pin__outcome_fail(&o, PIN_OUTCOME_REFUSED, "Error", "%s", message);
    pin__answer_call(caller, number, (struct pin_bytes){ o.error.data, o.error.size },
                     (struct pin_bytes){ NULL, 0 });
    pin__outcome_fini(&o);
}

static void
answer_caller(struct request *q)
{
    struct pin_buf error = PIN_BUF_INIT(2 * ERRORS_BYTES_MAX);

    error_of(q, &error);
    pin__answer_call(q->caller, q->call_number, (struct pin_bytes){ error.data, error.size },
                     (struct pin_bytes){ NULL, 0 });
    pin__buf_fini(&error);
}

void
pin__request_fill_summary(struct request *q, struct pin_summary *s)
{
    error_of(q, &s->outcome.error);
    s->outcome.kind = q->failed ? q->first_kind : PIN_OUTCOME_SUCCEEDED;
    if (q->cut_short && !q->failed)
        s->outcome.kind = PIN_OUTCOME_CANCELLED;
    s->multi_tenant = q->fan_out;
    s->tenants = q->finished;
    s->failed = q->failed;
    s->timed_out = q->timed_out;
    s->cancelled = q->cancelled_runs;
    s->wall_us = (pin__clock_mono().ns - q->began.ns) / 1000;
    s->outcome.wall_us = s->wall_us;
}

void
pin__request_end_if_done(struct request *q)
{
    if (q->ended)
        return;
    if (q->queued || !is_over(q)) { /* the store says when a queued one is over */
        pin__request_relist(q);
        return;
    }
    q->ended = true;
    pin__view_end(q);
    tell_no_tenant(q);
    pin__record_parent(q);
    if (q->caller)
        answer_caller(q);
    if (q->summary)
        pin__request_fill_summary(q, q->summary);
    pin__call_end(q);
    if (q->executor->top == q)
        q->executor->top = NULL;
    pin__request_free(q);
}

/* Of a request of which nothing more is started: a run that no worker has begun never will be. */
static void
end_unbegun(struct request *q, struct run *run)
{
    if (run->kind == PIN_TASK_TENANTS) {
        q->page_in_flight = false;
        pin__run_free(run);
        return;
    }
    pin__outcome_fail(&run->outcome, PIN_OUTCOME_CANCELLED, "Error",
                      "the run was stopped before it began");
    run->done = true;
    count_outcome(q, run);
    pin__output_finished(run);
}

/* It keeps its place: those taken back last were to be started last, and are put back first. */
void
pin__request_take_back(struct run *run)
{
    struct request *q = run->request;

    if (q->cancelled && !q->queued) {
        end_unbegun(q, run);
        pin__request_end_if_done(q);
        return;
    }
    run->next = q->returned;
    q->returned = run;
    pin__request_relist(q);
}

void
pin__request_cancel(struct request *q)
{
    if (q->queued) /* queue.c gives it back, or waits for its end */
        return;
    q->cancelled = true;
    q->cut_short |=
        q->single_waiting || q->page_at < q->page_count || (q->fan_out && !q->pages_done);
    while (q->returned) {
        struct run *run = q->returned;

        q->returned = run->next;
        end_unbegun(q, run);
    }
}

static void
stop_request(struct request *q, const struct run *unused)
{
    (void)unused;
    pin__request_cancel(q);
    pin__request_end_if_done(q);
}

static void
orphan_request(struct request *q, const struct run *caller)
{
    if (q->caller != caller)
        return;
    q->caller->calls_open--;
    q->caller = NULL;
    stop_request(q, NULL);
}

void
pin__requests_stop(struct pin_executor *x)
{
    for_all_requests(x, stop_request, NULL);
}

/* Nobody waits for them any more: nothing new is started, and what runs is stopped. */
void
pin__requests_of_caller_died(struct pin_executor *x, struct run *caller)
{
    for (struct worker_process *w = x->workers; w; w = w->next)
        if (w->queued && w->queue[0]->request->caller == caller)
            pin__worker_kill(w, KILL_CANCEL);
    for_all_requests(x, orphan_request, caller);
}

/* ---- requests that are not calls ---- */

/* What was claimed; the job must be there. */
struct request *
pin__request_of_claim(struct pin_executor *x, struct queued *c)
{
    struct request *q = pin__request_new(x, 0);

    q->queued = c;
    q->sink = x->queue.options.sink;
    q->kind = PIN_TASK_JOB;
    q->name = strdup(c->claim.job);
    q->job = pin__catalog_job(q->nursery->catalog, c->claim.job);
    q->trigger = c->claim.trigger;
    q->created_ms = c->claim.created_ms;
    q->run_id = c->claim.hold.id;
    set_limits(q, 0);
    pin__buf_add(&q->args, c->claim.args.data, c->claim.args.size);
    if (c->claim.params.data)
        pin__buf_add(&q->params, c->claim.params.data, c->claim.params.size);
    if (c->claim.role == PIN_ROLE_PARENT) {
        q->fan_out = true;
        if (c->claim.cursor)
            pin__buf_adds(&q->cursor, c->claim.cursor);
    } else {
        q->single_waiting = true;
        q->single_tenant_id = copy_or_null(c->claim.tenant);
    }
    return q;
}

/* Its one run is handed out by dialog.c. */
struct request *
pin__request_of_dialog(struct pin_executor *x, const struct pin_sink *sink, struct pin_bytes args)
{
    struct request *q = pin__request_new(x, 0);

    q->kind = PIN_TASK_REPL;
    q->name = strdup("repl");
    q->sink = sink;
    q->wall_ms = DIALOG_WALL_MS;
    q->heap_bytes = PIN_DIALOG_HEAP_BYTES;
    pin__buf_add(&q->args, args.data, args.size);
    return q;
}

void
pin__executor_zones(struct pin_executor *x,
                    void (*told)(void *context, struct pin_bytes zones, const char *why_not),
                    void *context)
{
    struct request *q = pin__request_new(x, 0);

    q->kind = PIN_TASK_ZONES;
    q->name = strdup("tenants");
    q->zones_told = told;
    q->zones_context = context;
    set_limits(q, 0);
    q->single_waiting = true;
    pin__request_relist(q);
}

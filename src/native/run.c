/* run.c - see run.h: arguments, errors, calls, transactions. */
#include "native/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "native/workspace.h"
#include "store/store.h"

#define ANSWER_BYTES_MAX ((size_t)8 << 20)

static struct workspace *current; /* a process has one run */

/* ---- errors ---- */

/* What the database says does not name who asked. */
static void
explain_rights(const struct workspace *w, const char *what, struct pin_err *err)
{
    struct pin_err said = *err;

    pin__err_set(err, said.status,
                 "The database %s cannot be %s by the user \"%s\", whom jobs in C run as: %s. Give "
                 "that user the file and its folder (chown), or name another one: native: { user: "
                 "'root' } in pinstripe.config.js.",
                 w->project->database_filename, what, w->project->user, said.message);
}

void
pin__native_fail(struct workspace *w, const struct pin_err *err)
{
    if (w->face.failed)
        return;
    w->face.failed = true;
    w->error = *err;
    if (err->status == PIN_DENIED && w->session && w->project->user &&
        access(w->project->database_filename, R_OK | W_OK) != 0)
        explain_rights(w, "written", &w->error);
}

static void
host_fail(pin_workspace *face, const char *message)
{
    struct pin_err err;

    pin__err_set(&err, PIN_FAILED, "%s", message ? message : "the job failed");
    pin__native_fail(workspace_of(face), &err);
}

static const char *
host_error(pin_workspace *face)
{
    struct workspace *w = workspace_of(face);

    return w->face.failed ? w->error.message : NULL;
}

static void
host_forgive(pin_workspace *face)
{
    struct workspace *w = workspace_of(face);

    w->face.failed = false;
    pin__buf_clear(&w->far_error);
}

static void *
host_alloc(pin_workspace *face, size_t size)
{
    struct workspace *w = workspace_of(face);
    void *memory = pin__arena_alloc(&w->arena, size ? size : 1);
    struct pin_err err;

    if (!memory) {
        pin__err_set(&err, PIN_LIMIT, "no memory is left for %zu bytes more (limit: %.1f MB)", size,
                     (double)w->task->heap_bytes / 1048576.0);
        pin__native_fail(w, &err);
    }
    return memory;
}

/* ---- what it was given ---- */

static const pin_json *
face_of(const json_t *value)
{
    return (const pin_json *)(const void *)value;
}

static const json_t *
value_of(const pin_json *face)
{
    return (const json_t *)(const void *)face;
}

static json_t *
parse(struct pin_bytes text, json_t *(*otherwise)(void))
{
    json_t *value = text.data ? json_loadb(text.data, text.size, JSON_DECODE_ANY, NULL) : NULL;

    return value ? value : otherwise();
}

static const pin_json *
host_args(pin_workspace *face)
{
    struct workspace *w = workspace_of(face);

    if (!w->args)
        w->args = parse(w->task->args, json_array);
    return face_of(w->args);
}

static const pin_json *
host_params(pin_workspace *face)
{
    struct workspace *w = workspace_of(face);

    if (!w->params)
        w->params = parse(w->task->params, json_object);
    return face_of(w->params);
}

static const char *
host_tenant_id(pin_workspace *face)
{
    return workspace_of(face)->task->tenant_id;
}

static const char *
host_tenant_name(pin_workspace *face)
{
    return workspace_of(face)->task->tenant_name;
}

static const char *
host_run_id(pin_workspace *face)
{
    return workspace_of(face)->task->run_id;
}

static int
host_attempt(pin_workspace *face)
{
    return (int)workspace_of(face)->task->attempt;
}

static const pin_json *
host_value_at(const pin_json *v, size_t index)
{
    return face_of(json_array_get(value_of(v), index));
}

static const pin_json *
host_value_get(const pin_json *v, const char *key)
{
    return face_of(json_object_get(value_of(v), key));
}

static size_t
host_value_size(const pin_json *v)
{
    const json_t *value = value_of(v);

    return json_is_object(value) ? json_object_size(value) : json_array_size(value);
}

static const char *
host_value_text(const pin_json *v, const char *otherwise)
{
    const char *text = json_string_value(value_of(v));

    return text ? text : otherwise;
}

static int64_t
host_value_integer(const pin_json *v, int64_t otherwise)
{
    const json_t *value = value_of(v);

    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static double
host_value_number(const pin_json *v, double otherwise)
{
    const json_t *value = value_of(v);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static bool
host_value_boolean(const pin_json *v, bool otherwise)
{
    const json_t *value = value_of(v);

    return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

/* ---- the executor ---- */

static void
host_progress(pin_workspace *face, int64_t done, int64_t total, const char *text)
{
    struct workspace *w = workspace_of(face);

    w->host->progress(w->host->context, done, total, text);
}

void
pin__native_answer(uint64_t number, struct pin_bytes error, struct pin_bytes value)
{
    struct answer *a = &current->answer;

    if (number != a->number)
        return;
    a->there = true;
    pin__buf_add(&a->error, error.data, error.size);
    pin__buf_add(&a->value, value.data, value.size);
}

/* The error of the other run is this one's, whole; its message is what pin_error shows. */
static void
take_far_error(struct workspace *w)
{
    struct answer *a = &w->answer;
    json_t *error = json_loadb(a->error.data, a->error.size, JSON_DECODE_ANY, NULL);
    const char *message = json_string_value(json_object_get(error, "message"));
    struct pin_err err;

    pin__err_set(&err, PIN_FAILED, "%s", message ? message : "the job failed");
    pin__native_fail(w, &err);
    pin__buf_clear(&w->far_error);
    pin__buf_add(&w->far_error, a->error.data, a->error.size);
    json_decref(error);
}

bool
pin__native_ask(struct workspace *w, const struct pin_call *call)
{
    struct answer *a = &w->answer;
    struct pin_err err = PIN_ERR_INIT;

    if (w->face.failed)
        return false;
    if (w->session && pin__session_in_transaction(w->session)) {
        pin__err_set(&err, PIN_DENIED,
                     "Background job \"%s\" was called while a database transaction is open. It "
                     "would wait for this transaction, which would wait for the job: call it after "
                     "the transaction.",
                     call->name);
        pin__native_fail(w, &err);
        return false;
    }
    a->there = false;
    pin__buf_clear(&a->error);
    pin__buf_clear(&a->value);
    fflush(NULL); /* what was printed before comes before what the other prints */
    if (w->host->call(w->host->context, call, &a->number, &err) != PIN_OK) {
        pin__native_fail(w, &err);
        return false;
    }
    while (!a->there)
        if (w->host->wait(w->host->context, (struct pin_mono){ INT64_MAX }) != PIN_OK)
            return false;
    if (a->error.size)
        take_far_error(w);
    return a->error.size == 0;
}

/* An argument list or options as they were given, on one line. */
static bool
one_line(struct workspace *w, const char *what, const char *text, bool is_array,
         struct pin_bytes *out)
{
    json_error_t why = { .text = "" };
    struct pin_err err;
    json_t *value;
    char *line;

    *out = (struct pin_bytes){ NULL, 0 };
    if (!text)
        return true;
    value = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (is_array ? json_is_array(value) : json_is_object(value)) {
        line = json_dumps(value, JSON_COMPACT);
        out->data = line ? pin__arena_strdup(&w->arena, line) : NULL;
        out->size = line ? strlen(line) : 0;
        free(line);
    } else {
        pin__err_set(&err, PIN_INVALID, "%s is no JSON %s: %s", what, is_array ? "array" : "object",
                     why.text);
        pin__native_fail(w, &err);
    }
    json_decref(value);
    return out->data != NULL;
}

static struct pin_call
call_of(struct workspace *w, const char *name, enum pin_call_kind kind)
{
    return (struct pin_call){ .name = name ? name : "",
                              .kind = kind,
                              .params = w->task->params,
                              .tenant_id = w->task->tenant_id,
                              .tenant_name = w->task->tenant_name };
}

static bool
host_call(pin_workspace *face, const char *name, const char *args)
{
    struct workspace *w = workspace_of(face);
    struct pin_call call = call_of(w, name, PIN_CALL_RUN);

    return one_line(w, "args of pin_run_background_job", args, true, &call.args) &&
           pin__native_ask(w, &call);
}

static const char *
host_enqueue(pin_workspace *face, const char *name, const char *args, const char *options)
{
    struct workspace *w = workspace_of(face);
    struct pin_call call = call_of(w, name, PIN_CALL_ENQUEUE);

    if (!one_line(w, "args of pin_enqueue_background_job", args ? args : "[]", true, &call.args) ||
        !one_line(w, "options of pin_enqueue_background_job", options, false, &call.options))
        return NULL;
    return pin__native_enqueue(w, &call);
}

static bool
host_is_cancelled(pin_workspace *face)
{
    struct pin_native_shared *shared = workspace_of(face)->project->shared;

    atomic_store(&shared->asks, true);
    return atomic_load(&shared->cancelled);
}

/* ---- the session and its transactions ---- */

static bool
must_stop(void *context)
{
    struct workspace *w = context;

    return pin__session_in_transaction(w->session) &&
           pin__session_transaction_age_ms(w->session, pin__clock_mono()) >
               w->project->transaction_ms;
}

static void
open_session(struct workspace *w, struct pin_err *err)
{
    struct pin_session_config config = { .filename = w->project->database_filename,
                                         .busy_ms = PIN_BUSY_MS_DEFAULT,
                                         .multi_tenant = w->project->multi_tenant,
                                         .one_run = true };

    if (!config.filename)
        pin__err_set(err, PIN_CONFIG, "pinstripe.config.js names no database");
    else if (pin__session_open(&w->session, &config, err) == PIN_OK)
        pin__session_set_interrupt(w->session, must_stop, w);
    else if (w->project->user)
        explain_rights(w, "opened", err);
}

bool
pin__native_session(struct workspace *w)
{
    struct pin_err err = PIN_ERR_INIT;

    if (w->face.failed)
        return false;
    if (!w->session) {
        open_session(w, &err);
    } else if (must_stop(w)) {
        pin__session_abandon(w->session);
        pin__err_set(&err, PIN_TIMEOUT,
                     "The database transaction was rolled back because it was open for more than "
                     "%g s (database.transactionLimit): nobody else can write meanwhile. Do what "
                     "takes long before or after the transaction.",
                     (double)w->project->transaction_ms / 1000.0);
    }
    if (err.status != PIN_OK)
        pin__native_fail(w, &err);
    return !w->face.failed;
}

static bool
host_begin(pin_workspace *face)
{
    struct workspace *w = workspace_of(face);
    struct pin_err err = PIN_ERR_INIT;

    if (!pin__native_session(w))
        return false;
    if (pin__session_begin(w->session, pin__clock_mono(), &err) != PIN_OK)
        pin__native_fail(w, &err);
    return !w->face.failed;
}

/* Bots learn of what was put into the queue when it is there. */
static void
tell_enqueued(struct workspace *w)
{
    if (pin__session_in_transaction(w->session))
        return;
    if (w->enqueued && !w->face.failed)
        w->host->wake(w->host->context);
    w->enqueued = false;
}

static bool
host_commit(pin_workspace *face)
{
    struct workspace *w = workspace_of(face);
    struct pin_err err = PIN_ERR_INIT;

    if (!pin__native_session(w))
        return false;
    if (pin__session_commit(w->session, &err) != PIN_OK)
        pin__native_fail(w, &err);
    tell_enqueued(w);
    return !w->face.failed;
}

/* Also after an error: that is what it is for. */
static void
host_rollback(pin_workspace *face)
{
    struct workspace *w = workspace_of(face);

    if (w->session && pin__session_in_transaction(w->session))
        pin__session_rollback(w->session);
}

/* ---- the run ---- */

static void
fill_host(struct pin_job_host *h)
{
    *h = pin__native_rows;
    h->args = host_args;
    h->params = host_params;
    h->tenant_id = host_tenant_id;
    h->tenant_name = host_tenant_name;
    h->run_id = host_run_id;
    h->attempt = host_attempt;
    h->value_at = host_value_at;
    h->value_get = host_value_get;
    h->value_size = host_value_size;
    h->value_text = host_value_text;
    h->value_integer = host_value_integer;
    h->value_number = host_value_number;
    h->value_boolean = host_value_boolean;
    h->fail = host_fail;
    h->error = host_error;
    h->forgive = host_forgive;
    h->alloc = host_alloc;
    h->progress = host_progress;
    h->call = host_call;
    h->enqueue = host_enqueue;
    h->begin = host_begin;
    h->commit = host_commit;
    h->rollback = host_rollback;
    h->is_cancelled = host_is_cancelled;
}

static pin_status
add_conditions(struct pin_query *q, const char *filter, struct pin_err *err)
{
    json_t *object = json_loads(filter, 0, NULL), *value;
    pin_status st = PIN_OK;
    const char *key;

    json_object_foreach(object, key, value)
    {
        struct pin_value v = json_is_string(value) ? pin__value_text(json_string_value(value))
                             : json_is_integer(value)
                                 ? pin__value_integer(json_integer_value(value))
                             : json_is_real(value) ? pin__value_real(json_real_value(value))
                             : json_is_null(value) ? pin__value_null()
                                                   : pin__value_integer(json_is_true(value));

        if (st == PIN_OK && json_is_array(value))
            st = pin__err_set(err, PIN_INVALID, "tenants_filter: \"%s\" is a list", key);
        if (st == PIN_OK)
            st = pin__query_where(q, key, &v, 1, false, err);
    }
    json_decref(object);
    return st;
}

/* A run may have waited long: its tenant may be gone, or no longer one for this job. */
static bool
tenant_is_left(struct workspace *w, const char *filter, struct pin_outcome *o)
{
    struct pin_value id = pin__value_text(w->task->tenant_id);
    struct pin_scope all = PIN_SCOPE_ALL;
    struct pin_err err = PIN_ERR_INIT;
    struct pin_query *q;
    bool exists = false;
    pin_status st;

    if (!pin__native_session(w))
        return false;
    st = pin__query_new(&q, &w->arena, w->session, &all, "tenants", &err);
    if (st == PIN_OK)
        st = pin__query_where(q, "id", &id, 1, false, &err);
    if (st == PIN_OK && filter)
        st = add_conditions(q, filter, &err);
    if (st == PIN_OK)
        st = pin__query_exists(q, &exists, &err);
    if (st != PIN_OK)
        pin__native_fail(w, &err);
    else if (!exists)
        pin__outcome_fail(o, PIN_OUTCOME_CANCELLED, "Error",
                          "the tenant \"%s\" is gone, or tenants_filter leaves it out now",
                          w->task->tenant_id);
    return exists;
}

static void
end(struct workspace *w, struct pin_outcome *o)
{
    bool left_open = w->session && pin__session_in_transaction(w->session);
    struct pin_err err;

    pin__store_close(w->store);
    pin__session_close(w->session);
    w->session = NULL;
    if (left_open && !w->face.failed) {
        pin__err_set(&err, PIN_FAILED,
                     "The job ended inside a transaction, which was rolled back: "
                     "pin_commit is missing.");
        pin__native_fail(w, &err);
    }
    if (!w->face.failed)
        return;
    pin__outcome_fail(o, PIN_OUTCOME_THREW, "Error", "%s", w->error.message);
    if (w->far_error.size) {
        pin__buf_clear(&o->error);
        pin__buf_add(&o->error, w->far_error.data, w->far_error.size);
    }
}

void
pin__native_execute(const struct pin_background_job *job, const char *tenants_filter,
                    const struct pin_native_project *project, const struct pin_task *task,
                    const struct pin_host *host, struct pin_outcome *o)
{
    struct pin_job_host functions;
    struct workspace w = { .face = { .host = &functions },
                           .project = project,
                           .task = task,
                           .host = host,
                           .scope =
                               task->tenant_id ? PIN_SCOPE_TENANT(task->tenant_id) : PIN_SCOPE_ALL,
                           .arena = PIN_ARENA_INIT(task->heap_bytes),
                           .error = PIN_ERR_INIT,
                           .far_error = PIN_BUF_INIT(ANSWER_BYTES_MAX),
                           .answer = { .error = PIN_BUF_INIT(ANSWER_BYTES_MAX),
                                       .value = PIN_BUF_INIT(ANSWER_BYTES_MAX) } };

    fill_host(&functions);
    current = &w;
    o->kind = PIN_OUTCOME_SUCCEEDED;
    if (!task->check_tenant || !task->tenant_id || tenant_is_left(&w, tenants_filter, o))
        job->run(&w.face);
    fflush(NULL);
    if (o->kind == PIN_OUTCOME_SUCCEEDED || w.face.failed)
        end(&w, o);
    current = NULL;
    pin__buf_fini(&w.far_error);
    pin__buf_fini(&w.answer.error);
    pin__buf_fini(&w.answer.value);
    json_decref(w.args);
    json_decref(w.params);
    pin__arena_fini(&w.arena);
}

/* runs.c - reading, listing and cancelling what the store keeps. */
#include "api/api.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/quote.h"
#include "store/wake.h"

/* ---- a row for the host ---- */

struct reader {
    struct pin_project *project;
    const struct pin_run_id *id;
    const struct pin_run_filter *filter;
    void (*each)(void *context, const struct pin_run *run);
    void *context;
};

static char *
text_of(struct pin_bytes b)
{
    return b.data ? strndup(b.data, b.size) : NULL;
}

static char *
message_of(struct pin_bytes error)
{
    json_t *all = error.data ? json_loadb(error.data, error.size, JSON_ALLOW_NUL, NULL) : NULL;
    const char *message = json_string_value(json_object_get(all, "message"));
    char *copy = message ? strdup(message) : NULL;

    json_decref(all);
    return copy;
}

static pin_status
tell_row(void *context, const struct pin_run_row *row, struct pin_err *err)
{
    const struct reader *r = context;
    char id[PIN_RUN_ID_TEXT], parent[PIN_RUN_ID_TEXT];
    char *args = text_of(row->args), *error = text_of(row->error);
    char *message = message_of(row->error);
    struct pin_run run = { .id = id,
                           .job = row->job,
                           .state = row->state,
                           .state_name = pin__run_state_name(row->state),
                           .tenant_id = row->tenant,
                           .queue = row->queue,
                           .trigger = pin__trigger_name(row->trigger),
                           .parent = row->has_parent ? parent : NULL,
                           .schedule = row->schedule,
                           .args = args ? args : "[]",
                           .error = error,
                           .message = message,
                           .progress = row->progress,
                           .attempt = row->attempt,
                           .attempt_limit = row->attempt_limit,
                           .created_ms = row->created_ms,
                           .due_ms = row->due_ms,
                           .started_ms = row->started_ms,
                           .finished_ms = row->finished_ms,
                           .wall_us = row->wall_us,
                           .cpu_us = row->cpu_us,
                           .peak_bytes = row->peak_heap_bytes };

    (void)err;
    pin__run_id_text(&row->id, id);
    pin__run_id_text(&row->parent, parent);
    r->each(r->context, &run);
    free(args);
    free(error);
    free(message);
    return PIN_OK;
}

static pin_status
take_id(struct pin_run_id *to, const char *text, struct pin_err *err)
{
    if (text && pin__run_id_parse(text, to))
        return PIN_OK;
    return pin__err_set(err, PIN_INVALID, "%s is no run's id",
                        pin__quote_text(text ? text : "").text);
}

static pin_status
show(void *context, struct pin_store *store, struct pin_err *err)
{
    struct reader *r = context;

    return pin__store_show(store, r->id, tell_row, r, err);
}

static pin_status
list(void *context, struct pin_store *store, struct pin_err *err)
{
    struct reader *r = context;

    return pin__store_list(store, r->filter, tell_row, r, err);
}

pin_status
pin_project_read_run(pin_project *p, const char *id,
                     void (*each)(void *context, const struct pin_run *run), void *context,
                     struct pin_error *error)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_run_id run;
    struct reader r = { .id = &run, .each = each, .context = context };

    if (take_id(&run, id, &err) == PIN_OK) {
        pin__executor_flush(p->executor); /* runs that were called are written a little later */
        (void)!pin__api_with_store(p, show, &r, &err);
    }
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

static pin_status
fill_filter(struct pin_run_filter *f, const struct pin_list_options *o, struct pin_run_id *before,
            struct pin_err *err)
{
    pin_status st = PIN_OK;

    *f = (struct pin_run_filter){
        .job = o->job, .tenant = o->tenant, .since_ms = o->since_ms, .limit = o->limit
    };
    if (o->state) {
        if ((unsigned)*o->state >= PIN_RUN_STATE_COUNT)
            return pin__err_set(err, PIN_INVALID, "%d is no state of a run", (int)*o->state);
        f->has_state = true;
        f->state = *o->state;
    }
    if (o->before && (st = take_id(before, o->before, err)) == PIN_OK)
        f->before = before;
    return st;
}

pin_status
pin_project_list_runs(pin_project *p, const struct pin_list_options *options,
                      void (*each)(void *context, const struct pin_run *run), void *context,
                      struct pin_error *error)
{
    struct pin_list_options o = { .size = 0 };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_run_filter filter;
    struct pin_run_id before;
    struct reader r = { .filter = &filter, .each = each, .context = context };

    if (pin__api_options(&o, sizeof o, options, &err) == PIN_OK &&
        fill_filter(&filter, &o, &before, &err) == PIN_OK) {
        pin__executor_flush(p->executor);
        (void)!pin__api_with_store(p, list, &r, &err);
    }
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

/* ---- cancel ---- */

static pin_status
cancel(void *context, struct pin_store *store, struct pin_err *err)
{
    struct reader *r = context;
    enum pin_run_state state;

    pin_status st = pin__store_cancel(store, r->id, pin__clock_wall().ms, &state, err);

    if (st == PIN_OK) {
        pin__wake_send(pin__store_identity(store));
        pin__executor_queue_look(r->project->executor);
    }
    return st;
}

pin_status
pin_project_cancel_run(pin_project *p, const char *id, struct pin_error *error)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_run_id run;
    struct reader r = { .project = p, .id = &run };

    if (take_id(&run, id, &err) == PIN_OK)
        (void)!pin__api_with_store(p, cancel, &r, &err);
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

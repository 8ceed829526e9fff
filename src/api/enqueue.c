/* enqueue.c - runs for the queue, for whichever bot is free. */
#include "api/api.h"

#include <jansson.h>

#include "job/tenants.h"
#include "store/wake.h"

enum { ARENA_BYTES_MAX = 8 << 20 };

/* As a call from a job carries them, so that what holds there holds here. */
static pin_status
read_options(struct pin_enqueue_options *to, const struct pin_project_enqueue_options *o,
             struct pin_arena *arena, struct pin_err *err)
{
    json_t *all = json_pack("{s:I,s:I,s:s*,s:s*}", "at", (json_int_t)o->at_ms, "delay",
                            (json_int_t)o->delay_ms, "queue", o->queue, "key", o->key);
    char *text;
    pin_status st;

    if (!all)
        return pin__err_set(err, PIN_INVALID, "the options hold text that is not UTF-8");
    if (o->priority)
        json_object_set_new(all, "priority", json_integer(*o->priority));
    text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    st = pin__enqueue_options_read(to, (struct pin_bytes){ text, text ? strlen(text) : 0 }, arena,
                                   err);
    free(text);
    return st;
}

struct enqueue {
    struct pin_project *project;
    struct pin_enqueue run;
    struct pin_enqueued done;
    int64_t now_ms;
};

static pin_status
put(void *context, struct pin_store *store, struct pin_err *err)
{
    struct enqueue *e = context;
    pin_status st = pin__store_enqueue(store, &e->run, 1, e->now_ms, &e->done, err);

    if (st == PIN_OK) {
        pin__wake_send(pin__store_identity(store));
        pin__executor_queue_look(e->project->executor);
    }
    return st;
}

static pin_status
fill(struct pin_project *p, struct enqueue *e, const char *job,
     const struct pin_project_enqueue_options *o, struct pin_tenants *tenants, struct pin_err *err)
{
    struct pin_enqueue_options options = { .at_ms = 0 };
    struct pin_enqueue_call call = { .catalog = pin__executor_catalog(p->executor),
                                     .options = &options,
                                     .args = { o->args, o->args ? strlen(o->args) : 0 },
                                     .trigger = PIN_TRIGGER_API,
                                     .now_ms = e->now_ms };
    pin_status st;

    if (!job || !*job)
        return pin__err_set(err, PIN_INVALID, "name: Must not be blank");
    if ((st = pin__api_check_args(o->args, err)) != PIN_OK ||
        (st = pin__catalog_find(call.catalog, job, &call.job, err)) != PIN_OK ||
        (st = read_options(&options, o, &tenants->arena, err)) != PIN_OK ||
        (st = pin__tenants_find_for(tenants, o->tenant, call.job, &call.tenant_id, err)) != PIN_OK)
        return st;
    return pin__enqueue_fill(&e->run, &call, &tenants->arena, err);
}

static pin_status
enqueue(struct pin_project *p, const char *job, const struct pin_project_enqueue_options *o,
        struct enqueue *e, struct pin_err *err)
{
    const struct pin_catalog *c = pin__executor_catalog(p->executor);
    struct pin_tenants tenants = { .word = "the tenant",
                                   .multi_tenant = c->multi_tenant,
                                   .filename = c->database_filename };
    pin_status st;

    pin__tenants_init(&tenants);
    if ((st = fill(p, e, job, o, &tenants, err)) == PIN_OK)
        st = pin__api_with_store(p, put, e, err);
    pin__tenants_fini(&tenants);
    return st;
}

pin_status
pin_project_enqueue(pin_project *p, const char *job,
                    const struct pin_project_enqueue_options *options, char *id,
                    struct pin_error *error)
{
    struct pin_project_enqueue_options o = { .size = 0 };
    struct enqueue e = { .project = p, .now_ms = pin__clock_wall().ms };
    struct pin_err err = PIN_ERR_INIT;

    if (pin__api_options(&o, sizeof o, options, &err) == PIN_OK &&
        enqueue(p, job, &o, &e, &err) == PIN_OK) {
        if (id)
            pin__run_id_text(&e.done.id, id);
        if (e.done.existed)
            pin__err_set(&err, PIN_CONFLICT, "there is such a run already: nothing was added");
    }
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

/* cmd_enqueue_background_job.c - put a run of a background job into the queue. */
#include "base/clock.h"
#include "base/duration.h"
#include "base/quote.h"
#include "command/command.h"
#include "command/job_args.h"
#include "command/project_store.h"
#include "job/enqueue.h"
#include "schedule/time_text.h"
#include "store/wake.h"

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "the job, in any spelling of its name"),
    OPT_STR("args", 0, "JSON", "its arguments as a JSON array, instead of words"),
    OPT_STR("tenant", 't', "NAME-OR-ID", "for one tenant only"),
    OPT_STR("at", 0, "TIME", "not before this time: 2026-08-01T09:30:00Z, ...T11:30+02:00"),
    OPT_STR("delay", 0, "DURATION", "not before so long from now: 90s, 5m, 2h30m"),
    OPT_STR("priority", 'p', "N", "from -1000 to 1000, higher goes first (default: the job's)"),
    OPT_STR("queue", 0, "NAME", "the queue (default: the job's)"),
    OPT_STR("key", 'k', "KEY", "once for each key: the same job, tenant and key is the same run"),
    OPT_FLAG("json", 0, "one JSON document on stdout instead of the run's id"),
    OPT_END,
};

struct call {
    const char *name;
    const char *tenant;
    bool json;
    struct pin_buf args;
    struct pin_enqueue_options options;
    struct pin_arena arena;
    int64_t now_ms;
};

static pin_status
take_times(struct call *c, const struct args *a, int64_t *at_ms, int64_t *delay_ms,
           struct pin_err *err)
{
    const char *at = pin__args_value(a, "at"), *delay = pin__args_value(a, "delay");
    pin_status st;

    *at_ms = *delay_ms = 0;
    if (at && delay)
        return pin__err_set(err, PIN_INVALID, "give --at or --delay, not both");
    if (at && (st = pin__time_parse(at_ms, at, err)) != PIN_OK) {
        pin__err_prefix(err, "--at");
        return st;
    }
    if (delay && (st = pin__duration_parse(delay_ms, delay, err)) != PIN_OK) {
        pin__err_prefix(err, "--delay");
        return st;
    }
    if (at && *at_ms < c->now_ms) /* what is past is now, also what is before 1970 */
        *at_ms = 0;
    return PIN_OK;
}

static void
add_text(struct pin_buf *json, const char *key, const char *text)
{
    if (!text)
        return;
    pin__buf_addf(json, ",\"%s\":", key);
    pin__buf_add_json_string(json, text, strlen(text));
}

/* As a call from a job carries them, so that what holds there holds here. */
static pin_status
take_options(struct call *c, const struct args *a, struct pin_err *err)
{
    struct pin_buf json = PIN_BUF_INIT(1 << 20);
    int64_t priority = INT64_MAX, at_ms, delay_ms;
    pin_status st;

    if ((st = take_times(c, a, &at_ms, &delay_ms, err)) != PIN_OK ||
        (st = pin__args_number(a, "priority", -PIN_PRIORITY_MAX, PIN_PRIORITY_MAX, &priority,
                               err)) != PIN_OK)
        return st;
    pin__buf_addf(&json, "{\"at\":%lld,\"delay\":%lld", (long long)at_ms, (long long)delay_ms);
    if (priority != INT64_MAX)
        pin__buf_addf(&json, ",\"priority\":%lld", (long long)priority);
    add_text(&json, "queue", pin__args_value(a, "queue"));
    add_text(&json, "key", pin__args_value(a, "key"));
    pin__buf_addc(&json, '}');
    if ((st = pin__buf_check(&json, "the options", err)) == PIN_OK &&
        (st = pin__enqueue_options_read(&c->options, (struct pin_bytes){ json.data, json.size },
                                        &c->arena, err)) == PIN_INVALID)
        pin__err_prefix(err, "the options are wrong");
    pin__buf_fini(&json);
    return st;
}

static pin_status
take_call(struct call *c, const struct args *a, struct pin_err *err)
{
    pin_status st;

    c->name = pin__args_value(a, "name");
    c->tenant = pin__args_value(a, "tenant");
    c->json = pin__args_flag(a, "json");
    c->now_ms = pin__clock_wall().ms;
    if (!c->name || !*c->name)
        return pin__err_set(err, PIN_INVALID, "name: Must not be blank");
    st = pin__job_args_take(&c->args, a, err);
    return st == PIN_OK ? take_options(c, a, err) : st;
}

static pin_status
find_job(const struct project_store *p, const struct call *c, const struct pin_job **job,
         struct pin_err *err)
{
    pin_status st = pin__catalog_find(p->catalog, c->name, job, err);

    if (st == PIN_NOT_FOUND)
        pin__job_args_suggest(err, p->catalog, c->name);
    if (st == PIN_CONFIG) /* a broken job: as when it is run */
        st = err->status = PIN_FAILED;
    return st;
}

static void
print_enqueued(const struct cli *cli, const struct call *c, const struct pin_enqueued *e)
{
    char id[PIN_RUN_ID_TEXT];

    pin__run_id_text(&e->id, id);
    if (e->existed)
        pin__cli_say(cli, "pinstripe: %s: nothing was added",
                     c->options.key ? "there is a run with this key already"
                                    : "the job is unique and has a run like this already");
    if (c->json)
        fprintf(cli->out, "{\"schema\":\"enqueued\",\"version\":1,\"id\":\"%s\",\"existed\":%s}\n",
                id, e->existed ? "true" : "false");
    else
        fprintf(cli->out, "%s\n", id);
}

static pin_status
fill(const struct project_store *p, struct call *c, struct pin_tenants *t, struct pin_enqueue *run,
     struct pin_err *err)
{
    struct pin_enqueue_call call = { .catalog = p->catalog,
                                     .options = &c->options,
                                     .args = { c->args.data, c->args.size },
                                     .trigger = PIN_TRIGGER_CLI,
                                     .now_ms = c->now_ms };
    pin_status st = find_job(p, c, &call.job, err);

    if (st == PIN_OK &&
        (st = pin__tenants_find_for(t, c->tenant, call.job, &call.tenant_id, err)) == PIN_OK)
        st = pin__enqueue_fill(run, &call, &c->arena, err);
    return st;
}

static enum pin_exit
enqueue(struct cli *cli, struct project_store *p, struct call *c)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_enqueued enqueued;
    struct pin_enqueue run;
    struct pin_tenants tenants;
    enum pin_exit code = PIN_EXIT_OK;

    pin__cli_tenants_init(&tenants, p);
    if (fill(p, c, &tenants, &run, &err) != PIN_OK)
        code = pin__cli_fail(cli, &err);
    else if (pin__store_enqueue(p->store, &run, 1, c->now_ms, &enqueued, &err) != PIN_OK)
        code = pin__cli_fail_store(cli, &err);
    else {
        pin__wake_send(pin__store_identity(p->store));
        print_enqueued(cli, c, &enqueued);
    }
    pin__tenants_fini(&tenants);
    return code;
}

static enum pin_exit
enqueue_background_job_exec(struct cli *cli, const struct args *a)
{
    struct call c = { .args = PIN_JOB_ARGS_BUF, .arena = PIN_ARENA_INIT(8 << 20) };
    struct pin_err err = PIN_ERR_INIT;
    struct project_store p;
    enum pin_exit code;

    if (take_call(&c, a, &err) != PIN_OK)
        code = pin__cli_fail(cli, &err);
    else if (pin__cli_open_store(cli, true, &p, &code)) {
        code = enqueue(cli, &p, &c);
        pin__cli_close_store(&p);
    }
    pin__arena_fini(&c.arena);
    pin__buf_fini(&c.args);
    return code;
}

const struct command pin__cmd_enqueue_background_job = {
    .name = "enqueue-background-job",
    .args = "NAME [ARG...]",
    .brief = "queue a run of a background job, for a bot to run",
    .details = "Prints the run's id once it is kept for good. Words after the name are passed to "
               "run() as\n"
               "strings, --args passes JSON. In a multi-tenant project the run makes one for each "
               "tenant.\n"
               "Exit code: 0 queued, or there already; 3 no such job or tenant.",
    .opts = opts,
    .first_word = "name",
    .more_words = true,
    .needs = NEEDS_PROJECT,
    .exec = enqueue_background_job_exec,
};

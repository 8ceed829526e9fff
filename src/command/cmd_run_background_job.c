/* cmd_run_background_job.c - run a background job by name, now. */
#include <signal.h>

#include "base/duration.h"
#include "command/command.h"
#include "command/job_args.h"
#include "command/project_executor.h"
#include "command/run_output.h"
#include "project/names.h"

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "the job to run, in any spelling of its name"),
    OPT_STR("args", 0, "JSON", "its arguments as a JSON array, instead of words"),
    OPT_STR("tenant", 't', "NAME-OR-ID", "run for one tenant only"),
    OPT_STR("workers", 'w', "N", "runs at the same time (default: one per core)"),
    OPT_STR("timeout", 0, "DURATION",
            "limit of each run, instead of the job's own: 90s, 5m, 2h30m"),
    OPT_FLAG("json", 0, "one JSON line per run and a summary on stdout; what jobs print on stderr"),
    OPT_END,
};

static enum pin_exit run_background_job(struct cli *cli, const struct args *a);

const struct command pin__cmd_run_background_job = {
    .name = "run-background-job",
    .args = "NAME [ARG...]",
    .brief = "run a background job from lib/background_jobs, now",
    .details = "Words after the name are passed to run() as strings, --args passes JSON. In a "
               "multi-tenant\n"
               "project a job runs once for each tenant that its tenantsFilter leaves.\n"
               "Exit code: 0 succeeded, 1 failed, 3 no such job or tenant, 124 timed out, 130 or "
               "143 stopped.",
    .opts = opts,
    .first_word = "name",
    .more_words = true,
    .needs = NEEDS_PROJECT,
    .exec = run_background_job,
};

struct call {
    const char *name;
    const char *tenant;
    struct pin_buf args;
    int64_t wall_ms;
    int64_t workers;
    bool json;
};

static pin_status
take_call(struct call *c, const struct args *a, struct pin_err *err)
{
    const char *timeout = pin__args_value(a, "timeout");
    pin_status st;

    c->name = pin__args_value(a, "name");
    c->tenant = pin__args_value(a, "tenant");
    c->json = pin__args_flag(a, "json");
    if (!c->name || !*c->name)
        return pin__err_set(err, PIN_INVALID, "name: Must not be blank");
    if ((st = pin__job_args_take(&c->args, a, err)) != PIN_OK ||
        (st = pin__args_number(a, "workers", 1, PIN_WORKERS_MAX / 2, &c->workers, err)) != PIN_OK)
        return st;
    if (timeout && (st = pin__duration_parse(&c->wall_ms, timeout, err)) != PIN_OK) {
        pin__err_prefix(err, "--timeout");
        return st;
    }
    return PIN_OK;
}

/* An unknown job is told before anything runs, with its own exit code. */
static pin_status
check_job(const struct pin_catalog *catalog, const struct call *c, struct pin_job_name *name,
          struct pin_err *err)
{
    pin_status st = pin__names_job((struct pin_bytes){ c->name, strlen(c->name) }, name, err);

    if (st != PIN_OK)
        return st;
    if (pin__catalog_job(catalog, name->text))
        return PIN_OK;
    return pin__err_set(err, PIN_NOT_FOUND, "No such background job \"%s\" exists.", name->text);
}

static enum pin_exit
exit_of_summary(const struct pin_summary *s)
{
    if (s->outcome.kind == PIN_OUTCOME_CANCELLED || s->cancelled)
        return pin__cli_stop_signal() == SIGINT ? PIN_EXIT_INTERRUPTED : PIN_EXIT_TERMINATED;
    if (!s->failed)
        return PIN_EXIT_OK;
    if (pin__summary_lacks_tenant(s))
        return PIN_EXIT_NOT_FOUND;
    return s->failed == s->timed_out ? PIN_EXIT_TIMED_OUT : PIN_EXIT_FAILED;
}

static void
tick(void *output)
{
    pin__run_output_tick(output);
}

/* A program that asked for JSON gets its summary line all the same. */
static enum pin_exit
refuse_call(struct cli *cli, struct pin_executor *x, const struct call *c,
            const struct pin_err *err)
{
    struct pin_err told = *err;
    struct pin_summary summary;
    struct run_output output;
    enum pin_exit code;

    if (err->status == PIN_NOT_FOUND)
        pin__job_args_suggest(&told, pin__executor_catalog(x), c->name);
    code = pin__cli_fail(cli, &told);
    if (!c->json)
        return code;
    pin__summary_init(&summary);
    pin__outcome_fail(&summary.outcome, PIN_OUTCOME_REFUSED, "Error", "%s", err->message);
    pin__run_output_init(&output, cli, x, true, false);
    pin__run_output_summary(&output, c->name, &summary, (int)code);
    pin__run_output_fini(&output);
    pin__summary_fini(&summary);
    return code;
}

static enum pin_exit
run_call(struct cli *cli, struct pin_executor *x, const struct call *c)
{
    const struct pin_catalog *catalog = pin__executor_catalog(x);
    struct pin_request_options options = { .kind = PIN_TASK_JOB,
                                           .args = { c->args.data, c->args.size },
                                           .tenant = c->tenant,
                                           .wall_ms = c->wall_ms,
                                           .by_name = true };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_summary summary;
    struct pin_job_name name;
    struct run_output output;
    enum pin_exit code;

    if (check_job(catalog, c, &name, &err) != PIN_OK)
        return refuse_call(cli, x, c, &err);
    options.name = name.text;
    pin__summary_init(&summary);
    pin__run_output_init(&output, cli, x, c->json, catalog->multi_tenant);
    pin__cli_stop_on_signals(x, tick, &output);
    if (pin__executor_run(x, &options, &output.sink, &summary, &err) == PIN_OK) {
        code = exit_of_summary(&summary);
        pin__run_output_summary(&output, name.text, &summary, (int)code);
        pin__run_output_fini(&output);
    } else {
        pin__run_output_fini(&output);
        code = pin__cli_fail(cli, &err);
    }
    pin__summary_fini(&summary);
    return code;
}

static enum pin_exit
run_background_job(struct cli *cli, const struct args *a)
{
    struct call c = { .args = PIN_JOB_ARGS_BUF };
    struct pin_executor *x = NULL;
    struct pin_err err = PIN_ERR_INIT;
    enum pin_exit code;

    if (take_call(&c, a, &err) != PIN_OK)
        code = pin__cli_fail(cli, &err);
    else if (pin__cli_open_executor(cli, (unsigned)c.workers, &x, &code))
        code = run_call(cli, x, &c);
    pin__executor_close(x);
    pin__buf_fini(&c.args);
    return code;
}

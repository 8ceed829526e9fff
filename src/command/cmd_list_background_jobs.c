/* cmd_list_background_jobs.c - the project's jobs, with their schedules and what is wrong with
 * them. */
#include "base/quote.h"
#include "command/command.h"
#include "command/project_executor.h"

static const char multi_tenancy_is_off[] =
    "says multiTenant: true, but multi-tenancy is off, so it runs once; set multiTenant: true in "
    "pinstripe.config.js";

/* What a reader should know of a job that is not broken; NULL: nothing. */
static const char *
remark_on(const struct pin_catalog *c, const struct pin_job *job)
{
    return job->multi_tenant == PIN_YES && !c->multi_tenant ? multi_tenancy_is_off : NULL;
}

static void
print_place(FILE *to, const struct pin_broken *b)
{
    pin__cli_put(to, b->file ? b->file : "");
    if (b->line)
        fprintf(to, ":%lld", (long long)b->line);
    fputs(b->file ? ": " : "", to);
}

static void
print_schedule(const struct cli *cli, const struct pin_schedule *s)
{
    fputs("      schedule: ", cli->out);
    pin__cli_put(cli->out, s->cron);
    if (s->time_zone) {
        fputs(" in ", cli->out);
        pin__cli_put(cli->out, s->time_zone);
    }
    if (strcmp(s->args, "[]") != 0) {
        fputs(" with ", cli->out);
        pin__cli_put(cli->out, s->args);
    }
    fputc('\n', cli->out);
}

static void
print_job(const struct cli *cli, const struct pin_catalog *c, const struct pin_job *job)
{
    const char *remark = remark_on(c, job);

    fputs("  * ", cli->out);
    pin__cli_paint(cli, job->broken.message ? STYLE_RED : STYLE_GREEN, "%s", job->name);
    fputc('\n', cli->out);
    if (job->broken.message) {
        fputs("      broken: ", cli->out);
        print_place(cli->out, &job->broken);
        pin__cli_put(cli->out, job->broken.message);
        fputc('\n', cli->out);
        return;
    }
    for (size_t i = 0; i < job->schedule_count; i++)
        print_schedule(cli, &job->schedules[i]);
    if (remark)
        fprintf(cli->out, "      remark: %s\n", remark);
}

static void
print_list(const struct cli *cli, const struct pin_catalog *c)
{
    fputs("\nThe following background jobs are available:\n\n", cli->out);
    for (size_t i = 0; i < c->job_count; i++)
        print_job(cli, c, &c->jobs[i]);
    fputc('\n', cli->out);
}

/* ---- JSON: one line a job ---- */

static void
add_number(struct pin_buf *b, const char *key, uint64_t n)
{
    if (n)
        pin__buf_addf(b, ",\"%s\":%llu", key, (unsigned long long)n);
    else
        pin__buf_addf(b, ",\"%s\":null", key);
}

static void
add_schedules(struct pin_buf *b, const struct pin_job *job)
{
    pin__buf_adds(b, ",\"schedules\":[");
    for (size_t i = 0; i < job->schedule_count; i++) {
        const struct pin_schedule *s = &job->schedules[i];

        pin__buf_adds(b, i ? ",{" : "{");
        pin__buf_add_json_member(b, "cron", s->cron);
        pin__buf_addc(b, ',');
        pin__buf_add_json_member(b, "timeZone", s->time_zone);
        pin__buf_addf(b, ",\"args\":%s}", s->args);
    }
    pin__buf_addc(b, ']');
}

static void
add_broken(struct pin_buf *b, const struct pin_broken *broken)
{
    if (!broken->message) {
        pin__buf_adds(b, ",\"broken\":null");
        return;
    }
    pin__buf_adds(b, ",\"broken\":{");
    pin__buf_add_json_member(b, "message", broken->message);
    pin__buf_addc(b, ',');
    pin__buf_add_json_member(b, "file", broken->file);
    add_number(b, "line", (uint64_t)broken->line);
    pin__buf_addc(b, '}');
}

static void
add_job(struct pin_buf *b, const struct pin_catalog *c, const struct pin_job *job)
{
    static const char *const tri[] = {
        [PIN_UNSAID] = "null", [PIN_NO] = "false", [PIN_YES] = "true"
    };

    pin__buf_addc(b, '{');
    pin__buf_add_json_member(b, "name", job->name);
    pin__buf_addc(b, ',');
    pin__buf_add_json_member(b, "file", job->file);
    pin__buf_addf(b, ",\"multiTenant\":%s,\"tenantsFilter\":%s", tri[job->multi_tenant],
                  job->has_tenants_filter ? "true" : "false");
    add_schedules(b, job);
    add_number(b, "timeoutMs", (uint64_t)job->wall_ms);
    add_number(b, "memoryBytes", job->heap_bytes);
    add_broken(b, &job->broken);
    pin__buf_addc(b, ',');
    pin__buf_add_json_member(b, "remark", job->broken.message ? NULL : remark_on(c, job));
    pin__buf_adds(b, "}\n");
}

static void
print_json(const struct cli *cli, const struct pin_catalog *c)
{
    struct pin_buf b = PIN_BUF_INIT((size_t)16 << 20);

    for (size_t i = 0; i < c->job_count; i++) {
        pin__buf_clear(&b);
        add_job(&b, c, &c->jobs[i]);
        fwrite(pin__buf_text(&b), 1, b.size, cli->out);
    }
    pin__buf_fini(&b);
}

/* ---- what is wrong ---- */

/* Broken files that are no jobs concern every job: they may be what it imports or calls. */
static void
print_problems(const struct cli *cli, const struct pin_catalog *c)
{
    fflush(cli->out);
    for (size_t i = 0; i < c->problem_count; i++) {
        fputs("pinstripe: ", cli->err);
        print_place(cli->err, &c->problems[i]);
        pin__cli_put(cli->err, c->problems[i].message);
        fputc('\n', cli->err);
    }
}

static bool
all_well(const struct pin_catalog *c)
{
    for (size_t i = 0; i < c->job_count; i++)
        if (c->jobs[i].broken.message)
            return false;
    return c->problem_count == 0;
}

static enum pin_exit
list_background_jobs_exec(struct cli *cli, const struct args *a)
{
    struct pin_executor *x = NULL;
    const struct pin_catalog *c;
    enum pin_exit code;

    if (!pin__cli_open_executor(cli, 0, &x, &code))
        return code;
    c = pin__executor_catalog(x);
    if (pin__args_flag(a, "json"))
        print_json(cli, c);
    else
        print_list(cli, c);
    print_problems(cli, c);
    code = all_well(c) ? PIN_EXIT_OK : PIN_EXIT_FAILED;
    pin__executor_close(x);
    return code;
}

static const struct opt opts[] = {
    OPT_FLAG("json", 0, "one JSON line a job"),
    OPT_END,
};

const struct command pin__cmd_list_background_jobs = {
    .name = "list-background-jobs",
    .brief = "list the background jobs of the project, with their schedules",
    .details =
        "A broken job is listed with file, line and reason, and so are, on stderr, broken files\n"
        "that are no jobs. Exit code: 0 when all is well, 1 when something is broken.",
    .opts = opts,
    .needs = NEEDS_PROJECT,
    .exec = list_background_jobs_exec,
};

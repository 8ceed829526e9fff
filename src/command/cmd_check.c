/* cmd_check.c - is the project well: its configuration, its files, its schedules. No database. */
#include "base/clock.h"
#include "base/quote.h"
#include "bot/forecast.h"
#include "command/command.h"
#include "command/project_executor.h"
#include "command/schedule_list.h"

enum { DOCUMENT_BYTES_MAX = 64 << 20, MESSAGE_MAX = 4096 };

static const struct opt opts[] = {
    OPT_FLAG("json", 0, "one JSON document on stdout"),
    OPT_END,
};

struct finding {
    bool is_problem;  /* else a remark */
    const char *kind; /* "job", "file", "schedule" */
    const char *job;  /* NULL: of none */
    const char *file; /* NULL: not known */
    int64_t line;     /* 0: not known */
    const char *message;
};

struct checking {
    struct cli *cli;
    const struct pin_bot_context *bot;
    const struct pin_catalog *catalog;
    int64_t now_ms;
    bool as_json;
    struct pin_buf json[2]; /* remarks, problems: members of their arrays */
    size_t counts[2];
    size_t schedules;
};

/* ---- telling ---- */

static void
add_json(struct checking *c, const struct finding *f)
{
    struct pin_buf *b = &c->json[f->is_problem];

    pin__buf_addf(b, "%s{\"kind\":\"%s\"", b->size ? "," : "", f->kind);
    pin__buf_add_json_member(b, "job", f->job);
    pin__buf_add_json_member(b, "file", f->file);
    if (f->line)
        pin__buf_addf(b, ",\"line\":%lld", (long long)f->line);
    else
        pin__buf_adds(b, ",\"line\":null");
    pin__buf_add_json_member(b, "message", f->message);
    pin__buf_addc(b, '}');
}

static void
print(const struct checking *c, const struct finding *f)
{
    if (f->is_problem)
        pin__cli_paint(c->cli, STYLE_RED, "problem: ");
    else
        pin__cli_paint(c->cli, STYLE_YELLOW, "remark: ");
    pin__cli_put(c->cli->out, f->file ? f->file : f->job ? f->job : "");
    if (f->file && f->line)
        fprintf(c->cli->out, ":%lld", (long long)f->line);
    fputs(f->file || f->job ? ": " : "", c->cli->out);
    pin__cli_put(c->cli->out, f->message);
    fputc('\n', c->cli->out);
}

static void
find(struct checking *c, struct finding f)
{
    c->counts[f.is_problem]++;
    if (c->as_json)
        add_json(c, &f);
    else
        print(c, &f);
}

/* ---- looking ---- */

static void
find_broken(struct checking *c, const char *kind, const struct pin_job *job,
            const struct pin_broken *b)
{
    find(c, (struct finding){ .is_problem = true,
                              .kind = kind,
                              .job = job ? job->name : NULL,
                              .file = b->file ? b->file
                                      : job   ? job->file
                                              : NULL,
                              .line = b->line,
                              .message = b->message });
}

static void
check_schedule(struct checking *c, const struct pin_job *job, const struct pin_schedule *s)
{
    struct finding f = { .kind = "schedule", .job = job->name, .file = job->file };
    struct pin_err err = PIN_ERR_INIT;
    char message[MESSAGE_MAX];
    struct pin_bot_when when;

    f.message = message;
    c->schedules++;
    if (pin__bot_when_of(c->bot, s, &when, &err) != PIN_OK) {
        snprintf(message, sizeof message, "its schedule %s never runs: %s",
                 pin__quote_text(s->cron).text, err.message);
        f.is_problem = true;
        find(c, f);
    } else if (pin__bot_next_due(&when, c->now_ms) == INT64_MAX) {
        snprintf(message, sizeof message, "its schedule %s never fires",
                 pin__quote_text(s->cron).text);
        f.is_problem = true;
        find(c, f);
    } else if (job->multi_tenant == PIN_NO && s->time_zone &&
               strcmp(s->time_zone, PIN_TENANT_ZONE) == 0) {
        snprintf(message, sizeof message,
                 "its schedule %s says timeZone: 'tenant', but the job says multiTenant: false, so"
                 " it runs once, by the project's clock",
                 pin__quote_text(s->cron).text);
        find(c, f);
    }
}

static void
check_job(struct checking *c, const struct pin_job *job)
{
    if (job->broken.message) {
        find_broken(c, "job", job, &job->broken);
        return;
    }
    if (job->multi_tenant == PIN_YES && !c->catalog->multi_tenant)
        find(c, (struct finding){ .kind = "job",
                                  .job = job->name,
                                  .file = job->file,
                                  .message = "it says multiTenant: true, but multi-tenancy is off,"
                                             " so it runs once; set multiTenant: true in"
                                             " pinstripe.config.js" });
    for (size_t i = 0; i < job->schedule_count; i++)
        check_schedule(c, job, &job->schedules[i]);
}

static void
check_all(struct checking *c)
{
    for (size_t i = 0; i < c->catalog->job_count; i++)
        check_job(c, &c->catalog->jobs[i]);
    for (size_t i = 0; i < c->catalog->problem_count; i++)
        find_broken(c, "file", NULL, &c->catalog->problems[i]);
}

/* ---- the end ---- */

static void
count_of(FILE *to, size_t n, const char *what, const char *behind)
{
    fprintf(to, "%zu %s%s%s", n, what, n == 1 ? "" : "s", behind);
}

static void
print_summary(const struct checking *c)
{
    count_of(c->cli->out, c->catalog->job_count, "job", ", ");
    count_of(c->cli->out, c->schedules, "schedule", ", ");
    count_of(c->cli->out, c->catalog->migration_count, "migration", ": ");
    if (c->counts[true])
        count_of(c->cli->out, c->counts[true], "problem", "\n");
    else
        fputs("no problems\n", c->cli->out);
}

static pin_status
print_document(const struct checking *c, struct pin_err *err)
{
    struct pin_buf b = PIN_BUF_INIT(4096);
    pin_status st;

    if ((st = pin__buf_check(&c->json[true], "the document", err)) != PIN_OK ||
        (st = pin__buf_check(&c->json[false], "the document", err)) != PIN_OK)
        return st;
    pin__buf_addf(&b, "{\"schema\":\"check\",\"version\":1,\"jobs\":%zu,\"schedules\":%zu",
                  c->catalog->job_count, c->schedules);
    pin__buf_addf(&b, ",\"migrations\":%zu", c->catalog->migration_count);
    pin__buf_add_json_member(&b, "environment", c->catalog->environment);
    fputs(pin__buf_text(&b), c->cli->out);
    fprintf(c->cli->out, ",\"problems\":[%s],\"remarks\":[%s]}\n", pin__buf_text(&c->json[true]),
            pin__buf_text(&c->json[false]));
    pin__buf_fini(&b);
    return PIN_OK;
}

static enum pin_exit
check_exec(struct cli *cli, const struct args *a)
{
    struct checking c = { .cli = cli,
                          .as_json = pin__args_flag(a, "json"),
                          .json = { PIN_BUF_INIT(DOCUMENT_BYTES_MAX),
                                    PIN_BUF_INIT(DOCUMENT_BYTES_MAX) } };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_bot_context bot;
    struct pin_executor *x = NULL;
    enum pin_exit code;

    if (!pin__cli_open_executor(cli, 1, &x, &code))
        return code;
    c.catalog = pin__executor_catalog(x);
    c.now_ms = pin__clock_wall().ms;
    if (pin__schedule_context(&bot, cli, c.catalog, NULL, &code)) {
        c.bot = &bot;
        check_all(&c);
        code = c.counts[true] ? PIN_EXIT_FAILED : PIN_EXIT_OK;
        if (!c.as_json)
            print_summary(&c);
        else if (print_document(&c, &err) != PIN_OK)
            code = pin__cli_fail(cli, &err);
        pin__zones_free(bot.zones);
    }
    pin__executor_close(x);
    pin__buf_fini(&c.json[0]);
    pin__buf_fini(&c.json[1]);
    return code;
}

const struct command pin__cmd_check = {
    .name = "check",
    .brief = "check the project: its configuration, its files and its schedules",
    .details =
        "No database is needed. Exit code: 0 when all is well, 1 when there are problems, 78 "
        "when\n"
        "pinstripe.config.js is wrong. Remarks are no problems.",
    .opts = opts,
    .needs = NEEDS_PROJECT,
    .exec = check_exec,
};

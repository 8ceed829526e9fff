/* cmd_next_runs.c - when the project's schedules will fire, in order. Reads no database. */
#include "base/clock.h"
#include "bot/forecast.h"
#include "command/command.h"
#include "command/job_args.h"
#include "command/project_executor.h"
#include "command/schedule_list.h"
#include "command/table.h"
#include "job/enqueue.h"
#include "schedule/time_text.h"

enum { COUNT = 10, COUNT_MAX = 10000, LINE_BYTES_MAX = 16 << 20 };

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "only of this job, in any spelling"),
    OPT_STR("from", 0, "TIME", "from then on (default: now)"),
    OPT_STR("to", 0, "TIME", "before then"),
    OPT_STR("count", 'n', "N", "at most so many (default: 10; with --to all, at most 10000)"),
    OPT_FLAG("json", 0, "one JSON line each"),
    OPT_END,
};

static const char *const headings[] = { "UTC", "LOCAL", "ZONE", "JOB", "REMARK", NULL };

struct next {
    struct cli *cli;
    const struct pin_bot_context *bot;
    int64_t from_ms, to_ms, count;
    bool json;
    struct table table;
};

/* ---- times ---- */

/* An instant; or what the clocks of the project show, the earliest instant at which they do. */
static pin_status
take_time(const struct next *n, const struct args *a, const char *option, int64_t *out,
          struct pin_err *err)
{
    const char *text = pin__args_value(a, option);
    struct pin_bot_zone zone;
    struct pin_zone_gap gap;
    int64_t wall_ms, instants[2];
    char utc[64];
    pin_status st;

    if (!text || pin__time_parse(out, text, err) == PIN_OK)
        return PIN_OK;
    snprintf(utc, sizeof utc, "%.60sZ", text);
    if (pin__time_parse(&wall_ms, utc, NULL) != PIN_OK)
        return pin__err_set(
            err, PIN_INVALID,
            "--%s: the time \"%.60s\" cannot be read; write 2026-03-08T02:30, as the"
            " clocks of the project show it, or 2026-03-08T07:30Z",
            option, text);
    if ((st = pin__bot_zone(n->bot, NULL, &zone, err)) != PIN_OK)
        return st;
    if (pin__zone_wall_instants(zone.zone, pin__bot_seconds(wall_ms), instants, &gap) == 0)
        instants[0] = gap.at;
    *out = instants[0] * 1000;
    return PIN_OK;
}

static pin_status
take(struct next *n, const struct args *a, struct pin_err *err)
{
    pin_status st;

    n->json = pin__args_flag(a, "json");
    n->from_ms = pin__clock_wall().ms;
    n->to_ms = INT64_MAX;
    n->count = pin__args_value(a, "to") ? COUNT_MAX : COUNT;
    if ((st = take_time(n, a, "from", &n->from_ms, err)) != PIN_OK ||
        (st = take_time(n, a, "to", &n->to_ms, err)) != PIN_OK)
        return st;
    return pin__args_number(a, "count", 1, COUNT_MAX, &n->count, err);
}

/* ---- lines ---- */

static void
remark_words(const struct pin_upcoming *u, char out[2 * PIN_BOT_REMARK])
{
    snprintf(out, 2 * PIN_BOT_REMARK, "%s%s%s", u->by_tenant ? "by each tenant's own clock" : "",
             u->by_tenant && *u->remark ? "; " : "", u->remark);
}

static void
add_row(struct next *n, const struct pin_upcoming *u)
{
    char utc[PIN_TIME_TEXT_SIZE], local[PIN_TIME_TEXT_SIZE], remark[2 * PIN_BOT_REMARK];

    pin__time_text(u->at_ms, 0, false, utc);
    pin__time_text(u->at_ms, pin__zone_offset(u->zone.zone, u->at_ms / 1000), false, local);
    remark_words(u, remark);
    pin__table_add(&n->table, utc);
    pin__table_add(&n->table, local);
    pin__table_add(&n->table, u->zone.name);
    pin__table_add(&n->table, u->job->name);
    pin__table_add(&n->table, remark);
}

static void
print_json(const struct next *n, const struct pin_upcoming *u)
{
    struct pin_buf b = PIN_BUF_INIT(LINE_BYTES_MAX);
    char utc[PIN_TIME_TEXT_SIZE], local[PIN_TIME_TEXT_SIZE];

    pin__time_text(u->at_ms, 0, false, utc);
    pin__time_text(u->at_ms, pin__zone_offset(u->zone.zone, u->at_ms / 1000), false, local);
    pin__buf_addc(&b, '{');
    pin__buf_add_json_member(&b, "utc", utc);
    pin__buf_add_json_member(&b, "local", local);
    pin__buf_add_json_member(&b, "zone", u->zone.name);
    pin__buf_add_json_member(&b, "job", u->job->name);
    pin__buf_add_json_member(&b, "cron", u->schedule->cron);
    pin__buf_addf(&b, ",\"args\":%s,\"byTenant\":%s", u->schedule->args,
                  u->by_tenant ? "true" : "false");
    pin__buf_add_json_member(&b, "remark", *u->remark ? u->remark : NULL);
    pin__buf_adds(&b, "}\n");
    fwrite(pin__buf_text(&b), 1, b.size, n->cli->out);
    pin__buf_fini(&b);
}

static pin_status
print(struct next *n, const struct pin_job *job, struct pin_err *err)
{
    struct pin_forecast *f;
    struct pin_upcoming u;
    int64_t shown = 0;
    pin_status st = pin__forecast_open(&f, n->bot, job, n->from_ms, err);

    if (st != PIN_OK)
        return st;
    pin__table_init(&n->table, headings);
    while (shown < n->count && pin__forecast_next(f, &u) && u.at_ms < n->to_ms) {
        if (n->json)
            print_json(n, &u);
        else
            add_row(n, &u);
        shown++;
    }
    st = pin__table_print(&n->table, n->cli->out, pin__table_terminal_width(n->cli->out), err);
    if (shown == 0)
        pin__cli_say(n->cli, "pinstripe: nothing is scheduled%s%s", job ? " for " : "",
                     job ? job->name : "");
    pin__table_fini(&n->table);
    pin__forecast_close(f);
    return st;
}

/* ---- the command ---- */

static pin_status
run(struct next *n, const struct args *a, struct pin_err *err)
{
    const char *name = pin__args_value(a, "name");
    const struct pin_job *job = NULL;
    pin_status st;

    if ((st = take(n, a, err)) != PIN_OK)
        return st;
    if (name && (st = pin__catalog_find(n->bot->catalog, name, &job, err)) != PIN_OK) {
        if (st == PIN_NOT_FOUND)
            pin__job_args_suggest(err, n->bot->catalog, name);
        return st;
    }
    return print(n, job, err);
}

static enum pin_exit
next_runs_exec(struct cli *cli, const struct args *a)
{
    struct pin_err err = PIN_ERR_INIT;
    struct next n = { .cli = cli };
    struct pin_bot_context bot;
    struct pin_executor *x = NULL;
    enum pin_exit code;

    if (!pin__cli_open_executor(cli, 1, &x, &code))
        return code;
    if (pin__schedule_context(&bot, cli, pin__executor_catalog(x), NULL, &code)) {
        n.bot = &bot;
        code = run(&n, a, &err) == PIN_OK ? PIN_EXIT_OK : pin__cli_fail(cli, &err);
        pin__zones_free(bot.zones);
    }
    pin__executor_close(x);
    return code;
}

const struct command pin__cmd_next_runs = {
    .name = "next-runs",
    .args = "[NAME]",
    .brief = "show when the schedules fire next, with remarks where clocks change",
    .details = "A TIME is an instant, 2026-03-08T07:30Z, or what the clocks of the project show, "
               "2026-03-08T02:30.\n"
               "No database is read: what is paused is shown as well.",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_PROJECT,
    .exec = next_runs_exec,
};

/* cmd_pause_schedule.c - pausing schedules and having them go on: two commands. */
#include "base/clock.h"
#include "base/quote.h"
#include "command/command.h"
#include "command/schedule_list.h"

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "a job: all its schedules; or a schedule's id"),
    OPT_FLAG("json", 0, "one JSON document on stdout"),
    OPT_END,
};

static void
tell(const struct cli *cli, const char *name, bool paused, size_t count, bool json)
{
    struct pin_buf b = PIN_BUF_INIT(4096);

    if (json) {
        pin__buf_adds(&b, "{\"schema\":\"pause-schedule\",\"version\":1,\"name\":");
        pin__buf_add_json_string(&b, name, strlen(name));
        pin__buf_addf(&b, ",\"paused\":%s,\"schedules\":%zu}", paused ? "true" : "false", count);
    } else
        pin__buf_addf(&b, "%s: %zu schedule%s %s", name, count, count == 1 ? "" : "s",
                      paused ? "paused" : "go on");
    pin__cli_put(cli->out, pin__buf_text(&b));
    fputc('\n', cli->out);
    pin__buf_fini(&b);
}

/* A name of all zones of a schedule is no id of the store: each of them is one. */
static pin_status
pause_list(const struct project_store *p, const struct schedule_list *all, bool paused,
           int64_t now_ms, size_t *count, struct pin_err *err)
{
    pin_status st = pin__store_begin(p->store, err);
    size_t one;

    if (st != PIN_OK)
        return st;
    *count = 0;
    for (size_t i = 0; st == PIN_OK && i < all->count; i++) {
        if (!all->items[i].known)
            continue;
        st = pin__store_schedule_pause(p->store, all->items[i].row.id, paused, now_ms, &one, err);
        *count += st == PIN_OK ? one : 0;
        if (st == PIN_NOT_FOUND)
            st = PIN_OK; /* a bot has just removed it */
    }
    if (st == PIN_OK)
        return pin__store_commit(p->store, err);
    pin__store_rollback(p->store);
    return st;
}

static pin_status
pause(const struct cli *cli, const struct project_store *p, const struct schedule_name *name,
      bool paused, size_t *count, struct pin_err *err)
{
    const int64_t now_ms = pin__clock_wall().ms;
    struct pin_bot_context bot;
    struct schedule_list all;
    enum pin_exit code;
    pin_status st;

    if (!pin__schedule_context(&bot, cli, p->catalog, p->store, &code))
        return PIN_NO_MEMORY;
    st = pin__schedule_list_read(&all, p, &bot, name, now_ms, err);
    if (st == PIN_OK) {
        st = pause_list(p, &all, paused, now_ms, count, err);
        if (st == PIN_OK && *count == 0)
            st = pin__err_set(err, PIN_NOT_FOUND,
                              "no bot has read the schedules of %s yet, so there is nothing to"
                              " %s; start-bot reads them",
                              all.items[0].row.job, paused ? "pause" : "resume");
        pin__schedule_list_fini(&all);
    }
    pin__zones_free(bot.zones);
    return st;
}

static enum pin_exit
exec(struct cli *cli, const struct args *a, bool paused)
{
    const char *text = pin__args_value(a, "name");
    struct pin_err err = PIN_ERR_INIT;
    struct schedule_name name;
    struct project_store p;
    enum pin_exit code;
    size_t count;
    pin_status st;

    if (!text)
        return pin__cli_refuse(cli, PIN_INVALID,
                               "which schedule? give the name of a job, or an id as list-schedules"
                               " shows it");
    if (pin__schedule_name_take(&name, text, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (!pin__cli_open_store(cli, true, &p, &code))
        return code;
    st = pause(cli, &p, &name, paused, &count, &err);
    code = PIN_EXIT_OK;
    if (st == PIN_OK)
        tell(cli, name.id ? name.id : name.job.text, paused, count, pin__args_flag(a, "json"));
    else if (st == PIN_NOT_FOUND || st == PIN_CONFIG)
        code = pin__cli_fail(cli, &err);
    else
        code = pin__cli_fail_store(cli, &err);
    pin__cli_close_store(&p);
    return code;
}

static enum pin_exit
pause_schedule_exec(struct cli *cli, const struct args *a)
{
    return exec(cli, a, true);
}

static enum pin_exit
resume_schedule_exec(struct cli *cli, const struct args *a)
{
    return exec(cli, a, false);
}

const struct command pin__cmd_pause_schedule = {
    .name = "pause-schedule",
    .args = "NAME",
    .brief = "let nothing run by a schedule until resume-schedule",
    .details = "Due times that come meanwhile are kept as paused and do not run later. The job can "
               "still be\n"
               "run and enqueued by hand.",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_PROJECT,
    .exec = pause_schedule_exec,
};

const struct command pin__cmd_resume_schedule = {
    .name = "resume-schedule",
    .args = "NAME",
    .brief = "let a paused schedule go on, from its next due time",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_PROJECT,
    .exec = resume_schedule_exec,
};

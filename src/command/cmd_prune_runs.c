/* cmd_prune_runs.c - delete what ended long ago. */
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/quote.h"
#include "command/command.h"
#include "command/human.h"
#include "command/progress.h"
#include "command/project_store.h"
#include "project/names.h"

static const struct opt opts[] = {
    OPT_STR("older-than", 0, "DURATION", "what ended longer ago than 30d, 12h, 2w"),
    OPT_FLAG("all", 'a', "everything that has ended, however lately"),
    OPT_STR("job", 'j', "NAME", "only runs of this job, in any spelling"),
    OPT_STR("state", 's', "STATE", "only those that succeeded, failed or cancelled"),
    OPT_FLAG("yes", 'y', "do not ask"),
    OPT_FLAG("dry-run", 'n', "tell how many it would be, and do nothing"),
    OPT_FLAG("json", 0, "one JSON document on stdout"),
    OPT_END,
};

struct call {
    struct pin_prune prune;
    struct pin_job_name job;
    bool yes, json, all;
    int64_t older_ms;
};

static pin_status
take_age(struct call *c, const struct args *a, struct pin_err *err)
{
    const char *older = pin__args_value(a, "older-than");
    pin_status st;

    c->all = pin__args_flag(a, "all");
    c->prune.now_ms = pin__clock_wall().ms;
    if (!older == !c->all)
        return pin__err_set(err, PIN_INVALID,
                            "give --older-than DURATION, or --all for everything that has ended%s",
                            older ? ", not both" : "");
    if (older && (st = pin__duration_parse(&c->older_ms, older, err)) != PIN_OK) {
        pin__err_prefix(err, "--older-than");
        return st;
    }
    c->prune.before_ms = older ? c->prune.now_ms - c->older_ms : c->prune.now_ms + 1;
    return PIN_OK;
}

static pin_status
take_job(struct call *c, const char *text, struct pin_err *err)
{
    if (!text)
        return PIN_OK;
    if (pin__names_job((struct pin_bytes){ text, strlen(text) }, &c->job, err) != PIN_OK) {
        pin__err_prefix(err, "--job %s", pin__quote_text(text).text);
        return PIN_INVALID;
    }
    c->prune.job = c->job.text;
    return PIN_OK;
}

static pin_status
take_call(struct call *c, const struct args *a, struct pin_err *err)
{
    const char *state = pin__args_value(a, "state");
    pin_status st;

    c->yes = pin__args_flag(a, "yes");
    c->json = pin__args_flag(a, "json");
    c->prune.dry_run = pin__args_flag(a, "dry-run");
    if ((st = take_age(c, a, err)) != PIN_OK ||
        (st = take_job(c, pin__args_value(a, "job"), err)) != PIN_OK || !state)
        return st;
    c->prune.has_state = true;
    if (!pin__run_state_parse(state, &c->prune.state) || !pin__run_is_final(c->prune.state))
        return pin__err_set(err, PIN_INVALID, "--state %s: is succeeded, failed or cancelled",
                            pin__quote_text(state).text);
    return PIN_OK;
}

static pin_status
count(struct pin_store *s, const struct call *c, size_t *found, struct pin_err *err)
{
    struct pin_prune look = c->prune;
    bool more;

    look.dry_run = true;
    return pin__store_prune(s, &look, found, &more, err);
}

/* On a terminal. Without one an age is a plain enough wish, but everything needs --yes. */
static pin_status
ask(const struct cli *cli, const struct call *c, size_t found, struct pin_err *err)
{
    char answer[16] = "";

    if (c->yes || !found)
        return PIN_OK;
    if (isatty(STDIN_FILENO) != 1)
        return c->all ? pin__err_set(err, PIN_INVALID,
                                     "this deletes the whole history, %zu run%s; give --yes to do "
                                     "it without being asked, or --dry-run to see how many",
                                     found, found == 1 ? "" : "s")
                      : PIN_OK;
    fprintf(cli->err, "Delete %s run%s and what they printed? [y/N] ",
            pin__human_count((int64_t)found).text, found == 1 ? "" : "s");
    fflush(cli->err);
    if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
        return pin__err_set(err, PIN_FAILED, "nothing was deleted");
    return PIN_OK;
}

static pin_status
prune(const struct cli *cli, struct pin_store *s, const struct call *c, size_t total,
      size_t *deleted, struct pin_err *err)
{
    struct progress progress;
    pin_status st = PIN_OK;
    bool more = true;

    pin__progress_init(&progress, cli, "runs deleted", (int64_t)total);
    while (st == PIN_OK && more) {
        size_t n = 0;

        st = pin__store_prune(s, &c->prune, &n, &more, err);
        *deleted += n;
        if (more)
            pin__cli_let_others_write();
        pin__progress_tell(&progress, (int64_t)*deleted);
    }
    pin__progress_fini(&progress);
    return st;
}

static void
tell_result(const struct cli *cli, const struct call *c, size_t n)
{
    if (c->json)
        fprintf(cli->out, "{\"schema\":\"pruned\",\"version\":1,\"dryRun\":%s,\"%s\":%zu}\n",
                c->prune.dry_run ? "true" : "false", c->prune.dry_run ? "matched" : "pruned", n);
    else
        fprintf(cli->out, "%s %s run%s\n", c->prune.dry_run ? "Would delete" : "Deleted",
                pin__human_count((int64_t)n).text, n == 1 ? "" : "s");
}

static enum pin_exit
prune_runs(struct cli *cli, struct project_store *p, const struct call *c)
{
    struct pin_err err = PIN_ERR_INIT;
    size_t found = 0, deleted = 0;
    pin_status st = count(p->store, c, &found, &err);

    if (st != PIN_OK)
        return pin__cli_fail_store(cli, &err);
    if (c->prune.dry_run) {
        tell_result(cli, c, found);
        return PIN_EXIT_OK;
    }
    if (ask(cli, c, found, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    st = prune(cli, p->store, c, found, &deleted, &err);
    tell_result(cli, c, deleted);
    return st == PIN_OK ? PIN_EXIT_OK : pin__cli_fail_store(cli, &err);
}

static enum pin_exit
prune_runs_exec(struct cli *cli, const struct args *a)
{
    struct call c = { .older_ms = 0 };
    struct pin_err err = PIN_ERR_INIT;
    struct project_store p;
    enum pin_exit code;

    if (take_call(&c, a, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (!pin__cli_open_store(cli, false, &p, &code))
        return code;
    code = prune_runs(cli, &p, &c);
    pin__cli_close_store(&p);
    return code;
}

const struct command pin__cmd_prune_runs = {
    .name = "prune-runs",
    .brief = "delete runs that ended long ago, with what they printed",
    .details =
        "Also forgets what became of the due times of schedules before then, unless --job or "
        "--state is\n"
        "given. Runs that have not ended are never deleted. It works in short transactions "
        "and can be\n"
        "stopped and started again. Asks on a terminal; elsewhere only --all needs --yes.",
    .opts = opts,
    .needs = NEEDS_PROJECT,
    .exec = prune_runs_exec,
};

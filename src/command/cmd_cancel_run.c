/* cmd_cancel_run.c - have runs not happen, or stop. */
#include "command/command.h"
#include "command/human.h"
#include "command/run_changes.h"

static bool
applies(enum pin_run_state state)
{
    return !pin__run_is_final(state);
}

static void
narrow(struct pin_run_filter *filter)
{
    filter->live = true;
}

static void
tell(const struct cli *cli, int64_t done, int64_t asked)
{
    fprintf(cli->out, "Cancelled %s run%s", pin__human_count(done).text, done == 1 ? "" : "s");
    if (asked)
        fprintf(cli->out, "; %s more %s asked to stop", pin__human_count(asked).text,
                asked == 1 ? "was" : "were");
    fputc('\n', cli->out);
}

static const struct run_change cancel = {
    .verb = "cancel",
    .json_done = "cancelled",
    .json_asked = "stopping",
    .which = "that have not ended",
    .applies = applies,
    .narrow = narrow,
    .apply = pin__store_cancel,
    .is_done = pin__run_is_final,
    .tell = tell,
};

static enum pin_exit
cancel_run_exec(struct cli *cli, const struct args *a)
{
    return pin__run_change_exec(cli, a, &cancel);
}

static const struct opt opts[] = { RUN_CHANGE_OPTS, OPT_END };

const struct command pin__cmd_cancel_run = {
    .name = "cancel-run",
    .args = "[ID...]",
    .brief = "cancel runs: by id, by a filter, or --all that have not ended",
    .details =
        "A run that waits ends as cancelled at once; one that runs is asked to stop, and its "
        "worker hears\n"
        "of it within seconds; a job in C that asks whether it was cancelled then has 5 s to end.\n"
        "A parent's runs for tenants are cancelled with it.\n"
        "Exit code: 0; 3 no such run; 4 it has ended already.",
    .opts = opts,
    .more_words = true,
    .needs = NEEDS_PROJECT,
    .exec = cancel_run_exec,
};

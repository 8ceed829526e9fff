/* cmd_retry_run.c - put runs that failed or were cancelled back in the queue. */
#include "command/command.h"
#include "command/human.h"
#include "command/run_changes.h"

static bool
applies(enum pin_run_state state)
{
    return pin__run_may(state, PIN_EVENT_REOPEN);
}

static void
narrow(struct pin_run_filter *filter)
{
    filter->has_state = true;
    filter->state = PIN_RUN_FAILED;
}

static bool
is_done(enum pin_run_state state)
{
    (void)state;
    return true;
}

static void
tell(const struct cli *cli, int64_t done, int64_t asked)
{
    (void)asked;
    fprintf(cli->out, "Put %s run%s back in the queue\n", pin__human_count(done).text,
            done == 1 ? "" : "s");
}

static const struct run_change retry = {
    .verb = "retry",
    .json_done = "retried",
    .which = "that failed or were cancelled",
    .applies = applies,
    .narrow = narrow,
    .parents_first = true,
    .apply = pin__store_retry,
    .is_done = is_done,
    .tell = tell,
};

static enum pin_exit
retry_run_exec(struct cli *cli, const struct args *a)
{
    return pin__run_change_exec(cli, a, &retry);
}

static const struct opt opts[] = { RUN_CHANGE_OPTS, OPT_END };

const struct command pin__cmd_retry_run = {
    .name = "retry-run",
    .args = "[ID...]",
    .brief = "put failed runs back in the queue: by id, by a filter, or --all that failed",
    .details =
        "A run keeps its id and its reasons, and gets as many attempts as it had at first. A "
        "filter is\n"
        "about failed runs, unless --state cancelled is given. With a parent those of its "
        "runs for tenants\n"
        "go that failed or were cancelled.\n"
        "Exit code: 0; 3 no such run; 4 it has not ended, or has succeeded.",
    .opts = opts,
    .more_words = true,
    .needs = NEEDS_PROJECT,
    .exec = retry_run_exec,
};

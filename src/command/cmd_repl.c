/* cmd_repl.c - evaluate what a person types, with the project's services at hand. */
#include <unistd.h>

#include "command/command.h"
#include "command/human.h"
#include "command/project_executor.h"
#include "command/run_output.h"
#include "command/run_view.h"
#include "command/table.h"
#include "repl/repl.h"
#include "schedule/time_text.h"
#include "store/state.h"

static const struct opt opts[] = {
    OPT_STR("tenant", 't', "TENANT", "begin as this tenant, by name or id"),
    OPT_FLAG("watch", 0, "load the project anew when a file changes (default in development)"),
    OPT_FLAG("no-watch", 0, "do not"),
    OPT_END,
};

enum { RUNS_SHOWN = 20 };

struct session {
    struct cli *cli;
    struct pin_executor *executor;
    struct run_output output;
};

/* ---- .jobs and .runs ---- */

static void
print_table(struct session *s, struct table *t, const char *nothing)
{
    struct pin_err err = PIN_ERR_INIT;

    pin__run_output_flush(&s->output);
    if (!t->count)
        pin__cli_say(s->cli, "pinstripe: %s", nothing);
    else if (pin__table_print(t, s->cli->out, pin__table_terminal_width(s->cli->out), &err) !=
             PIN_OK)
        (void)pin__cli_fail(s->cli, &err);
    fflush(s->cli->out);
    pin__table_fini(t);
}

static void
list_jobs(void *context)
{
    static const char *const headings[] = { "JOB", "SCHEDULE", "NOTE", NULL };
    struct session *s = context;
    const struct pin_catalog *catalog = pin__executor_catalog(s->executor);
    struct table t;

    pin__table_init(&t, headings);
    for (size_t i = 0; i < catalog->job_count; i++) {
        const struct pin_job *job = &catalog->jobs[i];

        pin__table_add(&t, job->name);
        pin__table_add(&t, job->schedule_count ? job->schedules[0].cron : NULL);
        pin__table_add(&t, job->broken.message);
    }
    print_table(s, &t, "there are no background jobs; pinstripe generate-background-job makes one");
}

static pin_status
add_run(void *context, const struct pin_run_row *row, struct pin_err *err)
{
    struct table *t = context;
    int64_t now_ms = pin__clock_wall().ms, wall_us = pin__run_view_wall_us(row, now_ms);
    char id[PIN_RUN_ID_TEXT];

    (void)err;
    pin__run_id_text(&row->id, id);
    pin__table_add(t, id);
    pin__table_add(t, row->job);
    pin__table_add(t, row->tenant);
    pin__table_add(t, pin__run_state_name(row->state));
    pin__table_add(t, pin__human_ago(row->created_ms, now_ms).text);
    pin__table_add(t, wall_us >= 0 ? pin__human_duration(wall_us).text : NULL);
    return PIN_OK;
}

static void
list_runs(void *context)
{
    static const char *const headings[] = { "RUN", "JOB", "TENANT", "STATE", "MADE", "TOOK", NULL };
    struct pin_run_filter filter = { .limit = RUNS_SHOWN };
    struct session *s = context;
    struct pin_err err = PIN_ERR_INIT;
    struct pin_store *store = pin__executor_store(s->executor, &err);
    struct table t;

    pin__executor_flush(s->executor);
    pin__table_init(&t, headings);
    if (!store || pin__store_list(store, &filter, add_run, &t, &err) != PIN_OK) {
        pin__table_fini(&t);
        (void)pin__cli_fail(s->cli, &err);
        return;
    }
    print_table(s, &t, "no runs");
}

/* ---- the command ---- */

static enum pin_exit
exit_code(const struct pin_repl_end *end, bool terminal)
{
    if (end->signal)
        return (enum pin_exit)(128 + end->signal);
    return end->failed && !terminal ? PIN_EXIT_FAILED : PIN_EXIT_OK;
}

static bool
watches_files(const struct cli *cli, const struct args *a)
{
    if (pin__args_flag(a, "no-watch"))
        return false;
    return pin__args_flag(a, "watch") || strcmp(cli->environment, "development") == 0;
}

static enum pin_exit
run_session(struct session *s, const struct args *a)
{
    struct pin_repl_options options = { .executor = s->executor,
                                        .sink = &s->output.sink,
                                        .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
                                        .colors = s->cli->out_color,
                                        .watches_files = watches_files(s->cli, a),
                                        .tenant = pin__args_value(a, "tenant"),
                                        .context = s,
                                        .list_jobs = list_jobs,
                                        .list_runs = list_runs };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_repl_end end;
    pin_status st;

    pin__run_output_init_dialog(&s->output, s->cli, s->executor,
                                pin__executor_catalog(s->executor)->multi_tenant);
    st = pin__repl_run(&options, &end, &err);
    pin__run_output_fini(&s->output);
    return st == PIN_OK ? exit_code(&end, options.terminal) : pin__cli_fail(s->cli, &err);
}

static enum pin_exit
repl(struct cli *cli, const struct args *a)
{
    struct session s = { .cli = cli };
    enum pin_exit code;

    if (pin__cli_open_executor_as(cli, 0, PIN_TRIGGER_REPL, &s.executor, &code))
        code = run_session(&s, a);
    pin__executor_close(s.executor);
    return code;
}

const struct command pin__cmd_repl = {
    .name = "repl",
    .alias = "start-repl",
    .brief = "evaluate JavaScript line by line, with the project's services at hand",
    .details = "Every service is a global, await works at the top level, and .help lists the "
               "commands of the\nREPL itself. Lines that are piped in are evaluated one after the "
               "other, without a prompt; the\nexit code is 1 when one of them failed.",
    .opts = opts,
    .needs = NEEDS_PROJECT,
    .exec = repl,
};

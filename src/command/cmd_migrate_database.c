/* cmd_migrate_database.c - bring the database up to the project's migrations. */
#include <jansson.h>
#include <signal.h>

#include "command/command.h"
#include "command/migrate.h"
#include "command/project_executor.h"
#include "command/project_store.h"
#include "command/project_types.h"
#include "command/run_output.h"

static void
tick(void *output)
{
    pin__run_output_tick(output);
}

static void
take_result(const struct cli *cli, const struct pin_buf *value)
{
    json_t *document = json_loadb(pin__buf_text(value), value->size, 0, NULL);
    json_t *applied = json_object_get(document, "applied"), *name;
    size_t i;

    json_array_foreach(applied, i, name)
    {
        pin__cli_paint(cli, STYLE_GREEN, "Applied migration: %s", json_string_value(name));
        fputc('\n', cli->out);
    }
    if (!json_array_size(applied))
        pin__cli_say(cli, "pinstripe: the database is up to date");
    pin__types_refresh(cli, cli->root, json_string_value(json_object_get(document, "types")));
    json_decref(document);
}

/* What a script may want to tell apart: the errors of the database carry a code. */
static const struct {
    const char *code;
    enum pin_exit exit_code;
} codes[] = {
    { "DATABASE_UNAVAILABLE", PIN_EXIT_UNAVAILABLE },
    { "DATABASE_BUSY", PIN_EXIT_TRY_AGAIN },
};

static enum pin_exit
exit_of_error(const struct pin_buf *error)
{
    json_t *document = json_loadb(pin__buf_text(error), error->size, JSON_ALLOW_NUL, NULL);
    json_t *properties = json_object_get(document, "properties");
    const char *code = json_string_value(json_object_get(properties, "code"));
    enum pin_exit exit_code = PIN_EXIT_FAILED;

    for (size_t i = 0; code && i < sizeof codes / sizeof *codes; i++)
        if (strcmp(codes[i].code, code) == 0)
            exit_code = codes[i].exit_code;
    json_decref(document);
    return exit_code;
}

static enum pin_exit
exit_of(const struct pin_summary *s)
{
    switch (s->outcome.kind) {
    case PIN_OUTCOME_SUCCEEDED:
        return PIN_EXIT_OK;
    case PIN_OUTCOME_TIMED_OUT:
        return PIN_EXIT_TIMED_OUT;
    case PIN_OUTCOME_CANCELLED:
        return pin__cli_stop_signal() == SIGINT ? PIN_EXIT_INTERRUPTED : PIN_EXIT_TERMINATED;
    default:
        return exit_of_error(&s->outcome.error);
    }
}

enum pin_exit
pin__migrate(struct cli *cli, struct pin_executor *x)
{
    struct pin_request_options options = { .kind = PIN_TASK_MIGRATE, .name = "migrate-database" };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_summary summary;
    struct run_output output;
    enum pin_exit code;
    pin_status st;

    pin__summary_init(&summary);
    pin__run_output_init(&output, cli, x, false, false);
    pin__cli_stop_on_signals(x, tick, &output);
    st = pin__executor_run(x, &options, &output.sink, &summary, &err);
    code = exit_of(&summary);
    if (st == PIN_OK)
        pin__run_output_summary(&output, options.name, &summary, (int)code);
    pin__run_output_fini(&output);
    if (st != PIN_OK)
        code = pin__cli_fail(cli, &err);
    else if (code == PIN_EXIT_OK)
        take_result(cli, &summary.outcome.value);
    pin__summary_fini(&summary);
    return code == PIN_EXIT_OK ? pin__cli_migrate_store(cli, pin__executor_catalog(x)) : code;
}

static enum pin_exit
migrate_database_exec(struct cli *cli, const struct args *a)
{
    struct pin_executor *x = NULL;
    enum pin_exit code;

    (void)a;
    if (pin__cli_open_executor(cli, 0, &x, &code))
        code = pin__migrate(cli, x);
    pin__executor_close(x);
    return code;
}

const struct command pin__cmd_migrate_database = {
    .name = "migrate-database",
    .brief = "apply the migrations that the database has not had yet",
    .details =
        "Migrations are the files of lib/migrations; each runs in a transaction of its own, in "
        "the\norder of their numbers. Then the store, where runs are kept, is made or brought up "
        "to\n"
        "this program's version.",
    .needs = NEEDS_PROJECT,
    .exec = migrate_database_exec,
};

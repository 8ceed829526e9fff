/* cmd_reset_database.c - throw the database of this environment away and migrate a new one. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/command.h"
#include "command/migrate.h"
#include "command/project_executor.h"
#include "database/session.h"

static bool
is_yes(const char *answer)
{
    return answer[0] == 'y' || answer[0] == 'Y';
}

/* Asks on the terminal. Without one there is nobody to ask, and no answer is not yes. */
static pin_status
ask(const struct cli *cli, const char *filename, struct pin_err *err)
{
    char answer[16] = "";

    if (isatty(STDIN_FILENO) != 1)
        return pin__err_set(err, PIN_INVALID,
                            "this deletes %s; give --yes to do it without being asked, or "
                            "--dry-run to see what it would do",
                            filename);
    fprintf(cli->err, "Delete %s and all that is in it? [y/N] ", filename);
    fflush(cli->err);
    if (!fgets(answer, sizeof answer, stdin) || !is_yes(answer))
        return pin__err_set(err, PIN_FAILED, "nothing was changed");
    return PIN_OK;
}

static enum pin_exit
tell_only(const struct cli *cli, const struct pin_catalog *c, const char *filename)
{
    struct stat st;

    if (stat(filename, &st) == 0)
        fprintf(cli->out, "Would delete \"%s\" (%lld bytes)\n", filename, (long long)st.st_size);
    for (size_t i = 0; i < c->migration_count; i++)
        fprintf(cli->out, "Would apply migration: %s\n", c->migrations[i]);
    return PIN_EXIT_OK;
}

static enum pin_exit
reset(struct cli *cli, struct pin_executor *x, const struct args *a)
{
    const struct pin_catalog *c = pin__executor_catalog(x);
    const char *filename = c->database_filename;
    struct pin_err err = PIN_ERR_INIT;

    if (!filename || strcmp(filename, ":memory:") == 0)
        return pin__cli_refuse(cli, PIN_CONFIG,
                               "the project's database is in no file: there is "
                               "nothing to reset");
    if (pin__args_flag(a, "dry-run"))
        return tell_only(cli, c, filename);
    if ((!pin__args_flag(a, "yes") && ask(cli, filename, &err) != PIN_OK) ||
        pin__database_drop(filename, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    pin__cli_paint(cli, STYLE_GREEN, "Deleted database \"%s\"", filename);
    fputc('\n', cli->out);
    return pin__migrate(cli, x);
}

static enum pin_exit
reset_database_exec(struct cli *cli, const struct args *a)
{
    struct pin_executor *x = NULL;
    enum pin_exit code;

    if (pin__cli_open_executor(cli, 0, &x, &code))
        code = reset(cli, x, a);
    pin__executor_close(x);
    return code;
}

static const struct opt opts[] = {
    OPT_FLAG("yes", 'y', "do not ask"),
    OPT_FLAG("dry-run", 'n', "show what would be done, and do nothing"),
    OPT_END,
};

const struct command pin__cmd_reset_database = {
    .name = "reset-database",
    .brief = "delete the database of this environment and apply all migrations to a new one",
    .opts = opts,
    .needs = NEEDS_PROJECT,
    .exec = reset_database_exec,
};

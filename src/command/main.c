/* main.c - the program's door: the table of commands. */
#include "command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "database/session.h"
#include "executor/nursery.h"

static const struct command *const commands[] = {
    /* in the order in which they are listed */
    &pin__cmd_cancel_run,
    &pin__cmd_check,
    &pin__cmd_completion,
    &pin__cmd_enqueue_background_job,
    &pin__cmd_explain_schedule,
    &pin__cmd_generate_background_job,
    &pin__cmd_generate_migration,
    &pin__cmd_generate_model,
    &pin__cmd_generate_project,
    &pin__cmd_generate_service,
    &pin__cmd_generate_view,
    &pin__cmd_help,
    &pin__cmd_list_background_jobs,
    &pin__cmd_list_commands,
    &pin__cmd_list_runs,
    &pin__cmd_list_schedules,
    &pin__cmd_migrate_database,
    &pin__cmd_next_runs,
    &pin__cmd_pause_schedule,
    &pin__cmd_prune_runs,
    &pin__cmd_repl,
    &pin__cmd_reset_database,
    &pin__cmd_resume_schedule,
    &pin__cmd_retry_run,
    &pin__cmd_run_background_job,
    &pin__cmd_show_run,
    &pin__cmd_start_bot,
    &pin__cmd_start_server,
    NULL,
};

/* A stream that is closed would give its number to the next file opened, and what is printed would
 * land in that file. */
static void
fill_standard_streams(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int
main(int argc, char **argv)
{
    struct cli cli = { .commands = commands, .out = stdout, .err = stderr };
    enum pin_exit code;

    if (argc > 1 && !strcmp(argv[1], PIN_NURSERY_FLAG))
        return pin__nursery_main(argc, argv);
    pin__database_own_process();
    fill_standard_streams();
    code = pin__command_line(&cli, argc, argv);
    free(cli.root);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == PIN_EXIT_OK)
        code = pin__cli_refuse(&cli, PIN_IO, "cannot write the result to standard output: %s",
                               strerror(errno));
    return (int)code;
}

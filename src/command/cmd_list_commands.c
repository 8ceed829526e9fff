/* cmd_list_commands.c - the names of all commands; what `pinstripe` alone shows. */
#include "command/command.h"

static enum pin_exit
list_commands_exec(struct cli *cli, const struct args *a)
{
    (void)a;
    fputs("\nThe following commands are available:\n\n", cli->out);
    for (size_t i = 0; cli->commands[i]; i++) {
        fputs("  * ", cli->out);
        pin__cli_paint(cli, STYLE_GREEN, "%s", cli->commands[i]->name);
        fputc('\n', cli->out);
    }
    fputs("\nFor more information on a specific command, run:\n"
          "  pinstripe COMMAND_NAME --help\n\n",
          cli->out);
    return PIN_EXIT_OK;
}

const struct command pin__cmd_list_commands = {
    .name = "list-commands",
    .brief = "list all commands",
    .needs = NEEDS_NOTHING,
    .exec = list_commands_exec,
};

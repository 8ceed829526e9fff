/* cmd_help.c - help on one command, on everything, and on exit codes. */
#include "command/command.h"
#include "command/man.h"

static void
print_overview(const struct cli *cli)
{
    fputs("\nUsage: pinstripe COMMAND [WORD...] [OPTION...]\n\nCommands:\n", cli->out);
    for (size_t i = 0; cli->commands[i]; i++)
        fprintf(cli->out, "  %-24s %s\n", cli->commands[i]->name, cli->commands[i]->brief);
    fputs("\n\"pinstripe help COMMAND\" tells more of one command, \"pinstripe help exit-codes\" "
          "what the exit\ncodes mean.\n\n",
          cli->out);
}

static void
print_exit_codes(const struct cli *cli)
{
    fputs("\nExit codes:\n", cli->out);
    for (const struct exit_code *e = pin__exit_codes; e->meaning; e++)
        fprintf(cli->out, "  %3d  %s\n", (int)e->code, e->meaning);
    fputs("\nA command ended by another signal N exits with 128 + N.\n\n", cli->out);
}

static void
print_man(const struct cli *cli)
{
    pin__man_page(cli, NULL);
}

static enum pin_exit
help_exec(struct cli *cli, const struct args *a)
{
    const char *topic = pin__args_value(a, "topic");
    const struct command *c;
    bool man = pin__args_flag(a, "man");

    if (!topic) {
        (man ? print_man : print_overview)(cli);
        return PIN_EXIT_OK;
    }
    if (!man && strcmp(topic, "exit-codes") == 0) {
        print_exit_codes(cli);
        return PIN_EXIT_OK;
    }
    c = pin__command_find(cli, topic);
    if (!c)
        return pin__command_unknown(cli, topic);
    (man ? pin__man_page : pin__command_help)(cli, c);
    return PIN_EXIT_OK;
}

static const struct opt opts[] = {
    OPT_STR("topic", 0, "TOPIC", "a command, or exit-codes"),
    OPT_FLAG("man", 0, "as a manual page: pinstripe help --man | man -l -"),
    OPT_END,
};

const struct command pin__cmd_help = {
    .name = "help",
    .args = "[TOPIC]",
    .brief = "show how to use pinstripe, or one command",
    .opts = opts,
    .first_word = "topic",
    .needs = NEEDS_NOTHING,
    .exec = help_exec,
};

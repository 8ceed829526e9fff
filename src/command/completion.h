/* completion.h - what a shell may offer at a place of a command line, for the three that write a
 * script from it.
 *
 * Commands, options and briefs come from the tables of commands. What the value of an option or the
 * first word of a command may be is told by pin__completion_of, whose table is in completion.c.
 */
#ifndef PIN_COMMAND_COMPLETION_H
#define PIN_COMMAND_COMPLETION_H

#include "command/command.h"

enum completes {
    COMPLETES_NOTHING,
    COMPLETES_JOBS,     /* asked of the program: pinstripe completion jobs */
    COMPLETES_COMMANDS, /* and other topics of help */
    COMPLETES_FOLDERS,
    COMPLETES_FILES,
    COMPLETES_WORDS /* of a list */
};

struct completion {
    enum completes kind;
    const char *words; /* parted by spaces; NULL unless COMPLETES_WORDS */
};

/* Of an option of a command, by its long name; of a word: the option that it stands for.
 * Without a command: of an option that every command takes. */
struct completion pin__completion_of(const struct command *command, const char *option);

/* The scripts, to cli->out. */
void pin__completion_bash(const struct cli *cli);
void pin__completion_zsh(const struct cli *cli);
void pin__completion_fish(const struct cli *cli);

#endif

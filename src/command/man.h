/* man.h - manual pages, from the same tables as help: pinstripe(1), and pinstripe-NAME(1) of each
 * command.
 */
#ifndef PIN_COMMAND_MAN_H
#define PIN_COMMAND_MAN_H

#include "command/command.h"

/* The page of a command, or with NULL that of pinstripe, as roff to cli->out. */
void pin__man_page(const struct cli *cli, const struct command *command);

#endif

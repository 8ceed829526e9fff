/* migrate.h - applying a project's migrations: what two commands do. */
#ifndef PIN_COMMAND_MIGRATE_H
#define PIN_COMMAND_MIGRATE_H

#include "command/cli.h"
#include "executor/executor.h"

/* Applies what has not been applied, prints the name of each on stdout, and says when there was
 * nothing to do; then makes or upgrades the store. */
enum pin_exit pin__migrate(struct cli *cli, struct pin_executor *x);

#endif

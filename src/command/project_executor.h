/* project_executor.h - what every command that needs the project's jobs does first. */
#ifndef PIN_COMMAND_PROJECT_EXECUTOR_H
#define PIN_COMMAND_PROJECT_EXECUTOR_H

#include "command/cli.h"
#include "executor/executor.h"

/* Opens the executor of cli->root. On failure the reason has been printed and *exit_code is set.
 * `workers`: 0 for as many as there are cores. */
bool pin__cli_open_executor(const struct cli *cli, unsigned workers, struct pin_executor **out,
                            enum pin_exit *exit_code);
/* As pin__cli_open_executor, for a command whose runs are not asked for on the command line. */
bool pin__cli_open_executor_as(const struct cli *cli, unsigned workers, enum pin_trigger trigger,
                               struct pin_executor **out, enum pin_exit *exit_code);
/* As pin__cli_open_executor, for a program that has jobs in C of its own; NULL: none. */
bool pin__cli_open_executor_with(const struct cli *cli, unsigned workers,
                                 const char *native_program, struct pin_executor **out,
                                 enum pin_exit *exit_code);
/* Has SIGINT, SIGTERM and SIGHUP stop the executor (the second one at once), instead of ending the
 * program. `tick` is called every 100 ms as well; may be NULL. */
void pin__cli_stop_on_signals(struct pin_executor *x, void (*tick)(void *), void *context);
/* The signal that asked for the stop; 0: none did. */
int pin__cli_stop_signal(void);

#endif

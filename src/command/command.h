/* command.h - a command is a file, and this struct is all that the rest knows of it.
 *
 * Parsing, help, the list of commands and suggestions come from here. To add a command: write
 * cmd_NAME.c with one `const struct command pin__cmd_NAME`, declare it below and give it its line
 * in main.c.
 */
#ifndef PIN_COMMAND_COMMAND_H
#define PIN_COMMAND_COMMAND_H

#include "command/cli.h"
#include "command/options.h"

enum needs {
    NEEDS_NOTHING,
    NEEDS_PROJECT /* cli->root is set; outside a project the command is refused */
};

struct command {
    const char *name;
    const char *alias;      /* another name that it is found by, not listed; or NULL */
    const char *args;       /* synopsis of the words: "NAME [ARG...]"; NULL when it takes none */
    const char *brief;      /* one line, no capital, no full stop */
    const char *details;    /* further lines for its help, or NULL */
    const struct opt *opts; /* ends with OPT_END; NULL when it has none */
    const char *first_word; /* the option that the first word fills when it is not given by name */
    bool more_words;        /* takes words beyond that */
    enum needs needs;
    enum pin_exit (*exec)(struct cli *cli, const struct args *a);
};

extern const struct command pin__cmd_cancel_run;
extern const struct command pin__cmd_check;
extern const struct command pin__cmd_completion;
extern const struct command pin__cmd_enqueue_background_job;
extern const struct command pin__cmd_explain_schedule;
extern const struct command pin__cmd_generate_background_job;
extern const struct command pin__cmd_generate_migration;
extern const struct command pin__cmd_generate_model;
extern const struct command pin__cmd_generate_project;
extern const struct command pin__cmd_generate_service;
extern const struct command pin__cmd_generate_view;
extern const struct command pin__cmd_help;
extern const struct command pin__cmd_list_background_jobs;
extern const struct command pin__cmd_list_commands;
extern const struct command pin__cmd_list_runs;
extern const struct command pin__cmd_list_schedules;
extern const struct command pin__cmd_next_runs;
extern const struct command pin__cmd_pause_schedule;
extern const struct command pin__cmd_resume_schedule;
extern const struct command pin__cmd_run_background_job;
extern const struct command pin__cmd_migrate_database;
extern const struct command pin__cmd_prune_runs;
extern const struct command pin__cmd_repl;
extern const struct command pin__cmd_reset_database;
extern const struct command pin__cmd_retry_run;
extern const struct command pin__cmd_show_run;
extern const struct command pin__cmd_start_bot;
extern const struct command pin__cmd_start_server;

/* What every command takes; ends with OPT_END. */
extern const struct opt pin__global_options[];

/* By any spelling of its name (listCommands, list_commands). NULL when there is none. */
const struct command *pin__command_find(const struct cli *cli, const char *name);
/* Says that there is no such command and which one may have been meant. */
enum pin_exit pin__command_unknown(const struct cli *cli, const char *name);
/* The help page of one command, to cli->out. */
void pin__command_help(const struct cli *cli, const struct command *command);
/* Runs the command line: global options, the command, its options. What main() calls. */
enum pin_exit pin__command_line(struct cli *cli, int argc, char **argv);

#endif

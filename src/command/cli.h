/* cli.h - what every command is given, and how a command ends.
 *
 * Data goes to `out`, talk to `err`, so that output can be piped; nothing else writes to either.
 * The exit code is the answer for scripts: one table, shown by `pinstripe help exit-codes`.
 */
#ifndef PIN_COMMAND_CLI_H
#define PIN_COMMAND_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

struct command;

enum pin_exit {
    PIN_EXIT_OK = 0,
    PIN_EXIT_FAILED = 1,       /* the job failed, or the check found problems */
    PIN_EXIT_USAGE = 2,        /* the command line is wrong */
    PIN_EXIT_NOT_FOUND = 3,    /* no such project, job, schedule, tenant, run */
    PIN_EXIT_CONFLICT = 4,     /* it is there already, or not in a state for that */
    PIN_EXIT_UNAVAILABLE = 69, /* the database cannot be reached */
    PIN_EXIT_TRY_AGAIN = 75,
    PIN_EXIT_DENIED = 77,
    PIN_EXIT_CONFIG = 78,
    PIN_EXIT_TIMED_OUT = 124,
    PIN_EXIT_INTERRUPTED = 130,
    PIN_EXIT_TERMINATED = 143
};

struct exit_code {
    enum pin_exit code;
    const char *meaning;
};
extern const struct exit_code pin__exit_codes[]; /* ends with a NULL meaning */

enum pin_exit pin__exit_of(pin_status status);

struct cli {
    const struct command *const *commands; /* ends with NULL */
    FILE *out;
    FILE *err;
    bool out_color; /* colour on that stream: a terminal, or asked for */
    bool err_color;
    int verbosity;           /* -1 --quiet, 0, 1 -v, 2 -vv */
    const char *environment; /* PINSTRIPE_ENV, else NODE_ENV, else "development" */
    char *root; /* the project: absolute, no links in it; NULL unless the command needs one */
};

enum cli_style { STYLE_GREEN, STYLE_BLUE, STYLE_YELLOW, STYLE_RED, STYLE_BOLD };

/* Prints `text` to cli->out, coloured if that stream is. */
void pin__cli_paint(const struct cli *cli, enum cli_style style, const char *fmt, ...)
    PIN_PRINTF(3, 4);
/* Text from outside: what a terminal would obey, or what is no UTF-8, comes as \\xNN; lines and
 * tabs stay. */
void pin__cli_put(FILE *to, const char *text);
void pin__cli_put_bytes(FILE *to, const char *data, size_t size);
/* A line of talk to cli->err, unless --quiet. */
void pin__cli_say(const struct cli *cli, const char *fmt, ...) PIN_PRINTF(2, 3);
/* Prints the sentence of *err to cli->err and gives the exit code of its status. */
enum pin_exit pin__cli_fail(const struct cli *cli, const struct pin_err *err);
/* As pin__cli_fail for a sentence that is written here. */
enum pin_exit pin__cli_refuse(const struct cli *cli, pin_status status, const char *fmt, ...)
    PIN_PRINTF(3, 4);

#endif

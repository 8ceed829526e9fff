/* cli.c - see cli.h. */
#include "command/cli.h"

#include <stdarg.h>

#include "base/quote.h"

const struct exit_code pin__exit_codes[] = {
    { PIN_EXIT_OK, "it worked" },
    { PIN_EXIT_FAILED, "the job failed, or the check found problems" },
    { PIN_EXIT_USAGE, "the command line is wrong: unknown command, unknown option, bad value" },
    { PIN_EXIT_NOT_FOUND, "no such project, background job, schedule, tenant or run" },
    { PIN_EXIT_CONFLICT, "it is there already, or is not in a state for that" },
    { PIN_EXIT_UNAVAILABLE, "the database cannot be used" },
    { PIN_EXIT_TRY_AGAIN, "busy: try again later" },
    { PIN_EXIT_DENIED, "not permitted" },
    { PIN_EXIT_CONFIG, "pinstripe.config.js is wrong, or another version made the store" },
    { PIN_EXIT_TIMED_OUT, "the time limit was reached" },
    { PIN_EXIT_INTERRUPTED, "interrupted (Ctrl-C)" },
    { PIN_EXIT_TERMINATED, "terminated (TERM)" },
    { PIN_EXIT_OK, NULL },
};

static const enum pin_exit exit_of_status[PIN_STATUS_COUNT] = {
    [PIN_OK] = PIN_EXIT_OK,
    [PIN_EMPTY] = PIN_EXIT_OK,
    [PIN_FAILED] = PIN_EXIT_FAILED,
    [PIN_INVALID] = PIN_EXIT_USAGE,
    [PIN_NOT_FOUND] = PIN_EXIT_NOT_FOUND,
    [PIN_CONFLICT] = PIN_EXIT_CONFLICT,
    [PIN_DENIED] = PIN_EXIT_DENIED,
    [PIN_LIMIT] = PIN_EXIT_FAILED,
    [PIN_TIMEOUT] = PIN_EXIT_TIMED_OUT,
    [PIN_CANCELLED] = PIN_EXIT_INTERRUPTED,
    [PIN_BUSY] = PIN_EXIT_TRY_AGAIN,
    [PIN_LOST] = PIN_EXIT_FAILED,
    [PIN_UNKNOWN] = PIN_EXIT_UNAVAILABLE,
    [PIN_CONFIG] = PIN_EXIT_CONFIG,
    [PIN_IO] = PIN_EXIT_FAILED,
    [PIN_NO_MEMORY] = PIN_EXIT_TRY_AGAIN,
};

static const char *const escapes[] = {
    [STYLE_GREEN] = "\033[32m", [STYLE_BLUE] = "\033[34m", [STYLE_YELLOW] = "\033[33m",
    [STYLE_RED] = "\033[31m",   [STYLE_BOLD] = "\033[1m",
};

enum pin_exit
pin__exit_of(pin_status status)
{
    return (unsigned)status < PIN_STATUS_COUNT ? exit_of_status[status] : PIN_EXIT_FAILED;
}

void
pin__cli_paint(const struct cli *cli, enum cli_style style, const char *fmt, ...)
{
    va_list ap;

    if (cli->out_color)
        fputs(escapes[style], cli->out);
    va_start(ap, fmt);
    vfprintf(cli->out, fmt, ap);
    va_end(ap);
    if (cli->out_color)
        fputs("\033[0m", cli->out);
}

void
pin__cli_say(const struct cli *cli, const char *fmt, ...)
{
    va_list ap;

    if (cli->verbosity < 0)
        return;
    va_start(ap, fmt);
    vfprintf(cli->err, fmt, ap);
    va_end(ap);
    fputc('\n', cli->err);
}

/* A message may quote what came from outside; a terminal must not obey it. */
void
pin__cli_put_bytes(FILE *to, const char *data, size_t size)
{
    char shown[PIN_QUOTE_NEXT_SIZE];

    while (size) {
        bool as_is = *data == '\n' || *data == '\t';
        size_t step = as_is ? 1 : pin__quote_next(data, size, shown);

        if (as_is)
            fputc(*data, to);
        else
            fputs(shown, to);
        data += step;
        size -= step;
    }
}

void
pin__cli_put(FILE *to, const char *text)
{
    pin__cli_put_bytes(to, text, strlen(text));
}

enum pin_exit
pin__cli_fail(const struct cli *cli, const struct pin_err *err)
{
    fflush(cli->out); /* what was said before comes before, also when both go to one place */
    fprintf(cli->err, "%spinstripe: ", cli->err_color ? escapes[STYLE_RED] : "");
    pin__cli_put(cli->err, err->message);
    fputs(cli->err_color ? "\033[0m\n" : "\n", cli->err);
    return pin__exit_of(err->status);
}

enum pin_exit
pin__cli_refuse(const struct cli *cli, pin_status status, const char *fmt, ...)
{
    struct pin_err err = { .status = status };
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(err.message, sizeof err.message, fmt, ap);
    va_end(ap);
    return pin__cli_fail(cli, &err);
}

/* man.c - see man.h. The macros are those of man(7) that every formatter has. */
#include "command/man.h"

/* Text as roff has it: a backslash, a dash and a quote are themselves, and no line begins a
 * request. */
static void
put_text(const struct cli *cli, const char *text)
{
    for (bool begins = true; *text; begins = *text++ == '\n') {
        if (begins && *text == '.')
            fputs("\\&", cli->out);
        if (*text == '\\')
            fputs("\\e", cli->out);
        else if (*text == '-')
            fputs("\\-", cli->out);
        else if (*text == '\'')
            fputs("\\(aq", cli->out);
        else
            fputc(*text, cli->out);
    }
}

/* Filled, except for lines that begin with a space: those stay as they are. */
static void
put_details(const struct cli *cli, const char *text)
{
    bool as_is = false;
    char line[512];

    while (*text) {
        size_t size = strcspn(text, "\n");

        if (as_is != (*text == ' '))
            fputs((as_is = !as_is) ? ".PP\n.nf\n" : ".fi\n.PP\n", cli->out);
        snprintf(line, sizeof line, "%.*s", (int)size, text);
        put_text(cli, line);
        fputc('\n', cli->out);
        text += size + (text[size] == '\n');
    }
    if (as_is)
        fputs(".fi\n", cli->out);
}

static void
put_options(const struct cli *cli, const struct opt *o)
{
    for (; o && o->name; o++) {
        fputs(".TP\n\\fB\\-\\-", cli->out);
        put_text(cli, o->name);
        fputs("\\fR", cli->out);
        if (o->value) {
            fputs(" \\fI", cli->out);
            put_text(cli, o->value);
            fputs("\\fR", cli->out);
        }
        if (o->letter)
            fprintf(cli->out, ", \\fB\\-%c\\fR", o->letter);
        fputc('\n', cli->out);
        put_text(cli, o->brief);
        fputc('\n', cli->out);
    }
}

static void
put_exit_codes(const struct cli *cli)
{
    fputs(".SH EXIT STATUS\n", cli->out);
    for (const struct exit_code *e = pin__exit_codes; e->meaning; e++) {
        fprintf(cli->out, ".TP\n.B %d\n", (int)e->code);
        put_text(cli, e->meaning);
        fputc('\n', cli->out);
    }
    fputs(".PP\nA command ended by another signal N exits with 128 + N.\n", cli->out);
}

static void
put_title(const struct cli *cli, const char *name, const char *brief)
{
    fputs(".TH PINSTRIPE", cli->out);
    for (const char *p = name; *p; p++)
        fprintf(cli->out, *p == '-' ? "\\-" : "%c", *p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
    fputs(" 1 \"\" \"pinstripe " PIN_VERSION "\" \"pinstripe manual\"\n"
          ".SH NAME\npinstripe",
          cli->out);
    put_text(cli, name);
    fputs(" \\- ", cli->out);
    put_text(cli, brief);
    fputs("\n.SH SYNOPSIS\n", cli->out);
}

static void
overview_page(const struct cli *cli)
{
    put_title(cli, "", "background jobs for projects of JavaScript files");
    fputs("\\fBpinstripe\\fR \\fICOMMAND\\fR [\\fIWORD\\fR...] [\\fIOPTION\\fR...]\n"
          ".SH DESCRIPTION\n"
          "Runs background jobs by name, queued, and on schedules, on embedded SQLite, for one\n"
          "tenant or for many. A command may be written in any spelling: list\\-runs, listRuns,\n"
          "list_runs. Data goes to standard output, everything else to standard error. Without a\n"
          "command the commands are listed.\n"
          ".PP\n"
          "The project is the nearest folder upward that has a pinstripe.config.js, or else a\n"
          "lib/background_jobs.\n"
          ".SH COMMANDS\n",
          cli->out);
    for (size_t i = 0; cli->commands[i]; i++) {
        fputs(".TP\n\\fBpinstripe\\-", cli->out);
        put_text(cli, cli->commands[i]->name);
        fputs("\\fR(1)\n", cli->out);
        put_text(cli, cli->commands[i]->brief);
        fputc('\n', cli->out);
    }
    fputs(".SH OPTIONS\n", cli->out);
    put_options(cli, pin__global_options);
    put_exit_codes(cli);
    fputs(".SH ENVIRONMENT\n"
          ".TP\n.B PINSTRIPE_ENV\n"
          "The environment, which has a database of its own; else NODE_ENV, else development.\n"
          ".TP\n.B NO_COLOR\n"
          "When it is not empty nothing is coloured.\n"
          ".TP\n.B TZ\n"
          "The time zone of a project whose configuration names none.\n",
          cli->out);
}

static void
command_page(const struct cli *cli, const struct command *c)
{
    char name[64];

    snprintf(name, sizeof name, "-%s", c->name);
    put_title(cli, name, c->brief);
    fputs("\\fBpinstripe ", cli->out);
    put_text(cli, c->name);
    fputs("\\fR ", cli->out);
    put_text(cli, c->args ? c->args : "");
    fputs(" [\\fIOPTION\\fR...]\n.SH DESCRIPTION\n", cli->out);
    put_details(cli, c->details ? c->details : c->brief);
    fputs(".SH OPTIONS\n", cli->out);
    put_options(cli, c->opts);
    fputs(".SS Options of every command\n", cli->out);
    put_options(cli, pin__global_options);
    put_exit_codes(cli);
    fputs(".SH SEE ALSO\n.BR pinstripe (1)\n", cli->out);
}

void
pin__man_page(const struct cli *cli, const struct command *c)
{
    if (c)
        command_page(cli, c);
    else
        overview_page(cli);
}

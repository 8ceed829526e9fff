/* command.c - from argv to a command's exec: global options, the command's name, its options, and
 * what it needs.
 */
#include "command/command.h"

#include <ctype.h>
#include <limits.h>
#include <unistd.h>

#include "base/quote.h"
#include "project/names.h"
#include "project/project.h"

#define COMMANDS_MAX 64

const struct opt pin__global_options[] = {
    OPT_STR("project", 0, "DIR", "the project's folder (default: found upward from here)"),
    OPT_STR("color", 0, "WHEN", "auto, always or never (default: auto; NO_COLOR is honoured)"),
    OPT_FLAG("quiet", 'q', "say only what is data or an error"),
    OPT_FLAG("verbose", 'v', "say more; -vv says most"),
    OPT_FLAG("help", 'h', "show help"),
    OPT_FLAG("version", 0, "show the version"),
    OPT_END,
};

/* The next letter or digit of a name; what only parts words is skipped. */
static int
next_letter(const char **name)
{
    while (**name && !isalnum((unsigned char)**name))
        (*name)++;
    return **name ? tolower((unsigned char)*(*name)++) : 0;
}

static bool
same_name(const char *a, const char *b)
{
    int x, y;

    do {
        x = next_letter(&a);
        y = next_letter(&b);
    } while (x && x == y);
    return x == y;
}

const struct command *
pin__command_find(const struct cli *cli, const char *name)
{
    for (size_t i = 0; cli->commands[i]; i++)
        if (same_name(cli->commands[i]->name, name) ||
            (cli->commands[i]->alias && same_name(cli->commands[i]->alias, name)))
            return cli->commands[i];
    return NULL;
}

static void
print_options(const struct cli *cli, const char *heading, const struct opt *opts)
{
    char left[64];

    if (!opts || !opts->name)
        return;
    fprintf(cli->out, "\n%s:\n", heading);
    for (const struct opt *o = opts; o->name; o++) {
        snprintf(left, sizeof left, "--%s%s%s%s%.1s", o->name, o->value ? " " : "",
                 o->value ? o->value : "", o->letter ? ", -" : "", o->letter ? &o->letter : "");
        fprintf(cli->out, "  %-24s %s\n", left, o->brief);
    }
}

void
pin__command_help(const struct cli *cli, const struct command *c)
{
    bool options = c->opts && c->opts->name;

    fputc('\n', cli->out);
    pin__cli_paint(cli, STYLE_GREEN, "%s", c->name);
    fprintf(cli->out, " - %s\n\nUsage: pinstripe %s%s%s%s\n", c->brief, c->name, c->args ? " " : "",
            c->args ? c->args : "", options ? " [OPTION...]" : "");
    if (c->details)
        fprintf(cli->out, "\n%s\n", c->details);
    print_options(cli, "Options", c->opts);
    print_options(cli, "Global options", pin__global_options);
    fputc('\n', cli->out);
}

/* Which of two streams shows colour: asked for, or a terminal that can and a user who does not
 * mind. */
static bool
wants_color(const char *when, FILE *stream)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (when && strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    if ((no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
        return false;
    return isatty(fileno(stream)) == 1;
}

static pin_status
apply_globals(struct cli *cli, const struct args *a, struct pin_err *err)
{
    const char *color = pin__args_value(a, "color");

    if (color && strcmp(color, "auto") != 0 && strcmp(color, "always") != 0 &&
        strcmp(color, "never") != 0)
        return pin__err_set(err, PIN_INVALID, "--color is auto, always or never, not \"%s\"",
                            color);
    cli->out_color = wants_color(color, cli->out);
    cli->err_color = wants_color(color, cli->err);
    cli->verbosity = pin__args_flag(a, "quiet") ? -1 : pin__args_count(a, "verbose");
    return PIN_OK;
}

static pin_status
find_project(struct cli *cli, const char *asked, struct pin_err *err)
{
    struct pin_buf root = PIN_BUF_INIT(PATH_MAX);
    pin_status st = pin__project_find(asked ? asked : ".", &root, err);

    if (st == PIN_OK)
        cli->root = root.data; /* taken over: main frees it */
    else
        pin__buf_fini(&root);
    return st;
}

static enum pin_exit
print_version(const struct cli *cli)
{
    fputs("pinstripe " PIN_VERSION " (" PIN_HASH ")\n", cli->out);
    return PIN_EXIT_OK;
}

/* The first word may stand for an option; what is left must be wanted. */
static pin_status
place_words(const struct command *c, struct args *a, struct pin_err *err)
{
    if (c->first_word && a->word_count && !pin__args_flag(a, c->first_word)) {
        pin__args_set(a, c->opts, c->first_word, a->words[0]);
        a->words++;
        a->word_count--;
    }
    if (a->word_count && !c->more_words)
        return pin__err_set(err, PIN_INVALID, "%s: unexpected \"%s\"; usage: pinstripe %s%s%s",
                            c->name, a->words[0], c->name, c->args ? " " : "",
                            c->args ? c->args : "");
    return PIN_OK;
}

static enum pin_exit
run_command(struct cli *cli, const struct command *c, struct args *a, int argc, char **argv)
{
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    if ((st = pin__args_parse(a, c->opts, pin__global_options, false, argc, argv, &err)) !=
        PIN_OK) {
        pin__err_prefix(&err, "%s", c->name);
        return pin__cli_fail(cli, &err);
    }
    if ((st = apply_globals(cli, a, &err)) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (pin__args_flag(a, "version"))
        return print_version(cli);
    if (pin__args_flag(a, "help")) {
        pin__command_help(cli, c);
        return PIN_EXIT_OK;
    }
    if ((st = place_words(c, a, &err)) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (c->needs == NEEDS_PROJECT &&
        (st = find_project(cli, pin__args_value(a, "project"), &err)) != PIN_OK)
        return pin__cli_fail(cli, &err);
    return c->exec(cli, a);
}

enum pin_exit
pin__command_unknown(const struct cli *cli, const char *name)
{
    const char *names[COMMANDS_MAX];
    const char *near;
    size_t n = 0;

    for (; n < COMMANDS_MAX && cli->commands[n]; n++)
        names[n] = cli->commands[n]->name;
    near = pin__names_suggest(name, names, n);
    return pin__cli_refuse(cli, PIN_INVALID, "No such command %s exists.%s%s%s%s",
                           pin__quote_text(name).text, near ? " Did you mean \"" : "",
                           near ? near : "", near ? "\"?" : "",
                           near ? "" : " \"pinstripe list-commands\" lists them.");
}

enum pin_exit
pin__command_line(struct cli *cli, int argc, char **argv)
{
    struct args a = { .option_count = 0 };
    struct pin_err err = PIN_ERR_INIT;
    const struct command *c;
    const char *name;

    if (pin__project_environment(&cli->environment, getenv("PINSTRIPE_ENV"), getenv("NODE_ENV"),
                                 &err) != PIN_OK ||
        pin__args_parse(&a, NULL, pin__global_options, true, argc - 1, argv + 1, &err) != PIN_OK ||
        apply_globals(cli, &a, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (pin__args_flag(&a, "version"))
        return print_version(cli);
    name = a.word_count ? a.words[0] : pin__args_flag(&a, "help") ? "help" : "list-commands";
    c = pin__command_find(cli, name);
    if (!c)
        return pin__command_unknown(cli, name);
    if (!a.word_count) {
        a.option_count = 0; /* `pinstripe --help` is the command help, not help's own help */
        return run_command(cli, c, &a, 0, a.words);
    }
    return run_command(cli, c, &a, (int)a.word_count - 1, a.words + 1);
}

/* command_options_test.c - how words of a command line become options and words. */
#include "base/buf.h"
#include "command/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct opt own[] = {
    OPT_STR("name", 'n', "NAME", ""),
    OPT_STR("args", 0, "JSON", ""),
    OPT_FLAG("all", 'a', ""),
    OPT_END,
};
static const struct opt global[] = {
    OPT_FLAG("quiet", 'q', ""),
    OPT_FLAG("verbose", 'v', ""),
    OPT_END,
};

/* What came of a line, as text: options in order of first appearance, a bar, the words. */
static const struct {
    const char *line[8];
    bool stop;
    const char *want;
} rows[] = {
    { { "x" }, false, "| x" },
    { { "--name", "x" }, false, "name=x |" },
    { { "--name=x" }, false, "name=x |" },
    { { "--name=" }, false, "name= |" },
    { { "--name=a=b" }, false, "name=a=b |" },
    { { "-n", "x" }, false, "name=x |" },
    { { "-nx" }, false, "name=x |" },
    { { "-aqn", "x", "y" }, false, "all*1 quiet*1 name=x | y" },
    { { "-vv", "-v" }, false, "verbose*3 |" },
    { { "--name", "x", "y", "--all", "z" }, false, "name=x all*1 | y z" },
    { { "--name", "x", "--name", "y" }, false, "name=y |" },
    /* one word belongs to an option, and it is taken as it is */
    { { "--name", "--all" }, false, "name=--all |" },
    { { "--name", "--" }, false, "name=-- |" },
    { { "--name", "-x", "y" }, false, "name=-x | y" },
    { { "--args", "[\"$HOME\"]", "`id`" }, false, "args=[\"$HOME\"] | `id`" },
    /* -- ends the options; a lone dash is a word */
    { { "a", "--", "--name", "-x", "--" }, false, "| a --name -x --" },
    { { "-" }, false, "| -" },
    { { "", "--all" }, false, "all*1 | " },
    /* global options before the command; the rest is left alone */
    { { "-q", "run", "-z", "--nope" }, true, "quiet*1 | run -z --nope" },
    { { "--", "-q" }, true, "| -q" },
    /* mistakes */
    { { "--nope" }, false, "error: unknown option \"--nope\"" },
    { { "--nope=3" }, false, "error: unknown option \"--nope\"" },
    { { "--Name", "x" }, false, "error: unknown option \"--Name\"" },
    { { "--nam", "x" }, false, "error: unknown option \"--nam\"" },
    { { "-az" }, false, "error: unknown option \"-z\"" },
    { { "-5" }, false, "error: unknown option \"-5\"" },
    { { "--name" }, false, "error: option --name needs a value" },
    { { "-n" }, false, "error: option --name needs a value" },
    { { "--all=yes" }, false, "error: option --all takes no value" },
};

static void
describe(const struct args *a, struct pin_buf *out)
{
    for (size_t i = 0; i < a->option_count; i++) {
        const struct given *g = &a->options[i];

        if (g->value)
            pin__buf_addf(out, "%s=%s ", g->opt->name, g->value);
        else
            pin__buf_addf(out, "%s*%d ", g->opt->name, g->count);
    }
    pin__buf_adds(out, "|");
    for (size_t i = 0; i < a->word_count; i++)
        pin__buf_addf(out, " %s", a->words[i]);
}

static void
line_to_text(const char *const *line, bool stop, struct pin_buf *out)
{
    struct args a = { .option_count = 0 };
    struct pin_err err = PIN_ERR_INIT;
    char *copies[8], *argv[8];
    int argc = 0;

    for (; argc < 8 && line[argc]; argc++)
        copies[argc] = argv[argc] = strdup(line[argc]);
    if (pin__args_parse(&a, own, global, stop, argc, argv, &err) == PIN_OK)
        describe(&a, out);
    else
        pin__buf_addf(out, "error: %s", err.message);
    for (int i = 0; i < argc; i++)
        free(copies[i]);
}

static void
a_line_becomes_options_and_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_buf got = PIN_BUF_INIT(4096);
        bool error = strncmp(rows[i].want, "error", 5) == 0;

        line_to_text(rows[i].line, rows[i].stop, &got);
        if (error ? strncmp(got.data, rows[i].want, strlen(rows[i].want)) != 0
                  : strcmp(got.data, rows[i].want) != 0)
            fail_msg("row %zu (%s): got \"%s\", want \"%s\"", i, rows[i].line[0], got.data,
                     rows[i].want);
        pin__buf_fini(&got);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_becomes_options_and_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

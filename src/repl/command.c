/* command.c - lines that are for the REPL itself. */
#include <ctype.h>
#include <stdlib.h>

#include "repl/session.h"

struct dot {
    const char *name;
    const char *args;
    const char *brief;
    void (*run)(struct repl *r, const char *args);
};

static void help(struct repl *r, const char *args);

static void
leave(struct repl *r, const char *args)
{
    (void)args;
    r->leaving = true;
}

static void
clear(struct repl *r, const char *args)
{
    (void)args;
    pin__dialog_restart(r->dialog);
    r->in_tenant = false;
    pin__repl_say(r, "A fresh session: variables are gone, the newest code is loaded.");
}

static void
tenant(struct repl *r, const char *args)
{
    if (!pin__repl_set_tenant(r, *args ? args : NULL))
        r->end.failed = true;
    else if (!r->tenant)
        pin__repl_say(r, "No tenant: the rows of all of them, jobs run for each.");
}

static void
list_jobs(struct repl *r, const char *args)
{
    (void)args;
    r->options->list_jobs(r->options->context);
}

static void
list_runs(struct repl *r, const char *args)
{
    (void)args;
    r->options->list_runs(r->options->context);
}

static const struct dot dots[] = {
    { "clear", "", "begin a fresh session, with the newest code", clear },
    { "exit", "", "leave (or Ctrl-D)", leave },
    { "help", "", "this list", help },
    { "jobs", "", "the background jobs of the project", list_jobs },
    { "runs", "", "the newest runs", list_runs },
    { "tenant", "[NAME]", "go on as that tenant, by name or id; without a name: as none", tenant },
};

static void
help(struct repl *r, const char *args)
{
    struct pin_buf text = PIN_BUF_INIT(4096);

    (void)args;
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++) {
        char left[32];

        snprintf(left, sizeof left, ".%s %s", dots[i].name, dots[i].args);
        pin__buf_addf(&text, "%-16s %s\n", left, dots[i].brief);
    }
    pin__buf_adds(&text,
                  "\nEvery service is a global: database, runBackgroundJob('name'), config, ... "
                  "_ is the last value.\n"
                  "Ctrl-C stops what runs, Tab completes.\n");
    pin__repl_print(r, PIN_STDOUT, text.data, text.size);
    pin__buf_fini(&text);
}

static const char *
skip_space(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return text;
}

bool
pin__repl_is_command(const char *line)
{
    line = skip_space(line);
    return line[0] == '.' && isalpha((unsigned char)line[1]);
}

void
pin__repl_command(struct repl *r, const char *line)
{
    const char *name = skip_space(line) + 1;
    size_t size = strcspn(name, " \t\r");
    char *args = strdup(skip_space(name + size));
    size_t end = args ? strlen(args) : 0;

    while (end && isspace((unsigned char)args[end - 1]))
        args[--end] = '\0';
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++)
        if (strlen(dots[i].name) == size && strncmp(dots[i].name, name, size) == 0) {
            dots[i].run(r, args ? args : "");
            free(args);
            return;
        }
    free(args);
    r->end.failed = true;
    pin__repl_say(r, "There is no command .%.*s; .help lists them.", (int)(size < 40 ? size : 40),
                  name);
}

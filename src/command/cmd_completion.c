/* cmd_completion.c - a script that completes command lines in a shell; and what such a script asks
 * for. */
#include "command/command.h"
#include "command/completion.h"
#include "project/files.h"
#include "project/project.h"

#include <limits.h>

/* The jobs of the project, one a line, by their files only: a shell waits for it. */
static enum pin_exit
print_jobs(const struct cli *cli, const char *folder)
{
    struct pin_buf root = PIN_BUF_INIT(PATH_MAX);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_files files = { .count = 0 };
    pin_status st;

    if ((st = pin__project_find(folder ? folder : ".", &root, &err)) == PIN_OK) {
        st = pin__files_list(&files, pin__buf_text(&root), &err);
        for (size_t i = 0; st == PIN_OK && i < files.count; i++)
            if (files.items[i].registry == PIN_REGISTRY_BACKGROUND_JOBS && files.items[i].key)
                fprintf(cli->out, "%s\n", files.items[i].key);
        pin__files_fini(&files);
    }
    pin__buf_fini(&root);
    return st == PIN_OK ? PIN_EXIT_OK : pin__cli_fail(cli, &err);
}

static const struct {
    const char *name;
    void (*print)(const struct cli *cli);
} shells[] = {
    { "bash", pin__completion_bash },
    { "zsh", pin__completion_zsh },
    { "fish", pin__completion_fish },
};

static enum pin_exit
completion_exec(struct cli *cli, const struct args *a)
{
    const char *shell = pin__args_value(a, "shell");

    if (!shell)
        return pin__cli_refuse(cli, PIN_INVALID,
                               "completion of which shell? There are bash, zsh "
                               "and fish: pinstripe completion bash");
    if (strcmp(shell, "jobs") == 0)
        return print_jobs(cli, pin__args_value(a, "project"));
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].print(cli);
            return PIN_EXIT_OK;
        }
    return pin__cli_refuse(cli, PIN_INVALID,
                           "no completion for the shell \"%s\": there are bash, zsh and fish",
                           shell);
}

static const struct opt opts[] = {
    OPT_STR("shell", 0, "SHELL", "bash, zsh or fish; or jobs: the names of the project's jobs"),
    OPT_END,
};

const struct command pin__cmd_completion = {
    .name = "completion",
    .args = "bash|zsh|fish",
    .brief = "print a script that completes command lines in your shell",
    .details =
        "  bash: eval \"$(pinstripe completion bash)\" in ~/.bashrc.\n"
        "  zsh:  eval \"$(pinstripe completion zsh)\" in ~/.zshrc, after compinit.\n"
        "  fish: pinstripe completion fish > ~/.config/fish/completions/pinstripe.fish\n"
        "It completes commands, options and the names of the project's jobs. The scripts ask\n"
        "with \"pinstripe completion jobs\".",
    .opts = opts,
    .first_word = "shell",
    .needs = NEEDS_NOTHING,
    .exec = completion_exec,
};

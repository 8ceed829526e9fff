/* completion.c - see completion.h. */
#include "command/completion.h"

static const char states[] = "delayed queued running held waiting succeeded failed cancelled";

/* Without a command: of every one that has such an option. */
static const struct {
    const char *command, *option;
    struct completion completion;
} table[] = {
    { NULL, "project", { COMPLETES_FOLDERS, NULL } },
    { NULL, "color", { COMPLETES_WORDS, "auto always never" } },
    { NULL, "job", { COMPLETES_JOBS, NULL } },
    { NULL, "state", { COMPLETES_WORDS, states } },
    { "run-background-job", "name", { COMPLETES_JOBS, NULL } },
    { "enqueue-background-job", "name", { COMPLETES_JOBS, NULL } },
    { "explain-schedule", "name", { COMPLETES_JOBS, NULL } },
    { "list-schedules", "name", { COMPLETES_JOBS, NULL } },
    { "next-runs", "name", { COMPLETES_JOBS, NULL } },
    { "pause-schedule", "name", { COMPLETES_JOBS, NULL } },
    { "resume-schedule", "name", { COMPLETES_JOBS, NULL } },
    { "generate-project", "name", { COMPLETES_FOLDERS, NULL } },
    { "start-bot", "log", { COMPLETES_FILES, NULL } },
    { "start-bot", "log-format", { COMPLETES_WORDS, "text json" } },
    { "help", "topic", { COMPLETES_COMMANDS, NULL } },
    { "completion", "shell", { COMPLETES_WORDS, "bash zsh fish" } },
};

struct completion
pin__completion_of(const struct command *c, const char *option)
{
    for (size_t i = 0; option && i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].option, option) == 0 &&
            (!table[i].command || (c && strcmp(table[i].command, c->name) == 0)))
            return table[i].completion;
    return (struct completion){ .kind = COMPLETES_NOTHING };
}

/* Options with what they stand for, of a command and of all: calls `each` for both tables. */
static void
each_option(const struct cli *cli, const struct command *c,
            void (*each)(const struct cli *, const struct command *, const struct opt *))
{
    const struct opt *const tables[] = { c->opts, pin__global_options };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct opt *o = tables[i]; o && o->name; o++)
            each(cli, c, o);
}

/* Text inside single quotes; zsh ends an explanation at a bracket as well. */
static void
put_quoted(const struct cli *cli, const char *text, const char *quote, const char *escaped)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(quote, cli->out);
        else if (strchr(escaped, *text))
            fprintf(cli->out, "\\%c", *text);
        else
            fputc(*text, cli->out);
    }
}

/* ---- bash ---- */

static const char bash_head[] =
    "# Completion of pinstripe in bash. Made by `pinstripe completion bash`.\n"
    "\n";

static const char bash_tail[] =
    "\n"
    "# The words of a kind, one a line.\n"
    "_pinstripe_words()\n"
    "{\n"
    "    case $2 in\n"
    "    jobs) \"$1\" completion jobs 2>/dev/null ;;\n"
    "    commands) _pinstripe_commands ;;\n"
    "    list:*) printf '%s\\n' ${2#list:} ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_pinstripe()\n"
    "{\n"
    "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command='' place='' kind='' i\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "        -*)\n"
    "            [ -n \"$(_pinstripe_kind \"$command\" \"${COMP_WORDS[i]}\")\" ] || continue\n"
    "            [ \"${COMP_WORDS[i + 1]}\" != = ] || i=$((i + 1))\n"
    "            i=$((i + 1)) ;;\n"
    "        *) if [ -z \"$command\" ]; then command=${COMP_WORDS[i]} place=word; else place=; fi "
    ";;\n"
    "        esac\n"
    "    done\n"
    "    [ \"$word\" != = ] || word=''\n"
    "    [ \"$before\" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    case $before in -*) kind=$(_pinstripe_kind \"$command\" \"$before\") ;; esac\n"
    "    if [ -z \"$kind\" ]; then\n"
    "        case $word in\n"
    "        -*) kind=options ;;\n"
    "        *) if [ -z \"$command\" ]; then kind=commands; else kind=$(_pinstripe_kind "
    "\"$command\" \"$place\"); fi ;;\n"
    "        esac\n"
    "    fi\n"
    "    local IFS=$' \\n'\n"
    "    case $kind in\n"
    "    options) COMPREPLY=($(compgen -W \"$(_pinstripe_options \"$command\")\" -- \"$word\")) "
    ";;\n"
    "    folders) IFS=$'\\n'; COMPREPLY=($(compgen -d -- \"$word\")) ;;\n"
    "    files) IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
    "    *) COMPREPLY=($(compgen -W \"$(_pinstripe_words \"${COMP_WORDS[0]}\" \"$kind\")\" -- "
    "\"$word\")) ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _pinstripe pinstripe\n";

static void
bash_kind(const struct cli *cli, struct completion completion)
{
    static const char *const names[] = {
        [COMPLETES_NOTHING] = "none",      [COMPLETES_JOBS] = "jobs",
        [COMPLETES_COMMANDS] = "commands", [COMPLETES_FOLDERS] = "folders",
        [COMPLETES_FILES] = "files",       [COMPLETES_WORDS] = "list:",
    };

    fprintf(cli->out, " echo '%s%s' ;;\n", names[completion.kind],
            completion.words ? completion.words : "");
}

static void
bash_option(const struct cli *cli, const struct command *c, const struct opt *o)
{
    (void)c;
    fprintf(cli->out, " --%s", o->name);
}

static void
bash_value(const struct cli *cli, const struct command *c, const struct opt *o)
{
    if (!o->value)
        return;
    fprintf(cli->out, "    '%s --%s'", c->name, o->name);
    if (o->letter)
        fprintf(cli->out, " | '%s -%c'", c->name, o->letter);
    fputc(')', cli->out);
    bash_kind(cli, pin__completion_of(c, o->name));
}

void
pin__completion_bash(const struct cli *cli)
{
    fprintf(cli->out, "%s_pinstripe_commands()\n{\n    printf '%%s\\n'", bash_head);
    for (size_t i = 0; cli->commands[i]; i++)
        fprintf(cli->out, " %s", cli->commands[i]->name);
    fputs("\n}\n\n_pinstripe_options()\n{\n    case $1 in\n", cli->out);
    for (size_t i = 0; cli->commands[i]; i++) {
        fprintf(cli->out, "    %s) printf '%%s\\n'", cli->commands[i]->name);
        each_option(cli, cli->commands[i], bash_option);
        fputs(" ;;\n", cli->out);
    }
    fputs("    *) printf '%s\\n'", cli->out);
    for (const struct opt *o = pin__global_options; o->name; o++)
        bash_option(cli, NULL, o);
    fputs(" ;;\n    esac\n}\n\n"
          "# What the value of a command's option is, or its first word.\n"
          "_pinstripe_kind()\n{\n    case \"$1 $2\" in\n"
          "    ' --project') echo folders ;;\n"
          "    ' --color') echo 'list:auto always never' ;;\n",
          cli->out);
    for (size_t i = 0; cli->commands[i]; i++) {
        const struct command *c = cli->commands[i];

        each_option(cli, c, bash_value);
        if (!c->first_word)
            continue;
        fprintf(cli->out, "    '%s word')", c->name);
        bash_kind(cli, pin__completion_of(c, c->first_word));
    }
    fprintf(cli->out, "    esac\n}\n%s", bash_tail);
}

/* ---- zsh ---- */

static const char zsh_head[] =
    "#compdef pinstripe\n"
    "# Completion of pinstripe in zsh. Made by `pinstripe completion zsh`.\n"
    "\n"
    "_pinstripe_jobs()\n"
    "{\n"
    "    local -a found\n"
    "    found=(${(f)\"$($pinstripe_program completion jobs 2>/dev/null)\"})\n"
    "    compadd -a found\n"
    "}\n"
    "\n";

static const char zsh_tail[] = "    esac\n"
                               "}\n"
                               "\n"
                               "if [ \"$funcstack[1]\" = _pinstripe ]; then\n"
                               "    _pinstripe \"$@\"\n"
                               "else\n"
                               "    compdef _pinstripe pinstripe\n"
                               "fi\n";

static void
zsh_action(const struct cli *cli, struct completion completion)
{
    static const char *const actions[] = {
        [COMPLETES_NOTHING] = " ",
        [COMPLETES_JOBS] = "_pinstripe_jobs",
        [COMPLETES_COMMANDS] = "_pinstripe_commands",
        [COMPLETES_FOLDERS] = "_files -/",
        [COMPLETES_FILES] = "_files",
        [COMPLETES_WORDS] = "",
    };

    if (completion.words)
        fprintf(cli->out, "(%s)", completion.words);
    else
        fputs(actions[completion.kind], cli->out);
}

static void
zsh_option(const struct cli *cli, const struct command *c, const struct opt *o)
{
    const char *end = o->value ? "=" : "";

    fputs(" \\\n            ", cli->out);
    if (o->letter)
        fprintf(cli->out, "'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name, o->letter,
                o->value ? "+" : "", o->name, end);
    else
        fprintf(cli->out, "'--%s%s[", o->name, end);
    put_quoted(cli, o->brief, "'\\''", "[]:");
    fputc(']', cli->out);
    if (o->value) {
        fputc(':', cli->out);
        put_quoted(cli, o->value, "'\\''", "[]:");
        fputc(':', cli->out);
        zsh_action(cli, pin__completion_of(c, o->name));
    }
    fputc('\'', cli->out);
}

static void
zsh_command(const struct cli *cli, const struct command *c)
{
    fprintf(cli->out, "    %s)\n        _arguments", c->name);
    each_option(cli, c, zsh_option);
    if (c->first_word) {
        fprintf(cli->out, " \\\n            '1:%s:", c->first_word);
        zsh_action(cli, pin__completion_of(c, c->first_word));
        fputc('\'', cli->out);
    }
    fputs(" ;;\n", cli->out);
}

void
pin__completion_zsh(const struct cli *cli)
{
    fprintf(cli->out, "%s_pinstripe_commands()\n{\n    local -a found\n    found=(\n", zsh_head);
    for (size_t i = 0; cli->commands[i]; i++) {
        fprintf(cli->out, "        '%s:", cli->commands[i]->name);
        put_quoted(cli, cli->commands[i]->brief, "'\\''", ":");
        fputs("'\n", cli->out);
    }
    fputs("    )\n    _describe command found\n}\n\n_pinstripe()\n{\n"
          "    local pinstripe_program=$words[1] curcontext=$curcontext state line\n"
          "    typeset -A opt_args\n"
          "    _arguments -C",
          cli->out);
    for (const struct opt *o = pin__global_options; o->name; o++)
        zsh_option(cli, NULL, o);
    fputs(" \\\n            '1:command:_pinstripe_commands' '*::word:->words'\n"
          "    [ \"$state\" = words ] || return\n"
          "    case $words[1] in\n",
          cli->out);
    for (size_t i = 0; cli->commands[i]; i++)
        zsh_command(cli, cli->commands[i]);
    fputs(zsh_tail, cli->out);
}

/* ---- fish ---- */

static const char fish_head[] =
    "# Completion of pinstripe in fish. Made by `pinstripe completion fish`.\n"
    "\n"
    "function __pinstripe_jobs\n"
    "    set -l words (commandline -opc)\n"
    "    $words[1] completion jobs 2>/dev/null\n"
    "end\n"
    "\n"
    "complete -c pinstripe -f\n";

static void
fish_arguments(const struct cli *cli, struct completion completion)
{
    static const char *const arguments[] = {
        [COMPLETES_NOTHING] = " -x",
        [COMPLETES_JOBS] = " -x -a '(__pinstripe_jobs)'",
        [COMPLETES_COMMANDS] = " -x -a '(__pinstripe_commands)'",
        [COMPLETES_FOLDERS] = " -x -a '(__fish_complete_directories)'",
        [COMPLETES_FILES] = " -r -F",
        [COMPLETES_WORDS] = " -x",
    };

    fputs(arguments[completion.kind], cli->out);
    if (completion.words)
        fprintf(cli->out, " -a '%s'", completion.words);
}

static void
fish_option(const struct cli *cli, const struct command *c, const struct opt *o)
{
    if (c)
        fprintf(cli->out, "complete -c pinstripe -n '__fish_seen_subcommand_from %s'", c->name);
    else
        fputs("complete -c pinstripe", cli->out);
    fprintf(cli->out, " -l %s", o->name);
    if (o->letter)
        fprintf(cli->out, " -s %c", o->letter);
    if (o->value)
        fish_arguments(cli, pin__completion_of(c, o->name));
    fputs(" -d '", cli->out);
    put_quoted(cli, o->brief, "\\'", "\\");
    fputs("'\n", cli->out);
}

static void
fish_command(const struct cli *cli, const struct command *c)
{
    struct completion word = pin__completion_of(c, c->first_word);

    for (const struct opt *o = c->opts; o && o->name; o++)
        fish_option(cli, c, o);
    if (word.kind == COMPLETES_NOTHING)
        return;
    fprintf(cli->out, "complete -c pinstripe -n '__fish_seen_subcommand_from %s'", c->name);
    fish_arguments(cli, word);
    fputc('\n', cli->out);
}

void
pin__completion_fish(const struct cli *cli)
{
    fputs("function __pinstripe_commands\n    printf '%s\\n'", cli->out);
    for (size_t i = 0; cli->commands[i]; i++)
        fprintf(cli->out, " %s", cli->commands[i]->name);
    fprintf(cli->out, "\nend\n\n%s", fish_head);
    for (const struct opt *o = pin__global_options; o->name; o++)
        fish_option(cli, NULL, o);
    for (size_t i = 0; cli->commands[i]; i++) {
        const struct command *c = cli->commands[i];

        fprintf(cli->out, "complete -c pinstripe -n __fish_use_subcommand -a %s -d '", c->name);
        put_quoted(cli, c->brief, "\\'", "\\");
        fputs("'\n", cli->out);
        fish_command(cli, c);
    }
}

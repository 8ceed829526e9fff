/* cmd_generate_background_job.c - a new file in lib/background_jobs. */
#include "command/command.h"
#include "command/project_types.h"

static void
write_job(struct pin_buf *b, const char *name)
{
    pin__buf_addf(b,
                  "\n"
                  "export default {\n"
                  "    meta(){\n"
                  "        this.schedule('* * * * *'); // run every minute\n"
                  "    },\n"
                  "\n"
                  "    run(){\n"
                  "        console.log('%s background job coming soon!')\n"
                  "    }\n"
                  "};\n",
                  name);
}

static void
write_native_job(struct pin_buf *b, const char *name)
{
    pin__buf_addf(b,
                  "#include <pinstripe/job.h>\n"
                  "#include <stdio.h>\n"
                  "\n"
                  "static void\n"
                  "run(pin_workspace *w)\n"
                  "{\n"
                  "    (void)w;\n"
                  "    puts(\"%s background job coming soon!\");\n"
                  "}\n"
                  "\n"
                  "PIN_BACKGROUND_JOB(\n"
                  "    .meta = PIN_META(\n"
                  "        PIN_SCHEDULE(\"* * * * *\") /* run every minute */\n"
                  "    ),\n"
                  "    .run = run\n"
                  ")\n",
                  name);
}

/* NULL: `language` is none that jobs are written in. */
static const char *
extension_of(const char *language)
{
    if (!language || strcmp(language, "javascript") == 0)
        return "js";
    return strcmp(language, "c") == 0 ? "c" : NULL;
}

static enum pin_exit
generate_background_job_exec(struct cli *cli, const struct args *a)
{
    struct scaffold s = { .cli = cli, .root = cli->root };
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    struct pin_err err = PIN_ERR_INIT;
    struct scaffold_name name;
    const char *extension = extension_of(pin__args_value(a, "language"));
    char path[PIN_JOB_NAME_SIZE + 32];
    pin_status st;

    if (!extension) {
        st = pin__err_set(&err, PIN_INVALID,
                          "--language %s: a background job is written in javascript or in c",
                          pin__args_value(a, "language"));
        goto out;
    }
    if ((st = pin__scaffold_job_name(pin__args_value(a, "name"), &name, &err)) != PIN_OK)
        goto out;
    if (extension[0] == 'c') {
        write_native_job(&content, name.dashed.text);
    } else {
        write_job(&content, name.dashed.text);
        pin__types_annotate(&content, cli->root, "BackgroundJob");
    }
    snprintf(path, sizeof path, "lib/background_jobs/%s.%s", name.path, extension);
    if ((st = pin__scaffold_file(&s, path, &content, &err)) == PIN_OK)
        pin__types_refresh(cli, cli->root, NULL);
out:
    pin__buf_fini(&content);
    return st == PIN_OK ? pin__scaffold_end(&s) : pin__cli_fail(cli, &err);
}

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "the name of the background job to create"),
    OPT_STR("language", 0, "LANGUAGE", "javascript (default) or c"),
    OPT_END,
};

const struct command pin__cmd_generate_background_job = {
    .name = "generate-background-job",
    .args = "NAME",
    .brief = "create a new background job file in lib/background_jobs",
    .details = "Slashes in the name make folders. A file that is there already is left as it is.",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_PROJECT,
    .exec = generate_background_job_exec,
};

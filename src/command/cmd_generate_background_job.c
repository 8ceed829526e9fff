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

static enum pin_exit
generate_background_job_exec(struct cli *cli, const struct args *a)
{
    struct scaffold s = { .cli = cli, .root = cli->root };
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    struct pin_err err = PIN_ERR_INIT;
    struct scaffold_name name;
    char path[PIN_JOB_NAME_SIZE + 32];
    pin_status st;

    if ((st = pin__scaffold_job_name(pin__args_value(a, "name"), &name, &err)) != PIN_OK)
        goto out;
    write_job(&content, name.dashed.text);
    pin__types_annotate(&content, cli->root, "BackgroundJob");
    snprintf(path, sizeof path, "lib/background_jobs/%s.js", name.path);
    if ((st = pin__scaffold_file(&s, path, &content, &err)) == PIN_OK)
        pin__types_refresh(cli, cli->root, NULL);
out:
    pin__buf_fini(&content);
    return st == PIN_OK ? pin__scaffold_end(&s) : pin__cli_fail(cli, &err);
}

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "the name of the background job to create"),
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

/* cmd_generate_service.c - a new file in lib/services. */
#include "command/command.h"
#include "command/project_types.h"

static void
write_service(struct pin_buf *b, const char *name)
{
    pin__buf_addf(b,
                  "\n"
                  "export default {\n"
                  "    create(){\n"
                  "        return 'Example %s service';\n"
                  "    }\n"
                  "};\n",
                  name);
}

static enum pin_exit
generate_service_exec(struct cli *cli, const struct args *a)
{
    struct scaffold s = { .cli = cli, .root = cli->root };
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    struct pin_err err = PIN_ERR_INIT;
    struct scaffold_name name;
    char path[PIN_JOB_NAME_SIZE + 32];
    pin_status st;

    if ((st = pin__scaffold_name(pin__args_value(a, "name"), &name, &err)) != PIN_OK)
        goto out;
    write_service(&content, name.camel);
    pin__types_annotate(&content, cli->root, "Service");
    snprintf(path, sizeof path, "lib/services/%s.js", name.path);
    if ((st = pin__scaffold_file(&s, path, &content, &err)) == PIN_OK)
        pin__types_refresh(cli, cli->root, NULL);
out:
    pin__buf_fini(&content);
    return st == PIN_OK ? pin__scaffold_end(&s) : pin__cli_fail(cli, &err);
}

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "the name of the service to create"),
    OPT_END,
};

const struct command pin__cmd_generate_service = {
    .name = "generate-service",
    .args = "NAME",
    .brief = "create a new service file in lib/services",
    .details =
        "Every run then finds it as this.<name>, in camel case. A file that is there already\n"
        "is left as it is.",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_PROJECT,
    .exec = generate_service_exec,
};

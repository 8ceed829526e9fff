/* cmd_generate_migration.c - a new file in lib/migrations, numbered with the time of now. */
#include "command/command.h"
#include "command/fields.h"
#include "command/migration_file.h"
#include "command/project_types.h"

/* The table that the name speaks of: create_users, add_age_to_users; "" when it does not. */
static const char *
table_in_name(const char *path)
{
    const char *to = strstr(path, "_to_");

    if (strncmp(path, "create_", 7) == 0)
        return path + 7;
    for (const char *next = to; next; next = strstr(next + 1, "_to_"))
        to = next;
    return to ? to + 4 : "";
}

static pin_status
write_migration(struct pin_buf *b, const struct args *a, const char *path, struct pin_err *err)
{
    const char *table = pin__args_value(a, "table");
    struct scaffold_name name;
    struct fields fields;
    pin_status st;

    if ((st = pin__fields_parse(&fields, a, err)) != PIN_OK)
        return st;
    if (!table)
        table = table_in_name(path);
    if (!*table && fields.count)
        return pin__err_set(err, PIN_INVALID, "fields of which table? Give --table TABLE");
    if (!*table) {
        pin__buf_adds(b, "\n"
                         "export default {\n"
                         "    async migrate(){\n"
                         "        // await this.database.table('users', async users => {\n"
                         "        //     await users.addColumn('name', 'string');\n"
                         "        // });\n"
                         "    }\n"
                         "};\n");
        return PIN_OK;
    }
    if ((st = pin__scaffold_name(table, &name, err)) != PIN_OK)
        return st;
    pin__fields_write_migration(b, &fields, name.camel);
    return PIN_OK;
}

static enum pin_exit
generate_migration_exec(struct cli *cli, const struct args *a)
{
    struct scaffold s = { .cli = cli, .root = cli->root };
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    struct pin_err err = PIN_ERR_INIT;
    struct scaffold_name name;
    pin_status st;

    if ((st = pin__scaffold_job_name(pin__args_value(a, "name"), &name, &err)) != PIN_OK)
        goto out;
    if (strchr(name.path, '/')) {
        st = pin__err_set(&err, PIN_INVALID, "the name of a migration has no folders: \"%s\"",
                          name.path);
        goto out;
    }
    if ((st = write_migration(&content, a, name.path, &err)) != PIN_OK)
        goto out;
    pin__types_annotate(&content, cli->root, "Migration");
    st = pin__migration_write(&s, name.path, pin__clock_wall(), &content, &err);
out:
    pin__buf_fini(&content);
    return st == PIN_OK ? pin__scaffold_end(&s) : pin__cli_fail(cli, &err);
}

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "what it does: create_users, add_age_to_users"),
    OPT_STR("table", 0, "TABLE", "the table (default: taken from the name)"),
    OPT_STR("fields", 0, "FIELDS", "its new columns, as in generate-model"),
    OPT_END,
};

const struct command pin__cmd_generate_migration = {
    .name = "generate-migration",
    .args = "NAME [FIELD...]",
    .brief = "create a new migration file in lib/migrations",
    .details =
        "The file is numbered with the time of now; migrate-database applies migrations in the\n"
        "order of their numbers, each once.",
    .opts = opts,
    .first_word = "name",
    .more_words = true,
    .needs = NEEDS_PROJECT,
    .exec = generate_migration_exec,
};

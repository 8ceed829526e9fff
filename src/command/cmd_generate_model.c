/* cmd_generate_model.c - a new file in lib/models, and the migration that makes its table. */
#include "command/command.h"
#include "command/fields.h"
#include "command/migration_file.h"
#include "command/project_types.h"

/* userId -> belongsTo('user') */
static void
write_relation(struct pin_buf *b, const struct field *field)
{
    size_t size = strlen(field->name);

    if (strcmp(field->type, "foreign_key") == 0 && size > 2 &&
        strcmp(field->name + size - 2, "Id") == 0)
        pin__buf_addf(b, "        this.belongsTo('%.*s');\n", (int)(size - 2), field->name);
}

static void
write_model(struct pin_buf *b, const struct fields *f)
{
    size_t start;

    pin__buf_adds(b, "\n"
                     "export default {\n"
                     "    meta(){\n");
    start = b->size;
    for (size_t i = 0; i < f->count; i++) {
        write_relation(b, &f->list[i]);
        if (f->list[i].mandatory)
            pin__buf_addf(b, "        this.mustNotBeBlank('%s');\n", f->list[i].name);
    }
    if (b->size == start)
        pin__buf_adds(b, "        // this.hasMany('comments');\n");
    pin__buf_adds(b, "    }\n"
                     "};\n");
}

/* Unless the project has one already. */
static pin_status
write_table(struct scaffold *s, const struct fields *f, const char *table, struct pin_err *err)
{
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    struct pin_buf name = PIN_BUF_INIT(PIN_JOB_NAME_SIZE);
    pin_status st;

    pin__buf_adds(&name, "create_");
    if ((st = pin__names_snakeify((struct pin_bytes){ table, strlen(table) }, &name, err)) !=
        PIN_OK)
        goto out;
    if (pin__migration_exists(s->root, pin__buf_text(&name)))
        goto out;
    pin__fields_write_migration(&content, f, table);
    pin__types_annotate(&content, s->root, "Migration");
    st = pin__migration_write(s, name.data, pin__clock_wall(), &content, err);
out:
    pin__buf_fini(&name);
    pin__buf_fini(&content);
    return st;
}

static enum pin_exit
generate_model_exec(struct cli *cli, const struct args *a)
{
    struct scaffold s = { .cli = cli, .root = cli->root };
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    struct pin_err err = PIN_ERR_INIT;
    struct scaffold_name name;
    struct fields fields;
    char path[PIN_JOB_NAME_SIZE + 32], type[PIN_JOB_NAME_SIZE + 32];
    pin_status st;

    if ((st = pin__scaffold_name(pin__args_value(a, "name"), &name, &err)) != PIN_OK ||
        (st = pin__fields_parse(&fields, a, &err)) != PIN_OK)
        goto out;
    write_model(&content, &fields);
    snprintf(type, sizeof type, "Model<'%s'>", name.camel_plural);
    pin__types_annotate(&content, cli->root, type);
    snprintf(path, sizeof path, "lib/models/%s.js", name.path);
    if ((st = pin__scaffold_file(&s, path, &content, &err)) == PIN_OK && !s.skipped)
        st = write_table(&s, &fields, name.camel_plural, &err);
    if (st == PIN_OK)
        pin__types_refresh(cli, cli->root, NULL);
out:
    pin__buf_fini(&content);
    return st == PIN_OK ? pin__scaffold_end(&s) : pin__cli_fail(cli, &err);
}

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "the name of the model to create: user"),
    OPT_STR("fields", 0, "FIELDS", "the columns of its table: \"^name:string age:integer\""),
    OPT_END,
};

const struct command pin__cmd_generate_model = {
    .name = "generate-model",
    .args = "NAME [FIELD...]",
    .brief = "create a new model file in lib/models, and a migration for its table",
    .details =
        "A field is NAME:TYPE; a ^ before it makes it mandatory, the type is string unless given.\n"
        "Types: string, text, integer, float, decimal, boolean, date, datetime, foreign_key, "
        "binary.",
    .opts = opts,
    .first_word = "name",
    .more_words = true,
    .needs = NEEDS_PROJECT,
    .exec = generate_model_exec,
};

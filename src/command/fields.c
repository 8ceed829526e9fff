/* fields.c - see fields.h. */
#include "command/fields.h"

#include "base/quote.h"
#include "project/names.h"

static const char *const types[] = { "string",  "text", "integer",  "float",       "decimal",
                                     "boolean", "date", "datetime", "foreign_key", "binary" };
#define TYPE_COUNT (sizeof types / sizeof *types)

static pin_status
find_type(const char *word, const char **type, struct pin_err *err)
{
    const char *near = pin__names_suggest(word, types, TYPE_COUNT);

    for (size_t i = 0; i < TYPE_COUNT; i++)
        if (strcmp(types[i], word) == 0) {
            *type = types[i];
            return PIN_OK;
        }
    return pin__err_set(err, PIN_INVALID,
                        "there is no column type %s%s%s%s; the types are string, text, integer, "
                        "float, decimal, boolean, date, datetime, foreign_key and binary",
                        pin__quote_text(word).text, near ? " (did you mean \"" : "",
                        near ? near : "", near ? "\"?)" : "");
}

static pin_status
set_name(struct field *field, const char *word, struct pin_err *err)
{
    struct pin_buf camel = PIN_BUF_INIT(sizeof field->name);
    pin_status st = pin__names_camelize((struct pin_bytes){ word, strlen(word) }, &camel, err);

    if (st == PIN_OK)
        st = pin__buf_check(&camel, "the name of a field", err);
    if (st == PIN_OK && (strcmp(camel.data, "id") == 0 || strcmp(camel.data, "tenantId") == 0))
        st = pin__err_set(err, PIN_INVALID, "every table has its own %s", camel.data);
    if (st == PIN_OK)
        memcpy(field->name, camel.data, camel.size + 1);
    pin__buf_fini(&camel);
    return st;
}

static bool
is_there(const struct fields *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->list[i].name, name) == 0)
            return true;
    return false;
}

static pin_status
add_field(struct fields *f, char *word, struct pin_err *err)
{
    struct field field = { .type = "string", .mandatory = *word == '^' };
    char *colon = strchr(word, ':');
    pin_status st;

    if (f->count == FIELDS_MAX)
        return pin__err_set(err, PIN_INVALID, "more than %d fields", FIELDS_MAX);
    if (colon) {
        *colon = '\0';
        if ((st = find_type(colon + 1, &field.type, err)) != PIN_OK)
            goto out;
    }
    if ((st = set_name(&field, word + field.mandatory, err)) != PIN_OK)
        goto out;
    if (is_there(f, field.name)) {
        st = pin__err_set(err, PIN_INVALID, "it is there twice");
        goto out;
    }
    f->list[f->count++] = field;
out:
    if (st != PIN_OK)
        pin__err_prefix(err, "field %s", pin__quote_text(word).text);
    return st;
}

static pin_status
add_fields(struct fields *f, const char *text, struct pin_err *err)
{
    char *copy = strdup(text), *rest = NULL;
    pin_status st = copy ? PIN_OK : pin__err_no_memory(err);

    for (char *word = copy ? strtok_r(copy, " ,\t\n", &rest) : NULL; word && st == PIN_OK;
         word = strtok_r(NULL, " ,\t\n", &rest))
        st = add_field(f, word, err);
    free(copy);
    return st;
}

pin_status
pin__fields_parse(struct fields *f, const struct args *a, struct pin_err *err)
{
    const char *given = pin__args_value(a, "fields");
    pin_status st = PIN_OK;

    f->count = 0;
    if (given)
        st = add_fields(f, given, err);
    for (size_t i = 0; i < a->word_count && st == PIN_OK; i++)
        st = add_fields(f, a->words[i], err);
    return st;
}

void
pin__fields_write_migration(struct pin_buf *b, const struct fields *f, const char *table)
{
    pin__buf_addf(b,
                  "\n"
                  "export default {\n"
                  "    async migrate(){\n"
                  "        await this.database.table('%s', async %s => {\n",
                  table, table);
    if (!f->count)
        pin__buf_addf(b, "            await %s.create();\n", table);
    for (size_t i = 0; i < f->count; i++)
        pin__buf_addf(b, "            await %s.addColumn('%s', '%s');\n", table, f->list[i].name,
                      f->list[i].type);
    pin__buf_adds(b, "        });\n"
                     "    }\n"
                     "};\n");
}

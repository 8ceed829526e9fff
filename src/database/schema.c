/* schema.c - see schema.h: reading and caching what tables there are.
 *
 * Everything of one reading lives in one arena; a new reading replaces the whole.
 */
#include <strings.h>

#include "database/driver.h"

enum { SCHEMA_BYTES_MAX = 64 << 20 };

struct table_entry { /* a struct pin_table and what goes with it; the public part first */
    struct pin_table table;
    const char *quoted;
    const char *select_list;
    bool is_view, is_plain;
    bool hidden;
    struct pin_column *columns; /* as table.columns, still growing */
    size_t capacity;
};

struct pin_schema {
    struct pin_arena arena;
    struct table_entry **tables; /* sorted by name */
    size_t count, capacity;
    const struct pin_table **visible; /* those not hidden, sorted */
    size_t visible_count;
    int64_t version; /* of the file, when it was read */
};

bool
pin__table_is_hidden(const char *name)
{
    static const char *const own[] = { "appliedMigrations", "columnTypes" };

    if (strncasecmp(name, "sqlite_", 7) == 0 || strncasecmp(name, "pinstripe_", 10) == 0)
        return true;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcasecmp(name, own[i]) == 0)
            return true;
    return false;
}

void
pin__sql_add_name(struct pin_buf *sql, const char *name)
{
    pin__buf_addc(sql, '"');
    for (; *name; name++) {
        if (*name == '"')
            pin__buf_addc(sql, '"');
        pin__buf_addc(sql, *name);
    }
    pin__buf_addc(sql, '"');
}

static const struct table_entry *
entry_of(const struct pin_table *table)
{
    return (const struct table_entry *)(const void *)table;
}

const char *
pin__table_quoted(const struct pin_table *table)
{
    return entry_of(table)->quoted;
}

const char *
pin__table_select_list(const struct pin_table *table)
{
    return entry_of(table)->select_list;
}

int
pin__table_column(const struct pin_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return (int)i;
    return -1;
}

/* --- types --- */

static bool
ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n > m && strcmp(text + n - m, end) == 0;
}

/* "VARCHAR(255)" is varchar. */
static bool
sql_type_is(const char *sql_type, const char *word)
{
    size_t n = strlen(word);

    return strncasecmp(sql_type, word, n) == 0 && (sql_type[n] == '\0' || sql_type[n] == '(');
}

static enum pin_column_type
guess_type(const char *name, const char *sql_type)
{
    static const struct {
        const char *word;
        enum pin_column_type type;
    } words[] = {
        { "varchar", PIN_COLUMN_STRING },    { "char", PIN_COLUMN_STRING },
        { "text", PIN_COLUMN_TEXT },         { "integer", PIN_COLUMN_INTEGER },
        { "int", PIN_COLUMN_INTEGER },       { "bigint", PIN_COLUMN_INTEGER },
        { "boolean", PIN_COLUMN_BOOLEAN },   { "float", PIN_COLUMN_FLOAT },
        { "real", PIN_COLUMN_FLOAT },        { "double", PIN_COLUMN_FLOAT },
        { "decimal", PIN_COLUMN_DECIMAL },   { "numeric", PIN_COLUMN_DECIMAL },
        { "datetime", PIN_COLUMN_DATETIME }, { "timestamp", PIN_COLUMN_DATETIME },
        { "date", PIN_COLUMN_DATE },         { "blob", PIN_COLUMN_BINARY },
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!sql_type_is(sql_type, words[i].word))
            continue;
        if (words[i].type == PIN_COLUMN_INTEGER && strcmp(name, "_id") == 0)
            return PIN_COLUMN_PRIMARY_KEY;
        if (words[i].type == PIN_COLUMN_STRING && strcmp(name, "id") == 0)
            return PIN_COLUMN_ALTERNATE_KEY;
        if (words[i].type == PIN_COLUMN_STRING && ends_with(name, "Id"))
            return PIN_COLUMN_FOREIGN_KEY;
        return words[i].type;
    }
    return PIN_COLUMN_TEXT;
}

/* --- reading --- */

struct reading {
    struct pin_schema *schema;
    struct table_entry *last;
};

static pin_status
add_table(struct reading *r, const struct pin_schema_column *c, struct pin_err *err)
{
    struct pin_schema *schema = r->schema;
    struct table_entry *e = pin__arena_alloc(&schema->arena, sizeof *e), **grown;
    size_t capacity = schema->capacity ? schema->capacity * 2 : 32;

    if (!e || !(e->table.name = pin__arena_strdup(&schema->arena, c->table)))
        return pin__err_no_memory(err);
    e->table.key_column = e->table.id_column = e->table.tenant_column = -1;
    e->is_view = c->is_view;
    e->is_plain = c->is_plain;
    e->hidden = pin__table_is_hidden(c->table);
    if (schema->count == schema->capacity) {
        if (!(grown = pin__arena_alloc(&schema->arena, capacity * sizeof(*grown))))
            return pin__err_no_memory(err);
        if (schema->count)
            memcpy(grown, schema->tables, schema->count * sizeof(*grown));
        schema->tables = grown;
        schema->capacity = capacity;
    }
    schema->tables[schema->count++] = e;
    r->last = e;
    return PIN_OK;
}

static pin_status
add_column(struct pin_schema *schema, struct table_entry *e, const struct pin_schema_column *c,
           struct pin_err *err)
{
    size_t capacity = e->capacity ? e->capacity * 2 : 16;
    struct pin_column *grown;
    char *name = pin__arena_strdup(&schema->arena, c->column);

    if (!name)
        return pin__err_no_memory(err);
    if (e->table.column_count == e->capacity) {
        if (!(grown = pin__arena_alloc(&schema->arena, capacity * sizeof *grown)))
            return pin__err_no_memory(err);
        if (e->table.column_count)
            memcpy(grown, e->columns, e->table.column_count * sizeof *grown);
        e->table.columns = e->columns = grown;
        e->capacity = capacity;
    }
    e->columns[e->table.column_count].name = name;
    e->columns[e->table.column_count].type = guess_type(name, c->sql_type ? c->sql_type : "");
    e->table.column_count++;
    return PIN_OK;
}

static pin_status
on_column(void *context, const struct pin_schema_column *c, struct pin_err *err)
{
    struct reading *r = context;
    pin_status st = PIN_OK;

    if (!r->last || strcmp(r->last->table.name, c->table) != 0)
        st = add_table(r, c, err);
    return st == PIN_OK ? add_column(r->schema, r->last, c, err) : st;
}

static struct table_entry *
find_entry(const struct pin_schema *schema, const char *name)
{
    size_t low = 0, high = schema->count, middle;
    int order;

    while (low < high) {
        middle = low + (high - low) / 2;
        order = strcmp(name, schema->tables[middle]->table.name);
        if (order == 0)
            return schema->tables[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static void
set_type(struct pin_schema *schema, const char *table, const char *column, const char *type)
{
    struct table_entry *e = find_entry(schema, table);
    int i = e ? pin__table_column(&e->table, column) : -1;
    enum pin_column_type parsed;

    if (i >= 0 && pin__column_type_parse(type, &parsed, NULL) == PIN_OK)
        e->columns[i].type = parsed;
}

/* The three columns of columnTypes, by what their names say: the original did not always call them
 * the same. */
bool
pin__column_types_shape(const struct pin_table *t, const char **table, const char **column,
                        const char **type)
{
    *table = *column = *type = NULL;
    for (size_t i = 0; i < t->column_count; i++) {
        const char *name = t->columns[i].name;

        if (strncasecmp(name, "table", 5) == 0)
            *table = name;
        else if (strcasecmp(name, "type") == 0 || strcasecmp(name, "columnType") == 0)
            *type = name;
        else if (strncasecmp(name, "column", 6) == 0 || strcmp(name, "name") == 0)
            *column = name;
    }
    return *table && *column && *type;
}

static const char *
row_text(const struct pin_statement *statement, size_t column)
{
    const struct pin_value *v = &statement->row[column];

    return v->type == PIN_VALUE_TEXT ? v->bytes.data : "";
}

static pin_status
read_column_types(struct pin_session *s, struct pin_schema *schema, struct pin_err *err)
{
    static const struct pin_guard own = { .kind = PIN_GUARD_OWN };
    struct table_entry *e = find_entry(schema, "columnTypes");
    struct pin_statement *statement = NULL;
    struct pin_buf sql = PIN_BUF_INIT(8192);
    const char *names[3];
    pin_status st;

    if (!e || !pin__column_types_shape(&e->table, &names[0], &names[1], &names[2]))
        return PIN_OK;
    pin__buf_adds(&sql, "select ");
    for (int i = 0; i < 3; i++) {
        pin__buf_adds(&sql, i ? ", " : "");
        pin__sql_add_name(&sql, names[i]);
    }
    pin__buf_adds(&sql, " from \"columnTypes\"");
    if ((st = pin__buf_check(&sql, "the SQL text", err)) != PIN_OK)
        goto out;
    st = pin__statement_get(s, (struct pin_bytes){ sql.data, sql.size }, &own, &statement, err);
    if (st == PIN_OK)
        st = pin__statement_start(s, statement, NULL, 0, err);
    while (st == PIN_OK && (st = pin__statement_step(s, statement, err)) == PIN_OK)
        set_type(schema, row_text(statement, 0), row_text(statement, 1), row_text(statement, 2));
    st = st == PIN_EMPTY ? PIN_OK : st;
out:
    pin__statement_release(s, statement);
    pin__buf_fini(&sql);
    return st;
}

static uint64_t
table_version(const struct pin_table *t)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < t->column_count; i++) {
        for (const char *p = t->columns[i].name; *p; p++)
            h = (h ^ (unsigned char)*p) * 1099511628211u;
        h = (h ^ (uint64_t)(256 + t->columns[i].type)) * 1099511628211u;
    }
    return h;
}

static pin_status
finish_table(struct pin_schema *schema, struct table_entry *e, struct pin_err *err)
{
    struct pin_buf text = PIN_BUF_INIT(1 << 20);
    struct pin_table *t = &e->table;
    pin_status st;

    pin__sql_add_name(&text, t->name);
    e->quoted = pin__arena_strdup(&schema->arena, pin__buf_text(&text));
    pin__buf_clear(&text);
    for (size_t i = 0; i < t->column_count && e->quoted; i++) {
        pin__buf_addf(&text, "%s%s.", i ? ", " : "", e->quoted);
        pin__sql_add_name(&text, t->columns[i].name);
        if (t->columns[i].type == PIN_COLUMN_PRIMARY_KEY)
            t->key_column = (int)i;
        if (t->columns[i].type == PIN_COLUMN_ALTERNATE_KEY)
            t->id_column = (int)i;
        if (strcasecmp(t->columns[i].name, "tenantId") == 0 && strcmp(t->name, "tenants") != 0)
            t->tenant_column = (int)i;
    }
    t->version = table_version(t);
    st = pin__buf_check(&text, "the list of a table's columns", err);
    if (st == PIN_OK &&
        (!e->quoted || !(e->select_list = pin__arena_copy(&schema->arena, text.data, text.size))))
        st = pin__err_no_memory(err);
    pin__buf_fini(&text);
    return st;
}

static pin_status
finish_reading(struct pin_schema *schema, struct pin_err *err)
{
    pin_status st;

    schema->visible = pin__arena_alloc(&schema->arena, (schema->count + 1) * sizeof(void *));
    if (!schema->visible)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < schema->count; i++) {
        if ((st = finish_table(schema, schema->tables[i], err)) != PIN_OK)
            return st;
        if (!schema->tables[i]->hidden)
            schema->visible[schema->visible_count++] = &schema->tables[i]->table;
    }
    return PIN_OK;
}

static void
schema_free(struct pin_schema *schema)
{
    if (schema)
        pin__arena_fini(&schema->arena);
    free(schema);
}

void
pin__schema_forget(struct pin_session *s)
{
    schema_free(s->schema);
    s->schema = NULL;
}

static int
by_name(const void *a, const void *b)
{
    const struct table_entry *const *x = a, *const *y = b;

    return strcmp((*x)->table.name, (*y)->table.name);
}

static pin_status
read_schema(struct pin_session *s, int64_t version, struct pin_err *err)
{
    struct pin_schema *schema = calloc(1, sizeof *schema);
    struct reading r = { .schema = schema };
    pin_status st;

    if (!schema)
        return pin__err_no_memory(err);
    schema->arena = PIN_ARENA_INIT(SCHEMA_BYTES_MAX);
    schema->version = version;
    st = s->driver->read_schema(s, on_column, &r, err);
    if (st == PIN_OK && schema->count)
        qsort(schema->tables, schema->count, sizeof(*schema->tables), by_name);
    if (st != PIN_OK || (st = read_column_types(s, schema, err)) != PIN_OK ||
        (st = finish_reading(schema, err)) != PIN_OK) {
        schema_free(schema);
        pin__err_prefix(err, "cannot read the tables of the database");
        return st;
    }
    pin__schema_forget(s);
    s->schema = schema;
    s->schema_suspect = false;
    return PIN_OK;
}

/* Tables in use by an open cursor are not replaced under it. */
static pin_status
refresh(struct pin_session *s, struct pin_err *err)
{
    int64_t version;
    pin_status st;

    if (s->schema && (s->schema_fresh || s->open_cursors))
        return PIN_OK;
    if ((st = s->driver->schema_version(s, &version, err)) != PIN_OK)
        return st;
    if (!s->schema || s->schema_suspect || s->schema->version != version)
        st = read_schema(s, version, err);
    s->schema_fresh = st == PIN_OK;
    return st;
}

/* --- asking --- */

pin_status
pin__schema_find(struct pin_session *s, const char *name, const struct pin_table **out,
                 struct pin_err *err)
{
    struct table_entry *e;
    pin_status st;

    *out = NULL;
    if ((st = refresh(s, err)) != PIN_OK)
        return st;
    if (!(e = find_entry(s->schema, name)) && !s->open_cursors) {
        s->schema_fresh = false; /* another process may have made it in the meantime */
        if ((st = refresh(s, err)) != PIN_OK)
            return st;
        e = find_entry(s->schema, name);
    }
    *out = e ? &e->table : NULL;
    return PIN_OK;
}

static pin_status
no_such_table(struct pin_session *s, const char *name, struct pin_err *err)
{
    const struct pin_schema *schema = s->schema;
    const char **names = malloc((schema->visible_count + 1) * sizeof *names);
    const char *near = NULL;

    if (names) {
        for (size_t i = 0; i < schema->visible_count; i++)
            names[i] = schema->visible[i]->name;
        near = pin__nearest(name, names, schema->visible_count);
    }
    free(names);
    if (near)
        return pin__err_set(err, PIN_NOT_FOUND, "No such table \"%s\" exists; did you mean \"%s\"?",
                            name, near);
    return pin__err_set(err, PIN_NOT_FOUND, "No such table \"%s\" exists.", name);
}

pin_status
pin__schema_table(struct pin_session *s, const char *name, const struct pin_table **out,
                  struct pin_err *err)
{
    pin_status st = pin__schema_find(s, name, out, err);

    if (st != PIN_OK)
        return st;
    if (!*out || entry_of(*out)->hidden) {
        *out = NULL;
        return no_such_table(s, name, err);
    }
    return PIN_OK;
}

pin_status
pin__schema_tables(struct pin_session *s, const struct pin_table *const **out, size_t *count,
                   struct pin_err *err)
{
    pin_status st;

    *out = NULL;
    *count = 0;
    pin__session_assert_owner(s);
    if ((st = refresh(s, err)) != PIN_OK)
        return st;
    *out = s->schema->visible;
    *count = s->schema->visible_count;
    return PIN_OK;
}

bool
pin__table_is_view(const struct pin_table *table)
{
    return entry_of(table)->is_view;
}

bool
pin__table_is_plain(const struct pin_table *table)
{
    return entry_of(table)->is_plain;
}

pin_status
pin__scope_check_table(const struct pin_session *s, const struct pin_scope *scope,
                       const struct pin_table *table, struct pin_err *err)
{
    if (!s->multi_tenant || !pin__scope_is_tenant(scope) || table->tenant_column >= 0 ||
        strcmp(table->name, "tenants") == 0)
        return PIN_OK;
    return pin__err_set(err, PIN_DENIED,
                        "the table \"%s\" has no tenantId, so a tenant cannot use it; migrate the "
                        "database (pinstripe migrate-database), or use withoutTenantScope",
                        table->name);
}

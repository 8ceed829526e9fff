/* schema_change.c - see schema.h: making and changing tables, for migrations.
 *
 * A column's type is recorded in columnTypes as the table's and column's name and the type as a
 * migration writes it. A file of the original keeps the names that its columnTypes has; one of ours
 * has tableName, columnName and type.
 */
#include <strings.h>

#include "database/driver.h"

enum { NAME_MAX_BYTES = 128, TEXT_MAX = 64 * 1024 };

static const char tenants[] = "tenants", types_table[] = "columnTypes";

/* --- checks --- */

static pin_status
check_scope(const struct pin_scope *scope, const char *table, struct pin_err *err)
{
    pin_status st = pin__scope_check(scope, table, err);

    if (st == PIN_OK && pin__scope_is_tenant(scope))
        st =
            pin__err_set(err, PIN_DENIED,
                         "cannot change the table \"%s\" in a tenant's workspace: tables belong to "
                         "all tenants; do it in a migration",
                         table);
    return st;
}

static bool
is_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > NAME_MAX_BYTES || (*name >= '0' && *name <= '9'))
        return false;
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        if (!(c >= 0x80 || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
              (c >= 'A' && c <= 'Z')))
            return false;
    }
    return true;
}

static pin_status
check_name(const char *name, const char *what, struct pin_err *err)
{
    if (is_name(name))
        return PIN_OK;
    return pin__err_set(
        err, PIN_INVALID,
        "\"%.80s\" cannot be the name of a %s: use letters, digits and _, at most %d", name, what,
        NAME_MAX_BYTES);
}

static pin_status
check_table(const struct pin_scope *scope, const char *table, struct pin_err *err)
{
    pin_status st = check_scope(scope, table, err);

    if (st == PIN_OK)
        st = check_name(table, "table", err);
    if (st == PIN_OK && pin__table_is_hidden(table))
        st = pin__err_set(err, PIN_DENIED, "the table \"%s\" is pinstripe's own", table);
    return st;
}

/* --- texts --- */

static pin_status
execute(struct pin_session *s, struct pin_buf *sql, struct pin_err *err)
{
    pin_status st = pin__buf_check(sql, "the SQL text of a change to a table", err);

    if (st == PIN_OK)
        st = pin__session_execute(s, sql->data, NULL, 0, err);
    s->schema_fresh = false;
    pin__buf_fini(sql);
    return st;
}

static void
add_text_literal(struct pin_buf *sql, struct pin_bytes text)
{
    pin__buf_addc(sql, '\'');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\'')
            pin__buf_addc(sql, '\'');
        pin__buf_addc(sql, text.data[i]);
    }
    pin__buf_addc(sql, '\'');
}

static void
add_literal(struct pin_buf *sql, struct pin_value v)
{
    switch (v.type) {
    case PIN_VALUE_INTEGER:
        pin__buf_addf(sql, "%lld", (long long)v.integer);
        return;
    case PIN_VALUE_REAL:
        pin__buf_addf(sql, "%.17g", v.real);
        return;
    case PIN_VALUE_TEXT:
        add_text_literal(sql, v.bytes);
        return;
    case PIN_VALUE_BLOB:
        pin__buf_adds(sql, "x'");
        for (size_t i = 0; i < v.bytes.size; i++)
            pin__buf_addf(sql, "%02x", (unsigned char)v.bytes.data[i]);
        pin__buf_addc(sql, '\'');
        return;
    default:
        pin__buf_adds(sql, "null");
    }
}

static pin_status
make_index(struct pin_session *s, const char *table, const char *column, bool unique,
           struct pin_err *err)
{
    struct pin_buf sql = PIN_BUF_INIT(TEXT_MAX), name = PIN_BUF_INIT(TEXT_MAX);

    pin__buf_addf(&name, "%s_%s_index", table, column);
    pin__buf_adds(&sql,
                  unique ? "create unique index if not exists " : "create index if not exists ");
    pin__sql_add_name(&sql, pin__buf_text(&name));
    pin__buf_adds(&sql, " on ");
    pin__sql_add_name(&sql, table);
    pin__buf_addc(&sql, '(');
    pin__sql_add_name(&sql, column);
    pin__buf_addc(&sql, ')');
    pin__buf_fini(&name);
    return execute(s, &sql, err);
}

/* --- columnTypes --- */

/* "<column> = ? and ..." over the table's and the column's name. */
static pin_status
forget_types(struct pin_session *s, const char *table, const char *column, struct pin_err *err)
{
    struct pin_value values[2] = { pin__value_text(table) };
    struct pin_buf sql = PIN_BUF_INIT(TEXT_MAX);
    const char *names[3];
    const struct pin_table *t;
    pin_status st = pin__schema_find(s, types_table, &t, err);

    if (st != PIN_OK || !t || !pin__column_types_shape(t, &names[0], &names[1], &names[2]))
        return st;
    pin__buf_adds(&sql, "delete from \"columnTypes\" where ");
    pin__sql_add_name(&sql, names[0]);
    pin__buf_adds(&sql, " = ?");
    if (column) {
        values[1] = pin__value_text(column);
        pin__buf_adds(&sql, " and ");
        pin__sql_add_name(&sql, names[1]);
        pin__buf_adds(&sql, " = ?");
    }
    if ((st = pin__buf_check(&sql, "the SQL text", err)) == PIN_OK)
        st = pin__session_execute(s, sql.data, values, column ? 2 : 1, err);
    pin__buf_fini(&sql);
    return st;
}

static pin_status
record_type(struct pin_session *s, const char *table, const char *column, enum pin_column_type type,
            struct pin_err *err)
{
    struct pin_value values[4] = { pin__value_text(table), pin__value_text(column),
                                   pin__value_text(pin__column_type_name(type)) };
    struct pin_buf sql = PIN_BUF_INIT(TEXT_MAX);
    const char *names[3];
    const struct pin_table *t;
    char id[PIN_UUID_SIZE];
    size_t count = 3;
    pin_status st;

    if ((st = forget_types(s, table, column, err)) != PIN_OK ||
        (st = pin__schema_find(s, types_table, &t, err)) != PIN_OK)
        return st;
    if (!t || !pin__column_types_shape(t, &names[0], &names[1], &names[2]))
        return PIN_OK; /* somebody else's table of that name: types are guessed then */
    pin__buf_adds(&sql, "insert into \"columnTypes\" (");
    for (int i = 0; i < 3; i++) {
        pin__buf_adds(&sql, i ? ", " : "");
        pin__sql_add_name(&sql, names[i]);
    }
    if (t->id_column >= 0) {
        if ((st = pin__uuid(id, err)) != PIN_OK)
            goto out;
        values[count++] = pin__value_text(id);
        pin__buf_adds(&sql, ", \"id\"");
    }
    pin__buf_adds(&sql, count == 4 ? ") values (?, ?, ?, ?)" : ") values (?, ?, ?)");
    if ((st = pin__buf_check(&sql, "the SQL text", err)) == PIN_OK)
        st = pin__session_execute(s, sql.data, values, count, err);
out:
    pin__buf_fini(&sql);
    return st;
}

/* --- inside a transaction --- */

static pin_status
add_column(struct pin_session *s, const char *table, const char *column, enum pin_column_type type,
           const struct pin_column_options *options, bool record, struct pin_err *err)
{
    struct pin_value value = pin__column_type_default(type);
    struct pin_buf sql = PIN_BUF_INIT(PIN_CONDITION_MAX * 4);
    pin_status st = PIN_OK;

    if (options && options->has_default)
        st = pin__column_coerce(type, options->default_value, &value, err);
    if (st != PIN_OK)
        return st;
    pin__buf_adds(&sql, "alter table ");
    pin__sql_add_name(&sql, table);
    pin__buf_adds(&sql, " add column ");
    pin__sql_add_name(&sql, column);
    pin__buf_addf(&sql, " %s", pin__column_type_sql(type));
    if (value.type != PIN_VALUE_NULL) {
        pin__buf_adds(&sql, " default ");
        add_literal(&sql, value);
    }
    st = execute(s, &sql, err);
    if (st == PIN_OK && (type == PIN_COLUMN_FOREIGN_KEY || (options && options->index)))
        st = make_index(s, table, column, false, err);
    if (st == PIN_OK && record)
        st = record_type(s, table, column, type, err);
    return st;
}

static pin_status
create_table(struct pin_session *s, const char *table, struct pin_err *err)
{
    struct pin_buf sql = PIN_BUF_INIT(TEXT_MAX);
    pin_status st;

    pin__buf_adds(&sql, "create table ");
    pin__sql_add_name(&sql, table);
    pin__buf_adds(&sql, " (\"_id\" integer primary key autoincrement, \"id\" varchar)");
    if ((st = execute(s, &sql, err)) != PIN_OK)
        return st;
    return make_index(s, table, "id", true, err);
}

static pin_status
ensure_types_table(struct pin_session *s, struct pin_err *err)
{
    static const char *const columns[] = { "tableName", "columnName", "type" };
    const struct pin_table *t;
    pin_status st = pin__schema_find(s, types_table, &t, err);

    if (st != PIN_OK || t)
        return st;
    st = create_table(s, types_table, err);
    for (size_t i = 0; i < sizeof columns / sizeof *columns && st == PIN_OK; i++)
        st = add_column(s, types_table, columns[i], PIN_COLUMN_STRING, NULL, false, err);
    return st;
}

static bool
wants_tenant(const struct pin_session *s, const char *table)
{
    return s->multi_tenant && strcmp(table, tenants) != 0 && !pin__table_is_hidden(table);
}

/* The table with all that each table has, when it is not there yet. */
static pin_status
ensure_table(struct pin_session *s, const char *table, struct pin_err *err)
{
    const struct pin_table *t;
    pin_status st = pin__schema_find(s, table, &t, err);

    if (st != PIN_OK || t)
        return st;
    if ((st = ensure_types_table(s, err)) != PIN_OK ||
        (st = create_table(s, table, err)) != PIN_OK ||
        (st = record_type(s, table, "_id", PIN_COLUMN_PRIMARY_KEY, err)) != PIN_OK ||
        (st = record_type(s, table, "id", PIN_COLUMN_ALTERNATE_KEY, err)) != PIN_OK)
        return st;
    if (wants_tenant(s, table))
        st = add_column(s, table, "tenantId", PIN_COLUMN_FOREIGN_KEY, NULL, true, err);
    return st;
}

static pin_status
ensure_column(struct pin_session *s, const char *table, const char *column,
              enum pin_column_type type, const struct pin_column_options *options,
              struct pin_err *err)
{
    const struct pin_table *t;
    pin_status st;

    if ((st = ensure_types_table(s, err)) != PIN_OK ||
        (st = ensure_table(s, table, err)) != PIN_OK ||
        (st = pin__schema_find(s, table, &t, err)) != PIN_OK)
        return st;
    for (size_t i = 0; t && i < t->column_count; i++)
        if (strcasecmp(t->columns[i].name, column) == 0) /* as SQLite compares them */
            return PIN_OK;
    return add_column(s, table, column, type, options, true, err);
}

/* What is there is looked at again under the lock: somebody else may have been faster. */
static pin_status
begin(struct pin_session *s, struct pin_err *err)
{
    pin_status st = pin__session_begin(s, pin__clock_mono(), err);

    s->schema_fresh = false;
    return st;
}

/* Ends what begin opened; a failure keeps its own message. */
static pin_status
end(struct pin_session *s, pin_status st, struct pin_err *err)
{
    if (st == PIN_OK)
        return pin__session_commit(s, err);
    pin__session_rollback(s);
    return st;
}

/* --- in the header's order --- */

pin_status
pin__schema_create_table(struct pin_session *s, const struct pin_scope *scope, const char *table,
                         struct pin_err *err)
{
    const struct pin_table *t;
    pin_status st;

    if ((st = check_table(scope, table, err)) != PIN_OK ||
        (st = pin__schema_find(s, table, &t, err)) != PIN_OK || t)
        return st;
    if ((st = begin(s, err)) != PIN_OK)
        return st;
    return end(s, ensure_table(s, table, err), err);
}

pin_status
pin__schema_add_column(struct pin_session *s, const struct pin_scope *scope, const char *table,
                       const char *column, enum pin_column_type type,
                       const struct pin_column_options *options, struct pin_err *err)
{
    pin_status st;

    if ((st = check_table(scope, table, err)) != PIN_OK ||
        (st = check_name(column, "column", err)) != PIN_OK)
        return st;
    if ((st = begin(s, err)) != PIN_OK)
        return st;
    st = ensure_column(s, table, column, type, options, err);
    if (st != PIN_OK)
        pin__err_prefix(err, "cannot add the column \"%s\" to \"%s\"", column, table);
    return end(s, st, err);
}

/* The indexes of the column alone or with others: SQLite drops no column that has one. */
static pin_status
drop_indexes(struct pin_session *s, const char *table, const char *column, struct pin_err *err)
{
    static const char sql[] = "select l.name from pragma_index_list(?) l where l.origin = 'c' and"
                              " exists (select 1 from pragma_index_info(l.name) i where i.name = ?)"
                              " limit 1";
    static const struct pin_guard own = { .kind = PIN_GUARD_OWN };
    struct pin_value values[] = { pin__value_text(table), pin__value_text(column) };
    struct pin_statement *statement;
    pin_status st;

    for (;;) {
        struct pin_buf drop = PIN_BUF_INIT(TEXT_MAX);

        statement = NULL;
        st =
            pin__statement_get(s, (struct pin_bytes){ sql, sizeof sql - 1 }, &own, &statement, err);
        if (st == PIN_OK)
            st = pin__statement_start(s, statement, values, 2, err);
        if (st == PIN_OK && (st = pin__statement_step(s, statement, err)) == PIN_OK) {
            pin__buf_adds(&drop, "drop index ");
            pin__sql_add_name(&drop, statement->row[0].bytes.data);
        }
        pin__statement_release(s, statement);
        if (st == PIN_OK)
            st = execute(s, &drop, err);
        pin__buf_fini(&drop);
        if (st != PIN_OK)
            return st == PIN_EMPTY ? PIN_OK : st;
    }
}

static pin_status
remove_column(struct pin_session *s, const char *table, const char *column, struct pin_err *err)
{
    struct pin_buf sql = PIN_BUF_INIT(TEXT_MAX);
    pin_status st;

    if ((st = drop_indexes(s, table, column, err)) != PIN_OK ||
        (st = forget_types(s, table, column, err)) != PIN_OK)
        return st;
    pin__buf_adds(&sql, "alter table ");
    pin__sql_add_name(&sql, table);
    pin__buf_adds(&sql, " drop column ");
    pin__sql_add_name(&sql, column);
    return execute(s, &sql, err);
}

static bool
is_given_column(const struct pin_session *s, const char *table, const char *column)
{
    return strcmp(column, "_id") == 0 || strcmp(column, "id") == 0 ||
           (wants_tenant(s, table) && strcmp(column, "tenantId") == 0);
}

pin_status
pin__schema_remove_column(struct pin_session *s, const struct pin_scope *scope, const char *table,
                          const char *column, struct pin_err *err)
{
    const struct pin_table *t;
    pin_status st;

    if ((st = check_table(scope, table, err)) != PIN_OK ||
        (st = pin__schema_find(s, table, &t, err)) != PIN_OK)
        return st;
    if (!t || pin__table_column(t, column) < 0)
        return PIN_OK;
    if (is_given_column(s, table, column))
        return pin__err_set(err, PIN_DENIED, "cannot remove \"%s\" from \"%s\": every table has it",
                            column, table);
    if ((st = begin(s, err)) != PIN_OK)
        return st;
    st = remove_column(s, table, column, err);
    if (st != PIN_OK)
        pin__err_prefix(err, "cannot remove the column \"%s\" from \"%s\"", column, table);
    return end(s, st, err);
}

static pin_status
drop_table(struct pin_session *s, const struct pin_table *t, const char *table, struct pin_err *err)
{
    struct pin_buf sql = PIN_BUF_INIT(TEXT_MAX);
    pin_status st;

    pin__buf_adds(&sql, pin__table_is_view(t) ? "drop view " : "drop table ");
    pin__sql_add_name(&sql, table);
    if ((st = forget_types(s, table, NULL, err)) != PIN_OK) {
        pin__buf_fini(&sql);
        return st;
    }
    return execute(s, &sql, err);
}

pin_status
pin__schema_drop_table(struct pin_session *s, const struct pin_scope *scope, const char *table,
                       struct pin_err *err)
{
    const struct pin_table *t;
    pin_status st;

    if ((st = check_table(scope, table, err)) != PIN_OK ||
        (st = pin__schema_find(s, table, &t, err)) != PIN_OK || !t)
        return st;
    if ((st = begin(s, err)) != PIN_OK)
        return st;
    return end(s, drop_table(s, t, table, err), err);
}

/* --- tenants --- */

static pin_status
ensure_tenants_table(struct pin_session *s, struct pin_err *err)
{
    static const struct pin_column_options indexed = { .index = true };
    struct pin_column_options yes = { .has_default = true, .default_value = pin__value_integer(1) };
    pin_status st;

    st = ensure_column(s, tenants, "name", PIN_COLUMN_STRING, &indexed, err);
    if (st == PIN_OK)
        st = ensure_column(s, tenants, "host", PIN_COLUMN_STRING, &indexed, err);
    if (st == PIN_OK)
        st = ensure_column(s, tenants, "active", PIN_COLUMN_BOOLEAN, &yes, err);
    return st;
}

/* A table that lacks its tenantId; its name is copied, because adding the column replaces the
 * schema. */
static pin_status
find_without_tenant(struct pin_session *s, char **name, struct pin_err *err)
{
    const struct pin_table *const *all;
    size_t count;
    pin_status st = pin__schema_tables(s, &all, &count, err);

    *name = NULL;
    for (size_t i = 0; st == PIN_OK && i < count; i++) {
        if (all[i]->tenant_column >= 0 || !wants_tenant(s, all[i]->name) ||
            !pin__table_is_plain(all[i]))
            continue;
        if (!(*name = strdup(all[i]->name)))
            return pin__err_no_memory(err);
        return PIN_OK;
    }
    return st;
}

static pin_status
ensure_tenants(struct pin_session *s, struct pin_err *err)
{
    pin_status st = ensure_tenants_table(s, err);
    char *name = NULL;

    while (st == PIN_OK && (st = find_without_tenant(s, &name, err)) == PIN_OK && name) {
        st = add_column(s, name, "tenantId", PIN_COLUMN_FOREIGN_KEY, NULL, true, err);
        free(name);
        name = NULL;
    }
    return st;
}

pin_status
pin__schema_ensure_tenants(struct pin_session *s, struct pin_err *err)
{
    pin_status st;

    if (!s->multi_tenant)
        return PIN_OK;
    if ((st = begin(s, err)) != PIN_OK)
        return st;
    st = ensure_tenants(s, err);
    if (st != PIN_OK)
        pin__err_prefix(err, "cannot make the database multi-tenant");
    return end(s, st, err);
}

/* --- appliedMigrations --- */

pin_status
pin__schema_ensure_migrations(struct pin_session *s, struct pin_err *err)
{
    static const char name[] = "appliedMigrations";
    static const struct pin_column_options indexed = { .index = true };
    const struct pin_table *t;
    pin_status st = pin__schema_find(s, name, &t, err);

    if (st != PIN_OK || t)
        return st;
    if ((st = ensure_types_table(s, err)) == PIN_OK)
        st = ensure_column(s, name, "schemaVersion", PIN_COLUMN_INTEGER, &indexed, err);
    return st;
}

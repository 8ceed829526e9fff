/* database_schema.c - what tables there are, and what migrations do to them.
 *
 *   table(session, name)          { name, columns: { name: type }, scoped }, or undefined
 *   tables(session)               the names, sorted
 *   createTable(session, scope, name)
 *   addColumn(session, scope, table, name, type, { index, default })
 *   removeColumn(session, scope, table, name)
 *   dropTable(session, scope, name)
 *   migrationPrepare(session)
 *   migrationBegin(session, version)   true: run it now, in the open transaction; false: it was
 *   migrationCommit(session, version)
 */
#include "database/migration.h"
#include "javascript/database_calls.h"

static JSValue
describe(JSContext *ctx, const struct pin_table *table)
{
    JSValue columns = JS_NewObjectProto(ctx, JS_NULL), o = JS_NewObject(ctx);

    for (size_t i = 0; i < table->column_count; i++)
        JS_SetPropertyStr(ctx, columns, table->columns[i].name,
                          JS_NewString(ctx, pin__column_type_name(table->columns[i].type)));
    JS_SetPropertyStr(ctx, o, "name", JS_NewString(ctx, table->name));
    JS_SetPropertyStr(ctx, o, "columns", columns);
    JS_SetPropertyStr(ctx, o, "scoped", JS_NewBool(ctx, table->tenant_column >= 0));
    return o;
}

PIN_DB_FUNCTION(pin__db_table)
{
    const struct pin_table *table;
    JSValue o = JS_UNDEFINED;
    struct pin_db_call call;
    const char *name;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    name = pin__db_text(&call, argv[1]);
    st = name ? pin__schema_table(call.session, name, &table, &call.err) : call.err.status;
    if (name && st == PIN_OK)
        o = describe(ctx, table);
    return pin__db_call_end(&call, st == PIN_NOT_FOUND ? PIN_OK : st, o);
}

PIN_DB_FUNCTION(pin__db_tables)
{
    const struct pin_table *const *tables;
    JSValue names = JS_UNDEFINED;
    struct pin_db_call call;
    size_t count = 0;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    st = pin__schema_tables(call.session, &tables, &count, &call.err);
    if (st == PIN_OK)
        names = JS_NewArray(ctx);
    for (size_t i = 0; st == PIN_OK && i < count; i++)
        JS_SetPropertyUint32(ctx, names, (uint32_t)i, JS_NewString(ctx, tables[i]->name));
    return pin__db_call_end(&call, st, names);
}

PIN_DB_FUNCTION(pin__db_create_table)
{
    struct pin_scope scope;
    struct pin_db_call call;
    const char *name;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    name = pin__db_text(&call, argv[2]);
    st = name ? pin__db_scope(&call, argv[1], &scope) : call.err.status;
    if (st == PIN_OK)
        st = pin__schema_create_table(call.session, &scope, name, &call.err);
    return pin__db_call_end(&call, st, JS_UNDEFINED);
}

static pin_status
column_options(struct pin_db_call *call, JSValueConst v, struct pin_column_options *out)
{
    JSContext *ctx = call->ctx;
    JSValue index, value;
    pin_status st = PIN_OK;

    *out = (struct pin_column_options){ 0 };
    if (!JS_IsObject(v))
        return PIN_OK;
    index = JS_GetPropertyStr(ctx, v, "index");
    value = JS_GetPropertyStr(ctx, v, "default");
    out->index = JS_ToBool(ctx, index) == 1;
    out->has_default = !JS_IsUndefined(value);
    if (out->has_default)
        st = pin__js_to_value(ctx, &call->arena, value, &out->default_value, &call->err);
    JS_FreeValue(ctx, index);
    JS_FreeValue(ctx, value);
    return st;
}

static pin_status
add_column(struct pin_db_call *call, JSValueConst *argv)
{
    const char *table = pin__db_text(call, argv[2]), *column = pin__db_text(call, argv[3]);
    const char *type_name = pin__db_text(call, argv[4]);
    struct pin_column_options options;
    enum pin_column_type type;
    struct pin_scope scope;
    pin_status st;

    if (!table || !column || !type_name)
        return pin__err_set(&call->err, PIN_INVALID,
                            "addColumn(name, type) needs two texts, such as 'email', 'string'");
    if ((st = pin__db_scope(call, argv[1], &scope)) != PIN_OK ||
        (st = pin__column_type_parse(type_name, &type, &call->err)) != PIN_OK ||
        (st = column_options(call, argv[5], &options)) != PIN_OK)
        return st;
    return pin__schema_add_column(call->session, &scope, table, column, type, &options, &call->err);
}

PIN_DB_FUNCTION(pin__db_add_column)
{
    struct pin_db_call call;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    return pin__db_call_end(&call, add_column(&call, argv), JS_UNDEFINED);
}

PIN_DB_FUNCTION(pin__db_remove_column)
{
    const char *table, *column;
    struct pin_scope scope;
    struct pin_db_call call;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    table = pin__db_text(&call, argv[2]);
    column = pin__db_text(&call, argv[3]);
    st = table && column ? pin__db_scope(&call, argv[1], &scope) : call.err.status;
    if (st == PIN_OK)
        st = pin__schema_remove_column(call.session, &scope, table, column, &call.err);
    return pin__db_call_end(&call, st, JS_UNDEFINED);
}

PIN_DB_FUNCTION(pin__db_drop_table)
{
    struct pin_scope scope;
    struct pin_db_call call;
    const char *name;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    name = pin__db_text(&call, argv[2]);
    st = name ? pin__db_scope(&call, argv[1], &scope) : call.err.status;
    if (st == PIN_OK)
        st = pin__schema_drop_table(call.session, &scope, name, &call.err);
    return pin__db_call_end(&call, st, JS_UNDEFINED);
}

PIN_DB_FUNCTION(pin__db_migration_prepare)
{
    struct pin_db_call call;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    return pin__db_call_end(
        &call, pin__migration_prepare(call.session, pin__clock_mono(), &call.err), JS_UNDEFINED);
}

PIN_DB_FUNCTION(pin__db_migration_begin)
{
    struct pin_db_call call;
    bool applied = false;
    int64_t version;
    pin_status st;

    (void)this;
    (void)argc;
    if (JS_ToInt64(ctx, &version, argv[1]) != 0 ||
        !pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    call.slot->limit_ms = INT64_MAX; /* a migration takes what it takes */
    call.slot->waited_ms = 0;
    st = pin__migration_begin(call.session, version, pin__clock_mono(), &applied, &call.err);
    return pin__db_call_end(&call, st, JS_NewBool(ctx, !applied));
}

PIN_DB_FUNCTION(pin__db_migration_commit)
{
    struct pin_db_call call;
    int64_t version;

    (void)this;
    (void)argc;
    if (JS_ToInt64(ctx, &version, argv[1]) != 0 ||
        !pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    return pin__db_call_end(&call, pin__migration_commit(call.session, version, &call.err),
                            JS_UNDEFINED);
}

/* database_rows.c - one row: made, written, changed, deleted.
 *
 *   newRow(session, table, prototype, origin)   a row that is not in the database yet
 *   insertRow(session, scope, row)    writes it; afterwards it shows what the database holds
 *   updateRow(session, scope, row)    writes the columns that differ, and gives their number;
 *                                     -1 when the row is gone
 *   deleteRow(session, scope, row)
 *   origin(row)                       { database, table }; undefined for what is no row
 *
 * The table of a row is the name in its origin: `origin.table.name`.
 */
#include "javascript/database_calls.h"

static pin_status
table_by_name(struct pin_db_call *call, JSValueConst name, const struct pin_table **out)
{
    const char *text = pin__db_text(call, name);

    return text ? pin__schema_table(call->session, text, out, &call->err) : call->err.status;
}

static pin_status
table_of_row(struct pin_db_call *call, JSValueConst row, const struct pin_table **out)
{
    JSContext *ctx = call->ctx;
    JSValue table, name;
    pin_status st;

    if (!pin__row_is(row))
        return pin__err_set(&call->err, PIN_INVALID, "This is no row of a table");
    table = JS_GetPropertyStr(ctx, pin__row_origin(row), "table");
    name = JS_GetPropertyStr(ctx, table, "name");
    st = table_by_name(call, name, out);
    JS_FreeValue(ctx, name);
    JS_FreeValue(ctx, table);
    return st;
}

PIN_DB_FUNCTION(pin__db_new_row)
{
    const struct pin_table *table = NULL;
    struct pin_row_shape shape;
    JSValue row = JS_UNDEFINED;
    struct pin_db_call call;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    if ((st = table_by_name(&call, argv[1], &table)) == PIN_OK) {
        row = pin__row_shape_init(ctx, &shape, table, argv[2], argv[3])
                  ? pin__row_new(ctx, &shape, NULL)
                  : JS_EXCEPTION;
        pin__row_shape_fini(ctx, &shape);
    }
    return pin__db_call_end(&call, st, row);
}

/* Reads row `key` again and puts it into the object. */
static pin_status
reload(struct pin_db_call *call, JSValueConst row, const struct pin_scope *scope,
       const struct pin_table *table, int64_t key)
{
    struct pin_value value = pin__value_integer(key);
    struct pin_row_shape shape = { 0 };
    struct pin_cursor c = { 0 };
    struct pin_query *q;
    pin_status st;

    st = pin__query_new(&q, &call->arena, call->session, scope, table->name, &call->err);
    if (st != PIN_OK || (st = pin__query_where(q, "_id", &value, 1, false, &call->err)) != PIN_OK ||
        (st = pin__query_first(q, &c, &call->err)) != PIN_OK)
        return st;
    if ((st = pin__cursor_next(&c, &call->err)) == PIN_OK &&
        (!pin__row_shape_init(call->ctx, &shape, c.table, JS_UNDEFINED, pin__row_origin(row)) ||
         pin__row_fill(call->ctx, row, &shape, c.values) < 0))
        st = pin__err_no_memory(&call->err);
    if (shape.table)
        pin__row_shape_fini(call->ctx, &shape);
    pin__cursor_close(&c);
    return st;
}

PIN_DB_FUNCTION(pin__db_insert_row)
{
    struct pin_row_fields fields;
    struct pin_inserted inserted;
    const struct pin_table *table = NULL;
    struct pin_scope scope;
    struct pin_db_call call;
    struct pin_field *list;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    if ((st = table_of_row(&call, argv[2], &table)) != PIN_OK ||
        (st = pin__db_scope(&call, argv[1], &scope)) != PIN_OK ||
        (st = pin__row_changes(ctx, argv[2], table, pin__scope_is_tenant(&scope), &call.arena,
                               &list, &fields.count, &call.err)) != PIN_OK)
        goto out;
    fields.fields = list;
    st = pin__insert(call.session, &scope, table->name, &fields, 1, &inserted, pin__clock_mono(),
                     &call.err);
    if (st == PIN_OK)
        st = reload(&call, argv[2], &scope, table, inserted.key);
out:
    return pin__db_call_end(&call, st, JS_UNDEFINED);
}

/* The row's _id as the database has it, whatever the property says. */
static pin_status
key_of(struct pin_db_call *call, JSValueConst row, const struct pin_table *table, int64_t *key)
{
    JSValue v = table->key_column < 0 ? JS_UNDEFINED
                                      : pin__row_stored(call->ctx, row, (size_t)table->key_column);
    bool ok = JS_IsNumber(v) && JS_ToInt64(call->ctx, key, v) == 0;

    JS_FreeValue(call->ctx, v);
    return ok ? PIN_OK
              : pin__err_set(&call->err, PIN_INVALID,
                             "A row of \"%s\" has no _id and cannot be changed by itself",
                             table->name);
}

PIN_DB_FUNCTION(pin__db_update_row)
{
    int64_t key, changed = 0;
    const struct pin_table *table = NULL;
    struct pin_field *fields;
    struct pin_scope scope;
    struct pin_db_call call;
    size_t count = 0;
    bool confined;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    if ((st = table_of_row(&call, argv[2], &table)) != PIN_OK ||
        (st = pin__db_scope(&call, argv[1], &scope)) != PIN_OK ||
        (st = key_of(&call, argv[2], table, &key)) != PIN_OK)
        goto out;
    confined = pin__scope_is_tenant(&scope);
    if (pin__row_restore_fixed(ctx, argv[2], table, confined) < 0)
        st = pin__err_no_memory(&call.err);
    else
        st = pin__row_changes(ctx, argv[2], table, confined, &call.arena, &fields, &count,
                              &call.err);
    if (st != PIN_OK || count == 0)
        goto out;
    st =
        pin__update_row(call.session, &scope, table->name, key, fields, count, &changed, &call.err);
    if (st == PIN_OK && changed)
        st = reload(&call, argv[2], &scope, table, key);
out:
    return pin__db_call_end(&call, st, JS_NewInt32(ctx, count && !changed ? -1 : (int32_t)count));
}

PIN_DB_FUNCTION(pin__db_delete_row)
{
    int64_t key, deleted = 0;
    const struct pin_table *table = NULL;
    struct pin_scope scope;
    struct pin_db_call call;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    if ((st = table_of_row(&call, argv[2], &table)) == PIN_OK &&
        (st = pin__db_scope(&call, argv[1], &scope)) == PIN_OK &&
        (st = key_of(&call, argv[2], table, &key)) == PIN_OK)
        st = pin__delete_row(call.session, &scope, table->name, key, &deleted, &call.err);
    return pin__db_call_end(&call, st, JS_NewInt64(ctx, deleted));
}

PIN_DB_FUNCTION(pin__db_origin)
{
    (void)this;
    (void)argc;
    return JS_DupValue(ctx, pin__row_origin(argv[0]));
}

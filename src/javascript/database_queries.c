/* database_queries.c - carries out what a Query (query.js) describes.
 *
 *   select(session, scope, query, prototype, origin)    an array of rows
 *   first(session, scope, query, prototype, origin)     a row, or undefined
 *   page(session, scope, query, prototype, origin, key, count)
 *       { rows, key }: at most `count` rows after `key`; the new key is undefined at the end
 *   count(session, scope, query)
 *   update(session, scope, query, fields)
 *   deleteAll(session, scope, query)
 *   toSql(session, scope, query)                        [text, ...values]
 *   run(session, scope, text, values)                   an array of plain objects
 *
 * A query is { table, ops, limit, offset }; an op is an array that begins with one of enum op_kind.
 */
#include <strings.h>

#include "javascript/database_calls.h"

enum op_kind {
    OP_WHERE,    /* key, value or array of values */
    OP_TEXT,     /* SQL text, array of values */
    OP_WHERE_IN, /* column, query, its column */
    OP_ORDER,    /* column, descending */
};

enum { SUBQUERY_DEPTH_MAX = 16 };

struct builder {
    struct pin_db_call *call;
    const struct pin_scope *scope;
    int depth;
};

static pin_status build(struct builder *b, JSValueConst described, struct pin_query **out);

/* --- from JavaScript --- */

/* What a failing property read left is thrown by pin__db_call_end. */
static pin_status
js_failed(struct pin_db_call *call)
{
    return pin__err_set(&call->err, PIN_FAILED, "A query could not be read");
}

static pin_status
add_where(struct builder *b, struct pin_query *q, JSValueConst key, JSValueConst given)
{
    struct pin_db_call *call = b->call;
    const char *name = pin__db_text(call, key);
    bool is_array = JS_IsArray(call->ctx, given) == 1;
    struct pin_value one, *values = &one;
    size_t count = 1;
    pin_status st;

    if (!name)
        return call->err.status;
    if (is_array)
        st = pin__js_to_values(call->ctx, &call->arena, given, &values, &count, &call->err);
    else
        st = pin__js_to_value(call->ctx, &call->arena, given, &one, &call->err);
    if (st != PIN_OK) {
        pin__err_prefix(&call->err, "where({ %s: ... })", name);
        return st;
    }
    return pin__query_where(q, name, values, count, is_array, &call->err);
}

static pin_status
add_text(struct builder *b, struct pin_query *q, JSValueConst text, JSValueConst given)
{
    struct pin_db_call *call = b->call;
    struct pin_value sql, *values;
    size_t count;
    pin_status st;

    if ((st = pin__js_to_value(call->ctx, &call->arena, text, &sql, &call->err)) != PIN_OK ||
        (st = pin__js_to_values(call->ctx, &call->arena, given, &values, &count, &call->err)) !=
            PIN_OK)
        return st;
    return pin__query_where_text(q, sql.bytes, values, count, &call->err);
}

static pin_status
add_where_in(struct builder *b, struct pin_query *q, JSValueConst column, JSValueConst described,
             JSValueConst other_column)
{
    struct pin_db_call *call = b->call;
    const char *name = pin__db_text(call, column);
    const char *other_name = pin__db_text(call, other_column);
    struct pin_query *other;
    pin_status st;

    if (!name || !other_name)
        return call->err.status;
    if (b->depth == SUBQUERY_DEPTH_MAX)
        return pin__err_set(&call->err, PIN_LIMIT, "A query goes through at most %d relations",
                            SUBQUERY_DEPTH_MAX);
    b->depth++;
    st = build(b, described, &other);
    b->depth--;
    return st == PIN_OK ? pin__query_where_in(q, name, other, other_name, &call->err) : st;
}

static pin_status
add_order(struct builder *b, struct pin_query *q, JSValueConst column, JSValueConst descending)
{
    const char *name = pin__db_text(b->call, column);

    return name ? pin__query_order(q, name, JS_ToBool(b->call->ctx, descending) == 1, &b->call->err)
                : b->call->err.status;
}

static pin_status
add_op(struct builder *b, struct pin_query *q, JSValueConst op)
{
    JSContext *ctx = b->call->ctx;
    JSValue kind = JS_GetPropertyUint32(ctx, op, 0), part[3];
    pin_status st = js_failed(b->call);

    for (uint32_t i = 0; i < 3; i++)
        part[i] = JS_GetPropertyUint32(ctx, op, i + 1);
    switch (JS_VALUE_GET_TAG(kind) == JS_TAG_INT ? JS_VALUE_GET_INT(kind) : -1) {
    case OP_WHERE:
        st = add_where(b, q, part[0], part[1]);
        break;
    case OP_TEXT:
        st = add_text(b, q, part[0], part[1]);
        break;
    case OP_WHERE_IN:
        st = add_where_in(b, q, part[0], part[1], part[2]);
        break;
    case OP_ORDER:
        st = add_order(b, q, part[0], part[1]);
        break;
    }
    for (int i = 0; i < 3; i++)
        JS_FreeValue(ctx, part[i]);
    return st;
}

static pin_status
add_ops(struct builder *b, struct pin_query *q, JSValueConst described)
{
    JSContext *ctx = b->call->ctx;
    JSValue ops = JS_GetPropertyStr(ctx, described, "ops");
    JSValue length = JS_GetPropertyStr(ctx, ops, "length");
    pin_status st = PIN_OK;
    uint32_t n = 0;

    if (JS_IsException(length) || JS_ToUint32(ctx, &n, length) != 0)
        st = js_failed(b->call);
    for (uint32_t i = 0; i < n && st == PIN_OK; i++) {
        JSValue op = JS_GetPropertyUint32(ctx, ops, i);
        st = add_op(b, q, op);
        JS_FreeValue(ctx, op);
    }
    JS_FreeValue(ctx, ops);
    return st;
}

/* -1 when it is undefined. */
static int64_t
number_of(JSContext *ctx, JSValueConst described, const char *name)
{
    JSValue v = JS_GetPropertyStr(ctx, described, name);
    int64_t n = -1;

    if (JS_IsNumber(v))
        JS_ToInt64(ctx, &n, v);
    JS_FreeValue(ctx, v);
    return n;
}

static pin_status
build(struct builder *b, JSValueConst described, struct pin_query **out)
{
    struct pin_db_call *call = b->call;
    JSValue table = JS_GetPropertyStr(call->ctx, described, "table");
    const char *name = pin__db_text(call, table);
    int64_t limit = number_of(call->ctx, described, "limit");
    int64_t offset = number_of(call->ctx, described, "offset");
    pin_status st;

    JS_FreeValue(call->ctx, table);
    if (!name)
        return call->err.status;
    st = pin__query_new(out, &call->arena, call->session, b->scope, name, &call->err);
    if (st != PIN_OK)
        return st;
    if (limit >= 0)
        pin__query_limit(*out, limit);
    if (offset > 0)
        pin__query_offset(*out, offset);
    return add_ops(b, *out, described);
}

static pin_status
build_query(struct pin_db_call *call, JSValueConst scope_value, JSValueConst described,
            struct pin_query **out)
{
    struct pin_scope scope;
    struct builder b = { .call = call, .scope = &scope };
    pin_status st = pin__db_scope(call, scope_value, &scope);

    return st == PIN_OK ? build(&b, described, out) : st;
}

/* --- rows --- */

struct reading {
    struct pin_cursor cursor;
    struct pin_row_shape shape;
    JSValue rows;
    uint32_t count;
};

/* PIN_FAILED with an exception pending when the heap is full. */
static pin_status
read_rows(struct pin_db_call *call, struct reading *r, uint32_t max)
{
    pin_status st = PIN_OK;

    while (r->count < max && (st = pin__cursor_next(&r->cursor, &call->err)) == PIN_OK) {
        JSValue row = pin__row_new(call->ctx, &r->shape, r->cursor.values);
        if (JS_IsException(row) ||
            JS_DefinePropertyValueUint32(call->ctx, r->rows, r->count++, row, JS_PROP_C_W_E) < 0)
            return js_failed(call);
    }
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
open_reading(struct pin_db_call *call, struct reading *r, struct pin_query *q,
             JSValueConst prototype, JSValueConst origin)
{
    pin_status st = pin__query_select(q, &r->cursor, &call->err);

    if (st == PIN_OK &&
        !pin__row_shape_init(call->ctx, &r->shape, r->cursor.table, prototype, origin))
        st = js_failed(call);
    return st;
}

static void
close_reading(struct pin_db_call *call, struct reading *r)
{
    if (r->shape.table)
        pin__row_shape_fini(call->ctx, &r->shape);
    pin__cursor_close(&r->cursor);
}

PIN_DB_FUNCTION(pin__db_select)
{
    struct reading r = { .rows = JS_UNDEFINED };
    struct pin_db_call call;
    struct pin_query *q;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    r.rows = JS_NewArray(ctx);
    if ((st = build_query(&call, argv[1], argv[2], &q)) == PIN_OK &&
        (st = open_reading(&call, &r, q, argv[3], argv[4])) == PIN_OK)
        st = read_rows(&call, &r, UINT32_MAX);
    close_reading(&call, &r);
    return pin__db_call_end(&call, st, r.rows);
}

static JSValue
take_only(JSContext *ctx, JSValue rows)
{
    JSValue row = JS_GetPropertyUint32(ctx, rows, 0);

    JS_FreeValue(ctx, rows);
    return row;
}

PIN_DB_FUNCTION(pin__db_first)
{
    struct reading r = { .rows = JS_UNDEFINED };
    struct pin_db_call call;
    struct pin_query *q;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    r.rows = JS_NewArray(ctx);
    if ((st = build_query(&call, argv[1], argv[2], &q)) == PIN_OK) {
        st = pin__query_first(q, &r.cursor, &call.err);
        if (st == PIN_OK && !pin__row_shape_init(ctx, &r.shape, r.cursor.table, argv[3], argv[4]))
            st = js_failed(&call);
        if (st == PIN_OK)
            st = read_rows(&call, &r, 1);
    }
    close_reading(&call, &r);
    return pin__db_call_end(&call, st, take_only(ctx, r.rows));
}

/* The place of the row just read; there may be more only when the page is full. */
static pin_status
read_key(struct pin_db_call *call, struct reading *r, uint32_t max, JSValue *key)
{
    struct pin_buf text = PIN_BUF_INIT(1 << 20);
    pin_status st;

    if (r->count < max)
        return PIN_OK;
    if ((st = pin__cursor_key(&r->cursor, &text, &call->err)) == PIN_OK &&
        (st = pin__buf_check(&text, "a row's place in its query", &call->err)) == PIN_OK)
        *key = JS_NewStringLen(call->ctx, pin__buf_text(&text), text.size);
    pin__buf_fini(&text);
    return st;
}

static pin_status
page_query(struct pin_db_call *call, JSValueConst *argv, struct pin_query **q)
{
    pin_status st = build_query(call, argv[1], argv[2], q);
    const char *after;

    if (st != PIN_OK || JS_IsUndefined(argv[5]))
        return st;
    after = pin__db_text(call, argv[5]);
    return after ? pin__query_after(*q, after, &call->err) : call->err.status;
}

PIN_DB_FUNCTION(pin__db_page)
{
    struct reading r = { .rows = JS_UNDEFINED };
    JSValue key = JS_UNDEFINED, page = JS_UNDEFINED;
    struct pin_db_call call;
    struct pin_query *q;
    uint32_t max = 0;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    JS_ToUint32(ctx, &max, argv[6]);
    r.rows = JS_NewArray(ctx);
    if ((st = page_query(&call, argv, &q)) == PIN_OK) {
        pin__query_limit(q, max);
        if ((st = open_reading(&call, &r, q, argv[3], argv[4])) == PIN_OK &&
            (st = read_rows(&call, &r, max)) == PIN_OK)
            st = read_key(&call, &r, max, &key);
    }
    close_reading(&call, &r);
    page = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, page, "rows", r.rows);
    JS_SetPropertyStr(ctx, page, "key", key);
    return pin__db_call_end(&call, st, page);
}

/* --- everything else --- */

PIN_DB_FUNCTION(pin__db_count)
{
    struct pin_db_call call;
    struct pin_query *q;
    int64_t count = 0;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    if ((st = build_query(&call, argv[1], argv[2], &q)) == PIN_OK)
        st = pin__query_count(q, &count, &call.err);
    return pin__db_call_end(&call, st, JS_NewInt64(ctx, count));
}

static pin_status
read_field(struct pin_db_call *call, JSValueConst object, JSAtom atom, struct pin_field *field)
{
    JSValue name = JS_AtomToString(call->ctx, atom);
    JSValue value = JS_GetProperty(call->ctx, object, atom);
    pin_status st = PIN_FAILED;

    if (!JS_IsException(value) && (field->name = pin__db_text(call, name))) {
        st = pin__js_to_value(call->ctx, &call->arena, value, &field->value, &call->err);
        if (st != PIN_OK)
            pin__err_prefix(&call->err, "Column \"%s\"", field->name);
    }
    JS_FreeValue(call->ctx, value);
    JS_FreeValue(call->ctx, name);
    return st;
}

static pin_status
read_fields(struct pin_db_call *call, JSValueConst object, struct pin_field **out, uint32_t *count)
{
    JSPropertyEnum *names;
    pin_status st = PIN_OK;

    if (JS_GetOwnPropertyNames(call->ctx, &names, count, object,
                               JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) != 0)
        return js_failed(call);
    *out = pin__arena_alloc(&call->arena, (*count + 1) * sizeof **out);
    if (!*out)
        st = pin__err_no_memory(&call->err);
    for (uint32_t i = 0; i < *count; i++) {
        if (st == PIN_OK)
            st = read_field(call, object, names[i].atom, *out + i);
        JS_FreeAtom(call->ctx, names[i].atom);
    }
    js_free(call->ctx, names);
    return st;
}

PIN_DB_FUNCTION(pin__db_update)
{
    struct pin_field *fields = NULL;
    struct pin_db_call call;
    struct pin_query *q;
    int64_t changed = 0;
    uint32_t count = 0;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    if ((st = build_query(&call, argv[1], argv[2], &q)) == PIN_OK &&
        (st = read_fields(&call, argv[3], &fields, &count)) == PIN_OK)
        st = pin__query_update(q, fields, count, &changed, &call.err);
    return pin__db_call_end(&call, st, JS_NewInt64(ctx, changed));
}

PIN_DB_FUNCTION(pin__db_delete)
{
    struct pin_db_call call;
    struct pin_query *q;
    int64_t deleted = 0;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    if ((st = build_query(&call, argv[1], argv[2], &q)) == PIN_OK)
        st = pin__query_delete(q, &deleted, &call.err);
    return pin__db_call_end(&call, st, JS_NewInt64(ctx, deleted));
}

PIN_DB_FUNCTION(pin__db_to_sql)
{
    const struct pin_value *values = NULL;
    JSValue list = JS_UNDEFINED;
    struct pin_bytes sql;
    struct pin_db_call call;
    struct pin_query *q;
    size_t count = 0;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    if ((st = build_query(&call, argv[1], argv[2], &q)) == PIN_OK &&
        (st = pin__query_to_sql(q, &sql, &values, &count, &call.err)) == PIN_OK) {
        list = JS_NewArray(ctx);
        JS_SetPropertyUint32(ctx, list, 0, JS_NewStringLen(ctx, sql.data, sql.size));
    }
    for (size_t i = 0; st == PIN_OK && i < count; i++)
        JS_SetPropertyUint32(ctx, list, (uint32_t)i + 1, pin__js_from_value(ctx, values + i));
    return pin__db_call_end(&call, st, list);
}

static JSValue
plain_row(JSContext *ctx, const struct pin_cursor *c)
{
    JSValue row = JS_NewObject(ctx);

    for (size_t i = 0; i < c->count; i++)
        if (JS_SetPropertyStr(ctx, row, pin__cursor_name(c, i),
                              pin__js_from_value(ctx, c->values + i)) < 0) {
            JS_FreeValue(ctx, row);
            return JS_EXCEPTION;
        }
    return row;
}

static pin_status
read_plain_rows(struct pin_db_call *call, struct pin_cursor *c, JSValueConst rows)
{
    pin_status st;

    for (uint32_t n = 0; (st = pin__cursor_next(c, &call->err)) == PIN_OK; n++) {
        JSValue row = plain_row(call->ctx, c);
        if (JS_IsException(row) ||
            JS_DefinePropertyValueUint32(call->ctx, rows, n, row, JS_PROP_C_W_E) < 0)
            return js_failed(call);
    }
    return st == PIN_EMPTY ? PIN_OK : st;
}

/* Whether a text only reads is known to the database floor alone; a nested workspace that gets it
 * wrong here waits in vain for the lock, and is told so. */
static enum pin_db_access
access_of(JSContext *ctx, JSValueConst text)
{
    static const char *const reading[] = { "select", "values", "explain", "pragma", "with" };
    enum pin_db_access access = PIN_DB_WRITES;
    const char *s = JS_ToCString(ctx, text), *at = s;

    while (at && strchr(" \t\r\n", *at) && *at)
        at++;
    for (size_t i = 0; at && i < sizeof reading / sizeof *reading; i++)
        if (strncasecmp(at, reading[i], strlen(reading[i])) == 0)
            access = PIN_DB_READS;
    JS_FreeCString(ctx, s);
    return access;
}

PIN_DB_FUNCTION(pin__db_run)
{
    struct pin_cursor c = { 0 };
    struct pin_value sql, *values;
    JSValue rows = JS_UNDEFINED;
    struct pin_scope scope;
    struct pin_db_call call;
    size_t count;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], access_of(ctx, argv[2])))
        return JS_EXCEPTION;
    rows = JS_NewArray(ctx);
    if ((st = pin__db_scope(&call, argv[1], &scope)) == PIN_OK &&
        (st = pin__js_to_value(ctx, &call.arena, argv[2], &sql, &call.err)) == PIN_OK &&
        (st = pin__js_to_values(ctx, &call.arena, argv[3], &values, &count, &call.err)) == PIN_OK &&
        (st = pin__run(call.session, &scope, sql.bytes, values, count, &c, &call.err)) == PIN_OK)
        st = read_plain_rows(&call, &c, rows);
    pin__cursor_close(&c);
    return pin__db_call_end(&call, st, rows);
}

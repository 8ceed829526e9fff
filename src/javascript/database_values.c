/* database_values.c - see database_values.h.
 *
 * The one place that says what a column's value is in JavaScript. Dates and byte arrays are told by
 * their class, never by asking the object, so that reading an argument runs no code of the user.
 */
#include "javascript/database_values.h"

#include <math.h>

enum { SAFE_INTEGER_BITS = 53 };

static JSClassID row_class;
static JSClassID date_class;
static JSClassID bytes_class;

/* What stands behind a row. The properties are what the user sees and changes. */
struct row {
    JSValue origin;
    bool stored;
    uint64_t version; /* of the table's columns: when it differs, `values` are of other columns */
    uint32_t count;
    JSValue values[]; /* as the database has them: number, string, ArrayBuffer of its own, null */
};

/* --- values --- */

static JSClassID
class_of(JSContext *ctx, JSValue v)
{
    JSClassID id = JS_GetClassID(v);

    JS_FreeValue(ctx, v);
    return id;
}

static pin_status
number_to_value(double d, struct pin_value *out, struct pin_err *err)
{
    if (isnan(d))
        return pin__err_set(err, PIN_INVALID, "NaN cannot be stored in a database");
    if (d == trunc(d) && fabs(d) <= ldexp(1, SAFE_INTEGER_BITS))
        *out = pin__value_integer((int64_t)d);
    else
        *out = pin__value_real(d);
    return PIN_OK;
}

static pin_status
string_to_value(JSContext *ctx, struct pin_arena *arena, JSValueConst v, struct pin_value *out,
                struct pin_err *err)
{
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, v);
    char *copy = text ? pin__arena_copy(arena, text, size) : NULL;

    JS_FreeCString(ctx, text);
    if (!copy)
        return pin__err_no_memory(err);
    *out = pin__value_bytes(copy, size);
    return PIN_OK;
}

static pin_status
bytes_to_value(JSContext *ctx, struct pin_arena *arena, JSValueConst v, struct pin_value *out,
               struct pin_err *err)
{
    size_t offset, size, element, whole;
    JSValue buffer = JS_GetTypedArrayBuffer(ctx, v, &offset, &size, &element);
    const uint8_t *data = JS_GetArrayBuffer(ctx, &whole, buffer);
    char *copy = pin__arena_copy(arena, data ? (const char *)data + offset : "", data ? size : 0);

    JS_FreeValue(ctx, buffer);
    if (!copy)
        return pin__err_no_memory(err);
    *out = pin__value_blob(copy, data ? size : 0);
    return PIN_OK;
}

/* Straight from the object's own slot: valueOf() may be somebody else's. */
static pin_status
date_to_value(JSContext *ctx, JSValueConst v, struct pin_value *out, struct pin_err *err)
{
    JSValue prototype = JS_GetClassProto(ctx, date_class);
    JSValue get_time = JS_GetPropertyStr(ctx, prototype, "getTime");
    JSValue time = JS_Call(ctx, get_time, v, 0, NULL);
    double ms = NAN;

    if (!JS_IsException(time))
        JS_ToFloat64(ctx, &ms, time);
    JS_FreeValue(ctx, time);
    JS_FreeValue(ctx, get_time);
    JS_FreeValue(ctx, prototype);
    if (isnan(ms))
        return pin__err_set(err, PIN_INVALID, "an invalid Date cannot be stored in a database");
    *out = pin__value_integer((int64_t)ms);
    return PIN_OK;
}

static pin_status
object_to_value(JSContext *ctx, struct pin_arena *arena, JSValueConst v, struct pin_value *out,
                struct pin_err *err)
{
    JSClassID id = JS_GetClassID(v);

    if (id == date_class)
        return date_to_value(ctx, v, out, err);
    if (id == bytes_class)
        return bytes_to_value(ctx, arena, v, out, err);
    return pin__err_set(err, PIN_INVALID, "%s cannot be stored in a database",
                        JS_IsFunction(ctx, v) ? "a function"
                        : JS_IsArray(ctx, v)  ? "an array"
                                              : "an object");
}

pin_status
pin__js_to_value(JSContext *ctx, struct pin_arena *arena, JSValueConst v, struct pin_value *out,
                 struct pin_err *err)
{
    int64_t big;

    switch (JS_VALUE_GET_NORM_TAG(v)) {
    case JS_TAG_INT:
        *out = pin__value_integer(JS_VALUE_GET_INT(v));
        return PIN_OK;
    case JS_TAG_BOOL:
        *out = pin__value_integer(JS_VALUE_GET_BOOL(v));
        return PIN_OK;
    case JS_TAG_FLOAT64:
        return number_to_value(JS_VALUE_GET_FLOAT64(v), out, err);
    case JS_TAG_STRING:
    case JS_TAG_STRING_ROPE:
        return string_to_value(ctx, arena, v, out, err);
    case JS_TAG_NULL:
    case JS_TAG_UNDEFINED:
        *out = pin__value_null();
        return PIN_OK;
    case JS_TAG_BIG_INT:
    case JS_TAG_SHORT_BIG_INT:
        JS_ToBigInt64(ctx, &big, v);
        *out = pin__value_integer(big);
        return PIN_OK;
    case JS_TAG_OBJECT:
        return object_to_value(ctx, arena, v, out, err);
    default:
        return pin__err_set(err, PIN_INVALID, "a symbol cannot be stored in a database");
    }
}

pin_status
pin__js_to_values(JSContext *ctx, struct pin_arena *arena, JSValueConst array,
                  struct pin_value **out, size_t *count, struct pin_err *err)
{
    uint32_t n = 0;
    pin_status st = PIN_OK;

    *count = 0;
    *out = NULL;
    if (JS_IsUndefined(array))
        return PIN_OK;
    JSValue length = JS_GetPropertyStr(ctx, array, "length");
    JS_ToUint32(ctx, &n, length);
    *out = pin__arena_alloc(arena, (n ? n : 1) * sizeof **out);
    if (!*out)
        return pin__err_no_memory(err);
    for (uint32_t i = 0; i < n && st == PIN_OK; i++) {
        JSValue v = JS_GetPropertyUint32(ctx, array, i);
        st = pin__js_to_value(ctx, arena, v, *out + i, err);
        JS_FreeValue(ctx, v);
    }
    *count = n;
    return st;
}

pin_status
pin__js_to_text(JSContext *ctx, struct pin_arena *arena, JSValueConst v, const char **out,
                struct pin_err *err)
{
    struct pin_value value;
    pin_status st;

    if (!JS_IsString(v))
        return pin__err_set(err, PIN_INVALID, "a name must be a text");
    if ((st = string_to_value(ctx, arena, v, &value, err)) != PIN_OK)
        return st;
    *out = value.bytes.data;
    return PIN_OK;
}

/* The engine reads all three arguments, whatever their number. */
static JSValue
new_byte_array(JSContext *ctx, JSValueConst buffer)
{
    JSValueConst arguments[] = { buffer, JS_UNDEFINED, JS_UNDEFINED };

    return JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
}

static JSValue
new_bytes(JSContext *ctx, struct pin_bytes bytes)
{
    JSValue buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)bytes.data, bytes.size);
    JSValue array = new_byte_array(ctx, buffer);

    JS_FreeValue(ctx, buffer);
    return array;
}

JSValue
pin__js_from_value(JSContext *ctx, const struct pin_value *v)
{
    switch (v->type) {
    case PIN_VALUE_INTEGER:
        return JS_NewInt64(ctx, v->integer);
    case PIN_VALUE_REAL:
        return JS_NewFloat64(ctx, v->real);
    case PIN_VALUE_TEXT:
        return JS_NewStringLen(ctx, v->bytes.data, v->bytes.size);
    case PIN_VALUE_BLOB:
        return new_bytes(ctx, v->bytes);
    default:
        return JS_NULL;
    }
}

static JSValue
boolean_from_value(const struct pin_value *v)
{
    if (v->type == PIN_VALUE_TEXT)
        return v->bytes.size == 4 && memcmp(v->bytes.data, "true", 4) == 0 ? JS_TRUE : JS_FALSE;
    return (v->type == PIN_VALUE_INTEGER && v->integer) ||
                   (v->type == PIN_VALUE_REAL && v->real != 0)
               ? JS_TRUE
               : JS_FALSE;
}

static JSValue
date_from_value(JSContext *ctx, enum pin_column_type type, const struct pin_value *v)
{
    struct pin_value ms = *v;

    if (v->type == PIN_VALUE_TEXT && pin__column_coerce(type, *v, &ms, NULL) != PIN_OK)
        return pin__js_from_value(ctx, v);
    if (ms.type == PIN_VALUE_INTEGER)
        return JS_NewDate(ctx, (double)ms.integer);
    if (ms.type == PIN_VALUE_REAL)
        return JS_NewDate(ctx, ms.real);
    return pin__js_from_value(ctx, &ms);
}

JSValue
pin__js_from_column(JSContext *ctx, enum pin_column_type type, const struct pin_value *v)
{
    switch (type) {
    case PIN_COLUMN_BOOLEAN:
        return boolean_from_value(v);
    case PIN_COLUMN_DATE:
    case PIN_COLUMN_DATETIME:
        return date_from_value(ctx, type, v);
    default:
        return pin__js_from_value(ctx, v);
    }
}

/* --- rows --- */

static void
row_finalize(JSRuntime *rt, JSValue v)
{
    struct row *row = JS_GetOpaque(v, row_class);

    if (!row)
        return;
    JS_FreeValueRT(rt, row->origin);
    for (uint32_t i = 0; i < row->count; i++)
        JS_FreeValueRT(rt, row->values[i]);
    js_free_rt(rt, row);
}

static void
row_mark(JSRuntime *rt, JSValueConst v, JS_MarkFunc *mark)
{
    struct row *row = JS_GetOpaque(v, row_class);

    if (!row)
        return;
    JS_MarkValue(rt, row->origin, mark);
    for (uint32_t i = 0; i < row->count; i++)
        JS_MarkValue(rt, row->values[i], mark);
}

int
pin__js_rows_setup(JSContext *ctx)
{
    static const JSClassDef definition = { .class_name = "Row",
                                           .finalizer = row_finalize,
                                           .gc_mark = row_mark };
    JSRuntime *rt = JS_GetRuntime(ctx);

    JS_NewClassID(&row_class);
    date_class = class_of(ctx, JS_NewDate(ctx, 0));
    bytes_class = class_of(ctx, new_byte_array(ctx, JS_NewInt32(ctx, 0)));
    return JS_IsRegisteredClass(rt, row_class) ? 0 : JS_NewClass(rt, row_class, &definition);
}

bool
pin__row_shape_init(JSContext *ctx, struct pin_row_shape *shape, const struct pin_table *table,
                    JSValueConst prototype, JSValueConst origin)
{
    *shape = (struct pin_row_shape){ .table = table, .prototype = prototype, .origin = origin };
    shape->names = js_mallocz(ctx, table->column_count * sizeof *shape->names);
    if (!shape->names)
        return false;
    for (size_t i = 0; i < table->column_count; i++)
        if ((shape->names[i] = JS_NewAtom(ctx, table->columns[i].name)) == JS_ATOM_NULL)
            return false;
    return true;
}

void
pin__row_shape_fini(JSContext *ctx, struct pin_row_shape *shape)
{
    for (size_t i = 0; shape->names && i < shape->table->column_count; i++)
        JS_FreeAtom(ctx, shape->names[i]);
    js_free(ctx, shape->names);
    shape->names = NULL;
}

/* What is kept to compare with: the user may change a Date or the bytes of an array in place. */
static JSValue
kept_value(JSContext *ctx, const struct pin_value *v, JSValueConst shown)
{
    if (v->type == PIN_VALUE_TEXT && JS_IsString(shown))
        return JS_DupValue(ctx, shown);
    if (v->type == PIN_VALUE_BLOB)
        return JS_NewArrayBufferCopy(ctx, (const uint8_t *)v->bytes.data, v->bytes.size);
    return pin__js_from_value(ctx, v);
}

static int
fill_column(JSContext *ctx, JSValueConst object, struct row *row, const struct pin_row_shape *shape,
            const struct pin_value *v, uint32_t i)
{
    JSValue shown = pin__js_from_column(ctx, shape->table->columns[i].type, v);
    JSValue kept;

    if (JS_IsException(shown))
        return -1;
    kept = kept_value(ctx, v, shown);
    if (JS_IsException(kept)) {
        JS_FreeValue(ctx, shown);
        return -1;
    }
    JS_FreeValue(ctx, row->values[i]);
    row->values[i] = kept;
    return JS_DefinePropertyValue(ctx, object, shape->names[i], shown, JS_PROP_C_W_E);
}

static struct row *
row_alloc(JSContext *ctx, const struct pin_row_shape *shape)
{
    uint32_t count = (uint32_t)shape->table->column_count;
    struct row *row = js_malloc(ctx, sizeof *row + count * sizeof *row->values);

    if (!row)
        return NULL;
    row->origin = JS_DupValue(ctx, shape->origin);
    row->stored = false;
    row->version = shape->table->version;
    row->count = count;
    for (uint32_t i = 0; i < count; i++)
        row->values[i] = JS_UNDEFINED;
    return row;
}

static int
fill(JSContext *ctx, JSValueConst object, struct row *row, const struct pin_row_shape *shape,
     const struct pin_value *values)
{
    for (uint32_t i = 0; i < row->count; i++)
        if (fill_column(ctx, object, row, shape, values + i, i) < 0)
            return -1;
    row->stored = true;
    return 0;
}

static int
fill_undefined(JSContext *ctx, JSValueConst object, const struct pin_row_shape *shape)
{
    for (size_t i = 0; i < shape->table->column_count; i++)
        if (JS_DefinePropertyValue(ctx, object, shape->names[i], JS_UNDEFINED, JS_PROP_C_W_E) < 0)
            return -1;
    return 0;
}

JSValue
pin__row_new(JSContext *ctx, const struct pin_row_shape *shape, const struct pin_value *values)
{
    JSValue object = JS_NewObjectProtoClass(ctx, shape->prototype, row_class);
    struct row *row;

    if (JS_IsException(object) || !(row = row_alloc(ctx, shape))) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    JS_SetOpaque(object, row);
    if ((values ? fill(ctx, object, row, shape, values) : fill_undefined(ctx, object, shape)) < 0) {
        JS_FreeValue(ctx, object);
        return JS_EXCEPTION;
    }
    return object;
}

int
pin__row_fill(JSContext *ctx, JSValueConst object, const struct pin_row_shape *shape,
              const struct pin_value *values)
{
    struct row *old = JS_GetOpaque(object, row_class), *row = old;

    if (old->version != shape->table->version) {
        if (!(row = row_alloc(ctx, shape)))
            return -1;
        JS_SetOpaque(object, row);
        JS_FreeValue(ctx, old->origin);
        for (uint32_t i = 0; i < old->count; i++)
            JS_FreeValue(ctx, old->values[i]);
        js_free(ctx, old);
    }
    return fill(ctx, object, row, shape, values);
}

bool
pin__row_is(JSValueConst v)
{
    return JS_GetOpaque(v, row_class) != NULL;
}

JSValueConst
pin__row_origin(JSValueConst v)
{
    const struct row *row = JS_GetOpaque(v, row_class);

    return row ? row->origin : JS_UNDEFINED;
}

JSValue
pin__row_stored(JSContext *ctx, JSValueConst v, size_t column)
{
    const struct row *row = JS_GetOpaque(v, row_class);

    return row && column < row->count ? JS_DupValue(ctx, row->values[column]) : JS_UNDEFINED;
}

/* --- what changed --- */

static bool
same_bytes(JSContext *ctx, JSValueConst kept, struct pin_bytes bytes)
{
    size_t size;
    const uint8_t *data = JS_GetArrayBuffer(ctx, &size, kept);

    return data ? size == bytes.size && memcmp(data, bytes.data, size) == 0 : bytes.size == 0;
}

static bool
same_text(JSContext *ctx, JSValueConst kept, struct pin_bytes bytes)
{
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, kept);
    bool same = text && size == bytes.size && memcmp(text, bytes.data, size) == 0;

    JS_FreeCString(ctx, text);
    return same;
}

static bool
same_number(JSContext *ctx, JSValueConst kept, double d)
{
    double have;

    return JS_IsNumber(kept) && JS_ToFloat64(ctx, &have, kept) == 0 && have == d;
}

static bool
same_value(JSContext *ctx, JSValueConst kept, const struct pin_value *v)
{
    switch (v->type) {
    case PIN_VALUE_INTEGER:
        return same_number(ctx, kept, (double)v->integer);
    case PIN_VALUE_REAL:
        return same_number(ctx, kept, v->real);
    case PIN_VALUE_TEXT:
        return JS_IsString(kept) && same_text(ctx, kept, v->bytes);
    case PIN_VALUE_BLOB:
        return JS_IsObject(kept) && same_bytes(ctx, kept, v->bytes);
    default:
        return JS_IsNull(kept);
    }
}

static bool
same_string(JSValueConst a, JSValueConst b)
{
    return JS_VALUE_GET_TAG(a) == JS_TAG_STRING && JS_VALUE_GET_TAG(b) == JS_TAG_STRING &&
           JS_VALUE_GET_PTR(a) == JS_VALUE_GET_PTR(b);
}

/* A boolean that is null in the database shows as false; left alone it stays null. */
static bool
same_absent_boolean(JSValueConst kept, const struct pin_column *column, const struct pin_value *v)
{
    return column->type == PIN_COLUMN_BOOLEAN && JS_IsNull(kept) && v->type == PIN_VALUE_INTEGER &&
           v->integer == 0;
}

/* *changed: whether *out is to be written. */
static pin_status
column_change(JSContext *ctx, const struct row *row, size_t i, const struct pin_table *table,
              JSValueConst shown, struct pin_arena *arena, struct pin_value *out, bool *changed,
              struct pin_err *err)
{
    bool comparable = row->stored && row->version == table->version;
    struct pin_value given;
    pin_status st;

    *changed = false;
    if (JS_IsUndefined(shown) || (comparable && same_string(shown, row->values[i])))
        return PIN_OK;
    if ((st = pin__js_to_value(ctx, arena, shown, &given, err)) != PIN_OK ||
        (st = pin__column_coerce(table->columns[i].type, given, out, err)) != PIN_OK) {
        pin__err_prefix(err, "Column \"%s\" of \"%s\"", table->columns[i].name, table->name);
        return st;
    }
    *changed = !comparable || !(same_value(ctx, row->values[i], out) ||
                                same_absent_boolean(row->values[i], table->columns + i, out));
    return PIN_OK;
}

static bool
is_fixed(const struct pin_table *table, size_t column, bool confined)
{
    int c = (int)column;

    return c == table->key_column || c == table->id_column ||
           (confined && c == table->tenant_column);
}

int
pin__row_restore_fixed(JSContext *ctx, JSValueConst object, const struct pin_table *table,
                       bool confined)
{
    const struct row *row = JS_GetOpaque(object, row_class);

    for (size_t i = 0; row->version == table->version && i < row->count; i++)
        if (is_fixed(table, i, confined) &&
            JS_DefinePropertyValueStr(ctx, object, table->columns[i].name,
                                      JS_DupValue(ctx, row->values[i]), JS_PROP_C_W_E) < 0)
            return -1;
    return 0;
}

pin_status
pin__row_changes(JSContext *ctx, JSValueConst object, const struct pin_table *table, bool confined,
                 struct pin_arena *arena, struct pin_field **out, size_t *count,
                 struct pin_err *err)
{
    const struct row *row = JS_GetOpaque(object, row_class);
    pin_status st = PIN_OK;
    bool changed;

    *count = 0;
    *out = pin__arena_alloc(arena, (table->column_count + 1) * sizeof **out);
    if (!*out)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < table->column_count && st == PIN_OK; i++) {
        struct pin_field *field = *out + *count;
        JSValue shown;
        if (is_fixed(table, i, confined))
            continue;
        shown = JS_GetPropertyStr(ctx, object, table->columns[i].name);
        if (JS_IsException(shown))
            return pin__err_set(err, PIN_FAILED, "Column \"%s\" of \"%s\" cannot be read",
                                table->columns[i].name, table->name);
        st = column_change(ctx, row, i, table, shown, arena, &field->value, &changed, err);
        JS_FreeValue(ctx, shown);
        if (st == PIN_OK && changed) {
            field->name = table->columns[i].name;
            ++*count;
        }
    }
    return st;
}

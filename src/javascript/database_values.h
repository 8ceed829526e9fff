/* database_values.h - values between JavaScript and the database, and the objects that rows are.
 *
 * A row is an object of a class of our own: its columns are ordinary properties in the order of the
 * table, its prototype is the model's, and behind it stands what the database holds, so that an
 * update can tell what changed. All of it lives in the JavaScript heap and dies with the run.
 */
#ifndef PIN_JAVASCRIPT_DATABASE_VALUES_H
#define PIN_JAVASCRIPT_DATABASE_VALUES_H

#include <quickjs.h>

#include "database/query.h"

/* Once, before the image. -1 with an exception pending. */
int pin__js_rows_setup(JSContext *ctx);

/* A value to store, bind or compare with: its bytes are copied into `arena`. PIN_INVALID for what a
 * database cannot hold (an object, a function, NaN); the sentence begins with what it is. */
pin_status pin__js_to_value(JSContext *ctx, struct pin_arena *arena, JSValueConst v,
                            struct pin_value *out, struct pin_err *err) PIN_MUST_USE;
/* All elements of a JavaScript array; undefined gives none. */
pin_status pin__js_to_values(JSContext *ctx, struct pin_arena *arena, JSValueConst array,
                             struct pin_value **out, size_t *count,
                             struct pin_err *err) PIN_MUST_USE;
/* A text, in the arena. PIN_INVALID when `v` is none. */
pin_status pin__js_to_text(JSContext *ctx, struct pin_arena *arena, JSValueConst v,
                           const char **out, struct pin_err *err) PIN_MUST_USE;
/* As JavaScript sees a value of a column of that type. May be an exception. */
JSValue pin__js_from_column(JSContext *ctx, enum pin_column_type type, const struct pin_value *v);
/* As JavaScript sees a value of no known column. */
JSValue pin__js_from_value(JSContext *ctx, const struct pin_value *v);

/* The names of a table's columns, ready for making its rows: once for each query, since what they
 * refer to lives in the heap. */
struct pin_row_shape {
    const struct pin_table *table;
    JSAtom *names;
    JSValueConst prototype; /* borrowed from the caller's arguments */
    JSValueConst origin;    /* { database, table }: what all rows of a query share */
};
bool pin__row_shape_init(JSContext *ctx, struct pin_row_shape *shape, const struct pin_table *table,
                         JSValueConst prototype, JSValueConst origin);
void pin__row_shape_fini(JSContext *ctx, struct pin_row_shape *shape);

/* A row as the database has it, or a new one (values NULL: every column is undefined). */
JSValue pin__row_new(JSContext *ctx, const struct pin_row_shape *shape,
                     const struct pin_value *values);
/* Puts what the database has into a row that is there. -1 with an exception pending. */
int pin__row_fill(JSContext *ctx, JSValueConst row, const struct pin_row_shape *shape,
                  const struct pin_value *values);
bool pin__row_is(JSValueConst v);
/* JS_UNDEFINED for what is no row. */
JSValueConst pin__row_origin(JSValueConst row);
/* What the database holds for a column; undefined for a row that is not stored. */
JSValue pin__row_stored(JSContext *ctx, JSValueConst row, size_t column);

/* Makes the properties that nobody may set show what the database holds. -1 with an exception
 * pending. */
int pin__row_restore_fixed(JSContext *ctx, JSValueConst row, const struct pin_table *table,
                           bool confined);

/* The columns whose property differs from what the database holds (of a row that is not stored: all
 * that are not undefined), as the column stores them, in the arena. Columns that nobody may set
 * (_id, id and, when confined to a tenant, tenantId) never differ. */
pin_status pin__row_changes(JSContext *ctx, JSValueConst row, const struct pin_table *table,
                            bool confined, struct pin_arena *arena, struct pin_field **out,
                            size_t *count, struct pin_err *err) PIN_MUST_USE;

#endif

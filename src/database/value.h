/* value.h - one value on its way to or from the database, and the types a project's columns have.
 *
 * Whatever a caller has (a JavaScript true, a date as text, a number as text) becomes what the
 * column stores in one place, pin__column_coerce: inserts, updates and conditions all go through
 * it, so what was inserted is what a condition finds.
 *
 * Columns as the original stored them: a boolean is 0 or 1, a date or datetime is an integer of
 * milliseconds since 1970, UTC; a decimal is a number.
 */
#ifndef PIN_DATABASE_VALUE_H
#define PIN_DATABASE_VALUE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"

enum pin_value_type {
    PIN_VALUE_NULL,
    PIN_VALUE_INTEGER,
    PIN_VALUE_REAL,
    PIN_VALUE_TEXT,
    PIN_VALUE_BLOB
};

struct pin_value {
    enum pin_value_type type;
    union {
        int64_t integer;        /* INTEGER; also a JavaScript boolean (0, 1) and a Date (ms) */
        double real;            /* REAL */
        struct pin_bytes bytes; /* TEXT (UTF-8, may hold NUL) and BLOB; borrowed */
    };
};

union pin_datum { /* what a value is, without its type */
    int64_t integer;
    double real;
    const char *text; /* with a NUL behind it */
};
struct pin_taken { /* rows that were read and are kept */
    /* Each: a datum for each column, then a byte for each, its type (enum pin_value_type). Blobs
     * are left out. */
    union pin_datum **rows; /* the caller's, [rows_max] */
    size_t count, rows_max;
    char *at, *end;          /* what is free of the caller's room for them */
    struct pin_arena *arena; /* for a row that does not fit there; it is the last, unless... */
    bool spills;             /* ...all rows_max are wanted */
};

static inline struct pin_value
pin__value_null(void)
{
    return (struct pin_value){ .type = PIN_VALUE_NULL };
}
static inline struct pin_value
pin__value_integer(int64_t v)
{
    return (struct pin_value){ .type = PIN_VALUE_INTEGER, .integer = v };
}
static inline struct pin_value
pin__value_real(double v)
{
    return (struct pin_value){ .type = PIN_VALUE_REAL, .real = v };
}
static inline struct pin_value
pin__value_bytes(const char *data, size_t size)
{
    return (struct pin_value){ .type = PIN_VALUE_TEXT, .bytes = { data, size } };
}
static inline struct pin_value
pin__value_text(const char *text)
{
    return pin__value_bytes(text, strlen(text));
}
static inline struct pin_value
pin__value_blob(const void *data, size_t size)
{
    return (struct pin_value){ .type = PIN_VALUE_BLOB, .bytes = { data, size } };
}

/* If you add a type: its row in value.c (name, SQL type, default) is all there is to do. */
enum pin_column_type {
    PIN_COLUMN_PRIMARY_KEY,   /* _id */
    PIN_COLUMN_ALTERNATE_KEY, /* id */
    PIN_COLUMN_FOREIGN_KEY,
    PIN_COLUMN_STRING,
    PIN_COLUMN_TEXT,
    PIN_COLUMN_INTEGER,
    PIN_COLUMN_FLOAT,
    PIN_COLUMN_DECIMAL,
    PIN_COLUMN_BOOLEAN,
    PIN_COLUMN_DATE,
    PIN_COLUMN_DATETIME,
    PIN_COLUMN_BINARY,
    PIN_COLUMN_TYPE_COUNT
};

/* "primary_key", "string", ... as a migration writes it. Never NULL. */
const char *pin__column_type_name(enum pin_column_type type);
/* PIN_INVALID, naming the types there are. */
pin_status pin__column_type_parse(const char *name, enum pin_column_type *out,
                                  struct pin_err *err) PIN_MUST_USE;
/* What SQLite calls it ("varchar"). */
const char *pin__column_type_sql(enum pin_column_type type);
/* What a column without a default of its own gets: '' for a string, 0 for numbers and booleans,
 * NULL for all others. */
struct pin_value pin__column_type_default(enum pin_column_type type);

/* Turns `in` into what a column of this type stores; NULL stays NULL.
 *   boolean         'true' and '1' are 1, any other text is 0; a number is 0 or 1
 *   date, datetime  ISO text (a date alone is UTC midnight, a time without zone is local, as in
 *                   JavaScript) and numbers become integer milliseconds; empty text is NULL
 *   integer, float, decimal   text that is a number becomes one; other text stays as it is
 *   others          unchanged (SQLite's own affinity does the rest)
 * `out` borrows from `in`. PIN_INVALID for a date that is none; the message begins with the value,
 * so a caller puts the column in front. */
pin_status pin__column_coerce(enum pin_column_type type, struct pin_value in, struct pin_value *out,
                              struct pin_err *err) PIN_MUST_USE;

#endif

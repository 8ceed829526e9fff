/* query.h - queries on one table: built from clauses, run in a scope, never seen as SQL by callers.
 *
 * A struct pin_query lives in the caller's arena and is built anew for each execution (that costs
 * less than a microsecond; the prepared statement behind an equal shape is reused). Names and SQL
 * text given to the clause functions are copied into the arena; bytes of values are borrowed until
 * the execution.
 *
 *     struct pin_query *q;
 *     struct pin_cursor c;
 *     pin__query_new(&q, arena, session, &scope, "users", err)
 *     pin__query_where(q, "ageGt", &age, 1, false, err)
 *     pin__query_order(q, "name", false, err)
 *     pin__query_limit(q, 100)
 *     pin__query_select(q, &c, err)
 *     while ((st = pin__cursor_next(&c, err)) == PIN_OK)
 *         use(c.values, c.count)
 *     pin__cursor_close(&c)
 *
 * Rows come in the order asked for and, where that leaves a choice, in the order of insertion
 * (_id).
 */
#ifndef PIN_DATABASE_QUERY_H
#define PIN_DATABASE_QUERY_H

#include "database/schema.h"

struct pin_query; /* in an arena; no fini */

/* PIN_NOT_FOUND for an unknown table, PIN_DENIED for a scope of zeros. The scope is copied, its
 * tenant id as well. */
pin_status pin__query_new(struct pin_query **out, struct pin_arena *arena, struct pin_session *s,
                          const struct pin_scope *scope, const char *table,
                          struct pin_err *err) PIN_MUST_USE;
const struct pin_table *pin__query_table(const struct pin_query *q);

/* `key` is a column, or a column with Ne Lt Gt Le Ge BeginsWith EndsWith Contains after it. An
 * array (is_array, any count) means any of its elements, for Ne none of them; an empty one matches
 * nothing, for Ne everything. NULL means IS NULL, for Ne IS NOT NULL, for the others nothing. Text
 * operators ignore ASCII case and take % and _ as themselves. PIN_INVALID for a key that is
 * neither, naming the table's columns. */
pin_status pin__query_where(struct pin_query *q, const char *key, const struct pin_value *values,
                            size_t count, bool is_array, struct pin_err *err) PIN_MUST_USE;
/* True when pin__query_where would accept the key: to tell columns from relations and declared
 * scopes. */
bool pin__query_has_key(const struct pin_query *q, const char *key);
/* SQL text with ? parameters; see pin__condition_check. Values are bound as they are. */
pin_status pin__query_where_text(struct pin_query *q, struct pin_bytes text,
                                 const struct pin_value *values, size_t count,
                                 struct pin_err *err) PIN_MUST_USE;
/* Rows whose `column` is the `other_column` of a row that `other` selects: a relation. `other`
 * keeps its own scope, order, limit and offset, must be of the same arena and session, and is not
 * changed any more afterwards. */
pin_status pin__query_where_in(struct pin_query *q, const char *column,
                               const struct pin_query *other, const char *other_column,
                               struct pin_err *err) PIN_MUST_USE;
/* Repeatable: the first one decides first. */
pin_status pin__query_order(struct pin_query *q, const char *column, bool descending,
                            struct pin_err *err) PIN_MUST_USE;
void pin__query_limit(struct pin_query *q, int64_t limit);   /* negative: none */
void pin__query_offset(struct pin_query *q, int64_t offset); /* rows to skip */
/* page counts from 1; limit = page_size, offset = (page - 1) * page_size + skip. Values under 1
 * (skip: under 0) count as that. */
void pin__query_paginate(struct pin_query *q, int64_t page, int64_t page_size, int64_t skip);
/* Only rows after the one that `key` (of pin__cursor_key, same table and orders) names; an offset
 * no longer counts. This is how `for await` goes on: no statement stays open between two batches.
 */
pin_status pin__query_after(struct pin_query *q, const char *key, struct pin_err *err) PIN_MUST_USE;

/* A result being read. Embedded by the caller; closed with pin__cursor_close, whatever happened. No
 * write may be made on the session while one is open: read it to its end or close it before. */
struct pin_cursor {
    const struct pin_value *values; /* the current row; text and blobs are borrowed until the next
                                       pin__cursor_next or _close */
    size_t count;
    const struct pin_table *table; /* NULL for a raw one */
    struct pin_session *session;   /* the rest is for the database floor only */
    struct pin_statement *statement;
    const struct pin_query *query;
    uint64_t serial; /* of the statement's use: a closed cursor cannot touch a later one */
};

/* All columns in the table's order. */
pin_status pin__query_select(struct pin_query *q, struct pin_cursor *c,
                             struct pin_err *err) PIN_MUST_USE;
/* As select, of at most one row. */
pin_status pin__query_first(struct pin_query *q, struct pin_cursor *c,
                            struct pin_err *err) PIN_MUST_USE;
/* PIN_OK: a row; PIN_EMPTY: no more. */
pin_status pin__cursor_next(struct pin_cursor *c, struct pin_err *err) PIN_MUST_USE;
/* Reads on, for who keeps rows: they are packed into `to`. PIN_OK: it is full, and there may be
 * more; the last row is where pin__cursor_next would have put it. PIN_EMPTY: no more. */
pin_status pin__cursor_take(struct pin_cursor *c, struct pin_taken *to,
                            struct pin_err *err) PIN_MUST_USE;
/* Names of the columns of a raw result; for others table->columns says it. Borrowed like values. */
const char *pin__cursor_name(const struct pin_cursor *c, size_t column);
/* Appends the place of the current row in its query: printable ASCII without quotes, for
 * pin__query_after. PIN_INVALID for a table without _id. */
pin_status pin__cursor_key(const struct pin_cursor *c, struct pin_buf *out,
                           struct pin_err *err) PIN_MUST_USE;
void pin__cursor_close(struct pin_cursor *c); /* a zeroed or closed one is fine */

/* Rows that select would give: a limit counts. */
pin_status pin__query_count(struct pin_query *q, int64_t *count, struct pin_err *err) PIN_MUST_USE;
pin_status pin__query_exists(struct pin_query *q, bool *exists, struct pin_err *err) PIN_MUST_USE;

struct pin_field { /* borrowed */
    const char *name;
    struct pin_value value;
};

/* Change the rows that select would give, in one statement. Fields that are no columns, and _id, id
 * and (in a scoped table) tenantId, are ignored. *changed is the number of rows. */
pin_status pin__query_update(struct pin_query *q, const struct pin_field *fields, size_t count,
                             int64_t *changed, struct pin_err *err) PIN_MUST_USE;
pin_status pin__query_delete(struct pin_query *q, int64_t *deleted,
                             struct pin_err *err) PIN_MUST_USE;
/* The statement of pin__query_select with its values, for people: "select ... where "age" > ?".
 * *values and their bytes live in the query's arena. */
pin_status pin__query_to_sql(struct pin_query *q, struct pin_bytes *sql,
                             const struct pin_value **values, size_t *count,
                             struct pin_err *err) PIN_MUST_USE;

#define PIN_ID_SIZE 37 /* a UUID as text, with the NUL */

struct pin_row_fields {
    const struct pin_field *fields;
    size_t count;
};
struct pin_inserted {
    int64_t key;          /* _id */
    char id[PIN_ID_SIZE]; /* "" for a table without id */
};

/* Inserts rows, all or none. Unknown fields and given _id, id and tenantId are ignored; id is a new
 * random UUID. `out` has room for `count`, or is NULL. PIN_CONFLICT for a broken unique index.
 * `now` starts the transaction's age when several rows make one. */
pin_status pin__insert(struct pin_session *s, const struct pin_scope *scope, const char *table,
                       const struct pin_row_fields *rows, size_t count, struct pin_inserted *out,
                       struct pin_mono now, struct pin_err *err) PIN_MUST_USE;
/* One row, by _id; in a scope only if it is the tenant's. *changed is 0 when it is gone. */
pin_status pin__update_row(struct pin_session *s, const struct pin_scope *scope, const char *table,
                           int64_t key, const struct pin_field *fields, size_t count,
                           int64_t *changed, struct pin_err *err) PIN_MUST_USE;
pin_status pin__delete_row(struct pin_session *s, const struct pin_scope *scope, const char *table,
                           int64_t key, int64_t *deleted, struct pin_err *err) PIN_MUST_USE;

/* One statement of the user's own, with ? parameters; rows, if any, come through the cursor.
 * PIN_DENIED in a tenant's scope (call it on withoutTenantScope), and for transaction control,
 * ATTACH, temporary tables and pragmas that change something. */
pin_status pin__run(struct pin_session *s, const struct pin_scope *scope, struct pin_bytes sql,
                    const struct pin_value *values, size_t count, struct pin_cursor *c,
                    struct pin_err *err) PIN_MUST_USE;

#endif

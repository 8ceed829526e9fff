/* query_parts.h - what a query is made of, between the files that build it and run it. Inside this
 * folder only.
 *
 * A clause becomes SQL text and values when it is added; an execution only strings the pieces
 * together in the session's scratch (sql, params), so a shape's text is always the same.
 */
#ifndef PIN_DATABASE_QUERY_PARTS_H
#define PIN_DATABASE_QUERY_PARTS_H

#include "database/driver.h"
#include "database/query.h"

struct fragment { /* one condition of the where clause, bracketed where it must be */
    struct fragment *next;
    const char *text;
    size_t size;
    const struct pin_value *values;
    size_t count;
};

struct order {
    struct order *next;
    int column;
    bool descending;
};

struct pin_query {
    struct pin_arena *arena;
    struct pin_session *session;
    struct pin_scope scope;
    const struct pin_table *table;
    struct fragment *first, **last;
    struct order *orders, **last_order;
    int64_t limit;                 /* negative: none */
    int64_t offset;                /* 0: none */
    const struct pin_value *after; /* one value a key column; NULL: from the beginning */
    struct pin_guard guard;        /* tables and selects of the sub-queries too */
};

/* The columns that place a row in the query's order: the orders up to _id, and _id. Returns how
 * many; `columns` has room for PIN_KEY_MAX. 0 for a table without _id or with more orders than
 * that. */
#define PIN_KEY_MAX 16
struct key_column {
    int column;
    bool descending;
};
size_t pin__query_key_columns(const struct pin_query *q, struct key_column columns[PIN_KEY_MAX]);

/* query_text.c: append to the session's scratch. */
void pin__text_begin(struct pin_session *s);
void pin__text_param(struct pin_session *s, struct pin_value v);
void pin__text_column(struct pin_session *s, const struct pin_table *table, int column);
/* "select <columns> from ..." with all clauses; column -1: the table's list, -2: the number 1. */
enum { TEXT_ALL_COLUMNS = -1, TEXT_ONE = -2 };
void pin__text_select(const struct pin_query *q, int column);
/* " where ..." (tenant, conditions, place); nothing when there is no condition. */
void pin__text_where(const struct pin_query *q);
/* Copies the scratch into a fragment in the arena. */
struct fragment *pin__text_fragment(struct pin_session *s, struct pin_arena *arena);
pin_status pin__text_check(const struct pin_session *s, struct pin_err *err) PIN_MUST_USE;
/* True when the query's scope confines its table. */
bool pin__query_is_confined(const struct pin_query *q);
void pin__query_add(struct pin_query *q, struct fragment *f);

#endif

/* sql.h - statements of pinstripe's own, for the store: no scope, no guard, text from our code
 * only.
 *
 * Never for a project's tables (query.h makes those) and never with text that came from anybody:
 * values are bound. Statements are kept by their text, so a text built from a few fixed parts costs
 * its compilation once.
 *
 *     struct pin_sql q;
 *     if ((st = pin__sql_start(&q, session, "select ...", values, n, err)) != PIN_OK) return st;
 *     while ((st = pin__sql_step(&q, err)) == PIN_OK) use(q.row[0]);
 *     pin__sql_end(&q);
 *
 * What a row points to is gone at the next step. Read what you need, end, then write.
 */
#ifndef PIN_DATABASE_SQL_H
#define PIN_DATABASE_SQL_H

#include "database/session.h"

struct pin_statement;

struct pin_sql {
    struct pin_session *session;
    struct pin_statement *statement;
    const struct pin_value *row; /* valid after a step that gave PIN_OK */
    size_t columns;
};

/* On failure there is nothing to end. */
pin_status pin__sql_start(struct pin_sql *q, struct pin_session *s, const char *sql,
                          const struct pin_value *values, size_t count,
                          struct pin_err *err) PIN_MUST_USE;
/* PIN_OK with a row, or PIN_EMPTY. */
pin_status pin__sql_step(struct pin_sql *q, struct pin_err *err) PIN_MUST_USE;
void pin__sql_end(struct pin_sql *q);

/* A whole statement; *changed (may be NULL) is how many rows it changed. */
pin_status pin__sql_run(struct pin_session *s, const char *sql, const struct pin_value *values,
                        size_t count, int64_t *changed, struct pin_err *err) PIN_MUST_USE;
/* The integer in the first column of the first row; PIN_EMPTY when there is no row. */
pin_status pin__sql_integer(struct pin_session *s, const char *sql, const struct pin_value *values,
                            size_t count, int64_t *out, struct pin_err *err) PIN_MUST_USE;

#endif

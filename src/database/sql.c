/* sql.c - see sql.h: the session's prepared statements, for the floors below. */
#include "database/sql.h"

#include "database/driver.h"

pin_status
pin__sql_start(struct pin_sql *q, struct pin_session *s, const char *sql,
               const struct pin_value *values, size_t count, struct pin_err *err)
{
    pin_status st;

    *q = (struct pin_sql){ .session = s };
    if ((st = pin__statement_get_own(s, sql, &q->statement, err)) != PIN_OK)
        return st;
    if ((st = pin__statement_start(s, q->statement, values, count, err)) != PIN_OK) {
        pin__sql_end(q);
        return st;
    }
    q->row = q->statement->row;
    q->columns = q->statement->columns;
    return PIN_OK;
}

pin_status
pin__sql_step(struct pin_sql *q, struct pin_err *err)
{
    return pin__statement_step(q->session, q->statement, err);
}

void
pin__sql_end(struct pin_sql *q)
{
    pin__statement_release(q->session, q->statement);
    q->statement = NULL;
}

pin_status
pin__sql_run(struct pin_session *s, const char *sql, const struct pin_value *values, size_t count,
             int64_t *changed, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(&q, s, sql, values, count, err);

    if (st != PIN_OK)
        return st;
    while ((st = pin__sql_step(&q, err)) == PIN_OK)
        ;
    pin__sql_end(&q);
    if (st != PIN_EMPTY)
        return st;
    if (changed)
        *changed = s->driver->changes(s);
    return PIN_OK;
}

pin_status
pin__sql_integer(struct pin_session *s, const char *sql, const struct pin_value *values,
                 size_t count, int64_t *out, struct pin_err *err)
{
    return pin__session_integer(s, sql, values, count, out, err);
}

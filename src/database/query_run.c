/* query_run.c - see query.h: executions. */
#include "database/query_parts.h"

/* --- running what stands in the scratch --- */

static pin_status
take_statement(struct pin_session *s, const struct pin_guard *guard, struct pin_statement **out,
               struct pin_err *err)
{
    struct pin_bytes sql = { s->sql.data, s->sql.size };
    pin_status st = pin__text_check(s, err);

    if (st == PIN_OK)
        st = pin__statement_get(s, sql, guard, out, err);
    if (st == PIN_OK)
        st = pin__statement_start(s, *out, s->params, s->param_count, err);
    return st;
}

/* A statement that gives at most one integer. PIN_EMPTY is success. */
static pin_status
run_integer(struct pin_session *s, const struct pin_guard *guard, int64_t *out, struct pin_err *err)
{
    struct pin_statement *statement = NULL;
    pin_status st = take_statement(s, guard, &statement, err);

    if (st == PIN_OK)
        st = pin__statement_step(s, statement, err);
    if (st == PIN_OK && out && statement->columns)
        *out = statement->row[0].integer;
    pin__statement_release(s, statement);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static pin_status
run_write(struct pin_session *s, const struct pin_guard *guard, int64_t *changed,
          struct pin_err *err)
{
    pin_status st = run_integer(s, guard, NULL, err);

    if (changed)
        *changed = st == PIN_OK ? s->driver->changes(s) : 0;
    return st;
}

/* --- reading --- */

static pin_status
open_cursor(struct pin_session *s, const struct pin_guard *guard, struct pin_cursor *c,
            struct pin_err *err)
{
    pin_status st;

    c->session = s;
    if ((st = take_statement(s, guard, &c->statement, err)) != PIN_OK) {
        pin__statement_release(s, c->statement);
        *c = (struct pin_cursor){ 0 };
        return st;
    }
    c->serial = c->statement->serial;
    c->values = c->statement->row;
    c->count = c->statement->columns;
    s->open_cursors++;
    return PIN_OK;
}

pin_status
pin__query_select(struct pin_query *q, struct pin_cursor *c, struct pin_err *err)
{
    struct pin_guard guard = q->guard;

    guard.selects++;
    *c = (struct pin_cursor){ .table = q->table, .query = q };
    pin__text_begin(q->session);
    pin__text_select(q, TEXT_ALL_COLUMNS);
    return open_cursor(q->session, &guard, c, err);
}

static int64_t
at_most_one(int64_t limit)
{
    return limit < 0 || limit > 1 ? 1 : limit;
}

pin_status
pin__query_first(struct pin_query *q, struct pin_cursor *c, struct pin_err *err)
{
    int64_t limit = q->limit;
    pin_status st;

    q->limit = at_most_one(limit);
    st = pin__query_select(q, c, err);
    q->limit = limit;
    return st;
}

static bool
is_current(const struct pin_cursor *c)
{
    return c->statement && c->session->open_cursors > 0 && c->statement->serial == c->serial;
}

pin_status
pin__cursor_next(struct pin_cursor *c, struct pin_err *err)
{
    if (!is_current(c))
        return PIN_EMPTY;
    return pin__statement_step(c->session, c->statement, err);
}

pin_status
pin__cursor_take(struct pin_cursor *c, struct pin_taken *to, struct pin_err *err)
{
    if (!is_current(c))
        return PIN_EMPTY;
    return pin__statement_take(c->session, c->statement, to, err);
}

const char *
pin__cursor_name(const struct pin_cursor *c, size_t column)
{
    return c->session->driver->column_name(c->statement, column);
}

void
pin__cursor_close(struct pin_cursor *c)
{
    if (is_current(c)) {
        c->session->open_cursors--;
        pin__statement_release(c->session, c->statement);
    }
    *c = (struct pin_cursor){ 0 };
}

pin_status
pin__query_count(struct pin_query *q, int64_t *count, struct pin_err *err)
{
    struct pin_session *s = q->session;
    struct pin_guard guard = q->guard;
    bool paged = q->limit >= 0 || q->offset > 0;

    *count = 0;
    pin__text_begin(s);
    pin__buf_adds(&s->sql, "select count(*) from ");
    guard.selects++;
    if (paged) {
        pin__buf_addc(&s->sql, '(');
        pin__text_select(q, TEXT_ONE);
        pin__buf_addc(&s->sql, ')');
        guard.selects++;
    } else {
        pin__buf_adds(&s->sql, pin__table_quoted(q->table));
        pin__text_where(q);
    }
    return run_integer(s, &guard, count, err);
}

pin_status
pin__query_exists(struct pin_query *q, bool *exists, struct pin_err *err)
{
    struct pin_session *s = q->session;
    struct pin_guard guard = q->guard;
    int64_t limit = q->limit, found = 0;
    pin_status st;

    guard.selects++;
    q->limit = at_most_one(limit);
    pin__text_begin(s);
    pin__text_select(q, TEXT_ONE);
    q->limit = limit;
    st = run_integer(s, &guard, &found, err);
    *exists = found != 0;
    return st;
}

pin_status
pin__query_to_sql(struct pin_query *q, struct pin_bytes *sql, const struct pin_value **values,
                  size_t *count, struct pin_err *err)
{
    struct fragment *whole;
    pin_status st;

    pin__text_begin(q->session);
    pin__text_select(q, TEXT_ALL_COLUMNS);
    if ((st = pin__text_check(q->session, err)) != PIN_OK)
        return st;
    if (!(whole = pin__text_fragment(q->session, q->arena)))
        return pin__err_no_memory(err);
    *sql = (struct pin_bytes){ whole->text, whole->size };
    *values = whole->values;
    *count = whole->count;
    return PIN_OK;
}

/* --- fields --- */

/* Columns a caller cannot set: pinstripe gives them. */
static bool
is_given(const struct pin_table *t, int column)
{
    return column == t->key_column || column == t->id_column;
}

static pin_status
coerce_field(const struct pin_table *t, int column, struct pin_value in, struct pin_value *out,
             struct pin_err *err)
{
    pin_status st = pin__column_coerce(t->columns[column].type, in, out, err);

    if (st != PIN_OK)
        pin__err_prefix(err, "%s.%s", t->name, t->columns[column].name);
    return st;
}

/* The last field of that name; NULL when there is none. */
static const struct pin_value *
find_field(const struct pin_field *fields, size_t count, const char *name)
{
    for (size_t i = count; i-- > 0;)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i].value;
    return NULL;
}

static void
check_view(const struct pin_table *t, struct pin_guard *guard)
{
    guard->target = pin__table_is_view(t) ? NULL : t->name;
}

/* --- update and delete --- */

/* Appends "update ... set ..."; *any is false when no field is a column. */
static pin_status
add_assignments(const struct pin_query *q, const struct pin_field *fields, size_t count, bool *any,
                struct pin_err *err)
{
    const struct pin_table *t = q->table;
    struct pin_session *s = q->session;
    const struct pin_value *field;
    struct pin_value v;
    pin_status st;

    *any = false;
    pin__buf_adds(&s->sql, "update ");
    pin__buf_adds(&s->sql, pin__table_quoted(t));
    for (int i = 0; i < (int)t->column_count; i++) {
        if (is_given(t, i) || (i == t->tenant_column && q->guard.confined) ||
            !(field = find_field(fields, count, t->columns[i].name)))
            continue;
        if ((st = coerce_field(t, i, *field, &v, err)) != PIN_OK)
            return st;
        pin__buf_adds(&s->sql, *any ? ", " : " set ");
        pin__sql_add_name(&s->sql, t->columns[i].name);
        pin__buf_adds(&s->sql, " = ?");
        pin__text_param(s, v);
        *any = true;
    }
    return PIN_OK;
}

/* The where clause of a write: for a page the keys of its rows. */
static pin_status
add_rows_to_write(struct pin_query *q, struct pin_guard *guard, struct pin_err *err)
{
    struct pin_session *s = q->session;
    const struct pin_table *t = q->table;

    if (q->limit < 0 && q->offset == 0) {
        pin__text_where(q);
        return PIN_OK;
    }
    if (t->key_column < 0)
        return pin__err_set(err, PIN_INVALID,
                            "the table \"%s\" has no _id: a part of its rows cannot be changed",
                            t->name);
    pin__buf_adds(&s->sql, " where ");
    pin__text_column(s, t, t->key_column);
    pin__buf_adds(&s->sql, " in (");
    pin__text_select(q, t->key_column);
    pin__buf_addc(&s->sql, ')');
    guard->selects++;
    return PIN_OK;
}

pin_status
pin__query_update(struct pin_query *q, const struct pin_field *fields, size_t count,
                  int64_t *changed, struct pin_err *err)
{
    struct pin_guard guard = q->guard;
    pin_status st;
    bool any;

    if (changed)
        *changed = 0;
    check_view(q->table, &guard);
    pin__text_begin(q->session);
    if ((st = add_assignments(q, fields, count, &any, err)) != PIN_OK || !any)
        return st;
    if ((st = add_rows_to_write(q, &guard, err)) != PIN_OK)
        return st;
    return run_write(q->session, &guard, changed, err);
}

pin_status
pin__query_delete(struct pin_query *q, int64_t *deleted, struct pin_err *err)
{
    struct pin_guard guard = q->guard;
    pin_status st;

    if (deleted)
        *deleted = 0;
    check_view(q->table, &guard);
    pin__text_begin(q->session);
    pin__buf_adds(&q->session->sql, "delete from ");
    pin__buf_adds(&q->session->sql, pin__table_quoted(q->table));
    if ((st = add_rows_to_write(q, &guard, err)) != PIN_OK)
        return st;
    return run_write(q->session, &guard, deleted, err);
}

/* A query for the one row with this key. */
static pin_status
one_row(struct pin_query **q, struct pin_arena *arena, struct pin_session *s,
        const struct pin_scope *scope, const char *table, int64_t key, struct pin_err *err)
{
    struct pin_value v = pin__value_integer(key);
    pin_status st = pin__query_new(q, arena, s, scope, table, err);

    return st == PIN_OK ? pin__query_where(*q, "_id", &v, 1, false, err) : st;
}

pin_status
pin__update_row(struct pin_session *s, const struct pin_scope *scope, const char *table,
                int64_t key, const struct pin_field *fields, size_t count, int64_t *changed,
                struct pin_err *err)
{
    struct pin_arena arena = PIN_ARENA_INIT(1 << 20);
    struct pin_query *q;
    pin_status st;

    if (changed)
        *changed = 0;
    if ((st = one_row(&q, &arena, s, scope, table, key, err)) == PIN_OK)
        st = pin__query_update(q, fields, count, changed, err);
    pin__arena_fini(&arena);
    return st;
}

pin_status
pin__delete_row(struct pin_session *s, const struct pin_scope *scope, const char *table,
                int64_t key, int64_t *deleted, struct pin_err *err)
{
    struct pin_arena arena = PIN_ARENA_INIT(1 << 20);
    struct pin_query *q;
    pin_status st;

    if (deleted)
        *deleted = 0;
    if ((st = one_row(&q, &arena, s, scope, table, key, err)) == PIN_OK)
        st = pin__query_delete(q, deleted, err);
    pin__arena_fini(&arena);
    return st;
}

/* --- insert --- */

/* One row on its way in. */
struct insertion {
    struct pin_session *session;
    const struct pin_scope *scope;
    const struct pin_table *table;
    const char *id; /* new; NULL for a table without id */
    const struct pin_row_fields *row;
    size_t columns; /* named so far */
};

static void
add_insert_column(struct insertion *in, int column, struct pin_value v)
{
    struct pin_session *s = in->session;

    pin__buf_adds(&s->sql, in->columns++ ? ", " : " (");
    pin__sql_add_name(&s->sql, in->table->columns[column].name);
    pin__text_param(s, v);
}

static pin_status
add_insert_field(struct insertion *in, int column, struct pin_err *err)
{
    const struct pin_table *t = in->table;
    const struct pin_value *field;
    struct pin_value v;
    pin_status st;

    if (column == t->id_column && in->id) {
        add_insert_column(in, column, pin__value_text(in->id));
        return PIN_OK;
    }
    if (column == t->tenant_column && pin__scope_is_tenant(in->scope)) {
        add_insert_column(in, column, pin__value_text(in->scope->tenant_id));
        return PIN_OK;
    }
    if (is_given(t, column))
        return PIN_OK;
    if (!(field = find_field(in->row->fields, in->row->count, t->columns[column].name)))
        return PIN_OK;
    if ((st = coerce_field(t, column, *field, &v, err)) == PIN_OK)
        add_insert_column(in, column, v);
    return st;
}

static pin_status
add_insert(struct insertion *in, struct pin_err *err)
{
    struct pin_session *s = in->session;
    pin_status st = PIN_OK;

    pin__text_begin(s);
    pin__buf_adds(&s->sql, "insert into ");
    pin__buf_adds(&s->sql, pin__table_quoted(in->table));
    for (int i = 0; i < (int)in->table->column_count && st == PIN_OK; i++)
        st = add_insert_field(in, i, err);
    if (in->columns == 0) {
        pin__buf_adds(&s->sql, " default values");
        return st;
    }
    pin__buf_adds(&s->sql, ") values (?");
    for (size_t i = 1; i < in->columns; i++)
        pin__buf_adds(&s->sql, ", ?");
    pin__buf_addc(&s->sql, ')');
    return st;
}

static pin_status
insert_one(struct pin_session *s, const struct pin_scope *scope, const struct pin_table *t,
           const struct pin_row_fields *row, struct pin_inserted *out, struct pin_err *err)
{
    struct insertion in = { .session = s, .scope = scope, .table = t, .row = row };
    struct pin_guard guard = { .kind = PIN_GUARD_BUILT,
                               .tables = { t->name },
                               .table_count = 1,
                               .confined = pin__scope_is_tenant(scope) };
    struct pin_inserted made = { 0 };
    pin_status st;

    check_view(t, &guard);
    if (t->id_column >= 0) {
        if ((st = pin__uuid(made.id, err)) != PIN_OK)
            return st;
        in.id = made.id;
    }
    if ((st = add_insert(&in, err)) != PIN_OK || (st = run_write(s, &guard, NULL, err)) != PIN_OK)
        return st;
    made.key = s->driver->last_key(s);
    if (out)
        *out = made;
    return PIN_OK;
}

static pin_status
insert_each(struct pin_session *s, const struct pin_scope *scope, const struct pin_table *t,
            const struct pin_row_fields *rows, size_t count, struct pin_inserted *out,
            struct pin_err *err)
{
    pin_status st = PIN_OK;

    for (size_t i = 0; i < count && st == PIN_OK; i++)
        st = insert_one(s, scope, t, &rows[i], out ? &out[i] : NULL, err);
    return st;
}

/* All or none, also inside a transaction of the caller's, which goes on after a failure. */
static pin_status
insert_all(struct pin_session *s, const struct pin_scope *scope, const struct pin_table *t,
           const struct pin_row_fields *rows, size_t count, struct pin_inserted *out,
           struct pin_err *err)
{
    pin_status st = s->driver->part(s, PIN_PART_BEGIN, err);

    if (st != PIN_OK)
        return st;
    if ((st = insert_each(s, scope, t, rows, count, out, err)) == PIN_OK)
        return s->driver->part(s, PIN_PART_KEEP, err);
    if (s->driver->part(s, PIN_PART_UNDO, NULL) != PIN_OK)
        s->doomed = true;
    return st;
}

pin_status
pin__insert(struct pin_session *s, const struct pin_scope *scope, const char *table,
            const struct pin_row_fields *rows, size_t count, struct pin_inserted *out,
            struct pin_mono now, struct pin_err *err)
{
    const struct pin_table *t;
    pin_status st;

    if ((st = pin__scope_check(scope, table, err)) != PIN_OK ||
        (st = pin__schema_table(s, table, &t, err)) != PIN_OK ||
        (st = pin__scope_check_table(s, scope, t, err)) != PIN_OK)
        return st;
    if (count <= 1)
        return count ? insert_one(s, scope, t, rows, out, err) : PIN_OK;
    if ((st = pin__session_begin(s, now, err)) != PIN_OK)
        return st;
    st = insert_all(s, scope, t, rows, count, out, err);
    if (st == PIN_OK || s->depth > 1) {
        pin_status end = pin__session_commit(s, err);
        return st == PIN_OK ? end : st;
    }
    pin__session_rollback(s);
    return st;
}

/* --- the user's own statements --- */

pin_status
pin__run(struct pin_session *s, const struct pin_scope *scope, struct pin_bytes sql,
         const struct pin_value *values, size_t count, struct pin_cursor *c, struct pin_err *err)
{
    static const struct pin_guard raw = { .kind = PIN_GUARD_RAW };
    pin_status st;

    *c = (struct pin_cursor){ 0 };
    if ((st = pin__scope_check(scope, "run", err)) != PIN_OK)
        return st;
    if (pin__scope_is_tenant(scope))
        return pin__err_set(err, PIN_DENIED,
                            "SQL text of your own sees the rows of every tenant, so run() is not "
                            "available in a tenant's workspace; call it on withoutTenantScope");
    if (sql.size && memchr(sql.data, '\0', sql.size))
        return pin__err_set(err, PIN_INVALID, "the SQL text holds a NUL byte");
    pin__text_begin(s);
    pin__buf_add(&s->sql, sql.data, sql.size);
    for (size_t i = 0; i < count; i++)
        pin__text_param(s, values[i]);
    if ((st = open_cursor(s, &raw, c, err)) != PIN_OK)
        return st;
    if (c->statement->writes)
        s->schema_fresh = false;
    if (c->count > 0)
        return PIN_OK;
    st = pin__cursor_next(c, err); /* nobody waits for rows of a statement that has none */
    pin__cursor_close(c);
    return st == PIN_EMPTY ? PIN_OK : st;
}

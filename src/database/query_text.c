/* query_text.c - the SQL text of a query, in the session's scratch.
 *
 * Every name is qualified by its table: an unqualified one could mean a column of an outer query,
 * or, in double quotes and unknown, a string.
 */
#include "database/query_parts.h"

void
pin__text_begin(struct pin_session *s)
{
    pin__buf_clear(&s->sql);
    s->param_count = 0;
}

void
pin__text_param(struct pin_session *s, struct pin_value v)
{
    size_t capacity = s->param_capacity ? s->param_capacity * 2 : 64;
    struct pin_value *grown;

    if (s->param_count == s->param_capacity) {
        if (!(grown = realloc(s->params, capacity * sizeof *grown))) {
            s->sql.bad = true;
            return;
        }
        s->params = grown;
        s->param_capacity = capacity;
    }
    s->params[s->param_count++] = v;
}

pin_status
pin__text_check(const struct pin_session *s, struct pin_err *err)
{
    return pin__buf_check(&s->sql, "the SQL text of a query", err);
}

void
pin__text_column(struct pin_session *s, const struct pin_table *table, int column)
{
    pin__buf_adds(&s->sql, pin__table_quoted(table));
    pin__buf_addc(&s->sql, '.');
    pin__sql_add_name(&s->sql, table->columns[column].name);
}

bool
pin__query_is_confined(const struct pin_query *q)
{
    return pin__scope_is_tenant(&q->scope) && q->table->tenant_column >= 0;
}

struct fragment *
pin__text_fragment(struct pin_session *s, struct pin_arena *arena)
{
    struct fragment *f = pin__arena_alloc(arena, sizeof *f);
    struct pin_value *values;

    if (!f || s->sql.bad || !(f->text = pin__arena_copy(arena, s->sql.data, s->sql.size)))
        return NULL;
    f->size = s->sql.size;
    f->count = s->param_count;
    if (!f->count)
        return f;
    if (!(values = pin__arena_alloc(arena, f->count * sizeof *values)))
        return NULL;
    memcpy(values, s->params, f->count * sizeof *values);
    f->values = values;
    return f;
}

void
pin__query_add(struct pin_query *q, struct fragment *f)
{
    *q->last = f;
    q->last = &f->next;
}

/* --- where --- */

/* " where " before the first condition, " and " before the others. */
static void
conjoin(struct pin_session *s, bool *any)
{
    pin__buf_adds(&s->sql, *any ? " and " : " where ");
    *any = true;
}

static void
add_tenant(const struct pin_query *q)
{
    struct pin_session *s = q->session;

    pin__text_column(s, q->table, q->table->tenant_column);
    pin__buf_adds(&s->sql, " = ?");
    pin__text_param(s, pin__value_text(q->scope.tenant_id));
}

static void
add_fragment(struct pin_session *s, const struct fragment *f)
{
    pin__buf_add(&s->sql, f->text, f->size);
    for (size_t i = 0; i < f->count; i++)
        pin__text_param(s, f->values[i]);
}

/* `c` comes after the place's value. NULL is the smallest. */
static void
add_beyond(const struct pin_query *q, struct key_column c, struct pin_value v)
{
    struct pin_session *s = q->session;

    if (v.type == PIN_VALUE_NULL && c.descending) {
        pin__buf_addc(&s->sql, '0');
        return;
    }
    if (c.descending)
        pin__buf_addc(&s->sql, '(');
    pin__text_column(s, q->table, c.column);
    if (v.type == PIN_VALUE_NULL) {
        pin__buf_adds(&s->sql, " is not null");
        return;
    }
    pin__buf_adds(&s->sql, c.descending ? " < ?" : " > ?");
    pin__text_param(s, v);
    if (!c.descending)
        return;
    pin__buf_adds(&s->sql, " or ");
    pin__text_column(s, q->table, c.column);
    pin__buf_adds(&s->sql, " is null)");
}

static void
add_same(const struct pin_query *q, struct key_column c, struct pin_value v)
{
    pin__text_column(q->session, q->table, c.column);
    pin__buf_adds(&q->session->sql, " is ? and ");
    pin__text_param(q->session, v);
}

/* Rows after the place: (a beyond) or (a same and b beyond) or ... The first column's bound stands
 * in front by itself where it can, for the index. */
static void
add_after(const struct pin_query *q)
{
    struct key_column columns[PIN_KEY_MAX];
    size_t count = pin__query_key_columns(q, columns);
    struct pin_session *s = q->session;

    if (count > 1 && !columns[0].descending && q->after[0].type != PIN_VALUE_NULL) {
        pin__text_column(s, q->table, columns[0].column);
        pin__buf_adds(&s->sql, " >= ? and ");
        pin__text_param(s, q->after[0]);
    }
    pin__buf_addc(&s->sql, '(');
    for (size_t i = 0; i < count; i++) {
        pin__buf_adds(&s->sql, i ? " or (" : "(");
        for (size_t j = 0; j < i; j++)
            add_same(q, columns[j], q->after[j]);
        add_beyond(q, columns[i], q->after[i]);
        pin__buf_addc(&s->sql, ')');
    }
    pin__buf_addc(&s->sql, ')');
}

void
pin__text_where(const struct pin_query *q)
{
    bool any = false;

    if (pin__query_is_confined(q)) {
        conjoin(q->session, &any);
        add_tenant(q);
    }
    for (const struct fragment *f = q->first; f; f = f->next) {
        conjoin(q->session, &any);
        add_fragment(q->session, f);
    }
    if (q->after) {
        conjoin(q->session, &any);
        add_after(q);
    }
}

/* --- order and page --- */

size_t
pin__query_key_columns(const struct pin_query *q, struct key_column columns[PIN_KEY_MAX])
{
    size_t count = 0;

    if (q->table->key_column < 0)
        return 0;
    for (const struct order *o = q->orders; o; o = o->next) {
        if (count == PIN_KEY_MAX)
            return 0;
        columns[count++] = (struct key_column){ o->column, o->descending };
        if (o->column == q->table->key_column)
            return count;
    }
    if (count == PIN_KEY_MAX)
        return 0;
    columns[count++] = (struct key_column){ q->table->key_column, false };
    return count;
}

static void
add_order(const struct pin_query *q)
{
    struct pin_session *s = q->session;
    const char *before = " order by ";
    bool by_key = false;

    for (const struct order *o = q->orders; o; o = o->next) {
        pin__buf_adds(&s->sql, before);
        pin__text_column(s, q->table, o->column);
        pin__buf_adds(&s->sql, o->descending ? " desc" : "");
        by_key = by_key || o->column == q->table->key_column;
        before = ", ";
    }
    if (by_key || q->table->key_column < 0)
        return;
    pin__buf_adds(&s->sql, before);
    pin__text_column(s, q->table, q->table->key_column);
}

static void
add_page(const struct pin_query *q)
{
    struct pin_session *s = q->session;
    bool skips = q->offset > 0 && !q->after;

    if (q->limit < 0 && !skips)
        return;
    pin__buf_adds(&s->sql, " limit ?");
    pin__text_param(s, pin__value_integer(q->limit));
    if (!skips)
        return;
    pin__buf_adds(&s->sql, " offset ?");
    pin__text_param(s, pin__value_integer(q->offset));
}

void
pin__text_select(const struct pin_query *q, int column)
{
    struct pin_session *s = q->session;

    pin__buf_adds(&s->sql, "select ");
    if (column == TEXT_ALL_COLUMNS)
        pin__buf_adds(&s->sql, pin__table_select_list(q->table));
    else if (column == TEXT_ONE)
        pin__buf_addc(&s->sql, '1');
    else
        pin__text_column(s, q->table, column);
    pin__buf_adds(&s->sql, " from ");
    pin__buf_adds(&s->sql, pin__table_quoted(q->table));
    pin__text_where(q);
    if (column == TEXT_ALL_COLUMNS || q->limit >= 0 || q->offset > 0)
        add_order(q);
    add_page(q);
}

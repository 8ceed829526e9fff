/* query.c - see query.h: the clauses. What they become is in query_text.c, running in query_run.c.
 */
#include "database/query_parts.h"

enum { LIST_MAX = 30000, PATTERN_MAX = 50000 };

pin_status
pin__query_new(struct pin_query **out, struct pin_arena *arena, struct pin_session *s,
               const struct pin_scope *scope, const char *table, struct pin_err *err)
{
    struct pin_query *q;
    const struct pin_table *found;
    pin_status st;

    *out = NULL;
    if ((st = pin__scope_check(scope, table, err)) != PIN_OK ||
        (st = pin__schema_table(s, table, &found, err)) != PIN_OK ||
        (st = pin__scope_check_table(s, scope, found, err)) != PIN_OK)
        return st;
    if (!(q = pin__arena_alloc(arena, sizeof *q)))
        return pin__err_no_memory(err);
    q->arena = arena;
    q->session = s;
    q->table = found;
    q->last = &q->first;
    q->last_order = &q->orders;
    q->limit = -1;
    q->guard.kind = PIN_GUARD_BUILT;
    q->guard.confined = pin__scope_is_tenant(scope);
    q->guard.tables[q->guard.table_count++] = found->name;
    q->scope = *scope;
    if (scope->tenant_id && !(q->scope.tenant_id = pin__arena_strdup(arena, scope->tenant_id)))
        return pin__err_no_memory(err);
    *out = q;
    return PIN_OK;
}

const struct pin_table *
pin__query_table(const struct pin_query *q)
{
    return q->table;
}

/* --- conditions by column --- */

enum op_kind { OP_EQUAL, OP_NOT, OP_COMPARE, OP_LIKE };

static const struct op {
    const char *suffix;
    enum op_kind kind;
    const char *sql;
    bool before, after; /* LIKE: any text before, after */
} ops[] = {
    { "", OP_EQUAL, " = ?", false, false },
    { "Ne", OP_NOT, " <> ?", false, false },
    { "Lt", OP_COMPARE, " < ?", false, false },
    { "Gt", OP_COMPARE, " > ?", false, false },
    { "Le", OP_COMPARE, " <= ?", false, false },
    { "Ge", OP_COMPARE, " >= ?", false, false },
    { "BeginsWith", OP_LIKE, " like ? escape '\\'", false, true },
    { "EndsWith", OP_LIKE, " like ? escape '\\'", true, false },
    { "Contains", OP_LIKE, " like ? escape '\\'", true, true },
};

/* The longest column that `key` begins with and whose rest is an operator. */
static const struct op *
find_key(const struct pin_table *t, const char *key, int *column)
{
    const struct op *found = NULL;
    size_t best = 0, n;

    for (size_t i = 0; i < t->column_count; i++) {
        n = strlen(t->columns[i].name);
        if (n <= best || strncmp(key, t->columns[i].name, n) != 0)
            continue;
        for (size_t j = 0; j < sizeof ops / sizeof *ops; j++) {
            if (strcmp(key + n, ops[j].suffix) != 0)
                continue;
            found = &ops[j];
            *column = (int)i;
            best = n;
        }
    }
    return found;
}

bool
pin__query_has_key(const struct pin_query *q, const char *key)
{
    int column;

    return find_key(q->table, key, &column) != NULL;
}

static pin_status
unknown_column(const struct pin_table *t, const char *key, const char *what, struct pin_err *err)
{
    const char **names = malloc((t->column_count + 1) * sizeof *names);
    struct pin_buf list = PIN_BUF_INIT(1024);
    const char *near = NULL;
    pin_status st;

    for (size_t i = 0; names && i < t->column_count; i++) {
        names[i] = t->columns[i].name;
        pin__buf_addf(&list, "%s%s", i ? ", " : "", names[i]);
    }
    if (names)
        near = pin__nearest(key, names, t->column_count);
    st = pin__err_set(err, PIN_INVALID,
                      "No such %s \"%s\" exists for \"%s\"%s%s%s; its columns are %s", what, key,
                      t->name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "",
                      pin__buf_text(&list));
    pin__buf_fini(&list);
    free(names);
    return st;
}

static pin_status
unknown_key(const struct pin_table *t, const char *key, struct pin_err *err)
{
    pin_status st = unknown_column(t, key, "column or operator", err);

    if (err)
        snprintf(
            err->message + strlen(err->message), sizeof err->message - strlen(err->message),
            " and after a column may stand Ne, Lt, Gt, Le, Ge, BeginsWith, EndsWith, Contains");
    return st;
}

static pin_status
coerce_for(const struct pin_table *t, int column, struct pin_value in, struct pin_value *out,
           struct pin_err *err)
{
    pin_status st = pin__column_coerce(t->columns[column].type, in, out, err);

    if (st != PIN_OK)
        pin__err_prefix(err, "%s.%s", t->name, t->columns[column].name);
    return st;
}

static struct pin_bytes
value_as_text(struct pin_value v, char number[32])
{
    if (v.type == PIN_VALUE_INTEGER)
        snprintf(number, 32, "%lld", (long long)v.integer);
    else if (v.type == PIN_VALUE_REAL)
        snprintf(number, 32, "%.15g", v.real);
    else
        return v.bytes;
    return (struct pin_bytes){ number, strlen(number) };
}

/* The pattern for LIKE, in the arena: the text's own % _ and \ mean themselves. */
static pin_status
make_pattern(struct pin_query *q, const struct op *op, struct pin_value *v, struct pin_err *err)
{
    char number[32], *out, *at;
    struct pin_bytes text = value_as_text(*v, number);

    if (text.size > PATTERN_MAX / 2 || (text.size && memchr(text.data, '\0', text.size)))
        return pin__err_set(err, PIN_INVALID, "cannot look for this text in \"%s\": it %s",
                            q->table->name,
                            text.size > PATTERN_MAX / 2 ? "is too long" : "holds a NUL byte");
    if (!(out = at = pin__arena_alloc(q->arena, 2 * text.size + 3)))
        return pin__err_no_memory(err);
    if (op->before)
        *at++ = '%';
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '%' || text.data[i] == '_' || text.data[i] == '\\')
            *at++ = '\\';
        *at++ = text.data[i];
    }
    if (op->after)
        *at++ = '%';
    *v = pin__value_bytes(out, (size_t)(at - out));
    return PIN_OK;
}

struct condition {
    struct pin_query *q;
    int column;
    const struct op *op;
    const struct pin_value *values;
    size_t count;
};

static pin_status
prepare_value(const struct condition *c, struct pin_value *v, struct pin_err *err)
{
    if (v->type == PIN_VALUE_NULL)
        return PIN_OK;
    if (c->op->kind == OP_LIKE)
        return make_pattern(c->q, c->op, v, err);
    return coerce_for(c->q->table, c->column, *v, v, err);
}

static pin_status
add_single(const struct condition *c, struct pin_value v, struct pin_err *err)
{
    struct pin_session *s = c->q->session;
    pin_status st = prepare_value(c, &v, err);

    if (st != PIN_OK)
        return st;
    if (v.type == PIN_VALUE_NULL && (c->op->kind == OP_COMPARE || c->op->kind == OP_LIKE)) {
        pin__buf_addc(&s->sql, '0');
        return PIN_OK;
    }
    pin__text_column(s, c->q->table, c->column);
    if (v.type == PIN_VALUE_NULL) {
        pin__buf_adds(&s->sql, c->op->kind == OP_NOT ? " is not null" : " is null");
        return PIN_OK;
    }
    pin__buf_adds(&s->sql, c->op->sql);
    pin__text_param(s, v);
    return PIN_OK;
}

/* Lists are padded with their last element to a power of two, so that lists of any length share few
 * prepared statements. */
static size_t
padded(size_t count)
{
    size_t n = 1;

    while (n < count)
        n *= 2;
    return n > LIST_MAX ? count : n;
}

static pin_status
add_in(const struct condition *c, size_t not_null, struct pin_err *err)
{
    struct pin_session *s = c->q->session;
    struct pin_value v = pin__value_null();
    pin_status st;

    pin__text_column(s, c->q->table, c->column);
    pin__buf_adds(&s->sql, c->op->kind == OP_NOT ? " not in (?" : " in (?");
    for (size_t i = 1; i < padded(not_null); i++)
        pin__buf_adds(&s->sql, ", ?");
    pin__buf_addc(&s->sql, ')');
    for (size_t i = 0; i < c->count; i++) {
        if (c->values[i].type == PIN_VALUE_NULL)
            continue;
        v = c->values[i];
        if ((st = prepare_value(c, &v, err)) != PIN_OK)
            return st;
        pin__text_param(s, v);
    }
    for (size_t i = not_null; i < padded(not_null); i++)
        pin__text_param(s, v);
    return PIN_OK;
}

/* Any of (=), or none of (<>). */
static pin_status
add_list(const struct condition *c, struct pin_err *err)
{
    struct pin_session *s = c->q->session;
    bool negative = c->op->kind == OP_NOT;
    size_t not_null = 0;
    pin_status st = PIN_OK;

    for (size_t i = 0; i < c->count; i++)
        not_null += c->values[i].type != PIN_VALUE_NULL;
    pin__buf_addc(&s->sql, '(');
    if (not_null)
        st = add_in(c, not_null, err);
    if (not_null && not_null < c->count)
        pin__buf_adds(&s->sql, negative ? " and " : " or ");
    if (not_null < c->count)
        (void)add_single(c, pin__value_null(), NULL);
    pin__buf_addc(&s->sql, ')');
    return st;
}

static pin_status
add_each(const struct condition *c, struct pin_err *err)
{
    struct pin_session *s = c->q->session;
    pin_status st = PIN_OK;

    pin__buf_addc(&s->sql, '(');
    for (size_t i = 0; i < c->count && st == PIN_OK; i++) {
        pin__buf_adds(&s->sql, i ? " or " : "");
        st = add_single(c, c->values[i], err);
    }
    pin__buf_addc(&s->sql, ')');
    return st;
}

static pin_status
take_fragment(struct pin_query *q, struct pin_err *err)
{
    struct fragment *f;
    pin_status st = pin__text_check(q->session, err);

    if (st != PIN_OK)
        return st;
    if (!(f = pin__text_fragment(q->session, q->arena)))
        return pin__err_no_memory(err);
    pin__query_add(q, f);
    return PIN_OK;
}

pin_status
pin__query_where(struct pin_query *q, const char *key, const struct pin_value *values, size_t count,
                 bool is_array, struct pin_err *err)
{
    struct condition c = { .q = q, .values = values, .count = count };
    pin_status st = PIN_OK;

    if (!(c.op = find_key(q->table, key, &c.column)))
        return unknown_key(q->table, key, err);
    if (count > LIST_MAX)
        return pin__err_set(err, PIN_LIMIT, "the list for \"%s\" has %zu elements; %d are the most",
                            key, count, LIST_MAX);
    pin__text_begin(q->session);
    if (count == 0)
        pin__buf_adds(&q->session->sql, c.op->kind == OP_NOT ? "1" : "0");
    else if (!is_array)
        st = add_single(&c, values[0], err);
    else if (c.op->kind == OP_EQUAL || c.op->kind == OP_NOT)
        st = add_list(&c, err);
    else
        st = add_each(&c, err);
    return st == PIN_OK ? take_fragment(q, err) : st;
}

/* --- conditions by text and by relation --- */

pin_status
pin__query_where_text(struct pin_query *q, struct pin_bytes text, const struct pin_value *values,
                      size_t count, struct pin_err *err)
{
    struct pin_session *s = q->session;
    size_t parameters;
    pin_status st = pin__condition_check(text, &parameters, err);

    if (st != PIN_OK)
        return st;
    if (parameters != count)
        return pin__err_set(err, PIN_INVALID, "the condition \"%.*s\" has %zu ? and %zu value%s",
                            (int)(text.size < 200 ? text.size : 200), text.data, parameters, count,
                            count == 1 ? "" : "s");
    pin__text_begin(s);
    if (pin__query_is_confined(q)) { /* so that it never looks at a row of somebody else */
        pin__buf_adds(&s->sql, "case when ");
        pin__text_column(s, q->table, q->table->tenant_column);
        pin__buf_adds(&s->sql, " = ? then ");
        pin__text_param(s, pin__value_text(q->scope.tenant_id));
    }
    pin__buf_addc(&s->sql, '(');
    pin__buf_add(&s->sql, text.data, text.size);
    pin__buf_addc(&s->sql, ')');
    pin__buf_adds(&s->sql, pin__query_is_confined(q) ? " else 0 end" : "");
    for (size_t i = 0; i < count; i++)
        pin__text_param(s, values[i]);
    return take_fragment(q, err);
}

static pin_status
add_guarded_tables(struct pin_query *q, const struct pin_query *other, struct pin_err *err)
{
    for (size_t i = 0; i < other->guard.table_count; i++) {
        if (q->guard.table_count == PIN_GUARD_TABLES_MAX)
            return pin__err_set(err, PIN_LIMIT, "the query on \"%s\" goes over more than %d tables",
                                q->table->name, PIN_GUARD_TABLES_MAX);
        q->guard.tables[q->guard.table_count++] = other->guard.tables[i];
    }
    q->guard.selects += other->guard.selects + 1;
    return PIN_OK;
}

pin_status
pin__query_where_in(struct pin_query *q, const char *column, const struct pin_query *other,
                    const char *other_column, struct pin_err *err)
{
    int mine = pin__table_column(q->table, column);
    int theirs = pin__table_column(other->table, other_column);
    pin_status st;

    if (mine < 0)
        return unknown_column(q->table, column, "column", err);
    if (theirs < 0)
        return unknown_column(other->table, other_column, "column", err);
    if (q->session != other->session)
        pin__bug("a query on \"%s\" of another session", other->table->name);
    if ((st = add_guarded_tables(q, other, err)) != PIN_OK)
        return st;
    pin__text_begin(q->session);
    pin__text_column(q->session, q->table, mine);
    pin__buf_adds(&q->session->sql, " in (");
    pin__text_select(other, theirs);
    pin__buf_addc(&q->session->sql, ')');
    return take_fragment(q, err);
}

/* --- order and page --- */

pin_status
pin__query_order(struct pin_query *q, const char *column, bool descending, struct pin_err *err)
{
    int i = pin__table_column(q->table, column);
    struct order *o;

    if (i < 0)
        return unknown_column(q->table, column, "column", err);
    if (!(o = pin__arena_alloc(q->arena, sizeof *o)))
        return pin__err_no_memory(err);
    o->column = i;
    o->descending = descending;
    *q->last_order = o;
    q->last_order = &o->next;
    return PIN_OK;
}

void
pin__query_limit(struct pin_query *q, int64_t limit)
{
    q->limit = limit;
}

void
pin__query_offset(struct pin_query *q, int64_t offset)
{
    q->offset = offset > 0 ? offset : 0;
}

void
pin__query_paginate(struct pin_query *q, int64_t page, int64_t page_size, int64_t skip)
{
    page = page < 1 ? 1 : page;
    page_size = page_size < 1 ? 1 : page_size;
    skip = skip < 0 ? 0 : skip;
    q->limit = page_size;
    if (__builtin_mul_overflow(page - 1, page_size, &q->offset) ||
        __builtin_add_overflow(q->offset, skip, &q->offset))
        q->offset = INT64_MAX;
}

/* --- places --- */

static void
add_hex(struct pin_buf *out, char kind, struct pin_bytes b)
{
    static const char hex[] = "0123456789abcdef";

    pin__buf_addc(out, kind);
    for (size_t i = 0; i < b.size; i++) {
        pin__buf_addc(out, hex[(unsigned char)b.data[i] >> 4]);
        pin__buf_addc(out, hex[(unsigned char)b.data[i] & 15]);
    }
}

static void
add_key_value(struct pin_buf *out, struct pin_value v)
{
    switch (v.type) {
    case PIN_VALUE_INTEGER:
        pin__buf_addf(out, "i%lld", (long long)v.integer);
        return;
    case PIN_VALUE_REAL:
        pin__buf_addf(out, "r%a", v.real);
        return;
    case PIN_VALUE_TEXT:
        add_hex(out, 't', v.bytes);
        return;
    case PIN_VALUE_BLOB:
        add_hex(out, 'b', v.bytes);
        return;
    default:
        pin__buf_addc(out, 'n');
    }
}

pin_status
pin__cursor_key(const struct pin_cursor *c, struct pin_buf *out, struct pin_err *err)
{
    struct key_column columns[PIN_KEY_MAX];
    size_t count = pin__query_key_columns(c->query, columns);

    if (!count)
        return pin__err_set(err, PIN_INVALID, "the table \"%s\" has no _id to go on by",
                            c->query->table->name);
    for (size_t i = 0; i < count; i++) {
        if (i)
            pin__buf_addc(out, ',');
        add_key_value(out, c->values[columns[i].column]);
    }
    return pin__buf_check(out, "the place in a query", err);
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
parse_hex(struct pin_arena *arena, const char *at, size_t size, struct pin_bytes *out)
{
    char *data = pin__arena_alloc(arena, size / 2 + 1);

    if (!data || size % 2)
        return false;
    for (size_t i = 0; i < size; i += 2) {
        int high = hex_digit(at[i]), low = hex_digit(at[i + 1]);
        if (high < 0 || low < 0)
            return false;
        data[i / 2] = (char)(high << 4 | low);
    }
    *out = (struct pin_bytes){ data, size / 2 };
    return true;
}

static bool
parse_key_value(struct pin_arena *arena, const char *at, size_t size, struct pin_value *out)
{
    char *end = NULL;

    *out = pin__value_null();
    if (size == 0)
        return false;
    switch (*at) {
    case 'n':
        return size == 1;
    case 'i':
        *out = pin__value_integer(strtoll(at + 1, &end, 10));
        return size > 1 && end == at + size;
    case 'r':
        *out = pin__value_real(strtod(at + 1, &end));
        return size > 1 && end == at + size;
    case 't':
    case 'b':
        out->type = *at == 't' ? PIN_VALUE_TEXT : PIN_VALUE_BLOB;
        return parse_hex(arena, at + 1, size - 1, &out->bytes);
    default:
        return false;
    }
}

/* False unless `key` is `want` values with commas between them. */
static bool
parse_key(struct pin_arena *arena, const char *key, struct pin_value *values, size_t want)
{
    size_t size;

    for (size_t i = 0; i < want; i++, key += size) {
        if (i && *key++ != ',')
            return false;
        size = strcspn(key, ",");
        if (!parse_key_value(arena, key, size, &values[i]))
            return false;
    }
    return want > 0 && *key == '\0';
}

pin_status
pin__query_after(struct pin_query *q, const char *key, struct pin_err *err)
{
    struct key_column columns[PIN_KEY_MAX];
    struct pin_value *values = pin__arena_alloc(q->arena, PIN_KEY_MAX * sizeof *values);

    if (!values)
        return pin__err_no_memory(err);
    if (!parse_key(q->arena, key, values, pin__query_key_columns(q, columns)))
        return pin__err_set(err, PIN_INVALID, "\"%.80s\" is no place in this query on \"%s\"", key,
                            q->table->name);
    q->after = values;
    return PIN_OK;
}

/* rows.c - tables and rows as a job in C sees them.
 *
 * A query is kept as clauses and made anew for each batch, so no statement is open between two
 * batches and the job may write while it reads. A batch goes on behind the last row of the one
 * before.
 */
#include "native/workspace.h"

_Static_assert(sizeof(union pin_row_value) == sizeof(union pin_datum) &&
                   (int)PIN_CELL_INTEGER == (int)PIN_VALUE_INTEGER &&
                   (int)PIN_CELL_REAL == (int)PIN_VALUE_REAL &&
                   (int)PIN_CELL_TEXT == (int)PIN_VALUE_TEXT,
               "jobs read rows as the database packs them");

enum { FIRST_BATCH = 200, LATER_BATCH = 4000, SETS_MAX = 128 };

#define PLACE_BYTES_MAX   ((size_t)160 << 20) /* a text of SQLite's largest, in hexadecimal */
#define FIRST_BATCH_BYTES ((size_t)16 << 10)
#define LATER_BATCH_BYTES ((size_t)256 << 10) /* stays in a processor's own cache */

struct row {
    pin_row face; /* first */
    struct workspace *workspace;
    const char *table;
    const char **names;
    union pin_datum *values; /* as pin__cursor_take packs them */
    int key_column;          /* index of _id; -1 */
    const char **literals;   /* [count] by which string constant each was asked for; NULL: none */
    struct pin_arena own;    /* what was set: a job may make any number of rows */
    struct row *next_spare;
    bool saved;             /* a new one: it is gone */
    struct pin_field *sets; /* [SETS_MAX]; NULL: none yet */
    size_t set_count;
};

struct clause {
    struct clause *next;
    const char *key;
    struct pin_value value;
    bool is_order, descending;
};

struct rows {
    pin_rows face; /* first */
    struct workspace *workspace;
    const char *table;
    struct clause *clauses, **tail;
    bool is_ordered;
    int64_t limit; /* negative: none */
    int64_t offset;
    struct pin_buf place; /* of the last row read; empty: none */
    struct pin_arena batch;
    char *room; /* for where the rows of a batch are, and for the rows */
    size_t room_bytes;
    struct pin_taken read;
    size_t batch_at; /* of those, the next */
    struct row row;  /* the one in hand, of those */
    bool over;
};

static struct rows *
rows_of(pin_rows *face)
{
    return (struct rows *)(void *)face;
}

static struct row *
row_of(const pin_row *face)
{
    return (struct row *)(uintptr_t)face;
}

static unsigned char *
types_of(const struct row *row)
{
    return (unsigned char *)(row->values + row->face.count);
}

/* Copies a text. */
static struct pin_value
value_of(struct pin_arena *a, pin_cell c)
{
    const char *text;

    switch (c.kind) {
    case PIN_CELL_INTEGER:
        return pin__value_integer(c.integer);
    case PIN_CELL_REAL:
        return pin__value_real(c.real);
    case PIN_CELL_TEXT:
        text = pin__arena_strdup(a, c.text);
        return text ? pin__value_text(text) : pin__value_null();
    default:
        return pin__value_null();
    }
}

static bool
failed(struct workspace *w, pin_status st, struct pin_err *err)
{
    if (st != PIN_OK)
        pin__native_fail(w, err);
    return st != PIN_OK;
}

/* ---- queries ---- */

static pin_rows *
host_table(pin_workspace *face, const char *name)
{
    struct workspace *w = workspace_of(face);
    struct rows *r = pin__native_session(w) ? pin__arena_alloc(&w->arena, sizeof *r) : NULL;
    const struct pin_table *table;
    struct pin_err err = PIN_ERR_INIT;

    if (!r || failed(w, pin__schema_table(w->session, name ? name : "", &table, &err), &err))
        return NULL;
    *r = (struct rows){ .face = { face },
                        .workspace = w,
                        .table = pin__arena_strdup(&w->arena, name),
                        .limit = -1,
                        .place = PIN_BUF_INIT(PLACE_BYTES_MAX),
                        .batch = PIN_ARENA_INIT(w->task->heap_bytes) };
    r->tail = &r->clauses;
    return &r->face;
}

static void
add_clause(struct rows *r, struct clause made)
{
    struct clause *c = pin__arena_alloc(&r->workspace->arena, sizeof *c);

    if (!c)
        return;
    *c = made;
    *r->tail = c;
    r->tail = &c->next;
}

static void
host_where(pin_rows *face, const char *key, pin_cell cell)
{
    struct rows *r = rows_of(face);

    add_clause(r, (struct clause){ .key = pin__arena_strdup(&r->workspace->arena, key),
                                   .value = value_of(&r->workspace->arena, cell) });
}

static void
host_order(pin_rows *face, const char *column, bool descending)
{
    struct rows *r = rows_of(face);

    r->is_ordered = true;
    add_clause(r, (struct clause){ .key = pin__arena_strdup(&r->workspace->arena, column),
                                   .is_order = true,
                                   .descending = descending });
}

static void
host_limit(pin_rows *face, int64_t limit)
{
    rows_of(face)->limit = limit;
}

static void
host_offset(pin_rows *face, int64_t offset)
{
    rows_of(face)->offset = offset;
}

/* The query of the clauses, without limit and offset. */
static pin_status
make_query(struct rows *r, struct pin_arena *a, struct pin_query **q, struct pin_err *err)
{
    struct workspace *w = r->workspace;
    pin_status st = pin__query_new(q, a, w->session, &w->scope, r->table, err);

    for (struct clause *c = r->clauses; st == PIN_OK && c; c = c->next)
        st = c->is_order ? pin__query_order(*q, c->key, c->descending, err)
                         : pin__query_where(*q, c->key, &c->value, 1, false, err);
    return st;
}

/* What the rows of a batch have in common. */
static pin_status
begin_rows(struct rows *r, const struct pin_cursor *c, size_t most, struct pin_err *err)
{
    const char **names = pin__arena_alloc(&r->batch, (c->count + 1) * sizeof *names);

    for (size_t i = 0; names && i < c->count; i++)
        if (!(names[i] = pin__arena_strdup(&r->batch, c->table->columns[i].name)))
            names = NULL;
    r->read = (struct pin_taken){ .rows = (void *)r->room,
                                  .rows_max = most,
                                  .at = r->room + most * sizeof *r->read.rows,
                                  .end = r->room + r->room_bytes,
                                  .arena = &r->batch,
                                  .spills = c->table->key_column < 0 };
    r->row = (struct row){ .face = { .workspace = r->face.workspace, .count = (unsigned)c->count },
                           .workspace = r->workspace,
                           .table = r->table,
                           .names = names,
                           .literals = pin__arena_alloc(&r->batch, (c->count + 1) * sizeof *names),
                           .own = r->row.own,
                           .key_column = c->table->key_column };
    r->row.face.constants = r->row.literals;
    return names ? PIN_OK : pin__err_no_memory(err);
}

/* At most `most` rows, fewer when they are large: then there may be more. */
static pin_status
read_rows(struct rows *r, struct pin_cursor *c, size_t most, struct pin_err *err)
{
    pin_status st = begin_rows(r, c, most, err);

    if (st == PIN_OK)
        st = pin__cursor_take(c, &r->read, err);
    if (st == PIN_EMPTY) {
        r->over = true;
        return PIN_OK;
    }
    pin__buf_clear(&r->place);
    return st == PIN_OK && c->table->key_column >= 0 ? pin__cursor_key(c, &r->place, err) : st;
}

/* Room for the next batch. The first one is small: many a job looks at a few rows only. */
static pin_status
begin_batch(struct rows *r, size_t *most, struct pin_err *err)
{
    bool first = !r->room;

    if (r->read.count && !r->place.size)
        return pin__err_set(
            err, PIN_INVALID,
            "\"%s\" has no _id to go on behind: %d rows of it can be read, no more; "
            "set a smaller limit with pin_limit",
            r->table, FIRST_BATCH);
    *most = first ? FIRST_BATCH : LATER_BATCH;
    if (r->limit >= 0 && r->limit < (int64_t)*most)
        *most = (size_t)r->limit;
    if (r->room_bytes != LATER_BATCH_BYTES) {
        free(r->room);
        r->room_bytes = first ? FIRST_BATCH_BYTES : LATER_BATCH_BYTES;
        r->room = malloc(r->room_bytes);
    }
    pin__arena_reset(&r->batch);
    r->batch_at = r->read.count = 0;
    return r->room ? PIN_OK : pin__err_no_memory(err);
}

static pin_status
read_batch(struct rows *r, struct pin_err *err)
{
    struct pin_cursor c = { 0 };
    struct pin_query *q;
    size_t most = 0;
    pin_status st;

    if ((st = begin_batch(r, &most, err)) != PIN_OK ||
        (st = make_query(r, &r->batch, &q, err)) != PIN_OK)
        return st;
    if (r->place.size)
        st = pin__query_after(q, pin__buf_text(&r->place), err);
    else if (r->offset > 0)
        pin__query_offset(q, r->offset);
    if (st != PIN_OK)
        return st;
    /* Where rows come as they lie, reading stops by itself; a sort has to know how many it keeps.
     */
    if (r->limit >= 0 || r->is_ordered)
        pin__query_limit(q, (int64_t)most);
    if ((st = pin__query_select(q, &c, err)) == PIN_OK)
        st = read_rows(r, &c, most, err);
    pin__cursor_close(&c);
    if (r->limit >= 0)
        r->limit -= (int64_t)r->read.count;
    r->over |= r->limit == 0;
    return st;
}

/* A job may make any number of queries: what has been read to its end holds next to nothing. */
static void
end_reading(struct rows *r)
{
    r->over = true;
    r->batch_at = r->read.count = 0;
    pin__arena_fini(&r->batch);
    pin__arena_fini(&r->row.own);
    free(r->room);
    r->room = NULL;
    r->room_bytes = 0;
    pin__buf_fini(&r->place);
}

/* False: there is none, or an error. */
static bool
read_more(struct rows *r)
{
    struct pin_err err = PIN_ERR_INIT;

    if (!pin__native_session(r->workspace))
        return false;
    if (r->batch_at < r->read.count)
        return true;
    if (!r->over && !failed(r->workspace, read_batch(r, &err), &err) && r->read.count)
        return true;
    end_reading(r);
    return false;
}

static void
forget_sets(struct row *row)
{
    pin__arena_reset(&row->own);
    row->sets = NULL;
    row->set_count = 0;
    row->face.constants = row->literals;
}

/* To the functions of the header, which read it without asking. */
static void
show(struct row *row, union pin_datum *values)
{
    row->values = values;
    row->face.values = (const union pin_row_value *)(const void *)values;
    row->face.kinds = types_of(row);
}

/* Mostly the row is there: then this is all that it costs. */
static pin_row *
host_next(pin_rows *face)
{
    struct rows *r = rows_of(face);
    struct workspace *w = r->workspace;

    if ((w->face.failed || r->batch_at == r->read.count ||
         pin__session_in_transaction(w->session)) &&
        !read_more(r))
        return NULL;
    if (r->row.sets)
        forget_sets(&r->row);
    show(&r->row, r->read.rows[r->batch_at++]);
    return &r->row.face;
}

static pin_status
whole_query(struct rows *r, struct pin_arena *a, struct pin_query **q, struct pin_err *err)
{
    pin_status st = make_query(r, a, q, err);

    if (st == PIN_OK) {
        pin__query_limit(*q, r->limit);
        pin__query_offset(*q, r->offset);
    }
    return st;
}

/* What counts or deletes all that the query selects; how many. */
static int64_t
apply(struct rows *r, pin_status (*what)(struct pin_query *q, int64_t *count, struct pin_err *err))
{
    struct pin_arena a = PIN_ARENA_INIT(0);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_query *q;
    int64_t count = 0;
    pin_status st;

    if (!pin__native_session(r->workspace))
        return 0;
    if ((st = whole_query(r, &a, &q, &err)) == PIN_OK)
        st = what(q, &count, &err);
    (void)failed(r->workspace, st, &err);
    pin__arena_fini(&a);
    return count;
}

static int64_t
host_count(pin_rows *face)
{
    return apply(rows_of(face), pin__query_count);
}

static int64_t
host_remove_all(pin_rows *face)
{
    return apply(rows_of(face), pin__query_delete);
}

/* ---- rows ---- */

static pin_row *
host_new_row(pin_workspace *face, const char *table)
{
    struct workspace *w = workspace_of(face);
    struct row *row = w->spare;

    if (!pin__native_session(w))
        return NULL;
    if (row)
        w->spare = row->next_spare;
    else if (!(row = pin__arena_alloc(&w->arena, sizeof *row)))
        return NULL;
    *row = (struct row){
        .face = { .workspace = face }, .workspace = w, .own = row->own, .key_column = -1
    };
    row->table = pin__arena_strdup(&row->own, table ? table : "");
    return &row->face;
}

/* What it held is given back. */
static void
let_go(struct row *row)
{
    forget_sets(row);
    row->saved = true;
    row->next_spare = row->workspace->spare;
    row->workspace->spare = row;
}

static void
fail_gone(const struct row *row)
{
    struct pin_err err;

    pin__err_set(&err, PIN_INVALID, "A new row is gone once it was saved: read it from its table");
    pin__native_fail(row->workspace, &err);
}

/* False, with an error: it is a new one that was saved. */
static bool
is_there(const struct row *row)
{
    if (row->saved)
        fail_gone(row);
    return !row->workspace->face.failed;
}

static void
fail_column(const struct row *row, const char *column)
{
    struct pin_err err;

    pin__err_set(&err, PIN_INVALID, "A row of \"%s\" has no column \"%s\"", row->table, column);
    pin__native_fail(row->workspace, &err);
}

static const pin_cell null_cell = { PIN_CELL_NULL, 0, 0, NULL };

static pin_cell
cell_of(enum pin_value_type type, union pin_datum v)
{
    switch (type) {
    case PIN_VALUE_INTEGER:
        return (pin_cell){ PIN_CELL_INTEGER, v.integer, (double)v.integer, NULL };
    case PIN_VALUE_REAL:
        return (pin_cell){ PIN_CELL_REAL, (int64_t)v.real, v.real, NULL };
    case PIN_VALUE_TEXT:
        return (pin_cell){ PIN_CELL_TEXT, 0, 0, v.text };
    default:
        return null_cell;
    }
}

static union pin_datum
datum_of(const struct pin_value *v)
{
    switch (v->type) {
    case PIN_VALUE_REAL:
        return (union pin_datum){ .real = v->real };
    case PIN_VALUE_TEXT:
        return (union pin_datum){ .text = v->bytes.data };
    default:
        return (union pin_datum){ .integer = v->type == PIN_VALUE_INTEGER ? v->integer : 0 };
    }
}

/* Jobs ask every row for the same columns in the same order: mostly it is the next one, and the
 * last one that is tried is the one before. */
static bool
find_column(struct row *row, const char *column)
{
    unsigned at = row->face.asked;

    for (unsigned i = 0; i < row->face.count; i++) {
        at = at + 1 < row->face.count ? at + 1 : 0;
        if (strcmp(row->names[at], column) == 0) {
            row->face.asked = at;
            return true;
        }
    }
    return false;
}

static pin_cell
cell_asked(const struct row *row)
{
    return cell_of(types_of(row)[row->face.asked], row->values[row->face.asked]);
}

static pin_cell
host_cell(const pin_row *face, const char *column)
{
    struct row *row = row_of(face);

    if (!is_there(row))
        return null_cell;
    for (size_t i = row->set_count; i--;)
        if (strcmp(row->sets[i].name, column) == 0)
            return cell_of(row->sets[i].value.type, datum_of(&row->sets[i].value));
    if (find_column(row, column))
        return cell_asked(row);
    fail_column(row, column);
    return null_cell;
}

static pin_cell
host_constant(const pin_row *face, const char *column)
{
    struct row *row = row_of(face);
    pin_cell cell = host_cell(face, column);

    if (row->face.constants && !row->workspace->face.failed)
        row->literals[row->face.asked] = column;
    return cell;
}

static void
host_set(pin_row *face, const char *column, pin_cell cell)
{
    struct row *row = row_of(face);
    struct workspace *w = row->workspace;
    const struct pin_table *table;
    struct pin_err err = PIN_ERR_INIT;

    if (!is_there(row) || failed(w, pin__schema_table(w->session, row->table, &table, &err), &err))
        return;
    if (!row->sets)
        row->sets = pin__arena_alloc(&row->own, SETS_MAX * sizeof *row->sets);
    if (!row->sets || pin__table_column(table, column) < 0 || row->set_count == SETS_MAX) {
        fail_column(row, column);
        return;
    }
    row->face.constants = NULL; /* what was set is asked for here */
    row->sets[row->set_count++] =
        (struct pin_field){ pin__arena_strdup(&row->own, column), value_of(&row->own, cell) };
}

/* False: it has none, which is an error. */
static bool
key_of(const struct row *row, int64_t *key)
{
    struct pin_err err;

    if (row->key_column >= 0 && types_of(row)[row->key_column] == PIN_VALUE_INTEGER) {
        *key = row->values[row->key_column].integer;
        return true;
    }
    pin__err_set(&err, PIN_INVALID, "A row of \"%s\" has no _id and cannot be changed by itself",
                 row->table);
    pin__native_fail(row->workspace, &err);
    return false;
}

/* What was set is what the row holds now. */
static void
keep_sets(struct row *row)
{
    for (size_t i = 0; i < row->set_count; i++)
        for (size_t k = 0; k < row->face.count; k++)
            if (strcmp(row->names[k], row->sets[i].name) == 0) {
                row->values[k] = datum_of(&row->sets[i].value);
                types_of(row)[k] = (unsigned char)row->sets[i].value.type;
            }
    row->set_count = 0;
    row->face.constants = row->literals;
}

static void
insert(struct row *row)
{
    struct workspace *w = row->workspace;
    struct pin_row_fields fields = { row->sets, row->set_count };
    struct pin_err err = PIN_ERR_INIT;

    if (!failed(w,
                pin__insert(w->session, &w->scope, row->table, &fields, 1, NULL, pin__clock_mono(),
                            &err),
                &err))
        let_go(row);
}

static void
update(struct row *row)
{
    struct workspace *w = row->workspace;
    struct pin_err err = PIN_ERR_INIT;
    int64_t key, changed = 0;

    if (!key_of(row, &key) || failed(w,
                                     pin__update_row(w->session, &w->scope, row->table, key,
                                                     row->sets, row->set_count, &changed, &err),
                                     &err))
        return;
    if (changed == 0) {
        pin__err_set(&err, PIN_NOT_FOUND, "The row of \"%s\" with _id %lld is gone", row->table,
                     (long long)key);
        pin__native_fail(w, &err);
    }
    keep_sets(row);
}

static bool
host_save(pin_row *face)
{
    struct row *row = row_of(face);

    if (!is_there(row))
        return false;
    if (row->face.count == 0)
        insert(row);
    else if (row->set_count)
        update(row);
    return !row->workspace->face.failed;
}

static bool
host_remove(pin_row *face)
{
    struct row *row = row_of(face);
    struct workspace *w = row->workspace;
    struct pin_err err = PIN_ERR_INIT;
    int64_t key, deleted;

    return is_there(row) && key_of(row, &key) &&
           !failed(w, pin__delete_row(w->session, &w->scope, row->table, key, &deleted, &err),
                   &err);
}

const struct pin_job_host pin__native_rows = {
    .table = host_table,
    .where = host_where,
    .order = host_order,
    .limit = host_limit,
    .offset = host_offset,
    .next = host_next,
    .count = host_count,
    .remove_all = host_remove_all,
    .new_row = host_new_row,
    .cell = host_cell,
    .constant = host_constant,
    .set = host_set,
    .save = host_save,
    .remove = host_remove,
};

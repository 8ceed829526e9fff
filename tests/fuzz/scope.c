/* scope.c - any text as a condition of a tenant's query: refused, or it stays inside the tenant.
 *
 * The database is in memory, with two tenants. An accepted text is run as a select, a count, an
 * update and a delete of the one tenant; no row of the other may come out or change, and no other
 * table may be read. The same text put into brackets by hand, with the tenant's condition in front
 * as the builder once had it, must not escape from them either: that is the tokenizer alone,
 * without the guard.
 */
#include "database/driver.h"
#include "database/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct pin_scope mine = { .tenant_id = "mine" };
static const struct pin_scope all = { .all = true };

static struct pin_session *session;
static struct pin_arena arena = { .max_bytes = 64 << 20 };

static bool
stop(void *context)
{
    return --*(int *)context < 0;
}

static void
must(pin_status st, const struct pin_err *err)
{
    if (st != PIN_OK)
        pin__bug("%s", err->message);
}

static void
insert(const char *tenant, const char *name)
{
    struct pin_scope scope = { .tenant_id = tenant };
    struct pin_field fields[] = { { "name", pin__value_text(name) },
                                  { "age", pin__value_integer(10) } };
    struct pin_row_fields row = { fields, 2 };
    struct pin_err err = PIN_ERR_INIT;

    must(pin__insert(session, &scope, "users", &row, 1, NULL, pin__clock_mono(), &err), &err);
}

static void
make_database(void)
{
    struct pin_session_config config = { .filename = ":memory:", .multi_tenant = true };
    struct pin_err err = PIN_ERR_INIT;

    must(pin__session_open(&session, &config, &err), &err);
    must(pin__schema_ensure_tenants(session, &err), &err);
    must(pin__schema_add_column(session, &all, "users", "name", PIN_COLUMN_STRING, NULL, &err),
         &err);
    must(pin__schema_add_column(session, &all, "users", "age", PIN_COLUMN_INTEGER, NULL, &err),
         &err);
    must(pin__schema_add_column(session, &all, "posts", "name", PIN_COLUMN_STRING, NULL, &err),
         &err);
    insert("mine", "1");
    insert("theirs", "CANARY");
    insert("mine", "2");
}

static struct pin_query *
query(struct pin_bytes text, const struct pin_value *values, size_t count)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_query *q;

    must(pin__query_new(&q, &arena, session, &mine, "users", &err), &err);
    must(pin__query_where_text(q, text, values, count, &err), &err);
    return q;
}

static void
expect_mine(struct pin_cursor *c, int tenant)
{
    int rows = 0;

    while (pin__cursor_next(c, NULL) == PIN_OK) {
        const struct pin_value *v = &c->values[tenant];

        if (++rows > 2 || v->type != PIN_VALUE_TEXT || v->bytes.size != 4 ||
            memcmp(v->bytes.data, "mine", 4) != 0)
            pin__bug("a row of another tenant");
    }
    pin__cursor_close(c);
}

static void
expect_unharmed(void)
{
    static const char sql[] =
        "select count(*) from users where tenantId = 'theirs' and name = 'CANARY' and age = 10";
    struct pin_err err = PIN_ERR_INIT;
    struct pin_cursor c;

    must(pin__run(session, &all, (struct pin_bytes){ sql, sizeof sql - 1 }, NULL, 0, &c, &err),
         &err);
    must(pin__cursor_next(&c, &err), &err);
    if (c.values[0].integer != 1)
        pin__bug("the other tenant's row was changed");
    pin__cursor_close(&c);
}

static void
through_the_builder(struct pin_bytes text, const struct pin_value *values, size_t count)
{
    struct pin_field field = { "name", pin__value_text("x") };
    struct pin_query *q = query(text, values, count);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_cursor c;
    int64_t n = 0;

    if (pin__query_select(q, &c, NULL) == PIN_OK)
        expect_mine(&c, pin__query_table(q)->tenant_column);
    if (pin__query_count(q, &n, NULL) == PIN_OK && n > 2)
        pin__bug("rows of another tenant were counted");
    must(pin__session_begin(session, pin__clock_mono(), &err), &err);
    if (pin__query_update(q, &field, 1, &n, NULL) == PIN_OK && n > 2)
        pin__bug("rows of another tenant were updated");
    if (pin__query_delete(q, &n, NULL) == PIN_OK && n > 2)
        pin__bug("rows of another tenant were deleted");
    expect_unharmed();
    pin__session_abandon(session);
}

/* Own guard: nothing but the tokenizer stands between the text and the other rows. */
static void
through_brackets_alone(struct pin_bytes text, const struct pin_value *values, size_t count)
{
    static const struct pin_guard own = { .kind = PIN_GUARD_OWN };
    struct pin_buf sql = PIN_BUF_INIT(1 << 20);
    struct pin_statement *statement = NULL;

    pin__buf_adds(&sql, "select name from users where (");
    pin__buf_add(&sql, text.data, text.size);
    pin__buf_adds(&sql, ") and tenantId = 'mine'");
    if (pin__statement_get(session, (struct pin_bytes){ sql.data, sql.size }, &own, &statement,
                           NULL) == PIN_OK &&
        pin__statement_start(session, statement, values, count, NULL) == PIN_OK) {
        if (statement->writes || statement->columns != 1)
            pin__bug("another statement");
        while (pin__statement_step(session, statement, NULL) == PIN_OK)
            if (statement->row[0].type != PIN_VALUE_TEXT || statement->row[0].bytes.size != 1)
                pin__bug("a row of another tenant, without the guard");
    }
    pin__statement_release(session, statement);
    pin__buf_fini(&sql);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pin_bytes text = { (const char *)data, size };
    struct pin_value *values;
    size_t count;
    int patience = 200;

    if (!session)
        make_database();
    if (pin__condition_check(text, &count, NULL) != PIN_OK)
        return 0;
    if (!(values = calloc(count + 1, sizeof *values)))
        return 0;
    for (size_t i = 0; i < count; i++)
        values[i] = i % 2 ? pin__value_text("CANARY") : pin__value_integer(10);
    pin__session_set_interrupt(session, stop, &patience);
    through_the_builder(text, values, count);
    through_brackets_alone(text, values, count);
    pin__session_end_run(session);
    pin__arena_reset(&arena);
    free(values);
    return 0;
}

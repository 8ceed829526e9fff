/* database_scope_test.c - a tenant sees and changes its own rows only, whatever it writes into a
 * query (faults F83, F85, F89). */
#include "database_help.h"

#include "database/driver.h"

static const struct pin_scope alpha = { .tenant_id = "tenant-alpha" };
static const struct pin_scope beta = { .tenant_id = "tenant-beta" };

static void
insert_user(struct bed *b, const struct pin_scope *scope, const char *name, int64_t age)
{
    struct pin_field fields[] = { { "name", pin__value_text(name) },
                                  { "age", pin__value_integer(age) } };

    bed_insert_in(b, scope, "users", fields, 2);
}

/* Alpha has the users "1" and "2"; beta has CANARY, and a post of that title. */
static int
set_up(void **state)
{
    struct bed *b = malloc(sizeof *b);
    struct pin_field title = { "title", pin__value_text("CANARY") };

    bed_make(b, true);
    bed_check(b, pin__schema_ensure_tenants(b->session, &b->err), "tenants");
    bed_column(b, "users", "name", PIN_COLUMN_STRING);
    bed_column(b, "users", "age", PIN_COLUMN_INTEGER);
    bed_column(b, "posts", "title", PIN_COLUMN_STRING);
    insert_user(b, &alpha, "1", 10);
    insert_user(b, &beta, "CANARY", 10);
    insert_user(b, &alpha, "2", 20);
    bed_insert_in(b, &beta, "posts", &title, 1);
    *state = b;
    return 0;
}

static int
tear_down(void **state)
{
    bed_clear(*state);
    free(*state);
    return 0;
}

/* --- texts --- */

static const char *const hostile[] = {
    "1=1) or (1=1",
    "1=1)) or ((1=1",
    "1=1 or 1=1",
    "tenantId = 'tenant-beta'",
    "tenantId is not null or 1",
    "users.tenantId = users.tenantId or 1",
    "\"tenantId\" = 'tenant-beta' or 1=1",
    "[tenantId] = 'tenant-beta' or `tenantId` = 'tenant-beta'",
    "main.users.tenantId = 'tenant-beta' or 1",
    "1=1 --",
    "1=1 -- )",
    "1=1 /*",
    "1=1 /* ) */ or 1=1",
    "1 /**/ or 1",
    "1=1; delete from users",
    "1=1);delete from users;select (1",
    "1=1) union select * from users where (1=1",
    "1) order by (1",
    "1) limit (99",
    "name in (select name from users)",
    "name in (select title from posts)",
    "exists (select 1 from users where name = 'CANARY')",
    "(select count(*) from users) > 2",
    "(SeLeCt 1)",
    "(with x as (select 1) select * from x)",
    "id in users",
    "name in posts",
    "name in main.posts",
    "name in\tposts",
    "name not in posts",
    "name in json_each('[\"CANARY\"]')",
    "name in (values ('CANARY'))",
    "(values (1))",
    "\xef\xbb\xbfselect 1",
    "(\xef\xbb\xbfselect count(*) from users) > 2",
    "posts.title = 'CANARY'",
    "load_extension('x')",
    "readfile('/etc/passwd') is not null",
    "sqlite_version() > '3'",
    "total_changes() >= 0",
    "last_insert_rowid() >= 0",
    "changes() >= 0",
    "randomblob(1000000000) is not null",
    "zeroblob(1000000000) is not null",
    "max(age) over () > 0",
    "raise(abort, 'x')",
    "name = 'x'' or 1=1",
    "name = 'x' or 'a' = 'a",
    "name = \"x",
    "name = `x",
    "name = [x",
    "?1 = ?1",
    ":a = :a",
    "@a = @a",
    "$a = $a",
    "#1 = 1",
    "1 or 1) returning (1",
    "",
    "   ",
    ")",
    "(",
    ")(",
    "1, 1",
    "* from users",
    "age = 10 collate nocase or 1",
    "not 0",
    "case when 1 then 1 else 0 end",
    "name like '%'",
    "name glob '*'",
    "1 = 1 or raise(ignore)",
    "attach 'x' as y",
    "pragma user_version",
    "\\",
    "{1}",
    "1 \x01 or 1",
};

enum act {
    ACT_READ,
    ACT_COUNT,
    ACT_EXISTS,
    ACT_UPDATE,
    ACT_DELETE,
    ACT_RELATION,
    ACT_PAGE_DELETE,
    ACT_COUNT_OF
};

static pin_status
read_names(struct bed *b, struct pin_query *q, const char *text)
{
    struct pin_buf names = PIN_BUF_INIT(1 << 16);
    pin_status st = bed_list(b, q, "name", &names);

    if (strstr(pin__buf_text(&names), "CANARY"))
        fail_msg("\"%s\" reads %s", text, names.data);
    pin__buf_fini(&names);
    return st;
}

static pin_status
act_on(struct bed *b, struct pin_query *q, enum act act, const char *text)
{
    struct pin_field field = { "name", pin__value_text("TAKEN") };
    struct pin_query *other;
    int64_t n = 0;
    pin_status st;
    bool any;

    switch (act) {
    case ACT_COUNT:
        st = pin__query_count(q, &n, &b->err);
        break;
    case ACT_EXISTS:
        return pin__query_exists(q, &any, &b->err);
    case ACT_UPDATE:
        st = pin__query_update(q, &field, 1, &n, &b->err);
        break;
    case ACT_PAGE_DELETE:
        pin__query_limit(q, 100);
        st = pin__query_delete(q, &n, &b->err);
        break;
    case ACT_DELETE:
        st = pin__query_delete(q, &n, &b->err);
        break;
    case ACT_RELATION:
        other = bed_query_in(b, &alpha, "users");
        bed_check(b, pin__query_where_in(other, "name", q, "name", &b->err), "relation");
        return read_names(b, other, text);
    default:
        return read_names(b, q, text);
    }
    if (n > 2)
        fail_msg("\"%s\" reaches %lld rows of 2", text, (long long)n);
    return st;
}

/* What beta has is as it was. */
static void
expect_unharmed(struct bed *b, const char *text)
{
    int64_t users = bed_number(b, "select count(*) from users where tenantId = 'tenant-beta' and"
                                  " name = 'CANARY' and age = 10");
    int64_t posts = bed_number(b, "select count(*) from posts where title = 'CANARY'");

    if (users != 1 || posts != 1)
        fail_msg("\"%s\" changed rows of another tenant", text);
}

static void
test_hostile_texts(void **state)
{
    struct bed *b = *state;
    int accepted = 0;

    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        for (int act = 0; act < ACT_COUNT_OF; act++) {
            struct pin_query *q = bed_query_in(b, &alpha, "users");
            struct pin_bytes text = { hostile[i], strlen(hostile[i]) };

            bed_check(b, pin__session_begin(b->session, pin__clock_mono(), &b->err), "begin");
            if (pin__query_where_text(q, text, NULL, 0, &b->err) == PIN_OK)
                accepted += act_on(b, q, (enum act)act, hostile[i]) == PIN_OK;
            expect_unharmed(b, hostile[i]);
            pin__session_abandon(b->session);
            pin__arena_reset(&b->arena);
        }
    }
    assert_true(accepted > 50); /* harmless ones are among them: the walls were really reached */
}

static void
test_texts_without_brackets_are_refused_at_once(void **state)
{
    static const char *const texts[] = {
        "1=1) or (1=1",
        "1 --",
        "1 /* */",
        "1; select 1",
        "id in users",
        "(select 1)",
        "?1",
        ":a",
        "name = 'x",
        "(1",
        "1)",
        "",
        "\xef\xbb\xbf"
        "1",
        "values (1)",
        "x in",
        "exists (1)",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t parameters;
        struct pin_err err = PIN_ERR_INIT;

        if (pin__condition_check((struct pin_bytes){ texts[i], strlen(texts[i]) }, &parameters,
                                 &err) != PIN_INVALID)
            fail_msg("\"%s\" was accepted", texts[i]);
        assert_non_null(strstr(err.message, "is refused: "));
    }
}

static void
test_harmless_texts_are_accepted(void **state)
{
    static const struct {
        const char *text;
        size_t parameters;
    } rows[] = {
        { "age > 20", 0 },
        { "age > ? and (name = ? or name = '?')", 2 },
        { "name = 'it''s -- no comment; /* neither */ select'", 0 },
        { "\"order\" = 1 and [group] = `limit`", 0 },
        { "age in (?, ?, ?)", 3 },
        { "age IN(1)", 0 },
        { "age - -1 > 0", 0 },
        { "data ->> '$.a' = ?", 1 },
        { "age between ? and ?", 2 },
        { "selected = 1 and updated_at > 0 and inward = 2", 0 },
        { "replace(name, 'a', 'b') = 'b'", 0 },
        { "name = x'00ff'", 0 },
        { "namé = 'é'", 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_err err = PIN_ERR_INIT;
        size_t parameters;

        if (pin__condition_check((struct pin_bytes){ rows[i].text, strlen(rows[i].text) },
                                 &parameters, &err) != PIN_OK)
            fail_msg("%s", err.message);
        if (parameters != rows[i].parameters)
            fail_msg("\"%s\": %zu parameters", rows[i].text, parameters);
    }
}

static void
test_limits_of_texts(void **state)
{
    struct pin_buf text = PIN_BUF_INIT(1 << 20);
    size_t parameters;

    (void)state;
    for (int i = 0; i < 101; i++)
        pin__buf_addc(&text, '(');
    pin__buf_addc(&text, '1');
    for (int i = 0; i < 101; i++)
        pin__buf_addc(&text, ')');
    assert_int_equal(
        pin__condition_check((struct pin_bytes){ text.data, text.size }, &parameters, NULL),
        PIN_INVALID);
    assert_int_equal(
        pin__condition_check((struct pin_bytes){ text.data + 1, text.size - 2 }, &parameters, NULL),
        PIN_OK);
    pin__buf_clear(&text);
    while (text.size <= PIN_CONDITION_MAX)
        pin__buf_adds(&text, "1 or ");
    assert_int_equal(
        pin__condition_check((struct pin_bytes){ text.data, text.size }, &parameters, NULL),
        PIN_INVALID);
    assert_int_equal(pin__condition_check((struct pin_bytes){ "1\0or 1", 6 }, &parameters, NULL),
                     PIN_INVALID);
    pin__buf_fini(&text);
}

/* The second wall by itself: as if the tokenizer had let the text through. */
static void
test_guard(void **state)
{
    static const struct {
        const char *sql, *says;
    } rows[] = {
        { "select name from users where name in (select title from posts)", "table posts" },
        { "select name from users where name in (select name from users)", "a sub-select" },
        { "select name from users where name in posts", "reading the table posts" },
        { "select name from users, posts", "reading the table posts" },
        { "select name from users union select title from posts", "table posts" },
        { "select name from users union select name from users", "a sub-select" },
        { "select name from users where random() > 0", "the function random" },
        { "select name from users where sqlite_version() > ''", "the function sqlite_version" },
        { "select name from users where changes() > 0", "the function changes" },
        { "select name from users where name in (select name from sqlite_master)",
          "sqlite_master" },
        { "select users.name from users, sqlite_master", "sqlite_master" },
        { "update users set name = 'x'", "updating the table users" },
        { "delete from users", "deleting from the table users" },
        { "insert into users (name) values ('x')", "inserting into the table users" },
        { "drop table users", "sqlite_master" },
        { "attach 'x' as y", "this kind of statement" },
        { "pragma user_version", "this kind of statement" },
        { "begin", "this kind of statement" },
        { "create table x (a)", "sqlite_master" },
    };
    struct pin_guard guard = { .kind = PIN_GUARD_BUILT,
                               .tables = { "users" },
                               .table_count = 1,
                               .confined = true,
                               .selects = 1 };
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_bytes sql = { rows[i].sql, strlen(rows[i].sql) };
        struct pin_statement *statement = NULL;
        pin_status st = pin__statement_get(b->session, sql, &guard, &statement, &b->err);

        if (st == PIN_OK)
            fail_msg("the guard let through: %s", rows[i].sql);
        if (st != PIN_DENIED || !strstr(b->err.message, rows[i].says))
            fail_msg("%s: %s: %s", rows[i].sql, pin__status_name(st), b->err.message);
    }
}

static void
test_guard_of_writes(void **state)
{
    static const struct {
        const char *sql;
        pin_status want;
    } rows[] = {
        { "update users set name = 'x'", PIN_OK },
        { "update users set tenantId = 'x'", PIN_DENIED },
        { "update users set id = 'x'", PIN_DENIED },
        { "update users set \"_id\" = 5", PIN_DENIED },
        { "update posts set title = 'x'", PIN_DENIED },
        { "delete from users", PIN_OK },
        { "delete from posts", PIN_DENIED },
    };
    struct pin_guard guard = { .kind = PIN_GUARD_BUILT,
                               .tables = { "users" },
                               .table_count = 1,
                               .target = "users",
                               .confined = true };
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_bytes sql = { rows[i].sql, strlen(rows[i].sql) };
        struct pin_statement *statement = NULL;
        pin_status st = pin__statement_get(b->session, sql, &guard, &statement, &b->err);

        pin__statement_release(b->session, statement);
        if (st != rows[i].want)
            fail_msg("%s: %s", rows[i].sql, pin__status_name(st));
    }
}

/* SQLite compiles a cached statement anew when the schema changes: the guard is there then as well.
 */
static void
test_guard_after_a_change_of_the_schema(void **state)
{
    struct bed *b = *state;

    bed_expect(b, bed_query_in(b, &alpha, "users"), "name", "1 2", "before");
    bed_sql(b, "create table other (a)");
    bed_expect(b, bed_query_in(b, &alpha, "users"), "name", "1 2", "after");
}

/* --- scope --- */

/* An error that a text provokes on somebody else's row would tell about it. */
static void
test_errors_tell_nothing(void **state)
{
    static const char text[] = "json_extract(name, '$') is not null";
    struct bed *b = *state;
    struct pin_query *q = bed_query_in(b, &alpha, "users");
    struct pin_buf names = PIN_BUF_INIT(1024);

    bed_check(
        b, pin__query_where_text(q, (struct pin_bytes){ text, sizeof text - 1 }, NULL, 0, &b->err),
        text);
    bed_expect(b, q, "name", "1 2", "CANARY is no JSON, and nobody notices");
    q = bed_query(b, "users");
    bed_check(
        b, pin__query_where_text(q, (struct pin_bytes){ text, sizeof text - 1 }, NULL, 0, &b->err),
        text);
    assert_int_equal(bed_list(b, q, "name", &names), PIN_INVALID);
    pin__buf_fini(&names);
}

static void
test_conditions_are_confined(void **state)
{
    const struct {
        const char *key;
        struct pin_value value;
    } rows[] = {
        { "tenantId", pin__value_text("tenant-beta") },
        { "tenantIdNe", pin__value_text("tenant-alpha") },
        { "name", pin__value_text("CANARY") },
        { "nameContains", pin__value_text("ANAR") },
        { "nameBeginsWith", pin__value_text("CANARY' or 1=1 --") },
    };
    struct bed *b = *state;
    int64_t n;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_query *q = bed_query_in(b, &alpha, "users");

        bed_check(b, pin__query_where(q, rows[i].key, &rows[i].value, 1, false, &b->err),
                  rows[i].key);
        bed_expect(b, q, "name", "", rows[i].key);
        bed_check(b, pin__query_delete(q, &n, &b->err), rows[i].key);
        assert_int_equal(n, 0);
    }
    bed_check(b, pin__query_delete(bed_query_in(b, &alpha, "users"), &n, &b->err), "delete");
    assert_int_equal(n, 2);
    expect_unharmed(b, "delete of all");
}

static void
test_given_tenants_are_ignored(void **state)
{
    struct pin_field fields[] = { { "name", pin__value_text("3") },
                                  { "tenantId", pin__value_text("tenant-beta") } };
    struct bed *b = *state;
    int64_t n;

    bed_insert_in(b, &alpha, "users", fields, 2);
    bed_expect(b, bed_query_in(b, &alpha, "users"), "name", "1 2 3", "inserted for alpha");
    bed_check(b, pin__query_update(bed_query_in(b, &alpha, "users"), fields, 2, &n, &b->err),
              "update");
    assert_int_equal(n, 3);
    bed_expect(b, bed_query_in(b, &alpha, "users"), "tenantId",
               "tenant-alpha tenant-alpha tenant-alpha", "still alpha's");
    /* without a scope it is a column like others */
    bed_insert_in(b, &everything, "users", fields, 2);
    bed_expect(b, bed_query_in(b, &beta, "users"), "name", "CANARY 3", "inserted for beta");
}

static void
test_rows_by_key(void **state)
{
    struct pin_field field = { "name", pin__value_text("TAKEN") };
    struct bed *b = *state;
    int64_t n = 0, key;

    key = bed_number(b, "select _id from users where name = 'CANARY'");
    bed_check(b, pin__update_row(b->session, &alpha, "users", key, &field, 1, &n, &b->err),
              "update");
    assert_int_equal(n, 0);
    bed_check(b, pin__delete_row(b->session, &alpha, "users", key, &n, &b->err), "delete");
    assert_int_equal(n, 0);
    expect_unharmed(b, "by key");
    bed_check(b, pin__update_row(b->session, &beta, "users", key, &field, 1, &n, &b->err),
              "update");
    assert_int_equal(n, 1);
}

static void
test_relations_are_confined(void **state)
{
    struct bed *b = *state;
    struct pin_query *users = bed_query_in(b, &alpha, "users");

    bed_check(b,
              pin__query_where_in(users, "name", bed_query_in(b, &beta, "posts"), "title", &b->err),
              "in");
    bed_expect(b, users, "name", "", "beta's post names no user of alpha");
    users = bed_query_in(b, &beta, "users");
    bed_check(
        b, pin__query_where_in(users, "name", bed_query_in(b, &alpha, "posts"), "title", &b->err),
        "in");
    bed_expect(b, users, "name", "", "alpha has no post");
}

static void
test_places_are_confined(void **state)
{
    struct bed *b = *state;
    struct pin_query *q = bed_query_in(b, &alpha, "users");

    bed_check(b, pin__query_after(q, "i0", &b->err), "after");
    bed_expect(b, q, "name", "1 2", "from the beginning");
    q = bed_query_in(b, &alpha, "users");
    bed_check(b, pin__query_order(q, "name", true, &b->err), "order");
    bed_check(b, pin__query_after(q, "t7a,i0", &b->err), "after");
    bed_expect(b, q, "name", "2 1", "below z");
}

static void
test_scope_is_needed(void **state)
{
    static const struct pin_scope none = { 0 };
    struct pin_row_fields row = { NULL, 0 };
    struct bed *b = *state;
    struct pin_query *q;
    struct pin_cursor c;

    assert_int_equal(pin__query_new(&q, &b->arena, b->session, &none, "users", &b->err),
                     PIN_DENIED);
    assert_null(q);
    assert_int_equal(
        pin__insert(b->session, &none, "users", &row, 1, NULL, pin__clock_mono(), &b->err),
        PIN_DENIED);
    assert_int_equal(
        pin__run(b->session, &none, (struct pin_bytes){ "select 1", 8 }, NULL, 0, &c, &b->err),
        PIN_DENIED);
    assert_int_equal(pin__schema_drop_table(b->session, &none, "users", &b->err), PIN_DENIED);
}

static void
test_tenant_has_no_raw_sql_and_no_migrations(void **state)
{
    struct bed *b = *state;
    struct pin_cursor c;

    assert_int_equal(
        pin__run(b->session, &alpha, (struct pin_bytes){ "select 1", 8 }, NULL, 0, &c, &b->err),
        PIN_DENIED);
    assert_non_null(strstr(b->err.message, "withoutTenantScope"));
    assert_int_equal(pin__schema_drop_table(b->session, &alpha, "users", &b->err), PIN_DENIED);
    assert_int_equal(pin__schema_create_table(b->session, &alpha, "x", &b->err), PIN_DENIED);
    assert_int_equal(
        pin__schema_add_column(b->session, &alpha, "users", "x", PIN_COLUMN_TEXT, NULL, &b->err),
        PIN_DENIED);
    assert_int_equal(pin__schema_remove_column(b->session, &alpha, "users", "name", &b->err),
                     PIN_DENIED);
}

/* One connection, one cache of statements, ten thousand changes of tenant. */
static void
test_tenants_alternate(void **state)
{
    struct bed *b = *state;
    struct pin_session_counts before = { 0 };

    for (int i = 0; i < 10000; i++) {
        bed_expect(b, bed_query_in(b, i % 2 ? &beta : &alpha, "users"), "name",
                   i % 2 ? "CANARY" : "1 2", "alternating");
        assert_false(pin__session_end_run(b->session));
        pin__arena_reset(&b->arena);
        if (i == 1)
            before = pin__session_counts(b->session);
    }
    assert_int_equal(pin__session_counts(b->session).prepared, before.prepared);
}

static void
test_tenants_are_not_scoped(void **state)
{
    struct pin_field name = { "name", pin__value_text("alpha") };
    struct bed *b = *state;

    bed_insert_in(b, &alpha, "tenants", &name, 1);
    bed_expect(b, bed_query_in(b, &beta, "tenants"), "name", "alpha", "tenants");
    bed_expect(b, bed_query_in(b, &beta, "tenants"), "active", "1", "active by default");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hostile_texts, set_up, tear_down),
        cmocka_unit_test(test_texts_without_brackets_are_refused_at_once),
        cmocka_unit_test(test_harmless_texts_are_accepted),
        cmocka_unit_test(test_limits_of_texts),
        cmocka_unit_test_setup_teardown(test_guard, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_guard_of_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_guard_after_a_change_of_the_schema, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_tell_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_conditions_are_confined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_given_tenants_are_ignored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_by_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_relations_are_confined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places_are_confined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scope_is_needed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tenant_has_no_raw_sql_and_no_migrations, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_tenants_alternate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tenants_are_not_scoped, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

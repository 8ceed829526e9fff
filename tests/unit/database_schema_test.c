/* database_schema_test.c - tables, columns and their types; databases made by others; tenants;
 * migrations. */
#include "database_help.h"

static int
set_up_as(void **state, bool multi_tenant)
{
    struct bed *b = malloc(sizeof *b);

    bed_make(b, multi_tenant);
    *state = b;
    return 0;
}

static int
set_up(void **state)
{
    return set_up_as(state, false);
}

static int
set_up_tenants(void **state)
{
    return set_up_as(state, true);
}

static int
tear_down(void **state)
{
    bed_clear(*state);
    free(*state);
    return 0;
}

static const struct pin_table *
table(struct bed *b, const char *name)
{
    const struct pin_table *t;

    bed_check(b, pin__schema_table(b->session, name, &t, &b->err), name);
    return t;
}

static void
expect_types(struct bed *b, const char *name, const char *want)
{
    const struct pin_table *t = table(b, name);
    struct pin_buf got = PIN_BUF_INIT(4096);

    for (size_t i = 0; i < t->column_count; i++)
        pin__buf_addf(&got, "%s%s:%s", i ? " " : "", t->columns[i].name,
                      pin__column_type_name(t->columns[i].type));
    if (strcmp(pin__buf_text(&got), want) != 0)
        fail_msg("%s: got %s\nwant %s", name, got.data, want);
    pin__buf_fini(&got);
}

static void
expect_tables(struct bed *b, const char *want)
{
    const struct pin_table *const *all;
    struct pin_buf got = PIN_BUF_INIT(4096);
    size_t count;

    bed_check(b, pin__schema_tables(b->session, &all, &count, &b->err), "tables");
    for (size_t i = 0; i < count; i++)
        pin__buf_addf(&got, "%s%s", i ? " " : "", all[i]->name);
    assert_string_equal(pin__buf_text(&got), want);
    pin__buf_fini(&got);
}

/* --- making --- */

static void
test_every_type(void **state)
{
    struct bed *b = *state;

    for (int i = PIN_COLUMN_FOREIGN_KEY; i < PIN_COLUMN_TYPE_COUNT; i++) {
        char name[32];

        snprintf(name, sizeof name, "col%d", i);
        bed_column(b, "all", name, (enum pin_column_type)i);
    }
    expect_types(b, "all",
                 "_id:primary_key id:alternate_key col2:foreign_key col3:string col4:text "
                 "col5:integer col6:float col7:decimal col8:boolean col9:date col10:datetime "
                 "col11:binary");
    BED_INSERT(b, "all", { "nothing", pin__value_null() });
    bed_expect(b, bed_query(b, "all"), "col3", "", "string");
    bed_expect(b, bed_query(b, "all"), "col4", "null", "text");
    bed_expect(b, bed_query(b, "all"), "col5", "0", "integer");
    bed_expect(b, bed_query(b, "all"), "col8", "0", "boolean");
    bed_expect(b, bed_query(b, "all"), "col10", "null", "datetime");
    assert_int_equal(bed_number(b,
                                "select count(*) from pragma_table_info('all') where name = 'col8'"
                                " and type = 'boolean' and dflt_value = '0'"),
                     1);
}

static void
test_defaults_and_indexes(void **state)
{
    struct pin_column_options yes = { .has_default = true,
                                      .default_value = pin__value_text("true"),
                                      .index = true };
    struct pin_column_options quote = { .has_default = true,
                                        .default_value = pin__value_text("it's \"x\"") };
    struct bed *b = *state;

    bed_column(b, "things", "n", PIN_COLUMN_INTEGER);
    BED_INSERT(b, "things", { "n", pin__value_integer(1) });
    bed_check(b,
              pin__schema_add_column(b->session, &everything, "things", "subscribed",
                                     PIN_COLUMN_BOOLEAN, &yes, &b->err),
              "yes");
    bed_check(b,
              pin__schema_add_column(b->session, &everything, "things", "note", PIN_COLUMN_STRING,
                                     &quote, &b->err),
              "quote");
    bed_expect(b, bed_query(b, "things"), "subscribed", "1", "also for rows there were");
    bed_expect(b, bed_query(b, "things"), "note", "it's \"x\"", "quotes");
    assert_int_equal(bed_number(b, "select count(*) from pragma_index_list('things')"), 2);
    bed_check(b,
              pin__schema_remove_column(b->session, &everything, "things", "subscribed", &b->err),
              "remove");
    bed_check(b,
              pin__schema_remove_column(b->session, &everything, "things", "subscribed", &b->err),
              "again");
    assert_int_equal(bed_number(b, "select count(*) from pragma_index_list('things')"), 1);
    expect_types(b, "things", "_id:primary_key id:alternate_key n:integer note:string");
    assert_int_equal(bed_number(b, "select count(*) from columnTypes where tableName = 'things'"),
                     4);
    bed_check(b, pin__schema_drop_table(b->session, &everything, "things", &b->err), "drop");
    bed_check(b, pin__schema_drop_table(b->session, &everything, "things", &b->err), "again");
    assert_int_equal(bed_number(b, "select count(*) from columnTypes where tableName = 'things'"),
                     0);
    expect_tables(b, "");
}

static void
test_an_existing_column_is_left_alone(void **state)
{
    struct bed *b = *state;

    bed_column(b, "things", "camelCase", PIN_COLUMN_STRING);
    bed_column(b, "things", "camelCase", PIN_COLUMN_BOOLEAN);
    bed_column(b, "things", "CamelCase", PIN_COLUMN_BOOLEAN);
    expect_types(b, "things", "_id:primary_key id:alternate_key camelCase:string");
}

static void
test_refused_names(void **state)
{
    static const struct {
        const char *table, *column;
        pin_status want;
    } rows[] = {
        { "", "a", PIN_INVALID },
        { "a b", "a", PIN_INVALID },
        { "a\"b", "a", PIN_INVALID },
        { "1a", "a", PIN_INVALID },
        { "ok", "x;y", PIN_INVALID },
        { "ok", "", PIN_INVALID },
        { "appliedMigrations", "x", PIN_DENIED },
        { "columntypes", "x", PIN_DENIED },
        { "sqlite_master", "x", PIN_DENIED },
        { "pinstripe_runs", "x", PIN_DENIED },
        { "été", "größe", PIN_OK },
        { "order", "group", PIN_OK },
    };
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pin_status st = pin__schema_add_column(b->session, &everything, rows[i].table,
                                               rows[i].column, PIN_COLUMN_TEXT, NULL, &b->err);

        if (st != rows[i].want)
            fail_msg("%s.%s: %s: %s", rows[i].table, rows[i].column, pin__status_name(st),
                     b->err.message);
    }
    BED_INSERT(b, "order", { "group", pin__value_text("x") });
    bed_expect(b, bed_query(b, "order"), "group", "x", "keywords are names like others");
    expect_tables(b, "order été");
    assert_int_equal(pin__schema_remove_column(b->session, &everything, "order", "_id", &b->err),
                     PIN_DENIED);
    assert_int_equal(pin__schema_remove_column(b->session, &everything, "order", "id", &b->err),
                     PIN_DENIED);
}

static void
test_unknown_table(void **state)
{
    const struct pin_table *t;
    struct bed *b = *state;

    bed_column(b, "notifications", "n", PIN_COLUMN_INTEGER);
    assert_int_equal(pin__schema_table(b->session, "notification", &t, &b->err), PIN_NOT_FOUND);
    assert_string_equal(b->err.message,
                        "No such table \"notification\" exists; did you mean \"notifications\"?");
    assert_int_equal(pin__schema_table(b->session, "zzz", &t, &b->err), PIN_NOT_FOUND);
    assert_string_equal(b->err.message, "No such table \"zzz\" exists.");
    assert_int_equal(pin__schema_table(b->session, "columnTypes", &t, &b->err), PIN_NOT_FOUND);
}

/* --- made by others --- */

static const char *const original[] = {
    "create table users (_id integer primary key autoincrement, id varchar)",
    "create unique index users_id on users(id)",
    "alter table users add column name varchar default ''",
    "alter table users add column accountId varchar",
    "alter table users add column active boolean default false",
    "alter table users add column age integer default 0",
    "alter table users add column score float default 0",
    "alter table users add column price decimal default 0",
    "alter table users add column bio text",
    "alter table users add column createdAt datetime",
    "alter table users add column born date",
    "alter table users add column photo blob",
    "insert into users (id, name, active, createdAt) values"
    " ('11111111-2222-4333-8444-555555555555', 'bob', 1, 1767323045000)",
    "create table appliedMigrations (_id integer primary key autoincrement, id varchar,"
    " schemaVersion integer default 0)",
    "insert into appliedMigrations (id, schemaVersion) values ('x', 1700000001)",
};

static void
make_original(struct bed *b)
{
    for (size_t i = 0; i < sizeof original / sizeof *original; i++)
        bed_sql(b, original[i]);
}

static void
test_original_without_column_types(void **state)
{
    struct pin_value moment = pin__value_text("2026-01-02T03:04:05Z");
    struct bed *b = *state;
    struct pin_query *q;

    make_original(b);
    expect_types(b, "users",
                 "_id:primary_key id:alternate_key name:string accountId:foreign_key "
                 "active:boolean age:integer score:float price:decimal bio:text "
                 "createdAt:datetime born:date photo:binary");
    expect_tables(b, "users");
    q = bed_query(b, "users");
    bed_check(b, pin__query_where(q, "createdAt", &moment, 1, false, &b->err), "where");
    bed_expect(b, q, "id", "11111111-2222-4333-8444-555555555555", "by its date");
    BED_INSERT(b, "users", { "name", pin__value_text("amy") });
    bed_expect(b, bed_query(b, "users"), "name", "bob amy", "old and new");
}

/* However its columns are called: entries count, and new ones are added in the same form. */
static void
test_original_with_column_types(void **state)
{
    static const char *const shapes[][3] = {
        { "tableName", "columnName", "type" },
        { "table", "column", "type" },
        { "tableName", "name", "columnType" },
    };
    char sql[400];

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct bed *b;

        set_up(state);
        b = *state;
        make_original(b);
        snprintf(sql, sizeof sql,
                 "create table columnTypes (_id integer primary key autoincrement, id varchar, "
                 "\"%s\" varchar, \"%s\" varchar, \"%s\" varchar)",
                 shapes[i][0], shapes[i][1], shapes[i][2]);
        bed_sql(b, sql);
        snprintf(sql, sizeof sql,
                 "insert into columnTypes (id, \"%s\", \"%s\", \"%s\") values ('1', 'users', "
                 "'accountId', 'string'), ('2', 'users', 'age', 'datetime'), ('3', 'users', 'bio', "
                 "'nonsense'), ('4', 'gone', 'x', 'text')",
                 shapes[i][0], shapes[i][1], shapes[i][2]);
        bed_sql(b, sql);
        bed_column(b, "users", "email", PIN_COLUMN_STRING);
        expect_types(b, "users",
                     "_id:primary_key id:alternate_key name:string accountId:string "
                     "active:boolean age:datetime score:float price:decimal bio:text "
                     "createdAt:datetime born:date photo:binary email:string");
        snprintf(sql, sizeof sql,
                 "select count(*) from columnTypes where \"%s\" = 'users' and \"%s\" = 'email' and "
                 "\"%s\" = 'string' and length(id) = 36",
                 shapes[i][0], shapes[i][1], shapes[i][2]);
        assert_int_equal(bed_number(b, sql), 1);
        tear_down(state);
    }
    set_up(state);
}

static void
test_changes_by_another_process_are_seen(void **state)
{
    struct bed *b = *state, other = *b;
    const struct pin_table *t;

    assert_int_equal(pin__schema_table(b->session, "things", &t, &b->err), PIN_NOT_FOUND);
    other.session = bed_session(&other, false);
    bed_column(&other, "things", "n", PIN_COLUMN_INTEGER);
    expect_types(b, "things", "_id:primary_key id:alternate_key n:integer");
    bed_expect(b, bed_query(b, "things"), "n", "", "empty");
    bed_column(&other, "things", "m", PIN_COLUMN_INTEGER);
    BED_INSERT(&other, "things", { "m", pin__value_integer(5) });
    pin__session_end_run(b->session);
    bed_expect(b, bed_query(b, "things"), "m", "5", "after the run");
    /* a column that goes while we know it: an error, never a wrong answer */
    bed_check(&other,
              pin__schema_remove_column(other.session, &everything, "things", "n", &other.err),
              "remove");
    {
        struct pin_query *q = bed_query(b, "things");
        struct pin_cursor c;
        pin_status st = pin__query_select(q, &c, &b->err);

        if (st == PIN_OK)
            st = pin__cursor_next(&c, &b->err);
        assert_int_equal(st, PIN_INVALID);
        assert_non_null(strstr(b->err.message, "no such column"));
        pin__cursor_close(&c);
    }
    pin__session_end_run(b->session);
    bed_expect(b, bed_query(b, "things"), "m", "5", "and then it is known");
    pin__session_close(other.session);
}

static void
test_views_of_what_is_gone(void **state)
{
    struct bed *b = *state;

    bed_column(b, "things", "n", PIN_COLUMN_INTEGER);
    BED_INSERT(b, "things", { "n", pin__value_integer(7) });
    bed_sql(b, "create table gone (x text)");
    bed_sql(b, "create view broken as select * from gone");
    bed_sql(b, "create view fine as select n from things");
    bed_sql(b, "drop table gone");
    expect_tables(b, "fine things");
    bed_expect(b, bed_query(b, "fine"), "n", "7", "a view is read like a table");
    assert_int_equal(pin__query_delete(bed_query(b, "fine"), NULL, &b->err), PIN_INVALID);
}

/* --- tenants --- */

static void
test_tenants(void **state)
{
    struct bed *b = *state;

    bed_sql(b, "create table old (_id integer primary key autoincrement, id varchar, x text)");
    bed_sql(b, "create view seen as select * from old");
    bed_check(b, pin__schema_ensure_tenants(b->session, &b->err), "tenants");
    bed_check(b, pin__schema_ensure_tenants(b->session, &b->err), "again");
    expect_types(b, "tenants",
                 "_id:primary_key id:alternate_key name:string host:string active:boolean");
    assert_int_equal(table(b, "tenants")->tenant_column, -1);
    expect_types(b, "old", "_id:primary_key id:alternate_key x:text tenantId:foreign_key");
    bed_column(b, "new", "x", PIN_COLUMN_TEXT);
    expect_types(b, "new", "_id:primary_key id:alternate_key tenantId:foreign_key x:text");
    assert_int_equal(table(b, "new")->tenant_column, 2);
    assert_int_equal(bed_number(b, "select count(*) from pragma_index_list('new')"), 2);
    assert_int_equal(bed_number(b, "select count(*) from pragma_index_list('tenants')"), 3);
    assert_int_equal(
        bed_number(b,
                   "select count(*) from pragma_table_info('columnTypes') where name = 'tenantId'"),
        0);
    assert_int_equal(pin__schema_remove_column(b->session, &everything, "new", "tenantId", &b->err),
                     PIN_DENIED);
}

static void
test_a_table_without_tenant_is_refused(void **state)
{
    static const struct pin_scope alpha = { .tenant_id = "alpha" };
    struct pin_row_fields row = { NULL, 0 };
    struct bed *b = *state;
    struct pin_query *q;

    bed_sql(b, "create table old (_id integer primary key autoincrement, id varchar, x text)");
    assert_int_equal(pin__query_new(&q, &b->arena, b->session, &alpha, "old", &b->err), PIN_DENIED);
    assert_non_null(strstr(b->err.message, "migrate"));
    assert_int_equal(
        pin__insert(b->session, &alpha, "old", &row, 1, NULL, pin__clock_mono(), &b->err),
        PIN_DENIED);
    bed_check(b, pin__query_new(&q, &b->arena, b->session, &everything, "old", &b->err), "all");
    bed_check(b, pin__schema_ensure_tenants(b->session, &b->err), "tenants");
    bed_check(b, pin__query_new(&q, &b->arena, b->session, &alpha, "old", &b->err), "migrated");
}

static void
test_a_migration_may_add_active_to_tenants(void **state)
{
    struct bed *b = *state;

    bed_check(b, pin__migration_prepare(b->session, pin__clock_mono(), &b->err), "prepare");
    bed_column(b, "tenants", "active", PIN_COLUMN_BOOLEAN);
    bed_column(b, "tenants", "plan", PIN_COLUMN_STRING);
    BED_INSERT(b, "tenants", { "name", pin__value_text("alpha") });
    bed_expect(b, bed_query(b, "tenants"), "active", "1", "the default stays true");
}

/* --- migrations --- */

static void
expect_applied(struct bed *b, const char *want)
{
    struct pin_buf got = PIN_BUF_INIT(4096);
    const int64_t *versions;
    size_t count;

    bed_check(b, pin__migration_applied(b->session, &b->arena, &versions, &count, &b->err),
              "applied");
    for (size_t i = 0; i < count; i++)
        pin__buf_addf(&got, "%s%lld", i ? " " : "", (long long)versions[i]);
    assert_string_equal(pin__buf_text(&got), want);
    pin__buf_fini(&got);
}

static bool
migrate(struct bed *b, int64_t version, const char *name)
{
    bool applied;

    bed_check(b, pin__migration_begin(b->session, version, pin__clock_mono(), &applied, &b->err),
              name);
    assert_int_equal(pin__session_in_transaction(b->session), !applied);
    if (applied)
        return false;
    bed_column(b, name, "x", PIN_COLUMN_TEXT);
    bed_check(b, pin__migration_commit(b->session, version, &b->err), name);
    return true;
}

static void
test_migrations(void **state)
{
    struct bed *b = *state;
    bool applied;

    expect_applied(b, "");
    bed_check(b, pin__migration_prepare(b->session, pin__clock_mono(), &b->err), "prepare");
    assert_true(migrate(b, 1700000002, "two"));
    assert_true(migrate(b, 1700000001, "one"));
    assert_false(migrate(b, 1700000002, "three"));
    expect_applied(b, "1700000001 1700000002");
    expect_tables(b, "one two");
    /* one that fails leaves nothing */
    bed_check(b, pin__migration_begin(b->session, 1700000003, pin__clock_mono(), &applied, &b->err),
              "begin");
    bed_column(b, "half", "x", PIN_COLUMN_TEXT);
    pin__session_rollback(b->session);
    expect_applied(b, "1700000001 1700000002");
    expect_tables(b, "one two");
}

static void
test_migrations_of_the_original(void **state)
{
    struct bed *b = *state;

    make_original(b);
    expect_applied(b, "1700000001");
    assert_false(migrate(b, 1700000001, "one"));
    assert_true(migrate(b, 1700000002, "two"));
    expect_applied(b, "1700000001 1700000002");
}

static void
test_a_raw_table_of_a_migration_gets_its_tenant(void **state)
{
    struct bed *b = *state;
    bool applied;

    bed_check(b, pin__migration_prepare(b->session, pin__clock_mono(), &b->err), "prepare");
    bed_check(b, pin__migration_begin(b->session, 1, pin__clock_mono(), &applied, &b->err),
              "begin");
    bed_sql(b, "create table raw (_id integer primary key autoincrement, id varchar)");
    bed_check(b, pin__migration_commit(b->session, 1, &b->err), "commit");
    expect_types(b, "raw", "_id:primary_key id:alternate_key tenantId:foreign_key");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_defaults_and_indexes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_existing_column_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_table, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_original_without_column_types, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_original_with_column_types, NULL, tear_down),
        cmocka_unit_test_setup_teardown(test_changes_by_another_process_are_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_views_of_what_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tenants, set_up_tenants, tear_down),
        cmocka_unit_test_setup_teardown(test_a_table_without_tenant_is_refused, set_up_tenants,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_migration_may_add_active_to_tenants, set_up_tenants,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_migrations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_migrations_of_the_original, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_raw_table_of_a_migration_gets_its_tenant,
                                        set_up_tenants, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

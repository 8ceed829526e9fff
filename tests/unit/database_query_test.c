/* database_query_test.c - conditions, orders, pages, places and writes of src/database/query*.c. */
#include "database_help.h"

#define I(v) ((struct pin_value){ .type = PIN_VALUE_INTEGER, .integer = (v) })
#define T(v) ((struct pin_value){ .type = PIN_VALUE_TEXT, .bytes = { v, sizeof(v) - 1 } })
#define R(v) ((struct pin_value){ .type = PIN_VALUE_REAL, .real = (v) })
#define N    ((struct pin_value){ .type = PIN_VALUE_NULL })

static const int64_t january = 1767225600000; /* 2026-01-01T00:00:00Z */

static int
set_up(void **state)
{
    struct bed *b = malloc(sizeof *b);

    bed_make(b, false);
    bed_column(b, "users", "name", PIN_COLUMN_STRING);
    bed_column(b, "users", "email", PIN_COLUMN_STRING);
    bed_column(b, "users", "active", PIN_COLUMN_BOOLEAN);
    bed_column(b, "users", "age", PIN_COLUMN_INTEGER);
    bed_column(b, "users", "score", PIN_COLUMN_FLOAT);
    bed_column(b, "users", "bio", PIN_COLUMN_TEXT);
    bed_column(b, "users", "createdAt", PIN_COLUMN_DATETIME);
    bed_column(b, "posts", "userId", PIN_COLUMN_FOREIGN_KEY);
    bed_column(b, "posts", "title", PIN_COLUMN_STRING);
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

static void
four_users(struct bed *b)
{
    BED_INSERT(b, "users", { "name", T("bob") }, { "email", T("b@x") }, { "age", I(30) },
               { "active", I(1) }, { "createdAt", I(january) });
    BED_INSERT(b, "users", { "name", T("amy") }, { "email", T("a@x") }, { "age", I(12) },
               { "active", T("true") }, { "createdAt", T("2026-01-02") });
    BED_INSERT(b, "users", { "name", T("cat") }, { "email", T("c@y") }, { "age", I(40) },
               { "createdAt", T("2026-01-03T01:00:00+01:00") });
    BED_INSERT(b, "users", { "name", T("dan") }, { "age", I(0) });
}

static void
test_conditions(void **state)
{
    const struct {
        const char *label, *key;
        struct pin_value values[3];
        size_t count;
        bool array;
        const char *want;
    } rows[] = {
        { "equal", "name", { T("bob") }, 1, false, "bob" },
        { "in", "name", { T("bob"), T("cat") }, 2, true, "bob cat" },
        { "in, three", "name", { T("bob"), T("cat"), T("x") }, 3, true, "bob cat" },
        { "Ne", "nameNe", { T("bob") }, 1, false, "amy cat dan" },
        { "Ne list", "nameNe", { T("bob"), T("cat") }, 2, true, "amy dan" },
        { "Gt", "ageGt", { I(30) }, 1, false, "cat" },
        { "Ge", "ageGe", { I(30) }, 1, false, "bob cat" },
        { "Lt", "ageLt", { I(30) }, 1, false, "amy dan" },
        { "Le", "ageLe", { I(30) }, 1, false, "amy bob dan" },
        { "Lt list is any of", "ageLt", { I(1), I(13) }, 2, true, "amy dan" },
        { "number as text", "ageGe", { T("30") }, 1, false, "bob cat" },
        { "BeginsWith", "nameBeginsWith", { T("b") }, 1, false, "bob" },
        { "EndsWith", "nameEndsWith", { T("t") }, 1, false, "cat" },
        { "Contains", "nameContains", { T("a") }, 1, false, "amy cat dan" },
        { "Contains ignores case", "nameContains", { T("A") }, 1, false, "amy cat dan" },
        { "Contains list", "nameContains", { T("o"), T("y") }, 2, true, "amy bob" },
        { "true", "active", { I(1) }, 1, false, "amy bob" },
        { "false", "active", { I(0) }, 1, false, "cat dan" },
        { "true as text", "active", { T("true") }, 1, false, "amy bob" },
        { "date equal", "createdAt", { I(1767225600000 + 86400000) }, 1, false, "amy" },
        { "date as text", "createdAt", { T("2026-01-02T00:00:00Z") }, 1, false, "amy" },
        { "date Lt", "createdAtLt", { T("2026-01-03") }, 1, false, "amy bob" },
        { "date Ge", "createdAtGe", { T("2026-01-02") }, 1, false, "amy cat" },
        { "null", "createdAt", { N }, 1, false, "dan" },
        { "Ne null", "createdAtNe", { N }, 1, false, "amy bob cat" },
        { "null in a list", "createdAt", { I(1767225600000), N }, 2, true, "bob dan" },
        { "null in a Ne list", "createdAtNe", { I(1767225600000), N }, 2, true, "amy cat" },
        { "only null in a list", "createdAt", { N }, 1, true, "dan" },
        { "Lt null", "ageLt", { N }, 1, false, "" },
        { "Contains null", "nameContains", { N }, 1, false, "" },
        { "empty list", "name", { N }, 0, true, "" },
        { "empty Ne list", "nameNe", { N }, 0, true, "amy bob cat dan" },
        { "empty Lt list", "ageLt", { N }, 0, true, "" },
        { "quote is data", "name", { T("x' or 1=1 --") }, 1, false, "" },
        { "percent is itself", "nameContains", { T("%") }, 1, false, "" },
        { "underscore is itself", "nameBeginsWith", { T("_") }, 1, false, "" },
        { "backslash is itself", "nameBeginsWith", { T("\\") }, 1, false, "" },
        { "Contains a number", "ageContains", { I(4) }, 1, false, "cat" },
        { "empty Contains", "nameContains", { T("") }, 1, false, "amy bob cat dan" },
    };
    struct bed *b = *state;

    four_users(b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_query *q = bed_query(b, "users");

        bed_check(
            b,
            pin__query_where(q, rows[i].key, rows[i].values, rows[i].count, rows[i].array, &b->err),
            rows[i].label);
        bed_check(b, pin__query_order(q, "name", false, &b->err), rows[i].label);
        bed_expect(b, q, "name", rows[i].want, rows[i].label);
    }
}

static void
test_like_escapes(void **state)
{
    struct bed *b = *state;
    struct pin_query *q = bed_query(b, "users");
    struct pin_value v = T("0%_\\");

    BED_INSERT(b, "users", { "name", T("100%_\\ sure") });
    BED_INSERT(b, "users", { "name", T("100xyz sure") });
    bed_check(b, pin__query_where(q, "nameContains", &v, 1, false, &b->err), "where");
    bed_expect(b, q, "name", "100%_\\ sure", "only the one with the signs themselves");
}

static void
test_refused_keys(void **state)
{
    static const struct {
        const char *key, *says;
    } rows[] = {
        { "nam", "did you mean \"name\"" }, { "nameNot", "\"nameNot\"" },
        { "", "its columns are" },          { "ageGtGt", "BeginsWith" },
        { "users.name", "No such column" }, { "name\" = 1 --", "No such column" },
        { "createdAtAfter", "createdAt" },
    };
    struct bed *b = *state;
    struct pin_query *q = bed_query(b, "users");
    struct pin_value v = I(1);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(pin__query_has_key(q, rows[i].key));
        if (pin__query_where(q, rows[i].key, &v, 1, false, &b->err) != PIN_INVALID)
            fail_msg("\"%s\" was accepted", rows[i].key);
        if (!strstr(b->err.message, rows[i].says) || !strstr(b->err.message, "\"users\""))
            fail_msg("\"%s\": %s", rows[i].key, b->err.message);
    }
    assert_true(pin__query_has_key(q, "ageGt"));
    assert_int_equal(pin__query_order(q, "agee", false, &b->err), PIN_INVALID);
    assert_non_null(strstr(b->err.message, "did you mean \"age\""));
    v = T("yesterday");
    assert_int_equal(pin__query_where(q, "createdAt", &v, 1, false, &b->err), PIN_INVALID);
    assert_non_null(strstr(b->err.message, "users.createdAt: \"yesterday\" is no date"));
}

static void
test_text_conditions(void **state)
{
    const struct {
        const char *text;
        struct pin_value values[2];
        size_t count;
        const char *want;
    } rows[] = {
        { "age > 20", { N }, 0, "bob cat" },
        { "age > ? and name != ?", { I(20), T("bob") }, 2, "cat" },
        { "age > ? or age is null", { I(35) }, 1, "cat" },
        { "users.age in (30, 40)", { N }, 0, "bob cat" },
        { "lower(name) like 'B%'", { N }, 0, "bob" },
        { "case when age > 20 then 1 else 0 end", { N }, 0, "bob cat" },
        { "name = \"bob\"", { N }, 0, "bob" },
        { "cast(age as text) = '12'", { N }, 0, "amy" },
    };
    struct bed *b = *state;

    four_users(b);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_query *q = bed_query(b, "users");
        struct pin_bytes text = { rows[i].text, strlen(rows[i].text) };

        bed_check(b, pin__query_where_text(q, text, rows[i].values, rows[i].count, &b->err),
                  rows[i].text);
        bed_check(b, pin__query_order(q, "name", false, &b->err), rows[i].text);
        bed_expect(b, q, "name", rows[i].want, rows[i].text);
    }
}

static void
test_pages(void **state)
{
    static const struct {
        const char *label;
        int64_t page, size, skip;
        const char *want;
        int64_t count;
    } rows[] = {
        { "page 1 of 2", 1, 2, 0, "1 2", 2 },
        { "page 2 of 2", 2, 2, 0, "3 4", 2 },
        { "page 3 of 2", 3, 2, 0, "5", 1 },
        { "skip 1", 1, 2, 1, "2 3", 2 },
        { "page 4 of 2", 4, 2, 0, "", 0 },
        { "page 0 is 1", 0, 2, 0, "1 2", 2 },
        { "far away", INT64_MAX, INT64_MAX, 0, "", 0 },
    };
    struct bed *b = *state;
    int64_t count;
    bool exists;

    for (int i = 5; i > 0; i--)
        BED_INSERT(b, "users", { "age", I(i) });
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_query *q = bed_query(b, "users");

        bed_check(b, pin__query_order(q, "age", false, &b->err), "order");
        pin__query_paginate(q, rows[i].page, rows[i].size, rows[i].skip);
        bed_expect(b, q, "age", rows[i].want, rows[i].label);
        bed_check(b, pin__query_count(q, &count, &b->err), "count");
        assert_int_equal(count, rows[i].count);
        bed_check(b, pin__query_exists(q, &exists, &b->err), "exists");
        assert_int_equal(exists, rows[i].count > 0);
    }
    bed_expect(b, bed_query(b, "users"), "age", "5 4 3 2 1", "insertion order");
}

static void
test_orders(void **state)
{
    struct bed *b = *state;
    struct pin_query *q = bed_query(b, "users");
    struct pin_cursor c;

    BED_INSERT(b, "users", { "age", I(3) }, { "active", I(1) });
    BED_INSERT(b, "users", { "age", I(1) });
    BED_INSERT(b, "users", { "age", I(2) }, { "active", I(1) });
    BED_INSERT(b, "users", { "age", I(5) });
    BED_INSERT(b, "users", { "age", I(4) });
    bed_check(b, pin__query_order(q, "active", false, &b->err), "order");
    bed_check(b, pin__query_order(q, "age", true, &b->err), "order");
    bed_expect(b, q, "age", "5 4 1 3 2", "two columns");
    bed_check(b, pin__query_first(q, &c, &b->err), "first");
    assert_int_equal(pin__cursor_next(&c, &b->err), PIN_OK);
    assert_int_equal(c.values[pin__table_column(c.table, "age")].integer, 5);
    assert_int_equal(pin__cursor_next(&c, &b->err), PIN_EMPTY);
    pin__cursor_close(&c);
    pin__cursor_close(&c);
}

static void
test_relation(void **state)
{
    struct bed *b = *state;
    struct pin_inserted bob, amy;
    struct pin_field name = { "name", T("bob") };
    struct pin_row_fields row = { &name, 1 };
    struct pin_query *posts, *users;
    struct pin_value v = T("bob");

    bed_check(
        b, pin__insert(b->session, &everything, "users", &row, 1, &bob, pin__clock_mono(), &b->err),
        "bob");
    name.value = T("amy");
    bed_check(
        b, pin__insert(b->session, &everything, "users", &row, 1, &amy, pin__clock_mono(), &b->err),
        "amy");
    BED_INSERT(b, "posts", { "userId", pin__value_text(bob.id) }, { "title", T("one") });
    BED_INSERT(b, "posts", { "userId", pin__value_text(amy.id) }, { "title", T("two") });
    BED_INSERT(b, "posts", { "userId", pin__value_text(bob.id) }, { "title", T("three") });
    users = bed_query(b, "users");
    bed_check(b, pin__query_where(users, "name", &v, 1, false, &b->err), "where");
    posts = bed_query(b, "posts");
    bed_check(b, pin__query_where_in(posts, "userId", users, "id", &b->err), "in");
    bed_expect(b, posts, "title", "one three", "bob's posts");
    /* and back: whose post is called two */
    posts = bed_query(b, "posts");
    v = T("two");
    bed_check(b, pin__query_where(posts, "title", &v, 1, false, &b->err), "where");
    users = bed_query(b, "users");
    bed_check(b, pin__query_where_in(users, "id", posts, "userId", &b->err), "in");
    bed_expect(b, users, "name", "amy", "the author");
    assert_int_equal(pin__query_where_in(users, "id", posts, "authorId", &b->err), PIN_INVALID);
    assert_non_null(strstr(b->err.message, "\"posts\""));
}

static void
test_insert(void **state)
{
    struct bed *b = *state;
    struct pin_field fields[] = { { "name", T("bob") },    { "id", T("mine") },
                                  { "_id", I(77) },        { "nothing", I(1) },
                                  { "active", T("true") }, { "name", T("rob") } };
    struct pin_row_fields rows[] = { { fields, 6 }, { NULL, 0 }, { fields, 1 } };
    struct pin_inserted made[3];
    struct pin_query *q = bed_query(b, "users");
    struct pin_cursor c;
    pin_status st;

    bed_check(
        b, pin__insert(b->session, &everything, "users", rows, 3, made, pin__clock_mono(), &b->err),
        "insert");
    bed_expect(b, q, "name", "rob  bob", "names, the last of two fields wins, default ''");
    bed_expect(b, q, "_id", "1 2 3", "keys");
    bed_expect(b, q, "active", "1 0 0", "active");
    st = pin__query_first(q, &c, &b->err);
    bed_check(b, st, "first");
    assert_int_equal(pin__cursor_next(&c, &b->err), PIN_OK);
    assert_string_equal(c.values[c.table->id_column].bytes.data, made[0].id);
    pin__cursor_close(&c);
    assert_int_equal(strlen(made[0].id), 36);
    assert_int_equal(made[0].id[14], '4');
    assert_string_not_equal(made[0].id, made[1].id);
}

static void
test_insert_is_all_or_none(void **state)
{
    struct bed *b = *state;
    struct pin_field fields[] = { { "email", T("a") }, { "email", T("b") } };
    struct pin_row_fields rows[] = { { &fields[0], 1 }, { &fields[1], 1 }, { &fields[0], 1 } };

    bed_sql(b, "create unique index one on users(email)");
    assert_int_equal(
        pin__insert(b->session, &everything, "users", rows, 3, NULL, pin__clock_mono(), &b->err),
        PIN_CONFLICT);
    assert_non_null(strstr(b->err.message, "users.email"));
    assert_int_equal(bed_number(b, "select count(*) from users"), 0);
    assert_false(pin__session_in_transaction(b->session));
    /* inside a transaction the rest of it lives on */
    bed_check(b, pin__session_begin(b->session, pin__clock_mono(), &b->err), "begin");
    bed_check(
        b, pin__insert(b->session, &everything, "users", rows, 1, NULL, pin__clock_mono(), &b->err),
        "insert");
    assert_int_equal(pin__insert(b->session, &everything, "users", &rows[1], 2, NULL,
                                 pin__clock_mono(), &b->err),
                     PIN_CONFLICT);
    bed_check(b, pin__session_commit(b->session, &b->err), "commit");
    bed_expect(b, bed_query(b, "users"), "email", "a", "the first insert stays");
}

static void
test_update_and_delete(void **state)
{
    struct bed *b = *state;
    struct pin_field score = { "score", R(1.5) };
    struct pin_field ignored[] = { { "_id", I(9) }, { "id", T("x") }, { "nothing", I(1) } };
    struct pin_query *q = bed_query(b, "users");
    struct pin_value twenty = I(20);
    int64_t changed;

    four_users(b);
    bed_check(b, pin__query_where(q, "ageGt", &twenty, 1, false, &b->err), "where");
    bed_check(b, pin__query_update(q, &score, 1, &changed, &b->err), "update");
    assert_int_equal(changed, 2);
    bed_expect(b, bed_query(b, "users"), "score", "1.5 0 1.5 0", "scores");
    bed_check(b, pin__query_update(q, ignored, 3, &changed, &b->err), "update of nothing");
    assert_int_equal(changed, 0);
    /* a page of the rows */
    q = bed_query(b, "users");
    bed_check(b, pin__query_order(q, "age", true, &b->err), "order");
    pin__query_paginate(q, 1, 1, 1);
    bed_check(b, pin__query_delete(q, &changed, &b->err), "delete");
    assert_int_equal(changed, 1);
    bed_expect(b, bed_query(b, "users"), "name", "amy cat dan", "the second oldest is gone");
    bed_check(b, pin__update_row(b->session, &everything, "users", 2, &score, 1, &changed, &b->err),
              "row");
    assert_int_equal(changed, 1);
    bed_check(b, pin__delete_row(b->session, &everything, "users", 2, &changed, &b->err), "row");
    assert_int_equal(changed, 1);
    bed_check(b, pin__update_row(b->session, &everything, "users", 2, &score, 1, &changed, &b->err),
              "gone");
    assert_int_equal(changed, 0);
    bed_check(b, pin__query_delete(bed_query(b, "users"), &changed, &b->err), "all");
    assert_int_equal(changed, 2);
}

static void
test_to_sql(void **state)
{
    struct bed *b = *state;
    struct pin_query *q = bed_query(b, "posts");
    struct pin_value v[] = { T("one"), T("two"), T("three") };
    const struct pin_value *values;
    struct pin_bytes sql;
    size_t count;

    bed_check(b, pin__query_where(q, "title", v, 3, true, &b->err), "where");
    bed_check(b, pin__query_order(q, "title", true, &b->err), "order");
    pin__query_limit(q, 7);
    bed_check(b, pin__query_to_sql(q, &sql, &values, &count, &b->err), "to_sql");
    assert_string_equal(
        sql.data, "select \"posts\".\"_id\", \"posts\".\"id\", \"posts\".\"userId\", "
                  "\"posts\".\"title\" from \"posts\" where (\"posts\".\"title\" in (?, ?, ?, ?)) "
                  "order by \"posts\".\"title\" desc, \"posts\".\"_id\" limit ?");
    assert_int_equal(count, 5);
    assert_memory_equal(values[3].bytes.data, "three", 5);
    assert_int_equal(values[4].integer, 7);
}

static void
test_statements_are_reused(void **state)
{
    struct bed *b = *state;
    struct pin_session_counts before, after;

    four_users(b);
    bed_expect(b, bed_query(b, "users"), "age", "30 12 40 0", "warm");
    before = pin__session_counts(b->session);
    for (int i = 0; i < 100; i++)
        bed_expect(b, bed_query(b, "users"), "age", "30 12 40 0", "again");
    after = pin__session_counts(b->session);
    assert_int_equal(after.prepared, before.prepared);
    assert_int_equal(after.reused, before.reused + 100);
}

/* --- places --- */

static uint64_t seed = 20260101;

static uint32_t
draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static void
random_users(struct bed *b, int count)
{
    static const char *const names[] = { "", "a", "A", "b", "zebra", "\xc3\xa9", "10", "9" };

    bed_check(b, pin__session_begin(b->session, pin__clock_mono(), &b->err), "begin");
    for (int i = 0; i < count; i++) {
        struct pin_value name = draw(4) ? pin__value_text(names[draw(8)]) : pin__value_null();
        struct pin_value age =
            draw(3) ? pin__value_integer((int64_t)draw(5) - 2) : pin__value_null();
        struct pin_value score = draw(3) ? pin__value_real(draw(7) / 3.0) : pin__value_null();

        BED_INSERT(b, "users", { "name", name }, { "age", age }, { "score", score });
    }
    bed_check(b, pin__session_commit(b->session, &b->err), "commit");
}

static struct pin_query *
random_query(struct bed *b, uint32_t shape)
{
    static const char *const columns[] = { "name", "age", "score", "_id", "active" };
    struct pin_query *q = bed_query(b, "users");
    struct pin_value v = I(1);

    for (uint32_t n = shape % 4; n > 0; n--, shape /= 7)
        bed_check(b, pin__query_order(q, columns[shape % 5], shape % 3 == 0, &b->err), "order");
    if (shape % 2)
        bed_check(b, pin__query_where(q, "ageLe", &v, 1, false, &b->err), "where");
    return q;
}

/* The same rows again, a few at a time, from place to place. */
static void
list_by_batches(struct bed *b, uint32_t shape, struct pin_buf *out)
{
    struct pin_buf key = PIN_BUF_INIT(4096);
    bool more = true;

    while (more) {
        struct pin_query *q = random_query(b, shape);
        struct pin_cursor c;

        if (key.size)
            bed_check(b, pin__query_after(q, key.data, &b->err), key.data);
        pin__query_limit(q, 3);
        bed_check(b, pin__query_select(q, &c, &b->err), "select");
        for (more = false; pin__cursor_next(&c, &b->err) == PIN_OK; more = true) {
            pin__buf_addf(out, out->size ? " %lld" : "%lld", (long long)c.values[0].integer);
            pin__buf_clear(&key);
            bed_check(b, pin__cursor_key(&c, &key, &b->err), "key");
        }
        pin__cursor_close(&c);
    }
    pin__buf_fini(&key);
}

static void
test_batches_give_what_one_query_gives(void **state)
{
    struct bed *b = *state;

    random_users(b, 60);
    for (uint32_t shape = 0; shape < 120; shape++) {
        struct pin_buf whole = PIN_BUF_INIT(1 << 16), parts = PIN_BUF_INIT(1 << 16);

        bed_check(b, bed_list(b, random_query(b, shape * 37), "_id", &whole), "whole");
        list_by_batches(b, shape * 37, &parts);
        if (strcmp(pin__buf_text(&whole), pin__buf_text(&parts)) != 0)
            fail_msg("shape %u: whole %s, in batches %s", shape * 37, whole.data, parts.data);
        pin__buf_fini(&whole);
        pin__buf_fini(&parts);
        pin__arena_reset(&b->arena);
    }
}

static void
test_wrong_places(void **state)
{
    static const char *const keys[] = { "",   "i",   "i1,i2", "x1", "i1,", ",i1",
                                        "t4", "tzz", "i1x",   "n1", "r",   "i1;drop" };
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (pin__query_after(bed_query(b, "users"), keys[i], &b->err) != PIN_INVALID)
            fail_msg("\"%s\" was accepted", keys[i]);
    bed_check(b, pin__query_after(bed_query(b, "users"), "i1", &b->err), "i1");
}

static void
test_long_lists(void **state)
{
    struct bed *b = *state;
    size_t count = 30001;
    struct pin_value *list = calloc(count, sizeof *list);
    struct pin_session_counts before;
    int64_t n;

    for (size_t i = 0; i < count; i++)
        list[i] = pin__value_integer((int64_t)i);
    four_users(b);
    for (size_t size = 17; size <= 30000; size += 9983) {
        struct pin_query *q = bed_query(b, "users");

        bed_check(b, pin__query_where(q, "age", list, size, true, &b->err), "where");
        bed_check(b, pin__query_count(q, &n, &b->err), "count");
        assert_int_equal(n, size > 40 ? 4 : 2);
    }
    assert_int_equal(pin__query_where(bed_query(b, "users"), "age", list, count, true, &b->err),
                     PIN_LIMIT);
    /* lists of 17 to 32 elements are one statement */
    before = pin__session_counts(b->session);
    for (size_t size = 17; size <= 32; size++) {
        struct pin_query *q = bed_query(b, "users");

        bed_check(b, pin__query_where(q, "age", list, size, true, &b->err), "where");
        bed_check(b, pin__query_count(q, &n, &b->err), "count");
    }
    assert_int_equal(pin__session_counts(b->session).prepared, before.prepared);
    free(list);
}

static void
test_run(void **state)
{
    struct bed *b = *state;
    struct pin_bytes sql = { "select name as who, age + ? as older from users order by age", 0 };
    struct pin_value one = I(1);
    struct pin_cursor c;

    sql.size = strlen(sql.data);
    four_users(b);
    bed_check(b, pin__run(b->session, &everything, sql, &one, 1, &c, &b->err), "run");
    assert_string_equal(pin__cursor_name(&c, 0), "who");
    assert_string_equal(pin__cursor_name(&c, 1), "older");
    bed_check(b, pin__cursor_next(&c, &b->err), "next");
    assert_string_equal(c.values[0].bytes.data, "dan");
    assert_int_equal(c.values[1].integer, 1);
    pin__cursor_close(&c);
    assert_int_equal(pin__run(b->session, &everything, sql, NULL, 0, &c, &b->err), PIN_INVALID);
    assert_non_null(strstr(b->err.message, "1 parameter, 0 values"));
}

static void
test_run_refuses(void **state)
{
    static const struct {
        const char *sql;
        pin_status want;
    } rows[] = {
        { "begin", PIN_DENIED },
        { "commit", PIN_DENIED },
        { "savepoint x", PIN_DENIED },
        { "attach 'x.db' as x", PIN_DENIED },
        { "vacuum", PIN_DENIED },
        { "vacuum into '/tmp/x'", PIN_DENIED },
        { "pragma journal_mode = delete", PIN_DENIED },
        { "pragma synchronous = off", PIN_DENIED },
        { "pragma foreign_keys = off", PIN_DENIED },
        { "pragma user_version = 3", PIN_DENIED },
        { "create temp table t (a)", PIN_DENIED },
        { "create temp view v as select 1", PIN_DENIED },
        { "select load_extension('x')", PIN_DENIED },
        { "select 1; select 2", PIN_INVALID },
        { "select 1;; select 2", PIN_INVALID },
        { "", PIN_INVALID },
        { "-- nothing", PIN_INVALID },
        { "selec 1", PIN_INVALID },
        { "select * from nowhere", PIN_INVALID },
        { "pragma table_info(users)", PIN_OK },
        { "pragma user_version", PIN_OK },
        { "select 1; -- and that is all", PIN_OK },
    };
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_bytes sql = { rows[i].sql, strlen(rows[i].sql) };
        struct pin_cursor c;
        pin_status st = pin__run(b->session, &everything, sql, NULL, 0, &c, &b->err);

        pin__cursor_close(&c);
        if (st != rows[i].want)
            fail_msg("%s: %s, %s", rows[i].sql, pin__status_name(st), b->err.message);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_conditions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_like_escapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text_conditions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_orders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_relation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_insert, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_insert_is_all_or_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_update_and_delete, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_to_sql, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_statements_are_reused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_batches_give_what_one_query_gives, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_run_refuses, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* database_help.h - a database in a folder of its own, and short words for tests of src/database.
 */
#ifndef TESTS_DATABASE_HELP_H
#define TESTS_DATABASE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "database/migration.h"
#include "database/query.h"

static const struct pin_scope everything = { .all = true };

struct bed { /* what a test lies on */
    char folder[64];
    char file[96];
    struct pin_session *session;
    struct pin_arena arena;
    struct pin_err err;
};

static inline void
bed_check(struct bed *b, pin_status st, const char *what)
{
    if (st != PIN_OK)
        fail_msg("%s: %s: %s", what, pin__status_name(st), b->err.message);
}

static inline struct pin_session *
bed_session(struct bed *b, bool multi_tenant)
{
    struct pin_session_config config = { .filename = b->file,
                                         .busy_ms = 100,
                                         .multi_tenant = multi_tenant };
    struct pin_session *s = NULL;

    bed_check(b, pin__session_open(&s, &config, &b->err), "open");
    return s;
}

static inline void
bed_make(struct bed *b, bool multi_tenant)
{
    *b = (struct bed){ .arena = PIN_ARENA_INIT(64 << 20) };
    snprintf(b->folder, sizeof b->folder, "/tmp/pinstripe-test-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(b->file, sizeof b->file, "%s/test.db", b->folder);
    b->session = bed_session(b, multi_tenant);
}

static inline void
bed_clear(struct bed *b)
{
    pin__session_close(b->session);
    assert_int_equal(pin__database_drop(b->file, NULL), PIN_OK);
    assert_int_equal(rmdir(b->folder), 0);
    pin__arena_fini(&b->arena);
}

static inline void
bed_sql(struct bed *b, const char *sql)
{
    struct pin_cursor c;
    struct pin_bytes text = { sql, strlen(sql) };

    bed_check(b, pin__run(b->session, &everything, text, NULL, 0, &c, &b->err), sql);
    pin__cursor_close(&c);
}

static inline int64_t
bed_number(struct bed *b, const char *sql)
{
    struct pin_bytes text = { sql, strlen(sql) };
    struct pin_cursor c;
    int64_t n;

    bed_check(b, pin__run(b->session, &everything, text, NULL, 0, &c, &b->err), sql);
    bed_check(b, pin__cursor_next(&c, &b->err), sql);
    n = c.values[0].type == PIN_VALUE_INTEGER ? c.values[0].integer : -999;
    pin__cursor_close(&c);
    return n;
}

static inline void
bed_column(struct bed *b, const char *table, const char *column, enum pin_column_type type)
{
    bed_check(b,
              pin__schema_add_column(b->session, &everything, table, column, type, NULL, &b->err),
              column);
}

static inline struct pin_query *
bed_query_in(struct bed *b, const struct pin_scope *scope, const char *table)
{
    struct pin_query *q;

    bed_check(b, pin__query_new(&q, &b->arena, b->session, scope, table, &b->err), table);
    return q;
}

static inline struct pin_query *
bed_query(struct bed *b, const char *table)
{
    return bed_query_in(b, &everything, table);
}

/* Appends the column of every row, with spaces between. */
static inline pin_status
bed_list(struct bed *b, struct pin_query *q, const char *column, struct pin_buf *out)
{
    int at = pin__table_column(pin__query_table(q), column);
    struct pin_cursor c;
    pin_status st;

    if ((st = pin__query_select(q, &c, &b->err)) != PIN_OK)
        return st;
    while ((st = pin__cursor_next(&c, &b->err)) == PIN_OK) {
        const struct pin_value *v = &c.values[at];

        pin__buf_adds(out, out->size ? " " : "");
        if (v->type == PIN_VALUE_TEXT)
            pin__buf_add(out, v->bytes.data, v->bytes.size);
        else if (v->type == PIN_VALUE_INTEGER)
            pin__buf_addf(out, "%lld", (long long)v->integer);
        else if (v->type == PIN_VALUE_REAL)
            pin__buf_addf(out, "%g", v->real);
        else
            pin__buf_adds(out, "null");
    }
    pin__cursor_close(&c);
    return st == PIN_EMPTY ? PIN_OK : st;
}

static inline void
bed_expect(struct bed *b, struct pin_query *q, const char *column, const char *want,
           const char *what)
{
    struct pin_buf got = PIN_BUF_INIT(1 << 20);

    bed_check(b, bed_list(b, q, column, &got), what);
    if (strcmp(pin__buf_text(&got), want) != 0)
        fail_msg("%s: got \"%s\", want \"%s\"", what, pin__buf_text(&got), want);
    pin__buf_fini(&got);
}

static inline void
bed_insert_in(struct bed *b, const struct pin_scope *scope, const char *table,
              const struct pin_field *fields, size_t count)
{
    struct pin_row_fields row = { fields, count };

    bed_check(b, pin__insert(b->session, scope, table, &row, 1, NULL, pin__clock_mono(), &b->err),
              table);
}

#define BED_INSERT(b, table, ...)                                                                  \
    bed_insert_in(b, &everything, table, (const struct pin_field[]){ __VA_ARGS__ },                \
                  sizeof((const struct pin_field[]){ __VA_ARGS__ }) / sizeof(struct pin_field))

#endif

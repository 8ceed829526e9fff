/* query.c - what the database layer costs in C: where().limit(100) to typed values, against the
 * same statement prepared once and stepped by hand; and first(), where building the text, finding
 * the statement and binding count most.
 *
 * The JavaScript part, to rows, is measured where the engine is. Prints one JSON line a figure.
 */
#include <sqlite3.h>
#include <unistd.h>

#include "base/clock.h"
#include "bench.h"
#include "database/query.h"

enum { ROWS = 10000, ROUNDS = 41, QUERIES = 300 };

static const struct pin_scope all = { .all = true };

static void
check(pin_status st, const struct pin_err *err)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "bench query: %s\n", err->message);
    exit(1);
}

static void
add_users(struct pin_session *s)
{
    struct pin_err err = PIN_ERR_INIT;
    char name[32];

    check(pin__session_begin(s, pin__clock_mono(), &err), &err);
    for (int i = 0; i < ROWS; i++) {
        struct pin_field fields[] = { { "name", pin__value_text(name) },
                                      { "email", pin__value_text("somebody@example.com") },
                                      { "age", pin__value_integer(i % 90) },
                                      { "active", pin__value_integer(i % 2) },
                                      { "createdAt", pin__value_integer(1767225600000 + i) } };
        struct pin_row_fields row = { fields, sizeof fields / sizeof *fields };

        snprintf(name, sizeof name, "user %d", i);
        check(pin__insert(s, &all, "users", &row, 1, NULL, pin__clock_mono(), &err), &err);
    }
    check(pin__session_commit(s, &err), &err);
}

static struct pin_session *
make_database(const char *file)
{
    static const struct {
        const char *name;
        enum pin_column_type type;
    } columns[] = {
        { "name", PIN_COLUMN_STRING }, { "email", PIN_COLUMN_STRING },
        { "age", PIN_COLUMN_INTEGER }, { "active", PIN_COLUMN_BOOLEAN },
        { "score", PIN_COLUMN_FLOAT }, { "createdAt", PIN_COLUMN_DATETIME },
    };
    struct pin_session_config config = { .filename = file };
    struct pin_err err = PIN_ERR_INIT;
    struct pin_session *s;

    check(pin__session_open(&s, &config, &err), &err);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        check(
            pin__schema_add_column(s, &all, "users", columns[i].name, columns[i].type, NULL, &err),
            &err);
    add_users(s);
    return s;
}

/* A checksum, so that every value is really looked at. */
static int64_t
digest(const struct pin_value *v)
{
    switch (v->type) {
    case PIN_VALUE_INTEGER:
        return v->integer;
    case PIN_VALUE_REAL:
        return (int64_t)v->real;
    case PIN_VALUE_TEXT:
        return v->bytes.data[0] + (int64_t)v->bytes.size;
    default:
        return 1;
    }
}

static int64_t
through_the_layer(struct pin_session *s, struct pin_arena *arena, int64_t limit)
{
    struct pin_value yes = pin__value_integer(1);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_query *q;
    struct pin_cursor c;
    int64_t sum = 0;

    check(pin__query_new(&q, arena, s, &all, "users", &err), &err);
    check(pin__query_where(q, "active", &yes, 1, false, &err), &err);
    pin__query_limit(q, limit);
    check(pin__query_select(q, &c, &err), &err);
    while (pin__cursor_next(&c, &err) == PIN_OK)
        for (size_t i = 0; i < c.count; i++)
            sum += digest(&c.values[i]);
    pin__cursor_close(&c);
    pin__arena_reset(arena);
    return sum;
}

static int64_t
plain_value(sqlite3_stmt *st, int i)
{
    switch (sqlite3_column_type(st, i)) {
    case SQLITE_INTEGER:
        return sqlite3_column_int64(st, i);
    case SQLITE_FLOAT:
        return (int64_t)sqlite3_column_double(st, i);
    case SQLITE_TEXT:
        return sqlite3_column_text(st, i)[0] + sqlite3_column_bytes(st, i);
    default:
        return 1;
    }
}

static int64_t
by_hand(sqlite3_stmt *st, int64_t limit)
{
    int columns = sqlite3_column_count(st);
    int64_t sum = 0;

    sqlite3_bind_int64(st, 1, 1);
    sqlite3_bind_int64(st, 2, limit);
    while (sqlite3_step(st) == SQLITE_ROW)
        for (int i = 0; i < columns; i++)
            sum += plain_value(st, i);
    sqlite3_reset(st);
    return sum;
}

struct measured {
    double layer_us, plain_us; /* one query */
};

/* The fastest but three: what others do on the machine only makes a round slower. */
static double
undisturbed(double values[ROUNDS])
{
    (void)bench_median(values, ROUNDS);
    return values[3];
}

/* Alternating, so that both see the same machine. */
static struct measured
measure(struct pin_session *s, sqlite3_stmt *st, int64_t limit)
{
    struct pin_arena arena = PIN_ARENA_INIT(1 << 20);
    double layer[ROUNDS], plain[ROUNDS];
    int64_t difference = 0;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = pin__clock_mono().ns, middle;

        for (int i = 0; i < QUERIES; i++)
            difference += through_the_layer(s, &arena, limit);
        middle = pin__clock_mono().ns;
        for (int i = 0; i < QUERIES; i++)
            difference -= by_hand(st, limit);
        plain[round] = (double)(pin__clock_mono().ns - middle) / QUERIES / 1000;
        layer[round] = (double)(middle - start) / QUERIES / 1000;
    }
    pin__arena_fini(&arena);
    if (difference != 0) {
        fputs("bench query: the two do not read the same\n", stderr);
        exit(1);
    }
    return (struct measured){ undisturbed(layer), undisturbed(plain) };
}

static sqlite3_stmt *
prepare_plain(const char *file, sqlite3 **db)
{
    static const char sql[] =
        "select \"_id\", \"id\", \"name\", \"email\", \"age\", \"active\", \"score\","
        " \"createdAt\" from \"users\" where \"active\" = ? order by \"_id\" limit ?";
    sqlite3_stmt *st = NULL;

    if (sqlite3_open_v2(file, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(*db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
        fprintf(stderr, "bench query: %s\n", sqlite3_errmsg(*db));
        exit(1);
    }
    return st;
}

int
main(void)
{
    char folder[PATH_MAX], file[PATH_MAX + 16];
    struct pin_session *s;
    struct measured hundred, one;
    sqlite3_stmt *st;
    sqlite3 *db;

    bench_project(folder, "export default {};\n");
    snprintf(file, sizeof file, "%s/bench.db", folder);
    s = make_database(file);
    st = prepare_plain(file, &db);
    hundred = measure(s, st, 100);
    one = measure(s, st, 1);
    bench_row("in C: where().limit(100) to values", hundred.layer_us, "us", hundred.plain_us,
              "<= 1.3 times by hand", hundred.layer_us <= 1.3 * hundred.plain_us);
    bench_row("in C: where().first() to values", one.layer_us, "us", one.plain_us,
              "<= 2 times by hand", one.layer_us <= 2 * one.plain_us);
    sqlite3_finalize(st);
    sqlite3_close(db);
    pin__session_close(s);
    bench_remove(folder);
    return 0;
}

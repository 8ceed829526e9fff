/* database_session_test.c - opening odd files, transactions, what a run leaves, locks, forks. */
#include "database_help.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int
set_up(void **state)
{
    struct bed *b = malloc(sizeof *b);

    bed_make(b, false);
    bed_column(b, "things", "n", PIN_COLUMN_INTEGER);
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
insert(struct bed *b, int64_t n)
{
    BED_INSERT(b, "things", { "n", pin__value_integer(n) });
}

static int64_t
count(struct bed *b)
{
    int64_t n;

    bed_check(b, pin__query_count(bed_query(b, "things"), &n, &b->err), "count");
    return n;
}

static void
begin(struct bed *b)
{
    bed_check(b, pin__session_begin(b->session, pin__clock_mono(), &b->err), "begin");
}

/* --- files --- */

static void
make_text_file(const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    for (int i = 0; i < 200; i++)
        fputs("this is no database at all\n", f);
    fclose(f);
}

static void
test_odd_files(void **state)
{
    static const struct {
        const char *name;
        bool must_exist;
        pin_status want;
        const char *says;
    } rows[] = {
        { "folder", false, PIN_DENIED, "no regular file" },
        { "fifo", false, PIN_DENIED, "no regular file" },
        { "text", false, PIN_INVALID, "no SQLite database" },
        { "missing", true, PIN_NOT_FOUND, "No such file" },
        { "no/such/folder.db", false, PIN_IO, "No such file" },
        { "empty", false, PIN_OK, "" },
        { "new", false, PIN_OK, "" },
    };
    struct bed *b = *state;
    char path[128];

    snprintf(path, sizeof path, "%s/folder", b->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/fifo", b->folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(path, sizeof path, "%s/empty", b->folder);
    assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
    snprintf(path, sizeof path, "%s/text", b->folder);
    make_text_file(path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_session_config config = { .filename = path, .must_exist = rows[i].must_exist };
        struct pin_session *s;
        pin_status st;

        snprintf(path, sizeof path, "%s/%s", b->folder, rows[i].name);
        st = pin__session_open(&s, &config, &b->err);
        if (st != rows[i].want)
            fail_msg("%s: %s: %s", rows[i].name, pin__status_name(st), b->err.message);
        if (st != PIN_OK &&
            (!strstr(b->err.message, path) || !strstr(b->err.message, rows[i].says)))
            fail_msg("%s: %s", rows[i].name, b->err.message);
        pin__session_close(s);
    }
    snprintf(path, sizeof path, "%s/folder", b->folder);
    assert_int_equal(pin__database_drop(path, &b->err), PIN_DENIED);
    assert_int_equal(rmdir(path), 0);
    snprintf(path, sizeof path, "%s/fifo", b->folder);
    assert_int_equal(unlink(path), 0);
    for (size_t i = 2; i < sizeof rows / sizeof *rows; i++) {
        snprintf(path, sizeof path, "%s/%s", b->folder, rows[i].name);
        assert_int_equal(pin__database_drop(path, &b->err), PIN_OK);
    }
}

static void
test_unknown_adapter(void **state)
{
    struct bed *b = *state;
    struct pin_session_config config = { .adapter = "mysql", .filename = b->file };
    struct pin_session *s;

    assert_int_equal(pin__session_open(&s, &config, &b->err), PIN_CONFIG);
    assert_non_null(strstr(b->err.message, "\"mysql\""));
    assert_null(s);
}

static void
test_settings(void **state)
{
    struct bed *b = *state;
    struct pin_cursor c;
    struct pin_bytes sql = { "select journal_mode from pragma_journal_mode", 0 };

    sql.size = strlen(sql.data);
    bed_check(b, pin__run(b->session, &everything, sql, NULL, 0, &c, &b->err), "journal");
    bed_check(b, pin__cursor_next(&c, &b->err), "journal");
    assert_string_equal(c.values[0].bytes.data, "wal");
    pin__cursor_close(&c);
    assert_int_equal(bed_number(b, "select foreign_keys from pragma_foreign_keys"), 1);
    assert_int_equal(bed_number(b, "select synchronous from pragma_synchronous"), 2);
    assert_int_equal(bed_number(b, "select trusted_schema from pragma_trusted_schema"), 0);
}

/* --- transactions --- */

static void
test_transactions(void **state)
{
    struct bed *b = *state;

    begin(b);
    insert(b, 1);
    pin__session_rollback(b->session);
    assert_int_equal(count(b), 0);
    begin(b);
    insert(b, 1);
    begin(b);
    insert(b, 2);
    bed_check(b, pin__session_commit(b->session, &b->err), "inner");
    assert_true(pin__session_in_transaction(b->session));
    bed_check(b, pin__session_commit(b->session, &b->err), "outer");
    assert_false(pin__session_in_transaction(b->session));
    assert_int_equal(count(b), 2);
    assert_int_equal(pin__session_commit(b->session, &b->err), PIN_LOST);
}

static void
test_an_inner_rollback_dooms_the_whole(void **state)
{
    struct bed *b = *state;

    begin(b);
    insert(b, 1);
    begin(b);
    pin__session_rollback(b->session);
    assert_true(pin__session_in_transaction(b->session));
    assert_int_equal(pin__session_commit(b->session, &b->err), PIN_FAILED);
    assert_false(pin__session_in_transaction(b->session));
    assert_int_equal(count(b), 0);
}

static void
test_age(void **state)
{
    struct bed *b = *state;
    struct pin_mono start = { 1000000000 }, later = { 6500000000 };

    assert_int_equal(pin__session_transaction_age_ms(b->session, later), 0);
    bed_check(b, pin__session_begin(b->session, start, &b->err), "begin");
    assert_int_equal(pin__session_transaction_age_ms(b->session, later), 5500);
    pin__session_abandon(b->session);
    assert_int_equal(pin__session_transaction_age_ms(b->session, later), 0);
}

static void
test_a_rolled_back_table_is_gone(void **state)
{
    const struct pin_table *t;
    struct bed *b = *state;

    begin(b);
    bed_column(b, "later", "n", PIN_COLUMN_INTEGER);
    bed_check(b, pin__schema_table(b->session, "later", &t, &b->err), "inside");
    pin__session_rollback(b->session);
    assert_int_equal(pin__schema_table(b->session, "later", &t, &b->err), PIN_NOT_FOUND);
}

static void
test_end_of_a_run(void **state)
{
    struct bed *b = *state;
    struct pin_cursor c;

    insert(b, 1);
    insert(b, 2);
    begin(b);
    insert(b, 3);
    bed_check(b, pin__query_select(bed_query(b, "things"), &c, &b->err), "select");
    bed_check(b, pin__cursor_next(&c, &b->err), "next");
    assert_true(pin__session_end_run(b->session));
    assert_false(pin__session_in_transaction(b->session));
    assert_int_equal(count(b), 2);
    assert_int_equal(bed_number(b, "select last_insert_rowid()"), 0);
    assert_false(pin__session_end_run(b->session));
}

/* --- two at once --- */

static void
test_a_lock_is_waited_for_and_then_told(void **state)
{
    struct bed *b = *state;
    struct pin_session *other = bed_session(b, false);
    struct pin_row_fields row = { NULL, 0 };
    pin_status st;

    begin(b);
    st = pin__insert(other, &everything, "things", &row, 1, NULL, pin__clock_mono(), &b->err);
    assert_int_equal(st, PIN_BUSY);
    assert_non_null(strstr(b->err.message, "locked by another process"));
    assert_non_null(strstr(b->err.message, b->file));
    assert_int_equal(pin__session_begin(other, pin__clock_mono(), &b->err), PIN_BUSY);
    assert_false(pin__session_in_transaction(other));
    insert(b, 1);
    bed_check(b, pin__session_commit(b->session, &b->err), "commit");
    st = pin__insert(other, &everything, "things", &row, 1, NULL, pin__clock_mono(), &b->err);
    bed_check(b, st, "after the commit");
    pin__session_close(other);
    assert_int_equal(count(b), 2);
}

static bool
yes(void *context)
{
    ++*(int *)context;
    return true;
}

static void
test_interrupt(void **state)
{
    static const char endless[] = "with recursive n(i) as (select 1 union all select i + 1 from n)"
                                  " select max(i) from n";
    struct bed *b = *state;
    struct pin_cursor c;
    int asked = 0;

    pin__session_set_interrupt(b->session, yes, &asked);
    bed_check(b,
              pin__run(b->session, &everything, (struct pin_bytes){ endless, sizeof endless - 1 },
                       NULL, 0, &c, &b->err),
              "run");
    assert_int_equal(pin__cursor_next(&c, &b->err), PIN_TIMEOUT);
    assert_int_equal(asked, 1);
    pin__cursor_close(&c);
    pin__session_end_run(b->session);
    insert(b, 1);
    assert_int_equal(asked, 1);
}

static bool
after_the_first(void *context)
{
    return ++*(int *)context > 1;
}

/* SQLite takes the whole transaction back when a write in it is interrupted. */
static void
test_nothing_goes_on_after_the_database_rolled_back(void **state)
{
    static const char many[] =
        "with recursive n(i) as (select 1 union all select i + 1 from n limit"
        " 10000000) insert into things (n) select i from n";
    struct pin_row_fields row = { NULL, 0 };
    struct bed *b = *state;
    struct pin_cursor c;
    int asked = 0;
    pin_status st;

    begin(b);
    insert(b, 1);
    pin__session_set_interrupt(b->session, after_the_first, &asked);
    st = pin__run(b->session, &everything, (struct pin_bytes){ many, sizeof many - 1 }, NULL, 0, &c,
                  &b->err);
    assert_int_equal(st, PIN_TIMEOUT);
    pin__session_set_interrupt(b->session, NULL, NULL);
    st = pin__insert(b->session, &everything, "things", &row, 1, NULL, pin__clock_mono(), &b->err);
    assert_int_equal(st, PIN_FAILED);
    assert_int_equal(pin__session_commit(b->session, &b->err), PIN_FAILED);
    assert_int_equal(count(b), 0);
    insert(b, 2);
    assert_int_equal(count(b), 1);
}

static void
test_an_interrupted_wait(void **state)
{
    struct bed *b = *state;
    struct pin_session_config config = { .filename = b->file, .busy_ms = 3600000 };
    struct pin_session *other;
    int asked = 0;

    bed_check(b, pin__session_open(&other, &config, &b->err), "open");
    begin(b);
    pin__session_set_interrupt(other, yes, &asked);
    assert_int_equal(pin__session_begin(other, pin__clock_mono(), &b->err), PIN_TIMEOUT);
    pin__session_close(other);
    pin__session_rollback(b->session);
}

static void
test_a_fork_must_not_use_it(void **state)
{
    struct bed *b = *state;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, 2);
        signal(SIGABRT, SIG_DFL);
        _exit((int)count(b));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void
test_the_cache_is_bounded(void **state)
{
    struct bed *b = *state;
    struct pin_session_counts before;
    char sql[64];

    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            snprintf(sql, sizeof sql, "select %d from things", i);
            bed_sql(b, sql);
        }
    before = pin__session_counts(b->session);
    assert_true(before.prepared >= 600); /* 300 do not fit: each was made twice */
    bed_sql(b, "select 299 from things");
    assert_int_equal(pin__session_counts(b->session).prepared, before.prepared);
}

static void
test_memory_bombs(void **state)
{
    static const struct {
        const char *sql;
        pin_status want;
    } rows[] = {
        { "select zeroblob(100000000)", PIN_LIMIT },
        { "select length(group_concat(hex(zeroblob(10000000)))) from"
          " (select 1 union all select 2 union all select 3 union all select 4)",
          PIN_LIMIT },
    };
    struct bed *b = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_cursor c;
        pin_status st;

        bed_check(b,
                  pin__run(b->session, &everything,
                           (struct pin_bytes){ rows[i].sql, strlen(rows[i].sql) }, NULL, 0, &c,
                           &b->err),
                  rows[i].sql);
        st = pin__cursor_next(&c, &b->err);
        pin__cursor_close(&c);
        if (st != rows[i].want && st != PIN_NO_MEMORY)
            fail_msg("%s: %s", rows[i].sql, pin__status_name(st));
    }
    insert(b, 1);
    assert_int_equal(count(b), 1);
}

static void
test_a_result_ends_once(void **state)
{
    struct bed *b = *state;
    struct pin_cursor c;

    insert(b, 1);
    bed_check(b, pin__query_select(bed_query(b, "things"), &c, &b->err), "select");
    assert_int_equal(pin__cursor_next(&c, &b->err), PIN_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pin__cursor_next(&c, &b->err), PIN_EMPTY);
    pin__cursor_close(&c);
    assert_int_equal(pin__cursor_next(&c, &b->err), PIN_EMPTY);
}

/* Processes that make the same database at the same moment all get it. */
static void
test_many_make_it_at_once(void **state)
{
    enum { PROCESSES = 8 };
    struct bed *b = *state;
    pid_t children[PROCESSES];
    int gate[2], status;

    pin__session_close(b->session);
    b->session = NULL;
    bed_check(b, pin__database_drop(b->file, &b->err), "drop");
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < PROCESSES; i++) {
        if ((children[i] = fork()) == 0) {
            struct pin_session_config config = { .filename = b->file, .busy_ms = 10000 };
            struct pin_session *s;
            char byte;

            close(gate[1]);
            if (read(gate[0], &byte, 1) != 0 || pin__session_open(&s, &config, &b->err) != PIN_OK ||
                pin__schema_add_column(s, &everything, "shared", "n", PIN_COLUMN_INTEGER, NULL,
                                       &b->err) != PIN_OK) {
                fprintf(stderr, "%s\n", b->err.message);
                _exit(1);
            }
            pin__session_close(s);
            _exit(0);
        }
        assert_true(children[i] > 0);
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    b->session = bed_session(b, false);
    bed_expect(b, bed_query(b, "shared"), "n", "", "made once");
}

static void
test_one_text_twice_at_once(void **state)
{
    struct bed *b = *state;
    struct pin_cursor one, two;

    insert(b, 1);
    insert(b, 2);
    bed_check(b, pin__query_select(bed_query(b, "things"), &one, &b->err), "one");
    bed_check(b, pin__cursor_next(&one, &b->err), "one");
    bed_check(b, pin__query_select(bed_query(b, "things"), &two, &b->err), "two");
    bed_check(b, pin__cursor_next(&two, &b->err), "two");
    bed_check(b, pin__cursor_next(&one, &b->err), "one");
    assert_int_equal(one.values[0].integer, 2);
    assert_int_equal(two.values[0].integer, 1);
    pin__cursor_close(&two);
    pin__cursor_close(&one);
    insert(b, 3); /* no cursor is open */
    assert_int_equal(count(b), 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_odd_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_adapter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_transactions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_inner_rollback_dooms_the_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_age, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_rolled_back_table_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end_of_a_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_lock_is_waited_for_and_then_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_interrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_goes_on_after_the_database_rolled_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_interrupted_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_bombs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_result_ends_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_make_it_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_fork_must_not_use_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_cache_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_text_twice_at_once, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

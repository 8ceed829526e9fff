/* store_sqlite_test.c - the contract, on SQLite; and what is SQLite's own: the version of the
 * tables, who may see them, and that claiming reads indexes only. */
#include "../contract/store_contract.h"

#include <limits.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "database/driver.h"
#include "database/query.h"

static struct pin_session *
contract_session(struct world *w)
{
    /* Forked claimers wait for each other; what must say busy at once does so quickly enough. */
    struct pin_session_config config = { .filename = w->file, .busy_ms = 200 };
    struct pin_session *s = NULL;
    pin_status st;

    do /* the first to open makes the file a WAL one and may be in another's way */
        st = pin__session_open(&s, &config, &w->err);
    while (st == PIN_BUSY);
    check(w, st, "open");
    return s;
}

static void
run_sql(struct world *w, const char *sql)
{
    check(w, pin__sql_run(w->session, sql, NULL, 0, NULL, &w->err), sql);
}

static size_t
log_bytes(const struct world *w)
{
    char name[PATH_MAX + 8];
    struct stat file;

    snprintf(name, sizeof name, "%s-wal", w->file);
    return stat(name, &file) == 0 ? (size_t)file.st_size : 0;
}

/* Commits, each of some twenty pages, until the log has so many. */
static void
fill_log(struct world *w, size_t pages)
{
    for (int i = 0; i < 2000 && pin__session_log_pages(w->session) < pages; i++) {
        check(w, pin__store_begin(w->store, &w->err), "begin");
        run_sql(w, "insert into filler values (randomblob(80000))");
        check(w, pin__store_commit(w->store, &w->err), "commit");
    }
    assert_true(pin__session_log_pages(w->session) >= pages);
}

static void
a_log_that_is_left_is_moved_by_another_connection_and_begun_anew(void **state)
{
    struct world w;
    size_t full;

    (void)state;
    world_make(&w);
    run_sql(&w, "create table filler (bytes blob)");
    pin__store_defer_tidying(w.store);
    assert_false(pin__store_wants_tidying(w.store));
    fill_log(&w, PIN_LOG_PAGES + 200); /* where SQLite would have moved it */
    assert_true(pin__store_wants_tidying(w.store));
    full = log_bytes(&w);
    assert_true(full > PIN_LOG_PAGES * 4096);
    check(&w, pin__store_tidy_file(w.file, &w.err), "tidy the file");
    assert_true(log_bytes(&w) == full);
    check(&w, pin__store_tidy(w.store, &w.err), "tidy");
    fill_log(&w, 1);
    run_sql(&w, "delete from filler where rowid = 1");
    assert_false(pin__store_wants_tidying(w.store));
    assert_true(log_bytes(&w) == full);
    world_clear(&w);
}

/* Who reads an old state keeps the log from being begun anew: it is not tried at every commit. */
static void
a_log_that_was_noted_is_not_wanted_again_before_as_much_has_come(void **state)
{
    struct world w;
    size_t first;

    (void)state;
    world_make(&w);
    run_sql(&w, "create table filler (bytes blob)");
    pin__store_defer_tidying(w.store);
    fill_log(&w, PIN_LOG_PAGES);
    first = log_bytes(&w);
    pin__store_note_tidying(w.store);
    assert_false(pin__store_wants_tidying(w.store));
    fill_log(&w, PIN_LOG_PAGES - 50);
    assert_false(pin__store_wants_tidying(w.store));
    fill_log(&w, PIN_LOG_PAGES);
    assert_true(pin__store_wants_tidying(w.store));
    assert_true(log_bytes(&w) >= 2 * first - (size_t)50 * 4200);
    world_clear(&w);
}

static void
a_log_that_nobody_moves_is_moved_by_a_commit_before_it_has_no_bounds(void **state)
{
    struct world w;

    (void)state;
    world_make(&w);
    run_sql(&w, "create table filler (bytes blob)");
    pin__store_defer_tidying(w.store);
    fill_log(&w, PIN_LOG_PAGES_MAX);
    run_sql(&w, "delete from filler where rowid = 1");
    assert_true(pin__session_log_pages(w.session) < PIN_LOG_PAGES);
    assert_true(log_bytes(&w) < (PIN_LOG_PAGES_MAX + 200) * (size_t)4200);
    world_clear(&w);
}

static void
a_newer_or_foreign_store_is_refused_and_none_is_said_to_be_none(void **state)
{
    static const uint8_t identity[16];
    static const struct {
        const char *what, *sql, *says;
        pin_status want;
    } rows[] = {
        { "newer", "update pinstripe_storeVersion set version = 99", "version 99", PIN_CONFIG },
        { "no row", "delete from pinstripe_storeVersion", "did not make", PIN_CONFIG },
        { "other program", "update pinstripe_storeVersion set program = 'x'", "did not make",
          PIN_CONFIG },
        { "half", "drop table pinstripe_storeVersion", "did not make", PIN_CONFIG },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_store *s = NULL;
        struct world w;

        world_make(&w);
        run_sql(&w, rows[i].sql);
        if (pin__store_open(&s, w.session, &w.err) != rows[i].want ||
            !strstr(w.err.message, rows[i].says))
            fail_msg("%s: %s", rows[i].what, w.err.message);
        if (pin__store_migrate(w.session, identity, T0, &w.err) != rows[i].want)
            fail_msg("%s: migrate: %s", rows[i].what, w.err.message);
        world_clear(&w);
    }
}

static void
migrating_twice_changes_nothing_and_a_database_without_a_store_says_so(void **state)
{
    static const uint8_t other[16] = { 7 };
    struct pin_store *s = NULL;
    struct world w;

    (void)state;
    world_make(&w);
    check(&w, pin__store_migrate(w.session, other, T0, &w.err), "again");
    assert_int_equal(pin__store_identity(w.store)[0], 1);
    assert_int_equal(number(&w, "select count(*) from pinstripe_storeVersion"), 1);
    pin__store_close(w.store);
    run_sql(&w, "drop table pinstripe_runs");
    run_sql(&w, "drop table pinstripe_storeVersion");
    assert_int_equal(pin__store_open(&s, w.session, &w.err), PIN_NOT_FOUND);
    w.store = NULL;
    pin__session_close(w.session);
    pin__arena_fini(&w.arena);
    assert_int_equal(pin__database_drop(w.file, NULL), PIN_OK);
    assert_int_equal(rmdir(w.folder), 0);
}

static void
jobs_cannot_reach_the_tables_by_any_statement(void **state)
{
    static const char *const texts[] = {
        "select * from pinstripe_runs",
        "select count(*) from pinstripe_runHistory",
        "update pinstripe_runs set token = 1",
        "delete from pinstripe_runs",
        "insert into pinstripe_keys values ('a', 'b', 1)",
        "drop table pinstripe_runs",
        "drop index pinstripe_runsGates",
        "create index x on pinstripe_runs (job)",
        "create trigger x after insert on pinstripe_runs begin select 1; end",
        "alter table pinstripe_runs add column x",
        "create table pinstripe_more (x)",
        "select * from seen",
    };
    static const struct pin_scope all = { .all = true };
    const struct pin_table *const *tables;
    struct pin_cursor c;
    struct world w;
    size_t n;

    (void)state;
    world_make(&w);
    run_sql(&w, "create view seen as select * from pinstripe_runs");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pin_bytes text = { texts[i], strlen(texts[i]) };
        pin_status st = pin__run(w.session, &all, text, NULL, 0, &c, &w.err);

        if (st == PIN_OK) {
            st = pin__cursor_next(&c, &w.err);
            pin__cursor_close(&c);
        }
        if (st != PIN_DENIED)
            fail_msg("%s: %s", texts[i], pin__status_name(st));
    }
    run_sql(&w, "drop view seen");
    check(&w, pin__schema_tables(w.session, &tables, &n, &w.err), "tables");
    assert_int_equal(n, 0);
    world_clear(&w);
}

static void
claiming_and_sweeping_never_scan(void **state)
{
    static const char *const texts[] = {
        "select id from pinstripe_runs where state = 0 and dueAt <= 1 order by dueAt limit 1",
        "select queue from pinstripe_ready where queue > '' order by queue limit 1",
        "select q.run, args from pinstripe_ready q cross join pinstripe_runs r on r.id = q.run"
        " where q.queue = 'x' order by q.priority desc, q.turn, q.run limit 5",
        "delete from pinstripe_ready where queue = 'x' and priority = 1 and (turn, run) <= (1, 2)",
        "delete from pinstripe_ready where (queue, priority, turn, run) ="
        " (select queue, priority, turn, id from pinstripe_runs where id = 'x')",
        "select count(*) from pinstripe_claims where gate = 'x'",
        "select count(*) from (select 1 from pinstripe_runs where gate = 'x' and state = 1)",
        "select id from pinstripe_runs where gate = 'x' and state = 3 order by id limit 1",
        "select 1 from pinstripe_runs where parent = 'x' and role = 2 limit 1",
        "select count(*) from pinstripe_runs where schedule = 'x'",
        "select id from pinstripe_runHistory where job = 'x' and id < 'y' order by id desc limit 9",
        "select * from pinstripe_schedules where nextDueAt <= 1 order by nextDueAt, id limit 1",
    };
    struct world w;

    (void)state;
    world_make(&w);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char sql[512];
        struct pin_sql q;

        snprintf(sql, sizeof sql, "explain query plan %s", texts[i]);
        check(&w, pin__sql_start(&q, w.session, sql, NULL, 0, &w.err), sql);
        while (pin__sql_step(&q, &w.err) == PIN_OK) {
            const char *plan = q.row[3].bytes.data;

            if (strncmp(plan, "SEARCH", 6) != 0 && strncmp(plan, "SCALAR", 6) != 0)
                fail_msg("%s: %s", texts[i], plan);
        }
        pin__sql_end(&q);
    }
    world_clear(&w);
}

static void
fail_one_way_or_another(struct world *w, const struct pin_claim *c, int i)
{
    static const struct pin_retry retry = { .delay_ms = 1 };
    struct pin_result bad = badly;
    struct pin_finished f;

    bad.retry = &retry;
    if (i % 5 == 0)
        check(w, pin__store_give_back(w->store, &c->hold, w->now, &w->err), "give back");
    else if (i % 5 == 1)
        check(w, pin__store_lose(w->store, &c->hold, "x", w->now, &f, &w->err), "lose");
    else
        finish(w, c, i % 5 == 2 ? &bad : i % 5 == 3 ? &badly : &well);
}

/* SQLite compiles a statement anew at each use when it compares a column of a partial index with a
 * parameter, which costs ten times the rest of it. */
static void
no_statement_is_compiled_twice(void **state)
{
    struct pin_run_filter f = { .has_state = true, .state = PIN_RUN_QUEUED };
    int64_t counts[PIN_RUN_STATE_COUNT];
    enum pin_run_state s;
    struct page page;
    struct pin_claim c[8];
    sqlite3_stmt *st = NULL;
    struct world w;

    (void)state;
    world_make(&w);
    for (int i = 0; i < 40; i++, w.now += 1000) {
        struct pin_enqueued e = PUT(&w, .gate = i % 2 ? "g" : NULL, .gate_limit = 1,
                                    .attempt_limit = 3, .key = i % 3 ? NULL : "k");

        page.count = 0;
        PUT(&w, .role = i % 4 ? PIN_ROLE_PLAIN : PIN_ROLE_PARENT);
        if (i % 4 == 1)
            (void)!pin__store_cancel(w.store, &e.id, w.now, &s, &w.err);
        for (size_t n = claim_many(&w, c, 2); n--;)
            fail_one_way_or_another(&w, &c[n], i);
        f.state = (enum pin_run_state)(i % PIN_RUN_STATE_COUNT);
        check(&w, pin__store_list(w.store, &f, keep_id, &page, &w.err), "list");
        check(&w, pin__store_count(w.store, &f, counts, &w.err), "count");
    }
    while ((st = sqlite3_next_stmt(w.session->connection, st)) != NULL)
        if (sqlite3_stmt_status(st, SQLITE_STMTSTATUS_REPREPARE, 0) > 1)
            fail_msg("%s", sqlite3_sql(st));
    world_clear(&w);
}

/* --- F44: nothing reads and then writes in one transaction that began with reading --- */

struct heard_sql { /* since the operation began */
    int statements;
    bool began, wrote;
    bool written_outside; /* a write outside a transaction that took the lock first */
};

static int
hear_statement(unsigned what, void *context, void *statement, void *text)
{
    struct heard_sql *h = context;
    const char *sql = sqlite3_sql(statement);

    (void)what;
    (void)text;
    if (strcmp(sql, "begin immediate") == 0)
        h->began = true;
    else if (strncmp(sql, "begin", 5) == 0)
        fail_msg("a transaction begins without the lock: %s", sql);
    else if (strcmp(sql, "commit") != 0) {
        h->statements++;
        if (!sqlite3_stmt_readonly(statement)) {
            h->wrote = true;
            h->written_outside = h->written_outside || !h->began;
        }
    }
    return 0;
}

static struct heard_sql heard;

/* A write is in a transaction that began with the lock, or is all there is of its operation. */
#define LOCKED(w, writes, ...)                                                                     \
    do {                                                                                           \
        heard = (struct heard_sql){ .statements = 0 };                                             \
        check((w), (__VA_ARGS__), #__VA_ARGS__);                                                   \
        if (heard.wrote != (writes) || (heard.written_outside && heard.statements != 1))           \
            fail_msg("%s: %d statements, %s", #__VA_ARGS__, heard.statements,                      \
                     heard.wrote ? "writes without the lock" : "writes nothing");                  \
    } while (0)

static void
F44_whatever_writes_takes_the_lock_first(void **state)
{
    struct pin_claim_request want = { .worker = "w", .limit = 5, .now_ms = T0 };
    struct pin_enqueue e[6] = { { .job = "a", .key = "k", .unique_for_ms = 9 },
                                { .job = "a", .gate = "g", .gate_limit = 1 },
                                { .job = "a", .gate = "g", .gate_limit = 1 },
                                { .job = "a", .schedule = "s", .scheduled_for_ms = T0 },
                                { .job = "a", .role = PIN_ROLE_PARENT },
                                { .job = "a", .due_ms = T0 + 9 } };
    struct pin_enqueue child = { .job = "a", .tenant = "t" };
    struct pin_rescue rescue = { .now_ms = T0 + PIN_STORE_LEASE_MS };
    struct pin_prune prune = { .before_ms = T0, .now_ms = T0 };
    struct pin_schedule_row row = { .job = "a", .cron = "* * * * *", .next_due_ms = T0 };
    struct pin_reconcile all = { .rows = &row, .count = 1, .now_ms = T0 };
    struct pin_occurrence late = { .schedule = "s", .due_ms = T0, .result = PIN_OCCURRENCE_LATE };
    struct pin_bot_row bot = { .name = "b" };
    struct pin_run_filter any = { .limit = 9 };
    int64_t counts[PIN_RUN_STATE_COUNT], due;
    char id[PIN_SCHEDULE_ID_SIZE];
    enum pin_beat_answer answers[5];
    enum pin_run_state s;
    struct pin_finished f;
    struct pin_claim c[5];
    struct pin_peek p;
    struct page page = { .count = 0 };
    struct pin_live_run oldest;
    struct world w;
    size_t n;
    bool more;

    (void)state;
    world_make(&w);
    for (int i = 0; i < 6; i++)
        e[i].id = next_id(&w);
    child.id = next_id(&w);
    pin__schedule_id(&row, id);
    sqlite3_trace_v2(w.session->connection, SQLITE_TRACE_STMT, hear_statement, &heard);
    LOCKED(&w, true, pin__store_enqueue(w.store, e, 6, T0, NULL, &w.err));
    LOCKED(&w, true, pin__store_claim(w.store, &want, &w.arena, c, &n, &w.err));
    assert_int_equal(n, 4); /* one of the gate is held, one is not due */
    LOCKED(&w, true, pin__store_start(w.store, &c[0].hold, "w", T0, &w.err));
    LOCKED(&w, true, pin__store_beat(w.store, &c[0].hold, 1, T0 + 9, answers, &w.err));
    LOCKED(&w, true, pin__store_progress(w.store, &c[0].hold, 1, 2, "x", &w.err));
    LOCKED(&w, true, pin__store_finish(w.store, &c[0].hold, &badly, T0, &f, &w.err));
    LOCKED(&w, true, pin__store_retry(w.store, &c[0].hold.id, T0, &s, &w.err));
    LOCKED(&w, true, pin__store_finish(w.store, &c[1].hold, &well, T0, &f, &w.err));
    LOCKED(&w, true, pin__store_lose(w.store, &c[2].hold, "x", T0, &f, &w.err));
    LOCKED(&w, true, pin__store_fan_out(w.store, &c[3].hold, &child, 1, "t", true, T0, &s, &w.err));
    LOCKED(&w, true, pin__store_cancel(w.store, &e[4].id, T0, &s, &w.err));
    LOCKED(&w, true, pin__store_claim(w.store, &want, &w.arena, c, &n, &w.err));
    LOCKED(&w, true, pin__store_give_back(w.store, &c[0].hold, T0, &w.err));
    LOCKED(&w, true, pin__store_rescue(w.store, &rescue, &n, &w.err));
    child.id = next_id(&w);
    LOCKED(&w, true, pin__store_record(w.store, &child, &well, "w", T0, T0, &w.err));
    LOCKED(&w, true,
           pin__store_output_add(w.store, &e[0].id, 1, (struct pin_bytes){ "x", 1 }, T0, &w.err));
    LOCKED(&w, true, pin__store_reconcile(w.store, &all, &w.err));
    LOCKED(&w, true, pin__store_schedule_advance(w.store, id, T0 + 1, T0 + 2, &w.err));
    LOCKED(&w, true, pin__store_schedule_pause(w.store, "a", true, T0, &n, &w.err));
    late.has_run = true;
    late.run = e[3].id;
    LOCKED(&w, true, pin__store_occurrence(w.store, &late, &w.err));
    LOCKED(&w, true, pin__store_bot_tick(w.store, &bot, &w.err));
    LOCKED(&w, true, pin__store_bot_leave(w.store, "b", &w.err));
    LOCKED(&w, true, pin__store_prune(w.store, &prune, &n, &more, &w.err));
    LOCKED(&w, false, pin__store_peek(w.store, NULL, 0, &p, &w.err));
    LOCKED(&w, false, pin__store_next_due(w.store, &due, &w.err));
    LOCKED(&w, false, pin__store_list(w.store, &any, keep_id, &page, &w.err));
    LOCKED(&w, false, pin__store_count(w.store, &any, counts, &w.err));
    LOCKED(&w, false, pin__store_schedule_live(w.store, "s", &oldest, &w.err));
    sqlite3_trace_v2(w.session->connection, 0, NULL, NULL);
    world_clear(&w);
}

/* One looks while another works: neither waits, and who looked can write as soon as he has done. */
static void
F44_who_looks_at_an_old_state_stops_nobody_and_can_write_afterwards(void **state)
{
    struct world w, reader;
    struct pin_sql q;

    (void)state;
    world_make(&w);
    PUT(&w, .job = "mail");
    PUT(&w, .job = "mail");
    reader = w;
    world_open(&reader);
    check(&reader,
          pin__sql_start(&q, reader.session, "select id from pinstripe_runs", NULL, 0, &reader.err),
          "look");
    check(&reader, pin__sql_step(&q, &reader.err), "look");
    for (int i = 0; i < 2; i++) {
        struct pin_claim c = claim_one(&w);

        finish(&w, &c, &well);
        PUT(&w, .job = "mail");
    }
    check(&reader, pin__sql_step(&q, &reader.err), "still sees the second");
    assert_int_equal(pin__sql_step(&q, &reader.err), PIN_EMPTY);
    pin__sql_end(&q);
    reader.serial += 100;
    PUT(&reader, .job = "mail");
    assert_int_equal(number(&w, "select count(*) from pinstripe_runs"), 3);
    world_shut(&reader);
    world_clear(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CONTRACT_TESTS,
        cmocka_unit_test(a_newer_or_foreign_store_is_refused_and_none_is_said_to_be_none),
        cmocka_unit_test(migrating_twice_changes_nothing_and_a_database_without_a_store_says_so),
        cmocka_unit_test(a_log_that_is_left_is_moved_by_another_connection_and_begun_anew),
        cmocka_unit_test(a_log_that_was_noted_is_not_wanted_again_before_as_much_has_come),
        cmocka_unit_test(a_log_that_nobody_moves_is_moved_by_a_commit_before_it_has_no_bounds),
        cmocka_unit_test(jobs_cannot_reach_the_tables_by_any_statement),
        cmocka_unit_test(claiming_and_sweeping_never_scan),
        cmocka_unit_test(no_statement_is_compiled_twice),
        cmocka_unit_test(F44_whatever_writes_takes_the_lock_first),
        cmocka_unit_test(F44_who_looks_at_an_old_state_stops_nobody_and_can_write_afterwards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

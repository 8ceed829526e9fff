/* store_plain.h - the store's own tables and statements driven by plain C, with statements prepared
 * once: what benches compare the store, and what is built on it, with.
 */
#ifndef PIN_BENCH_STORE_PLAIN_H
#define PIN_BENCH_STORE_PLAIN_H

#include <sqlite3.h>

#include "base/clock.h"
#include "base/random.h"
#include "bench.h"
#include "store/store.h"

enum { PLAIN_PAGE = 1000 /* runs in a transaction */ };

static inline struct pin_run_id
make_id(int64_t now_ms)
{
    uint8_t random[10];

    pin__random_bytes(random, sizeof random);
    return pin__run_id_make(now_ms, random);
}

enum { BEGIN, COMMIT, INSERT, READY, LEAVE, CLAIM, MOVE, DROP, REMOVE, STATEMENTS };

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "begin immediate",
    [COMMIT] = "commit",
    [INSERT] = "insert into pinstripe_runs (id, state, priority, turn, attemptLimit, dueAt, role,"
               " triggeredBy, createdAt, queue, job, args) values (?1, 1, 0, ?2, 1, ?3, 0, 0, ?3,"
               " 'default', 'empty', ?4)",
    [READY] = "insert into pinstripe_ready values ('default', 0, ?2, ?1, 0)",
    [LEAVE] = "delete from pinstripe_ready where queue = 'default' and priority = 0 and turn = ?2"
              " and run = ?1",
    [CLAIM] = "insert into pinstripe_claims (run, token, leaseUntil, startedAt, worker)"
              " values (?1, 1, ?2 + 30000, ?2, 'host:4711')",
    [MOVE] =
        "insert into pinstripe_runHistory (id, state, priority, attempt, attemptLimit, lost,"
        " dueAt, role, triggeredBy, createdAt, startedAt, finishedAt, wallUs, cpuUs,"
        " peakHeapBytes, exitSignal, queue, job, worker, outcome, args) select id, 5,"
        " priority, 1, attemptLimit, lost, dueAt, role, triggeredBy, createdAt, c.startedAt,"
        " ?2, 12, 11, 80000, 0, queue, job, c.worker, 'succeeded', args from pinstripe_claims c"
        " join pinstripe_runs r on r.id = c.run where c.run = ?1 and c.token = 1",
    [DROP] = "delete from pinstripe_claims where run = ?1",
    [REMOVE] = "delete from pinstripe_runs where id = ?1",
};

struct plain {
    sqlite3 *db;
    sqlite3_stmt *st[STATEMENTS];
};

static inline sqlite3_stmt *
prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;

    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL) != SQLITE_OK) {
        fprintf(stderr, "bench store: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    return st;
}

static inline void
plain_open(struct plain *p, const char *file)
{
    if (sqlite3_open_v2(file, &p->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(p->db, "pragma synchronous=full; pragma foreign_keys=on", NULL, NULL, NULL) !=
            SQLITE_OK)
        bench_die(file);
    for (int i = 0; i < STATEMENTS; i++)
        p->st[i] = prepare(p->db, texts[i]);
}

static inline void
plain_close(struct plain *p)
{
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(p->st[i]);
    sqlite3_close(p->db);
}

/* With the run in ?1 and a number in ?2, where there are such. */
static inline void
run(struct plain *p, int which, const struct pin_run_id *id, int64_t number)
{
    sqlite3_stmt *st = p->st[which];

    if (id)
        sqlite3_bind_blob(st, 1, id, sizeof *id, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(st) > 1)
        sqlite3_bind_int64(st, 2, number);
    if (sqlite3_step(st) != SQLITE_DONE) {
        fprintf(stderr, "bench store: %s\n", sqlite3_errmsg(p->db));
        exit(1);
    }
    sqlite3_reset(st);
}

static inline void
plain_insert(struct plain *p, const struct pin_run_id *id, int i, int64_t now)
{
    char args[32];
    int size = snprintf(args, sizeof args, "[{\"i\":%d}]", i);

    sqlite3_bind_int64(p->st[INSERT], 3, now);
    sqlite3_bind_text(p->st[INSERT], 4, args, size, SQLITE_STATIC);
    run(p, INSERT, id, i);
    run(p, READY, id, i);
}

static inline void
plain_running(struct plain *p, const struct pin_run_id *id, int i, int64_t now)
{
    run(p, LEAVE, id, i);
    run(p, CLAIM, id, now);
}

static inline void
plain_done(struct plain *p, const struct pin_run_id *id, int64_t now)
{
    run(p, MOVE, id, now);
    run(p, DROP, id, now);
    run(p, REMOVE, id, now);
}

static inline void
plain_enqueue(struct plain *p, struct pin_run_id *ids, int first, int count, int page)
{
    for (int i = 0; i < count; i++) {
        int64_t now = pin__clock_wall().ms;

        if (i % page == 0)
            run(p, BEGIN, NULL, 0);
        ids[i] = make_id(now);
        plain_insert(p, &ids[i], first + i, now);
        if (i % page == page - 1)
            run(p, COMMIT, NULL, 0);
    }
}

/* A page that was running is done and the next one runs, in one transaction. */
static inline void
plain_through(struct plain *p, const struct pin_run_id *ids, int count)
{
    for (int i = 0; i < count + PLAIN_PAGE; i += PLAIN_PAGE) {
        int64_t now = pin__clock_wall().ms;

        run(p, BEGIN, NULL, 0);
        for (int k = i - PLAIN_PAGE; k >= 0 && k < i && k < count; k++)
            plain_done(p, &ids[k], now);
        for (int k = i; k < count && k < i + PLAIN_PAGE; k++)
            plain_running(p, &ids[k], k, now);
        run(p, COMMIT, NULL, 0);
    }
}

#endif

/* store_world.h - a store in a folder of its own, short words for its operations, and what holds of
 * its tables at any time. For tests of the store; the test says in contract_session how a database
 * of its kind is opened. Time is a number here: nothing waits.
 */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database/session.h"
#include "database/sql.h"
#include "store/store.h"

#define T0 ((int64_t)1700000000000)

#ifndef WORLD_FOLDER
#define WORLD_FOLDER "/tmp"
#endif

struct world {
    char folder[64], file[96];
    struct pin_session *session;
    struct pin_store *store;
    struct pin_arena arena;
    struct pin_err err;
    int64_t now;
    uint64_t serial; /* makes ids differ */
};

static struct pin_session *contract_session(struct world *w);

static inline void
check(struct world *w, pin_status st, const char *what)
{
    if (st != PIN_OK)
        fail_msg("%s: %s: %s", what, pin__status_name(st), w->err.message);
}

static inline void
world_open(struct world *w)
{
    w->session = contract_session(w);
    check(w, pin__store_open(&w->store, w->session, &w->err), "open the store");
}

static inline void
world_shut(struct world *w)
{
    pin__store_close(w->store);
    pin__session_close(w->session);
}

static inline void
world_make(struct world *w)
{
    static const uint8_t identity[16] = { 1, 2, 3 };

    *w = (struct world){ .arena = PIN_ARENA_INIT((size_t)256 << 20), .now = T0 };
    snprintf(w->folder, sizeof w->folder, WORLD_FOLDER "/pinstripe-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->file, sizeof w->file, "%s/store.db", w->folder);
    w->session = contract_session(w);
    check(w, pin__store_migrate(w->session, identity, T0, &w->err), "migrate");
    pin__session_close(w->session);
    world_open(w);
}

static inline int64_t
number(struct world *w, const char *sql)
{
    int64_t n = -1;

    check(w, pin__sql_integer(w->session, sql, NULL, 0, &n, &w->err), sql);
    return n;
}

/* I2, I4, I5 (but for `lapsed`), I6, I7 and the file itself. */
static inline void
check_invariants(struct world *w)
{
    assert_int_equal(number(w, "select count(*) from pinstripe_runs join pinstripe_runHistory"
                               " using (id)"),
                     0);
    assert_int_equal(number(w, "select count(*) from pinstripe_runs where state not in (0, 1, 3,"
                               " 4)"),
                     0);
    /* What is due can be claimed or is claimed, one of the two, and nothing else is. */
    assert_int_equal(number(w, "select count(*) from pinstripe_runs where state = 1"),
                     number(w, "select count(*) from pinstripe_ready q join pinstripe_runs r"
                               " on r.id = q.run where state = 1 and r.queue = q.queue"
                               " and r.priority = q.priority and r.turn = q.turn"
                               " and r.token = q.token") +
                         number(w, "select count(*) from pinstripe_claims c join pinstripe_runs r"
                                   " on r.id = c.run where state = 1 and c.token = r.token + 1"
                                   " and c.gate is r.gate"));
    assert_int_equal(number(w, "select (select count(*) from pinstripe_ready)"
                               " + (select count(*) from pinstripe_claims)"),
                     number(w, "select count(*) from pinstripe_runs where state = 1"));
    assert_int_equal(number(w, "select count(*) from pinstripe_ready join pinstripe_claims"
                               " using (run)"),
                     0);
    assert_int_equal(
        number(w, "select count(*) from pinstripe_runHistory where state not between 5 and 7"), 0);
    assert_int_equal(number(w, "select count(*) from (select attempt, attemptLimit from"
                               " pinstripe_runs union all select attempt, attemptLimit from"
                               " pinstripe_runHistory) where attempt > attemptLimit + 3"),
                     0);
    assert_int_equal(number(w, "select count(*) from (select schedule, scheduledFor, tenant from"
                               " (select schedule, scheduledFor, tenant from pinstripe_runs union"
                               " all select schedule, scheduledFor, tenant from"
                               " pinstripe_runHistory) where schedule is not null"
                               " group by 1, 2, 3 having count(*) > 1)"),
                     0);
    assert_int_equal(number(w, "select integrity_check = 'ok' from pragma_integrity_check"), 1);
}

static inline void
world_clear(struct world *w)
{
    check_invariants(w);
    world_shut(w);
    pin__arena_fini(&w->arena);
    assert_int_equal(pin__database_drop(w->file, NULL), PIN_OK);
    assert_int_equal(rmdir(w->folder), 0);
}

static inline struct pin_run_id
next_id(struct world *w)
{
    uint8_t random[10] = { 0 };
    uint64_t n = ++w->serial | (uint64_t)getpid() << 32;

    for (int i = 0; i < 8; i++)
        random[2 + i] = (uint8_t)(n >> (56 - 8 * i));
    return pin__run_id_make(w->now, random);
}

static inline struct pin_enqueued
put(struct world *w, struct pin_enqueue e)
{
    struct pin_enqueued out;

    e.id = next_id(w);
    if (!e.job)
        e.job = "mail";
    check(w, pin__store_enqueue(w->store, &e, 1, w->now, &out, &w->err), "enqueue");
    return out;
}

#define PUT(w, ...) put((w), (struct pin_enqueue){ __VA_ARGS__ })

static inline size_t
claim_many(struct world *w, struct pin_claim *out, size_t limit)
{
    struct pin_claim_request r = { .worker = "executor 1", .limit = limit, .now_ms = w->now };
    size_t count = 0;
    pin_status st = pin__store_claim(w->store, &r, &w->arena, out, &count, &w->err);

    if (st != PIN_EMPTY)
        check(w, st, "claim");
    assert_int_equal(st == PIN_EMPTY, count == 0);
    return count;
}

static inline struct pin_claim
claim_one(struct world *w)
{
    struct pin_claim c = { .job = NULL };

    if (claim_many(w, &c, 1) != 1)
        fail_msg("nothing to claim");
    return c;
}

static const struct pin_result well = { .succeeded = true, .outcome = "succeeded", .wall_us = 5 };
static const struct pin_result badly = { .outcome = "threw",
                                         .error = { "{\"message\":\"no\"}", 16 },
                                         .reason = "Error: no" };

static inline struct pin_finished
finish(struct world *w, const struct pin_claim *c, const struct pin_result *r)
{
    struct pin_finished f;

    check(w, pin__store_finish(w->store, &c->hold, r, w->now, &f, &w->err), "finish");
    return f;
}

static inline pin_status
keep_row(void *context, const struct pin_run_row *row, struct pin_err *err)
{
    struct pin_run_row *out = context;

    (void)err;
    *out = *row;
    out->reasons = (struct pin_bytes){ row->reasons.data ? strdup(row->reasons.data) : NULL,
                                       row->reasons.size };
    out->error.data = NULL;
    return PIN_OK;
}

static inline enum pin_run_state
state_of(struct world *w, const struct pin_run_id *id)
{
    struct pin_run_row row;

    check(w, pin__store_show(w->store, id, keep_row, &row, &w->err), "show");
    free((void *)(uintptr_t)row.reasons.data);
    return row.state;
}

#define assert_state(w, id, want)                                                                  \
    assert_string_equal(pin__run_state_name(state_of((w), (id))), pin__run_state_name(want))

static inline bool
same_id(const struct pin_run_id *a, const struct pin_run_id *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

#endif

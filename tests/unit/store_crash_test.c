/* store_crash_test.c - processes that are killed at each fault point of the store in turn, and what
 * is left: nothing that was acknowledged is lost, nothing happens twice, and whoever comes next can
 * go on. Then many processes at once on one store.
 *
 * A child lives a whole life of runs and writes into shared memory what it was told; it is killed
 * at the nth time that it comes to a point, for each n until it lives to its end. P1 to P6, F10 and
 * F43 are of the catalogue of faults.
 */
#ifdef __linux__
#define WORLD_FOLDER "/dev/shm" /* the kernel lives on: what was written is there */
#endif
#include "../contract/store_world.h"

#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>

#include "base/fault.h"

enum { NOTES_MAX = 256, KILLS_MAX = 400, TENANTS = 6, PAGE = 3, ORPHANS = 1000 };

static const char schedule_job[] = "nightly", schedule_cron[] = "0 3 * * *";
static const char *const tenants[TENANTS] = { "a", "b", "c", "d", "e", "f" };

static struct pin_session *
contract_session(struct world *w)
{
    struct pin_session_config config = { .filename = w->file, .busy_ms = PIN_BUSY_MS_DEFAULT };
    struct pin_session *s = NULL;

    check(w, pin__session_open(&s, &config, &w->err), "open");
    return s;
}

/* --- what a child was told --- */

struct ended {
    struct pin_run_id id;
    enum pin_run_state state;
};

struct notes { /* in memory that outlives the child */
    struct pin_run_id queued[NOTES_MAX];
    size_t queued_count;
    struct ended ended[NOTES_MAX];
    size_t ended_count;
    struct pin_hold holds[NOTES_MAX];
    size_t hold_count;
    bool advanced;
};

static void *
shared(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        fail_msg("no shared memory");
    return at;
}

static void
must(struct world *w, pin_status st, const char *what)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "# a child: %s: %s: %s\n", what, pin__status_name(st), w->err.message);
    _exit(9);
}

static void
note_queued(struct notes *n, struct pin_run_id id)
{
    n->queued[n->queued_count++] = id;
}

static void
note_ended(struct notes *n, const struct pin_run_id *id, enum pin_run_state state)
{
    n->ended[n->ended_count++] = (struct ended){ *id, state };
}

/* --- the life --- */

static void
enqueue(struct world *w, struct notes *n, struct pin_enqueue e)
{
    e.id = next_id(w);
    e.job = e.job ? e.job : "mail";
    must(w, pin__store_enqueue(w->store, &e, 1, w->now, NULL, &w->err), "enqueue");
    note_queued(n, e.id);
}

static void
enqueue_many(struct world *w, struct notes *n)
{
    struct pin_enqueue e[4];

    for (int i = 0; i < 4; i++)
        e[i] = (struct pin_enqueue){ .id = next_id(w), .job = "mail", .tenant = tenants[i % 2] };
    must(w, pin__store_enqueue(w->store, e, 4, w->now, NULL, &w->err), "enqueue many");
    for (int i = 0; i < 4; i++)
        note_queued(n, e[i].id);
}

static void
schedule_id(char out[PIN_SCHEDULE_ID_SIZE])
{
    struct pin_schedule_row row = { .job = schedule_job, .cron = schedule_cron };

    pin__schedule_id(&row, out);
}

/* As a bot: the run and the step ahead in one commit. PIN_LOST: another has done it. */
static pin_status
tick(struct world *w, struct pin_run_id *id)
{
    char schedule[PIN_SCHEDULE_ID_SIZE];
    struct pin_enqueue e = { .job = schedule_job, .scheduled_for_ms = T0 };
    struct pin_enqueued out;
    pin_status st;

    schedule_id(schedule);
    e.schedule = schedule;
    *id = e.id = next_id(w);
    if ((st = pin__store_begin(w->store, &w->err)) != PIN_OK)
        return st;
    st = pin__store_schedule_advance(w->store, schedule, T0, T0 + 86400000, &w->err);
    if (st == PIN_OK)
        st = pin__store_enqueue(w->store, &e, 1, w->now, &out, &w->err);
    if (st != PIN_OK) {
        pin__store_rollback(w->store);
        return st;
    }
    return pin__store_commit(w->store, &w->err);
}

static size_t
claim(struct world *w, struct notes *n, struct pin_claim *out, size_t limit)
{
    struct pin_claim_request r = { .worker = "a child", .limit = limit, .now_ms = w->now };
    size_t count = 0;
    pin_status st = pin__store_claim(w->store, &r, &w->arena, out, &count, &w->err);

    if (st != PIN_EMPTY)
        must(w, st, "claim");
    for (size_t i = 0; i < count; i++)
        n->holds[n->hold_count++] = out[i].hold;
    return count;
}

static struct pin_finished
end(struct world *w, const struct pin_claim *c, const struct pin_result *r)
{
    struct pin_finished f;

    must(w, pin__store_finish(w->store, &c->hold, r, w->now, &f, &w->err), "finish");
    return f;
}

/* From where the claim says, to the end. */
static void
fan_out(struct world *w, const struct pin_claim *parent)
{
    enum pin_run_state state;
    int at = 0;

    while (parent->cursor && at < TENANTS && strcmp(tenants[at], parent->cursor) <= 0)
        at++;
    do {
        struct pin_enqueue page[PAGE] = { { .job = NULL } };
        int count = 0;

        for (; count < PAGE && at < TENANTS; count++, at++)
            page[count] =
                (struct pin_enqueue){ .id = next_id(w), .job = "each", .tenant = tenants[at] };
        must(w,
             pin__store_fan_out(w->store, &parent->hold, page, (size_t)count, tenants[at - 1],
                                at == TENANTS, w->now, &state, &w->err),
             "fan out");
    } while (at < TENANTS);
}

/* What a batch acknowledges, it acknowledges after its commit. */
static void
end_in_many_ways(struct world *w, struct notes *n, const struct pin_claim *c)
{
    static const struct pin_retry retry = { .delay_ms = 1000 };
    struct pin_result threw = badly;
    struct pin_finished f;

    threw.retry = &retry;
    must(w, pin__store_begin(w->store, &w->err), "begin");
    end(w, &c[0], &threw);
    end(w, &c[1], &well);
    end(w, &c[2], &badly);
    must(w, pin__store_lose(w->store, &c[3].hold, "it was killed", w->now, &f, &w->err), "lose");
    must(w, pin__store_give_back(w->store, &c[4].hold, w->now, &w->err), "give back");
    must(w, pin__store_commit(w->store, &w->err), "commit");
    note_ended(n, &c[1].hold.id, PIN_RUN_SUCCEEDED);
    note_ended(n, &c[2].hold.id, PIN_RUN_FAILED);
}

static void
cancel(struct world *w, struct notes *n, const struct pin_run_id *id)
{
    enum pin_run_state state;
    pin_status st = pin__store_cancel(w->store, id, w->now, &state, &w->err);

    if (st == PIN_CONFLICT)
        return;
    must(w, st, "cancel");
    if (pin__run_is_final(state))
        note_ended(n, id, state);
}

/* The last one that was noted: from now on its end is no longer what it was. */
static void
ask_once_more(struct world *w, struct notes *n)
{
    struct pin_run_id id = n->ended[--n->ended_count].id;
    enum pin_run_state state;

    must(w, pin__store_retry(w->store, &id, w->now, &state, &w->err), "retry");
}

static _Noreturn void
live(struct world *w, struct notes *n)
{
    struct pin_rescue rescue = { .able_since_ms = T0 };
    struct pin_claim c[16];
    struct pin_run_id id;
    size_t count;

    world_open(w);
    enqueue(w, n, (struct pin_enqueue){ .role = PIN_ROLE_PARENT, .priority = 9 });
    for (int i = 0; i < 3; i++)
        enqueue(w, n, (struct pin_enqueue){ .gate = "g", .gate_limit = 1, .priority = 5 });
    enqueue(w, n, (struct pin_enqueue){ .key = "k", .attempt_limit = 3, .priority = 4 });
    enqueue_many(w, n);
    enqueue(w, n, (struct pin_enqueue){ .due_ms = w->now + 500 });
    if (tick(w, &id) == PIN_OK) {
        n->advanced = true;
        note_queued(n, id);
    }
    count = claim(w, n, c, 7); /* the parent, one of the gate, the keyed one, four */
    if (count != 7)
        _exit(8);
    fan_out(w, &c[0]);
    if (end(w, &c[1], &well).state == PIN_RUN_SUCCEEDED)
        note_ended(n, &c[1].hold.id, PIN_RUN_SUCCEEDED);
    end_in_many_ways(w, n, &c[2]);
    ask_once_more(w, n);
    cancel(w, n, &n->queued[2]);
    cancel(w, n, &n->queued[9]);
    (void)claim(w, n, c, 2);
    w->now += PIN_STORE_LEASE_MS;
    rescue.now_ms = w->now;
    must(w, pin__store_rescue(w->store, &rescue, &count, &w->err), "rescue");
    (void)claim(w, n, c, 2);
    world_shut(w);
    _exit(0);
}

/* --- whoever comes next --- */

static void
go_on(struct world *w, const struct pin_claim *c)
{
    if (c->role == PIN_ROLE_PARENT)
        fan_out(w, c);
    else
        finish(w, c, &well);
}

static void
rescue_all(struct world *w)
{
    struct pin_rescue r = { .able_since_ms = 0 };
    size_t count;

    w->now += 2 * PIN_STORE_LEASE_MS; /* the child may have been a lease ahead */
    r.now_ms = w->now;
    for (int round = 0; round < 100; round++) {
        check(w, pin__store_rescue(w->store, &r, &count, &w->err), "rescue");
        if (!count)
            return;
    }
    fail_msg("there are always more to rescue");
}

/* Until there is nothing more: also what is delayed comes. */
static void
drain(struct world *w)
{
    struct pin_claim c[4];
    int64_t due;
    size_t count;

    for (int round = 0; round < 1000; round++) {
        count = claim_many(w, c, 4);
        for (size_t i = 0; i < count; i++)
            go_on(w, &c[i]);
        if (count)
            continue;
        if (pin__store_next_due(w->store, &due, &w->err) == PIN_EMPTY)
            return;
        w->now = due > w->now ? due : w->now;
    }
    fail_msg("the queue never gets empty");
}

/* --- what must hold --- */

static int64_t
number_of(struct world *w, const char *sql, const struct pin_run_id *id)
{
    struct pin_value value = pin__value_blob(id->bytes, sizeof id->bytes);
    int64_t n = -1;

    check(w, pin__sql_integer(w->session, sql, &value, 1, &n, &w->err), sql);
    return n;
}

/* P1, P4 */
static void
acknowledged_is_kept(struct world *w, const struct notes *n, const char *when)
{
    for (size_t i = 0; i < n->queued_count; i++)
        if (number_of(w,
                      "select (select count(*) from pinstripe_runs where id = ?1)"
                      " + (select count(*) from pinstripe_runHistory where id = ?1)",
                      &n->queued[i]) != 1)
            fail_msg("%s: run %zu was acknowledged and is not there once", when, i);
    for (size_t i = 0; i < n->ended_count; i++)
        if (number_of(w, "select max(state) from pinstripe_runHistory where id = ?",
                      &n->ended[i].id) != n->ended[i].state)
            fail_msg("%s: end %zu was acknowledged and is not so", when, i);
}

/* P2, P4: what a child held, nobody may end once it has gone to another. */
static void
old_holds_change_nothing(struct world *w, const struct notes *n)
{
    struct pin_finished f;

    for (size_t i = 0; i < n->hold_count; i++) {
        for (size_t k = 0; k < i; k++)
            if (same_id(&n->holds[i].id, &n->holds[k].id))
                assert_true(n->holds[i].token > n->holds[k].token);
        assert_int_equal(pin__store_finish(w->store, &n->holds[i], &badly, w->now, &f, &w->err),
                         PIN_LOST);
    }
}

/* P6: the step ahead and the run are there together, and once more makes no second. */
static void
one_run_for_a_due_time(struct world *w, const struct notes *n)
{
    static const char runs[] = "select (select count(*) from pinstripe_runs where schedule is not"
                               " null) + (select count(*) from pinstripe_runHistory where schedule"
                               " is not null)";
    int64_t before = number(w, runs);
    struct pin_run_id id;
    pin_status st;

    assert_int_equal(before, number(w, "select count(*) from pinstripe_schedules"
                                       " where evaluatedAt = 1700000000000"));
    assert_true(before || !n->advanced);
    st = tick(w, &id);
    assert_int_equal(st, before ? PIN_LOST : PIN_OK);
    assert_int_equal(number(w, runs), 1);
}

/* P5 and the rest, when all is over. */
static void
everything_ended_once(struct world *w)
{
    assert_int_equal(number(w, "select count(*) from pinstripe_runs"), 0);
    assert_int_equal(number(w, "select count(*) from pinstripe_runHistory where lost > 3"
                               " or attempt - lost > attemptLimit"),
                     0);
    assert_int_equal(number(w, "select count(*) from pinstripe_runHistory"
                               " where json_array_length(coalesce(reasons, '[]')) < lost"),
                     0);
    assert_int_equal(number(w, "select count(*) from (select 1 from pinstripe_runHistory"
                               " where role = 2 group by parent, tenant having count(*) > 1)"),
                     0);
    assert_int_equal(number(w, "select count(*) from pinstripe_runHistory where role = 2"),
                     TENANTS * number(w, "select count(*) from pinstripe_runHistory"
                                         " where role = 1 and state = 5"));
}

/* --- the kills --- */

static void
prepare(struct world *w)
{
    struct pin_schedule_row row = { .job = schedule_job, .cron = schedule_cron, .next_due_ms = T0 };
    struct pin_reconcile r = { .rows = &row, .count = 1, .now_ms = T0 - 1000 };

    world_make(w);
    check(w, pin__store_reconcile(w->store, &r, &w->err), "reconcile");
    world_shut(w);
}

/* True when the child was killed, false when it lived to its end. */
static bool
wait_for(pid_t pid, const char *what)
{
    int status = -1;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s: the child ended with status %x", what, (unsigned)status);
    return false;
}

static bool
live_and_be_killed(struct world *w, struct notes *n, const char *fault)
{
    pid_t pid = fork();

    if (pid == 0) {
        pin__fault_arm(fault);
        live(w, n);
    }
    return wait_for(pid, fault);
}

static bool
one_death(const char *point, int nth, struct notes *n)
{
    char fault[160];
    struct world w;
    bool killed;

    memset(n, 0, sizeof *n);
    snprintf(fault, sizeof fault, "%s:%d:kill", point, nth);
    prepare(&w);
    killed = live_and_be_killed(&w, n, fault);
    world_open(&w);
    acknowledged_is_kept(&w, n, fault);
    check_invariants(&w);
    one_run_for_a_due_time(&w, n);
    rescue_all(&w);
    drain(&w);
    acknowledged_is_kept(&w, n, fault);
    old_holds_change_nothing(&w, n);
    everything_ended_once(&w);
    world_clear(&w);
    return killed;
}

/* Points that the life above comes to; the others have tests of their own below. */
static const char *const points[] = {
    "store.enqueue.before",
    "store.enqueue.mid",
    "store.enqueue.before_commit",
    "store.enqueue.after_commit",
    "store.claim.after_select",
    "store.claim.mid",
    "store.claim.before_commit",
    "store.claim.after_commit",
    "store.finish.before_commit",
    "store.finish.after_commit",
    "store.end.mid",
    "store.retry.mid",
    "store.again.mid",
    "store.rescue.mid",
    "store.fan_out.mid",
    "store.fan_out.last",
    "store.cancel.after_commit",
    "store.advance.before",
    "store.requeue.mid",
    "store.requeue.before_commit",
    "store.requeue.after_commit",
    "store.part.before_commit",
    "store.part.after_commit",
    "store.commit.before",
    "store.commit.after",
};
static const char *const points_elsewhere[] = { "store.prune.mid", "store.migrate.step",
                                                "store.migrate.before_commit" };

static void
whoever_is_killed_anywhere_loses_nothing_and_repeats_nothing(void **state)
{
    struct notes *n = shared(sizeof *n);
    int kills = 0;

    (void)state;
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        int nth = 1;

        while (one_death(points[i], nth, n))
            if (++nth > KILLS_MAX)
                fail_msg("%s: no end of it", points[i]);
        if (nth == 1)
            fail_msg("nothing comes to the point %s", points[i]);
        kills += nth - 1;
    }
    print_message("# %d kills at %zu points\n", kills, sizeof points / sizeof *points);
    munmap(n, sizeof *n);
}

static bool
is_listed(const char *point)
{
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        if (strcmp(point, points[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof points_elsewhere / sizeof *points_elsewhere; i++)
        if (strcmp(point, points_elsewhere[i]) == 0)
            return true;
    return false;
}

static void
look_for_points(const char *path)
{
    char line[512], *at, *close;
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        if (!(at = strstr(line, "pin__fault(")) || !(at = strchr(at, '"')))
            continue;
        if (!(close = strchr(at + 1, '"')))
            continue;
        *close = '\0';
        if (!is_listed(at + 1))
            fail_msg("%s has the point %s, which no test here kills at", path, at + 1);
    }
    assert_int_equal(fclose(f), 0);
}

static void
no_point_of_the_store_is_forgotten_here(void **state)
{
    DIR *folder = opendir("src/store");
    struct dirent *entry;
    char path[512];
    int files = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t size = strlen(entry->d_name);

        if (size < 3 || strcmp(entry->d_name + size - 2, ".c") != 0)
            continue;
        snprintf(path, sizeof path, "src/store/%s", entry->d_name);
        look_for_points(path);
        files++;
    }
    closedir(folder);
    assert_true(files > 5);
}

/* --- F10 --- */

static _Noreturn void
leave_orphans(struct world *w)
{
    static struct pin_enqueue e[ORPHANS];
    static struct pin_claim c[ORPHANS];
    struct pin_claim_request r = { .worker = "gone", .limit = ORPHANS, .now_ms = w->now };
    size_t count;

    world_open(w);
    for (int i = 0; i < ORPHANS; i++)
        e[i] = (struct pin_enqueue){ .id = next_id(w), .job = "mail" };
    must(w, pin__store_enqueue(w->store, e, ORPHANS, w->now, NULL, &w->err), "enqueue");
    must(w, pin__store_claim(w->store, &r, &w->arena, c, &count, &w->err), "claim");
    _exit(count == ORPHANS ? 0 : 8);
}

static _Noreturn void
rescue_in_pages(struct world *w, const char *fault)
{
    struct pin_rescue r = { .now_ms = T0 + PIN_STORE_LEASE_MS, .limit = 100 };
    size_t count;

    world_open(w);
    pin__fault_arm(fault);
    do
        must(w, pin__store_rescue(w->store, &r, &count, &w->err), "rescue");
    while (count);
    world_shut(w);
    _exit(0);
}

static void
F10_a_rescue_that_is_killed_loses_no_orphan_and_brings_none_back_twice(void **state)
{
    static const int nths[] = { 1, 2, 100, 101, 550, 1000, 1001 };
    struct pin_rescue r = { .now_ms = T0 + PIN_STORE_LEASE_MS };

    (void)state;
    for (size_t i = 0; i < sizeof nths / sizeof *nths; i++) {
        char fault[64];
        struct world w;
        int64_t back;
        size_t count;
        pid_t pid;

        world_make(&w);
        world_shut(&w);
        if ((pid = fork()) == 0)
            leave_orphans(&w);
        assert_false(wait_for(pid, "orphans"));
        snprintf(fault, sizeof fault, "store.rescue.mid:%d:kill", nths[i]);
        if ((pid = fork()) == 0)
            rescue_in_pages(&w, fault);
        assert_int_equal(wait_for(pid, fault), nths[i] <= ORPHANS);
        world_open(&w);
        back = number(&w, "select count(*) from pinstripe_ready");
        assert_int_equal(back, (nths[i] - 1) / 100 * 100); /* whole pages */
        assert_int_equal(number(&w, "select count(*) from pinstripe_claims"), ORPHANS - back);
        check(&w, pin__store_rescue(w.store, &r, &count, &w.err), "rescue");
        assert_int_equal(count, ORPHANS - back);
        assert_int_equal(number(&w, "select count(*) from pinstripe_runs where lost = 1 and attempt"
                                    " = 1 and json_array_length(reasons) = 1"),
                         ORPHANS);
        check(&w, pin__store_rescue(w.store, &r, &count, &w.err), "rescue");
        assert_int_equal(count, 0);
        w.now = r.now_ms;
        drain(&w);
        assert_int_equal(number(&w, "select count(*) from pinstripe_runHistory where state = 5"
                                    " and attempt = 2"),
                         ORPHANS);
        world_clear(&w);
    }
}

/* --- prune, migrate --- */

static _Noreturn void
prune_and_leave(struct world *w, const char *fault)
{
    struct pin_prune p = { .before_ms = T0 + 1000, .now_ms = T0, .limit = 4 };
    size_t count;
    bool more = true;

    world_open(w);
    pin__fault_arm(fault);
    while (more)
        must(w, pin__store_prune(w->store, &p, &count, &more, &w->err), "prune");
    world_shut(w);
    _exit(0);
}

static void
finish_with_output(struct world *w, int runs)
{
    for (int i = 0; i < runs; i++) {
        struct pin_claim c;

        PUT(w, .job = "mail");
        c = claim_one(w);
        check(w,
              pin__store_output_add(w->store, &c.hold.id, 1, (struct pin_bytes){ "x", 1 }, w->now,
                                    &w->err),
              "output");
        finish(w, &c, &well);
    }
}

static void
pruning_that_is_killed_removes_runs_with_all_that_is_theirs_or_not_at_all(void **state)
{
    enum { RUNS = 10 };

    (void)state;
    for (int nth = 1; nth <= RUNS + 1; nth++) {
        char fault[64];
        struct world w;
        pid_t pid;

        world_make(&w);
        finish_with_output(&w, RUNS);
        world_shut(&w);
        snprintf(fault, sizeof fault, "store.prune.mid:%d:kill", nth);
        if ((pid = fork()) == 0)
            prune_and_leave(&w, fault);
        assert_int_equal(wait_for(pid, fault), nth <= RUNS);
        world_open(&w);
        assert_int_equal(number(&w, "select count(*) from pinstripe_runHistory"),
                         RUNS - (nth > RUNS ? RUNS : (nth - 1) / 4 * 4));
        assert_int_equal(number(&w, "select count(*) from pinstripe_runOutput"),
                         number(&w, "select count(*) from pinstripe_runHistory"));
        world_clear(&w);
    }
}

static _Noreturn void
migrate_and_leave(struct world *w, const char *fault)
{
    static const uint8_t identity[16] = { 5 };

    w->session = contract_session(w);
    pin__fault_arm(fault);
    must(w, pin__store_migrate(w->session, identity, T0, &w->err), "migrate");
    pin__session_close(w->session);
    _exit(0);
}

static void
a_migration_that_is_killed_has_made_nothing_and_is_made_again(void **state)
{
    static const char *const faults[] = { "store.migrate.step:1:kill",
                                          "store.migrate.before_commit:1:kill" };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct world w = { .arena = PIN_ARENA_INIT(1 << 20), .now = T0 };
        pid_t pid;

        snprintf(w.folder, sizeof w.folder, WORLD_FOLDER "/pinstripe-test-XXXXXX");
        assert_non_null(mkdtemp(w.folder));
        snprintf(w.file, sizeof w.file, "%s/store.db", w.folder);
        if ((pid = fork()) == 0)
            migrate_and_leave(&w, faults[i]);
        assert_true(wait_for(pid, faults[i]));
        w.session = contract_session(&w);
        assert_int_equal(pin__store_open(&w.store, w.session, &w.err), PIN_NOT_FOUND);
        assert_int_equal(number(&w, "select count(*) from sqlite_schema"), 0);
        pin__session_close(w.session);
        if ((pid = fork()) == 0)
            migrate_and_leave(&w, "");
        assert_false(wait_for(pid, "migrate again"));
        world_open(&w);
        assert_int_equal(pin__store_identity(w.store)[0], 5);
        world_clear(&w);
    }
}

/* --- F43 --- */

enum { WRITERS = 16, RUNS_EACH = 20 };

struct crowd { /* shared */
    struct pin_run_id queued[WRITERS][RUNS_EACH];
    int ended[WRITERS]; /* how many ends were acknowledged to each */
    int working;        /* writers that have not left */
    int bursts;         /* of the one who is in the way */
};

static void
wait_for_bursts(struct crowd *crowd, int count)
{
    while (__atomic_load_n(&crowd->bursts, __ATOMIC_RELAXED) < count)
        sched_yield();
}

/* A busy answer here means that somebody waited PIN_BUSY_MS_DEFAULT and did not get his turn. */
static _Noreturn void
work_in_the_crowd(struct world *w, struct crowd *crowd, int who)
{
    struct pin_claim_request r = { .worker = "w", .limit = 3, .now_ms = w->now };
    struct pin_claim c[3];
    pin_status st = PIN_OK;
    size_t count;

    alarm(60); /* nobody waits for ever for one who died */
    world_open(w);
    for (int i = 0; i < RUNS_EACH || st != PIN_EMPTY; i++) {
        struct pin_enqueue e = { .id = next_id(w), .job = "mail" };

        if (i == 0 || i == RUNS_EACH / 2)
            wait_for_bursts(crowd, i ? 2 : 1);
        if (i < RUNS_EACH) {
            must(w, pin__store_enqueue(w->store, &e, 1, w->now, NULL, &w->err), "enqueue");
            crowd->queued[who][i] = e.id;
        }
        st = pin__store_claim(w->store, &r, &w->arena, c, &count, &w->err);
        if (st != PIN_EMPTY)
            must(w, st, "claim");
        for (size_t k = 0; k < count; k++) {
            end(w, &c[k], &well);
            __atomic_add_fetch(&crowd->ended[who], 1, __ATOMIC_RELAXED);
        }
        pin__arena_reset(&w->arena);
    }
    world_shut(w);
    __atomic_sub_fetch(&crowd->working, 1, __ATOMIC_RELAXED);
    _exit(0);
}

static int
ends(const struct crowd *crowd)
{
    int all = 0;

    for (int i = 0; i < WRITERS; i++)
        all += __atomic_load_n(&crowd->ended[i], __ATOMIC_RELAXED);
    return all;
}

static void
lock_for_a_burst(sqlite3 *db)
{
    if (sqlite3_exec(db, "begin exclusive", NULL, NULL, NULL) != SQLITE_OK)
        _exit(7);
    for (int i = 0; i < 300; i++)
        if (sqlite3_exec(db, "insert into other values (1)", NULL, NULL, NULL) != SQLITE_OK)
            _exit(7);
    if (sqlite3_exec(db, "commit", NULL, NULL, NULL) != SQLITE_OK)
        _exit(7);
}

/* Somebody else's program: takes the database for itself again and again, each time after the
 * others have got a little further. */
static _Noreturn void
be_in_the_way(const char *file, struct crowd *crowd)
{
    int seen = 0;
    sqlite3 *db;

    alarm(60);
    if (sqlite3_open(file, &db) != SQLITE_OK || sqlite3_busy_timeout(db, 60000) != SQLITE_OK ||
        sqlite3_exec(db, "create table other (n)", NULL, NULL, NULL) != SQLITE_OK)
        _exit(7);
    while (__atomic_load_n(&crowd->working, __ATOMIC_RELAXED) > 0) {
        if (crowd->bursts && ends(crowd) - seen < 5) {
            sched_yield();
            continue;
        }
        seen = ends(crowd);
        lock_for_a_burst(db);
        __atomic_add_fetch(&crowd->bursts, 1, __ATOMIC_RELAXED);
    }
    sqlite3_close(db);
    _exit(0);
}

static void
F43_many_writers_and_somebody_who_locks_in_bursts_lose_nothing(void **state)
{
    struct crowd *crowd = shared(sizeof *crowd);
    pid_t pids[WRITERS + 1];
    struct world w;

    (void)state;
    world_make(&w);
    world_shut(&w);
    crowd->working = WRITERS;
    for (int i = 0; i < WRITERS; i++)
        if ((pids[i] = fork()) == 0)
            work_in_the_crowd(&w, crowd, i);
    if ((pids[WRITERS] = fork()) == 0)
        be_in_the_way(w.file, crowd);
    for (int i = 0; i <= WRITERS; i++)
        assert_false(wait_for(pids[i], "one of the crowd"));
    world_open(&w);
    assert_int_equal(ends(crowd), WRITERS * RUNS_EACH);
    for (int i = 0; i < WRITERS; i++)
        for (int k = 0; k < RUNS_EACH; k++)
            assert_int_equal(number_of(&w,
                                       "select count(*) from pinstripe_runHistory where id = ?"
                                       " and state = 5 and attempt = 1 and lost = 0",
                                       &crowd->queued[i][k]),
                             1);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runHistory"), WRITERS * RUNS_EACH);
    assert_true(crowd->bursts >= 2);
    check(&w, pin__sql_run(w.session, "drop table other", NULL, 0, NULL, &w.err), "drop");
    world_clear(&w);
    munmap(crowd, sizeof *crowd);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_point_of_the_store_is_forgotten_here),
        cmocka_unit_test(whoever_is_killed_anywhere_loses_nothing_and_repeats_nothing),
        cmocka_unit_test(F10_a_rescue_that_is_killed_loses_no_orphan_and_brings_none_back_twice),
        cmocka_unit_test(pruning_that_is_killed_removes_runs_with_all_that_is_theirs_or_not_at_all),
        cmocka_unit_test(a_migration_that_is_killed_has_made_nothing_and_is_made_again),
        cmocka_unit_test(F43_many_writers_and_somebody_who_locks_in_bursts_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

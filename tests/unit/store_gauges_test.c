/* store_gauges_test.c - how much waits: right while it is little, bounded when it is much. */
#include "../contract/store_world.h"

static struct pin_session *
contract_session(struct world *w)
{
    struct pin_session_config config = { .filename = w->file, .busy_ms = 200 };
    struct pin_session *s = NULL;

    check(w, pin__session_open(&s, &config, &w->err), "open");
    return s;
}

static struct pin_gauges
look(struct world *w)
{
    struct pin_gauges g;

    check(w, pin__store_gauges(w->store, w->now, &w->arena, &g, &w->err), "gauges");
    return g;
}

static const struct pin_queue_gauge *
queue_of(const struct pin_gauges *g, const char *name)
{
    for (size_t i = 0; i < g->queue_count; i++)
        if (strcmp(g->queues[i].queue, name) == 0)
            return &g->queues[i];
    fail_msg("no queue %s", name);
    return NULL;
}

static void
expect(const struct pin_gauges *g, const char *queue, enum pin_run_state state, int64_t want)
{
    int64_t got = queue_of(g, queue)->counts[state];

    if (got != want)
        fail_msg("%s %s: %lld, not %lld", queue, pin__run_state_name(state), (long long)got,
                 (long long)want);
}

static void
an_empty_store_has_nothing_to_tell(void **state)
{
    struct world w;
    struct pin_gauges g;

    (void)state;
    world_make(&w);
    g = look(&w);
    assert_int_equal(g.queue_count, 0);
    assert_true(g.schedule_due_ms == INT64_MAX);
    assert_true(g.bot_tick_ms == 0);
    world_clear(&w);
}

static void
each_state_of_each_queue_is_counted(void **state)
{
    struct pin_claim claims[8];
    struct pin_gauges g;
    struct world w;

    (void)state;
    world_make(&w);
    for (int i = 0; i < 3; i++)
        PUT(&w, .queue = "mail");
    for (int i = 0; i < 4; i++)
        PUT(&w, .queue = "gated", .gate = "g", .gate_limit = 1);
    PUT(&w, .queue = "later", .due_ms = w.now + 5000);
    PUT(&w, .queue = "later", .due_ms = w.now + 9000);
    assert_int_equal(claim_many(&w, claims, 2), 2); /* of the two queues' fronts */
    g = look(&w);
    expect(&g, "later", PIN_RUN_DELAYED, 2);
    expect(&g, "mail", PIN_RUN_QUEUED, 3 - queue_of(&g, "mail")->counts[PIN_RUN_RUNNING]);
    assert_int_equal(claim_many(&w, claims, 8),
                     queue_of(&g, "gated")->counts[PIN_RUN_RUNNING] ? 2 : 3);
    g = look(&w);
    expect(&g, "mail", PIN_RUN_QUEUED, 0);
    expect(&g, "mail", PIN_RUN_RUNNING, 3);
    expect(&g, "gated", PIN_RUN_RUNNING, 1);
    expect(&g, "gated", PIN_RUN_HELD, 3);
    assert_int_equal(g.queue_count, 3);
    world_clear(&w);
}

/* One of low priority, behind many of high; and one whose time has come while nobody claims. */
static void
the_oldest_that_is_ready_is_found_at_either_end(void **state)
{
    const int64_t start = T0;
    struct pin_gauges g;
    struct world w;

    (void)state;
    world_make(&w);
    PUT(&w, .queue = "mail", .priority = -5);
    w.now += 10000;
    for (int i = 0; i < 300; i++)
        PUT(&w, .queue = "mail", .priority = 5);
    PUT(&w, .queue = "later", .due_ms = w.now + 1000);
    g = look(&w);
    assert_true(queue_of(&g, "mail")->oldest_due_ms == start);
    assert_true(queue_of(&g, "later")->oldest_due_ms == INT64_MAX);
    w.now += 1500;
    g = look(&w);
    assert_true(queue_of(&g, "later")->oldest_due_ms == w.now - 500);
    world_clear(&w);
}

static void
schedules_and_bots_are_told(void **state)
{
    struct pin_schedule_row row = {
        .job = "mail", .cron = "* * * * *", .args = "[]", .next_due_ms = T0 + 60000
    };
    struct pin_reconcile r = { .rows = &row, .count = 1, .now_ms = T0 };
    struct pin_bot_row bot = { .name = "here:1", .started_ms = T0, .tick_ms = T0 + 7 };
    struct pin_gauges g;
    struct world w;

    (void)state;
    world_make(&w);
    check(&w, pin__store_reconcile(w.store, &r, &w.err), "reconcile");
    check(&w, pin__store_bot_tick(w.store, &bot, &w.err), "tick");
    g = look(&w);
    assert_true(g.schedule_due_ms == T0 + 60000);
    assert_true(g.bot_tick_ms == T0 + 7);
    world_clear(&w);
}

static void
fill(struct world *w, const char *sql)
{
    check(w, pin__sql_run(w->session, sql, NULL, 0, NULL, &w->err), sql);
}

/* More queues, runs and gates than are looked at. */
static void
what_it_costs_has_a_bound(void **state)
{
    static const char runs[] =
        "with recursive n(i) as (select 1 from (select 1) union all select i + 1 from n where"
        " i < 30000) insert into pinstripe_runs (id, state, priority, turn, attemptLimit, dueAt,"
        " role, triggeredBy, createdAt, queue, job, gate, args) select"
        " cast(printf('%016d', i) as blob), case when i <= 20000 then 1 when i % 2 then 0 else 3 "
        "end,"
        " 0, i, 1, i, 0, 0, 0,"
        " case when i <= 200 then 'q' || i else 'big' end, 'mail',"
        " case when i > 20000 and i % 2 = 0 then 'g' || (i / 4) end, '[]' from n";
    static const char ready[] =
        "insert into pinstripe_ready select queue, priority, turn, id, token from pinstripe_runs"
        " where state = 1";
    struct pin_gauges g;
    struct world w;

    (void)state;
    world_make(&w);
    fill(&w, runs);
    fill(&w, ready);
    g = look(&w);
    assert_int_equal(g.queue_count, PIN_GAUGE_QUEUES_MAX);
    expect(&g, "big", PIN_RUN_QUEUED, PIN_GAUGE_QUEUED_MAX);
    expect(&g, "big", PIN_RUN_DELAYED, PIN_GAUGE_OTHERS_MAX);
    assert_in_range(queue_of(&g, "big")->counts[PIN_RUN_HELD], 256, PIN_GAUGE_OTHERS_MAX);
    world_clear(&w);
}

/* While somebody writes it reads all the same. */
static void
it_never_waits_for_a_writer(void **state)
{
    struct pin_session *other;
    struct pin_gauges g;
    struct world w;

    (void)state;
    world_make(&w);
    PUT(&w, .queue = "mail");
    other = contract_session(&w);
    check(&w, pin__session_begin(other, (struct pin_mono){ 0 }, &w.err), "begin");
    check(&w, pin__sql_run(other, "delete from pinstripe_turns", NULL, 0, NULL, &w.err), "write");
    g = look(&w);
    expect(&g, "mail", PIN_RUN_QUEUED, 1);
    pin__session_rollback(other);
    pin__session_close(other);
    world_clear(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_store_has_nothing_to_tell),
        cmocka_unit_test(each_state_of_each_queue_is_counted),
        cmocka_unit_test(the_oldest_that_is_ready_is_found_at_either_end),
        cmocka_unit_test(schedules_and_bots_are_told),
        cmocka_unit_test(what_it_costs_has_a_bound),
        cmocka_unit_test(it_never_waits_for_a_writer),
    };

    return cmocka_run_group_tests_name("store_gauges", tests, NULL, NULL);
}

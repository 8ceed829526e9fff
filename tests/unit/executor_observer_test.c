/* executor_observer_test.c - what who counts is told of runs, leases, locks and due times. */
#include "executor_help.h"

#include "bot/bot.h"
#include "executor/observer.h"

static const struct project_file files[] = {
    { "pinstripe.config.js", "export default {};" },
    { JOBS "good.js", "export default { run(){} };" },
    { JOBS "bad.js", "export default { run(){ throw new Error('no'); } };" },
    { JOBS "again.js", "export default { meta(){ this.retry({ limit: 1, delay: '1ms' }); }, "
                       "run(){ throw new Error('no'); } };" },
    { JOBS "often.js", "export default { meta(){ this.schedule('0 0 1 1 *'); }, run(){} };" },
    { NULL, NULL },
};

struct seen {
    struct pin_observer observer;
    struct pin_attempt last;
    char job[32], queue[32], schedule[PIN_SCHEDULE_ID_SIZE];
    size_t ended, failed, again, began, lost, busy, ticked;
    int64_t waited_us, results[PIN_OCCURRENCE_RESULT_COUNT];
    size_t want; /* ends, for pin__executor_loop */
};

static void
on_ended(void *context, const struct pin_attempt *a)
{
    struct seen *s = context;

    s->last = *a;
    snprintf(s->job, sizeof s->job, "%s", a->job ? a->job : "(none)");
    s->ended++;
    s->failed += a->kind != PIN_OUTCOME_SUCCEEDED;
    s->again += a->again;
}

static void
on_began(void *context, const char *queue, int64_t waited_us)
{
    struct seen *s = context;

    snprintf(s->queue, sizeof s->queue, "%s", queue);
    s->began++;
    s->waited_us = waited_us;
}

static void
on_lost(void *context, size_t leases)
{
    struct seen *s = context;

    s->lost += leases;
}

static void
on_busy(void *context)
{
    struct seen *s = context;

    s->busy++;
}

static void
on_decided(void *context, const char *schedule, enum pin_occurrence_result result, int64_t count)
{
    struct seen *s = context;

    snprintf(s->schedule, sizeof s->schedule, "%s", schedule);
    s->results[result] += count;
}

static void
on_ticked(void *context, int64_t now_ms)
{
    struct seen *s = context;

    s->ticked += now_ms > 0;
}

static void
watch(struct project *p, struct seen *s)
{
    *s = (struct seen){ .observer = { .context = s,
                                      .ended = on_ended,
                                      .began = on_began,
                                      .lost = on_lost,
                                      .busy = on_busy,
                                      .decided = on_decided,
                                      .ticked = on_ticked } };
    pin__executor_observe(p->executor, &s->observer);
}

static bool
has_ended(void *context)
{
    const struct seen *s = context;

    return s->ended >= s->want;
}

static void
work_until(struct project *p, struct seen *s, size_t want)
{
    struct pin_queue_options queue = { .queues = NULL };

    s->want = want;
    project_check(p, pin__executor_queue_start(p->executor, &queue, &p->err), "queue");
    pin__executor_loop(p->executor, has_ended, s);
    pin__executor_queue_stop(p->executor);
}

static void
a_called_run_is_told_when_it_has_ended(void **state)
{
    struct project p;
    struct seen s;

    (void)state;
    project_open(&p, files);
    watch(&p, &s);
    project_run(&p, "good");
    assert_int_equal(s.ended, 1);
    assert_int_equal(s.last.kind, PIN_OUTCOME_SUCCEEDED);
    assert_true(s.last.wall_us > 0);
    project_run(&p, "bad");
    assert_int_equal(s.ended, 2);
    assert_string_equal(s.job, "bad");
    assert_int_equal(s.last.kind, PIN_OUTCOME_THREW);
    assert_false(s.last.again);
    assert_int_equal(s.began, 0); /* it was in no queue */
    pin__executor_observe(p.executor, NULL);
    project_run(&p, "good");
    assert_int_equal(s.ended, 2);
    project_close(&p);
}

static void
each_attempt_of_a_queued_run_is_told_once_it_is_written(void **state)
{
    struct project p;
    struct seen s;

    (void)state;
    project_open(&p, files);
    watch(&p, &s);
    project_queue(&p, (struct pin_enqueue){ .job = "again", .attempt_limit = 2, .queue = "mail" });
    work_until(&p, &s, 2);
    assert_int_equal(s.failed, 2);
    assert_int_equal(s.again, 1);
    assert_false(s.last.again);
    assert_int_equal(s.began, 2);
    assert_string_equal(s.queue, "mail");
    project_close(&p);
}

static void
a_run_of_no_job_has_no_name_and_did_not_begin(void **state)
{
    struct project p;
    struct seen s;

    (void)state;
    project_open(&p, files);
    watch(&p, &s);
    project_queue(&p, (struct pin_enqueue){ .job = "who-knows" });
    work_until(&p, &s, 1);
    assert_string_equal(s.job, "(none)");
    assert_int_equal(s.last.kind, PIN_OUTCOME_REFUSED);
    assert_true(s.last.wall_us == 0);
    assert_int_equal(s.began, 0);
    project_close(&p);
}

/* From when it was due, not from when it was made. */
static void
how_long_a_queued_run_waited_is_told(void **state)
{
    struct pin_enqueue e = { .job = "good" };
    struct project p;
    struct seen s;

    (void)state;
    project_open(&p, files);
    watch(&p, &s);
    project_queue(&p, e);
    project_check(&p,
                  pin__sql_run(p.session,
                               "update pinstripe_runs set dueAt = dueAt - 60000,"
                               " createdAt = createdAt - 3600000",
                               NULL, 0, NULL, &p.err),
                  "age");
    work_until(&p, &s, 1);
    assert_in_range(s.waited_us, 60 * 1000000, 120 * 1000000);
    project_close(&p);
}

static void
a_lease_that_lapsed_is_told_by_who_sweeps(void **state)
{
    const int64_t long_ago = pin__clock_wall().ms - 4 * PIN_STORE_LEASE_MS;
    struct pin_claim_request r = { .worker = "gone", .limit = 1, .now_ms = long_ago };
    struct pin_arena arena = PIN_ARENA_INIT(1 << 20);
    struct pin_claim claim;
    struct project p;
    struct seen s;
    size_t count;

    (void)state;
    project_open(&p, files);
    watch(&p, &s);
    project_queue(&p, (struct pin_enqueue){ .job = "good" });
    project_check(&p, pin__store_claim(p.store, &r, &arena, &claim, &count, &p.err), "claim");
    work_until(&p, &s, 1);
    assert_int_equal(s.lost, 1);
    assert_int_equal(s.last.kind, PIN_OUTCOME_SUCCEEDED);
    pin__arena_fini(&arena);
    project_close(&p);
}

struct lock {
    struct seen *seen;
    struct project *project;
    bool held;
    int tries; /* a millisecond each */
};

static void
let_go_when_it_was_noticed(void *context)
{
    struct lock *l = context;

    if (l->held && (l->seen->busy > 1 || ++l->tries > 5000)) {
        pin__session_rollback(l->project->session);
        l->held = false;
    }
}

static void
who_is_kept_from_writing_tells_it(void **state)
{
    struct project p;
    struct seen s;
    struct lock lock = { &s, &p, true, 0 };

    (void)state;
    project_open(&p, files);
    watch(&p, &s);
    project_queue(&p, (struct pin_enqueue){ .job = "good" });
    project_check(&p, pin__session_begin(p.session, (struct pin_mono){ 0 }, &p.err), "lock");
    pin__executor_watch(p.executor, -1, 1, let_go_when_it_was_noticed, &lock);
    work_until(&p, &s, 1);
    assert_true(s.busy > 1);
    assert_false(lock.held);
    project_close(&p);
}

/* It was last looked at a few years ago. */
static void
what_a_bot_decides_is_told_after_the_commit(void **state)
{
    struct pin_bot_options options = { .once = true };
    struct pin_bot *bot;
    struct project p;
    struct seen s;

    (void)state;
    project_open(&p, files);
    watch(&p, &s);
    for (int i = 0; i < 2; i++) {
        project_check(&p, pin__bot_start(&bot, p.executor, &options, &p.err), "bot");
        pin__executor_loop(p.executor, pin__bot_done, bot);
        pin__bot_stop(bot);
        project_check(&p,
                      pin__sql_run(p.session,
                                   "update pinstripe_schedules set nextDueAt = 1,"
                                   " evaluatedAt = evaluatedAt - 86400000 * 365 * 3",
                                   NULL, 0, NULL, &p.err),
                      "put back");
    }
    assert_true(s.ticked >= 2);
    assert_int_equal(s.results[PIN_OCCURRENCE_LATE], 1);
    assert_in_range(s.results[PIN_OCCURRENCE_MISSED], 1, 2); /* a leap day may be in it */
    assert_memory_equal(s.schedule, "often#", 6);
    assert_int_equal(s.ended, 1);
    project_close(&p);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_called_run_is_told_when_it_has_ended),
        cmocka_unit_test(each_attempt_of_a_queued_run_is_told_once_it_is_written),
        cmocka_unit_test(a_run_of_no_job_has_no_name_and_did_not_begin),
        cmocka_unit_test(how_long_a_queued_run_waited_is_told),
        cmocka_unit_test(a_lease_that_lapsed_is_told_by_who_sweeps),
        cmocka_unit_test(who_is_kept_from_writing_tells_it),
        cmocka_unit_test(what_a_bot_decides_is_told_after_the_commit),
    };

    return cmocka_run_group_tests_name("executor_observer", tests, NULL, NULL);
}

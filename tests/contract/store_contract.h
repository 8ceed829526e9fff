/* store_contract.h - what any kind of store must do. A driver's test includes this, says in
 * contract_session how a database of its kind is opened, and runs CONTRACT_TESTS.
 */
#ifndef TESTS_STORE_CONTRACT_H
#define TESTS_STORE_CONTRACT_H

#include "store_world.h"

/* --- the life of a run --- */

static void
a_run_goes_from_queued_to_running_to_succeeded_and_carries_what_it_was_given(void **state)
{
    struct world w;
    struct pin_enqueued e;
    struct pin_claim c;
    struct pin_run_row row;
    pin_status st;

    (void)state;
    world_make(&w);
    e = PUT(&w, .job = "admin/mail", .tenant = "t1", .args = { "[1,\"x\"]", 7 }, .queue = "mail",
            .priority = 3, .attempt_limit = 4, .trigger = PIN_TRIGGER_API, .key = "k");
    assert_false(e.existed);
    assert_state(&w, &e.id, PIN_RUN_QUEUED);
    w.now += 10;
    c = claim_one(&w);
    assert_state(&w, &e.id, PIN_RUN_RUNNING);
    assert_string_equal(c.job, "admin/mail");
    assert_string_equal(c.tenant, "t1");
    assert_string_equal(c.args.data, "[1,\"x\"]");
    assert_string_equal(c.queue, "mail");
    assert_string_equal(c.key, "k");
    assert_int_equal(c.priority, 3);
    assert_int_equal(c.attempt, 1);
    assert_int_equal(c.attempt_limit, 4);
    assert_int_equal(c.trigger, PIN_TRIGGER_API);
    assert_int_equal(c.hold.token, 1);
    assert_true(same_id(&c.hold.id, &e.id));
    w.now += 10;
    assert_int_equal(finish(&w, &c, &well).state, PIN_RUN_SUCCEEDED);
    st = pin__store_show(w.store, &e.id, keep_row, &row, &w.err);
    check(&w, st, "show");
    assert_int_equal(row.state, PIN_RUN_SUCCEEDED);
    assert_int_equal(row.started_ms, T0 + 10);
    assert_int_equal(row.finished_ms, T0 + 20);
    assert_int_equal(row.wall_us, 5);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runs"), 0);
    world_clear(&w);
}

static void
a_stale_token_changes_nothing(void **state)
{
    struct world w;
    struct pin_claim old, new;
    struct pin_finished f;
    struct pin_rescue r = { .able_since_ms = T0 };
    enum pin_beat_answer answer;
    enum pin_run_state s;
    size_t n;

    (void)state;
    world_make(&w);
    PUT(&w, .job = "mail");
    old = claim_one(&w);
    r.now_ms = w.now += PIN_STORE_LEASE_MS;
    check(&w, pin__store_rescue(w.store, &r, &n, &w.err), "rescue");
    assert_int_equal(n, 1);
    new = claim_one(&w);
    assert_true(same_id(&old.hold.id, &new.hold.id));
    assert_true(new.hold.token > old.hold.token);
    assert_int_equal(pin__store_finish(w.store, &old.hold, &well, w.now, &f, &w.err), PIN_LOST);
    assert_int_equal(pin__store_finish(w.store, &old.hold, &badly, w.now, &f, &w.err), PIN_LOST);
    assert_int_equal(pin__store_give_back(w.store, &old.hold, w.now, &w.err), PIN_LOST);
    assert_int_equal(pin__store_lose(w.store, &old.hold, "x", w.now, &f, &w.err), PIN_LOST);
    assert_int_equal(pin__store_start(w.store, &old.hold, "x", w.now, &w.err), PIN_LOST);
    assert_int_equal(pin__store_progress(w.store, &old.hold, 1, 2, "x", &w.err), PIN_LOST);
    assert_int_equal(pin__store_fan_out(w.store, &old.hold, NULL, 0, NULL, true, w.now, &s, &w.err),
                     PIN_LOST);
    check(&w, pin__store_beat(w.store, &old.hold, 1, w.now + 1, &answer, &w.err), "beat");
    assert_int_equal(answer, PIN_BEAT_LOST);
    assert_state(&w, &new.hold.id, PIN_RUN_RUNNING);
    finish(&w, &new, &well);
    assert_int_equal(pin__store_finish(w.store, &new.hold, &badly, w.now, &f, &w.err), PIN_LOST);
    assert_state(&w, &new.hold.id, PIN_RUN_SUCCEEDED);
    world_clear(&w);
}

static void
a_failed_run_is_tried_again_after_its_backoff_and_then_stays_failed(void **state)
{
    struct world w;
    struct pin_retry retry = { .delay_ms = 1000, .max_delay_ms = 60000 };
    struct pin_result r = badly;
    struct pin_claim c;
    struct pin_run_row row;
    struct pin_finished f;
    int64_t due;

    (void)state;
    world_make(&w);
    r.retry = &retry;
    PUT(&w, .attempt_limit = 3);
    for (int attempt = 1; attempt <= 3; attempt++) {
        c = claim_one(&w);
        assert_int_equal(c.attempt, attempt);
        f = finish(&w, &c, &r);
        if (attempt == 3)
            break;
        assert_int_equal(f.state, PIN_RUN_DELAYED);
        assert_int_equal(f.due_ms, w.now + (attempt == 1 ? 750 : 1500));
        check(&w, pin__store_next_due(w.store, &due, &w.err), "next due");
        assert_int_equal(due, f.due_ms);
        w.now = f.due_ms - 1;
        assert_int_equal(claim_many(&w, &c, 1), 0);
        w.now = f.due_ms;
    }
    assert_int_equal(f.state, PIN_RUN_FAILED);
    check(&w, pin__store_show(w.store, &c.hold.id, keep_row, &row, &w.err), "show");
    assert_int_equal(row.attempt, 3);
    assert_non_null(strstr(row.reasons.data, "\"attempt\":1"));
    assert_non_null(strstr(row.reasons.data, "\"attempt\":3"));
    free((void *)(uintptr_t)row.reasons.data);
    assert_int_equal(pin__store_next_due(w.store, &due, &w.err), PIN_EMPTY);
    world_clear(&w);
}

static void
an_error_decides_whether_and_when_it_is_tried_again(void **state)
{
    struct world w;
    struct pin_retry retry = { .delay_ms = 1000 };
    struct pin_result never = badly, later = badly, no_policy = badly;
    struct pin_claim c;

    (void)state;
    world_make(&w);
    never.retry = later.retry = &retry;
    never.no_retry = true;
    later.retry_after_ms = 77;
    PUT(&w, .attempt_limit = 9);
    c = claim_one(&w);
    assert_int_equal(finish(&w, &c, &later).due_ms, w.now + 77);
    w.now += 77;
    c = claim_one(&w);
    assert_int_equal(finish(&w, &c, &never).state, PIN_RUN_FAILED);
    PUT(&w, .attempt_limit = 9);
    c = claim_one(&w);
    assert_int_equal(finish(&w, &c, &no_policy).state, PIN_RUN_FAILED);
    world_clear(&w);
}

static void
a_run_given_back_has_not_used_an_attempt_and_goes_first(void **state)
{
    struct world w;
    struct pin_enqueued first;
    struct pin_claim c;

    (void)state;
    world_make(&w);
    first = PUT(&w, .job = "mail");
    PUT(&w, .job = "mail");
    c = claim_one(&w);
    check(&w, pin__store_give_back(w.store, &c.hold, w.now, &w.err), "give back");
    c = claim_one(&w);
    assert_true(same_id(&c.hold.id, &first.id));
    assert_int_equal(c.attempt, 1);
    assert_int_equal(c.hold.token, 2);
    world_clear(&w);
}

static void
a_run_that_is_lost_three_times_has_failed_with_every_reason(void **state)
{
    struct world w;
    struct pin_enqueued e;
    struct pin_rescue r = { .able_since_ms = T0 };
    struct pin_run_row row;
    struct pin_finished f;
    struct pin_claim c;
    size_t n;

    (void)state;
    world_make(&w);
    e = PUT(&w, .job = "mail");
    for (int i = 1; i <= 3; i++) {
        c = claim_one(&w);
        assert_int_equal(c.attempt, i);
        if (i == 2) {
            check(&w,
                  pin__store_lose(w.store, &c.hold, "worker killed by signal 9", w.now, &f, &w.err),
                  "lose");
            assert_int_equal(f.state, PIN_RUN_QUEUED);
            continue;
        }
        r.now_ms = w.now += PIN_STORE_LEASE_MS;
        check(&w, pin__store_rescue(w.store, &r, &n, &w.err), "rescue");
        assert_int_equal(n, 1);
    }
    check(&w, pin__store_show(w.store, &e.id, keep_row, &row, &w.err), "show");
    assert_int_equal(row.state, PIN_RUN_FAILED);
    assert_int_equal(row.lost, 3);
    assert_non_null(strstr(row.reasons.data, "signal 9"));
    assert_non_null(strstr(row.reasons.data, "executor 1 stopped answering"));
    free((void *)(uintptr_t)row.reasons.data);
    world_clear(&w);
}

static void
a_lost_attempt_is_not_a_failure_of_the_job(void **state)
{
    struct world w;
    struct pin_retry retry = { .delay_ms = 1 };
    struct pin_result r = badly;
    struct pin_finished f;
    struct pin_claim c;

    (void)state;
    world_make(&w);
    r.retry = &retry;
    PUT(&w, .attempt_limit = 2);
    c = claim_one(&w);
    check(&w, pin__store_lose(w.store, &c.hold, "deploy", w.now, &f, &w.err), "lose");
    c = claim_one(&w);
    f = finish(&w, &c, &r);
    assert_int_equal(f.state, PIN_RUN_DELAYED);
    w.now = f.due_ms;
    c = claim_one(&w);
    assert_int_equal(finish(&w, &c, &r).state, PIN_RUN_FAILED);
    world_clear(&w);
}

static void
a_lease_that_is_renewed_or_lapsed_while_nobody_could_write_is_left_alone(void **state)
{
    struct world w;
    struct pin_rescue r;
    struct pin_claim c;
    enum pin_beat_answer answer;
    size_t n;

    (void)state;
    world_make(&w);
    PUT(&w, .job = "mail");
    c = claim_one(&w);
    check(&w, pin__store_beat(w.store, &c.hold, 1, w.now + 2 * PIN_STORE_LEASE_MS, &answer, &w.err),
          "beat");
    assert_int_equal(answer, PIN_BEAT_ON);
    r = (struct pin_rescue){ .now_ms = w.now + PIN_STORE_LEASE_MS, .able_since_ms = T0 };
    check(&w, pin__store_rescue(w.store, &r, &n, &w.err), "rescue");
    assert_int_equal(n, 0);
    r.now_ms = w.now + 3 * PIN_STORE_LEASE_MS;
    r.able_since_ms = r.now_ms - 1;
    check(&w, pin__store_rescue(w.store, &r, &n, &w.err), "rescue");
    assert_int_equal(n, 0);
    r.now_ms = r.able_since_ms + PIN_STORE_SWEEP_MS;
    check(&w, pin__store_rescue(w.store, &r, &n, &w.err), "rescue");
    assert_int_equal(n, 1);
    world_clear(&w);
}

/* Two runs that are alike but for their ids; the holder of one of them tells all that it knows. */
static void
what_the_holder_tells_at_the_end_is_what_is_read_otherwise(void **state)
{
    struct world w;
    struct pin_result r = well;
    struct pin_claim c[2];
    struct pin_finished f;
    struct pin_run_id parent = { { 1, 2, 3 } };

    (void)state;
    world_make(&w);
    for (int i = 0; i < 2; i++)
        PUT(&w, .job = "admin/mail", .tenant = "t", .args = { "[1,\"x\"]", 7 },
            .params = { "{}", 2 }, .queue = "mail", .priority = 3, .attempt_limit = 4,
            .trigger = PIN_TRIGGER_API, .key = i ? "k" : "K", .parent = &parent, .schedule = "s",
            .scheduled_for_ms = T0 + i);
    w.now += 10;
    assert_int_equal(claim_many(&w, c, 2), 2);
    r.started_ms = w.now += 1;
    r.cpu_us = 3;
    r.peak_heap_bytes = 4;
    finish(&w, &c[0], &r);
    r.claim = &c[1];
    assert_int_equal(finish(&w, &c[1], &r).state, PIN_RUN_SUCCEEDED);
    assert_int_equal(pin__store_finish(w.store, &c[1].hold, &r, w.now, &f, &w.err), PIN_LOST);
    assert_int_equal(
        number(&w, "select count(*) from (select distinct state, priority, attempt, attemptLimit,"
                   " lost, dueAt, role, triggeredBy, createdAt, startedAt, finishedAt, wallUs,"
                   " cpuUs, peakHeapBytes, exitSignal, queue, job, tenant, worker, schedule,"
                   " parent, outcome, args, params, reasons, error from pinstripe_runHistory"
                   " where worker = 'executor 1' and scheduledFor - 1700000000000 ="
                   " (uniqueKey = 'k'))"),
        1);
    world_clear(&w);
}

/* The clock was put back by a day: whoever lives renews its lease at once. */
static void
a_lease_of_a_time_that_the_clock_has_left_is_taken_back(void **state)
{
    const int64_t day = (int64_t)24 * 60 * 60 * 1000;
    struct world w;
    struct pin_rescue r;
    struct pin_claim dead, alive;
    enum pin_beat_answer answer;
    size_t n;

    (void)state;
    world_make(&w);
    PUT(&w, .job = "dead");
    dead = claim_one(&w);
    PUT(&w, .job = "alive");
    alive = claim_one(&w);
    w.now -= day;
    check(&w, pin__store_beat(w.store, &alive.hold, 1, w.now + PIN_STORE_LEASE_MS, &answer, &w.err),
          "beat");
    r = (struct pin_rescue){ .now_ms = w.now + PIN_STORE_SWEEP_MS, .able_since_ms = w.now };
    check(&w, pin__store_rescue(w.store, &r, &n, &w.err), "rescue");
    assert_int_equal(n, 0);
    r.now_ms = w.now + PIN_STORE_LEASE_MS - 1;
    r.able_since_ms = r.now_ms - PIN_STORE_LEASE_MS;
    check(&w, pin__store_rescue(w.store, &r, &n, &w.err), "rescue");
    assert_int_equal(n, 1);
    w.now = r.now_ms;
    assert_string_equal(claim_one(&w).job, "dead");
    assert_int_equal(pin__store_beat(w.store, &dead.hold, 1, w.now, &answer, &w.err), PIN_OK);
    assert_int_equal(answer, PIN_BEAT_LOST);
    world_clear(&w);
}

/* --- cancelling --- */

static void
cancelling_ends_what_does_not_run_and_tells_the_holder_of_what_does(void **state)
{
    struct world w;
    struct pin_enqueued queued, delayed, running;
    struct pin_result stopped = { .cancelled = true, .outcome = "cancelled" };
    enum pin_beat_answer answer;
    enum pin_run_state s;
    struct pin_claim c;
    struct pin_run_id nobody = { { 9 } };

    (void)state;
    world_make(&w);
    running = PUT(&w, .job = "mail");
    c = claim_one(&w);
    queued = PUT(&w, .job = "mail");
    delayed = PUT(&w, .due_ms = w.now + 1000);
    check(&w, pin__store_cancel(w.store, &queued.id, w.now, &s, &w.err), "cancel");
    assert_int_equal(s, PIN_RUN_CANCELLED);
    check(&w, pin__store_cancel(w.store, &delayed.id, w.now, &s, &w.err), "cancel");
    assert_state(&w, &delayed.id, PIN_RUN_CANCELLED);
    check(&w, pin__store_cancel(w.store, &running.id, w.now, &s, &w.err), "cancel");
    assert_int_equal(s, PIN_RUN_RUNNING);
    check(&w, pin__store_beat(w.store, &c.hold, 1, w.now + 9, &answer, &w.err), "beat");
    assert_int_equal(answer, PIN_BEAT_CANCEL);
    assert_int_equal(finish(&w, &c, &stopped).state, PIN_RUN_CANCELLED);
    assert_int_equal(pin__store_cancel(w.store, &running.id, w.now, &s, &w.err), PIN_CONFLICT);
    assert_int_equal(pin__store_cancel(w.store, &nobody, w.now, &s, &w.err), PIN_NOT_FOUND);
    world_clear(&w);
}

/* --- once --- */

static void
a_key_gives_the_run_there_is_within_its_job_and_tenant(void **state)
{
    struct world w;
    struct pin_enqueued first, again, other;

    (void)state;
    world_make(&w);
    first = PUT(&w, .key = "k", .tenant = "a");
    again = PUT(&w, .key = "k", .tenant = "a", .args = { "[2]", 3 });
    assert_true(again.existed && same_id(&again.id, &first.id));
    other = PUT(&w, .key = "k", .tenant = "b");
    assert_false(other.existed);
    other = PUT(&w, .key = "k");
    assert_false(other.existed);
    other = PUT(&w, .job = "other", .key = "k", .tenant = "a");
    assert_false(other.existed);
    w.now += PIN_STORE_KEY_MS;
    again = PUT(&w, .key = "k", .tenant = "a");
    assert_false(again.existed);
    world_clear(&w);
}

static void
a_unique_window_is_about_job_tenant_and_arguments_and_ends(void **state)
{
    struct world w;
    struct pin_enqueued first, again, other;

    (void)state;
    world_make(&w);
    first = PUT(&w, .unique_for_ms = 1000, .args = { "[1]", 3 });
    again = PUT(&w, .unique_for_ms = 1000, .args = { "[1]", 3 });
    assert_true(again.existed && same_id(&again.id, &first.id));
    other = PUT(&w, .unique_for_ms = 1000, .args = { "[2]", 3 });
    assert_false(other.existed);
    other = PUT(&w, .unique_for_ms = 1000, .args = { "[1]", 3 }, .tenant = "t");
    assert_false(other.existed);
    w.now += 1000;
    again = PUT(&w, .unique_for_ms = 1000, .args = { "[1]", 3 });
    assert_false(again.existed);
    world_clear(&w);
}

static void
an_occurrence_makes_one_run_for_each_tenant(void **state)
{
    struct world w;
    struct pin_enqueued first, again, other;
    struct pin_occurrence missed = { .schedule = "s",
                                     .due_ms = T0,
                                     .result = PIN_OCCURRENCE_MISSED };
    struct pin_occurrence late = { .schedule = "s",
                                   .due_ms = T0,
                                   .result = PIN_OCCURRENCE_LATE,
                                   .reason = "the bot was not running",
                                   .has_run = true };
    struct pin_live_run live;

    (void)state;
    world_make(&w);
    assert_int_equal(pin__store_schedule_live(w.store, "s", &live, &w.err), PIN_EMPTY);
    first = PUT(&w, .schedule = "s", .scheduled_for_ms = T0);
    again = PUT(&w, .schedule = "s", .scheduled_for_ms = T0);
    assert_true(again.existed && same_id(&again.id, &first.id));
    other = PUT(&w, .schedule = "s", .scheduled_for_ms = T0, .tenant = "t");
    assert_false(other.existed);
    other = PUT(&w, .schedule = "s", .scheduled_for_ms = T0 + 60000);
    assert_false(other.existed);
    assert_int_equal(pin__store_occurrence(w.store, &missed, &w.err), PIN_CONFLICT);
    late.run = first.id;
    check(&w, pin__store_occurrence(w.store, &late, &w.err), "late");
    assert_int_equal(number(&w, "select count(*) from pinstripe_occurrences"), 3);
    assert_int_equal(number(&w, "select count(*) from pinstripe_occurrences where result = 1"), 1);
    check(&w, pin__store_schedule_live(w.store, "s", &live, &w.err), "live");
    assert_true(same_id(&live.id, &first.id));
    assert_int_equal(live.state, PIN_RUN_QUEUED);
    assert_int_equal(live.scheduled_for_ms, T0);
    missed.due_ms = T0 - 1;
    check(&w, pin__store_occurrence(w.store, &missed, &w.err), "missed");
    again = PUT(&w, .schedule = "s", .scheduled_for_ms = T0 - 1);
    assert_true(again.existed && pin__run_id_is_zero(&again.id));
    world_clear(&w);
}

/* --- who is next --- */

static void
higher_priority_goes_first_and_what_is_not_due_does_not_go(void **state)
{
    struct world w;
    struct pin_enqueued low, high, later;
    struct pin_claim c[4];
    static const char *const mail[] = { "mail" };
    struct pin_claim_request r = { .worker = "w", .queues = mail, .queue_count = 1, .limit = 4 };
    size_t n;

    (void)state;
    world_make(&w);
    low = PUT(&w, .priority = -1);
    later = PUT(&w, .priority = 9, .due_ms = w.now + 5);
    high = PUT(&w, .priority = 1, .queue = "mail");
    r.now_ms = w.now;
    assert_int_equal(claim_many(&w, c, 1), 1);
    assert_true(same_id(&c[0].hold.id, &high.id));
    assert_int_equal(pin__store_claim(w.store, &r, &w.arena, c, &n, &w.err), PIN_EMPTY);
    w.now += 5;
    assert_int_equal(claim_many(&w, c, 4), 2);
    assert_true(same_id(&c[0].hold.id, &later.id));
    assert_true(same_id(&c[1].hold.id, &low.id));
    world_clear(&w);
}

static void
fill(struct world *w, const char *tenant, size_t count)
{
    struct pin_enqueue *all = calloc(count, sizeof *all);

    assert_non_null(all);
    for (size_t i = 0; i < count; i++)
        all[i] = (struct pin_enqueue){ .id = next_id(w), .job = "mail", .tenant = tenant };
    check(w, pin__store_enqueue(w->store, all, count, w->now, NULL, &w->err), "fill");
    free(all);
}

static void
tenants_take_turns_and_a_quiet_one_is_next(void **state)
{
    struct world w;
    struct pin_enqueued b;
    struct pin_claim c[8];
    size_t of_a = 0, of_c = 0;

    (void)state;
    world_make(&w);
    fill(&w, "a", 100000);
    fill(&w, "c", 1000);
    assert_int_equal(claim_many(&w, c, 8), 8);
    for (size_t i = 0; i < 8; i++)
        of_a += c[i].tenant[0] == 'a';
    assert_int_equal(of_a, 4);
    w.now++;
    b = PUT(&w, .tenant = "b");
    PUT(&w, .tenant = "b");
    assert_int_equal(claim_many(&w, c, 1), 1);
    assert_true(same_id(&c[0].hold.id, &b.id));
    of_a = 0;
    assert_int_equal(claim_many(&w, c, 3), 3);
    for (size_t i = 0; i < 3; i++) {
        of_a += c[i].tenant[0] == 'a';
        of_c += c[i].tenant[0] == 'c';
    }
    assert_int_equal(of_a, 1);
    assert_int_equal(of_c, 1);
    world_clear(&w);
}

static void
a_gate_lets_in_as_many_as_it_has_places_and_leaks_none(void **state)
{
    struct world w;
    struct pin_rescue r = { .able_since_ms = T0 };
    struct pin_enqueued other;
    struct pin_claim c[16], free_one;
    struct pin_finished f;
    size_t n;

    (void)state;
    world_make(&w);
    for (int i = 0; i < 10; i++)
        PUT(&w, .gate = "g", .gate_limit = 2);
    other = PUT(&w, .job = "mail");
    assert_int_equal(claim_many(&w, c, 3), 3);
    assert_true(same_id(&c[2].hold.id, &other.id));
    assert_int_equal(claim_many(&w, &free_one, 1), 0);
    finish(&w, &c[0], &well);
    assert_int_equal(claim_many(&w, c, 9), 1);
    check(&w, pin__store_lose(w.store, &c[0].hold, "crash", w.now, &f, &w.err), "lose");
    assert_int_equal(claim_many(&w, c, 9), 1);
    assert_int_equal(c[0].attempt, 2);
    finish(&w, &c[0], &badly);
    r.now_ms = w.now += PIN_STORE_LEASE_MS;
    check(&w, pin__store_rescue(w.store, &r, &n, &w.err), "rescue");
    for (int left = 10 - 2; left > 0; left -= 2) {
        n = claim_many(&w, c, 9);
        for (size_t i = 0; i < n; i++)
            finish(&w, &c[i], &well);
    }
    assert_int_equal(claim_many(&w, c, 9), 0);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runs"), 0);
    world_clear(&w);
}

/* Claims and finishes until nothing is left; a busy store is tried again, as an executor would. */
static _Noreturn void
claim_all_and_leave(struct world *w)
{
    struct pin_claim_request r = { .worker = "w", .limit = 7, .now_ms = w->now };
    struct pin_claim c[7];
    struct pin_finished f;
    size_t n = 0;
    pin_status st;

    world_open(w);
    while ((st = pin__store_claim(w->store, &r, &w->arena, c, &n, &w->err)) != PIN_EMPTY) {
        if (st != PIN_OK && st != PIN_BUSY)
            _exit(1);
        for (size_t k = 0; st == PIN_OK && k < n; k++)
            while ((st = pin__store_finish(w->store, &c[k].hold, &well, w->now, &f, &w->err)) !=
                   PIN_OK)
                if (st != PIN_BUSY) /* PIN_LOST: somebody else had it as well */
                    _exit(2);
    }
    world_shut(w);
    _exit(0);
}

static void
two_processes_never_hold_one_run_twice(void **state)
{
    enum { RUNS = 400, PROCESSES = 3 };
    struct world w;
    pid_t pids[PROCESSES];

    (void)state;
    world_make(&w);
    fill(&w, "a", RUNS);
    world_shut(&w);
    for (int i = 0; i < PROCESSES; i++)
        if ((pids[i] = fork()) == 0)
            claim_all_and_leave(&w);
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    world_open(&w);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runHistory where attempt = 1"),
                     RUNS);
    world_clear(&w);
}

/* --- parents --- */

static void
a_parent_makes_children_in_pages_and_ends_when_they_have(void **state)
{
    struct world w;
    struct pin_result told = well;
    struct pin_enqueue page[2];
    struct pin_enqueued parent;
    struct pin_claim p, again, c[8];
    enum pin_run_state s;
    struct pin_finished f;

    (void)state;
    world_make(&w);
    parent = PUT(&w, .role = PIN_ROLE_PARENT);
    p = claim_one(&w);
    page[0] = (struct pin_enqueue){ .id = next_id(&w), .job = "mail", .tenant = "a" };
    page[1] = (struct pin_enqueue){ .id = next_id(&w), .job = "mail", .tenant = "b" };
    check(&w, pin__store_fan_out(w.store, &p.hold, page, 2, "b", false, w.now, &s, &w.err), "page");
    assert_int_equal(s, PIN_RUN_RUNNING);
    check(&w, pin__store_lose(w.store, &p.hold, "killed", w.now, &f, &w.err), "lose");
    assert_int_equal(claim_many(&w, c, 8), 3); /* two quiet tenants go in front */
    again = c[2];
    assert_true(same_id(&again.hold.id, &parent.id));
    assert_string_equal(again.cursor, "b");
    page[0] = (struct pin_enqueue){ .id = next_id(&w), .job = "mail", .tenant = "b" };
    page[1] = (struct pin_enqueue){ .id = next_id(&w), .job = "mail", .tenant = "c" };
    check(&w, pin__store_fan_out(w.store, &again.hold, page, 2, "c", true, w.now, &s, &w.err),
          "page");
    assert_int_equal(s, PIN_RUN_WAITING);
    assert_int_equal(claim_many(&w, &c[2], 6), 1);
    told.started_ms = w.now;
    told.claim = &c[0];
    finish(&w, &c[0], &told);
    finish(&w, &c[1], &badly);
    assert_state(&w, &parent.id, PIN_RUN_WAITING);
    told.claim = &c[2];
    finish(&w, &c[2], &told);
    assert_state(&w, &parent.id, PIN_RUN_FAILED);
    world_clear(&w);
}

static void
a_parent_keeps_its_place_in_a_gate_until_its_children_have_ended(void **state)
{
    struct world w;
    struct pin_enqueue child = { .job = "mail", .tenant = "a" };
    struct pin_enqueued second;
    struct pin_claim c[4];
    enum pin_run_state s;

    (void)state;
    world_make(&w);
    PUT(&w, .role = PIN_ROLE_PARENT, .gate = "g", .gate_limit = 1);
    second = PUT(&w, .role = PIN_ROLE_PARENT, .gate = "g", .gate_limit = 1);
    assert_int_equal(claim_many(&w, c, 4), 1);
    child.id = next_id(&w);
    check(&w, pin__store_fan_out(w.store, &c[0].hold, &child, 1, NULL, true, w.now, &s, &w.err),
          "page");
    assert_int_equal(s, PIN_RUN_WAITING);
    assert_int_equal(claim_many(&w, c, 4), 1);
    assert_true(same_id(&c[0].hold.id, &child.id));
    finish(&w, &c[0], &well);
    assert_int_equal(claim_many(&w, c, 4), 1);
    assert_true(same_id(&c[0].hold.id, &second.id));
    world_clear(&w);
}

static void
cancelling_a_waiting_parent_cancels_its_children(void **state)
{
    struct world w;
    struct pin_enqueue page[3];
    struct pin_result stopped = { .cancelled = true, .outcome = "cancelled" };
    struct pin_enqueued parent;
    enum pin_run_state s;
    struct pin_claim p, c;

    (void)state;
    world_make(&w);
    parent = PUT(&w, .role = PIN_ROLE_PARENT);
    p = claim_one(&w);
    for (int i = 0; i < 3; i++)
        page[i] = (struct pin_enqueue){ .id = next_id(&w),
                                        .job = "mail",
                                        .tenant = i == 0   ? "a"
                                                  : i == 1 ? "b"
                                                           : "c" };
    check(&w, pin__store_fan_out(w.store, &p.hold, page, 3, NULL, true, w.now, &s, &w.err), "page");
    c = claim_one(&w);
    check(&w, pin__store_cancel(w.store, &parent.id, w.now, &s, &w.err), "cancel");
    assert_int_equal(s, PIN_RUN_WAITING);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runHistory where state = 7"), 2);
    finish(&w, &c, &stopped);
    assert_state(&w, &parent.id, PIN_RUN_CANCELLED);
    world_clear(&w);
}

/* --- batches --- */

static void
a_batch_is_kept_whole_or_not_at_all_and_a_lost_claim_does_not_spoil_it(void **state)
{
    struct world w;
    struct pin_finished f;
    struct pin_claim c;

    (void)state;
    world_make(&w);
    PUT(&w, .job = "mail");
    c = claim_one(&w);
    check(&w, pin__store_begin(w.store, &w.err), "begin");
    PUT(&w, .job = "mail");
    finish(&w, &c, &well);
    pin__store_rollback(w.store);
    assert_state(&w, &c.hold.id, PIN_RUN_RUNNING);
    check(&w, pin__store_begin(w.store, &w.err), "begin");
    finish(&w, &c, &well);
    assert_int_equal(pin__store_finish(w.store, &c.hold, &well, w.now, &f, &w.err), PIN_LOST);
    PUT(&w, .job = "mail");
    check(&w, pin__store_commit(w.store, &w.err), "commit");
    assert_state(&w, &c.hold.id, PIN_RUN_SUCCEEDED);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runs"), 1);
    check(&w, pin__store_sync(w.store, &w.err), "sync");
    check(&w, pin__store_tidy(w.store, &w.err), "tidy");
    assert_state(&w, &c.hold.id, PIN_RUN_SUCCEEDED);
    world_clear(&w);
}

static void
a_session_that_does_not_wait_says_busy_and_nothing_has_happened(void **state)
{
    struct world w, other;
    struct pin_enqueue e = { .job = "mail" };

    (void)state;
    world_make(&w);
    other = w;
    world_open(&other);
    check(&other, pin__store_begin(other.store, &other.err), "begin");
    e.id = next_id(&w);
    assert_int_equal(pin__store_enqueue(w.store, &e, 1, w.now, NULL, &w.err), PIN_BUSY);
    check(&other, pin__store_commit(other.store, &other.err), "commit");
    check(&w, pin__store_enqueue(w.store, &e, 1, w.now, NULL, &w.err), "enqueue");
    world_shut(&other);
    world_clear(&w);
}

static void
an_id_that_is_there_is_refused(void **state)
{
    struct world w;
    struct pin_enqueue e[2] = { { .job = "mail" }, { .job = "mail" } };

    (void)state;
    world_make(&w);
    e[0].id = e[1].id = next_id(&w);
    assert_int_equal(pin__store_enqueue(w.store, e, 2, w.now, NULL, &w.err), PIN_INVALID);
    assert_int_equal(number(&w, "select count(*) from pinstripe_runs"), 0);
    world_clear(&w);
}

/* --- schedules --- */

static int diffs[3];

static void
count_diff(void *context, enum pin_diff what, const struct pin_schedule_row *row)
{
    (void)context;
    (void)row;
    diffs[what]++;
}

static void
reconcile(struct world *w, const struct pin_schedule_row *rows, size_t count, int added,
          int changed, int removed)
{
    memset(diffs, 0, sizeof diffs);
    struct pin_reconcile r = { .rows = rows, .count = count, .now_ms = w->now, .diff = count_diff };

    check(w, pin__store_reconcile(w->store, &r, &w->err), "reconcile");
    assert_int_equal(diffs[PIN_DIFF_ADDED], added);
    assert_int_equal(diffs[PIN_DIFF_CHANGED], changed);
    assert_int_equal(diffs[PIN_DIFF_REMOVED], removed);
}

static void
schedules_become_what_the_project_says_and_a_pause_outlives_an_edit(void **state)
{
    struct world w;
    struct pin_schedule_row rows[] = {
        { .job = "mail", .cron = "0 * * * *", .next_due_ms = T0 + 2 },
        { .job = "mail", .cron = "5 * * * *", .next_due_ms = T0 + 1 },
        { .job = "clean", .cron = "0 0 * * *", .next_due_ms = T0 + 3 },
        { .job = "clean", .cron = "0 0 * * *", .next_due_ms = T0 + 3 },
    };
    struct pin_schedule_row *read;
    size_t n;

    (void)state;
    world_make(&w);
    reconcile(&w, rows, 4, 3, 0, 0);
    reconcile(&w, rows, 4, 0, 0, 0);
    check(&w, pin__store_schedules(w.store, T0 + 2, 10, &w.arena, &read, &n, &w.err), "due");
    assert_int_equal(n, 2);
    assert_string_equal(read[0].cron, "5 * * * *");
    check(&w, pin__store_schedule_advance(w.store, read[0].id, T0 + 1, T0 + 9, &w.err), "advance");
    assert_int_equal(pin__store_schedule_advance(w.store, read[0].id, T0 + 1, T0 + 9, &w.err),
                     PIN_LOST);
    check(&w, pin__store_schedule_pause(w.store, "clean", true, w.now, &n, &w.err), "pause");
    assert_int_equal(n, 1);
    assert_int_equal(pin__store_schedule_pause(w.store, "none", true, w.now, &n, &w.err),
                     PIN_NOT_FOUND);
    rows[2].cron = rows[3].cron = "30 0 * * *";
    rows[0].overlap = PIN_OVERLAP_ALLOW;
    reconcile(&w, rows, 4, 1, 1, 1);
    assert_int_equal(number(&w, "select paused from pinstripe_schedules where job = 'clean'"), 1);
    reconcile(&w, rows, 1, 0, 0, 2);
    world_clear(&w);
}

static void
a_new_schedule_of_a_job_whose_others_are_all_paused_begins_paused(void **state)
{
    struct world w;
    struct pin_schedule_row rows[] = {
        { .job = "mail", .cron = "0 * * * *", .time_zone = "Asia/Tokyo", .by_tenant = true },
        { .job = "mail", .cron = "0 * * * *", .time_zone = "Europe/Rome", .by_tenant = true },
        { .job = "mail-2", .cron = "0 * * * *" },
    };
    size_t n;

    (void)state;
    world_make(&w);
    reconcile(&w, rows, 1, 1, 0, 0);
    check(&w, pin__store_schedule_pause(w.store, "mail", true, w.now, &n, &w.err), "pause");
    reconcile(&w, rows, 3, 2, 0, 0);
    assert_int_equal(number(&w, "select sum(paused) from pinstripe_schedules"), 2);
    assert_int_equal(
        number(&w, "select count(*) from pinstripe_schedules where paused and job = 'mail'"), 2);
    world_clear(&w);
}

static void
reconciling_moves_next_due_times_but_not_of_what_is_due(void **state)
{
    static const int64_t never = INT64_MAX, day = PIN_SCHEDULE_AHEAD_MS;
    static const struct {
        const char *what;
        int64_t evaluated, next; /* from T0, as everything here; never is never */
        int64_t given, want_evaluated, want_next;
        int changed;
    } rows[] = {
        { "the same again", 0, 60, 60, 0, 60, 0 },
        { "due, so it stays due", -9, -5, 60, -9, -5, 0 },
        { "another zone", 0, 60, 40, 0, 40, 1 },
        { "an hour ahead: what was evaluated is not due again", 3600, 3660, 60, 3600, 3660, 0 },
        { "ten days ahead: the clock was wrong", 10 * day, 10 * day + 60, 60, 0, 60, 1 },
        { "it was wrong and is well again", -9, never, 60, 0, 60, 1 },
        { "it is wrong now", -9, 60, never, -9, never, 1 },
        { "it stays wrong", -9, never, never, -9, never, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_schedule_row row = { .job = "mail", .cron = "0 * * * *" };
        struct pin_schedule_row *read;
        struct world w;
        size_t n;

        world_make(&w);
        w.now = T0 - 100 * day;
        row.next_due_ms = w.now + 1;
        reconcile(&w, &row, 1, 1, 0, 0);
        check(&w, pin__store_schedules(w.store, never, 1, &w.arena, &read, &n, &w.err), "read");
        check(&w,
              pin__store_schedule_advance(w.store, read->id, T0 + rows[i].evaluated,
                                          rows[i].next == never ? never : T0 + rows[i].next,
                                          &w.err),
              rows[i].what);
        w.now = T0;
        row.next_due_ms = rows[i].given == never ? never : T0 + rows[i].given;
        reconcile(&w, &row, 1, 0, rows[i].changed, 0);
        check(&w, pin__store_schedules(w.store, never, 1, &w.arena, &read, &n, &w.err), "read");
        if (read->evaluated_ms != T0 + rows[i].want_evaluated ||
            read->next_due_ms != (rows[i].want_next == never ? never : T0 + rows[i].want_next))
            fail_msg("%s: evaluated %lld, next %lld", rows[i].what,
                     (long long)(read->evaluated_ms - T0), (long long)(read->next_due_ms - T0));
        world_clear(&w);
    }
}

static void
with_the_evaluated_time_that_it_has_only_a_later_due_time_is_taken(void **state)
{
    struct pin_schedule_row row = { .job = "mail", .cron = "0 * * * *", .next_due_ms = T0 };
    struct pin_schedule_row *read;
    struct world w;
    size_t n;

    (void)state;
    world_make(&w);
    reconcile(&w, &row, 1, 1, 0, 0);
    check(&w, pin__store_schedules(w.store, T0, 1, &w.arena, &read, &n, &w.err), "read");
    check(&w, pin__store_schedule_advance(w.store, read->id, T0, T0 + 9, &w.err), "later");
    assert_int_equal(pin__store_schedule_advance(w.store, read->id, T0, T0 + 9, &w.err), PIN_LOST);
    assert_int_equal(pin__store_schedule_advance(w.store, read->id, T0, T0 + 8, &w.err), PIN_LOST);
    assert_int_equal(pin__store_schedule_advance(w.store, read->id, T0 - 1, T0 + 99, &w.err),
                     PIN_LOST);
    world_clear(&w);
}

/* --- what a bot looks at --- */

static struct pin_peek
peek(struct world *w)
{
    struct pin_peek p;

    check(w, pin__store_peek(w->store, NULL, 0, &p, &w->err), "peek");
    return p;
}

static void
a_look_tells_what_is_ready_and_what_comes_when(void **state)
{
    struct pin_schedule_row row = { .job = "mail", .cron = "0 * * * *", .next_due_ms = T0 + 777 };
    struct pin_claim c;
    struct world w;

    (void)state;
    world_make(&w);
    assert_false(peek(&w).ready);
    assert_true(peek(&w).due_ms == INT64_MAX && peek(&w).lapse_ms == INT64_MAX &&
                peek(&w).schedule_due_ms == INT64_MAX);
    PUT(&w, .due_ms = T0 + 60);
    PUT(&w, .due_ms = T0 + 50);
    assert_false(peek(&w).ready);
    assert_int_equal(peek(&w).due_ms, T0 + 50);
    PUT(&w, .job = "mail");
    assert_true(peek(&w).ready);
    c = claim_one(&w);
    assert_false(peek(&w).ready);
    assert_int_equal(peek(&w).lapse_ms, T0 + PIN_STORE_LEASE_MS);
    finish(&w, &c, &well);
    assert_true(peek(&w).lapse_ms == INT64_MAX);
    reconcile(&w, &row, 1, 1, 0, 0);
    assert_int_equal(peek(&w).schedule_due_ms, T0 + 777);
    world_clear(&w);
}

static size_t
bots(struct world *w, int64_t since_ms, struct pin_bot_row **rows)
{
    size_t n;

    check(w, pin__store_bots(w->store, since_ms, &w->arena, rows, &n, &w->err), "bots");
    return n;
}

static void
bots_are_known_while_they_tick_and_forgotten_when_they_leave_or_fall_silent(void **state)
{
    struct pin_bot_row b = { .name = "b:2", .started_ms = T0, .tick_ms = T0, .queues = "mail,x" };
    struct pin_bot_row a = { .name = "a:1", .started_ms = T0, .tick_ms = T0 }, *rows;
    struct pin_prune p = { .before_ms = T0, .now_ms = T0 + PIN_BOT_GONE_MS };
    struct world w;
    size_t pruned;
    bool more;

    (void)state;
    world_make(&w);
    assert_int_equal(bots(&w, 0, &rows), 0);
    check(&w, pin__store_bot_tick(w.store, &b, &w.err), "tick");
    check(&w, pin__store_bot_tick(w.store, &a, &w.err), "tick");
    assert_int_equal(bots(&w, T0, &rows), 2);
    assert_string_equal(rows[0].name, "a:1");
    assert_null(rows[0].queues);
    assert_string_equal(rows[1].queues, "mail,x");
    b.tick_ms = T0 + 9;
    check(&w, pin__store_bot_tick(w.store, &b, &w.err), "tick");
    assert_int_equal(bots(&w, T0 + 9, &rows), 1);
    assert_int_equal(rows[0].started_ms, T0);
    assert_int_equal(rows[0].tick_ms, T0 + 9);
    p.now_ms++;
    check(&w, pin__store_prune(w.store, &p, &pruned, &more, &w.err), "prune");
    assert_int_equal(bots(&w, 0, &rows), 1);
    assert_string_equal(rows[0].name, "b:2");
    check(&w, pin__store_bot_leave(w.store, "b:2", &w.err), "leave");
    check(&w, pin__store_bot_leave(w.store, "nobody", &w.err), "leave");
    assert_int_equal(bots(&w, 0, &rows), 0);
    world_clear(&w);
}

static void
schedules_of_a_job_that_is_broken_now_stay_and_those_by_tenant_are_others(void **state)
{
    static const char *const kept[] = { "broken" };
    struct pin_schedule_row rows[] = {
        { .job = "broken", .cron = "0 * * * *", .next_due_ms = T0 },
        { .job = "fine", .cron = "0 * * * *", .next_due_ms = T0 + 1 },
        { .job = "fine", .cron = "0 * * * *", .next_due_ms = T0 + 2, .by_tenant = true },
        { .job = "fine",
          .cron = "0 * * * *",
          .next_due_ms = T0 + 3,
          .by_tenant = true,
          .time_zone = "Asia/Tokyo" },
    };
    struct pin_reconcile r = { .now_ms = T0, .kept_jobs = kept, .kept_count = 1 };
    struct pin_schedule_row *read;
    struct world w;
    size_t n;

    (void)state;
    world_make(&w);
    reconcile(&w, rows, 4, 4, 0, 0);
    check(&w, pin__store_schedules(w.store, INT64_MAX, 0, &w.arena, &read, &n, &w.err), "read");
    assert_int_equal(n, 4);
    assert_false(read[0].by_tenant || read[1].by_tenant);
    assert_true(read[2].by_tenant && read[3].by_tenant);
    assert_null(read[2].time_zone);
    assert_string_equal(read[3].time_zone, "Asia/Tokyo");
    check(&w, pin__store_reconcile(w.store, &r, &w.err), "nothing but the broken one");
    check(&w, pin__store_schedules(w.store, INT64_MAX, 0, &w.arena, &read, &n, &w.err), "read");
    assert_int_equal(n, 1);
    assert_string_equal(read[0].job, "broken");
    r.kept_count = 0;
    check(&w, pin__store_reconcile(w.store, &r, &w.err), "nothing at all");
    check(&w, pin__store_schedules(w.store, INT64_MAX, 0, &w.arena, &read, &n, &w.err), "read");
    assert_int_equal(n, 0);
    world_clear(&w);
}

static void
a_parent_carries_the_zone_of_its_tenants(void **state)
{
    static const char *const zones[] = { NULL, "", "Asia/Tokyo" };
    struct pin_finished f;
    struct pin_claim c;
    struct world w;

    (void)state;
    world_make(&w);
    for (size_t i = 0; i < 3; i++) {
        PUT(&w, .role = PIN_ROLE_PARENT, .tenant_zone = zones[i]);
        for (int again = 0; again < 2; again++) {
            c = claim_one(&w);
            if (zones[i])
                assert_string_equal(c.tenant_zone, zones[i]);
            else
                assert_null(c.tenant_zone);
            if (!again)
                check(&w, pin__store_lose(w.store, &c.hold, "x", w.now, &f, &w.err), "lose");
        }
        finish(&w, &c, &well);
    }
    world_clear(&w);
}

/* --- looking --- */

struct page {
    struct pin_run_id ids[64];
    size_t count;
};

static pin_status
keep_id(void *context, const struct pin_run_row *row, struct pin_err *err)
{
    struct page *p = context;

    (void)err;
    p->ids[p->count++] = row->id;
    return PIN_OK;
}

static void
lists_page_by_id_over_live_and_finished_runs(void **state)
{
    struct world w;
    struct pin_run_filter f = { .limit = 7 };
    int64_t counts[PIN_RUN_STATE_COUNT];
    struct page all = { .count = 0 }, some = { .count = 0 };
    struct pin_claim c[10];
    size_t before;

    (void)state;
    world_make(&w);
    for (int i = 0; i < 30; i++, w.now++)
        PUT(&w, .tenant = i % 3 ? "a" : "b", .job = i % 2 ? "mail" : "clean",
            .args = { i == 17 ? "[\"Needle\"]" : "[]", i == 17 ? 10 : 2 });
    assert_int_equal(claim_many(&w, c, 10), 10);
    for (int i = 0; i < 10; i++)
        finish(&w, &c[i], i < 2 ? &badly : &well);
    do {
        before = all.count;
        check(&w, pin__store_list(w.store, &f, keep_id, &all, &w.err), "list");
        f.before = &all.ids[all.count - 1];
    } while (all.count - before == 7);
    assert_int_equal(all.count, 30);
    for (size_t i = 1; i < 30; i++)
        assert_true(memcmp(&all.ids[i - 1], &all.ids[i], sizeof all.ids[i]) > 0);
    f = (struct pin_run_filter){ .tenant = "b", .job = "clean" };
    check(&w, pin__store_list(w.store, &f, keep_id, &some, &w.err), "list");
    assert_int_equal(some.count, 5);
    some.count = 0;
    f = (struct pin_run_filter){ .text = "nEEdle", .since_ms = T0 + 17 };
    check(&w, pin__store_list(w.store, &f, keep_id, &some, &w.err), "list");
    assert_int_equal(some.count, 1);
    some.count = 0;
    f = (struct pin_run_filter){ .has_state = true, .state = PIN_RUN_FAILED };
    check(&w, pin__store_list(w.store, &f, keep_id, &some, &w.err), "list");
    assert_int_equal(some.count, 2);
    some.count = 0;
    f = (struct pin_run_filter){ .live = true };
    check(&w, pin__store_list(w.store, &f, keep_id, &some, &w.err), "list");
    assert_int_equal(some.count, 20);
    check(&w, pin__store_count(w.store, &f, counts, &w.err), "count");
    assert_int_equal(counts[PIN_RUN_QUEUED], 20);
    assert_int_equal(counts[PIN_RUN_FAILED], 0);
    f = (struct pin_run_filter){ .limit = 0 };
    check(&w, pin__store_count(w.store, &f, counts, &w.err), "count");
    assert_int_equal(counts[PIN_RUN_QUEUED], 20);
    assert_int_equal(counts[PIN_RUN_SUCCEEDED], 8);
    assert_int_equal(counts[PIN_RUN_FAILED], 2);
    world_clear(&w);
}

struct heard {
    int64_t first, end;
    size_t pieces;
};

static pin_status
hear(void *context, const struct pin_output *piece, struct pin_err *err)
{
    struct heard *h = context;

    (void)err;
    if (h->pieces++ == 0)
        h->first = piece->offset;
    else
        assert_int_equal(piece->offset, h->end);
    h->end = piece->offset + (int64_t)piece->bytes.size;
    return PIN_OK;
}

static void
the_newest_megabyte_of_a_run_s_output_is_kept(void **state)
{
    static char chunk[100000];
    struct world w;
    struct heard h = { .pieces = 0 };
    struct pin_run_id id;

    (void)state;
    world_make(&w);
    id = next_id(&w);
    for (int i = 0; i < 30; i++)
        check(&w,
              pin__store_output_add(w.store, &id, 1, (struct pin_bytes){ chunk, sizeof chunk },
                                    w.now, &w.err),
              "output");
    check(&w, pin__store_output_read(w.store, &id, 0, hear, &h, &w.err), "read");
    assert_int_equal(h.end, 3000000);
    assert_true(h.first <= h.end - PIN_STORE_OUTPUT_BYTES);
    assert_true(h.first > h.end - PIN_STORE_OUTPUT_BYTES - (int64_t)sizeof chunk);
    h = (struct heard){ .pieces = 0 };
    check(&w, pin__store_output_read(w.store, &id, 2999990, hear, &h, &w.err), "read");
    assert_int_equal(h.first, 2999990);
    assert_int_equal(h.end, 3000000);
    world_clear(&w);
}

static void
a_direct_run_is_recorded_with_its_result(void **state)
{
    struct world w;
    struct pin_enqueue e = { .job = "mail", .trigger = PIN_TRIGGER_REPL };
    struct pin_result r = badly;

    (void)state;
    world_make(&w);
    e.id = next_id(&w);
    r.exit_signal = 11;
    check(&w, pin__store_record(w.store, &e, &r, "executor 1", T0, T0 + 5, &w.err), "record");
    assert_state(&w, &e.id, PIN_RUN_FAILED);
    assert_int_equal(number(&w, "select exitSignal from pinstripe_runHistory where job = 'mail'"
                                " and attempt = 1 and attemptLimit = 1 and lost = 0"
                                " and triggeredBy = 1 and createdAt = 1700000000000"
                                " and finishedAt = createdAt + 5 and args = '[]'"),
                     11);
    world_clear(&w);
}

static void
pruning_removes_what_ended_before_and_what_belongs_to_it(void **state)
{
    struct world w;
    struct pin_prune p = { .limit = 3 };
    struct pin_claim c[8];
    struct pin_enqueued live;
    size_t n, all = 0;
    bool more = true;

    (void)state;
    world_make(&w);
    for (int i = 0; i < 8; i++)
        PUT(&w, .key = i == 0 ? "k" : NULL, .schedule = i == 1 ? "s" : NULL,
            .scheduled_for_ms = w.now);
    assert_int_equal(claim_many(&w, c, 8), 8);
    for (int i = 0; i < 7; i++)
        finish(&w, &c[i], &well);
    check(&w,
          pin__store_output_add(w.store, &c[0].hold.id, 1, (struct pin_bytes){ "x", 1 }, w.now,
                                &w.err),
          "output");
    w.now += 1000;
    finish(&w, &c[7], &well);
    live = PUT(&w, .job = "mail");
    p.before_ms = w.now - 500;
    p.now_ms = w.now + PIN_STORE_KEY_MS;
    p.dry_run = true;
    check(&w, pin__store_prune(w.store, &p, &n, &more, &w.err), "dry run");
    assert_int_equal(n, 7);
    p.dry_run = false;
    for (more = true; more; all += n)
        check(&w, pin__store_prune(w.store, &p, &n, &more, &w.err), "prune");
    assert_int_equal(all, 7);
    assert_state(&w, &live.id, PIN_RUN_QUEUED);
    assert_state(&w, &c[7].hold.id, PIN_RUN_SUCCEEDED);
    assert_int_equal(number(&w, "select (select count(*) from pinstripe_runOutput)"
                                " + (select count(*) from pinstripe_keys)"
                                " + (select count(*) from pinstripe_occurrences)"),
                     0);
    world_clear(&w);
}

#include "store_contract_retry.h"

#define CONTRACT_TESTS                                                                             \
    cmocka_unit_test(                                                                              \
        a_run_goes_from_queued_to_running_to_succeeded_and_carries_what_it_was_given),             \
        cmocka_unit_test(a_stale_token_changes_nothing),                                           \
        cmocka_unit_test(a_failed_run_is_tried_again_after_its_backoff_and_then_stays_failed),     \
        cmocka_unit_test(an_error_decides_whether_and_when_it_is_tried_again),                     \
        cmocka_unit_test(a_run_given_back_has_not_used_an_attempt_and_goes_first),                 \
        cmocka_unit_test(a_run_that_is_lost_three_times_has_failed_with_every_reason),             \
        cmocka_unit_test(a_lost_attempt_is_not_a_failure_of_the_job),                              \
        cmocka_unit_test(                                                                          \
            a_lease_that_is_renewed_or_lapsed_while_nobody_could_write_is_left_alone),             \
        cmocka_unit_test(what_the_holder_tells_at_the_end_is_what_is_read_otherwise),              \
        cmocka_unit_test(a_lease_of_a_time_that_the_clock_has_left_is_taken_back),                 \
        cmocka_unit_test(cancelling_ends_what_does_not_run_and_tells_the_holder_of_what_does),     \
        cmocka_unit_test(a_key_gives_the_run_there_is_within_its_job_and_tenant),                  \
        cmocka_unit_test(a_unique_window_is_about_job_tenant_and_arguments_and_ends),              \
        cmocka_unit_test(an_occurrence_makes_one_run_for_each_tenant),                             \
        cmocka_unit_test(higher_priority_goes_first_and_what_is_not_due_does_not_go),              \
        cmocka_unit_test(tenants_take_turns_and_a_quiet_one_is_next),                              \
        cmocka_unit_test(a_gate_lets_in_as_many_as_it_has_places_and_leaks_none),                  \
        cmocka_unit_test(two_processes_never_hold_one_run_twice),                                  \
        cmocka_unit_test(a_parent_makes_children_in_pages_and_ends_when_they_have),                \
        cmocka_unit_test(cancelling_a_waiting_parent_cancels_its_children),                        \
        cmocka_unit_test(a_parent_keeps_its_place_in_a_gate_until_its_children_have_ended),        \
        cmocka_unit_test(a_batch_is_kept_whole_or_not_at_all_and_a_lost_claim_does_not_spoil_it),  \
        cmocka_unit_test(a_session_that_does_not_wait_says_busy_and_nothing_has_happened),         \
        cmocka_unit_test(an_id_that_is_there_is_refused),                                          \
        cmocka_unit_test(schedules_become_what_the_project_says_and_a_pause_outlives_an_edit),     \
        cmocka_unit_test(a_new_schedule_of_a_job_whose_others_are_all_paused_begins_paused),       \
        cmocka_unit_test(reconciling_moves_next_due_times_but_not_of_what_is_due),                 \
        cmocka_unit_test(with_the_evaluated_time_that_it_has_only_a_later_due_time_is_taken),      \
        cmocka_unit_test(a_look_tells_what_is_ready_and_what_comes_when),                          \
        cmocka_unit_test(                                                                          \
            bots_are_known_while_they_tick_and_forgotten_when_they_leave_or_fall_silent),          \
        cmocka_unit_test(                                                                          \
            schedules_of_a_job_that_is_broken_now_stay_and_those_by_tenant_are_others),            \
        cmocka_unit_test(a_parent_carries_the_zone_of_its_tenants),                                \
        cmocka_unit_test(lists_page_by_id_over_live_and_finished_runs),                            \
        cmocka_unit_test(the_newest_megabyte_of_a_run_s_output_is_kept),                           \
        cmocka_unit_test(a_direct_run_is_recorded_with_its_result),                                \
        cmocka_unit_test(pruning_removes_what_ended_before_and_what_belongs_to_it),                \
        CONTRACT_RETRY_TESTS

#endif

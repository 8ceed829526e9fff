/* store_contract_retry.h - the part of the contract about runs that somebody asks for once more.
 * Included by store_contract.h, whose helpers it uses.
 */
#ifndef TESTS_STORE_CONTRACT_RETRY_H
#define TESTS_STORE_CONTRACT_RETRY_H

static inline enum pin_run_state
ask_again(struct world *w, const struct pin_run_id *id)
{
    enum pin_run_state s = PIN_RUN_STATE_COUNT;

    check(w, pin__store_retry(w->store, id, w->now, &s, &w->err), "retry");
    return s;
}

static inline int64_t
count_state(struct world *w, enum pin_run_state state)
{
    struct pin_run_filter f = { .has_state = true, .state = state };
    int64_t counts[PIN_RUN_STATE_COUNT];

    check(w, pin__store_count(w->store, &f, counts, &w->err), "count");
    return counts[state];
}

static void
a_failed_run_goes_back_into_the_queue_with_all_its_attempts_and_reasons(void **state)
{
    static const struct pin_retry retry = { .delay_ms = 1000 };
    struct pin_result r = badly;
    struct pin_finished f;
    struct pin_enqueued e;
    struct pin_run_row row;
    struct pin_claim c;
    struct world w;

    (void)state;
    world_make(&w);
    r.retry = &retry;
    e = PUT(&w, .tenant = "t1", .args = { "[7]", 3 }, .priority = 2, .attempt_limit = 2,
            .queue = "mail", .key = "k");
    for (int round = 0; round < 3; round++) {
        for (int attempt = 1; attempt <= 2; attempt++) {
            c = claim_one(&w);
            assert_true(same_id(&c.hold.id, &e.id));
            assert_int_equal(c.attempt, 2 * round + attempt);
            assert_string_equal(c.args.data, "[7]");
            assert_string_equal(c.tenant, "t1");
            assert_string_equal(c.queue, "mail");
            assert_string_equal(c.key, "k");
            assert_int_equal(c.priority, 2);
            f = finish(&w, &c, &r);
            assert_int_equal(f.state, attempt == 1 ? PIN_RUN_DELAYED : PIN_RUN_FAILED);
            if (attempt == 1) /* the backoff begins anew as well */
                assert_int_equal(f.due_ms, w.now + 750);
            w.now += 1000;
        }
        assert_int_equal(ask_again(&w, &e.id), PIN_RUN_QUEUED);
        assert_state(&w, &e.id, PIN_RUN_QUEUED);
    }
    check(&w, pin__store_show(w.store, &e.id, keep_row, &row, &w.err), "show");
    assert_int_equal(row.created_ms, T0);
    assert_int_equal(row.due_ms, w.now);
    assert_int_equal(row.started_ms, 0);
    assert_non_null(strstr(row.reasons.data, "\"attempt\":1"));
    assert_non_null(strstr(row.reasons.data, "\"attempt\":6"));
    assert_non_null(strstr(row.reasons.data, "put back in the queue"));
    free((void *)(uintptr_t)row.reasons.data);
    c = claim_one(&w);
    finish(&w, &c, &well);
    world_clear(&w);
}

static void
a_run_that_was_lost_too_often_may_be_lost_as_often_again(void **state)
{
    struct pin_enqueued e;
    struct pin_finished f;
    struct pin_claim c;
    struct world w;

    (void)state;
    world_make(&w);
    e = PUT(&w, .job = "mail");
    for (int i = 1; i <= 2 * PIN_STORE_LOST_LIMIT; i++) {
        c = claim_one(&w);
        check(&w, pin__store_lose(w.store, &c.hold, "gone", w.now, &f, &w.err), "lose");
        assert_int_equal(f.state, i % PIN_STORE_LOST_LIMIT ? PIN_RUN_QUEUED : PIN_RUN_FAILED);
        if (i == PIN_STORE_LOST_LIMIT)
            ask_again(&w, &e.id);
    }
    world_clear(&w);
}

static void
a_holder_from_before_the_retry_cannot_end_the_new_attempt(void **state)
{
    struct pin_enqueued e;
    struct pin_finished f;
    struct pin_claim old, new;
    struct world w;

    (void)state;
    world_make(&w);
    e = PUT(&w, .job = "mail");
    old = claim_one(&w);
    finish(&w, &old, &badly);
    ask_again(&w, &e.id);
    new = claim_one(&w);
    assert_true(new.hold.token > old.hold.token);
    assert_int_equal(pin__store_finish(w.store, &old.hold, &well, w.now, &f, &w.err), PIN_LOST);
    assert_state(&w, &e.id, PIN_RUN_RUNNING);
    finish(&w, &new, &well);
    world_clear(&w);
}

static void
only_what_failed_or_was_cancelled_can_be_asked_for_again(void **state)
{
    struct pin_enqueued queued, cancelled, done;
    struct pin_run_id unknown;
    enum pin_run_state s;
    struct pin_claim c;
    struct world w;

    (void)state;
    world_make(&w);
    done = PUT(&w, .job = "mail");
    c = claim_one(&w);
    assert_int_equal(pin__store_retry(w.store, &done.id, w.now, &s, &w.err), PIN_CONFLICT);
    assert_int_equal(s, PIN_RUN_RUNNING);
    finish(&w, &c, &well);
    assert_int_equal(pin__store_retry(w.store, &done.id, w.now, &s, &w.err), PIN_CONFLICT);
    assert_int_equal(s, PIN_RUN_SUCCEEDED);
    queued = PUT(&w, .job = "mail");
    assert_int_equal(pin__store_retry(w.store, &queued.id, w.now, &s, &w.err), PIN_CONFLICT);
    assert_int_equal(s, PIN_RUN_QUEUED);
    unknown = next_id(&w);
    assert_int_equal(pin__store_retry(w.store, &unknown, w.now, &s, &w.err), PIN_NOT_FOUND);
    cancelled = PUT(&w, .job = "mail", .attempt_limit = 3);
    check(&w, pin__store_cancel(w.store, &cancelled.id, w.now, &s, &w.err), "cancel");
    assert_int_equal(ask_again(&w, &cancelled.id), PIN_RUN_QUEUED);
    claim_one(&w);
    c = claim_one(&w);
    assert_true(same_id(&c.hold.id, &cancelled.id));
    assert_int_equal(c.attempt, 1);
    assert_int_equal(c.attempt_limit, 3);
    world_clear(&w);
}

static void
a_run_keeps_its_gate_when_it_is_asked_for_again(void **state)
{
    struct pin_enqueued a;
    struct pin_claim c[2];
    struct world w;

    (void)state;
    world_make(&w);
    a = PUT(&w, .gate = "g", .gate_limit = 1);
    c[0] = claim_one(&w);
    finish(&w, &c[0], &badly);
    PUT(&w, .gate = "g", .gate_limit = 1);
    ask_again(&w, &a.id);
    assert_int_equal(claim_many(&w, c, 2), 1);
    finish(&w, &c[0], &well);
    assert_int_equal(claim_many(&w, c, 2), 1);
    finish(&w, &c[0], &well);
    world_clear(&w);
}

/* A parent whose children for tenants a, b and c were made; c[0..2] are their claims. */
static inline struct pin_enqueued
make_family(struct world *w, struct pin_claim c[3])
{
    static const char *const tenants[] = { "a", "b", "c" };
    struct pin_enqueued parent = PUT(w, .role = PIN_ROLE_PARENT, .attempt_limit = 2);
    struct pin_claim p = claim_one(w);
    struct pin_enqueue page[3];
    enum pin_run_state s;

    for (int i = 0; i < 3; i++)
        page[i] = (struct pin_enqueue){ .id = next_id(w), .job = "mail", .tenant = tenants[i] };
    check(w, pin__store_fan_out(w->store, &p.hold, page, 3, NULL, true, w->now, &s, &w->err),
          "fan out");
    assert_int_equal(claim_many(w, c, 3), 3);
    return parent;
}

static void
a_parent_asked_for_again_waits_for_those_of_its_children_that_failed(void **state)
{
    struct pin_result stopped = { .cancelled = true, .outcome = "cancelled" };
    struct pin_enqueued parent;
    struct pin_claim c[3];
    struct world w;

    (void)state;
    world_make(&w);
    parent = make_family(&w, c);
    finish(&w, &c[0], &well);
    finish(&w, &c[1], &badly);
    finish(&w, &c[2], &stopped);
    assert_state(&w, &parent.id, PIN_RUN_FAILED);
    assert_int_equal(ask_again(&w, &parent.id), PIN_RUN_WAITING);
    assert_int_equal(claim_many(&w, c, 3), 2);
    finish(&w, &c[0], &well);
    assert_state(&w, &parent.id, PIN_RUN_WAITING);
    finish(&w, &c[1], &well);
    assert_state(&w, &parent.id, PIN_RUN_SUCCEEDED);
    assert_int_equal(count_state(&w, PIN_RUN_SUCCEEDED), 4);
    world_clear(&w);
}

static void
a_parent_that_stopped_while_it_made_children_goes_on_where_it_was(void **state)
{
    struct pin_enqueued parent;
    struct pin_enqueue child;
    struct pin_claim p, c;
    enum pin_run_state s;
    struct world w;

    (void)state;
    world_make(&w);
    parent = PUT(&w, .role = PIN_ROLE_PARENT, .tenant_zone = "Europe/Paris");
    p = claim_one(&w);
    child = (struct pin_enqueue){ .id = next_id(&w), .job = "mail", .tenant = "a" };
    check(&w, pin__store_fan_out(w.store, &p.hold, &child, 1, "a", false, w.now, &s, &w.err),
          "page");
    finish(&w, &p, &badly);
    c = claim_one(&w);
    finish(&w, &c, &badly);
    assert_int_equal(ask_again(&w, &parent.id), PIN_RUN_QUEUED);
    c = claim_one(&w);
    assert_string_equal(c.tenant, "a");
    p = claim_one(&w);
    assert_string_equal(p.cursor, "a");
    assert_string_equal(p.tenant_zone, "Europe/Paris");
    check(&w, pin__store_fan_out(w.store, &p.hold, NULL, 0, "a", true, w.now, &s, &w.err), "page");
    assert_int_equal(s, PIN_RUN_WAITING);
    finish(&w, &c, &well);
    assert_state(&w, &parent.id, PIN_RUN_SUCCEEDED);
    world_clear(&w);
}

static void
a_child_rejoins_its_waiting_parent_and_is_a_plain_run_when_that_has_ended(void **state)
{
    struct pin_enqueued parent;
    struct pin_claim c[3], again;
    struct world w;

    (void)state;
    world_make(&w);
    parent = make_family(&w, c);
    finish(&w, &c[0], &badly);
    assert_int_equal(ask_again(&w, &c[0].hold.id), PIN_RUN_QUEUED);
    again = claim_one(&w);
    finish(&w, &again, &well);
    finish(&w, &c[1], &well);
    assert_state(&w, &parent.id, PIN_RUN_WAITING);
    finish(&w, &c[2], &well);
    assert_state(&w, &parent.id, PIN_RUN_SUCCEEDED);

    parent = make_family(&w, c);
    for (int i = 0; i < 3; i++)
        finish(&w, &c[i], i ? &well : &badly);
    assert_state(&w, &parent.id, PIN_RUN_FAILED);
    ask_again(&w, &c[0].hold.id);
    again = claim_one(&w);
    assert_int_equal(again.role, PIN_ROLE_PLAIN);
    finish(&w, &again, &well);
    assert_state(&w, &parent.id, PIN_RUN_FAILED);
    assert_int_equal(ask_again(&w, &parent.id), PIN_RUN_SUCCEEDED); /* nothing to wait for */
    world_clear(&w);
}

static inline void
change_all_and_leave(struct world *w, bool cancel)
{
    pin_status st;
    int done = 0;

    world_open(w);
    for (uint64_t i = 1; i <= 50; i++) {
        struct pin_run_id id;
        enum pin_run_state s;
        uint8_t random[10] = { 0 };

        random[9] = (uint8_t)i;
        id = pin__run_id_make(T0, random);
        do
            st = cancel ? pin__store_cancel(w->store, &id, w->now, &s, &w->err)
                        : pin__store_retry(w->store, &id, w->now, &s, &w->err);
        while (st == PIN_BUSY);
        if (st != PIN_OK && st != PIN_CONFLICT)
            _exit(255);
        done += st == PIN_OK;
    }
    world_shut(w);
    _exit(done);
}

/* Two processes do it to each of fifty runs: together fifty are told that they did. */
static inline void
change_twice_at_once(struct world *w, bool cancel)
{
    pid_t pids[2];
    int done = 0;

    world_shut(w);
    for (int i = 0; i < 2; i++)
        if ((pids[i] = fork()) == 0)
            change_all_and_leave(w, cancel);
    for (int i = 0; i < 2; i++) {
        int status = -1;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 50);
        done += WEXITSTATUS(status);
    }
    assert_int_equal(done, 50);
    world_open(w);
}

static void
two_at_once_who_cancel_or_ask_again_have_one_effect(void **state)
{
    struct pin_claim c[51];
    struct world w;

    (void)state;
    world_make(&w);
    for (uint64_t i = 1; i <= 50; i++) {
        struct pin_enqueue e = { .job = "mail" };
        uint8_t random[10] = { 0 };

        random[9] = (uint8_t)i;
        e.id = pin__run_id_make(T0, random);
        check(&w, pin__store_enqueue(w.store, &e, 1, w.now, NULL, &w.err), "enqueue");
    }
    change_twice_at_once(&w, true);
    assert_int_equal(count_state(&w, PIN_RUN_CANCELLED), 50);
    change_twice_at_once(&w, false);
    assert_int_equal(count_state(&w, PIN_RUN_QUEUED), 50);
    assert_int_equal(claim_many(&w, c, 51), 50);
    world_clear(&w);
}

#define CONTRACT_RETRY_TESTS                                                                       \
    cmocka_unit_test(a_failed_run_goes_back_into_the_queue_with_all_its_attempts_and_reasons),     \
        cmocka_unit_test(a_run_that_was_lost_too_often_may_be_lost_as_often_again),                \
        cmocka_unit_test(a_holder_from_before_the_retry_cannot_end_the_new_attempt),               \
        cmocka_unit_test(only_what_failed_or_was_cancelled_can_be_asked_for_again),                \
        cmocka_unit_test(a_run_keeps_its_gate_when_it_is_asked_for_again),                         \
        cmocka_unit_test(a_parent_asked_for_again_waits_for_those_of_its_children_that_failed),    \
        cmocka_unit_test(a_parent_that_stopped_while_it_made_children_goes_on_where_it_was),       \
        cmocka_unit_test(                                                                          \
            a_child_rejoins_its_waiting_parent_and_is_a_plain_run_when_that_has_ended),            \
        cmocka_unit_test(two_at_once_who_cancel_or_ask_again_have_one_effect)

#endif

/* Turns: who comes with nothing waiting goes first, nobody is kept waiting for ever, and each
 * tenant's own runs keep their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/turns.h"

enum { ROOM = 4096 };

struct waiting {
    struct turn turn;
    int tenant, number; /* of the tenant's runs */
};

struct world {
    struct turns turns;
    struct waiting held[ROOM];
    size_t count;
    int made[64];
};

static const char *
name_of(int tenant, char out[16])
{
    snprintf(out, 16, "t%d", tenant);
    return tenant ? out : NULL;
}

static void
put(struct world *w, int priority, int tenant, int count)
{
    char name[16];

    for (int i = 0; i < count; i++)
        w->held[w->count++] = (struct waiting){
            .turn = pin__turn_take(&w->turns, priority, "default", name_of(tenant, name)),
            .tenant = tenant,
            .number = w->made[tenant]++,
        };
}

/* Begins, and is over at once. */
static struct waiting
begin_at(struct world *w, size_t at)
{
    struct waiting it = w->held[at];

    memmove(&w->held[at], &w->held[at + 1], (w->count - at - 1) * sizeof *w->held);
    w->count--;
    pin__turn_began(&it.turn);
    pin__turn_leave(&w->turns, &it.turn);
    return it;
}

static struct waiting
begin(struct world *w)
{
    size_t first = 0;

    assert_true(w->count > 0);
    for (size_t i = 1; i < w->count; i++)
        if (pin__turn_compare(&w->held[i].turn, &w->held[first].turn) < 0)
            first = i;
    return begin_at(w, first);
}

static struct world *
world_new(void)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    return w;
}

static void
world_free(struct world *w)
{
    while (w->count)
        (void)begin(w);
    assert_null(w->turns.classes);
    free(w);
}

/* Tenants begin in this order, "1 2 3". */
static void
assert_order(struct world *w, const char *expected)
{
    char got[256] = "";

    while (strlen(got) + 1 < strlen(expected) + 1 && w->count) {
        size_t used = strlen(got);

        snprintf(got + used, sizeof got - used, "%s%d", used ? " " : "", begin(w).tenant);
    }
    assert_string_equal(got, expected);
}

static void
tenants_alternate(void **state)
{
    struct world *w = world_new();

    (void)state;
    put(w, 0, 1, 3);
    put(w, 0, 2, 2);
    put(w, 0, 3, 1);
    put(w, 0, 0, 2); /* without a tenant: one more of them */
    assert_order(w, "1 2 3 0 1 2 0 1");
    world_free(w);
}

static void
who_comes_with_nothing_goes_before_a_flood(void **state)
{
    struct world *w = world_new();

    (void)state;
    put(w, 0, 1, 1000);
    for (int i = 0; i < 20; i++) {
        for (int k = 0; k < 7; k++)
            assert_int_equal(begin(w).tenant, 1);
        put(w, 0, 2, 1);
        assert_int_equal(begin(w).tenant, 2);
    }
    world_free(w);
}

static void
and_before_many_floods(void **state)
{
    struct world *w = world_new();

    (void)state;
    for (int tenant = 1; tenant <= 50; tenant++)
        put(w, 0, tenant, 50);
    for (int i = 0; i < 20; i++) {
        for (int k = 0; k < 77; k++)
            (void)begin(w);
        put(w, 0, 51 + i % 10, 1);
        assert_int_equal(begin(w).tenant, 51 + i % 10);
    }
    world_free(w);
}

/* One worker may be far ahead of what waits behind the run of another. */
static void
and_before_what_one_worker_has_left_behind(void **state)
{
    struct world *w = world_new();

    (void)state;
    put(w, 0, 1, 3000);
    (void)begin(w);
    for (int i = 0; i < 2000; i++)
        (void)begin_at(w, 500);
    put(w, 0, 2, 1);
    assert_int_equal(begin(w).tenant, 2);
    assert_int_equal(begin(w).number, 1);
    world_free(w);
}

/* One that puts in its next run whenever one has begun is no quiet tenant. */
static void
one_run_at_a_time_does_not_keep_others_out(void **state)
{
    struct world *w = world_new();
    int flood = 0;

    (void)state;
    put(w, 0, 1, 100);
    put(w, 0, 2, 1);
    for (int i = 0; i < 40; i++) {
        if (begin(w).tenant == 2)
            put(w, 0, 2, 1);
        else
            flood++;
    }
    assert_int_equal(flood, 20);
    world_free(w);
}

static void
the_higher_priority_goes_first_and_costs_the_lower_no_turns(void **state)
{
    struct world *w = world_new();

    (void)state;
    put(w, 0, 1, 100);
    assert_int_equal(begin(w).tenant, 1);
    put(w, 5, 1, 300);
    for (int i = 0; i < 300; i++)
        assert_int_equal(begin(w).turn.priority, 5);
    put(w, 5, 1, 1);
    put(w, 0, 2, 1);
    assert_int_equal(begin(w).turn.priority, 5);
    assert_int_equal(begin(w).tenant, 2);
    world_free(w);
}

/* More tenants than are remembered. */
static void
one_run_of_each_of_many_tenants_keeps_the_order_in_which_they_came(void **state)
{
    struct turns t = { NULL };
    struct turn *turns = calloc(20000, sizeof *turns);
    char name[16];

    (void)state;
    assert_non_null(turns);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "t%d", i);
        turns[i] = pin__turn_take(&t, 0, "default", name);
        if (i)
            assert_true(pin__turn_compare(&turns[i - 1], &turns[i]) < 0);
        if (i >= 1000) {
            pin__turn_began(&turns[i - 1000]);
            pin__turn_leave(&t, &turns[i - 1000]);
        }
    }
    for (int i = 19000; i < 20000; i++)
        pin__turn_leave(&t, &turns[i]);
    assert_null(t.classes);
    free(turns);
}

static void
what_would_be_is_what_is(void **state)
{
    struct world *w = world_new();
    char name[16];

    (void)state;
    srand(7);
    for (int i = 0; i < 3000; i++) {
        int tenant = rand() % 9, priority = rand() % 2;
        struct turn next = pin__turn_next(&w->turns, priority, "default", name_of(tenant, name));

        put(w, priority, tenant, 1);
        assert_int_equal(next.mark, w->held[w->count - 1].turn.mark);
        assert_int_equal(next.paused, w->held[w->count - 1].turn.paused);
        while (w->count > 200 || (w->count && rand() % 3 == 0))
            (void)begin(w);
    }
    world_free(w);
}

/* Whatever comes in whatever order: a tenant's own runs keep theirs, and with k of its own before
 * it a run waits for at most k + 1 of each other tenant, k + 2 when its tenant has just had a turn.
 */
static void
no_run_waits_for_more_of_another_tenant_than_its_own_had_before_it(void **state)
{
    enum { TENANTS = 8 };
    static int began[TENANTS], before[TENANTS][20000];
    static int at[TENANTS][20000][TENANTS];
    struct world *w = world_new();
    int waiting[TENANTS] = { 0 };

    (void)state;
    srand(11);
    for (int step = 0; step < 20000; step++) {
        int tenant = rand() % 3 ? rand() % 2 : rand() % TENANTS; /* two of them are busy */

        if (w->count < 300 && w->made[tenant] < 20000) {
            int number = w->made[tenant];

            before[tenant][number] = waiting[tenant]++;
            memcpy(at[tenant][number], began, sizeof began);
            put(w, 0, tenant, 1);
        }
        if (w->count > 250 || rand() % 2) {
            struct waiting it;

            if (!w->count)
                continue;
            it = begin(w);
            waiting[it.tenant]--;
            assert_int_equal(it.number, began[it.tenant]);
            for (int other = 0; other < TENANTS; other++)
                if (other != it.tenant)
                    assert_true(began[other] - at[it.tenant][it.number][other] <=
                                before[it.tenant][it.number] + (it.turn.paused ? 1 : 2));
            began[it.tenant]++;
        }
    }
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tenants_alternate),
        cmocka_unit_test(who_comes_with_nothing_goes_before_a_flood),
        cmocka_unit_test(and_before_many_floods),
        cmocka_unit_test(and_before_what_one_worker_has_left_behind),
        cmocka_unit_test(one_run_at_a_time_does_not_keep_others_out),
        cmocka_unit_test(the_higher_priority_goes_first_and_costs_the_lower_no_turns),
        cmocka_unit_test(one_run_of_each_of_many_tenants_keeps_the_order_in_which_they_came),
        cmocka_unit_test(what_would_be_is_what_is),
        cmocka_unit_test(no_run_waits_for_more_of_another_tenant_than_its_own_had_before_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

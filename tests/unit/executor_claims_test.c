/* Claims: a task that was offered belongs to exactly one end, whoever is first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor/claims.h"

static void
what_is_taken_back_cannot_be_begun_and_the_reverse(void **state)
{
    struct pin_claims *c;
    int fd;

    (void)state;
    c = pin__claims_new(&fd, NULL);
    assert_non_null(c);
    for (uint64_t task = 1; task < 1000; task += 2) {
        pin__claims_offer(c, task);
        pin__claims_offer(c, task + 1);
        assert_true(pin__claims_take_back(c, task));
        assert_false(pin__claims_begin(c, task));
        assert_true(pin__claims_begin(c, task + 1));
        assert_false(pin__claims_take_back(c, task + 1));
    }
    assert_false(pin__claims_begin(c, 7)); /* never offered again */
    pin__claims_free(c);
    close(fd);
}

/* Two processes race for each of many tasks; each task must be won once. */
static void
between_two_processes_each_task_is_won_once(void **state)
{
    enum { ROUNDS = 2000, OFFERED = 8 };
    struct pin_claims *c, *other;
    int fd, to_child[2], to_parent[2];
    uint32_t won, total = 0;
    pid_t child;

    (void)state;
    c = pin__claims_new(&fd, NULL);
    assert_int_equal(pipe(to_child) | pipe(to_parent), 0);
    child = fork();
    if (child == 0) {
        uint64_t first;

        other = pin__claims_map(fd, NULL);
        while (read(to_child[0], &first, sizeof first) == (ssize_t)sizeof first && first) {
            won = 0;
            for (uint64_t i = 0; i < OFFERED; i++)
                won += pin__claims_begin(other, first + i);
            if (write(to_parent[1], &won, sizeof won) != (ssize_t)sizeof won)
                _exit(1);
        }
        _exit(0);
    }
    for (uint64_t first = 1; first < (uint64_t)ROUNDS * OFFERED; first += OFFERED) {
        for (uint64_t i = 0; i < OFFERED; i++)
            pin__claims_offer(c, first + i);
        assert_int_equal(write(to_child[1], &first, sizeof first), (int)sizeof first);
        for (uint64_t i = OFFERED; i--;)
            total += pin__claims_take_back(c, first + i);
        assert_int_equal(read(to_parent[0], &won, sizeof won), (int)sizeof won);
        total += won;
    }
    assert_int_equal(total, ROUNDS * OFFERED);
    assert_int_equal(write(to_child[1], &(uint64_t){ 0 }, sizeof(uint64_t)), 8);
    assert_int_equal(waitpid(child, NULL, 0), child);
    pin__claims_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_back_cannot_be_begun_and_the_reverse),
        cmocka_unit_test(between_two_processes_each_task_is_won_once),
    };

    return cmocka_run_group_tests_name("executor/claims", tests, NULL, NULL);
}

/* work-runs.c - for tests: takes queued runs from a store and ends them, as a bot would, without
 * running anything.
 *
 *   work-runs FILE RESULT [--limit N] [--error JSON] [--reason TEXT] [--signal N] [--tenants a,b]
 *
 * RESULT is succeeded, threw, cancelled; lost: the worker is gone; held: they stay claimed;
 * fanned-out: parents get a child for each of the tenants. What stands on standard input is what
 * each of the runs prints, line by line as it comes; a line that begins with "!" goes to its
 * stderr. Prints each run's id when it has been claimed.
 *
 *   work-runs FILE woken                        prints "listening", and "woken" when somebody has
 *                                               told the bots of the store to look
 */
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "database/session.h"
#include "job/enqueue.h"
#include "store/store.h"
#include "store/wake.h"

enum { RUNS_MAX = 1000, TENANTS_MAX = 64, WAKE_MS = 20000 };

static struct {
    struct pin_session *session;
    struct pin_store *store;
    struct pin_arena arena;
    struct pin_err err;
    const char *result, *error, *reason;
    char *tenants;
    size_t limit;
    int exit_signal;
} work = { .limit = RUNS_MAX };

static void
check(pin_status st)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "work-runs: %s\n", work.err.message);
    exit(1);
}

static int64_t
now_ms(void)
{
    return pin__clock_wall().ms;
}

static void
take_options(int argc, char **argv)
{
    if (argc < 3 || argc % 2 == 0) {
        fprintf(stderr, "usage: work-runs FILE RESULT [--OPTION VALUE]...\n");
        exit(2);
    }
    work.result = argv[2];
    for (int i = 3; i < argc; i += 2) {
        if (!strcmp(argv[i], "--limit"))
            work.limit = (size_t)strtoul(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--error"))
            work.error = argv[i + 1];
        else if (!strcmp(argv[i], "--reason"))
            work.reason = argv[i + 1];
        else if (!strcmp(argv[i], "--signal"))
            work.exit_signal = (int)strtol(argv[i + 1], NULL, 10);
        else if (!strcmp(argv[i], "--tenants"))
            work.tenants = argv[i + 1];
    }
    if (work.limit > RUNS_MAX)
        work.limit = RUNS_MAX;
}

static void
print_lines(const struct pin_claim *claims, size_t count)
{
    char line[4096];

    while (fgets(line, sizeof line, stdin)) {
        int stream = line[0] == '!' ? 2 : 1;
        const char *text = line + (stream == 2);

        for (size_t i = 0; i < count; i++)
            check(pin__store_output_add(work.store, &claims[i].hold.id, stream,
                                        (struct pin_bytes){ text, strlen(text) }, now_ms(),
                                        &work.err));
    }
}

static void
fan_out(const struct pin_claim *c)
{
    struct pin_enqueue children[TENANTS_MAX] = { { .job = NULL } };
    enum pin_run_state state;
    size_t count = 0;
    char *copy = strdup(work.tenants ? work.tenants : ""), *rest = copy, *tenant;

    while ((tenant = strsep(&rest, ",")) != NULL && *tenant && count < TENANTS_MAX)
        children[count++] = (struct pin_enqueue){ .id = pin__run_id_new(now_ms()),
                                                  .job = c->job,
                                                  .tenant = tenant,
                                                  .args = c->args,
                                                  .trigger = c->trigger };
    check(pin__store_fan_out(work.store, &c->hold, children, count, NULL, true, now_ms(), &state,
                             &work.err));
    free(copy);
}

static void
finish(const struct pin_claim *c)
{
    struct pin_result r = { .succeeded = !strcmp(work.result, "succeeded"),
                            .cancelled = !strcmp(work.result, "cancelled"),
                            .outcome = work.result,
                            .reason = work.reason,
                            .wall_us = 1234567,
                            .cpu_us = 250000,
                            .peak_heap_bytes = 1400000,
                            .exit_signal = work.exit_signal };
    struct pin_retry retry = { .delay_ms = 1 };
    struct pin_finished f;

    r.retry = &retry;
    if (work.error)
        r.error = (struct pin_bytes){ work.error, strlen(work.error) };
    if (!strcmp(work.result, "lost"))
        check(pin__store_lose(work.store, &c->hold, work.reason, now_ms(), &f, &work.err));
    else if (!strcmp(work.result, "fanned-out"))
        fan_out(c);
    else if (strcmp(work.result, "held") != 0)
        check(pin__store_finish(work.store, &c->hold, &r, now_ms(), &f, &work.err));
}

static int
wait_to_be_woken(void)
{
    struct pollfd p = { .fd = pin__wake_listen(pin__store_identity(work.store)), .events = POLLIN };

    if (p.fd < 0)
        return 1;
    puts("listening");
    fflush(stdout);
    if (poll(&p, 1, WAKE_MS) != 1 || !pin__wake_take(p.fd))
        return 1;
    puts("woken");
    return 0;
}

int
main(int argc, char **argv)
{
    struct pin_session_config config = { .filename = argv[1],
                                         .busy_ms = PIN_BUSY_MS_DEFAULT,
                                         .must_exist = true };
    struct pin_claim_request request = { .worker = "work-runs", .now_ms = now_ms() };
    static struct pin_claim claims[RUNS_MAX];
    size_t count = 0;
    pin_status st;

    take_options(argc, argv);
    work.arena = PIN_ARENA_INIT((size_t)64 << 20);
    check(pin__session_open(&work.session, &config, &work.err));
    check(pin__store_open(&work.store, work.session, &work.err));
    if (!strcmp(work.result, "woken"))
        return wait_to_be_woken();
    request.limit = work.limit;
    st = pin__store_claim(work.store, &request, &work.arena, claims, &count, &work.err);
    if (st != PIN_EMPTY)
        check(st);
    for (size_t i = 0; i < count; i++) {
        char id[PIN_RUN_ID_TEXT];

        pin__run_id_text(&claims[i].hold.id, id);
        printf("%s\n", id);
    }
    fflush(stdout);
    print_lines(claims, count);
    for (size_t i = 0; i < count; i++)
        finish(&claims[i]);
    pin__store_close(work.store);
    pin__session_close(work.session);
    pin__arena_fini(&work.arena);
    return 0;
}

/* Workers as processes: every one starts from the same heap, also one that replaces another; random
 * numbers differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <unistd.h>

#include "base/path.h"
#include "executor/run.h"

enum { PATH_SIZE = 512, PRINTED_MAX = 1 << 16 };

static const struct {
    const char *path, *text;
} files[] = {
    { "pinstripe.config.js", "export default {};" },
    { "lib/background_jobs/random.js",
      "export default { run(){ console.log(Math.random(), crypto.randomUUID()); } };" },
    { "lib/background_jobs/poison.js", "export default { meta(){ this.memory('4MB'); }, run(){ "
                                       "const a = []; for(;;) a.push({ x: a }); } };" },
    { "lib/background_jobs/dirty.js",
      "let n = 0; export default { run(){ if(n++) throw new Error('dirty'); "
      "Object.prototype.x = 1; globalThis.y = [1, 2, 3]; } };" },
};

struct printed {
    char text[PRINTED_MAX];
    size_t size;
};

static void
collect(void *context, const struct pin_run_info *run, enum pin_stream stream, const char *data,
        size_t size)
{
    struct printed *p = context;

    (void)run;
    (void)stream;
    assert_true(p->size + size < PRINTED_MAX);
    memcpy(p->text + p->size, data, size);
    p->size += size;
    p->text[p->size] = '\0';
}

static char folder[PATH_SIZE];

static int
make_project(void **state)
{
    struct pin_executor_options options = {
        .root = folder, .environment = "test", .program = getenv("PINSTRIPE"), .workers = 1
    };
    struct pin_executor *x;
    struct pin_err err;

    snprintf(folder, sizeof folder, "%s", "/tmp/pinstripe-workers-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_non_null(options.program); /* tools/run-tests names the built program */
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[PATH_SIZE * 2];

        snprintf(path, sizeof path, "%s/lib/background_jobs", folder);
        assert_int_equal(pin__path_make_folders(path, NULL), PIN_OK);
        snprintf(path, sizeof path, "%s/%s", folder, files[i].path);
        assert_int_equal(
            pin__path_create(path, (struct pin_bytes){ files[i].text, strlen(files[i].text) },
                             NULL),
            PIN_OK);
    }
    if (pin__executor_open(&x, &options, &err) != PIN_OK)
        fail_msg("%s", err.message);
    *state = x;
    return 0;
}

static int
remove_project(void **state)
{
    char command[PATH_SIZE + 16];

    pin__executor_close(*state);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static enum pin_outcome_kind
run(struct pin_executor *x, const char *job, struct printed *printed)
{
    struct pin_request_options options = { .kind = PIN_TASK_JOB, .name = job };
    struct pin_sink sink = { .context = printed, .console = collect };
    struct pin_summary summary;
    struct pin_err err;
    enum pin_outcome_kind kind;

    pin__summary_init(&summary);
    if (pin__executor_run(x, &options, &sink, &summary, &err) != PIN_OK)
        fail_msg("%s: %s", job, err.message);
    kind = summary.outcome.kind;
    pin__summary_fini(&summary);
    return kind;
}

static const struct worker_process *
live_worker(const struct pin_executor *x)
{
    const struct worker_process *w = x->workers;

    while (w && (w->doomed || !w->ready))
        w = w->next;
    assert_non_null(w);
    return w;
}

static void
a_worker_that_replaces_a_broken_one_starts_from_the_same_heap(void **state)
{
    struct pin_executor *x = *state;
    struct printed printed = { .size = 0 };
    uint64_t hash;
    int pid;

    assert_int_equal(run(x, "random", &printed), PIN_OUTCOME_SUCCEEDED);
    hash = live_worker(x)->heap_hash;
    assert_true(hash != 0);
    for (int i = 0; i < 3; i++) {
        pid = live_worker(x)->pid;
        assert_int_equal(run(x, "dirty", &printed), PIN_OUTCOME_SUCCEEDED);
        assert_int_equal(live_worker(x)->pid, pid); /* the same process, and it is clean again */
        assert_int_equal(run(x, "dirty", &printed), PIN_OUTCOME_SUCCEEDED);
        assert_int_equal(run(x, "poison", &printed), PIN_OUTCOME_HEAP_LIMIT);
        assert_int_equal(run(x, "random", &printed), PIN_OUTCOME_SUCCEEDED);
        assert_int_not_equal(live_worker(x)->pid, pid);
        assert_true(live_worker(x)->heap_hash == hash);
    }
}

/* Runs of one worker, and first runs of different ones, which all start from the same bytes. */
static void
random_numbers_differ_between_runs_and_between_workers(void **state)
{
    struct pin_executor *x = *state;
    struct printed first = { .size = 0 }, second = { .size = 0 }, third = { .size = 0 };

    assert_int_equal(run(x, "random", &first), PIN_OUTCOME_SUCCEEDED);
    assert_int_equal(run(x, "random", &second), PIN_OUTCOME_SUCCEEDED);
    assert_int_equal(run(x, "poison", &first), PIN_OUTCOME_HEAP_LIMIT);
    assert_int_equal(run(x, "random", &third), PIN_OUTCOME_SUCCEEDED);
    assert_string_not_equal(first.text, second.text);
    assert_string_not_equal(first.text, third.text);
    assert_string_not_equal(second.text, third.text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_worker_that_replaces_a_broken_one_starts_from_the_same_heap, make_project,
            remove_project),
        cmocka_unit_test_setup_teardown(random_numbers_differ_between_runs_and_between_workers,
                                        make_project, remove_project),
    };

    return cmocka_run_group_tests_name("executor/workers", tests, NULL, NULL);
}

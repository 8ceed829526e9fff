/* The library: running jobs, waiting and not; what came of them; functions of the program as jobs.
 */
#include "api_help.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

/* ---- jobs of this program ---- */

static void
add(pin_workspace *w)
{
    printf("%lld\n", (long long)(pin_json_integer(w, pin_arg(w, 0), 0) +
                                 pin_json_integer(w, pin_arg(w, 1), 0)));
}

static void
crash(pin_workspace *w)
{
    (void)w;
    raise(SIGSEGV);
}

static void
refuse(pin_workspace *w)
{
    pin_fail(w, "not today");
}

static const struct pin_background_job adds = PIN_HOST_JOB(.run = add);
static const struct pin_background_job crashes = PIN_HOST_JOB(.run = crash);
static const struct pin_background_job refuses =
    PIN_HOST_JOB(.meta = PIN_META(PIN_SCHEDULE("0 3 * * *"), PIN_TIMEOUT("5s")), .run = refuse);
static const struct pin_background_job empty = PIN_HOST_JOB(.run = NULL);
static const struct pin_host_job jobs[] = { { "add", &adds },
                                            { "crashing", &crashes },
                                            { "refusing", &refuses },
                                            { "without-run", &empty },
                                            { NULL, NULL } };

static int
set_up(void **state)
{
    int failed = api_set_up(state);

    ((struct fixture *)*state)->worker = PIN_THIS_PROGRAM;
    return failed;
}

/* ---- open ---- */

static void
what_cannot_be_opened_says_why(void **state)
{
    struct fixture *f = *state;
    char nowhere[128];
    static const struct pin_project_options sizeless = { .folder = "/tmp" };

    snprintf(nowhere, sizeof nowhere, "%s/nothing/here", f->folder);
    assert_int_equal(
        pin_project_open(&f->project, PIN_PROJECT_OPTIONS(.folder = "/proc"), &f->error),
        PIN_NOT_FOUND);
    assert_non_null(strstr(f->error.message, "/proc"));
    assert_null(f->project);
    assert_int_equal(pin_project_open(&f->project, &sizeless, &f->error), PIN_INVALID);
    assert_non_null(strstr(f->error.message, "PIN_..._OPTIONS"));
    assert_int_equal(pin_project_open(&f->project,
                                      PIN_PROJECT_OPTIONS(.folder = f->folder, .program = nowhere),
                                      &f->error),
                     PIN_NOT_FOUND);
    assert_non_null(strstr(f->error.message, nowhere));
    assert_int_equal(
        pin_project_open(&f->project,
                         PIN_PROJECT_OPTIONS(.folder = f->folder, .program = getenv("PINSTRIPE"),
                                             .worker = "/bin/true"),
                         &f->error),
        PIN_CONFIG);
    assert_non_null(strstr(f->error.message, "pin_worker_main"));
    api_write(f, "pinstripe.config.js", "export default { time");
    assert_int_equal(
        pin_project_open(&f->project,
                         PIN_PROJECT_OPTIONS(.folder = f->folder, .program = getenv("PINSTRIPE")),
                         NULL),
        PIN_CONFIG);
}

static void
count_job(void *context, const struct pin_listed_job *job)
{
    char *text = context;

    snprintf(text + strlen(text), 512 - strlen(text), "%s%s%s ", job->name, job->broken ? "!" : "",
             job->schedules ? "*" : "");
}

static void
jobs_of_files_and_of_the_program_are_listed(void **state)
{
    struct fixture *f = *state;
    char text[512] = "";

    api_job(f, "hello", "run(){}");
    api_job(f, "broken", "run(){}, meta(){ this.schedule('x'); }");
    api_open(f);
    pin_project_list_jobs(f->project, count_job, text);
    assert_string_equal(text, "add broken! crashing hello refusing* without-run! ");
    api_job(f, "another", "run(){}");
    api_check(f, pin_project_reload(f->project, &f->error));
    *text = '\0';
    pin_project_list_jobs(f->project, count_job, text);
    assert_string_equal(text, "add another broken! crashing hello refusing* without-run! ");
    api_write(f, "pinstripe.config.js", "export default {");
    assert_int_equal(pin_project_reload(f->project, &f->error), PIN_CONFIG);
    api_check(f, pin_project_run(f->project, "another", NULL, NULL, &f->error));
}

/* ---- waiting ---- */

static void
a_job_runs_and_prints(void **state)
{
    struct fixture *f = *state;
    pin_run_result *result;

    api_job(f, "hello", "run(name){ console.log(`Hello ${name}`); console.error('oh'); }");
    api_open(f);
    api_check(f, pin_project_run(f->project, "Hello", PIN_CALL_OPTIONS(.args = "[\"you\"]"),
                                 &result, &f->error));
    assert_string_equal(f->printed, "hello: Hello you\nhello!: oh\n");
    assert_int_equal(pin_run_result_status(result), PIN_OK);
    assert_int_equal(pin_run_result_runs(result), 1);
    assert_int_equal(pin_run_result_failed(result), 0);
    assert_null(pin_run_result_message(result));
    assert_null(pin_run_result_error_json(result));
    assert_true(pin_run_result_wall_us(result) > 0);
    pin_run_result_free(result);
    assert_int_equal(f->error.status, PIN_OK);
}

static void
failures_have_a_status_and_a_sentence(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *job, *args, *message;
        pin_status status;
    } cases[] = {
        { "throws", NULL, "Bad luck", PIN_FAILED },
        { "forever", NULL, "time limit", PIN_TIMEOUT },
        { "greedy", NULL, "heap limit", PIN_LIMIT },
        { "nobody", NULL, "No such background job \"nobody\" exists.", PIN_NOT_FOUND },
        { "", NULL, "blank", PIN_INVALID },
        { "throws", "{}", "no JSON array", PIN_INVALID },
        { "throws", "[1", "no JSON array", PIN_INVALID },
        { "broken", NULL, "is broken", PIN_CONFIG },
        { "refusing", NULL, "not today", PIN_FAILED },
        { "crashing", NULL, "signal 11", PIN_FAILED },
        { "without-run", NULL, "no .run", PIN_CONFIG },
    };

    api_job(f, "throws", "run(){ throw Object.assign(new RangeError('Bad luck'), { code: 7 }); }");
    api_job(f, "forever", "meta(){ this.timeout('200ms'); }, run(){ for(;;){} }");
    api_job(f, "greedy",
            "meta(){ this.memory('8MB'); }, run(){ const a = []; for(;;) a.push([1]); }");
    api_job(f, "broken", "meta(){ this.schedule('x'); }, run(){}");
    api_open(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pin_status st = pin_project_run(f->project, cases[i].job,
                                        PIN_CALL_OPTIONS(.args = cases[i].args), NULL, &f->error);

        if (st != cases[i].status || f->error.status != st ||
            !strstr(f->error.message, cases[i].message))
            fail_msg("%s %s: %s: %s", cases[i].job, cases[i].args ? cases[i].args : "",
                     pin_status_text(st), f->error.message);
    }
}

static void
an_error_comes_whole(void **state)
{
    struct fixture *f = *state;
    pin_run_result *result;

    api_job(f, "throws", "run(){ throw Object.assign(new RangeError('Bad luck'), { code: 7 }); }");
    api_job(f, "odd", "run(){ throw 5; }");
    api_open(f);
    assert_int_equal(pin_project_run(f->project, "throws", NULL, &result, &f->error), PIN_FAILED);
    assert_string_equal(pin_run_result_error_name(result), "RangeError");
    assert_string_equal(pin_run_result_message(result), "Bad luck");
    assert_non_null(strstr(pin_run_result_error_json(result), "\"code\":7"));
    assert_non_null(strstr(pin_run_result_error_json(result), "throws.js"));
    pin_run_result_free(result);
    assert_int_equal(pin_project_run(f->project, "odd", NULL, &result, NULL), PIN_FAILED);
    assert_null(pin_run_result_error_name(result));
    assert_string_equal(pin_run_result_error_json(result), "{\"value\":5}");
    pin_run_result_free(result);
}

static void
a_function_of_the_program_is_a_job_like_any_other(void **state)
{
    struct fixture *f = *state;

    api_job(f, "calls", "async run(){ await this.runBackgroundJob('add', 20, 22); }");
    api_open(f);
    api_check(
        f, pin_project_run(f->project, "add", PIN_CALL_OPTIONS(.args = "[1,2]"), NULL, &f->error));
    api_check(f, pin_project_run(f->project, "calls", NULL, NULL, &f->error));
    assert_string_equal(f->printed, "add: 3\ncalls: 42\n");
}

static void
a_name_that_is_there_twice_is_broken(void **state)
{
    struct fixture *f = *state;

    api_job(f, "add", "run(){}");
    api_open(f);
    assert_int_equal(pin_project_run(f->project, "add", NULL, NULL, &f->error), PIN_CONFIG);
    assert_non_null(strstr(f->error.message, "add.js, and by the worker program"));
}

static void
each_tenant_has_a_run(void **state)
{
    struct fixture *f = *state;
    pin_run_result *result;

    api_write(f, "pinstripe.config.js", "export default { multiTenant: true };\n");
    api_job(f, "seed",
            "multiTenant: false, async run(){ for(const name of ['a', 'b', 'c']) "
            "await this.database.tenants.insert({ name, host: `${name}.test` }); }");
    api_job(f, "work",
            "async run(){ const { name } = await this.database.tenant; "
            "console.log(name); if(name != 'b') throw new Error(`no ${name}`); }");
    api_command(f, "migrate-database");
    api_open(f);
    api_check(f, pin_project_run(f->project, "seed", NULL, NULL, &f->error));
    assert_int_equal(pin_project_run(f->project, "work", NULL, &result, &f->error), PIN_FAILED);
    assert_int_equal(pin_run_result_runs(result), 3);
    assert_int_equal(pin_run_result_failed(result), 2);
    assert_string_equal(pin_run_result_error_name(result), "AggregateError");
    assert_string_equal(f->error.message, "2 of 3 tenants failed: a (no a), c (no c)");
    pin_run_result_free(result);
    api_check(
        f, pin_project_run(f->project, "work", PIN_CALL_OPTIONS(.tenant = "b"), NULL, &f->error));
    assert_int_equal(
        pin_project_run(f->project, "work", PIN_CALL_OPTIONS(.tenant = "z"), NULL, &f->error),
        PIN_NOT_FOUND);
    assert_int_equal(
        pin_project_run(f->project, "seed", PIN_CALL_OPTIONS(.tenant = "b"), NULL, &f->error),
        PIN_INVALID);
    assert_non_null(strstr(f->error.message, "the tenant b: the job seed says"));
}

/* ---- not waiting ---- */

struct seen {
    struct fixture *fixture;
    int ended;
    pin_status last;
    char message[256];
};

static void
see(void *context, const pin_run_result *result)
{
    struct seen *s = context;

    s->ended++;
    s->last = pin_run_result_status(result);
    snprintf(s->message, sizeof s->message, "%s",
             pin_run_result_message(result) ? pin_run_result_message(result) : "");
}

static void
turn_when_readable(struct fixture *f)
{
    struct pollfd p = { .fd = pin_project_fd(f->project), .events = POLLIN };

    assert_int_equal(poll(&p, 1, 20000), 1);
    api_check(f, pin_project_turn(f->project, 0, &f->error));
}

static void
calls_end_in_the_program_s_own_loop(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { .fixture = f };

    api_job(f, "sleeps", "run(ms){ return new Promise(resolve => setTimeout(resolve, ms)); }");
    api_open(f);
    for (int i = 0; i < 200; i++)
        api_check(f, pin_project_start(f->project, "sleeps", PIN_CALL_OPTIONS(.args = "[1]"), see,
                                       &seen, NULL, &f->error));
    assert_int_equal(seen.ended, 0);
    assert_int_equal(pin_project_calls(f->project), 200);
    while (pin_project_calls(f->project))
        turn_when_readable(f);
    assert_int_equal(seen.ended, 200);
    assert_int_equal(seen.last, PIN_OK);
}

static void
limits_hold_in_the_program_s_own_loop(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { .fixture = f };

    api_job(f, "forever", "run(){ for(;;){} }");
    api_open(f);
    api_check(f, pin_project_start(f->project, "forever", PIN_CALL_OPTIONS(.timeout_ms = 100), see,
                                   &seen, NULL, &f->error));
    while (!seen.ended)
        turn_when_readable(f);
    assert_int_equal(seen.last, PIN_TIMEOUT);
}

static void
an_idle_project_wants_nothing(void **state)
{
    struct fixture *f = *state;
    struct pollfd p;

    api_job(f, "hello", "run(){}");
    api_open(f);
    api_check(f, pin_project_run(f->project, "hello", NULL, NULL, &f->error));
    for (int i = 0; i < 20; i++) /* what ended has its last words */
        api_check(f, pin_project_turn(f->project, 20, &f->error));
    p = (struct pollfd){ .fd = pin_project_fd(f->project), .events = POLLIN };
    assert_int_equal(poll(&p, 1, 300), 0);
}

static void
begin_another(void *context, const pin_run_result *result)
{
    struct seen *s = context;
    struct fixture *f = s->fixture;

    see(context, result);
    if (s->ended == 1)
        api_check(f, pin_project_start(f->project, "hello", NULL, see, s, NULL, &f->error));
    if (s->ended == 1)
        api_check(f, pin_project_run(f->project, "hello", NULL, NULL, &f->error));
}

static void
a_callback_may_call(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { .fixture = f };

    api_job(f, "hello", "run(){ console.log('hello'); }");
    api_open(f);
    api_check(f,
              pin_project_start(f->project, "hello", NULL, begin_another, &seen, NULL, &f->error));
    while (pin_project_calls(f->project))
        turn_when_readable(f);
    assert_int_equal(seen.ended, 2);
    assert_string_equal(f->printed, "hello: hello\nhello: hello\nhello: hello\n");
}

static void
a_call_is_stopped(void **state)
{
    struct fixture *f = *state;
    struct seen running = { .fixture = f }, waiting = { .fixture = f }, other = { .fixture = f };
    uint64_t calls[3];

    api_job(f, "forever", "run(){ console.log('there'); for(;;){} }");
    api_job(f, "hello", "run(){}");
    api_open(f);
    for (int i = 0; i < 2; i++)
        api_check(
            f, pin_project_start(f->project, "forever", NULL, see, &running, &calls[i], &f->error));
    api_check(f, pin_project_start(f->project, "hello", NULL, see, &waiting, &calls[2], &f->error));
    while (!strstr(f->printed, "there"))
        turn_when_readable(f);
    api_check(f, pin_project_stop(f->project, calls[2], &f->error));
    api_check(f, pin_project_stop(f->project, calls[0], &f->error));
    assert_int_equal(waiting.ended, 0); /* only from a turn */
    while (running.ended == 0 || waiting.ended == 0)
        turn_when_readable(f);
    assert_int_equal(waiting.last, PIN_CANCELLED);
    assert_int_equal(running.last, PIN_CANCELLED);
    assert_int_equal(pin_project_stop(f->project, calls[0], &f->error), PIN_NOT_FOUND);
    api_check(f, pin_project_start(f->project, "hello", NULL, see, &other, NULL, &f->error));
    while (!other.ended)
        turn_when_readable(f);
    assert_int_equal(other.last, PIN_OK);
    pin_project_close(f->project); /* with one that runs */
    f->project = NULL;
    assert_int_equal(running.ended, 2);
    assert_int_equal(running.last, PIN_CANCELLED);
    assert_non_null(strstr(running.message, "closed"));
}

static void
draining_waits_and_then_kills(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { .fixture = f };

    api_job(f, "sleeps", "run(ms){ return new Promise(resolve => setTimeout(resolve, ms)); }");
    api_open(f);
    api_check(f, pin_project_start(f->project, "sleeps", PIN_CALL_OPTIONS(.args = "[50]"), see,
                                   &seen, NULL, &f->error));
    api_check(f, pin_project_turn(f->project, 0, &f->error));
    api_check(f, pin_project_drain(f->project, 20000, &f->error));
    assert_int_equal(seen.ended, 1);
    assert_int_equal(seen.last, PIN_OK);
    api_reopen(f);
    api_check(f, pin_project_start(f->project, "sleeps", PIN_CALL_OPTIONS(.args = "[100000]"), see,
                                   &seen, NULL, &f->error));
    api_check(f, pin_project_turn(f->project, 0, &f->error));
    assert_int_equal(pin_project_drain(f->project, 50, &f->error), PIN_TIMEOUT);
    assert_int_equal(seen.last, PIN_CANCELLED);
    assert_int_equal(pin_project_run(f->project, "sleeps", NULL, NULL, &f->error), PIN_CANCELLED);
}

static void
a_project_whose_process_is_killed_goes_on(void **state)
{
    struct fixture *f = *state;
    struct seen seen = { .fixture = f };
    char line[64];
    pin_status st;

    api_job(f, "forever", "run(){ console.log('there'); for(;;){} }");
    api_job(f, "hello", "run(){}");
    api_open(f);
    for (int i = 0; i < 3; i++)
        api_check(f, pin_project_start(f->project, "forever", NULL, see, &seen, NULL, &f->error));
    while (!strstr(f->printed, "there"))
        turn_when_readable(f);
    snprintf(line, sizeof line, "pkill -KILL -x -P %d pin-nursery", (int)getpid());
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
    while (seen.ended < 3)
        turn_when_readable(f);
    assert_int_equal(seen.last, PIN_LOST);
    while ((st = pin_project_run(f->project, "hello", NULL, NULL, &f->error)) == PIN_BUSY)
        turn_when_readable(f);
    api_check(f, st);
}

static void
kill_nursery(void)
{
    char line[64];

    snprintf(line, sizeof line, "pkill -KILL -x -P %d pin-nursery", (int)getpid());
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
}

struct tally {
    int ok, lost, others;
};

static void
count_end(void *context, const pin_run_result *result)
{
    struct tally *t = context;
    pin_status st = pin_run_result_status(result);

    *(st == PIN_OK ? &t->ok : st == PIN_LOST ? &t->lost : &t->others) += 1;
}

/* Short runs wait in their workers' sockets, behind one another. */
static void
many_calls_end_when_the_process_is_killed(void **state)
{
    struct fixture *f = *state;
    struct tally tally = { 0, 0, 0 };

    api_job(f, "hello", "run(){}");
    api_open(f);
    for (int round = 0; round < 5; round++) {
        int before = tally.ok;

        for (int i = 0; i < 300; i++) {
            while (pin_project_start(f->project, "hello", NULL, count_end, &tally, NULL,
                                     &f->error) == PIN_BUSY)
                turn_when_readable(f); /* the kill before was noticed only now */
            api_check(f, f->error.status);
        }
        while (tally.ok < before + 20 + 40 * round && pin_project_calls(f->project))
            turn_when_readable(f); /* they may be lost to the kill before, noticed only now */
        kill_nursery();
        while (pin_project_calls(f->project))
            turn_when_readable(f);
        while (pin_project_run(f->project, "hello", NULL, NULL, &f->error) == PIN_LOST)
            continue;
        assert_int_equal(f->error.status, PIN_OK);
    }
    assert_int_equal(tally.ok + tally.lost, 5 * 300);
    assert_int_equal(tally.others, 0);
}

static void
a_program_that_only_waits_goes_on_too(void **state)
{
    struct fixture *f = *state;
    pin_status st;

    api_job(f, "hello", "run(){}");
    api_open(f);
    api_check(f, pin_project_run(f->project, "hello", NULL, NULL, &f->error));
    kill_nursery();
    do /* it may not have noticed yet */
        st = pin_project_run(f->project, "hello", NULL, NULL, &f->error);
    while (st == PIN_LOST);
    api_check(f, st);
}

static void
a_lost_project_that_is_drained_wants_nothing(void **state)
{
    struct fixture *f = *state;
    struct pollfd p;

    api_job(f, "hello", "run(){}");
    api_open(f);
    api_check(f, pin_project_run(f->project, "hello", NULL, NULL, &f->error));
    kill_nursery();
    while (pin_project_start(f->project, "hello", NULL, NULL, NULL, NULL, NULL) == PIN_OK)
        turn_when_readable(f);
    while (pin_project_calls(f->project))
        turn_when_readable(f);
    api_check(f, pin_project_drain(f->project, 0, &f->error));
    p = (struct pollfd){ .fd = pin_project_fd(f->project), .events = POLLIN };
    for (int i = 0; i < 20; i++)
        api_check(f, pin_project_turn(f->project, 0, &f->error));
    assert_int_equal(poll(&p, 1, 1200), 0); /* records are synced after a second */
    assert_int_equal(pin_project_start(f->project, "hello", NULL, NULL, NULL, NULL, NULL),
                     PIN_CANCELLED);
}

static void
begin_again(void *context, const pin_run_result *result)
{
    struct seen *s = context;
    struct fixture *f = s->fixture;

    see(context, result);
    (void)pin_project_start(f->project, "hello", NULL, begin_again, s, NULL, NULL);
}

static void
a_turn_ends_though_callbacks_begin_again(void **state)
{
    struct fixture *f = *state;
    static struct seen seen;

    seen = (struct seen){ .fixture = f };
    api_job(f, "hello", "run(){}");
    api_open(f);
    (void)pin_project_start(f->project, "hello", NULL, begin_again, &seen, NULL, NULL);
    while (seen.ended < 10)
        turn_when_readable(f);
    assert_int_equal(pin_project_calls(f->project), 1);
    api_check(f, pin_project_drain(f->project, 20000, &f->error));
    assert_int_equal(pin_project_calls(f->project), 0);
}

static void
reload_once(void *context, const struct pin_listed_job *job)
{
    struct fixture *f = context;

    api_check(f, pin_project_reload(f->project, &f->error));
    for (int i = 0; i < 3; i++) /* the old code goes */
        api_check(f, pin_project_turn(f->project, 0, &f->error));
    snprintf(f->printed, sizeof f->printed, "%s", job->name);
}

static void
a_project_may_be_loaded_anew_while_its_jobs_are_listed(void **state)
{
    struct fixture *f = *state;

    api_job(f, "hello", "run(){}");
    api_job(f, "world", "run(){}");
    api_open(f);
    pin_project_list_jobs(f->project, reload_once, f);
    assert_string_equal(f->printed, "world");
}

static void
what_a_project_s_own_service_is_given(void **state)
{
    struct fixture *f = *state;
    static const char *const args[] = { NULL, "[]", " [ ] ", "[1,[2]]", "\n[ 1, [2] ]\n" };

    api_write(
        f, "lib/services/run_background_job.js",
        "export default { create(){ return (...all) => console.log(JSON.stringify(all)); } };");
    api_job(f, "hello", "run(){}");
    api_open(f);
    for (size_t i = 0; i < sizeof args / sizeof *args; i++)
        api_check(f, pin_project_run(f->project, "hello", PIN_CALL_OPTIONS(.args = args[i]), NULL,
                                     &f->error));
    assert_non_null(strstr(f->printed, "[\"hello\"]\n"));
    assert_null(strstr(f->printed, "[\"hello\",]"));
    assert_non_null(strstr(f->printed, "[\"hello\",1,[2]]\n"));
}

static void
options_and_arguments_have_their_bounds(void **state)
{
    struct fixture *f = *state;
    struct {
        struct pin_call_options known;
        void *more;
    } newer = { .known = { .size = sizeof newer } };
    char *args = malloc((2 << 20) + 1);

    assert_non_null(args);
    memset(args, ' ', 2 << 20);
    args[0] = '[';
    args[(2 << 20) - 1] = ']';
    args[2 << 20] = '\0';
    api_job(f, "hello", "run(){}");
    api_open(f);
    assert_int_equal(
        pin_project_run(f->project, "hello", PIN_CALL_OPTIONS(.args = args), NULL, &f->error),
        PIN_INVALID);
    assert_non_null(strstr(f->error.message, "limit"));
    api_check(f, pin_project_run(f->project, "hello", &newer.known, NULL, &f->error));
    newer.more = f;
    assert_int_equal(pin_project_run(f->project, "hello", &newer.known, NULL, &f->error),
                     PIN_INVALID);
    free(args);
}

/* ---- threads ---- */

static void *
use_a_project(void *context)
{
    struct fixture *f = context;

    api_open(f);
    for (int i = 0; i < 50; i++)
        if (pin_project_run(f->project, "hello", NULL, NULL, &f->error) != PIN_OK ||
            pin_project_enqueue(f->project, "hello", NULL, NULL, &f->error) != PIN_OK)
            return f;
    pin_project_close(f->project);
    f->project = NULL;
    return NULL;
}

static void
two_threads_use_two_projects(void **state)
{
    struct fixture *f = *state, others[2] = { *f, *f };
    pthread_t threads[2];

    api_job(f, "hello", "run(){}");
    api_command(f, "migrate-database");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_a_project, &others[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *failed;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        if (failed)
            fail_msg("%s", others[i].error.message);
    }
}

static size_t
open_files(void)
{
    size_t n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void
closing_leaves_nothing_open(void **state)
{
    struct fixture *f = *state;
    size_t before;

    api_job(f, "hello", "run(){}");
    api_command(f, "migrate-database");
    before = open_files();
    api_open(f);
    api_check(f, pin_project_run(f->project, "add", NULL, NULL, &f->error));
    api_check(f, pin_project_enqueue(f->project, "hello", NULL, NULL, &f->error));
    pin_project_close(f->project);
    f->project = NULL;
    assert_int_equal(open_files(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, api_tear_down)

int
main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_cannot_be_opened_says_why),
        TEST(jobs_of_files_and_of_the_program_are_listed),
        TEST(a_job_runs_and_prints),
        TEST(failures_have_a_status_and_a_sentence),
        TEST(an_error_comes_whole),
        TEST(a_function_of_the_program_is_a_job_like_any_other),
        TEST(a_name_that_is_there_twice_is_broken),
        TEST(each_tenant_has_a_run),
        TEST(calls_end_in_the_program_s_own_loop),
        TEST(limits_hold_in_the_program_s_own_loop),
        TEST(an_idle_project_wants_nothing),
        TEST(a_callback_may_call),
        TEST(a_call_is_stopped),
        TEST(draining_waits_and_then_kills),
        TEST(a_project_whose_process_is_killed_goes_on),
        TEST(many_calls_end_when_the_process_is_killed),
        TEST(a_program_that_only_waits_goes_on_too),
        TEST(a_lost_project_that_is_drained_wants_nothing),
        TEST(a_turn_ends_though_callbacks_begin_again),
        TEST(a_project_may_be_loaded_anew_while_its_jobs_are_listed),
        TEST(what_a_project_s_own_service_is_given),
        TEST(options_and_arguments_have_their_bounds),
        TEST(two_threads_use_two_projects),
        TEST(closing_leaves_nothing_open),
    };

    pin_worker_main(argc, argv, jobs);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The library: the queue, reading runs, the bot here and as a child. */
#include "api_help.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/path.h"
#include "database/session.h"
#include "database/sql.h"

static int
set_up(void **state)
{
    struct fixture *f;

    (void)api_set_up(state);
    f = *state;
    api_job(f, "hello", "run(name){ console.log(`Hello ${name}`); }");
    api_job(f, "once", "meta(){ this.unique('1h'); }, run(){}");
    api_job(f, "throws", "run(){ throw new Error('Bad luck'); }");
    api_command(f, "migrate-database");
    api_open(f);
    return 0;
}

/* ---- a run, remembered ---- */

struct kept {
    int count;
    enum pin_run_state state;
    char id[PIN_RUN_ID_SIZE], text[1024];
};

static void
keep(void *context, const struct pin_run *r)
{
    struct kept *k = context;

    k->count++;
    k->state = r->state;
    snprintf(k->id, sizeof k->id, "%s", r->id);
    snprintf(k->text, sizeof k->text, "%s %s %s %s %s %d/%d %s", r->job, r->state_name, r->queue,
             r->trigger, r->args, r->attempt, r->attempt_limit, r->message ? r->message : "-");
}

static struct kept
read_run(struct fixture *f, const char *id)
{
    struct kept k = { .count = 0 };

    api_check(f, pin_project_read_run(f->project, id, keep, &k, &f->error));
    assert_int_equal(k.count, 1);
    assert_string_equal(k.id, id);
    return k;
}

static struct kept
wait_for_end(struct fixture *f, const char *id)
{
    struct kept k;

    do {
        api_check(f, pin_project_turn(f->project, 20, &f->error));
        k = read_run(f, id);
    } while (k.state < PIN_RUN_SUCCEEDED);
    return k;
}

/* ---- the queue ---- */

static void
a_queued_run_is_read_and_cancelled(void **state)
{
    struct fixture *f = *state;
    char id[PIN_RUN_ID_SIZE];

    api_check(f, pin_project_enqueue(f->project, "hello",
                                     PIN_ENQUEUE_OPTIONS(.args = "[\"you\"]", .queue = "mail"), id,
                                     &f->error));
    assert_string_equal(read_run(f, id).text, "hello queued mail api [\"you\"] 0/1 -");
    api_check(f, pin_project_cancel_run(f->project, id, &f->error));
    assert_int_equal(read_run(f, id).state, PIN_RUN_CANCELLED);
    assert_int_equal(pin_project_cancel_run(f->project, id, &f->error), PIN_CONFLICT);
}

static void
what_cannot_be_queued_says_why(void **state)
{
    struct fixture *f = *state;
    static const int too_high = 5000;
    const struct {
        const char *job;
        const struct pin_project_enqueue_options *options;
        const char *message;
        pin_status status;
    } cases[] = {
        { "nobody", NULL, "No such background job", PIN_NOT_FOUND },
        { "", NULL, "blank", PIN_INVALID },
        { "hello", PIN_ENQUEUE_OPTIONS(.args = "5"), "no JSON array", PIN_INVALID },
        { "hello", PIN_ENQUEUE_OPTIONS(.at_ms = 5, .delay_ms = 5), "delay", PIN_INVALID },
        { "hello", PIN_ENQUEUE_OPTIONS(.priority = &too_high), "priority", PIN_INVALID },
        { "hello", PIN_ENQUEUE_OPTIONS(.queue = ""), "queue", PIN_INVALID },
        { "hello", PIN_ENQUEUE_OPTIONS(.queue = "\xff"), "UTF-8", PIN_INVALID },
        { "hello", PIN_ENQUEUE_OPTIONS(.tenant = "a"), "no tenants", PIN_INVALID },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pin_status st =
            pin_project_enqueue(f->project, cases[i].job, cases[i].options, NULL, &f->error);

        if (st != cases[i].status || !strstr(f->error.message, cases[i].message))
            fail_msg("case %zu: %s: %s", i, pin_status_text(st), f->error.message);
    }
}

static void
what_is_there_already_is_told(void **state)
{
    struct fixture *f = *state;
    char first[PIN_RUN_ID_SIZE], second[PIN_RUN_ID_SIZE];

    api_check(f, pin_project_enqueue(f->project, "hello", PIN_ENQUEUE_OPTIONS(.key = "k"), first,
                                     &f->error));
    assert_int_equal(pin_project_enqueue(f->project, "hello", PIN_ENQUEUE_OPTIONS(.key = "k"),
                                         second, &f->error),
                     PIN_CONFLICT);
    assert_string_equal(first, second);
    api_check(f, pin_project_enqueue(f->project, "once", NULL, first, &f->error));
    assert_int_equal(pin_project_enqueue(f->project, "once", NULL, second, NULL), PIN_CONFLICT);
    assert_string_equal(first, second);
}

static void
runs_are_listed_page_by_page(void **state)
{
    struct fixture *f = *state;
    static const enum pin_run_state queued = PIN_RUN_QUEUED, delayed = PIN_RUN_DELAYED;
    struct kept k = { .count = 0 };
    char ids[3][PIN_RUN_ID_SIZE];

    for (int i = 0; i < 3; i++)
        api_check(f, pin_project_enqueue(f->project, "hello", NULL, ids[i], &f->error));
    assert_int_equal(pin_project_run(f->project, "throws", NULL, NULL, NULL), PIN_FAILED);
    api_check(f, pin_project_list_runs(f->project, NULL, keep, &k, &f->error));
    assert_int_equal(k.count, 4);
    k.count = 0;
    api_check(f, pin_project_list_runs(f->project, PIN_LIST_OPTIONS(.state = &queued, .limit = 2),
                                       keep, &k, &f->error));
    assert_int_equal(k.count, 2);
    assert_string_equal(k.id, ids[1]);
    k.count = 0;
    api_check(f, pin_project_list_runs(f->project,
                                       PIN_LIST_OPTIONS(.state = &queued, .before = ids[1]), keep,
                                       &k, &f->error));
    assert_int_equal(k.count, 1);
    assert_string_equal(k.id, ids[0]);
    k.count = 0;
    api_check(f, pin_project_list_runs(f->project, PIN_LIST_OPTIONS(.state = &delayed), keep, &k,
                                       &f->error));
    assert_int_equal(k.count, 0);
    api_check(f, pin_project_list_runs(f->project, PIN_LIST_OPTIONS(.job = "throws"), keep, &k,
                                       &f->error));
    assert_string_equal(k.text, "throws failed default api [] 1/1 Bad luck");
    assert_int_equal(
        pin_project_list_runs(f->project, PIN_LIST_OPTIONS(.before = "x"), keep, &k, &f->error),
        PIN_INVALID);
    assert_int_equal(pin_project_read_run(f->project, "01990000-0000-7000-8000-000000000000", keep,
                                          &k, &f->error),
                     PIN_NOT_FOUND);
}

static void
without_a_store_it_says_how_to_make_one(void **state)
{
    struct fixture *f = *state;
    char path[128];

    snprintf(path, sizeof path, "%s/test.db", f->folder);
    pin_project_close(f->project);
    assert_int_equal(unlink(path), 0);
    api_open(f);
    assert_int_equal(pin_project_enqueue(f->project, "hello", NULL, NULL, &f->error),
                     PIN_NOT_FOUND);
    assert_non_null(strstr(f->error.message, "migrate-database"));
}

static void
see_end(void *context, const pin_run_result *result)
{
    *(pin_status *)context = pin_run_result_status(result);
}

/* The loop goes on: a limit is kept while we wait for the lock. */
static void
who_waits_for_the_store_keeps_limits(void **state)
{
    struct fixture *f = *state;
    char path[128];
    struct pin_session_config config = { .filename = path, .busy_ms = 1000 };
    struct pin_session *other;
    struct pin_err err;
    pin_status ended = PIN_OK;

    api_job(f, "forever", "run(){ for(;;){} }");
    api_check(f, pin_project_reload(f->project, &f->error));
    snprintf(path, sizeof path, "%s/test.db", f->folder);
    assert_int_equal(pin__session_open(&other, &config, &err), PIN_OK);
    assert_int_equal(pin__session_begin(other, pin__clock_mono(), &err), PIN_OK);
    api_check(f, pin_project_start(f->project, "forever", PIN_CALL_OPTIONS(.timeout_ms = 100),
                                   see_end, &ended, NULL, &f->error));
    assert_int_equal(pin_project_enqueue(f->project, "hello", NULL, NULL, &f->error), PIN_BUSY);
    pin__session_rollback(other);
    pin__session_close(other);
    api_check(f, pin_project_turn(f->project, 0, &f->error));
    assert_int_equal(ended, PIN_TIMEOUT);
    api_check(f, pin_project_enqueue(f->project, "hello", NULL, NULL, &f->error));
}

/* ---- the bot ---- */

static void
the_bot_works_in_this_process(void **state)
{
    struct fixture *f = *state;
    char id[PIN_RUN_ID_SIZE], failed[PIN_RUN_ID_SIZE], log[128];

    snprintf(log, sizeof log, "%s/bot.log", f->folder);
    api_check(f, pin_project_start_bot(f->project, PIN_BOT_OPTIONS(.log = log), &f->error));
    assert_int_equal(pin_project_start_bot(f->project, NULL, &f->error), PIN_CONFLICT);
    assert_int_equal(pin_project_bot_pid(f->project), 0);
    api_check(f, pin_project_enqueue(f->project, "hello", NULL, id, &f->error));
    api_check(f, pin_project_enqueue(f->project, "throws", NULL, failed, &f->error));
    assert_string_equal(wait_for_end(f, id).text, "hello succeeded default api [] 1/1 -");
    assert_string_equal(wait_for_end(f, failed).text, "throws failed default api [] 1/1 Bad luck");
    api_check(f, pin_project_stop_bot(f->project, &f->error));
    api_check(f, pin_project_enqueue(f->project, "hello", NULL, id, &f->error));
    for (int i = 0; i < 10; i++)
        api_check(f, pin_project_turn(f->project, 10, &f->error));
    assert_int_equal(read_run(f, id).state, PIN_RUN_QUEUED);
    api_check(f, pin_project_start_bot(f->project, NULL, &f->error));
    assert_int_equal(wait_for_end(f, id).state, PIN_RUN_SUCCEEDED);
}

static void
it_takes_what_its_queues_say(void **state)
{
    struct fixture *f = *state;
    char mail[PIN_RUN_ID_SIZE], other[PIN_RUN_ID_SIZE];

    assert_int_equal(
        pin_project_start_bot(f->project, PIN_BOT_OPTIONS(.queues = "mail,,x"), &f->error),
        PIN_INVALID);
    api_check(f,
              pin_project_start_bot(f->project, PIN_BOT_OPTIONS(.queues = "mail,sms"), &f->error));
    api_check(f, pin_project_enqueue(f->project, "hello", NULL, other, &f->error));
    api_check(f, pin_project_enqueue(f->project, "hello", PIN_ENQUEUE_OPTIONS(.queue = "mail"),
                                     mail, &f->error));
    assert_int_equal(wait_for_end(f, mail).state, PIN_RUN_SUCCEEDED);
    assert_int_equal(read_run(f, other).state, PIN_RUN_QUEUED);
}

static void
the_bot_works_as_a_child(void **state)
{
    struct fixture *f = *state;
    char id[PIN_RUN_ID_SIZE], line[256];
    int pid;

    api_check(f, pin_project_spawn_bot(f->project, PIN_BOT_OPTIONS(.grace_ms = 1000), &f->error));
    pid = pin_project_bot_pid(f->project);
    assert_true(pid > 0);
    assert_int_equal(pin_project_spawn_bot(f->project, NULL, &f->error), PIN_CONFLICT);
    api_check(f, pin_project_enqueue(f->project, "hello", NULL, id, &f->error));
    assert_int_equal(wait_for_end(f, id).state, PIN_RUN_SUCCEEDED);
    snprintf(line, sizeof line,
             "cd %s && PINSTRIPE_ENV=test \"$PINSTRIPE\" show-run %s | grep -q :%d", f->folder, id,
             pid);
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
    api_check(f, pin_project_stop_bot(f->project, &f->error));
    assert_int_equal(pin_project_bot_pid(f->project), 0);
    assert_int_equal(kill(pid, 0), -1);
    api_check(f, pin_project_spawn_bot(f->project, NULL, &f->error));
    pid = pin_project_bot_pid(f->project);
    pin_project_close(f->project);
    f->project = NULL;
    assert_int_equal(kill(pid, 0), -1);
}

static void
a_child_that_cannot_start_says_why(void **state)
{
    struct fixture *f = *state;

    api_write(f, "pinstripe.config.js", "export default {");
    assert_int_equal(pin_project_spawn_bot(f->project, NULL, &f->error), PIN_FAILED);
    assert_non_null(strstr(f->error.message, "pinstripe.config.js"));
    assert_int_equal(pin_project_bot_pid(f->project), 0);
}

/* ---- a child, and a host that does things ---- */

static size_t
open_files(int pid)
{
    char path[64];
    size_t n = 0;

    for (int fd = 0; fd < 256; fd++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
        n += access(path, F_OK) == 0;
    }
    return n;
}

static void
a_dead_child_is_noticed(void **state)
{
    struct fixture *f = *state;
    int pid;

    api_check(f, pin_project_spawn_bot(f->project, NULL, &f->error));
    pid = pin_project_bot_pid(f->project);
    kill(pid, SIGKILL);
    while (pin_project_bot_pid(f->project)) /* it takes the kernel a moment */
        api_check(f, pin_project_turn(f->project, 1, &f->error));
    api_check(f, pin_project_spawn_bot(f->project, NULL, &f->error));
    pid = pin_project_bot_pid(f->project);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid); /* the host buries it */
    api_check(f, pin_project_spawn_bot(f->project, NULL, &f->error));
}

/* A stopped child does not see that its standard input has ended. */
static void
a_child_that_does_not_end_is_killed(void **state)
{
    struct fixture *f = *state;
    int pid;

    api_check(f, pin_project_spawn_bot(f->project, PIN_BOT_OPTIONS(.grace_ms = 1), &f->error));
    pid = pin_project_bot_pid(f->project);
    kill(pid, SIGSTOP);
    api_check(f, pin_project_stop_bot(f->project, &f->error));
    assert_int_equal(kill(pid, 0), -1);
}

static void
a_host_may_ignore_its_children(void **state)
{
    struct fixture *f = *state;
    char id[PIN_RUN_ID_SIZE];

    signal(SIGCHLD, SIG_IGN);
    api_reopen(f);
    api_job(f, "forever", "run(){ for(;;){} }");
    api_check(f, pin_project_reload(f->project, &f->error));
    assert_int_equal(pin_project_run(f->project, "forever", PIN_CALL_OPTIONS(.timeout_ms = 300),
                                     NULL, &f->error),
                     PIN_TIMEOUT);
    api_check(f, pin_project_spawn_bot(f->project, NULL, &f->error));
    api_check(f, pin_project_enqueue(f->project, "hello", NULL, id, &f->error));
    assert_int_equal(wait_for_end(f, id).state, PIN_RUN_SUCCEEDED);
    api_check(f, pin_project_stop_bot(f->project, &f->error));
    pin_project_close(f->project);
    f->project = NULL;
    signal(SIGCHLD, SIG_DFL);
}

static void
a_child_has_nothing_of_the_host(void **state)
{
    struct fixture *f = *state;
    int held[2];
    char path[128], end[256];
    ssize_t n;

    assert_int_equal(pipe(held), 0); /* open across exec */
    snprintf(path, sizeof path, "/proc/self/fd/%d", held[0]);
    n = readlink(path, end, sizeof end - 1);
    assert_true(n > 0);
    end[n] = '\0';
    api_check(f, pin_project_spawn_bot(f->project, NULL, &f->error));
    assert_true(open_files(pin_project_bot_pid(f->project)) > 3);
    for (int fd = 0; fd < 256; fd++) {
        char other[256];

        snprintf(path, sizeof path, "/proc/%d/fd/%d", pin_project_bot_pid(f->project), fd);
        if ((n = readlink(path, other, sizeof other - 1)) <= 0)
            continue;
        other[n] = '\0';
        assert_string_not_equal(other, end);
    }
    close(held[0]);
    close(held[1]);
}

/* Its ends stand where the streams were. */
static void
a_host_may_close_its_streams(void **state)
{
    struct fixture *f = *state;
    int kept[3];
    char id[PIN_RUN_ID_SIZE];
    pin_status st[3];

    fflush(NULL);
    for (int fd = 0; fd < 3; fd++) {
        kept[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 20);
        close(fd);
    }
    st[0] = pin_project_reload(f->project, &f->error);
    st[1] = pin_project_spawn_bot(f->project, NULL, &f->error);
    st[2] = pin_project_run(f->project, "hello", NULL, NULL, NULL);
    pin_project_close(f->project); /* what stands at the streams now goes */
    f->project = NULL;
    for (int fd = 0; fd < 3; fd++) {
        if (kept[fd] < 0)
            continue;
        dup2(kept[fd], fd);
        close(kept[fd]);
    }
    for (int i = 0; i < 3; i++)
        api_check(f, st[i]);
    api_open(f);
    api_check(f, pin_project_enqueue(f->project, "hello", NULL, id, &f->error));
}

/* A relative program and log are found from where the host is, not from the project's folder. */
static void
paths_are_the_host_s(void **state)
{
    struct fixture *f = *state;
    char here[PATH_MAX], elsewhere[128], path[PATH_MAX], line[PATH_MAX + 64];

    assert_non_null(getcwd(here, sizeof here));
    api_write(f, "elsewhere/there", "");
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", f->folder);
    snprintf(path, sizeof path, "%s/linked", elsewhere);
    assert_int_equal(symlink(getenv("PINSTRIPE"), path), 0);
    assert_int_equal(chdir(elsewhere), 0);
    pin_project_close(f->project);
    f->project = NULL;
    api_check(f, pin_project_open(&f->project,
                                  PIN_PROJECT_OPTIONS(.folder = f->folder, .environment = "test",
                                                      .program = "./linked", .workers = 3),
                                  &f->error));
    api_check(f, pin_project_spawn_bot(f->project, PIN_BOT_OPTIONS(.log = "bot.log"), &f->error));
    snprintf(line, sizeof line, "tr '\\0' ' ' </proc/%d/cmdline | grep -q -e '--workers 3 '",
             pin_project_bot_pid(f->project));
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
    assert_int_equal(chdir("/"), 0);
    api_check(f, pin_project_reload(f->project, &f->error)); /* the program again */
    assert_int_equal(chdir(here), 0);
    snprintf(path, sizeof path, "%s/bot.log", elsewhere);
    assert_int_equal(access(path, R_OK), 0);
}

/* The log of a bot that a job has stopped. */
static void
a_job_that_stops_the_bot_leaves_nothing_open(void **state)
{
    struct fixture *f = *state;
    char log[128];
    size_t before = 0;

    api_job(f, "stops", "async run(){ await this.bot.stop(); }");
    api_check(f, pin_project_reload(f->project, &f->error));
    snprintf(log, sizeof log, "%s/bot.log", f->folder);
    for (int i = 0; i < 4; i++) {
        api_check(f, pin_project_start_bot(f->project, PIN_BOT_OPTIONS(.log = log, .queues = "a"),
                                           &f->error));
        api_check(f, pin_project_run(f->project, "stops", NULL, NULL, &f->error));
        if (i == 1)
            before = open_files(getpid());
    }
    assert_int_equal(open_files(getpid()), before);
    api_check(f, pin_project_stop_bot(f->project, &f->error));
    assert_int_equal(open_files(getpid()), before - 1);
}

/* The host is killed: its child has nobody to work for. */
static void
a_child_ends_with_its_host(void **state)
{
    struct fixture *f = *state;
    int fds[2], bot = 0, status;
    pid_t host;

    pin_project_close(f->project);
    f->project = NULL;
    assert_int_equal(pipe(fds), 0);
    if ((host = fork()) == 0) {
        api_open(f);
        if (pin_project_spawn_bot(f->project, NULL, &f->error) != PIN_OK)
            _exit(1);
        bot = pin_project_bot_pid(f->project);
        (void)!write(fds[1], &bot, sizeof bot);
        raise(SIGKILL);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &bot, sizeof bot), sizeof bot);
    close(fds[0]);
    assert_int_equal(waitpid(host, &status, 0), host);
    for (int i = 0; kill(bot, 0) == 0 && i < 2000; i++) {
        char path[64], line[256] = "";
        FILE *file;

        snprintf(path, sizeof path, "/proc/%d/stat", bot); /* dead, and nobody buries it here */
        if ((file = fopen(path, "r")) != NULL) {
            (void)!fgets(line, sizeof line, file);
            fclose(file);
        }
        if (strstr(line, ") Z "))
            return;
        usleep(10000);
    }
    assert_int_equal(kill(bot, 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, api_tear_down)

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_queued_run_is_read_and_cancelled),
        TEST(what_cannot_be_queued_says_why),
        TEST(what_is_there_already_is_told),
        TEST(runs_are_listed_page_by_page),
        TEST(without_a_store_it_says_how_to_make_one),
        TEST(who_waits_for_the_store_keeps_limits),
        TEST(the_bot_works_in_this_process),
        TEST(it_takes_what_its_queues_say),
        TEST(the_bot_works_as_a_child),
        TEST(a_child_that_cannot_start_says_why),
        TEST(a_child_ends_with_its_host),
        TEST(a_dead_child_is_noticed),
        TEST(a_child_that_does_not_end_is_killed),
        TEST(a_host_may_ignore_its_children),
        TEST(a_child_has_nothing_of_the_host),
        TEST(a_host_may_close_its_streams),
        TEST(paths_are_the_host_s),
        TEST(a_job_that_stops_the_bot_leaves_nothing_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

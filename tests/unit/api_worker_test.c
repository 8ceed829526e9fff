/* The library: worker programs that are not as they should be. This one is several, as its
 * environment says. */
#include "api_help.h"

#include <limits.h>
#include <signal.h>

#define ROLE "PINSTRIPE_TEST_ROLE"

static void
work(pin_workspace *w)
{
    (void)w;
    printf("worked\n");
}

static const struct pin_background_job works = PIN_HOST_JOB(.run = work);
static const struct pin_host_job good[] = { { "works", &works }, { NULL, NULL } };
static const struct pin_host_job other[] = { { "other", &works }, { NULL, NULL } };
static const struct pin_host_job odd[] = { { "works", &works },    { "nothing", NULL },
                                           { "a//b", &works },     { "twice", &works },
                                           { "Twi ce", &works },   { "Twice", &works },
                                           { "\xff\xfe", &works }, { NULL, NULL } };

static int
set_up(void **state)
{
    int failed = api_set_up(state);

    ((struct fixture *)*state)->worker = PIN_THIS_PROGRAM;
    return failed;
}

static int
tear_down(void **state)
{
    unsetenv(ROLE);
    return api_tear_down(state);
}

static pin_status
open_with(struct fixture *f, const char *worker)
{
    return pin_project_open(&f->project,
                            PIN_PROJECT_OPTIONS(.folder = f->folder, .environment = "test",
                                                .program = getenv("PINSTRIPE"), .worker = worker,
                                                .workers = 1, .console = api_print, .context = f),
                            &f->error);
}

/* A program at `path`, which starts with `first` and goes on as this one. */
static void
write_script(const struct fixture *f, const char *first, char path[128])
{
    char self[PATH_MAX], text[PATH_MAX + 512];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    assert_true(n > 0);
    self[n] = '\0';
    snprintf(text, sizeof text, "#!/bin/sh\n%s\nexec %s \"$@\"\n", first, self);
    api_write(f, "program", text);
    snprintf(path, 128, "%s/program", f->folder);
    assert_int_equal(chmod(path, 0755), 0);
}

static void
list_job(void *context, const struct pin_listed_job *job)
{
    char *text = context;

    snprintf(text + strlen(text), 4096 - strlen(text), "%s: %s\n", job->name,
             job->broken ? job->broken : "fine");
}

/* It would ask itself, and so on without an end. */
static void
a_program_that_forgets_its_call_is_told(void **state)
{
    struct fixture *f = *state;
    char path[128];

    write_script(f, "export " ROLE "=forgets", path);
    assert_int_equal(open_with(f, path), PIN_CONFIG);
    assert_non_null(strstr(f->error.message, "pin_worker_main"));
    write_script(f, "export " ROLE "=late", path);
    assert_int_equal(open_with(f, path), PIN_CONFIG);
    assert_non_null(strstr(f->error.message, "pin_worker_main"));
}

static void
a_program_that_closes_its_output_and_stays_is_ended(void **state)
{
    struct fixture *f = *state;
    char path[128], line[256];

    write_script(f, "echo $$ >pid; exec >&-; sleep 1000 & wait", path);
    assert_int_equal(open_with(f, path), PIN_CONFIG);
    assert_non_null(strstr(f->error.message, "pin_worker_main"));
    snprintf(line, sizeof line, "cd %s && test -s pid && ! kill -0 -- -$(cat pid) 2>/dev/null",
             f->folder);
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
}

static void
a_job_that_is_wrong_leaves_the_others_alone(void **state)
{
    struct fixture *f = *state;
    char text[4096] = "";

    setenv(ROLE, "odd", 1);
    api_open(f);
    pin_project_list_jobs(f->project, list_job, text);
    assert_non_null(strstr(text, "works: fine\n"));
    assert_non_null(strstr(text, "nothing: it has no definition"));
    assert_non_null(strstr(text, "job name \"a//b\" is not allowed"));
    assert_non_null(strstr(text, "has two jobs whose name is twice"));
    api_check(f, pin_project_run(f->project, "works", NULL, NULL, &f->error));
    assert_string_equal(f->printed, "works: worked\n");
}

static void
a_program_that_was_replaced_says_so(void **state)
{
    struct fixture *f = *state;
    char path[128];

    write_script(f, "[ \"$1\" != --pinstripe-worker ] || export " ROLE "=other", path);
    api_check(f, open_with(f, path));
    assert_int_equal(pin_project_run(f->project, "works", NULL, NULL, &f->error), PIN_FAILED);
    assert_non_null(strstr(f->error.message, "has no job \"works\" any more"));
}

/* A folder that is named as the program is none. */
static void
the_program_of_path_is_a_file(void **state)
{
    struct fixture *f = *state;
    char *before = strdup(getenv("PATH")), path[PATH_MAX], all[PATH_MAX + 128];

    assert_non_null(before);
    api_write(f, "folders/pinstripe/there", "");
    api_write(f, "files/there", "");
    snprintf(path, sizeof path, "%s/files/pinstripe", f->folder);
    assert_int_equal(symlink(getenv("PINSTRIPE"), path), 0);
    snprintf(all, sizeof all, "%s/folders:%s/files", f->folder, f->folder);
    setenv("PATH", all, 1);
    api_check(f,
              pin_project_open(&f->project, PIN_PROJECT_OPTIONS(.folder = f->folder), &f->error));
    pin_project_close(f->project);
    f->project = NULL;
    snprintf(all, sizeof all, "%s/folders", f->folder);
    setenv("PATH", all, 1);
    assert_int_equal(
        pin_project_open(&f->project, PIN_PROJECT_OPTIONS(.folder = f->folder), &f->error),
        PIN_NOT_FOUND);
    setenv("PATH", before, 1);
    free(before);
    snprintf(path, sizeof path, "%s/folders/pinstripe", f->folder);
    assert_int_equal(pin_project_open(&f->project,
                                      PIN_PROJECT_OPTIONS(.folder = f->folder, .program = path),
                                      &f->error),
                     PIN_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Makes the mistake; `is_late`: and calls pin_worker_main after it. */
static int
forget(bool is_late, int argc, char **argv)
{
    pin_project *project;

    if (pin_project_open(&project,
                         PIN_PROJECT_OPTIONS(.folder = ".", .program = getenv("PINSTRIPE"),
                                             .worker = PIN_THIS_PROGRAM),
                         NULL) == PIN_OK)
        pin_project_close(project);
    if (is_late)
        pin_worker_main(argc, argv, good);
    return 1;
}

int
main(int argc, char **argv)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_program_that_forgets_its_call_is_told),
        TEST(a_program_that_closes_its_output_and_stays_is_ended),
        TEST(a_job_that_is_wrong_leaves_the_others_alone),
        TEST(a_program_that_was_replaced_says_so),
        TEST(the_program_of_path_is_a_file),
    };
    const char *role = getenv(ROLE) ? getenv(ROLE) : "";

    if (strcmp(role, "forgets") == 0 || strcmp(role, "late") == 0)
        return forget(*role == 'l', argc, argv);
    pin_worker_main(argc, argv,
                    strcmp(role, "odd") == 0     ? odd
                    : strcmp(role, "other") == 0 ? other
                                                 : good);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

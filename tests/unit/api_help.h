/* api_help.h - a project in a folder of its own, opened through the library. */
#ifndef TESTS_API_HELP_H
#define TESTS_API_HELP_H

/* Before cmocka, whose fail() is a macro. */
#include <pinstripe/job.h>
#include <pinstripe/pinstripe.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    pin_project *project; /* NULL: not open */
    struct pin_error error;
    const char *worker; /* PIN_THIS_PROGRAM where that has jobs; NULL: none */
    char printed[4096];
};

static inline void
api_check(const struct fixture *f, pin_status st)
{
    if (st != PIN_OK)
        fail_msg("%s: %s", pin_status_text(st), f->error.message);
}

static inline void
api_write(const struct fixture *f, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    for (char *at = path + strlen(f->folder) + 1; (at = strchr(at, '/')) != NULL; *at++ = '/') {
        *at = '\0';
        (void)mkdir(path, 0755);
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* lib/background_jobs/NAME.js with `inside` as the object's members. */
static inline void
api_job(const struct fixture *f, const char *name, const char *inside)
{
    char path[128], text[2048];

    snprintf(path, sizeof path, "lib/background_jobs/%s.js", name);
    snprintf(text, sizeof text, "export default { %s };\n", inside);
    api_write(f, path, text);
}

static inline void
api_print(void *context, const struct pin_console_text *text)
{
    struct fixture *f = context;
    size_t used = strlen(f->printed);

    snprintf(f->printed + used, sizeof f->printed - used, "%s%s: %.*s", text->job,
             text->is_error ? "!" : "", (int)text->size, text->data);
}

static inline void
api_open(struct fixture *f)
{
    api_check(
        f, pin_project_open(&f->project,
                            PIN_PROJECT_OPTIONS(.folder = f->folder, .environment = "test",
                                                .program = getenv("PINSTRIPE"), .worker = f->worker,
                                                .workers = 2, .console = api_print, .context = f),
                            &f->error));
}

static inline void
api_reopen(struct fixture *f)
{
    pin_project_close(f->project);
    api_open(f);
}

static inline void
api_command(const struct fixture *f, const char *words)
{
    char line[512];

    snprintf(line, sizeof line, "cd %s && PINSTRIPE_ENV=test \"$PINSTRIPE\" %s >out 2>&1",
             f->folder, words);
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
}

static inline int
api_set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_non_null(getenv("PINSTRIPE")); /* tools/run-tests names the built program */
    strcpy(f->folder, "/tmp/pinstripe-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    api_write(f, "pinstripe.config.js", "export default { native: { user: 'root' } };\n");
    *state = f;
    return 0;
}

static inline int
api_tear_down(void **state)
{
    struct fixture *f = *state;
    char line[128];

    pin_project_close(f->project);
    snprintf(line, sizeof line, "rm -rf %s", f->folder);
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c) */
    free(f);
    return 0;
}

#endif

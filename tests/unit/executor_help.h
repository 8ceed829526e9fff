/* executor_help.h - a project in a folder of its own, with a store, and an executor for it. */
#ifndef TESTS_EXECUTOR_HELP_H
#define TESTS_EXECUTOR_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "database/session.h"
#include "database/sql.h"
#include "executor/executor.h"

#define JOBS "lib/background_jobs/"

struct project {
    char folder[64];
    struct pin_executor *executor;
    struct pin_session *session; /* another door to the store */
    struct pin_store *store;
    struct pin_err err;
};

struct project_file {
    const char *path, *text; /* NULL: the end of a list */
};

static inline void
project_check(struct project *p, pin_status st, const char *what)
{
    if (st != PIN_OK)
        fail_msg("%s: %s: %s", what, pin__status_name(st), p->err.message);
}

static inline void
project_write(struct project *p, const struct project_file *f)
{
    char path[256], *slash;

    snprintf(path, sizeof path, "%s/%s", p->folder, f->path);
    slash = strrchr(path, '/');
    *slash = '\0';
    project_check(p, pin__path_make_folders(path, &p->err), path);
    *slash = '/';
    project_check(
        p, pin__path_create(path, (struct pin_bytes){ f->text, strlen(f->text) }, &p->err), path);
}

static inline void
project_store(struct project *p)
{
    static const uint8_t identity[16] = { 1, 2, 3 };
    struct pin_session_config config = { .filename =
                                             pin__executor_catalog(p->executor)->store_filename,
                                         .busy_ms = 1000 };

    project_check(p, pin__session_open(&p->session, &config, &p->err), "open");
    project_check(p, pin__store_migrate(p->session, identity, pin__clock_wall().ms, &p->err),
                  "migrate");
    project_check(p, pin__store_open(&p->store, p->session, &p->err), "open the store");
}

static inline void
project_open(struct project *p, const struct project_file *files)
{
    struct pin_executor_options options = {
        .root = p->folder, .environment = "test", .program = getenv("PINSTRIPE"), .workers = 1
    };

    *p = (struct project){ .folder = "/tmp/pinstripe-test-XXXXXX" };
    assert_non_null(mkdtemp(p->folder));
    assert_non_null(options.program); /* tools/run-tests names the built program */
    for (; files->path; files++)
        project_write(p, files);
    project_check(p, pin__executor_open(&p->executor, &options, &p->err), "executor");
    project_store(p);
}

static inline void
project_close(struct project *p)
{
    char command[128];

    pin__executor_close(p->executor);
    pin__store_close(p->store);
    pin__session_close(p->session);
    snprintf(command, sizeof command, "rm -rf %s", p->folder);
    assert_int_equal(system(command), 0);
}

static inline void
project_run(struct project *p, const char *job)
{
    struct pin_request_options options = { .kind = PIN_TASK_JOB, .name = job };
    struct pin_sink sink = { .context = NULL };
    struct pin_summary summary;

    pin__summary_init(&summary);
    project_check(p, pin__executor_run(p->executor, &options, &sink, &summary, &p->err), job);
    pin__summary_fini(&summary);
}

static inline struct pin_run_id
project_queue(struct project *p, struct pin_enqueue e)
{
    struct pin_enqueued out;

    e.id = pin__run_id_new(pin__clock_wall().ms);
    project_check(p, pin__store_enqueue(p->store, &e, 1, pin__clock_wall().ms, &out, &p->err),
                  "enqueue");
    return out.id;
}

#endif

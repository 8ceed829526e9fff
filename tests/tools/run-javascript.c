/* run-javascript.c - for developers: runs JavaScript in our engine, in this process.
 *
 *   run-javascript FILE.js                      evaluates a module, with all globals; it may import
 *                                               'pinstripe' and files of its own folder
 *   run-javascript --root DIR FILE.js           the same, with imports from all of DIR; FILE is
 *                                               relative to it
 *   run-javascript --project DIR JOB [ARGS]     loads a project and executes one job; ARGS is a
 * JSON array. Prints the outcome on stderr. run-javascript --catalog DIR                prints the
 * catalog of a project
 *
 * A job cannot run other jobs here: there is no executor.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/err.h"
#include "javascript/engine.h"

static pin_status
refuse_call(void *context, const struct pin_call *call, uint64_t *number, struct pin_err *err)
{
    (void)context;
    *number = 0;
    return pin__err_set(err, PIN_DENIED, "run-javascript has no executor to run \"%s\"",
                        call->name);
}

static void
print(void *context, enum pin_stream stream, const char *data, size_t size)
{
    (void)context;
    fwrite(data, 1, size, stream == PIN_STDOUT ? stdout : stderr);
}

static pin_status
wait_until(void *context, struct pin_mono until)
{
    int64_t ms = pin__clock_until_ms(until);

    (void)context;
    poll(NULL, 0, ms > 1000 ? 1000 : (int)ms);
    return PIN_OK;
}

static const struct pin_host host = { .call = refuse_call, .console = print, .wait = wait_until };

static int
fail(const struct pin_err *err)
{
    fprintf(stderr, "run-javascript: %s\n", err->message);
    return 1;
}

static int
execute(struct pin_engine *e, const char *job, const char *args)
{
    struct pin_task task = { .kind = PIN_TASK_JOB,
                             .name = job,
                             .args = { args, strlen(args) },
                             .wall_ms = PIN_WALL_MS_DEFAULT,
                             .heap_bytes = PIN_HEAP_BYTES_DEFAULT };
    struct pin_outcome o;
    bool good;
    int code;

    pin__outcome_init(&o);
    good = pin__engine_execute(e, &task, &o);
    fflush(stdout);
    fprintf(stderr, "%s%s in %.3f ms (%.3f ms CPU), peak heap %.1f KB %s\n",
            pin__outcome_kind_name(o.kind), good ? "" : " (worker is not to be used again)",
            (double)o.wall_us / 1000, (double)o.cpu_us / 1000, (double)o.peak_heap_bytes / 1024,
            pin__buf_text(&o.error));
    code = o.kind == PIN_OUTCOME_SUCCEEDED ? 0 : 1;
    pin__outcome_fini(&o);
    return code;
}

static pin_status
open_project(struct pin_engine **e, const char *folder, struct pin_buf *catalog,
             struct pin_err *err)
{
    struct pin_engine_options options = { .environment = "development", .version = PIN_VERSION };
    char root[PATH_MAX];
    pin_status st;

    if (!realpath(folder, root))
        return pin__err_errno(err, PIN_NOT_FOUND, errno, "%s", folder);
    options.root = root;
    if ((st = pin__engine_new(e, &options, err)) != PIN_OK)
        return st;
    return pin__engine_load(*e, catalog, err);
}

static int
run_job(const char *folder, const char *job, const char *args)
{
    struct pin_buf catalog = PIN_BUF_INIT(64 << 20);
    struct pin_engine *e = NULL;
    struct pin_err err = PIN_ERR_INIT;
    int code;

    if (open_project(&e, folder, &catalog, &err) != PIN_OK ||
        (job &&
         (pin__engine_freeze(e, &err) != PIN_OK || pin__engine_enter(e, &host, &err) != PIN_OK)))
        code = fail(&err);
    else if (job)
        code = execute(e, job, args);
    else
        code = puts(pin__buf_text(&catalog)) < 0;
    pin__engine_free(e);
    pin__buf_fini(&catalog);
    return code;
}

static int
evaluate(const char *root, const char *file)
{
    struct pin_engine_options options = { .environment = "development", .version = PIN_VERSION };
    struct pin_engine *e = NULL;
    struct pin_err err = PIN_ERR_INIT;
    int code = 0;

    options.root = root;
    if (pin__engine_new(&e, &options, &err) != PIN_OK ||
        pin__engine_evaluate(e, file, &host, &err) != PIN_OK)
        code = fail(&err);
    fflush(stdout);
    pin__engine_free(e);
    return code;
}

static int
run_file(const char *root, const char *file)
{
    char path[PATH_MAX], *name;

    if (!realpath(root ? root : file, path)) {
        fprintf(stderr, "run-javascript: %s: %s\n", root ? root : file, strerror(errno));
        return 1;
    }
    if (root)
        return evaluate(path, file);
    name = strrchr(path, '/');
    *name++ = '\0';
    return evaluate(path[0] ? path : "/", name);
}

int
main(int argc, char **argv)
{
    if (argc == 2 && argv[1][0] != '-')
        return run_file(NULL, argv[1]);
    if (argc == 4 && strcmp(argv[1], "--root") == 0)
        return run_file(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "--catalog") == 0)
        return run_job(argv[2], NULL, NULL);
    if ((argc == 4 || argc == 5) && strcmp(argv[1], "--project") == 0)
        return run_job(argv[2], argv[3], argc == 5 ? argv[4] : "[]");
    fprintf(
        stderr,
        "usage: run-javascript [--root DIR] FILE.js | --project DIR JOB [ARGS] | --catalog DIR\n");
    return 2;
}

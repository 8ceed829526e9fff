/* project.c - a project, from open to close. */
#include "api/api.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "native/host.h"
#include "project/project.h"

const char *
pin_version(void)
{
    return PIN_VERSION;
}

const char *
pin_status_text(pin_status status)
{
    return pin__status_name(status);
}

pin_status
pin__api_tell(struct pin_error *to, const struct pin_err *err)
{
    _Static_assert(PIN_ERROR_MESSAGE_SIZE == PIN_ERR_MESSAGE_MAX, "a message fits");

    if (to) {
        to->status = err->status;
        memcpy(to->message, err->message, sizeof to->message);
    }
    return err->status;
}

pin_status
pin__api_options(void *to, size_t size, const void *options, struct pin_err *err)
{
    size_t given = 0;

    if (!options)
        return PIN_OK;
    memcpy(&given, options, sizeof given); /* each begins with it */
    if (given < sizeof given)
        return pin__err_set(err, PIN_INVALID,
                            "the options have no size: make them with PIN_..._OPTIONS(...)");
    for (size_t i = size; i < given; i++) /* what we do not know must not be asked for */
        if (((const char *)options)[i])
            return pin__err_set(err, PIN_INVALID,
                                "the options are of a newer version than this library, %s, and ask "
                                "for something that it cannot do",
                                PIN_VERSION);
    memcpy(to, options, given < size ? given : size);
    return PIN_OK;
}

/* ---- open ---- */

static void
print(void *context, const struct pin_run_info *run, enum pin_stream stream, const char *data,
      size_t size)
{
    struct pin_project *p = context;
    struct pin_console_text text = { .data = data,
                                     .size = size,
                                     .is_error = stream == PIN_STDERR,
                                     .job = run->job,
                                     .tenant = run->tenant_name,
                                     .run_id = run->run_id };

    if (p->console)
        p->console(p->context, &text);
}

static void
pass_over(void *context, const struct pin_run_info *run, const struct pin_outcome *o)
{
    (void)context;
    (void)run;
    (void)o;
}

/* Else with errno. */
static bool
is_program(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0 || access(path, X_OK) != 0)
        return false;
    if (!S_ISREG(st.st_mode))
        errno = EACCES;
    return S_ISREG(st.st_mode);
}

/* From the current folder, which is another later and for the child; links stay links, since a
 * program may look at the name that it has. */
static char *
absolute(const char *path)
{
    char here[PATH_MAX], *whole = NULL;

    if (*path == '/')
        return strdup(path);
    if (!getcwd(here, sizeof here) || asprintf(&whole, "%s/%s", here, path) < 0)
        return NULL;
    return whole;
}

/* `pinstripe` in PATH; NULL: there is none. */
static char *
search_path(void)
{
    const char *at = getenv("PATH");
    char path[PATH_MAX];

    while (at && *at) {
        size_t n = strcspn(at, ":");

        if (n && snprintf(path, sizeof path, "%.*s/pinstripe", (int)n, at) < PATH_MAX &&
            is_program(path))
            return absolute(path);
        at += n + (at[n] == ':');
    }
    return NULL;
}

static pin_status
find_program(struct pin_project *p, const char *given, struct pin_err *err)
{
    p->program = given ? absolute(given) : search_path();
    if (!p->program && given)
        return pin__err_errno(err, PIN_IO, errno, "the program %s cannot be found", given);
    if (!p->program)
        return pin__err_set(err, PIN_NOT_FOUND,
                            "there is no program `pinstripe` in PATH, which runs the jobs: install "
                            "it, or name it in the options of pin_project_open");
    if (!is_program(p->program))
        return pin__err_errno(err, PIN_NOT_FOUND, errno, "%s cannot be executed", p->program);
    return PIN_OK;
}

/* Absolute, since the processes that execute it are in the project's folder. */
static pin_status
find_worker(struct pin_project *p, const char *given, struct pin_err *err)
{
    if (!given)
        return PIN_OK;
    if (!(p->worker = realpath(given, NULL)))
        return pin__err_errno(err, PIN_NOT_FOUND, errno, "the worker program %s cannot be found",
                              given);
    if (!is_program(p->worker))
        return pin__err_errno(err, PIN_DENIED, errno, "the worker program %s cannot be executed",
                              p->worker);
    return PIN_OK;
}

static pin_status
find_project(struct pin_project *p, const struct pin_project_options *o, struct pin_err *err)
{
    struct pin_buf root = PIN_BUF_INIT(PATH_MAX);
    const char *environment;
    pin_status st = pin__project_find(o->folder ? o->folder : ".", &root, err);

    if (st == PIN_OK)
        st = pin__project_environment(&environment,
                                      o->environment ? o->environment : getenv("PINSTRIPE_ENV"),
                                      getenv("NODE_ENV"), err);
    if (st == PIN_OK) {
        p->root = strdup(pin__buf_text(&root));
        p->environment = strdup(environment);
        if (!p->root || !p->environment)
            st = pin__err_no_memory(err);
    }
    pin__buf_fini(&root);
    return st;
}

static pin_status
start(struct pin_project *p, const struct pin_project_options *o, struct pin_err *err)
{
    struct pin_executor_options options = { .root = p->root,
                                            .environment = p->environment,
                                            .program = p->program,
                                            .native_program = p->worker,
                                            .workers = o->workers,
                                            .trigger = PIN_TRIGGER_API,
                                            .bot = pin__bot_of_program,
                                            .bot_context = &p->bot.here };
    pin_status st;

    if (o->workers > PIN_WORKERS_MAX / 2)
        return pin__err_set(err, PIN_INVALID, "%u workers: at most %d", o->workers,
                            PIN_WORKERS_MAX / 2);
    if ((st = pin__executor_open(&p->executor, &options, err)) != PIN_OK)
        return st;
    pin__executor_stay(p->executor);
    p->workers = o->workers;
    return pin__api_loop_open(p, err);
}

bool pin__api_opened_when_asked;

/* A program that is asked for its jobs by a project that it, most likely, opens itself. */
static pin_status
check_worker_main(struct pin_err *err)
{
    if (!getenv(PIN_HOST_DESCRIBE_WORD))
        return PIN_OK;
    pin__api_opened_when_asked = true;
    return pin__err_set(err, PIN_CONFIG,
                        "this process was started to tell the program's jobs, and opens a project: "
                        "call pin_worker_main(argc, argv, jobs) first in main");
}

pin_status
pin_project_open(pin_project **out, const struct pin_project_options *options,
                 struct pin_error *error)
{
    struct pin_project_options o = { .size = 0 };
    struct pin_project *p = calloc(1, sizeof *p);
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    *out = NULL;
    if (!p) {
        (void)pin__err_no_memory(&err);
        return pin__api_tell(error, &err);
    }
    p->timer.fd = p->bot.until = p->bot.pidfd = p->bot.log.fd = -1;
    if ((st = check_worker_main(&err)) == PIN_OK &&
        (st = pin__api_options(&o, sizeof o, options, &err)) == PIN_OK &&
        (st = find_project(p, &o, &err)) == PIN_OK &&
        (st = find_program(p, o.program, &err)) == PIN_OK &&
        (st = find_worker(p, o.worker, &err)) == PIN_OK) {
        p->console = o.console;
        p->context = o.context;
        p->sink = (struct pin_sink){ .context = p, .console = print, .finished = pass_over };
        st = start(p, &o, &err);
    }
    if (st != PIN_OK) {
        pin_project_close(p);
        return pin__api_tell(error, &err);
    }
    *out = p;
    return PIN_OK;
}

/* ---- close ---- */

void
pin_project_close(pin_project *p)
{
    if (!p)
        return;
    pin__api_abandon(p);
    pin__api_bot_end(p);
    pin__executor_close(p->executor);
    if (p->timer.fd >= 0)
        close(p->timer.fd);
    free(p->root);
    free(p->environment);
    free(p->program);
    free(p->worker);
    free(p);
}

/* What has ended is written, unless somebody keeps us from it for too long. */
static void
write_ends(struct pin_project *p)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), PIN_FLUSH_MS);

    while (!pin__executor_is_quiet(p->executor) && pin__clock_mono().ns < until.ns)
        pin__api_turn(p, (int)pin__clock_until_ms(until));
    pin__executor_flush(p->executor);
}

pin_status
pin_project_drain(pin_project *p, int64_t limit_ms, struct pin_error *error)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), limit_ms > 0 ? limit_ms : 0);
    struct pin_err err = PIN_ERR_INIT;

    p->closing = true;
    pin__executor_set_grace(p->executor, limit_ms > 0 ? limit_ms : 0);
    pin__executor_stop(p->executor);
    while (pin__executor_running(p->executor) > 0) {
        if (pin__clock_mono().ns >= until.ns)
            pin__err_set(&err, PIN_TIMEOUT,
                         "not every run ended within %lld ms: what was left has been stopped",
                         (long long)limit_ms);
        pin__api_turn(p, -1);
    }
    write_ends(p);
    pin__api_deliver(p);
    pin__api_arm(p);
    return pin__api_tell(error, &err);
}

/* ---- what is loaded ---- */

struct reload {
    bool told;
    struct pin_err err;
};

static void
reloaded(void *context, const struct pin_catalog *catalog, const struct pin_err *err)
{
    struct reload *r = context;

    r->told = true;
    if (!catalog)
        r->err = *err;
}

pin_status
pin_project_reload(pin_project *p, struct pin_error *error)
{
    struct reload r = { .told = false, .err = PIN_ERR_INIT };

    while (!pin__executor_reload(p->executor, reloaded, &r))
        pin__api_turn(p, -1); /* one is under way */
    while (!r.told)
        pin__api_turn(p, -1);
    pin__api_arm(p);
    return pin__api_tell(error, &r.err);
}

/* From a copy: a callback may have the project loaded anew. */
void
pin_project_list_jobs(pin_project *p, void (*each)(void *context, const struct pin_listed_job *job),
                      void *context)
{
    const struct pin_catalog *c = pin__executor_catalog(p->executor);
    struct pin_arena arena = PIN_ARENA_INIT((size_t)64 << 20);
    size_t count = c->job_count;
    struct pin_listed_job *jobs = pin__arena_alloc(&arena, (count + 1) * sizeof *jobs);

    for (size_t i = 0; jobs && i < count; i++) {
        const struct pin_job *job = &c->jobs[i];
        const char *broken = job->broken.message;

        jobs[i] =
            (struct pin_listed_job){ .name = pin__arena_strdup(&arena, job->name),
                                     .file = pin__arena_strdup(&arena, job->file),
                                     .broken = broken ? pin__arena_strdup(&arena, broken) : NULL,
                                     .schedules = job->schedule_count };
    }
    for (size_t i = 0; jobs && i < count; i++)
        each(context, &jobs[i]);
    pin__arena_fini(&arena);
}

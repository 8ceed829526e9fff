/* definition.c - see definition.h. */
#include "native/definition.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/children.h"
#include "base/clock.h"
#include "base/quote.h"
#include "native/objects.h"
#include "pinstripe/job.h"

#define DESCRIPTION_BYTES_MAX ((size_t)1 << 20)

enum { DECLARATIONS_MAX = 1000, TOLD = 0, REFUSED = 1 };

pin_status
pin__native_load(const char *object, const struct pin_background_job **out, struct pin_err *err)
{
    const struct pin_background_job *job;
    void *library;
    pin_status st = pin__native_object_check(object, err);

    if (st != PIN_OK)
        return st;
    if (!(library = dlopen(object, RTLD_NOW | RTLD_LOCAL)))
        return pin__err_set(err, PIN_CONFIG, "it cannot be loaded: %s", dlerror());
    if (!(job = dlsym(library, "pin_background_job")))
        return pin__err_set(err, PIN_CONFIG,
                            "it defines no job: it needs PIN_BACKGROUND_JOB(.run = ...) of "
                            "<pinstripe/job.h>");
    if ((st = pin__native_check_job(job, err)) != PIN_OK)
        return st;
    *out = job;
    return PIN_OK;
}

/* ---- told by a child ---- */

/* [verb, text, ...further]. */
static json_t *
describe_declaration(const struct pin_declaration *d, struct pin_err *err)
{
    json_t *call = json_array();
    json_error_t why;

    json_array_append_new(call, json_string(d->verb));
    if (d->text)
        json_array_append_new(call, json_string(d->text));
    if (d->json) {
        json_t *more = json_loads(d->json, JSON_REJECT_DUPLICATES, &why);

        if (!json_is_array(more)) {
            pin__err_set(err, PIN_CONFIG, "%s: %s is no JSON: %s", d->verb,
                         pin__quote_text(d->json).text, more ? "not an array" : why.text);
            json_decref(more);
            json_decref(call);
            return NULL;
        }
        json_array_extend(call, more);
        json_decref(more);
    }
    return call;
}

static json_t *
describe_meta(const struct pin_declaration *meta, struct pin_err *err)
{
    json_t *calls = json_array();

    for (int i = 0; meta && meta[i].verb && i < DECLARATIONS_MAX; i++) {
        json_t *call = describe_declaration(&meta[i], err);

        if (!call) {
            json_decref(calls);
            return NULL;
        }
        json_array_append_new(calls, call);
    }
    return calls;
}

pin_status
pin__native_check_job(const struct pin_background_job *job, struct pin_err *err)
{
    if (job->abi == 0 || job->abi > PIN_JOB_ABI)
        return pin__err_set(err, PIN_CONFIG,
                            "it was made for version %u of <pinstripe/job.h>, this program has "
                            "version %d: compile it again",
                            job->abi, PIN_JOB_ABI);
    if (!job->run)
        return pin__err_set(err, PIN_CONFIG, "the background job has no .run");
    return PIN_OK;
}

pin_status
pin__native_describe_job(const struct pin_background_job *job, struct pin_buf *out,
                         struct pin_err *err)
{
    json_t *description, *meta;
    json_error_t why;
    char *text;
    pin_status st = pin__native_check_job(job, err);

    if (st != PIN_OK)
        return st;
    if (!(meta = describe_meta(job->meta, err)))
        return PIN_CONFIG;
    description = json_pack("{s:o}", "meta", meta);
    if (job->multi_tenant)
        json_object_set_new(description, "multiTenant", json_boolean(job->multi_tenant > 0));
    if (job->tenants_filter) {
        json_t *filter = json_loads(job->tenants_filter, JSON_REJECT_DUPLICATES, &why);

        if (!json_is_object(filter))
            st = pin__err_set(err, PIN_CONFIG, "tenants_filter: %s is no JSON object",
                              pin__quote_text(job->tenants_filter).text);
        json_object_set_new(description, "tenantsFilter", filter);
    }
    if (st == PIN_OK && (text = json_dumps(description, JSON_COMPACT)) != NULL) {
        pin__buf_adds(out, text);
        free(text);
    }
    json_decref(description);
    return st;
}

static pin_status
describe(const char *object, struct pin_buf *out, struct pin_err *err)
{
    const struct pin_background_job *job;
    pin_status st = pin__native_load(object, &job, err);

    return st == PIN_OK ? pin__native_describe_job(job, out, err) : st;
}

static _Noreturn void
tell(const char *object, int fd)
{
    struct pin_buf text = PIN_BUF_INIT(DESCRIPTION_BYTES_MAX);
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;
    struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
    st = describe(object, &text, &err);
    if (st != PIN_OK) {
        pin__buf_clear(&text);
        pin__buf_adds(&text, err.message);
    }
    for (size_t at = 0; at < text.size;) {
        ssize_t n = write(fd, text.data + at, text.size - at);

        if (n <= 0)
            break;
        at += (size_t)n;
    }
    _exit(st == PIN_OK ? TOLD : REFUSED);
}

/* ---- heard by the nursery ---- */

static void
judge(struct pin_file *file, struct pin_arena *a, const struct pin_buf *text, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == TOLD && text->size && !text->bad)
        file->native = pin__arena_copy(a, text->data, text->size);
    else if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED && text->size)
        file->problem = pin__arena_copy(a, text->data, text->size);
    else if (WIFSIGNALED(status))
        file->problem = pin__arena_printf(a, "loading it was ended by signal %d (%s)",
                                          WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        file->problem = "loading it ended the process";
}

static pin_status
describe_file(struct pin_file *file, const char *object, struct pin_arena *a, struct pin_err *err)
{
    struct pin_buf text = PIN_BUF_INIT(DESCRIPTION_BYTES_MAX);
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), PIN_NATIVE_DESCRIBE_MS);
    int fds[2], status = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot describe %s", file->path);
    if ((pid = fork()) == 0)
        tell(object, fds[1]);
    close(fds[1]);
    if (pid > 0) {
        pin__children_hear(fds[0], &text, until);
        if (pin__clock_mono().ns >= until.ns)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        judge(file, a, &text, status);
    }
    close(fds[0]);
    pin__buf_fini(&text);
    return pid > 0 ? PIN_OK : pin__err_errno(err, PIN_IO, errno, "cannot describe %s", file->path);
}

static const char *
object_of(const struct pin_native_objects *objects, const char *job)
{
    for (size_t i = 0; i < objects->count; i++)
        if (strcmp(objects->items[i].job, job) == 0)
            return objects->items[i].path;
    return NULL;
}

pin_status
pin__native_describe(const struct pin_native_objects *objects, struct pin_files *files,
                     struct pin_err *err)
{
    pin_status st = PIN_OK;

    for (size_t i = 0; st == PIN_OK && i < files->count; i++) {
        struct pin_file *file = &files->items[i];
        const char *object = file->key && !file->problem ? object_of(objects, file->key) : NULL;

        if (object && file->language != PIN_LANGUAGE_JAVASCRIPT)
            st = describe_file(file, object, &files->arena, err);
    }
    return st;
}

/* host.c - see host.h. */
#include "native/host.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "native/definition.h"
#include "pinstripe/job.h"
#include "pinstripe/pinstripe.h"
#include "project/names.h"

#define ANSWER_BYTES_MAX ((size_t)16 << 20)

/* ---- in the program ---- */

static json_t *
describe_one(const struct pin_host_job *j)
{
    struct pin_buf text = PIN_BUF_INIT(ANSWER_BYTES_MAX);
    struct pin_err err = PIN_ERR_INIT;
    json_t *definition = NULL, *one;

    if (pin__native_describe_job(j->job, &text, &err) == PIN_OK)
        definition = json_loadb(pin__buf_text(&text), text.size, 0, NULL);
    one = definition ? json_pack("{s:s,s:o}", "name", j->name, "definition", definition)
                     : json_pack("{s:s,s:s}", "name", j->name, "problem", err.message);
    pin__buf_fini(&text);
    return one;
}

pin_status
pin__native_host_answer(const struct pin_host_job *jobs, struct pin_buf *out, struct pin_err *err)
{
    json_t *list = json_array(), *answer;
    char *text;

    for (; jobs && jobs->name; jobs++)
        json_array_append_new(list, describe_one(jobs));
    answer = json_pack("{s:s,s:o}", "version", PIN_VERSION, "jobs", list);
    text = json_dumps(answer, JSON_COMPACT);
    json_decref(answer);
    if (!text)
        return pin__err_set(err, PIN_INVALID, "a job's name is no UTF-8");
    pin__buf_adds(out, text);
    free(text);
    return pin__buf_check(out, "what the program says of its jobs", err);
}

/* ---- in the nursery ---- */

static pin_status
execute(const char *program, int out, pid_t *pid, struct pin_err *err)
{
    char flag[] = PIN_HOST_DESCRIBE_FLAG, name[] = "pinstripe-jobs";
    char *argv[] = { name, flag, NULL };
    posix_spawn_file_actions_t actions;
    int failed;

    posix_spawn_file_actions_init(&actions);
    failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) |
             posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (!failed)
        failed = posix_spawn(pid, program, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return pin__err_errno(err, PIN_CONFIG, failed, "the worker program %s cannot be executed",
                              program);
    return PIN_OK;
}

static void
hear(int fd, struct pin_buf *text, struct pin_mono until)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char chunk[4096];
    ssize_t n;

    while (poll(&p, 1, (int)pin__clock_until_ms(until)) > 0 &&
           (n = read(fd, chunk, sizeof chunk)) > 0)
        pin__buf_add(text, chunk, (size_t)n);
}

static pin_status
no_answer(const char *program, struct pin_err *err)
{
    return pin__err_set(err, PIN_CONFIG,
                        "the worker program %s did not tell its jobs: it has to call "
                        "pin_worker_main(argc, argv, jobs) first in its main",
                        program);
}

static pin_status
ask(const char *program, struct pin_buf *text, struct pin_err *err)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), PIN_NATIVE_DESCRIBE_MS);
    int fds[2], status = 0;
    pid_t pid = 0;
    pin_status st;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot ask the worker program %s", program);
    st = execute(program, fds[1], &pid, err);
    close(fds[1]);
    if (st == PIN_OK) {
        hear(fds[0], text, until);
        if (pin__clock_mono().ns >= until.ns)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            st = no_answer(program, err);
    }
    close(fds[0]);
    return st;
}

static struct pin_file *
find_file(struct pin_files *files, const char *key)
{
    for (size_t i = 0; i < files->count; i++) {
        struct pin_file *f = &files->items[i];

        if (f->registry == PIN_REGISTRY_BACKGROUND_JOBS && f->key && strcmp(f->key, key) == 0)
            return f;
    }
    return NULL;
}

static pin_status
add_job(const char *program, const json_t *job, struct pin_files *files, struct pin_err *err)
{
    const char *name = json_string_value(json_object_get(job, "name"));
    const char *problem = json_string_value(json_object_get(job, "problem"));
    char *definition = json_dumps(json_object_get(job, "definition"), JSON_COMPACT);
    struct pin_file file = { .registry = PIN_REGISTRY_BACKGROUND_JOBS,
                             .language = PIN_LANGUAGE_OBJECT };
    struct pin_job_name normal;
    struct pin_file *other;
    pin_status st =
        pin__names_job((struct pin_bytes){ name, name ? strlen(name) : 0 }, &normal, err);

    if (st != PIN_OK) {
        pin__err_prefix(err, "the worker program %s has a job whose name is none", program);
        goto out;
    }
    file.path = pin__arena_strdup(&files->arena, program);
    file.key = pin__arena_strdup(&files->arena, normal.text);
    file.native = definition ? pin__arena_strdup(&files->arena, definition) : NULL;
    file.problem = problem ? pin__arena_strdup(&files->arena, problem) : NULL;
    if ((other = find_file(files, normal.text)) != NULL)
        other->problem = pin__arena_printf(
            &files->arena, "the job %s is defined by %s, and by the worker program %s", normal.text,
            other->path, program);
    else
        st = pin__files_add(files, &file, err);
out:
    free(definition);
    return st;
}

pin_status
pin__native_host_ask(const char *program, struct pin_files *files, struct pin_err *err)
{
    struct pin_buf text = PIN_BUF_INIT(ANSWER_BYTES_MAX);
    json_t *answer = NULL, *job;
    const char *version;
    size_t i;
    pin_status st = ask(program, &text, err);

    if (st == PIN_OK)
        answer = json_loadb(pin__buf_text(&text), text.size, JSON_REJECT_DUPLICATES, NULL);
    version = json_string_value(json_object_get(answer, "version"));
    if (st == PIN_OK && !answer)
        st = no_answer(program, err);
    if (st == PIN_OK && (!version || strcmp(version, PIN_VERSION) != 0))
        st =
            pin__err_set(err, PIN_CONFIG,
                         "the worker program %s has libpinstripe %s, this is pinstripe %s: link it "
                         "with this version",
                         program, version ? version : "of no version", PIN_VERSION);
    json_array_foreach(json_object_get(answer, "jobs"), i, job)
    {
        if (st == PIN_OK)
            st = add_job(program, job, files, err);
    }
    json_decref(answer);
    pin__buf_fini(&text);
    return st;
}

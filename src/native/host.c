/* host.c - see host.h. */
#include "native/host.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/children.h"
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
    json_t *definition = NULL, *name = json_string(j->name), *one;

    if (!name)
        return json_pack("{s:s}", "problem", "a job's name is no UTF-8");
    if (!j->job)
        pin__err_set(&err, PIN_CONFIG, "it has no definition: its entry in the list is NULL");
    else if (pin__native_describe_job(j->job, &text, &err) == PIN_OK)
        definition = json_loadb(pin__buf_text(&text), text.size, 0, NULL);
    one = definition ? json_pack("{s:O,s:o}", "name", name, "definition", definition)
                     : json_pack("{s:O,s:s}", "name", name, "problem", err.message);
    if (!one)
        one = json_pack("{s:O,s:s}", "name", name, "problem", "what it says is no UTF-8");
    json_decref(name);
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
        return pin__err_no_memory(err);
    pin__buf_adds(out, text);
    free(text);
    return pin__buf_check(out, "what the program says of its jobs", err);
}

/* ---- in the nursery ---- */

/* Ours, and that it describes: should it forget pin_worker_main and open the project instead, that
 * fails there, for it would ask this program again, and so on without an end. */
static char **
environment_with(char *word)
{
    size_t n = 0;
    char **all;

    while (environ[n])
        n++;
    if (!(all = calloc(n + 2, sizeof *all)))
        return NULL;
    all[0] = word;
    memcpy(all + 1, environ, n * sizeof *all);
    return all;
}

static int
spawn(const char *program, int out, pid_t *pid, char **environment)
{
    char flag[] = PIN_HOST_DESCRIBE_FLAG, name[] = "pinstripe-jobs";
    char *argv[] = { name, flag, NULL };
    posix_spawn_file_actions_t actions;
    int failed;

    posix_spawn_file_actions_init(&actions);
    failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) |
             posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (!failed)
        failed = pin__children_spawn(pid, program, &actions, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static pin_status
execute(const char *program, int out, pid_t *pid, struct pin_err *err)
{
    char word[] = PIN_HOST_DESCRIBE_WORD "=1";
    char **environment = environment_with(word);
    int failed;

    if (!environment)
        return pin__err_no_memory(err);
    failed = spawn(program, out, pid, environment);
    free(environment);
    if (failed)
        return pin__err_errno(err, PIN_CONFIG, failed, "the worker program %s cannot be executed",
                              program);
    return PIN_OK;
}

static pin_status
no_answer(const char *program, struct pin_err *err)
{
    return pin__err_set(err, PIN_CONFIG,
                        "the worker program %s did not tell its jobs: it has to call "
                        "pin_worker_main(argc, argv, jobs) first in its main",
                        program);
}

/* It may close its output and live on: it is over at the limit, with all that it started. Its wait
 * status, which is no 0 then. */
static int
bury(pid_t pid, struct pin_mono until)
{
    struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
    int status = 0;

    while (p.fd >= 0 && poll(&p, 1, (int)pin__clock_until_ms(until)) < 0 && errno == EINTR)
        continue;
    kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (p.fd >= 0)
        close(p.fd);
    return status;
}

static pin_status
ask(const char *program, struct pin_buf *text, struct pin_err *err)
{
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), PIN_NATIVE_DESCRIBE_MS);
    int fds[2];
    pid_t pid = 0;
    pin_status st;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot ask the worker program %s", program);
    st = execute(program, fds[1], &pid, err);
    close(fds[1]);
    if (st == PIN_OK) {
        pin__children_hear(fds[0], text, until);
        if (bury(pid, until) != 0)
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

/* Another one has the name: that one is broken. */
static void
tell_twice(struct pin_files *files, struct pin_file *other, const char *program)
{
    other->problem =
        strcmp(other->path, program) == 0
            ? pin__arena_printf(&files->arena,
                                "the worker program %s has two jobs whose name is %s, when it is "
                                "normalised",
                                program, other->key)
            : pin__arena_printf(&files->arena,
                                "the job %s is defined by %s, and by the worker program %s",
                                other->key, other->path, program);
}

/* Whatever is wrong with one is its own problem, of which the project hears as of a broken file. */
static pin_status
add_job(const char *program, const json_t *job, struct pin_files *files, struct pin_err *err)
{
    const char *name = json_string_value(json_object_get(job, "name"));
    const char *problem = json_string_value(json_object_get(job, "problem"));
    char *definition = json_dumps(json_object_get(job, "definition"), JSON_COMPACT);
    struct pin_file file = { .registry = PIN_REGISTRY_BACKGROUND_JOBS,
                             .language = PIN_LANGUAGE_OBJECT };
    struct pin_err unnamed = PIN_ERR_INIT;
    struct pin_job_name normal;
    struct pin_file *other = NULL;
    pin_status st = PIN_OK;

    file.path = pin__arena_strdup(&files->arena, program);
    if (!name)
        pin__err_set(&unnamed, PIN_INVALID, "%s", problem ? problem : "a job has no name");
    else if (pin__names_job((struct pin_bytes){ name, strlen(name) }, &normal, &unnamed) == PIN_OK)
        file.key = pin__arena_strdup(&files->arena, normal.text);
    if (!file.key)
        problem = unnamed.message;
    file.native = definition ? pin__arena_strdup(&files->arena, definition) : NULL;
    file.problem = problem ? pin__arena_strdup(&files->arena, problem) : NULL;
    if (file.key && (other = find_file(files, file.key)) != NULL)
        tell_twice(files, other, program);
    else
        st = pin__files_add(files, &file, err);
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

/* worker_main.c - a program that is its own worker: the processes that the nursery starts of it. */
#include <fcntl.h>
#include <unistd.h>

#include "api/api.h"
#include "executor/native_worker.h"
#include "executor/worker.h"
#include "native/host.h"

/* Whatever goes wrong is said on standard error, which is nobody's unless the program is run by
 * hand. */
static _Noreturn void
give_up(const struct pin_err *err)
{
    dprintf(STDERR_FILENO, "pinstripe: %s\n", err->message);
    _exit(PIN_EXIT_BROKEN);
}

static _Noreturn void
tell_jobs(const struct pin_host_job *jobs)
{
    struct pin_buf text = PIN_BUF_INIT((size_t)16 << 20);
    struct pin_err err = PIN_ERR_INIT;

    if (pin__api_opened_when_asked) {
        pin__err_set(&err, PIN_CONFIG, "pin_worker_main is called after pin_project_open");
        give_up(&err);
    }
    if (pin__native_host_answer(jobs, &text, &err) != PIN_OK)
        give_up(&err);
    for (size_t at = 0; at < text.size;) {
        ssize_t n = write(STDOUT_FILENO, text.data + at, text.size - at);

        if (n <= 0)
            _exit(PIN_EXIT_BROKEN);
        at += (size_t)n;
    }
    _exit(0);
}

static _Noreturn void
be_worker(const struct pin_host_job *jobs)
{
    static struct pin_native_world world;
    struct pin_err err = PIN_ERR_INIT;

    for (int fd = PIN_NATIVE_IN_FD; fd <= PIN_NATIVE_DOCUMENT_FD; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (pin__native_world_read(&world, PIN_NATIVE_DOCUMENT_FD, jobs, &err) != PIN_OK)
        give_up(&err);
    close(PIN_NATIVE_DOCUMENT_FD);
    pin__native_worker_main(&world, (struct pin_worker_fds){ .in = PIN_NATIVE_IN_FD,
                                                             .out = PIN_NATIVE_OUT_FD,
                                                             .claims = PIN_NATIVE_CLAIMS_FD });
}

void
pin_worker_main(int argc, char **argv, const struct pin_host_job *jobs)
{
    if (argc != 2)
        return;
    if (strcmp(argv[1], PIN_HOST_DESCRIBE_FLAG) == 0)
        tell_jobs(jobs);
    if (strcmp(argv[1], PIN_HOST_WORKER_FLAG) == 0)
        be_worker(jobs);
}

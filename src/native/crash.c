/* crash.c - see crash.h. */
#include "native/crash.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ban.h"
#include "base/children.h"
#include "base/clock.h"

enum {
    SIGNAL_STACK_BYTES = 64 << 10,
    HANDLER_FRAMES = 2, /* the handler's own, and the one that the kernel returns through */
    TOLD_MAX = 8,
    ADDRESS_TEXT = 24,
};

#define ANSWER_BYTES_MAX ((size_t)64 << 10)

/* ---- in the process that crashes ---- */

static struct pin_native_crash *noted;

/* The frames in shared objects go to stderr as they are, the job's among them: should nobody be
 * able to tell more. Then the signal does what it does. */
static void
on_crash(int number)
{
    static const char text[] = "pinstripe: the job crashed, at:\n";
    void *frames[HANDLER_FRAMES + PIN_NATIVE_FRAMES_MAX];
    int n = backtrace(frames, HANDLER_FRAMES + PIN_NATIVE_FRAMES_MAX);
    Dl_info info;

    (void)!write(2, text, sizeof text - 1);
    for (int i = HANDLER_FRAMES; i < n; i++) {
        noted->frames[i - HANDLER_FRAMES] = frames[i];
        noted->count = i - HANDLER_FRAMES + 1;
        if (dladdr(frames[i], &info) && info.dli_fname && strstr(info.dli_fname, ".so"))
            backtrace_symbols_fd(frames + i, 1, 2);
    }
    signal(number, SIG_DFL);
    raise(number);
}

void
pin__native_crash_catch(struct pin_native_crash *shared)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    static char stack[SIGNAL_STACK_BYTES];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction action = { .sa_handler = on_crash,
                                .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND) };
    void *frame[1];

    noted = shared;
    (void)backtrace(frame, 1); /* loads what it needs: a handler must not */
    (void)sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)sigaction(signals[i], &action, NULL);
}

/* ---- in the one that tells ---- */

struct place { /* a frame in the job's object */
    uintptr_t offset;
    const char *symbol; /* NULL: none is exported there */
};

/* All frames but the innermost are where a call returns to: the call is before. */
static size_t
find_places(const struct pin_native_crash *crash, const Dl_info *own, struct place *places)
{
    int count = crash->count < PIN_NATIVE_FRAMES_MAX ? crash->count : PIN_NATIVE_FRAMES_MAX;
    size_t found = 0;
    Dl_info info;

    for (int i = 0; i < count && found < TOLD_MAX; i++) {
        const char *at = (const char *)crash->frames[i] - (i > 0);

        if (!dladdr(at, &info) || info.dli_fbase != own->dli_fbase)
            continue;
        places[found++] =
            (struct place){ (uintptr_t)at - (uintptr_t)own->dli_fbase, info.dli_sname };
    }
    return found;
}

static pid_t
ask(const char *object, const struct place *places, size_t count, int answer)
{
    const char *argv[5 + TOLD_MAX + 1] = { "addr2line", "-aif", "-e", object };
    char offsets[TOLD_MAX][ADDRESS_TEXT];
    posix_spawn_file_actions_t actions;
    size_t n = 4;
    pid_t pid = 0;
    int failed;

    for (size_t i = 0; i < count; i++) {
        snprintf(offsets[i], sizeof offsets[i], "0x%" PRIxPTR, places[i].offset);
        argv[n++] = offsets[i];
    }
    argv[n] = NULL;
    posix_spawn_file_actions_init(&actions);
    failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    failed |= posix_spawn_file_actions_adddup2(&actions, answer, 1);
    failed |= posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (!failed)
        failed =
            posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed ? 0 : pid;
}

/* For each address a line "0x...", then pairs of lines, function and file:line: what was compiled
 * into the function at that address comes before it. False when there is nobody to ask. */
static bool
ask_and_hear(const char *object, const struct place *places, size_t count, struct pin_mono until,
             struct pin_buf *text)
{
    int fds[2], status = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    pid = ask(object, places, count, fds[1]);
    close(fds[1]);
    if (pid) {
        pin__children_hear(fds[0], text, until);
        if (pin__clock_mono().ns >= until.ns)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    close(fds[0]);
    return pid && WIFEXITED(status) && WEXITSTATUS(status) == 0 && !text->bad;
}

/* The compiler was told paths from the project's root, and made absolute ones of them. */
static const char *
from_root(const char *file)
{
    char root[4096];
    size_t n;

    if (!getcwd(root, sizeof root))
        return file;
    n = strlen(root);
    return strncmp(file, root, n) == 0 && file[n] == '/' ? file + n + 1 : file;
}

/* False when the debug information knows neither. */
static bool
tell_pair(struct pin_buf *out, const char *function, char *place)
{
    char *note = strstr(place, " (discriminator");

    if (note)
        *note = '\0';
    if (strcmp(function, "??") == 0 || strncmp(place, "??", 2) == 0)
        return false;
    pin__buf_addf(out, "    at %s (%s)\n", function, from_root(place));
    return true;
}

static void
tell_offset(struct pin_buf *out, const struct place *p, const char *object)
{
    if (p->symbol)
        pin__buf_addf(out, "    at %s (%s+0x%" PRIxPTR ")\n", p->symbol, object, p->offset);
    else
        pin__buf_addf(out, "    at %s+0x%" PRIxPTR "\n", object, p->offset);
}

static void
tell_answer(struct pin_buf *out, char *text, const struct place *places, size_t count,
            const char *object)
{
    char *save = NULL, *line = strtok_r(text, "\n", &save);
    size_t told = 0, at = 0;

    for (; line && told < TOLD_MAX; line = strtok_r(NULL, "\n", &save)) {
        char *place;

        if (strncmp(line, "0x", 2) == 0) {
            at++;
            continue;
        }
        if (at == 0 || at > count || !(place = strtok_r(NULL, "\n", &save)))
            return;
        if (!tell_pair(out, line, place))
            tell_offset(out, &places[at - 1], object);
        told++;
    }
}

void
pin__native_crash_tell(const struct pin_native_crash *crash, const void *symbol,
                       struct pin_mono until, struct pin_buf *out)
{
    struct pin_mono end = pin__clock_after_ms(pin__clock_mono(), PIN_NATIVE_TELL_MS);
    struct pin_buf text = PIN_BUF_INIT(ANSWER_BYTES_MAX);
    struct place places[TOLD_MAX];
    size_t count;
    Dl_info own;

    if (!dladdr(symbol, &own) || (count = find_places(crash, &own, places)) == 0)
        return;
    if (ask_and_hear(own.dli_fname, places, count, until.ns < end.ns ? until : end, &text) &&
        text.size)
        tell_answer(out, text.data, places, count, own.dli_fname);
    else
        for (size_t i = 0; i < count; i++)
            tell_offset(out, &places[i], own.dli_fname);
    pin__buf_fini(&text);
}

/* children.c - see children.h. */
#include "base/children.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ban.h"

enum { DEPTH_MAX = 64, CHILDREN_AT_ONCE = 1024, PASSES_MAX = 1000 };

int
pin__children_spawn(pid_t *pid, const char *program, const posix_spawn_file_actions_t *actions,
                    char *const *argv, char *const *environment)
{
    posix_spawnattr_t attributes;
    sigset_t none, all;
    int failed;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    failed = posix_spawn(pid, program, actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

void
pin__children_hear(int fd, struct pin_buf *text, struct pin_mono until)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char chunk[4096];
    ssize_t n;

    while (poll(&p, 1, (int)pin__clock_until_ms(until)) > 0 &&
           (n = read(fd, chunk, sizeof chunk)) > 0)
        pin__buf_add(text, chunk, (size_t)n);
}

/* Numbers in text, read from a file without stdio: this must be possible in a signal handler. */
struct numbers {
    int fd;
    char chunk[512];
    size_t at, size;
};

static bool
next_char(struct numbers *n, char *c)
{
    if (n->at == n->size) {
        ssize_t got = read(n->fd, n->chunk, sizeof n->chunk);

        if (got <= 0)
            return false;
        n->at = 0;
        n->size = (size_t)got;
    }
    *c = n->chunk[n->at++];
    return true;
}

static bool
next_number(struct numbers *n, int *out)
{
    bool any = false;
    char c;

    *out = 0;
    while (next_char(n, &c)) {
        if (c >= '0' && c <= '9') {
            *out = *out * 10 + (c - '0');
            any = true;
        } else if (any) {
            break;
        }
    }
    return any;
}

static char *
add_text(char *to, const char *text)
{
    while (*text)
        *to++ = *text++;
    *to = '\0';
    return to;
}

static char *
add_number(char *to, int number)
{
    char digits[16];
    size_t n = 0;

    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (n)
        *to++ = digits[--n];
    *to = '\0';
    return to;
}

/* The first of them; how many. */
static size_t
list_children(pid_t pid, pid_t thread, int children[CHILDREN_AT_ONCE])
{
    struct numbers numbers = { .fd = -1 };
    size_t count = 0;
    char path[64];

    add_text(add_number(add_text(add_number(add_text(path, "/proc/"), pid), "/task/"), thread),
             "/children");
    numbers.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (numbers.fd < 0)
        return 0;
    while (count < CHILDREN_AT_ONCE && next_number(&numbers, &children[count]))
        count++;
    close(numbers.fd);
    return count;
}

struct walk {                               /* over all processes below one */
    int number;                             /* the signal that each gets */
    bool (*keep)(void *context, pid_t pid); /* of the first level: not these; NULL: none */
    void *context;
    size_t count;
    uint64_t pids; /* their sum: the same processes have the same */
};

/* A process gets its signal after its children have been read: when it is dead they are somebody
 * else's. */
static void
signal_below(struct walk *w, pid_t pid, pid_t thread, int depth)
{
    int children[CHILDREN_AT_ONCE];
    size_t count = list_children(pid, thread, children);

    for (size_t i = 0; i < count; i++) {
        if (depth == 0 && w->keep && w->keep(w->context, children[i]))
            continue;
        if (depth < DEPTH_MAX)
            signal_below(w, children[i], children[i], depth + 1);
        if (kill(children[i], w->number) != 0)
            continue;
        w->count++;
        w->pids += (uint64_t)children[i];
    }
}

/* What forks without end is stopped before it is killed: a killed process makes room for the next,
 * and this one has its turn after hundreds of them. Stopped ones stay, so a pass that finds none
 * but those of the pass before has them all. */
size_t
pin__children_kill(bool (*keep)(void *context, pid_t pid), void *context)
{
    struct walk stop = { .number = SIGSTOP, .keep = keep, .context = context };
    struct walk kill = { .number = SIGKILL, .keep = keep, .context = context };
    pid_t self = getpid(), thread = gettid();
    uint64_t before;
    int passes = 0;

    do {
        before = stop.pids;
        stop.count = stop.pids = 0;
        signal_below(&stop, self, thread, 0);
    } while (stop.count > 1 && stop.pids != before && ++passes < PASSES_MAX);
    signal_below(&kill, self, thread, 0);
    return kill.count;
}

void
pin__children_end(void)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 || errno == EINTR) {
        if (pid != 0)
            continue;
        (void)pin__children_kill(NULL, NULL);
        (void)waitpid(-1, NULL, 0);
    }
}

/* children.c - see children.h. */
#include "base/children.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ban.h"

enum { DEPTH_MAX = 64, CHILDREN_AT_ONCE = 1024 };

/* A process is killed after its children have been read: afterwards they are somebody else's. */
static size_t
kill_below(pid_t pid, pid_t thread, bool (*keep)(void *context, pid_t pid), void *context,
           int depth)
{
    int children[CHILDREN_AT_ONCE];
    size_t count = 0, killed = 0;
    char path[64];
    FILE *list;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)thread);
    if (!(list = fopen(path, "re")))
        return 0;
    while (count < CHILDREN_AT_ONCE && fscanf(list, "%d", &children[count]) == 1)
        count++;
    fclose(list);
    for (size_t i = 0; i < count; i++) {
        if (keep && keep(context, children[i]))
            continue;
        if (depth < DEPTH_MAX)
            killed += kill_below(children[i], children[i], NULL, NULL, depth + 1);
        killed += kill(children[i], SIGKILL) == 0;
    }
    return killed;
}

size_t
pin__children_kill(bool (*keep)(void *context, pid_t pid), void *context)
{
    return kill_below(getpid(), gettid(), keep, context, 0);
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

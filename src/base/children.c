/* children.c - see children.h. */
#include "base/children.h"

#include <signal.h>
#include <unistd.h>

#include "base/ban.h"

size_t
pin__children_kill(bool (*keep)(void *context, pid_t pid), void *context)
{
    char path[64];
    size_t killed = 0;
    FILE *list;
    int pid;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)gettid());
    if (!(list = fopen(path, "re")))
        return 0;
    while (fscanf(list, "%d", &pid) == 1)
        if (!keep || !keep(context, pid))
            killed += kill(pid, SIGKILL) == 0;
    fclose(list);
    return killed;
}

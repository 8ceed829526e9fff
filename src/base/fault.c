/* fault.c - see fault.h; empty unless the build has -DPIN_FAULTS. */
#include "base/fault.h"

#include "base/err.h"

#ifdef PIN_FAULTS

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

struct fault {
    const char *action; /* NULL: none was asked for */
    char point[128];
    unsigned long nth, seen;
};

static struct fault fault;
static bool known; /* PIN_FAULT was read */

static struct fault
read_fault(const char *text)
{
    struct fault f = { .action = NULL };
    const char *first = text ? strchr(text, ':') : NULL;
    char *end = NULL;

    if (!text || !*text)
        return f;
    if (!first || (size_t)(first - text) >= sizeof f.point)
        pin__bug("PIN_FAULT is point:nth:action, not \"%s\"", text);
    memcpy(f.point, text, (size_t)(first - text));
    f.nth = strtoul(first + 1, &end, 10);
    if (f.nth == 0 || *end != ':')
        pin__bug("PIN_FAULT is point:nth:action, not \"%s\"", text);
    f.action = end + 1;
    return f;
}

static int
errno_of(const char *word)
{
    static const struct {
        const char *name;
        int code;
    } codes[] = { { "EIO", EIO },       { "ENOSPC", ENOSPC }, { "ENOMEM", ENOMEM },
                  { "EAGAIN", EAGAIN }, { "EINTR", EINTR },   { "EROFS", EROFS } };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (strcmp(word, codes[i].name) == 0)
            return codes[i].code;
    return (int)strtol(word, NULL, 10);
}

static int
act(const char *action)
{
    if (strcmp(action, "kill") == 0)
        raise(SIGKILL);
    else if (strcmp(action, "stop") == 0)
        raise(SIGSTOP);
    else if (strcmp(action, "term") == 0)
        raise(SIGTERM);
    else if (strcmp(action, "exit") == 0)
        _exit(1);
    else if (strncmp(action, "errno=", 6) == 0)
        return errno_of(action + 6);
    else
        pin__bug("PIN_FAULT knows kill, exit, stop, term and errno=, not \"%s\"", action);
    return 0;
}

/* For who counts what was hit; whole, also when several do it at once. */
static void
tell(const char *point)
{
    const char *path = getenv("PIN_FAULT_TOLD");
    int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    char line[sizeof fault.point + 2];
    int size = snprintf(line, sizeof line, "%s\n", point);

    if (fd < 0)
        return;
    (void)!write(fd, line, (size_t)size);
    close(fd);
}

void
pin__fault_arm(const char *text)
{
    fault = read_fault(text);
    known = true;
}

static bool
is_armed(const char *point)
{
    if (!known)
        pin__fault_arm(getenv("PIN_FAULT"));
    return fault.action && strcmp(point, fault.point) == 0;
}

int
pin__fault_hit(const char *point)
{
    if (!is_armed(point) || ++fault.seen != fault.nth)
        return 0;
    tell(point);
    return act(fault.action);
}

size_t
pin__fault_part(size_t size)
{
    return size > 1 && is_armed("channel.part") ? size / 2 : size;
}

int64_t
pin__fault_ms(const char *name, int64_t usual_ms)
{
    const char *text = getenv(name);

    return text ? strtoll(text, NULL, 10) : usual_ms;
}

/* Shared memory, so that a change is seen at once. */
int64_t
pin__fault_clock_us(void)
{
    static const volatile int64_t *offset;
    static bool looked;

    if (!looked) {
        const char *path = getenv("PIN_CLOCK");
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);

        looked = true;
        if (page != MAP_FAILED)
            offset = page;
        if (fd >= 0)
            close(fd);
    }
    return offset ? *offset : 0;
}

#endif

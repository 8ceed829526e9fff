/* process_stats.c - see process_stats.h: proc(5), getrlimit(2), getrusage(2). */
#include "web/process_stats.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_SIZE = 1024, STARTED_FIELD = 22, US = 1000000 };

static bool
read_line(const char *path, char out[LINE_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, out, LINE_SIZE - 1);

    if (fd >= 0)
        close(fd);
    out[size > 0 ? size : 0] = '\0';
    return size > 0;
}

/* The number after `skip` spaces; -1: there is none. */
static int64_t
field(const char *text, int skip)
{
    while (text && skip-- > 0) {
        text = strchr(text, ' ');
        text += text != NULL;
    }
    return text && *text >= '0' && *text <= '9' ? strtoll(text, NULL, 10) : -1;
}

static int64_t
resident_bytes(void)
{
    char line[LINE_SIZE];
    int64_t pages = read_line("/proc/self/statm", line) ? field(line, 1) : -1;

    return pages < 0 ? -1 : pages * sysconf(_SC_PAGESIZE);
}

/* One of those that are open is for looking. */
static int64_t
open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *e;
    int64_t count = -1;

    if (!folder)
        return -1;
    while ((e = readdir(folder)) != NULL)
        count += e->d_name[0] != '.';
    closedir(folder);
    return count;
}

static int64_t
open_files_max(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return -1;
    return (int64_t)limit.rlim_cur;
}

static int64_t
cpu_us(void)
{
    struct rusage used;

    if (getrusage(RUSAGE_SELF, &used) != 0)
        return -1;
    return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * US + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

void
pin__process_stats(struct pin_process_stats *out)
{
    *out = (struct pin_process_stats){ .resident_bytes = resident_bytes(),
                                       .open_files = open_files(),
                                       .open_files_max = open_files_max(),
                                       .cpu_us = cpu_us() };
}

/* The kernel tells it in ticks since the machine was started; the name before may hold spaces. */
int64_t
pin__process_started_ms(void)
{
    char line[LINE_SIZE];
    struct timespec up;
    const char *after = read_line("/proc/self/stat", line) ? strrchr(line, ')') : NULL;
    int64_t ticks = field(after, STARTED_FIELD - 2), ticks_a_second = sysconf(_SC_CLK_TCK);

    if (ticks < 0 || ticks_a_second <= 0 || clock_gettime(CLOCK_BOOTTIME, &up) != 0)
        return -1;
    return pin__clock_wall().ms - (int64_t)up.tv_sec * 1000 - up.tv_nsec / 1000000 +
           ticks * 1000 / ticks_a_second;
}

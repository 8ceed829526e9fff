/* unsynced.c - for tests, loaded with LD_PRELOAD: a disk that keeps only what was synced.
 *
 *   PIN_DISK=FOLDER LD_PRELOAD=unsynced.so PROGRAM...
 *
 * When a file is synced, what is in it at that moment is copied into FOLDER under its name; nothing
 * else gets there. A power cut is then: kill everybody, put FOLDER's files in the place of the
 * others. What was never synced is gone, which is the worst that a disk may do.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);

static int
copy(int from, const char *path, off_t size)
{
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), result = 0;
    off_t at = 0;

    if (to < 0)
        return -1;
    while (at < size && result == 0)
        if (sendfile(to, from, &at, (size_t)(size - at)) <= 0)
            result = -1;
    return close(to) == 0 ? result : -1;
}

static int
keep(int fd)
{
    const char *disk = getenv("PIN_DISK"), *name;
    char link[64], path[PATH_MAX], beside[PATH_MAX + 32], to[PATH_MAX];
    struct stat st;
    ssize_t n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (!disk || n < 0 || fstat(fd, &st) != 0) {
        errno = EIO;
        return -1;
    }
    if (!S_ISREG(st.st_mode))
        return 0;
    path[n] = '\0';
    name = strrchr(path, '/') + 1;
    snprintf(to, sizeof to, "%s/%s", disk, name);
    snprintf(beside, sizeof beside, "%s.%d", to, (int)getpid());
    if (copy(fd, beside, st.st_size) == 0 && rename(beside, to) == 0)
        return 0;
    errno = EIO;
    return -1;
}

int
fsync(int fd)
{
    return keep(fd);
}

int
fdatasync(int fd)
{
    return keep(fd);
}

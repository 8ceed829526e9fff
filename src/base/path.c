/* path.c - see path.h. */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *
kind_of(mode_t mode)
{
    if (S_ISDIR(mode))
        return "a folder";
    if (S_ISFIFO(mode))
        return "a FIFO";
    if (S_ISSOCK(mode))
        return "a socket";
    return "a device";
}

static pin_status
read_all(int fd, size_t expected, struct pin_buf *out, struct pin_err *err)
{
    for (;;) {
        size_t room = out->max > out->size ? out->max - out->size : 1;
        size_t want = expected < room ? expected + 1 : room;
        char *to = pin__buf_reserve(out, want);
        ssize_t n;

        if (!to)
            return pin__buf_check(out, "file", err);
        n = read(fd, to, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return pin__err_errno(err, PIN_IO, errno, "cannot read");
        out->size += (size_t)n;
        out->data[out->size] = '\0';
        if (n == 0)
            return PIN_OK;
        expected = 4096;
    }
}

static pin_status
read_open(int fd, struct pin_buf *out, struct pin_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot look at it");
    if (!S_ISREG(st.st_mode))
        return pin__err_set(err, PIN_DENIED, "is %s, not a file", kind_of(st.st_mode));
    if ((uint64_t)st.st_size >= out->max)
        return pin__err_set(err, PIN_LIMIT, "is %lld bytes, more than the limit of %zu",
                            (long long)st.st_size, out->max);
    return read_all(fd, (size_t)st.st_size, out, err);
}

pin_status
pin__path_read_at(int folder, const char *path, struct pin_buf *out, struct pin_err *err)
{
    int fd = openat(folder, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    pin_status st;

    if (fd < 0 && errno == ELOOP)
        st = pin__err_set(err, PIN_DENIED, "is a symbolic link, which is not followed");
    else if (fd < 0 && errno == ENXIO)
        st = pin__err_set(err, PIN_DENIED, "is a socket or device, not a file");
    else if (fd < 0)
        st = pin__err_errno(err, errno == ENOENT ? PIN_NOT_FOUND : PIN_IO, errno, "cannot open");
    else
        st = read_open(fd, out, err);
    if (fd >= 0)
        close(fd);
    if (st != PIN_OK)
        pin__err_prefix(err, "%s", path);
    return st;
}

pin_status
pin__path_read(const char *path, struct pin_buf *out, struct pin_err *err)
{
    return pin__path_read_at(AT_FDCWD, path, out, err);
}

static pin_status
write_all(int fd, struct pin_bytes content, struct pin_err *err)
{
    while (content.size) {
        ssize_t n = write(fd, content.data, content.size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return pin__err_errno(err, PIN_IO, errno, "cannot write");
        content.data += n;
        content.size -= (size_t)n;
    }
    return PIN_OK;
}

pin_status
pin__path_create(const char *path, struct pin_bytes content, struct pin_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    pin_status st;

    if (fd < 0 && errno == EEXIST)
        return pin__err_set(err, PIN_CONFLICT, "%s is there already", path);
    if (fd < 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot create %s", path);
    st = write_all(fd, content, err);
    if (close(fd) != 0 && st == PIN_OK)
        st = pin__err_errno(err, PIN_IO, errno, "cannot write");
    if (st != PIN_OK)
        pin__err_prefix(err, "%s", path);
    return st;
}

pin_status
pin__path_replace(const char *path, struct pin_bytes content, struct pin_err *err)
{
    char fresh[PATH_MAX];
    int n = snprintf(fresh, sizeof fresh, "%s.%ld", path, (long)getpid());
    pin_status st;

    if (n < 0 || n >= PATH_MAX)
        return pin__err_set(err, PIN_INVALID, "path is longer than %d bytes", PATH_MAX - 1);
    if ((st = pin__path_create(fresh, content, err)) == PIN_OK && rename(fresh, path) != 0)
        st = pin__err_errno(err, PIN_IO, errno, "cannot write %s", path);
    if (st != PIN_OK && st != PIN_CONFLICT)
        unlink(fresh);
    return st;
}

static bool
make_folder(const char *path)
{
    struct stat st;

    if (mkdir(path, 0777) == 0)
        return true;
    return errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

pin_status
pin__path_make_folders(const char *path, struct pin_err *err)
{
    char part[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof part)
        return pin__err_set(err, PIN_INVALID, "path is longer than %d bytes", PATH_MAX - 1);
    memcpy(part, path, len + 1);
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (!make_folder(part))
            return pin__err_errno(err, PIN_IO, errno, "cannot create folder %s", part);
        *p = '/';
    }
    if (!make_folder(part))
        return pin__err_errno(err, PIN_IO, errno, "cannot create folder %s", part);
    return PIN_OK;
}

/* history.c - see history.h. */
#include "repl/history.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"

enum { FILE_BYTES_MAX = 16 << 20 };

static const char *
variable(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

char *
pin__history_path(void)
{
    const char *given = variable("PINSTRIPE_HISTORY"), *state = variable("XDG_STATE_HOME");
    const char *home = variable("HOME");
    char *path = NULL;
    int n = -1;

    if (given)
        return strdup(given);
    if (state)
        n = asprintf(&path, "%s/pinstripe/history", state);
    else if (home)
        n = asprintf(&path, "%s/.local/state/pinstripe/history", home);
    return n < 0 ? NULL : path;
}

static void
make_folders(const char *path)
{
    char *copy = strdup(path);

    for (char *at = copy ? copy + 1 : NULL; at && (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        (void)mkdir(copy, 0700);
        *at = '/';
    }
    free(copy);
}

/* Where the last `lines` lines of the text begin. */
static const char *
tail_of(const struct pin_buf *text, size_t lines)
{
    const char *start = pin__buf_text(text), *at = start + text->size;

    while (at > start) {
        if (at[-1] == '\n' && at != start + text->size && lines-- == 1)
            return at;
        at--;
    }
    return start;
}

static size_t
count_lines(const struct pin_buf *text)
{
    size_t n = 0;

    for (size_t i = 0; i < text->size; i++)
        n += text->data[i] == '\n';
    return n;
}

/* Beside it and then in its place: another session may be reading it. */
static void
cut_down(const char *path, const char *text, size_t size)
{
    char *beside = NULL;
    int fd = asprintf(&beside, "%s.%d", path, (int)getpid()) < 0
                 ? -1
                 : open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text, size) == (ssize_t)size;

    if (fd >= 0)
        close(fd);
    if (fd >= 0 && (!written || rename(beside, path) != 0))
        (void)unlink(beside);
    free(beside);
}

void
pin__history_read(const char *path, void (*each)(void *context, const char *line), void *context)
{
    struct pin_buf text = PIN_BUF_INIT(FILE_BYTES_MAX);
    struct pin_err err;
    const char *tail;

    if (path && pin__path_read(path, &text, &err) == PIN_OK) {
        tail = tail_of(&text, PIN_HISTORY_LINES_MAX);
        if (count_lines(&text) > (size_t)2 * PIN_HISTORY_LINES_MAX)
            cut_down(path, tail, text.size - (size_t)(tail - text.data));
        for (char *at = text.data + (tail - pin__buf_text(&text)), *end;
             text.size && (end = strchr(at, '\n')) != NULL; at = end + 1) {
            *end = '\0';
            each(context, at);
        }
    }
    pin__buf_fini(&text);
}

void
pin__history_add(const char *path, const char *line)
{
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, fd;
    char *whole = NULL;
    int size;

    if (!path || !*line || strchr(line, '\n'))
        return;
    if ((fd = open(path, flags, 0600)) < 0) {
        make_folders(path);
        fd = open(path, flags, 0600);
    }
    if (fd < 0)
        return;
    (void)fchmod(fd, 0600);
    if ((size = asprintf(&whole, "%s\n", line)) > 0) {
        (void)!write(fd, whole, (size_t)size);
        free(whole);
    }
    close(fd);
}

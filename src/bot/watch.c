/* watch.c - see watch.h: inotify on each folder. A folder that comes later is watched from then on.
 */
#include "bot/watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { EVENT_BYTES = 16 << 10 };

#define CHANGES (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)

struct pin_watch {
    int fd;
    char *root;
    int root_number; /* inotify's number of the root itself: only its configuration matters */
    size_t folders;
};

static void watch_tree(struct pin_watch *w, const char *folder);

static void
watch_inside(struct pin_watch *w, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[PATH_MAX];

    while (dir && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN) ||
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= (int)sizeof path)
            continue;
        watch_tree(w, path);
    }
    if (dir)
        closedir(dir);
}

static void
watch_tree(struct pin_watch *w, const char *folder)
{
    if (w->folders == PIN_WATCH_FOLDERS_MAX ||
        inotify_add_watch(w->fd, folder, CHANGES | IN_DONT_FOLLOW) < 0)
        return;
    w->folders++;
    watch_inside(w, folder);
}

static void
watch_lib(struct pin_watch *w)
{
    char path[PATH_MAX];

    w->folders = 0;
    if (snprintf(path, sizeof path, "%s/lib", w->root) < (int)sizeof path)
        watch_tree(w, path);
}

pin_status
pin__watch_open(struct pin_watch **out, const char *root, struct pin_err *err)
{
    struct pin_watch *w = calloc(1, sizeof *w);

    *out = NULL;
    if (!w || !(w->root = strdup(root))) {
        free(w);
        return pin__err_no_memory(err);
    }
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    w->root_number = w->fd < 0 ? -1 : inotify_add_watch(w->fd, root, CHANGES);
    if (w->root_number < 0) {
        pin__err_errno(err, PIN_IO, errno, "cannot watch the files of %s", root);
        pin__watch_close(w);
        return PIN_IO;
    }
    watch_lib(w);
    *out = w;
    return PIN_OK;
}

void
pin__watch_close(struct pin_watch *w)
{
    if (!w)
        return;
    if (w->fd >= 0)
        close(w->fd);
    free(w->root);
    free(w);
}

int
pin__watch_fd(const struct pin_watch *w)
{
    return w->fd;
}

static bool
matters(const struct pin_watch *w, const struct inotify_event *e)
{
    const char *name = e->len ? e->name : "";

    if (e->mask & IN_Q_OVERFLOW)
        return true;
    if (e->wd == w->root_number)
        return strcmp(name, "pinstripe.config.js") == 0 || strcmp(name, "lib") == 0;
    return name[0] != '.' && name[0] != '#';
}

bool
pin__watch_take(struct pin_watch *w)
{
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    bool any = false, folders = false;
    ssize_t n;

    while ((n = read(w->fd, bytes, sizeof bytes)) > 0)
        for (char *at = bytes; at < bytes + n;) {
            const struct inotify_event *e = (const struct inotify_event *)(void *)at;

            any |= matters(w, e);
            folders |= (e->mask & IN_ISDIR) != 0;
            at += sizeof *e + e->len;
        }
    if (folders)
        watch_lib(w);
    return any;
}

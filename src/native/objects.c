/* objects.c - see objects.h. */
#include "native/objects.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ban.h"
#include "base/clock.h"

enum { HASH_DIGITS = 16 };

/* ---- whose it is ---- */

/* The group that has the owner's name, as many systems give every user one. */
static bool
is_own_group(const struct stat *st)
{
    const struct passwd *owner = getpwuid(st->st_uid);

    return owner && owner->pw_gid == st->st_gid;
}

static bool
is_trusted_owner(uid_t uid)
{
    struct stat root;

    return uid == 0 || uid == geteuid() || (stat(".", &root) == 0 && uid == root.st_uid);
}

pin_status
pin__native_object_check(const char *path, struct pin_err *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return pin__err_errno(err, PIN_CONFIG, errno, "it cannot be loaded: %s", path);
    if (!S_ISREG(st.st_mode))
        return pin__err_set(err, PIN_DENIED, "it is not loaded: %s is no regular file", path);
    if (st.st_mode & (S_ISUID | S_ISGID))
        return pin__err_set(err, PIN_DENIED,
                            "it is not loaded: %s is setuid or setgid, which no object needs: "
                            "chmod ug-s it",
                            path);
    if (st.st_mode & S_IWOTH || (st.st_mode & S_IWGRP && !is_own_group(&st)))
        return pin__err_set(err, PIN_DENIED,
                            "it is not loaded: others than its owner can write %s: see that it is "
                            "what you compiled, then chmod go-w it",
                            path);
    if (!is_trusted_owner(st.st_uid))
        return pin__err_set(err, PIN_DENIED,
                            "it is not loaded: %s belongs to the user %u, not to root, to the user "
                            "who runs pinstripe or to the owner of the project",
                            path, (unsigned)st.st_uid);
    return PIN_OK;
}

/* ---- how long it is kept ---- */

static bool
is_in_build_folder(const char *path)
{
    return strncmp(path, "./" PIN_NATIVE_FOLDER "/", sizeof "./" PIN_NATIVE_FOLDER) == 0;
}

static int64_t
age_ms(const struct stat *st)
{
    return pin__clock_wall().ms - (int64_t)st->st_mtim.tv_sec * 1000;
}

void
pin__native_object_touch(const char *path)
{
    struct stat st;

    if (is_in_build_folder(path) && stat(path, &st) == 0 && age_ms(&st) > PIN_NATIVE_TOUCH_MS)
        (void)utimensat(AT_FDCWD, path, NULL, 0);
}

/* NAME-0123456789abcdef.so; also what an interrupted compiler left of one. */
static bool
is_object_name(const char *name)
{
    const char *end = strstr(name, ".so");

    if (!end || end - name < HASH_DIGITS + 2 || (end[3] != '\0' && end[3] != '.') ||
        end[-HASH_DIGITS - 1] != '-')
        return false;
    for (const char *c = end - HASH_DIGITS; c < end; c++)
        if (!isxdigit((unsigned char)*c))
            return false;
    return true;
}

static bool
is_current(const struct pin_native_objects *objects, const char *name)
{
    for (size_t i = 0; i < objects->count; i++) {
        const char *path = objects->items[i].path;

        if (is_in_build_folder(path) && strcmp(strrchr(path, '/') + 1, name) == 0)
            return true;
    }
    return false;
}

void
pin__native_objects_sweep(const struct pin_native_objects *objects)
{
    DIR *folder = opendir(PIN_NATIVE_FOLDER);
    struct dirent *entry;
    struct stat st;

    for (size_t i = 0; i < objects->count; i++)
        pin__native_object_touch(objects->items[i].path);
    while (folder && (entry = readdir(folder)) != NULL)
        if (is_object_name(entry->d_name) && !is_current(objects, entry->d_name) &&
            fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            age_ms(&st) > PIN_NATIVE_KEEP_MS)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}

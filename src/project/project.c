/* project.c - see project.h. */
#include "project/project.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/quote.h"

#define ENVIRONMENT_MAX 64

static bool
has(const char *folder, const char *name, mode_t kind)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);

    return n > 0 && (size_t)n < sizeof path && stat(path, &st) == 0 &&
           (st.st_mode & S_IFMT) == kind;
}

/* Shortens `path` to the nearest folder upward, itself included, that holds `name`. */
static bool
climb(char *path, const char *name, mode_t kind)
{
    for (;;) {
        char *slash = strrchr(path, '/');

        if (has(path, name, kind))
            return true;
        if (!slash || strcmp(path, "/") == 0)
            return false;
        slash[slash == path ? 1 : 0] = '\0';
    }
}

pin_status
pin__project_find(const char *from, struct pin_buf *root, struct pin_err *err)
{
    char real[PATH_MAX], path[PATH_MAX];
    struct stat st;

    if (!realpath(from, real))
        return pin__err_errno(err, errno == ENOENT ? PIN_NOT_FOUND : PIN_IO, errno,
                              "cannot look for a project in %s", pin__quote_text(from).text);
    if (stat(real, &st) != 0 || !S_ISDIR(st.st_mode))
        return pin__err_set(err, PIN_INVALID, "cannot look for a project in %s: it is no folder",
                            pin__quote_text(from).text);
    memcpy(path, real, sizeof path);
    if (!climb(path, PIN_PROJECT_CONFIG, S_IFREG)) {
        memcpy(path, real, sizeof path);
        if (!climb(path, PIN_PROJECT_JOBS, S_IFDIR))
            return pin__err_set(err, PIN_NOT_FOUND,
                                "no project in %s or above it: neither a %s nor a %s folder is "
                                "there; run generate-project, go into a project, or name one with "
                                "--project DIR",
                                pin__quote_text(real).text, PIN_PROJECT_CONFIG, PIN_PROJECT_JOBS);
    }
    pin__buf_adds(root, path);
    return pin__buf_check(root, "the project's path", err);
}

static bool
is_environment(const char *name)
{
    size_t n = strlen(name);

    if (n > ENVIRONMENT_MAX || name[0] == '-')
        return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == n;
}

pin_status
pin__project_environment(const char **out, const char *pinstripe_env, const char *node_env,
                         struct pin_err *err)
{
    const char *from = "PINSTRIPE_ENV", *name = pinstripe_env;

    if (!name || !*name) {
        from = "NODE_ENV";
        name = node_env;
    }
    if (!name || !*name)
        name = "development";
    if (!is_environment(name))
        return pin__err_set(err, PIN_INVALID,
                            "%s is %s, which cannot name an environment; write letters, digits, - "
                            "and _, as in production",
                            from, pin__quote_text(name).text);
    *out = name;
    return PIN_OK;
}

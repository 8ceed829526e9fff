/* migration_file.c - see migration_file.h. */
#include "command/migration_file.h"

#include <dirent.h>
#include <limits.h>

/* Calls nothing for what is no migration: `<digits>_<name>.js`. */
static bool
read_entry(const char *file, int64_t *number, const char **name, size_t *name_size)
{
    char *end;
    size_t size;

    if (*file < '0' || *file > '9')
        return false;
    *number = strtoll(file, &end, 10);
    if (*end != '_')
        return false;
    *name = end + 1;
    size = strlen(*name);
    if (size < 3 || strcmp(*name + size - 3, ".js") != 0)
        return false;
    *name_size = size - 3;
    return true;
}

/* The highest number there, 0 when there is none; *found says whether one is called `name`. */
static int64_t
scan(const char *root, const char *name, bool *found)
{
    char path[PATH_MAX];
    struct dirent *entry;
    int64_t highest = 0;
    DIR *folder;

    *found = false;
    snprintf(path, sizeof path, "%s/lib/migrations", root);
    folder = opendir(path);
    while (folder && (entry = readdir(folder))) {
        const char *entry_name;
        size_t size;
        int64_t number;

        if (!read_entry(entry->d_name, &number, &entry_name, &size))
            continue;
        if (number > highest)
            highest = number;
        if (size == strlen(name) && memcmp(entry_name, name, size) == 0)
            *found = true;
    }
    if (folder)
        closedir(folder);
    return highest;
}

bool
pin__migration_exists(const char *root, const char *name)
{
    bool found;

    scan(root, name, &found);
    return found;
}

pin_status
pin__migration_write(struct scaffold *s, const char *name, struct pin_wall now,
                     const struct pin_buf *content, struct pin_err *err)
{
    char path[PATH_MAX];
    bool found;
    int64_t number = scan(s->root, name, &found) + 1;

    if (number < now.ms / 1000)
        number = now.ms / 1000;
    snprintf(path, sizeof path, "lib/migrations/%lld_%s.js", (long long)number, name);
    return pin__scaffold_file(s, path, content, err);
}

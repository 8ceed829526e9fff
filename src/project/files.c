/* files.c - see files.h.
 *
 * One walk over the five folders, by descriptor, so that nothing can be swapped under a path that
 * was checked; then names; then a sort that brings files of one name together. Two names that
 * differ only in case count as one, because on some file systems and in SQLite they are.
 */
#include "project/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"
#include "project/names.h"

#define ARENA_BYTES_MAX ((size_t)64 << 20)
#define TWINS_NAMED_MAX 4 /* files of one name that a problem names */

static const struct {
    const char *name;
    const char *folder;
} registries[PIN_REGISTRY_COUNT] = {
    [PIN_REGISTRY_BACKGROUND_JOBS] = { "background_jobs", "lib/background_jobs" },
    [PIN_REGISTRY_SERVICES] = { "services", "lib/services" },
    [PIN_REGISTRY_MODELS] = { "models", "lib/models" },
    [PIN_REGISTRY_MIGRATIONS] = { "migrations", "lib/migrations" },
    [PIN_REGISTRY_VIEWS] = { "views", "lib/views" },
};

/* Which files count, by what follows their first dot. */
static const struct {
    const char *extension;
    enum pin_language language;
} languages[] = {
    { ".js", PIN_LANGUAGE_JAVASCRIPT },
    { ".c", PIN_LANGUAGE_C },
    { ".so", PIN_LANGUAGE_OBJECT },
};

struct walk {
    struct pin_files *out;
    size_t capacity;
    size_t first; /* item of this registry */
    enum pin_registry registry;
    bool full; /* PIN_FILES_MAX was reached and told */
};

const char *
pin__registry_name(enum pin_registry registry)
{
    return registries[registry].name;
}

void
pin__files_fini(struct pin_files *f)
{
    free(f->items);
    pin__arena_fini(&f->arena);
    *f = (struct pin_files){ 0 };
}

pin_status
pin__files_add(struct pin_files *f, const struct pin_file *file, struct pin_err *err)
{
    struct pin_file *items = realloc(f->items, (f->count + 1) * sizeof *items);

    if (!items)
        return pin__err_no_memory(err);
    f->items = items;
    f->items[f->count++] = *file;
    return PIN_OK;
}

/* NULL when memory is out. `path` lives in the arena; a NULL problem means a good file. */
static struct pin_file *
add_file(struct walk *w, const char *path, enum pin_language language)
{
    struct pin_files *f = w->out;

    if (f->count == w->capacity) {
        size_t capacity = w->capacity ? w->capacity * 2 : 64;
        struct pin_file *items = realloc(f->items, capacity * sizeof *items);

        if (!items)
            return NULL;
        f->items = items;
        w->capacity = capacity;
    }
    f->items[f->count] = (struct pin_file){ w->registry, language, path, NULL, NULL, NULL };
    return &f->items[f->count++];
}

static pin_status
add_problem(struct walk *w, const char *path, const char *problem, struct pin_err *err)
{
    struct pin_file *file = add_file(w, path, PIN_LANGUAGE_JAVASCRIPT);

    if (!file || !problem)
        return pin__err_no_memory(err);
    file->problem = problem;
    return PIN_OK;
}

/* Why something of this kind, called as a file of ours is, cannot be used; NULL when it can. */
static const char *
problem_of(struct pin_arena *a, int folder, const char *name, const struct stat *st)
{
    if (S_ISLNK(st->st_mode))
        return "it is a symbolic link, which is not followed; put the file itself here";
    if (S_ISDIR(st->st_mode))
        return "it is a folder, not a file";
    if (S_ISFIFO(st->st_mode))
        return "it is a FIFO, not a file";
    if (S_ISSOCK(st->st_mode))
        return "it is a socket, not a file";
    if (!S_ISREG(st->st_mode))
        return "it is a device, not a file";
    if ((uint64_t)st->st_size > PIN_FILE_BYTES_MAX)
        return pin__arena_printf(a, "it has %lld bytes, more than the limit of %zu",
                                 (long long)st->st_size, PIN_FILE_BYTES_MAX);
    if (faccessat(folder, name, R_OK, AT_EACCESS) != 0)
        return "it cannot be read: permission denied";
    return NULL;
}

/* False for a file that is none of ours: another extension, a further dot, the original's
 * importer. */
static bool
is_ours(enum pin_registry registry, const char *name, enum pin_language *language)
{
    const char *dot = strchr(name, '.');

    if (!dot || dot == name || strcmp(name, "_file_importer.js") == 0)
        return false;
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
        if (strcmp(dot, languages[i].extension) == 0) {
            *language = languages[i].language;
            return *language == PIN_LANGUAGE_JAVASCRIPT || registry == PIN_REGISTRY_BACKGROUND_JOBS;
        }
    return false;
}

/* A link in the place of a folder hides what may be jobs: worth a sentence. A link to a file that
 * is none of ours is not. */
static bool
leads_to_folder(int folder, const char *name, const struct stat *st)
{
    struct stat target;

    return S_ISLNK(st->st_mode) && fstatat(folder, name, &target, 0) == 0 &&
           S_ISDIR(target.st_mode);
}

/* True for a path that can be shown, and put into JSON, as it is. */
static bool
is_plain(const char *path)
{
    size_t size = strlen(path);

    for (size_t at = 0, n; at < size; at += n)
        if ((n = pin__quote_utf8_length(path + at, size - at)) == 0 ||
            (unsigned char)path[at] < 0x20 || path[at] == 0x7f)
            return false;
    return true;
}

static pin_status walk_folder(struct walk *w, int fd, const char *path, int depth,
                              struct pin_err *err);

/* Opens a folder that `name` in `parent` is, and walks it. What is in the way becomes a problem. */
static pin_status
enter_folder(struct walk *w, int parent, const char *name, const char *path, int depth,
             struct pin_err *err)
{
    struct pin_arena *a = &w->out->arena;
    int fd;

    if (depth > PIN_FILES_DEPTH_MAX)
        return add_problem(w, path,
                           pin__arena_printf(a,
                                             "it is more than %d folders deep and is not looked "
                                             "into",
                                             PIN_FILES_DEPTH_MAX),
                           err);
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return add_problem(
            w, path, pin__arena_printf(a, "the folder cannot be read: %s", strerror(errno)), err);
    return walk_folder(w, fd, path, depth, err);
}

static pin_status
visit(struct walk *w, int folder, const char *folder_path, const char *name, int depth,
      struct pin_err *err)
{
    struct pin_arena *a = &w->out->arena;
    enum pin_language language = PIN_LANGUAGE_JAVASCRIPT;
    bool ours = is_ours(w->registry, name, &language);
    const char *path;
    struct pin_file *file;
    struct stat st;

    if (name[0] == '.' || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return PIN_OK; /* hidden, or gone since */
    if (!ours && !S_ISDIR(st.st_mode) && !leads_to_folder(folder, name, &st))
        return PIN_OK;
    if ((path = pin__arena_printf(a, "%s/%s", folder_path, name)) == NULL)
        return pin__err_no_memory(err);
    if (w->out->count - w->first >= PIN_FILES_MAX) {
        w->full = true;
        return PIN_OK;
    }
    if (!ours && S_ISDIR(st.st_mode))
        return enter_folder(w, folder, name, path, depth + 1, err);
    if (!is_plain(path))
        return add_problem(w, pin__arena_strdup(a, pin__quote_text(path).text),
                           "its name holds control characters or is no UTF-8; rename it", err);
    if ((file = add_file(w, path, language)) == NULL)
        return pin__err_no_memory(err);
    file->problem = problem_of(a, folder, name, &st);
    return PIN_OK;
}

/* Takes `fd`. */
static pin_status
walk_folder(struct walk *w, int fd, const char *path, int depth, struct pin_err *err)
{
    DIR *dir = fdopendir(fd);
    pin_status st = PIN_OK;
    struct dirent *entry;

    if (!dir) {
        close(fd);
        return pin__err_no_memory(err);
    }
    while (st == PIN_OK && !w->full && (entry = readdir(dir)) != NULL)
        st = visit(w, dirfd(dir), path, entry->d_name, depth, err);
    closedir(dir);
    return st;
}

/* The part of a path that names: below the registry's folder, without its extension. No data for
 * an entry that stands for something else than a file of ours. */
static struct pin_bytes
stem_of(const struct pin_file *file)
{
    size_t folder = strlen(registries[file->registry].folder);
    const char *name = strrchr(file->path, '/') + 1;
    enum pin_language language;

    if (!is_ours(file->registry, name, &language) || strlen(file->path) <= folder ||
        !is_plain(file->path))
        return (struct pin_bytes){ NULL, 0 };
    return (struct pin_bytes){ file->path + folder + 1,
                               (size_t)(strchr(name, '.') - file->path) - folder - 1 };
}

static pin_status
job_key(struct pin_bytes stem, struct pin_buf *key, struct pin_err *err)
{
    struct pin_job_name name;
    pin_status st = pin__names_job(stem, &name, err);

    if (st == PIN_OK)
        pin__buf_adds(key, name.text);
    return st;
}

static pin_status
migration_key(struct pin_bytes stem, struct pin_buf *key, struct pin_err *err)
{
    if (stem.data[0] < '0' || stem.data[0] > '9')
        return pin__err_set(err, PIN_INVALID,
                            "a migration's name must start with its Unix time, as in "
                            "1700000001_create_users.js; rename it or move it elsewhere");
    pin__buf_add(key, stem.data, stem.size);
    return PIN_OK;
}

/* A segment of an address: dasherized as a job's name is, or "[id]", which stands for any one. */
static pin_status
view_segment(struct pin_bytes segment, struct pin_buf *key, struct pin_err *err)
{
    struct pin_bytes inner = { segment.data + 1, segment.size - 2 };
    struct pin_job_name name;
    pin_status st;

    pin__buf_addc(key, '/');
    if (segment.size > 2 && segment.data[0] == '[' && segment.data[segment.size - 1] == ']') {
        pin__buf_addc(key, '[');
        st = pin__names_camelize(inner, key, err);
        pin__buf_addc(key, ']');
        return st;
    }
    if ((st = pin__names_job(segment, &name, err)) == PIN_OK)
        pin__buf_adds(key, name.text);
    return st;
}

/* The address that a view answers: "index" is the folder's own. */
static pin_status
view_key(struct pin_bytes stem, struct pin_buf *key, struct pin_err *err)
{
    pin_status st = PIN_OK;

    while (st == PIN_OK && stem.size) {
        const char *slash = memchr(stem.data, '/', stem.size);
        size_t size = slash ? (size_t)(slash - stem.data) : stem.size;

        if (slash || size != 5 || memcmp(stem.data, "index", 5) != 0)
            st = view_segment((struct pin_bytes){ stem.data, size }, key, err);
        size += slash != NULL;
        stem = (struct pin_bytes){ stem.data + size, stem.size - size };
    }
    if (key->size == 0)
        pin__buf_addc(key, '/');
    return st;
}

/* Fills in the key, or the problem that there is none. */
static pin_status
name_file(struct pin_arena *a, struct pin_file *file, struct pin_err *err)
{
    struct pin_buf key = PIN_BUF_INIT(8192);
    struct pin_err why = PIN_ERR_INIT;
    struct pin_bytes stem = stem_of(file);
    pin_status st;

    if (!stem.data)
        return PIN_OK;
    if (file->registry == PIN_REGISTRY_BACKGROUND_JOBS)
        st = job_key(stem, &key, &why);
    else if (file->registry == PIN_REGISTRY_MIGRATIONS)
        st = migration_key(stem, &key, &why);
    else if (file->registry == PIN_REGISTRY_VIEWS)
        st = view_key(stem, &key, &why);
    else
        st = pin__names_camelize(stem, &key, &why);
    if (st == PIN_OK)
        st = pin__buf_check(&key, "its name", &why);
    if (st == PIN_OK)
        file->key = pin__arena_copy(a, pin__buf_text(&key), key.size);
    else if (!file->problem)
        file->problem = pin__arena_strdup(a, why.message);
    pin__buf_fini(&key);
    return file->key || file->problem ? PIN_OK : pin__err_no_memory(err);
}

/* How much of a migration's key tells it from others: its number, without leading zeros. */
static struct pin_bytes
number_of(const char *key)
{
    while (*key == '0')
        key++;
    return (struct pin_bytes){ key, strspn(key, "0123456789") };
}

static int
compare_keys(const struct pin_file *a, const struct pin_file *b)
{
    struct pin_bytes na, nb;

    if (a->registry != b->registry)
        return a->registry < b->registry ? -1 : 1;
    if (!a->key || !b->key)
        return !a->key - !b->key;
    if (a->registry != PIN_REGISTRY_MIGRATIONS)
        return strcasecmp(a->key, b->key);
    na = number_of(a->key);
    nb = number_of(b->key);
    if (na.size != nb.size)
        return na.size < nb.size ? -1 : 1;
    return memcmp(na.data, nb.data, na.size);
}

static int
by_path(const void *a, const void *b)
{
    const struct pin_file *fa = a, *fb = b;

    if (fa->registry != fb->registry)
        return fa->registry < fb->registry ? -1 : 1;
    return strcmp(fa->path, fb->path);
}

static int
by_key(const void *a, const void *b)
{
    const struct pin_file *const *fa = a, *const *fb = b;
    int c = compare_keys(*fa, *fb);

    return c ? c : strcmp((*fa)->path, (*fb)->path);
}

/* Files of one key, in a row at `group`: each is told that, and which. */
static pin_status
tell_twins(struct pin_arena *a, struct pin_file **group, size_t count, struct pin_err *err)
{
    struct pin_buf text = PIN_BUF_INIT(16384);
    bool number = group[0]->registry == PIN_REGISTRY_MIGRATIONS;
    const char *problem;

    for (size_t i = 0; i < count && i < TWINS_NAMED_MAX; i++)
        pin__buf_addf(&text, "%s%s",
                      i == 0           ? ""
                      : i + 1 == count ? " and "
                                       : ", ",
                      pin__quote_text(group[i]->path).text);
    if (count > TWINS_NAMED_MAX)
        pin__buf_addf(&text, " and %zu more", count - TWINS_NAMED_MAX);
    pin__buf_addf(&text, " have one %s, %s: none of them can be used; rename all but one",
                  number ? "number" : "name", pin__quote_text(group[0]->key).text);
    problem = text.bad ? NULL : pin__arena_copy(a, pin__buf_text(&text), text.size);
    pin__buf_fini(&text);
    if (!problem)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < count; i++)
        group[i]->problem = problem;
    return PIN_OK;
}

static pin_status
find_twins(struct pin_files *f, struct pin_err *err)
{
    struct pin_file **order = calloc(f->count ? f->count : 1, sizeof *order);
    pin_status st = PIN_OK;

    if (!order)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < f->count; i++)
        order[i] = &f->items[i];
    qsort(order, f->count, sizeof *order, by_key);
    for (size_t i = 0, n; st == PIN_OK && i < f->count; i += n) {
        for (n = 1; i + n < f->count && compare_keys(order[i], order[i + n]) == 0; n++)
            continue;
        if (n > 1 && order[i]->key)
            st = tell_twins(&f->arena, order + i, n, err);
    }
    free(order);
    return st;
}

static pin_status
list_registry(struct walk *w, int root, struct pin_err *err)
{
    const char *folder = registries[w->registry].folder;
    struct pin_arena *a = &w->out->arena;
    struct stat st;
    pin_status status;

    if (fstatat(root, folder, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return PIN_OK;
    if (!S_ISDIR(st.st_mode))
        return add_problem(w, folder,
                           S_ISLNK(st.st_mode)
                               ? "it is a symbolic link, which is not followed; put the folder "
                                 "itself here"
                               : "it is not a folder",
                           err);
    if ((status = enter_folder(w, root, folder, folder, 0, err)) != PIN_OK || !w->full)
        return status;
    return add_problem(
        w, folder,
        pin__arena_printf(a, "it holds more than %d files; the rest is ignored", PIN_FILES_MAX),
        err);
}

pin_status
pin__files_list(struct pin_files *out, const char *root, struct pin_err *err)
{
    struct walk w = { .out = out };
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    pin_status st = PIN_OK;

    *out = (struct pin_files){ .arena = PIN_ARENA_INIT(ARENA_BYTES_MAX) };
    if (fd < 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot open the project's folder %s",
                              pin__quote_text(root).text);
    for (int r = 0; st == PIN_OK && r < PIN_REGISTRY_COUNT; r++) {
        w.registry = (enum pin_registry)r;
        w.first = out->count;
        w.full = false;
        st = list_registry(&w, fd, err);
    }
    close(fd);
    for (size_t i = 0; st == PIN_OK && i < out->count; i++)
        st = name_file(&out->arena, &out->items[i], err);
    if (st != PIN_OK)
        return st;
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_path);
    return find_twins(out, err);
}

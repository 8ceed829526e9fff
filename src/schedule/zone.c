/* zone.c - see zone.h. */
#include "schedule/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"
#include "schedule/tzif.h"

#define LOCAL_FILE "/etc/localtime"

struct pin_zone {
    char *key; /* its name; "=" and the value of TZ for a local one */
    struct pin_tzif data;
    struct pin_zone *next;
};

struct pin_zones {
    char *folder;
    struct pin_zone *first;
    size_t count;
};

static void
free_zone(struct pin_zone *z)
{
    if (!z)
        return;
    pin__tzif_fini(&z->data);
    free(z->key);
    free(z);
}

pin_status
pin__zones_new(struct pin_zones **out, const char *folder, struct pin_err *err)
{
    struct pin_zones *z = calloc(1, sizeof *z);

    *out = NULL;
    if (!z || !(z->folder = strdup(folder && *folder ? folder : PIN_ZONE_FOLDER))) {
        free(z);
        return pin__err_no_memory(err);
    }
    *out = z;
    return PIN_OK;
}

void
pin__zones_free(struct pin_zones *z)
{
    if (!z)
        return;
    for (struct pin_zone *next; z->first; z->first = next) {
        next = z->first->next;
        free_zone(z->first);
    }
    free(z->folder);
    free(z);
}

static bool
is_utc(const char *name)
{
    return strcmp(name, "UTC") == 0 || strcmp(name, "Etc/UTC") == 0;
}

/* Parts of letters, digits, + - and _, with slashes between; so never a path out of the folder. */
static bool
is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t n = strlen(name), part = 0;

    if (n == 0 || n > PIN_ZONE_NAME_MAX || !strchr(letters, name[0]))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool fits = strchr(letters, name[i]) || strchr("0123456789+-_", name[i]);

        if (name[i] == '/' ? part == 0 : !fits)
            return false;
        part = name[i] == '/' ? 0 : part + 1;
    }
    return part > 0;
}

/* Links are followed: tzdata and /etc/localtime are made of them. */
static pin_status
read_file(const char *path, struct pin_buf *out, struct pin_err *err)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    pin_status status = PIN_OK;
    ssize_t n = 1;

    if (fd < 0)
        return pin__err_errno(err, errno == ENOENT || errno == ENOTDIR ? PIN_NOT_FOUND : PIN_IO,
                              errno, "cannot open %s", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        status = pin__err_set(err, PIN_INVALID, "%s is no file", path);
        goto out;
    }
    while (n > 0) {
        char *to = pin__buf_reserve(out, 4096);

        if (!to) {
            status = pin__buf_check(out, path, err);
            goto out;
        }
        n = read(fd, to, 4096);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            status = pin__err_errno(err, PIN_IO, errno, "cannot read %s", path);
        else
            out->size += (size_t)n;
    }
out:
    close(fd);
    return status;
}

static pin_status
load_file(struct pin_tzif *out, const char *path, struct pin_err *err)
{
    struct pin_buf file = PIN_BUF_INIT(PIN_TZIF_BYTES_MAX);
    pin_status st = read_file(path, &file, err);

    if (st == PIN_OK &&
        (st = pin__tzif_parse(out, (struct pin_bytes){ pin__buf_text(&file), file.size }, err)) !=
            PIN_OK)
        pin__err_prefix(err, "%s", path);
    pin__buf_fini(&file);
    return st;
}

static pin_status
load_rule(struct pin_tzif *out, const char *text, struct pin_err *err)
{
    out->has_rule = pin__posix_tz_parse(&out->rule, text, strlen(text));
    if (out->has_rule)
        return PIN_OK;
    return pin__err_set(err, PIN_INVALID, "it is neither a zone's name nor a rule");
}

static pin_status
load_named(const struct pin_zones *z, struct pin_tzif *out, const char *name, struct pin_err *err)
{
    char path[PATH_MAX];
    int n;

    if (is_utc(name))
        return load_rule(out, "UTC0", err);
    n = snprintf(path, sizeof path, "%s/%s", z->folder, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return pin__err_set(err, PIN_INVALID, "the path of the folder of zones is too long");
    return load_file(out, path, err);
}

/* Of the machine; nobody named it. */
static pin_status
load_machine(const struct pin_zones *z, struct pin_tzif *out, const char *name, struct pin_err *err)
{
    pin_status st = load_file(out, LOCAL_FILE, err);

    (void)z;
    (void)name;
    return st == PIN_NOT_FOUND ? load_rule(out, "UTC0", err) : st;
}

static pin_status
load_local(const struct pin_zones *z, struct pin_tzif *out, const char *tz, struct pin_err *err)
{
    pin_status st;

    tz += *tz == ':';
    if (!*tz)
        return load_rule(out, "UTC0", err);
    if (*tz == '/')
        return load_file(out, tz, err);
    if (is_name(tz) && (st = load_named(z, out, tz, err)) != PIN_NOT_FOUND)
        return st;
    return load_rule(out, tz, err);
}

static const struct pin_zone *
find(const struct pin_zones *z, const char *kind, const char *name)
{
    size_t n = strlen(kind);

    for (const struct pin_zone *one = z->first; one; one = one->next)
        if (strncmp(one->key, kind, n) == 0 && strcmp(one->key + n, name) == 0)
            return one;
    return NULL;
}

typedef pin_status loader(const struct pin_zones *z, struct pin_tzif *out, const char *name,
                          struct pin_err *err);

/* Takes what is in the cache, or loads it and keeps it. */
static pin_status
get(struct pin_zones *z, const char *kind, const char *name, loader *load,
    const struct pin_zone **out, struct pin_err *err)
{
    size_t size = strlen(kind) + strlen(name) + 1;
    struct pin_zone *new;
    pin_status st;

    if ((*out = find(z, kind, name)) != NULL)
        return PIN_OK;
    if (z->count >= PIN_ZONES_MAX)
        return pin__err_set(err, PIN_LIMIT, "more than %d time zones are in use", PIN_ZONES_MAX);
    new = calloc(1, sizeof *new);
    if (!new || !(new->key = malloc(size))) {
        free_zone(new);
        return pin__err_no_memory(err);
    }
    snprintf(new->key, size, "%s%s", kind, name);
    if ((st = load(z, &new->data, name, err)) != PIN_OK) {
        free_zone(new);
        return st;
    }
    new->next = z->first;
    z->first = new;
    z->count++;
    *out = new;
    return PIN_OK;
}

pin_status
pin__zones_get(struct pin_zones *z, const char *name, const struct pin_zone **out,
               struct pin_err *err)
{
    pin_status st;

    *out = NULL;
    if (!is_name(name))
        return pin__err_set(err, PIN_INVALID,
                            "%s cannot be the name of a time zone; write one such as Europe/Paris",
                            pin__quote_text(name).text);
    st = get(z, "", name, load_named, out, err);
    if (st == PIN_NOT_FOUND && access(z->folder, X_OK) != 0)
        return pin__err_set(err, PIN_NOT_FOUND,
                            "time zone %s is not known: there are no zones in %s; install the "
                            "package tzdata",
                            pin__quote_text(name).text, z->folder);
    if (st == PIN_NOT_FOUND)
        return pin__err_set(err, PIN_NOT_FOUND,
                            "time zone %s is not known (not in %s); write a name such as "
                            "Europe/Paris",
                            pin__quote_text(name).text, z->folder);
    if (st != PIN_OK)
        pin__err_prefix(err, "time zone %s", pin__quote_text(name).text);
    return st;
}

pin_status
pin__zones_local(struct pin_zones *z, const char *tz, const struct pin_zone **out,
                 struct pin_err *err)
{
    pin_status st;

    *out = NULL;
    st = tz ? get(z, "=", tz, load_local, out, err) : get(z, "-", "", load_machine, out, err);
    if (st != PIN_OK && tz)
        pin__err_prefix(err, "the time zone in TZ, %s", pin__quote_text(tz).text);
    else if (st != PIN_OK)
        pin__err_prefix(err, "the machine's time zone");
    return st;
}

int
pin__zone_offset(const struct pin_zone *z, int64_t unix_s)
{
    return pin__tzif_offset(&z->data, unix_s);
}

struct pin_civil
pin__zone_civil(const struct pin_zone *z, int64_t unix_s)
{
    return pin__civil_from_unix(unix_s, pin__zone_offset(z, unix_s));
}

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

struct stamp { /* what tells one file from another */
    struct timespec changed;
    off_t size;
    ino_t inode;
    dev_t device;
};

struct pin_zone {
    char *key; /* its name; "=" and the value of TZ for a local one */
    struct pin_tzif data;
    char *path;         /* of its file; NULL when it is from none */
    struct stamp stamp; /* of that file, when it was read; zeros: there was none */
    struct pin_zone *next;
    struct pin_zone *next_alike; /* in its bucket */
};

enum { BUCKETS = 256 };

struct pin_zones {
    char *folder;
    struct pin_zone *first;
    struct pin_zone *buckets[BUCKETS]; /* by key: each schedule that is due asks for its zone */
    size_t count;
};

static void
free_zone(struct pin_zone *z)
{
    if (!z)
        return;
    pin__tzif_fini(&z->data);
    free(z->path);
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

/* So never a path out of the folder. */
bool
pin__zone_is_name(const char *name, size_t size)
{
    size_t part = 0;

    if (size == 0 || size > PIN_ZONE_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool fits = letter || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '_';

        if ((i == 0 && !letter) || (c == '/' ? part == 0 : !fits))
            return false;
        part = c == '/' ? 0 : part + 1;
    }
    return part > 0;
}

static struct stamp
stamp_of(const struct stat *st)
{
    return (struct stamp){ st->st_mtim, st->st_size, st->st_ino, st->st_dev };
}

static bool
same_stamp(const struct stamp *a, const struct stamp *b)
{
    return a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec &&
           a->size == b->size && a->inode == b->inode && a->device == b->device;
}

/* Links are followed: tzdata and /etc/localtime are made of them. */
static pin_status
read_file(const char *path, struct pin_buf *out, struct stamp *stamp, struct pin_err *err)
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
    *stamp = stamp_of(&st);
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
parse_file(struct pin_tzif *out, const char *path, struct stamp *stamp, struct pin_err *err)
{
    struct pin_buf file = PIN_BUF_INIT(PIN_TZIF_BYTES_MAX);
    pin_status st = read_file(path, &file, stamp, err);

    if (st == PIN_OK &&
        (st = pin__tzif_parse(out, (struct pin_bytes){ pin__buf_text(&file), file.size }, err)) !=
            PIN_OK)
        pin__err_prefix(err, "%s", path);
    pin__buf_fini(&file);
    return st;
}

/* The loaders fill a zone that is all zeros but for its key. */
static pin_status
load_file(struct pin_zone *z, const char *path, struct pin_err *err)
{
    free(z->path);
    if (!(z->path = strdup(path)))
        return pin__err_no_memory(err);
    return parse_file(&z->data, path, &z->stamp, err);
}

static pin_status
load_rule(struct pin_zone *z, const char *text, struct pin_err *err)
{
    z->data.has_rule = pin__posix_tz_parse(&z->data.rule, text, strlen(text));
    if (z->data.has_rule)
        return PIN_OK;
    return pin__err_set(err, PIN_INVALID, "it is neither a zone's name nor a rule");
}

static pin_status
load_named(const struct pin_zones *zones, struct pin_zone *z, const char *name, struct pin_err *err)
{
    char path[PATH_MAX];
    int n;

    if (is_utc(name))
        return load_rule(z, "UTC0", err);
    n = snprintf(path, sizeof path, "%s/%s", zones->folder, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return pin__err_set(err, PIN_INVALID, "the path of the folder of zones is too long");
    return load_file(z, path, err);
}

/* Of the machine; nobody named it. Without the file it is UTC, until there is one. */
static pin_status
load_machine(const struct pin_zones *zones, struct pin_zone *z, const char *name,
             struct pin_err *err)
{
    pin_status st = load_file(z, LOCAL_FILE, err);

    (void)zones;
    (void)name;
    return st == PIN_NOT_FOUND ? load_rule(z, "UTC0", err) : st;
}

static pin_status
load_local(const struct pin_zones *zones, struct pin_zone *z, const char *tz, struct pin_err *err)
{
    pin_status st;

    tz += *tz == ':';
    if (!*tz)
        return load_rule(z, "UTC0", err);
    if (*tz == '/')
        return load_file(z, tz, err);
    if (pin__zone_is_name(tz, strlen(tz)) && (st = load_named(zones, z, tz, err)) != PIN_NOT_FOUND)
        return st;
    free(z->path);
    z->path = NULL;
    return load_rule(z, tz, err);
}

static unsigned
bucket(const char *kind, const char *name)
{
    unsigned h = 5381;

    for (; *kind; kind++)
        h = h * 33 + (unsigned char)*kind;
    for (; *name; name++)
        h = h * 33 + (unsigned char)*name;
    return h % BUCKETS;
}

static const struct pin_zone *
find(const struct pin_zones *z, const char *kind, const char *name)
{
    size_t n = strlen(kind);

    for (const struct pin_zone *one = z->buckets[bucket(kind, name)]; one; one = one->next_alike)
        if (strncmp(one->key, kind, n) == 0 && strcmp(one->key + n, name) == 0)
            return one;
    return NULL;
}

typedef pin_status loader(const struct pin_zones *zones, struct pin_zone *z, const char *name,
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
    if ((st = load(z, new, name, err)) != PIN_OK) {
        free_zone(new);
        return st;
    }
    new->next = z->first;
    z->first = new;
    new->next_alike = z->buckets[bucket(kind, name)];
    z->buckets[bucket(kind, name)] = new;
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
    if (!pin__zone_is_name(name, strlen(name)))
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

/* From when on the clocks of two tables differ, within a hundred years. */
static bool
first_difference(const struct pin_tzif *a, const struct pin_tzif *b, int64_t from, int64_t *at)
{
    const int64_t until = from + INT64_C(100) * 366 * 86400;

    for (int64_t t = from; t < until;) {
        struct pin_tz_span x = pin__tzif_span(a, t), y = pin__tzif_span(b, t);

        *at = t;
        if (x.offset_s != y.offset_s)
            return true;
        t = x.end < y.end ? x.end : y.end;
    }
    return false;
}

static void
describe_difference(const struct pin_tzif *old, const struct pin_tzif *new, int64_t now,
                    struct pin_buf *out)
{
    int64_t at;
    struct pin_civil c;
    int a, b;

    if (!first_difference(old, new, now, &at)) {
        pin__buf_adds(out, "its clocks show the same from now on");
        return;
    }
    c = pin__civil_from_unix(at, 0);
    a = pin__tzif_span(old, at).offset_s;
    b = pin__tzif_span(new, at).offset_s;
    pin__buf_addf(out,
                  "from %04lld-%02d-%02dT%02d:%02d:%02dZ on its clocks are %+d minutes from UTC, "
                  "in the old file %+d",
                  (long long)c.year, c.month, c.day, c.hour, c.minute, c.second, b / 60, a / 60);
}

/* Returns whether the file is another. What cannot be read leaves the zone as it was, and is told
 * once. */
static bool
reload(struct pin_zone *z, int64_t now, pin_zone_note *note, void *data)
{
    struct pin_buf text = PIN_BUF_INIT(4096);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_tzif new = { 0 };
    struct stamp stamp = { 0 };
    struct stat st;
    const char *name = z->path && strchr("=-", z->key[0]) ? z->path : z->key;

    if (!z->path)
        return false;
    if (stat(z->path, &st) == 0)
        stamp = stamp_of(&st);
    if (same_stamp(&stamp, &z->stamp))
        return false;
    if (parse_file(&new, z->path, &stamp, &err) != PIN_OK) {
        pin__buf_addf(&text, "the file of before stays in use: %s", err.message);
        pin__tzif_fini(&new);
    } else {
        pin__buf_addf(&text, "%s was read again (%lld bytes, %lld before): ", z->path,
                      (long long)stamp.size, (long long)z->stamp.size);
        describe_difference(&z->data, &new, now, &text);
        pin__tzif_fini(&z->data);
        z->data = new;
    }
    z->stamp = stamp;
    if (note)
        note(data, name, pin__buf_text(&text));
    pin__buf_fini(&text);
    return true;
}

size_t
pin__zones_reload(struct pin_zones *z, int64_t now_unix, pin_zone_note *note, void *data)
{
    size_t count = 0;

    for (struct pin_zone *one = z->first; one; one = one->next)
        count += reload(one, now_unix, note, data);
    return count;
}

struct pin_tz_span
pin__zone_span(const struct pin_zone *z, int64_t unix_s)
{
    return pin__tzif_span(&z->data, unix_s);
}

int
pin__zone_offset(const struct pin_zone *z, int64_t unix_s)
{
    return pin__zone_span(z, unix_s).offset_s;
}

struct pin_civil
pin__zone_civil(const struct pin_zone *z, int64_t unix_s)
{
    return pin__civil_from_unix(unix_s, pin__zone_offset(z, unix_s));
}

/* An instant with this wall time is less than PIN_TZ_OFFSET_S_MAX away from it. */
int
pin__zone_wall_instants(const struct pin_zone *z, int64_t wall_s, int64_t out[2],
                        struct pin_zone_gap *gap)
{
    struct pin_tz_span s = pin__zone_span(z, wall_s - PIN_TZ_OFFSET_S_MAX);
    bool swallowed = false;
    int count = 0;

    for (;;) {
        int64_t at = wall_s - s.offset_s, change = s.end;
        int before_s = s.offset_s;

        if (at >= s.start && at < s.end && count < 2)
            out[count++] = at;
        if (change > wall_s + PIN_TZ_OFFSET_S_MAX)
            return count;
        s = pin__zone_span(z, change);
        if (gap && !swallowed && wall_s >= change + before_s && wall_s < change + s.offset_s) {
            *gap = (struct pin_zone_gap){ change, before_s, s.offset_s };
            swallowed = true;
        }
    }
}

int
pin__zone_instants(const struct pin_zone *z, const struct pin_civil *local, int64_t out[2],
                   struct pin_zone_gap *gap)
{
    return pin__zone_wall_instants(z, pin__civil_to_unix(local), out, gap);
}

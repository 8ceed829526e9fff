/* scaffold.c - see scaffold.h. */
#include "command/scaffold.h"

#include <limits.h>
#include <sys/stat.h>

#include "base/path.h"

static pin_status
full_path(const struct scaffold *s, const char *path, char out[PATH_MAX], struct pin_err *err)
{
    int n = snprintf(out, PATH_MAX, "%s%s%s", s->root, *path ? "/" : "", path);

    if (n < 0 || n >= PATH_MAX)
        return pin__err_set(err, PIN_INVALID, "the path %s/%.40s... is too long", s->root, path);
    return PIN_OK;
}

static bool
is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static pin_status
make_folder(struct scaffold *s, const char *path, struct pin_err *err)
{
    pin_status st;

    if (is_folder(path))
        return PIN_OK;
    if ((st = pin__path_make_folders(path, err)) != PIN_OK)
        return st;
    pin__cli_paint(s->cli, STYLE_GREEN, "Creating dir \"%s\"", path);
    fputc('\n', s->cli->out);
    return PIN_OK;
}

pin_status
pin__scaffold_folder(struct scaffold *s, const char *path, struct pin_err *err)
{
    char full[PATH_MAX];
    pin_status st;

    if ((st = full_path(s, path, full, err)) != PIN_OK)
        return st;
    for (char *slash = full + strlen(s->root); (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        st = make_folder(s, full, err);
        *slash = '/';
        if (st != PIN_OK)
            return st;
    }
    return make_folder(s, full, err);
}

static bool
same_content(const char *path, const struct pin_buf *content)
{
    struct pin_buf old = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    bool same = pin__path_read(path, &old, NULL) == PIN_OK && old.size == content->size &&
                memcmp(pin__buf_text(&old), pin__buf_text(content), old.size) == 0;

    pin__buf_fini(&old);
    return same;
}

static void
skip(struct scaffold *s, const char *path)
{
    s->skipped++;
    pin__cli_paint(s->cli, STYLE_BLUE, "Skipping file \"%s\" (as it already exists)", path);
    fputc('\n', s->cli->out);
}

static pin_status
make_parent(struct scaffold *s, const char *path, struct pin_err *err)
{
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX];

    snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) : 0, path);
    return pin__scaffold_folder(s, parent, err);
}

pin_status
pin__scaffold_file(struct scaffold *s, const char *path, const struct pin_buf *content,
                   struct pin_err *err)
{
    char full[PATH_MAX];
    pin_status st;

    if ((st = pin__buf_check(content, path, err)) != PIN_OK ||
        (st = full_path(s, path, full, err)) != PIN_OK ||
        (st = make_parent(s, path, err)) != PIN_OK)
        return st;
    st = pin__path_create(full, (struct pin_bytes){ content->data, content->size }, err);
    if (st == PIN_OK) {
        pin__cli_paint(s->cli, STYLE_GREEN, "Creating file \"%s\"", full);
        fputc('\n', s->cli->out);
    }
    if (st != PIN_CONFLICT)
        return st;
    if (!same_content(full, content))
        skip(s, full);
    return PIN_OK;
}

enum pin_exit
pin__scaffold_end(const struct scaffold *s)
{
    return s->skipped ? PIN_EXIT_CONFLICT : PIN_EXIT_OK;
}

/* Runs one inflection into an array. */
static pin_status
inflect(pin_inflection *how, const char *text, char *out, size_t size, struct pin_err *err)
{
    struct pin_buf b = PIN_BUF_INIT(size);
    pin_status st = how((struct pin_bytes){ text, strlen(text) }, &b, err);

    if (st == PIN_OK)
        st = pin__buf_check(&b, "the name", err);
    snprintf(out, size, "%s", pin__buf_text(&b));
    pin__buf_fini(&b);
    return st;
}

pin_status
pin__scaffold_job_name(const char *typed, struct scaffold_name *out, struct pin_err *err)
{
    pin_status st;

    *out = (struct scaffold_name){ .path = "" };
    if (!typed || !*typed)
        return pin__err_set(err, PIN_INVALID, "a name must be given: --name NAME");
    st = pin__names_job((struct pin_bytes){ typed, strlen(typed) }, &out->dashed, err);
    snprintf(out->path, sizeof out->path, "%s", out->dashed.text);
    for (char *p = out->path; *p; p++)
        if (*p == '-')
            *p = '_';
    return st;
}

pin_status
pin__scaffold_name(const char *typed, struct scaffold_name *out, struct pin_err *err)
{
    pin_status st = pin__scaffold_job_name(typed, out, err);

    if (st == PIN_OK)
        st = inflect(pin__names_camelize, out->path, out->camel, sizeof out->camel, err);
    if (st == PIN_OK)
        st = inflect(pin__names_pluralize, out->camel, out->camel_plural, sizeof out->camel_plural,
                     err);
    return st;
}

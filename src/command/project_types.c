/* project_types.c - see project_types.h. */
#include "command/project_types.h"

#include <limits.h>
#include <unistd.h>

#include "base/path.h"
#include "project/files.h"

#define TYPES_FILE_MAX ((size_t)8 << 20)
#define OWN_FILE       "types/pinstripe.d.ts"
#define PROJECT_FILE   "types/project.d.ts"
#define DATABASE_FILE  "types/database.d.ts"

static const char jsconfig[] =
    "{\n"
    "    \"compilerOptions\": {\n"
    "        \"target\": \"es2023\",\n"
    "        \"lib\": [\"es2023\"],\n"
    "        \"module\": \"esnext\",\n"
    "        \"moduleResolution\": \"bundler\",\n"
    "        \"paths\": { \"pinstripe\": [\"./types/pinstripe.d.ts\"] },\n"
    "        \"types\": [],\n"
    "        \"allowJs\": true,\n"
    "        \"checkJs\": false,\n"
    "        \"strict\": true,\n"
    "        \"noImplicitAny\": false,\n"
    "        \"skipLibCheck\": true,\n"
    "        \"noEmit\": true\n"
    "    },\n"
    "    \"typeAcquisition\": { \"enable\": false },\n"
    "    \"include\": [\"pinstripe.config.js\", \"lib/**/*.js\", \"types/*.d.ts\"]\n"
    "}\n";

static const char no_tables[] =
    "// database.d.ts - the tables of the database: `pinstripe migrate-database` writes them "
    "here.\n"
    "\n"
    "export {};\n";

static const char project_head[] =
    "// project.d.ts - the project's own jobs, services and models, by their files. The generate "
    "commands and\n"
    "// `pinstripe migrate-database` write it anew.\n"
    "\n"
    "export {};\n"
    "\n"
    "declare module 'pinstripe' {\n";

/* ---- project.d.ts ---- */

/* What stands in an import; a path with other bytes is left out. */
static bool
is_plain(const char *path)
{
    for (; *path; path++)
        if ((unsigned char)*path <= ' ' || strchr("'\"\\*`", *path) || *path == 0x7f)
            return false;
    return true;
}

static void
declare_job(struct pin_buf *b, const struct pin_file *file)
{
    pin__buf_addf(b, "        '%s': true;\n", file->key);
}

static void
declare_service(struct pin_buf *b, const struct pin_file *file)
{
    pin__buf_addf(b, "        '%s': Made<typeof import('../%s').default>;\n", file->key,
                  file->path);
}

/* A model goes by its table. */
static void
declare_model(struct pin_buf *b, const struct pin_file *file)
{
    struct pin_bytes key = { file->key, strlen(file->key) };
    struct pin_buf table = PIN_BUF_INIT(PATH_MAX);

    if (pin__names_pluralize(key, &table, NULL) == PIN_OK)
        pin__buf_addf(b, "        '%s': typeof import('../%s').default;\n", pin__buf_text(&table),
                      file->path);
    pin__buf_fini(&table);
}

static const struct {
    enum pin_registry registry;
    const char *interface;
    void (*declare)(struct pin_buf *b, const struct pin_file *file);
} declared[] = {
    { PIN_REGISTRY_BACKGROUND_JOBS, "Jobs", declare_job },
    { PIN_REGISTRY_SERVICES, "ProjectServices", declare_service },
    { PIN_REGISTRY_MODELS, "Models", declare_model },
};

static pin_status
write_project(struct pin_buf *b, const char *root, struct pin_err *err)
{
    struct pin_files files;
    pin_status st = pin__files_list(&files, root, err);

    pin__buf_adds(b, project_head);
    for (size_t i = 0; st == PIN_OK && i < sizeof declared / sizeof *declared; i++) {
        pin__buf_addf(b, "    interface %s {\n", declared[i].interface);
        for (size_t k = 0; k < files.count; k++) {
            const struct pin_file *file = &files.items[k];

            if (file->registry == declared[i].registry && file->key && !file->problem &&
                is_plain(file->path))
                declared[i].declare(b, file);
        }
        pin__buf_adds(b, "    }\n");
    }
    pin__buf_adds(b, "}\n");
    pin__files_fini(&files);
    return st == PIN_OK ? pin__buf_check(b, PROJECT_FILE, err) : st;
}

/* ---- the files ---- */

static bool
place(char path[PATH_MAX], const char *root, const char *name)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", root, name);

    return n > 0 && n < PATH_MAX;
}

static bool
has_types(const char *root)
{
    char path[PATH_MAX];

    return place(path, root, OWN_FILE) && access(path, F_OK) == 0;
}

static pin_status
refresh_file(const char *root, const char *name, struct pin_bytes content, struct pin_err *err)
{
    struct pin_buf old = PIN_BUF_INIT(TYPES_FILE_MAX);
    char path[PATH_MAX];
    pin_status st = PIN_OK;

    if (!place(path, root, name))
        return pin__err_set(err, PIN_INVALID, "the path %s/%s is too long", root, name);
    if (pin__path_read(path, &old, NULL) != PIN_OK || old.size != content.size ||
        memcmp(pin__buf_text(&old), content.data, content.size) != 0)
        st = pin__path_replace(path, content, err);
    pin__buf_fini(&old);
    return st;
}

static pin_status
refresh_all(const char *root, const char *tables, struct pin_err *err)
{
    struct pin_bytes own = { pin__types_text, strlen(pin__types_text) };
    struct pin_buf project = PIN_BUF_INIT(TYPES_FILE_MAX);
    pin_status st;

    if ((st = write_project(&project, root, err)) == PIN_OK &&
        (st = refresh_file(root, OWN_FILE, own, err)) == PIN_OK)
        st =
            refresh_file(root, PROJECT_FILE, (struct pin_bytes){ project.data, project.size }, err);
    if (st == PIN_OK && tables)
        st = refresh_file(root, DATABASE_FILE, (struct pin_bytes){ tables, strlen(tables) }, err);
    pin__buf_fini(&project);
    return st;
}

void
pin__types_refresh(const struct cli *cli, const char *root, const char *tables)
{
    struct pin_err err = PIN_ERR_INIT;

    if (has_types(root) && refresh_all(root, tables, &err) != PIN_OK)
        pin__cli_say(cli, "pinstripe: the type declarations for editors are not up to date: %s",
                     err.message);
}

void
pin__types_annotate(struct pin_buf *content, const char *root, const char *type)
{
    static const char mark[] = "\nexport default";
    const char *text = pin__buf_text(content), *at = strstr(text, mark);
    struct pin_buf old = *content;

    if (!at || !has_types(root))
        return;
    *content = PIN_BUF_INIT(old.max);
    pin__buf_add(content, text, (size_t)(at - text));
    pin__buf_addf(content, "\n/** @type {import('pinstripe').%s} */%s", type, at);
    pin__buf_fini(&old);
}

static pin_status
create_file(struct scaffold *s, const char *name, const char *text, struct pin_err *err)
{
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    pin_status st;

    pin__buf_adds(&content, text);
    st = pin__scaffold_file(s, name, &content, err);
    pin__buf_fini(&content);
    return st;
}

pin_status
pin__types_create(struct scaffold *s, struct pin_err *err)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        { OWN_FILE, pin__types_text },
        { PROJECT_FILE, project_head },
        { DATABASE_FILE, no_tables },
    };
    char path[PATH_MAX];
    pin_status st = create_file(s, "jsconfig.json", jsconfig, err);

    for (size_t i = 0; st == PIN_OK && i < sizeof files / sizeof *files; i++)
        if (place(path, s->root, files[i].name) && access(path, F_OK) != 0)
            st = create_file(s, files[i].name, files[i].text, err);
    return st;
}

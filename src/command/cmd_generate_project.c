/* cmd_generate_project.c - a new project: configuration, folders, a first job. */
#include "command/command.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/project_types.h"

static const char config[] = "\n"
                             "/** @type {import('pinstripe').Config} */\n"
                             "export default {\n"
                             "    // Each environment (PINSTRIPE_ENV, else NODE_ENV, else "
                             "development) has a database of its own,\n"
                             "    // <environment>.db, unless a filename is given here.\n"
                             "    database: {\n"
                             "        adapter: 'sqlite'\n"
                             "    }\n"
                             "\n"
                             "    // multiTenant: true makes every background job run once for "
                             "each row of the table tenants.\n"
                             "};\n";

static const char first_job[] = "\n"
                                "export default {\n"
                                "    meta(){\n"
                                "        this.schedule('0 * * * *'); // every hour\n"
                                "    },\n"
                                "\n"
                                "    run(who = 'world'){\n"
                                "        console.log(`Hello, ${who}!`);\n"
                                "    }\n"
                                "};\n";

static const char gitignore[] = "*.db\n"
                                "*.db-shm\n"
                                "*.db-wal\n"
                                "build/\n"
                                "node_modules/\n";

static const char package_format[] = "{\n"
                                     "  \"type\": \"module\",\n"
                                     "  \"name\": \"%s\",\n"
                                     "  \"version\": \"0.0.0\",\n"
                                     "  \"private\": true\n"
                                     "}\n";

static const char *const folders[] = { "lib/background_jobs", "lib/models", "lib/services",
                                       "lib/migrations", "lib/views" };

static pin_status
write_file(struct scaffold *s, const char *path, const char *text, struct pin_err *err)
{
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    pin_status st;

    pin__buf_adds(&content, text);
    st = pin__scaffold_file(s, path, &content, err);
    pin__buf_fini(&content);
    return st;
}

/* A project that is there already gets what is missing, but no job that nobody asked for. */
static bool
is_project(const char *root)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/pinstripe.config.js", root);

    return n > 0 && n < PATH_MAX && access(path, F_OK) == 0;
}

static pin_status
write_job(struct scaffold *s, struct pin_err *err)
{
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    pin_status st;

    if (is_project(s->root))
        return PIN_OK;
    pin__buf_adds(&content, first_job);
    pin__types_annotate(&content, s->root, "BackgroundJob");
    st = pin__scaffold_file(s, "lib/background_jobs/hello_world.js", &content, err);
    pin__buf_fini(&content);
    return st;
}

static pin_status
write_project(struct scaffold *s, const char *name, struct pin_err *err)
{
    char package[sizeof package_format + PIN_JOB_NAME_SIZE];
    pin_status st = PIN_OK;

    snprintf(package, sizeof package, package_format, name);
    for (size_t i = 0; st == PIN_OK && i < sizeof folders / sizeof *folders; i++)
        st = pin__scaffold_folder(s, folders[i], err);
    if (st != PIN_OK || (st = write_file(s, "package.json", package, err)) != PIN_OK ||
        (st = write_file(s, ".gitignore", gitignore, err)) != PIN_OK ||
        (st = pin__types_create(s, err)) != PIN_OK || (st = write_job(s, err)) != PIN_OK)
        return st;
    pin__types_refresh(s->cli, s->root, NULL);
    return write_file(s, "pinstripe.config.js", config, err); /* last: from now on it is one */
}

/* The folder, made when it is not there, as an absolute path without links. */
static pin_status
open_folder(const struct cli *cli, const char *typed, char root[PATH_MAX], struct pin_err *err)
{
    bool made = mkdir(typed, 0777) == 0;

    if (!made && errno != EEXIST)
        return pin__err_errno(err, errno == EACCES ? PIN_DENIED : PIN_IO, errno,
                              "cannot create folder %s", typed);
    if (!realpath(typed, root))
        return pin__err_errno(err, PIN_IO, errno, "cannot open folder %s", typed);
    if (made) {
        pin__cli_paint(cli, STYLE_GREEN, "Creating dir \"%s\"", root);
        fputc('\n', cli->out);
    }
    return PIN_OK;
}

/* The last part of the path names the package. */
static pin_status
package_name(const char *path, struct scaffold_name *name, struct pin_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;

    if (strcmp(last, "..") == 0 || strcmp(last, ".") == 0)
        return pin__err_set(err, PIN_INVALID, "give the new project's folder a name, not \"%s\"",
                            path);
    return pin__scaffold_job_name(last, name, err);
}

static enum pin_exit
generate_project_exec(struct cli *cli, const struct args *a)
{
    const char *typed = pin__args_value(a, "name");
    struct pin_err err = PIN_ERR_INIT;
    struct scaffold_name name;
    char root[PATH_MAX];
    struct scaffold s = { .cli = cli, .root = root };
    bool is_new;

    if (!typed)
        typed = "";
    if (package_name(typed, &name, &err) != PIN_OK || open_folder(cli, typed, root, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    is_new = !is_project(root);
    if (write_project(&s, name.dashed.text, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (is_new)
        pin__cli_say(cli,
                     "\nNow run its first background job:\n\n  cd %s\n"
                     "  pinstripe run-background-job hello-world\n",
                     typed);
    return pin__scaffold_end(&s);
}

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "the folder to create; its last part names the project"),
    OPT_END,
};

const struct command pin__cmd_generate_project = {
    .name = "generate-project",
    .args = "NAME",
    .brief = "create a new project in a folder of that name",
    .details = "Files that are there already are left as they are: a project gets what it lacks.",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_NOTHING,
    .exec = generate_project_exec,
};

/* cmd_generate_view.c - a new file in lib/views. */
#include "base/quote.h"
#include "command/command.h"
#include "command/project_types.h"
#include "project/names.h"

static void
write_view(struct pin_buf *b, const char *path)
{
    pin__buf_addf(b,
                  "\n"
                  "export default {\n"
                  "    async render(){\n"
                  "        return { message: 'Hello from %s' };\n"
                  "    }\n"
                  "};\n",
                  path);
}

/* As files of views are called: snake case, but for "[id]". */
static pin_status
add_segment(struct pin_buf *path, struct pin_bytes segment, struct pin_err *err)
{
    struct pin_bytes inner = { segment.data + 1, segment.size - 2 };
    struct pin_job_name name;
    pin_status st;

    if (segment.size > 2 && segment.data[0] == '[' && segment.data[segment.size - 1] == ']') {
        pin__buf_addc(path, '[');
        st = pin__names_camelize(inner, path, err);
        pin__buf_addc(path, ']');
        return st;
    }
    if ((st = pin__names_job(segment, &name, err)) == PIN_OK)
        st = pin__names_snakeify((struct pin_bytes){ name.text, strlen(name.text) }, path, err);
    return st;
}

/* An address or a path; "/" is the front page. */
static pin_status
view_path(const char *name, struct pin_buf *path, struct pin_err *err)
{
    const char *at = name + (*name == '/');
    pin_status st = PIN_OK;

    pin__buf_adds(path, "lib/views/");
    if (!*at)
        pin__buf_adds(path, "index");
    while (st == PIN_OK && *at) {
        size_t size = strcspn(at, "/");

        st = add_segment(path, (struct pin_bytes){ at, size }, err);
        at += size;
        if (*at)
            pin__buf_addc(path, *at++);
    }
    pin__buf_adds(path, ".js");
    if (st != PIN_OK)
        pin__err_prefix(err, "no view can be called %s", pin__quote_text(name).text);
    return st == PIN_OK ? pin__buf_check(path, "the view's path", err) : st;
}

static enum pin_exit
generate_view_exec(struct cli *cli, const struct args *a)
{
    struct scaffold s = { .cli = cli, .root = cli->root };
    struct pin_buf content = PIN_BUF_INIT(SCAFFOLD_FILE_MAX);
    struct pin_buf path = PIN_BUF_INIT(PIN_JOB_NAME_SIZE * 2);
    const char *name = pin__args_value(a, "name");
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    if (!name || !*name)
        st = pin__err_set(&err, PIN_INVALID, "generate-view needs a name, as in reports/daily");
    else if ((st = view_path(name, &path, &err)) == PIN_OK) {
        write_view(&content, pin__buf_text(&path));
        pin__types_annotate(&content, cli->root, "View");
        st = pin__scaffold_file(&s, pin__buf_text(&path), &content, &err);
    }
    pin__buf_fini(&content);
    pin__buf_fini(&path);
    return st == PIN_OK ? pin__scaffold_end(&s) : pin__cli_fail(cli, &err);
}

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "the address that it answers: reports/daily, users/[id], /"),
    OPT_END,
};

const struct command pin__cmd_generate_view = {
    .name = "generate-view",
    .args = "NAME",
    .brief = "create a new view file in lib/views",
    .details = "start-server then answers /NAME by it. A file that is there already is left as it "
               "is.",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_PROJECT,
    .exec = generate_view_exec,
};

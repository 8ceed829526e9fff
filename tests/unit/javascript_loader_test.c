/* javascript_loader_test.c - what a file of a project may import, and how a broken one is told: all
 * files below are one project, so each row also shows that the others did not hurt it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "javascript/engine.h"

enum { LONG_CHAIN = 10000, SHORT_CHAIN = 200, PATH_SIZE = 300 };

#define JOB "export default { run(){} };\n"

static const struct {
    const char *job;    /* lib/background_jobs/JOB.js */
    const char *source; /* NULL: made by make_special_files */
    const char *broken; /* must be in the message; NULL: the job is whole */
    int line;           /* that is told; 0: none */
} rows[] = {
    { "plain", JOB, NULL, 0 },
    { "helper", "import { one } from '../helpers/one.js'; one();\n" JOB, NULL, 0 },
    { "dots", "import { one } from './.././/./helpers/one.js'; one();\n" JOB, NULL, 0 },
    { "data", "import data from '../helpers/data.json'; data.a.b;\n" JOB, NULL, 0 },
    { "public", "import { BackgroundJob, Workspace } from 'pinstripe'; Workspace.run;\n" JOB, NULL,
      0 },
    { "dynamic", "const { one } = await import('../helpers/one.js'); one();\n" JOB, NULL, 0 },
    { "circular-a", "import './circular-b.js';\n" JOB, NULL, 0 },
    { "circular-b", "import './circular-a.js';\n" JOB, NULL, 0 },
    { "itself", "import * as me from './itself.js'; export const x = () => me;\n" JOB, NULL, 0 },
    { "waits", "await new Promise(r => setTimeout(r, 2));\n" JOB, NULL, 0 },
    { "linked-folder", "import '../inside/one.js';\n" JOB,
      "lib/inside is no folder, or a symbolic link", 0 },
    { "chain-of-200", "import '../chain/0.js';\n" JOB, NULL, 0 },
    /* F77: outside, and what only looks like ours */
    { "outside", "import '../../../secret.js';\n" JOB, "it is outside the project's folder", 0 },
    { "outside-deep", "import './a/../../../../secret.js';\n" JOB, "it is outside the project", 0 },
    { "outside-dynamic", "await import('../../../secret.js');\n" JOB, "outside the project", 0 },
    { "absolute", "import '/etc/passwd';\n" JOB, "absolute paths are not imported", 0 },
    { "url", "import 'https://example.com/x.js';\n" JOB, "URLs are not imported", 0 },
    { "file-url", "import 'file:///etc/passwd';\n" JOB, "URLs are not imported", 0 },
    { "data-url", "import 'data:text/javascript,1';\n" JOB, "URLs are not imported", 0 },
    { "percent", "import './%2e%2e/%2e%2e/x.js';\n" JOB, "without %, ?, # or backslash", 0 },
    { "query", "import '../helpers/one.js?x';\n" JOB, "without %, ?, # or backslash", 0 },
    { "backslash", "import './..\\\\..\\\\x.js';\n" JOB, "without %, ?, # or backslash", 0 },
    { "internal", "import 'pinstripe:entry';\n" JOB, "'pinstripe:' modules are internal", 0 },
    { "native", "import 'pinstripe:native/engine';\n" JOB, "are internal", 0 },
    { "scheme", "import 'project:lib/helpers/one.js';\n" JOB, "URLs are not imported", 0 },
    { "prefix", "import 'pinstripe/x.js';\n" JOB, "packages are not imported", 0 },
    { "prefix-longer", "import 'pinstripes';\n" JOB, "packages are not imported", 0 },
    { "package", "import fs from 'fs';\n" JOB, "packages are not imported", 0 },
    { "empty", "import '';\n" JOB, "packages are not imported", 0 },
    { "no-ending", "import '../helpers/one';\n" JOB, "write the file's ending", 0 },
    { "folder", "import '../helpers/';\n" JOB, "write the file's ending", 0 },
    { "folder-js", "import '../helpers/folder.js';\n" JOB, "is a folder, not a file", 0 },
    { "missing", "import './nobody.js';\n" JOB, "lib/background_jobs/nobody.js: cannot open", 0 },
    { "control", "import './a\\u0001.js';\n" JOB, "control character", 0 },
    { "nul", "import './a\\0/../../../../secret.js';\n" JOB, "write the file's ending", 0 },
    { "link-out", "import '../helpers/link_out.js';\n" JOB, "is a symbolic link", 0 },
    { "linked-folder-out", "import '../out/secret.js';\n" JOB,
      "lib/out is no folder, or a symbolic link", 0 },
    { "fifo", "import '../helpers/fifo.js';\n" JOB, "is a FIFO, not a file", 0 },
    { "huge", "import '../helpers/huge.js';\n" JOB, "more than the limit of 8388608", 0 },
    { "in-function", "await new Function(\"return import('/etc/passwd')\")();\n" JOB,
      "cannot import '/etc/passwd'", 0 },
    /* F78, F79 and what else breaks a file */
    { "syntax", "\nexport default {\n    run(){ let x = ; }\n};\n", "SyntaxError", 3 },
    { "throws", "\nthrow new TypeError('top');\n", "TypeError: top", 2 },
    { "throws-text", "throw 'text';\n", "text", 0 },
    { "imports-broken", "import './syntax.js';\n" JOB, "SyntaxError", 3 },
    { "imports-broken-too", "import './syntax.js';\n" JOB, "SyntaxError", 3 },
    { "imports-throwing", "import './throws.js';\n" JOB, "TypeError: top", 2 },
    { "no-such-export", "import { two } from '../helpers/one.js'; two();\n" JOB, "two", 0 },
    { "bad-json", "import '../helpers/bad.json';\n" JOB, "SyntaxError", 0 },
    { "never-ends", "await new Promise(() => {});\n" JOB, "that nothing can settle", 0 },
    { "leaves-timer", "setTimeout(() => {}, 1000);\n" JOB, "leaves 1 timer open", 0 },
    { "leaves-interval", "setInterval(() => {}, 1000);\n" JOB, "leaves 1 timer open", 0 },
    { "rejects", "Promise.reject(new Error('floating'));\n" JOB, "floating", 1 },
    { "timer-throws",
      "setTimeout(() => { throw new Error('tick') }, 0);\n"
      "await new Promise(r => setTimeout(r, 3));\n" JOB,
      "tick", 1 },
    { "after-all", "export default { run(){} };\n", NULL, 0 },
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static char root[PATH_SIZE];

static void
write_file(const char *path, const char *text, size_t size)
{
    struct pin_err err = PIN_ERR_INIT;
    char full[2 * PATH_SIZE];

    snprintf(full, sizeof full, "%s/%s", root, path);
    if (pin__path_create(full, (struct pin_bytes){ text, size }, &err) != PIN_OK)
        fail_msg("%s", err.message);
}

static void
make_folder(const char *path)
{
    struct pin_err err = PIN_ERR_INIT;
    char full[2 * PATH_SIZE];

    snprintf(full, sizeof full, "%s/%s", root, path);
    if (pin__path_make_folders(full, &err) != PIN_OK)
        fail_msg("%s", err.message);
}

static const char *
at_root(const char *path)
{
    static char full[2 * PATH_SIZE];

    snprintf(full, sizeof full, "%s/%s", root, path);
    return full;
}

/* 0.js imports 1.js imports ... */
static void
make_chain(int length)
{
    char path[64], text[64];

    make_folder("lib/chain");
    for (int i = 0; i < length; i++) {
        int n = snprintf(text, sizeof text, i + 1 < length ? "import './%d.js';\n" : "1;\n", i + 1);

        snprintf(path, sizeof path, "lib/chain/%d.js", i);
        write_file(path, text, (size_t)n);
    }
}

static void
make_special_files(void)
{
    static char huge[(8 << 20) + 1];

    make_folder("lib/helpers/folder.js");
    write_file("lib/helpers/one.js", "export const one = () => 1;\n", 28);
    write_file("lib/helpers/data.json", "{\"a\":{\"b\":1}}", 13);
    write_file("lib/helpers/bad.json", "{\"a\":", 5);
    memset(huge, ' ', sizeof huge);
    write_file("lib/helpers/huge.js", huge, sizeof huge);
    write_file("../secret.js", "globalThis.secret = 1;\n", 23);
    assert_int_equal(mkfifo(at_root("lib/helpers/fifo.js"), 0600), 0);
    assert_int_equal(symlink("../../../secret.js", at_root("lib/helpers/link_out.js")), 0);
    assert_int_equal(symlink("helpers", at_root("lib/inside")), 0);
    assert_int_equal(symlink("../..", at_root("lib/out")), 0);
    make_chain(SHORT_CHAIN);
}

static void
make_project(void)
{
    char path[PATH_SIZE];

    snprintf(root, sizeof root, "/tmp/pinstripe-loader-XXXXXX");
    assert_non_null(mkdtemp(root));
    strncat(root, "/project", sizeof root - strlen(root) - 1);
    make_folder("lib/background_jobs");
    make_special_files();
    for (size_t i = 0; i < ROW_COUNT; i++) {
        snprintf(path, sizeof path, "lib/background_jobs/%s.js", rows[i].job);
        write_file(path, rows[i].source, strlen(rows[i].source));
    }
}

static void
remove_project(void)
{
    char command[PATH_SIZE + 32];

    *strrchr(root, '/') = '\0';
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
}

static void
open_engine(struct pin_engine **e)
{
    struct pin_engine_options options = { .root = root, .environment = "test", .version = "test" };
    struct pin_err err = PIN_ERR_INIT;

    if (pin__engine_new(e, &options, &err) != PIN_OK)
        fail_msg("%s", err.message);
}

static json_t *
load(struct pin_engine *e)
{
    struct pin_buf catalog = PIN_BUF_INIT(8 << 20);
    struct pin_err err = PIN_ERR_INIT;
    json_error_t where;
    json_t *json;

    if (pin__engine_load(e, &catalog, &err) != PIN_OK)
        fail_msg("%s", err.message);
    json = json_loads(pin__buf_text(&catalog), 0, &where);
    if (!json)
        fail_msg("the catalog is no JSON: %s: %s", where.text, pin__buf_text(&catalog));
    pin__buf_fini(&catalog);
    return json;
}

static json_t *
find_job(json_t *catalog, const char *name)
{
    json_t *jobs = json_object_get(catalog, "jobs");

    for (size_t i = 0; i < json_array_size(jobs); i++) {
        json_t *job = json_array_get(jobs, i);

        if (strcmp(json_string_value(json_object_get(job, "name")), name) == 0) {
            json_t *broken = json_object_get(job, "broken"); /* may be left out */

            return broken ? broken : json_null();
        }
    }
    fail_msg("%s is not in the catalog", name);
    return NULL;
}

static void
files_are_loaded_or_told_as_broken(void **state)
{
    struct pin_engine *e;
    json_t *catalog;

    (void)state;
    make_project();
    open_engine(&e);
    catalog = load(e);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        json_t *broken = find_job(catalog, rows[i].job);
        const char *message = json_string_value(json_object_get(broken, "message"));
        json_int_t line = json_integer_value(json_object_get(broken, "line"));

        if (rows[i].broken ? !message || !strstr(message, rows[i].broken) : message != NULL)
            fail_msg("%s: told as: %s", rows[i].job, message ? message : "whole");
        if (rows[i].line && line != rows[i].line)
            fail_msg("%s: line %lld, not %d", rows[i].job, (long long)line, rows[i].line);
    }
    json_decref(catalog);
    pin__engine_free(e);
    remove_project();
}

/* Whether 10,000 files deep works or is an error is the stack's affair; it never is a crash. */
static void
a_long_chain_of_imports_is_no_crash(void **state)
{
    struct pin_engine *e;
    json_t *catalog, *broken;

    (void)state;
    snprintf(root, sizeof root, "/tmp/pinstripe-loader-XXXXXX");
    assert_non_null(mkdtemp(root));
    strncat(root, "/project", sizeof root - strlen(root) - 1);
    make_folder("lib/background_jobs");
    make_chain(LONG_CHAIN);
    write_file("lib/background_jobs/deep.js", "import '../chain/0.js';\n" JOB, strlen(JOB) + 24);
    write_file("lib/background_jobs/other.js", JOB, strlen(JOB));
    open_engine(&e);
    pin__engine_set_top_level_limit(e, 120000);
    catalog = load(e);
    broken = find_job(catalog, "deep");
    if (!json_is_null(broken) &&
        !strstr(json_string_value(json_object_get(broken, "message")), "stack overflow"))
        fail_msg("deep: %s", json_string_value(json_object_get(broken, "message")));
    assert_true(json_is_null(find_job(catalog, "other")));
    json_decref(catalog);
    pin__engine_free(e);
    remove_project();
}

static void
a_top_level_without_end_is_given_up(void **state)
{
    static const char *const endless[] = { "for(;;);", "await 1; for(;;) await 1;" };

    (void)state;
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        struct pin_engine *e;
        json_t *catalog;

        snprintf(root, sizeof root, "/tmp/pinstripe-loader-XXXXXX");
        assert_non_null(mkdtemp(root));
        strncat(root, "/project", sizeof root - strlen(root) - 1);
        make_folder("lib/background_jobs");
        write_file("lib/background_jobs/a.js", endless[i], strlen(endless[i]));
        write_file("lib/background_jobs/b.js", JOB, strlen(JOB));
        open_engine(&e);
        pin__engine_set_top_level_limit(e, 100);
        catalog = load(e);
        if (!strstr(json_string_value(json_object_get(find_job(catalog, "a"), "message")),
                    "did not end within"))
            fail_msg("%s: %s", endless[i], json_dumps(catalog, 0));
        assert_true(json_is_null(find_job(catalog, "b")));
        json_decref(catalog);
        pin__engine_free(e);
        remove_project();
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_loaded_or_told_as_broken),
        cmocka_unit_test(a_long_chain_of_imports_is_no_crash),
        cmocka_unit_test(a_top_level_without_end_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

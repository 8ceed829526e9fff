/* project_files_test.c - projects in temporary folders, with everything in them that a folder can
 * hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/path.h"
#include "project/files.h"
#include "project/project.h"

static char root[64];

static int
make_root(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/pin-project-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int
remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *
in_root(const char *path)
{
    static char full[PATH_MAX];

    snprintf(full, sizeof full, "%s/%s", root, path);
    return full;
}

static void
make_folder(const char *path)
{
    assert_int_equal(pin__path_make_folders(in_root(path), NULL), PIN_OK);
}

static void
make_file(const char *path)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof folder, "%s", path);
    if (strrchr(folder, '/')) {
        *strrchr(folder, '/') = '\0';
        make_folder(folder);
    }
    assert_int_equal(
        pin__path_create(in_root(path), (struct pin_bytes){ "export default {}\n", 18 }, NULL),
        PIN_OK);
}

static const struct pin_file *
find(const struct pin_files *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i].path, path) == 0)
            return &files->items[i];
    return NULL;
}

static void
list(struct pin_files *files)
{
    struct pin_err err = PIN_ERR_INIT;

    if (pin__files_list(files, root, &err) != PIN_OK)
        fail_msg("%s", err.message);
}

static void
keys_follow_the_rules_of_each_registry(void **state)
{
    static const struct {
        const char *path, *key;
    } rows[] = {
        { "lib/background_jobs/_private_job.js", "private-job" },
        { "lib/background_jobs/admin/clean_up.js", "admin/clean-up" },
        { "lib/background_jobs/sayHello.js", "say-hello" },
        { "lib/services/_hidden.js", "hidden" },
        { "lib/services/billing/tax_rate.js", "billingTaxRate" },
        { "lib/models/used_hash.js", "usedHash" },
        { "lib/migrations/1700000001_create_core.js", "1700000001_create_core" },
        { "lib/views/index.js", "/" },
        { "lib/views/reports/daily_summary.js", "/reports/daily-summary" },
        { "lib/views/reports/index.js", "/reports" },
        { "lib/views/users/[user_id]/index.js", "/users/[userId]" },
    };
    static const char *const ignored[] = {
        "lib/background_jobs/_file_importer.js",
        "lib/background_jobs/x.v2.js",
        "lib/background_jobs/x.mjs",
        "lib/background_jobs/README",
        "lib/background_jobs/.hidden.js",
        "lib/background_jobs/.git/x.js",
        "lib/layouts/x.js",
    };
    struct pin_files files;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        make_file(rows[i].path);
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        make_file(ignored[i]);
    list(&files);
    assert_int_equal(files.count, sizeof rows / sizeof rows[0]);
    for (size_t i = 0; i < files.count; i++) {
        assert_string_equal(files.items[i].path, rows[i].path); /* sorted, by registry */
        if (files.items[i].problem || strcmp(files.items[i].key, rows[i].key) != 0)
            fail_msg("%s: key %s, problem %s", rows[i].path,
                     files.items[i].key ? files.items[i].key : "none",
                     files.items[i].problem ? files.items[i].problem : "none");
    }
    pin__files_fini(&files);
}

static void
expect_problem(const struct pin_files *files, const char *path, const char *word)
{
    const struct pin_file *file = find(files, path);

    if (!file)
        fail_msg("%s is not in the list", path);
    else if (!file->problem || !strstr(file->problem, word))
        fail_msg("%s: %s; expected %s", path, file->problem ? file->problem : "no problem", word);
}

static void
make_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%.40s/%.60s", root, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static void
what_is_no_file_is_named_and_hides_nothing(void **state)
{
    struct pin_files files;
    bool device;

    (void)state;
    make_file("lib/background_jobs/good.js");
    make_file("secret.js");
    assert_int_equal(symlink("/etc/passwd", in_root("lib/background_jobs/out.js")), 0);
    assert_int_equal(symlink("good.js", in_root("lib/background_jobs/in.js")), 0);
    assert_int_equal(symlink("nowhere", in_root("lib/background_jobs/nowhere.js")), 0);
    assert_int_equal(symlink(".", in_root("lib/background_jobs/loop")), 0);
    assert_int_equal(symlink("good.js", in_root("lib/background_jobs/notes")), 0);
    assert_int_equal(mkfifo(in_root("lib/background_jobs/fifo.js"), 0600), 0);
    make_socket("lib/background_jobs/socket.js");
    make_folder("lib/background_jobs/folder.js/x");
    make_file("lib/background_jobs/big.js");
    assert_int_equal(truncate(in_root("lib/background_jobs/big.js"), (off_t)2 << 30), 0);
    make_file("lib/background_jobs/private.js");
    assert_int_equal(chmod(in_root("lib/background_jobs/private.js"), 0), 0);
    device = mknod(in_root("lib/background_jobs/device.js"), S_IFCHR | 0600, 0x0105) == 0;
    make_file("lib/background_jobs/日本語.js");
    make_file("lib/background_jobs/a\nb.js");
    make_file("lib/background_jobs/bad\xff.js");
    make_file("lib/services/123.js");
    make_file("lib/migrations/create_core.js");
    make_file("lib/migrations/sub/1_x.js");
    list(&files);
    assert_null(find(&files, "lib/background_jobs/good.js")->problem);
    assert_null(find(&files, "lib/background_jobs/notes"));
    expect_problem(&files, "lib/background_jobs/out.js", "symbolic link");
    expect_problem(&files, "lib/background_jobs/in.js", "symbolic link");
    expect_problem(&files, "lib/background_jobs/nowhere.js", "symbolic link");
    expect_problem(&files, "lib/background_jobs/loop", "symbolic link");
    expect_problem(&files, "lib/background_jobs/fifo.js", "FIFO");
    expect_problem(&files, "lib/background_jobs/socket.js", "socket");
    expect_problem(&files, "lib/background_jobs/folder.js", "is a folder");
    expect_problem(&files, "lib/background_jobs/big.js", "2147483648 bytes");
    if (geteuid() != 0)
        expect_problem(&files, "lib/background_jobs/private.js", "permission");
    if (device)
        expect_problem(&files, "lib/background_jobs/device.js", "device");
    expect_problem(&files, "lib/background_jobs/日本語.js", "nothing is left");
    expect_problem(&files, "\"lib/background_jobs/a\\x0ab.js\"", "control characters");
    expect_problem(&files, "\"lib/background_jobs/bad\\xff.js\"", "UTF-8");
    expect_problem(&files, "lib/services/123.js", "cannot camelize");
    expect_problem(&files, "lib/migrations/create_core.js", "Unix time");
    expect_problem(&files, "lib/migrations/sub/1_x.js", "Unix time");
    pin__files_fini(&files);
}

static void
a_registry_that_is_a_link_or_a_file_is_named(void **state)
{
    struct pin_files files;

    (void)state;
    make_folder("lib");
    make_file("lib/services");
    assert_int_equal(symlink("/etc", in_root("lib/background_jobs")), 0);
    list(&files);
    assert_int_equal(files.count, 2);
    expect_problem(&files, "lib/background_jobs", "symbolic link");
    expect_problem(&files, "lib/services", "not a folder");
    pin__files_fini(&files);
}

static void
files_of_one_name_are_all_refused_naming_all(void **state)
{
    static const char *const twins[][2] = {
        { "lib/background_jobs/say_hello.js", "lib/background_jobs/sayHello.js" },
        { "lib/background_jobs/x.js", "lib/background_jobs/X.js" },
        { "lib/services/tax_rate.js", "lib/services/tax/rate.js" },
        { "lib/models/foo_bar.js", "lib/models/foobar.js" },
        { "lib/migrations/17_a.js", "lib/migrations/017_b.js" },
    };
    struct pin_files files;

    (void)state;
    make_file("lib/background_jobs/alone.js");
    make_file("lib/services/x.js"); /* another registry: no twin of the job x */
    make_file("lib/migrations/18_a.js");
    make_file("lib/migrations/170_a.js");
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
        for (int k = 0; k < 2; k++)
            make_file(twins[i][k]);
    list(&files);
    assert_int_equal(files.count, 14);
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
        for (int k = 0; k < 2; k++) {
            expect_problem(&files, twins[i][k], twins[i][0]);
            expect_problem(&files, twins[i][k], twins[i][1]);
        }
    assert_null(find(&files, "lib/background_jobs/alone.js")->problem);
    assert_null(find(&files, "lib/services/x.js")->problem);
    assert_null(find(&files, "lib/migrations/18_a.js")->problem);
    assert_null(find(&files, "lib/migrations/170_a.js")->problem);
    pin__files_fini(&files);
}

static void
depth_and_number_are_bounded(void **state)
{
    char path[PATH_MAX] = "lib/background_jobs";
    struct pin_files files;

    (void)state;
    for (int i = 0; i < PIN_FILES_DEPTH_MAX + 3; i++)
        snprintf(path + strlen(path), sizeof path - strlen(path), "/d");
    make_folder(path);
    snprintf(path + strlen(path), sizeof path - strlen(path), "/x.js");
    make_file(path);
    for (int i = 0; i <= PIN_FILES_MAX; i++) {
        snprintf(path, sizeof path, "lib/services/s%d.js", i);
        if (i == 0)
            make_file(path);
        else {
            char first[PATH_MAX];

            snprintf(first, sizeof first, "%s/lib/services/s0.js", root);
            assert_int_equal(link(first, in_root(path)), 0);
        }
    }
    make_file("lib/models/m.js");
    list(&files);
    assert_int_equal(files.count, 1 + PIN_FILES_MAX + 1 + 1);
    assert_non_null(strstr(files.items[0].problem, "folders deep"));
    expect_problem(&files, "lib/services", "more than 20000 files");
    assert_null(find(&files, "lib/models/m.js")->problem);
    pin__files_fini(&files);
}

static void
an_empty_project_and_no_project(void **state)
{
    struct pin_files files;
    struct pin_err err = PIN_ERR_INIT;

    (void)state;
    list(&files);
    assert_int_equal(files.count, 0);
    pin__files_fini(&files);
    assert_int_equal(pin__files_list(&files, in_root("nowhere"), &err), PIN_IO);
    assert_non_null(strstr(err.message, "nowhere"));
    pin__files_fini(&files);
}

static void
expect_root(const char *from, const char *want)
{
    struct pin_buf found = PIN_BUF_INIT(PATH_MAX);
    struct pin_err err = PIN_ERR_INIT;
    pin_status st = pin__project_find(in_root(from), &found, &err);

    if (want ? st != PIN_OK || strcmp(pin__buf_text(&found), in_root(want)) != 0 : st == PIN_OK)
        fail_msg("project from %s: \"%s\" %s, expected %s", from, pin__buf_text(&found),
                 err.message, want ? want : "none");
    pin__buf_fini(&found);
}

static void
a_project_is_found_upward(void **state)
{
    (void)state;
    make_file("app/pinstripe.config.js");
    make_file("app/lib/background_jobs/admin/x.js");
    make_file("plain/lib/background_jobs/x.js");
    make_file("app/inner/lib/background_jobs/x.js"); /* the configuration above counts more */
    make_folder("app/deep/er");
    make_folder("elsewhere");
    make_folder("fake/pinstripe.config.js");
    assert_int_equal(symlink("app/deep", in_root("link")), 0);
    expect_root("app", "app");
    expect_root("app/deep/er", "app");
    expect_root("app/lib/background_jobs/admin", "app");
    expect_root("app/inner/lib", "app");
    expect_root("plain", "plain");
    expect_root("plain/lib/background_jobs", "plain");
    expect_root("link/er", "app");
    expect_root("elsewhere", NULL);
    expect_root("fake", NULL);
    expect_root("nowhere", NULL);
    expect_root("app/pinstripe.config.js", NULL);
}

static void
the_environment_has_an_order_and_a_grammar(void **state)
{
    static const struct {
        const char *pinstripe, *node, *want;
    } rows[] = {
        { NULL, NULL, "development" },
        { "", "", "development" },
        { NULL, "production", "production" },
        { "test", "production", "test" },
        { "", "test", "test" },
        { "staging-2", NULL, "staging-2" },
        { "../../etc/x", NULL, NULL },
        { "a b", NULL, NULL },
        { "-x", NULL, NULL },
        { NULL, "a/b", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = NULL;
        struct pin_err err = PIN_ERR_INIT;
        pin_status st = pin__project_environment(&got, rows[i].pinstripe, rows[i].node, &err);

        if (rows[i].want ? st != PIN_OK || strcmp(got, rows[i].want) != 0 : st != PIN_INVALID)
            fail_msg("row %zu: %s %s", i, got ? got : "none", err.message);
    }
}

#define WITH_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROOT(keys_follow_the_rules_of_each_registry),
        WITH_ROOT(what_is_no_file_is_named_and_hides_nothing),
        WITH_ROOT(a_registry_that_is_a_link_or_a_file_is_named),
        WITH_ROOT(files_of_one_name_are_all_refused_naming_all),
        WITH_ROOT(depth_and_number_are_bounded),
        WITH_ROOT(an_empty_project_and_no_project),
        WITH_ROOT(a_project_is_found_upward),
        cmocka_unit_test(the_environment_has_an_order_and_a_grammar),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The page of a failure: everything in it is escaped, and it shows lines of the project only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "web/error_page.h"

static char root[] = "/tmp/pinstripe-test.XXXXXX";

static int
make_project(void **state)
{
    static const char source[] = "one\ntwo <b>\nthree\n";
    char path[256];

    (void)state;
    if (!mkdtemp(root))
        return -1;
    snprintf(path, sizeof path, "%s/lib", root);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/lib/x.js", root);
    return pin__path_create(path, (struct pin_bytes){ source, sizeof source - 1 }, NULL) == PIN_OK
               ? 0
               : -1;
}

static int
remove_project(void **state)
{
    char path[256];

    (void)state;
    snprintf(path, sizeof path, "%s/lib/x.js", root);
    unlink(path);
    snprintf(path, sizeof path, "%s/lib", root);
    rmdir(path);
    return rmdir(root);
}

static char *
page_of(const char *error)
{
    struct pin_buf b = PIN_BUF_INIT(1 << 20);
    char *text;

    pin__error_page(&b, "500 <title>", (struct pin_bytes){ error, strlen(error) }, root);
    text = strdup(pin__buf_text(&b));
    pin__buf_fini(&b);
    return text;
}

static void
whatever_stands_in_an_error_is_escaped(void **state)
{
    char *page = page_of("{\"name\":\"<i>\",\"message\":\"<script>alert('&\\\"')</script>\","
                         "\"stack\":\"at <u> (lib/x.js:2:1)\\n\"}");

    (void)state;
    for (const char *c = page; (c = strchr(c, '<')); c++)
        if (strncmp(c, "<i>", 3) == 0 || strncmp(c, "<script", 7) == 0 ||
            strncmp(c, "<u>", 3) == 0 || strncmp(c, "<title>\"", 8) == 0)
            fail_msg("not escaped: %.40s", c);
    assert_non_null(strstr(page, "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"));
    assert_non_null(strstr(page, "<b>    2  two &lt;b&gt;</b>"));
    free(page);
}

static void
only_lines_of_the_project_are_shown(void **state)
{
    static const char *const stacks[] = { "at f (lib/../../../../etc/passwd:1:1)",
                                          "at f (/etc/passwd:1:1)",
                                          "at f (lib/absent.js:1:1)",
                                          "at f (lib/x.js:0:1)",
                                          "at f (lib/x.js)",
                                          "" };
    char error[256];

    (void)state;
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
        char *page;

        snprintf(error, sizeof error, "{\"message\":\"m\",\"stack\":\"%s\"}", stacks[i]);
        page = page_of(error);
        if (strstr(page, "root:") || strstr(page, "three"))
            fail_msg("%s shows lines", stacks[i]);
        free(page);
    }
}

static void
what_is_no_error_has_a_page_too(void **state)
{
    static const char *const errors[] = { "", "{", "[]", "{\"value\":1}", "{\"message\":5}" };

    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        char *page = page_of(errors[i]);

        assert_non_null(strstr(page, "it threw no error"));
        free(page);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_stands_in_an_error_is_escaped),
        cmocka_unit_test(only_lines_of_the_project_are_shown),
        cmocka_unit_test(what_is_no_error_has_a_page_too),
    };

    return cmocka_run_group_tests(tests, make_project, remove_project);
}

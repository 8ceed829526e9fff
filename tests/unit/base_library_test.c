/* Libraries that are loaded when they are needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/library.h"

static double (*cosine)(double);

static void
a_function_is_found_and_works(void **state)
{
    const struct pin_symbol symbols[] = { { "cos", &cosine } };
    struct pin_err err = PIN_ERR_INIT;

    (void)state;
    assert_int_equal(pin__library_load("libm.so.6", "libc6", symbols, 1, &err), PIN_OK);
    assert_true(cosine(0) > 0.999);
}

static void
what_is_missing_is_told_with_the_package(void **state)
{
    const struct pin_symbol symbols[] = { { "no_such_function", &cosine } };
    struct pin_err err = PIN_ERR_INIT;

    (void)state;
    assert_int_equal(pin__library_load("libno-such.so.9", "libno-such9", symbols, 1, &err),
                     PIN_NOT_FOUND);
    assert_non_null(strstr(err.message, "install the package libno-such9"));
    assert_int_equal(pin__library_load("libm.so.6", "libc6", symbols, 1, &err), PIN_NOT_FOUND);
    assert_non_null(strstr(err.message, "no_such_function"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_is_found_and_works),
        cmocka_unit_test(what_is_missing_is_told_with_the_package),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The catalog: what the nursery found is read whole, or refused with a reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/catalog.h"

static const char good[] =
    "{\"environment\":\"test\",\"config\":{\"multiTenant\":true,\"database\":{\"adapter\":"
    "\"sqlite\","
    "\"filename\":\"/x/test.db\"}},\"services\":[\"runBackgroundJob\"],\"jobs\":["
    "{\"name\":\"a\",\"file\":\"lib/background_jobs/"
    "a.js\",\"multiTenant\":false,\"tenantsFilter\":true,"
    "\"schedules\":[{\"cron\":\"* * * * "
    "*\",\"timeZone\":null,\"args\":[1,\"x\"]}],\"timeout\":5000,"
    "\"memory\":1048576,\"broken\":null},"
    "{\"name\":\"b/c\",\"file\":\"lib/background_jobs/b/"
    "c.js\",\"multiTenant\":null,\"schedules\":[],"
    "\"broken\":{\"message\":\"no run\",\"file\":\"lib/background_jobs/b/c.js\",\"line\":3}}],"
    "\"migrations\":[\"1_x\"],\"problems\":[{\"file\":\"lib/services/"
    "s.js\",\"message\":\"bad\",\"line\":null}]}";

static void
everything_is_read(void **state)
{
    struct pin_catalog *c;
    const struct pin_job *a;

    (void)state;
    assert_int_equal(pin__catalog_read(&c, (struct pin_bytes){ good, sizeof good - 1 }, NULL),
                     PIN_OK);
    assert_true(c->multi_tenant && c->replaces_run_background_job);
    assert_string_equal(c->environment, "test");
    assert_string_equal(c->database_filename, "/x/test.db");
    a = pin__catalog_job(c, "a");
    assert_non_null(a);
    assert_int_equal(a->multi_tenant, PIN_NO);
    assert_true(a->has_tenants_filter);
    assert_int_equal(a->wall_ms, 5000);
    assert_int_equal(a->heap_bytes, 1048576);
    assert_int_equal(a->schedule_count, 1);
    assert_string_equal(a->schedules[0].args, "[1,\"x\"]");
    assert_null(a->schedules[0].time_zone);
    assert_null(a->broken.message);
    assert_string_equal(pin__catalog_job(c, "b/c")->broken.message, "no run");
    assert_int_equal(pin__catalog_job(c, "b/c")->broken.line, 3);
    assert_int_equal(pin__catalog_job(c, "b/c")->multi_tenant, PIN_UNSAID);
    assert_null(pin__catalog_job(c, "b"));
    assert_string_equal(c->migrations[0], "1_x");
    assert_string_equal(c->problems[0].message, "bad");
    pin__catalog_free(c);
}

static void
what_does_not_fit_is_refused(void **state)
{
    static const char *const rows[] = {
        "",
        "[]",
        "{\"jobs\":[]}",
        "{\"environment\":\"x\",\"jobs\":[{}]}",
        "{\"environment\":\"x\",\"jobs\":[{\"name\":\"b\",\"file\":\"f\"},{\"name\":\"a\",\"file\":"
        "\"f\"}]}",
        "{\"environment\":\"x\",\"jobs\":[{\"name\":\"a\",\"file\":\"f\",\"schedules\":[{}]}]}",
        "{\"environment\":\"x\",\"jobs\":[],\"migrations\":[7]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_err err = PIN_ERR_INIT;
        struct pin_catalog *c;

        if (pin__catalog_read(&c, (struct pin_bytes){ rows[i], strlen(rows[i]) }, &err) == PIN_OK)
            fail_msg("taken for a catalog: %s", rows[i]);
        assert_null(c);
        assert_true(*err.message != '\0');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests_name("job/catalog", tests, NULL, NULL);
}

/* web_view_request_test.c - what a view is told of a request, and what the runs that it calls are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/view_request.h"

enum { HEADERS_MAX = 6, LONG = 200 };

static const struct row {
    const char *what;
    const char *target, *method, *body;
    struct pin_http_header headers[HEADERS_MAX];
    struct pin_view_request_facts facts;
    const char *request, *params;
} rows[] = {
    { .what = "a plain request",
      .target = "/reports/daily",
      .method = "GET",
      .headers = { { "Host", "shop.test:3000" }, { "Accept", "*/*" } },
      .facts = { .ours = true },
      .request = "{\"path\":\"/reports/daily\",\"ours\":true}",
      .params =
          "{\"_method\":\"GET\",\"_url\":\"http://shop.test:3000/reports/daily\",\"_headers\":"
          "{\"host\":\"shop.test:3000\",\"accept\":\"*/*\"}}" },
    { .what = "a query is told beside the path, and is part of the address",
      .target = "/a?b=%22c%22&d",
      .method = "GET",
      .headers = { { "Host", "h" } },
      .request = "{\"path\":\"/a\",\"ours\":false,\"query\":\"?b=%22c%22&d\"}",
      .params = "{\"_method\":\"GET\",\"_url\":\"http://h/a?b=%22c%22&d\",\"_headers\":{\"host\":"
                "\"h\"}}" },
    { .what = "a body with its type",
      .target = "/a",
      .method = "POST",
      .body = "{\"n\":\n1}",
      .headers = { { "Host", "h" }, { "Content-Type", "application/json" } },
      .request = "{\"path\":\"/a\",\"ours\":false,\"body\":\"{\\\"n\\\":\\n1}\",\"type\":"
                 "\"application/json\"}",
      .params = "{\"_method\":\"POST\",\"_url\":\"http://h/a\",\"_headers\":{\"host\":\"h\","
                "\"content-type\":\"application/json\"}}" },
    { .what = "what a visitor proves who they are with is not told to runs",
      .target = "/",
      .method = "GET",
      .headers = { { "Cookie", "s=1" }, { "Host", "h" }, { "AUTHORIZATION", "x" }, { "b", "2" } },
      .request = "{\"path\":\"/\",\"ours\":false,\"secrets\":{\"cookie\":\"s=1\","
                 "\"authorization\":\"x\"}}",
      .params = "{\"_method\":\"GET\",\"_url\":\"http://h/\",\"_headers\":{\"host\":\"h\",\"b\":"
                "\"2\"}}" },
    { .what = "what is forwarded counts from a proxy that is trusted",
      .target = "/",
      .method = "GET",
      .headers = { { "Host", "10.0.0.1" },
                   { "X-Forwarded-Host", "shop.test" },
                   { "X-Forwarded-Proto", "https" } },
      .facts = { .trusted = true },
      .request = "{\"path\":\"/\",\"ours\":false}",
      .params =
          "{\"_method\":\"GET\",\"_url\":\"https://shop.test/\",\"_headers\":{\"host\":"
          "\"shop.test\",\"x-forwarded-host\":\"shop.test\",\"x-forwarded-proto\":\"https\"}}" },
    { .what = "and from nobody else",
      .target = "/",
      .method = "GET",
      .headers = { { "Host", "h" },
                   { "X-Forwarded-Host", "shop.test" },
                   { "X-Forwarded-Proto", "https" } },
      .request = "{\"path\":\"/\",\"ours\":false}",
      .params = "{\"_method\":\"GET\",\"_url\":\"http://h/\",\"_headers\":{\"host\":\"h\","
                "\"x-forwarded-host\":\"shop.test\",\"x-forwarded-proto\":\"https\"}}" },
    { .what = "a tenant's id is no visitor's to say",
      .target = "/",
      .method = "GET",
      .headers = { { "Host", "h" }, { "X-Tenant-Id", "7" } },
      .facts = { .multi_tenant = true },
      .request = "{\"path\":\"/\",\"ours\":false}",
      .params = "{\"_method\":\"GET\",\"_url\":\"http://h/\",\"_headers\":{\"host\":\"h\"}}" },
    { .what = "but a trusted proxy's",
      .target = "/",
      .method = "GET",
      .headers = { { "Host", "h" }, { "X-Tenant-Id", "7" } },
      .facts = { .multi_tenant = true, .trusted = true },
      .request = "{\"path\":\"/\",\"ours\":false}",
      .params = "{\"_method\":\"GET\",\"_url\":\"http://h/\",\"_headers\":{\"host\":\"h\","
                "\"x-tenant-id\":\"7\"}}" },
    { .what = "and a header like any other where there are no tenants",
      .target = "/",
      .method = "GET",
      .headers = { { "Host", "h" }, { "X-Tenant-Id", "7" } },
      .request = "{\"path\":\"/\",\"ours\":false}",
      .params = "{\"_method\":\"GET\",\"_url\":\"http://h/\",\"_headers\":{\"host\":\"h\","
                "\"x-tenant-id\":\"7\"}}" },
    { .what = "one secret that no text can hold, and one that is told",
      .target = "/",
      .method = "GET",
      .headers = { { "Host", "h" }, { "Cookie", "\xff" }, { "Authorization", "x" } },
      .request = "{\"path\":\"/\",\"ours\":false,\"secrets\":{\"authorization\":\"x\"}}",
      .params = "{\"_method\":\"GET\",\"_url\":\"http://h/\",\"_headers\":{\"host\":\"h\"}}" },
    { .what = "what no text can hold is left out, a host is always there",
      .target = "/",
      .method = "GET",
      .headers = { { "a", "\xff" }, { "b", "\xc3\xa9\"" }, { "cookie", "\xc3" } },
      .request = "{\"path\":\"/\",\"ours\":false}",
      .params = "{\"_method\":\"GET\",\"_url\":\"http://127.0.0.1/\",\"_headers\":{\"host\":"
                "\"127.0.0.1\",\"b\":\"\xc3\xa9\\\"\"}}" },
};

static void
check(const struct row *row, const char *what, const struct pin_buf *got, const char *expected)
{
    if (strcmp(pin__buf_text(got), expected) != 0)
        fail_msg("%s: the %s is %s\nnot %s", row->what, what, pin__buf_text(got), expected);
}

static void
views_and_runs_are_told_what_they_may_know(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct pin_http_exchange e = { .method = row->method,
                                       .target = row->target,
                                       .headers = row->headers,
                                       .body = { row->body, row->body ? strlen(row->body) : 0 } };
        struct pin_buf request = PIN_BUF_INIT(1 << 16), params = PIN_BUF_INIT(1 << 16);

        while (e.header_count < HEADERS_MAX && row->headers[e.header_count].name)
            e.header_count++;
        pin__view_request_write(&request, &e, &row->facts);
        pin__view_request_write_params(&params, &e, &row->facts);
        check(row, "request", &request, row->request);
        check(row, "text of the parameters", &params, row->params);
        pin__buf_fini(&request);
        pin__buf_fini(&params);
    }
}

static void
a_name_of_any_length_does_no_harm(void **state)
{
    char name[LONG + 1];
    const struct pin_http_header header = { name, "1" };
    const struct pin_view_request_facts facts = { .ours = true };

    (void)state;
    for (size_t n = 1; n <= LONG; n++) {
        struct pin_http_exchange e = {
            .method = "GET", .target = "/", .headers = &header, .header_count = 1
        };
        struct pin_buf params = PIN_BUF_INIT(1 << 16);

        memset(name, 'a', n);
        name[n] = '\0';
        pin__view_request_write_params(&params, &e, &facts);
        assert_int_equal(strstr(pin__buf_text(&params), "a\":\"1\"}}") != NULL, n < 128);
        pin__buf_fini(&params);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_and_runs_are_told_what_they_may_know),
        cmocka_unit_test(a_name_of_any_length_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

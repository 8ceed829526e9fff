/* view_request.c - see view_request.h. */
#include "web/view_request.h"

#include <strings.h>

#include "base/quote.h"

enum { NAME_SIZE = 128 };

static const char *const secrets[] = { "authorization", "cookie", "proxy-authorization" };

static bool
is_secret(const char *name)
{
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (strcasecmp(name, secrets[i]) == 0)
            return true;
    return false;
}

static bool
is_utf8(const char *text)
{
    return pin__quote_is_utf8(text, strlen(text));
}

static void
add_string(struct pin_buf *to, const char *text)
{
    pin__buf_add_json_string(to, text, strlen(text));
}

/* With `before` in front. Names are in small letters; what no text can hold is left out. False: it
 * was, and nothing is added. */
static bool
add_header(struct pin_buf *to, const char *before, const char *name, const char *value)
{
    char small[NAME_SIZE];
    size_t n = 0;

    if (strlen(name) >= sizeof small || !is_utf8(value))
        return false;
    for (; name[n]; n++)
        small[n] = (char)(name[n] >= 'A' && name[n] <= 'Z' ? name[n] + 32 : name[n]);
    pin__buf_adds(to, before);
    pin__buf_add_json_string(to, small, n);
    pin__buf_addc(to, ':');
    add_string(to, value);
    return true;
}

static void
add_secrets(struct pin_buf *to, const struct pin_http_exchange *e)
{
    bool any = false;

    for (size_t i = 0; i < e->header_count; i++) {
        const struct pin_http_header *h = &e->headers[i];

        if (is_secret(h->name))
            any |= add_header(to, any ? "," : ",\"secrets\":{", h->name, h->value);
    }
    if (any)
        pin__buf_addc(to, '}');
}

void
pin__view_request_write(struct pin_buf *to, const struct pin_http_exchange *e,
                        const struct pin_view_request_facts *facts)
{
    size_t path = strcspn(e->target, "?");
    const char *type = e->body.size ? pin__http_header(e, "content-type") : NULL;

    pin__buf_adds(to, "{\"path\":");
    pin__buf_add_json_string(to, e->target, path);
    pin__buf_adds(to, facts->ours ? ",\"ours\":true" : ",\"ours\":false");
    if (e->target[path]) {
        pin__buf_adds(to, ",\"query\":");
        add_string(to, e->target + path);
    }
    if (e->body.size) {
        pin__buf_adds(to, ",\"body\":");
        pin__buf_add_json_string(to, e->body.data, e->body.size);
    }
    if (type && is_utf8(type)) {
        pin__buf_adds(to, ",\"type\":");
        add_string(to, type);
    }
    add_secrets(to, e);
    pin__buf_addc(to, '}');
}

/* What the visitor called us. */
static const char *
host_of(const struct pin_http_exchange *e, const struct pin_view_request_facts *facts)
{
    const char *forwarded = facts->trusted ? pin__http_header(e, "x-forwarded-host") : NULL;
    const char *host = forwarded && *forwarded ? forwarded : pin__http_header(e, "host");

    return host && *host && is_utf8(host) ? host : "127.0.0.1";
}

static bool
is_https(const struct pin_http_exchange *e, const struct pin_view_request_facts *facts)
{
    const char *scheme = facts->trusted ? pin__http_header(e, "x-forwarded-proto") : NULL;

    return scheme && strcmp(scheme, "https") == 0;
}

static bool
is_carried(const char *name, const struct pin_view_request_facts *facts)
{
    if (strcasecmp(name, "x-tenant-id") == 0)
        return !facts->multi_tenant || facts->trusted;
    return strcasecmp(name, "host") != 0 && !is_secret(name);
}

void
pin__view_request_write_params(struct pin_buf *to, const struct pin_http_exchange *e,
                               const struct pin_view_request_facts *facts)
{
    const char *host = host_of(e, facts);
    struct pin_buf url = PIN_BUF_INIT(2 * PIN_HTTP_HEAD_BYTES_MAX);

    pin__buf_addf(&url, "%s://%s%s", is_https(e, facts) ? "https" : "http", host, e->target);
    pin__buf_adds(to, "{\"_method\":");
    add_string(to, e->method);
    pin__buf_adds(to, ",\"_url\":");
    pin__buf_add_json_string(to, pin__buf_text(&url), url.size);
    pin__buf_adds(to, ",\"_headers\":{");
    (void)add_header(to, "", "host", host);
    for (size_t i = 0; i < e->header_count; i++)
        if (is_carried(e->headers[i].name, facts))
            (void)add_header(to, ",", e->headers[i].name, e->headers[i].value);
    pin__buf_adds(to, "}}");
    pin__buf_fini(&url);
}

/* error_page.c - see error_page.h. */
#include "web/error_page.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#include "base/path.h"

enum { LINES_AROUND = 5, SOURCE_BYTES_MAX = 4 << 20 };

void
pin__html_add(struct pin_buf *out, const char *text)
{
    static const char *const words[256] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"
    };

    for (; *text; text++)
        if (words[(unsigned char)*text])
            pin__buf_adds(out, words[(unsigned char)*text]);
        else
            pin__buf_addc(out, *text);
}

struct place {
    char file[PATH_MAX];
    long line;
};

/* The first "(lib/...:12:3)" or "at lib/...:12" of a stack. */
static bool
find_place(const char *stack, struct place *p)
{
    const char *at = stack ? strstr(stack, "lib/") : NULL;
    size_t size = at ? strcspn(at, ":\n") : 0;

    if (!size || at[size] != ':' || size >= sizeof p->file)
        return false;
    memcpy(p->file, at, size);
    p->file[size] = '\0';
    p->line = strtol(at + size + 1, NULL, 10);
    return p->line > 0 && !strstr(p->file, "..");
}

static void
add_line(struct pin_buf *out, const char *text, size_t size, long number, bool here)
{
    char line[400];

    snprintf(line, sizeof line, "%.*s", (int)size, text);
    pin__buf_addf(out, "%s%5ld  ", here ? "<b>" : "", number);
    pin__html_add(out, line);
    pin__buf_adds(out, here ? "</b>\n" : "\n");
}

static void
add_source(struct pin_buf *out, const char *root, const struct place *p)
{
    struct pin_buf source = PIN_BUF_INIT(SOURCE_BYTES_MAX);
    char path[PATH_MAX * 2];
    const char *text;
    long number = 1;

    snprintf(path, sizeof path, "%s/%s", root, p->file);
    if (pin__path_read(path, &source, NULL) != PIN_OK)
        goto out;
    pin__buf_adds(out, "<h2>");
    pin__html_add(out, p->file);
    pin__buf_addf(out, ":%ld</h2>\n<pre>", p->line);
    for (text = pin__buf_text(&source); *text; number++) {
        size_t size = strcspn(text, "\n");

        if (number >= p->line - LINES_AROUND && number <= p->line + LINES_AROUND)
            add_line(out, text, size, number, number == p->line);
        text += size + (text[size] == '\n');
    }
    pin__buf_adds(out, "</pre>\n");
out:
    pin__buf_fini(&source);
}

void
pin__error_page(struct pin_buf *out, const char *title, struct pin_bytes error, const char *root)
{
    json_t *e = json_loadb(error.data ? error.data : "", error.size, JSON_ALLOW_NUL, NULL);
    const char *name = json_string_value(json_object_get(e, "name"));
    const char *message = json_string_value(json_object_get(e, "message"));
    const char *stack = json_string_value(json_object_get(e, "stack"));
    struct place place;

    pin__buf_adds(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    pin__html_add(out, title);
    pin__buf_adds(out, "</title><style>body{font:16px/1.5 system-ui,sans-serif;margin:2em;max-width"
                       ":60em}pre{background:#8881;padding:1em;overflow:auto}b{background:#fc03;"
                       "display:inline-block;min-width:100%}</style></head><body>\n<h1>");
    pin__html_add(out, name ? name : "Error");
    pin__buf_adds(out, "</h1>\n<p>");
    pin__html_add(out, message ? message : "it threw no error");
    pin__buf_adds(out, "</p>\n");
    if (find_place(stack, &place))
        add_source(out, root, &place);
    pin__buf_adds(out, "<h2>Stack</h2>\n<pre>");
    pin__html_add(out, stack ? stack : "");
    pin__buf_adds(out, "</pre>\n<p><small>");
    pin__html_add(out, title);
    pin__buf_adds(out, " (this page is shown in development only)</small></p></body></html>\n");
    json_decref(e);
}

/* error_text.c - see error_text.h. */
#include "command/error_text.h"

#include <jansson.h>

#include "base/quote.h"

enum { CAUSES_MAX = 8 };

void
pin__error_text_add_visible(struct pin_buf *b, const char *text)
{
    char shown[PIN_QUOTE_NEXT_SIZE];
    size_t size = strlen(text), step;

    for (; size; text += step, size -= step) {
        step = pin__quote_next(text, size, shown);
        if (*text == '\n' || *text == '\t')
            pin__buf_addc(b, *text);
        else
            pin__buf_adds(b, shown);
    }
}

static void
add_value(struct pin_buf *b, const json_t *error)
{
    json_t *value = json_object_get(error, "value");
    char *text;

    if (json_is_string(value)) {
        pin__buf_adds(b, json_string_value(value));
        return;
    }
    text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    pin__buf_adds(b, text ? text : "undefined");
    free(text);
}

static void
add_line(struct pin_buf *b, const json_t *error)
{
    const char *name = json_string_value(json_object_get(error, "name"));
    const char *message = json_string_value(json_object_get(error, "message"));

    if (!name && !message) {
        add_value(b, error);
        return;
    }
    pin__buf_adds(b, name ? name : "Error");
    pin__buf_adds(b, message && *message ? ": " : "");
    pin__buf_adds(b, message ? message : "");
}

static void
add_error(struct pin_buf *b, const json_t *error, int depth)
{
    const char *stack = json_string_value(json_object_get(error, "stack"));
    const json_t *cause = json_object_get(error, "cause");

    add_line(b, error);
    pin__buf_addc(b, '\n');
    if (stack) {
        pin__buf_adds(b, stack);
        if (*stack && stack[strlen(stack) - 1] != '\n')
            pin__buf_addc(b, '\n');
    }
    if (json_is_object(cause) && depth < CAUSES_MAX) {
        pin__buf_adds(b, "  caused by: ");
        add_error(b, cause, depth + 1);
    }
}

void
pin__error_text_add(struct pin_buf *b, struct pin_bytes json)
{
    json_t *error = json_loadb(json.data ? json.data : "", json.size, JSON_ALLOW_NUL, NULL);
    struct pin_buf raw = PIN_BUF_INIT(b->max);

    add_error(&raw, error, 0);
    pin__error_text_add_visible(b, pin__buf_text(&raw));
    pin__buf_fini(&raw);
    json_decref(error);
}

void
pin__error_text_add_line(struct pin_buf *b, struct pin_bytes json)
{
    json_t *error = json_loadb(json.data ? json.data : "", json.size, JSON_ALLOW_NUL, NULL);

    add_line(b, error);
    json_decref(error);
}

/* buf.c - see buf.h. */
#include "base/buf.h"

#include <stdarg.h>

void
pin__buf_fini(struct pin_buf *b)
{
    free(b->data);
    *b = PIN_BUF_INIT(b->max);
}

void
pin__buf_clear(struct pin_buf *b)
{
    b->size = 0;
    b->bad = false;
    if (b->data)
        b->data[0] = '\0';
}

static bool
grow(struct pin_buf *b, size_t need)
{
    size_t capacity = b->capacity ? b->capacity : 128;
    char *data;

    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    data = realloc(b->data, capacity);
    if (!data)
        return false;
    b->data = data;
    b->capacity = capacity;
    return true;
}

char *
pin__buf_reserve(struct pin_buf *b, size_t size)
{
    if (b->bad)
        return NULL;
    if (size > b->max || b->size > b->max - size ||
        (b->size + size + 1 > b->capacity && !grow(b, b->size + size + 1))) {
        b->bad = true;
        return NULL;
    }
    return b->data + b->size;
}

void
pin__buf_add(struct pin_buf *b, const void *data, size_t size)
{
    char *to = pin__buf_reserve(b, size);

    if (!to)
        return;
    if (size)
        memcpy(to, data, size);
    b->size += size;
    b->data[b->size] = '\0';
}

void
pin__buf_adds(struct pin_buf *b, const char *text)
{
    pin__buf_add(b, text, strlen(text));
}

void
pin__buf_addc(struct pin_buf *b, char c)
{
    pin__buf_add(b, &c, 1);
}

void
pin__buf_addf(struct pin_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    int n;
    char *to;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        b->bad = true;
    else if ((to = pin__buf_reserve(b, (size_t)n)) != NULL) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        b->size += (size_t)n;
    }
    va_end(again);
}

static void
add_json_char(struct pin_buf *b, unsigned char c)
{
    switch (c) {
    case '"':
        pin__buf_add(b, "\\\"", 2);
        break;
    case '\\':
        pin__buf_add(b, "\\\\", 2);
        break;
    case '\n':
        pin__buf_add(b, "\\n", 2);
        break;
    case '\t':
        pin__buf_add(b, "\\t", 2);
        break;
    default:
        if (c < 0x20 || c == 0x7f)
            pin__buf_addf(b, "\\u%04x", c);
        else
            pin__buf_addc(b, (char)c);
    }
}

void
pin__buf_add_json_string(struct pin_buf *b, const char *text, size_t size)
{
    pin__buf_addc(b, '"');
    for (size_t i = 0; i < size; i++)
        add_json_char(b, (unsigned char)text[i]);
    pin__buf_addc(b, '"');
}

void
pin__buf_add_json_member(struct pin_buf *b, const char *key, const char *text)
{
    if (b->size && !strchr("{,", b->data[b->size - 1]))
        pin__buf_addc(b, ',');
    pin__buf_add_json_string(b, key, strlen(key));
    pin__buf_addc(b, ':');
    if (text)
        pin__buf_add_json_string(b, text, strlen(text));
    else
        pin__buf_adds(b, "null");
}

void
pin__buf_drop(struct pin_buf *b, size_t size)
{
    if (size >= b->size) {
        size = b->size;
    }
    if (!size)
        return;
    memmove(b->data, b->data + size, b->size - size);
    b->size -= size;
    b->data[b->size] = '\0';
}

const char *
pin__buf_text(const struct pin_buf *b)
{
    return b->data ? b->data : "";
}

pin_status
pin__buf_check(const struct pin_buf *b, const char *what, struct pin_err *err)
{
    if (!b->bad)
        return PIN_OK;
    return pin__err_set(err, PIN_LIMIT, "%s is larger than %zu bytes", what, b->max);
}

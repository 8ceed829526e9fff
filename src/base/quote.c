/* quote.c - see quote.h. */
#include "base/quote.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/ban.h"

/* The four shapes of a well-formed sequence, with the limits of its second byte where the first
 * leaves too much room (overlong forms, surrogates, beyond U+10FFFF). */
size_t
pin__quote_utf8_length(const char *data, size_t size)
{
    unsigned char c, low = 0x80, high = 0xbf;
    size_t need;

    if (!size)
        return 0;
    c = (unsigned char)data[0];
    if (c < 0x80)
        return 1;
    need = c >= 0xc2 && c <= 0xdf ? 2 : (c & 0xf0) == 0xe0 ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
    if (!need || need > size)
        return 0;
    if (c == 0xe0)
        low = 0xa0;
    else if (c == 0xed)
        high = 0x9f;
    else if (c == 0xf0)
        low = 0x90;
    else if (c == 0xf4)
        high = 0x8f;
    if ((unsigned char)data[1] < low || (unsigned char)data[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if (((unsigned char)data[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

bool
pin__quote_is_utf8(const char *data, size_t size)
{
    for (size_t at = 0, n; at < size; at += n)
        if ((n = pin__quote_utf8_length(data + at, size - at)) == 0)
            return false;
    return true;
}

/* Not printable: controls, U+0080 to U+009F, and the marks that turn the direction of writing or
 * hide (U+200B to U+200F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF). */
bool
pin__quote_is_printable(const char *data, size_t length)
{
    const unsigned char *c = (const unsigned char *)data;

    if (length == 1)
        return c[0] >= 0x20 && c[0] != 0x7f;
    if (length == 2)
        return !(c[0] == 0xc2 && c[1] < 0xa0);
    if (length == 3 && c[0] == 0xe2 && c[1] == 0x80)
        return !((c[2] >= 0x8b && c[2] <= 0x8f) || (c[2] >= 0xa8 && c[2] <= 0xae));
    if (length == 3 && c[0] == 0xe2 && c[1] == 0x81)
        return !(c[2] >= 0xa6 && c[2] <= 0xa9);
    return !(length == 3 && c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf);
}

size_t
pin__quote_next(const char *data, size_t size, char out[PIN_QUOTE_NEXT_SIZE])
{
    size_t length = pin__quote_utf8_length(data, size);

    out[0] = '\0';
    if (!size)
        return 0;
    if (length && pin__quote_is_printable(data, length)) {
        memcpy(out, data, length);
        out[length] = '\0';
        return length;
    }
    snprintf(out, PIN_QUOTE_NEXT_SIZE, "\\x%02x", (unsigned char)data[0]);
    return 1;
}

struct pin_quote
pin__quote(const char *data, size_t size)
{
    enum { TAIL = 5 }; /* room for ..." and the NUL */
    struct pin_quote q = { .text = "\"" };
    char shown[PIN_QUOTE_NEXT_SIZE];
    size_t used = 1, at = 0;

    while (at < size) {
        size_t step = pin__quote_next(data + at, size - at, shown), add = strlen(shown);

        if (used + add + TAIL > sizeof q.text)
            break;
        memcpy(q.text + used, shown, add);
        used += add;
        at += step;
    }
    snprintf(q.text + used, TAIL, "%s\"", at < size ? "..." : "");
    return q;
}

struct pin_quote
pin__quote_text(const char *text)
{
    return pin__quote(text, strlen(text));
}

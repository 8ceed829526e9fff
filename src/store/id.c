/* id.c - see id.h (RFC 9562, section 5.7). */
#include "store/id.h"

#include <string.h>

struct pin_run_id
pin__run_id_from_ms(int64_t ms)
{
    struct pin_run_id id = { { 0 } };

    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    return id;
}

struct pin_run_id
pin__run_id_make(int64_t now_ms, const uint8_t random[10])
{
    struct pin_run_id id = pin__run_id_from_ms(now_ms);

    memcpy(id.bytes + 6, random, 10);
    id.bytes[6] = (uint8_t)(0x70 | (id.bytes[6] & 0x0f));
    id.bytes[8] = (uint8_t)(0x80 | (id.bytes[8] & 0x3f));
    return id;
}

int64_t
pin__run_id_ms(const struct pin_run_id *id)
{
    int64_t ms = 0;

    for (int i = 0; i < 6; i++)
        ms = ms << 8 | id->bytes[i];
    return ms;
}

static bool
has_dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void
pin__run_id_text(const struct pin_run_id *id, char out[PIN_RUN_ID_TEXT])
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < PIN_RUN_ID_BYTES; i++) {
        if (has_dash_before(i))
            *out++ = '-';
        *out++ = digits[id->bytes[i] >> 4];
        *out++ = digits[id->bytes[i] & 15];
    }
    *out = '\0';
}

static int
digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
pin__run_id_parse(const char *text, struct pin_run_id *out)
{
    struct pin_run_id id;

    for (int i = 0; i < PIN_RUN_ID_BYTES; i++) {
        int high, low;

        if (has_dash_before(i) && *text++ != '-')
            return false;
        if ((high = digit(*text)) < 0 || (low = digit(text[1])) < 0)
            return false;
        id.bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text)
        return false;
    *out = id;
    return true;
}

bool
pin__run_id_is_zero(const struct pin_run_id *id)
{
    static const struct pin_run_id zero;

    return memcmp(id, &zero, sizeof zero) == 0;
}

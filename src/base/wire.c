/* wire.c - see wire.h. */
#include "base/wire.h"

static const uint32_t WIRE_NULL = UINT32_MAX;

void
pin__wire_put_u8(struct pin_buf *b, uint8_t v)
{
    pin__buf_add(b, &v, sizeof v);
}

void
pin__wire_put_u32(struct pin_buf *b, uint32_t v)
{
    pin__buf_add(b, &v, sizeof v);
}

void
pin__wire_put_u64(struct pin_buf *b, uint64_t v)
{
    pin__buf_add(b, &v, sizeof v);
}

void
pin__wire_put_bytes(struct pin_buf *b, const void *data, size_t size)
{
    if (!data && !size) {
        pin__wire_put_u32(b, WIRE_NULL);
        return;
    }
    if (size >= WIRE_NULL) {
        b->bad = true;
        return;
    }
    pin__wire_put_u32(b, (uint32_t)size);
    pin__buf_add(b, data, size);
    pin__buf_addc(b, '\0');
}

void
pin__wire_put_text(struct pin_buf *b, const char *text)
{
    pin__wire_put_bytes(b, text, text ? strlen(text) : 0);
}

static void
get_raw(struct pin_reader *r, void *to, size_t size)
{
    memset(to, 0, size);
    if (r->bad || (size_t)(r->end - r->at) < size) {
        r->bad = true;
        return;
    }
    memcpy(to, r->at, size);
    r->at += size;
}

uint8_t
pin__wire_get_u8(struct pin_reader *r)
{
    uint8_t v;

    get_raw(r, &v, sizeof v);
    return v;
}

uint32_t
pin__wire_get_u32(struct pin_reader *r)
{
    uint32_t v;

    get_raw(r, &v, sizeof v);
    return v;
}

uint64_t
pin__wire_get_u64(struct pin_reader *r)
{
    uint64_t v;

    get_raw(r, &v, sizeof v);
    return v;
}

struct pin_bytes
pin__wire_get_bytes(struct pin_reader *r)
{
    struct pin_bytes bytes = { NULL, 0 };
    uint32_t size = pin__wire_get_u32(r);

    if (r->bad || size == WIRE_NULL)
        return bytes;
    if ((size_t)(r->end - r->at) <= size || r->at[size] != '\0') {
        r->bad = true;
        return bytes;
    }
    bytes.data = r->at;
    bytes.size = size;
    r->at += (size_t)size + 1;
    return bytes;
}

const char *
pin__wire_get_text(struct pin_reader *r)
{
    struct pin_bytes bytes = pin__wire_get_bytes(r);

    if (bytes.data && strlen(bytes.data) != bytes.size)
        r->bad = true;
    return r->bad ? NULL : bytes.data;
}

bool
pin__wire_done(const struct pin_reader *r)
{
    return !r->bad && r->at == r->end;
}

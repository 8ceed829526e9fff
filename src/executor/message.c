/* message.c - see message.h. */
#include "executor/message.h"

#include <stddef.h>

enum field_kind { FIELD_U32, FIELD_U64, FIELD_TEXT, FIELD_BYTES };

struct field {
    enum field_kind kind;
    size_t offset;
};

#define U32(name)                                                                                  \
    {                                                                                              \
        FIELD_U32, offsetof(struct pin_message, name)                                              \
    }
#define U64(name)                                                                                  \
    {                                                                                              \
        FIELD_U64, offsetof(struct pin_message, name)                                              \
    }
#define TEXT(name)                                                                                 \
    {                                                                                              \
        FIELD_TEXT, offsetof(struct pin_message, name)                                             \
    }
#define BYTES(name)                                                                                \
    {                                                                                              \
        FIELD_BYTES, offsetof(struct pin_message, name)                                            \
    }

enum { FIELDS_MAX = 16 };

struct layout {
    size_t count;
    struct field fields[FIELDS_MAX];
};

static const struct layout layouts[PIN_MESSAGE_TYPE_COUNT] = {
    [PIN_MESSAGE_CATALOG] = { 1, { BYTES(bytes) } },
    [PIN_MESSAGE_REFUSED] = { 2, { U64(number), TEXT(text) } },
    [PIN_MESSAGE_FORKED] = { 2, { U32(worker), U64(number) } },
    [PIN_MESSAGE_FORK_FAILED] = { 2, { U32(worker), U64(number) } },
    [PIN_MESSAGE_EXITED] = { 2, { U32(worker), U64(number) } },
    [PIN_MESSAGE_TIDIED] = { 2, { U64(number), U32(kind) } },
    [PIN_MESSAGE_TIDY] = { 2, { U64(number), TEXT(text) } },
    [PIN_MESSAGE_FORK] = { 2, { U32(worker), U32(kind) } },
    [PIN_MESSAGE_TASK] = { 16,
                           { U64(id), U32(kind), U32(depth), TEXT(text), BYTES(args), BYTES(params),
                             TEXT(tenant_id), TEXT(tenant_name), BYTES(bytes), U64(wall_us),
                             U64(heap_bytes), TEXT(run_id), U32(attempt), U32(check), TEXT(key),
                             U64(due_ms) } },
    [PIN_MESSAGE_ANSWER] = { 3, { U64(number), BYTES(bytes), BYTES(args) } },
    [PIN_MESSAGE_STOP] = { 2, { U64(id), U64(number) } },
    [PIN_MESSAGE_LINE] = { 4, { U64(id), U64(number), U32(kind), BYTES(bytes) } },
    [PIN_MESSAGE_READY] = { 1, { U64(number) } },
    [PIN_MESSAGE_CONSOLE] = { 3, { U64(id), U32(kind), BYTES(bytes) } },
    [PIN_MESSAGE_CALL] = { 9,
                           { U64(id), U64(number), U32(kind), TEXT(text), BYTES(args),
                             BYTES(params), TEXT(tenant_id), TEXT(tenant_name), BYTES(bytes) } },
    [PIN_MESSAGE_PROGRESS] = { 4, { U64(id), U64(number), U64(wall_us), TEXT(text) } },
    [PIN_MESSAGE_WAKE] = { 0, { U64(id) } },
    [PIN_MESSAGE_REPLY] = { 4, { U64(id), U64(number), U32(kind), BYTES(bytes) } },
    [PIN_MESSAGE_OUTCOME] = { 8,
                              { U64(number), U64(id), U32(kind), BYTES(bytes), BYTES(args),
                                U64(wall_us), U64(cpu_us), U64(heap_bytes) } },
};

static void
put_field(struct pin_buf *out, const struct field *f, const char *base)
{
    const void *at = base + f->offset;

    switch (f->kind) {
    case FIELD_U32:
        pin__wire_put_u32(out, *(const uint32_t *)at);
        break;
    case FIELD_U64:
        pin__wire_put_u64(out, *(const uint64_t *)at);
        break;
    case FIELD_TEXT:
        pin__wire_put_text(out, *(const char *const *)at);
        break;
    case FIELD_BYTES:
        pin__wire_put_bytes(out, ((const struct pin_bytes *)at)->data,
                            ((const struct pin_bytes *)at)->size);
        break;
    }
}

static void
get_field(struct pin_reader *r, const struct field *f, char *base)
{
    void *at = base + f->offset;

    switch (f->kind) {
    case FIELD_U32:
        *(uint32_t *)at = pin__wire_get_u32(r);
        break;
    case FIELD_U64:
        *(uint64_t *)at = pin__wire_get_u64(r);
        break;
    case FIELD_TEXT:
        *(const char **)at = pin__wire_get_text(r);
        break;
    case FIELD_BYTES:
        *(struct pin_bytes *)at = pin__wire_get_bytes(r);
        break;
    }
}

void
pin__message_encode(struct pin_buf *out, const struct pin_message *m)
{
    const struct layout *l = &layouts[m->type];
    size_t start = out->size;
    uint32_t size;

    pin__wire_put_u32(out, 0);
    pin__wire_put_u8(out, PIN_MESSAGE_VERSION);
    pin__wire_put_u8(out, (uint8_t)m->type);
    for (size_t i = 0; i < l->count; i++)
        put_field(out, &l->fields[i], (const char *)m);
    if (out->bad)
        return;
    size = (uint32_t)(out->size - start - sizeof size);
    memcpy(out->data + start, &size, sizeof size);
}

pin_status
pin__message_decode(struct pin_message *m, const char *frame, size_t size, struct pin_err *err)
{
    struct pin_reader r = PIN_READER(frame, size);
    unsigned version = pin__wire_get_u8(&r);
    unsigned type = pin__wire_get_u8(&r);

    *m = (struct pin_message){ .type = PIN_MESSAGE_NONE };
    if (r.bad || version != PIN_MESSAGE_VERSION)
        return pin__err_set(err, PIN_INVALID, "message version %u, not %d", version,
                            PIN_MESSAGE_VERSION);
    if (type == PIN_MESSAGE_NONE || type >= PIN_MESSAGE_TYPE_COUNT)
        return pin__err_set(err, PIN_INVALID, "message of unknown type %u", type);
    m->type = (enum pin_message_type)type;
    for (size_t i = 0; i < layouts[type].count; i++)
        get_field(&r, &layouts[type].fields[i], (char *)m);
    if (!pin__wire_done(&r))
        return pin__err_set(err, PIN_INVALID, "message of type %u is cut or has rest", type);
    return PIN_OK;
}

/* wire.h - fields of a message between our own processes: fixed integers and byte strings with
 * their length.
 *
 * A peer may be a job's process gone mad, so a reader never trusts a length: it turns bad and then
 * gives zeros. Integers are in host order: both ends are one program on one machine.
 */
#ifndef PIN_BASE_WIRE_H
#define PIN_BASE_WIRE_H

#include "base/buf.h"

struct pin_reader {
    const char *at;
    const char *end;
    bool bad;
};

#define PIN_READER(bytes, n)                                                                       \
    ((struct pin_reader){ .at = (bytes), .end = (const char *)(bytes) + (n) })

void pin__wire_put_u8(struct pin_buf *b, uint8_t v);
void pin__wire_put_u32(struct pin_buf *b, uint32_t v);
void pin__wire_put_u64(struct pin_buf *b, uint64_t v);
void pin__wire_put_bytes(struct pin_buf *b, const void *data,
                         size_t size);                        /* NULL is told from empty */
void pin__wire_put_text(struct pin_buf *b, const char *text); /* may be NULL */

uint8_t pin__wire_get_u8(struct pin_reader *r);
uint32_t pin__wire_get_u32(struct pin_reader *r);
uint64_t pin__wire_get_u64(struct pin_reader *r);
/* Points into the message; .data is NULL when NULL was put, and for a bad reader. Followed by a NUL
 * byte. */
struct pin_bytes pin__wire_get_bytes(struct pin_reader *r);
const char *pin__wire_get_text(struct pin_reader *r);
/* True when every field was there and nothing is left over. */
bool pin__wire_done(const struct pin_reader *r);

#endif

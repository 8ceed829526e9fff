/* buf.h - a growing run of bytes with a ceiling.
 *
 * Appending never fails in the middle of a sentence of code: a buffer that would pass its ceiling,
 * or for which there is no memory, turns bad, keeps what it had and ignores what follows; ask
 * pin__buf_check once at the end. `data` is always NUL-terminated (the NUL is not counted), so it
 * can be handed to a function that wants text.
 */
#ifndef PIN_BASE_BUF_H
#define PIN_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pin_bytes { /* borrowed; data may be NULL when size is 0 */
    const char *data;
    size_t size;
};

struct pin_buf {
    char
        *data; /* never NULL after the first append; "" semantics through pin__buf_text before it */
    size_t size;
    size_t capacity;
    size_t max;
    bool bad;
};

#define PIN_BUF_INIT(max_bytes) ((struct pin_buf){ .max = (max_bytes) })

void pin__buf_fini(struct pin_buf *b);
void pin__buf_clear(struct pin_buf *b); /* keeps the memory, forgets the content and the badness */
void pin__buf_add(struct pin_buf *b, const void *data, size_t size);
void pin__buf_adds(struct pin_buf *b, const char *text);
void pin__buf_addc(struct pin_buf *b, char c);
void pin__buf_addf(struct pin_buf *b, const char *fmt, ...) PIN_PRINTF(2, 3);
void pin__buf_add_json_string(struct pin_buf *b, const char *text,
                              size_t size); /* with quotes; for display JSON */
/* `"key":"text"`, or null; after a comma when it is not the first of its object. */
void pin__buf_add_json_member(struct pin_buf *b, const char *key, const char *text);
void pin__buf_drop(struct pin_buf *b, size_t size); /* removes the first `size` bytes */
const char *pin__buf_text(const struct pin_buf *b); /* never NULL */
/* Makes room for `size` more bytes and returns where they go (NULL when bad); then add to b->size
 * yourself. */
char *pin__buf_reserve(struct pin_buf *b, size_t size);
/* PIN_LIMIT naming `what` when the buffer went bad. */
pin_status pin__buf_check(const struct pin_buf *b, const char *what,
                          struct pin_err *err) PIN_MUST_USE;

#endif

/* arena.h - memory that dies all at once: what a run, a query or a parse makes.
 *
 * Not the JavaScript heap (that is javascript/image.h). Blocks are never freed one by one.
 */
#ifndef PIN_BASE_ARENA_H
#define PIN_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

struct pin_arena_block;

struct pin_arena {
    struct pin_arena_block *blocks;
    size_t used_bytes;
    size_t max_bytes; /* 0: no ceiling */
};

#define PIN_ARENA_INIT(max) ((struct pin_arena){ .max_bytes = (max) })

/* NULL when the ceiling is reached or memory is out. Aligned for any type; the bytes are zero. */
void *pin__arena_alloc(struct pin_arena *a, size_t size);
/* A NUL-terminated copy. NULL as pin__arena_alloc. */
char *pin__arena_copy(struct pin_arena *a, const char *data, size_t size);
char *pin__arena_strdup(struct pin_arena *a, const char *text);
char *pin__arena_printf(struct pin_arena *a, const char *fmt, ...) PIN_PRINTF(2, 3);
/* Forgets everything but keeps the first block for the next user. */
void pin__arena_reset(struct pin_arena *a);
void pin__arena_fini(struct pin_arena *a);

#endif

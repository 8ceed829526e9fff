/* arena.c - see arena.h. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>

enum { BLOCK_BYTES = 4096 };

struct pin_arena_block {
    struct pin_arena_block *next;
    size_t used;
    size_t capacity;
    alignas(max_align_t) char data[];
};

static struct pin_arena_block *
add_block(struct pin_arena *a, size_t size)
{
    size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct pin_arena_block *block;

    if (capacity > SIZE_MAX - sizeof *block)
        return NULL;
    block = malloc(sizeof *block + capacity);
    if (!block)
        return NULL;
    block->used = 0;
    block->capacity = capacity;
    block->next = a->blocks;
    a->blocks = block;
    return block;
}

void *
pin__arena_alloc(struct pin_arena *a, size_t size)
{
    struct pin_arena_block *block = a->blocks;
    void *p;

    if (size > SIZE_MAX - alignof(max_align_t))
        return NULL;
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (a->max_bytes && (size > a->max_bytes || a->used_bytes > a->max_bytes - size))
        return NULL;
    if (!block || size > block->capacity - block->used)
        block = add_block(a, size);
    if (!block)
        return NULL;
    p = block->data + block->used;
    block->used += size;
    a->used_bytes += size;
    return memset(p, 0, size);
}

char *
pin__arena_copy(struct pin_arena *a, const char *data, size_t size)
{
    char *p = size < SIZE_MAX ? pin__arena_alloc(a, size + 1) : NULL;

    if (p && size)
        memcpy(p, data, size);
    return p;
}

char *
pin__arena_strdup(struct pin_arena *a, const char *text)
{
    return pin__arena_copy(a, text, strlen(text));
}

char *
pin__arena_printf(struct pin_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    char *p = NULL;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0 && (p = pin__arena_alloc(a, (size_t)n + 1)) != NULL)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

void
pin__arena_reset(struct pin_arena *a)
{
    while (a->blocks && a->blocks->next) {
        struct pin_arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    if (a->blocks)
        a->blocks->used = 0;
    a->used_bytes = 0;
}

void
pin__arena_fini(struct pin_arena *a)
{
    pin__arena_reset(a);
    free(a->blocks);
    a->blocks = NULL;
}

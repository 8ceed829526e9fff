/* collector.c - see collector.h. */
#include "javascript/collector.h"

#include <stddef.h>
#include <stdint.h>

enum { OBJECTS_MAX = 1 << 28 }; /* more than fit into a heap: the ring is none */

struct link {
    struct link *prev;
    struct link *next;
};

struct object { /* as QuickJS lays it out */
    int references;
    uint8_t flags[4];
    struct link link;
};

static bool
lies_in(const void *p, const void *block, size_t size)
{
    return (uintptr_t)p >= (uintptr_t)block &&
           (uintptr_t)p + sizeof(struct link) <= (uintptr_t)block + size;
}

static bool
is_object(const struct link *l)
{
    const struct object *o =
        (const struct object *)(const void *)((const char *)l - offsetof(struct object, link));

    return o->references > 0;
}

static bool
is_link(const struct pin_image *image, const struct link *l)
{
    return (uintptr_t)l % sizeof(void *) == 0 && pin__image_holds(image, l);
}

/* The ring's one member inside the runtime; NULL when it is not what is expected. */
static struct link *
find_head(const struct pin_image *image, JSRuntime *rt, struct link *start)
{
    size_t rt_size = js_malloc_usable_size_rt(rt, rt);
    struct link *head = NULL, *l = start;

    for (int n = 0; n < OBJECTS_MAX; n++) {
        if (!is_link(image, l->next) || l->next->prev != l)
            return NULL;
        if (lies_in(l, rt, rt_size)) {
            if (head)
                return NULL;
            head = l;
        } else if (!is_object(l)) {
            return NULL;
        }
        l = l->next;
        if (l == start)
            return head;
    }
    return NULL;
}

bool
pin__collector_spare_all(const struct pin_image *image, JSContext *ctx)
{
    JSValue value = JS_NewObject(ctx);
    struct object *object;
    struct link *head;

    if (JS_IsException(value))
        return false;
    object = JS_VALUE_GET_PTR(value);
    head = find_head(image, JS_GetRuntime(ctx), &object->link);
    JS_FreeValue(ctx, value); /* leaves the ring */
    if (!head)
        return false;
    head->next->prev = head->prev; /* the others stay a ring, without a head */
    head->prev->next = head->next;
    head->next = head->prev = head;
    return true;
}

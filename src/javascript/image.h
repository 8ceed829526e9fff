/* image.h - the JavaScript heap, and how it is put back.
 *
 * An arena that QuickJS allocates from. Freezing it takes the image: a copy of the bytes. Before
 * the next run pin__image_restore puts them back, so that every run starts on a heap that is byte
 * for byte the same. A run writes to few pages however large the project is: the image is kept
 * write-protected, the first write to a page faults once, and the fault handler makes the page
 * writable and adds it to the write set. The pages of the set stay writable and are copied back
 * after every run; in the steady state nothing faults.
 *
 *      | state | places | blocks made while loading | blocks made by the run ...  not used yet ...
 * |
 *      '---------------- the image -----------------'---- zeroed or given back ---'---- no access
 * --'
 *
 * - Of what loading makes, runs write to few blocks (counts of references, mostly), which would be
 *   all over the image. Which ones is learned when the program is built: those of our own modules
 *   have places side by side, so that the write set is a few pages.
 * - The allocator's own state is in the arena and is put back with it. Blocks that loading freed
 * are left alone: a run allocates behind the image, in memory that needs no copying.
 * - Blocks over 256 KB that a run makes are mappings of their own, unmapped when it ends.
 * - The allocator enforces the heap limit of a run (the engine's own does nothing here). The first
 *   breach is remembered; a little more is then still given to small requests, so that the engine
 *   can unwind, and the engine's interrupt ends the run.
 * - The kernel must not be asked to write into the image: it answers EFAULT.
 * - Restore only where no C frame holds a value of the run. Pointers are absolute: the image is
 * good in the process that made it and in its forks.
 *
 * PIN_IMAGE_COPY is the portable way: no protection, the whole image is copied each time. Building
 * with -DPIN_IMAGE_MEMCPY makes it the default.
 */
#ifndef PIN_JAVASCRIPT_IMAGE_H
#define PIN_JAVASCRIPT_IMAGE_H

#include <quickjs.h>
#include <stdbool.h>

#include "base/err.h"

enum pin_image_mode {
    PIN_IMAGE_WRITE_SET,
    PIN_IMAGE_COPY,
    PIN_IMAGE_LEARN, /* a write set of blocks: each that loading makes has pages of its own */
};

#ifdef PIN_IMAGE_MEMCPY
#define PIN_IMAGE_DEFAULT PIN_IMAGE_COPY
#else
#define PIN_IMAGE_DEFAULT PIN_IMAGE_WRITE_SET
#endif

struct pin_image; /* opaque */

struct pin_image_stats {
    size_t image_bytes;
    size_t set_pages;     /* pages that are copied back after each run */
    uint64_t protects;    /* how often a write set was begun */
    uint64_t floor_bytes; /* allocated when the image was taken */
    uint64_t run_bytes;   /* allocated by the run under way */
    uint64_t peak_bytes;
    int64_t restore_ns; /* what the last restore took */
};

/* A block that loading makes, by its number in its stage of loading, and where it goes. Where the
 * size is another one the place stays empty: nothing depends on placement but the time of a run. */
struct pin_place {
    uint32_t serial; /* PIN_STAGE_SERIALS for each stage before it, and the number */
    uint32_t at;     /* offset among the places */
    uint32_t bytes;
};

#define PIN_STAGE_SERIALS (UINT32_C(1) << 24)

struct pin_placement {
    const struct pin_place *places; /* by serial */
    size_t count;
    size_t bytes;
};

extern const struct pin_placement pin__placement; /* made by tools/learn-placement.c */

struct pin_breach {      /* the first time that a run asked for more than its limit */
    uint64_t held_bytes; /* 0 and 0: there was none */
    uint64_t asked_bytes;
};

/* For JS_NewRuntime2; its opaque is the image. */
extern const JSMallocFunctions pin__image_allocator;

/* `limit_bytes` is for what is allocated before the image is taken. */
pin_status pin__image_new(struct pin_image **out, enum pin_image_mode mode, uint64_t limit_bytes,
                          struct pin_err *err) PIN_MUST_USE;
/* Before the first allocation; `p` is borrowed while loading. */
pin_status pin__image_place(struct pin_image *m, const struct pin_placement *p,
                            struct pin_err *err) PIN_MUST_USE;
/* A stage of loading begins: what goes before may make fewer blocks or more, it counts for itself.
 */
void pin__image_stage(struct pin_image *m);
/* Of an image that learns: the blocks that runs have written to, by serial, `at` is 0. *out is the
 * caller's to free. */
pin_status pin__image_learned(const struct pin_image *m, struct pin_place **out, size_t *count,
                              struct pin_err *err) PIN_MUST_USE;
/* Takes the image. */
pin_status pin__image_freeze(struct pin_image *m, struct pin_err *err) PIN_MUST_USE;
/* A run begins: what it may allocate above the image. */
void pin__image_start(struct pin_image *m, uint64_t limit_bytes);
/* Puts everything back. PIN_IO when that failed: the process must not run anything more. */
pin_status pin__image_restore(struct pin_image *m, struct pin_err *err) PIN_MUST_USE;
/* The breach of the run under way; asked_bytes is 0 when there was none. Cheap. */
const struct pin_breach *pin__image_breach(const struct pin_image *m);
struct pin_image_stats pin__image_stats(const struct pin_image *m);
/* Whether an address lies in the arena and may be read. */
bool pin__image_holds(const struct pin_image *m, const void *address);
/* Of the image as it stands and of the zeros behind it. */
uint64_t pin__image_hash(const struct pin_image *m);
/* Unmaps everything; values in it are gone. NULL is fine. */
void pin__image_free(struct pin_image *m);

#endif

/* image.c - see image.h. The signal handler here is the one in the program that does more than
 * write a byte: it looks at the address, calls mprotect and appends to a fixed array. */
#include "javascript/image.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"

#define PAGE           ((size_t)4096)
#define RESERVE_MAX    ((size_t)16 << 30)
#define RESERVE_MIN    ((size_t)64 << 20)
#define GROW_BYTES     ((size_t)256 << 10)
#define FINE_BYTES     ((size_t)128)       /* blocks up to this have classes of 16 bytes */
#define LARGE_BYTES    ((size_t)256 << 10) /* blocks above this get a mapping of their own */
#define ZEROED_BYTES   ((size_t)256 << 10) /* of what a run allocated; the rest is given back */
#define GRACE_BYTES    ((size_t)4 << 20)   /* over the limit, to unwind */
#define GRACE_BLOCK    ((size_t)64 << 10)
#define HEADER_BYTES   sizeof(uint64_t)
#define MAGIC_USED     UINT64_C(0x70696e75)
#define MAGIC_FREE     UINT64_C(0x70696e66)
#define CLASS_LARGE    UINT32_C(0xffff)
#define CLASS_COUNT    128
#define SET_SLACK      16   /* pages that a write set may grow without being called unusual */
#define SET_LARGE      64   /* a set above this is learnt afresh now and then */
#define PERIOD_MIN     64   /* runs */
#define PERIOD_MAX     8192 /* runs */
#define ALT_STACK_SIZE (64 << 10)

struct state {  /* at the start of the arena: part of the image */
    size_t top; /* offset of the first byte that was never allocated */
    uint64_t used;
    void *free[CLASS_COUNT];
};

struct large { /* in front of a block with a mapping of its own; 64 bytes with the block's header */
    struct large *next, **link;
    size_t mapped_bytes;
    uint64_t padding[4];
    uint64_t header;
};

struct pin_image {
    char *base;
    size_t reserved;
    size_t committed; /* accessible bytes from base */
    struct state *state;
    enum pin_image_mode mode;
    uint64_t ceiling; /* state->used may not pass this */
    uint64_t floor;   /* state->used when the image was taken */
    uint64_t peak;
    struct pin_breach breach;
    struct large *large;

    /* While loading. */
    uint32_t serial;               /* of the next block */
    char *places;                  /* in the arena */
    const struct pin_place *place; /* the next one, and behind the last */
    const struct pin_place *places_end;
    uint32_t *serials; /* of the block in each page, when learning; 0: none */
    size_t serials_capacity;

    /* Since the image was taken. */
    char *copy;
    size_t image_bytes; /* 0 before; whole pages */
    uint32_t *set;      /* page numbers; room for every page of the image */
    volatile uint32_t set_count;
    volatile bool unprotected; /* no more mappings to be had: every page is written back */
    uint32_t sorted;           /* that many pages of the set were put in order */
    uint32_t usual;            /* pages that the first run wrote since the image was protected */
    uint32_t usual_before;     /* the same, of the set before */
    uint32_t runs;
    uint32_t period;
    uint64_t protects;
    int64_t restore_ns;
    struct pin_image *next; /* in the list of the fault handler */
};

/* --- size classes: sixteenths up to 128 bytes, then four to a power of two --- */

static size_t
round_up(size_t n, size_t to)
{
    return (n + to - 1) / to * to;
}

static uint32_t
class_of(size_t n)
{
    unsigned log;

    if (n <= FINE_BYTES)
        return (uint32_t)(n / 16) - 1;
    log = 63 - (unsigned)__builtin_clzll(n - 1);
    return 8 + (log - 7) * 4 + (uint32_t)(((n - 1) >> (log - 2)) & 3);
}

static inline size_t
bytes_of_class(uint32_t class)
{
    unsigned log;

    if (class < 8)
        return ((size_t) class + 1) * 16;
    log = 7 + (class - 8) / 4;
    return (size_t)(4 + (class - 8) % 4 + 1) << (log - 2);
}

/* --- blocks: a header of 8 bytes, then the payload, aligned to 16 --- */

static inline uint64_t *
header_of(const void *payload)
{
    return (uint64_t *)((uintptr_t)payload - HEADER_BYTES);
}

static struct large *
large_of(const void *payload)
{
    return (struct large *)((uintptr_t)payload - sizeof(struct large));
}

static inline uint32_t
checked_class(const void *payload)
{
    uint64_t header = *header_of(payload);

    if (header >> 32 != MAGIC_USED)
        pin__bug("JavaScript heap: block %p is not in use", payload);
    return (uint32_t)header;
}

/* What the block costs, header included. */
static size_t
block_bytes(const void *payload)
{
    uint32_t class = checked_class(payload);

    return class == CLASS_LARGE ? large_of(payload)->mapped_bytes : bytes_of_class(class);
}

static size_t
overhead(const void *payload)
{
    return (uint32_t)*header_of(payload) == CLASS_LARGE ? sizeof(struct large) : HEADER_BYTES;
}

static bool
commit(struct pin_image *m, size_t end)
{
    size_t committed = round_up(end, GROW_BYTES);

    if (end <= m->committed)
        return true;
    if (committed > m->reserved ||
        mprotect(m->base + m->committed, committed - m->committed, PROT_READ | PROT_WRITE) != 0)
        return false;
    m->committed = committed;
    return true;
}

static void *
carve(struct pin_image *m, uint32_t class, size_t bytes)
{
    struct state *s = m->state;
    uint64_t *block;

    if (bytes > m->reserved - s->top || !commit(m, s->top + bytes))
        return NULL;
    block = (uint64_t *)(m->base + s->top);
    s->top += bytes;
    *block = MAGIC_USED << 32 | class;
    return block + 1;
}

static inline void *
alloc_small(struct pin_image *m, uint32_t class, size_t bytes)
{
    void *payload = m->state->free[class];

    if (!payload)
        return carve(m, class, bytes);
    memcpy(&m->state->free[class], payload, sizeof(void *));
    *header_of(payload) = MAGIC_USED << 32 | class;
    return payload;
}

/* The serials of all pages below `end` have room. */
static bool
make_room_for_serials(struct pin_image *m, size_t end)
{
    size_t capacity =
        m->serials_capacity * 2 > end / PAGE ? m->serials_capacity * 2 : end / PAGE + 1;
    uint32_t *serials;

    if (end / PAGE < m->serials_capacity)
        return true;
    if (!(serials = realloc(m->serials, capacity * sizeof *serials)))
        return false;
    memset(serials + m->serials_capacity, 0, (capacity - m->serials_capacity) * sizeof *serials);
    m->serials = serials;
    m->serials_capacity = capacity;
    return true;
}

/* On pages of its own. Serials are kept with one added. */
static void *
carve_apart(struct pin_image *m, uint32_t class, size_t bytes, uint32_t serial)
{
    size_t at = round_up(m->state->top, PAGE), end = round_up(at + HEADER_BYTES + bytes, PAGE);

    if (!make_room_for_serials(m, end))
        return NULL;
    m->state->top = at + HEADER_BYTES;
    for (size_t page = at / PAGE; page < end / PAGE; page++)
        m->serials[page] = serial + 1;
    return carve(m, class, bytes);
}

static void *
at_its_place(struct pin_image *m, uint32_t class, size_t bytes, uint32_t serial)
{
    uint64_t *block;

    while (m->place < m->places_end && m->place->serial < serial)
        m->place++;
    if (m->place == m->places_end || m->place->serial != serial || m->place->bytes != bytes)
        return NULL;
    block = (uint64_t *)(void *)(m->places + m->place->at);
    *block = MAGIC_USED << 32 | class;
    return block + 1;
}

static void *
alloc_loading(struct pin_image *m, uint32_t class, size_t bytes)
{
    uint32_t serial = m->serial++;
    void *payload;

    if (m->mode == PIN_IMAGE_LEARN)
        return carve_apart(m, class, bytes, serial);
    payload = at_its_place(m, class, bytes, serial);
    return payload ? payload : alloc_small(m, class, bytes);
}

static void
large_link(struct pin_image *m, struct large *l)
{
    l->next = m->large;
    l->link = &m->large;
    if (l->next)
        l->next->link = &l->next;
    m->large = l;
}

static void
large_unlink(struct large *l)
{
    *l->link = l->next;
    if (l->next)
        l->next->link = l->link;
}

static void *
alloc_large(struct pin_image *m, size_t bytes)
{
    struct large *l = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (l == MAP_FAILED)
        return NULL;
    l->mapped_bytes = bytes;
    l->header = MAGIC_USED << 32 | CLASS_LARGE;
    large_link(m, l);
    return l + 1;
}

/* A run may free more of the image than it allocates. */
static uint64_t
held_by_run(const struct pin_image *m)
{
    return m->state->used > m->floor ? m->state->used - m->floor : 0;
}

/* Keeps the record of the first refusal. */
static void *
refuse(struct pin_image *m, size_t more)
{
    if (!m->breach.asked_bytes)
        m->breach = (struct pin_breach){ .held_bytes = held_by_run(m), .asked_bytes = more };
    return NULL;
}

static bool
over_limit(struct pin_image *m, size_t more)
{
    refuse(m, more);
    return more > GRACE_BLOCK || m->state->used + more > m->ceiling + GRACE_BYTES;
}

/* Whether a run may hold `more` bytes. */
static inline bool
within_limit(struct pin_image *m, size_t more)
{
    return m->state->used + more <= m->ceiling || !over_limit(m, more);
}

static inline void
count(struct pin_image *m, JSMallocState *js, size_t bytes)
{
    uint64_t used = m->state->used += bytes;

    js->malloc_size += bytes;
    js->malloc_count++;
    if (used > m->peak)
        m->peak = used;
}

static inline void
uncount(struct pin_image *m, JSMallocState *js, size_t bytes)
{
    m->state->used -= bytes;
    js->malloc_size -= bytes;
    js->malloc_count--;
}

static inline void *
take(struct pin_image *m, JSMallocState *js, uint32_t class, size_t bytes)
{
    void *payload;

    if (!within_limit(m, bytes))
        return NULL;
    if (class == CLASS_LARGE)
        payload = alloc_large(m, bytes);
    else if (m->image_bytes)
        payload = alloc_small(m, class, bytes);
    else
        payload = alloc_loading(m, class, bytes);
    if (!payload)
        return refuse(m, bytes); /* no address space or no memory: told as a limit as well */
    count(m, js, bytes);
    return payload;
}

static void *
malloc_more(struct pin_image *m, JSMallocState *js, size_t size)
{
    uint32_t class;

    if (size > RESERVE_MAX)
        return refuse(m, size);
    if (m->image_bytes && size + HEADER_BYTES > LARGE_BYTES)
        return take(m, js, CLASS_LARGE, round_up(size + sizeof(struct large), PAGE));
    class = class_of(round_up(size + HEADER_BYTES, 16));
    return take(m, js, class, bytes_of_class(class));
}

static void *
image_malloc(JSMallocState *js, size_t size)
{
    struct pin_image *m = js->opaque;
    size_t bytes;

    if (size > FINE_BYTES - HEADER_BYTES)
        return malloc_more(m, js, size);
    bytes = (size + HEADER_BYTES + 15) & ~(size_t)15;
    return take(m, js, (uint32_t)(bytes / 16) - 1, bytes);
}

static void
free_large(struct pin_image *m, JSMallocState *js, struct large *l)
{
    uncount(m, js, l->mapped_bytes);
    large_unlink(l);
    munmap(l, l->mapped_bytes);
}

static void
image_free(JSMallocState *js, void *payload)
{
    struct pin_image *m = js->opaque;
    uint32_t class;

    if (!payload)
        return;
    class = checked_class(payload);
    if (class == CLASS_LARGE) {
        free_large(m, js, large_of(payload));
        return;
    }
    uncount(m, js, bytes_of_class(class));
    *header_of(payload) = MAGIC_FREE << 32 | class;
    memcpy(payload, &m->state->free[class], sizeof(void *));
    m->state->free[class] = payload;
}

static size_t
image_usable_size(const void *payload)
{
    return payload ? block_bytes(payload) - overhead(payload) : 0;
}

/* A large block stays one: its pages move, its bytes are not copied. */
static void *
remap_large(struct pin_image *m, JSMallocState *js, void *payload, size_t size)
{
    struct large *l = large_of(payload), *moved;
    size_t old = l->mapped_bytes, bytes = round_up(size + sizeof *l, PAGE);

    if (bytes == old)
        return payload;
    if (bytes > old && !within_limit(m, bytes - old))
        return NULL;
    large_unlink(l);
    moved = mremap(l, old, bytes, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) {
        large_link(m, l);
        return NULL;
    }
    moved->mapped_bytes = bytes;
    large_link(m, moved);
    uncount(m, js, old);
    count(m, js, bytes);
    return moved + 1;
}

static void *
image_realloc(JSMallocState *js, void *payload, size_t size)
{
    struct pin_image *m = js->opaque;
    size_t usable;
    void *moved;

    if (!payload)
        return size ? image_malloc(js, size) : NULL;
    if (!size) {
        image_free(js, payload);
        return NULL;
    }
    if (size <= RESERVE_MAX && size > LARGE_BYTES && checked_class(payload) == CLASS_LARGE)
        return remap_large(m, js, payload, size);
    usable = image_usable_size(payload);
    if (size <= usable && size >= usable / 2)
        return payload;
    if (!(moved = image_malloc(js, size)))
        return NULL;
    memcpy(moved, payload, size < usable ? size : usable);
    image_free(js, payload);
    return moved;
}

const JSMallocFunctions pin__image_allocator = {
    .js_malloc = image_malloc,
    .js_free = image_free,
    .js_realloc = image_realloc,
    .js_malloc_usable_size = image_usable_size,
};

/* --- the fault handler --- */

static struct pin_image *images; /* those that are protected */
static struct sigaction other_handler;

static bool
note_write(struct pin_image *m, uintptr_t address)
{
    uintptr_t base = (uintptr_t)m->base;
    uint32_t page;

    if (address < base || address >= base + m->image_bytes)
        return false;
    page = (uint32_t)((address - base) / PAGE);
    if (mprotect(m->base + page * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0) {
        m->set[m->set_count] = page;
        m->set_count++;
        return true;
    }
    /* The process has too many mappings: give up the set, copy everything back. */
    m->unprotected = mprotect(m->base, m->image_bytes, PROT_READ | PROT_WRITE) == 0;
    return m->unprotected;
}

static void
pass_on(int signal, siginfo_t *info, void *context)
{
    if (other_handler.sa_flags & SA_SIGINFO)
        other_handler.sa_sigaction(signal, info, context);
    else if (other_handler.sa_handler != SIG_DFL && other_handler.sa_handler != SIG_IGN)
        other_handler.sa_handler(signal);
    else
        sigaction(SIGSEGV, &other_handler, NULL); /* the access is tried again, and crashes */
    if (info->si_code <= 0)
        raise(signal); /* somebody sent it: there is no access to try again */
}

static void
on_fault(int signal, siginfo_t *info, void *context)
{
    int code = errno;

    if (info->si_code == SEGV_ACCERR)
        for (struct pin_image *m = images; m; m = m->next)
            if (note_write(m, (uintptr_t)info->si_addr)) {
                errno = code;
                return;
            }
    pass_on(signal, info, context);
    errno = code;
}

/* A stack of its own: the fault may be the overflow of the ordinary one. */
static bool
use_alternate_stack(void)
{
    static char bytes[ALT_STACK_SIZE];
    stack_t have, stack = { .ss_sp = bytes, .ss_size = sizeof bytes };

    if (sigaltstack(NULL, &have) == 0 && !(have.ss_flags & SS_DISABLE))
        return true;
    return sigaltstack(&stack, NULL) == 0;
}

static pin_status
install(struct pin_err *err)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    struct sigaction have;

    if (sigaction(SIGSEGV, NULL, &have) == 0 && have.sa_sigaction == on_fault)
        return PIN_OK;
    sigemptyset(&action.sa_mask);
    if (!use_alternate_stack() || sigaction(SIGSEGV, &action, &other_handler) != 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot watch the JavaScript heap");
    return PIN_OK;
}

static void
unregister(struct pin_image *m)
{
    struct sigaction have;

    for (struct pin_image **at = &images; *at; at = &(*at)->next)
        if (*at == m) {
            *at = m->next;
            break;
        }
    if (!images && sigaction(SIGSEGV, NULL, &have) == 0 && have.sa_sigaction == on_fault)
        sigaction(SIGSEGV, &other_handler, NULL);
}

/* --- the image --- */

static pin_status
reserve(struct pin_image *m, struct pin_err *err)
{
    for (size_t bytes = RESERVE_MAX; bytes >= RESERVE_MIN; bytes /= 2) {
        char *base =
            mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (base == MAP_FAILED)
            continue;
        m->base = base;
        m->reserved = bytes;
        return PIN_OK;
    }
    return pin__err_errno(err, PIN_NO_MEMORY, errno,
                          "cannot reserve memory for the JavaScript heap");
}

pin_status
pin__image_new(struct pin_image **out, enum pin_image_mode mode, uint64_t limit_bytes,
               struct pin_err *err)
{
    struct pin_image *m = calloc(1, sizeof *m);
    pin_status st;

    *out = NULL;
    if (!m)
        return pin__err_no_memory(err);
    m->mode = mode;
    m->ceiling = limit_bytes;
    m->period = PERIOD_MIN;
    if ((st = reserve(m, err)) == PIN_OK && !commit(m, sizeof(struct state)))
        st = pin__err_errno(err, PIN_NO_MEMORY, errno, "cannot get memory for the JavaScript heap");
    if (st != PIN_OK) {
        pin__image_free(m);
        return st;
    }
    m->state = (struct state *)(void *)m->base;
    m->state->top = round_up(sizeof *m->state, 16) + HEADER_BYTES;
    *out = m;
    return PIN_OK;
}

pin_status
pin__image_place(struct pin_image *m, const struct pin_placement *p, struct pin_err *err)
{
    if (m->mode == PIN_IMAGE_LEARN)
        return PIN_OK;
    if (!commit(m, m->state->top + p->bytes))
        return pin__err_errno(err, PIN_NO_MEMORY, errno,
                              "cannot get memory for the JavaScript heap");
    m->places = m->base + m->state->top;
    m->state->top += p->bytes;
    m->place = p->places;
    m->places_end = p->places + p->count;
    return PIN_OK;
}

void
pin__image_stage(struct pin_image *m)
{
    m->serial = (m->serial / PIN_STAGE_SERIALS + 1) * PIN_STAGE_SERIALS;
}

static int
by_serial(const void *a, const void *b)
{
    const struct pin_place *x = a, *y = b;

    return (x->serial > y->serial) - (x->serial < y->serial);
}

pin_status
pin__image_learned(const struct pin_image *m, struct pin_place **out, size_t *count,
                   struct pin_err *err)
{
    struct pin_place *places = calloc(m->set_count + 1, sizeof *places);
    size_t n = 0;

    *out = places;
    *count = 0;
    if (!places)
        return pin__err_no_memory(err);
    for (uint32_t i = 0; i < m->set_count; i++) {
        uint32_t page = m->set[i], serial = m->serials[page];

        while (page && m->serials[page - 1] == serial)
            page--; /* a block of several pages */
        if (serial)
            places[n++] = (struct pin_place){ .serial = serial - 1,
                                              .bytes = (uint32_t)block_bytes(m->base + page * PAGE +
                                                                             2 * HEADER_BYTES) };
    }
    qsort(places, n, sizeof *places, by_serial);
    for (size_t i = 0; i < n; i++)
        if (!*count || places[*count - 1].serial != places[i].serial)
            places[(*count)++] = places[i];
    return PIN_OK;
}

static pin_status
protect(struct pin_image *m, struct pin_err *err)
{
    m->set_count = 0;
    m->sorted = 0;
    m->unprotected = false;
    m->usual_before = m->usual;
    m->usual = 0;
    m->runs = 0;
    m->protects++;
    if (mprotect(m->base, m->image_bytes, PROT_READ) != 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot protect the JavaScript heap");
    return PIN_OK;
}

static pin_status
watch(struct pin_image *m, struct pin_err *err)
{
    pin_status st;

    if (m->mode == PIN_IMAGE_COPY)
        return PIN_OK;
    if (!(m->set = calloc(m->image_bytes / PAGE, sizeof *m->set)))
        return pin__err_no_memory(err);
    if ((st = install(err)) != PIN_OK)
        return st;
    m->next = images;
    images = m;
    return protect(m, err);
}

pin_status
pin__image_freeze(struct pin_image *m, struct pin_err *err)
{
    size_t end = round_up(m->state->top, PAGE);

    if (!commit(m, end + PAGE))
        return pin__err_no_memory(err);
    m->state->top = end + HEADER_BYTES; /* what a run allocates starts on a page of its own */
    memset(m->state->free, 0, sizeof m->state->free);
    m->floor = m->state->used;
    m->copy = mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m->copy == MAP_FAILED) {
        m->copy = NULL;
        return pin__err_errno(err, PIN_NO_MEMORY, errno, "cannot copy the JavaScript heap");
    }
    memcpy(m->copy, m->base, end);
    m->image_bytes = end;
    return watch(m, err);
}

void
pin__image_start(struct pin_image *m, uint64_t limit_bytes)
{
    m->ceiling = m->floor + (limit_bytes < RESERVE_MAX ? limit_bytes : RESERVE_MAX);
    m->breach = (struct pin_breach){ 0 };
    m->peak = m->floor;
}

/* What the run allocated: secrets must not stay, memory must not pile up. */
static pin_status
drop_run(struct pin_image *m, struct pin_err *err)
{
    size_t used = m->state->top - m->image_bytes;
    size_t kept = used < ZEROED_BYTES ? used : ZEROED_BYTES;

    while (m->large) {
        struct large *l = m->large;

        large_unlink(l);
        munmap(l, l->mapped_bytes);
    }
    memset(m->base + m->image_bytes, 0, kept);
    if (used > kept) {
        char *from = m->base + m->image_bytes + kept;

        if (madvise(from, (size_t)(m->base + m->committed - from), MADV_DONTNEED) != 0)
            return pin__err_errno(err, PIN_IO, errno, "cannot give back the JavaScript heap");
    }
    return PIN_OK;
}

static int
by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Neighbours in one go. */
static void
copy_set(struct pin_image *m)
{
    uint32_t n = m->set_count;

    if (n != m->sorted)
        qsort(m->set, n, sizeof *m->set, by_number);
    m->sorted = n;
    for (uint32_t i = 0, first; i < n;) {
        size_t at = m->set[i] * PAGE;

        for (first = i++; i < n && m->set[i] == m->set[i - 1] + 1;)
            i++;
        memcpy(m->base + at, m->copy + at, (i - first) * PAGE);
    }
}

static void
copy_back(struct pin_image *m)
{
    if (m->mode == PIN_IMAGE_COPY || m->unprotected)
        memcpy(m->base, m->copy, m->image_bytes);
    else
        copy_set(m);
}

/* Whether the set holds pages that runs do not usually write: a collection writes every object, and
 * from then on every restore would copy the whole image. */
static bool
is_unusual(struct pin_image *m)
{
    if (m->unprotected)
        return true;
    if (!m->usual) {
        bool smaller = m->set_count < m->usual_before / 2;

        m->usual = m->set_count;
        m->period = smaller ? PERIOD_MIN : m->period < PERIOD_MAX ? m->period * 2 : PERIOD_MAX;
    }
    m->runs++;
    return m->set_count > 2 * m->usual + SET_SLACK ||
           (m->set_count > SET_LARGE && m->runs >= m->period);
}

pin_status
pin__image_restore(struct pin_image *m, struct pin_err *err)
{
    struct pin_mono start = pin__clock_mono();
    pin_status st = drop_run(m, err);

    copy_back(m);
    if (st == PIN_OK && m->mode == PIN_IMAGE_WRITE_SET && is_unusual(m))
        st = protect(m, err);
    m->restore_ns = pin__clock_mono().ns - start.ns;
    return st;
}

const struct pin_breach *
pin__image_breach(const struct pin_image *m)
{
    return &m->breach;
}

struct pin_image_stats
pin__image_stats(const struct pin_image *m)
{
    return (struct pin_image_stats){
        .image_bytes = m->image_bytes,
        .set_pages = m->set_count,
        .protects = m->protects,
        .floor_bytes = m->floor,
        .run_bytes = held_by_run(m),
        .restore_ns = m->restore_ns,
        .peak_bytes = m->peak - m->floor,
    };
}

bool
pin__image_holds(const struct pin_image *m, const void *address)
{
    return (uintptr_t)address >= (uintptr_t)m->base &&
           (uintptr_t)address < (uintptr_t)m->base + m->committed - PAGE;
}

static uint64_t
mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

uint64_t
pin__image_hash(const struct pin_image *m)
{
    uint64_t hash = 1, word;

    for (size_t at = 0; at < m->image_bytes; at += sizeof word) {
        memcpy(&word, m->base + at, sizeof word);
        hash = mix(hash, word);
    }
    for (size_t at = m->image_bytes; at < m->committed; at += sizeof word) {
        memcpy(&word, m->base + at, sizeof word);
        if (word) /* how much is accessible does not matter, that it is zero does */
            hash = mix(hash ^ at, word);
    }
    return hash;
}

void
pin__image_free(struct pin_image *m)
{
    if (!m)
        return;
    unregister(m);
    while (m->large) {
        struct large *l = m->large;

        large_unlink(l);
        munmap(l, l->mapped_bytes);
    }
    if (m->copy)
        munmap(m->copy, m->image_bytes);
    if (m->base)
        munmap(m->base, m->reserved);
    free(m->set);
    free(m->serials);
    free(m);
}

/* claims.c - see claims.h. */
#include "executor/claims.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* More slots than tasks that can be offered at once. A task's id says where to begin to look, so
 * its slot is found at once unless another one's id led there too. */
enum { SLOTS = 1024 };

enum slot_state { SLOT_FREE = 0, SLOT_OFFERED = 1 };

struct pin_claims {
    _Atomic uint64_t slots[SLOTS]; /* id << 1 | offered; 0: free */
};

static uint64_t
offered(uint64_t task)
{
    return task << 1 | SLOT_OFFERED;
}

static struct pin_claims *
map(int fd, struct pin_err *err)
{
    void *page = mmap(NULL, sizeof(struct pin_claims), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (page == MAP_FAILED) {
        pin__err_errno(err, PIN_IO, errno, "cannot map the page of claims");
        return NULL;
    }
    (void)madvise(page, sizeof(struct pin_claims), MADV_DONTFORK); /* of these two processes only */
    return page;
}

struct pin_claims *
pin__claims_new(int *fd, struct pin_err *err)
{
    struct pin_claims *c = NULL;

    *fd = memfd_create("pinstripe-claims", MFD_CLOEXEC);
    if (*fd < 0 || ftruncate(*fd, sizeof *c) != 0)
        pin__err_errno(err, PIN_IO, errno, "cannot make the page of claims");
    else
        c = map(*fd, err);
    if (!c && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return c;
}

struct pin_claims *
pin__claims_map(int fd, struct pin_err *err)
{
    struct pin_claims *c = map(fd, err);

    close(fd);
    return c;
}

void
pin__claims_free(struct pin_claims *c)
{
    if (c)
        munmap(c, sizeof *c);
}

void
pin__claims_offer(struct pin_claims *c, uint64_t task)
{
    for (size_t i = 0; i < SLOTS; i++) {
        _Atomic uint64_t *slot = &c->slots[(task + i) % SLOTS];

        if (atomic_load(slot) != SLOT_FREE)
            continue;
        atomic_store(slot, offered(task));
        return;
    }
    pin__bug("more than %d tasks are offered to one worker", SLOTS);
}

/* Both ends free the slot; whose exchange succeeds has the task. */
static bool
claim(struct pin_claims *c, uint64_t task)
{
    for (size_t i = 0; i < SLOTS; i++) {
        uint64_t expected = offered(task);

        if (atomic_compare_exchange_strong(&c->slots[(task + i) % SLOTS], &expected, SLOT_FREE))
            return true;
    }
    return false;
}

bool
pin__claims_take_back(struct pin_claims *c, uint64_t task)
{
    return claim(c, task);
}

bool
pin__claims_begin(struct pin_claims *c, uint64_t task)
{
    return claim(c, task);
}

/* turns.c - in which order claimed runs begin: tenants take turns.
 *
 * Start-time fair queueing (Goyal, Vin and Cheng, 1996) with runs of length one: a run's mark is
 * that of its tenant's run before it and one, but not less than the lowest that waits. (The paper
 * takes the mark of what is being served; here several are, and one may be far ahead of what waits
 * behind another.) The lowest begins first; at the same mark who comes after a pause goes before
 * who has just had a turn, and otherwise who came first. So whoever comes with nothing waiting goes
 * before all that busy tenants have waiting, however many those are, and cannot do so each time.
 *
 * The store's turns decide what is claimed; these decide in which order what is claimed begins,
 * which the store does not know. Priorities have marks of their own, for the higher always goes
 * first.
 */
#include "executor/turns.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { BUCKETS = 1024, TAKERS_KEPT = 256 };

struct turn_taker { /* a tenant in a queue */
    struct turn_taker *next;
    int64_t reached; /* the mark of its next run, unless others are further */
    size_t held;
    char names[]; /* of the queue, and of the tenant: one after the other */
};

struct turn_class {
    struct turn_class *next;
    int64_t priority;
    int64_t now;      /* the lowest mark that waits; when none does, the highest that has begun */
    uint32_t *counts; /* of those that wait, by their mark: [mark % room] */
    size_t room, waiting;
    size_t held, takers;
    struct turn_taker *buckets[BUCKETS];
};

/* ---- who ---- */

/* FNV-1a */
static uint64_t
mix(uint64_t h, const char *text)
{
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h * 0x100000001b3u;
}

static size_t
bucket_of(const char *queue, const char *tenant)
{
    uint64_t h = mix(mix(0xcbf29ce484222325u, queue), tenant);

    return (h ^ h >> 32) % BUCKETS;
}

static bool
is_of(const struct turn_taker *k, const char *queue, const char *tenant)
{
    return strcmp(k->names, queue) == 0 && strcmp(k->names + strlen(queue) + 1, tenant) == 0;
}

static struct turn_class *
find_class(const struct turns *t, int64_t priority)
{
    struct turn_class *c = t->classes;

    while (c && c->priority != priority)
        c = c->next;
    return c;
}

static struct turn_taker *
find_taker(const struct turn_class *c, const char *queue, const char *tenant)
{
    struct turn_taker *k = c->buckets[bucket_of(queue, tenant)];

    while (k && !is_of(k, queue, tenant))
        k = k->next;
    return k;
}

/* ---- what is forgotten ---- */

static void
forget(struct turn_class *c, bool also_ahead)
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct turn_taker **at = &c->buckets[i], *k; (k = *at) != NULL;) {
            if (k->held || (k->reached > c->now && !also_ahead)) {
                at = &k->next;
                continue;
            }
            *at = k->next;
            free(k);
            c->takers--;
        }
}

/* A tenant that has nothing held is remembered while others have not caught up with it; not too
 * many of them, so that 100,000 with one run each do not take memory. */
static void
forget_some(struct turn_class *c)
{
    if (c->takers < 2 * c->held + TAKERS_KEPT)
        return;
    forget(c, false);
    if (c->takers >= 2 * c->held + TAKERS_KEPT)
        forget(c, true);
}

static void
drop_class(struct turns *t, struct turn_class *c)
{
    struct turn_class **at = &t->classes;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    forget(c, true);
    free(c->counts);
    free(c);
}

/* ---- the lowest mark that waits ---- */

enum { ROOM_FIRST = 1024 };

static void
make_room(struct turn_class *c, int64_t mark)
{
    size_t room = c->room ? c->room : ROOM_FIRST;
    uint32_t *counts;

    while ((uint64_t)(mark - c->now) >= room)
        room *= 2;
    if (room == c->room)
        return;
    if (!(counts = calloc(room, sizeof *counts)))
        pin__bug("out of memory for turns");
    for (size_t i = 0; i < c->room; i++)
        counts[(uint64_t)(c->now + (int64_t)i) % room] =
            c->counts[(uint64_t)(c->now + (int64_t)i) % c->room];
    free(c->counts);
    c->counts = counts;
    c->room = room;
}

static void
count_in(struct turn_class *c, int64_t mark)
{
    if (c->waiting++ == 0)
        c->now = mark;
    make_room(c, mark);
    c->counts[(uint64_t)mark % c->room]++;
}

static void
count_out(struct turn *turn)
{
    struct turn_class *c = turn->class;

    turn->waits = false;
    c->counts[(uint64_t)turn->mark % c->room]--;
    c->waiting--;
    if (c->waiting == 0)
        c->now = turn->mark;
    while (c->waiting && c->counts[(uint64_t)c->now % c->room] == 0)
        c->now++;
}

/* ---- a run ---- */

static struct turn_class *
class_of(struct turns *t, int64_t priority)
{
    struct turn_class *c = find_class(t, priority);

    if (c)
        return c;
    if (!(c = calloc(1, sizeof *c)))
        pin__bug("out of memory for turns");
    c->priority = priority;
    c->next = t->classes;
    t->classes = c;
    return c;
}

static struct turn_taker *
taker_of(struct turn_class *c, const char *queue, const char *tenant)
{
    size_t queue_size = strlen(queue) + 1, tenant_size = strlen(tenant) + 1;
    struct turn_taker *k = find_taker(c, queue, tenant), **bucket;

    if (k)
        return k;
    forget_some(c);
    if (!(k = calloc(1, sizeof *k + queue_size + tenant_size)))
        pin__bug("out of memory for turns");
    memcpy(k->names, queue, queue_size);
    memcpy(k->names + queue_size, tenant, tenant_size);
    k->reached = c->now - 1; /* it comes after a pause */
    bucket = &c->buckets[bucket_of(queue, tenant)];
    k->next = *bucket;
    *bucket = k;
    c->takers++;
    return k;
}

static struct turn
turn_for(const struct turns *t, const struct turn_class *c, const struct turn_taker *k,
         int64_t priority)
{
    int64_t now = c ? c->now : 0;
    int64_t reached = k ? k->reached : now - 1;

    return (struct turn){ .priority = priority,
                          .mark = reached > now ? reached : now,
                          .paused = reached < now,
                          .arrival = t->arrivals + 1 };
}

struct turn
pin__turn_next(const struct turns *t, int64_t priority, const char *queue, const char *tenant)
{
    const struct turn_class *c = find_class(t, priority);

    return turn_for(t, c, c ? find_taker(c, queue, tenant ? tenant : "") : NULL, priority);
}

struct turn
pin__turn_take(struct turns *t, int64_t priority, const char *queue, const char *tenant)
{
    struct turn_class *c = class_of(t, priority);
    struct turn_taker *k = taker_of(c, queue, tenant ? tenant : "");
    struct turn turn = turn_for(t, c, k, priority);

    turn.taker = k;
    turn.class = c;
    turn.waits = true;
    count_in(c, turn.mark);
    k->reached = turn.mark + 1;
    k->held++;
    c->held++;
    t->arrivals++;
    return turn;
}

void
pin__turn_began(struct turn *turn)
{
    if (turn->waits)
        count_out(turn);
}

void
pin__turn_leave(struct turns *t, struct turn *turn)
{
    pin__turn_began(turn);
    turn->taker->held--;
    if (--turn->class->held == 0)
        drop_class(t, turn->class);
}

int
pin__turn_compare(const struct turn *a, const struct turn *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority ? -1 : 1;
    if (a->mark != b->mark)
        return a->mark < b->mark ? -1 : 1;
    if (a->paused != b->paused)
        return a->paused ? -1 : 1;
    return a->arrival < b->arrival ? -1 : a->arrival > b->arrival;
}

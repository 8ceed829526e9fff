/* turns.h - in which order claimed runs begin (turns.c says by what rule). Single-threaded. */
#ifndef PIN_EXECUTOR_TURNS_H
#define PIN_EXECUTOR_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct turns { /* zeros: nobody has one */
    struct turn_class *classes;
    uint64_t arrivals;
};

struct turn {
    int64_t priority;
    int64_t mark;
    bool paused; /* its tenant had no run in the round before */
    bool waits;  /* it has not begun */
    uint64_t arrival;
    struct turn_class *class; /* these two belong to turns.c */
    struct turn_taker *taker;
};

/* The turn of a run that is held from now on, until pin__turn_leave. `tenant` NULL: no tenant,
 * which is one more in this. */
struct turn pin__turn_take(struct turns *t, int64_t priority, const char *queue,
                           const char *tenant);
/* The one it would get: to be compared only. */
struct turn pin__turn_next(const struct turns *t, int64_t priority, const char *queue,
                           const char *tenant);
void pin__turn_began(struct turn *turn);
void pin__turn_leave(struct turns *t, struct turn *turn);
/* Below 0: `a` begins first. Never 0 for two that are held. */
int pin__turn_compare(const struct turn *a, const struct turn *b);

#endif

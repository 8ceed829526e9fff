/* random.h - Math.random, seeded anew for every run, at the first number that it draws.
 *
 * The engine's own generator is seeded once per context; on a heap that is put back every run would
 * draw the same numbers. This one lives outside the heap. It is no source of secrets: crypto reads
 * the kernel's generator.
 */
#ifndef PIN_JAVASCRIPT_RANDOM_H
#define PIN_JAVASCRIPT_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pin_random {
    uint64_t state[4];
    bool seeded;
};

void pin__random_start(struct pin_random *r);
/* *out is in [0, 1). */
pin_status pin__random_next(struct pin_random *r, double *out, struct pin_err *err) PIN_MUST_USE;

#endif

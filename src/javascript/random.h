/* random.h - Math.random, seeded anew for every run.
 *
 * The engine's own generator is seeded once per context; on a heap that is put back every run would
 * draw the same numbers. This one lives outside the heap. It is no source of secrets: crypto reads
 * the kernel's generator.
 */
#ifndef PIN_JAVASCRIPT_RANDOM_H
#define PIN_JAVASCRIPT_RANDOM_H

#include <stdint.h>

#include "base/err.h"

struct pin_random {
    uint64_t state[4];
};

pin_status pin__random_seed(struct pin_random *r, struct pin_err *err) PIN_MUST_USE;
double pin__random_next(struct pin_random *r); /* in [0, 1) */

#endif

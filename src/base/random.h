/* random.h - bytes nobody can guess, from the kernel, a page at a time. */
#ifndef PIN_BASE_RANDOM_H
#define PIN_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Aborts when the kernel has none to give, which it only does before it has booted. A forked child
 * never gives what its parent gave. */
void pin__random_bytes(void *to, size_t size);
uint64_t pin__random_u64(void);

#endif

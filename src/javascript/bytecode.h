/* bytecode.h - our own JavaScript modules, compiled at build time by tools/compile-javascript.c.
 *
 * `src/javascript/NAME.js` is module `pinstripe:NAME`; `pinstripe.js` is module `pinstripe`, the
 * public one.
 */
#ifndef PIN_JAVASCRIPT_BYTECODE_H
#define PIN_JAVASCRIPT_BYTECODE_H

#include <stddef.h>
#include <stdint.h>

struct pin_bytecode {
    const char *name;
    const uint8_t *bytes;
    size_t size;
};

extern const struct pin_bytecode pin__bytecode[];
extern const size_t pin__bytecode_count;

#endif

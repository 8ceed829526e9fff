/* library.h - shared libraries that only some commands need: loaded when those are used.
 *
 * Linked in, each would cost every start of the program and every fork of the nursery. Never before
 * a fork; the process keeps what it has loaded.
 */
#ifndef PIN_BASE_LIBRARY_H
#define PIN_BASE_LIBRARY_H

#include "base/err.h"

struct pin_symbol {
    const char *name;
    void *to; /* the address of a function pointer, which is set */
};

/* `file` as the dynamic linker looks for it ("libedit.so.2"); `package` is what a person installs
 * to have it. Sets all or fails: PIN_NOT_FOUND with the package's name. */
pin_status pin__library_load(const char *file, const char *package,
                             const struct pin_symbol *symbols, size_t count,
                             struct pin_err *err) PIN_MUST_USE;

#endif

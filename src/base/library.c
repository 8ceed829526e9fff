/* library.c - see library.h. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

pin_status
pin__library_load(const char *file, const char *package, const struct pin_symbol *symbols,
                  size_t count, struct pin_err *err)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

    if (!library)
        return pin__err_set(err, PIN_NOT_FOUND, "cannot load %s: install the package %s (%s)", file,
                            package, dlerror());
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, symbols[i].name);

        if (!address) {
            pin__err_set(err, PIN_NOT_FOUND, "%s has no %s: install another version of %s", file,
                         symbols[i].name, package);
            dlclose(library);
            return PIN_NOT_FOUND;
        }
        memcpy(symbols[i].to, &address, sizeof address); /* C has no cast from data to function */
    }
    return PIN_OK;
}

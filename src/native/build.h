/* build.h - the C files of a project, compiled into its build folder.
 *
 * An object is named by what it was made of (the file, the headers beside it, pinstripe's own
 * header, compiler and flags): what has not changed is found, what has is compiled, several at a
 * time. A file that does not compile is a job with a problem, its first error.
 */
#ifndef PIN_NATIVE_BUILD_H
#define PIN_NATIVE_BUILD_H

#include "native/config.h"
#include "project/files.h"

#define PIN_NATIVE_FOLDER     "build/pinstripe"
#define PIN_NATIVE_COMPILE_MS 60000 /* for all that are compiled at a time */

struct pin_native_object {
    const char *job;  /* its key */
    const char *path; /* of the shared object, from the root */
};

struct pin_native_objects { /* texts live in the files' arena */
    struct pin_native_object *items;
    size_t count;
};

/* Compiles what is to be compiled, in the current folder, which is the root. A file that cannot be
 * used gets its problem. Frees what *out held. */
pin_status pin__native_build(struct pin_native_objects *out, struct pin_files *files,
                             const struct pin_native_config *config,
                             struct pin_err *err) PIN_MUST_USE;
void pin__native_objects_fini(struct pin_native_objects *o);

#endif

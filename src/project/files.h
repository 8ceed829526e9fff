/* files.h - what a project consists of: its jobs, services, models, migrations and views, by file.
 *
 * Only names and kinds of files are looked at. Whatever a folder holds, nothing blocks, no link is
 * followed, and what cannot be used is in the list with a sentence that says why: one bad file
 * never hides the others. The reader opens each file with pin__path_read, which checks again.
 */
#ifndef PIN_PROJECT_FILES_H
#define PIN_PROJECT_FILES_H

#include "base/arena.h"

enum pin_registry {
    PIN_REGISTRY_BACKGROUND_JOBS,
    PIN_REGISTRY_SERVICES,
    PIN_REGISTRY_MODELS,
    PIN_REGISTRY_MIGRATIONS,
    PIN_REGISTRY_VIEWS,
    PIN_REGISTRY_COUNT
};

enum pin_language { /* of a file */
                    PIN_LANGUAGE_JAVASCRIPT,
                    PIN_LANGUAGE_C,     /* of a job: compiled when the project is loaded */
                    PIN_LANGUAGE_OBJECT /* the same, compiled by somebody else: a .so */
};

#define PIN_FILES_MAX       20000             /* of one registry */
#define PIN_FILES_DEPTH_MAX 16                /* folders in folders */
#define PIN_FILE_BYTES_MAX  ((size_t)4 << 20) /* of one file */

struct pin_file {
    enum pin_registry registry;
    enum pin_language language;
    const char *path;    /* from the project's root: lib/background_jobs/admin/clean_up.js */
    const char *key;     /* admin/clean-up, of a view its address: /reports/[day]; NULL when no name
                            can be made of the path */
    const char *native;  /* C: what it says of itself, JSON, see native/definition.h; else NULL */
    const char *problem; /* NULL when the file can be loaded; else a sentence */
};

struct pin_files {
    struct pin_file *items; /* by registry, then by path, byte order */
    size_t count;
    struct pin_arena arena; /* all texts */
};

/* "background_jobs", "services", ... : the folder below lib/. */
const char *pin__registry_name(enum pin_registry registry);

/* Lists a project. The caller calls pin__files_fini whatever the status. A registry without a
 * folder is empty. */
pin_status pin__files_list(struct pin_files *out, const char *root,
                           struct pin_err *err) PIN_MUST_USE;
/* Adds one that was not found in a folder, at the end; its texts live in the arena. */
pin_status pin__files_add(struct pin_files *f, const struct pin_file *file,
                          struct pin_err *err) PIN_MUST_USE;
void pin__files_fini(struct pin_files *f);

#endif

/* scaffold.h - folders and files of the user's project, made without ever overwriting one.
 *
 * Each thing made is told on stdout, with its whole path. A file that is there with other content
 * is left alone and told as skipped; one with the same content is silent.
 */
#ifndef PIN_COMMAND_SCAFFOLD_H
#define PIN_COMMAND_SCAFFOLD_H

#include "base/buf.h"
#include "command/cli.h"
#include "project/names.h"

#define SCAFFOLD_FILE_MAX ((size_t)64 << 10)

struct scaffold {
    const struct cli *cli;
    const char *root; /* borrowed; the project's folder, absolute */
    size_t skipped;   /* files left alone */
};

/* `path` is relative to the root; folders above it are made as well. */
pin_status pin__scaffold_folder(struct scaffold *s, const char *path,
                                struct pin_err *err) PIN_MUST_USE;
pin_status pin__scaffold_file(struct scaffold *s, const char *path, const struct pin_buf *content,
                              struct pin_err *err) PIN_MUST_USE;
/* PIN_EXIT_CONFLICT when something was skipped. */
enum pin_exit pin__scaffold_end(const struct scaffold *s);

/* What somebody typed as the name of a new file, in the spellings that templates need. */
struct scaffold_name {
    struct pin_job_name dashed;               /* admin/clean-up */
    char path[PIN_JOB_NAME_SIZE];             /* admin/clean_up */
    char camel[PIN_JOB_NAME_SIZE];            /* adminCleanUp */
    char camel_plural[PIN_JOB_NAME_SIZE + 8]; /* adminCleanUps: a table */
};
/* PIN_INVALID, with the reason, for a missing name and for one that no file may have. */
pin_status pin__scaffold_name(const char *typed, struct scaffold_name *out,
                              struct pin_err *err) PIN_MUST_USE;
/* As pin__scaffold_name for a background job, which nobody calls by its camel case: that may be
 * empty ("123"). */
pin_status pin__scaffold_job_name(const char *typed, struct scaffold_name *out,
                                  struct pin_err *err) PIN_MUST_USE;

#endif

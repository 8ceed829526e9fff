/* project.h - which folder is the project, and in which environment it is run.
 *
 * Environment variables are values that the caller passes: nothing here reads the process's own.
 */
#ifndef PIN_PROJECT_PROJECT_H
#define PIN_PROJECT_PROJECT_H

#include "base/buf.h"

#define PIN_PROJECT_CONFIG "pinstripe.config.js"
#define PIN_PROJECT_JOBS   "lib/background_jobs"

/* Appends the absolute path, free of links, of the project that `from` is in: the nearest folder
 * upward with a pinstripe.config.js, or, when there is none, the nearest with a
 * lib/background_jobs. PIN_NOT_FOUND when there is neither. `from` is relative to the current
 * folder, or absolute. */
pin_status pin__project_find(const char *from, struct pin_buf *root,
                             struct pin_err *err) PIN_MUST_USE;

/* The environment's name, from the values of PINSTRIPE_ENV and NODE_ENV (NULL or "" when not set);
 * else "development". PIN_INVALID for a name that cannot be part of a file's name. *out points to
 * one of the arguments or to a literal. */
pin_status pin__project_environment(const char **out, const char *pinstripe_env,
                                    const char *node_env, struct pin_err *err) PIN_MUST_USE;

#endif

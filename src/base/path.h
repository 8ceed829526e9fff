/* path.h - files, opened once and read whole.
 *
 * A project folder may hold anything: a FIFO, a device, a link out of the root, a file that grows
 * while it is read. Nothing here blocks on such a thing or follows a link in the last component.
 */
#ifndef PIN_BASE_PATH_H
#define PIN_BASE_PATH_H

#include "base/buf.h"

/* Appends the content of a regular file. PIN_NOT_FOUND when there is none, PIN_DENIED for what is
 * no regular file, PIN_LIMIT when it is larger than out->max. */
pin_status pin__path_read(const char *path, struct pin_buf *out, struct pin_err *err) PIN_MUST_USE;
/* As pin__path_read, relative to an open folder. */
pin_status pin__path_read_at(int folder, const char *path, struct pin_buf *out,
                             struct pin_err *err) PIN_MUST_USE;
/* Writes a file that is not there yet. PIN_CONFLICT when it is. */
pin_status pin__path_create(const char *path, struct pin_bytes content,
                            struct pin_err *err) PIN_MUST_USE;
/* Writes a file anew; whoever reads it meanwhile sees the old one or the new one, whole. */
pin_status pin__path_replace(const char *path, struct pin_bytes content,
                             struct pin_err *err) PIN_MUST_USE;
/* Makes a folder and those above it. */
pin_status pin__path_make_folders(const char *path, struct pin_err *err) PIN_MUST_USE;

#endif

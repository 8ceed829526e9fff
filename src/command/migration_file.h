/* migration_file.h - where a new migration goes: lib/migrations/<unix time>_<name>.js. */
#ifndef PIN_COMMAND_MIGRATION_FILE_H
#define PIN_COMMAND_MIGRATION_FILE_H

#include "base/clock.h"
#include "command/scaffold.h"

/* True when a migration of that name is there, under whatever number. */
bool pin__migration_exists(const char *root, const char *name);
/* Writes it under the number `now`, or the next free one: migrations run in the order of their
 * numbers, each number once. */
pin_status pin__migration_write(struct scaffold *s, const char *name, struct pin_wall now,
                                const struct pin_buf *content, struct pin_err *err) PIN_MUST_USE;

#endif

/* history.h - the file that keeps what was typed: one line each, the newest last.
 *
 * $PINSTRIPE_HISTORY, else pinstripe/history below $XDG_STATE_HOME, else ~/.local/state. Only its
 * owner may read it. What cannot be read or written is no history: nothing fails for it.
 */
#ifndef PIN_REPL_HISTORY_H
#define PIN_REPL_HISTORY_H

#include "base/buf.h"

#define PIN_HISTORY_LINES_MAX 1000

/* Where it is; NULL: nowhere. The caller frees it. */
char *pin__history_path(void);
/* Calls `each` for the newest lines, the oldest of them first. A file with more than twice as many
 * lines is cut down. */
void pin__history_read(const char *path, void (*each)(void *context, const char *line),
                       void *context);
void pin__history_add(const char *path, const char *line);

#endif

/* watch.h - tells when a file of the project has changed: for development. */
#ifndef PIN_BOT_WATCH_H
#define PIN_BOT_WATCH_H

#include <stdbool.h>

#include "base/err.h"

#define PIN_WATCH_FOLDERS_MAX 4096

struct pin_watch; /* opaque */

/* Watches lib/ with its folders and the configuration. */
pin_status pin__watch_open(struct pin_watch **out, const char *root,
                           struct pin_err *err) PIN_MUST_USE;
void pin__watch_close(struct pin_watch *w);   /* NULL is fine */
int pin__watch_fd(const struct pin_watch *w); /* to be polled for reading */
/* Takes what has happened; true when a file that matters was written, came or went. */
bool pin__watch_take(struct pin_watch *w);

#endif

/* run_console.h - what a run printed, from the store to a person.
 *
 * The store keeps it in pieces that may end in the middle of a character; here characters are whole
 * again, and what a terminal would obey is made visible.
 */
#ifndef PIN_COMMAND_RUN_CONSOLE_H
#define PIN_COMMAND_RUN_CONSOLE_H

#include <stdio.h>

#include "store/store.h"

struct run_console {
    FILE *to[2];     /* of the run's stdout and stderr */
    int64_t at;      /* how much of all that it printed has been seen */
    int64_t dropped; /* how much of that was not kept */
    size_t rest_size[2];
    char rest[2][4]; /* the beginning of a character */
    bool line_open;  /* the last thing printed was no line's end */
};

/* Prints what came after c->at and moves it on. */
pin_status pin__run_console_read(struct run_console *c, struct pin_store *s,
                                 const struct pin_run_id *id, struct pin_err *err) PIN_MUST_USE;
/* After the last piece: what is left of a character. */
void pin__run_console_end(struct run_console *c);
/* All of it as a JSON array of {"at","stream","text"}; *dropped as above. */
pin_status pin__run_console_add_json(struct pin_buf *b, struct pin_store *s,
                                     const struct pin_run_id *id, int64_t *dropped,
                                     struct pin_err *err) PIN_MUST_USE;

#endif

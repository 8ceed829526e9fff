/* table.h - rows in columns for a person, whatever their texts hold.
 *
 * Cells are kept until the table is printed, since a column is as wide as its widest cell. What a
 * terminal would obey comes as \xNN, so a cell is always one line.
 */
#ifndef PIN_COMMAND_TABLE_H
#define PIN_COMMAND_TABLE_H

#include <stdio.h>

#include "base/buf.h"

#define PIN_TABLE_COLUMNS_MAX 16
#define PIN_TABLE_CELL_MAX    200 /* characters; what is longer ends in "..." */

struct table {
    const char *const *headings;
    size_t columns;
    size_t widths[PIN_TABLE_COLUMNS_MAX]; /* in characters */
    struct pin_buf cells;                 /* each ends with a NUL */
    size_t count;
};

/* `headings` ends with NULL and is borrowed. */
void pin__table_init(struct table *t, const char *const *headings);
void pin__table_fini(struct table *t);
/* The next cell, row by row; NULL is an empty one. */
void pin__table_add(struct table *t, const char *text);
void pin__table_add_bytes(struct table *t, struct pin_bytes text);
/* The headings and all rows; no row, nothing. Lines are cut at `width` characters; 0: never.
 * PIN_LIMIT when the cells were more than there is room for. */
pin_status pin__table_print(const struct table *t, FILE *to, size_t width,
                            struct pin_err *err) PIN_MUST_USE;
/* Of the terminal that `to` is; 0 when it is none. */
size_t pin__table_terminal_width(FILE *to);

#endif

/* table.c - see table.h. */
#include "command/table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/quote.h"

enum { CELLS_BYTES_MAX = 16 << 20, GAP = 2 };

static size_t
characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void
widen(struct table *t, size_t column, size_t width)
{
    if (width > t->widths[column])
        t->widths[column] = width;
}

void
pin__table_init(struct table *t, const char *const *headings)
{
    *t = (struct table){ .headings = headings, .cells = PIN_BUF_INIT(CELLS_BYTES_MAX) };
    for (; headings[t->columns]; t->columns++) {
        if (t->columns == PIN_TABLE_COLUMNS_MAX)
            pin__bug("a table has more than %d columns", PIN_TABLE_COLUMNS_MAX);
        widen(t, t->columns, characters(headings[t->columns]));
    }
}

void
pin__table_fini(struct table *t)
{
    pin__buf_fini(&t->cells);
}

void
pin__table_add_bytes(struct table *t, struct pin_bytes text)
{
    char shown[PIN_QUOTE_NEXT_SIZE];
    size_t width = 0, step;

    while ((step = pin__quote_next(text.data, text.size, shown)) > 0) {
        if (width >= PIN_TABLE_CELL_MAX - 3) {
            pin__buf_adds(&t->cells, "...");
            width += 3;
            break;
        }
        pin__buf_adds(&t->cells, shown);
        width += characters(shown);
        text.data += step;
        text.size -= step;
    }
    pin__buf_addc(&t->cells, '\0');
    widen(t, t->count++ % t->columns, width);
}

void
pin__table_add(struct table *t, const char *text)
{
    pin__table_add_bytes(t, (struct pin_bytes){ text, text ? strlen(text) : 0 });
}

/* As much of the text as `room` characters hold; how many they are. */
static size_t
print_cell(FILE *to, const char *text, size_t room)
{
    size_t width = characters(text), n = 0;

    if (width <= room) {
        fputs(text, to);
        return width;
    }
    for (; *text; text++) {
        if (((unsigned char)*text & 0xc0) != 0x80 && ++n > room)
            return room;
        fputc(*text, to);
    }
    return room;
}

static void
print_row(const struct table *t, FILE *to, size_t width, const char *const *cells)
{
    size_t left = width ? width : SIZE_MAX, blank = 0, last = t->columns;

    while (last > 0 && !*cells[last - 1])
        last--;
    for (size_t i = 0; i < last && left > blank; i++) {
        size_t used;

        for (left -= blank; blank > 0; blank--)
            fputc(' ', to);
        used = print_cell(to, cells[i], left);
        left -= used;
        blank = t->widths[i] - used + GAP;
    }
    fputc('\n', to);
}

pin_status
pin__table_print(const struct table *t, FILE *to, size_t width, struct pin_err *err)
{
    const char *cells[PIN_TABLE_COLUMNS_MAX], *at = t->cells.data;
    pin_status st = pin__buf_check(&t->cells, "the table", err);

    if (st != PIN_OK || !t->count)
        return st;
    print_row(t, to, width, t->headings);
    for (size_t i = 0; i < t->count / t->columns; i++) {
        for (size_t c = 0; c < t->columns; c++) {
            cells[c] = at;
            at += strlen(at) + 1;
        }
        print_row(t, to, width, cells);
    }
    return PIN_OK;
}

size_t
pin__table_terminal_width(FILE *to)
{
    struct winsize size;

    if (!isatty(fileno(to)) || ioctl(fileno(to), TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

/* plain_lines.c - lines from a stdin that is no terminal: as they come, without a prompt. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "repl/session.h"

enum { CHUNK = 64 << 10 };

struct repl_lines {
    struct pin_buf text; /* read and not yet handed out */
    bool eof;
};

pin_status
pin__repl_lines_open(struct repl *r, struct pin_err *err)
{
    if (!(r->lines = calloc(1, sizeof *r->lines)))
        return pin__err_no_memory(err);
    r->lines->text = PIN_BUF_INIT(2 * PIN_LINE_BYTES_MAX);
    return PIN_OK;
}

static void
read_some(struct repl_lines *l)
{
    char *to = pin__buf_reserve(&l->text, CHUNK);
    ssize_t n = to ? read(STDIN_FILENO, to, CHUNK) : 0;

    if (n > 0)
        l->text.size += (size_t)n;
    else if (n == 0 || (errno != EINTR && errno != EAGAIN))
        l->eof = true;
}

enum repl_read
pin__repl_lines_read(struct repl *r, struct pin_buf *line)
{
    struct repl_lines *l = r->lines;
    const char *end;
    size_t size;

    while (!(end = memchr(pin__buf_text(&l->text), '\n', l->text.size)) && !l->eof) {
        if (!pin__repl_wait_for_input(r))
            return REPL_END;
        read_some(l);
    }
    if (l->text.bad) {
        pin__repl_say(r, "A line of the input is larger than %zu bytes.", l->text.max);
        r->end.failed = true;
    }
    if (l->text.bad || !l->text.size)
        return REPL_END;
    size = end ? (size_t)(end - l->text.data) : l->text.size;
    pin__buf_clear(line);
    pin__buf_add(line, l->text.data, size);
    pin__buf_drop(&l->text, size + (end != NULL));
    return REPL_LINE;
}

void
pin__repl_lines_close(struct repl_lines *l)
{
    if (!l)
        return;
    pin__buf_fini(&l->text);
    free(l);
}

/* run_console.c - see run_console.h. */
#include "command/run_console.h"

#include "base/quote.h"
#include "command/cli.h"
#include "command/run_view.h"
#include "workspace/workspace.h"

static size_t
stream_index(const struct pin_output *piece)
{
    return piece->stream == PIN_STDERR;
}

/* How many bytes at the end are the beginning of a character that is not whole yet. */
static size_t
unfinished(const char *data, size_t size)
{
    for (size_t n = 1; n <= 3 && n <= size; n++) {
        unsigned char c = (unsigned char)data[size - n];
        size_t need = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

        if (c < 0x80)
            return 0;
        if (c >= 0xc0)
            return need > n ? n : 0;
    }
    return 0;
}

static void
print_piece(struct run_console *c, size_t stream, const char *data, size_t size)
{
    char *rest = c->rest[stream];
    size_t *rest_size = &c->rest_size[stream], keep;

    /* Fills up the character that the last piece began. */
    while (*rest_size && size && ((unsigned char)*data & 0xc0) == 0x80 &&
           *rest_size < sizeof c->rest[stream]) {
        rest[(*rest_size)++] = *data++;
        size--;
        if (!unfinished(rest, *rest_size))
            break;
    }
    if (!size && unfinished(rest, *rest_size))
        return;
    pin__cli_put_bytes(c->to[stream], rest, *rest_size);
    keep = unfinished(data, size);
    pin__cli_put_bytes(c->to[stream], data, size - keep);
    memcpy(rest, data + size - keep, keep);
    *rest_size = keep;
    if (size)
        c->line_open = data[size - 1] != '\n';
}

static pin_status
on_piece(void *console, const struct pin_output *piece, struct pin_err *err)
{
    struct run_console *c = console;

    (void)err;
    if (piece->offset > c->at)
        c->dropped += piece->offset - c->at;
    c->at = piece->offset + (int64_t)piece->bytes.size;
    print_piece(c, stream_index(piece), piece->bytes.data, piece->bytes.size);
    return PIN_OK;
}

pin_status
pin__run_console_read(struct run_console *c, struct pin_store *s, const struct pin_run_id *id,
                      struct pin_err *err)
{
    pin_status st = pin__store_output_read(s, id, c->at, on_piece, c, err);

    fflush(c->to[0]);
    fflush(c->to[1]);
    return st;
}

void
pin__run_console_end(struct run_console *c)
{
    for (size_t i = 0; i < 2; i++) {
        pin__cli_put_bytes(c->to[i], c->rest[i], c->rest_size[i]);
        c->rest_size[i] = 0;
    }
}

/* --- as JSON --- */

struct as_json {
    struct pin_buf *out;
    struct pin_buf text; /* of pieces of one stream that follow one another */
    size_t stream;
    int64_t at_ms;
    int64_t seen, dropped;
    bool first;
};

/* What is no UTF-8 comes as U+FFFD. */
static void
add_utf8(struct pin_buf *b, const char *data, size_t size)
{
    struct pin_buf whole = PIN_BUF_INIT(4 * size + 1);

    while (size) {
        size_t n = pin__quote_utf8_length(data, size);

        if (n)
            pin__buf_add(&whole, data, n);
        else
            pin__buf_adds(&whole, "\xef\xbf\xbd");
        data += n ? n : 1;
        size -= n ? n : 1;
    }
    pin__buf_add_json_string(b, pin__buf_text(&whole), whole.size);
    pin__buf_fini(&whole);
}

static void
end_text(struct as_json *j)
{
    if (!j->text.size)
        return;
    pin__buf_addf(j->out, "%s{\"stream\":\"%s\"", j->first ? "" : ",",
                  j->stream ? "stderr" : "stdout");
    pin__run_view_add_time(j->out, "at", j->at_ms);
    pin__buf_adds(j->out, ",\"text\":");
    add_utf8(j->out, j->text.data, j->text.size);
    pin__buf_addc(j->out, '}');
    pin__buf_clear(&j->text);
    j->first = false;
}

static pin_status
add_piece(void *as_json, const struct pin_output *piece, struct pin_err *err)
{
    struct as_json *j = as_json;

    (void)err;
    if (piece->offset > j->seen)
        j->dropped += piece->offset - j->seen;
    j->seen = piece->offset + (int64_t)piece->bytes.size;
    if (stream_index(piece) != j->stream)
        end_text(j);
    if (!j->text.size)
        j->at_ms = piece->at_ms;
    j->stream = stream_index(piece);
    pin__buf_add(&j->text, piece->bytes.data, piece->bytes.size);
    return PIN_OK;
}

pin_status
pin__run_console_add_json(struct pin_buf *b, struct pin_store *s, const struct pin_run_id *id,
                          int64_t *dropped, struct pin_err *err)
{
    struct as_json j = { .out = b,
                         .text = PIN_BUF_INIT(2 * (size_t)PIN_STORE_OUTPUT_BYTES),
                         .first = true };
    pin_status st;

    pin__buf_addc(b, '[');
    st = pin__store_output_read(s, id, 0, add_piece, &j, err);
    end_text(&j);
    pin__buf_addc(b, ']');
    if (st == PIN_OK)
        st = pin__buf_check(&j.text, "the output", err);
    pin__buf_fini(&j.text);
    *dropped = j.dropped;
    return st;
}

/* output.c - lines and results of a multi-tenant request, grouped by tenant in tenant order.
 *
 * The first unfinished tenant streams. What later ones print waits, in memory up to
 * SPILL_MEMORY_BYTES and then in a temporary file without a name. A nested request's lines belong
 * to the run that called it, so the same rule holds at every depth.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "executor/run.h"

enum { SPILL_MEMORY_BYTES = 64 << 10, SPILL_CHUNK = 64 << 10 };

struct record {
    uint32_t stream;
    uint32_t size;
};

static void run_console_now(struct run *run, enum pin_stream stream, const char *data, size_t size);

static bool
is_its_turn(const struct run *run)
{
    return !run->request->fan_out || run->kind != PIN_TASK_JOB || run->index == run->request->first;
}

static bool
write_file(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static int
open_spill_file(void)
{
    char path[] = "/tmp/pinstripe-output-XXXXXX";
    const char *folder = getenv("TMPDIR");
    int fd = -1;

    if (folder) {
        char *own = NULL;
        if (asprintf(&own, "%s/pinstripe-output-XXXXXX", folder) > 0 &&
            (fd = mkostemp(own, O_CLOEXEC)) >= 0)
            unlink(own);
        free(own);
    }
    if (fd < 0 && (fd = mkostemp(path, O_CLOEXEC)) >= 0)
        unlink(path);
    if (fd < 0) /* no place for files: memory that is at least not ours to count */
        fd = memfd_create("pinstripe-output", MFD_CLOEXEC);
    return fd;
}

/* Moves what is in memory into the file. False when the disk is full: then it stays where it is. */
static bool
spill_to_file(struct spill *s)
{
    if (s->file < 0)
        s->file = open_spill_file();
    if (s->file < 0 || !write_file(s->file, s->memory.data, s->memory.size))
        return false;
    s->memory.size = 0;
    return true;
}

static void
spill_add(struct spill *s, enum pin_stream stream, const char *data, size_t size)
{
    struct record r = { .stream = stream, .size = (uint32_t)size };

    if (s->memory.max == 0)
        s->memory.max = (size_t)64 << 20;
    pin__buf_add(&s->memory, &r, sizeof r);
    pin__buf_add(&s->memory, data, size);
    if (s->memory.size > SPILL_MEMORY_BYTES)
        (void)spill_to_file(s);
}

/* Emits whole records at the front of `b` and drops them. */
static void
emit_records(struct run *run, struct pin_buf *b)
{
    size_t at = 0;
    struct record r;

    while (b->size - at >= sizeof r) {
        memcpy(&r, b->data + at, sizeof r);
        if (b->size - at - sizeof r < r.size)
            break;
        run_console_now(run, (enum pin_stream)r.stream, b->data + at + sizeof r, r.size);
        at += sizeof r + r.size;
    }
    pin__buf_drop(b, at);
}

static void
spill_replay(struct run *run)
{
    struct pin_buf chunk = PIN_BUF_INIT((size_t)128 << 20);
    struct spill *s = &run->spill;
    char *to;
    ssize_t n;

    if (s->file >= 0 && lseek(s->file, 0, SEEK_SET) == 0) {
        while ((to = pin__buf_reserve(&chunk, SPILL_CHUNK)) != NULL &&
               (n = read(s->file, to, SPILL_CHUNK)) > 0) {
            chunk.size += (size_t)n;
            emit_records(run, &chunk);
        }
    }
    emit_records(run, &s->memory);
    pin__buf_fini(&chunk);
    pin__spill_fini(s);
}

static void
run_console_now(struct run *run, enum pin_stream stream, const char *data, size_t size)
{
    struct request *q = run->request;

    if (q->caller && q->caller->kind != PIN_TASK_REPL) {
        pin__output_console(q->caller, stream, data, size);
    } else if (q->sink && q->sink->console && (q->depth == 0 || q->caller)) {
        struct pin_run_info info = pin__run_info(run);
        q->sink->console(q->sink->context, &info, stream, data, size);
    }
}

void
pin__output_console(struct run *run, enum pin_stream stream, const char *data, size_t size)
{
    if (is_its_turn(run))
        run_console_now(run, stream, data, size);
    else
        spill_add(&run->spill, stream, data, size);
}

/* Keeps the newest PIN_CONSOLE_BYTES_KEPT; twice as much is held so that dropping is rare. */
void
pin__output_of_run(struct run *run, enum pin_stream stream, const char *data, size_t size)
{
    const struct pin_sink *sink = run->request->sink;

    run->console_bytes += size;
    pin__console_keep(&run->console, stream, data, size);
    if (run->request->queued)
        pin__queue_dirty(run);
    if (sink && sink->keeps_console) {
        size_t over = size > PIN_CONSOLE_BYTES_KEPT ? size - PIN_CONSOLE_BYTES_KEPT : 0;

        run->kept.max = 2 * PIN_CONSOLE_BYTES_KEPT;
        if (run->kept.size + size - over > run->kept.max)
            pin__buf_drop(&run->kept, run->kept.size + size - over - PIN_CONSOLE_BYTES_KEPT);
        pin__buf_add(&run->kept, data + over, size - over);
    }
    pin__output_console(run, stream, data, size);
}

static struct pin_bytes
kept_console(const struct run *run)
{
    size_t size = run->kept.size;
    const char *at = pin__buf_text(&run->kept);

    if (size > PIN_CONSOLE_BYTES_KEPT) {
        at += size - PIN_CONSOLE_BYTES_KEPT;
        size = PIN_CONSOLE_BYTES_KEPT;
    }
    while (run->console_bytes > size && size && ((unsigned char)*at & 0xc0) == 0x80) {
        at++; /* a character that was cut */
        size--;
    }
    return (struct pin_bytes){ at, size };
}

static void
report(struct run *run)
{
    struct request *q = run->request;

    if (q->sink && q->sink->finished) {
        struct pin_run_info info = pin__run_info(run);

        info.console = kept_console(run);
        info.console_bytes_total = run->console_bytes;
        q->sink->finished(q->sink->context, &info, &run->outcome);
    }
    pin__run_free(run);
}

void
pin__output_finished(struct run *run)
{
    struct request *q = run->request;

    if (!q->fan_out) {
        report(run);
        return;
    }
    if (run->index != q->first)
        return;
    for (;;) {
        struct run **slot = &q->window[q->first % PIN_TENANTS_AHEAD_MAX];

        run = *slot;
        if (!run || run->index != q->first)
            return;
        spill_replay(run);
        if (!run->done)
            return;
        *slot = NULL;
        pin__request_take_error(run);
        report(run);
        q->first++;
    }
}

/* message.h - what executor, nursery and workers say to each other.
 *
 * A frame is: size of the rest (u32), version (u8), type (u8), fields. One struct holds the fields
 * of every type; each type has one row in the table of fields in message.c, used by encode and
 * decode alike, so the two cannot disagree.
 */
#ifndef PIN_EXECUTOR_MESSAGE_H
#define PIN_EXECUTOR_MESSAGE_H

#include <signal.h>

#include "base/buf.h"
#include "base/wire.h"

enum pin_message_type {
    PIN_MESSAGE_NONE,
    /* nursery -> executor */
    PIN_MESSAGE_CATALOG,     /* bytes: the catalog, JSON */
    PIN_MESSAGE_REFUSED,     /* number: a pin_status; text: why the project cannot be loaded */
    PIN_MESSAGE_FORKED,      /* worker, number: pid; a pidfd comes with it */
    PIN_MESSAGE_FORK_FAILED, /* worker, number: errno */
    PIN_MESSAGE_EXITED,      /* worker, number: wait status */
    PIN_MESSAGE_TIDIED,      /* number: of the TIDY; kind: a pin_status */
    /* executor -> nursery */
    PIN_MESSAGE_FORK, /* worker; kind: 1 for jobs in C; what it reads, what it writes and its page
                         of claims come with it */
    PIN_MESSAGE_TIDY, /* number; text: the file of a store, to be tidied in a process of its own */
    /* executor -> worker */
    PIN_MESSAGE_TASK,   /* every field of a pin_task */
    PIN_MESSAGE_ANSWER, /* number: of the call; bytes: the error or NULL; args: the value or NULL */
    PIN_MESSAGE_STOP,   /* the run in hand is to stop; number: only that line of it; 0: all of it */
    PIN_MESSAGE_LINE,   /* id: of the REPL task; number, kind, bytes: the line */
    /* worker -> executor */
    PIN_MESSAGE_READY,   /* number: hash of the heap */
    PIN_MESSAGE_CONSOLE, /* id, kind: stream, bytes */
    PIN_MESSAGE_CALL, /* id: of the calling task; number; text: name; args; params; tenant_*; kind;
                         bytes: options */
    PIN_MESSAGE_PROGRESS, /* id, number: done, wall_us: total, text */
    PIN_MESSAGE_WAKE,     /* runs were queued by the worker's own transaction */
    PIN_MESSAGE_REPLY,    /* id, number: of the line, kind, bytes: the text */
    PIN_MESSAGE_OUTCOME,  /* id, kind, bytes: value, args: error, number: not 0 when the
                               worker ends now, wall_us, cpu_us, heap_bytes */
    PIN_MESSAGE_TYPE_COUNT
};

struct pin_message { /* borrowed on both ways; a field that the type has not is zero */
    enum pin_message_type type;
    uint32_t worker;
    uint32_t kind;
    uint32_t depth;
    uint64_t id;
    uint64_t number;
    uint64_t wall_us;
    uint64_t cpu_us;
    uint64_t heap_bytes;
    uint64_t due_ms;
    uint32_t attempt;
    uint32_t check; /* TASK: look whether the tenant is still there */
    const char *run_id;
    const char *key; /* TASK: the run's key; for a page of tenants their zone */
    const char *text;
    const char *tenant_id;
    const char *tenant_name;
    struct pin_bytes args;
    struct pin_bytes params;
    struct pin_bytes bytes;
};

/* Stops the line that a REPL task has in hand, also when it computes and reads nothing. */
#define PIN_LINE_SIGNAL SIGURG

enum { PIN_FRAME_HEADER_BYTES = 6, PIN_MESSAGE_VERSION = 2, PIN_FRAME_BYTES_MAX = 64 << 20 };

/* Appends one frame. */
void pin__message_encode(struct pin_buf *out, const struct pin_message *m);
/* Reads one whole frame (without its size). PIN_INVALID for what is no message: the peer is broken.
 */
pin_status pin__message_decode(struct pin_message *m, const char *frame, size_t size,
                               struct pin_err *err) PIN_MUST_USE;

#endif

/* record.c - runs that were called, not queued: each leaves a row in the history when it has ended,
 * in the next commit. Nobody waits for that, and a project without a store works without it.
 *
 * Also what a run printed, on its way into the store: the newest PIN_CONSOLE_BYTES_KEPT.
 */
#include "executor/run.h"

/* ---- console ---- */

struct piece {
    uint32_t stream;
    uint32_t size;
};

/* Drops whole pieces at the front until little more than what is kept is left. */
static void
drop_old(struct console_kept *c)
{
    size_t at = 0;
    struct piece p;

    while (c->bytes > PIN_CONSOLE_BYTES_KEPT && c->pieces.size - at > sizeof p) {
        memcpy(&p, c->pieces.data + at, sizeof p);
        if (c->bytes - p.size < PIN_CONSOLE_BYTES_KEPT / 2)
            break;
        at += sizeof p + p.size;
        c->bytes -= p.size;
    }
    pin__buf_drop(&c->pieces, at);
}

void
pin__console_keep(struct console_kept *to, enum pin_stream stream, const char *data, size_t size)
{
    size_t over = size > PIN_CONSOLE_BYTES_KEPT ? size - PIN_CONSOLE_BYTES_KEPT : 0;
    struct piece p = { .stream = stream, .size = (uint32_t)(size - over) };

    to->pieces.max = 4 * PIN_CONSOLE_BYTES_KEPT;
    if (to->bytes + p.size > 2 * PIN_CONSOLE_BYTES_KEPT)
        drop_old(to);
    pin__buf_add(&to->pieces, &p, sizeof p);
    pin__buf_add(&to->pieces, data + over, p.size);
    to->bytes += p.size;
}

/* Neighbours of one stream are one row. */
pin_status
pin__console_write(struct pin_executor *x, struct console_kept *from, const struct pin_run_id *id,
                   int64_t now_ms, struct pin_err *err)
{
    struct pin_buf text = PIN_BUF_INIT(8 * PIN_CONSOLE_BYTES_KEPT);
    pin_status st = PIN_OK;
    struct piece p, next;
    size_t at = 0;

    while (st == PIN_OK && from->pieces.size - at > sizeof p) {
        memcpy(&p, from->pieces.data + at, sizeof p);
        pin__buf_add(&text, from->pieces.data + at + sizeof p, p.size);
        at += sizeof p + p.size;
        if (from->pieces.size - at > sizeof next) {
            memcpy(&next, from->pieces.data + at, sizeof next);
            if (next.stream == p.stream)
                continue;
        }
        st = pin__store_output_add(x->ledger.store, id, (int)p.stream,
                                   (struct pin_bytes){ text.data, text.size }, now_ms, err);
        pin__buf_clear(&text);
    }
    pin__buf_fini(&text);
    return st;
}

void
pin__console_fini(struct console_kept *c)
{
    pin__buf_fini(&c->pieces);
    c->bytes = 0;
}

/* ---- results ---- */

void
pin__result_of(struct pin_result *to, const struct pin_outcome *o, int64_t ended_ms,
               int exit_signal)
{
    bool good = o->kind == PIN_OUTCOME_SUCCEEDED;

    *to = (struct pin_result){ .succeeded = good,
                               .cancelled = o->kind == PIN_OUTCOME_CANCELLED,
                               .outcome = pin__outcome_kind_name(o->kind),
                               .error = { good ? NULL : o->error.data, good ? 0 : o->error.size },
                               .started_ms = ended_ms - o->wall_us / 1000,
                               .wall_us = o->wall_us,
                               .cpu_us = o->cpu_us,
                               .peak_heap_bytes = o->peak_heap_bytes,
                               .exit_signal = exit_signal };
}

/* ---- records ---- */

struct record {
    struct entry entry;
    struct pin_enqueue run; /* its texts are below */
    struct pin_run_id parent;
    char *job, *tenant;
    struct pin_buf args;
    struct pin_outcome outcome;
    struct console_kept console;
    int64_t created_ms, ended_ms;
};

static pin_status
apply_record(struct pin_executor *x, struct entry *e, int64_t now_ms, struct pin_err *err)
{
    struct record *r = (struct record *)(void *)e;
    struct pin_result result;
    pin_status st;

    (void)now_ms;
    pin__result_of(&result, &r->outcome, r->ended_ms, 0);
    st = pin__store_record(x->ledger.store, &r->run, &result, x->name, r->created_ms, r->ended_ms,
                           err);
    if (st == PIN_OK && r->console.bytes)
        st = pin__console_write(x, &r->console, &r->run.id, r->ended_ms, err);
    return st;
}

static void
record_free(struct pin_executor *x, struct entry *e)
{
    struct record *r = (struct record *)(void *)e;

    (void)x;
    free(r->job);
    free(r->tenant);
    pin__buf_fini(&r->args);
    pin__outcome_fini(&r->outcome);
    pin__console_fini(&r->console);
    free(r);
}

static const struct entry_type record_type = { "the record of a run", apply_record, record_free };

static struct record *
record_new(const struct request *q, const struct pin_run_id *id)
{
    struct record *r = calloc(1, sizeof *r);

    if (!r)
        pin__bug("out of memory for the record of a run");
    r->entry.hurry = ENTRY_RECORD;
    r->job = strdup(q->name);
    r->args = PIN_BUF_INIT(PIN_FRAME_BYTES_MAX);
    pin__buf_add(&r->args, pin__buf_text(&q->args), q->args.size);
    r->created_ms = q->created_ms;
    r->ended_ms = pin__clock_wall().ms;
    r->run = (struct pin_enqueue){ .id = *id,
                                   .job = r->job,
                                   .queue = q->job ? q->job->queue : NULL,
                                   .priority = q->job ? q->job->priority : 0,
                                   .trigger = q->trigger };
    if (q->args.size)
        r->run.args = (struct pin_bytes){ r->args.data, r->args.size };
    return r;
}

static void
copy_buf(struct pin_buf *to, const struct pin_buf *from)
{
    pin__buf_add(to, pin__buf_text(from), from->size);
}

static bool
is_recorded(const struct request *q)
{
    return q->job && q->kind == PIN_TASK_JOB && !q->queued && !q->executor->ledger.none &&
           !q->executor->closing;
}

void
pin__record_run(struct run *run)
{
    struct request *q = run->request;
    struct record *r;

    if (run->kind != PIN_TASK_JOB || !is_recorded(q))
        return;
    r = record_new(q, &run->run_id);
    r->tenant = run->tenant_id ? strdup(run->tenant_id) : NULL;
    r->run.tenant = r->tenant;
    r->parent = q->fan_out ? q->run_id : q->parent;
    r->run.role = q->fan_out ? PIN_ROLE_CHILD : PIN_ROLE_PLAIN;
    if (!pin__run_id_is_zero(&r->parent))
        r->run.parent = &r->parent;
    pin__outcome_init(&r->outcome);
    r->outcome.kind = run->outcome.kind;
    r->outcome.wall_us = run->outcome.wall_us;
    r->outcome.cpu_us = run->outcome.cpu_us;
    r->outcome.peak_heap_bytes = run->outcome.peak_heap_bytes;
    if (run->outcome.error.size)
        copy_buf(&r->outcome.error, &run->outcome.error);
    r->console = run->console;
    run->console = (struct console_kept){ .bytes = 0 };
    pin__ledger_add(q->executor, &r->entry, &record_type);
}

/* A call for many tenants is a run of its own, above theirs. */
void
pin__record_parent(struct request *q)
{
    struct record *r;

    if (!q->fan_out || !is_recorded(q))
        return;
    r = record_new(q, &q->run_id);
    r->run.role = PIN_ROLE_PARENT;
    r->parent = q->parent;
    if (!pin__run_id_is_zero(&r->parent))
        r->run.parent = &r->parent;
    pin__outcome_init(&r->outcome);
    r->outcome.wall_us = (pin__clock_mono().ns - q->began.ns) / 1000;
    if (q->failed) {
        pin__outcome_fail(&r->outcome, q->finished > 1 ? PIN_OUTCOME_THREW : q->first_kind, "Error",
                          "%llu of its %llu runs failed", (unsigned long long)q->failed,
                          (unsigned long long)q->finished);
        r->outcome.wall_us = (pin__clock_mono().ns - q->began.ns) / 1000;
    } else if (q->cut_short)
        pin__outcome_fail(&r->outcome, PIN_OUTCOME_CANCELLED, "Error",
                          "the run was stopped before it was through");
    pin__ledger_add(q->executor, &r->entry, &record_type);
}

/* fan_out.c - a parent: one child for each tenant, a page at a time.
 *
 * A worker reads a page of tenants, and its children and the place where the next page begins are
 * written together: who takes the parent up after a crash goes on from there. Only one page is in
 * hand, so memory does not grow with the number of tenants.
 */
#include "executor/run.h"

static bool
fill_children(struct request *q, struct queued *c, int64_t now_ms)
{
    struct pin_enqueue_call call = { .catalog = q->nursery->catalog,
                                     .job = q->job,
                                     .once = true,
                                     .args = c->claim.args,
                                     .params = c->claim.params,
                                     .trigger = c->claim.trigger,
                                     .now_ms = now_ms };

    c->children = pin__arena_alloc(&c->page_arena, (q->page_count + 1) * sizeof *c->children);
    if (!c->children)
        return false;
    for (size_t i = 0; i < q->page_count; i++) {
        struct pin_enqueue *child = &c->children[i];

        call.tenant_id = pin__arena_strdup(&c->page_arena, q->page[i].id);
        if (!call.tenant_id || pin__enqueue_fill(child, &call, &c->page_arena, NULL) != PIN_OK)
            return false;
        child->queue = c->claim.queue;
        child->priority = c->claim.priority;
        child->attempt_limit = c->claim.attempt_limit;
        child->unique_for_ms = 0; /* the parent is, and one child for each tenant is by itself */
    }
    c->child_count = q->page_count;
    return true;
}

static pin_status
apply_page(struct pin_executor *x, struct entry *e, int64_t now_ms, struct pin_err *err)
{
    struct queued *c = (struct queued *)(void *)e;

    return pin__store_fan_out(x->ledger.store, &c->claim.hold, c->children, c->child_count,
                              c->page_cursor, c->page_done, now_ms, &c->state_after, err);
}

static void
forget_page(struct queued *c)
{
    pin__arena_reset(&c->page_arena);
    c->children = NULL;
    c->child_count = 0;
    free(c->page_cursor);
    c->page_cursor = NULL;
}

static void
give_back_if_stopping(struct queued *c)
{
    if (c->request->executor->queue.stopping)
        pin__queue_settle(c, QUEUED_GIVE_BACK);
    else
        pin__request_relist(c->request);
}

static void
settled_page(struct pin_executor *x, struct entry *e)
{
    struct queued *c = (struct queued *)(void *)e;
    bool over = e->status != PIN_OK || c->page_done;

    if (e->status == PIN_OK && c->child_count)
        x->queue.look = x->queue.open;
    forget_page(c);
    if (over)
        pin__queue_drop(c);
    else
        give_back_if_stopping(c);
}

static const struct entry_type page_type = { "children of a run", apply_page, settled_page };

void
pin__fan_out_page(struct request *q)
{
    struct queued *c = q->queued;

    if (c->cancel || c->settling) {
        if (!c->settling) {
            pin__outcome_fail(&c->outcome, PIN_OUTCOME_CANCELLED, "Error", "the run was cancelled");
            pin__queue_settle(c, QUEUED_FINISH);
        }
        return;
    }
    if (!fill_children(q, c, pin__clock_wall().ms))
        pin__bug("out of memory for a page of children");
    c->page_cursor = q->cursor.size ? strdup(q->cursor.data) : NULL;
    c->page_done = q->pages_done;
    for (size_t i = q->page_at; i < q->page_count; i++) {
        free(q->page[i].id);
        free(q->page[i].name);
    }
    q->page_at = q->page_count = 0;
    c->entry.hurry = ENTRY_AT_ONCE;
    pin__ledger_add(q->executor, &c->entry, &page_type);
    pin__request_relist(q);
}

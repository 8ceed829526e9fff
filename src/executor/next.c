/* next.c - which run of a request comes next: one that was given back, its only one, the next
 * tenant, the next page. */
#include "executor/run.h"

static bool
wants_page(const struct request *q)
{
    if (q->queued && (q->queued->settling || q->queued->children))
        return false; /* the page before is being written */
    return q->fan_out && !q->pages_done && !q->page_in_flight && q->page_at == q->page_count;
}

bool
pin__request_has_next(const struct request *q)
{
    if (q->cancelled || q->ended)
        return q->returned != NULL;
    if (q->returned || q->single_waiting || wants_page(q))
        return true;
    if (q->queued)
        return false;
    return q->page_at < q->page_count && q->next_index - q->first < PIN_TENANTS_AHEAD_MAX;
}

bool
pin__request_next_is_native(const struct request *q)
{
    if (!q->job || !q->job->is_native)
        return false;
    if (q->returned)
        return q->returned->kind == PIN_TASK_JOB;
    return q->single_waiting || (!q->queued && q->page_at < q->page_count &&
                                 q->next_index - q->first < PIN_TENANTS_AHEAD_MAX);
}

static struct run *
next_tenant(struct request *q)
{
    struct run *run = pin__run_new(q, PIN_TASK_JOB);
    struct tenant_ref *tenant = &q->page[q->page_at++];

    run->tenant_id = tenant->id;
    run->tenant_name = tenant->name;
    *tenant = (struct tenant_ref){ NULL, NULL };
    run->index = q->next_index++;
    q->window[run->index % PIN_TENANTS_AHEAD_MAX] = run;
    return run;
}

static struct run *
next_single(struct request *q)
{
    struct run *run = pin__run_new(q, q->kind);

    q->single_waiting = false;
    run->tenant_id = q->single_tenant_id;
    run->tenant_name = q->single_tenant_name;
    q->single_tenant_id = q->single_tenant_name = NULL;
    return run;
}

struct run *
pin__request_next_run(struct request *q)
{
    struct run *run = q->returned;

    if (run) {
        q->returned = run->next;
        run->next = NULL;
        return run;
    }
    if (q->single_waiting)
        return next_single(q);
    if (!q->queued && q->page_at < q->page_count &&
        q->next_index - q->first < PIN_TENANTS_AHEAD_MAX)
        return next_tenant(q);
    q->page_in_flight = true;
    return pin__run_new(q, PIN_TASK_TENANTS);
}

/* run.c - one run: made when it is about to be handed to a worker, freed when it has been reported.
 */
#include "executor/run.h"

#include <unistd.h>

struct run *
pin__run_new(struct request *q, enum pin_task_kind kind)
{
    struct run *run = calloc(1, sizeof *run);

    if (!run)
        pin__bug("out of memory for a run");
    run->request = q;
    run->id = ++q->executor->next_run;
    run->kind = kind;
    if (kind == PIN_TASK_JOB || kind == PIN_TASK_VIEW) {
        run->run_id = q->queued               ? q->queued->claim.hold.id
                      : kind == PIN_TASK_VIEW ? q->run_id
                                              : pin__run_id_new(pin__clock_wall().ms);
        pin__run_id_text(&run->run_id, run->run_id_text);
    }
    run->spill.file = -1;
    pin__outcome_init(&run->outcome);
    return run;
}

void
pin__spill_fini(struct spill *s)
{
    pin__buf_fini(&s->memory);
    if (s->file >= 0)
        close(s->file);
    s->file = -1;
}

void
pin__run_free(struct run *run)
{
    pin__outcome_fini(&run->outcome);
    pin__spill_fini(&run->spill);
    pin__buf_fini(&run->kept);
    pin__queue_clean(run);
    pin__console_fini(&run->console);
    free(run->progress.text);
    free(run->tenant_id);
    free(run->tenant_name);
    free(run);
}

struct pin_run_info
pin__run_info(const struct run *run)
{
    const struct request *q = run->request;

    return (struct pin_run_info){ .id = run->id,
                                  .parent = q->caller_id,
                                  .depth = q->depth,
                                  .of_job = run->kind == PIN_TASK_JOB,
                                  .job = q->name,
                                  .tenant_id = run->tenant_id,
                                  .tenant_name = run->tenant_name,
                                  .run_id = run->run_id_text,
                                  .claim = q->queued ? &q->queued->claim : NULL };
}

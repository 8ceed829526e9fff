/* claims.h - which tasks that wait at a worker it may still begin: one page of memory that executor
 * and worker share.
 *
 * Several short runs are handed to a worker at once, to save wake-ups. Should the run in hand turn
 * out to be a long one, those behind it must not wait for it: the executor takes them back, without
 * asking, since the worker may be deep in the user's code. Who changes the slot from "offered"
 * first has the task. The slot holds the task's id, so a message that is read long after its task
 * was taken back finds that it is not meant any more.
 */
#ifndef PIN_EXECUTOR_CLAIMS_H
#define PIN_EXECUTOR_CLAIMS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct pin_claims; /* the page */

/* Makes the page; *fd is for the worker and is closed by the caller. NULL when the system refuses.
 */
struct pin_claims *pin__claims_new(int *fd, struct pin_err *err);
/* The worker's view of it. Closes fd. */
struct pin_claims *pin__claims_map(int fd, struct pin_err *err);
void pin__claims_free(struct pin_claims *c); /* NULL is fine */

/* Executor: offers a task, and takes it back; false when the worker has begun it. */
void pin__claims_offer(struct pin_claims *c, uint64_t task);
bool pin__claims_take_back(struct pin_claims *c, uint64_t task);
/* Worker: true when the task is still offered; from then on it is the worker's. */
bool pin__claims_begin(struct pin_claims *c, uint64_t task);

#endif

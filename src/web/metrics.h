/* metrics.h - what GET /metrics answers: counters of this process, and how much waits in the store.
 *
 * The counters come from the executor's observer and begin at zero with the process; everything
 * that the store knows is looked up when somebody asks, at most every PIN_METRICS_LOOK_MS, by one
 * statement that has a bound and never waits. docs/metrics.md has a line for each name; a test
 * compares them.
 *
 * Labels have few values, whatever a project does: a job is one that the project has, a method one
 * that HTTP has, and of each kind there are at most PIN_METRICS_NAMES_MAX; the rest is counted
 * under "other". A tenant is never a label.
 *
 *     pin__metrics_new(&m, &err);
 *     pin__executor_observe(x, pin__metrics_observer(m));
 *     ... pin__metrics_http(m, "GET", 200, wall_us);            after each answer
 *     ... pin__metrics_write(m, x, &body);                      GET /metrics
 *     pin__executor_observe(x, NULL);
 *     pin__metrics_free(m);
 */
#ifndef PIN_WEB_METRICS_H
#define PIN_WEB_METRICS_H

#include "base/buf.h"
#include "executor/executor.h"
#include "executor/observer.h"

#define PIN_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define PIN_METRICS_NAMES_MAX    256 /* jobs; queues; schedules: what has come first */
#define PIN_METRICS_NAME_BYTES   320 /* of one of them; a longer one is among the others */
#define PIN_METRICS_LOOK_MS      5000
#define PIN_METRICS_BYTES_MAX    ((size_t)16 << 20) /* more than it can become: for the buffer */

struct pin_metrics; /* opaque */

pin_status pin__metrics_new(struct pin_metrics **out, struct pin_err *err) PIN_MUST_USE;
void pin__metrics_free(struct pin_metrics *m); /* NULL is fine */
/* Lives as long as `m`. */
const struct pin_observer *pin__metrics_observer(const struct pin_metrics *m);
/* An answer was given. */
void pin__metrics_http(struct pin_metrics *m, const char *method, int status, int64_t wall_us);
/* All of it, between two turns of the executor's loop. Never fails: what cannot be known now is
 * left out; ask pin__buf_check. `x` NULL: only what was counted. */
void pin__metrics_write(struct pin_metrics *m, struct pin_executor *x, struct pin_buf *out);

#endif

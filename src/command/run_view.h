/* run_view.h - a run of the store as list-runs and show-run tell it. */
#ifndef PIN_COMMAND_RUN_VIEW_H
#define PIN_COMMAND_RUN_VIEW_H

#include "command/project_store.h"

/* The members of a run's JSON object, without the braces: "id":"...","job":... Arguments, error and
 * the like come as they are kept, on one line. */
void pin__run_view_add_json(struct pin_buf *b, const struct pin_run_row *row,
                            struct pin_tenants *t);
/* "key":"2026-08-01T09:30:00.123Z" with a comma in front; null for 0. */
void pin__run_view_add_time(struct pin_buf *b, const char *key, int64_t ms);
/* Why it failed, or last failed, in one line; nothing when there is nothing to say. */
void pin__run_view_add_why(struct pin_buf *b, const struct pin_run_row *row);
/* Whether a reason says that somebody asked for the run once more, and is no failure. */
bool pin__run_view_is_reopening(const char *reason);
/* How long it ran, or has been running, in microseconds; -1: it did not. */
int64_t pin__run_view_wall_us(const struct pin_run_row *row, int64_t now_ms);

#endif

/* describe.h - a cron expression in plain English: "at 09:00, Monday to Friday". */
#ifndef PIN_SCHEDULE_DESCRIBE_H
#define PIN_SCHEDULE_DESCRIBE_H

#include "schedule/cron.h"

/* Appends the words, without a capital or a full stop. The zone is not among them. Two expressions
 * that mean the same have the same words. */
void pin__cron_describe(const struct pin_cron *c, struct pin_buf *out);

#endif

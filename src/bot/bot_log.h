/* bot_log.h - what the bot says of runs, of the project and of itself. Inside this folder only. */
#ifndef PIN_BOT_BOT_LOG_H
#define PIN_BOT_BOT_LOG_H

#include "base/log.h"
#include "executor/executor.h"

/* Output, begins and ends of queued runs go to the log, which may be NULL. */
struct pin_sink pin__bot_log_sink(struct pin_log *log);
/* Broken jobs and files. */
void pin__bot_log_problems(struct pin_log *log, const struct pin_catalog *c);
/* For pin__executor_each_running; `log` is a struct pin_log. */
void pin__bot_log_running(void *log, const struct pin_run_info *run, int64_t running_us, int pid);
/* "14:05" of the machine's day, or "" for never. */
void pin__bot_log_time(int64_t ms, char *out, size_t size);

#endif

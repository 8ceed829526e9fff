/* bot.h - turns schedules into runs and runs what is queued: a service in an executor's loop.
 *
 * It sleeps until the next due time or a call. What is due is decided by what the store says was
 * evaluated last, never by what it remembers, so nothing is lost when it is not there and nothing
 * happens twice when there are several.
 */
#ifndef PIN_BOT_BOT_H
#define PIN_BOT_BOT_H

#include "base/log.h"
#include "base/notify.h"
#include "executor/executor.h"

#define PIN_BOT_GRACE_MS 25000 /* what running jobs get when the bot is asked to stop */
#define PIN_BOT_TICK_MS  60000 /* how often it says in the store that it lives */

struct pin_bot; /* opaque */

struct pin_bot_options {
    struct pin_log *log;             /* borrowed; NULL: silent */
    const struct pin_notify *notify; /* borrowed; NULL: no service manager */
    const char *const *queues;       /* borrowed; none: all */
    size_t queue_count;
    bool once;          /* what is due and queued now; then pin__bot_done */
    bool watches_files; /* loads the project anew when a file changes */
};

/* Makes or upgrades the store, makes its schedules those of the project, and takes part in the
 * executor's loop from now on. The executor is borrowed. */
pin_status pin__bot_start(struct pin_bot **out, struct pin_executor *x,
                          const struct pin_bot_options *options, struct pin_err *err) PIN_MUST_USE;
/* Nothing new begins; what runs goes on. Frees it. NULL is fine. */
void pin__bot_stop(struct pin_bot *b);
/* Loads the project anew, and says in the log what became of it. */
void pin__bot_reload(struct pin_bot *b);
/* Of one that runs once: everything has been done. */
bool pin__bot_done(void *b);
/* How many runs failed for good. */
uint64_t pin__bot_failed(const struct pin_bot *b);
/* Writes what is running to the log. */
void pin__bot_tell_running(struct pin_bot *b);

/* For pin_executor_options: this.bot.start() and stop() inside a program that is no bot. */
struct pin_bot_of_program {
    struct pin_bot *bot; /* NULL: not started */
    struct pin_bot_options options;
};
pin_status pin__bot_of_program(void *context, struct pin_executor *x, bool start,
                               struct pin_err *err);

#endif

/* due.h - what is due becomes runs, or a row that says why it did not.
 *
 * For each schedule whose next due time has come, every due time since it was evaluated last is
 * decided, in one transaction with the note of how far it was evaluated. So nothing vanishes while
 * nobody looks, nothing happens twice however many bots there are, and a crash leaves all of it or
 * nothing. What happens when (docs/schedules.md has it in full):
 *
 *     on time           a run; unless the schedule is paused, its job broken or gone, or overlap is
 *                       'skip' and a run of it has not ended
 *     older, latest     the latest due time runs, late; the others are missed
 *     older, all        each runs, late, one after another; the latest PIN_MISSED_RUNS_MAX of them
 *     older, skip       missed
 *
 * However far the clock has jumped, the work is bounded: a schedule gets at most
 * PIN_MISSED_ROWS_MAX rows at a time, the oldest says for how many earlier ones it stands, and one
 * call writes some PIN_BOT_ROWS_AT_ONCE rows. A clock that goes back fires nothing again.
 */
#ifndef PIN_BOT_DUE_H
#define PIN_BOT_DUE_H

#include "bot/context.h"

#define PIN_BOT_LATE_MS      5000 /* a run made this long after its due time is on time */
#define PIN_MISSED_ROWS_MAX  1000
#define PIN_MISSED_RUNS_MAX  PIN_MISSED_ROWS_MAX
#define PIN_BOT_SCHEDULES    500  /* looked at in one call */
#define PIN_BOT_ROWS_AT_ONCE 4000 /* after so many a call ends, and more is left to do */
#define PIN_BOT_BACK_MS      ((int64_t)60 * 1000) /* a clock that goes back less is not told */

#define PIN_BOT_STANDS_FOR "; stands for " /* in the reason of a row that speaks for others */

struct pin_bot_behind { /* what was missed, over the calls that it takes to catch up */
    size_t schedules;
    int64_t due_times, late, since_ms;
};

struct pin_bot_due { /* of one bot; zeros but for `bot` at first */
    const struct pin_bot_context *bot;
    int64_t seen_ms; /* the latest time that was seen */
    struct pin_bot_behind behind;
};

struct pin_bot_tick {
    size_t schedules;                             /* that were due */
    size_t enqueued;                              /* runs that were made */
    int64_t results[PIN_OCCURRENCE_RESULT_COUNT]; /* due times; MISSED counts those without a row */
    bool more;           /* there is more that is due: call again, after others have had a turn */
    bool read_again;     /* the clock went back by days: call pin__bot_reconcile, or what was
                            evaluated ahead waits until the clock comes there again */
    int64_t next_due_ms; /* INT64_MAX: never */
};

/* PIN_BUSY: somebody else writes; nothing happened, try again soon. What a person should know goes
 * to the context's note, once it has happened: at most a few sentences a call. */
pin_status pin__bot_tick(struct pin_bot_due *d, int64_t now_ms, struct pin_bot_tick *out,
                         struct pin_err *err) PIN_MUST_USE;

#endif

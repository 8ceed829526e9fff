/* context.h - what every question about a project's schedules needs to know.
 *
 * Nothing of it reads a clock: the time of a question is passed in. What a person should hear goes
 * to `note`, as one sentence; nothing here prints.
 */
#ifndef PIN_BOT_CONTEXT_H
#define PIN_BOT_CONTEXT_H

#include "job/catalog.h"
#include "schedule/next.h"
#include "store/store.h"

enum pin_bot_level { PIN_BOT_INFO, PIN_BOT_WARNING, PIN_BOT_ERROR };

typedef void pin_bot_note(void *context, enum pin_bot_level level, const char *text);
/* So many due times of a schedule got this result. */
typedef void pin_bot_count(void *context, const char *schedule, enum pin_occurrence_result result,
                           int64_t count);

struct pin_bot_context { /* borrowed, all of it */
    struct pin_store *store;
    const struct pin_catalog *catalog;
    struct pin_zones *zones;
    const char *tz;     /* the value of TZ; NULL: not set */
    int64_t started_ms; /* since when this bot looks, to say why something is late; 0: not known */
    pin_bot_note *note; /* may be NULL */
    void *note_context;
    pin_bot_count *count; /* called after the commit, with note_context; may be NULL */
};

void pin__bot_note(const struct pin_bot_context *c, enum pin_bot_level level, const char *fmt, ...)
    PIN_PRINTF(3, 4);

struct pin_bot_zone {
    const struct pin_zone *zone;
    const char *name; /* to be shown: "Europe/Paris"; "local time" when it is the machine's */
};
/* The zone of a schedule's row. `named` NULL: the project's, or else the machine's. */
pin_status pin__bot_zone(const struct pin_bot_context *c, const char *named,
                         struct pin_bot_zone *out, struct pin_err *err) PIN_MUST_USE;

struct pin_bot_when { /* a cron expression, read, and where its clock hangs */
    struct pin_cron cron;
    struct pin_bot_zone zone;
};
/* PIN_INVALID or PIN_NOT_FOUND when the expression or the zone is wrong, and stays so. */
pin_status pin__bot_when(const struct pin_bot_context *c, const char *cron, const char *named_zone,
                         struct pin_bot_when *out, struct pin_err *err) PIN_MUST_USE;
/* The first due time after `after_ms`; INT64_MAX: never. */
int64_t pin__bot_next_due(const struct pin_bot_when *when, int64_t after_ms);
/* The whole second that a time is in. */
int64_t pin__bot_seconds(int64_t ms);

#define PIN_BOT_WORDS 128
/* "2026-03-08 02:30 Europe/Paris": what the clock there shows; seconds only when there are any. */
const char *pin__bot_wall_words(const struct pin_bot_zone *zone, int64_t ms,
                                char out[PIN_BOT_WORDS]);
/* "40 s", "12 min", "3 h 20 min", "9 days". */
const char *pin__bot_span_words(int64_t ms, char out[PIN_BOT_WORDS]);

#endif

/* explain.h - "why did nothing run at 02:30?": what became of a moment, for one schedule.
 *
 * The answer comes from the rules (was it a due time at all; does that time exist there) and from
 * what the store holds: the row of that due time and its run, how far the schedule was evaluated,
 * and which bots look. Every answer has a sentence for a person.
 */
#ifndef PIN_BOT_EXPLAIN_H
#define PIN_BOT_EXPLAIN_H

#include "bot/forecast.h"

#define PIN_EXPLAIN_TEXT 2048
#define PIN_EXPLAIN_NOTE 512

enum pin_answer {
    PIN_ANSWER_NOT_DUE,       /* no due time of the schedule */
    PIN_ANSWER_NOT_YET,       /* it is to come */
    PIN_ANSWER_NOT_KNOWN,     /* no bot has read this schedule */
    PIN_ANSWER_BEFORE_KNOWN,  /* it came before a bot first read it */
    PIN_ANSWER_NOT_EVALUATED, /* it has come, and no bot has looked since */
    PIN_ANSWER_RESULT,        /* it has a row */
    PIN_ANSWER_NO_RESULT,     /* it was decided, and its row is not there: another speaks for it, or
                                 it was pruned */
    PIN_ANSWER_WRONG          /* the schedule never runs: its expression or zone cannot be used */
};
/* "not_due", ...; for programs. */
const char *pin__answer_name(enum pin_answer answer);

struct pin_explained { /* one instant */
    int64_t at_ms;     /* undefined for WRONG */
    enum pin_answer answer;
    struct pin_occurrence row; /* with RESULT; its texts live in the arena */
    bool run_there;            /* its run is kept still */
    enum pin_run_state run_state;
    char remark[PIN_BOT_REMARK]; /* of clocks that change; "": nothing */
    char text[PIN_EXPLAIN_TEXT];
};

struct pin_explanation {
    struct pin_bot_when when;    /* undefined for WRONG */
    char note[PIN_EXPLAIN_NOTE]; /* the time does not exist there, or exists twice; "": it is plain
                                  */
    struct pin_explained at[2];
    size_t count; /* 1; or 2 when the clocks show the time twice */
};

struct pin_explain {
    const struct pin_bot_context *bot;
    const struct pin_schedule_row *row;
    bool known;       /* the row is the store's; else it was made of the catalog */
    const char *time; /* an instant, "2026-03-08T07:30Z", or what the clock of the schedule shows,
                         "2026-03-08T02:30" */
    int64_t now_ms;
    const struct pin_bot_row *bots; /* all that have ticked and not left */
    size_t bot_count;
};

/* PIN_INVALID: the time cannot be read. */
pin_status pin__explain(const struct pin_explain *ask, struct pin_arena *arena,
                        struct pin_explanation *out, struct pin_err *err) PIN_MUST_USE;

#endif

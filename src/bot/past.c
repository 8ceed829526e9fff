/* past.c - see past.h. */
#include "bot/past.h"

#include "schedule/previous.h"

/* at_ms was filled round and round; puts the oldest in front. */
static void
straighten(struct pin_bot_past *p, size_t walked)
{
    const size_t split = walked % PIN_PAST_MAX;
    int64_t head[PIN_PAST_MAX];

    memcpy(head, p->at_ms, split * sizeof *head);
    memmove(p->at_ms, p->at_ms + split, (PIN_PAST_MAX - split) * sizeof *head);
    memcpy(p->at_ms + PIN_PAST_MAX - split, head, split * sizeof *head);
    p->count = PIN_PAST_MAX;
    p->earlier = (int64_t)(walked - PIN_PAST_MAX);
}

/* From the end, when there are too many to be walked through. */
static void
take_latest(const struct pin_bot_when *when, int64_t after_ms, int64_t until_ms,
            struct pin_bot_past *p)
{
    const int64_t after = pin__bot_seconds(after_ms);
    int64_t until = pin__bot_seconds(until_ms), at;

    p->next_ms = pin__bot_next_due(when, until_ms);
    p->count = PIN_PAST_MAX;
    for (size_t i = PIN_PAST_MAX; i-- > 0;) {
        if (pin__cron_previous(&when->cron, when->zone.zone, after, until, &at) != PIN_OK)
            pin__bug("a schedule that fired more than %d times did not fire %d times",
                     PIN_PAST_WALK_MAX, PIN_PAST_MAX);
        p->at_ms[i] = at * 1000;
        until = at - 1;
    }
    p->earlier = PIN_PAST_WALK_MAX - PIN_PAST_MAX;
    p->earlier_at_least = true;
}

void
pin__bot_past(const struct pin_bot_when *when, int64_t after_ms, int64_t until_ms,
              struct pin_bot_past *out)
{
    size_t walked = 0;
    int64_t at = pin__bot_next_due(when, after_ms);

    out->count = 0;
    out->earlier = 0;
    out->earlier_at_least = false;
    out->first_ms = at;
    for (; at <= until_ms; at = pin__bot_next_due(when, at)) {
        if (walked == PIN_PAST_WALK_MAX) {
            take_latest(when, after_ms, until_ms, out);
            return;
        }
        out->at_ms[walked++ % PIN_PAST_MAX] = at;
    }
    out->next_ms = at;
    out->count = walked;
    if (walked > PIN_PAST_MAX)
        straighten(out, walked);
}

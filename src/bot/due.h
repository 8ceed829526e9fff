#ifndef PIN_BOT_DUE_H
#define PIN_BOT_DUE_H
#include "bot/context.h"
struct pin_bot_ticked {
    size_t enqueued;
    int64_t next_due_ms;
};
static inline pin_status
pin__bot_tick(const struct pin_bot_context *c, int64_t now_ms, struct pin_bot_ticked *out,
              struct pin_err *err)
{
    (void)c;
    (void)now_ms;
    (void)err;
    out->next_due_ms = INT64_MAX;
    return PIN_OK;
}
#endif

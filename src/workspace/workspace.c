/* workspace.c - see workspace.h. */
#include "workspace/workspace.h"

#include <stdarg.h>

enum { OUTCOME_BYTES_MAX = 8 << 20, MESSAGE_MAX = 4096 };

static const char *const kind_names[PIN_OUTCOME_KIND_COUNT] = {
    [PIN_OUTCOME_SUCCEEDED] = "succeeded", [PIN_OUTCOME_THREW] = "threw",
    [PIN_OUTCOME_TIMED_OUT] = "timed-out", [PIN_OUTCOME_HEAP_LIMIT] = "heap-limit",
    [PIN_OUTCOME_UNSETTLED] = "unsettled", [PIN_OUTCOME_REJECTED] = "unhandled-rejection",
    [PIN_OUTCOME_CRASHED] = "crashed",     [PIN_OUTCOME_CANCELLED] = "cancelled",
    [PIN_OUTCOME_REFUSED] = "refused",
};

void
pin__outcome_init(struct pin_outcome *o)
{
    *o = (struct pin_outcome){ .value = PIN_BUF_INIT(OUTCOME_BYTES_MAX),
                               .error = PIN_BUF_INIT(OUTCOME_BYTES_MAX) };
}

void
pin__outcome_fini(struct pin_outcome *o)
{
    pin__buf_fini(&o->value);
    pin__buf_fini(&o->error);
}

void
pin__outcome_fail(struct pin_outcome *o, enum pin_outcome_kind kind, const char *name,
                  const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    o->kind = kind;
    pin__buf_clear(&o->value);
    pin__buf_clear(&o->error);
    pin__buf_adds(&o->error, "{\"name\":");
    pin__buf_add_json_string(&o->error, name, strlen(name));
    pin__buf_adds(&o->error, ",\"message\":");
    pin__buf_add_json_string(&o->error, message, strlen(message));
    pin__buf_addc(&o->error, '}');
}

void
pin__outcome_set_stack(struct pin_outcome *o, const char *stack)
{
    if (!*stack || o->error.size == 0)
        return;
    o->error.size--; /* the brace */
    pin__buf_adds(&o->error, ",\"stack\":");
    pin__buf_add_json_string(&o->error, stack, strlen(stack));
    pin__buf_addc(&o->error, '}');
}

const char *
pin__outcome_kind_name(enum pin_outcome_kind kind)
{
    if ((unsigned)kind >= PIN_OUTCOME_KIND_COUNT)
        pin__bug("outcome kind %d", (int)kind);
    return kind_names[kind];
}

/* err.c - see err.h. */
#include "base/err.h"

#include <stdarg.h>

#undef pin__err_set /* the analyzer's view of them */
#undef pin__err_errno
#undef pin__err_no_memory

static const char *const status_names[PIN_STATUS_COUNT] = {
    [PIN_OK] = "ok",
    [PIN_EMPTY] = "empty",
    [PIN_FAILED] = "failed",
    [PIN_INVALID] = "invalid",
    [PIN_NOT_FOUND] = "not found",
    [PIN_CONFLICT] = "conflict",
    [PIN_DENIED] = "denied",
    [PIN_LIMIT] = "limit",
    [PIN_TIMEOUT] = "timed out",
    [PIN_CANCELLED] = "cancelled",
    [PIN_BUSY] = "busy",
    [PIN_LOST] = "lost",
    [PIN_UNKNOWN] = "unknown",
    [PIN_CONFIG] = "bad configuration",
    [PIN_IO] = "i/o error",
    [PIN_NO_MEMORY] = "out of memory",
};

const char *
pin__status_name(pin_status status)
{
    if ((unsigned)status >= PIN_STATUS_COUNT)
        return "unknown status";
    return status_names[status];
}

pin_status
pin__err_set(struct pin_err *err, pin_status status, const char *fmt, ...)
{
    va_list ap;

    if (!err)
        return status;
    err->status = status;
    va_start(ap, fmt);
    vsnprintf(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return status;
}

pin_status
pin__err_errno(struct pin_err *err, pin_status status, int code, const char *fmt, ...)
{
    va_list ap;
    size_t len;

    if (!err)
        return status;
    err->status = status;
    va_start(ap, fmt);
    vsnprintf(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    len = strlen(err->message);
    snprintf(err->message + len, sizeof err->message - len, ": %s", strerror(code));
    return status;
}

void
pin__err_prefix(struct pin_err *err, const char *fmt, ...)
{
    char old[PIN_ERR_MESSAGE_MAX];
    va_list ap;
    size_t len;

    if (!err)
        return;
    memcpy(old, err->message, sizeof old);
    va_start(ap, fmt);
    vsnprintf(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    len = strlen(err->message);
    snprintf(err->message + len, sizeof err->message - len, ": %s", old);
}

pin_status
pin__err_no_memory(struct pin_err *err)
{
    return pin__err_set(err, PIN_NO_MEMORY, "out of memory");
}

void
pin__bug_at(const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    fprintf(stderr, "pinstripe: bug at %s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

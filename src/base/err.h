/* err.h - errors: a status for the program, a sentence for the person.
 *
 * The sentence says what was attempted, on what, and why not. A caller that only passes an error on
 * adds its own "on what" in front with pin__err_prefix. `err` may be NULL everywhere: then only the
 * status is given.
 */
#ifndef PIN_BASE_ERR_H
#define PIN_BASE_ERR_H

#include "base/ban.h"
#include "pinstripe/status.h"

#define PIN_MUST_USE        __attribute__((warn_unused_result))
#define PIN_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define PIN_ERR_MESSAGE_MAX 2048

struct pin_err {
    pin_status status;
    char message[PIN_ERR_MESSAGE_MAX]; /* one sentence, UTF-8, cut at the end when too long */
};

#define PIN_ERR_INIT ((struct pin_err){ .status = PIN_OK, .message = "" })

/* Fills *err and returns `status`, so that a failing function can end with `return
 * pin__err_set(...)`. */
pin_status pin__err_set(struct pin_err *err, pin_status status, const char *fmt, ...)
    PIN_PRINTF(3, 4);
/* As pin__err_set, with ": " and the text of errno value `code` at the end. */
pin_status pin__err_errno(struct pin_err *err, pin_status status, int code, const char *fmt, ...)
    PIN_PRINTF(4, 5);
/* Puts "<text>: " in front of the message there is. */
void pin__err_prefix(struct pin_err *err, const char *fmt, ...) PIN_PRINTF(2, 3);
pin_status pin__err_no_memory(struct pin_err *err);

#ifdef __clang_analyzer__ /* which does not know that the status given is the status returned */
#define pin__err_set(err, status, ...) ((void)pin__err_set(err, status, __VA_ARGS__), (status))
#define pin__err_errno(err, status, code, ...)                                                     \
    ((void)pin__err_errno(err, status, code, __VA_ARGS__), (status))
#define pin__err_no_memory(err) ((void)pin__err_no_memory(err), PIN_NO_MEMORY)
#endif

/* The name of a status ("not found"), for logs. Never NULL. */
const char *pin__status_name(pin_status status);

/* For what only our own mistake can cause: prints file, line and the broken invariant, then aborts.
 */
#define pin__bug(...) pin__bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void pin__bug_at(const char *file, int line, const char *fmt, ...) PIN_PRINTF(3, 4);

#endif

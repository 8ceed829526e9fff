/* duration.h - `90s`, `5m`, `2h30m`, `1w`, `250ms`: how people write a length of time. */
#ifndef PIN_BASE_DURATION_H
#define PIN_BASE_DURATION_H

#include <stdint.h>

#include "base/err.h"

/* Milliseconds, more than 0. A number alone is not taken: PIN_INVALID with what to write. */
pin_status pin__duration_parse(int64_t *ms, const char *text, struct pin_err *err) PIN_MUST_USE;

#endif

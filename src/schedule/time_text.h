/* time_text.h - instants as people and programs write them: ISO 8601 in the form of RFC 3339.
 *
 * Pure: no clock and no zone is read. A time without Z or an offset means another instant on each
 * machine, so it is refused.
 */
#ifndef PIN_SCHEDULE_TIME_TEXT_H
#define PIN_SCHEDULE_TIME_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* "2026-08-01T09:30:00.250Z", "2026-08-01 09:30+02:00": milliseconds since 1970. Seconds may be
 * left out, and what is finer than a millisecond is. PIN_INVALID says what to write. */
pin_status pin__time_parse(int64_t *unix_ms, const char *text, struct pin_err *err) PIN_MUST_USE;

#define PIN_TIME_TEXT_SIZE 48
/* "2026-08-01T09:30:00Z"; where clocks are ahead of UTC "2026-08-01T11:30:00+02:00". */
void pin__time_text(int64_t unix_ms, int offset_s, bool with_ms, char out[PIN_TIME_TEXT_SIZE]);

#endif

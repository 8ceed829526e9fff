/* id.h - the id of a run: a UUID of version 7, so ids sort by the time they were made.
 *
 * Neither a clock nor a source of random bytes is read here; both are given.
 */
#ifndef PIN_STORE_ID_H
#define PIN_STORE_ID_H

#include <stdbool.h>
#include <stdint.h>

#define PIN_RUN_ID_BYTES 16
#define PIN_RUN_ID_TEXT  37 /* with its NUL */

struct pin_run_id {
    uint8_t bytes[PIN_RUN_ID_BYTES];
};

/* 48 bits of time, then 74 of the 80 random bits. */
struct pin_run_id pin__run_id_make(int64_t now_ms, const uint8_t random[10]);
/* The smallest id of that millisecond. */
struct pin_run_id pin__run_id_from_ms(int64_t ms);
int64_t pin__run_id_ms(const struct pin_run_id *id);
void pin__run_id_text(const struct pin_run_id *id, char out[PIN_RUN_ID_TEXT]);
/* The 36 characters of a UUID, in either case; false for anything else. */
bool pin__run_id_parse(const char *text, struct pin_run_id *out);
bool pin__run_id_is_zero(const struct pin_run_id *id);

#endif

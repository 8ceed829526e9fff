/* quote.h - text from outside, made fit to stand in a sentence.
 *
 * What a person or a file gave us may hold anything: control characters that would play with a
 * terminal, broken UTF-8, a megabyte of it. An error message shows it through this, never raw.
 */
#ifndef PIN_BASE_QUOTE_H
#define PIN_BASE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

#define PIN_QUOTE_SIZE      128
#define PIN_QUOTE_NEXT_SIZE 5

struct pin_quote {
    char text[PIN_QUOTE_SIZE]; /* with its quotes; valid UTF-8 */
};

/* The first part of `data` between double quotes: control characters and broken UTF-8 as \xNN,
 * followed by "..." when it was cut. */
struct pin_quote pin__quote(const char *data, size_t size);
struct pin_quote pin__quote_text(const char *text);
/* One step of that for text of any length: what the next character is shown as goes to `out`, with
 * a NUL; how many bytes of `data` it was is returned, 0 at the end. */
size_t pin__quote_next(const char *data, size_t size, char out[PIN_QUOTE_NEXT_SIZE]);
/* How many bytes the UTF-8 character at `data` has, 0 when there is none that is well-formed. */
size_t pin__quote_utf8_length(const char *data, size_t size);
bool pin__quote_is_utf8(const char *data, size_t size);
/* Whether such a character may be shown as it is: it is no control, and does not turn the direction
 * of writing or hide. */
bool pin__quote_is_printable(const char *data, size_t length);

#endif

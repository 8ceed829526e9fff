/* error_text.h - an error of a run, as JSON carries it, as text for a person. */
#ifndef PIN_COMMAND_ERROR_TEXT_H
#define PIN_COMMAND_ERROR_TEXT_H

#include "base/buf.h"

/* Text from outside: what a terminal would obey comes as \xNN; lines and tabs stay. */
void pin__error_text_add_visible(struct pin_buf *b, const char *text);
/* "Name: message", the stack, and the same of what caused it; ends with a newline. What is no error
 * (a job may throw anything) comes as it is. All of it visible. */
void pin__error_text_add(struct pin_buf *b, struct pin_bytes json);
/* Only "Name: message"; not made visible. */
void pin__error_text_add_line(struct pin_buf *b, struct pin_bytes json);

#endif

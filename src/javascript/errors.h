/* errors.h - thrown values as JSON and back, in the form that workspace.h describes.
 *
 * What was thrown may be hostile: getters and proxies that throw or loop, objects that contain
 * themselves, a million properties. Writing never fails: what cannot be read is left out, and the
 * engine's interrupt ends what loops.
 */
#ifndef PIN_JAVASCRIPT_ERRORS_H
#define PIN_JAVASCRIPT_ERRORS_H

#include <quickjs.h>

#include "base/buf.h"

/* Appends the JSON of a thrown value. Leaves no exception pending. */
void pin__error_write(JSContext *ctx, JSValueConst thrown, struct pin_buf *out);
/* The value that the JSON stands for: an instance of the built-in class of its name, or the plain
 * value that was thrown. */
JSValue pin__error_read(JSContext *ctx, struct pin_bytes json);
/* The sentence of a thrown value ("TypeError: x is not a function"), with its stack. */
void pin__error_sentence(JSContext *ctx, JSValueConst thrown, struct pin_buf *out);

#endif

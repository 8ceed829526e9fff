/* objects.h - objects as files: whose they may be, and how long the build folder keeps them.
 *
 * An object that nobody uses any more is deleted. Who uses one cannot be asked: a nursery of older
 * code may fork its first native worker, which loads it, weeks after the file was changed. So a
 * nursery tells by the time of the file: it sets that when it begins and every hour while it
 * lives, and what was not set for a day is nobody's.
 */
#ifndef PIN_NATIVE_OBJECTS_H
#define PIN_NATIVE_OBJECTS_H

#include "native/build.h"

#define PIN_NATIVE_TOUCH_MS ((int64_t)60 * 60 * 1000)
#define PIN_NATIVE_KEEP_MS  ((int64_t)24 * 60 * 60 * 1000)

/* PIN_DENIED for an object that is setuid or setgid, that others than its owner can write, or that
 * belongs neither to root, nor to us, nor to the owner of the current folder, which is the root. */
pin_status pin__native_object_check(const char *path, struct pin_err *err) PIN_MUST_USE;
/* Says that the object is in use. Nothing for one that is not in the build folder. */
void pin__native_object_touch(const char *path);
/* Touches the objects there are now, and deletes what has been nobody's for a day. */
void pin__native_objects_sweep(const struct pin_native_objects *objects);

#endif

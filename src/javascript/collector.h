/* collector.h - keeps the garbage collector out of the image.
 *
 * A collection counts down and up again the references of every object in the collector's list, so
 * it writes to every page of the heap: once done in a run, the whole image would have to be put
 * back. Objects of the image cannot become garbage that matters, for the image is put back after
 * the run: taken out of the list they are what a root is, and a collection costs what the run made.
 *
 * QuickJS has no function for that. What this relies on: an object begins with its reference count
 * (int), four bytes of flags and the links of a ring, one member of which lies in the runtime: the
 * list's head. All of it is checked before anything is changed.
 */
#ifndef PIN_JAVASCRIPT_COLLECTOR_H
#define PIN_JAVASCRIPT_COLLECTOR_H

#include "javascript/image.h"

/* Takes every object that lives now out of the collector's list. False, and nothing was changed,
 * when the list does not look as it should: collections are then slow but right. */
bool pin__collector_spare_all(const struct pin_image *image, JSContext *ctx);

#endif

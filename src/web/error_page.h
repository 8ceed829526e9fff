/* error_page.h - what a request that failed is answered in development. */
#ifndef PIN_WEB_ERROR_PAGE_H
#define PIN_WEB_ERROR_PAGE_H

#include "base/buf.h"

/* A page with the error (as outcomes have it, JSON), its stack, and the lines of the project's file
 * `root`/... where it was thrown. Everything is escaped. */
void pin__error_page(struct pin_buf *out, const char *title, struct pin_bytes error,
                     const char *root);
/* "&lt;b&gt;" */
void pin__html_add(struct pin_buf *out, const char *text);

#endif

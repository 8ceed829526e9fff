/* native.h - how a C file offers functions to our own JavaScript modules.
 *
 * One C file is one module `pinstripe:native/NAME`. It exports one `struct pin_js_native`, listed
 * in natives.c. Only our own modules can import it; a project's files cannot.
 *
 * What a native must keep to (the heap is put back between two runs, see image.h):
 * - C state holds no JavaScript value after end_of_run. Values kept during a run are dropped there,
 *   never freed: their heap is gone.
 * - Nothing in the heap owns a C resource: hand out a number into a C table, close it in
 * end_of_run.
 * - Classes (JS_NewClassID, JS_NewClass) are made in `setup`, before the image.
 * - The kernel must not write into the heap (a write-protected page gives EFAULT instead of a
 *   fault): read(), getrandom() and the like fill a C buffer, which is then copied.
 *
 * To add one: write src/javascript/NAME.c with the struct, declare it here, list it in natives.c.
 */
#ifndef PIN_JAVASCRIPT_NATIVE_H
#define PIN_JAVASCRIPT_NATIVE_H

#include <quickjs.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "workspace/workspace.h"

struct pin_engine;

struct pin_js_native {
    const char *name;                    /* "pinstripe:native/NAME" */
    const JSCFunctionListEntry *exports; /* JS_CFUNC_DEF(...) and friends */
    int export_count;
    /* Exports that are values: names, ending with NULL, and what makes one. NULL when there are
     * none. */
    const char *const *value_names;
    JSValue (*value)(JSContext *ctx, const char *name);
    /* Each of these may be NULL. */
    int (*setup)(JSContext *ctx); /* once, when the engine is made; -1 with an exception pending */
    void (*enter)(void);          /* once, first thing in a forked worker */
    void (*start_of_run)(void);   /* before each run, on the restored heap */
    void (*end_of_run)(void); /* after each run, however it ended, before the heap is put back */
};

#define PIN_JS_EXPORTS(list) .exports = (list), .export_count = (int)(sizeof(list) / sizeof *(list))

extern const struct pin_js_native *const pin__js_natives[]; /* ends with NULL */

extern const struct pin_js_native pin__js_native_registry;
extern const struct pin_js_native pin__js_native_engine;
extern const struct pin_js_native pin__js_native_inflector;
extern const struct pin_js_native pin__js_native_cron;
extern const struct pin_js_native pin__js_native_database;
extern const struct pin_js_native pin__js_native_platform;
extern const struct pin_js_native pin__js_native_dialog;

/* What a native may ask of the engine that called it. */
struct pin_engine *pin__engine_of(JSContext *ctx);
const char *pin__engine_root(const struct pin_engine *e);         /* the project's folder */
const char *pin__engine_environment(const struct pin_engine *e);  /* "development", ... */
struct pin_mono pin__engine_deadline(const struct pin_engine *e); /* of the run under way */
bool pin__engine_is_running(const struct pin_engine *e); /* false while the project is loaded */
/* True, for good, once the run must stop. Cheap enough to be asked often. */
bool pin__engine_must_stop(struct pin_engine *e);
/* A database transaction was opened: the run is stopped when it still computes at `until` (waiting
 * is for the database floor to end). pin__engine_leave_transaction takes that back. */
void pin__engine_enter_transaction(struct pin_engine *e, struct pin_mono until, int64_t limit_ms);
void pin__engine_leave_transaction(struct pin_engine *e);
/* Prints on a stream of the run; on stderr while the project is loaded. */
void pin__engine_print(struct pin_engine *e, enum pin_stream stream, const char *data, size_t size);

/* Throws a JavaScript Error with the sentence of `err` and returns JS_EXCEPTION. */
JSValue pin__js_throw(JSContext *ctx, const struct pin_err *err);

#endif

/* loader.h - what an import may name, and where it is found.
 *
 * A project's file may import 'pinstripe' and files of the project, relative to itself and with
 * their ending ('./helper.js', '../data.json'); everything else is refused with a sentence. Our own
 * modules may also import 'pinstripe:NAME', 'pinstripe:native/NAME' and 'project:PATH', a path
 * relative to the project's folder. Inside the engine a project's module is named by that path,
 * which is what stack traces then show.
 *
 * No link is followed out of the project's folder and none to a file. Bytecode is only ever what
 * this build produced.
 */
#ifndef PIN_JAVASCRIPT_LOADER_H
#define PIN_JAVASCRIPT_LOADER_H

#include <quickjs.h>
#include <stdbool.h>

#include "base/buf.h"

#define PIN_SOURCE_BYTES_MAX ((size_t)8 << 20)

struct pin_engine;

#define PIN_MODULE_NAME_MAX 4096

#define PIN_ENDLESS_FILE "The top level of the file did not end within its time limit."

/* The file that entry.js is loading: a broken one is found out here, so that it hurts no other. */
struct pin_import {
    bool open;
    char path[PIN_MODULE_NAME_MAX];
    JSValue module;    /* the promise of its namespace */
    JSValue settle[2]; /* of the promise that entry.js awaits */
};

/* A JSModuleNormalizeFunc and a JSModuleLoaderFunc; `opaque` is the engine. */
char *pin__loader_normalize(JSContext *ctx, const char *base, const char *name, void *opaque);
JSModuleDef *pin__loader_load(JSContext *ctx, const char *name, void *opaque);

/* What importFile of 'pinstripe:native/engine' does: a promise of the module's namespace. */
JSValue pin__loader_import(struct pin_engine *e, const char *specifier);
/* While the project is loaded, between two steps of the pump: settles the import under way when its
 * top level has ended, or cannot (`stuck`: nothing can happen any more, or it was stopped). True
 * when it did something. */
bool pin__loader_step(struct pin_engine *e, bool stuck);
/* Imports one of our modules while nothing else runs, and returns its namespace. */
JSValue pin__loader_import_own(struct pin_engine *e, const char *name);
/* True for the name of one of our own modules or natives. */
bool pin__loader_is_own(const char *name);

#endif

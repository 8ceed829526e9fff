/* natives.c - the table of all native modules; see native.h. */
#include "javascript/native.h"

const struct pin_js_native *const pin__js_natives[] = {
    &pin__js_native_engine,    &pin__js_native_platform,
    &pin__js_native_inflector, &pin__js_native_cron,
    &pin__js_native_database,  &pin__js_native_registry,
    &pin__js_native_dialog,    NULL,
};

/* config.h - what pinstripe.config.js says of jobs in C.
 *
 *     {"compiler":"clang"|null,"flags":["-O3"],"libraries":["-lcrypto"],"user":"nobody"|null,
 *      "transactionMs":5000}
 */
#ifndef PIN_NATIVE_CONFIG_H
#define PIN_NATIVE_CONFIG_H

#include "base/buf.h"

#define PIN_NATIVE_USER "nobody" /* whom runs become when pinstripe is root's and user is NULL */

struct pin_native_config {
    char *compiler;         /* NULL: the system's */
    char **flags;           /* after our own; ends with NULL */
    char **libraries;       /* of every object, after its own; ends with NULL */
    char *user;             /* NULL: not said */
    int64_t transaction_ms; /* how long a transaction may last */
};

/* The caller calls pin__native_config_fini whatever the status. */
pin_status pin__native_config_read(struct pin_native_config *out, struct pin_bytes json,
                                   struct pin_err *err) PIN_MUST_USE;
void pin__native_config_fini(struct pin_native_config *c);

#endif

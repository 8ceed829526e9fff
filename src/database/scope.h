/* scope.h - whose rows a query may touch, and what SQL text may be put into a query.
 *
 * A scope is bound to each query, insert and update, never to the connection, so two queries of two
 * tenants can follow each other on one session. On a table with a tenantId column every read,
 * update, delete, count and sub-query of a scoped query has `tenantId = ?`; inserts get the
 * tenant's id whatever the caller said. The table tenants is not scoped; any other without tenantId
 * is refused to a tenant in a project that has tenants.
 *
 * Two walls keep a text condition inside: pin__condition_check refuses what could leave its
 * brackets, and the driver's guard refuses tables, functions and actions that the builder did not
 * name. In between, a scoped query looks at a text condition only for rows of its tenant, so an
 * error it provokes tells nothing about the others.
 */
#ifndef PIN_DATABASE_SCOPE_H
#define PIN_DATABASE_SCOPE_H

#include "base/buf.h"

struct pin_scope {
    const char *tenant_id; /* borrowed; NULL when all */
    bool all;              /* every row: a project without tenants, a job with multiTenant false, or
                              withoutTenantScope */
};
/* A scope of zeros is no scope at all: every query with it is PIN_DENIED. Nobody sees all rows by
 * having forgotten something. */

#define PIN_SCOPE_ALL        ((struct pin_scope){ .all = true })
#define PIN_SCOPE_TENANT(id) ((struct pin_scope){ .tenant_id = (id) })

static inline bool
pin__scope_is_tenant(const struct pin_scope *scope)
{
    return scope->tenant_id != NULL;
}

/* PIN_DENIED for a scope of zeros; what: "users", for the message. */
pin_status pin__scope_check(const struct pin_scope *scope, const char *what,
                            struct pin_err *err) PIN_MUST_USE;

#define PIN_CONDITION_MAX 65536 /* bytes of one text condition */

/* PIN_INVALID, with the reason and the text, unless `text` is one expression that stays inside
 * brackets put around it: brackets balance and never close the outer one, strings and quoted names
 * end, no comment, no semicolon, no sub-select, no statement keyword, no named or numbered
 * parameter. *parameters is the number of `?`. */
pin_status pin__condition_check(struct pin_bytes text, size_t *parameters,
                                struct pin_err *err) PIN_MUST_USE;

#endif

/* tenants.h - tenants by the name or id that a person gave, and their names for a person to read.
 *
 * They stand in the project's database, which may be another file than the store's; it is opened at
 * first use.
 */
#ifndef PIN_COMMAND_TENANTS_H
#define PIN_COMMAND_TENANTS_H

#include "command/project_store.h"

struct tenant_name;

struct tenants {
    const struct project_store *project; /* borrowed */
    struct pin_session *session;
    bool owns_session;
    struct pin_arena arena;
    struct tenant_name *known; /* names that were looked up already */
};

void pin__tenants_init(struct tenants *t, const struct project_store *p);
void pin__tenants_fini(struct tenants *t);

/* The id of the tenant with that id or else that name; it lives as long as *t. PIN_NOT_FOUND when
 * there is none or more than one, PIN_INVALID when the project has no tenants. */
pin_status pin__tenants_find(struct tenants *t, const char *name_or_id, const char **id,
                             struct pin_err *err) PIN_MUST_USE;
/* As pin__tenants_find, but an id that no tenant has any more is taken as it is: the history is
 * longer than a tenant's life. */
pin_status pin__tenants_find_past(struct tenants *t, const char *name_or_id, const char **id,
                                  struct pin_err *err) PIN_MUST_USE;
/* NULL when it has none, or is not there any more. */
const char *pin__tenants_name(struct tenants *t, const char *id);

#endif

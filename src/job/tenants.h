/* tenants.h - tenants by the name or id that a person gave, and their names for a person to read.
 *
 * They stand in the project's database, which may be another file than the store's; it is opened at
 * first use.
 */
#ifndef PIN_JOB_TENANTS_H
#define PIN_JOB_TENANTS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct pin_tenant_name;
struct pin_session;
struct pin_job;

struct pin_tenants {
    const char *word; /* what stands before a name in a message: "--tenant" */
    bool multi_tenant;
    const char *filename;        /* borrowed: the project's database; NULL: in no file */
    struct pin_session *session; /* borrowed unless owns_session; NULL: not opened yet */
    bool owns_session;
    struct pin_arena arena;
    struct pin_tenant_name *known; /* names that were looked up already */
};

/* Fill in what is borrowed above, then this. */
void pin__tenants_init(struct pin_tenants *t);
void pin__tenants_fini(struct pin_tenants *t);

/* The id of the tenant with that id or else that name; it lives as long as *t. PIN_NOT_FOUND when
 * there is none or more than one, PIN_INVALID when the project has no tenants. */
pin_status pin__tenants_find(struct pin_tenants *t, const char *name_or_id, const char **id,
                             struct pin_err *err) PIN_MUST_USE;
/* The id of the tenant that a run of the job is asked for; NULL for a NULL name. PIN_INVALID, too,
 * for a job that runs for no tenant. */
pin_status pin__tenants_find_for(struct pin_tenants *t, const char *name_or_id,
                                 const struct pin_job *job, const char **id,
                                 struct pin_err *err) PIN_MUST_USE;
/* As pin__tenants_find, but an id that no tenant has any more is taken as it is: the history is
 * longer than a tenant's life. */
pin_status pin__tenants_find_past(struct pin_tenants *t, const char *name_or_id, const char **id,
                                  struct pin_err *err) PIN_MUST_USE;
/* NULL when it has none, or is not there any more. */
const char *pin__tenants_name(struct pin_tenants *t, const char *id);

#endif

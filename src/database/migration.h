/* migration.h - which migrations a database has had, in the original's table appliedMigrations.
 *
 * The caller has the files and runs them; here is the bookkeeping. For each file, in numeric order:
 *
 *     pin__migration_begin(s, version, now, &applied, err)    transaction open unless applied
 *     ... the migration itself ...
 *     pin__migration_commit(s, version, err)                  or pin__session_rollback(s)
 *
 * begin looks under the write lock, so two processes that migrate at once run each file once.
 */
#ifndef PIN_DATABASE_MIGRATION_H
#define PIN_DATABASE_MIGRATION_H

#include "database/schema.h"

/* Once before the first: the bookkeeping tables and, in a multi-tenant project, the tenants. */
pin_status pin__migration_prepare(struct pin_session *s, struct pin_mono now,
                                  struct pin_err *err) PIN_MUST_USE;
/* *applied true: there is nothing to do and no transaction is open. */
pin_status pin__migration_begin(struct pin_session *s, int64_t version, struct pin_mono now,
                                bool *applied, struct pin_err *err) PIN_MUST_USE;
/* Records the version and commits; in a multi-tenant project also sees to it that every table the
 * migration made has a tenantId. On failure everything is rolled back. */
pin_status pin__migration_commit(struct pin_session *s, int64_t version,
                                 struct pin_err *err) PIN_MUST_USE;
/* Ascending, in the arena; none when the database was never migrated. Writes nothing. */
pin_status pin__migration_applied(struct pin_session *s, struct pin_arena *arena,
                                  const int64_t **versions, size_t *count,
                                  struct pin_err *err) PIN_MUST_USE;

#endif

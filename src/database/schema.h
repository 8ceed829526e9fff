/* schema.h - the tables of the project's database: what there is, and changing it.
 *
 * What there is comes from the file and is cached in the session until the file's schema changes
 * (looked at once a run, and after whatever of ours could have changed it). A column's type is what
 * the table columnTypes says; without an entry it is guessed from the SQL type and the name, so a
 * database made by the original, of either revision, works. columnTypes, appliedMigrations,
 * sqlite_* and pinstripe_* (the store) are nobody's tables: they are not found here.
 *
 * Every table made here has _id (integer primary key autoincrement) and id (varchar, unique); in a
 * multi-tenant project also tenantId (foreign_key). The functions that change the schema are for
 * migrations: each joins the open transaction or makes one, and is PIN_DENIED inside a tenant's
 * scope.
 */
#ifndef PIN_DATABASE_SCHEMA_H
#define PIN_DATABASE_SCHEMA_H

#include "database/scope.h"
#include "database/session.h"

struct pin_column {
    const char *name;
    enum pin_column_type type;
};

struct pin_table {
    const char *name;
    const struct pin_column *columns; /* in the order of the file */
    size_t column_count;
    int key_column;    /* index of _id; -1 when there is none */
    int id_column;     /* index of id; -1 when there is none */
    int tenant_column; /* index of tenantId; -1: the table is not scoped */
    uint64_t version; /* equal as long as columns and types are: a cheap test for callers that cache
                         shapes */
};

/* Borrowed until the next change of the schema, at the latest the end of the run. PIN_NOT_FOUND:
 * `No such table "x" exists.` with what is near. */
pin_status pin__schema_table(struct pin_session *s, const char *name, const struct pin_table **out,
                             struct pin_err *err) PIN_MUST_USE;
/* All tables, sorted by name; borrowed like one. */
pin_status pin__schema_tables(struct pin_session *s, const struct pin_table *const **out,
                              size_t *count, struct pin_err *err) PIN_MUST_USE;
/* -1 when there is none. */
int pin__table_column(const struct pin_table *table, const char *name);

struct pin_column_options {
    bool index;
    bool has_default;
    struct pin_value default_value; /* undefined unless has_default */
};

/* Does nothing when the table is there. PIN_INVALID for a name that cannot be a table's. */
pin_status pin__schema_create_table(struct pin_session *s, const struct pin_scope *scope,
                                    const char *table, struct pin_err *err) PIN_MUST_USE;
/* Makes the table when needed; leaves an existing column alone. */
pin_status pin__schema_add_column(struct pin_session *s, const struct pin_scope *scope,
                                  const char *table, const char *column, enum pin_column_type type,
                                  const struct pin_column_options *options,
                                  struct pin_err *err) PIN_MUST_USE;
/* With its indexes. A column or table that is not there is no failure; _id, id and (multi-tenant)
 * tenantId are PIN_DENIED. */
pin_status pin__schema_remove_column(struct pin_session *s, const struct pin_scope *scope,
                                     const char *table, const char *column,
                                     struct pin_err *err) PIN_MUST_USE;
pin_status pin__schema_drop_table(struct pin_session *s, const struct pin_scope *scope,
                                  const char *table, struct pin_err *err) PIN_MUST_USE;
/* Multi-tenant projects, before the first migration: the table tenants (name, host, active) and a
 * tenantId on every table that has none. May be called again at any time. */
pin_status pin__schema_ensure_tenants(struct pin_session *s, struct pin_err *err) PIN_MUST_USE;

#endif

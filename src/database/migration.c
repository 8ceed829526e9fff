/* migration.c - see migration.h. */
#include "database/migration.h"

#include "database/driver.h"

static pin_status
has_table(struct pin_session *s, bool *has, struct pin_err *err)
{
    const struct pin_table *t;
    pin_status st = pin__schema_find(s, "appliedMigrations", &t, err);

    *has = t != NULL;
    return st;
}

pin_status
pin__migration_prepare(struct pin_session *s, struct pin_mono now, struct pin_err *err)
{
    pin_status st;

    if ((st = pin__session_begin(s, now, err)) != PIN_OK)
        return st;
    s->schema_fresh = false;
    if ((st = pin__schema_ensure_migrations(s, err)) == PIN_OK &&
        (st = pin__schema_ensure_tenants(s, err)) == PIN_OK)
        return pin__session_commit(s, err);
    pin__session_rollback(s);
    return st;
}

static pin_status
is_applied(struct pin_session *s, int64_t version, bool *applied, struct pin_err *err)
{
    struct pin_value v = pin__value_integer(version);
    int64_t found;
    bool has;
    pin_status st = has_table(s, &has, err);

    *applied = false;
    if (st != PIN_OK || !has)
        return st;
    st = pin__session_integer(s,
                              "select 1 from \"appliedMigrations\""
                              " where cast(\"schemaVersion\" as integer) = ? limit 1",
                              &v, 1, &found, err);
    *applied = st == PIN_OK;
    return st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__migration_begin(struct pin_session *s, int64_t version, struct pin_mono now, bool *applied,
                     struct pin_err *err)
{
    pin_status st;

    *applied = false;
    if ((st = pin__session_begin(s, now, err)) != PIN_OK)
        return st;
    s->schema_fresh = false; /* somebody else may have migrated just now */
    if ((st = is_applied(s, version, applied, err)) != PIN_OK || *applied)
        pin__session_rollback(s);
    return st;
}

static pin_status
record(struct pin_session *s, int64_t version, struct pin_err *err)
{
    struct pin_value values[2] = { pin__value_integer(version) };
    const struct pin_table *t;
    char id[PIN_UUID_SIZE];
    pin_status st;

    if ((st = pin__schema_ensure_migrations(s, err)) != PIN_OK ||
        (st = pin__schema_find(s, "appliedMigrations", &t, err)) != PIN_OK)
        return st;
    if (t->id_column < 0)
        return pin__session_execute(
            s, "insert into \"appliedMigrations\" (\"schemaVersion\") values (?)", values, 1, err);
    if ((st = pin__uuid(id, err)) != PIN_OK)
        return st;
    values[1] = pin__value_text(id);
    return pin__session_execute(
        s, "insert into \"appliedMigrations\" (\"schemaVersion\", \"id\") values (?, ?)", values, 2,
        err);
}

pin_status
pin__migration_commit(struct pin_session *s, int64_t version, struct pin_err *err)
{
    pin_status st;

    if ((st = record(s, version, err)) == PIN_OK &&
        (st = pin__schema_ensure_tenants(s, err)) == PIN_OK)
        return pin__session_commit(s, err);
    pin__session_abandon(s);
    return st;
}

static const char list_sql[] = "select distinct cast(\"schemaVersion\" as integer)"
                               " from \"appliedMigrations\" order by 1";

static pin_status
count_applied(struct pin_session *s, int64_t *count, struct pin_err *err)
{
    return pin__session_integer(
        s, "select count(distinct cast(\"schemaVersion\" as integer)) from \"appliedMigrations\"",
        NULL, 0, count, err);
}

static pin_status
read_applied(struct pin_session *s, int64_t *versions, size_t room, size_t *count,
             struct pin_err *err)
{
    static const struct pin_guard own = { .kind = PIN_GUARD_OWN };
    struct pin_statement *statement = NULL;
    struct pin_bytes sql = { list_sql, sizeof list_sql - 1 };
    pin_status st = pin__statement_get(s, sql, &own, &statement, err);

    if (st == PIN_OK)
        st = pin__statement_start(s, statement, NULL, 0, err);
    while (st == PIN_OK && *count < room && (st = pin__statement_step(s, statement, err)) == PIN_OK)
        if (statement->row[0].type == PIN_VALUE_INTEGER)
            versions[(*count)++] = statement->row[0].integer;
    pin__statement_release(s, statement);
    return st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__migration_applied(struct pin_session *s, struct pin_arena *arena, const int64_t **versions,
                       size_t *count, struct pin_err *err)
{
    int64_t *list, room;
    bool has;
    pin_status st;

    *versions = NULL;
    *count = 0;
    if ((st = has_table(s, &has, err)) != PIN_OK || !has ||
        (st = count_applied(s, &room, err)) != PIN_OK)
        return st;
    if (!(list = pin__arena_alloc(arena, ((size_t)room + 1) * sizeof *list)))
        return pin__err_no_memory(err);
    *versions = list;
    return read_applied(s, list, (size_t)room, count, err);
}

/* driver.h - what a kind of database does for a session. Inside this folder only.
 *
 * Above this line: SQL text with ? for parameters and identifiers in double quotes, statements by
 * text, the schema, scopes. Below: one connection, one prepared statement, one transaction. A
 * driver exports one symbol. For a second one (PostgreSQL): write its file, add it to drivers[] in
 * session.c, give it the words in `dialect`, and run the unit tests against it.
 */
#ifndef PIN_DATABASE_DRIVER_H
#define PIN_DATABASE_DRIVER_H

#include <sys/types.h>

#include "database/schema.h"
#include "database/session.h"

enum pin_guard_kind {
    PIN_GUARD_OWN,   /* text of ours alone: anything goes */
    PIN_GUARD_BUILT, /* a query of the builder: the named tables, known functions */
    PIN_GUARD_RAW    /* a statement of the user's own, unscoped */
};

#define PIN_GUARD_TABLES_MAX 16 /* tables in one query: its own and those of sub-queries */

struct pin_guard {
    enum pin_guard_kind kind;
    const char *tables[PIN_GUARD_TABLES_MAX]; /* BUILT: may be read */
    size_t table_count;
    const char *target; /* BUILT: the one table that may be written; NULL: none */
    bool confined;      /* BUILT, in a tenant's scope: tenantId is not changed */
    int selects;        /* BUILT: how many selects the builder wrote */
    int selects_left;   /* counted down while compiling */
    char refusal[256];  /* what was refused, for the message; "" when nothing was */
};

struct pin_statement {
    struct pin_statement *newer, *older; /* by last use */
    struct pin_statement *chain;         /* same bucket */
    uint64_t hash;
    char *sql; /* ours */
    size_t sql_size;
    struct pin_guard guard;
    void *native;          /* the driver's */
    struct pin_value *row; /* the driver fills it at each step; `columns` long */
    size_t columns;
    uint64_t serial; /* grows with each use */
    bool writes;
    bool busy;   /* a cursor is on it */
    bool done;   /* its rows are all read */
    bool cached; /* false: freed when no longer busy */
};

#define PIN_STATEMENT_CACHE  128
#define PIN_STATEMENT_SLOTS  256
#define PIN_STATEMENT_RECENT 128 /* a power of two */

struct pin_statement_hint {
    const char *text;                /* where the text stood when it was looked for last */
    struct pin_statement *statement; /* NULL: none */
};

struct pin_schema; /* schema.c */

struct pin_session {
    const struct pin_driver *driver;
    void *connection; /* the driver's */
    char *filename;
    int64_t busy_ms;
    bool multi_tenant;
    pid_t owner;
    size_t log_pages, log_noted; /* pin__session_log_pages */

    int depth;             /* of joined transactions */
    bool doomed;           /* an inner one was rolled back, or the database took it back */
    struct pin_mono began; /* undefined unless depth > 0 */

    bool (*stop)(void *context); /* may be NULL */
    void *stop_context;
    struct pin_mono waiting_since; /* for a lock; undefined outside the driver's wait */

    struct pin_guard *guard; /* of the statement that is compiled or stepped now; NULL: OWN */
    struct pin_statement *slots[PIN_STATEMENT_SLOTS];
    struct pin_statement_hint recent[PIN_STATEMENT_RECENT]; /* of our own texts, by address */
    struct pin_statement *newest, *oldest;
    size_t cached;
    struct pin_statement *loose; /* busy ones that are not cached, by chain */
    size_t open_cursors;
    struct pin_session_counts counts;

    struct pin_schema *schema; /* NULL until first used */
    bool schema_fresh;   /* compared with the file since the last thing that could change it */
    bool schema_suspect; /* a rollback may have taken back what the cache knows: read it again */

    struct pin_buf sql; /* scratch of the query builder, between two executions empty */
    struct pin_value *params;
    size_t param_count, param_capacity;
};

struct pin_schema_column { /* one row of what read_schema tells */
    const char *table;
    const char *column;
    const char *sql_type;
    bool is_view;
    bool is_plain; /* neither a view nor a virtual table: may be altered */
};

enum pin_part { PIN_PART_BEGIN, PIN_PART_KEEP, PIN_PART_UNDO };

struct pin_driver {
    const char *name;
    /* Fills s->connection; on failure nothing is left open. */
    pin_status (*open)(struct pin_session *s, const struct pin_session_config *config,
                       struct pin_err *err);
    void (*close)(struct pin_session *s);
    pin_status (*drop)(const char *filename, struct pin_err *err);
    /* Compiles st->sql under st->guard; fills native, columns, row and writes. PIN_INVALID when
     * there is more than one statement in the text. */
    pin_status (*prepare)(struct pin_session *s, struct pin_statement *st, struct pin_err *err);
    void (*finalize)(struct pin_statement *st);
    pin_status (*bind)(struct pin_session *s, struct pin_statement *st,
                       const struct pin_value *values, size_t count, struct pin_err *err);
    /* PIN_OK with st->row, or PIN_EMPTY. */
    pin_status (*step)(struct pin_session *s, struct pin_statement *st, struct pin_err *err);
    /* See pin__cursor_take. */
    pin_status (*take)(struct pin_session *s, struct pin_statement *st, struct pin_taken *to,
                       struct pin_err *err);
    void (*reset)(struct pin_statement *st); /* forgets the bound values as well */
    const char *(*column_name)(struct pin_statement *st, size_t column);
    int64_t (*changes)(struct pin_session *s);  /* rows the last write changed */
    int64_t (*last_key)(struct pin_session *s); /* _id of the last insert */
    pin_status (*begin)(struct pin_session *s, struct pin_err *err);
    /* A part of an open transaction that can be taken back by itself. */
    pin_status (*part)(struct pin_session *s, enum pin_part what, struct pin_err *err);
    pin_status (*commit)(struct pin_session *s, struct pin_err *err);
    void (*rollback)(struct pin_session *s);
    bool (*in_transaction)(struct pin_session *s); /* as the database sees it */
    void (*leave_log)(struct pin_session *s);      /* keeps s->log_pages from now on */
    pin_status (*sync_log)(struct pin_session *s, struct pin_err *err);
    void (*forget)(struct pin_session *s); /* what a run could have left in the connection */
    /* A number that changes whenever anybody changes the schema. */
    pin_status (*schema_version)(struct pin_session *s, int64_t *out, struct pin_err *err);
    /* Calls `each` for every column, those of a table one after the other and in its order. */
    pin_status (*read_schema)(struct pin_session *s,
                              pin_status (*each)(void *context, const struct pin_schema_column *c,
                                                 struct pin_err *err),
                              void *context, struct pin_err *err);
};

extern const struct pin_driver pin__driver_sqlite;

/* session.c: statements by text. The text is copied on first sight. The statement is busy until
 * released. */
pin_status pin__statement_get(struct pin_session *s, struct pin_bytes sql,
                              const struct pin_guard *guard, struct pin_statement **out,
                              struct pin_err *err) PIN_MUST_USE;
/* The same for a text of our own, found at once when it stands where it stood before. */
pin_status pin__statement_get_own(struct pin_session *s, const char *sql,
                                  struct pin_statement **out, struct pin_err *err) PIN_MUST_USE;
void pin__statement_release(struct pin_session *s, struct pin_statement *st);
/* Binds; for one that writes sees to it that no cursor is open. */
pin_status pin__statement_start(struct pin_session *s, struct pin_statement *st,
                                const struct pin_value *values, size_t count,
                                struct pin_err *err) PIN_MUST_USE;
pin_status pin__statement_step(struct pin_session *s, struct pin_statement *st,
                               struct pin_err *err) PIN_MUST_USE;
pin_status pin__statement_take(struct pin_session *s, struct pin_statement *st,
                               struct pin_taken *to, struct pin_err *err) PIN_MUST_USE;
/* One statement of our own, to its end; its rows are dropped. */
pin_status pin__session_execute(struct pin_session *s, const char *sql,
                                const struct pin_value *values, size_t count,
                                struct pin_err *err) PIN_MUST_USE;
/* Own, with one integer as its result; PIN_EMPTY when there is no row. */
pin_status pin__session_integer(struct pin_session *s, const char *sql,
                                const struct pin_value *values, size_t count, int64_t *out,
                                struct pin_err *err) PIN_MUST_USE;
/* Aborts when the session came over a fork. */
void pin__session_assert_owner(const struct pin_session *s);

/* schema.c */
void pin__schema_forget(struct pin_session *s); /* frees the cache */
/* The table's name in double quotes, and its columns as a select lists them ("t"."a", "t"."b"). */
const char *pin__table_quoted(const struct pin_table *table);
const char *pin__table_select_list(const struct pin_table *table);
/* PIN_DENIED for a tenant's scope on a table that has no tenantId yet though the project has
 * tenants: nobody sees the rows of all by having forgotten to migrate. */
pin_status pin__scope_check_table(const struct pin_session *s, const struct pin_scope *scope,
                                  const struct pin_table *table, struct pin_err *err) PIN_MUST_USE;
/* True for tables that are pinstripe's own. */
bool pin__table_is_hidden(const char *name);
/* Appends `name` in double quotes. */
void pin__sql_add_name(struct pin_buf *sql, const char *name);
/* As pin__schema_table but finds hidden ones. NULL when there is none. */
pin_status pin__schema_find(struct pin_session *s, const char *name, const struct pin_table **out,
                            struct pin_err *err) PIN_MUST_USE;

bool pin__table_is_view(const struct pin_table *table);
bool pin__table_is_plain(const struct pin_table *table);
/* False unless the table columnTypes has the three columns; names are borrowed from it. */
bool pin__column_types_shape(const struct pin_table *t, const char **table, const char **column,
                             const char **type);

/* schema_change.c: joins the open transaction. */
pin_status pin__schema_ensure_migrations(struct pin_session *s, struct pin_err *err) PIN_MUST_USE;

/* names.c: the candidate nearest to `word`, NULL when none is near. */
const char *pin__nearest(const char *word, const char *const *candidates, size_t count);
/* A new random UUID (version 4). */
#define PIN_UUID_SIZE 37
pin_status pin__uuid(char out[PIN_UUID_SIZE], struct pin_err *err) PIN_MUST_USE;

#endif

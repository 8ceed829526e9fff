/* database_calls.h - what the functions of 'pinstripe:native/database' share.
 *
 * JavaScript names a session by its number in a table here, outside the heap: a run that is cut off
 * leaves nothing behind, since end_of_run goes through the table. A call is one function called
 * from JavaScript: its session, an arena that dies with it and the sentence it may fail with.
 */
#ifndef PIN_JAVASCRIPT_DATABASE_CALLS_H
#define PIN_JAVASCRIPT_DATABASE_CALLS_H

#include "javascript/database_values.h"
#include "javascript/native.h"

struct pin_db_slot {
    struct pin_session *session; /* NULL: never opened */
    struct pin_store *store; /* on that session; NULL until a run is enqueued in a transaction */
    bool taken;              /* by a workspace of the run */
    bool enqueued;           /* the open transaction put runs into the store */
    bool overdue;            /* a transaction was taken back because it lasted too long */
    int64_t limit_ms;        /* of a transaction */
    int64_t waited_ms;       /* for the lock, which counts as nothing */
    struct pin_engine *engine;
};

struct pin_db_call {
    JSContext *ctx;
    struct pin_db_slot *slot;
    struct pin_session *session;
    struct pin_arena arena;
    struct pin_err err;
};

enum pin_db_access { PIN_DB_READS, PIN_DB_WRITES };

/* Finds the session that argv[0] names and sees to it that it may be used: no transaction of its
 * own is overdue and, for a write, no other session of this run holds one open. False with an
 * exception pending; then there is nothing to end. */
bool pin__db_call_begin(struct pin_db_call *call, JSContext *ctx, JSValueConst number,
                        enum pin_db_access access) PIN_MUST_USE;
/* Frees what the call holds. Gives `result` when `st` is PIN_OK; else frees it and throws. */
JSValue pin__db_call_end(struct pin_db_call *call, pin_status st, JSValue result);

/* true: all rows; a text: the id of the tenant; everything else is no scope at all. */
pin_status pin__db_scope(struct pin_db_call *call, JSValueConst v,
                         struct pin_scope *out) PIN_MUST_USE;
const char *pin__db_text(struct pin_db_call *call, JSValueConst v); /* NULL with call->err set */

/* For the table of exports. */
#define PIN_DB_FUNCTION(name)                                                                      \
    JSValue name(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)

/* database_enqueue.c: the arguments of enqueue() in native_database.c; *result is freed by the
 * caller. */
pin_status pin__db_enqueue(struct pin_db_call *call, JSValueConst *argv,
                           JSValue *result) PIN_MUST_USE;
/* database_queries.c */
PIN_DB_FUNCTION(pin__db_select);
PIN_DB_FUNCTION(pin__db_first);
PIN_DB_FUNCTION(pin__db_page);
PIN_DB_FUNCTION(pin__db_count);
PIN_DB_FUNCTION(pin__db_update);
PIN_DB_FUNCTION(pin__db_delete);
PIN_DB_FUNCTION(pin__db_to_sql);
PIN_DB_FUNCTION(pin__db_run);
/* database_rows.c */
PIN_DB_FUNCTION(pin__db_new_row);
PIN_DB_FUNCTION(pin__db_insert_row);
PIN_DB_FUNCTION(pin__db_update_row);
PIN_DB_FUNCTION(pin__db_delete_row);
PIN_DB_FUNCTION(pin__db_origin);
/* database_schema.c */
PIN_DB_FUNCTION(pin__db_table);
PIN_DB_FUNCTION(pin__db_tables);
PIN_DB_FUNCTION(pin__db_create_table);
PIN_DB_FUNCTION(pin__db_add_column);
PIN_DB_FUNCTION(pin__db_remove_column);
PIN_DB_FUNCTION(pin__db_drop_table);
PIN_DB_FUNCTION(pin__db_migration_prepare);
PIN_DB_FUNCTION(pin__db_migration_begin);
PIN_DB_FUNCTION(pin__db_migration_commit);

#endif

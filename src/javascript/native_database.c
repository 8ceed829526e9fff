/* native_database.c - module 'pinstripe:native/database': sessions and their transactions, and the
 * table of all functions that src/javascript/{database,query,row}.js call.
 *
 *   open({ filename, adapter }, multiTenant)   the number of a session
 *   release(session)              the workspace that had it is gone
 *   check(session)                throws when a transaction of it was taken back
 *   begin(session, limitMs) commit(session) rollback(session)
 *   expire(session)               takes the open transaction back; whether there was one. From then
 *                                 on nothing is done in the session until the run ends, or
 *   forgive(session)              is called, without a transaction
 *   abandonAll()                  rolls back whatever is open, in any session
 *   inTransaction()               whether any session of the run has one open
 *   enqueue(job, lines, options, params, tenantId)   puts runs into the store as part of the open
 *                                 transaction; ids. `job`: {"multiTenant":..,"job":<as in
 * catalog.md>} drop(filename)                closes every session and removes the files A `session`
 * is always the first argument of the functions in the other files, and a `scope` the second: true
 * for all rows, or a tenant's id.
 *
 * Sessions stay open over the runs of a worker (opening costs more than a run): the first one for
 * good, a few more for nested workspaces.
 */
#include "javascript/database_calls.h"
#include "javascript/engine_internal.h"
#include "store/store.h"

enum {
    SLOTS_MAX = 64,
    SLOTS_KEPT = 2,
    GRACE_MS = 250, /* before a run that computes in an overdue transaction is stopped */
};

static struct pin_db_slot slots[SLOTS_MAX];
static struct pin_db_slot *slots_end = slots; /* behind the last one that holds anything */

/* --- calls --- */

static bool
is_overdue(const struct pin_db_slot *slot, struct pin_mono now)
{
    int64_t age_ms = pin__session_transaction_age_ms(slot->session, now) - slot->waited_ms;

    return pin__session_in_transaction(slot->session) && age_ms > slot->limit_ms;
}

/* Called while a statement runs or waits for a lock. */
static bool
must_stop(void *context)
{
    const struct pin_db_slot *slot = context;

    return pin__engine_must_stop(slot->engine) || is_overdue(slot, pin__clock_mono());
}

static pin_status
check_overdue(JSContext *ctx, struct pin_db_slot *slot, struct pin_err *err)
{
    if (is_overdue(slot, pin__clock_mono())) {
        pin__session_abandon(slot->session);
        pin__engine_leave_transaction(pin__engine_of(ctx));
        slot->overdue = true;
    }
    if (!slot->overdue)
        return PIN_OK;
    return pin__err_set(err, PIN_TIMEOUT,
                        "The database transaction was rolled back because it was open for more "
                        "than %g s (database.transactionLimit): nobody else can write meanwhile. "
                        "Do what takes long before or after the transaction.",
                        (double)slot->limit_ms / 1000);
}

static pin_status
check_nobody_else_writes(const struct pin_db_slot *own, struct pin_err *err)
{
    for (struct pin_db_slot *slot = slots; slot < slots + SLOTS_MAX; slot++)
        if (slot != own && slot->session && pin__session_in_transaction(slot->session))
            return pin__err_set(
                err, PIN_DENIED,
                "A workspace tried to write to the database while a database transaction of the "
                "workspace around it is open. It would wait for this transaction, which would wait "
                "for the workspace: write after the transaction.");
    return PIN_OK;
}

static struct pin_db_slot *
find_slot(JSContext *ctx, JSValueConst number)
{
    uint32_t n;

    if (JS_ToUint32(ctx, &n, number) != 0)
        return NULL;
    if (n < SLOTS_MAX && slots[n].taken)
        return slots + n;
    JS_ThrowTypeError(ctx, "The workspace that this database belongs to has ended.");
    return NULL;
}

bool
pin__db_call_begin(struct pin_db_call *call, JSContext *ctx, JSValueConst number,
                   enum pin_db_access access)
{
    struct pin_db_slot *slot = find_slot(ctx, number);
    pin_status st;

    if (!slot)
        return false;
    call->ctx = ctx;
    call->slot = slot;
    call->session = slot->session;
    call->arena = PIN_ARENA_INIT(0);
    call->err.status = PIN_OK;
    call->err.message[0] = '\0';
    st = check_overdue(ctx, slot, &call->err);
    if (st == PIN_OK && access == PIN_DB_WRITES && !pin__session_in_transaction(slot->session))
        st = check_nobody_else_writes(slot, &call->err);
    if (st == PIN_OK)
        return true;
    pin__db_call_end(call, st, JS_UNDEFINED);
    return false;
}

/* What an interrupted computation throws: nobody catches it, the run is over. */
static JSValue
throw_stopped(JSContext *ctx)
{
    JSValue error;

    JS_ThrowInternalError(ctx, "interrupted");
    error = JS_GetException(ctx);
    JS_SetUncatchableError(ctx, error, 1);
    return JS_Throw(ctx, error);
}

/* With a property `code`, by which a program tells what it may try again. */
static JSValue
throw_code(JSContext *ctx, const struct pin_err *err, const char *code)
{
    JSValue error;

    pin__js_throw(ctx, err);
    error = JS_GetException(ctx);
    if (JS_IsObject(error))
        JS_DefinePropertyValueStr(ctx, error, "code", JS_NewString(ctx, code), JS_PROP_C_W_E);
    return JS_Throw(ctx, error);
}

JSValue
pin__db_call_end(struct pin_db_call *call, pin_status st, JSValue result)
{
    JSContext *ctx = call->ctx;

    pin__arena_fini(&call->arena);
    if (st == PIN_OK)
        return result;
    JS_FreeValue(ctx, result);
    if (JS_HasException(ctx))
        return JS_EXCEPTION;
    if (pin__engine_must_stop(call->slot->engine))
        return throw_stopped(ctx);
    if (st == PIN_TIMEOUT && !call->slot->overdue)
        check_overdue(ctx, call->slot, &call->err);
    if (call->err.status == PIN_BUSY)
        return throw_code(ctx, &call->err, "DATABASE_BUSY");
    return pin__js_throw(ctx, &call->err);
}

const char *
pin__db_text(struct pin_db_call *call, JSValueConst v)
{
    const char *text = NULL;

    return pin__js_to_text(call->ctx, &call->arena, v, &text, &call->err) == PIN_OK ? text : NULL;
}

pin_status
pin__db_scope(struct pin_db_call *call, JSValueConst v, struct pin_scope *out)
{
    *out = (struct pin_scope){ .all = JS_IsBool(v) && JS_VALUE_GET_BOOL(v) };
    if (!JS_IsString(v))
        return PIN_OK;
    out->tenant_id = pin__db_text(call, v);
    return out->tenant_id ? PIN_OK : call->err.status;
}

/* --- sessions --- */

static struct pin_db_slot *
take_slot(void)
{
    struct pin_db_slot *unopened = NULL;

    for (struct pin_db_slot *slot = slots; slot < slots + SLOTS_MAX; slot++) {
        if (slot->taken)
            continue;
        if (slot->session)
            return slot;
        if (!unopened)
            unopened = slot;
    }
    return unopened;
}

static void
give_back(struct pin_db_slot *slot)
{
    if (slot->session)
        pin__session_end_run(slot->session);
    slot->taken = slot->overdue = slot->enqueued = false;
}

static pin_status
open_session(JSContext *ctx, struct pin_db_slot *slot, JSValueConst options, bool multi_tenant,
             struct pin_err *err)
{
    JSValue adapter = JS_GetPropertyStr(ctx, options, "adapter");
    JSValue filename = JS_GetPropertyStr(ctx, options, "filename");
    const char *adapter_text = JS_ToCString(ctx, adapter);
    const char *filename_text = JS_ToCString(ctx, filename);
    struct pin_session_config config = { .adapter = adapter_text,
                                         .filename = filename_text,
                                         .busy_ms = PIN_BUSY_MS_DEFAULT,
                                         .multi_tenant = multi_tenant };
    pin_status st = adapter_text && filename_text ? pin__session_open(&slot->session, &config, err)
                                                  : pin__err_no_memory(err);

    JS_FreeCString(ctx, adapter_text);
    JS_FreeCString(ctx, filename_text);
    JS_FreeValue(ctx, adapter);
    JS_FreeValue(ctx, filename);
    return st;
}

static PIN_DB_FUNCTION(js_open)
{
    struct pin_db_slot *slot = take_slot();
    struct pin_err err = PIN_ERR_INIT;

    (void)this;
    (void)argc;
    if (!slot)
        return JS_ThrowRangeError(
            ctx, "More than %d workspaces of one run use the database at once.", SLOTS_MAX);
    if (!slot->session &&
        open_session(ctx, slot, argv[0], JS_ToBool(ctx, argv[1]) == 1, &err) != PIN_OK)
        return throw_code(ctx, &err,
                          err.status == PIN_BUSY ? "DATABASE_BUSY" : "DATABASE_UNAVAILABLE");
    slot->taken = true;
    if (slot >= slots_end)
        slots_end = slot + 1;
    slot->limit_ms = PIN_TRANSACTION_MS_DEFAULT;
    slot->engine = pin__engine_of(ctx);
    pin__session_set_interrupt(slot->session, must_stop, slot);
    return JS_NewInt32(ctx, (int32_t)(slot - slots));
}

static void
tell_engine(JSContext *ctx, const struct pin_db_slot *slot)
{
    if (!pin__session_in_transaction(slot->session))
        pin__engine_leave_transaction(pin__engine_of(ctx));
}

static PIN_DB_FUNCTION(js_release)
{
    struct pin_db_slot *slot = find_slot(ctx, argv[0]);

    (void)this;
    (void)argc;
    if (!slot)
        return JS_EXCEPTION;
    give_back(slot);
    tell_engine(ctx, slot);
    return JS_UNDEFINED;
}

static pin_status
begin(struct pin_db_call *call, int64_t limit_ms)
{
    bool outermost = !pin__session_in_transaction(call->session);
    struct pin_mono asked = pin__clock_mono(), now;
    pin_status st = pin__session_begin(call->session, asked, &call->err);

    if (st != PIN_OK || !outermost)
        return st;
    now = pin__clock_mono();
    call->slot->limit_ms = limit_ms;
    call->slot->waited_ms = (now.ns - asked.ns) / 1000000;
    pin__engine_enter_transaction(pin__engine_of(call->ctx),
                                  pin__clock_after_ms(now, limit_ms + GRACE_MS), limit_ms);
    return PIN_OK;
}

static void
wake_bots(JSContext *ctx, struct pin_db_slot *slot)
{
    const struct pin_host *host = pin__engine_of(ctx)->host;

    if (slot->enqueued && !pin__session_in_transaction(slot->session) && host && host->wake)
        host->wake(host->context);
    slot->enqueued = slot->enqueued && pin__session_in_transaction(slot->session);
}

static PIN_DB_FUNCTION(js_begin)
{
    struct pin_db_call call;
    int64_t limit_ms;

    (void)this;
    (void)argc;
    if (JS_ToInt64(ctx, &limit_ms, argv[1]) != 0 ||
        !pin__db_call_begin(&call, ctx, argv[0], PIN_DB_WRITES))
        return JS_EXCEPTION;
    return pin__db_call_end(&call, begin(&call, limit_ms), JS_UNDEFINED);
}

static PIN_DB_FUNCTION(js_commit)
{
    struct pin_db_call call;
    pin_status st;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    st = pin__session_commit(call.session, &call.err);
    tell_engine(ctx, call.slot);
    if (st == PIN_OK)
        wake_bots(ctx, call.slot);
    return pin__db_call_end(&call, st, JS_UNDEFINED);
}

static PIN_DB_FUNCTION(js_rollback)
{
    struct pin_db_slot *slot = find_slot(ctx, argv[0]);

    (void)this;
    (void)argc;
    if (!slot)
        return JS_EXCEPTION;
    if (pin__session_in_transaction(slot->session))
        pin__session_rollback(slot->session);
    tell_engine(ctx, slot);
    return JS_UNDEFINED;
}

/* For a timer in database.js: the transaction's time is up. Gives whether it was. */
static PIN_DB_FUNCTION(js_expire)
{
    struct pin_db_slot *slot = find_slot(ctx, argv[0]);

    (void)this;
    (void)argc;
    if (!slot)
        return JS_EXCEPTION;
    if (!pin__session_in_transaction(slot->session))
        return JS_FALSE;
    pin__session_abandon(slot->session);
    tell_engine(ctx, slot);
    slot->overdue = true;
    return JS_TRUE;
}

static PIN_DB_FUNCTION(js_forgive)
{
    struct pin_db_slot *slot = find_slot(ctx, argv[0]);

    (void)this;
    (void)argc;
    if (!slot)
        return JS_EXCEPTION;
    slot->overdue = slot->overdue && pin__session_in_transaction(slot->session);
    return JS_UNDEFINED;
}

static PIN_DB_FUNCTION(js_abandon_all)
{
    (void)this;
    (void)argc;
    (void)argv;
    for (struct pin_db_slot *slot = slots; slot < slots + SLOTS_MAX; slot++)
        if (slot->taken && slot->session && pin__session_in_transaction(slot->session)) {
            pin__session_abandon(slot->session);
            tell_engine(ctx, slot);
        }
    return JS_UNDEFINED;
}

static PIN_DB_FUNCTION(js_check)
{
    struct pin_db_call call;

    (void)this;
    (void)argc;
    if (!pin__db_call_begin(&call, ctx, argv[0], PIN_DB_READS))
        return JS_EXCEPTION;
    return pin__db_call_end(&call, PIN_OK, JS_UNDEFINED);
}

static PIN_DB_FUNCTION(js_in_transaction)
{
    (void)ctx;
    (void)this;
    (void)argc;
    (void)argv;
    for (struct pin_db_slot *slot = slots; slot < slots + SLOTS_MAX; slot++)
        if (slot->session && pin__session_in_transaction(slot->session))
            return JS_TRUE;
    return JS_FALSE;
}

/* The session whose transaction is open: there is one at most. */
static struct pin_db_slot *
slot_in_transaction(void)
{
    for (struct pin_db_slot *slot = slots; slot < slots + SLOTS_MAX; slot++)
        if (slot->taken && slot->session && pin__session_in_transaction(slot->session))
            return slot;
    return NULL;
}

static PIN_DB_FUNCTION(js_enqueue)
{
    struct pin_db_slot *slot = slot_in_transaction();
    struct pin_db_call call;
    JSValue number, result = JS_UNDEFINED;
    pin_status st;

    (void)this;
    (void)argc;
    if (!slot)
        return JS_ThrowTypeError(ctx, "enqueue: no transaction is open");
    number = JS_NewInt32(ctx, (int32_t)(slot - slots));
    if (!pin__db_call_begin(&call, ctx, number, PIN_DB_WRITES))
        return JS_EXCEPTION;
    st = pin__db_enqueue(&call, argv, &result);
    slot->enqueued |= st == PIN_OK;
    return pin__db_call_end(&call, st, result);
}

static void
close_slots(struct pin_db_slot *from)
{
    for (struct pin_db_slot *slot = from; slot < slots_end; slot++) {
        pin__store_close(slot->store);
        slot->store = NULL;
        pin__session_close(slot->session);
        slot->session = NULL;
    }
    if (slots_end > from)
        slots_end = from;
}

/* The numbers stay good only for the caller's own session, which opens again. */
static PIN_DB_FUNCTION(js_drop)
{
    struct pin_err err = PIN_ERR_INIT;
    const char *filename = JS_ToCString(ctx, argv[0]);
    pin_status st;

    (void)this;
    (void)argc;
    if (!filename)
        return JS_EXCEPTION;
    for (struct pin_db_slot *slot = slots; slot < slots + SLOTS_MAX; slot++)
        slot->taken = slot->overdue = false;
    close_slots(slots);
    st = pin__database_drop(filename, &err);
    JS_FreeCString(ctx, filename);
    return st == PIN_OK ? JS_UNDEFINED : pin__js_throw(ctx, &err);
}

static void
end_of_run(void)
{
    for (struct pin_db_slot *slot = slots; slot < slots_end; slot++)
        if (slot->taken)
            give_back(slot);
    close_slots(slots + SLOTS_KEPT);
}

static const JSCFunctionListEntry exports[] = {
    JS_CFUNC_DEF("open", 2, js_open),
    JS_CFUNC_DEF("release", 1, js_release),
    JS_CFUNC_DEF("check", 1, js_check),
    JS_CFUNC_DEF("begin", 2, js_begin),
    JS_CFUNC_DEF("commit", 1, js_commit),
    JS_CFUNC_DEF("rollback", 1, js_rollback),
    JS_CFUNC_DEF("expire", 1, js_expire),
    JS_CFUNC_DEF("forgive", 1, js_forgive),
    JS_CFUNC_DEF("abandonAll", 0, js_abandon_all),
    JS_CFUNC_DEF("inTransaction", 0, js_in_transaction),
    JS_CFUNC_DEF("drop", 1, js_drop),
    JS_CFUNC_DEF("enqueue", 5, js_enqueue),
    JS_CFUNC_DEF("select", 5, pin__db_select),
    JS_CFUNC_DEF("first", 5, pin__db_first),
    JS_CFUNC_DEF("page", 7, pin__db_page),
    JS_CFUNC_DEF("count", 3, pin__db_count),
    JS_CFUNC_DEF("update", 4, pin__db_update),
    JS_CFUNC_DEF("deleteAll", 3, pin__db_delete),
    JS_CFUNC_DEF("toSql", 3, pin__db_to_sql),
    JS_CFUNC_DEF("run", 4, pin__db_run),
    JS_CFUNC_DEF("newRow", 4, pin__db_new_row),
    JS_CFUNC_DEF("insertRow", 3, pin__db_insert_row),
    JS_CFUNC_DEF("updateRow", 3, pin__db_update_row),
    JS_CFUNC_DEF("deleteRow", 3, pin__db_delete_row),
    JS_CFUNC_DEF("origin", 1, pin__db_origin),
    JS_CFUNC_DEF("table", 2, pin__db_table),
    JS_CFUNC_DEF("tables", 1, pin__db_tables),
    JS_CFUNC_DEF("createTable", 3, pin__db_create_table),
    JS_CFUNC_DEF("addColumn", 6, pin__db_add_column),
    JS_CFUNC_DEF("removeColumn", 4, pin__db_remove_column),
    JS_CFUNC_DEF("dropTable", 3, pin__db_drop_table),
    JS_CFUNC_DEF("migrationPrepare", 1, pin__db_migration_prepare),
    JS_CFUNC_DEF("migrationBegin", 2, pin__db_migration_begin),
    JS_CFUNC_DEF("migrationCommit", 2, pin__db_migration_commit),
};

const struct pin_js_native pin__js_native_database = {
    .name = "pinstripe:native/database",
    PIN_JS_EXPORTS(exports),
    .setup = pin__js_rows_setup,
    .end_of_run = end_of_run,
};

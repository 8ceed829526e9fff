/* sqlite.c - the driver for SQLite, and the guard: what a statement's text may do.
 *
 * The guard is SQLite's authorizer. It is asked while a statement is compiled (and again when
 * SQLite compiles it anew because the schema changed), so it costs nothing when a cached statement
 * runs. For a query of the builder it knows the tables, the selects and the one table that may be
 * written; a text condition that slipped through the tokenizer finds everything else shut.
 */
#include <errno.h>
#include <sqlite3.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "database/driver.h"

enum { INTERRUPT_STEPS = 2000, VALUE_BYTES_MAX = 64 << 20, HEAP_BYTES_MAX = 256 << 20 };

static sqlite3 *
handle(struct pin_session *s)
{
    return s->connection;
}

/* --- errors --- */

static pin_status
busy_error(struct pin_session *s, struct pin_err *err)
{
    if (s->stop && s->stop(s->stop_context))
        return pin__err_set(err, PIN_TIMEOUT,
                            "the run was stopped while it waited for the database %s", s->filename);
    return pin__err_set(err, PIN_BUSY,
                        "the database is locked by another process for %lld s: %s; try again later",
                        (long long)(s->busy_ms / 1000), s->filename);
}

static pin_status
constraint_error(sqlite3 *db, struct pin_err *err)
{
    int code = sqlite3_extended_errcode(db);
    bool unique = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;

    return pin__err_set(err, unique ? PIN_CONFLICT : PIN_INVALID, "%s", sqlite3_errmsg(db));
}

static pin_status
auth_error(struct pin_session *s, sqlite3 *db, struct pin_err *err)
{
    const char *why = s->guard && s->guard->refusal[0] ? s->guard->refusal : sqlite3_errmsg(db);

    return pin__err_set(err, PIN_DENIED, "not allowed here: %s", why);
}

/* What SQLite says, as a status and a sentence. */
static pin_status
sqlite_error(struct pin_session *s, int code, struct pin_err *err)
{
    sqlite3 *db = handle(s);

    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return busy_error(s, err);
    case SQLITE_CONSTRAINT:
        return constraint_error(db, err);
    case SQLITE_AUTH:
        return auth_error(s, db, err);
    case SQLITE_INTERRUPT:
        return pin__err_set(err, PIN_TIMEOUT, "the run was stopped in the middle of a statement");
    case SQLITE_NOMEM:
        return pin__err_no_memory(err);
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return pin__err_set(err, PIN_LIMIT, "%s", sqlite3_errmsg(db));
    case SQLITE_NOTADB:
        return pin__err_set(err, PIN_INVALID, "%s is no SQLite database", s->filename);
    case SQLITE_CORRUPT:
        return pin__err_set(err, PIN_IO, "the database %s is damaged: %s", s->filename,
                            sqlite3_errmsg(db));
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return pin__err_set(err, PIN_DENIED, "cannot write to the database %s: %s", s->filename,
                            sqlite3_errmsg(db));
    case SQLITE_ERROR:
        if (s->guard && s->guard->refusal[0])
            return auth_error(s, db, err);
        return pin__err_set(err, PIN_INVALID, "%s", sqlite3_errmsg(db));
    default:
        return pin__err_set(err, PIN_IO, "the database %s fails: %s", s->filename,
                            sqlite3_errmsg(db));
    }
}

/* --- the guard --- */

static const char *const functions[] = {
    /* of a condition: none of them sees other rows, the connection or the outside */
    "abs",
    "ceil",
    "ceiling",
    "char",
    "coalesce",
    "count",
    "date",
    "datetime",
    "floor",
    "format",
    "glob",
    "hex",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array_length",
    "json_extract",
    "json_type",
    "json_valid",
    "julianday",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "max",
    "min",
    "mod",
    "nullif",
    "printf",
    "quote",
    "replace",
    "round",
    "rtrim",
    "sign",
    "strftime",
    "substr",
    "substring",
    "time",
    "trim",
    "typeof",
    "unicode",
    "unixepoch",
    "unlikely",
    "upper",
    "->",
    "->>",
};

static const char *const read_pragmas[] = {
    "collation_list",   "compile_options", "data_version",  "database_list", "foreign_key_check",
    "foreign_key_list", "freelist_count",  "function_list", "index_info",    "index_list",
    "index_xinfo",      "integrity_check", "page_count",    "quick_check",   "table_info",
    "table_list",       "table_xinfo",
};

static const char *const settings[] = {
    /* may be asked for, not changed */
    "application_id", "auto_vacuum",    "busy_timeout", "cache_size",     "encoding",
    "foreign_keys",   "journal_mode",   "page_size",    "schema_version", "synchronous",
    "temp_store",     "trusted_schema", "user_version",
};

static bool
is_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(name, list[i]) == 0)
            return true;
    return false;
}

#define IS_ONE_OF(name, list)                                                                      \
    is_one_of((name), (list),                                                                      \
              sizeof(list) / sizeof *(list)) /* NOLINT(bugprone-macro-parentheses): sizeof *(x) */

static int
refuse(struct pin_guard *g, const char *what, const char *name)
{
    snprintf(g->refusal, sizeof g->refusal, "%s %s", what, name ? name : "");
    return SQLITE_DENY;
}

static int
guard_read(struct pin_guard *g, const char *table)
{
    if (table && is_one_of(table, g->tables, g->table_count))
        return SQLITE_OK;
    return refuse(g, "reading the table", table);
}

static int
guard_write(struct pin_guard *g, const char *what, const char *table, const char *column)
{
    if (!g->target || !table || strcasecmp(table, g->target) != 0)
        return refuse(g, what, table);
    if (column && (strcasecmp(column, "_id") == 0 || strcasecmp(column, "id") == 0 ||
                   (g->confined && strcasecmp(column, "tenantId") == 0)))
        return refuse(g, "changing the column", column);
    return SQLITE_OK;
}

/* The store's tables are for the executor alone: nobody reads, writes, indexes or watches them. */
static bool
is_store_name(const char *name)
{
    return name && strncasecmp(name, "pinstripe_", 10) == 0;
}

static bool
is_store(int action, const char *a, const char *b)
{
    switch (action) {
    case SQLITE_READ:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_CREATE_TABLE:
    case SQLITE_DROP_TABLE:
        return is_store_name(a);
    case SQLITE_ALTER_TABLE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_DROP_INDEX:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_DROP_TRIGGER:
        return is_store_name(b);
    default:
        return false;
    }
}

static int
guard_built(struct pin_guard *g, int action, const char *a, const char *b, const char *inside)
{
    if (inside) /* a trigger or view of the schema: the project's own migrations made it */
        return action == SQLITE_ATTACH || action == SQLITE_PRAGMA || is_store(action, a, b)
                   ? refuse(g, "the view or trigger", inside)
                   : SQLITE_OK;
    switch (action) {
    case SQLITE_SELECT:
        return g->selects_left-- > 0 ? SQLITE_OK : refuse(g, "a sub-select", NULL);
    case SQLITE_READ:
        return guard_read(g, a);
    case SQLITE_FUNCTION:
        return b && IS_ONE_OF(b, functions) ? SQLITE_OK : refuse(g, "the function", b);
    case SQLITE_INSERT:
        return guard_write(g, "inserting into the table", a, NULL);
    case SQLITE_UPDATE:
        return guard_write(g, "updating the table", a, b);
    case SQLITE_DELETE:
        return guard_write(g, "deleting from the table", a, NULL);
    default:
        return refuse(g, "this kind of statement", NULL);
    }
}

static int
guard_raw(struct pin_guard *g, int action, const char *a, const char *b)
{
    if (is_store(action, a, b))
        return refuse(g, "pinstripe's own table", is_store_name(a) ? a : b);
    switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
        return refuse(g, "a transaction by SQL; use transaction(fn) instead of", a);
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        return refuse(g, "ATTACH, DETACH and VACUUM", NULL);
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
        return refuse(g, "a temporary table, view, index or trigger:", a);
    case SQLITE_PRAGMA:
        return IS_ONE_OF(a, read_pragmas) || (!b && IS_ONE_OF(a, settings))
                   ? SQLITE_OK
                   : refuse(g, "the pragma", a);
    case SQLITE_FUNCTION:
        return b && strcasecmp(b, "load_extension") == 0 ? refuse(g, "the function", b) : SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

static int
authorize(void *context, int action, const char *a, const char *b, const char *database,
          const char *inside)
{
    struct pin_session *s = context;

    if (!s->guard)
        return SQLITE_OK;
    if (database && strcasecmp(database, "main") != 0 && strcasecmp(database, "temp") == 0 &&
        s->guard->kind == PIN_GUARD_BUILT)
        return refuse(s->guard, "the database", database);
    if (s->guard->kind == PIN_GUARD_RAW)
        return guard_raw(s->guard, action, a, b);
    return guard_built(s->guard, action, a, b, inside);
}

static void
arm(struct pin_session *s, struct pin_statement *st)
{
    if (st->guard.kind == PIN_GUARD_OWN) {
        s->guard = NULL;
        return;
    }
    /* SQLite may compile a sub-query it needs in several places once for each. */
    st->guard.selects_left = st->guard.selects > 1 ? st->guard.selects * 16 : st->guard.selects;
    st->guard.refusal[0] = '\0';
    s->guard = &st->guard;
}

/* --- waiting and stopping --- */

static int
on_progress(void *context)
{
    struct pin_session *s = context;

    return s->stop && s->stop(s->stop_context);
}

/* Called with how often it was called for the same lock. */
static int
on_busy(void *context, int times)
{
    /* Short, so that writers take turns: a commit holds the lock for a millisecond or so. */
    static const int64_t pause_us[] = { 50, 100, 200, 500, 1000, 1000, 2000, 3000, 5000 };
    struct pin_session *s = context;
    struct pin_mono now = pin__clock_mono();
    size_t step = (size_t)times < sizeof pause_us / sizeof *pause_us
                      ? (size_t)times
                      : sizeof pause_us / sizeof *pause_us - 1;
    int64_t left_ms;
    struct timespec pause;

    if (times == 0)
        s->waiting_since = now;
    left_ms = s->busy_ms - (now.ns - s->waiting_since.ns) / 1000000;
    if (left_ms <= 0 || (s->stop && s->stop(s->stop_context)))
        return 0;
    pause = (struct timespec){ .tv_nsec = (long)(pause_us[step] * 1000) };
    nanosleep(&pause, NULL);
    return 1;
}

/* --- opening --- */

static bool
in_memory(const char *filename)
{
    return strcmp(filename, ":memory:") == 0;
}

static pin_status
check_file(const char *filename, bool must_exist, struct pin_err *err)
{
    struct stat file;

    if (in_memory(filename))
        return PIN_OK;
    if (stat(filename, &file) != 0) {
        if (errno == ENOENT && !must_exist)
            return PIN_OK;
        return pin__err_errno(err, errno == ENOENT ? PIN_NOT_FOUND : PIN_IO, errno,
                              "cannot open the database %s", filename);
    }
    if (!S_ISREG(file.st_mode))
        return pin__err_set(err, PIN_DENIED, "cannot open the database %s: it is no regular file",
                            filename);
    return PIN_OK;
}

static pin_status
open_error(struct pin_session *s, int code, struct pin_err *err)
{
    int number = handle(s) ? sqlite3_system_errno(handle(s)) : 0;

    if ((code & 0xff) == SQLITE_CANTOPEN && number)
        return pin__err_errno(err, number == EACCES ? PIN_DENIED : PIN_IO, number,
                              "cannot open the database %s", s->filename);
    return sqlite_error(s, code, err);
}

static void
set_limits(sqlite3 *db)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    /* A run's heap limit does not see what its SQL text makes SQLite allocate. */
    sqlite3_hard_heap_limit64(HEAP_BYTES_MAX);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(db, SQLITE_LIMIT_WORKER_THREADS, 0);
}

/* The change to WAL, once in a database's life, wants the file for itself, and where two processes
 * make it at once SQLite answers busy without asking the busy handler. */
static int
set_pragmas(struct pin_session *s)
{
    static const char pragmas[] = "pragma journal_mode=wal; pragma synchronous=full;"
                                  "pragma foreign_keys=on;";
    struct pin_mono until = pin__clock_after_ms(pin__clock_mono(), s->busy_ms);
    int code;

    for (int times = 0;; times++) {
        code = sqlite3_exec(handle(s), pragmas, NULL, NULL, NULL);
        if ((code & 0xff) != SQLITE_BUSY || !pin__clock_until_ms(until) || !on_busy(s, times))
            return code;
    }
}

#define MAPPED_BYTES "1073741824"
#define OWN_CACHE_KB "8192" /* pages; given back by pragma shrink_memory */

static pin_status
configure(struct pin_session *s, const struct pin_session_config *config, struct pin_err *err)
{
    sqlite3 *db = handle(s);
    int code;

    set_limits(db);
    sqlite3_busy_handler(db, on_busy, s);
    if ((code = set_pragmas(s)) != SQLITE_OK)
        return open_error(s, code, err);
    if (config->own_only)
        sqlite3_exec(db, "pragma cache_size=-" OWN_CACHE_KB, NULL, NULL, NULL);
    if (config->one_run)
        sqlite3_exec(db, "pragma mmap_size=" MAPPED_BYTES, NULL, NULL, NULL);
    sqlite3_progress_handler(db, INTERRUPT_STEPS, on_progress, s);
    sqlite3_set_authorizer(db, authorize, s);
    return PIN_OK;
}

static void
sqlite_close(struct pin_session *s)
{
    if (s->connection && sqlite3_close(handle(s)) != SQLITE_OK)
        pin__bug("the database was closed with statements open");
    s->connection = NULL;
}

/* Settings that SQLite has for a process: 0, they are not ours to make; else nobody has used it
 * yet.
 */
static bool process_is_ours;

void
pin__database_own_process(void)
{
    process_is_ours = true;
}

/* Before SQLite is first used in a process; afterwards it refuses, and nothing changes. */
static void
decide_accounts(const struct pin_session_config *config)
{
    if ((config->own_only && process_is_ours) || config->one_run)
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    process_is_ours = false;
}

static pin_status
sqlite_open(struct pin_session *s, const struct pin_session_config *config, struct pin_err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    sqlite3 *db = NULL;
    pin_status st;
    int code;

    if ((st = check_file(config->filename, config->must_exist, err)) != PIN_OK)
        return st;
    if (!config->must_exist)
        flags |= SQLITE_OPEN_CREATE;
    decide_accounts(config);
    code = sqlite3_open_v2(config->filename, &db, flags, NULL);
    s->connection = db;
    st = code == SQLITE_OK ? configure(s, config, err) : open_error(s, code, err);
    if (st != PIN_OK)
        sqlite_close(s);
    return st;
}

/* Instead of the one by which SQLite moves the log itself. */
static int
on_commit(void *context, sqlite3 *db, const char *name, int pages)
{
    struct pin_session *s = context;

    if ((size_t)pages <= s->log_pages) /* begun anew */
        s->log_noted = 0;
    s->log_pages = (size_t)pages;
    if (pages >= PIN_LOG_PAGES_MAX)
        (void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

static void
sqlite_leave_log(struct pin_session *s)
{
    (void)sqlite3_wal_hook(handle(s), on_commit, s);
}

/* As SQLite does it for a commit with synchronous=full. */
static pin_status
sqlite_sync_log(struct pin_session *s, struct pin_err *err)
{
    sqlite3_file *log = NULL;
    int code = sqlite3_file_control(handle(s), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

    if (code == SQLITE_OK && log && log->pMethods)
        code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code == SQLITE_OK)
        return PIN_OK;
    return pin__err_set(err, PIN_IO, "the log of the database %s cannot be synced: %s", s->filename,
                        sqlite3_errstr(code));
}

static pin_status
sqlite_drop(const char *filename, struct pin_err *err)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
    pin_status st;

    if (in_memory(filename))
        return PIN_OK;
    st = check_file(filename, false, err);
    for (size_t i = 0; st == PIN_OK && i < sizeof endings / sizeof *endings; i++) {
        struct pin_buf path = PIN_BUF_INIT(8192);

        pin__buf_adds(&path, filename);
        pin__buf_adds(&path, endings[i]);
        if ((st = pin__buf_check(&path, "the database's file name", err)) == PIN_OK &&
            unlink(path.data) != 0 && errno != ENOENT)
            st =
                pin__err_errno(err, PIN_IO, errno, "cannot remove the database file %s", path.data);
        pin__buf_fini(&path);
    }
    return st;
}

/* --- statements --- */

/* A second statement in the text is an error; comments, spaces and semicolons are none. */
static pin_status
check_tail(struct pin_session *s, const char *tail, struct pin_err *err)
{
    sqlite3_stmt *second = NULL;
    const char *rest = tail;
    int code = SQLITE_OK;

    while (code == SQLITE_OK && !second && *rest)
        code = sqlite3_prepare_v2(handle(s), rest, -1, &second, &rest);
    if (code == SQLITE_OK && !second)
        return PIN_OK;
    sqlite3_finalize(second);
    return pin__err_set(err, PIN_INVALID, "one statement at a time: \"%.80s\" follows the first",
                        tail);
}

static pin_status
sqlite_prepare(struct pin_session *s, struct pin_statement *st, struct pin_err *err)
{
    sqlite3_stmt *native = NULL;
    const char *tail = NULL;
    pin_status status;
    int code;

    arm(s, st);
    code = sqlite3_prepare_v3(handle(s), st->sql, (int)st->sql_size + 1, SQLITE_PREPARE_PERSISTENT,
                              &native, &tail);
    if (code != SQLITE_OK)
        return sqlite_error(s, code, err);
    st->native = native;
    if (!native)
        return pin__err_set(err, PIN_INVALID, "the SQL text holds no statement");
    if ((status = check_tail(s, tail, err)) != PIN_OK)
        return status;
    st->writes = !sqlite3_stmt_readonly(native);
    st->columns = (size_t)sqlite3_column_count(native);
    st->row = calloc(st->columns + 1, sizeof *st->row);
    return st->row ? PIN_OK : pin__err_no_memory(err);
}

static void
sqlite_finalize(struct pin_statement *st)
{
    sqlite3_finalize(st->native);
    st->native = NULL;
}

static int
bind_one(sqlite3_stmt *native, int at, const struct pin_value *v)
{
    const char *data;

    switch (v->type) {
    case PIN_VALUE_INTEGER:
        return sqlite3_bind_int64(native, at, v->integer);
    case PIN_VALUE_REAL:
        return sqlite3_bind_double(native, at, v->real);
    case PIN_VALUE_TEXT:
        data = v->bytes.data ? v->bytes.data : "";
        return sqlite3_bind_text64(native, at, data, v->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
    case PIN_VALUE_BLOB:
        data = v->bytes.data ? v->bytes.data : "";
        return sqlite3_bind_blob64(native, at, data, v->bytes.size, SQLITE_STATIC);
    default: /* the last reset left it so */
        return SQLITE_OK;
    }
}

static pin_status
sqlite_bind(struct pin_session *s, struct pin_statement *st, const struct pin_value *values,
            size_t count, struct pin_err *err)
{
    size_t want = (size_t)sqlite3_bind_parameter_count(st->native);
    int code;

    if (want != count)
        return pin__err_set(err, PIN_INVALID, "the SQL text has %zu parameter%s, %zu value%s given",
                            want, want == 1 ? "" : "s", count, count == 1 ? " is" : "s are");
    for (size_t i = 0; i < count; i++)
        if ((code = bind_one(st->native, (int)i + 1, &values[i])) != SQLITE_OK)
            return sqlite_error(s, code, err);
    return PIN_OK;
}

/* By the value, since each call that names the column looks for it again. That is for one thread
 * only, as a session is. Member by member: a whole struct would be put together and copied, which
 * costs more than all the rest. */
static void
read_value(sqlite3_stmt *native, int at, struct pin_value *out)
{
    sqlite3_value *v = sqlite3_column_value(native, at);

    switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER:
        out->type = PIN_VALUE_INTEGER;
        out->integer = sqlite3_value_int64(v);
        return;
    case SQLITE_FLOAT:
        out->type = PIN_VALUE_REAL;
        out->real = sqlite3_value_double(v);
        return;
    case SQLITE_TEXT:
        out->type = PIN_VALUE_TEXT;
        out->bytes.data = (const char *)sqlite3_value_text(v);
        out->bytes.size = (size_t)sqlite3_value_bytes(v);
        return;
    case SQLITE_BLOB:
        out->type = PIN_VALUE_BLOB;
        out->bytes.data = sqlite3_value_blob(v);
        out->bytes.size = (size_t)sqlite3_value_bytes(v);
        return;
    default:
        out->type = PIN_VALUE_NULL;
    }
}

static void
read_row(struct pin_statement *st)
{
    for (size_t i = 0; i < st->columns; i++)
        read_value(st->native, (int)i, &st->row[i]);
}

/* A text is taken as a blob, as it lies in SQLite's page: that is copied once, with its NUL. False:
 * it does not fit. */
static bool
pack_text(struct pin_taken *to, sqlite3_value *v, union pin_datum *out)
{
    const char *data = sqlite3_value_blob(v);
    size_t size = (size_t)sqlite3_value_bytes(v);

    if (size >= (size_t)(to->end - to->at))
        return false;
    out->text = to->at;
    memcpy(to->at, data ? data : "", size);
    to->at[size] = '\0';
    to->at += size + 1;
    return true;
}

static bool
pack_value(struct pin_taken *to, sqlite3_value *v, union pin_datum *out, char *type)
{
    switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER:
        *type = PIN_VALUE_INTEGER;
        out->integer = sqlite3_value_int64(v);
        return true;
    case SQLITE_FLOAT:
        *type = PIN_VALUE_REAL;
        out->real = sqlite3_value_double(v);
        return true;
    case SQLITE_TEXT:
        *type = PIN_VALUE_TEXT;
        return pack_text(to, v, out);
    case SQLITE_BLOB:
        *type = PIN_VALUE_BLOB;
        return true;
    default:
        *type = PIN_VALUE_NULL;
        return true;
    }
}

static size_t
pack_fixed_bytes(const struct pin_statement *st)
{
    return st->columns * (sizeof(union pin_datum) + 1);
}

/* False: it does not fit. */
static bool
pack_row(struct pin_taken *to, struct pin_statement *st)
{
    size_t padding = -(uintptr_t)to->at % sizeof(union pin_datum), columns = st->columns;
    union pin_datum *data;
    char *types;

    if ((size_t)(to->end - to->at) < padding + pack_fixed_bytes(st))
        return false;
    data = (union pin_datum *)(void *)(to->at + padding);
    types = (char *)(data + columns);
    to->at = types + columns;
    for (size_t i = 0; i < columns; i++)
        if (!pack_value(to, sqlite3_column_value(st->native, (int)i), &data[i], &types[i]))
            return false;
    to->rows[to->count] = data;
    return true;
}

/* A row that does not fit, by itself. False: no memory. */
static bool
spill_row(struct pin_taken *to, struct pin_statement *st)
{
    struct pin_taken alone = { .rows = to->rows, .count = to->count };
    size_t size = pack_fixed_bytes(st);

    for (size_t i = 0; i < st->columns; i++)
        if (sqlite3_column_type(st->native, (int)i) == SQLITE_TEXT)
            size += (size_t)sqlite3_column_bytes(st->native, (int)i) + 1;
    if (!(alone.at = pin__arena_alloc(to->arena, size)))
        return false;
    alone.end = alone.at + size;
    return pack_row(&alone, st);
}

static pin_status
columns_changed(struct pin_session *s, struct pin_statement *st, struct pin_err *err)
{
    s->schema_fresh = false;
    return pin__err_set(err, PIN_BUSY, "the schema of %s was changed during: %s", s->filename,
                        st->sql);
}

/* PIN_OK: a row, which is to be read. */
static pin_status
step(struct pin_session *s, struct pin_statement *st, struct pin_err *err)
{
    int code = sqlite3_step(st->native);

    if (code == SQLITE_DONE)
        return PIN_EMPTY;
    if (code != SQLITE_ROW)
        return sqlite_error(s, code, err);
    /* `select *` of a raw statement may have more columns after SQLite compiled it anew. */
    if ((size_t)sqlite3_column_count(st->native) != st->columns)
        return columns_changed(s, st, err);
    return PIN_OK;
}

static pin_status
sqlite_step(struct pin_session *s, struct pin_statement *st, struct pin_err *err)
{
    pin_status status;

    arm(s, st);
    if ((status = step(s, st, err)) == PIN_OK)
        read_row(st);
    return status;
}

static pin_status
sqlite_take(struct pin_session *s, struct pin_statement *st, struct pin_taken *to,
            struct pin_err *err)
{
    bool fits = true;
    pin_status status;

    arm(s, st);
    while (to->count < to->rows_max && (fits || to->spills)) {
        if ((status = step(s, st, err)) != PIN_OK)
            return status;
        if (!(fits = pack_row(to, st)) && !spill_row(to, st))
            return pin__err_no_memory(err);
        to->count++;
    }
    read_row(st);
    return PIN_OK;
}

static void
sqlite_reset(struct pin_statement *st)
{
    sqlite3_reset(st->native);
    sqlite3_clear_bindings(st->native);
}

static const char *
sqlite_column_name(struct pin_statement *st, size_t column)
{
    return sqlite3_column_name(st->native, (int)column);
}

static int64_t
sqlite_changes(struct pin_session *s)
{
    return sqlite3_changes64(handle(s));
}

static int64_t
sqlite_last_key(struct pin_session *s)
{
    return sqlite3_last_insert_rowid(handle(s));
}

/* --- transactions --- */

static pin_status
sqlite_begin(struct pin_session *s, struct pin_err *err)
{
    return pin__session_execute(s, "begin immediate", NULL, 0, err);
}

static pin_status
sqlite_commit(struct pin_session *s, struct pin_err *err)
{
    return pin__session_execute(s, "commit", NULL, 0, err);
}

static pin_status
sqlite_part(struct pin_session *s, enum pin_part what, struct pin_err *err)
{
    pin_status st = PIN_OK;

    if (what == PIN_PART_BEGIN)
        return pin__session_execute(s, "savepoint part", NULL, 0, err);
    if (what == PIN_PART_UNDO)
        st = pin__session_execute(s, "rollback to part", NULL, 0, err);
    return st == PIN_OK ? pin__session_execute(s, "release part", NULL, 0, err) : st;
}

/* Must work in any state, also when memory is out: no cached statement. */
static void
sqlite_rollback(struct pin_session *s)
{
    if (sqlite3_get_autocommit(handle(s)))
        return;
    s->guard = NULL;
    sqlite3_progress_handler(handle(s), 0, NULL, NULL);
    if (sqlite3_exec(handle(s), "rollback", NULL, NULL, NULL) != SQLITE_OK &&
        !sqlite3_get_autocommit(handle(s)))
        pin__bug("cannot roll back: %s", sqlite3_errmsg(handle(s)));
    sqlite3_progress_handler(handle(s), INTERRUPT_STEPS, on_progress, s);
}

static bool
sqlite_in_transaction(struct pin_session *s)
{
    return !sqlite3_get_autocommit(handle(s));
}

static void
sqlite_forget(struct pin_session *s)
{
    sqlite3_set_last_insert_rowid(handle(s), 0);
    s->guard = NULL;
}

/* --- schema --- */

static pin_status
sqlite_schema_version(struct pin_session *s, int64_t *out, struct pin_err *err)
{
    return pin__session_integer(s, "pragma schema_version", NULL, 0, out, err);
}

typedef pin_status (*each_column)(void *context, const struct pin_schema_column *c,
                                  struct pin_err *err);

/* Rows of (table, column, SQL type, kind). */
static pin_status
each_row(struct pin_session *s, sqlite3_stmt *native, each_column each, void *context,
         struct pin_err *err)
{
    pin_status st = PIN_OK;
    int code = SQLITE_DONE;

    while (st == PIN_OK && (code = sqlite3_step(native)) == SQLITE_ROW) {
        const char *kind = (const char *)sqlite3_column_text(native, 3);
        struct pin_schema_column c = { .table = (const char *)sqlite3_column_text(native, 0),
                                       .column = (const char *)sqlite3_column_text(native, 1),
                                       .sql_type = (const char *)sqlite3_column_text(native, 2),
                                       .is_view = kind && strcmp(kind, "view") == 0,
                                       .is_plain = kind && strcmp(kind, "table") == 0 };
        st = each(context, &c, err);
    }
    return st == PIN_OK && code != SQLITE_DONE ? sqlite_error(s, code, err) : st;
}

static pin_status
prepare_own(struct pin_session *s, const char *sql, sqlite3_stmt **out, struct pin_err *err)
{
    int code;

    s->guard = NULL;
    code = sqlite3_prepare_v2(handle(s), sql, -1, out, NULL);
    return code == SQLITE_OK ? PIN_OK : sqlite_error(s, code, err);
}

/* Tables of the store are nobody's: a dozen of them would be most of the work. */
static pin_status
read_tables(struct pin_session *s, each_column each, void *context, struct pin_err *err)
{
    sqlite3_stmt *native = NULL;
    pin_status st = prepare_own(
        s,
        "select t.name, p.name, p.type, t.type from pragma_table_list t"
        " join pragma_table_xinfo(t.name) p where t.schema = 'main' and t.type = 'table'"
        " and t.name not like 'pinstripe!_%' escape '!' and p.hidden <> 1 order by t.name, p.cid",
        &native, err);

    if (st == PIN_OK)
        st = each_row(s, native, each, context, err);
    sqlite3_finalize(native);
    return st;
}

/* Each by itself: a view of a table that is gone, or a virtual table without its module, gives an
 * error, and is then simply not there. */
static pin_status
read_views(struct pin_session *s, each_column each, void *context, struct pin_err *err)
{
    sqlite3_stmt *names = NULL, *columns = NULL;
    pin_status st;

    st = prepare_own(s,
                     "select name, type from pragma_table_list"
                     " where schema = 'main' and type in ('view', 'virtual')",
                     &names, err);
    if (st == PIN_OK)
        st = prepare_own(s,
                         "select ?1, name, type, ?2 from pragma_table_xinfo(?1)"
                         " where hidden <> 1 order by cid",
                         &columns, err);
    while (st == PIN_OK && sqlite3_step(names) == SQLITE_ROW) {
        sqlite3_bind_value(columns, 1, sqlite3_column_value(names, 0));
        sqlite3_bind_value(columns, 2, sqlite3_column_value(names, 1));
        st = each_row(s, columns, each, context, NULL);
        sqlite3_reset(columns);
        if (st == PIN_INVALID)
            st = PIN_OK;
    }
    sqlite3_finalize(names);
    sqlite3_finalize(columns);
    return st == PIN_OK ? PIN_OK : pin__err_set(err, st, "cannot read the views");
}

static pin_status
sqlite_read_schema(struct pin_session *s, each_column each, void *context, struct pin_err *err)
{
    pin_status st = read_tables(s, each, context, err);

    return st == PIN_OK ? read_views(s, each, context, err) : st;
}

const struct pin_driver pin__driver_sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .drop = sqlite_drop,
    .prepare = sqlite_prepare,
    .finalize = sqlite_finalize,
    .bind = sqlite_bind,
    .step = sqlite_step,
    .take = sqlite_take,
    .reset = sqlite_reset,
    .column_name = sqlite_column_name,
    .changes = sqlite_changes,
    .last_key = sqlite_last_key,
    .begin = sqlite_begin,
    .part = sqlite_part,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .in_transaction = sqlite_in_transaction,
    .leave_log = sqlite_leave_log,
    .sync_log = sqlite_sync_log,
    .forget = sqlite_forget,
    .schema_version = sqlite_schema_version,
    .read_schema = sqlite_read_schema,
};

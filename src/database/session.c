/* session.c - see session.h: transactions, and prepared statements by their text.
 *
 * Statements are kept by text and kind of guard, the least recently used ones are dropped. A
 * statement that is being read is busy; the same text wanted again meanwhile gets one of its own
 * that is not kept.
 */
#include <pthread.h>
#include <unistd.h>

#include "database/driver.h"

enum { SQL_BYTES_MAX = 4 << 20 };

static const struct pin_driver *const drivers[] = { &pin__driver_sqlite };

static const struct pin_driver *
find_driver(const char *name)
{
    for (size_t i = 0; i < sizeof drivers / sizeof *drivers; i++)
        if (!name || strcmp(name, drivers[i]->name) == 0)
            return drivers[i];
    return NULL;
}

/* Who we are, kept by a fork handler: to ask the kernel costs more than to find a statement. */
static pid_t this_process;

static void
know_this_process(void)
{
    this_process = getpid();
}

static void
watch_forks(void)
{
    if (!this_process && pthread_atfork(NULL, NULL, know_this_process) != 0)
        pin__bug("forks cannot be watched");
    know_this_process();
}

void
pin__session_assert_owner(const struct pin_session *s)
{
    if (s->owner != this_process)
        pin__bug("a database session of process %d is used in process %d", (int)s->owner,
                 (int)this_process);
}

/* --- open and close --- */

pin_status
pin__session_open(struct pin_session **out, const struct pin_session_config *config,
                  struct pin_err *err)
{
    struct pin_session *s = NULL;
    const struct pin_driver *driver = find_driver(config->adapter);
    pin_status st;

    *out = NULL;
    if (!driver)
        return pin__err_set(err, PIN_CONFIG,
                            "the database adapter \"%s\" is not supported; use \"sqlite\"",
                            config->adapter);
    if (!(s = calloc(1, sizeof *s)) || !(s->filename = strdup(config->filename))) {
        st = pin__err_no_memory(err);
        goto out;
    }
    watch_forks();
    s->driver = driver;
    s->busy_ms = config->busy_ms;
    s->multi_tenant = config->multi_tenant;
    s->owner = this_process;
    s->sql = PIN_BUF_INIT(SQL_BYTES_MAX);
    if ((st = driver->open(s, config, err)) != PIN_OK)
        goto out;
    *out = s;
    return PIN_OK;
out:
    if (s)
        free(s->filename);
    free(s);
    return st;
}

static void
statement_free(struct pin_session *s, struct pin_statement *st)
{
    if (st->native)
        s->driver->finalize(st);
    if (s->guard == &st->guard)
        s->guard = NULL;
    for (size_t i = 0; i < st->guard.table_count; i++)
        free((void *)(uintptr_t)st->guard.tables[i]);
    free((void *)(uintptr_t)st->guard.target);
    free(st->row);
    free(st->sql);
    free(st);
}

static void
forget_recent(struct pin_session *s, const struct pin_statement *st)
{
    for (size_t i = 0; i < PIN_STATEMENT_RECENT; i++)
        if (s->recent[i].statement == st)
            s->recent[i].statement = NULL;
}

static void
unlink_statement(struct pin_session *s, struct pin_statement *st)
{
    struct pin_statement **at = &s->slots[st->hash % PIN_STATEMENT_SLOTS];

    while (*at != st)
        at = &(*at)->chain;
    *at = st->chain;
    if (st->newer)
        st->newer->older = st->older;
    else
        s->newest = st->older;
    if (st->older)
        st->older->newer = st->newer;
    else
        s->oldest = st->newer;
    st->newer = st->older = st->chain = NULL;
    s->cached--;
    forget_recent(s, st);
}

void
pin__session_close(struct pin_session *s)
{
    struct pin_statement *st;

    if (!s)
        return;
    pin__session_assert_owner(s);
    pin__session_end_run(s);
    while ((st = s->newest) != NULL) {
        unlink_statement(s, st);
        statement_free(s, st);
    }
    pin__schema_forget(s);
    s->driver->close(s);
    pin__buf_fini(&s->sql);
    free(s->params);
    free(s->filename);
    free(s);
}

bool
pin__session_end_run(struct pin_session *s)
{
    bool left_open = s->depth > 0;

    pin__session_assert_owner(s);
    for (struct pin_statement *st = s->newest, *older; st; st = older) {
        older = st->older;
        if (st->busy)
            pin__statement_release(s, st);
    }
    while (s->loose)
        pin__statement_release(s, s->loose);
    s->open_cursors = 0;
    pin__session_abandon(s);
    s->driver->forget(s);
    s->stop = NULL;
    s->stop_context = NULL;
    s->schema_fresh = false;
    return left_open;
}

void
pin__session_set_interrupt(struct pin_session *s, bool (*stop)(void *context), void *context)
{
    s->stop = stop;
    s->stop_context = context;
}

bool
pin__session_multi_tenant(const struct pin_session *s)
{
    return s->multi_tenant;
}

const char *
pin__session_filename(const struct pin_session *s)
{
    return s->filename;
}

void
pin__session_leave_log(struct pin_session *s)
{
    s->driver->leave_log(s);
}

size_t
pin__session_log_pages(const struct pin_session *s)
{
    return s->log_pages - s->log_noted;
}

void
pin__session_note_log(struct pin_session *s)
{
    s->log_noted = s->log_pages;
}

pin_status
pin__session_sync_log(struct pin_session *s, struct pin_err *err)
{
    return s->driver->sync_log(s, err);
}

struct pin_session_counts
pin__session_counts(const struct pin_session *s)
{
    return s->counts;
}

pin_status
pin__database_drop(const char *filename, struct pin_err *err)
{
    return pin__driver_sqlite.drop(filename, err);
}

/* --- transactions --- */

pin_status
pin__session_begin(struct pin_session *s, struct pin_mono now, struct pin_err *err)
{
    pin_status st;

    pin__session_assert_owner(s);
    if (s->depth == 0) {
        if (s->open_cursors)
            pin__bug("a transaction begins while a cursor is open");
        if ((st = s->driver->begin(s, err)) != PIN_OK)
            return st;
        s->began = now;
        s->doomed = false;
    }
    s->depth++;
    return PIN_OK;
}

pin_status
pin__session_commit(struct pin_session *s, struct pin_err *err)
{
    pin_status st;

    pin__session_assert_owner(s);
    if (s->depth == 0)
        return pin__err_set(err, PIN_LOST,
                            "the transaction is no longer open: it was rolled back before");
    if (s->depth > 1) {
        s->depth--;
        return PIN_OK;
    }
    if (s->doomed || !s->driver->in_transaction(s)) {
        pin__session_abandon(s);
        return pin__err_set(err, PIN_FAILED,
                            "the transaction was rolled back because a part of it failed");
    }
    if ((st = s->driver->commit(s, err)) != PIN_OK)
        pin__session_abandon(s);
    s->depth = 0;
    return st;
}

void
pin__session_rollback(struct pin_session *s)
{
    pin__session_assert_owner(s);
    if (s->depth <= 1) {
        pin__session_abandon(s);
        return;
    }
    s->depth--;
    s->doomed = true;
}

void
pin__session_abandon(struct pin_session *s)
{
    pin__session_assert_owner(s);
    if (s->depth > 0 || s->driver->in_transaction(s)) {
        s->driver->rollback(s);
        s->schema_fresh = false; /* it may have made or dropped tables */
        s->schema_suspect = true;
    }
    s->depth = 0;
    s->doomed = false;
}

bool
pin__session_in_transaction(const struct pin_session *s)
{
    return s->depth > 0;
}

int64_t
pin__session_transaction_age_ms(const struct pin_session *s, struct pin_mono now)
{
    return s->depth > 0 ? (now.ns - s->began.ns) / 1000000 : 0;
}

/* --- statements --- */

static uint64_t
hash_text(struct pin_bytes text, enum pin_guard_kind kind)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ (uint64_t)kind ^ text.size, word;
    const char *at = text.data;
    size_t left = text.size;

    for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
        memcpy(&word, at, sizeof word);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    word = 0;
    memcpy(&word, at, left);
    h = (h ^ word) * 0xff51afd7ed558ccdu;
    return h ^ (h >> 29);
}

static struct pin_statement *
find_statement(struct pin_session *s, struct pin_bytes sql, enum pin_guard_kind kind, uint64_t hash)
{
    struct pin_statement *st = s->slots[hash % PIN_STATEMENT_SLOTS];

    for (; st; st = st->chain)
        if (st->hash == hash && st->guard.kind == kind && st->sql_size == sql.size &&
            memcmp(st->sql, sql.data, sql.size) == 0)
            return st;
    return NULL;
}

static void
push_newest(struct pin_session *s, struct pin_statement *st)
{
    st->older = s->newest;
    st->newer = NULL;
    if (s->newest)
        s->newest->newer = st;
    else
        s->oldest = st;
    s->newest = st;
}

static void
touch(struct pin_session *s, struct pin_statement *st)
{
    if (s->newest == st)
        return;
    st->newer->older = st->older;
    if (st->older)
        st->older->newer = st->newer;
    else
        s->oldest = st->newer;
    push_newest(s, st);
}

static void
evict_one(struct pin_session *s)
{
    struct pin_statement *st = s->oldest;

    while (st && st->busy)
        st = st->newer;
    if (!st)
        return;
    unlink_statement(s, st);
    statement_free(s, st);
}

static void
keep(struct pin_session *s, struct pin_statement *st)
{
    size_t slot = st->hash % PIN_STATEMENT_SLOTS;

    if (s->cached >= PIN_STATEMENT_CACHE)
        evict_one(s);
    st->chain = s->slots[slot];
    s->slots[slot] = st;
    push_newest(s, st);
    st->cached = true;
    s->cached++;
}

static void
keep_loose(struct pin_session *s, struct pin_statement *st)
{
    st->chain = s->loose;
    s->loose = st;
}

static void
free_loose(struct pin_session *s, struct pin_statement *st)
{
    struct pin_statement **at = &s->loose;

    while (*at != st)
        at = &(*at)->chain;
    *at = st->chain;
    statement_free(s, st);
}

/* The guard outlives the query that named its tables, so it has names of its own. */
static bool
copy_guard(struct pin_guard *to, const struct pin_guard *from)
{
    *to = (struct pin_guard){ .kind = from->kind,
                              .confined = from->confined,
                              .selects = from->selects };
    for (size_t i = 0; i < from->table_count; i++) {
        if (!(to->tables[i] = strdup(from->tables[i])))
            return false;
        to->table_count++;
    }
    return !from->target || (to->target = strdup(from->target)) != NULL;
}

static pin_status
make_statement(struct pin_session *s, struct pin_bytes sql, const struct pin_guard *guard,
               struct pin_statement **out, struct pin_err *err)
{
    struct pin_statement *made = calloc(1, sizeof *made);
    pin_status st;

    if (!made || !(made->sql = malloc(sql.size + 1)) || !copy_guard(&made->guard, guard)) {
        st = pin__err_no_memory(err);
        goto out;
    }
    memcpy(made->sql, sql.data, sql.size);
    made->sql[sql.size] = '\0';
    made->sql_size = sql.size;
    s->counts.prepared++;
    if ((st = s->driver->prepare(s, made, err)) != PIN_OK) {
        s->schema_fresh = false; /* perhaps somebody else changed a table */
        goto out;
    }
    *out = made;
    return PIN_OK;
out:
    if (made)
        statement_free(s, made);
    return st;
}

static void
take(struct pin_statement *st)
{
    st->busy = true;
    st->done = false;
    st->serial++;
}

pin_status
pin__statement_get(struct pin_session *s, struct pin_bytes sql, const struct pin_guard *guard,
                   struct pin_statement **out, struct pin_err *err)
{
    uint64_t hash = hash_text(sql, guard->kind);
    struct pin_statement *found = find_statement(s, sql, guard->kind, hash);
    pin_status st;

    pin__session_assert_owner(s);
    if (found && !found->busy) {
        s->counts.reused++;
        touch(s, found);
        *out = found;
    } else {
        if ((st = make_statement(s, sql, guard, out, err)) != PIN_OK)
            return st;
        (*out)->hash = hash;
        if (found)
            keep_loose(s, *out);
        else
            keep(s, *out);
    }
    take(*out);
    return PIN_OK;
}

/* The address is only a hint, the text is compared: another text may stand there now. */
pin_status
pin__statement_get_own(struct pin_session *s, const char *sql, struct pin_statement **out,
                       struct pin_err *err)
{
    static const struct pin_guard own = { .kind = PIN_GUARD_OWN };
    struct pin_statement_hint *hint =
        &s->recent[((uintptr_t)sql >> 3) * 0x9e3779b97f4a7c15u >> 32 & (PIN_STATEMENT_RECENT - 1)];
    struct pin_statement *st = hint->text == sql ? hint->statement : NULL;
    pin_status status;

    pin__session_assert_owner(s);
    if (st && !st->busy && strcmp(st->sql, sql) == 0) {
        s->counts.reused++;
        touch(s, st);
        take(st);
        *out = st;
        return PIN_OK;
    }
    status = pin__statement_get(s, (struct pin_bytes){ sql, strlen(sql) }, &own, out, err);
    if (status == PIN_OK && (*out)->cached)
        *hint = (struct pin_statement_hint){ sql, *out };
    return status;
}

void
pin__statement_release(struct pin_session *s, struct pin_statement *st)
{
    if (!st || !st->busy)
        return;
    s->driver->reset(st);
    st->busy = false;
    st->serial++;
    if (!st->cached)
        free_loose(s, st);
}

pin_status
pin__statement_start(struct pin_session *s, struct pin_statement *st,
                     const struct pin_value *values, size_t count, struct pin_err *err)
{
    if (st->writes && s->open_cursors)
        pin__bug("a write while a cursor is open: %s", st->sql);
    /* After a failure that took the transaction back nothing may go on as if it were one. */
    if (s->depth > 0 && !s->driver->in_transaction(s))
        return pin__err_set(err, PIN_FAILED,
                            "the transaction was rolled back because a part of it failed");
    return s->driver->bind(s, st, values, count, err);
}

static pin_status
note_step(struct pin_session *s, struct pin_statement *st, pin_status status)
{
    st->done = status != PIN_OK;
    /* Some failures (a full disk, an interrupted write) make the database roll back by itself. */
    if (status != PIN_OK && status != PIN_EMPTY && s->depth > 0 && !s->driver->in_transaction(s))
        s->doomed = true;
    return status;
}

pin_status
pin__statement_step(struct pin_session *s, struct pin_statement *st, struct pin_err *err)
{
    /* When it is done another step would run it again. */
    return st->done ? PIN_EMPTY : note_step(s, st, s->driver->step(s, st, err));
}

pin_status
pin__statement_take(struct pin_session *s, struct pin_statement *st, struct pin_taken *to,
                    struct pin_err *err)
{
    return st->done ? PIN_EMPTY : note_step(s, st, s->driver->take(s, st, to, err));
}

pin_status
pin__session_integer(struct pin_session *s, const char *sql, const struct pin_value *values,
                     size_t count, int64_t *out, struct pin_err *err)
{
    struct pin_statement *statement = NULL;
    pin_status st;

    *out = 0;
    st = pin__statement_get_own(s, sql, &statement, err);
    if (st != PIN_OK)
        return st;
    if ((st = pin__statement_start(s, statement, values, count, err)) == PIN_OK)
        st = pin__statement_step(s, statement, err);
    if (st == PIN_OK && statement->columns && statement->row[0].type == PIN_VALUE_INTEGER)
        *out = statement->row[0].integer;
    pin__statement_release(s, statement);
    return st;
}

pin_status
pin__session_execute(struct pin_session *s, const char *sql, const struct pin_value *values,
                     size_t count, struct pin_err *err)
{
    int64_t unused;
    pin_status st = pin__session_integer(s, sql, values, count, &unused, err);

    return st == PIN_EMPTY ? PIN_OK : st;
}

/* session.h - one connection to the project's database, used by one process for many runs.
 *
 * Opened when a run first touches the database, kept for the runs that follow: what a run can leave
 * behind (an open transaction, an open cursor) is taken back by pin__session_end_run, and what is
 * worth keeping (prepared statements, the schema) stays. The tenant is not here: each query carries
 * its own scope (scope.h), so nothing of one run's tenant can stay in the connection.
 *
 * A handle never crosses a fork; using one in a child is our own mistake and aborts.
 * SQLite: WAL, foreign keys on, synchronous=FULL, defensive, no extensions, no ATTACH.
 */
#ifndef PIN_DATABASE_SESSION_H
#define PIN_DATABASE_SESSION_H

#include "base/clock.h"
#include "database/value.h"

struct pin_session; /* opaque */

#define PIN_BUSY_MS_DEFAULT        10000
#define PIN_TRANSACTION_MS_DEFAULT 5000

struct pin_session_config {
    const char *adapter;  /* "sqlite"; NULL means that */
    const char *filename; /* absolute, or ":memory:" */
    int64_t busy_ms;      /* how long a writer waits for another process; 0: not at all */
    bool multi_tenant;    /* the project has tenants: every table made later gets a tenantId */
    bool must_exist;      /* do not make the file: PIN_NOT_FOUND when it is not there */
    /* Nothing but pinstripe's own statements will be run. When the first session of a process of
     * ours says so, SQLite keeps no account of its memory, which is a tenth quicker; no session of
     * that process then has a limit on it, so a process that runs users' statements never says so.
     */
    bool own_only;
    /* The process is there for one run, which a limit of the system holds, and ends with it: no
     * account is kept either, and the file is read where the system has it, not copied first. What
     * would be an error of the disk is then a signal, which ends the run. */
    bool one_run;
};

/* This process is pinstripe's, so that what SQLite has for a whole process is ours to set. A
 * program that has us as a library never says so. Before anything opens a session. */
void pin__database_own_process(void);

/* Copies what it keeps of the configuration. Makes the file unless must_exist. PIN_CONFIG for an
 * unknown adapter; PIN_DENIED for a folder, a FIFO or what else is no regular file, PIN_INVALID for
 * a file that is no database; each names the file. */
pin_status pin__session_open(struct pin_session **out, const struct pin_session_config *config,
                             struct pin_err *err) PIN_MUST_USE;
void pin__session_close(struct pin_session *s); /* NULL is fine; rolls back */

/* Between two runs: rolls back an open transaction, closes every cursor, forgets the interrupt, and
 * has the schema compared with the file's before its next use. True when a transaction had been
 * left open. */
bool pin__session_end_run(struct pin_session *s);

/* Called every few thousand steps of a statement and while waiting for a lock; when it answers true
 * the statement fails with PIN_TIMEOUT. NULL takes it away. */
void pin__session_set_interrupt(struct pin_session *s, bool (*stop)(void *context), void *context);

/* Transactions. begin takes the write lock at once (waiting up to busy_ms, then PIN_BUSY), so a
 * transaction never fails half-way because somebody else wrote. A begin inside a transaction joins
 * it; the outermost commit commits. A rollback inside a joined one dooms the whole: the outermost
 * commit then rolls back and fails. A single write outside needs none of this. */
pin_status pin__session_begin(struct pin_session *s, struct pin_mono now,
                              struct pin_err *err) PIN_MUST_USE;
pin_status pin__session_commit(struct pin_session *s, struct pin_err *err) PIN_MUST_USE;
/* Leaves one level. */
void pin__session_rollback(struct pin_session *s);
/* Leaves all levels: for a transaction that outlived its limit. */
void pin__session_abandon(struct pin_session *s);
bool pin__session_in_transaction(const struct pin_session *s);
/* How long the open transaction has lasted; 0 when there is none. The caller compares it with
 * database.transactionLimit. */
int64_t pin__session_transaction_age_ms(const struct pin_session *s, struct pin_mono now);

/* What is committed goes into a log; when that has grown to PIN_LOG_PAGES a commit moves it into
 * the database file, which takes it some milliseconds. From now on none of this session's does:
 * whoever asks how large the log is sees to it. Commits only help themselves when it has grown to
 * PIN_LOG_PAGES_MAX. */
enum { PIN_LOG_PAGES = 1000, PIN_LOG_PAGES_MAX = 8000 };
void pin__session_leave_log(struct pin_session *s);
/* After this session's last commit, what has come since it was begun anew or was noted; 0 unless
 * the session leaves the log. */
size_t pin__session_log_pages(const struct pin_session *s);
void pin__session_note_log(struct pin_session *s);
/* All that was committed is on disk then. */
pin_status pin__session_sync_log(struct pin_session *s, struct pin_err *err) PIN_MUST_USE;

bool pin__session_multi_tenant(const struct pin_session *s);
const char *pin__session_filename(const struct pin_session *s);

/* Counts since the session was opened, for tests and benches: a statement prepared twice is a bug.
 */
struct pin_session_counts {
    uint64_t prepared; /* texts that went through the compiler */
    uint64_t reused;   /* found in the cache */
};
struct pin_session_counts pin__session_counts(const struct pin_session *s);

/* Removes the database's files (also -wal, -shm, -journal). No file is no failure; PIN_DENIED for
 * what is no regular file. No session of this process may be open on it. */
pin_status pin__database_drop(const char *filename, struct pin_err *err) PIN_MUST_USE;

#endif

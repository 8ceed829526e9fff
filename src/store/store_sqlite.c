/* store_sqlite.c - the SQLite driver: its tables, their version, and where each operation is.
 *
 * pinstripe_runs holds only runs that have not ended, so what claiming reads stays small however
 * long the history grows. A run that ends moves to pinstripe_runHistory in the same transaction.
 * Both are keyed by the run's id, which grows with time: inserts go to the end.
 *
 * A run that is due (state 1) has a row in one of two narrow tables: in pinstripe_ready, in the
 * order in which runs are claimed, or in pinstripe_claims while somebody holds it. So a claim and
 * an end move a few bytes and leave the wide row alone; its attempt and token are those of the
 * claims that are over, and a claim's are one more.
 *
 * pinstripe_turns is how tenants take turns. Each run gets a turn when it becomes ready: its
 * tenant's last one plus one, but at least one before the turn that was claimed last (the row with
 * tenant '', the queue's own), and the lowest turn is claimed first. So a tenant with much to do
 * has high turns, and one that was quiet goes in front, once.
 *
 * attemptBase is how many attempts a run had had when somebody asked for it once more: it then has
 * as many again. In the history token, gate, tenantZone and cursor are kept for such a day only. A
 * parent's cursor is '' when all its children are made.
 *
 * The names begin with pinstripe_: the database layer hides them from this.database, and a project
 * can have a table runs of its own. To change a table: add a step to `steps`, never edit one.
 */
#include "store/sqlite_parts.h"

static const char *const step_1[] = {
    "create table pinstripe_storeVersion (program text not null, version integer not null,"
    " identity blob not null, createdAt integer not null)",

    "create table pinstripe_runs (id blob primary key not null, state integer not null,"
    " token integer not null default 0, priority integer not null, turn integer not null,"
    " attempt integer not null default 0, attemptLimit integer not null,"
    " attemptBase integer not null default 0, lost integer not null default 0, dueAt integer not "
    "null, role integer not null,"
    " triggeredBy integer not null, createdAt integer not null, startedAt integer,"
    " cancelRequested integer not null default 0, childrenFailed integer not null default 0,"
    " gateLimit integer, scheduledFor integer, queue text not null, job text not null, tenant text,"
    " worker text, gate text, schedule text, uniqueKey text, parent blob, args text not null,"
    " params text, cursor text, reasons text, tenantZone text) without rowid",
    "create index pinstripe_runsDelayed on pinstripe_runs (dueAt) where state = 0",
    "create index pinstripe_runsGates on pinstripe_runs (gate, state) where gate is not null",
    "create unique index pinstripe_runsChildren on pinstripe_runs (parent, tenant) where role = 2",
    "create index pinstripe_runsSchedules on pinstripe_runs (schedule) where schedule is not null",

    "create table pinstripe_ready (queue text not null, priority integer not null,"
    " turn integer not null, run blob not null, token integer not null,"
    " primary key (queue, priority desc, turn, run)) without rowid",
    "create table pinstripe_claims (run blob primary key not null, token integer not null,"
    " leaseUntil integer not null, startedAt integer not null, worker text, gate text,"
    " progress text) without rowid",
    "create index pinstripe_claimsGates on pinstripe_claims (gate) where gate is not null",

    "create table pinstripe_turns (queue text not null, priority integer not null,"
    " tenant text not null, turn integer not null, primary key (queue, priority, tenant))"
    " without rowid",
    "create table pinstripe_keys (uniqueKey text primary key not null, run blob not null,"
    " keptUntil integer not null) without rowid",
    "create index pinstripe_keysKept on pinstripe_keys (keptUntil)",

    "create table pinstripe_runHistory (id blob primary key not null, state integer not null,"
    " priority integer not null, attempt integer not null, attemptLimit integer not null,"
    " lost integer not null, dueAt integer not null, role integer not null,"
    " triggeredBy integer not null, createdAt integer not null, startedAt integer,"
    " finishedAt integer not null, wallUs integer, cpuUs integer, peakHeapBytes integer,"
    " exitSignal integer, scheduledFor integer, queue text not null, job text not null,"
    " tenant text, worker text, schedule text, uniqueKey text, parent blob, outcome text not null,"
    " args text not null, params text, reasons text, error text,"
    " token integer not null default 0, attemptBase integer not null default 0, gate text,"
    " gateLimit integer, tenantZone text, cursor text) without rowid",
    "create index pinstripe_runHistoryJobs on pinstripe_runHistory (job, id)",
    "create index pinstripe_runHistoryTenants on pinstripe_runHistory (tenant, id)"
    " where tenant is not null",
    "create index pinstripe_runHistoryStates on pinstripe_runHistory (state, id) where state <> 5",
    "create index pinstripe_runHistoryParents on pinstripe_runHistory (parent, id)"
    " where parent is not null",
    "create index pinstripe_runHistorySchedules on pinstripe_runHistory (schedule, id)"
    " where schedule is not null",

    "create table pinstripe_runOutput (run blob not null, endsAt integer not null,"
    " stream integer not null, writtenAt integer not null, bytes blob not null,"
    " primary key (run, endsAt)) without rowid",

    "create table pinstripe_schedules (id text primary key not null, job text not null,"
    " cron text not null, timeZone text, byTenant integer not null default 0, args text not null, "
    "missed integer not null,"
    " overlap integer not null, paused integer not null default 0, pausedAt integer,"
    " evaluatedAt integer not null, nextDueAt integer not null, createdAt integer not null)"
    " without rowid",
    "create index pinstripe_schedulesDue on pinstripe_schedules (nextDueAt)",
    "create index pinstripe_schedulesJob on pinstripe_schedules (job)",

    "create table pinstripe_bots (name text primary key not null, startedAt integer not null,"
    " tickAt integer not null, queues text) without rowid",

    "create table pinstripe_occurrences (schedule text not null, dueAt integer not null,"
    " tenant text not null default '', result integer not null, reason text, run blob,"
    " decidedAt integer not null, primary key (schedule, dueAt, tenant)) without rowid",
    "create index pinstripe_occurrencesDue on pinstripe_occurrences (dueAt)",
    NULL,
};

static const char *const *const steps[] = { step_1 };
enum { STORE_VERSION = sizeof steps / sizeof *steps };

static const char program[] = "pinstripe";

_Static_assert(PIN_RUN_DELAYED == 0 && PIN_RUN_QUEUED == 1 && PIN_RUN_RUNNING == 2 &&
                   PIN_RUN_HELD == 3 && PIN_RUN_WAITING == 4 && PIN_RUN_SUCCEEDED == 5,
               "SQL text in this folder has these numbers in it");

/* --- an operation --- */

pin_status
pin__part_begin(struct pin_store *s, struct pin_err *err)
{
    return pin__session_begin(s->session, (struct pin_mono){ 0 }, err);
}

pin_status
pin__part_end(struct pin_store *s, pin_status st, struct pin_err *err)
{
    pin_status committed;

    if (st != PIN_OK && st != PIN_EMPTY && st != PIN_LOST && st != PIN_CONFLICT &&
        st != PIN_NOT_FOUND) {
        pin__session_rollback(s->session);
        return st;
    }
    pin__fault("store.part.before_commit");
    committed = pin__session_commit(s->session, st == PIN_OK ? err : NULL);
    pin__fault("store.part.after_commit");
    return committed == PIN_OK ? st : committed;
}

/* --- the version --- */

struct version {
    int64_t number; /* 0: there is no store */
    struct pin_run_id identity;
};

static pin_status
refuse_foreign(struct pin_session *session, struct pin_err *err)
{
    return pin__err_set(err, PIN_CONFIG,
                        "the database %s has a table pinstripe_storeVersion or pinstripe_runs that"
                        " this program (store version %d) did not make; give the store a file of"
                        " its own",
                        pin__session_filename(session), (int)STORE_VERSION);
}

static pin_status
count_own_tables(struct pin_session *session, int64_t *versions, int64_t *runs, struct pin_err *err)
{
    static const char sql[] = "select count(*) from sqlite_schema where name = ? collate nocase";
    pin_status st;

    st = pin__sql_integer(session, sql, VALUES(val_text("pinstripe_storeVersion")), versions, err);
    if (st == PIN_OK)
        st = pin__sql_integer(session, sql, VALUES(val_text("pinstripe_runs")), runs, err);
    return st;
}

static pin_status
read_version_row(struct pin_session *session, struct version *out, struct pin_err *err)
{
    struct pin_sql q;
    pin_status st = pin__sql_start(
        &q, session, "select version, identity, program from pinstripe_storeVersion", NULL, 0, err);

    if (st == PIN_INVALID) /* no such columns */
        return refuse_foreign(session, err);
    if (st != PIN_OK)
        return st;
    st = pin__sql_step(&q, err);
    if (st == PIN_OK) {
        const char *name = row_text(&q.row[2]);

        out->number = row_number(&q.row[0]);
        if (!row_id(&q.row[1], &out->identity) || !name || strcmp(name, program) != 0 ||
            out->number < 1)
            st = refuse_foreign(session, err);
    } else if (st == PIN_EMPTY)
        st = refuse_foreign(session, err);
    pin__sql_end(&q);
    return st;
}

static pin_status
read_version(struct pin_session *session, struct version *out, struct pin_err *err)
{
    int64_t versions, runs;
    pin_status st;

    *out = (struct version){ 0 };
    if ((st = count_own_tables(session, &versions, &runs, err)) != PIN_OK)
        return st;
    if (versions == 0 && runs == 0)
        return PIN_OK;
    if (versions == 0 || runs == 0)
        return refuse_foreign(session, err);
    if ((st = read_version_row(session, out, err)) != PIN_OK)
        return st;
    if (out->number > STORE_VERSION)
        return pin__err_set(err, PIN_CONFIG,
                            "the store in %s has version %lld, made by a newer pinstripe; this one"
                            " knows versions up to %d: install the newer one",
                            pin__session_filename(session), (long long)out->number,
                            (int)STORE_VERSION);
    return PIN_OK;
}

static pin_status
apply(struct pin_session *session, const char *const *step, struct pin_err *err)
{
    pin_status st = PIN_OK;

    for (; st == PIN_OK && *step; step++)
        st = pin__sql_run(session, *step, NULL, 0, NULL, err);
    return st;
}

static pin_status
bring_up(struct pin_session *session, int64_t from, const uint8_t identity[16], int64_t now_ms,
         struct pin_err *err)
{
    pin_status st = PIN_OK;

    for (int64_t i = from; st == PIN_OK && i < STORE_VERSION; i++) {
        pin__fault("store.migrate.step");
        st = apply(session, steps[i], err);
    }
    if (st != PIN_OK)
        return st;
    if (from == 0)
        return pin__sql_run(session, "insert into pinstripe_storeVersion values (?, ?, ?, ?)",
                            VALUES(val_text(program), val_number(STORE_VERSION),
                                   pin__value_blob(identity, 16), val_number(now_ms)),
                            NULL, err);
    return pin__sql_run(session, "update pinstripe_storeVersion set version = ?",
                        VALUES(val_number(STORE_VERSION)), NULL, err);
}

static pin_status
sqlite_migrate(struct pin_session *session, const uint8_t identity[16], int64_t now_ms,
               struct pin_err *err)
{
    struct version v;
    pin_status st;

    if ((st = pin__session_begin(session, (struct pin_mono){ 0 }, err)) != PIN_OK)
        return st;
    if ((st = read_version(session, &v, err)) == PIN_OK && v.number < STORE_VERSION)
        st = bring_up(session, v.number, identity, now_ms, err);
    pin__fault("store.migrate.before_commit");
    if (st == PIN_OK)
        return pin__session_commit(session, err);
    pin__session_rollback(session);
    return st;
}

static pin_status
sqlite_version(struct pin_session *session, int64_t *version, struct pin_err *err)
{
    struct version v;
    pin_status st = read_version(session, &v, err);

    *version = v.number;
    return st;
}

static pin_status
sqlite_open(struct pin_store *s, struct pin_err *err)
{
    struct version v;
    pin_status st = read_version(s->session, &v, err);

    if (st != PIN_OK)
        return st;
    if (v.number == 0)
        return pin__err_set(err, PIN_NOT_FOUND,
                            "the database %s keeps no runs yet; run migrate-database",
                            pin__session_filename(s->session));
    if (v.number < STORE_VERSION)
        return pin__err_set(err, PIN_CONFIG,
                            "the store in %s has version %lld, this program needs %d; run"
                            " migrate-database",
                            pin__session_filename(s->session), (long long)v.number,
                            (int)STORE_VERSION);
    memcpy(s->identity, v.identity.bytes, sizeof s->identity);
    return PIN_OK;
}

/* Without it a commit is in the log but not synced: whoever syncs next takes it along. */
static pin_status
sqlite_set_durable(struct pin_store *s, bool durable, struct pin_err *err)
{
    return pin__sql_run(s->session,
                        durable ? "pragma synchronous=full" : "pragma synchronous=normal", NULL, 0,
                        NULL, err);
}

/* The log is synced and goes into the database file; the next writer begins it anew, when all of it
 * is there. */
static pin_status
move_log(struct pin_session *session, struct pin_err *err)
{
    int64_t busy;
    pin_status st =
        pin__sql_integer(session, "pragma wal_checkpoint(passive)", NULL, 0, &busy, err);

    if (st == PIN_OK && busy)
        return pin__err_set(err, PIN_BUSY, "somebody else tidies %s",
                            pin__session_filename(session));
    return st;
}

static pin_status
sqlite_tidy(struct pin_store *s, struct pin_err *err)
{
    pin_status st = move_log(s->session, err);

    return st == PIN_OK ? pin__sql_run(s->session, "pragma shrink_memory", NULL, 0, NULL, err) : st;
}

static void
sqlite_defer_tidying(struct pin_store *s)
{
    pin__session_leave_log(s->session);
}

static bool
sqlite_wants_tidying(const struct pin_store *s)
{
    return pin__session_log_pages(s->session) >= PIN_LOG_PAGES;
}

static void
sqlite_note_tidying(struct pin_store *s)
{
    pin__session_note_log(s->session);
}

static pin_status
sqlite_tidy_file(const char *filename, struct pin_err *err)
{
    struct pin_session_config config = { .filename = filename,
                                         .must_exist = true,
                                         .own_only = true };
    struct pin_session *session;
    pin_status st = pin__session_open(&session, &config, err);

    if (st != PIN_OK)
        return st;
    if ((st = move_log(session, err)) == PIN_OK) /* who reads can keep it from being synced */
        st = pin__session_sync_log(session, err);
    pin__session_close(session);
    return st;
}

static pin_status
sqlite_sync(struct pin_store *s, struct pin_err *err)
{
    return pin__session_sync_log(s->session, err);
}

const struct pin_store_driver pin__store_sqlite = {
    .name = "sqlite",
    .migrate = sqlite_migrate,
    .version = sqlite_version,
    .open = sqlite_open,
    .set_durable = sqlite_set_durable,
    .defer_tidying = sqlite_defer_tidying,
    .wants_tidying = sqlite_wants_tidying,
    .note_tidying = sqlite_note_tidying,
    .tidy = sqlite_tidy,
    .tidy_file = sqlite_tidy_file,
    .sync = sqlite_sync,
    .enqueue = pin__part_enqueue,
    .claim = pin__part_claim,
    .peek = pin__part_peek,
    .bot_tick = pin__part_bot_tick,
    .bot_leave = pin__part_bot_leave,
    .bots = pin__part_bots,
    .next_due = pin__part_next_due,
    .start = pin__part_start,
    .beat = pin__part_beat,
    .progress = pin__part_progress,
    .finish = pin__part_finish,
    .give_back = pin__part_give_back,
    .lose = pin__part_lose,
    .rescue = pin__part_rescue,
    .fan_out = pin__part_fan_out,
    .cancel = pin__part_cancel,
    .retry = pin__part_retry,
    .record = pin__part_record,
    .output_add = pin__part_output_add,
    .output_read = pin__part_output_read,
    .reconcile = pin__part_reconcile,
    .schedules = pin__part_schedules,
    .advance = pin__part_advance,
    .pause = pin__part_pause,
    .occurrence = pin__part_occurrence,
    .occurrences = pin__part_occurrences,
    .schedule_live = pin__part_schedule_live,
    .list = pin__part_list,
    .show = pin__part_show,
    .count = pin__part_count,
    .gauges = pin__part_gauges,
    .prune = pin__part_prune,
};

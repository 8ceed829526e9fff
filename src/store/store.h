/* store.h - runs that outlive the process: runs, schedules, occurrences, console output.
 *
 * A run is claimed by exactly one worker at a time. The claim is a *hold*: the run's id and a token
 * that grows with each claim. Every later write of the attempt names both; when the run has gone to
 * somebody else meanwhile it changes nothing and answers PIN_LOST, and the caller throws its result
 * away. Attempts are counted when a run is claimed, so a run that kills its worker ends too.
 *
 * Each function is one whole operation: it is done or it is not. Alone it is a transaction of its
 * own, durable when it answers PIN_OK. Between pin__store_begin and pin__store_commit many of them
 * are one transaction: acknowledge nothing ("queued", "done") before commit has answered PIN_OK.
 * PIN_LOST, PIN_EMPTY, PIN_CONFLICT and PIN_NOT_FOUND leave such a batch as it was; after any other
 * failure roll it back. PIN_BUSY means that somebody else writes: nothing happened, try again
 * later. With a session whose busy_ms is 0 nothing here ever waits.
 *
 * Nothing here reads a clock or draws a random number: times are milliseconds since 1970, given by
 * the caller. What to expect of a run's life, and of a crash, is in docs/runs.md; how to add a kind
 * of database in store/driver.h.
 */
#ifndef PIN_STORE_STORE_H
#define PIN_STORE_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/id.h"
#include "store/retry.h"
#include "store/state.h"

struct pin_session;
struct pin_store; /* opaque */

#define PIN_STORE_LEASE_MS     30000 /* a claim holds so long without a beat */
#define PIN_STORE_SWEEP_MS     5000  /* how often lapsed leases are looked for */
#define PIN_STORE_LOST_LIMIT   3     /* a run that was lost so often has failed */
#define PIN_STORE_KEY_MS       ((int64_t)7 * 24 * 60 * 60 * 1000) /* a key is remembered so long */
#define PIN_STORE_OUTPUT_BYTES ((int64_t)1 << 20) /* the newest of a run's console that is kept */
#define PIN_STORE_QUEUE        "default"

/* --- the store --- */

/* Makes the tables or brings them up to this program's version. PIN_CONFIG when they are of a newer
 * program or not pinstripe's, naming both versions. `identity` becomes the store's own when it is
 * new: 16 random bytes. */
pin_status pin__store_migrate(struct pin_session *session, const uint8_t identity[16],
                              int64_t now_ms, struct pin_err *err) PIN_MUST_USE;
/* The version of the tables there are; 0 when there is no store. Fails as pin__store_migrate. */
pin_status pin__store_version(struct pin_session *session, int64_t *version,
                              struct pin_err *err) PIN_MUST_USE;
/* Borrows the session, which must outlive the store. PIN_NOT_FOUND when the database has no store
 * (a project without records works), PIN_CONFIG as pin__store_migrate, also for an older one. */
pin_status pin__store_open(struct pin_store **out, struct pin_session *session,
                           struct pin_err *err) PIN_MUST_USE;
void pin__store_close(struct pin_store *s); /* NULL is fine */
/* 16 bytes that no other store has, to name its wake-up socket. */
const uint8_t *pin__store_identity(const struct pin_store *s);

/* A batch: many operations, one commit. */
pin_status pin__store_begin(struct pin_store *s, struct pin_err *err) PIN_MUST_USE;
pin_status pin__store_commit(struct pin_store *s, struct pin_err *err) PIN_MUST_USE;
void pin__store_rollback(struct pin_store *s);
/* Whether the batches that begin from now on are on disk when commit answers, which is so at first.
 * False for those that only claim and renew: nothing was promised to anybody by them, and a power
 * cut that takes the last ones back takes their holders along. And for records of runs that were
 * called. What is written without is on disk with the next batch that is, or with pin__store_sync.
 */
pin_status pin__store_set_durable(struct pin_store *s, bool durable,
                                  struct pin_err *err) PIN_MUST_USE;
/* All that was committed is on disk then. */
pin_status pin__store_sync(struct pin_store *s, struct pin_err *err) PIN_MUST_USE;
/* For a moment in which nothing waits: what one commit in some two hundred would have to do besides
 * (some milliseconds of it). After a hundred commits or so. Never waits; what somebody else is in
 * the way of is left undone, which is PIN_BUSY or, for one who reads, PIN_OK. */
pin_status pin__store_tidy(struct pin_store *s, struct pin_err *err) PIN_MUST_USE;
/* From now on no commit does it by the way: where pin__store_wants_tidying, somebody calls
 * pin__store_tidy_file in another process, and then pin__store_tidy for what came meanwhile. */
void pin__store_defer_tidying(struct pin_store *s);
bool pin__store_wants_tidying(const struct pin_store *s);
/* It is under way: not wanted again before as much has come anew. */
void pin__store_note_tidying(struct pin_store *s);
/* PIN_OK: what was committed before is on disk, too. */
pin_status pin__store_tidy_file(const char *filename, struct pin_err *err) PIN_MUST_USE;

/* --- putting runs in --- */

enum pin_trigger { /* who asked; the numbers are in databases */
                   PIN_TRIGGER_CLI = 0,
                   PIN_TRIGGER_REPL = 1,
                   PIN_TRIGGER_VIEW = 2,
                   PIN_TRIGGER_JOB = 3,
                   PIN_TRIGGER_SCHEDULE = 4,
                   PIN_TRIGGER_API = 5,
                   PIN_TRIGGER_COUNT
};
const char *pin__trigger_name(enum pin_trigger trigger);

enum pin_role { /* the numbers are in databases */
                PIN_ROLE_PLAIN = 0,
                PIN_ROLE_PARENT = 1, /* makes a child for each tenant and ends when they have */
                PIN_ROLE_CHILD = 2   /* of such a parent: at most one for each tenant */
};

struct pin_enqueue { /* borrowed; zeros are the defaults */
    struct pin_run_id id;
    const char *job;       /* normalised */
    const char *tenant;    /* id; NULL: none */
    struct pin_bytes args; /* a JSON array; NULL means [] */
    struct pin_bytes params;
    const char *queue;  /* NULL: PIN_STORE_QUEUE */
    int priority;       /* larger goes first */
    int64_t due_ms;     /* not before this; 0: now */
    int attempt_limit;  /* failures after which it stays failed; 0: 1 */
    const char *key;    /* the same job, tenant and key again gives the run there is */
    int64_t key_for_ms; /* 0: PIN_STORE_KEY_MS */
    int64_t
        unique_for_ms; /* the same job, tenant and args again within it gives the run there is */
    const char *gate;  /* runs of one gate run at most gate_limit at once, a parent until its
                          children have ended; NULL: no gate */
    int gate_limit;
    const struct pin_run_id *parent; /* the run that asked for it; NULL: none */
    enum pin_role role;
    const char *tenant_zone; /* PARENT: only tenants whose timeZone this is, "" those that name
                                none; NULL: every one */
    const char *schedule;    /* with scheduled_for_ms: one run for each (schedule, time, tenant) */
    int64_t scheduled_for_ms;
    enum pin_trigger trigger;
};

struct pin_enqueued {
    struct pin_run_id id; /* of the run there is; zeros for an occurrence that ended without one */
    bool existed;         /* nothing was added: key, unique window, occurrence or child was there */
};

/* All or nothing. `out` has room for `count`; NULL when nobody wants to know. In a transaction that
 * is open on the session already (a job's own) they commit or vanish with it. */
pin_status pin__store_enqueue(struct pin_store *s, const struct pin_enqueue *runs, size_t count,
                              int64_t now_ms, struct pin_enqueued *out,
                              struct pin_err *err) PIN_MUST_USE;

/* --- an attempt --- */

struct pin_hold { /* names an attempt; plain bytes, copy it freely */
    struct pin_run_id id;
    int64_t token;
    bool gated, child, parent; /* the store's own business */
};

struct pin_claim {
    struct pin_hold hold;
    const char *job;
    const char *tenant; /* NULL: none */
    struct pin_bytes args, params;
    const char *queue;
    int priority;
    int attempt; /* 1 for the first */
    int attempt_limit;
    int lost; /* attempts before whose worker was lost */
    int64_t due_ms, created_ms;
    bool has_parent;
    struct pin_run_id parent;
    enum pin_role role;
    const char *schedule; /* NULL: none */
    int64_t scheduled_for_ms;
    const char *key; /* NULL: none */
    enum pin_trigger trigger;
    const char *tenant_zone; /* PARENT, as in pin_enqueue */
    const char *cursor;      /* PARENT: where making children goes on; NULL: at the start */
    const char *worker;      /* the request's */
};

struct pin_claim_request {
    const char *worker;        /* who: shown to people */
    const char *const *queues; /* none: all */
    size_t queue_count;
    size_t limit;
    int64_t now_ms, lease_ms; /* lease_ms 0: PIN_STORE_LEASE_MS */
};

/* At most `limit` runs into `out`: higher priority first, tenants in turns, each tenant's own in
 * the order in which they became due. Text and bytes live in the arena. PIN_EMPTY: nothing is
 * ready. */
pin_status pin__store_claim(struct pin_store *s, const struct pin_claim_request *request,
                            struct pin_arena *arena, struct pin_claim *out, size_t *count,
                            struct pin_err *err) PIN_MUST_USE;
/* When the next run that is not due yet will be; PIN_EMPTY when there is none. */
pin_status pin__store_next_due(struct pin_store *s, int64_t *due_ms,
                               struct pin_err *err) PIN_MUST_USE;

struct pin_peek {            /* INT64_MAX: never */
    bool ready;              /* a run could be claimed now */
    int64_t due_ms;          /* when the next delayed run is due */
    int64_t lapse_ms;        /* when the next lease lapses */
    int64_t schedule_due_ms; /* when the next schedule is due */
};
/* One statement that writes nothing: what a bot that has nothing to do looks at now and then.
 * `ready` is of these queues, none: of all. */
pin_status pin__store_peek(struct pin_store *s, const char *const *queues, size_t queue_count,
                           struct pin_peek *out, struct pin_err *err) PIN_MUST_USE;

/* For a run that lasts: when it began and where, for people. Not needed before finish. */
pin_status pin__store_start(struct pin_store *s, const struct pin_hold *hold, const char *worker,
                            int64_t now_ms, struct pin_err *err) PIN_MUST_USE;

enum pin_beat_answer { PIN_BEAT_ON, PIN_BEAT_CANCEL, PIN_BEAT_LOST };
/* Renews many leases; an answer for each: go on, stop it (somebody cancelled it), or it is gone. */
pin_status pin__store_beat(struct pin_store *s, const struct pin_hold *holds, size_t count,
                           int64_t lease_until_ms, enum pin_beat_answer *answers,
                           struct pin_err *err) PIN_MUST_USE;
/* How far it is, for people. */
pin_status pin__store_progress(struct pin_store *s, const struct pin_hold *hold, int64_t done,
                               int64_t total, const char *text, struct pin_err *err) PIN_MUST_USE;

struct pin_result {
    bool succeeded;
    bool cancelled;         /* it was stopped because somebody had cancelled it */
    const char *outcome;    /* a word: "succeeded", "threw", "timed-out", "crashed", ... */
    struct pin_bytes error; /* JSON; NULL unless it failed */
    const char *reason;     /* one line for the run's list of reasons; NULL: the outcome's word */
    bool no_retry;          /* the error said so */
    int64_t retry_after_ms; /* the error said when; 0: by the policy */
    const struct pin_retry *retry; /* NULL: never again */
    uint64_t random;               /* for the policy's jitter */
    int64_t started_ms, wall_us, cpu_us;
    uint64_t peak_heap_bytes;
    int exit_signal; /* 0: none */
    /* What was claimed, when the caller has it still: the end of a run that succeeded then need not
     * read it again, which saves a fifth of its cost. NULL: read it. */
    const struct pin_claim *claim;
};

struct pin_finished {
    enum pin_run_state state; /* SUCCEEDED, FAILED, CANCELLED, or DELAYED: it is tried again */
    int64_t due_ms;           /* when; undefined unless DELAYED */
};

/* The end of an attempt. Whether it is tried again is decided and written in the same transaction.
 * Ending a gated run lets the next one of its gate in; ending the last child ends the parent. */
pin_status pin__store_finish(struct pin_store *s, const struct pin_hold *hold,
                             const struct pin_result *result, int64_t now_ms,
                             struct pin_finished *out, struct pin_err *err) PIN_MUST_USE;
/* A deliberate stop: back in the queue, in front of its tenant's others, attempt not counted. */
pin_status pin__store_give_back(struct pin_store *s, const struct pin_hold *hold, int64_t now_ms,
                                struct pin_err *err) PIN_MUST_USE;
/* The attempt was lost from outside and the caller saw it ("worker killed by signal 9"): back in
 * the queue at once, or failed with every reason when that was the PIN_STORE_LOST_LIMIT-th time. */
pin_status pin__store_lose(struct pin_store *s, const struct pin_hold *hold, const char *reason,
                           int64_t now_ms, struct pin_finished *out,
                           struct pin_err *err) PIN_MUST_USE;

struct pin_rescue {
    int64_t now_ms;
    int64_t able_since_ms; /* since when the caller could write without being kept out. A lease that
                              lapsed before that lapsed while nobody could renew it: it is left
                              alone for PIN_STORE_SWEEP_MS more. The same holds when the clock was
                              set, or the machine slept */
    size_t limit;          /* at most so many; 0: 1000 */
};
/* Over, or so far ahead that the clock was put back since: whoever lives has renewed such a one. */
bool pin__store_has_lapsed(int64_t lease_until_ms, int64_t now_ms);
/* As pin__store_lose for every lease that has lapsed. *count: how many runs. */
pin_status pin__store_rescue(struct pin_store *s, const struct pin_rescue *rescue, size_t *count,
                             struct pin_err *err) PIN_MUST_USE;

/* A parent's next page of children, and where the one after begins, in one transaction; after the
 * last page (`done`) the parent waits for its children and the hold is over. A tenant with a
 * live child does not get another. *state: RUNNING, WAITING, or how the parent ended when
 * there was nothing to wait for. */
pin_status pin__store_fan_out(struct pin_store *s, const struct pin_hold *hold,
                              const struct pin_enqueue *children, size_t count, const char *cursor,
                              bool done, int64_t now_ms, enum pin_run_state *state,
                              struct pin_err *err) PIN_MUST_USE;

/* A run that does not run yet ends as cancelled, a waiting parent's children too; a running one is
 * marked and its holder told at the next beat. *state: what it is now. PIN_CONFLICT when it has
 * ended before, PIN_NOT_FOUND when there is no such run. */
pin_status pin__store_cancel(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                             enum pin_run_state *state, struct pin_err *err) PIN_MUST_USE;
#define PIN_STORE_REOPENED "put back in the queue" /* how such a reason ends */
/* A run that failed or was cancelled goes from the history back into the queue, due now, under the
 * same id: with its reasons, and with as many attempts as it had at first. A parent takes those of
 * its children along that failed or were cancelled, and goes on making the others where it had
 * stopped; a child whose parent has ended becomes a plain run. *state: what it is now (a parent
 * that has nothing to wait for has succeeded). PIN_CONFLICT when it is live or has succeeded,
 * PIN_NOT_FOUND when there is no such run; of two callers at once one is told PIN_OK. */
pin_status pin__store_retry(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                            enum pin_run_state *state, struct pin_err *err) PIN_MUST_USE;
/* A run that never was in the queue, written after the fact: with its result, in the history. */
pin_status pin__store_record(struct pin_store *s, const struct pin_enqueue *run,
                             const struct pin_result *result, const char *worker,
                             int64_t created_ms, int64_t finished_ms,
                             struct pin_err *err) PIN_MUST_USE;

/* --- what a run printed --- */

/* Adds to the run's console; what is more than PIN_STORE_OUTPUT_BYTES behind is dropped. */
pin_status pin__store_output_add(struct pin_store *s, const struct pin_run_id *id, int stream,
                                 struct pin_bytes bytes, int64_t now_ms,
                                 struct pin_err *err) PIN_MUST_USE;
struct pin_output {
    int64_t offset; /* of the first byte in all that the run printed: what is missing was dropped */
    int stream;
    int64_t at_ms;
    struct pin_bytes bytes; /* borrowed for the call */
};
/* From an offset on; to follow a live run, ask again from where the last piece ended. */
pin_status pin__store_output_read(struct pin_store *s, const struct pin_run_id *id, int64_t offset,
                                  pin_status (*each)(void *context, const struct pin_output *piece,
                                                     struct pin_err *err),
                                  void *context, struct pin_err *err) PIN_MUST_USE;

/* --- schedules and occurrences --- */

enum pin_missed { PIN_MISSED_LATEST, PIN_MISSED_ALL, PIN_MISSED_SKIP };
enum pin_overlap { PIN_OVERLAP_SKIP, PIN_OVERLAP_QUEUE, PIN_OVERLAP_ALLOW };

struct pin_schedule_row {
    const char *id; /* pin__schedule_id; set by the store, ignored by reconcile */
    const char *job;
    const char *cron;
    const char *time_zone; /* NULL: the project's */
    bool by_tenant;        /* for the tenants of that zone only; NULL: those that name none */
    const char *args;      /* JSON array; NULL means [] */
    enum pin_missed missed;
    enum pin_overlap overlap;
    int64_t next_due_ms; /* INT64_MAX: never */
    int64_t
        evaluated_ms;   /* everything due up to here has an occurrence row; ignored by reconcile */
    bool paused;        /* ignored by reconcile */
    int64_t paused_ms;  /* since when; 0: it is not */
    int64_t created_ms; /* since when the store knows it; ignored by reconcile */
    bool live;          /* a run of it has not ended; ignored by reconcile */
};

#define PIN_SCHEDULE_ID_SIZE 320
/* "job#0123456789abcdef", for the tenants of a zone "job#0123456789abcdef@Europe/Paris": the same
 * job, line, zone and arguments are the same schedule. */
void pin__schedule_id(const struct pin_schedule_row *row, char out[PIN_SCHEDULE_ID_SIZE]);

enum pin_diff { PIN_DIFF_ADDED, PIN_DIFF_CHANGED, PIN_DIFF_REMOVED };
struct pin_reconcile {
    const struct pin_schedule_row *rows; /* what the project says */
    size_t count;
    const char *const *kept_jobs; /* whose schedules stay as they are: the job is broken now */
    size_t kept_count;
    int64_t now_ms;
    void (*diff)(void *context, enum pin_diff what, const struct pin_schedule_row *row);
    void *context; /* of diff, which may be NULL */
};
#define PIN_SCHEDULE_AHEAD_MS ((int64_t)24 * 60 * 60 * 1000)
/* Makes the schedules what the project says, and tells each difference. A new one owes nothing for
 * times before `now_ms`; it begins paused when all that its job had were, or when it replaces one
 * that was and nothing else of the job changed. One that is due stays due; of the others the next
 * due time becomes the given one. One that never was due again, or was evaluated further ahead of
 * `now_ms` than PIN_SCHEDULE_AHEAD_MS (the clock was wrong), begins anew at `now_ms`. */
pin_status pin__store_reconcile(struct pin_store *s, const struct pin_reconcile *r,
                                struct pin_err *err) PIN_MUST_USE;
/* Calls `each` for every schedule whose next due time is not after `until_ms` (INT64_MAX: all),
 * the earliest first. The rows live in the arena. */
pin_status pin__store_schedules(struct pin_store *s, int64_t until_ms, size_t limit,
                                struct pin_arena *arena, struct pin_schedule_row **rows,
                                size_t *count, struct pin_err *err) PIN_MUST_USE;
/* In the batch that makes the occurrences. Never goes back; PIN_LOST when somebody else has gone as
 * far already, or the schedule is gone. With the evaluated_ms that the row has, only a later next
 * due time is taken. */
pin_status pin__store_schedule_advance(struct pin_store *s, const char *id, int64_t evaluated_ms,
                                       int64_t next_due_ms, struct pin_err *err) PIN_MUST_USE;
/* A schedule's id, or a job's name for all of its own. PIN_NOT_FOUND. */
pin_status pin__store_schedule_pause(struct pin_store *s, const char *name, bool paused,
                                     int64_t now_ms, size_t *count,
                                     struct pin_err *err) PIN_MUST_USE;

enum pin_occurrence_result { /* the numbers are in databases */
                             PIN_OCCURRENCE_RAN = 0,
                             PIN_OCCURRENCE_LATE = 1,
                             PIN_OCCURRENCE_SKIPPED_OVERLAP = 2,
                             PIN_OCCURRENCE_MISSED = 3,
                             PIN_OCCURRENCE_PAUSED = 4,
                             PIN_OCCURRENCE_FAILED_TO_START = 5,
                             PIN_OCCURRENCE_RESULT_COUNT
};
const char *pin__occurrence_result_name(enum pin_occurrence_result result);

struct pin_occurrence {
    const char *schedule;
    int64_t due_ms;
    const char *tenant; /* NULL: none */
    enum pin_occurrence_result result;
    const char *reason; /* in words; NULL: nothing to say */
    bool has_run;
    struct pin_run_id run;
    int64_t at_ms; /* when this was decided */
};
/* One that has no run, or a better word for one that has (LATE). PIN_CONFLICT when there is another
 * row already and this one has no run: the first stays. */
pin_status pin__store_occurrence(struct pin_store *s, const struct pin_occurrence *o,
                                 struct pin_err *err) PIN_MUST_USE;
/* Of one schedule, due in [from, to), the latest first. */
pin_status pin__store_occurrences(struct pin_store *s, const char *schedule, int64_t from_ms,
                                  int64_t to_ms, size_t limit,
                                  pin_status (*each)(void *context, const struct pin_occurrence *o,
                                                     struct pin_err *err),
                                  void *context, struct pin_err *err) PIN_MUST_USE;
struct pin_live_run {
    struct pin_run_id id;
    enum pin_run_state state;
    int64_t scheduled_for_ms;
};
/* The oldest run of the schedule that has not ended: for overlap. PIN_EMPTY when there is none. */
pin_status pin__store_schedule_live(struct pin_store *s, const char *schedule,
                                    struct pin_live_run *out, struct pin_err *err) PIN_MUST_USE;

/* --- bots --- */

#define PIN_BOT_GONE_MS ((int64_t)3 * 60 * 1000) /* without a tick so long it is taken for gone */

struct pin_bot_row {
    const char *name; /* "host:pid" */
    int64_t started_ms, tick_ms;
    const char *queues; /* "mail,default"; NULL: all */
};
/* Says that this bot lives; makes its row. pin__store_prune forgets those that are gone. */
pin_status pin__store_bot_tick(struct pin_store *s, const struct pin_bot_row *bot,
                               struct pin_err *err) PIN_MUST_USE;
/* It leaves in order. */
pin_status pin__store_bot_leave(struct pin_store *s, const char *name,
                                struct pin_err *err) PIN_MUST_USE;
/* Those that ticked at or after `since_ms`, by name; the rows live in the arena. */
pin_status pin__store_bots(struct pin_store *s, int64_t since_ms, struct pin_arena *arena,
                           struct pin_bot_row **rows, size_t *count,
                           struct pin_err *err) PIN_MUST_USE;

/* --- looking --- */

struct pin_run_row { /* borrowed for the call */
    struct pin_run_id id;
    const char *job, *tenant, *queue, *worker, *schedule, *key;
    struct pin_bytes args, params;
    enum pin_run_state state;
    int priority, attempt, attempt_limit, lost;
    int64_t due_ms, created_ms;
    int64_t started_ms, finished_ms; /* 0: not yet */
    bool has_parent;
    struct pin_run_id parent;
    enum pin_role role;
    int64_t scheduled_for_ms; /* undefined unless schedule */
    enum pin_trigger trigger;
    const char *outcome;      /* NULL unless it has ended */
    struct pin_bytes error;   /* NULL: none */
    struct pin_bytes reasons; /* JSON array of {attempt, at, reason}; NULL: none */
    const char *progress;     /* JSON {done, total, text}; NULL: none */
    int64_t wall_us, cpu_us, peak_heap_bytes;
    int exit_signal;
};

struct pin_run_filter { /* zeros: every run */
    const char *job, *tenant;
    bool has_state;
    enum pin_run_state state;
    bool live;        /* only those that have not ended; no meaning with a state */
    int64_t since_ms; /* created not before */
    int64_t until_ms; /* created before; 0: no end */
    const char *text; /* in arguments or error, ASCII case aside */
    const char *schedule;
    const struct pin_run_id *parent; /* its children */
    const struct pin_run_id *before; /* the cursor: the last id of the page before; NULL: newest */
    size_t limit;                    /* 0: 50 */
};

/* The newest first, live and finished ones together. */
pin_status pin__store_list(struct pin_store *s, const struct pin_run_filter *filter,
                           pin_status (*each)(void *context, const struct pin_run_row *row,
                                              struct pin_err *err),
                           void *context, struct pin_err *err) PIN_MUST_USE;
/* Calls `each` once; PIN_NOT_FOUND when there is no such run. */
pin_status pin__store_show(struct pin_store *s, const struct pin_run_id *id,
                           pin_status (*each)(void *context, const struct pin_run_row *row,
                                              struct pin_err *err),
                           void *context, struct pin_err *err) PIN_MUST_USE;
/* How many by state; before and limit have no meaning here. */
pin_status pin__store_count(struct pin_store *s, const struct pin_run_filter *filter,
                            int64_t counts[PIN_RUN_STATE_COUNT], struct pin_err *err) PIN_MUST_USE;

/* --- how much waits --- */

#define PIN_GAUGE_QUEUES_MAX 64
#define PIN_GAUGE_QUEUED_MAX 10000 /* of a queue that are counted: this many or more */
#define PIN_GAUGE_OTHERS_MAX 1000  /* the same in each other state, over all queues */

struct pin_queue_gauge {
    const char *queue;
    int64_t
        counts[PIN_RUN_STATE_COUNT]; /* QUEUED, DELAYED, RUNNING, HELD; others have no meaning */
    int64_t oldest_due_ms; /* of those that are due and may be claimed; INT64_MAX: there are none */
};
struct pin_gauges {
    struct pin_queue_gauge queues[PIN_GAUGE_QUEUES_MAX];
    size_t queue_count;
    int64_t schedule_due_ms; /* the earliest of the schedules; INT64_MAX: never */
    int64_t bot_tick_ms;     /* the latest of the bots; 0: there is none */
};
/* For who watches: its cost has a bound however much there is, hence those above. It reads and
 * never waits. Which run is the oldest is as good as certain, not certain: it is looked for among
 * those that are next. Texts live in the arena. */
pin_status pin__store_gauges(struct pin_store *s, int64_t now_ms, struct pin_arena *arena,
                             struct pin_gauges *out, struct pin_err *err) PIN_MUST_USE;

struct pin_prune {
    int64_t before_ms; /* runs that were made and ended before this, occurrences due before it */
    const char *job;   /* NULL: of every job */
    bool has_state;
    enum pin_run_state state;
    int64_t now_ms; /* forgotten keys */
    size_t limit;   /* runs at most: one short transaction; 0: 1000 */
    bool dry_run;   /* only count, all of them */
};
/* *count: runs; *more: there is more to do, call again when others have had their turn. */
pin_status pin__store_prune(struct pin_store *s, const struct pin_prune *prune, size_t *count,
                            bool *more, struct pin_err *err) PIN_MUST_USE;

#endif

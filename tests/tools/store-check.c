/* store-check.c - for tests: what must hold in a store whatever was killed, and questions to it.
 *
 *   store-check FILE [--now MS]      checks the invariants; a line for each breach, exit code 1.
 *                                    --now: also that no lease lapsed longer ago than a sweep
 *   store-check FILE audit [TABLE]   from now on every change of every run is written down, in the
 *                                    same transaction, and checked as well: what followed what, and
 *                                    tokens that grow. TABLE: a log of the project's jobs; how far
 *                                    it was is noted with each change
 *   store-check FILE sql TEXT        executes one statement, prints its rows with tabs between
 *   store-check FILE true TEXT       exit code 1 when it gives nothing, NULL, 0 or ''
 *   store-check FILE until S TEXT    waits until the first value of the statement is neither NULL,
 *                                    0 nor empty, S seconds at most; prints the row
 *
 * What it asks, and TEXT may ask too, are views: `live` has a row for each run that has not ended,
 * as its holder sees it, `ended` one for each that has, `runs` those of both, `due` one for each
 * due time of a schedule. They, the rules of the two narrow tables and the audit are all that knows
 * how the SQLite driver keeps its runs (store/store_sqlite.c).
 */
#include "base/clock.h"
#include "base/err.h"
#include "database/session.h"
#include "database/sql.h"
#include "store/state.h"
#include "store/store.h"

enum { SHOWN_MAX = 5, UNTIL_EVERY_MS = 5, STATEMENT_BYTES = 8 << 10 };

static struct {
    struct pin_session *session;
    struct pin_err err;
    size_t breaches;
} test;

static void
check(pin_status st, const char *what)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "store-check: %s: %s\n", what, test.err.message);
    exit(2);
}

/* ---- rows ---- */

static void
print_value(const struct pin_value *v)
{
    switch (v->type) {
    case PIN_VALUE_NULL:
        break;
    case PIN_VALUE_INTEGER:
        printf("%lld", (long long)v->integer);
        break;
    case PIN_VALUE_REAL:
        printf("%g", v->real);
        break;
    case PIN_VALUE_TEXT:
        fwrite(v->bytes.data, 1, v->bytes.size, stdout);
        break;
    case PIN_VALUE_BLOB:
        for (size_t i = 0; i < v->bytes.size; i++)
            printf("%02x", (unsigned char)v->bytes.data[i]);
        break;
    }
}

static void
print_row(const struct pin_sql *q)
{
    for (size_t i = 0; i < q->columns; i++) {
        if (i)
            putchar('\t');
        print_value(&q->row[i]);
    }
    putchar('\n');
}

static int64_t
number(const char *sql)
{
    int64_t n = 0;
    pin_status st = pin__sql_integer(test.session, sql, NULL, 0, &n, &test.err);

    if (st != PIN_EMPTY)
        check(st, sql);
    return n;
}

/* ---- what must hold ---- */

static const char *const views[] = {
    "create temp view live as select r.id, job, tenant, queue, priority,"
    " iif(c.run is null, r.state, 2) as state, coalesce(c.token, r.token) as token,"
    " attempt + (c.run is not null) as attempt, attemptLimit, lost, c.leaseUntil,"
    " coalesce(c.worker, r.worker) as worker, r.gate, gateLimit, parent, role, schedule,"
    " scheduledFor, dueAt, args, reasons, cancelRequested"
    " from pinstripe_runs r left join pinstripe_claims c on c.run = r.id",
    "create temp view ended as select * from pinstripe_runHistory",
    "create temp view runs as select id, job, tenant, state, attempt, attemptLimit, lost, parent,"
    " role, schedule, scheduledFor, args, reasons, worker from live union all select id, job,"
    " tenant, state, attempt, attemptLimit, lost, parent, role, schedule, scheduledFor, args,"
    " reasons, worker from ended",
    "create temp view due as select * from pinstripe_occurrences",
};

static const struct rule {
    const char *says, *sql; /* which gives a row for each breach */
} rules[] = {
    { "I2: a run lives or has ended, not both", "select id from live join ended using (id)" },
    { "I2: a run that lives is delayed, queued, running, held or waiting",
      "select id, state from live where state not between 0 and 4" },
    { "I2: one that has ended succeeded, failed or was cancelled",
      "select id, state from ended where state not between 5 and 7" },
    { "I2: what is due can be claimed or is claimed, and nothing else can or is",
      "select id, state, ready, claimed from (select id, state, id in (select run from"
      " pinstripe_ready) as ready, id in (select run from pinstripe_claims) as claimed"
      " from pinstripe_runs) where (state = 1) <> (ready + claimed)" },
    { "I2: who can be claimed, or is, is a run that lives, with its token",
      "select run from (select run, token from pinstripe_ready union all select run, token - 1"
      " from pinstripe_claims) where not exists (select 1 from pinstripe_runs r where r.id = run"
      " and r.token = token)" },
    { "I6: no more attempts than the limit, beside 3 that were lost",
      "select id, attempt, attemptLimit, lost from runs"
      " where attempt - lost > attemptLimit or lost > 3" },
    { "I7: one run for each schedule, due time and tenant",
      "select schedule, scheduledFor, tenant, count(*) from runs where schedule is not null"
      " group by 1, 2, 3 having count(*) > 1" },
    { "I7: every run of a schedule stands in the row of its due time",
      "select r.id, r.schedule, r.scheduledFor from runs r left join due d on d.schedule ="
      " r.schedule and d.dueAt = r.scheduledFor and d.run = r.id where r.schedule is not null"
      " and d.run is null" },
    { "I7: a due time that was run has its run",
      "select schedule, dueAt from due where result in (0, 1)"
      " and (run is null or run not in (select id from runs))" },
    { "a gate has no more inside than it lets in",
      "select gate, sum(state in (2, 4)), max(gateLimit) from live where gate is not null"
      " group by gate having sum(state in (2, 4)) > max(gateLimit)" },
    { "who is held waits for somebody",
      "select id, gate from live h where state = 3 and not exists (select 1 from live o"
      " where o.gate = h.gate and o.state in (1, 2, 4))" },
    { "a parent that waits has a child that lives",
      "select id from live p where state = 4"
      " and not exists (select 1 from live c where c.parent = p.id and c.role = 2)" },
    { "the parent of a child that lives has not ended",
      "select id, parent from live where role = 2 and parent not in (select id from live)" },
    { "one child for each parent and tenant", "select parent, tenant, count(*) from runs where "
                                              "role = 2 group by 1, 2 having count(*) > 1" },
    { "I8: the file is whole",
      "select integrity_check from pragma_integrity_check where integrity_check <> 'ok'" },
};

static void
breach(const char *says)
{
    printf("broken: %s: ", says);
    test.breaches++;
}

static void
check_rule(const char *says, const char *sql)
{
    struct pin_sql q;
    size_t shown = 0;
    pin_status st;

    check(pin__sql_start(&q, test.session, sql, NULL, 0, &test.err), says);
    while ((st = pin__sql_step(&q, &test.err)) == PIN_OK && shown++ < SHOWN_MAX) {
        breach(says);
        print_row(&q);
    }
    if (st != PIN_EMPTY)
        check(st, says);
    pin__sql_end(&q);
}

static void
check_leases(const char *now)
{
    char sql[1024];

    snprintf(sql, sizeof sql, "select id, worker, leaseUntil from live where leaseUntil < %lld",
             strtoll(now, NULL, 10) - PIN_STORE_SWEEP_MS);
    check_rule("I5: a lease that lapsed is taken back within a sweep", sql);
}

/* ---- the audit: a row for each change of a run ---- */

#define NOTE                                                                                       \
    " begin insert into pinstripe_audit (run, what, state, token, attempt, lost, worker, seen)"
#define CLAIMED "exists (select 1 from pinstripe_claims where run = new.id and token > new.token)"

/* %s: how far the log of the jobs is. */
static const char *const audit[] = {
    "create table pinstripe_audit (n integer primary key, run blob not null, what text not null,"
    " state integer not null, token integer, attempt integer not null, lost integer not null,"
    " worker text, seen integer not null)",
    "create index pinstripe_auditRuns on pinstripe_audit (run, n)",
    "create trigger pinstripe_auditMade after insert on pinstripe_runs" NOTE
    " values (new.id, 'made', new.state, new.token, new.attempt, new.lost, null, %s); end",
    "create trigger pinstripe_auditClaimed after insert on pinstripe_claims" NOTE
    " select id, 'claimed', 2, new.token, attempt + 1, lost, new.worker, %s"
    " from pinstripe_runs where id = new.run; end",
    "create trigger pinstripe_auditMoved after update on pinstripe_runs when old.state <> new.state"
    " or old.token <> new.token or old.lost <> new.lost" NOTE " values (new.id, 'moved',"
    " iif(" CLAIMED ", 2, new.state), iif(" CLAIMED ", null, new.token),"
    " new.attempt + " CLAIMED ", new.lost, null, %s); end",
    "create trigger pinstripe_auditEnded after insert on pinstripe_runHistory" NOTE
    " values (new.id, 'ended', new.state, null, new.attempt, new.lost, new.worker, %s); end",
};

static bool
has_table(const char *name)
{
    char sql[256];

    snprintf(sql, sizeof sql, "select count(*) from sqlite_schema where name = '%s'", name);
    return number(sql) > 0;
}

static int
begin_audit(const char *table)
{
    char seen[256] = "0", sql[STATEMENT_BYTES];

    if (has_table("pinstripe_audit"))
        return 0;
    if (table)
        snprintf(seen, sizeof seen, "(select coalesce(max(_id), 0) from \"%s\")", table);
    for (size_t i = 0; i < sizeof audit / sizeof *audit; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(sql, sizeof sql, audit[i], seen);
#pragma GCC diagnostic pop
        check(pin__sql_run(test.session, sql, NULL, 0, NULL, &test.err), sql);
    }
    return 0;
}

struct change {
    char run[33];
    const char *what; /* "made", "claimed", "moved", "ended" */
    enum pin_run_state state;
    bool has_token;
    int64_t token, attempt, lost;
};

static bool
may_follow(enum pin_run_state from, enum pin_run_state to)
{
    for (int event = 0; event < PIN_RUN_EVENT_COUNT; event++)
        if (pin__run_may(from, (enum pin_run_event)event) &&
            pin__run_next(from, (enum pin_run_event)event) == to)
            return true;
    return false;
}

static bool
is_claim(const struct change *was, const struct change *is)
{
    return is->state == PIN_RUN_RUNNING && was->state != PIN_RUN_RUNNING;
}

/* What is wrong with `is` after `was`; NULL: nothing. */
static const char *
judge(const struct change *was, const struct change *is)
{
    bool counts_loss =
        was->state == PIN_RUN_RUNNING && is->state == was->state && is->lost == was->lost + 1;

    if (counts_loss)
        return NULL;
    if (!may_follow(was->state, is->state))
        return pin__run_is_final(was->state) ? "P4: a run that has ended stays as it is"
                                             : "I2: only what may follow follows";
    if (is_claim(was, is) && is->token <= was->token)
        return "I3: a claim has a higher token than any before";
    if (is_claim(was, is) && is->attempt != was->attempt + 1)
        return "P5: each claim counts an attempt";
    if (is->has_token && !is_claim(was, is) && is->token != was->token)
        return "I4: nobody but a claim makes a token";
    return NULL;
}

static void
show_breach(const char *says, const struct change *was, const struct change *is)
{
    breach(says);
    printf("%s: %s token %lld attempt %lld lost %lld, then %s %s token %lld attempt %lld lost"
           " %lld\n",
           is->run, pin__run_state_name(was->state), (long long)was->token, (long long)was->attempt,
           (long long)was->lost, is->what, pin__run_state_name(is->state), (long long)is->token,
           (long long)is->attempt, (long long)is->lost);
}

static void
read_change(const struct pin_value *row, struct change *out)
{
    static const char *const words[] = { "made", "claimed", "moved", "ended" };

    *out = (struct change){ .state = (enum pin_run_state)row[2].integer,
                            .has_token = row[3].type == PIN_VALUE_INTEGER,
                            .attempt = row[4].integer,
                            .lost = row[5].integer };
    snprintf(out->run, sizeof out->run, "%s", row[0].bytes.data);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(row[1].bytes.data, words[i]) == 0)
            out->what = words[i];
    if (out->has_token)
        out->token = row[3].integer;
}

static void
check_audit(void)
{
    struct change was = { .run = "" }, is;
    const char *wrong;
    struct pin_sql q;
    pin_status st;

    check(pin__sql_start(&q, test.session,
                         "select hex(run), what, state, token, attempt, lost from pinstripe_audit"
                         " order by run, n",
                         NULL, 0, &test.err),
          "the audit");
    while ((st = pin__sql_step(&q, &test.err)) == PIN_OK) {
        read_change(q.row, &is);
        if (strcmp(was.run, is.run) != 0) /* its first; one that was called is only ended */
            wrong = strcmp(is.what, "made") && strcmp(is.what, "ended")
                        ? "I2: a run begins by being made"
                        : NULL;
        else if ((wrong = judge(&was, &is)) == NULL && !is.has_token)
            is.token = was.token;
        if (wrong && test.breaches < SHOWN_MAX)
            show_breach(wrong, &was, &is);
        was = is;
    }
    if (st != PIN_EMPTY)
        check(st, "the audit");
    pin__sql_end(&q);
}

static int
check_all(const char *now)
{
    bool audited = has_table("pinstripe_audit");

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        check_rule(rules[i].says, rules[i].sql);
    if (now)
        check_leases(now);
    if (audited)
        check_audit();
    printf("%s: %lld live, %lld ended, %lld due times, %lld changes\n",
           test.breaches ? "broken" : "ok", (long long)number("select count(*) from live"),
           (long long)number("select count(*) from ended"),
           (long long)number("select count(*) from due"),
           audited ? (long long)number("select count(*) from pinstripe_audit") : 0);
    return test.breaches > 0;
}

/* ---- questions ---- */

static int
run_sql(const char *sql)
{
    struct pin_sql q;
    pin_status st;

    check(pin__sql_start(&q, test.session, sql, NULL, 0, &test.err), sql);
    while ((st = pin__sql_step(&q, &test.err)) == PIN_OK)
        print_row(&q);
    if (st != PIN_EMPTY)
        check(st, sql);
    pin__sql_end(&q);
    return 0;
}

static bool
is_true(const struct pin_value *v)
{
    switch (v->type) {
    case PIN_VALUE_NULL:
        return false;
    case PIN_VALUE_INTEGER:
        return v->integer != 0;
    case PIN_VALUE_REAL:
        return v->real != 0;
    default:
        return v->bytes.size > 0;
    }
}

static bool
holds(const char *sql, bool print)
{
    struct pin_sql q;
    bool yes;

    check(pin__sql_start(&q, test.session, sql, NULL, 0, &test.err), sql);
    yes = pin__sql_step(&q, &test.err) == PIN_OK && is_true(&q.row[0]);
    if (yes && print)
        print_row(&q);
    pin__sql_end(&q);
    return yes;
}

static int
wait_until(const char *seconds, const char *sql)
{
    struct pin_mono end = pin__clock_after_ms(pin__clock_mono(), strtoll(seconds, NULL, 10) * 1000);

    do {
        if (holds(sql, true))
            return 0;
        pin__clock_sleep_ms(UNTIL_EVERY_MS);
    } while (pin__clock_until_ms(end) > 0);
    fprintf(stderr, "store-check: not within %s s: %s\n", seconds, sql);
    return 1;
}

static int
usage(void)
{
    fprintf(stderr, "usage: store-check FILE [--now MS | audit [TABLE] | sql TEXT | true TEXT | "
                    "until S TEXT]\n");
    return 2;
}

int
main(int argc, char **argv)
{
    struct pin_session_config config = { .filename = argc > 1 ? argv[1] : "",
                                         .busy_ms = PIN_BUSY_MS_DEFAULT,
                                         .must_exist = true };
    const char *word = argc > 2 ? argv[2] : "";
    int code;

    if (argc < 2)
        return usage();
    check(pin__session_open(&test.session, &config, &test.err), "open");
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        check(pin__sql_run(test.session, views[i], NULL, 0, NULL, &test.err), views[i]);
    if (argc == 2)
        code = check_all(NULL);
    else if (argc == 4 && strcmp(word, "--now") == 0)
        code = check_all(argv[3]);
    else if (argc <= 4 && strcmp(word, "audit") == 0)
        code = begin_audit(argc == 4 ? argv[3] : NULL);
    else if (argc == 4 && strcmp(word, "sql") == 0)
        code = run_sql(argv[3]);
    else if (argc == 4 && strcmp(word, "true") == 0)
        code = !holds(argv[3], false);
    else if (argc == 5 && strcmp(word, "until") == 0)
        code = wait_until(argv[3], argv[4]);
    else
        code = usage();
    pin__session_close(test.session);
    return code;
}

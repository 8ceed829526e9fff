/* pinstripe/job.h - a background job in C: one file in lib/background_jobs/, this header, no
 * library to link.
 *
 *     #include <pinstripe/job.h>
 *
 *     static void
 *     run(pin_workspace *w)
 *     {
 *         pin_rows *due = pin_table(w, "notifications");
 *
 *         pin_where(due, "sent", false);
 *         for (pin_row *row; (row = pin_next(due)) != NULL;) {
 *             pin_set(row, "sent", true);
 *             pin_save(row);
 *         }
 *     }
 *
 *     PIN_BACKGROUND_JOB(.meta = PIN_META(PIN_SCHEDULE("0 * * * *")), .run = run)
 *
 * Errors stay: the first one that a function of this header meets is the run's error, everything
 * after it does nothing and gives false, NULL or zero, and the run fails with its sentence. A job
 * that can go on looks with pin_error and takes it back with pin_forgive.
 *
 * Memory: what a function here gives belongs to the run and dies with it, unless its comment says
 * that it goes earlier. A run is a process of its own: static variables are as the file says, and
 * nothing of one run is there in the next. What is printed to stdout and stderr is the run's
 * output.
 *
 * The functions are for the thread that run() is on, and for no other process than the run's.
 *
 * Values are int, int64_t, double, bool or const char * (UTF-8, copied; NULL is SQL's NULL).
 */
#ifndef PINSTRIPE_JOB_H
#define PINSTRIPE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIN_JOB_ABI 2 /* a host runs jobs of its own number and of those below it */

typedef struct pin_workspace pin_workspace; /* what one run sees */
typedef struct pin_rows pin_rows;           /* a query on one table, and reading it */
typedef struct pin_row pin_row;             /* one row: read, or new */
typedef struct pin_json pin_json;           /* a JSON value; NULL: there is none */

/* ---- the definition ---- */

struct pin_declaration { /* one call of a verb of meta(), by its name in JavaScript */
    const char *verb;
    const char *text; /* its first argument as it is; NULL: none */
    const char *json; /* further arguments, a JSON array; NULL: none */
};

#define PIN_DECLARE(verb, text, json, ...)                                                         \
    {                                                                                              \
        verb, text, json                                                                           \
    }
/* Cron line, then the arguments of its runs as a JSON array, if any. */
#define PIN_SCHEDULE(...) PIN_DECLARE("schedule", __VA_ARGS__, NULL, NULL)
/* {"cron":"...","timeZone":"...","missed":"all","overlap":"queue"}, as schedule() takes it. */
#define PIN_SCHEDULE_WITH(options)                                                                 \
    {                                                                                              \
        "schedule", NULL, "[" options "]"                                                          \
    }
#define PIN_TIMEOUT(duration)                                                                      \
    {                                                                                              \
        "timeout", duration, NULL                                                                  \
    } /* "5m" */
#define PIN_MEMORY(bytes)                                                                          \
    {                                                                                              \
        "memory", bytes, NULL                                                                      \
    } /* "64MB" */
#define PIN_RETRY(limit)                                                                           \
    {                                                                                              \
        "retry", NULL, "[" #limit "]"                                                              \
    }
#define PIN_RETRY_WITH(options)                                                                    \
    {                                                                                              \
        "retry", NULL, "[" options "]"                                                             \
    }
#define PIN_QUEUE(name)                                                                            \
    {                                                                                              \
        "queue", name, NULL                                                                        \
    }
#define PIN_PRIORITY(number)                                                                       \
    {                                                                                              \
        "priority", NULL, "[" #number "]"                                                          \
    }
#define PIN_CONCURRENCY(options)                                                                   \
    {                                                                                              \
        "concurrency", NULL, "[" options "]"                                                       \
    }
#define PIN_UNIQUE(duration)                                                                       \
    {                                                                                              \
        "unique", duration, NULL                                                                   \
    }
#define PIN_META(...)                                                                              \
    (const struct pin_declaration[])                                                               \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, NULL, NULL                                                                       \
        }                                                                                          \
    }

struct pin_background_job {
    uint32_t abi;                       /* PIN_BACKGROUND_JOB fills it in */
    uint32_t size;                      /* of this struct, as well */
    const struct pin_declaration *meta; /* ended by one without a verb; NULL: nothing */
    int multi_tenant;                   /* 0: not said; true; -1: never */
    const char *tenants_filter;         /* what tenants.where() takes, JSON; NULL: every tenant */
    void (*run)(pin_workspace *w);
};

#define PIN_BACKGROUND_JOB(...)                                                                    \
    __attribute__((visibility("default"))) const struct pin_background_job pin_background_job = {  \
        .abi = PIN_JOB_ABI, .size = sizeof(struct pin_background_job), __VA_ARGS__                 \
    };

/* The same of a function of a program that has pinstripe as its library (<pinstripe/pinstripe.h>):
 *     static const struct pin_background_job charge_card = PIN_HOST_JOB(.run = charge);
 */
#define PIN_HOST_JOB(...)                                                                          \
    {                                                                                              \
        .abi = PIN_JOB_ABI, .size = sizeof(struct pin_background_job), __VA_ARGS__                 \
    }

/* ---- what the host hands over; use the functions below ---- */

enum pin_cell_kind { PIN_CELL_NULL, PIN_CELL_INTEGER, PIN_CELL_REAL, PIN_CELL_TEXT };

typedef struct pin_cell {
    enum pin_cell_kind kind;
    int64_t integer;
    double real;
    const char *text;
} pin_cell;

struct pin_job_host { /* grows at its end only */
    const pin_json *(*args)(pin_workspace *w);
    const pin_json *(*params)(pin_workspace *w);
    const char *(*tenant_id)(pin_workspace *w);
    const char *(*tenant_name)(pin_workspace *w);
    const char *(*run_id)(pin_workspace *w);
    int (*attempt)(pin_workspace *w);
    const pin_json *(*value_at)(const pin_json *value, size_t index);
    const pin_json *(*value_get)(const pin_json *value, const char *key);
    size_t (*value_size)(const pin_json *value);
    const char *(*value_text)(const pin_json *value, const char *otherwise);
    int64_t (*value_integer)(const pin_json *value, int64_t otherwise);
    double (*value_number)(const pin_json *value, double otherwise);
    bool (*value_boolean)(const pin_json *value, bool otherwise);
    void (*fail)(pin_workspace *w, const char *message);
    const char *(*error)(pin_workspace *w);
    void (*forgive)(pin_workspace *w);
    void *(*alloc)(pin_workspace *w, size_t size);
    void (*progress)(pin_workspace *w, int64_t done, int64_t total, const char *text);
    bool (*call)(pin_workspace *w, const char *name, const char *args);
    const char *(*enqueue)(pin_workspace *w, const char *name, const char *args,
                           const char *options);
    bool (*begin)(pin_workspace *w);
    bool (*commit)(pin_workspace *w);
    void (*rollback)(pin_workspace *w);
    pin_rows *(*table)(pin_workspace *w, const char *name);
    void (*where)(pin_rows *rows, const char *key, pin_cell value);
    void (*order)(pin_rows *rows, const char *column, bool descending);
    void (*limit)(pin_rows *rows, int64_t limit);
    void (*offset)(pin_rows *rows, int64_t offset);
    pin_row *(*next)(pin_rows *rows);
    int64_t (*count)(pin_rows *rows);
    int64_t (*remove_all)(pin_rows *rows);
    pin_row *(*new_row)(pin_workspace *w, const char *table);
    pin_cell (*cell)(const pin_row *row, const char *column);
    void (*set)(pin_row *row, const char *column, pin_cell value);
    bool (*save)(pin_row *row);
    bool (*remove)(pin_row *row);
    bool (*is_cancelled)(pin_workspace *w); /* 2 */
    /* As cell; `column` is a string constant, which a row knows again by its address. */
    pin_cell (*constant)(const pin_row *row, const char *column);
};

union pin_row_value {
    int64_t integer;
    double real;
    const char *text;
};

struct pin_workspace { /* begins with this; the rest is the host's */
    const struct pin_job_host *host;
    bool failed; /* it has an error */
};
struct pin_rows {
    pin_workspace *workspace;
};
struct pin_row { /* of what was read, so that a column costs no call; for the functions below */
    pin_workspace *workspace;
    const char *const *constants; /* by which each column was asked for last; NULL: ask the host */
    const union pin_row_value *values;
    const unsigned char *kinds; /* enum pin_cell_kind; what is beyond is NULL to a job */
    unsigned count, asked;      /* columns; the one that was asked for last */
};

static inline pin_cell
pin_cell_of_integer(int64_t v)
{
    pin_cell c = { PIN_CELL_INTEGER, v, 0, NULL };
    return c;
}
static inline pin_cell
pin_cell_of_real(double v)
{
    pin_cell c = { PIN_CELL_REAL, 0, v, NULL };
    return c;
}
static inline pin_cell
pin_cell_of_text(const char *v)
{
    pin_cell c = { v ? PIN_CELL_TEXT : PIN_CELL_NULL, 0, 0, v };
    return c;
}
#define pin_cell_of(v)                                                                             \
    _Generic((v), char *: pin_cell_of_text, const char *: pin_cell_of_text,                        \
             float: pin_cell_of_real, double: pin_cell_of_real, default: pin_cell_of_integer)(v)

/* ---- what the run was given ---- */

/* Argument `i` of run(...args), counted from 0; NULL when it was not given. */
static inline const pin_json *
pin_arg(pin_workspace *w, size_t i)
{
    return w->host->value_at(w->host->args(w), i);
}
static inline size_t
pin_arg_count(pin_workspace *w)
{
    return w->host->value_size(w->host->args(w));
}
/* A parameter of the workspace, as this.params has it; NULL when there is none. */
static inline const pin_json *
pin_param(pin_workspace *w, const char *name)
{
    return w->host->value_get(w->host->params(w), name);
}
/* Of the tenant whose run it is; NULL: none. */
static inline const char *
pin_tenant_id(pin_workspace *w)
{
    return w->host->tenant_id(w);
}
static inline const char *
pin_tenant_name(pin_workspace *w)
{
    return w->host->tenant_name(w);
}
static inline const char *
pin_run_id(pin_workspace *w)
{
    return w->host->run_id(w);
}
/* 1 for the first. */
static inline int
pin_attempt(pin_workspace *w)
{
    return w->host->attempt(w);
}

/* JSON values. `otherwise` is what a value of another type, or none, gives. */
static inline const char *
pin_json_text(pin_workspace *w, const pin_json *v, const char *otherwise)
{
    return w->host->value_text(v, otherwise);
}
static inline int64_t
pin_json_integer(pin_workspace *w, const pin_json *v, int64_t otherwise)
{
    return w->host->value_integer(v, otherwise);
}
static inline double
pin_json_number(pin_workspace *w, const pin_json *v, double otherwise)
{
    return w->host->value_number(v, otherwise);
}
static inline bool
pin_json_boolean(pin_workspace *w, const pin_json *v, bool otherwise)
{
    return w->host->value_boolean(v, otherwise);
}
static inline const pin_json *
pin_json_get(pin_workspace *w, const pin_json *v, const char *key)
{
    return w->host->value_get(v, key);
}
static inline const pin_json *
pin_json_at(pin_workspace *w, const pin_json *v, size_t index)
{
    return w->host->value_at(v, index);
}
static inline size_t
pin_json_size(pin_workspace *w, const pin_json *v)
{
    return w->host->value_size(v);
}

/* ---- errors, memory, progress ---- */

/* The run fails with this sentence, unless it has an error already. Go on to the end of run(). */
static inline void
pin_fail(pin_workspace *w, const char *message)
{
    w->host->fail(w, message);
}
/* The error there is; NULL: none. */
static inline const char *
pin_error(pin_workspace *w)
{
    return w->host->error(w);
}
/* Takes the error back: the run can succeed again. */
static inline void
pin_forgive(pin_workspace *w)
{
    w->host->forgive(w);
}
/* Zeroed memory of the run, never freed by itself. NULL, and an error, beyond the run's memory. */
static inline void *
pin_alloc(pin_workspace *w, size_t size)
{
    return w->host->alloc(w, size);
}
/* How far the run is, for show-run. `text` may be NULL. */
static inline void
pin_progress(pin_workspace *w, int64_t done, int64_t total, const char *text)
{
    w->host->progress(w, done, total, text);
}

/* True once somebody has cancelled the run (pinstripe cancel-run). A job that asks is given 5 s
 * from then on to end by itself, however it ends it is cancelled; one that never asked is killed.
 */
static inline bool
pin_is_cancelled(pin_workspace *w)
{
    return w->host->is_cancelled(w);
}

/* ---- other jobs ---- */

/* Runs a job, in JavaScript or C, and waits for its end. `args`: a JSON array, NULL: none. False,
 * and its error is this run's, when it failed. Not inside a transaction. */
static inline bool
pin_run_background_job(pin_workspace *w, const char *name, const char *args)
{
    return w->host->call(w, name, args);
}
/* Puts a run into the queue; its id, once it is safe. `options`: a JSON object with at or delay
 * (milliseconds), priority, queue, key; NULL: none. Inside a transaction it is part of that: there
 * when it commits, or never. */
static inline const char *
pin_enqueue_background_job(pin_workspace *w, const char *name, const char *args,
                           const char *options)
{
    return w->host->enqueue(w, name, args, options);
}

/* ---- the database: rows of the run's tenant only ---- */

/* All rows of a table, in the order of insertion. */
static inline pin_rows *
pin_table(pin_workspace *w, const char *name)
{
    return w->host->table(w, name);
}
/* Only those whose column is `value`. `key`: a column, or one with Ne, Lt, Gt, Le, Ge, BeginsWith,
 * EndsWith or Contains behind it. May be repeated: all must hold. */
#define pin_where(rows, key, value) pin_where_cell((rows), (key), pin_cell_of(value))
static inline void
pin_where_cell(pin_rows *rows, const char *key, pin_cell value)
{
    if (rows)
        rows->workspace->host->where(rows, key, value);
}
static inline void
pin_order_by(pin_rows *rows, const char *column, bool descending)
{
    if (rows)
        rows->workspace->host->order(rows, column, descending);
}
static inline void
pin_limit(pin_rows *rows, int64_t limit)
{
    if (rows)
        rows->workspace->host->limit(rows, limit);
}
static inline void
pin_offset(pin_rows *rows, int64_t offset)
{
    if (rows)
        rows->workspace->host->offset(rows, offset);
}
/* The next row; NULL: no more, or an error. It is gone with the next call. Rows are read in
 * batches: memory stays the same however many there are, and writing in between is fine. */
static inline pin_row *
pin_next(pin_rows *rows)
{
    return rows ? rows->workspace->host->next(rows) : NULL;
}
static inline int64_t
pin_count(pin_rows *rows)
{
    return rows ? rows->workspace->host->count(rows) : 0;
}
/* Deletes them all; how many there were. */
static inline int64_t
pin_delete_all(pin_rows *rows)
{
    return rows ? rows->workspace->host->remove_all(rows) : 0;
}

/* A row that pin_save writes; then it is gone. */
static inline pin_row *
pin_new(pin_workspace *w, const char *table)
{
    return w->host->new_row(w, table);
}
#define PIN_ALWAYS_INLINE static inline __attribute__((always_inline))
/* True: the column is the one behind the last that was asked for, as mostly it is. */
PIN_ALWAYS_INLINE bool
pin_row_goes_on(const pin_row *face, const char *column)
{
    pin_row *row = (pin_row *)(uintptr_t)face;
    unsigned next = row->asked + 1 < row->count ? row->asked + 1 : 0;

    if (!row->constants || row->constants[next] != column || row->workspace->failed)
        return false;
    row->asked = next;
    return true;
}
PIN_ALWAYS_INLINE pin_cell
pin_row_cell(const pin_row *row, const char *column)
{
    return __builtin_constant_p(*column) ? row->workspace->host->constant(row, column)
                                         : row->workspace->host->cell(row, column);
}
/* A column as text (NULL: it is NULL, or no text), number or truth. A date is milliseconds since
 * 1970. A column that there is not is an error. */
PIN_ALWAYS_INLINE const char *
pin_text(const pin_row *row, const char *column)
{
    if (!row)
        return NULL;
    if (!__builtin_constant_p(*column) || !pin_row_goes_on(row, column))
        return pin_row_cell(row, column).text;
    return row->kinds[row->asked] == PIN_CELL_TEXT ? row->values[row->asked].text : NULL;
}
PIN_ALWAYS_INLINE int64_t
pin_integer(const pin_row *row, const char *column)
{
    if (!row)
        return 0;
    if (!__builtin_constant_p(*column) || !pin_row_goes_on(row, column))
        return pin_row_cell(row, column).integer;
    if (row->kinds[row->asked] == PIN_CELL_REAL)
        return (int64_t)row->values[row->asked].real;
    return row->kinds[row->asked] == PIN_CELL_INTEGER ? row->values[row->asked].integer : 0;
}
PIN_ALWAYS_INLINE double
pin_number(const pin_row *row, const char *column)
{
    if (!row)
        return 0;
    if (!__builtin_constant_p(*column) || !pin_row_goes_on(row, column))
        return pin_row_cell(row, column).real;
    if (row->kinds[row->asked] == PIN_CELL_INTEGER)
        return (double)row->values[row->asked].integer;
    return row->kinds[row->asked] == PIN_CELL_REAL ? row->values[row->asked].real : 0;
}
#define pin_set(row, column, value) pin_set_cell((row), (column), pin_cell_of(value))
static inline void
pin_set_cell(pin_row *row, const char *column, pin_cell value)
{
    if (row)
        row->workspace->host->set(row, column, value);
}
/* Writes what was set. False, and an error, when it could not be or the row is gone. */
static inline bool
pin_save(pin_row *row)
{
    return row && row->workspace->host->save(row);
}
static inline bool
pin_delete(pin_row *row)
{
    return row && row->workspace->host->remove(row);
}

/* All or nothing: what is written until commit. Open for 5 s at most (database.transactionLimit);
 * one left open is rolled back and fails the run. */
static inline bool
pin_begin(pin_workspace *w)
{
    return w->host->begin(w);
}
static inline bool
pin_commit(pin_workspace *w)
{
    return w->host->commit(w);
}
static inline void
pin_rollback(pin_workspace *w)
{
    w->host->rollback(w);
}

#endif

/* metrics.c - see metrics.h. For a new metric: a line in `families`, its writer, and a line in
 * docs/metrics.md.
 */
#include "web/metrics.h"

#include "web/exposition.h"
#include "web/process_stats.h"

#define OTHER "other"

enum { AGAIN = PIN_OUTCOME_KIND_COUNT, OUTCOMES, STATUS_MIN = 100, STATUS_END = 600 };

static pin_histogram_bounds run_bounds = { 1000,     5000,      25000,     100000,
                                           500000,   1000000,   5000000,   15000000,
                                           60000000, 300000000, 900000000, 3600000000 };
static pin_histogram_bounds http_bounds = { 500,   1000,   2500,   5000,   10000,   25000,
                                            50000, 100000, 250000, 500000, 1000000, 5000000 };

/* The last is whatever else. */
static const char *const methods[] = { "GET",   "HEAD",   "POST",    "PUT",
                                       "PATCH", "DELETE", "OPTIONS", OTHER };
enum { METHODS = sizeof methods / sizeof *methods };

_Static_assert((int)PIN_OCCURRENCE_RESULT_COUNT <= (int)OUTCOMES, "a row has room for either");

struct row {                   /* of a job, a queue or a schedule */
    uint64_t counts[OUTCOMES]; /* by outcome, by result */
    struct pin_histogram times;
    int64_t running; /* meaningful while it is written */
    char name[];
};

struct set { /* sorted by name */
    struct row *rows[PIN_METRICS_NAMES_MAX];
    size_t count;
    struct row *other; /* NULL: not needed yet */
};

struct pin_metrics {
    struct pin_observer observer;
    struct set jobs, queues, schedules;
    uint64_t leases_lost, busy;
    int64_t tick_ms, started_ms;
    uint64_t answers[METHODS][STATUS_END]; /* [0]: no status of HTTP */
    struct pin_histogram http[METHODS];
    /* What the store said: */
    struct pin_mono looked; /* 0: never */
    int64_t looked_ms;
    bool known; /* `gauges` has a meaning */
    struct pin_gauges gauges;
    struct pin_arena texts; /* of gauges */
};

/* ---- sets ---- */

static struct row *
row_new(const char *name)
{
    size_t size = strlen(name) + 1;
    struct row *row = calloc(1, sizeof *row + size);

    if (!row)
        pin__bug("out of memory for a metric");
    memcpy(row->name, name, size);
    return row;
}

static size_t
place_of(const struct set *s, const char *name)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(s->rows[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* `name` NULL: none that may be told. */
static struct row *
row_of(struct set *s, const char *name)
{
    size_t at = name ? place_of(s, name) : 0;

    if (name && at < s->count && strcmp(s->rows[at]->name, name) == 0)
        return s->rows[at];
    if (!name || s->count == PIN_METRICS_NAMES_MAX || strcmp(name, OTHER) == 0 ||
        strlen(name) > PIN_METRICS_NAME_BYTES) {
        if (!s->other)
            s->other = row_new(OTHER);
        return s->other;
    }
    memmove(&s->rows[at + 1], &s->rows[at], (s->count - at) * sizeof *s->rows);
    s->count++;
    return s->rows[at] = row_new(name);
}

static void
set_fini(struct set *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->rows[i]);
    free(s->other);
}

/* All of them by number, `other` last; NULL behind that. */
static struct row *
row_at(const struct set *s, size_t i)
{
    return i < s->count ? s->rows[i] : i == s->count ? s->other : NULL;
}

/* ---- counting ---- */

static void
on_ended(void *context, const struct pin_attempt *a)
{
    struct pin_metrics *m = context;
    struct row *job = row_of(&m->jobs, a->job);

    job->counts[a->again ? AGAIN : (int)a->kind]++;
    if (a->wall_us > 0)
        pin__histogram_add(&job->times, run_bounds, a->wall_us);
}

static void
on_began(void *context, const char *queue, int64_t waited_us)
{
    struct pin_metrics *m = context;

    pin__histogram_add(&row_of(&m->queues, queue)->times, run_bounds, waited_us);
}

static void
on_lost(void *context, size_t leases)
{
    struct pin_metrics *m = context;

    m->leases_lost += leases;
}

static void
on_busy(void *context)
{
    struct pin_metrics *m = context;

    m->busy++;
}

static void
on_decided(void *context, const char *schedule, enum pin_occurrence_result result, int64_t count)
{
    struct pin_metrics *m = context;

    row_of(&m->schedules, schedule)->counts[result] += (uint64_t)count;
}

static void
on_ticked(void *context, int64_t now_ms)
{
    struct pin_metrics *m = context;

    m->tick_ms = now_ms;
}

void
pin__metrics_http(struct pin_metrics *m, const char *method, int status, int64_t wall_us)
{
    size_t at = 0;

    while (at < METHODS - 1 && strcmp(methods[at], method) != 0)
        at++;
    m->answers[at][status >= STATUS_MIN && status < STATUS_END ? status : 0]++;
    pin__histogram_add(&m->http[at], http_bounds, wall_us > 0 ? wall_us : 0);
}

pin_status
pin__metrics_new(struct pin_metrics **out, struct pin_err *err)
{
    struct pin_metrics *m = *out = calloc(1, sizeof *m);

    if (!m)
        return pin__err_no_memory(err);
    m->observer = (struct pin_observer){ .context = m,
                                         .ended = on_ended,
                                         .began = on_began,
                                         .lost = on_lost,
                                         .busy = on_busy,
                                         .decided = on_decided,
                                         .ticked = on_ticked };
    m->texts = PIN_ARENA_INIT((size_t)1 << 20);
    m->started_ms = pin__process_started_ms();
    return PIN_OK;
}

void
pin__metrics_free(struct pin_metrics *m)
{
    if (!m)
        return;
    set_fini(&m->jobs);
    set_fini(&m->queues);
    set_fini(&m->schedules);
    pin__arena_fini(&m->texts);
    free(m);
}

const struct pin_observer *
pin__metrics_observer(const struct pin_metrics *m)
{
    return &m->observer;
}

/* ---- what the store and the executor know ---- */

static void
drop_long_names(struct pin_gauges *g)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->queue_count; i++)
        if (strlen(g->queues[i].queue) <= PIN_METRICS_NAME_BYTES)
            g->queues[kept++] = g->queues[i];
    g->queue_count = kept;
}

/* When it is locked for once, what it said before is still good; and when it is not there, nothing
 * is. */
static void
look(struct pin_metrics *m, struct pin_executor *x)
{
    const struct pin_mono now = pin__clock_mono();
    const int64_t now_ms = pin__clock_wall().ms;
    struct pin_arena texts = PIN_ARENA_INIT((size_t)1 << 20);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_gauges gauges;
    struct pin_store *store;
    pin_status st;

    if (m->looked.ns && now.ns < pin__clock_after_ms(m->looked, PIN_METRICS_LOOK_MS).ns)
        return;
    m->looked = now;
    store = pin__executor_store(x, &err);
    st = store ? pin__store_gauges(store, now_ms, &texts, &gauges, &err) : err.status;
    if (st == PIN_OK) {
        pin__arena_fini(&m->texts);
        m->texts = texts;
        m->gauges = gauges;
        drop_long_names(&m->gauges);
        m->looked_ms = now_ms;
        m->known = true;
        return;
    }
    m->known = m->known && st == PIN_BUSY;
    pin__arena_fini(&texts);
}

static void
count_running(void *context, const struct pin_run_info *run, int64_t running_us, int pid)
{
    struct pin_metrics *m = context;

    (void)running_us;
    (void)pid;
    if (run->of_job)
        row_of(&m->jobs, run->job)->running++;
}

/* Every job of the project is there from the start: who watches how much a number grows would miss
 * the first failure of one that comes with it. */
static void
look_at_jobs(struct pin_metrics *m, const struct pin_executor *x)
{
    const struct pin_catalog *c = pin__executor_catalog(x);

    for (size_t i = 0; i < c->job_count; i++)
        row_of(&m->jobs, c->jobs[i].name)->running = 0;
    for (size_t i = 0; row_at(&m->jobs, i); i++)
        row_at(&m->jobs, i)->running = 0;
    pin__executor_each_running(x, count_running, m);
}

/* ---- writing ---- */

struct scrape {
    const struct pin_metrics *m;
    bool live; /* there is an executor */
    struct pin_process_stats process;
    struct pin_buf *out;
    const char *name;
};

static const char *
outcome_name(int outcome)
{
    return outcome == AGAIN ? "retried" : pin__outcome_kind_name((enum pin_outcome_kind)outcome);
}

static void
write_runs(const struct scrape *s)
{
    const struct row *job;

    for (size_t i = 0; (job = row_at(&s->m->jobs, i)) != NULL; i++)
        for (int k = 0; k < OUTCOMES; k++)
            pin__exposition_number(s->out, s->name,
                                   PIN_LABELS({ "job", job->name }, { "outcome", outcome_name(k) }),
                                   (int64_t)job->counts[k]);
}

static void
write_times(const struct scrape *s, const struct set *set, const char *label)
{
    const struct row *row;

    for (size_t i = 0; (row = row_at(set, i)) != NULL; i++)
        if (pin__histogram_count(&row->times))
            pin__exposition_histogram(s->out, s->name, PIN_LABELS({ label, row->name }),
                                      &row->times, run_bounds);
}

static void
write_durations(const struct scrape *s)
{
    write_times(s, &s->m->jobs, "job");
}

static void
write_latencies(const struct scrape *s)
{
    write_times(s, &s->m->queues, "queue");
}

/* The i-th queue of the store; NULL behind the last. */
static const struct pin_queue_gauge *
queue_at(const struct scrape *s, size_t i)
{
    return s->m->known && i < s->m->gauges.queue_count ? &s->m->gauges.queues[i] : NULL;
}

static void
write_depths(const struct scrape *s)
{
    static const enum pin_run_state states[] = { PIN_RUN_QUEUED, PIN_RUN_RUNNING, PIN_RUN_DELAYED,
                                                 PIN_RUN_HELD };
    const struct pin_queue_gauge *q;

    for (size_t i = 0; (q = queue_at(s, i)) != NULL; i++)
        for (size_t k = 0; k < sizeof states / sizeof *states; k++)
            pin__exposition_number(
                s->out, s->name,
                PIN_LABELS({ "queue", q->queue }, { "state", pin__run_state_name(states[k]) }),
                q->counts[states[k]]);
}

/* At the time at which the store was asked; 0 when it lies ahead. */
static int64_t
age_us(const struct scrape *s, int64_t since_ms)
{
    return since_ms < s->m->looked_ms ? (s->m->looked_ms - since_ms) * 1000 : 0;
}

static void
write_ages(const struct scrape *s)
{
    const struct pin_queue_gauge *q;

    for (size_t i = 0; (q = queue_at(s, i)) != NULL; i++)
        pin__exposition_seconds(s->out, s->name, PIN_LABELS({ "queue", q->queue }),
                                age_us(s, q->oldest_due_ms));
}

static void
write_running(const struct scrape *s)
{
    const struct row *job;

    for (size_t i = 0; s->live && (job = row_at(&s->m->jobs, i)) != NULL; i++)
        pin__exposition_number(s->out, s->name, PIN_LABELS({ "job", job->name }), job->running);
}

static void
write_lag(const struct scrape *s)
{
    if (s->m->known)
        pin__exposition_seconds(s->out, s->name, PIN_NO_LABELS,
                                age_us(s, s->m->gauges.schedule_due_ms));
}

static void
write_occurrences(const struct scrape *s)
{
    const struct row *row;

    for (size_t i = 0; (row = row_at(&s->m->schedules, i)) != NULL; i++)
        for (int k = 0; k < PIN_OCCURRENCE_RESULT_COUNT; k++)
            pin__exposition_number(s->out, s->name,
                                   PIN_LABELS({ "schedule", row->name },
                                              { "result", pin__occurrence_result_name(
                                                              (enum pin_occurrence_result)k) }),
                                   (int64_t)row->counts[k]);
}

static void
write_tick(const struct scrape *s)
{
    int64_t ms = s->m->known ? s->m->gauges.bot_tick_ms : 0;

    if (s->m->tick_ms > ms)
        ms = s->m->tick_ms;
    if (s->m->known || ms)
        pin__exposition_seconds(s->out, s->name, PIN_NO_LABELS, ms * 1000);
}

static void
write_leases(const struct scrape *s)
{
    pin__exposition_number(s->out, s->name, PIN_NO_LABELS, (int64_t)s->m->leases_lost);
}

static void
write_busy(const struct scrape *s)
{
    pin__exposition_number(s->out, s->name, PIN_NO_LABELS, (int64_t)s->m->busy);
}

static void
write_build(const struct scrape *s)
{
    pin__exposition_number(s->out, s->name,
                           PIN_LABELS({ "version", PIN_VERSION }, { "hash", PIN_HASH }), 1);
}

static void
write_answers_of(const struct scrape *s, size_t method)
{
    char text[16];

    for (int status = 0; status < STATUS_END; status++) {
        if (s->m->answers[method][status] == 0)
            continue;
        snprintf(text, sizeof text, "%d", status);
        pin__exposition_number(
            s->out, s->name,
            PIN_LABELS({ "method", methods[method] }, { "status", status ? text : OTHER }),
            (int64_t)s->m->answers[method][status]);
    }
}

static void
write_answers(const struct scrape *s)
{
    for (size_t i = 0; i < METHODS; i++)
        write_answers_of(s, i);
}

static void
write_answer_times(const struct scrape *s)
{
    for (size_t i = 0; i < METHODS; i++)
        if (pin__histogram_count(&s->m->http[i]))
            pin__exposition_histogram(s->out, s->name, PIN_LABELS({ "method", methods[i] }),
                                      &s->m->http[i], http_bounds);
}

static void
write_known(const struct scrape *s, int64_t value)
{
    if (value >= 0)
        pin__exposition_number(s->out, s->name, PIN_NO_LABELS, value);
}

static void
write_resident(const struct scrape *s)
{
    write_known(s, s->process.resident_bytes);
}

static void
write_files(const struct scrape *s)
{
    write_known(s, s->process.open_files);
}

static void
write_files_max(const struct scrape *s)
{
    write_known(s, s->process.open_files_max);
}

static void
write_cpu(const struct scrape *s)
{
    if (s->process.cpu_us >= 0)
        pin__exposition_seconds(s->out, s->name, PIN_NO_LABELS, s->process.cpu_us);
}

static void
write_started(const struct scrape *s)
{
    if (s->m->started_ms >= 0)
        pin__exposition_seconds(s->out, s->name, PIN_NO_LABELS, s->m->started_ms * 1000);
}

static const struct family {
    const char *name, *type, *help;
    void (*write)(const struct scrape *s);
} families[] = {
    { "pinstripe_runs_total", "counter", "Attempts of runs that are over, by outcome.",
      write_runs },
    { "pinstripe_run_duration_seconds", "histogram", "Wall time of attempts.", write_durations },
    { "pinstripe_queue_latency_seconds", "histogram",
      "From when a queued run was due to when it began.", write_latencies },
    { "pinstripe_queue_depth", "gauge", "Runs in the store that have not ended.", write_depths },
    { "pinstripe_oldest_ready_age_seconds", "gauge",
      "How long the oldest run that may begin has been due.", write_ages },
    { "pinstripe_running", "gauge", "Runs that this process has in hand.", write_running },
    { "pinstripe_schedule_lag_seconds", "gauge",
      "How long the earliest schedule has been due without anybody deciding.", write_lag },
    { "pinstripe_schedule_occurrences_total", "counter",
      "Due times of schedules that this process decided, by result.", write_occurrences },
    { "pinstripe_bot_last_tick_timestamp_seconds", "gauge",
      "When a bot last looked at the schedules or said that it lives; 0: none does.", write_tick },
    { "pinstripe_leases_lost_total", "counter",
      "Leases of runs that had lapsed and were swept by this process.", write_leases },
    { "pinstripe_db_busy_total", "counter",
      "Times that writing to the store was put off because somebody else wrote.", write_busy },
    { "pinstripe_build_info", "gauge", "1, with what was built as labels.", write_build },
    { "pinstripe_http_requests_total", "counter", "Requests that were answered.", write_answers },
    { "pinstripe_http_request_duration_seconds", "histogram", "From a request to its answer.",
      write_answer_times },
    { "process_resident_memory_bytes", "gauge", "Memory of this process that is resident.",
      write_resident },
    { "process_open_fds", "gauge", "Open file descriptors.", write_files },
    { "process_max_fds", "gauge", "How many file descriptors may be open.", write_files_max },
    { "process_cpu_seconds_total", "counter", "User and system CPU time.", write_cpu },
    { "process_start_time_seconds", "gauge", "When this process was started.", write_started },
};

void
pin__metrics_write(struct pin_metrics *m, struct pin_executor *x, struct pin_buf *out)
{
    struct scrape s = { .m = m, .live = x != NULL, .out = out };

    if (x) {
        look(m, x);
        look_at_jobs(m, x);
    }
    pin__process_stats(&s.process);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const struct family *f = &families[i];

        s.name = f->name;
        pin__exposition_head(out, f->name, f->type, f->help);
        f->write(&s);
    }
}

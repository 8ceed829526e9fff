/* bot.c - see bot.h. */
#include "bot/bot.h"

#include <jansson.h>

#include "base/random.h"
#include "bot/bot_log.h"
#include "bot/due.h"
#include "bot/schedules.h"
#include "bot/watch.h"
#include "database/session.h"
#include "executor/observer.h"

enum { AGAIN_MS = 20, RELOAD_AFTER_MS = 100, STATUS_MS = 1000, LOG_FLUSH_MS = 50 };
enum { CLOCK_SET_MS = 1000 }; /* a clock that goes back by more was set */

struct pin_bot {
    struct pin_executor *executor;
    struct pin_bot_options options;
    struct pin_service service;
    struct pin_sink sink;
    struct pin_zones *zones;
    const char *tz;          /* of the environment; NULL: not set */
    struct pin_watch *watch; /* NULL: files are not watched */
    int64_t started_ms;
    /* When the next thing is to be done; INT64_MAX: never, or not known. */
    int64_t schedules_due_ms, tick_due_ms, reload_due_ms, status_due_ms, watchdog_due_ms,
        log_due_ms;
    int64_t seen_ms;                /* the latest time that it was told */
    struct pin_bot_context context; /* of `due` */
    struct pin_bot_due due;
    bool needs_zones; /* a schedule follows the zones of tenants */
    bool asked_zones; /* and they have been asked for */
    char **tenant_zones;
    size_t tenant_zone_count;
    bool needs_reconcile;
    bool reloading;
    bool evaluated; /* once: what is due has been looked at */
    bool ticking;   /* its row is in the store */
    char status[160];
};

/* ---- the store ---- */

static pin_status
migrate_store(struct pin_executor *x, struct pin_err *err)
{
    const struct pin_catalog *c = pin__executor_catalog(x);
    struct pin_session_config config = { .filename = c->store_filename,
                                         .busy_ms = PIN_BUSY_MS_DEFAULT,
                                         .multi_tenant = c->multi_tenant };
    struct pin_session *session = NULL;
    uint8_t identity[16];
    pin_status st;

    if (!config.filename || strcmp(config.filename, ":memory:") == 0)
        return pin__err_set(err, PIN_CONFIG,
                            "the bot keeps its runs in a file, and the project's database is in "
                            "none: set database.filename or store.filename in pinstripe.config.js");
    pin__random_bytes(identity, sizeof identity);
    if ((st = pin__session_open(&session, &config, err)) == PIN_OK)
        st = pin__store_migrate(session, identity, pin__clock_wall().ms, err);
    pin__session_close(session);
    return st;
}

/* ---- schedules ---- */

static void
on_note(void *context, enum pin_bot_level level, const char *text)
{
    static const enum pin_log_level levels[] = { [PIN_BOT_INFO] = PIN_LOG_INFO,
                                                 [PIN_BOT_WARNING] = PIN_LOG_WARNING,
                                                 [PIN_BOT_ERROR] = PIN_LOG_ERROR };
    struct pin_bot *b = context;

    pin__log(b->options.log, levels[level], "schedule.note", NULL, "%s", text);
}

static void
on_diff(void *context, enum pin_diff what, const struct pin_schedule_row *row)
{
    static const char *const words[] = { "added", "changed", "removed" };
    struct pin_bot *b = context;

    pin__log(b->options.log, PIN_LOG_INFO, "schedule.changed",
             &(struct pin_log_fields){ .job = row->job, .schedule = row->id },
             "schedule %s: %s \"%s\"%s%s", words[what], row->job, row->cron,
             row->time_zone ? " " : "", row->time_zone ? row->time_zone : "");
}

static void
on_count(void *context, const char *schedule, enum pin_occurrence_result result, int64_t count)
{
    struct pin_bot *b = context;
    const struct pin_observer *to = pin__executor_observer(b->executor);

    if (to->decided)
        to->decided(to->context, schedule, result, count);
}

static void
ticked(struct pin_bot *b, int64_t now_ms)
{
    const struct pin_observer *to = pin__executor_observer(b->executor);

    if (to->ticked)
        to->ticked(to->context, now_ms);
}

static struct pin_bot_context
context_of(struct pin_bot *b)
{
    return (struct pin_bot_context){ .store = pin__executor_store(b->executor, NULL),
                                     .catalog = pin__executor_catalog(b->executor),
                                     .zones = b->zones,
                                     .tz = b->tz,
                                     .started_ms = b->started_ms,
                                     .note = on_note,
                                     .note_context = b,
                                     .count = on_count };
}

static bool
follows_tenants(const struct pin_catalog *c)
{
    for (size_t i = 0; i < c->job_count; i++)
        for (size_t k = 0; k < c->jobs[i].schedule_count; k++)
            if (c->jobs[i].schedules[k].time_zone &&
                strcmp(c->jobs[i].schedules[k].time_zone, PIN_TENANT_ZONE) == 0)
                return true;
    return false;
}

static void
free_zones(struct pin_bot *b)
{
    for (size_t i = 0; i < b->tenant_zone_count; i++)
        free(b->tenant_zones[i]);
    free(b->tenant_zones);
    b->tenant_zones = NULL;
    b->tenant_zone_count = 0;
}

static bool
same_zones(const struct pin_bot *b, const json_t *zones)
{
    if (!b->tenant_zones || json_array_size(zones) != b->tenant_zone_count)
        return false;
    for (size_t i = 0; i < b->tenant_zone_count; i++)
        if (strcmp(json_string_value(json_array_get(zones, i)), b->tenant_zones[i]) != 0)
            return false;
    return true;
}

static void
keep_zones(struct pin_bot *b, const json_t *zones)
{
    size_t n = json_array_size(zones);

    free_zones(b);
    if (!(b->tenant_zones = calloc(n + 1, sizeof(char *))))
        pin__bug("out of memory for the zones of tenants");
    for (size_t i = 0; i < n; i++)
        b->tenant_zones[b->tenant_zone_count++] =
            strdup(json_string_value(json_array_get(zones, i)));
}

static void
take_zones(void *context, struct pin_bytes text, const char *why_not)
{
    struct pin_bot *b = context;
    json_t *zones = text.data ? json_loadb(text.data, text.size, 0, NULL) : NULL;

    b->asked_zones = false;
    if (why_not)
        pin__log(b->options.log, PIN_LOG_ERROR, "schedule.zones", NULL,
                 "the time zones of the tenants cannot be read: %s", why_not);
    if (zones && !same_zones(b, zones)) {
        keep_zones(b, zones);
        b->needs_reconcile = true;
        b->schedules_due_ms = 0;
    } else if (!b->tenant_zones) { /* nothing is known: at least those of the project go on */
        keep_zones(b, NULL);
        b->needs_reconcile = true;
        b->schedules_due_ms = 0;
    }
    json_decref(zones);
}

static void
ask_zones(struct pin_bot *b)
{
    b->needs_zones = follows_tenants(pin__executor_catalog(b->executor));
    if (!b->needs_zones || b->asked_zones)
        return;
    b->asked_zones = true;
    pin__executor_zones(b->executor, take_zones, b);
}

/* False when it has to be tried again. */
static bool
handled(struct pin_bot *b, pin_status st, const struct pin_err *err, const char *what,
        int64_t now_ms)
{
    if (st == PIN_OK)
        return true;
    if (st != PIN_BUSY)
        pin__log(b->options.log, PIN_LOG_ERROR, "bot.trouble", NULL, "%s: %s", what, err->message);
    b->schedules_due_ms = now_ms + (st == PIN_BUSY ? AGAIN_MS : PIN_BOT_TICK_MS / 60);
    return false;
}

static bool
reconcile(struct pin_bot *b, int64_t now_ms)
{
    struct pin_bot_context c = context_of(b);
    struct pin_bot_reconciled done;
    struct pin_bot_reconcile r;
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    if (b->needs_zones && !b->tenant_zones) {
        b->schedules_due_ms = INT64_MAX; /* they are asked for */
        return false;
    }
    if (!c.store) {
        b->schedules_due_ms = now_ms + AGAIN_MS;
        return false;
    }
    r = (struct pin_bot_reconcile){ .bot = &c,
                                    .tenant_zones = (const char *const *)b->tenant_zones,
                                    .tenant_zone_count = b->tenant_zone_count,
                                    .now_ms = now_ms,
                                    .diff = on_diff,
                                    .context = b };
    st = pin__bot_reconcile(&r, &done, &err);
    if (!handled(b, st, &err, "the schedules cannot be written", now_ms))
        return false;
    b->needs_reconcile = false;
    return true;
}

static void
evaluate(struct pin_bot *b, int64_t now_ms)
{
    struct pin_bot_tick done;
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    if (b->needs_reconcile && !reconcile(b, now_ms))
        return;
    b->context = context_of(b);
    if (!b->context.store)
        return;
    b->due.bot = &b->context;
    st = pin__bot_tick(&b->due, now_ms, &done, &err);
    if (!handled(b, st, &err, "what is due cannot be written", now_ms))
        return;
    ticked(b, now_ms);
    b->needs_reconcile |= done.read_again;
    b->evaluated = !done.more;
    b->schedules_due_ms = done.more || done.read_again ? now_ms : done.next_due_ms;
    if (done.enqueued)
        pin__executor_queue_look(b->executor);
}

/* ---- reload ---- */

static void
reloaded(void *context, const struct pin_catalog *catalog, const struct pin_err *err)
{
    struct pin_bot *b = context;

    b->reloading = false;
    if (b->options.notify)
        pin__notify_ready(b->options.notify);
    if (!catalog) {
        pin__log(b->options.log, PIN_LOG_ERROR, "project.broken", NULL,
                 "the project was not loaded anew, what was loaded before stays in use: %s",
                 err->message);
        return;
    }
    pin__log(b->options.log, PIN_LOG_INFO, "project.reloaded", NULL,
             "the project was loaded anew: %zu background jobs", catalog->job_count);
    pin__bot_log_problems(b->options.log, catalog);
    b->needs_reconcile = true;
    b->schedules_due_ms = 0;
    ask_zones(b);
}

void
pin__bot_reload(struct pin_bot *b)
{
    if (b->reloading)
        return;
    b->reloading = true;
    if (b->options.notify)
        pin__notify_reloading(b->options.notify, pin__clock_mono());
    if (!pin__executor_reload(b->executor, reloaded, b)) {
        b->reloading = false;
        b->reload_due_ms = pin__clock_wall().ms + RELOAD_AFTER_MS;
    }
}

static void
files_changed(void *context)
{
    struct pin_bot *b = context;

    if (pin__watch_take(b->watch))
        b->reload_due_ms = pin__clock_wall().ms + RELOAD_AFTER_MS;
}

/* ---- its turn in the loop ---- */

static int64_t
soonest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool
went_back(const struct pin_bot *b, int64_t now_ms)
{
    return b->seen_ms - now_ms > CLOCK_SET_MS;
}

static int64_t
due(void *context, int64_t now_ms)
{
    struct pin_bot *b = context;
    int64_t next = soonest(b->schedules_due_ms, b->tick_due_ms);

    if (went_back(b, now_ms))
        return now_ms;
    if (now_ms > b->seen_ms)
        b->seen_ms = now_ms;
    next = soonest(next, soonest(b->reload_due_ms, b->watchdog_due_ms));
    if (b->options.log && b->options.log->lines_waiting) {
        if (b->log_due_ms == INT64_MAX || b->log_due_ms > now_ms + LOG_FLUSH_MS)
            b->log_due_ms = now_ms + LOG_FLUSH_MS;
        next = soonest(next, b->log_due_ms);
    }
    return soonest(next, b->status_due_ms);
}

/* At most once a minute, in one statement. */
static void
tick(struct pin_bot *b, int64_t now_ms)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_store *s = pin__executor_store(b->executor, &err);
    struct pin_bot_row row = { .name = pin__executor_name(b->executor),
                               .started_ms = b->started_ms,
                               .tick_ms = now_ms,
                               .queues = b->options.queue_count ? b->options.queues[0] : NULL };
    pin_status st = s ? pin__store_bot_tick(s, &row, &err) : PIN_BUSY;

    b->ticking |= st == PIN_OK;
    b->tick_due_ms = now_ms + (st == PIN_OK ? PIN_BOT_TICK_MS : AGAIN_MS);
    if (st != PIN_OK && st != PIN_BUSY)
        b->tick_due_ms = now_ms + PIN_BOT_TICK_MS / 10;
    if (st == PIN_OK) {
        ticked(b, now_ms);
        pin__zones_reload(b->zones, now_ms / 1000, NULL, NULL);
        ask_zones(b);
    }
}

static void
tell_status(struct pin_bot *b)
{
    struct pin_queue_counts n = pin__executor_queue_counts(b->executor);
    char text[sizeof b->status], next[40] = "";

    pin__bot_log_time(soonest(b->schedules_due_ms, n.next_due_ms), next, sizeof next);
    if (pin__executor_stopping(b->executor))
        snprintf(text, sizeof text, "%zu runs still draining", pin__executor_running(b->executor));
    else
        snprintf(text, sizeof text, "%zu running, %zu waiting%s%s", n.running, n.waiting,
                 *next ? ", next " : "", next);
    if (strcmp(text, b->status) != 0)
        pin__notify_status(b->options.notify, "%s", text);
    memcpy(b->status, text, sizeof text);
}

static void
set_due_times(struct pin_bot *b)
{
    const struct pin_notify *n = b->options.notify;
    bool heard = n && n->address[0];

    b->schedules_due_ms = b->tick_due_ms = 0;
    b->reload_due_ms = b->log_due_ms = INT64_MAX;
    b->status_due_ms = heard ? 0 : INT64_MAX;
    b->watchdog_due_ms = heard && n->watchdog_ms ? 0 : INT64_MAX;
}

/* It must not sleep for as long. */
static void
clock_was_put_back(struct pin_bot *b, int64_t now_ms)
{
    bool reload = b->reload_due_ms != INT64_MAX;

    b->seen_ms = now_ms;
    set_due_times(b);
    if (reload)
        b->reload_due_ms = now_ms;
}

static void
turn(void *context, int64_t now_ms)
{
    struct pin_bot *b = context;

    if (went_back(b, now_ms))
        clock_was_put_back(b, now_ms);
    if (b->reload_due_ms <= now_ms) {
        b->reload_due_ms = INT64_MAX;
        pin__bot_reload(b);
    }
    if (b->schedules_due_ms <= now_ms)
        evaluate(b, now_ms);
    if (b->tick_due_ms <= now_ms)
        tick(b, now_ms);
    if (b->watchdog_due_ms <= now_ms) {
        pin__notify_watchdog(b->options.notify);
        b->watchdog_due_ms = now_ms + b->options.notify->watchdog_ms / 2;
    }
    if (b->status_due_ms <= now_ms) {
        tell_status(b);
        b->status_due_ms = now_ms + STATUS_MS;
    }
    if (b->log_due_ms <= now_ms) {
        pin__log_flush(b->options.log);
        b->log_due_ms = INT64_MAX;
    }
}

/* ---- start and stop ---- */

static pin_status
open_watch(struct pin_bot *b, const char *root)
{
    struct pin_err err = PIN_ERR_INIT;

    if (pin__watch_open(&b->watch, root, &err) != PIN_OK)
        pin__log(b->options.log, PIN_LOG_WARNING, "bot.watch", NULL,
                 "changes of files are not noticed: %s", err.message);
    return PIN_OK;
}

pin_status
pin__bot_start(struct pin_bot **out, struct pin_executor *x, const struct pin_bot_options *options,
               struct pin_err *err)
{
    struct pin_bot *b = calloc(1, sizeof *b);
    struct pin_queue_options queue;
    pin_status st;

    *out = NULL;
    if (!b)
        return pin__err_no_memory(err);
    *b = (struct pin_bot){ .executor = x,
                           .options = *options,
                           .started_ms = pin__clock_wall().ms,
                           .tz = getenv("TZ"),
                           .needs_reconcile = true };
    b->sink = pin__bot_log_sink(options->log);
    set_due_times(b);
    queue = (struct pin_queue_options){ .queues = options->queues,
                                        .queue_count = options->queue_count,
                                        .sink = &b->sink };
    if ((st = migrate_store(x, err)) != PIN_OK ||
        (st = pin__zones_new(&b->zones, getenv("TZDIR"), err)) != PIN_OK ||
        (st = pin__executor_queue_start(x, &queue, err)) != PIN_OK) {
        pin__zones_free(b->zones);
        free(b);
        return st;
    }
    if (options->watches_files)
        st = open_watch(b, pin__executor_root(x));
    b->service = (struct pin_service){ .context = b,
                                       .due = due,
                                       .turn = turn,
                                       .fd = b->watch ? pin__watch_fd(b->watch) : -1,
                                       .readable = files_changed };
    pin__executor_attach(x, &b->service);
    pin__bot_log_problems(options->log, pin__executor_catalog(x));
    ask_zones(b);
    *out = b;
    return st;
}

void
pin__bot_stop(struct pin_bot *b)
{
    struct pin_store *s;

    if (!b)
        return;
    pin__executor_queue_stop(b->executor);
    pin__executor_detach(b->executor, &b->service);
    s = b->ticking ? pin__executor_store(b->executor, NULL) : NULL;
    if (s)
        (void)!pin__store_bot_leave(s, pin__executor_name(b->executor), NULL);
    if (b->options.log)
        pin__log_flush(b->options.log);
    pin__watch_close(b->watch);
    pin__zones_free(b->zones);
    free_zones(b);
    free(b);
}

bool
pin__bot_done(void *context)
{
    struct pin_bot *b = context;
    struct pin_queue_counts n;

    if (!b->options.once || !b->evaluated || b->asked_zones)
        return false;
    n = pin__executor_queue_counts(b->executor);
    return n.empty && n.running == 0 && n.waiting == 0 && pin__executor_running(b->executor) == 0;
}

uint64_t
pin__bot_failed(const struct pin_bot *b)
{
    return pin__executor_queue_counts(b->executor).failed;
}

void
pin__bot_tell_running(struct pin_bot *b)
{
    struct pin_queue_counts n = pin__executor_queue_counts(b->executor);

    pin__log(b->options.log, PIN_LOG_INFO, "bot.state", NULL,
             "%zu running, %zu claimed and waiting, %llu ended, %llu failed", n.running, n.waiting,
             (unsigned long long)n.ended, (unsigned long long)n.failed);
    pin__executor_each_running(b->executor, pin__bot_log_running, b->options.log);
}

pin_status
pin__bot_of_program(void *context, struct pin_executor *x, bool start, struct pin_err *err)
{
    struct pin_bot_of_program *p = context;

    if (start)
        return p->bot ? PIN_OK : pin__bot_start(&p->bot, x, &p->options, err);
    pin__bot_stop(p->bot);
    p->bot = NULL;
    return PIN_OK;
}

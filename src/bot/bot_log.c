/* bot_log.c - see bot_log.h. A job that fails is information; a system that fails is an error. */
#include "bot/bot_log.h"

#include <jansson.h>
#include <time.h>

/* ---- lines of runs ---- */

static struct pin_log_fields
fields_of(const struct pin_run_info *run)
{
    const struct pin_claim *c = run->claim;
    struct pin_log_fields f = { .job = run->job, .run_id = run->run_id, .tenant = run->tenant_id };

    if (!c)
        return f;
    f.queue = c->queue;
    f.schedule = c->schedule;
    f.attempt = c->attempt - c->lost;
    f.max_attempts = c->attempt_limit;
    f.due_at_ms = c->schedule ? c->scheduled_for_ms : c->due_ms;
    return f;
}

/* A line of a job's output is a line of the log. */
static void
console(void *context, const struct pin_run_info *run, enum pin_stream stream, const char *data,
        size_t size)
{
    struct pin_log *log = context;
    struct pin_log_fields f = fields_of(run);
    const char *event = stream == PIN_STDERR ? "run.stderr" : "run.stdout";

    f.attempt = f.max_attempts = 0;
    f.due_at_ms = 0;
    pin__log_output(log, event, &f, data, size);
}

static void
started(void *context, const struct pin_run_info *run)
{
    struct pin_log *log = context;
    struct pin_log_fields f;

    if (!log || log->level > PIN_LOG_DEBUG)
        return;
    f = fields_of(run);
    f.queue_us = (pin__clock_wall().ms - run->claim->due_ms) * 1000;
    pin__log(log, PIN_LOG_DEBUG, "run.started", &f, "%s begins", run->job);
}

static const char *
text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void
say_failed(struct pin_log *log, struct pin_log_fields *f, const struct pin_outcome *o,
           const struct pin_finished *what)
{
    json_t *error = json_loadb(pin__buf_text(&o->error), o->error.size, JSON_ALLOW_NUL, NULL);
    const char *message = text_of(error, "message");
    char again[64] = "";

    f->error.kind = text_of(error, "name");
    f->error.message = message;
    f->error.stack = text_of(error, "stack");
    if (what->state == PIN_RUN_DELAYED)
        snprintf(again, sizeof again, "; it is tried again in %.1f s",
                 (double)(what->due_ms - pin__clock_wall().ms) / 1000);
    else if (what->state == PIN_RUN_QUEUED)
        snprintf(again, sizeof again, "; it goes back to the queue");
    pin__log(log, PIN_LOG_INFO, "run.failed", f, "%s failed: %s%s", f->job,
             message ? message : "it threw no error", again);
    json_decref(error);
}

static void
settled(void *context, const struct pin_run_info *run, const struct pin_outcome *o,
        const struct pin_finished *what)
{
    struct pin_log *log = context;
    struct pin_log_fields f;

    if (!log || log->level > PIN_LOG_INFO)
        return;
    f = fields_of(run);
    f.outcome = pin__outcome_kind_name(o->kind);
    f.duration_us = o->wall_us;
    f.cpu_us = o->cpu_us;
    f.peak_mem_bytes = o->peak_heap_bytes;
    if (o->kind == PIN_OUTCOME_SUCCEEDED)
        pin__log(log, PIN_LOG_INFO, "run.succeeded", &f, "%s succeeded", run->job);
    else if (o->kind == PIN_OUTCOME_CANCELLED)
        pin__log(log, PIN_LOG_INFO, "run.cancelled", &f, "%s was cancelled", run->job);
    else
        say_failed(log, &f, o, what);
}

static void
trouble(void *context, bool over, const char *text)
{
    pin__log(context, over ? PIN_LOG_INFO : PIN_LOG_ERROR, over ? "bot.well" : "bot.trouble", NULL,
             "%s", text);
}

static void
note(void *context, const char *text)
{
    pin__log(context, PIN_LOG_INFO, "run.note", NULL, "%s", text);
}

struct pin_sink
pin__bot_log_sink(struct pin_log *log)
{
    return (struct pin_sink){ .context = log,
                              .console = console,
                              .note = note,
                              .started = started,
                              .settled = settled,
                              .trouble = trouble };
}

/* ---- the project ---- */

static void
log_broken(struct pin_log *log, const char *job, const struct pin_broken *b)
{
    char line[24] = "";

    if (b->line)
        snprintf(line, sizeof line, ":%lld", (long long)b->line);
    pin__log(log, PIN_LOG_WARNING, "project.broken_file", &(struct pin_log_fields){ .job = job },
             "%s%s is broken: %s", b->file ? b->file : "a file", line, b->message);
}

void
pin__bot_log_problems(struct pin_log *log, const struct pin_catalog *c)
{
    for (size_t i = 0; i < c->job_count; i++)
        if (c->jobs[i].broken.message)
            log_broken(log, c->jobs[i].name, &c->jobs[i].broken);
    for (size_t i = 0; i < c->problem_count; i++)
        log_broken(log, NULL, &c->problems[i]);
}

/* ---- the bot ---- */

void
pin__bot_log_running(void *log, const struct pin_run_info *run, int64_t running_us, int pid)
{
    struct pin_log_fields f = fields_of(run);

    f.duration_us = running_us;
    f.pid = pid;
    pin__log(log, PIN_LOG_INFO, "bot.running", &f, "%s is running", run->job);
}

void
pin__bot_log_time(int64_t ms, char *out, size_t size)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    out[0] = '\0';
    if (ms > 0 && ms < INT64_MAX && localtime_r(&seconds, &tm))
        strftime(out, size, "%H:%M", &tm);
}

/* run_view.c - see run_view.h. */
#include "command/run_view.h"

#include <jansson.h>

#include "command/error_text.h"
#include "schedule/time_text.h"

static const char *const roles[] = { "plain", "parent", "child" };

/* What somebody wrote over several lines stays one: inside strings JSON has no line ends. */
static void
add_raw(struct pin_buf *b, const char *key, struct pin_bytes json)
{
    pin__buf_addf(b, ",\"%s\":", key);
    if (!json.data)
        pin__buf_adds(b, "null");
    for (size_t i = 0; json.data && i < json.size; i++)
        pin__buf_addc(b, (unsigned char)json.data[i] < 0x20 ? ' ' : json.data[i]);
}

static void
add_id(struct pin_buf *b, const char *key, const struct pin_run_id *id)
{
    char text[PIN_RUN_ID_TEXT];

    if (id)
        pin__run_id_text(id, text);
    pin__buf_add_json_member(b, key, id ? text : NULL);
}

static void
add_number(struct pin_buf *b, const char *key, int64_t n)
{
    pin__buf_addf(b, ",\"%s\":%lld", key, (long long)n);
}

static void
add_ms(struct pin_buf *b, const char *key, bool known, int64_t us)
{
    if (known)
        pin__buf_addf(b, ",\"%s\":%.3f", key, (double)us / 1000);
    else
        pin__buf_addf(b, ",\"%s\":null", key);
}

void
pin__run_view_add_time(struct pin_buf *b, const char *key, int64_t ms)
{
    char text[PIN_TIME_TEXT_SIZE];

    pin__time_text(ms, 0, true, text);
    pin__buf_add_json_member(b, key, ms ? text : NULL);
}

/* Kept as [{"attempt":1,"at":ms,"reason":"..."}]; times become text. */
static void
add_reasons(struct pin_buf *b, struct pin_bytes reasons)
{
    json_t *list = json_loadb(reasons.data ? reasons.data : "[]", reasons.data ? reasons.size : 2,
                              JSON_ALLOW_NUL, NULL);
    json_t *reason;
    size_t i;

    pin__buf_adds(b, ",\"reasons\":[");
    json_array_foreach(list, i, reason)
    {
        pin__buf_addf(b, "%s{\"attempt\":%lld", i ? "," : "",
                      (long long)json_integer_value(json_object_get(reason, "attempt")));
        pin__run_view_add_time(b, "at", json_integer_value(json_object_get(reason, "at")));
        pin__buf_add_json_member(b, "reason", json_string_value(json_object_get(reason, "reason")));
        pin__buf_addc(b, '}');
    }
    pin__buf_addc(b, ']');
    json_decref(list);
}

static void
add_whence(struct pin_buf *b, const struct pin_run_row *row)
{
    pin__buf_add_json_member(b, "trigger", pin__trigger_name(row->trigger));
    pin__buf_add_json_member(b, "schedule", row->schedule);
    pin__run_view_add_time(b, "scheduledFor", row->schedule ? row->scheduled_for_ms : 0);
    add_id(b, "parent", row->has_parent ? &row->parent : NULL);
    pin__buf_add_json_member(b, "role", (unsigned)row->role < 3 ? roles[row->role] : NULL);
    pin__buf_add_json_member(b, "key", row->key);
    pin__buf_add_json_member(b, "worker", row->worker);
}

static void
add_result(struct pin_buf *b, const struct pin_run_row *row)
{
    bool ran = row->finished_ms && row->started_ms;

    pin__buf_add_json_member(b, "outcome", row->outcome);
    add_ms(b, "wallMs", ran, row->wall_us);
    add_ms(b, "cpuMs", ran, row->cpu_us);
    if (ran)
        add_number(b, "peakHeapBytes", row->peak_heap_bytes);
    else
        pin__buf_add_json_member(b, "peakHeapBytes", NULL);
    if (row->exit_signal)
        add_number(b, "exitSignal", row->exit_signal);
    else
        pin__buf_add_json_member(b, "exitSignal", NULL);
    add_raw(b, "error", row->error);
}

void
pin__run_view_add_json(struct pin_buf *b, const struct pin_run_row *row, struct pin_tenants *t)
{
    char id[PIN_RUN_ID_TEXT];

    pin__run_id_text(&row->id, id);
    pin__buf_addf(b, "\"id\":\"%s\"", id);
    pin__buf_add_json_member(b, "job", row->job);
    pin__buf_add_json_member(b, "tenant", row->tenant ? pin__tenants_name(t, row->tenant) : NULL);
    pin__buf_add_json_member(b, "tenantId", row->tenant);
    pin__buf_add_json_member(b, "state", pin__run_state_name(row->state));
    pin__buf_add_json_member(b, "queue", row->queue);
    add_number(b, "priority", row->priority);
    add_number(b, "attempt", row->attempt);
    add_number(b, "attemptLimit", row->attempt_limit);
    add_number(b, "lost", row->lost);
    pin__run_view_add_time(b, "createdAt", row->created_ms);
    pin__run_view_add_time(b, "dueAt", row->due_ms);
    pin__run_view_add_time(b, "startedAt", row->started_ms);
    pin__run_view_add_time(b, "finishedAt", row->finished_ms);
    add_whence(b, row);
    add_raw(b, "args", row->args);
    add_raw(b, "params", row->params);
    add_raw(b, "progress",
            (struct pin_bytes){ row->progress, row->progress ? strlen(row->progress) : 0 });
    add_result(b, row);
    add_reasons(b, row->reasons);
}

bool
pin__run_view_is_reopening(const char *reason)
{
    size_t size = strlen(reason), tail = strlen(PIN_STORE_REOPENED);

    return size >= tail && strcmp(reason + size - tail, PIN_STORE_REOPENED) == 0;
}

static void
add_last_reason(struct pin_buf *b, struct pin_bytes reasons)
{
    json_t *list =
        reasons.data ? json_loadb(reasons.data, reasons.size, JSON_ALLOW_NUL, NULL) : NULL;
    size_t count = json_array_size(list);
    const char *text =
        count ? json_string_value(json_object_get(json_array_get(list, count - 1), "reason"))
              : NULL;

    pin__buf_adds(b, text && !pin__run_view_is_reopening(text) ? text : "");
    json_decref(list);
}

void
pin__run_view_add_why(struct pin_buf *b, const struct pin_run_row *row)
{
    if (row->error.data)
        pin__error_text_add_line(b, row->error);
    else if (row->state != PIN_RUN_SUCCEEDED)
        add_last_reason(b, row->reasons);
}

int64_t
pin__run_view_wall_us(const struct pin_run_row *row, int64_t now_ms)
{
    if (!row->started_ms)
        return -1;
    if (row->state == PIN_RUN_RUNNING)
        return (now_ms > row->started_ms ? now_ms - row->started_ms : 0) * 1000;
    return row->finished_ms ? row->wall_us : -1;
}

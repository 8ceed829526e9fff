/* enqueue.c - see enqueue.h. */
#include "job/enqueue.h"

#include <jansson.h>

#include "base/quote.h"
#include "base/random.h"
#include "project/names.h"

/* --- options --- */

static pin_status
read_time(const json_t *object, const char *key, int64_t *out, struct pin_err *err)
{
    const json_t *value = json_object_get(object, key);
    double ms = json_number_value(value);

    if (!value || json_is_null(value))
        return PIN_OK;
    if (!json_is_number(value) || ms < 0 || ms > 8.64e15)
        return pin__err_set(err, PIN_INVALID, "%s must be a time in milliseconds", key);
    *out = (int64_t)ms;
    return PIN_OK;
}

static pin_status
read_text(const json_t *object, const char *key, size_t most, const char **out,
          struct pin_arena *arena, struct pin_err *err)
{
    const json_t *value = json_object_get(object, key);

    if (!value || json_is_null(value))
        return PIN_OK;
    if (!json_is_string(value) || json_string_length(value) == 0 ||
        json_string_length(value) > most ||
        strlen(json_string_value(value)) != json_string_length(value))
        return pin__err_set(err, PIN_INVALID, "%s must be a text of 1 to %zu bytes", key, most);
    if (!(*out = pin__arena_strdup(arena, json_string_value(value))))
        return pin__err_no_memory(err);
    return PIN_OK;
}

static pin_status
read_priority(struct pin_enqueue_options *out, const json_t *object, struct pin_err *err)
{
    const json_t *value = json_object_get(object, "priority");
    json_int_t n = json_integer_value(value);

    if (!value || json_is_null(value))
        return PIN_OK;
    if (!json_is_integer(value) || n < -PIN_PRIORITY_MAX || n > PIN_PRIORITY_MAX)
        return pin__err_set(err, PIN_INVALID, "priority must be a whole number from -%d to %d",
                            PIN_PRIORITY_MAX, PIN_PRIORITY_MAX);
    out->has_priority = true;
    out->priority = (int)n;
    return PIN_OK;
}

pin_status
pin__enqueue_options_read(struct pin_enqueue_options *out, struct pin_bytes json,
                          struct pin_arena *arena, struct pin_err *err)
{
    enum { QUEUE_BYTES_MAX = 64 };
    json_t *object;
    pin_status st;

    *out = (struct pin_enqueue_options){ .queue = NULL };
    if (!json.data)
        return PIN_OK;
    if (!(object = json_loadb(json.data, json.size, JSON_ALLOW_NUL, NULL)))
        return pin__err_set(err, PIN_INVALID, "the options of an enqueue cannot be read");
    if ((st = read_time(object, "at", &out->at_ms, err)) == PIN_OK &&
        (st = read_time(object, "delay", &out->delay_ms, err)) == PIN_OK &&
        (st = read_priority(out, object, err)) == PIN_OK &&
        (st = read_text(object, "queue", QUEUE_BYTES_MAX, &out->queue, arena, err)) == PIN_OK)
        st = read_text(object, "key", PIN_KEY_BYTES_MAX, &out->key, arena, err);
    json_decref(object);
    return st;
}

/* --- ids --- */

/* Within a millisecond, or while the clock goes back, the next id is a little above the last; each
 * thread of a program that has us as a library has its own. */
struct pin_run_id
pin__run_id_new(int64_t now_ms)
{
    static _Thread_local struct pin_run_id last;
    uint8_t random[10];
    struct pin_run_id id;

    pin__random_bytes(random, sizeof random);
    id = pin__run_id_make(now_ms, random);
    if (memcmp(&id, &last, 6) <= 0 && !pin__run_id_is_zero(&last)) {
        unsigned carry = 1;

        id = last;
        for (int i = 11; i > 8 && carry; i--) {
            carry += id.bytes[i];
            id.bytes[i] = (uint8_t)carry;
            carry >>= 8;
        }
        memcpy(id.bytes + 12, random + 1, 4);
    }
    last = id;
    return id;
}

/* --- a run --- */

static pin_status
set_gate(struct pin_enqueue *out, const struct pin_job *job, struct pin_arena *arena,
         struct pin_err *err)
{
    bool each = job->concurrency_per == PIN_PER_TENANT && out->tenant;

    if (!job->concurrency || out->role == PIN_ROLE_PARENT)
        return PIN_OK;
    out->gate = each ? pin__arena_printf(arena, "tenant:%s:%s", job->name, out->tenant)
                     : pin__arena_printf(arena, "job:%s", job->name);
    out->gate_limit = job->concurrency;
    return out->gate ? PIN_OK : pin__err_no_memory(err);
}

static pin_status
set_options(struct pin_enqueue *out, const struct pin_enqueue_options *o, int64_t now_ms,
            struct pin_err *err)
{
    if (!o)
        return PIN_OK;
    if (o->at_ms && o->delay_ms)
        return pin__err_set(err, PIN_INVALID, "give at or delay, not both");
    out->due_ms = o->delay_ms ? now_ms + o->delay_ms : o->at_ms;
    if (o->has_priority)
        out->priority = o->priority;
    if (o->queue)
        out->queue = o->queue;
    out->key = o->key;
    return PIN_OK;
}

pin_status
pin__enqueue_fill(struct pin_enqueue *out, const struct pin_enqueue_call *call,
                  struct pin_arena *arena, struct pin_err *err)
{
    const struct pin_job *job = call->job;
    bool multi = call->catalog->multi_tenant && job->multi_tenant != PIN_NO;
    pin_status st;

    *out = (struct pin_enqueue){ .id = pin__run_id_new(call->now_ms),
                                 .job = job->name,
                                 .tenant = multi ? call->tenant_id : NULL,
                                 .args = call->args,
                                 .params = call->params,
                                 .queue = job->queue,
                                 .priority = job->priority,
                                 .attempt_limit = job->retries + 1,
                                 .unique_for_ms = job->unique_ms,
                                 .trigger = call->trigger };
    if (multi && !call->tenant_id && !call->once)
        out->role = PIN_ROLE_PARENT;
    if ((st = set_options(out, call->options, call->now_ms, err)) != PIN_OK)
        return st;
    return set_gate(out, job, arena, err);
}

/* --- many --- */

static size_t
count_lines(struct pin_bytes lines)
{
    const char *end = lines.data + lines.size;
    size_t count = 1;

    for (const char *at = lines.data; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        count++;
    return count;
}

pin_status
pin__enqueue_fill_lines(struct pin_enqueue **runs, size_t *count,
                        const struct pin_enqueue_call *call, struct pin_bytes lines,
                        struct pin_arena *arena, struct pin_err *err)
{
    const char *at = lines.data, *end = at + lines.size;
    struct pin_enqueue_call one = *call;
    pin_status st = PIN_OK;

    *count = count_lines(lines);
    if (!(*runs = pin__arena_alloc(arena, *count * sizeof **runs)))
        return pin__err_no_memory(err);
    for (size_t i = 0; st == PIN_OK && i < *count; i++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        one.args = (struct pin_bytes){ at, (size_t)((stop ? stop : end) - at) };
        at = stop ? stop + 1 : end;
        st = pin__enqueue_fill(*runs + i, &one, arena, err);
    }
    return st;
}

pin_status
pin__enqueue_store(struct pin_store **store, struct pin_session *session, struct pin_err *err)
{
    pin_status st = *store ? PIN_OK : pin__store_open(store, session, err);

    if (st != PIN_NOT_FOUND)
        return st;
    return pin__err_set(err, PIN_NOT_FOUND,
                        "The project keeps no runs yet, so nothing can be enqueued: run pinstripe "
                        "migrate-database.");
}

pin_status
pin__enqueue_put(struct pin_store *store, const struct pin_enqueue_call *call,
                 struct pin_bytes lines, struct pin_arena *arena, struct pin_enqueued **done,
                 size_t *count, struct pin_err *err)
{
    struct pin_enqueue *runs;
    pin_status st = pin__enqueue_fill_lines(&runs, count, call, lines, arena, err);

    if (st != PIN_OK)
        return st;
    if (!(*done = pin__arena_alloc(arena, *count * sizeof **done)))
        return pin__err_no_memory(err);
    return pin__store_enqueue(store, runs, *count, call->now_ms, *done, err);
}

pin_status
pin__catalog_find(const struct pin_catalog *c, const char *name, const struct pin_job **out,
                  struct pin_err *err)
{
    struct pin_job_name normal;
    pin_status st = pin__names_job((struct pin_bytes){ name, strlen(name) }, &normal, err);

    *out = NULL;
    if (st != PIN_OK) {
        pin__err_prefix(err, "No such background job %s exists", pin__quote_text(name).text);
        return PIN_NOT_FOUND;
    }
    *out = pin__catalog_job(c, normal.text);
    if (!*out)
        return pin__err_set(err, PIN_NOT_FOUND, "No such background job \"%s\" exists.",
                            normal.text);
    if (!(*out)->broken.message)
        return PIN_OK;
    if ((*out)->broken.file && (*out)->broken.line)
        return pin__err_set(err, PIN_CONFIG, "Background job \"%s\" is broken: %s (%s:%lld)",
                            normal.text, (*out)->broken.message, (*out)->broken.file,
                            (long long)(*out)->broken.line);
    return pin__err_set(err, PIN_CONFIG, "Background job \"%s\" is broken: %s (%s)", normal.text,
                        (*out)->broken.message,
                        (*out)->broken.file ? (*out)->broken.file : "no file");
}

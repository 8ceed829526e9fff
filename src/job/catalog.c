/* catalog.c - see catalog.h. The JSON comes from our own nursery, but that has run the project's
 * code: every member is checked, and a document that does not fit is refused whole. */
#include "job/catalog.h"

#include <jansson.h>

#include "base/arena.h"

struct owned_catalog {
    struct pin_catalog catalog; /* first: what callers see */
    struct pin_arena arena;
    json_t *document;
};

static const char *
text_or_null(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static int64_t
positive_or_zero(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    double d = json_number_value(value);

    return d > 0 && d < 9e15 ? (int64_t)d : 0;
}

static struct pin_broken
read_broken(const json_t *object)
{
    struct pin_broken broken = { NULL, NULL, 0 };

    if (!json_is_object(object))
        return broken;
    broken.message = text_or_null(object, "message");
    broken.file = text_or_null(object, "file");
    broken.line = positive_or_zero(object, "line");
    if (!broken.message)
        broken.message = "it cannot be loaded";
    return broken;
}

static enum pin_tri
read_tri(const json_t *value)
{
    if (json_is_true(value))
        return PIN_YES;
    return json_is_false(value) ? PIN_NO : PIN_UNSAID;
}

/* The place of a word in a list; 0 when there is none. */
static int
word_of(const json_t *object, const char *key, const char *const *words, size_t count)
{
    const char *word = text_or_null(object, key);

    for (size_t i = 0; word && i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    return 0;
}
#define WORD_OF(object, key, words)                                                                \
    word_of((object), (key), (words), sizeof(words) / sizeof *(words))

static const char *const missed_words[] = { "latest", "all", "skip" };
static const char *const overlap_words[] = { "skip", "queue", "allow" };
static const char *const backoff_words[] = { "exponential", "linear", "fixed" };
static const char *const per_words[] = { "job", "tenant" };

static bool
read_schedule(struct pin_arena *a, struct pin_schedule *to, const json_t *from)
{
    char *args = json_dumps(json_object_get(from, "args"), JSON_COMPACT | JSON_ENCODE_ANY);

    to->cron = text_or_null(from, "cron");
    to->time_zone = text_or_null(from, "timeZone");
    to->args = args ? pin__arena_strdup(a, args) : "[]";
    to->missed = (enum pin_missed)WORD_OF(from, "missed", missed_words);
    to->overlap = (enum pin_overlap)WORD_OF(from, "overlap", overlap_words);
    free(args);
    return to->cron && to->args;
}

static void
read_queueing(struct pin_job *to, const json_t *from)
{
    const json_t *retry = json_object_get(from, "retry");
    const json_t *concurrency = json_object_get(from, "concurrency");

    to->retries = (int)positive_or_zero(retry, "limit");
    to->retry =
        (struct pin_retry){ .backoff = (enum pin_backoff)WORD_OF(retry, "backoff", backoff_words),
                            .delay_ms = positive_or_zero(retry, "delay"),
                            .max_delay_ms = positive_or_zero(retry, "maxDelay") };
    to->queue = text_or_null(from, "queue");
    to->priority = (int)json_integer_value(json_object_get(from, "priority"));
    to->concurrency = (int)positive_or_zero(concurrency, "limit");
    to->concurrency_per = (enum pin_per)WORD_OF(concurrency, "per", per_words);
    to->unique_ms = positive_or_zero(from, "unique");
}

static bool
read_job(struct pin_arena *a, struct pin_job *to, const json_t *from)
{
    json_t *schedules = json_object_get(from, "schedules");

    to->name = text_or_null(from, "name");
    to->file = text_or_null(from, "file");
    to->is_native = json_object_get(from, "language") != NULL;
    to->multi_tenant = read_tri(json_object_get(from, "multiTenant"));
    to->has_tenants_filter = json_is_true(json_object_get(from, "tenantsFilter"));
    to->wall_ms = positive_or_zero(from, "timeout");
    to->heap_bytes = (uint64_t)positive_or_zero(from, "memory");
    read_queueing(to, from);
    to->broken = read_broken(json_object_get(from, "broken"));
    to->schedule_count = json_array_size(schedules);
    to->schedules = pin__arena_alloc(a, (to->schedule_count + 1) * sizeof *to->schedules);
    if (!to->name || !to->file || !to->schedules)
        return false;
    for (size_t i = 0; i < to->schedule_count; i++)
        if (!read_schedule(a, &to->schedules[i], json_array_get(schedules, i)))
            return false;
    return true;
}

static bool
read_jobs(struct pin_arena *a, struct pin_catalog *c, const json_t *jobs)
{
    c->job_count = json_array_size(jobs);
    c->jobs = pin__arena_alloc(a, (c->job_count + 1) * sizeof *c->jobs);
    if (!c->jobs)
        return false;
    for (size_t i = 0; i < c->job_count; i++) {
        if (!read_job(a, &c->jobs[i], json_array_get(jobs, i)))
            return false;
        if (i && strcmp(c->jobs[i - 1].name, c->jobs[i].name) >= 0)
            return false;
    }
    return true;
}

static bool
read_texts(struct pin_arena *a, const json_t *list, const char ***out, size_t *count)
{
    *count = json_array_size(list);
    if (!(*out = pin__arena_alloc(a, (*count + 1) * sizeof **out)))
        return false;
    for (size_t i = 0; i < *count; i++)
        if (!((*out)[i] = json_string_value(json_array_get(list, i))))
            return false;
    return true;
}

static bool
read_server(struct pin_arena *a, struct pin_server_config *to, const json_t *server)
{
    json_t *hosts = json_object_get(server, "hosts");

    to->request_timeout_ms = json_integer_value(json_object_get(server, "requestTimeout"));
    to->body_bytes_max = (uint64_t)json_integer_value(json_object_get(server, "bodyLimit"));
    if (json_is_array(hosts) && !read_texts(a, hosts, &to->hosts, &to->host_count))
        return false;
    return read_texts(a, json_object_get(server, "trustedProxies"), &to->trusted_proxies,
                      &to->trusted_proxy_count);
}

static bool
read_rest(struct pin_arena *a, struct pin_catalog *c, const json_t *document)
{
    json_t *problems = json_object_get(document, "problems");
    json_t *config = json_object_get(document, "config");

    c->problem_count = json_array_size(problems);
    c->problems = pin__arena_alloc(a, (c->problem_count + 1) * sizeof *c->problems);
    if (!c->problems)
        return false;
    for (size_t i = 0; i < c->problem_count; i++)
        c->problems[i] = read_broken(json_array_get(problems, i));
    c->view_count = json_array_size(json_object_get(document, "views"));
    return read_texts(a, json_object_get(document, "migrations"), &c->migrations,
                      &c->migration_count) &&
           read_server(a, &c->server, json_object_get(config, "server"));
}

static bool
read_document(struct owned_catalog *o)
{
    struct pin_catalog *c = &o->catalog;
    json_t *config = json_object_get(o->document, "config");
    json_t *services = json_object_get(o->document, "services");
    json_t *service;
    size_t i;

    c->environment = text_or_null(o->document, "environment");
    c->multi_tenant = json_is_true(json_object_get(config, "multiTenant"));
    c->database_filename = text_or_null(json_object_get(config, "database"), "filename");
    c->store_filename = text_or_null(json_object_get(config, "store"), "filename");
    c->store_apart = c->store_filename && (!c->database_filename ||
                                           strcmp(c->store_filename, c->database_filename) != 0);
    if (!c->store_filename)
        c->store_filename = c->database_filename;
    c->time_zone = text_or_null(config, "timeZone");
    json_array_foreach(services, i, service)
    {
        const char *name = json_string_value(service);
        if (name && !strcmp(name, "runBackgroundJob"))
            c->replaces_run_background_job = true;
    }
    return c->environment && read_jobs(&o->arena, c, json_object_get(o->document, "jobs")) &&
           read_rest(&o->arena, c, o->document);
}

static bool
read_one(struct owned_catalog *o)
{
    struct pin_catalog *c = &o->catalog;

    c->multi_tenant = json_is_true(json_object_get(o->document, "multiTenant"));
    c->job_count = 1;
    c->jobs = pin__arena_alloc(&o->arena, sizeof *c->jobs);
    return c->jobs && read_job(&o->arena, c->jobs, json_object_get(o->document, "job"));
}

static pin_status
catalog_read(struct pin_catalog **out, struct pin_bytes json, bool (*read)(struct owned_catalog *o),
             struct pin_err *err)
{
    struct owned_catalog *o = calloc(1, sizeof *o);
    json_error_t why;

    *out = NULL;
    if (!o)
        return pin__err_no_memory(err);
    o->document = json_loadb(json.data, json.size, JSON_ALLOW_NUL, &why);
    if (!o->document || !read(o)) {
        pin__err_set(err, PIN_FAILED, "the project's catalog cannot be read: %s",
                     o->document ? "a member is missing or out of order" : why.text);
        pin__catalog_free(&o->catalog);
        return PIN_FAILED;
    }
    *out = &o->catalog;
    return PIN_OK;
}

pin_status
pin__catalog_read(struct pin_catalog **out, struct pin_bytes json, struct pin_err *err)
{
    return catalog_read(out, json, read_document, err);
}

pin_status
pin__catalog_read_one(struct pin_catalog **out, struct pin_bytes json, struct pin_err *err)
{
    return catalog_read(out, json, read_one, err);
}

void
pin__catalog_free(struct pin_catalog *c)
{
    struct owned_catalog *o = (struct owned_catalog *)(void *)c;

    if (!o)
        return;
    json_decref(o->document);
    pin__arena_fini(&o->arena);
    free(o);
}

static int
compare_name(const void *name, const void *job)
{
    return strcmp(name, ((const struct pin_job *)job)->name);
}

const struct pin_job *
pin__catalog_job(const struct pin_catalog *c, const char *name)
{
    return bsearch(name, c->jobs, c->job_count, sizeof *c->jobs, compare_name);
}

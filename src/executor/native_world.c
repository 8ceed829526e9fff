/* native_world.c - what a nursery finds out about the jobs in C, for the native workers it forks.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/native_worker.h"
#include "native/definition.h"
#include "native/host.h"
#include "native/objects.h"
#include "pinstripe/pinstripe.h"
#include "project/names.h"

static char *
filter_of(const char *description)
{
    json_t *all = json_loads(description, 0, NULL);
    char *text = json_dumps(json_object_get(all, "tenantsFilter"), JSON_COMPACT);

    json_decref(all);
    return text;
}

static void
forget(struct pin_native_world *world)
{
    for (size_t i = 0; i < world->job_count; i++) {
        free(world->jobs[i].name);
        free(world->jobs[i].object);
        free(world->jobs[i].tenants_filter);
    }
    free(world->jobs);
    world->jobs = NULL;
    world->job_count = 0;
    pin__native_config_fini(&world->config);
    free(world->program);
    world->program = NULL;
}

static const struct pin_file *
file_of(const struct pin_files *files, const char *job)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->items[i].native && strcmp(files->items[i].key, job) == 0)
            return &files->items[i];
    return NULL;
}

static pin_status
keep_jobs(struct pin_native_world *world, const struct pin_native_objects *objects,
          const struct pin_files *files, struct pin_err *err)
{
    world->jobs = calloc(objects->count + 1, sizeof *world->jobs);
    if (!world->jobs)
        return pin__err_no_memory(err);
    for (size_t i = 0; i < objects->count; i++) {
        const struct pin_file *file = file_of(files, objects->items[i].job);
        struct pin_native_job *job = &world->jobs[world->job_count];

        if (!file)
            continue; /* it has a problem */
        job->name = strdup(objects->items[i].job);
        job->object = strdup(objects->items[i].path);
        job->tenants_filter = filter_of(file->native);
        world->job_count++;
        if (!job->name || !job->object)
            return pin__err_no_memory(err);
    }
    return PIN_OK;
}

static pin_status
keep_host_jobs(struct pin_native_world *world, const struct pin_files *files, size_t from,
               struct pin_err *err)
{
    struct pin_native_job *jobs =
        realloc(world->jobs, (world->job_count + files->count - from + 1) * sizeof *jobs);

    if (!jobs)
        return pin__err_no_memory(err);
    world->jobs = jobs;
    for (size_t i = from; i < files->count; i++) {
        const struct pin_file *file = &files->items[i];
        struct pin_native_job *job = &jobs[world->job_count];

        if (file->problem || !file->native)
            continue;
        *job = (struct pin_native_job){ .name = strdup(file->key),
                                        .tenants_filter = filter_of(file->native) };
        world->job_count++;
        if (!job->name)
            return pin__err_no_memory(err);
    }
    return PIN_OK;
}

static pin_status
ask_program(struct pin_native_world *world, struct pin_files *files, const char *program,
            struct pin_err *err)
{
    size_t before = files->count;
    pin_status st;

    if (!program)
        return PIN_OK;
    if (!(world->program = strdup(program)))
        return pin__err_no_memory(err);
    st = pin__native_host_ask(program, files, err);
    return st == PIN_OK ? keep_host_jobs(world, files, before, err) : st;
}

pin_status
pin__native_world_open(struct pin_native_world *world, struct pin_files *files,
                       struct pin_bytes config, const char *program, struct pin_err *err)
{
    struct pin_native_objects objects = { NULL, 0 };
    pin_status st;

    forget(world);
    if ((st = pin__native_config_read(&world->config, config, err)) == PIN_OK &&
        (st = pin__native_build(&objects, files, &world->config, err)) == PIN_OK &&
        (st = pin__native_describe(&objects, files, err)) == PIN_OK &&
        (st = keep_jobs(world, &objects, files, err)) == PIN_OK)
        st = ask_program(world, files, program, err);
    pin__native_objects_fini(&objects);
    return st;
}

/* ---- for a worker that is executed ---- */

static json_t *
list_jobs(const struct pin_native_world *world)
{
    json_t *list = json_array();

    for (size_t i = 0; i < world->job_count; i++)
        json_array_append_new(list, json_pack("{s:s,s:s*,s:s*}", "name", world->jobs[i].name,
                                              "object", world->jobs[i].object, "tenantsFilter",
                                              world->jobs[i].tenants_filter));
    return list;
}

static pin_status
write_document(struct pin_native_world *world, struct pin_bytes catalog, struct pin_bytes config,
               struct pin_err *err)
{
    json_t *all = json_pack("{s:s%,s:s%,s:o}", "catalog", catalog.data, catalog.size, "config",
                            config.data, config.size, "jobs", list_jobs(world));
    char *text = json_dumps(all, JSON_COMPACT);
    size_t size = text ? strlen(text) : 0;
    bool good;

    json_decref(all);
    world->document = memfd_create("pinstripe-native", MFD_CLOEXEC);
    good = text && world->document >= 0 && write(world->document, text, size) == (ssize_t)size;
    free(text);
    if (!good)
        return pin__err_errno(err, PIN_IO, errno, "workers of %s cannot be told the project",
                              world->program);
    return PIN_OK;
}

pin_status
pin__native_world_complete(struct pin_native_world *world, struct pin_bytes catalog,
                           struct pin_bytes config, struct pin_err *err)
{
    pin_status st;

    world->document = -1;
    if (world->job_count == 0)
        return PIN_OK;
    st = pin__catalog_read(&world->catalog, catalog, err);
    return st == PIN_OK && world->program ? write_document(world, catalog, config, err) : st;
}

static const struct pin_background_job *
own_job(const struct pin_host_job *jobs, const char *name)
{
    struct pin_job_name normal;

    for (; jobs && jobs->name; jobs++)
        if (pin__names_job((struct pin_bytes){ jobs->name, strlen(jobs->name) }, &normal, NULL) ==
                PIN_OK &&
            strcmp(normal.text, name) == 0)
            return jobs->job;
    return NULL;
}

static pin_status
read_jobs(struct pin_native_world *world, const json_t *list, const struct pin_host_job *own,
          struct pin_err *err)
{
    json_t *one;
    size_t i;

    world->jobs = calloc(json_array_size(list) + 1, sizeof *world->jobs);
    if (!world->jobs)
        return pin__err_no_memory(err);
    json_array_foreach(list, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        const char *object = json_string_value(json_object_get(one, "object"));
        const char *filter = json_string_value(json_object_get(one, "tenantsFilter"));
        struct pin_native_job *job = &world->jobs[world->job_count++];

        job->name = strdup(name ? name : "");
        job->object = object ? strdup(object) : NULL;
        job->tenants_filter = filter ? strdup(filter) : NULL;
        job->job = object ? NULL : own_job(own, job->name);
    }
    return PIN_OK;
}

static struct pin_bytes
text_in(const json_t *all, const char *key)
{
    const json_t *text = json_object_get(all, key);

    return (struct pin_bytes){ json_string_value(text), json_string_length(text) };
}

pin_status
pin__native_world_read(struct pin_native_world *world, int document,
                       const struct pin_host_job *jobs, struct pin_err *err)
{
    struct stat file;
    char *text = fstat(document, &file) == 0 ? malloc((size_t)file.st_size + 1) : NULL;
    json_t *all = NULL;
    pin_status st = PIN_IO;

    *world = (struct pin_native_world){ .document = -1 };
    if (text && pread(document, text, (size_t)file.st_size, 0) == file.st_size)
        all = json_loadb(text, (size_t)file.st_size, 0, NULL);
    if (!all)
        pin__err_set(err, PIN_IO, "the worker was not told the project");
    else if ((st = pin__native_config_read(&world->config, text_in(all, "config"), err)) ==
                 PIN_OK &&
             (st = pin__catalog_read(&world->catalog, text_in(all, "catalog"), err)) == PIN_OK)
        st = read_jobs(world, json_object_get(all, "jobs"), jobs, err);
    json_decref(all);
    free(text);
    return st;
}

void
pin__native_world_touch(const struct pin_native_world *world)
{
    for (size_t i = 0; i < world->job_count; i++)
        if (world->jobs[i].object)
            pin__native_object_touch(world->jobs[i].object);
}

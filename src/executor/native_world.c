/* native_world.c - what a nursery finds out about the jobs in C, for the native workers it forks.
 */
#include <jansson.h>
#include <stdlib.h>

#include "executor/native_worker.h"
#include "native/definition.h"
#include "native/objects.h"

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

pin_status
pin__native_world_open(struct pin_native_world *world, struct pin_files *files,
                       struct pin_bytes config, struct pin_err *err)
{
    struct pin_native_objects objects = { NULL, 0 };
    pin_status st;

    forget(world);
    if ((st = pin__native_config_read(&world->config, config, err)) == PIN_OK &&
        (st = pin__native_build(&objects, files, &world->config, err)) == PIN_OK &&
        (st = pin__native_describe(&objects, files, err)) == PIN_OK)
        st = keep_jobs(world, &objects, files, err);
    pin__native_objects_fini(&objects);
    return st;
}

void
pin__native_world_touch(const struct pin_native_world *world)
{
    for (size_t i = 0; i < world->job_count; i++)
        pin__native_object_touch(world->jobs[i].object);
}

/* catalog.h - the jobs of a project, as its nursery found them.
 *
 * Read-only once made; everything points into the catalog and lives as long as it. The document it
 * is read from is described in javascript/catalog.md.
 */
#ifndef PIN_JOB_CATALOG_H
#define PIN_JOB_CATALOG_H

#include "base/buf.h"
#include "store/store.h"

enum pin_tri { PIN_UNSAID, PIN_NO, PIN_YES };

#define PIN_TENANT_ZONE "tenant" /* as a schedule's time_zone: each tenant's own */

struct pin_schedule {
    const char *cron;
    const char *time_zone; /* NULL: the project's */
    const char *args;      /* JSON array */
    enum pin_missed missed;
    enum pin_overlap overlap;
};

enum pin_per { PIN_PER_JOB, PIN_PER_TENANT };

struct pin_broken { /* message NULL: not broken */
    const char *message;
    const char *file;
    int64_t line; /* 0: not known */
};

struct pin_job {
    const char *name;
    const char *file;
    bool is_native; /* in C: native workers run it */
    enum pin_tri multi_tenant;
    bool has_tenants_filter;
    int64_t wall_ms;     /* 0: the job does not say */
    uint64_t heap_bytes; /* 0: the job does not say */
    int retries;         /* after the first attempt; 0: none */
    struct pin_retry retry;
    const char *queue; /* NULL: PIN_STORE_QUEUE */
    int priority;
    int concurrency; /* runs at once; 0: no limit */
    enum pin_per concurrency_per;
    int64_t unique_ms; /* 0: not unique */
    struct pin_broken broken;
    size_t schedule_count;
    struct pin_schedule *schedules;
};

struct pin_server_config { /* `server` in pinstripe.config.js */
    const char **hosts; /* that requests may name, "*.example.com" for all below; NULL: not said */
    size_t host_count;
    const char **trusted_proxies; /* addresses whose headers about the client count */
    size_t trusted_proxy_count;
    int64_t request_timeout_ms;
    uint64_t body_bytes_max;
};

struct pin_catalog {
    const char *environment;
    const char *database_filename; /* absolute; NULL when the configuration names none */
    const char *store_filename;    /* absolute; the database's own unless it is another file */
    bool store_apart;              /* it is another file */
    const char *time_zone;         /* of schedules that name none; NULL: the machine's */
    bool multi_tenant;
    bool replaces_run_background_job; /* the project has a service of its own by that name */
    size_t job_count;
    struct pin_job *jobs; /* sorted by name */
    size_t problem_count;
    struct pin_broken *problems; /* broken files that are no jobs */
    size_t migration_count;
    const char **migrations;
    size_t view_count; /* those that are whole */
    struct pin_server_config server;
};

pin_status pin__catalog_read(struct pin_catalog **out, struct pin_bytes json,
                             struct pin_err *err) PIN_MUST_USE;
/* A catalog of one job, from {"multiTenant":true,"job":{...}}: for a worker, which knows the job
 * but has no catalog. */
pin_status pin__catalog_read_one(struct pin_catalog **out, struct pin_bytes json,
                                 struct pin_err *err) PIN_MUST_USE;
void pin__catalog_free(struct pin_catalog *c);
/* By normalised name; NULL when there is none. */
const struct pin_job *pin__catalog_job(const struct pin_catalog *c, const char *name);

#endif

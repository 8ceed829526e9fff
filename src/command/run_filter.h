/* run_filter.h - which runs a command is about, as its options say. */
#ifndef PIN_COMMAND_RUN_FILTER_H
#define PIN_COMMAND_RUN_FILTER_H

#include "command/options.h"
#include "command/project_store.h"
#include "project/names.h"

/* For a command's table of options. */
#define RUN_FILTER_OPTS                                                                            \
    OPT_STR("job", 'j', "NAME", "only runs of this job, in any spelling"),                         \
        OPT_STR("tenant", 't', "NAME-OR-ID", "only runs of this tenant"),                          \
        OPT_STR("state", 's', "STATE",                                                             \
                "delayed, queued, running, held, waiting, succeeded, failed or cancelled"),        \
        OPT_STR("since", 0, "WHEN", "made since then: a time, or so long ago as 2h30m"),           \
        OPT_STR("text", 0, "TEXT", "with this in their arguments or error"),                       \
        OPT_STR("parent", 0, "ID", "asked for by that run")

struct run_filter {
    struct pin_run_filter filter; /* points into the rest, and to words of the command line */
    bool given;                   /* any of the options was */
    const char *tenant;           /* as given; NULL: not */
    struct pin_job_name job;
    struct pin_run_id parent;
};

/* Must stay where it is afterwards. PIN_INVALID names the option. */
pin_status pin__run_filter_take(struct run_filter *f, const struct args *a, int64_t now_ms,
                                struct pin_err *err) PIN_MUST_USE;
/* The part that needs the project's database. */
pin_status pin__run_filter_resolve(struct run_filter *f, struct pin_tenants *t,
                                   struct pin_err *err) PIN_MUST_USE;
/* A run's id as somebody gave it. */
pin_status pin__run_id_take(struct pin_run_id *id, const char *text,
                            struct pin_err *err) PIN_MUST_USE;

#endif

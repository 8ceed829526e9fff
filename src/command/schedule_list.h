/* schedule_list.h - the schedules of a project as commands see them: those that the store has and
 * those that the project says, put together.
 *
 * A schedule that no bot has read yet is only in the project; one whose job is broken, or whose
 * line is gone since a bot last read the project, is only in the store.
 */
#ifndef PIN_COMMAND_SCHEDULE_LIST_H
#define PIN_COMMAND_SCHEDULE_LIST_H

#include "bot/context.h"
#include "command/options.h"
#include "command/project_store.h"
#include "project/names.h"

/* Which schedules somebody means: all, those of a job, or one by its id. */
struct schedule_name {
    const char *id;          /* as given; NULL: not by id */
    struct pin_job_name job; /* "": not by job */
};
/* `text` NULL: all. An id has a '#' in it; "job#0123456789abcdef" names all its tenants' zones. */
pin_status pin__schedule_name_take(struct schedule_name *out, const char *text,
                                   struct pin_err *err) PIN_MUST_USE;

struct schedule_item {
    struct pin_schedule_row row; /* with its id; of the store when it is known */
    bool known;                  /* the store has it */
    bool in_project;             /* a whole job of the project says it */
};

struct schedule_list {
    struct schedule_item *items; /* by job, by id */
    size_t count;
    struct pin_arena arena;
};

/* `p` has kept its catalog. PIN_NOT_FOUND when the name names none, with what there is. */
pin_status pin__schedule_list_read(struct schedule_list *out, const struct project_store *p,
                                   const struct pin_bot_context *bot,
                                   const struct schedule_name *name, int64_t now_ms,
                                   struct pin_err *err) PIN_MUST_USE;
void pin__schedule_list_fini(struct schedule_list *l);

/* How many from `at` on differ only in the tenants' zone: 1 for any other. */
size_t pin__schedule_list_zones(const struct schedule_list *l, size_t at);

/* The context of commands: zones of TZDIR, the process's TZ; notes go to cli->err. False: the
 * reason has been printed. Ended by pin__zones_free(out->zones). */
bool pin__schedule_context(struct pin_bot_context *out, const struct cli *cli,
                           const struct pin_catalog *catalog, struct pin_store *store,
                           enum pin_exit *exit_code);

#endif

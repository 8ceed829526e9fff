/* project_store.h - what every command on runs and schedules does first: opens the project's store.
 *
 *     struct project_store p;
 *     enum pin_exit code;
 *
 *     if (!pin__cli_open_store(cli, false, &p, &code))
 *         return code;
 *     ... pin__store_list(p.store, ...) ...
 *     pin__cli_close_store(&p);
 */
#ifndef PIN_COMMAND_PROJECT_STORE_H
#define PIN_COMMAND_PROJECT_STORE_H

#include "command/cli.h"
#include "executor/executor.h"
#include "job/tenants.h"

struct project_store {
    struct pin_store *store;
    struct pin_session *session;       /* the store's file */
    const struct pin_catalog *catalog; /* NULL unless it was to be kept */
    char *database_filename;           /* the project's own; NULL when its tables are in no file */
    bool store_apart;                  /* that is another file than the store's */
    bool multi_tenant;
    struct pin_executor *executor; /* owns the catalog; NULL once closed */
};

/* Reads the project's configuration and opens its store. The processes that read it are ended
 * again at once, unless `keep_catalog`. On failure the reason has been printed, there is nothing to
 * close, and *exit_code is set: 69 when there is no store or its file cannot be used, 75 when
 * somebody else writes, 78 when another version made it. */
bool pin__cli_open_store(const struct cli *cli, bool keep_catalog, struct project_store *out,
                         enum pin_exit *exit_code);
/* Makes the project's store or brings it up to this program's version, and says so when there was
 * something to do. A project whose database is in no file has none, which is no failure. */
enum pin_exit pin__cli_migrate_store(const struct cli *cli, const struct pin_catalog *c);
void pin__cli_close_store(struct project_store *p);
/* The project's tenants, to be named by a person; pin__tenants_fini before the store is closed. */
void pin__cli_tenants_init(struct pin_tenants *t, const struct project_store *p);
/* Between two transactions of a long command: long enough for somebody else's, who waits, to begin.
 */
void pin__cli_let_others_write(void);
/* Prints *err as pin__cli_fail does; the code is that of a store or database that failed: what
 * would be "not found" or "bad input" elsewhere is "unavailable" here. */
enum pin_exit pin__cli_fail_store(const struct cli *cli, const struct pin_err *err);

#endif

/* project_store.c - see project_store.h. */
#include "command/project_store.h"

#include <poll.h>

#include "base/clock.h"
#include "base/quote.h"
#include "base/random.h"
#include "command/project_executor.h"
#include "database/session.h"

static bool
is_file(const char *filename)
{
    return filename && strcmp(filename, ":memory:") != 0;
}

enum pin_exit
pin__cli_fail_store(const struct cli *cli, const struct pin_err *err)
{
    enum pin_exit code = pin__cli_fail(cli, err);

    switch (err->status) {
    case PIN_BUSY:
    case PIN_CONFIG:
    case PIN_DENIED:
    case PIN_NO_MEMORY:
        return code;
    default:
        return PIN_EXIT_UNAVAILABLE;
    }
}

static pin_status
open_session(struct project_store *p, const char *filename, struct pin_err *err)
{
    struct pin_session_config config = { .filename = filename,
                                         .busy_ms = PIN_BUSY_MS_DEFAULT,
                                         .multi_tenant = p->multi_tenant,
                                         .must_exist = true };
    pin_status st = pin__session_open(&p->session, &config, err);

    if (st == PIN_NOT_FOUND)
        return pin__err_set(err, st,
                            "the project keeps no runs yet: there is no file %s; run "
                            "migrate-database",
                            filename);
    return st;
}

static pin_status
open_store(struct project_store *p, const struct pin_catalog *c, struct pin_err *err)
{
    pin_status st;

    p->multi_tenant = c->multi_tenant;
    p->store_apart = c->store_apart;
    if (!is_file(c->store_filename))
        return pin__err_set(err, PIN_CONFIG,
                            "the project's database is in no file, so no runs are kept; set "
                            "database.filename or store.filename in pinstripe.config.js");
    if (is_file(c->database_filename) && !(p->database_filename = strdup(c->database_filename)))
        return pin__err_no_memory(err);
    st = open_session(p, c->store_filename, err);
    return st == PIN_OK ? pin__store_open(&p->store, p->session, err) : st;
}

bool
pin__cli_open_store(const struct cli *cli, bool keep_catalog, struct project_store *out,
                    enum pin_exit *exit_code)
{
    struct pin_err err = PIN_ERR_INIT;
    pin_status st;

    *out = (struct project_store){ 0 };
    if (!pin__cli_open_executor(cli, 1, &out->executor, exit_code))
        return false;
    out->catalog = pin__executor_catalog(out->executor);
    st = open_store(out, out->catalog, &err);
    if (!keep_catalog) {
        pin__executor_close(out->executor);
        out->executor = NULL;
        out->catalog = NULL;
    }
    if (st == PIN_OK)
        return true;
    *exit_code = pin__cli_fail_store(cli, &err);
    pin__cli_close_store(out);
    return false;
}

/* *from: the version there was, *to: the one there is. */
static pin_status
migrate_file(const struct pin_catalog *c, int64_t *from, int64_t *to, struct pin_err *err)
{
    struct pin_session_config config = { .filename = c->store_filename,
                                         .busy_ms = PIN_BUSY_MS_DEFAULT,
                                         .multi_tenant = c->multi_tenant };
    struct pin_session *session = NULL;
    uint8_t identity[16];
    pin_status st = pin__session_open(&session, &config, err);

    pin__random_bytes(identity, sizeof identity);
    if (st == PIN_OK && (st = pin__store_version(session, from, err)) == PIN_OK &&
        (st = pin__store_migrate(session, identity, pin__clock_wall().ms, err)) == PIN_OK)
        st = pin__store_version(session, to, err);
    pin__session_close(session);
    return st;
}

enum pin_exit
pin__cli_migrate_store(const struct cli *cli, const struct pin_catalog *c)
{
    struct pin_err err = PIN_ERR_INIT;
    int64_t from = 0, to = 0;

    if (!is_file(c->store_filename))
        return PIN_EXIT_OK;
    if (migrate_file(c, &from, &to, &err) != PIN_OK)
        return pin__cli_fail_store(cli, &err);
    if (from == 0)
        pin__cli_say(cli, "pinstripe: made the store of runs in %s",
                     pin__quote_text(c->store_filename).text);
    else if (from < to)
        pin__cli_say(cli, "pinstripe: brought the store of runs in %s from version %lld to %lld",
                     pin__quote_text(c->store_filename).text, (long long)from, (long long)to);
    return PIN_EXIT_OK;
}

void
pin__cli_tenants_init(struct pin_tenants *t, const struct project_store *p)
{
    *t = (struct pin_tenants){ .word = "--tenant",
                               .multi_tenant = p->multi_tenant,
                               .filename = p->database_filename,
                               .session = p->store_apart ? NULL : p->session };
    pin__tenants_init(t);
}

void
pin__cli_let_others_write(void)
{
    (void)poll(NULL, 0, 2);
}

void
pin__cli_close_store(struct project_store *p)
{
    pin__store_close(p->store);
    pin__session_close(p->session);
    pin__executor_close(p->executor);
    free(p->database_filename);
    *p = (struct project_store){ 0 };
}

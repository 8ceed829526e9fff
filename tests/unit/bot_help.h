/* bot_help.h - a project's catalog, a store in a folder of its own, and a clock that is a number:
 * for tests of src/bot. */
#ifndef TESTS_BOT_HELP_H
#define TESTS_BOT_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bot/context.h"
#include "database/session.h"
#include "database/sql.h"
#include "schedule/time_text.h"

#define MINUTE ((int64_t)60 * 1000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

struct world {
    char folder[64], file[96];
    struct pin_session *session;
    struct pin_store *store;
    struct pin_catalog *catalog;
    struct pin_zones *zones;
    struct pin_bot_context bot;
    struct pin_arena arena;
    struct pin_err err;
    int64_t now;
    struct pin_buf notes; /* a line each */
    size_t note_count;
};

static inline void
check(struct world *w, pin_status st, const char *what)
{
    if (st != PIN_OK)
        fail_msg("%s: %s: %s", what, pin__status_name(st), w->err.message);
}

static inline int64_t
at(const char *text)
{
    int64_t ms = 0;

    if (pin__time_parse(&ms, text, NULL) != PIN_OK)
        fail_msg("no time: %s", text);
    return ms;
}

static inline int64_t
number(struct world *w, const char *sql)
{
    int64_t n = -1;

    check(w, pin__sql_integer(w->session, sql, NULL, 0, &n, &w->err), sql);
    return n;
}

static inline void
run_sql(struct world *w, const char *sql)
{
    check(w, pin__sql_run(w->session, sql, NULL, 0, NULL, &w->err), sql);
}

static inline void
keep_note(void *context, enum pin_bot_level level, const char *text)
{
    static const char *const names[] = { "info", "warning", "error" };
    struct world *w = context;

    w->note_count++;
    pin__buf_addf(&w->notes, "%s: %s\n", names[level], text);
}

static inline void
forget_notes(struct world *w)
{
    pin__buf_clear(&w->notes);
    w->note_count = 0;
}

static inline void
expect_note(struct world *w, const char *part)
{
    if (!strstr(pin__buf_text(&w->notes), part))
        fail_msg("no note says \"%s\": %s", part, pin__buf_text(&w->notes));
}

/* Opens a second door to the same file: another bot. */
static inline void
open_store(struct world *w, int64_t busy_ms)
{
    struct pin_session_config config = { .filename = w->file, .busy_ms = busy_ms };
    pin_status st;

    do
        st = pin__session_open(&w->session, &config, &w->err);
    while (st == PIN_BUSY);
    check(w, st, "open");
    check(w, pin__store_open(&w->store, w->session, &w->err), "open the store");
    w->bot.store = w->store;
}

static inline void
shut_store(struct world *w)
{
    pin__store_close(w->store);
    pin__session_close(w->session);
}

/* `jobs`: the members of the catalog's list of jobs. `config`: of its configuration, such as
 * "\"multiTenant\":true". */
static inline void
read_catalog(struct world *w, const char *jobs, const char *config)
{
    struct pin_buf b = PIN_BUF_INIT((size_t)64 << 20);

    pin__catalog_free(w->catalog);
    pin__buf_addf(&b,
                  "{\"environment\":\"test\",\"config\":{%s},\"services\":[],\"jobs\":[%s],"
                  "\"migrations\":[],\"problems\":[]}",
                  config, jobs);
    check(w, pin__catalog_read(&w->catalog, (struct pin_bytes){ b.data, b.size }, &w->err),
          "catalog");
    w->bot.catalog = w->catalog;
    pin__buf_fini(&b);
}

#define JOB(name, more)       "{\"name\":\"" name "\",\"file\":\"" name ".js\"," more "}"
#define SCHEDULES(list)       "\"schedules\":[" list "]"
#define SCHEDULE(cron, more)  "{\"cron\":\"" cron "\",\"args\":[]" more "}"
#define ONE(name, cron, more) JOB(name, SCHEDULES(SCHEDULE(cron, more)))
#define ZONE(zone)            ",\"timeZone\":\"" zone "\""
#define MISSED(word)          ",\"missed\":\"" word "\""
#define OVERLAP(word)         ",\"overlap\":\"" word "\""

static inline void
world_make(struct world *w, const char *start, const char *jobs, const char *config)
{
    static const uint8_t identity[16] = { 1, 2, 3 };
    struct pin_session_config session = { .filename = w->file, .busy_ms = 1000 };

    *w = (struct world){ .arena = PIN_ARENA_INIT((size_t)512 << 20),
                         .notes = PIN_BUF_INIT(1 << 20),
                         .now = at(start) };
    snprintf(w->folder, sizeof w->folder, "/tmp/pinstripe-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->file, sizeof w->file, "%s/store.db", w->folder);
    check(w, pin__session_open(&w->session, &session, &w->err), "open");
    check(w, pin__store_migrate(w->session, identity, w->now, &w->err), "migrate");
    pin__session_close(w->session);
    check(w, pin__zones_new(&w->zones, NULL, &w->err), "zones");
    w->bot = (struct pin_bot_context){
        .zones = w->zones, .tz = "UTC", .note = keep_note, .note_context = w
    };
    read_catalog(w, jobs, config);
    open_store(w, 1000);
}

static inline void
world_clear(struct world *w)
{
    assert_int_equal(number(w, "select integrity_check = 'ok' from pragma_integrity_check"), 1);
    shut_store(w);
    pin__catalog_free(w->catalog);
    pin__zones_free(w->zones);
    pin__arena_fini(&w->arena);
    pin__buf_fini(&w->notes);
    assert_int_equal(pin__database_drop(w->file, NULL), PIN_OK);
    assert_int_equal(rmdir(w->folder), 0);
}

#endif

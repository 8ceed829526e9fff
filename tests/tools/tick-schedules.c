/* tick-schedules.c - for tests: what a bot would do with a project's schedules at the given times,
 * without a bot and without waiting.
 *
 *   tick-schedules FOLDER [--zones a,b] [--bot NAME] TIME...
 *
 * At the first time the schedules are read into the store; then what is due is handled at each.
 * --zones: those that the tenants name ("-": one names none). --bot: a bot of that name was seen at
 * the last time. Prints what became of due times, a line for each time that had any, and notes.
 */
#include <unistd.h>

#include "bot/due.h"
#include "bot/schedules.h"
#include "database/session.h"
#include "executor/executor.h"
#include "executor/nursery.h"
#include "schedule/time_text.h"

enum { ZONES_MAX = 64 };

static struct pin_err err;

static void
check(pin_status st, const char *what)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "tick-schedules: %s: %s\n", what, err.message);
    exit(1);
}

static void
print_note(void *context, enum pin_bot_level level, const char *text)
{
    (void)context;
    (void)level;
    printf("note: %s\n", text);
}

static size_t
split(char *text, const char *zones[ZONES_MAX])
{
    size_t n = 0;

    for (char *rest = text, *one; n < ZONES_MAX && (one = strsep(&rest, ",")) != NULL; n++)
        zones[n] = strcmp(one, "-") == 0 ? NULL : one;
    return n;
}

static void
tick(struct pin_bot_due *d, int64_t now_ms, const char *time)
{
    struct pin_bot_tick t;

    do {
        check(pin__bot_tick(d, now_ms, &t, &err), time);
        if (t.schedules == 0)
            continue;
        fputs(time, stdout);
        for (int i = 0; i < PIN_OCCURRENCE_RESULT_COUNT; i++)
            if (t.results[i])
                printf(" %s %lld", pin__occurrence_result_name((enum pin_occurrence_result)i),
                       (long long)t.results[i]);
        fputc('\n', stdout);
    } while (t.more);
}

static void
tick_all(const struct pin_bot_context *bot, const char *const *zones, size_t zone_count,
         char **times, int count)
{
    struct pin_bot_reconcile r = { .bot = bot,
                                   .tenant_zones = zones,
                                   .tenant_zone_count = zone_count };
    struct pin_bot_due d = { .bot = bot };
    struct pin_bot_reconciled done;
    int64_t now_ms;

    for (int i = 0; i < count; i++) {
        check(pin__time_parse(&now_ms, times[i], &err), times[i]);
        if (i == 0) {
            r.now_ms = now_ms;
            check(pin__bot_reconcile(&r, &done, &err), "reconcile");
        }
        tick(&d, now_ms, times[i]);
    }
}

int
main(int argc, char **argv)
{
    struct pin_executor_options options = { .environment = "development", .workers = 1 };
    struct pin_bot_context bot = { .tz = getenv("TZ"), .note = print_note };
    struct pin_session_config config = { .busy_ms = 5000, .must_exist = true };
    const char *zones[ZONES_MAX], *name = NULL;
    struct pin_executor *x;
    struct pin_session *session;
    size_t zone_count = 0;
    int at = 2;

    if (argc > 1 && strcmp(argv[1], PIN_NURSERY_FLAG) == 0)
        return (int)pin__nursery_main(argc, argv); /* the program that loads the project is this */
    if (argc < 3)
        return 2;
    options.root = argv[1];
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2)
        if (strcmp(argv[at], "--zones") == 0)
            zone_count = split(argv[at + 1], zones);
        else
            name = argv[at + 1];
    check(pin__executor_open(&x, &options, &err), "open the project");
    bot.catalog = pin__executor_catalog(x);
    config.filename = bot.catalog->store_filename;
    check(pin__session_open(&session, &config, &err), "open the database");
    check(pin__store_open(&bot.store, session, &err), "open the store");
    check(pin__zones_new(&bot.zones, NULL, &err), "zones");
    tick_all(&bot, zones, zone_count, argv + at, argc - at);
    if (name) {
        struct pin_bot_row row = { .name = name };

        check(pin__time_parse(&row.tick_ms, argv[argc - 1], &err), "time");
        row.started_ms = row.tick_ms;
        check(pin__store_bot_tick(bot.store, &row, &err), "bot");
    }
    pin__zones_free(bot.zones);
    pin__store_close(bot.store);
    pin__session_close(session);
    pin__executor_close(x);
    return 0;
}

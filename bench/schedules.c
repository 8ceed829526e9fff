/* schedules.c - what does a large plan cost? 1,000 jobs, each with a daily time by every tenant's
 * own clock, for 1,000 tenants in all zones there are: some 400,000 schedules. How long does it
 * take until the store has them; again, at the next start; and to make the runs of 100 that are
 * due, the commit included? */
#include "bench.h"

#include <time.h>

#include "bot/due.h"
#include "bot/schedules.h"
#include "database/session.h"
#include "database/sql.h"
#include "schedule/time_text.h"

enum { JOBS = 1000, TENANTS = 1000, ZONES_MAX = 500, TICKS = 101 };

static struct pin_err err;
static char zone_names[ZONES_MAX][64];
static const char *tenant_zones[TENANTS];

static void
must(pin_status st, const char *what)
{
    if (st == PIN_OK)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, err.message);
    exit(1);
}

static size_t
read_zone_names(void)
{
    FILE *f = fopen(PIN_ZONE_FOLDER "/zone.tab", "r");
    char line[512];
    size_t n = 0;

    if (!f)
        bench_die(PIN_ZONE_FOLDER "/zone.tab");
    while (n < ZONES_MAX && fgets(line, sizeof line, f))
        if (*line != '#' && sscanf(line, "%*s %*s %63s", zone_names[n]) == 1)
            n++;
    fclose(f);
    for (size_t i = 0; i < TENANTS; i++)
        tenant_zones[i] = zone_names[i % n];
    return n;
}

static struct pin_catalog *
make_catalog(void)
{
    struct pin_buf b = PIN_BUF_INIT((size_t)16 << 20);
    struct pin_catalog *c;

    pin__buf_adds(&b,
                  "{\"environment\":\"bench\",\"config\":{\"multiTenant\":true},\"services\":[],"
                  "\"migrations\":[],\"problems\":[],\"jobs\":[");
    for (int i = 0; i < JOBS; i++)
        pin__buf_addf(&b,
                      "%s{\"name\":\"job-%04d\",\"file\":\"job.js\",\"schedules\":[{\"cron\":"
                      "\"%d %d %d * * *\",\"timeZone\":\"tenant\",\"args\":[]}]}",
                      i ? "," : "", i, i % 3 * 20, i % 60, i / 60);
    pin__buf_adds(&b, "]}");
    must(pin__catalog_read(&c, (struct pin_bytes){ b.data, b.size }, &err), "catalog");
    pin__buf_fini(&b);
    return c;
}

static double
start_ms(const struct pin_bot_context *bot, int64_t now_ms, size_t *rows)
{
    struct pin_bot_reconcile r = {
        .bot = bot, .tenant_zones = tenant_zones, .tenant_zone_count = TENANTS, .now_ms = now_ms
    };
    struct pin_bot_reconciled out;
    double begin = bench_clock_ms(CLOCK_MONOTONIC);

    must(pin__bot_reconcile(&r, &out, &err), "reconcile");
    *rows = out.rows;
    return bench_clock_ms(CLOCK_MONOTONIC) - begin;
}

/* Some hundreds are due at one instant: the figures are for 100 of them. */
static void
measure_ticks(const struct pin_bot_context *bot, int64_t now_ms)
{
    struct pin_bot_due d = { .bot = bot };
    struct pin_bot_tick t;
    double wall[TICKS], cpu[TICKS], ms;

    must(pin__bot_tick(&d, now_ms, &t, &err), "tick");
    for (int i = 0; i < TICKS; i++) {
        double w = bench_clock_ms(CLOCK_MONOTONIC), c = bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID);

        must(pin__bot_tick(&d, t.next_due_ms, &t, &err), "tick");
        wall[i] = (bench_clock_ms(CLOCK_MONOTONIC) - w) * 100 / (double)t.schedules;
        cpu[i] = (bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID) - c) * 100 / (double)t.schedules;
        if (t.enqueued != t.schedules)
            bench_die("a schedule that was due got no run");
    }
    ms = bench_median(wall, TICKS);
    bench_row("schedules.tick_100_due", ms, "ms", 0, "<= 2 ms", ms <= 2);
    ms = bench_median(cpu, TICKS);
    bench_row("schedules.tick_100_due_cpu", ms, "ms", 0, "<= 2 ms", ms <= 2);
}

int
main(void)
{
    static const uint8_t identity[16] = { 1 };
    char folder[PATH_MAX], file[PATH_MAX + 16];
    struct pin_session_config config = { .filename = file };
    struct pin_bot_context bot = { .tz = "UTC" };
    struct pin_session *session;
    struct pin_catalog *catalog = make_catalog();
    int64_t now_ms;
    size_t rows;
    double ms;

    bench_project(folder, "export default {};\n");
    snprintf(file, sizeof file, "%s/store.db", folder);
    read_zone_names();
    must(pin__time_parse(&now_ms, "2026-07-01T00:00:00.500Z", &err), "time");
    must(pin__session_open(&session, &config, &err), "open");
    must(pin__store_migrate(session, identity, now_ms, &err), "migrate");
    must(pin__store_open(&bot.store, session, &err), "store");
    must(pin__zones_new(&bot.zones, NULL, &err), "zones");
    bot.catalog = catalog;
    ms = start_ms(&bot, now_ms, &rows);
    bench_row("schedules.rows", (double)rows, "schedules", 0, ">= 400,000", rows >= 400000);
    bench_row("schedules.first_start", ms / 1000, "s", 0, "<= 5 s", ms <= 5000);
    ms = start_ms(&bot, now_ms + 1, &rows);
    bench_row("schedules.start", ms / 1000, "s", 0, "<= 5 s", ms <= 5000);
    measure_ticks(&bot, now_ms + 2);
    pin__store_close(bot.store);
    pin__session_close(session);
    pin__zones_free(bot.zones);
    pin__catalog_free(catalog);
    bench_remove(folder);
    return 0;
}

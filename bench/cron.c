/* cron.c - one question for the next instant of a schedule: mean time over ten expressions, in UTC
 * and in a zone whose clocks jump, from one instant of the result to the next and from instants
 * spread over two years. The reference is one clock_gettime.
 */
#include <time.h>

#include "bench.h"
#include "schedule/next.h"

#define EXPRESSIONS 10
#define ROUNDS      21
#define QUESTIONS   500 /* a round, for each expression */

static const char *const texts[EXPRESSIONS] = {
    "*/5 * * * *",        "0 0 * * *", "0 12 * * 1", "0 9 1 * *",    "0 0 29 2 *",
    "15,45 8-18 * * 1-5", "0 * * * *", "30 2 * * 0", "0 0 1,15 * *", "*/10 9-17 * 1-6 1-5",
};

static double
now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
clock_ns(void)
{
    double rounds[ROUNDS];

    for (int r = 0; r < ROUNDS; r++) {
        double start = now_ns();

        for (int i = 0; i < QUESTIONS; i++)
            (void)now_ns();
        rounds[r] = (now_ns() - start) / QUESTIONS;
    }
    return bench_median(rounds, ROUNDS);
}

/* `step_s` 0: each question goes on from the answer before it. */
static double
ask(const struct pin_cron *crons, const struct pin_zone *zone, int64_t step_s)
{
    double start = now_ns();

    for (int e = 0; e < EXPRESSIONS; e++) {
        int64_t t = 1767225600, next = 0; /* 2026-01-01T00:00:00Z */

        for (int i = 0; i < QUESTIONS; i++) {
            if (pin__cron_next(&crons[e], zone, t, &next) != PIN_OK || next <= t)
                bench_die("pin__cron_next");
            t = step_s ? t + step_s : next;
        }
    }
    return (now_ns() - start) / (EXPRESSIONS * QUESTIONS);
}

static void
report(const struct pin_cron *crons, struct pin_zones *zones, const char *name, double reference)
{
    const struct pin_zone *zone;
    struct pin_err err = PIN_ERR_INIT;
    double one[ROUNDS], other[ROUNDS], value;
    char title[96];

    if (pin__zones_get(zones, name, &zone, &err) != PIN_OK) {
        fprintf(stderr, "bench: %s\n", err.message);
        exit(1);
    }
    for (int r = 0; r < ROUNDS; r++) {
        one[r] = ask(crons, zone, 0);
        other[r] = ask(crons, zone, 126144 - 1); /* 500 of these are two years */
    }
    snprintf(title, sizeof title, "cron next, ten expressions, %s, one after another", name);
    value = bench_median(one, ROUNDS);
    bench_row(title, value, "ns", reference, "<= 300 ns mean", value <= 300);
    snprintf(title, sizeof title, "cron next, ten expressions, %s, spread over two years", name);
    value = bench_median(other, ROUNDS);
    bench_row(title, value, "ns", reference, "<= 300 ns mean", value <= 300);
}

int
main(void)
{
    struct pin_cron crons[EXPRESSIONS];
    struct pin_zones *zones;
    struct pin_err err = PIN_ERR_INIT;
    double reference = clock_ns();

    for (int i = 0; i < EXPRESSIONS; i++)
        if (pin__cron_parse(&crons[i], texts[i], &err) != PIN_OK)
            goto failed;
    if (pin__zones_new(&zones, getenv("TZDIR"), &err) != PIN_OK)
        goto failed;
    report(crons, zones, "UTC", reference);
    report(crons, zones, "America/New_York", reference);
    pin__zones_free(zones);
    return 0;
failed:
    fprintf(stderr, "bench: %s\n", err.message);
    return 1;
}

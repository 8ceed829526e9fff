/* bench.h - what benches share: rows of results, a temporary project, sorting.
 *
 * A bench answers one question and prints one line of JSON for each figure:
 *     {"name":..,"value":..,"unit":..,"reference":..,"ratio":..,"must":"..","ok":true}
 * `reference` is measured in the same run, on the same machine, with the same clock; `must` is what
 * was promised. tools/run-bench collects the lines.
 */
#ifndef PIN_BENCH_BENCH_H
#define PIN_BENCH_BENCH_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static inline _Noreturn void
bench_die(const char *what)
{
    perror(what);
    exit(1);
}

static inline void
bench_row(const char *name, double value, const char *unit, double reference, const char *must,
          bool ok)
{
    printf("{\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\",\"reference\":%.4g,\"ratio\":%.3g,"
           "\"must\":\"%s\",\"ok\":%s}\n",
           name, value, unit, reference, reference > 0 ? value / reference : 0, must,
           ok ? "true" : "false");
    fflush(stdout);
}

/* Milliseconds of a clock, CLOCK_MONOTONIC or a CPU time. */
static inline double
bench_clock_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static inline int
bench_by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts them. */
static inline double
bench_median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, bench_by_value);
    return values[n / 2];
}

static inline void
bench_write(const char *folder, const char *path, const char *text)
{
    char full[PATH_MAX + 256];
    FILE *f;

    snprintf(full, sizeof full, "%s/%s", folder, path);
    for (char *slash = full + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(full, 0777);
        *slash = '/';
    }
    f = fopen(full, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        bench_die(full);
}

/* A new folder below TMPDIR, with a configuration in it. */
static inline void
bench_project(char folder[PATH_MAX], const char *config)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(folder, PATH_MAX, "%s/pinstripe-bench.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        bench_die(folder);
    bench_write(folder, "pinstripe.config.js", config);
}

static inline void
bench_remove(const char *folder)
{
    char command[PATH_MAX + 16];

    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        bench_die(command);
}

static inline const char *
bench_program(void)
{
    const char *program = getenv("PINSTRIPE");

    if (!program) {
        fputs("bench: set PINSTRIPE to the program\n", stderr);
        exit(2);
    }
    return program;
}

#endif

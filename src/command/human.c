/* human.c - see human.h. */
#include "command/human.h"

#include <stdbool.h>

#include "base/err.h"

struct human
pin__human_duration(int64_t us)
{
    int64_t s = us / 1000000;
    struct human h;

    if (us < 1000)
        snprintf(h.text, sizeof h.text, "%lldus", (long long)(us < 0 ? 0 : us));
    else if (us < 1000000)
        snprintf(h.text, sizeof h.text, "%lldms", (long long)(us / 1000));
    else if (s < 60)
        snprintf(h.text, sizeof h.text, "%lld.%llds", (long long)s,
                 (long long)(us % 1000000 / 100000));
    else if (s < 3600)
        snprintf(h.text, sizeof h.text, "%lldm%02llds", (long long)(s / 60), (long long)(s % 60));
    else if (s < 86400)
        snprintf(h.text, sizeof h.text, "%lldh%02lldm", (long long)(s / 3600),
                 (long long)(s / 60 % 60));
    else
        snprintf(h.text, sizeof h.text, "%lldd%02lldh", (long long)(s / 86400),
                 (long long)(s / 3600 % 24));
    return h;
}

struct human
pin__human_ago(int64_t then_ms, int64_t now_ms)
{
    static const struct {
        int64_t s;
        char unit;
    } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
    bool past = then_ms <= now_ms;
    int64_t s = (past ? now_ms - then_ms : then_ms - now_ms) / 1000;
    struct human h = { "now" };

    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (s < units[i].s)
            continue;
        snprintf(h.text, sizeof h.text, "%s%lld%c%s", past ? "" : "in ",
                 (long long)(s / units[i].s), units[i].unit, past ? " ago" : "");
        break;
    }
    return h;
}

struct human
pin__human_bytes(int64_t bytes)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
    double n = (double)bytes;
    struct human h;
    size_t i = 0;

    for (; n >= 999.95 && i + 1 < sizeof units / sizeof *units; i++)
        n /= 1000;
    snprintf(h.text, sizeof h.text, i ? "%.1f %s" : "%.0f %s", n, units[i]);
    return h;
}

struct human
pin__human_count(int64_t n)
{
    char digits[24];
    struct human h;
    size_t size, at = 0;

    snprintf(digits, sizeof digits, "%lld", (long long)n);
    size = strlen(digits);
    for (size_t i = 0; i < size; i++) {
        if (i > (n < 0) && (size - i) % 3 == 0)
            h.text[at++] = ',';
        h.text[at++] = digits[i];
    }
    h.text[at] = '\0';
    return h;
}

/* cron_next.c - any expression in any zone: 8 bytes of an instant, a line with the expression, then
 * the zone: a file of tzdata, or the text of a rule as TZ may hold it.
 *
 * What comes next is later, is found again from any instant before it, fires, and nothing between
 * does: by the rule as docs/cron.md states it, asked of wall times one by one.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "schedule/next.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keeps what it returns alive in *zones. NULL: the bytes are no zone. */
static const struct pin_zone *
read_zone(struct pin_zones *zones, const uint8_t *data, size_t size)
{
    const struct pin_zone *zone = NULL;
    char path[64], *rule;
    int fd;

    if (size >= 4 && memcmp(data, "TZif", 4) == 0) {
        fd = memfd_create("zone", MFD_CLOEXEC);
        if (fd < 0 || write(fd, data, size) != (ssize_t)size)
            pin__bug("no file in memory");
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        (void)!pin__zones_local(zones, path, &zone, NULL);
        close(fd);
    } else if ((rule = strndup((const char *)data, size)) != NULL) {
        if (rule[0] != '/' && rule[0] != ':')
            (void)!pin__zones_local(zones, rule, &zone, NULL);
        free(rule);
    }
    return zone;
}

/* Whether the wall time that clocks show at an instant is one that fires then. Wall times that do
 * not exist are left out: they only add instants. */
static bool
fires_by_the_wall(const struct pin_cron *cron, const struct pin_zone *zone, int64_t unix_s)
{
    struct pin_civil wall = pin__zone_civil(zone, unix_s);
    int64_t instants[2];

    if (!pin__cron_matches(cron, &wall))
        return false;
    if (pin__zone_instants(zone, &wall, instants, NULL) == 0)
        pin__bug("the wall time of an instant has no instant");
    return cron->every_hours || instants[0] == unix_s;
}

static void
expect_properties(const struct pin_cron *cron, const struct pin_zone *zone, int64_t after)
{
    int64_t next, again, step;

    if (pin__cron_next(cron, zone, after, &next) != PIN_OK)
        return;
    if (next <= after || !pin__cron_fires(cron, zone, next))
        pin__bug("%lld after %lld", (long long)next, (long long)after);
    step = (next - after) / 50 + 1;
    for (int64_t t = after + 1; t < next; t += step) {
        if (pin__cron_next(cron, zone, t, &again) != PIN_OK || again != next)
            pin__bug("%lld after %lld, %lld before", (long long)again, (long long)t,
                     (long long)next);
        if (pin__cron_fires(cron, zone, t) || fires_by_the_wall(cron, zone, t))
            pin__bug("%lld is passed over, %lld after %lld", (long long)t, (long long)next,
                     (long long)after);
    }
    for (int64_t t = next - 60 > after ? next - 60 : after + 1; t < next; t++)
        if (fires_by_the_wall(cron, zone, t))
            pin__bug("%lld is passed over", (long long)t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pin_zones *zones = NULL;
    const struct pin_zone *zone;
    const uint8_t *line;
    struct pin_cron cron;
    int64_t after;
    char *text;

    if (size <= sizeof after || !(line = memchr(data + sizeof after, '\n', size - sizeof after)))
        return 0;
    memcpy(&after, data, sizeof after);
    text = strndup((const char *)data + sizeof after, (size_t)(line - data) - sizeof after);
    if (text && pin__cron_parse(&cron, text, NULL) == PIN_OK &&
        pin__zones_new(&zones, NULL, NULL) == PIN_OK) {
        line++;
        if ((zone = read_zone(zones, line, size - (size_t)(line - data))) != NULL) {
            expect_properties(&cron, zone, after);
            expect_properties(&cron, zone, after % 4102444800); /* where tables are */
            expect_properties(&cron, zone, pin__zone_span(zone, after % 4102444800).end - 3601);
        }
    }
    pin__zones_free(zones);
    free(text);
    return 0;
}

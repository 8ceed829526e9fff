/* zone.h - what the clocks of a place show at an instant, by the system's tzdata.
 *
 * A cache holds the zones that were asked for; a zone lives as long as its cache. Nothing here
 * reads a clock or an environment variable: TZDIR and TZ are values that the caller passes. "UTC"
 * and "Etc/UTC" need no tzdata.
 */
#ifndef PIN_SCHEDULE_ZONE_H
#define PIN_SCHEDULE_ZONE_H

#include "base/err.h"
#include "schedule/civil.h"

struct pin_zones; /* the cache */
struct pin_zone;

#define PIN_ZONE_FOLDER   "/usr/share/zoneinfo"
#define PIN_ZONES_MAX     1024 /* in one cache; there are some 600 names */
#define PIN_ZONE_NAME_MAX 64

/* `folder`: where tzdata is; NULL or "" for PIN_ZONE_FOLDER. */
pin_status pin__zones_new(struct pin_zones **out, const char *folder,
                          struct pin_err *err) PIN_MUST_USE;
void pin__zones_free(struct pin_zones *z);

/* A zone by its name, "Europe/Paris". PIN_INVALID for what can be no name, PIN_NOT_FOUND for an
 * unknown one; both name it. */
pin_status pin__zones_get(struct pin_zones *z, const char *name, const struct pin_zone **out,
                          struct pin_err *err) PIN_MUST_USE;
/* The zone that a process with this value of TZ is in: NULL means /etc/localtime, "" means UTC;
 * else a name, an absolute path, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3. */
pin_status pin__zones_local(struct pin_zones *z, const char *tz, const struct pin_zone **out,
                            struct pin_err *err) PIN_MUST_USE;

/* Seconds that the zone's clocks are ahead of UTC. */
int pin__zone_offset(const struct pin_zone *z, int64_t unix_s);
struct pin_civil pin__zone_civil(const struct pin_zone *z, int64_t unix_s);

#endif
